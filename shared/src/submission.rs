//! What a person may send to `POST /submit`, and the limits it must keep.
//!
//! The limits stand here, on the domain type, once. Whatever breaks one gets
//! an error that names the field and the limit.

use serde_json::{Map, Value};

use crate::api_error::ApiError;
use crate::lane::Lane;

/// The largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;
/// The largest program, in bytes of UTF-8.
pub const MAX_CODE_BYTES: usize = 64 * 1024;
/// The longest problem id, in characters.
pub const MAX_PROBLEM_ID_CHARS: usize = 128;
/// The longest language name, in characters. No real one comes near.
pub const MAX_LANGUAGE_CHARS: usize = 64;

/// The most submissions in one batch.
pub const MAX_BATCH: usize = 100;
/// The largest body of a batch, in bytes.
pub const MAX_BATCH_BODY_BYTES: usize = 4 * 1024 * 1024;
/// The furthest that a submission may be put off, in milliseconds: a week.
pub const MAX_DELAY_MS: u64 = 7 * 24 * 3_600 * 1_000;

/// When a submission is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// As soon as it is its turn.
    #[default]
    Now,
    /// Not before this time, in milliseconds since 1970 (UTC).
    At(u64),
    /// Not before so many milliseconds have passed.
    In(u64),
}

/// A submission that keeps all limits. Whether its language is offered is for
/// the execution endpoint to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// 1 to 128 characters of `[A-Za-z0-9._-]`.
    pub problem_id: String,
    /// 1 byte to 64 KB of UTF-8.
    pub code: String,
    /// A language name or alias, 1 to 64 characters.
    pub language: String,
    /// `priority`: `high`, `normal` (default) or `low`.
    pub lane: Lane,
    /// `runAt` or `delayMs`; a week ahead at most.
    pub when: When,
}

impl Submission {
    /// Reads a request body: a JSON object with `problemId`, `code` and
    /// `language`, and where wanted `priority`, and `runAt` or `delayMs`. Other
    /// members are ignored, as the classic API did.
    ///
    /// Errors: 400 not JSON or not an object, 413 body or code too large, 422
    /// a field that breaks its rule.
    pub fn from_body(body: &[u8], now_ms: u64) -> Result<Self, ApiError> {
        check_body_size(body.len(), MAX_BODY_BYTES)?;
        Self::from_value(&parse(body)?, now_ms).map_err(|error| match error.field() {
            None => error.on("body"),
            Some(_) => error,
        })
    }

    /// Reads the body of a batch: `{"submissions":[…]}` with 1 to
    /// [`MAX_BATCH`] of what [`Submission::from_body`] takes. Each has its own
    /// outcome; the outer error means that there is no batch.
    pub fn batch_from_body(
        body: &[u8],
        now_ms: u64,
    ) -> Result<Vec<Result<Self, ApiError>>, ApiError> {
        const FIELD: &str = "submissions";
        check_body_size(body.len(), MAX_BATCH_BODY_BYTES)?;
        let value = parse(body)?;
        let Some(list) = value.get(FIELD).and_then(Value::as_array) else {
            return Err(ApiError::invalid(
                FIELD,
                "The body must be a JSON object whose submissions are an array.",
            ));
        };
        if !(1..=MAX_BATCH).contains(&list.len()) {
            return Err(ApiError::invalid(
                FIELD,
                format!("submissions must hold 1 to {MAX_BATCH} items."),
            ));
        }
        Ok(list
            .iter()
            .map(|item| Self::from_value(item, now_ms))
            .collect())
    }

    fn from_value(value: &Value, now_ms: u64) -> Result<Self, ApiError> {
        let Value::Object(members) = value else {
            return Err(ApiError::bad_request(
                "invalid_json",
                "A submission must be a JSON object with problemId, code and language.",
            ));
        };
        let problem_id = text(members, "problemId")?;
        check_problem_id(problem_id).map_err(|message| ApiError::invalid("problemId", message))?;
        let code = text(members, "code")?;
        check_code(code).map_err(|message| {
            if code.is_empty() {
                ApiError::invalid("code", message)
            } else {
                ApiError::too_large("code", message)
            }
        })?;
        let language = text(members, "language")?;
        check_language(language).map_err(|message| ApiError::invalid("language", message))?;
        Ok(Self {
            problem_id: problem_id.to_owned(),
            code: code.to_owned(),
            language: language.to_owned(),
            lane: lane(members)?,
            when: when(members, now_ms)?,
        })
    }
}

/// Reads a body as JSON. Errors: 400 that says where it is none.
pub fn parse(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::bad_request(
            "invalid_json",
            format!(
                "The body is not valid JSON (line {}, column {}).",
                error.line(),
                error.column()
            ),
        )
        .on("body")
    })
}

