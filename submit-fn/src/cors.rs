//! Cross-origin rules: which pages may call this API from a browser.
//!
//! `ALLOWED_ORIGINS` holds origins with commas between them, or `*` (default)
//! for any. No answer depends on cookies, so none needs credentials.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use shared::config::{self, Lookup};

/// Adds the headers that let the caller's page read the response, if it may.
pub(crate) fn allow(lookup: Lookup<'_>, request: &HeaderMap, response: &mut Response<Bytes>) {
    let allowed = config::list(lookup, "ALLOWED_ORIGINS");
    let any = allowed.is_empty() || allowed.iter().any(|origin| origin == "*");
    let origin = if any {
        Some(HeaderValue::from_static("*"))
    } else {
        // The response differs by origin, and caches must know that.
        response
            .headers_mut()
            .append(header::VARY, HeaderValue::from_static("Origin"));
        request
            .get(header::ORIGIN)
            .filter(|origin| {
                allowed
                    .iter()
                    .any(|allowed| allowed.as_bytes() == origin.as_bytes())
            })
            .cloned()
    };
    let Some(origin) = origin else { return };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag, Location, Retry-After, Idempotent-Replayed"),
    );
}

/// The answer to a browser's question before it sends a request with a JSON body.
pub(crate) fn preflight(methods: &'static str) -> Response<Bytes> {
    let mut response = shared::http::response::empty(http::StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(methods),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static(
            "Accept, Authorization, Content-Type, Idempotency-Key, If-None-Match, \
             Last-Event-ID, X-API-Key",
        ),
    );
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("86400"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The allowed origin that a page of `origin` gets.
    fn allowed_origin(allowed: Option<&str>, origin: &str) -> Option<String> {
        let lookup = |name: &str| {
            allowed
                .filter(|_| name == "ALLOWED_ORIGINS")
                .map(Into::into)
        };
        let mut request = HeaderMap::new();
        request.insert(header::ORIGIN, origin.parse().unwrap());
        let mut response = Response::new(Bytes::new());
        allow(&lookup, &request, &mut response);
        let value = response
            .headers()
            .get(header::ACCESS_CONTROL_ALLOW_ORIGIN)?;
        Some(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn only_listed_origins_are_allowed() {
        let (ours, theirs) = ("https://ours.example", "https://theirs.example");
        assert_eq!(allowed_origin(None, theirs).as_deref(), Some("*"));
        assert_eq!(allowed_origin(Some("*"), theirs).as_deref(), Some("*"));
        let list = Some("https://other.example, https://ours.example");
        assert_eq!(allowed_origin(list, ours).as_deref(), Some(ours));
        assert_eq!(allowed_origin(list, theirs), None);
        assert_eq!(
            allowed_origin(list, "https://ours.example.theirs.example"),
            None
        );
    }
}
