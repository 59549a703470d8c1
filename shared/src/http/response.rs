//! Responses from values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// A response with a JSON body. It ends in a line end, so that a shell's prompt
/// after curl stands on a line of its own.
pub fn json(status: StatusCode, value: &impl Serialize) -> Response<Bytes> {
    match serde_json::to_vec(value) {
        Ok(mut body) => {
            body.push(b'\n');
            with_body(status, "application/json", body.into())
        }
        // Our own types always serialize; if one day one does not, the caller
        // still gets the right shape.
        Err(_) => with_body(
            StatusCode::INTERNAL_SERVER_ERROR,
            "application/json",
            Bytes::from_static(
                br#"{"success":false,"error":{"code":"internal","message":"The response could not be written."}}"#,
            ),
        ),
    }
}

/// A response whose body is JSON already, such as a stored result.
pub fn raw_json(status: StatusCode, mut body: Vec<u8>) -> Response<Bytes> {
    body.push(b'\n');
    with_body(status, "application/json", body.into())
}

/// Bytes that are not UTF-8, as text.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A response of plain text.
pub fn text(status: StatusCode, body: &'static str) -> Response<Bytes> {
    with_body(
        status,
        "text/plain; charset=utf-8",
        Bytes::from_static(body.as_bytes()),
    )
}

/// A response without a body.
pub fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// The request's headers by which an answer may differ from reader to reader.
const BY_READER: &str = "Authorization, X-API-Key";

/// Forbids caches to store a response, unless it says itself what they may do:
/// most of them change at any moment, or are for one reader only. And forbids browsers
/// to take it for anything else than it says to be.
pub fn protect(response: &mut Response<Bytes>) {
    let headers = response.headers_mut();
    if headers.get(header::CACHE_CONTROL).is_none() {
        differ_by_reader(headers, "no-store");
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    for (name, value) in SECURITY {
        let value = HeaderValue::from_static(value);
        response.headers_mut().entry(name).or_insert(value);
    }
}

/// Says that a response is for whoever sends the same key, and what caches may do.
pub fn differ_by_reader(headers: &mut HeaderMap, caching: &'static str) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.append(header::VARY, HeaderValue::from_static(BY_READER));
}

/// What a browser may do with a response that says nothing itself about it, should
/// somebody lead one there: nothing. `Strict-Transport-Security` is for the owner of
/// the host to say, who may have other names below it that have no TLS; `*.workers.dev`
/// sends it.
const SECURITY: [(HeaderName, &str); 2] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// Whether the caller accepts plain text and no JSON.
///
/// True for `Accept: text/plain`, false for `*/*`, no header at all, or a list
/// in which JSON or a wildcard stands too.
pub fn wants_only_plain_text(headers: &HeaderMap) -> bool {
    let Some(accept) = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let mut types = accept
        .split(',')
        .map(|item| item.split(';').next().unwrap_or_default().trim())
        .filter(|item| !item.is_empty())
        .peekable();
    types.peek().is_some() && types.all(|item| matches!(item, "text/plain" | "text/*"))
}

fn with_body(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_ends_its_line() {
        assert_eq!(json(StatusCode::OK, &1).body(), "1\n");
    }

    #[test]
    fn a_response_is_not_stored_unless_it_says_so() {
        let mut plain = empty(StatusCode::OK);
        protect(&mut plain);
        assert_eq!(plain.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(plain.headers()[header::VARY], BY_READER);
        assert_eq!(plain.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        for (name, value) in SECURITY {
            assert_eq!(plain.headers()[name], value);
        }
        let no_cache = HeaderValue::from_static("no-cache");
        plain.headers_mut().insert(header::CACHE_CONTROL, no_cache);
        protect(&mut plain);
        assert_eq!(plain.headers()[header::CACHE_CONTROL], "no-cache");
    }

    #[test]
    fn only_plain_text_is_asked_for_outright() {
        let cases = [
            (None, false),
            (Some("*/*"), false),
            (Some("application/json"), false),
            (Some("text/plain"), true),
            (Some("text/plain; charset=utf-8"), true),
            (Some("text/plain, application/json"), false),
            (Some("text/html, text/plain;q=0.8, */*;q=0.1"), false),
            (Some(""), false),
        ];
        for (accept, expected) in cases {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(wants_only_plain_text(&headers), expected, "{accept:?}");
        }
    }
}
