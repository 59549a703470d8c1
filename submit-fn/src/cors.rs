//! Cross-origin rules: which pages of other origins may call this API from a
//! browser. They stop no program.
//!
//! No answer depends on cookies, so none allows credentials.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use shared::config::{self, ConfigError, Lookup};

/// The origins whose pages may read answers, beside this Worker's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// All.
    Any,
    /// These, which may be none.
    Listed(Vec<String>),
}

impl Origins {
    /// Reads `ALLOWED_ORIGINS`: origins with commas between them, or `*` alone for
    /// any. Default: any where access is open to anybody, else none.
    pub fn from_lookup(lookup: Lookup<'_>, is_open: bool) -> Result<Self, ConfigError> {
        const NAME: &str = "ALLOWED_ORIGINS";
        let listed = config::list(lookup, NAME);
        if listed == ["*"] || listed.is_empty() && is_open {
            return Ok(Self::Any);
        }
        if listed.iter().all(|origin| config::is_web_origin(origin)) {
            return Ok(Self::Listed(listed));
        }
        Err(ConfigError::Invalid {
            name: NAME,
            expected: "* alone, or origins as browsers send them (https://host or \
                       https://host:port, in lower case and without a path) with commas \
                       between them"
                .into(),
        })
    }

    /// The value of `Access-Control-Allow-Origin` for a page of `origin`.
    fn allowed(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        match self {
            Self::Any => Some(HeaderValue::from_static("*")),
            Self::Listed(listed) => {
                let is_listed = |one: &&HeaderValue| listed.iter().any(|origin| *one == origin);
                origin.filter(is_listed).cloned()
            }
        }
    }
}

/// Adds the headers that let the caller's page read the response, if it may; without
/// settings, none may.
pub(crate) fn allow(
    origins: Option<&Origins>,
    request: &HeaderMap,
    response: &mut Response<Bytes>,
) {
    let headers = response.headers_mut();
    if origins != Some(&Origins::Any) {
        // The response differs by origin, and caches must know that.
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    let allowed = origins.and_then(|origins| origins.allowed(request.get(header::ORIGIN)));
    let Some(origin) = allowed else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "ETag, Idempotent-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, \
             WWW-Authenticate, X-Request-Id",
        ),
    );
}

/// What a browser is told before it sends a request that is not a simple one.
const PREFLIGHT: [(HeaderName, &str); 2] = [
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "Accept, Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, \
         X-API-Key, traceparent",
    ),
    (header::ACCESS_CONTROL_MAX_AGE, "86400"),
];

/// The answer to a browser's question before it sends a request with a JSON body.
pub(crate) fn preflight(methods: &'static str) -> Response<Bytes> {
    let mut response = shared::http::response::empty(http::StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    let methods = [header::ALLOW, header::ACCESS_CONTROL_ALLOW_METHODS].map(|name| (name, methods));
    for (name, value) in methods.into_iter().chain(PREFLIGHT) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(value: &str, is_open: bool) -> Result<Origins, ConfigError> {
        let lookup = |name: &str| (name == "ALLOWED_ORIGINS").then(|| value.to_owned());
        Origins::from_lookup(&lookup, is_open)
    }

    /// The headers that a page of `origin` gets.
    fn answered(origins: Option<&Origins>, origin: Option<&str>) -> HeaderMap {
        let mut request = HeaderMap::new();
        if let Some(origin) = origin {
            request.insert(header::ORIGIN, origin.parse().unwrap());
        }
        let mut response = Response::new(Bytes::new());
        allow(origins, &request, &mut response);
        response.into_parts().0.headers
    }

    /// Whether a page of `origin` may read an answer.
    fn may_read(value: &str, is_open: bool, origin: &str) -> bool {
        let origins = origins(value, is_open).unwrap();
        let headers = answered(Some(&origins), Some(origin));
        // Credentials never, and never with a wildcard.
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        let is_wildcard = allowed.is_some_and(|value| value == "*");
        assert_eq!(is_wildcard, origins == Origins::Any);
        // What differs by origin says so, also to those who may not.
        assert_eq!(headers.contains_key(header::VARY), !is_wildcard);
        assert_eq!(
            headers.contains_key(header::ACCESS_CONTROL_EXPOSE_HEADERS),
            allowed.is_some()
        );
        assert!(is_wildcard || allowed.is_none_or(|value| value == origin));
        allowed.is_some()
    }

    #[test]
    fn only_listed_origins_are_allowed() {
        let (ours, theirs) = ("https://ours.example", "https://theirs.example");
        for is_open in [false, true] {
            assert!(may_read("*", is_open, theirs));
            assert_eq!(may_read("", is_open, theirs), is_open);
            let list = "https://other.example:8443, https://ours.example,http://localhost:3000";
            for listed in [ours, "https://other.example:8443", "http://localhost:3000"] {
                assert!(may_read(list, is_open, listed), "{listed}");
            }
            for other in [
                theirs,
                "https://ours.example.theirs.example",
                "http://ours.example",
                "https://ours.example:8443",
                "https://OURS.example",
                "null",
                "*",
                "",
            ] {
                assert!(!may_read(list, is_open, other), "{other}");
            }
        }
    }

    #[test]
    fn without_an_origin_or_settings_nothing_is_allowed() {
        let ours = origins("https://ours.example", true).unwrap();
        for (origins, origin) in [(Some(&ours), None), (None, Some("https://ours.example"))] {
            let headers = answered(origins, origin);
            assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
            assert_eq!(headers[header::VARY], "Origin");
        }
    }

    #[test]
    fn what_no_browser_sends_as_an_origin_is_refused() {
        for value in [
            "https://ours.example/",
            "https://ours.example/path",
            "https://ours.example?x",
            "https://ours.example#x",
            "https://user@ours.example",
            "https://Ours.example",
            "https://ours.example:443",
            "http://ours.example:80",
            "ours.example",
            "//ours.example",
            "https://",
            "https://*.ours.example",
            "https://ours.example https://other.example",
            "ftp://ours.example",
            "file:///x",
            "null",
            "*, https://ours.example",
            "https://ours.example, *",
            "*,*",
        ] {
            let error = origins(value, true).unwrap_err().to_string();
            assert!(error.contains("ALLOWED_ORIGINS"), "{value}: {error}");
        }
    }

    #[test]
    fn a_preflight_names_what_may_be_sent_and_for_how_long() {
        let response = preflight("POST, OPTIONS");
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        assert_eq!(response.status(), 204);
        assert_eq!(header("access-control-allow-methods"), "POST, OPTIONS");
        assert_eq!(header("allow"), "POST, OPTIONS");
        assert_eq!(header("access-control-max-age"), "86400");
        let names = header("access-control-allow-headers");
        for name in ["Authorization", "X-API-Key", "Content-Type", "traceparent"] {
            assert!(names.split(", ").any(|one| one == name), "{name}");
        }
        // Nothing reads these.
        for name in ["X-Request-Id", "tracestate"] {
            assert!(!names.contains(name), "{name}");
        }
        for value in response.headers().values() {
            assert_ne!(value, "*");
        }
    }
}
