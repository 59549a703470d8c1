//! Comparing a value as its problem says: as a whole, or part by part where it
//! consists of an argument beside what was returned, or of the answers to calls.

use shared::domain::problem::{Answer, Callable, Case, Part, Problem, Shape};
use shared::json::{Json, JsonText, Kind as JsonKind};

use super::answer::call_name;
use super::difference::{Difference, SHORT_BYTES, cut_around, offset};
use super::{compare, value_difference, visible};

/// What is said where an argument is the answer and is as it was before the call.
const UNCHANGED: &str = "The argument is the same as before the call. It must be changed itself: a \
new value under its name, or one that is returned, does not count.";

/// Whether `actual` counts as the expected answer to a case.
pub(super) fn same(problem: &Problem, case: &Case, actual: Json<'_>) -> bool {
    let expected = problem.expected(case);
    match problem.shape(case) {
        Shape::Whole(part) => compare::value(part.checker, part.ty, expected.json(), actual),
        Shape::Parts(parts) => {
            has(parts.len(), actual) && first_wrong(&parts, expected.json(), actual).is_none()
        }
    }
}

fn has(count: usize, actual: Json<'_>) -> bool {
    actual.items().is_some_and(|items| items.count() == count)
}

/// A part that differs: its number, and both values.
struct Wrong<'a, 'p> {
    index: usize,
    part: Part<'p>,
    expected: Json<'a>,
    actual: Json<'a>,
}

fn first_wrong<'a, 'p>(
    parts: &[Option<Part<'p>>],
    expected: Json<'a>,
    actual: Json<'a>,
) -> Option<Wrong<'a, 'p>> {
    let pairs = expected.items()?.zip(actual.items()?).zip(parts);
    let mut wrong = pairs
        .enumerate()
        .filter_map(|(index, ((expected, actual), part))| {
            let part = (*part)?;
            let same = compare::value(part.checker, part.ty, expected, actual);
            (!same).then_some(Wrong {
                index,
                part,
                expected,
                actual,
            })
        });
    wrong.next()
}

/// How a wrong answer differs from the expected one. Only of a case that is shown.
pub(super) fn difference(problem: &Problem, case: &Case, actual: Json<'_>) -> Difference {
    let whole = problem.expected(case);
    let spelled = (visible::spelled(whole.json()), visible::spelled(actual));
    let whole = spelled.0.as_ref().unwrap_or(&whole);
    let actual = spelled.1.as_ref().map_or(actual, JsonText::json);
    let (expected, parts) = match problem.shape(case) {
        Shape::Whole(part) => {
            let (checker, ty) = (part.checker, part.ty);
            let mut found = value_difference::of_value(checker, ty, whole.json(), actual);
            if is_unchanged(problem, case, actual) {
                found.note = Some(UNCHANGED.into());
            }
            return found;
        }
        Shape::Parts(parts) => (whole.json(), parts),
    };
    let texts = (expected.as_str(), actual.as_str());
    let shown = |at: (usize, usize), note: Option<String>| Difference {
        expected: cut_around(texts.0, at.0),
        actual: cut_around(texts.1, at.1),
        note,
    };
    if !has(parts.len(), actual) {
        return shown((0, 0), Some("It did not answer each call once.".into()));
    }
    let Some(wrong) = first_wrong(&parts, expected, actual) else {
        return shown((0, 0), None);
    };
    let (checker, ty) = (wrong.part.checker, wrong.part.ty);
    let found = value_difference::of_value(checker, ty, wrong.expected, wrong.actual);
    let returned_nothing =
        wrong.actual.kind() == JsonKind::Null && wrong.index_is_returned(problem);
    let how = match found.note {
        _ if returned_nothing => "It returned nothing. Is a return missing?".into(),
        Some(note) => note,
        None => format!(
            "Expected {}, got {}.",
            short(wrong.expected),
            short(wrong.actual)
        ),
    };
    let place = wrong.place(problem, case);
    shown(
        (
            offset(texts.0, wrong.expected.as_str()),
            offset(texts.1, wrong.actual.as_str()),
        ),
        Some(format!("{place}: {how}")),
    )
}

impl Wrong<'_, '_> {
    /// Whether it is what was returned, and not an argument.
    fn index_is_returned(&self, problem: &Problem) -> bool {
        let signature = problem.signature();
        signature.is_none_or(|it| self.index == 0 && it.answer.returned())
    }

    fn place(&self, problem: &Problem, case: &Case) -> String {
        match problem.callable() {
            Some(Callable::Class(class)) => {
                let name = call_name(class, case.input.json(), self.index);
                format!("In {}", name.unwrap_or_default())
            }
            Some(Callable::Function(signature)) if !self.index_is_returned(problem) => {
                let before = usize::from(signature.answer.returned());
                let mut arguments = signature.answer.arguments();
                let index = arguments.nth(self.index - before).unwrap_or_default();
                let param = signature.params.get(index);
                let name = param.map_or("", |param| param.name.as_str());
                format!("In {name} after the call")
            }
            _ => "In what it returned".into(),
        }
    }
}

/// Whether the answer is an argument, and is what was passed.
fn is_unchanged(problem: &Problem, case: &Case, actual: Json<'_>) -> bool {
    let Some(signature) = problem.signature() else {
        return false;
    };
    let Answer::Argument(index) = signature.answer else {
        return false;
    };
    let passed = case.input.json().items().and_then(|mut all| all.nth(index));
    let ty = signature.params.get(index).map(|param| &param.ty);
    passed.zip(ty).is_some_and(|(passed, ty)| {
        let exact = shared::domain::problem::Checker::Exact;
        compare::value(exact, ty, passed, actual)
    })
}

fn short(value: Json<'_>) -> String {
    let text = value.as_str();
    let piece = shared::text::truncated(text, SHORT_BYTES);
    if piece.len() == text.len() {
        text.to_owned()
    } else {
        format!("{piece}…")
    }
}
