//! Who is let in, and what a call leads to.

use super::*;
use crate::http::CRON;
use http::Uri;

/// Redis and the endpoint of this Worker do not answer.
fn app(auth: &'static str) -> App {
    let settings = Config::settings(&|name| match name {
        "UPSTASH_REDIS_REST_URL" | "EXECUTOR_URL" => Some("http://127.0.0.1:1".into()),
        "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
        "ADMIN_TOKEN" => Some("operators-own-token".into()),
        "AUTH" => Some(auth.into()),
        _ => None,
    });
    let runtime = Runtime {
        now_ms: || 1_700_000_000_000,
        random: || [0; 10],
        sleep: |_| Box::pin(std::future::ready(())),
        log: |_| {},
        fetch: |_, _| Box::pin(std::future::ready(Err("none".into()))),
    };
    App::new(settings, runtime, Instance::default())
}

async fn answered(app: &App, method: Method, path: &'static str, caller: &str) -> Handled {
    answer(app, request(app, method, path, caller)).await
}

async fn answer(app: &App, request: Request<Bytes>) -> Handled {
    let headers = request.headers().clone();
    let sender = Sender::of(&app.settings, &headers);
    app.answer(&headers, &sender, Ok(request)).await
}

fn request(app: &App, method: Method, path: &'static str, caller: &str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from_static(path);
    match caller {
        "service" => {
            let wake = app.hand_over(CRON).unwrap();
            let token = wake.headers()[SERVICE_TOKEN_HEADER].clone();
            request.headers_mut().insert(SERVICE_TOKEN_HEADER, token);
        }
        "operator" => {
            let bearer = HeaderValue::from_static("bearer operators-own-token");
            request.headers_mut().insert("authorization", bearer);
        }
        _ => {}
    }
    request
}

#[tokio::test]
async fn a_request_s_line_names_its_key() {
    let closed = app("on");
    for (caller, key) in [
        ("nobody", None),
        ("service", None),
        ("operator", Some("operator")),
    ] {
        let handled = answered(&closed, Method::GET, "/languages", caller).await;
        let line: serde_json::Value = serde_json::from_str(&handled.request_line).unwrap();
        assert_eq!(line["key"].as_str(), key, "{line}");
    }
}

/// 503 and 502 are the answers of a call that was let in.
#[tokio::test]
async fn calls_are_for_the_operator_and_the_service_unless_auth_is_off() {
    let (closed, open) = (app("on"), app("off"));
    for (method, path, status) in [
        (Method::GET, "/worker", 503),
        (Method::GET, "/worker?batch=2", 503),
        (Method::POST, "/wake", 202),
        (Method::GET, "/languages", 502),
    ] {
        for (app, caller, status) in [
            (&closed, "nobody", 401),
            (&closed, "operator", status),
            (&closed, "service", status),
            (&open, "nobody", status),
        ] {
            let handled = answered(app, method.clone(), path, caller).await;
            assert_eq!(handled.response.status(), status, "{path} by {caller}");
            let drains = handled.after_response != AfterResponse::Nothing;
            assert_eq!(drains, status == 202, "{path} by {caller}");
        }
    }
}

/// Its answer holds ids of submissions, and others must not make an invocation wait.
#[tokio::test]
async fn a_wake_up_tells_the_service_alone_and_where_it_asks() {
    let open = app("off");
    for (caller, asks, tells) in [
        ("service", true, true),
        ("service", false, false),
        ("operator", true, false),
        ("nobody", true, false),
    ] {
        let mut request = request(&open, Method::POST, "/wake", caller);
        if asks {
            let value = HeaderValue::from_static("1");
            request.headers_mut().insert(AWAIT_HEADER, value);
        }
        let handled = answer(&open, request).await;
        let after_response = match tells {
            true => AfterResponse::DrainAndTell(WAKE_UP),
            false => AfterResponse::Drain(WAKE_UP),
        };
        assert_eq!(handled.after_response, after_response, "{caller}, {asks}");
    }
}

#[tokio::test]
async fn the_answer_to_a_wake_up_does_not_wait_for_ever() {
    let app = app("on");
    let told = async { Some(vec!["a".to_owned(), "b".to_owned()]) };
    assert_eq!(app.settled(told).await, "a\nb");
    let without = std::future::ready(None);
    assert_eq!(app.settled(without).await, "");
    let never = std::future::pending();
    assert_eq!(app.settled(never).await, "");
}

#[tokio::test]
async fn the_root_takes_no_job_unless_auth_is_off() {
    let (closed, open) = (app("on"), app("off"));
    for caller in ["nobody", "operator", "service"] {
        let handled = answered(&closed, Method::GET, "/", caller).await;
        assert_eq!(handled.response.status(), 200);
    }
    let handled = answered(&open, Method::GET, "/", "nobody").await;
    assert_eq!(handled.response.status(), 503);
}

