//! Reading members of a JSON object, with errors that name the member.
//!
//! For small objects whose unknown members are ignored. A problem, where they
//! are refused, has a reader of its own (`problem::object_reader`).

use serde_json::{Map, Value};

use super::violation::Violation;

/// Reads a request body as JSON. Errors: `body` is unreadable, and where.
pub fn parse_body(body: &[u8]) -> Result<Value, Violation> {
    serde_json::from_slice(body).map_err(|error| {
        Violation::unreadable(
            "body",
            format!(
                "The body is not valid JSON (line {}, column {}).",
                error.line(),
                error.column()
            ),
        )
    })
}

/// A string that may be missing. `null` counts as missing.
pub fn text<'a>(
    members: &'a Map<String, Value>,
    field: &'static str,
) -> Result<Option<&'a str>, Violation> {
    match members.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Violation::invalid(
            field,
            format!("{field} must be a string."),
        )),
    }
}

/// A string that must be there.
pub fn required_text<'a>(
    members: &'a Map<String, Value>,
    field: &'static str,
) -> Result<&'a str, Violation> {
    text(members, field)?.ok_or_else(|| Violation::invalid(field, format!("{field} is required.")))
}
