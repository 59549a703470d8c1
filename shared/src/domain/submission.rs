//! What a client may send to `POST /submit`, and the limits it must keep.
//!
//! The limits stand here, on the domain type, once. An input that breaks one
//! gets a [`Violation`] that names the field and the limit.

use super::fields::{object, parse_body, required_text, text};
use super::ids::ProblemId;
use super::lane::Lane;
use super::run_options::RunOptions;
use super::source::Source;
pub use super::source::{MAX_CODE_BYTES, check_code};
use super::violation::{Violation, ViolationKind};
use crate::json::{Json, Kind, Object};

/// The largest request body, in bytes: that of a submission with as many bytes of files as
/// it may have, and an input.
pub const MAX_BODY_BYTES: usize = 512 * 1024;
/// The longest language name, in characters. No real one comes near.
pub const MAX_LANGUAGE_CHARS: usize = 64;

/// The most submissions in one batch.
pub const MAX_BATCH: usize = 100;
/// The largest body of a batch, in bytes.
pub const MAX_BATCH_BODY_BYTES: usize = 4 * 1024 * 1024;
/// The furthest ahead that a submission may be scheduled, in milliseconds: a
/// week.
pub const MAX_DELAY_MS: u64 = 7 * 24 * 3_600 * 1_000;

/// A `runAt` below this, in milliseconds since 1970, was meant in seconds: it is a
/// time in 2001, and in seconds one in the year 33658.
const MIN_RUN_AT_MS: u64 = 1_000_000_000_000;

/// When a submission is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schedule {
    /// As soon as it is its turn.
    #[default]
    Immediately,
    /// Not before this time, in milliseconds since 1970 (UTC).
    At(u64),
    /// Not before this many milliseconds have passed.
    After(u64),
}

/// A submission that keeps all limits. Whether its language is offered is for
/// the execution endpoint to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The problem that it is for; there need not be one of this id.
    pub problem_id: ProblemId,
    /// `code`, or `files` and `entry`.
    pub source: Source,
    /// A language name or alias, 1 to 64 characters.
    pub language: String,
    /// `stdin`, `args` and `limits`: only where there is no such problem.
    pub options: RunOptions,
    /// `priority`: `high`, `normal` (default) or `low`.
    pub lane: Lane,
    /// `runAt` or `delayMs`; a week ahead at most.
    pub schedule: Schedule,
    /// `watch`: whether somebody looks on, so that progress is written. Default
    /// `false`.
    pub watch: bool,
    /// `callbackUrl`: the address that is told of the end. Which are allowed depends on
    /// the settings ([`CallbackUrl`](super::callback_url::CallbackUrl)).
    pub callback_url: Option<String>,
}

impl Submission {
    /// Reads a request body: a JSON object with `problemId`, `code` or `files`, and
    /// `language`, and optionally what [`RunOptions::read`] takes, `priority`, `watch`, `callbackUrl`, and `runAt` or `delayMs`.
    /// Other members are ignored, as the classic API did.
    pub fn from_body(body: &[u8], now_ms: u64) -> Result<Self, Violation> {
        check_body_size(body.len(), MAX_BODY_BYTES)?;
        Self::from_value(parse_body(body)?, now_ms)
    }

    /// Reads the body of a batch: `{"submissions":[…]}` with 1 to
    /// [`MAX_BATCH`] of what [`Submission::from_body`] takes. Each item has its
    /// own outcome; the outer error means that there is no batch.
    pub fn batch_from_body(
        body: &[u8],
        now_ms: u64,
    ) -> Result<Vec<Result<Self, Violation>>, Violation> {
        const FIELD: &str = "submissions";
        check_body_size(body.len(), MAX_BATCH_BODY_BYTES)?;
        const SHAPE: &str = "The body must be a JSON object whose submissions are an array.";
        let body = parse_body(body)?;
        let list = match body.kind() {
            Kind::Object => object(body, "body", SHAPE)?.get(FIELD),
            _ => None,
        };
        let list = list.and_then(Json::items);
        let list = list.ok_or_else(|| Violation::invalid(FIELD, SHAPE))?;
        // Counted before anything is made of them.
        if !(1..=MAX_BATCH).contains(&list.clone().take(MAX_BATCH + 1).count()) {
            return Err(Violation::invalid(
                FIELD,
                format!("submissions must hold 1 to {MAX_BATCH} items."),
            ));
        }
        let read = |(index, item)| {
            Self::from_value(item, now_ms).map_err(|violation| match violation.kind {
                ViolationKind::Unreadable => Violation {
                    field: format!("{FIELD}[{index}]").into(),
                    ..violation
                },
                _ => violation,
            })
        };
        Ok(list.enumerate().map(read).collect())
    }