#[tokio::test]
async fn running_is_for_the_service_alone() {
    let open = app("off");
    for (path, served) in [("/run", 400), ("/limits", 400), ("/deliver", 202)] {
        for (caller, status) in [("nobody", 404), ("operator", 404), ("service", served)] {
            let handled = answered(&open, Method::POST, path, caller).await;
            assert_eq!(handled.response.status(), status, "{path} by {caller}");
        }
    }
}

/// Whatever key somebody has, and where access is open too.
#[tokio::test]
async fn a_body_is_read_of_the_service_alone() {
    for app in [app("on"), app("off")] {
        let wake = app.hand_over(CRON).unwrap();
        assert!(Sender::of(&app.settings, wake.headers()).is_service);
        for (name, value) in [
            ("authorization", "bearer operators-own-token"),
            (SERVICE_TOKEN_HEADER, "x"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            assert!(!Sender::of(&app.settings, &headers).is_service, "{name}");
        }
        assert!(!Sender::of(&app.settings, &HeaderMap::new()).is_service);
    }
    let unset = Config::settings(&|_| None);
    assert_eq!(Sender::of(&unset, &HeaderMap::new()), Sender::nobody());
}

#[tokio::test]
async fn head_is_answered_as_get_without_a_body() {
    let app = app("on");
    for (path, status) in [("/healthz", 200), ("/readyz", 503)] {
        let got = answered(&app, Method::GET, path, "nobody").await.response;
        assert!(!got.body().is_empty(), "{path}");
        let head = answered(&app, Method::HEAD, path, "nobody").await.response;
        assert_eq!(
            (head.status(), got.status()),
            (got.status(), status.try_into().unwrap())
        );
        assert!(head.body().is_empty(), "{path}");
    }
}

#[tokio::test]
async fn only_submit_fn_may_ask_how_the_endpoints_are() {
    let open = app("off");
    for (caller, status) in [("nobody", 404), ("operator", 404), ("service", 200)] {
        let handled = answered(&open, Method::GET, "/endpoints", caller).await;
        assert_eq!(handled.response.status(), status, "{caller}");
    }
}

#[tokio::test]
async fn health_is_for_anyone_and_metrics_are_for_the_operator() {
    for app in [app("on"), app("off")] {
        for (path, caller, status) in [
            ("/healthz", "nobody", 200),
            // Neither Redis nor the endpoint is there.
            ("/readyz", "nobody", 503),
            ("/readyz", "service", 503),
            ("/metrics", "nobody", 401),
            ("/metrics", "operator", 200),
            ("/metrics", "service", 200),
        ] {
            let handled = answered(&app, Method::GET, path, caller).await;
            assert_eq!(handled.response.status(), status, "{path} by {caller}");
        }
    }
}

#[tokio::test]
async fn a_submit_fn_with_another_secret_is_not_ready() {
    let app = app("on");
    for (token, worker) in [(Some("x"), false), (None, true)] {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = Uri::from_static("/readyz");
        if let Some(token) = token {
            let token = HeaderValue::from_static(token);
            request.headers_mut().insert(SERVICE_TOKEN_HEADER, token);
        }
        let handled = answer(&app, request).await;
        assert_eq!(handled.response.status(), 503);
        let body: serde_json::Value = serde_json::from_slice(handled.response.body()).unwrap();
        assert_eq!(body["checks"]["worker"], worker, "{body}");
    }
}

#[tokio::test]
async fn only_submit_fn_reports_commands() {
    let app = app("off");
    for (caller, counted) in [("nobody", 0), ("service", 7)] {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/wake");
        if caller == "service" {
            let wake = app.hand_over(CRON).unwrap();
            let token = wake.headers()[SERVICE_TOKEN_HEADER].clone();
            request.headers_mut().insert(SERVICE_TOKEN_HEADER, token);
        }
        request.headers_mut().insert(COMMANDS_HEADER, 7.into());
        let handled = answer(&app, request).await;
        assert_eq!(handled.response.status(), 202);
        assert_eq!(app.instance.commands.get(), counted, "{caller}");
    }
}

#[test]
fn a_hand_over_carries_the_service_token() {
    let app = app("on");
    let request = app.hand_over(WAKE_UP).unwrap();
    assert_eq!(request.uri(), "/wake?by=drain");
    assert!(Sender::of(&app.settings, request.headers()).is_service);
    assert_eq!(
        app.hand_over(CRON).unwrap().uri(),
        "/wake?lanes=all&by=drain"
    );
}
