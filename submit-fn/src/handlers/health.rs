//! `GET /`: for a browser the page, for everybody else whether submit-fn is up.
//! `GET /healthz`: the latter for everybody. `GET /readyz`: whether what it needs can be
//! reached. All are for anybody, and tell no address.
//!
//! The page's files are static assets beside the Worker; only `/` passes through it.

use bytes::Bytes;
use futures_util::future::join;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use shared::http::{ApiError, response};

use crate::context::Context;
use crate::runtime::Runtime;
use crate::worker_fn::{self, WorkerFn};

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

/// How long a finding is remembered, in milliseconds.
const FRESH_MS: u64 = 2_000;
/// How long Redis and worker-fn are waited for, in milliseconds. worker-fn itself waits
/// for 3 s, and for endpoints twice as long where there are many.
const PATIENCE_MS: u64 = 8_000;

/// What was found out about what submit-fn needs: a status, and a body.
pub(crate) type Readiness = (StatusCode, String);

/// Whether Redis, worker-fn and an endpoint can be reached. One command here and one in
/// worker-fn, however many ask within two seconds.
pub(crate) async fn readiness<W: WorkerFn>(
    context: &Context<'_, W>,
) -> Result<Response<Bytes>, ApiError> {
    let (tickets, store) = (&context.config()?.tickets, context.store()?);
    let Runtime { now_ms, sleep, .. } = context.runtime;
    let find = async {
        let call = worker_fn::request(tickets, Method::GET, "/readyz", Bytes::new());
        let (pong, answer) = join(
            worker_fn::within(store.ping(), sleep, PATIENCE_MS),
            worker_fn::within(context.worker.call(call), sleep, PATIENCE_MS),
        )
        .await;
        let answer = answer.and_then(Result::ok);
        let body = answer.and_then(|answer| serde_json::from_slice(answer.body()).ok());
        let theirs: Value = body.unwrap_or_default();
        readiness_of(pong.is_some_and(|pong| pong.is_ok()), &theirs["checks"])
    };
    let ready = &context.instance.readiness;
    let (status, body) = ready.get(FRESH_MS, now_ms, sleep, find).await;
    Ok(response::raw_json(status, body.into_bytes()))
}

/// `theirs`: what worker-fn found, `null` if it cannot be reached or is wrongly set up.
fn readiness_of(redis: bool, theirs: &Value) -> Readiness {
    let redis = redis && theirs["redis"] != false;
    let (worker, endpoint) = (theirs.is_object(), &theirs["endpoint"]);
    let is_ready = redis && worker && *endpoint == true;
    let checks = json!({ "redis": redis, "worker": worker, "endpoint": endpoint });
    let status = match is_ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let body = json!({ "success": is_ready, "checks": checks });
    (status, body.to_string())
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

    #[test]
    fn it_is_ready_where_everything_can_be_reached_and_says_what_cannot() {
        let good = json!({ "redis": true, "endpoint": true });
        for (redis, theirs, expected) in [
            (true, &good, (200, true, true, json!(true))),
            (false, &good, (503, false, true, json!(true))),
            (
                true,
                &json!({ "redis": false, "endpoint": true }),
                (503, false, true, json!(true)),
            ),
            (
                true,
                &json!({ "redis": true, "endpoint": false }),
                (503, true, true, json!(false)),
            ),
            // worker-fn cannot be reached, or is wrongly set up.
            (true, &Value::Null, (503, true, false, Value::Null)),
        ] {
            let (status, body) = readiness_of(redis, theirs);
            let (code, redis, worker, endpoint) = expected;
            let checks = json!({ "redis": redis, "worker": worker, "endpoint": endpoint });
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body, json!({ "success": code == 200, "checks": checks }));
            assert_eq!(status, code);
        }
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