    fn from_value(value: Json<'_>, now_ms: u64) -> Result<Self, Violation> {
        let members = &object(
            value,
            "body",
            "A submission must be a JSON object with problemId, code and language.",
        )?;
        let problem_id = ProblemId::parse(&required_text(members, "problemId")?, "problemId")?;
        let (source, options) = (Source::read(members)?, RunOptions::read(members)?);
        source.check_stored(options.stored_bytes())?;
        let language = required_text(members, "language")?;
        check_language(&language)?;
        Ok(Self {
            problem_id,
            source,
            language: language.into_owned(),
            options,
            lane: lane(members)?,
            schedule: schedule(members, now_ms)?,
            watch: watch(members)?,
            callback_url: text(members, "callbackUrl")?.map(String::from),
        })
    }
}

fn lane(members: &Object<'_>) -> Result<Lane, Violation> {
    match members.get("priority") {
        None => Ok(Lane::default()),
        Some(value) => value
            .text()
            .and_then(|name| Lane::from_name(&name))
            .ok_or_else(|| Violation::invalid("priority", "priority must be high, normal or low.")),
    }
}

fn watch(members: &Object<'_>) -> Result<bool, Violation> {
    match members.get("watch").map(Json::as_str) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Violation::invalid("watch", "watch must be true or false.")),
    }
}

fn schedule(members: &Object<'_>, now_ms: u64) -> Result<Schedule, Violation> {
    let at = milliseconds(members, "runAt")?;
    let delay = milliseconds(members, "delayMs")?;
    let too_late = |field| {
        Violation::invalid(
            field,
            format!("{field} must be at most {MAX_DELAY_MS} ms ahead, which is a week."),
        )
    };
    if at.is_some_and(|at| at < MIN_RUN_AT_MS) {
        return Err(Violation::invalid(
            "runAt",
            "runAt is in milliseconds since 1970; this looks like seconds.",
        ));
    }
    match (at, delay) {
        (Some(_), Some(_)) => Err(Violation::invalid(
            "delayMs",
            "Give runAt or delayMs, not both.",
        )),
        (Some(at), None) if at > now_ms + MAX_DELAY_MS => Err(too_late("runAt")),
        (Some(at), None) if at > now_ms => Ok(Schedule::At(at)),
        (None, Some(delay)) if delay > MAX_DELAY_MS => Err(too_late("delayMs")),
        (None, Some(delay)) if delay > 0 => Ok(Schedule::After(delay)),
        _ => Ok(Schedule::Immediately),
    }
}

fn milliseconds(members: &Object<'_>, field: &'static str) -> Result<Option<u64>, Violation> {
    match members.get(field) {
        None => Ok(None),
        Some(value) => value.u64().map(Some).ok_or_else(|| {
            Violation::invalid(
                field,
                format!("{field} must be a whole number of milliseconds."),
            )
        }),
    }
}

/// Refuses a body over the limit. A caller that knows the length before it
/// reads should ask here first.
pub fn check_body_size(bytes: usize, limit: usize) -> Result<(), Violation> {
    if bytes <= limit {
        return Ok(());
    }
    Err(Violation::too_large(
        "body",
        format!("The body must be at most {limit} bytes."),
    ))
}

