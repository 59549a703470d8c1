//! A problem of another form in the terms of ours.

use serde_json::Value;
use shared::json::write::push_string;

use super::super::files::{Files, SourceFile};

/// A problem that was read from another form, and is not checked yet.
#[derive(Debug, Default)]
pub(super) struct Imported {
    /// The id that its form gives it.
    pub(super) id: String,
    /// For people.
    pub(super) title: String,
    /// Markdown, or what came in its place; may be empty.
    pub(super) statement: String,
    /// The members of `problem.json` between `title` and `cases`.
    pub(super) members: Vec<(&'static str, Value)>,
    /// In their order.
    pub(super) cases: Vec<Case>,
    /// The code of a checker program, in a file of its own.
    pub(super) checker: Option<SourceFile>,
    /// Solutions, with names of our form.
    pub(super) solutions: Vec<SourceFile>,
    /// What was not taken, or not exactly: sentences for people.
    pub(super) notes: Vec<String>,
}

/// A case. Values are JSON as text: numbers keep their digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    /// For people.
    pub(super) name: Option<String>,
    /// JSON.
    pub(super) input: String,
    /// JSON.
    pub(super) expected: String,
    /// Whether only its verdict may be shown.
    pub(super) hidden: bool,
}

impl Imported {
    /// The files of our form.
    pub(super) fn files(&self) -> Files {
        let statement = Some(&self.statement).filter(|text| !text.trim().is_empty());
        Files {
            problem: self.problem_json(),
            statement: statement.cloned(),
            checker: self.checker.clone(),
            solutions: self.solutions.clone(),
        }
    }

    /// `problem.json`, with a line for each member and for each case.
    fn problem_json(&self) -> String {
        let mut text = String::from("{\n  \"title\": ");
        push_string(&mut text, &self.title);
        for (name, value) in &self.members {
            text.push_str(&format!(",\n  \"{name}\": {}", spaced(value)));
        }
        text.push_str(",\n  \"cases\": [");
        for (index, case) in self.cases.iter().enumerate() {
            text.push_str(if index == 0 { "\n    {" } else { ",\n    {" });
            if let Some(name) = &case.name {
                text.push_str("\"name\": ");
                push_string(&mut text, name);
                text.push_str(", ");
            }
            let hidden = if case.hidden {
                ", \"hidden\": true"
            } else {
                ""
            };
            text.push_str(&format!(
                "\"input\": {}, \"expected\": {}{hidden}}}",
                case.input, case.expected
            ));
        }
        text.push_str("\n  ]\n}\n");
        text
    }

    /// An error about a case, with the name that its setter knows it by.
    pub(super) fn with_case_name(&self, error: &str) -> anyhow::Error {
        let index = error.split_once("cases[").and_then(|(_, rest)| {
            let (index, _) = rest.split_once(']')?;
            index.parse::<usize>().ok()
        });
        let case = index.and_then(|index| self.cases.get(index));
        match case.and_then(|case| case.name.as_ref()) {
            Some(name) => anyhow::anyhow!("{error} (This case is {name:?}.)"),
            None => anyhow::anyhow!("{error}"),
        }
    }
}

/// JSON on one line as people write it, what a thing is before what it has.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spaced).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by_key(|(name, _)| !["kind", "name"].contains(&name.as_str()));
            let member = |(name, value): &(&String, &Value)| {
                format!("{}: {}", json_string(name), spaced(value))
            };
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(", "))
        }
        _ => value.to_string(),
    }
}

/// Text as a JSON string.
pub(super) fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    push_string(&mut json, text);
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_member_and_each_case_is_a_line() {
        let case = |name: Option<&str>, hidden| Case {
            name: name.map(str::to_owned),
            input: "[1,2]".into(),
            expected: "0.50".into(),
            hidden,
        };
        let imported = Imported {
            title: "A \"b\"".into(),
            members: vec![
                ("kind", json!("function")),
                (
                    "checker",
                    json!({ "absolute": 0.5, "kind": "float", "x": [1, {}] }),
                ),
            ],
            cases: vec![case(Some("é"), false), case(None, true)],
            ..Imported::default()
        };
        let expected = r#"{
  "title": "A \"b\"",
  "kind": "function",
  "checker": {"kind": "float", "absolute": 0.5, "x": [1, {}]},
  "cases": [
    {"name": "é", "input": [1,2], "expected": 0.50},
    {"input": [1,2], "expected": 0.50, "hidden": true}
  ]
}
"#;
        let files = imported.files();
        assert_eq!(files.problem, expected);
        assert_eq!((files.statement, files.checker), (None, None));
    }
}
