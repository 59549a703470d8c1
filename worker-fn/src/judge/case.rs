//! What is known of one case once it was run.

use std::rc::Rc;

use shared::domain::answer::{CaseAnswer, Usage};
use shared::domain::problem::{Case, Kind, Problem};
use shared::domain::stage::Stage;
use shared::domain::verdict::Verdict;

use super::compare;

/// One case's run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseRun {
    /// What came of it; `None`: the case was not run.
    pub answer: Option<CaseAnswer>,
    /// What its process used, if it had one of its own.
    pub usage: Usage,
    /// The run, if it may be shown: its process had no hidden input.
    pub shown: Option<Rc<Stage>>,
}

impl CaseRun {
    /// The case's verdict by itself.
    pub fn verdict(&self, problem: &Problem, case: &Case) -> Verdict {
        let Some(answer) = &self.answer else {
            return Verdict::Skipped;
        };
        let same = match (answer, &problem.kind) {
            (CaseAnswer::Failed(failure), _) => return failure.verdict,
            (CaseAnswer::Text(text), Kind::Program) => {
                let expected = case.expected.as_str().unwrap_or_default();
                compare::text(problem.checker, expected, text)
            }
            (CaseAnswer::Value(value), Kind::Function(signature)) => {
                compare::value(problem.checker, &signature.returns, &case.expected, value)
            }
            (CaseAnswer::NotJson(_), _)
            | (CaseAnswer::Text(_), Kind::Function(_))
            | (CaseAnswer::Value(_), Kind::Program) => false,
        };
        if same {
            Verdict::Accepted
        } else {
            Verdict::WrongAnswer
        }
    }
}
