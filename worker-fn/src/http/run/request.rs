//! The body of `POST /run`.

use shared::domain::fields::{parse_object, required_text, text};
use shared::domain::ids::ProblemId;
use shared::domain::run_options::{MAX_STDIN_BYTES, RunOptions};
use shared::domain::source::Source;
use shared::domain::submission;
use shared::domain::violation::Violation;
use shared::json::{JsonText, Object};
use shared::text::truncated;

/// The members that there are.
const MEMBERS: [&str; 8] = [
    "code",
    "files",
    "entry",
    "language",
    "problemId",
    "stdin",
    "args",
    "limits",
];

/// The most bytes of an unknown member's name that an error shows.
const MAX_SHOWN_BYTES: usize = 64;

/// What the caller wants to be run.
pub(super) struct RunRequest {
    pub source: Source,
    pub language: String,
    pub input: RunInput,
}

/// With what it is run.
pub(super) enum RunInput {
    /// With the caller's own input, arguments and limits.
    Own(RunOptions),
    /// With the problem's limits: a program's input, and a function's arguments.
    Problem {
        id: ProblemId,
        stdin: String,
        args: Option<JsonText>,
    },
}

impl RunRequest {
    /// Reads a JSON object with `code` or `files`, and `language`; and optionally what
    /// [`RunOptions::read`] takes, or `problemId`, `stdin` and `args`. Any other member is refused: a mistyped
    /// one would silently run with another input.
    pub(super) fn read(body: &[u8]) -> Result<Self, Violation> {
        let shape = "The body must be a JSON object with code or files, and language.";
        let members = parse_object(body, shape)?;
        let known = |name: &&str| MEMBERS.contains(name);
        if let Some(unknown) = members.names().find(|name| !known(name)) {
            let name = truncated(unknown, MAX_SHOWN_BYTES).to_owned();
            let rule = format!("{name} is not known; there is {}.", MEMBERS.join(", "));
            return Err(Violation::invalid(name, rule));
        }
        let source = Source::read(&members)?;
        let language = required_text(&members, "language")?.into_owned();
        submission::check_language(&language)?;
        let problem_id = text(&members, "problemId")?
            .map(|id| ProblemId::parse(&id, "problemId"))
            .transpose()?;
        let input = match problem_id {
            None => RunInput::Own(RunOptions::read(&members).map_err(names_the_problem)?),
            Some(id) => problem_input(id, &members)?,
        };
        Ok(Self {
            source,
            language,
            input,
        })
    }
}

/// A function's arguments may be anything, a program's may not.
fn names_the_problem(mut violation: Violation) -> Violation {
    if violation.field == "args" {
        violation.message += " Those of a problem's function need its problemId.";
    }
    violation
}

fn problem_input(id: ProblemId, members: &Object<'_>) -> Result<RunInput, Violation> {
    let args = members.get("args").map(JsonText::from);
    let stdin = text(members, "stdin")?.unwrap_or_default().into_owned();
    let args_bytes = args.as_ref().map_or(0, |args| args.as_str().len());
    for (field, bytes) in [("stdin", stdin.len()), ("args", args_bytes)] {
        if bytes > MAX_STDIN_BYTES {
            let rule = format!("{field} must be at most {MAX_STDIN_BYTES} bytes.");
            return Err(Violation::too_large(field, rule));
        }
    }
    if members.get("limits").is_some() {
        let rule = "limits are for a run without a problem, which has its own.";
        return Err(Violation::invalid("limits", rule));
    }
    Ok(RunInput::Problem { id, stdin, args })
}

#[cfg(test)]
mod tests {
    use fuzz::{fuzz, mutated};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_member_that_is_not_known_is_refused_by_its_name() {
        let body = br#"{"code":"x","language":"python","input":"5"}"#;
        let violation = RunRequest::read(body).err().unwrap();
        assert_eq!(violation.field, "input");
        assert!(violation.message.contains("stdin"), "{violation}");
        let long = format!(r#"{{"{}":1}}"#, "ä".repeat(100_000));
        let violation = RunRequest::read(long.as_bytes()).err().unwrap();
        assert!(violation.message.len() < 200, "{violation}");
    }

    #[test]
    fn limits_are_for_runs_without_a_problem() {
        let with = |members: &str| {
            let body = format!(r#"{{"code":"x","language":"c",{members}}}"#);
            RunRequest::read(body.as_bytes()).map(|request| request.input)
        };
        let own = with(r#""stdin":"5","args":["a"],"limits":{"timeMs":5}"#).unwrap();
        let RunInput::Own(options) = own else {
            panic!("it names no problem");
        };
        assert_eq!(
            (&*options.stdin, &*options.args),
            ("5", &["a".to_owned()][..])
        );
        assert_eq!(options.time_ms, Some(5));
        let violation = with(r#""problemId":"p","limits":{}"#).err().unwrap();
        assert_eq!(violation.field, "limits");
        // A function's arguments are any values, a program's are texts.
        assert!(with(r#""problemId":"p","args":[1]"#).is_ok());
        assert_eq!(with(r#""args":[1]"#).err().unwrap().field, "args");
    }

    #[test]
    fn any_body_is_read_or_refused() {
        let body = r#"{"code":"print(1)","language":"python","problemId":"p","args":[[1],null],"stdin":"5"}"#;
        let own = r#"{"files":[{"name":"a","content":"x"}],"entry":"a","language":"c","args":["5"],"limits":{"timeMs":5}}"#;
        fuzz(&mutated(&[body, own]), |body| {
            match RunRequest::read(&body) {
                Ok(run) => {
                    let (RunInput::Own(RunOptions { stdin, .. }) | RunInput::Problem { stdin, .. }) =
                        run.input;
                    prop_assert!(stdin.len() <= MAX_STDIN_BYTES);
                }
                Err(violation) => prop_assert!(!violation.message.is_empty()),
            }
            Ok(())
        });
    }
}
