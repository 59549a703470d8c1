//! What is known of one case once it was run.
//!
//! An answer can be as long as an endpoint's response, and a problem can have a
//! thousand cases. So an answer is compared at once, and only what is needed
//! later stays of it: the verdict, what evidence shows, and the item for the
//! archive, as long as that has room.

use std::rc::Rc;

use shared::domain::answer::{CaseAnswer, Usage};
use shared::domain::archive::ArchivedItem;
use shared::domain::judgement::MAX_EVIDENCE_BYTES;
use shared::domain::problem::{Case, Kind, Part, Problem, Shape};
use shared::domain::share::Share;
use shared::domain::stage::Stage;
use shared::domain::verdict::Verdict;
use shared::json::{Json, JsonText};
use shared::text::truncated;

use super::{compare, difference, parts, visible};

/// One case's run.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRun {
    /// The case's verdict by itself.
    pub verdict: Verdict,
    /// How much of the case's weight it earned.
    pub share: Share,
    /// What its process used, if it had one of its own.
    pub usage: Usage,
    /// What may be shown of it: its process had no hidden input, and it failed.
    pub shown: Option<ShownAnswer>,
    /// Whether all of it may be shown: its process had no hidden input.
    pub may_be_shown: bool,
    /// For the archive.
    pub archived: Option<ArchivedItem>,
}

/// What is shown of an answer that is not accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownAnswer {
    /// The expected answer.
    pub expected: String,
    /// What it answered, where it did.
    pub actual: Option<String>,
    /// How the two differ, in a sentence.
    pub note: Option<String>,
    /// Why there is no answer.
    pub message: Option<String>,
    /// Its process.
    pub stage: Rc<Stage>,
}

impl CaseRun {
    /// Compares an answer. `stage`: its process, if that had no hidden input.
    pub fn new(
        problem: &Problem,
        case: &Case,
        answer: &CaseAnswer,
        usage: Usage,
        stage: Option<&Rc<Stage>>,
    ) -> Self {
        let verdict = verdict(problem, case, answer);
        Self::with(verdict, problem, case, answer, usage, stage)
    }

    /// The run of a case whose verdict is known.
    pub(super) fn with(
        verdict: Verdict,
        problem: &Problem,
        case: &Case,
        answer: &CaseAnswer,
        usage: Usage,
        stage: Option<&Rc<Stage>>,
    ) -> Self {
        let stderr = stage.map(|stage| truncated(&stage.stderr, MAX_EVIDENCE_BYTES));
        let shown = stage.filter(|_| verdict.is_failure());
        Self {
            verdict,
            share: verdict.share(),
            usage,
            shown: shown.map(|stage| ShownAnswer::new(problem, case, answer, stage)),
            may_be_shown: stage.is_some(),
            archived: Some(ArchivedItem::new(answer, usage, stderr)),
        }
    }
}

impl ShownAnswer {
    fn new(problem: &Problem, case: &Case, answer: &CaseAnswer, stage: &Rc<Stage>) -> Self {
        let expected = problem.expected(case);
        let difference = match (answer, &problem.kind) {
            _ if problem.checker_program.is_some() => None,
            (CaseAnswer::Text(actual), _) => {
                let expected = case.expected.json().text().unwrap_or_default();
                Some(difference::of_text(problem.checker, &expected, actual))
            }
            (CaseAnswer::Value(actual), Kind::Function(_) | Kind::Class(_)) => {
                Some(parts::difference(problem, case, actual.json()))
            }
            _ => None,
        };
        let message = match answer {
            CaseAnswer::Text(_) | CaseAnswer::Value(_) => None,
            CaseAnswer::NotJson(what) => Some(format!("It answered with {what}.")),
            CaseAnswer::Failed(failure) => {
                Some(truncated(&failure.message, MAX_EVIDENCE_BYTES).to_owned())
            }
        };
        let (expected, actual, note) = match (difference, answer) {
            (Some(shown), _) => (shown.expected, Some(shown.actual), shown.note),
            (None, CaseAnswer::Text(actual)) => {
                let actual = difference::cut_around(actual, 0);
                (shown_value(problem, &expected), Some(actual), one_of_many())
            }
            (None, CaseAnswer::Value(actual)) => {
                let actual = shown_value(problem, actual);
                (shown_value(problem, &expected), Some(actual), one_of_many())
            }
            (None, _) => (shown_value(problem, &expected), None, None),
        };
        Self {
            expected,
            actual,
            note,
            message,
            stage: Rc::clone(stage),
        }
    }
}

/// The note where a checker program decided: it knows more answers than one.
fn one_of_many() -> Option<String> {
    Some("More than one answer may be right: the expected one is an example.".into())
}

/// A value of a case as people read it: a program's text, a function's JSON; the
/// beginning, if it is long.
pub(super) fn shown_value(problem: &Problem, value: &JsonText) -> String {
    match (&problem.kind, value.json().text()) {
        (Kind::Program, Some(text)) => difference::cut_around(&text, 0),
        _ => difference::cut_around(&visible::shown(value.json()), 0),
    }
}

/// Whether only the problem's checker program can decide about an answer. What has
/// not the type that was asked for is wrong, and a checker must not stumble over it.
pub(super) fn needs_program(problem: &Problem, case: &Case, answer: &CaseAnswer) -> bool {
    problem.checker_program.is_some()
        && match (answer, &problem.kind) {
            (CaseAnswer::Text(_), Kind::Program) => true,
            (CaseAnswer::Value(value), Kind::Function(_) | Kind::Class(_)) => {
                value.is_strict() && fits(&problem.shape(case), value.json())
            }
            _ => false,
        }
}

fn fits(shape: &Shape<'_>, value: Json<'_>) -> bool {
    let is_of = |part: &Part<'_>, value| part.ty.mismatch(value, "").is_none();
    match shape {
        Shape::Whole(part) => is_of(part, value),
        Shape::Parts(parts) => value.items().is_some_and(|values| {
            let mut pairs = values.clone().zip(parts);
            values.count() == parts.len()
                && pairs.all(|(value, part)| part.as_ref().is_none_or(|part| is_of(part, value)))
        }),
    }
}

fn verdict(problem: &Problem, case: &Case, answer: &CaseAnswer) -> Verdict {
    let same = match (answer, &problem.kind) {
        (CaseAnswer::Failed(failure), _) => return failure.verdict,
        (CaseAnswer::Text(text), Kind::Program) => {
            let expected = case.expected.json().text().unwrap_or_default();
            compare::text(problem.checker, &expected, text)
        }
        (CaseAnswer::Value(value), Kind::Function(_) | Kind::Class(_)) => {
            parts::same(problem, case, value.json())
        }
        (CaseAnswer::NotJson(_), _)
        | (CaseAnswer::Text(_), Kind::Function(_) | Kind::Class(_))
        | (CaseAnswer::Value(_), Kind::Program) => false,
    };
    if same {
        Verdict::Accepted
    } else {
        Verdict::WrongAnswer
    }
}
