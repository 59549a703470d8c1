//! Clients of submit-fn and worker-fn.
//!
//! All requests of the tests to the documented API pass [`Api::request`] or
//! [`Api::try_request`], which check every response against the OpenAPI document
//! ([`crate::contract`]). Each request comes from an address of its own, so that no
//! test uses up the share of another; a test about clients gives the address
//! itself.

use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use xtask::stack::Stack;

use crate::contract::{Contract, Worker};
use crate::http::{RESPONSE_WITHIN, Response, send};
use crate::wait::{SOON, wait_for};

/// The header in which the platform gives a client's address. `wrangler dev` leaves
/// one that is there as it is.
pub const ADDRESS_HEADER: &str = "cf-connecting-ip";

/// The header in which a key is given.
const KEY_HEADER: &str = "x-api-key";

/// An address that no request had yet.
fn own_address() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let [_, a, b, c] = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    format!("10.{a}.{b}.{c}")
}

/// A client of one Worker.
#[derive(Debug, Clone)]
pub struct Api {
    worker: Worker,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// What every request gives that gives no key itself.
    key: Option<String>,
}

/// A client of submit-fn.
#[derive(Debug, Clone)]
pub struct SubmitFn {
    api: Api,
    /// Its variable `ADMIN_TOKEN`.
    pub admin_token: String,
}

/// A client of worker-fn.
#[derive(Debug, Clone)]
pub struct WorkerFn {
    api: Api,
    /// Its variable `ADMIN_TOKEN`.
    pub admin_token: String,
}

impl Api {
    /// `GET`.
    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[], None)
    }

    /// `POST` with a body.
    pub fn post(&self, path: &str, body: &str) -> Response {
        self.request("POST", path, &[], Some(body.as_bytes()))
    }

    /// Any request. Panics without a response, and when the response is not one
    /// that the OpenAPI document allows.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Response {
        let response = self
            .send(method, path, headers, body, RESPONSE_WITHIN)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        self.assert_documented(method, path, &response);
        response
    }

    /// Any request to a Worker that may be down: `None` without a complete
    /// response within that time, and for one that wrangler gave in its place.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        within: Duration,
    ) -> Option<Response> {
        let response = self.send(method, path, headers, body, within).ok()?;
        let is_json = response.header("content-type") == "application/json";
        if response.status >= 500 && !is_json {
            return None;
        }
        self.assert_documented(method, path, &response);
        Some(response)
    }

    fn admin(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Response {
        let bearer = format!("Bearer {token}");
        let body = body.map(Value::to_string);
        let body = body.as_deref().map(str::as_bytes);
        self.request(method, path, &[("authorization", &bearer)], body)
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        within: Duration,
    ) -> Result<Response, ureq::Error> {
        let url = format!("{}{path}", self.url);
        let mut headers = headers.to_vec();
        let address = own_address();
        if !headers.iter().any(|(name, _)| *name == ADDRESS_HEADER) {
            headers.push((ADDRESS_HEADER, &address));
        }
        let gives_key = |name: &str| ["authorization", KEY_HEADER].contains(&name);
        let has_key = headers.iter().any(|(name, _)| gives_key(name));
        headers.extend(
            self.key
                .as_deref()
                .filter(|_| !has_key)
                .map(|key| (KEY_HEADER, key)),
        );
        send(method, &url, &headers, body, within)
    }

    fn assert_documented(&self, method: &str, path: &str, response: &Response) {
        let checked = Contract::shared().check(self.worker, method, path, response);
        if let Err(difference) = checked {
            let (worker, status, text) = (self.worker, response.status, &response.text);
            panic!(
                "{method} {path} of {worker:?} differs from docs/openapi.json: {difference}\n\
                 status {status}, body {text}"
            );
        }
    }
}

impl Deref for SubmitFn {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl Deref for WorkerFn {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

impl SubmitFn {
    /// The one of this stack.
    pub fn of(stack: &Stack) -> Self {
        Self {
            api: Api {
                worker: Worker::SubmitFn,
                url: stack.submit_url(),
                key: None,
            },
            admin_token: stack.token.clone(),
        }
    }

    /// The same for a caller with this key.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.api.key = Some(key.to_owned());
        self
    }

    /// The one on this port of 127.0.0.1.
    pub fn at(port: u16, admin_token: &str) -> Self {
        Self {
            api: Api {
                worker: Worker::SubmitFn,
                url: format!("http://127.0.0.1:{port}"),
                key: None,
            },
            admin_token: admin_token.to_owned(),
        }
    }

    /// A call of the operator, with the admin token.
    pub fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        self.api.admin(&self.admin_token, method, path, body)
    }

    /// Publishes a problem. Returns its version.
    pub fn publish(&self, id: &str, problem: &Value) -> String {
        let response = self.admin("PUT", &format!("/problems/{id}"), Some(problem));
        assert!(matches!(response.status, 200 | 201), "{}", response.text);
        response.json()["version"].as_str().unwrap().to_owned()
    }

    /// `POST /run`, tried again while the endpoint is too busy with other tests' code.
    pub fn run(&self, body: &str) -> Response {
        wait_for("a free endpoint", SOON, || {
            let response = self.post("/run", body);
            let is_busy = response.text.contains("executor_unavailable");
            (!is_busy).then_some(response)
        })
    }

    /// Submits code. Returns the id.
    pub fn submit(&self, problem: &str, language: &str, code: &str) -> String {
        self.submit_body(&json!({"problemId": problem, "language": language, "code": code}))
    }

    /// Submits a body that must be accepted. Returns the id.
    pub fn submit_body(&self, body: &Value) -> String {
        let response = self.post("/submit", &body.to_string());
        assert_eq!(response.status, 200, "{}", response.text);
        response.json()["id"].as_str().unwrap().to_owned()
    }

    /// What `GET /result/ID` says now.
    pub fn result(&self, id: &str) -> Value {
        let response = self.get(&format!("/result/{id}"));
        assert_eq!(response.status, 200, "{}", response.text);
        response.json()
    }

    /// Waits until a submission is not queued any more. Returns its result.
    pub fn finished_result(&self, id: &str) -> Value {
        wait_for(&format!("a result of {id}"), SOON, || {
            let result = self.result(id);
            (result["status"] != "queued").then_some(result)
        })
    }

    /// Submits code and waits for its result.
    pub fn judge(&self, problem: &str, language: &str, code: &str) -> Value {
        self.finished_result(&self.submit(problem, language, code))
    }
}

impl WorkerFn {
    /// The one of this stack.
    pub fn of(stack: &Stack) -> Self {
        Self {
            api: Api {
                worker: Worker::WorkerFn,
                url: stack.worker_url(),
                key: None,
            },
            admin_token: stack.token.clone(),
        }
    }

    /// The same for a caller with this key.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.api.key = Some(key.to_owned());
        self
    }

    /// The one on this port of 127.0.0.1.
    pub fn at(port: u16, admin_token: &str) -> Self {
        Self {
            api: Api {
                worker: Worker::WorkerFn,
                url: format!("http://127.0.0.1:{port}"),
                key: None,
            },
            admin_token: admin_token.to_owned(),
        }
    }

    /// A call of the operator, with the admin token.
    pub fn admin(&self, method: &str, path: &str) -> Response {
        self.api.admin(&self.admin_token, method, path, None)
    }

    /// `GET /worker` with a query such as `?batch=2`, or without one.
    pub fn work(&self, query: &str) -> Response {
        self.get(&format!("/worker{query}"))
    }
}