fn lane(members: &Map<String, Value>) -> Result<Lane, ApiError> {
    match members.get("priority") {
        None | Some(Value::Null) => Ok(Lane::default()),
        Some(value) => value
            .as_str()
            .and_then(Lane::from_name)
            .ok_or_else(|| ApiError::invalid("priority", "priority must be high, normal or low.")),
    }
}

fn when(members: &Map<String, Value>, now_ms: u64) -> Result<When, ApiError> {
    let at = milliseconds(members, "runAt")?;
    let delay = milliseconds(members, "delayMs")?;
    let too_late = |field| {
        ApiError::invalid(
            field,
            format!("{field} must be at most {MAX_DELAY_MS} ms ahead, which is a week."),
        )
    };
    match (at, delay) {
        (Some(_), Some(_)) => Err(ApiError::invalid(
            "delayMs",
            "Give runAt or delayMs, not both.",
        )),
        (Some(at), None) if at > now_ms + MAX_DELAY_MS => Err(too_late("runAt")),
        (Some(at), None) if at > now_ms => Ok(When::At(at)),
        (None, Some(delay)) if delay > MAX_DELAY_MS => Err(too_late("delayMs")),
        (None, Some(delay)) if delay > 0 => Ok(When::In(delay)),
        _ => Ok(When::Now),
    }
}

fn milliseconds(
    members: &Map<String, Value>,
    field: &'static str,
) -> Result<Option<u64>, ApiError> {
    match members.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or_else(|| {
            ApiError::invalid(
                field,
                format!("{field} must be a whole number of milliseconds."),
            )
        }),
    }
}

/// Refuses a body over the limit. A caller that knows the length before it
/// reads should ask here first.
pub fn check_body_size(bytes: usize, limit: usize) -> Result<(), ApiError> {
    if bytes <= limit {
        return Ok(());
    }
    Err(ApiError::too_large(
        "body",
        format!("The body must be at most {limit} bytes."),
    ))
}

