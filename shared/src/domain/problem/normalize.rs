//! The text of cases as programs expect it.
//!
//! Files that were written on Windows bring line ends of two characters and a
//! byte order mark. A solver cannot see them, and should not have to know them.

use serde_json::Value;

use super::{Case, Kind, Problem};
use crate::json::JsonText;
use crate::text::normalized;

impl Problem {
    /// Takes the byte order mark from the beginning of each input and expected
    /// output of a program, and writes line ends as LF. Returns how many cases
    /// this changed. The strings of functions stay as they are: there they are
    /// values.
    pub fn normalize_text(&mut self) -> usize {
        if self.kind != Kind::Program {
            return 0;
        }
        self.cases.iter_mut().map(Case::normalize_text).sum()
    }
}

impl Case {
    fn normalize_text(&mut self) -> usize {
        let mut is_changed = false;
        for value in [&mut self.input, &mut self.expected] {
            let Some(text) = value.json().text() else {
                continue;
            };
            let plain = normalized(&text);
            if plain != text {
                let plain = JsonText::from(Value::String(plain.into_owned()));
                drop(text);
                *value = plain;
                is_changed = true;
            }
        }
        usize::from(is_changed)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::ids::ProblemId;

    fn problem(value: &Value) -> Problem {
        let id = ProblemId::parse("p", "id").unwrap();
        Problem::from_value(&id, value).unwrap()
    }

    #[test]
    fn a_programs_text_has_plain_line_ends_and_no_mark() {
        let cases = json!([
            { "input": "\u{feff}5\r\n6\r7\n", "expected": "a\r\n" },
            { "input": "\r\n", "expected": "" },
            { "input": "x\r\u{feff}", "expected": "y\n" },
        ]);
        let mut problem = problem(&json!({ "title": "T", "kind": "program", "cases": cases }));
        assert_eq!(problem.normalize_text(), 2);
        let texts = |case: &Case| {
            let text = |value: &JsonText| value.json().text().unwrap().into_owned();
            (text(&case.input), text(&case.expected))
        };
        let texts: Vec<_> = problem.cases.iter().map(texts).collect();
        let expected = [("5\n6\r7\n", "a\n"), ("\n", ""), ("x\r\u{feff}", "y\n")];
        assert_eq!(texts, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(problem.normalize_text(), 0);
    }

    #[test]
    fn a_functions_strings_are_values() {
        let mut problem = problem(&json!({
            "title": "T",
            "kind": "function",
            "signature": {
                "name": "f",
                "params": [{ "name": "s", "type": "string" }],
                "returns": "string",
            },
            "cases": [{ "input": ["\u{feff}a\r\n"], "expected": "\r\n" }],
        }));
        let before = problem.clone();
        assert_eq!(problem.normalize_text(), 0);
        assert_eq!(problem, before);
    }
}
