//! Every documented call of worker-fn, with every setting and every key: who is let in.
//!
//! Redis and the endpoint are away, so a call that was let in is answered 502 or 503, or
//! 202 for what is done later.

use bytes::Bytes;
use http::{HeaderName, Request, Response};

use super::{App, Sender};
use crate::access_table::{Given, Setting, operations};
use crate::config::Config;
use crate::instance::Instance;
use crate::runtime::Runtime;

fn app(setting: Setting) -> App {
    let settings = Config::settings(&|name| match name {
        "UPSTASH_REDIS_REST_URL" | "EXECUTOR_URL" => Some("http://127.0.0.1:1".into()),
        "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
        name => setting.variable(name),
    });
    let runtime = Runtime {
        now_ms: || 1_700_000_000_000,
        random: || [0; 10],
        sleep: |_| Box::pin(std::future::ready(())),
        log: |_| {},
        fetch: |_, _| Box::pin(std::future::ready(Err("away".into()))),
    };
    App::new(settings, runtime, Instance::default())
}

async fn answer(
    setting: Setting,
    method: &str,
    path: &str,
    header: Option<&(&'static str, String)>,
) -> Response<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = method.parse().unwrap();
    *request.uri_mut() = path.parse().unwrap();
    if let Some((name, value)) = header {
        let name = HeaderName::from_static(name);
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let headers = request.headers().clone();
    let app = app(setting);
    let sender = Sender::of(&app.settings, &headers);
    app.answer(&headers, &sender, Ok(request)).await.response
}

/// A setting, a key, and a header that gives it.
type Case = (Setting, Given, Option<(&'static str, String)>);

/// All settings with all keys, and each way to give a key.
fn all() -> Vec<Case> {
    let settings = Setting::ALL.into_iter();
    let pairs = settings.flat_map(|setting| Given::ALL.map(|given| (setting, given)));
    let ways = pairs.flat_map(|(setting, given)| {
        let headers: Vec<_> = given.headers().into_iter().map(Some).collect();
        let headers = if headers.is_empty() {
            vec![None]
        } else {
            headers
        };
        headers
            .into_iter()
            .map(move |header| (setting, given, header))
    });
    ways.collect()
}

#[tokio::test]
async fn every_documented_call_lets_in_whom_the_document_says() {
    for operation in operations("worker-fn") {
        for (setting, given, header) in all() {
            let expected = operation.refusal(setting, given);
            let response = answer(setting, &operation.method, &operation.path, header.as_ref());
            let response = response.await;
            let what = format!("{operation:?} {setting:?} {given:?}: {response:?}");
            let status = response.status().as_u16();
            assert!(operation.statuses.contains(&status), "{what}");
            let body: serde_json::Value =
                serde_json::from_slice(response.body()).unwrap_or_default();
            let code = body["error"]["code"].as_str();
            match expected {
                Some(refusal) => assert_eq!(code, Some(refusal), "{what}"),
                None => assert!(![401, 403].contains(&status), "{what}"),
            }
        }
    }
}

/// As if they were not there, whatever key is given: only submit-fn may call them.
#[tokio::test]
async fn what_is_between_the_workers_is_for_no_key() {
    for (method, path) in [("POST", "/run"), ("POST", "/limits"), ("GET", "/endpoints")] {
        for (setting, given, header) in all() {
            let response = answer(setting, method, path, header.as_ref()).await;
            assert_eq!(response.status(), 404, "{path} {setting:?} {given:?}");
        }
    }
}
