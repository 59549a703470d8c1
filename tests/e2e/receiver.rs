//! A receiver of webhooks, and the DNS resolver that is asked for their names.
//!
//! It notes every message. The first part of a path says how it answers: `ok`, `never`
//! (500), `twice` (500 twice, then 204), `hangs`, `moved` (to `/stolen`), `endless` (a
//! body without an end), and `held` (no answer until [`Receiver::let_go`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use support::server;

/// A message as it was received.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// When it came.
    pub(crate) at: Instant,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn data(&self) -> Value {
        let mut body: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(body["type"], "submission.finished");
        body["data"].take()
    }
}

/// The receiver.
pub(crate) struct Receiver {
    port: u16,
    state: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    messages: Vec<Message>,
    /// The names that were asked for.
    names: Vec<String>,
    healed: bool,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let state = Arc::new(Mutex::new(Inner::default()));
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&state));
        let port = server::serve(router);
        Self { port, state }
    }

    /// As after its start.
    pub(crate) fn reset(&self) {
        *lock(&self.state) = Inner::default();
    }

    /// Everything is answered with 204 from now on.
    pub(crate) fn let_go(&self) {
        lock(&self.state).healed = true;
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// All messages to a path, and with an empty one all there are.
    pub(crate) fn messages(&self, path: &str) -> Vec<Message> {
        let state = lock(&self.state);
        let all = state.messages.iter();
        all.filter(|message| path.is_empty() || message.path == path)
            .cloned()
            .collect()
    }

    /// The names that the resolver was asked for.
    pub(crate) fn names(&self) -> Vec<String> {
        lock(&self.state).names.clone()
    }
}

fn lock(state: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(state): State<Arc<Mutex<Inner>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if parts.uri.path() == "/dns-query" {
        return resolve(&state, &parts.uri).into_response();
    }
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path().to_owned();
    let (tries, healed) = {
        let mut state = lock(&state);
        state.messages.push(Message {
            at: Instant::now(),
            path: path.clone(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        });
        let tries = state.messages.iter().filter(|one| one.path == path).count();
        (tries, state.healed)
    };
    let kind = path.split('/').nth(1).unwrap_or_default();
    match kind {
        _ if healed => StatusCode::NO_CONTENT.into_response(),
        "ok" => StatusCode::OK.into_response(),
        "twice" if tries > 2 => StatusCode::NO_CONTENT.into_response(),
        "twice" | "never" => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        "moved" => {
            let to = [(header::LOCATION, "/stolen")];
            (StatusCode::TEMPORARY_REDIRECT, to).into_response()
        }
        "endless" => {
            let parts = futures_util::stream::repeat_with(|| {
                Ok::<_, std::convert::Infallible>(Bytes::from_static(&[b'x'; 1 << 16]))
            });
            Body::from_stream(parts).into_response()
        }
        "hangs" | "held" => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            StatusCode::OK.into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Names tell their addresses: `10-0-0-1.v4.site.org`, `fd00--1.v6.site.org`, and with
/// `also` before that a public one besides.
fn resolve(state: &Mutex<Inner>, uri: &Uri) -> axum::Json<Value> {
    let query: BTreeMap<&str, &str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    let name = query["name"];
    lock(state).names.push(name.to_owned());
    let labels: Vec<&str> = name.split('.').collect();
    let (address, family) = (labels[0], labels[1]);
    let also_public = address.starts_with("also-");
    let address = address.trim_start_matches("also-");
    let wants = if query["type"] == "A" {
        ("v4", 1)
    } else {
        ("v6", 28)
    };
    let mut found = Vec::new();
    if also_public && wants.1 == 1 {
        found.push("1.1.1.1".to_owned());
    }
    if wants.0 == family {
        let sign = if family == "v4" { "." } else { ":" };
        found.push(address.replace('-', sign));
    }
    let record = |data: &String| json!({"name": name, "type": wants.1, "TTL": 60, "data": data});
    axum::Json(json!({"Status": 0, "Answer": found.iter().map(record).collect::<Vec<_>>()}))
}
