//! From JSON to a [`super::Problem`], with errors that say where.
//!
//! What breaks a rule is refused with 422 and a path such as
//! `cases[3].expected`; what is too large with 413 and the first case that is
//! over. Members that are not known are refused too. Only what an answer of
//! ours adds (`success`, `version`, `starter`, `unsupported`) is passed over, so that a
//! problem that was read can be published again; `id` must be the right one.

use super::arguments::check_arguments;
use super::non_finite::with_non_finite;
use super::object::{ObjectReader, Violations, element};
use super::{
    Case, Checker, CheckerProgram, Kind, Limits, MAX_BYTES, MAX_CASES, MAX_OUTPUT_BYTES,
    MAX_STATEMENT_BYTES, MAX_TITLE_CHARS, MAX_WEIGHT, Problem, Shape, Signature, Type,
};
use crate::domain::fields::parse_body;
use crate::domain::ids::ProblemId;
use crate::domain::submission;
use crate::domain::violation::Violation;
use crate::json::{Json, JsonText};

impl Problem {
    /// Reads the body of `PUT /problems/:id`.
    pub fn from_body(id: &ProblemId, body: &[u8]) -> Result<Self, Violation> {
        submission::check_body_size(body.len(), MAX_BYTES)?;
        Self::sized(id, parse_body(body)?)
    }

    /// Reads a problem from a file.
    pub fn from_json(id: &ProblemId, value: Json<'_>) -> Result<Self, Violation> {
        Self::sized(id, value)
    }

    /// Reads a problem that a program has put together.
    pub fn from_value(id: &ProblemId, value: &serde_json::Value) -> Result<Self, Violation> {
        Self::sized(id, parse_body(value.to_string().as_bytes())?)
    }

    /// Reads a stored problem, whose size was checked when it was published.
    pub fn from_stored(id: &ProblemId, text: &[u8]) -> Result<Self, Violation> {
        let mut violations = Violations::default();
        let problem = Self::read(id, parse_body(text)?, &mut violations);
        violations.into_result(problem)
    }

    fn sized(id: &ProblemId, value: Json<'_>) -> Result<Self, Violation> {
        let mut violations = Violations::default();
        let problem = Self::read(id, value, &mut violations);
        if let Some(program) = &problem.checker_program {
            program.check_convention(&mut violations);
        }
        if !violations.is_any() {
            problem.check_size(&mut violations);
        }
        violations.into_result(problem)
    }

    fn read(id: &ProblemId, value: Json<'_>, violations: &mut Violations) -> Self {
        let mut members = ObjectReader::new(value, String::new(), violations);
        for added in ["success", "version", "starter", "unsupported"] {
            members.take(added);
        }
        if members.text("id").is_some_and(|given| given != id.as_str()) {
            let rule =
                format!("must be \"{id}\", like the folder or the URL. You can leave it out.");
            members.reject("id", &rule);
        }
        let title = title(&mut members, "title");
        if title.is_none() {
            members.reject("title", "is required.");
        }
        let statement = members.text("statement").unwrap_or_default();
        if statement.len() > MAX_STATEMENT_BYTES {
            let rule = format!("must be at most {MAX_STATEMENT_BYTES} bytes.");
            members.violations.too_large("statement".into(), &rule);
        }
        let kind = Kind::read(&mut members);
        let mut checker = Checker::default_for(&kind);
        let mut checker_program = None;
        if let Some(value) = members.take("checker") {
            let path = members.path("checker");
            if CheckerProgram::is_meant(value) {
                let program = CheckerProgram::read(value, path, members.violations);
                checker_program = Some(Box::new(program));
            } else {
                checker = Checker::read(value, path, members.violations);
            }
        }
        let mut limits = Limits::default();
        if let Some(value) = members.take("limits") {
            read_limits(&mut limits, value, members.violations);
        }
        let gives_points = checker_program
            .as_ref()
            .is_some_and(|program| program.points.is_some());
        let stop_on_first_fail = members.flag("stopOnFirstFail", !gives_points);
        if stop_on_first_fail && gives_points {
            let rule = "must be false, or left out, where the checker gives points: every case \
                        counts then.";
            members.reject("stopOnFirstFail", rule);
        }
        let (list, count) = members.list("cases", MAX_CASES);
        if checker_program.is_some() {
            CheckerProgram::check_count(count, members.violations);
        }
        let cases = cases(&list, count, &kind, checker, members.violations);
        members.end(
            "title, statement, kind, signature, answer, cases, checker, limits, stopOnFirstFail",
        );
        Self {
            id: id.clone(),
            title: title.unwrap_or_default(),
            statement,
            kind,
            cases,
            checker,
            checker_program,
            limits,
            stop_on_first_fail,
        }
    }
}

