//! A stand-in for the part of Cloudflare's API that wrangler 4.156.0 uses to deploy a
//! Worker and to set its secrets.
//!
//! It keeps which Workers there are, with their secrets and bindings, and a list of
//! what was changed. It knows one account and one token. It was written from what
//! wrangler sends and reads; nobody has compared it with Cloudflare.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "stand-in-token";

/// What the account holds.
#[derive(Debug, Default, Clone)]
pub(crate) struct Account {
    /// The secrets of each Worker.
    pub(crate) secrets: BTreeMap<String, BTreeMap<String, String>>,
    /// The services that each Worker is bound to, from its last upload with code.
    pub(crate) services: BTreeMap<String, Vec<String>>,
    /// What was changed, in order: `secrets NAME` and `upload NAME`.
    pub(crate) changes: Vec<String>,
    /// Calls that it does not know.
    pub(crate) unknown: BTreeSet<String>,
    /// A Worker whose upload fails.
    pub(crate) refuse_upload: Option<String>,
}

/// The API on a port of its own, until the process ends.
#[derive(Debug, Clone)]
pub(crate) struct Cloudflare {
    account: Arc<Mutex<Account>>,
    pub(crate) url: String,
}

impl Cloudflare {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/client/v4", listener.local_addr().unwrap());
        let account = Arc::<Mutex<Account>>::default();
        let app = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(16 << 20))
            .with_state(Arc::clone(&account));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, app).await.unwrap();
            });
        });
        Self { account, url }
    }

    pub(crate) fn look<T>(&self, at: impl FnOnce(&mut Account) -> T) -> T {
        at(&mut self.account.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn answer(
    State(account): State<Arc<Mutex<Account>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let given = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if given != Some(&format!("Bearer {TOKEN}")) {
        return refusal(StatusCode::UNAUTHORIZED, 10000, "Authentication error");
    }
    let mut account = account.lock().unwrap_or_else(PoisonError::into_inner);
    let path = uri.path().trim_start_matches("/client/v4");
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let me = json!({ "id": "a1", "name": "Mine" });
    match (&method, parts.as_slice()) {
        (&Method::GET, ["user", "tokens", "verify"]) => {
            result(json!({ "id": "t", "status": "active" }))
        }
        (&Method::GET, ["user"]) => result(json!({ "id": "u", "email": "me@example.com" })),
        (&Method::GET, ["accounts"]) => result(json!([me])),
        (&Method::GET, ["memberships"]) => result(json!([{ "id": "m", "account": me }])),
        (&Method::GET, ["accounts", "a1", "workers", "subdomain"]) => {
            result(json!({ "subdomain": "me" }))
        }
        (method, ["accounts", "a1", "workers", kind, name, rest @ ..]) => {
            worker(&mut account, method, kind, name, rest, &body)
        }
        (method, _) => unknown(&mut account, method, path),
    }
}

fn worker(
    account: &mut Account,
    method: &Method,
    kind: &str,
    name: &str,
    rest: &[&str],
    body: &[u8],
) -> Response {
    match (method, kind, rest) {
        // A new Worker, and a version of one that is there.
        (&Method::PUT, "scripts", []) | (&Method::POST, "scripts", ["versions"]) => {
            return upload(account, name, body);
        }
        (&Method::POST, "scripts", ["assets-upload-session"]) => {
            // No buckets: it has every file already.
            return result(json!({ "jwt": "j", "buckets": [] }));
        }
        _ => {}
    }
    let Some(secrets) = account.secrets.get_mut(name) else {
        let text = "This Worker does not exist on your account.";
        return refusal(StatusCode::NOT_FOUND, 10007, text);
    };
    match (method, kind, rest) {
        (&Method::GET, "scripts", ["secrets"]) => {
            let names = secrets.keys();
            let list: Vec<Value> = names
                .map(|name| json!({ "name": name, "type": "secret_text" }))
                .collect();
            result(list.into())
        }
        (&Method::PATCH, "scripts", ["secrets-bulk"]) => {
            let body: Value = serde_json::from_slice(body).unwrap();
            for (name, secret) in body["secrets"].as_object().unwrap() {
                secrets.insert(name.clone(), secret["text"].as_str().unwrap().to_owned());
            }
            account.changes.push(format!("secrets {name}"));
            result(json!([]))
        }
        (&Method::GET, "services", []) => result(json!({ "id": name, "default_environment": {
            "environment": "production",
            "script": { "tag": "t", "tags": null, "last_deployed_from": "wrangler" },
        }})),
        (&Method::GET, "workers", []) => result(json!({ "id": "w", "name": name, "subdomain": {
            "enabled": true, "previews_enabled": false,
        }})),
        (&Method::GET, "scripts", ["settings"]) => result(json!({ "bindings": [] })),
        (&Method::PATCH, "scripts", ["script-settings"]) => result(json!({})),
        (&Method::GET, "scripts", ["deployments"]) => result(json!({ "deployments": [] })),
        (&Method::POST, "scripts", ["deployments"]) => result(json!({ "id": "d" })),
        (&Method::POST, "scripts", ["subdomain"]) => {
            result(json!({ "enabled": true, "previews_enabled": false }))
        }
        (&Method::PUT, "scripts", ["schedules"]) => result(json!({ "schedules": [] })),
        (method, ..) => unknown(
            account,
            method,
            &format!("{kind}/{name}/{}", rest.join("/")),
        ),
    }
}

/// An upload of code: `multipart/form-data` with a part `metadata` in JSON.
fn upload(account: &mut Account, name: &str, body: &[u8]) -> Response {
    let text = String::from_utf8_lossy(body);
    let metadata = text.split_once("name=\"metadata\"\r\n\r\n").unwrap().1;
    let metadata = metadata.split_once("\r\n--").unwrap().0;
    let metadata: Value = serde_json::from_str(metadata).unwrap();
    let bindings = metadata["bindings"].as_array().unwrap();
    let services: Vec<String> = bindings
        .iter()
        .filter_map(|one| one["service"].as_str().map(str::to_owned))
        .collect();
    // Without bindings it is the draft that wrangler makes to hold secrets.
    if !bindings.is_empty() {
        account.changes.push(format!("upload {name}"));
        if account.refuse_upload.as_deref() == Some(name) {
            return refusal(StatusCode::BAD_REQUEST, 10000, "Something went wrong");
        }
        let missing = services
            .iter()
            .find(|service| !account.secrets.contains_key(*service));
        if let Some(missing) = missing {
            let text = format!("could not resolve service binding: {missing}");
            return refusal(StatusCode::BAD_REQUEST, 10143, &text);
        }
        account.services.insert(name.to_owned(), services);
    }
    account.secrets.entry(name.to_owned()).or_default();
    result(json!({
        "id": name, "tag": "t", "etag": "e", "startup_time_ms": 3,
        "deployment_id": "00000000000040008000000000000001",
        "resources": { "script": { "etag": "e" } },
    }))
}

fn result(result: Value) -> Response {
    Json(json!({ "success": true, "errors": [], "messages": [], "result": result,
        "result_info": { "page": 1, "per_page": 50, "count": 1, "total_count": 1, "total_pages": 1 } }))
    .into_response()
}

fn refusal(status: StatusCode, code: u32, message: &str) -> Response {
    let errors = json!([{ "code": code, "message": message }]);
    let body = json!({ "success": false, "errors": errors, "messages": [], "result": null });
    (status, Json(body)).into_response()
}

fn unknown(account: &mut Account, method: &Method, path: &str) -> Response {
    account.unknown.insert(format!("{method} {path}"));
    refusal(StatusCode::NOT_FOUND, 7003, "Could not route")
}
