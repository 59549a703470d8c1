//! `GET /`: for a browser the page, for everybody else whether submit-fn is up.
//! `GET /healthz`: the latter for everybody. All are for anybody.
//!
//! The page's files are static assets beside the Worker; only `/` passes through it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use serde_json::json;
use shared::http::response;

/// The files of the page. `lib.rs` implements it by the binding.
pub trait Assets {
    /// The page for a browser with these request headers; `None` where there is none.
    fn page(&self, headers: &HeaderMap) -> impl Future<Output = Option<Response<Bytes>>>;
}

/// What the page may do, where the assets do not say so themselves. Everything it
/// needs is its own; no markup is made of text but by its sanitizer.
const SECURITY: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dompurify",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

pub(crate) async fn page_or_health(
    assets: &impl Assets,
    request: &Request<Bytes>,
) -> Response<Bytes> {
    let page = if accepts_html(request.headers()) {
        assets.page(request.headers()).await
    } else {
        None
    };
    let mut response = match page {
        Some(page) => with_security(page),
        None => health(request),
    };
    let vary = HeaderValue::from_static("Accept");
    response.headers_mut().append(header::VARY, vary);
    response
}

fn with_security(mut page: Response<Bytes>) -> Response<Bytes> {
    for (name, value) in SECURITY {
        let value = HeaderValue::from_static(value);
        page.headers_mut().entry(name).or_insert(value);
    }
    page
}

/// Whether submit-fn is up: it looks at nothing else.
pub(crate) fn health(request: &Request<Bytes>) -> Response<Bytes> {
    if response::wants_only_plain_text(request.headers()) {
        return response::text(StatusCode::OK, "submit-fn is up.");
    }
    let body = json!({
        "success": true,
        "service": "submit-fn",
        "version": env!("CARGO_PKG_VERSION"),
    });
    response::json(StatusCode::OK, &body)
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::ACCEPT).into_iter();
    all.filter_map(|accept| accept.to_str().ok())
        .flat_map(|accept| accept.split(','))
        .any(|item| item.split(';').next().unwrap_or_default().trim() == "text/html")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with headers of its own, or none.
    struct Files(Option<&'static str>);

    impl Assets for Files {
        async fn page(&self, _: &HeaderMap) -> Option<Response<Bytes>> {
            let mut page = Response::new(Bytes::from_static(b"<!doctype html>"));
            let policy = HeaderValue::from_static(self.0?);
            if !policy.is_empty() {
                let name = header::CONTENT_SECURITY_POLICY;
                page.headers_mut().insert(name, policy);
            }
            Some(page)
        }
    }

    async fn get(files: &Files, accept: Option<&'static str>) -> (Response<Bytes>, bool) {
        let mut request = Request::new(Bytes::new());
        if let Some(accept) = accept {
            let accept = HeaderValue::from_static(accept);
            request.headers_mut().insert(header::ACCEPT, accept);
        }
        let response = page_or_health(files, &request).await;
        assert_eq!(response.headers()[header::VARY], "Accept");
        let is_page = response.body().starts_with(b"<!doctype");
        (response, is_page)
    }

    #[tokio::test]
    async fn a_browser_gets_the_page_and_everybody_else_the_health() {
        let files = Files(Some(""));
        for (accept, expected) in [
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), true),
            (Some("application/json, text/html;q=0.1"), true),
            (Some("*/*"), false),
            (Some("application/json"), false),
            (Some("text/plain"), false),
            (Some("text/html5"), false),
            (None, false),
        ] {
            assert_eq!(get(&files, accept).await.1, expected, "{accept:?}");
        }
        let (health, is_page) = get(&Files(None), Some("text/html")).await;
        assert!(!is_page);
        assert_eq!(health.headers()[header::CONTENT_TYPE], "application/json");
    }

    /// `/` comes from here and the other files from the assets: one policy for both.
    #[test]
    fn the_assets_have_the_same_policy() {
        let assets = include_str!("../../../web/public/_headers");
        for (name, value) in SECURITY {
            let is_it = |line: &str| {
                let (other, text) = line.trim().split_once(": ").unwrap_or_default();
                name.as_str() == other.to_ascii_lowercase() && text == value
            };
            assert!(assets.lines().any(is_it), "{name}");
        }
    }

    #[tokio::test]
    async fn the_page_has_its_policy_unless_the_assets_have_one() {
        let (page, _) = get(&Files(Some("")), Some("text/html")).await;
        for (name, value) in SECURITY {
            assert_eq!(page.headers()[name], value);
        }
        let (page, _) = get(&Files(Some("default-src 'none'")), Some("text/html")).await;
        let policies = page.headers().get_all(header::CONTENT_SECURITY_POLICY);
        assert_eq!(policies.iter().collect::<Vec<_>>(), ["default-src 'none'"]);
        assert_eq!(page.headers()[header::REFERRER_POLICY], "no-referrer");
    }
}