fn title(members: &mut ObjectReader<'_, '_>, name: &str) -> Option<String> {
    let title = members.text(name)?;
    if !(1..=MAX_TITLE_CHARS).contains(&title.chars().count()) {
        let rule = format!("must be 1 to {MAX_TITLE_CHARS} characters.");
        members.reject(name, &rule);
    }
    Some(title)
}

fn read_limits(limits: &mut Limits, value: Json<'_>, violations: &mut Violations) {
    let mut members = ObjectReader::new(value, "limits".into(), violations);
    limits.time_ms = members.whole("timeMs", 1, 120_000);
    limits.memory_bytes = members.whole("memoryBytes", 1 << 20, 16 << 30);
    limits.output_bytes = members.whole("outputBytes", 1, MAX_OUTPUT_BYTES);
    if let Some(value) = members.take("factors") {
        let mut factors = ObjectReader::new(value, "limits.factors".into(), members.violations);
        while let Some(name) = factors.next() {
            if submission::check_language(&name).is_err() {
                factors.reject(&name, "must have a language's name.");
            }
            let factor = factors.number(&name, 0.1, 100.0, "must be a number from 0.1 to 100.");
            if let Some(factor) = factor {
                limits.factors.push((name, factor));
            }
        }
    }
    members.end("timeMs, memoryBytes, outputBytes, factors");
}

fn cases(
    values: &[Json<'_>],
    count: usize,
    kind: &Kind,
    checker: Checker,
    violations: &mut Violations,
) -> Vec<Case> {
    const CASES: &str = "cases";
    let mut cases = Vec::with_capacity(values.len());
    if count == 0 {
        violations.reject(CASES.into(), "must hold at least one case.");
    } else if count > MAX_CASES {
        let rule = format!("is one too many: cases may be {MAX_CASES} at most, not {count}.");
        violations.too_large(element(CASES, MAX_CASES), &rule);
    }
    for (index, value) in values.iter().enumerate() {
        if violations.is_any() {
            return cases;
        }
        cases.push(case(
            *value,
            element(CASES, index),
            kind,
            checker,
            violations,
        ));
    }
    if cases.iter().all(|case| case.weight == 0) {
        violations.reject(
            CASES.into(),
            "must hold at least one case whose weight is not 0.",
        );
    }
    cases
}

fn case(
    value: Json<'_>,
    path: String,
    kind: &Kind,
    checker: Checker,
    violations: &mut Violations,
) -> Case {
    let null = JsonText::from(serde_json::Value::Null);
    let mut members = ObjectReader::new(value, path, violations);
    let weight = members.whole("weight", 0, MAX_WEIGHT.into());
    let (input, expected) = (members.need("input"), members.need("expected"));
    let ignore = members.take("ignore");
    let mut case = Case {
        name: title(&mut members, "name"),
        input: input.map_or_else(|| null.clone(), JsonText::from),
        expected: expected.map_or(null, JsonText::from),
        ignore: Vec::new(),
        hidden: members.flag("hidden", false),
        weight: weight.and_then(|one| u32::try_from(one).ok()).unwrap_or(1),
    };
    let input = case.input.json();
    let mut calls = 0;
    let said = match kind {
        Kind::Program => Type::String.mismatch(input, &members.path("input")),
        Kind::Function(signature) => arguments_mismatch(signature, input, &members.path("input")),
        Kind::Class(class) => match class.calls(input, &members.path("input")) {
            Ok(all) => {
                calls = all.len();
                None
            }
            Err(message) => Some(message),
        },
    };
    if let (Some(value), None) = (ignore, &said) {
        case.ignore = ignored(value, kind, calls, &mut members);
    }
    if let Some(message) = said {
        // What is expected depends on what is called.
        let field = place(&members.path("input"), &message).to_owned();
        members.violations.note(Violation::invalid(field, message));
    } else {
        expected_fits(&case, kind, checker, &mut members);
    }
    members.end("name, input, expected, ignore, hidden, weight");
    case
}

/// The place of the argument that `message` begins with, below `path`.
fn place<'a>(path: &str, message: &'a str) -> &'a str {
    let rest = message.get(path.len()..).unwrap_or_default();
    let is_index = |one: char| one.is_ascii_digit() || one == '[' || one == ']';
    let beyond = rest.find(|one: char| !is_index(one)).unwrap_or(rest.len());
    &message[..message.len() - rest.len() + beyond]
}

