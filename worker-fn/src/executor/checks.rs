//! What a checker is given: the input, the expected answer and the submission's
//! answer of each case, as files whose names are the program's arguments.

/// What a checker is given in each of its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checks {
    /// Its arguments.
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
    /// The files, with their names.
    pub(super) fn files(&self) -> [(&'static str, &str); 4] {
        [
            ("input.txt", &self.input),
            ("answer.txt", &self.answer),
            ("output.txt", &self.output),
            (FEEDBACK, ""),
        ]
    }
}
