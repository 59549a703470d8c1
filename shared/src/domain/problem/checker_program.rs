//! A checker of a problem's own: a program that decides where more than one answer
//! is right.
//!
//! It says what it finds by its exit code, by the convention that the problem
//! declares. It runs at an execution endpoint, in a sandbox of its own after the
//! submission has ended: having it run is worker-fn's (`judge/checker_program.rs`).
//! Unlike a [`super::Checker`] it cannot be shown to anyone who solves the problem.

use serde_json::Value;

use super::checker_crash::rule_against_testlib;
use super::object::{ObjectReader, Violations, object};
use crate::domain::submission;
use crate::json::Json;

/// The longest code of a checker, in bytes: room for one with the header
/// `testlib.h` pasted into it.
pub const MAX_CHECKER_BYTES: usize = 512 * 1024;

/// The most cases of a problem with such a checker: each takes a process of its own.
pub const MAX_CHECKED_CASES: usize = 200;

/// The name of its kind.
const KIND: &str = "program";

/// What a full case may be worth in a checker's points: testlib gives 1,000,000 at most.
const POINTS: (f64, f64) = (0.001, 1_000_000.0);

/// A program that decides about answers.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckerProgram {
    /// What it is written in, as in a submission.
    pub language: String,
    /// Its source, one file.
    pub code: String,
    /// What its exit codes mean, and what it is given.
    pub exit_codes: ExitCodes,
    /// How many of its points are a full case; `None` where it may not give any.
    pub points: Option<f64>,
}

/// A convention for checkers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCodes {
    /// Of the ICPC package format: 42 is right, 43 is wrong.
    Icpc,
    /// Of testlib: 0 is right, 1 and 2 are wrong, 3 is the checker's own failure.
    Testlib,
}

/// What a checker's exit code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The answer is right.
    Right,
    /// The answer is wrong.
    Wrong,
    /// The checker found a mistake of the jury's.
    JuryFault,
    /// The checker gives points, and says how many.
    Points,
    /// Nothing: the checker did not do what it had to.
    Unknown,
}

impl ExitCodes {
    /// The name in a problem.
    pub fn name(self) -> &'static str {
        match self {
            Self::Icpc => "icpc",
            Self::Testlib => "testlib",
        }
    }

    /// What `code` means.
    pub fn meaning(self, code: i64) -> Meaning {
        match (self, code) {
            (Self::Icpc, 42) | (Self::Testlib, 0) => Meaning::Right,
            (Self::Icpc, 43) | (Self::Testlib, 1 | 2) => Meaning::Wrong,
            (Self::Testlib, 3) => Meaning::JuryFault,
            // `_points`. What `_pc` ends with is told apart by its words alone.
            (Self::Testlib, 7) => Meaning::Points,
            _ => Meaning::Unknown,
        }
    }
}

impl CheckerProgram {
    /// Whether the member `checker` is meant as one.
    pub(super) fn is_meant(value: Json<'_>) -> bool {
        let is_kind = |text: Option<std::borrow::Cow<'_, str>>| text.as_deref() == Some(KIND);
        let mut members = value.members().into_iter().flatten();
        is_kind(value.text())
            || members.any(|(name, value)| {
                name.text().as_deref() == Some("kind") && is_kind(value.text())
            })
    }

    /// Reads it with its options.
    pub(super) fn read(value: Json<'_>, path: String, violations: &mut Violations) -> Self {
        let mut members = ObjectReader::new(value, path, violations);
        members.take("kind");
        let language = members.text("language").unwrap_or_default();
        if let Err(violation) = submission::check_language(&language) {
            let rule = violation.message.trim_start_matches("language ");
            members.reject("language", rule);
        }
        let code = members.text("code").unwrap_or_default();
        if code.is_empty() {
            members.reject("code", "must not be empty.");
        } else if code.len() > MAX_CHECKER_BYTES {
            let rule = format!("must be at most {MAX_CHECKER_BYTES} bytes.");
            let path = members.path("code");
            members.violations.too_large(path, &rule);
        }
        let exit_codes = match members.text("exitCodes").as_deref() {
            None | Some("icpc") => ExitCodes::Icpc,
            Some("testlib") => ExitCodes::Testlib,
            Some(_) => {
                members.reject("exitCodes", "must be icpc or testlib.");
                ExitCodes::Icpc
            }
        };
        let (low, high) = POINTS;
        let rule = "must be a number from 0.001 to 1000000.";
        let points = members.number("points", low, high, rule);
        if points.is_some() && exit_codes != ExitCodes::Testlib {
            let rule = "is for \"exitCodes\": \"testlib\": no other convention has points.";
            members.reject("points", rule);
        }
        members.end("kind, language, code, exitCodes, points");
        Self {
            language,
            code,
            exit_codes,
            points,
        }
    }

