//! The body of `POST /run`.

use shared::domain::fields::{parse_object, required_text, text};
use shared::domain::ids::ProblemId;
use shared::domain::submission;
use shared::domain::violation::Violation;
use shared::json::JsonText;
use shared::text::truncated;

/// The longest `stdin` and the largest `args`, in bytes.
const MAX_INPUT_BYTES: usize = 64 * 1024;

/// The members that there are.
const MEMBERS: [&str; 5] = ["code", "language", "problemId", "stdin", "args"];

/// The most bytes of an unknown member's name that an error shows.
const MAX_SHOWN_BYTES: usize = 64;

/// What the caller wants to be run.
pub(super) struct RunRequest {
    pub code: String,
    pub language: String,
    pub problem_id: Option<ProblemId>,
    pub stdin: String,
    pub args: Option<JsonText>,
}

impl RunRequest {
    /// Reads a JSON object with `code` and `language`, and optionally
    /// `problemId`, `stdin` and `args`. Any other member is refused: a mistyped
    /// one would silently run with another input.
    pub(super) fn read(body: &[u8]) -> Result<Self, Violation> {
        let shape = "The body must be a JSON object with code and language.";
        let members = parse_object(body, shape)?;
        let known = |name: &&str| MEMBERS.contains(name);
        if let Some(unknown) = members.names().find(|name| !known(name)) {
            let name = truncated(unknown, MAX_SHOWN_BYTES).to_owned();
            let rule = format!("{name} is not known; there is {}.", MEMBERS.join(", "));
            return Err(Violation::invalid(name, rule));
        }
        let code = required_text(&members, "code")?.into_owned();
        submission::check_code(&code)?;
        let language = required_text(&members, "language")?.into_owned();
        submission::check_language(&language)?;
        let problem_id = text(&members, "problemId")?
            .map(|id| ProblemId::parse(&id, "problemId"))
            .transpose()?;
        let args = members.get("args").map(JsonText::from);
        let stdin = text(&members, "stdin")?.unwrap_or_default().into_owned();
        let args_bytes = args.as_ref().map_or(0, |args| args.as_str().len());
        for (field, bytes) in [("stdin", stdin.len()), ("args", args_bytes)] {
            if bytes > MAX_INPUT_BYTES {
                let rule = format!("{field} must be at most {MAX_INPUT_BYTES} bytes.");
                return Err(Violation::too_large(field, rule));
            }
        }
        if args.is_some() && problem_id.is_none() {
            let rule = "args are for a problem that asks for a function: give its problemId.";
            return Err(Violation::invalid("args", rule));
        }
        Ok(Self {
            code,
            language,
            problem_id,
            stdin,
            args,
        })
    }
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
    fn any_body_is_read_or_refused() {
        let body = r#"{"code":"print(1)","language":"python","problemId":"p","args":[[1],null],"stdin":"5"}"#;
        fuzz(&mutated(&[body]), |body| {
            match RunRequest::read(&body) {
                Ok(run) => prop_assert!(run.stdin.len() <= MAX_INPUT_BYTES),
                Err(violation) => prop_assert!(!violation.message.is_empty()),
            }
            Ok(())
        });
    }
}
