//! Parameters of a request's query.

use bytes::Bytes;
use http::Request;
use shared::domain::violation::Violation;

/// The value of a parameter, not decoded.
pub(crate) fn parameter<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    request
        .uri()
        .query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// `?cursor=`, or the first page's.
pub(crate) fn cursor(request: &Request<Bytes>) -> Result<&str, Violation> {
    let cursor = parameter(request, "cursor").unwrap_or("0");
    if cursor.is_empty() || !cursor.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Violation::invalid(
            "cursor",
            "cursor must be the value of `next` in the page before.",
        ));
    }
    Ok(cursor)
}
