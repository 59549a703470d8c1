//! Every documented call of submit-fn, with every setting and every key: who is let in.
//!
//! Redis and worker-fn are away, so a call that was let in is answered 502 or 503, or as
//! what is wrong with an empty body; the end-to-end tests show what it answers else.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderName, Method, Request, Response};
use shared::config::Secret;
use shared::domain::ticket::TicketKey;
use shared::http::{ApiError, Unread};
use shared::trace::Span;

use crate::access_table::{Given, Operation, Setting, operations};
use crate::admit::{Head, admit};
use crate::app::App;
use crate::config::{Config, Settings};
use crate::handlers::health::Assets;
use crate::instance::Instance;
use crate::rates::Rates;
use crate::runtime::Runtime;
use crate::worker_fn::WorkerFn;
use shared::http::rates::RateLimit;

/// worker-fn does not answer, and there is no page.
struct Nothing;

impl WorkerFn for Nothing {
    async fn call(&self, _: Request<Bytes>) -> Result<Response<Bytes>, String> {
        Err("away".into())
    }
}

impl RateLimit for Nothing {
    async fn allows(&self, _: &str, _: &str) -> Option<bool> {
        None
    }
}

impl Assets for Nothing {
    async fn page(&self, _: &HeaderMap) -> Option<Response<Bytes>> {
        None
    }
}

fn settings(setting: Setting) -> Settings {
    Config::settings(&|name| match name {
        "UPSTASH_REDIS_REST_URL" => Some("http://127.0.0.1:1".into()),
        "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
        name => setting.variable(name),
    })
}

