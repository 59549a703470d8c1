//! Reading members of a JSON object, with errors that name the member.
//!
//! For small objects whose unknown members are ignored. A problem, where they
//! are refused, has a reader of its own (`problem::object`).

use std::borrow::Cow;

use super::violation::Violation;
use crate::json::{Json, Kind, Object, ObjectError};

/// Reads a request body as JSON. Errors: `body` is unreadable, where and why.
pub fn parse_body(body: &[u8]) -> Result<Json<'_>, Violation> {
    Json::parse(body).map_err(|error| {
        Violation::unreadable("body", format!("The body is not valid JSON: {error}."))
    })
}

/// Reads a request body as a JSON object; `what` is said of one that is none.
pub fn parse_object<'a>(body: &'a [u8], what: &str) -> Result<Object<'a>, Violation> {
    object(parse_body(body)?, "body", what)
}

/// The members of the object at `field`; `what` is said of another kind of value.
pub fn object<'a>(
    value: Json<'a>,
    field: impl Into<Cow<'static, str>>,
    what: &str,
) -> Result<Object<'a>, Violation> {
    let field = field.into();
    Object::of(value).map_err(|error| match error {
        ObjectError::NotAnObject => Violation::unreadable(field, what),
        error => {
            let message = format!("{field} {error}");
            Violation::invalid(field, message)
        }
    })
}

/// A string that may be missing. `null` counts as missing.
pub fn text<'a>(
    members: &Object<'a>,
    field: &'static str,
) -> Result<Option<Cow<'a, str>>, Violation> {
    let Some(value) = members.get(field) else {
        return Ok(None);
    };
    match (value.text(), value.kind()) {
        (Some(text), _) => Ok(Some(text)),
        (None, Kind::String) => Err(Violation::invalid(
            field,
            format!("{field} must be Unicode: it holds half of a surrogate pair."),
        )),
        (None, _) => Err(Violation::invalid(
            field,
            format!("{field} must be a string."),
        )),
    }
}

/// A string that must be there.
pub fn required_text<'a>(
    members: &Object<'a>,
    field: &'static str,
) -> Result<Cow<'a, str>, Violation> {
    text(members, field)?.ok_or_else(|| Violation::invalid(field, format!("{field} is required.")))
}