    /// Notes that its language does not go with its convention. Not of a stored problem,
    /// which may be older than this rule.
    pub(super) fn check_convention(&self, violations: &mut Violations) {
        let rule = match self.exit_codes {
            ExitCodes::Testlib => rule_against_testlib(&self.language),
            ExitCodes::Icpc => None,
        };
        if let Some(rule) = rule {
            violations.reject("checker.language".into(), &rule);
        }
    }

    /// Notes that a problem has more cases than such a checker may have.
    pub(super) fn check_count(cases: usize, violations: &mut Violations) {
        if cases > MAX_CHECKED_CASES {
            let rule = format!(
                "are too many: with a checker that is a program there may be \
                 {MAX_CHECKED_CASES} at most, not {cases}, because it is started for each."
            );
            violations.reject("cases".into(), &rule);
        }
    }

    /// The JSON that is stored.
    pub(super) fn to_value(&self) -> Value {
        object(&mut [
            ("kind", KIND.into()),
            ("language", self.language.as_str().into()),
            ("code", self.code.as_str().into()),
            ("exitCodes", self.exit_codes.name().into()),
            ("points", self.points.into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ProblemId;
    use crate::domain::problem::{Checker, Problem};
    use crate::domain::violation::Violation;
    use serde_json::json;

    fn read(checker: &Value, cases: usize) -> Result<Problem, Violation> {
        let case = json!({ "input": "1", "expected": "2" });
        let value = json!({
            "title": "T", "kind": "program", "checker": checker, "cases": vec![case; cases],
        });
        Problem::from_value(&ProblemId::parse("t", "id").unwrap(), &value)
    }

    #[test]
    fn it_is_read_and_written_back() {
        for (exit_codes, read_as) in [
            (Value::Null, ExitCodes::Icpc),
            (json!("icpc"), ExitCodes::Icpc),
            (json!("testlib"), ExitCodes::Testlib),
        ] {
            let checker = json!({
                "kind": "program", "language": "c++", "code": "int main() {}",
                "exitCodes": exit_codes,
            });
            let problem = read(&checker, MAX_CHECKED_CASES).unwrap();
            let program = problem.checker_program.clone().unwrap();
            assert_eq!((program.exit_codes, program.points), (read_as, None));
            assert_eq!(
                (&*program.language, &*program.code),
                ("c++", "int main() {}")
            );
            assert_eq!(problem.checker, Checker::Lines { ignore_case: false });
            let again = Problem::from_stored(&problem.id, problem.to_json().as_bytes());
            assert_eq!(again, Ok(problem));
        }
        assert_eq!(read(&json!("lines"), 1).unwrap().checker_program, None);
    }

    #[test]
    fn points_are_declared_and_then_every_case_counts() {
        let checker = |points: Value| {
            json!({
                "kind": "program", "language": "c", "code": "x", "exitCodes": "testlib",
                "points": points,
            })
        };
        for (points, stops) in [
            (json!(100), false),
            (json!(0.5), false),
            (Value::Null, true),
        ] {
            let problem = read(&checker(points.clone()), 1).unwrap();
            let read_as = problem.checker_program.as_ref().unwrap().points;
            assert_eq!(read_as, points.as_f64());
            assert_eq!(problem.stop_on_first_fail, stops);
            let again = Problem::from_stored(&problem.id, problem.to_json().as_bytes());
            assert_eq!(again, Ok(problem));
        }
        let mut icpc = checker(json!(1));
        icpc["exitCodes"] = Value::Null;
        for (checker, field, rule) in [
            (checker(json!(0)), "checker.points", "from 0.001 to 1000000"),
            (checker(json!(-1)), "checker.points", "from 0.001"),
            (checker(json!(1_000_001)), "checker.points", "from 0.001"),
            (checker(json!("1")), "checker.points", "must be a number"),
            (icpc, "checker.points", "testlib"),
        ] {
            let violation = read(&checker, 1).unwrap_err();
            assert_eq!(violation.field, field);
            assert!(violation.message.contains(rule), "{violation}");
        }
        let value = json!({
            "title": "T", "kind": "program", "checker": checker(json!(1)),
            "cases": [{ "input": "1", "expected": "2" }], "stopOnFirstFail": true,
        });
        let id = ProblemId::parse("t", "id").unwrap();
        let violation = Problem::from_value(&id, &value).unwrap_err();
        assert_eq!(violation.field, "stopOnFirstFail");
    }

    #[test]
    fn what_is_missing_or_too_much_is_refused_with_its_path() {
        let with = |name: &str, value: Value| {
            let mut checker = json!({ "kind": "program", "language": "c", "code": "x" });
            checker[name] = value;
            checker
        };
        for (checker, cases, field, rule) in [
            (json!("program"), 1, "checker", "object"),
            (
                with("language", Value::Null),
                1,
                "checker.language",
                "must not be empty",
            ),
            (
                with("language", json!("x".repeat(65))),
                1,
                "checker.language",
                "64 characters",
            ),
            (
                with("code", json!("")),
                1,
                "checker.code",
                "must not be empty",
            ),
            (with("code", json!(1)), 1, "checker.code", "text"),
            (
                with("code", json!("x".repeat(MAX_CHECKER_BYTES + 1))),
                1,
                "checker.code",
                "at most 524288 bytes",
            ),
            (
                with("exitCodes", json!("points")),
                1,
                "checker.exitCodes",
                "icpc or testlib",
            ),
            (
                with("ignoreCase", json!(true)),
                1,
                "checker.ignoreCase",
                "exitCodes",
            ),
            (
                with("code", json!("x")),
                201,
                "cases",
                "200 at most, not 201",
            ),
        ] {
            let violation = read(&checker, cases).unwrap_err();
            assert_eq!(violation.field, field);
            assert!(violation.message.contains(rule), "{violation}");
        }
        assert!(read(&json!("lines"), MAX_CHECKED_CASES + 1).is_ok());
    }

    /// As when a problem is published; one that is stored stays readable.
    #[test]
    fn testlib_is_for_languages_whose_crashes_are_told_apart() {
        let checker = |language: &str, exit_codes: &str| {
            json!({
                "kind": "program", "language": language, "code": "x", "exitCodes": exit_codes,
            })
        };
        for language in ["c++", "cpp", "python", "ruby", "java"] {
            assert!(read(&checker(language, "testlib"), 1).is_ok(), "{language}");
        }
        for language in ["haskell", "hs", "perl", "awk", "erlang", "brainfuck"] {
            let violation = read(&checker(language, "testlib"), 1).unwrap_err();
            assert_eq!(violation.field, "checker.language");
            for part in ["\"icpc\"", "c++, ", "python"] {
                assert!(violation.message.contains(part), "{violation}");
            }
            let mut problem = read(&checker(language, "icpc"), 1).unwrap();
            problem.checker_program.as_mut().unwrap().exit_codes = ExitCodes::Testlib;
            let stored = problem.to_json();
            assert_eq!(
                Problem::from_stored(&problem.id, stored.as_bytes()),
                Ok(problem)
            );
        }
    }

    #[test]
    fn exit_codes_mean_what_their_convention_says() {
        use Meaning::{JuryFault, Points, Right, Unknown, Wrong};
        for (code, icpc, testlib) in [
            (0, Unknown, Right),
            (1, Unknown, Wrong),
            (2, Unknown, Wrong),
            (3, Unknown, JuryFault),
            (4, Unknown, Unknown),
            (7, Unknown, Points),
            (16, Unknown, Unknown),
            (42, Right, Unknown),
            (43, Wrong, Unknown),
            (255, Unknown, Unknown),
            (-1, Unknown, Unknown),
        ] {
            assert_eq!(ExitCodes::Icpc.meaning(code), icpc, "{code}");
            assert_eq!(ExitCodes::Testlib.meaning(code), testlib, "{code}");
        }
    }
}