fn arguments_mismatch(signature: &Signature, input: Json<'_>, path: &str) -> Option<String> {
    let count = signature.params.len();
    let arguments: Vec<Json<'_>> = input.items().into_iter().flatten().collect();
    if input.items().is_none() || arguments.len() != count {
        return Some(format!(
            "{path} must be the list of the function's {count} arguments."
        ));
    }
    check_arguments(&signature.params, &arguments, path).err()
}

/// The member `ignore` of a case with so many calls: numbers of calls, each once.
fn ignored(
    value: Json<'_>,
    kind: &Kind,
    calls: usize,
    members: &mut ObjectReader<'_, '_>,
) -> Vec<usize> {
    let Some(numbers) = value.items() else {
        members.reject("ignore", "must be a list.");
        return Vec::new();
    };
    // One more than there may be tells that there are too many.
    let numbers: Vec<_> = numbers.take(calls + 1).collect();
    if numbers.len() > calls {
        let rule = match kind {
            Kind::Class(_) => format!("must hold {calls} numbers at most, as there are calls."),
            Kind::Program | Kind::Function(_) => "is for classes only.".into(),
        };
        members.reject("ignore", &rule);
        return Vec::new();
    }
    let mut is_ignored = vec![false; calls];
    let mut ignore = Vec::with_capacity(numbers.len());
    for (index, value) in numbers.into_iter().enumerate() {
        let number = value.u64().and_then(|number| usize::try_from(number).ok());
        let rule = match number {
            Some(number) if number >= calls => {
                format!("must be less than {calls}, the number of calls.")
            }
            Some(number) if !is_ignored[number] => {
                is_ignored[number] = true;
                ignore.push(number);
                continue;
            }
            _ => "must be the number of a call, from 0, and each only once.".into(),
        };
        members.reject(&element("ignore", index), &rule);
    }
    ignore
}

#[inline(never)]
fn expected_fits(case: &Case, kind: &Kind, checker: Checker, members: &mut ObjectReader<'_, '_>) {
    let shape = Shape::of(kind, checker, case);
    let non_finite = with_non_finite(&shape, case.expected.json());
    let expected = non_finite
        .as_ref()
        .map_or(case.expected.json(), JsonText::json);
    let path = members.path("expected");
    let said = match shape {
        Shape::Whole(part) => part.ty.mismatch(expected, &path),
        Shape::Parts(parts) => {
            let count = expected.items().map(Iterator::count);
            if count != Some(parts.len()) {
                let rule = format!("must be a list of {} answers.", parts.len());
                members.reject("expected", &rule);
            }
            let mut pairs = expected
                .items()
                .into_iter()
                .flatten()
                .zip(parts)
                .enumerate();
            pairs
                .find_map(|(index, (value, part))| part?.ty.mismatch(value, &element(&path, index)))
        }
    };
    if let Some(message) = said {
        members.violations.note(Violation::invalid(path, message));
    }
}