fn request(method: &str, path: &str, headers: &[(&'static str, String)]) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = method.parse().unwrap();
    *request.uri_mut() = path.parse().unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_static(name);
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

async fn answer(
    setting: Setting,
    method: &str,
    path: &str,
    headers: &[(&'static str, String)],
) -> Response<Bytes> {
    let request = request(method, path, headers);
    let head = head(&settings(setting), &request);
    let headers = request.headers().clone();
    answer_to(setting, &headers, head, Ok(request)).await
}

/// That of a request that no rate holds back.
fn head(settings: &Settings, request: &Request<Bytes>) -> Head {
    let rates = Rates::default();
    let head = admit(&rates, settings, &Nothing, request, 0).now_or_never();
    head.unwrap()
}

async fn answer_to(
    setting: Setting,
    headers: &HeaderMap,
    head: Head,
    request: Result<Request<Bytes>, Unread>,
) -> Response<Bytes> {
    let app = App {
        settings: settings(setting),
        instance: &Instance::default(),
        worker: &Nothing,
        runtime: Runtime {
            now_ms: || 1_700_000_000_000,
            random: || [0; 10],
            sleep: |_| Box::pin(std::future::ready(())),
        },
        span: &Span::of_request(&HeaderMap::new(), || [0; 10]),
    };
    app.answer(headers, head, request).await.response
}

/// The code of the error, if it is one.
fn code(response: &Response<Bytes>) -> String {
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap_or_default();
    body["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// The paths of an operation: for an id a problem's, a ticket that was given out, and
/// one that was made up.
fn paths(operation: &Operation) -> Vec<String> {
    let ticket = TicketKey::new(&Secret::new("token")).issue(1_699_999_999_000, &[7; 10]);
    let invented = TicketKey::new(&Secret::new("other")).issue(1_699_999_999_000, &[7; 10]);
    let ids = ["two-sum".to_owned(), ticket, invented];
    let paths = ids.map(|id| operation.path.replace("{id}", &id));
    BTreeSet::from(paths).into_iter().collect()
}

fn is_refusal(code: &str) -> bool {
    ["unauthorized", "forbidden", "closed", "operations_off"].contains(&code)
}

#[tokio::test]
async fn every_documented_call_lets_in_whom_the_document_says() {
    for operation in operations("submit-fn") {
        for setting in Setting::ALL {
            for given in Given::ALL {
                check(&operation, setting, given).await;
            }
        }
    }
}

/// Tries a call with each kind of id, and the key in each header.
async fn check(operation: &Operation, setting: Setting, given: Given) {
    let expected = operation.refusal(setting, given);
    let mut refusals = BTreeSet::new();
    let mut ways: Vec<Vec<(&'static str, String)>> = Vec::new();
    ways.extend(given.headers().into_iter().map(|header| vec![header]));
    if ways.is_empty() {
        ways.push(Vec::new());
    }
    for path in paths(operation) {
        for headers in &ways {
            let method = &operation.method;
            let response = answer(setting, method, &path, headers).await;
            let what = format!("{method} {path} with {setting:?} and {given:?}: {response:?}");
            let (status, code) = (response.status().as_u16(), code(&response));
            assert!(operation.statuses.contains(&status), "{what}");
            match expected {
                Some(refusal) => assert_eq!(code, refusal, "{what}"),
                None => assert!(!is_refusal(&code), "{what}"),
            }
            if expected.is_some() {
                let asked_for = response.headers().contains_key("www-authenticate");
                assert_eq!(asked_for, status == 401, "{what}");
                refusals.insert(format!("{:?} {:?}", response.headers(), response.body()));
            }
            if method == "GET" && path != "/worker" {
                let head = answer(setting, "HEAD", &path, headers).await;
                assert_eq!(head.status(), response.status(), "HEAD {what}");
                assert!(head.body().is_empty(), "HEAD {what}");
            }
        }
    }
    // Whether an id exists, and in which header the key came, shows nowhere.
    assert!(refusals.len() <= 1, "{operation:?} {refusals:#?}");
}

/// Whether the body of a request is read, or why it is not let in.
fn takes_body(settings: &Settings, request: &Request<Bytes>) -> Result<bool, ApiError> {
    head(settings, request).takes_body(request.method())
}

/// Who is refused sends no body, and who sends none holds no memory.
#[tokio::test]
async fn the_body_of_who_is_refused_is_not_read() {
    for operation in operations("submit-fn") {
        for (setting, given) in Setting::ALL
            .into_iter()
            .flat_map(|setting| Given::ALL.map(|given| (setting, given)))
        {
            let headers: Vec<_> = given.headers().into_iter().take(1).collect();
            let head = request(&operation.method, &paths(&operation)[0], &headers);
            let admitted = takes_body(&settings(setting), &head);
            let what = format!("{operation:?} with {setting:?} and {given:?}: {admitted:?}");
            let refusal = admitted.as_ref().err().map(|error| error.code().name());
            assert_eq!(refusal, operation.refusal(setting, given), "{what}");
            if let Ok(takes_body) = admitted {
                let may = ["POST", "PUT"].contains(&operation.method.as_str());
                assert_eq!(takes_body, may, "{what}");
            }
        }
    }
    for (method, path, status) in [
        ("POST", "/nowhere", 404),
        ("POST", "/languages", 405),
        ("PUT", "/submit", 405),
    ] {
        let head = request(method, path, &[]);
        let admitted = takes_body(&settings(Setting::AuthOff), &head);
        assert_eq!(admitted.unwrap_err().status(), status, "{method} {path}");
    }
    for (method, path) in [("OPTIONS", "/submit"), ("GET", "/"), ("GET", "/healthz")] {
        let head = request(method, path, &[]);
        let admitted = takes_body(&settings(Setting::Keys), &head);
        assert_eq!(admitted, Ok(false), "{method} {path}");
    }
}

/// A refusal before the body is answered as one after it: to `HEAD` without a body.
#[tokio::test]
async fn a_request_that_was_not_read_is_answered_as_what_it_is() {
    for (method, is_empty) in [("GET", false), ("HEAD", true)] {
        let request = request(method, "/problems", &[]);
        let head = head(&settings(Setting::Keys), &request);
        let unread = Unread {
            error: head.takes_body(request.method()).unwrap_err(),
            head: Some(Box::new(request)),
        };
        let response = answer_to(Setting::Keys, &HeaderMap::new(), head, Err(unread)).await;
        assert_eq!(response.status(), 401);
        assert_eq!(response.body().is_empty(), is_empty, "{method}");
    }
}

/// A guess of a key counts for the address that it comes from.
#[tokio::test]
async fn wrong_keys_are_counted_before_they_are_refused() {
    struct Full;
    impl RateLimit for Full {
        async fn allows(&self, binding: &str, _: &str) -> Option<bool> {
            assert_eq!(binding, "SUBMIT_RATE");
            Some(false)
        }
    }
    let wrong = ("x-api-key", "nobody-knows-this-key".to_owned());
    let head = request("POST", "/submit", &[wrong]);
    let admitted = admit(&Rates::default(), &settings(Setting::Keys), &Full, &head, 0).await;
    assert_eq!(admitted.route.unwrap_err().status(), 429);
}

#[tokio::test]
async fn a_browser_may_ask_what_is_allowed_without_a_key() {
    for operation in operations("submit-fn") {
        for setting in Setting::ALL {
            let path = &paths(&operation)[0];
            let response = answer(setting, Method::OPTIONS.as_str(), path, &[]).await;
            assert_eq!(response.status(), 204, "{path}");
            let allowed = &response.headers()["access-control-allow-headers"];
            assert!(
                allowed.to_str().unwrap().contains("X-API-Key"),
                "{allowed:?}"
            );
        }
    }
}

/// A Worker that is set up wrongly lets nobody in.
#[tokio::test]
async fn a_mistake_in_the_keys_opens_nothing() {
    for (name, value) in [
        ("API_KEYS", r#"[{"name":"x"}]"#),
        ("OPEN_ACCESS", "on"),
        ("AUTH", "no"),
        ("PUBLIC_SUBMIT", "yes"),
    ] {
        let lookup = |asked: &str| match asked {
            "UPSTASH_REDIS_REST_URL" => Some("http://127.0.0.1:1".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            asked if asked == name => Some(value.to_owned()),
            asked => Setting::AuthOff.variable(asked),
        };
        let settings = Config::settings(&lookup);
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = "/problems".parse().unwrap();
        let head = head(&settings, &request);
        let app = App {
            settings,
            instance: &Instance::default(),
            worker: &Nothing,
            runtime: Runtime::standing_still(),
            span: &Span::of_request(&HeaderMap::new(), || [0; 10]),
        };
        let answered = app.answer(&HeaderMap::new(), head, Ok(request)).await;
        let response = answered.response;
        assert_eq!(code(&response), "misconfigured", "{name}");
        assert!(String::from_utf8_lossy(response.body()).contains(name));
    }
}