/// The rule for language names.
pub fn check_language(language: &str) -> Result<(), Violation> {
    if language.is_empty() {
        return Err(Violation::invalid(
            "language",
            "language must not be empty.",
        ));
    }
    if language.chars().count() > MAX_LANGUAGE_CHARS {
        return Err(Violation::invalid(
            "language",
            format!("language must be at most {MAX_LANGUAGE_CHARS} characters."),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ViolationKind::{Invalid, TooLarge, Unreadable};
    use serde_json::{Value, json};

    const NOW_MS: u64 = 1_700_000_000_000;

    fn valid() -> Value {
        json!({"problemId": "two-sum", "code": "print(1)", "language": "python"})
    }

    fn violation(body: &[u8]) -> (ViolationKind, String, String) {
        let violation = Submission::from_body(body, NOW_MS).unwrap_err();
        (
            violation.kind,
            violation.field.into_owned(),
            violation.message,
        )
    }

    #[test]
    fn a_valid_body_is_taken_and_unknown_members_are_ignored() {
        let mut body = valid();
        body["extra"] = json!([1, 2]);
        let submission = Submission::from_body(body.to_string().as_bytes(), NOW_MS).unwrap();
        assert_eq!(submission.problem_id.as_str(), "two-sum");
        assert_eq!(submission.source, Source::from("print(1)"));
        assert_eq!(submission.language, "python");
    }

    #[test]
    fn bodies_that_are_no_object() {
        for body in ["", "{", "nonsense"] {
            let (kind, field, _) = violation(body.as_bytes());
            assert_eq!((kind, field.as_str()), (Unreadable, "body"), "{body}");
        }
        for body in ["[]", "null", "\"text\"", "7"] {
            let (kind, field, message) = violation(body.as_bytes());
            assert_eq!((kind, field.as_str()), (Unreadable, "body"), "{body}");
            assert!(message.contains("object"), "{message}");
        }
        assert_eq!(violation(b"{\"code\":\"\xff\"}").0, Unreadable);
        let (kind, field, message) = violation(br#"{"problemId":"\ud800"}"#);
        assert_eq!((kind, field.as_str()), (Invalid, "problemId"));
        assert!(message.contains("Unicode"), "{message}");
        let twice = br#"{"problemId":"a","problemId":"b","code":"c","language":"l"}"#;
        let (kind, field, message) = violation(twice);
        assert_eq!((kind, field.as_str()), (Invalid, "body"));
        assert!(message.contains("\"problemId\" twice"), "{message}");
    }

    #[test]
    fn every_field_has_its_rules_and_says_them() {
        let long_id = "x".repeat(129);
        let long_code = "x".repeat(MAX_CODE_BYTES + 1);
        let long_language = "x".repeat(65);
        let cases = [
            ("problemId", Value::Null, Invalid, "required"),
            ("problemId", json!(7), Invalid, "string"),
            ("problemId", json!(""), Invalid, "empty"),
            ("problemId", json!(long_id), Invalid, "128"),
            ("problemId", json!("two sum"), Invalid, "A-Z"),
            ("problemId", json!("../etc"), Invalid, "A-Z"),
            ("problemId", json!("zwei-zählen"), Invalid, "A-Z"),
            ("code", Value::Null, Invalid, "required"),
            ("code", json!({}), Invalid, "string"),
            ("code", json!(""), Invalid, "empty"),
            ("code", json!(long_code), TooLarge, "65536"),
            ("language", Value::Null, Invalid, "required"),
            ("language", json!(true), Invalid, "string"),
            ("language", json!(""), Invalid, "empty"),
            ("language", json!(long_language), Invalid, "64"),
        ];
        for (field, value, kind, rule) in cases {
            let mut body = valid();
            body[field] = value;
            let (got, named, message) = violation(body.to_string().as_bytes());
            assert_eq!((got, named.as_str()), (kind, field), "{message}");
            assert!(message.contains(rule), "{message}");
            body.as_object_mut().unwrap().remove(field);
            let (got, named, _) = violation(body.to_string().as_bytes());
            assert_eq!((got, named.as_str()), (Invalid, field));
        }
    }

    #[test]
    fn the_limits_are_those_of_the_documents() {
        assert_eq!((MAX_BODY_BYTES, MAX_BATCH_BODY_BYTES), (524_288, 4_194_304));
        assert_eq!((MAX_CODE_BYTES, MAX_DELAY_MS), (65_536, 604_800_000));
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        let mut body = valid();
        body["problemId"] = json!("x".repeat(128));
        // This one counts characters.
        body["language"] = json!("ä".repeat(MAX_LANGUAGE_CHARS));
        // Two bytes a character: the limit counts bytes.
        body["code"] = json!("ä".repeat(MAX_CODE_BYTES / 2));
        assert!(Submission::from_body(body.to_string().as_bytes(), NOW_MS).is_ok());
        body["code"] = json!("ä".repeat(MAX_CODE_BYTES / 2) + "x");
        assert_eq!(violation(body.to_string().as_bytes()).0, TooLarge);
    }

    #[test]
    fn a_body_over_the_limit_is_refused_before_it_is_parsed() {
        assert_eq!(check_body_size(MAX_BODY_BYTES, MAX_BODY_BYTES), Ok(()));
        let body = vec![b'x'; MAX_BODY_BYTES + 1];
        let (kind, field, message) = violation(&body);
        assert_eq!((kind, field.as_str()), (TooLarge, "body"));
        assert!(message.contains("524288"), "{message}");
    }

    #[test]
    fn files_and_their_input_have_one_limit() {
        let with = |stdin: usize| {
            let body = json!({
                "problemId": "p", "language": "c", "stdin": "x".repeat(stdin),
                "files": [{"name": "a", "content": "\n".repeat(180_000)}],
            });
            Submission::from_body(body.to_string().as_bytes(), NOW_MS)
        };
        assert!(with(30_000).is_ok());
        let violation = with(40_000).unwrap_err();
        assert_eq!((violation.kind, &*violation.field), (TooLarge, "files"));
        assert!(violation.message.contains("393216"), "{violation}");
    }

    #[test]
    fn priority_and_time_are_read() {
        let with = |field: &str, value: Value| {
            let mut body = valid();
            body[field] = value;
            Submission::from_body(body.to_string().as_bytes(), NOW_MS)
        };
        assert_eq!(with("priority", json!("low")).unwrap().lane, Lane::Low);
        assert!(with("watch", json!(true)).unwrap().watch);
        assert!(!with("watch", json!(false)).unwrap().watch);
        assert!(!with("watch", Value::Null).unwrap().watch);
        assert_eq!(with("priority", Value::Null).unwrap().lane, Lane::Normal);
        assert_eq!(
            with("delayMs", json!(5)).unwrap().schedule,
            Schedule::After(5)
        );
        assert_eq!(
            with("delayMs", json!(0)).unwrap().schedule,
            Schedule::Immediately
        );
        assert_eq!(
            with("runAt", json!(NOW_MS)).unwrap().schedule,
            Schedule::Immediately
        );
        // Long ago, and not in seconds.
        let past = with("runAt", json!(1_000_000_000_000_u64)).unwrap();
        assert_eq!(past.schedule, Schedule::Immediately);
        assert_eq!(
            with("runAt", json!(NOW_MS + 1)).unwrap().schedule,
            Schedule::At(NOW_MS + 1)
        );
        assert_eq!(
            with("delayMs", json!(MAX_DELAY_MS)).unwrap().schedule,
            Schedule::After(MAX_DELAY_MS)
        );
        let later = NOW_MS + MAX_DELAY_MS;
        assert_eq!(
            with("runAt", json!(later)).unwrap().schedule,
            Schedule::At(later)
        );
        for (field, value, rule) in [
            ("priority", json!("urgent"), "high, normal or low"),
            ("priority", json!(1), "high, normal or low"),
            ("watch", json!(1), "true or false"),
            ("watch", json!("true"), "true or false"),
            ("delayMs", json!(-1), "whole number"),
            ("delayMs", json!(1.5), "whole number"),
            ("delayMs", json!(MAX_DELAY_MS + 1), "604800000"),
            ("runAt", json!(later + 1), "604800000"),
            ("runAt", json!("tomorrow"), "whole number"),
            ("runAt", json!(NOW_MS / 1_000), "looks like seconds"),
            ("runAt", json!(0), "looks like seconds"),
            ("runAt", json!(999_999_999_999_u64), "looks like seconds"),
        ] {
            let violation = with(field, value).unwrap_err();
            assert_eq!(violation.field, field);
            assert!(violation.message.contains(rule), "{violation}");
        }
        let mut both = valid();
        both["runAt"] = json!(later);
        both["delayMs"] = json!(1);
        assert!(Submission::from_body(both.to_string().as_bytes(), NOW_MS).is_err());
    }

    #[test]
    fn a_batch_has_an_outcome_for_each() {
        let full = json!({"submissions": vec![valid(); MAX_BATCH]}).to_string();
        let full = Submission::batch_from_body(full.as_bytes(), NOW_MS).unwrap();
        assert_eq!(full.iter().filter(|item| item.is_ok()).count(), 100);
        let body = json!({"submissions": [valid(), {"problemId": "x"}, 7]}).to_string();
        let batch = Submission::batch_from_body(body.as_bytes(), NOW_MS).unwrap();
        let fields: Vec<_> = batch
            .iter()
            .map(|item| item.as_ref().err().map(|violation| &*violation.field))
            .collect();
        assert_eq!(fields, [None, Some("code"), Some("submissions[2]")]);
        for (body, rule) in [
            (json!([]), "array"),
            (json!({"submissions": {}}), "array"),
            (json!({"submissions": []}), "1 to 100"),
            (
                json!({"submissions": vec![valid(); MAX_BATCH + 1]}),
                "1 to 100",
            ),
        ] {
            let violation =
                Submission::batch_from_body(body.to_string().as_bytes(), NOW_MS).unwrap_err();
            assert_eq!(violation.field, "submissions");
            assert!(violation.message.contains(rule), "{violation}");
        }
    }
}
