//! A problem: what is asked, and how an answer is judged.
//!
//! An operator publishes it as one JSON object, and it is stored as one JSON
//! text under its id. A *program* reads standard input and prints; a *function*
//! is called with arguments and returns; objects of a *class* are made and called.
//! Expected values never reach the sandbox of a submission.
//!
//! - [`types`]: the types of a function's parameters and result.
//! - `read` and `write`: from JSON, with errors that say where, and back.
//! - [`checker`]: when an answer counts as the expected one.
//! - [`checker_program`]: a program of the setter's that decides instead;
//!   [`checker_crash`]: how its crash is told apart from what it says.
//! - [`Callable`]: what a harness calls, and which value is the answer; `signature`
//!   reads it.
//! - `arguments`: whether arguments fit their parameters.
//! - [`Call`]: the calls of a case of a class.
//! - [`nodes`]: lists with a cycle, and lists that share nodes.
//! - [`Shape`]: the types and checkers by which an answer is compared.
//! - `duration`: how long judging can take.
//! - `normalize`: line ends and byte order marks in the text of cases.
//! - `non_finite`: expected floats that JSON has no number for.
//! - `inputs`: a hash of what determines the answers.

mod arguments;
mod callable;
mod calls;
pub mod checker;
pub mod checker_crash;
pub mod checker_program;
mod duration;
mod inputs;
pub mod nodes;
mod non_finite;
mod normalize;
mod object;
#[cfg(test)]
mod properties;
mod read;
mod read_answer;
#[cfg(test)]
mod read_tests;
mod shape;
mod signature;
pub mod types;
mod write;

use crate::domain::ids::ProblemId;
use crate::domain::language::canonical_name;
use crate::json::JsonText;

pub use arguments::check_arguments;
pub use callable::{Answer, Callable, ClassSignature, Method, Parts};
pub use calls::{Argument, Call};
pub use checker::Checker;
pub use checker_program::{CheckerProgram, ExitCodes};
pub(crate) use object::object;
pub use shape::{Part, Shape};
pub use types::{MAX_DEPTH, Type};

/// The most cases of a problem.
pub const MAX_CASES: usize = 1_000;
/// The most that a case may weigh.
pub const MAX_WEIGHT: u32 = 1_000_000;
/// The largest problem as it is sent and as it is stored, in bytes of JSON.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The longest title and the longest name of a case, in characters.
pub const MAX_TITLE_CHARS: usize = 200;
/// The longest statement, in bytes of Markdown.
pub const MAX_STATEMENT_BYTES: usize = 64 * 1024;
/// The most that a limit on output may allow, in bytes: an expected output is not
/// longer, because the problem is not.
pub const MAX_OUTPUT_BYTES: u64 = MAX_BYTES as u64;
/// The most parameters of a function.
pub const MAX_PARAMS: usize = 20;
/// The most methods of a class.
pub const MAX_METHODS: usize = 50;

/// A problem that keeps every rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// As in submissions.
    pub id: ProblemId,
    /// For people.
    pub title: String,
    /// Markdown; may be empty.
    pub statement: String,
    /// What is submitted.
    pub kind: Kind,
    /// 1 to [`MAX_CASES`], in the order in which they are judged.
    pub cases: Vec<Case>,
    /// When an answer counts as the expected one.
    pub checker: Checker,
    /// A program that decides instead of [`Self::checker`].
    pub checker_program: Option<Box<CheckerProgram>>,
    /// What a run may use.
    pub limits: Limits,
    /// Whether judging ends at the first case that fails (default), or goes
    /// through all of them, as always where the checker gives points.
    pub stop_on_first_fail: bool,
}

/// What is submitted.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A program that reads standard input and prints. A case's input and
    /// expected value are text.
    Program,
    /// A function. A case's input is the array of its arguments.
    Function(Signature),
    /// A class. A case's input is the list of its calls.
    Class(ClassSignature),
}

