//! What is known of one case once it was run.

use std::rc::Rc;

use serde_json::Value;
use shared::problem::{Case, Kind, Problem};
use shared::result::{Stage, Verdict};

use super::compare;

/// One case's run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseRun {
    /// What came of it.
    pub answer: Answer,
    /// CPU time in milliseconds, if it had a process of its own.
    pub cpu_time_ms: Option<u64>,
    /// Peak memory in bytes, likewise.
    pub memory_bytes: Option<u64>,
    /// The run, if it may be shown: nothing in its process knew of a hidden
    /// case.
    pub shown: Option<Rc<Stage>>,
}

/// What came of a case.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Answer {
    /// It was not run.
    #[default]
    None,
    /// A program printed this, and ended well.
    Text(String),
    /// A function returned this.
    Value(Value),
    /// A function answered with what is no value, in words.
    Odd(String),
    /// There is no answer, and why.
    Failed(Verdict, String),
}

impl CaseRun {
    /// A run that gave `answer` and of which nothing may be shown.
    pub fn of(answer: Answer) -> Self {
        Self {
            answer,
            ..Self::default()
        }
    }

    /// Whether the case was run.
    pub fn is_there(&self) -> bool {
        self.answer != Answer::None
    }

    /// The case's verdict by itself.
    pub fn verdict(&self, problem: &Problem, case: &Case) -> Verdict {
        let same = match (&self.answer, &problem.kind) {
            (Answer::None, _) => return Verdict::Skipped,
            (Answer::Failed(verdict, _), _) => return *verdict,
            (Answer::Text(text), Kind::Program) => {
                let expected = case.expected.as_str().unwrap_or_default();
                compare::text(problem.checker, expected, text)
            }
            (Answer::Value(value), Kind::Function(signature)) => {
                compare::value(problem.checker, &signature.returns, &case.expected, value)
            }
            _ => false,
        };
        if same {
            Verdict::Accepted
        } else {
            Verdict::WrongAnswer
        }
    }
}