/// The rule for problem ids; the error is a sentence for people.
pub fn check_problem_id(id: &str) -> Result<(), String> {
    if id.is_empty() {
        return Err("problemId must not be empty.".into());
    }
    if id.chars().count() > MAX_PROBLEM_ID_CHARS {
        return Err(format!(
            "problemId must be at most {MAX_PROBLEM_ID_CHARS} characters."
        ));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !id.chars().all(allowed) {
        return Err("problemId may hold only the characters A-Z a-z 0-9 . _ -".into());
    }
    Ok(())
}

/// The rule for code; the error is a sentence for people.
pub fn check_code(code: &str) -> Result<(), String> {
    if code.is_empty() {
        return Err("code must not be empty.".into());
    }
    if code.len() > MAX_CODE_BYTES {
        return Err(format!("code must be at most {MAX_CODE_BYTES} bytes."));
    }
    Ok(())
}

/// The rule for language names; the error is a sentence for people.
pub fn check_language(language: &str) -> Result<(), String> {
    if language.is_empty() {
        return Err("language must not be empty.".into());
    }
    if language.chars().count() > MAX_LANGUAGE_CHARS {
        return Err(format!(
            "language must be at most {MAX_LANGUAGE_CHARS} characters."
        ));
    }
    Ok(())
}

fn text<'a>(members: &'a Map<String, Value>, field: &'static str) -> Result<&'a str, ApiError> {
    match members.get(field) {
        None | Some(Value::Null) => Err(ApiError::invalid(field, format!("{field} is required."))),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(ApiError::invalid(
            field,
            format!("{field} must be a string."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn valid() -> Value {
        json!({"problemId": "two-sum", "code": "print(1)", "language": "python"})
    }

    fn refused(body: &[u8]) -> (u16, Option<String>, String) {
        let error = Submission::from_body(body, NOW_MS).unwrap_err();
        (
            error.status().as_u16(),
            error.field().map(str::to_owned),
            error.message().to_owned(),
        )
    }

    #[test]
    fn a_valid_body_is_taken_and_unknown_members_are_ignored() {
        let mut body = valid();
        body["extra"] = json!([1, 2]);
        let submission = Submission::from_body(body.to_string().as_bytes(), NOW_MS).unwrap();
        assert_eq!(submission.problem_id, "two-sum");
        assert_eq!(submission.code, "print(1)");
        assert_eq!(submission.language, "python");
    }

    #[test]
    fn bodies_that_are_no_object() {
        for body in ["", "{", "nonsense", "{\"problemId\":\"\\ud800\"}"] {
            let (status, field, _) = refused(body.as_bytes());
            assert_eq!((status, field.as_deref()), (400, Some("body")), "{body}");
        }
        for body in ["[]", "null", "\"text\"", "7"] {
            let (status, field, message) = refused(body.as_bytes());
            assert_eq!((status, field.as_deref()), (400, Some("body")), "{body}");
            assert!(message.contains("object"), "{message}");
        }
        assert_eq!(refused(b"{\"code\":\"\xff\"}").0, 400);
    }

    #[test]
    fn every_field_has_its_rules_and_says_them() {
        let long_id = "x".repeat(129);
        let long_code = "x".repeat(MAX_CODE_BYTES + 1);
        let long_language = "x".repeat(65);
        let cases = [
            ("problemId", Value::Null, 422, "required"),
            ("problemId", json!(7), 422, "string"),
            ("problemId", json!(""), 422, "empty"),
            ("problemId", json!(long_id), 422, "128"),
            ("problemId", json!("two sum"), 422, "A-Z"),
            ("problemId", json!("../etc"), 422, "A-Z"),
            ("problemId", json!("zwei-zählen"), 422, "A-Z"),
            ("code", Value::Null, 422, "required"),
            ("code", json!({}), 422, "string"),
            ("code", json!(""), 422, "empty"),
            ("code", json!(long_code), 413, "65536"),
            ("language", Value::Null, 422, "required"),
            ("language", json!(true), 422, "string"),
            ("language", json!(""), 422, "empty"),
            ("language", json!(long_language), 422, "64"),
        ];
        for (field, value, status, said) in cases {
            let mut body = valid();
            body[field] = value;
            let (got, named, message) = refused(body.to_string().as_bytes());
            assert_eq!((got, named.as_deref()), (status, Some(field)), "{message}");
            assert!(message.contains(said), "{message}");
            body.as_object_mut().unwrap().remove(field);
            let (got, named, _) = refused(body.to_string().as_bytes());
            assert_eq!((got, named.as_deref()), (422, Some(field)));
        }
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        let mut body = valid();
        body["problemId"] = json!("x".repeat(128));
        // Two bytes a character: the limit counts bytes.
        body["code"] = json!("ä".repeat(MAX_CODE_BYTES / 2));
        assert!(Submission::from_body(body.to_string().as_bytes(), NOW_MS).is_ok());
        body["code"] = json!("ä".repeat(MAX_CODE_BYTES / 2) + "x");
        assert_eq!(refused(body.to_string().as_bytes()).0, 413);
    }

    #[test]
    fn a_body_over_the_limit_is_refused_before_it_is_parsed() {
        let body = vec![b'x'; MAX_BODY_BYTES + 1];
        let (status, field, message) = refused(&body);
        assert_eq!((status, field.as_deref()), (413, Some("body")));
        assert!(message.contains("262144"), "{message}");
    }

    #[test]
    fn priority_and_time_are_read() {
        let with = |field: &str, value: Value| {
            let mut body = valid();
            body[field] = value;
            Submission::from_body(body.to_string().as_bytes(), NOW_MS)
        };
        assert_eq!(with("priority", json!("low")).unwrap().lane, Lane::Low);
        assert_eq!(with("priority", Value::Null).unwrap().lane, Lane::Normal);
        assert_eq!(with("delayMs", json!(5)).unwrap().when, When::In(5));
        assert_eq!(with("delayMs", json!(0)).unwrap().when, When::Now);
        assert_eq!(with("runAt", json!(NOW_MS)).unwrap().when, When::Now);
        let later = NOW_MS + MAX_DELAY_MS;
        assert_eq!(with("runAt", json!(later)).unwrap().when, When::At(later));
        for (field, value, said) in [
            ("priority", json!("urgent"), "high, normal or low"),
            ("priority", json!(1), "high, normal or low"),
            ("delayMs", json!(-1), "whole number"),
            ("delayMs", json!(1.5), "whole number"),
            ("delayMs", json!(MAX_DELAY_MS + 1), "604800000"),
            ("runAt", json!(later + 1), "604800000"),
            ("runAt", json!("tomorrow"), "whole number"),
        ] {
            let error = with(field, value).unwrap_err();
            assert_eq!(error.field(), Some(field));
            assert!(error.message().contains(said), "{}", error.message());
        }
        let mut both = valid();
        both["runAt"] = json!(later);
        both["delayMs"] = json!(1);
        assert!(Submission::from_body(both.to_string().as_bytes(), NOW_MS).is_err());
    }

    #[test]
    fn a_batch_has_an_outcome_for_each() {
        let body = json!({"submissions": [valid(), {"problemId": "x"}, 7]}).to_string();
        let batch = Submission::batch_from_body(body.as_bytes(), NOW_MS).unwrap();
        let fields: Vec<_> = batch
            .iter()
            .map(|one| one.as_ref().map_err(ApiError::field).err())
            .collect();
        assert_eq!(fields, [None, Some(Some("code")), Some(None)]);
        for (body, said) in [
            (json!([]), "array"),
            (json!({"submissions": {}}), "array"),
            (json!({"submissions": []}), "1 to 100"),
            (json!({"submissions": vec![valid(); 101]}), "1 to 100"),
        ] {
            let error =
                Submission::batch_from_body(body.to_string().as_bytes(), NOW_MS).unwrap_err();
            assert_eq!(error.field(), Some("submissions"));
            assert!(error.message().contains(said), "{}", error.message());
        }
    }
}