/// A function's name, parameters and result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// In camel case, such as `twoSum`; a language may also write it in its own
    /// way (`two_sum`).
    pub name: String,
    /// In the order of the arguments.
    pub params: Vec<Param>,
    /// The type of the result.
    pub returns: Type,
    /// Which value is the answer.
    pub answer: Answer,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// An identifier.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// One input with its expected answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// For people, such as `empty list`.
    pub name: Option<String>,
    /// Text for a program, an array of arguments for a function, of calls for a
    /// class. As JSON text: a tree of values would take up to 24 bytes for each of 2.
    pub input: JsonText,
    /// Text for a program, the answer of a function, the array of the calls' answers
    /// for a class.
    pub expected: JsonText,
    /// The calls of a class whose answers are not compared, by number.
    pub ignore: Vec<usize>,
    /// Whether only its verdict, times and memory may be shown.
    pub hidden: bool,
    /// Its share of the score, 0 to 1,000,000. Default 1.
    pub weight: u32,
}

impl Signature {
    /// The name as Python writes it: `two_sum` for `twoSum`, `parse_url` for
    /// `parseURL`, `http_get` for `HTTPGet`. The name itself where it is in
    /// snake case already.
    pub fn snake_name(&self) -> String {
        let letters = self.name.as_bytes();
        let mut snake = String::with_capacity(letters.len() + 4);
        for (index, letter) in letters.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|index| letters.get(index));
            let after = letters.get(index + 1);
            let begins_word = letter.is_ascii_uppercase()
                && before.is_some_and(|before| {
                    before.is_ascii_lowercase()
                        || before.is_ascii_digit()
                        || (before.is_ascii_uppercase()
                            && after.is_some_and(u8::is_ascii_lowercase))
                });
            if begins_word {
                snake.push('_');
            }
            snake.push(char::from(letter.to_ascii_lowercase()));
        }
        snake
    }
}

/// Limits of a run. `None`: the execution endpoint's own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits {
    /// CPU time of one run, in milliseconds: 1 to 120,000. Wall time follows from it.
    pub time_ms: Option<u64>,
    /// Memory, in bytes: 1 MiB to 16 GiB.
    pub memory_bytes: Option<u64>,
    /// Standard output of one case, in bytes: 1 to [`MAX_OUTPUT_BYTES`].
    pub output_bytes: Option<u64>,
    /// Multipliers of the time limit, 0.1 to 100, by a language's name or alias.
    pub factors: Vec<(String, f64)>,
}

impl Limits {
    /// The time of one case in a language, in milliseconds.
    pub fn time_ms_for(&self, language: &str) -> Option<u64> {
        let factor = self
            .factors
            .iter()
            .find(|(name, _)| canonical_name(name) == canonical_name(language))
            .map_or(1.0, |(_, factor)| *factor);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "at most 12,000,000 and never negative"
        )]
        self.time_ms
            .map(|ms| ((ms as f64 * factor).ceil() as u64).max(1))
    }
}

impl Problem {
    /// The function's signature, where it asks for one.
    pub fn signature(&self) -> Option<&Signature> {
        match &self.kind {
            Kind::Function(signature) => Some(signature),
            Kind::Program | Kind::Class(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_snake_case() {
        for (name, snake) in [
            ("twoSum", "two_sum"),
            ("two_sum", "two_sum"),
            ("x", "x"),
            ("isBST", "is_bst"),
            ("parseURL2Path", "parse_url2_path"),
            ("HTTPGet", "http_get"),
            ("add1And2", "add1_and2"),
            ("_private", "_private"),
            ("Sort_It", "sort_it"),
        ] {
            let signature = Signature {
                name: name.into(),
                params: Vec::new(),
                returns: Type::Null,
                answer: Answer::Returned,
            };
            assert_eq!(signature.snake_name(), snake);
        }
    }

    #[test]
    fn a_factor_makes_the_time_longer_for_its_language_only() {
        let limits = Limits {
            time_ms: Some(1_001),
            factors: vec![("python".into(), 2.5), ("c++".into(), 0.1)],
            ..Limits::default()
        };
        assert_eq!(limits.time_ms_for("python"), Some(2_503));
        assert_eq!(limits.time_ms_for("py"), Some(2_503));
        assert_eq!(limits.time_ms_for("c++"), Some(101));
        assert_eq!(limits.time_ms_for("javascript"), Some(1_001));
        assert_eq!(Limits::default().time_ms_for("python"), None);
    }
}
