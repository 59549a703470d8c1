//! What a checker is given: the input, the expected answer and the submission's
//! answer of each case.
//!
//! An endpoint that takes several files gets them as files, whose names are the
//! program's arguments. Any other gets them on standard input as one text:
//!
//! ```text
//! input 4
//! 1 2
//!
//! answer 2
//! 3
//!
//! output 2
//! 4
//!
//! ```
//!
//! A name, the number of bytes, and after a line break so many bytes and one more
//! line break. This is documented in `problems/README.md`: setters read it.

/// What a checker is given in each of its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checks {
    /// Its arguments, where it gets files.
    pub args: &'static [&'static str],
    /// By run.
    pub given: Vec<Given>,
}

/// What a checker is given in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The case's input.
    pub input: String,
    /// The case's expected answer.
    pub answer: String,
    /// What the submission printed or returned.
    pub output: String,
}

/// A file in the folder that a checker needs, and may write into.
const FEEDBACK: &str = "feedback_dir/.keep";

impl Given {
    /// As files, with their names.
    pub(super) fn files(&self) -> [(&'static str, &str); 4] {
        [
            ("input.txt", &self.input),
            ("answer.txt", &self.answer),
            ("output.txt", &self.output),
            (FEEDBACK, ""),
        ]
    }

    fn text(&self) -> String {
        let parts = [
            ("input", &self.input),
            ("answer", &self.answer),
            ("output", &self.output),
        ];
        let mut text = String::new();
        for (name, part) in parts {
            text.push_str(&format!("{name} {}\n", part.len()));
            text.push_str(part);
            text.push('\n');
        }
        text
    }
}

impl Checks {
    /// As standard inputs.
    pub(super) fn texts(&self) -> Vec<String> {
        self.given.iter().map(Given::text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `problems/README.md` shows it.
    #[test]
    fn the_text_says_how_long_each_part_is() {
        let given = Given {
            input: "1 2\n".into(),
            answer: "3\n".into(),
            output: "\u{e4}\ninput 9\n".into(),
        };
        let text = given.text();
        assert_eq!(
            text,
            "input 4\n1 2\n\nanswer 2\n3\n\noutput 11\n\u{e4}\ninput 9\n\n"
        );
        let readme = include_str!("../../../problems/README.md");
        let shown = Given {
            output: "4\n".into(),
            ..given
        };
        assert!(readme.contains(&format!("```text\n{}```", shown.text())));
    }
}
