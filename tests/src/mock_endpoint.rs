//! A mock of the execution endpoint.
//!
//! It speaks Piston's v2 API and runs nothing: a job's output is its code. A
//! marker in the code of a job makes it fail in one of four ways, it can refuse
//! all requests for a while, and it counts what it receives.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::server::{self, Connection};

/// In the code of a job: its connection closes without a response.
pub const NO_RESPONSE: &str = "#no-response";
/// In the code of a job: every connection closes without a response, as when the
/// process dies and is restarted at once.
pub const CRASH: &str = "#crash";
/// In the code of a job: the same, and for 400 ms after it no request gets a
/// response.
pub const OUTAGE: &str = "#outage";
/// In the code of a job: HTTP 500.
pub const SERVER_ERROR: &str = "#server-error";

/// The code of a probe. It is run like any other, and not noted.
const PROBE: &str = "0\n";

/// How long an outage lasts.
const AWAY: Duration = Duration::from_millis(400);

/// The endpoint, and what it received.
#[derive(Debug, Default)]
pub struct MockEndpoint(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The status of all responses, while everything is refused.
    refuse_with: Option<StatusCode>,
    refused: usize,
    /// The status of all runs, while every run fails. Languages are still listed.
    fail_runs_with: Option<StatusCode>,
    failed_runs: usize,
    away_until: Option<Instant>,
    /// Whether markers in the code have no effect any more.
    healthy: bool,
    delay: Duration,
    /// The code of every run, in the order of their arrival.
    order: Vec<String>,
    /// The connections whose jobs are running, by a number.
    running: BTreeMap<usize, Connection>,
    max_running: usize,
}

/// One running job. Dropped when it ends, and when its client is gone.
struct Running<'a> {
    endpoint: &'a MockEndpoint,
    number: usize,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.endpoint.lock().running.remove(&self.number);
    }
}

impl MockEndpoint {
    /// Starts one. Returns it with the value for `EXECUTOR_URL`.
    pub fn start() -> (Arc<Self>, String) {
        let endpoint = Arc::new(Self::default());
        let router = Router::new()
            .fallback(handle)
            .with_state(Arc::clone(&endpoint));
        let port = server::serve(router);
        (endpoint, format!("http://127.0.0.1:{port}/api/v2"))
    }

    /// As after its start.
    pub fn reset(&self) {
        *self.lock() = Inner::default();
    }

    /// Answers everything with this status from now on; with `None`, as usual.
    pub fn refuse_with(&self, status: Option<StatusCode>) {
        self.lock().refuse_with = status;
    }

    /// How many requests were refused.
    pub fn refused(&self) -> usize {
        self.lock().refused
    }

    /// Answers every run with this status from now on; with `None`, as usual.
    pub fn fail_runs_with(&self, status: Option<StatusCode>) {
        self.lock().fail_runs_with = status;
    }

    /// How many runs failed so, probes among them.
    pub fn failed_runs(&self) -> usize {
        self.lock().failed_runs
    }

    /// Runs every job from now on, whatever marker is in its code.
    pub fn heal(&self) {
        self.lock().healthy = true;
    }

    /// How long each job takes from now on, in milliseconds.
    pub fn set_delay_ms(&self, ms: u64) {
        self.lock().delay = Duration::from_millis(ms);
    }

    /// The most jobs that ran at once.
    pub fn max_running(&self) -> usize {
        self.lock().max_running
    }

    /// How often this code was run.
    pub fn runs_of(&self, code: &str) -> usize {
        self.lock().order.iter().filter(|one| *one == code).count()
    }

    /// The code of every run, in the order of their arrival.
    pub fn order(&self) -> Vec<String> {
        self.lock().order.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None`: the connection closes without a response.
    async fn answer(&self, request: Request, connection: &Connection) -> Option<Response> {
        let request = server::read(request).await.ok()?;
        {
            let mut inner = self.lock();
            if inner.away_until.is_some_and(|end| Instant::now() < end) {
                return None;
            }
            if let Some(status) = inner.refuse_with {
                inner.refused += 1;
                return Some(error(status));
            }
        }
        if request.uri().path().ends_with("/runtimes") {
            let languages = json!([{"language": "python", "version": "3.11.7", "aliases": ["py"]}]);
            return Some(Json(languages).into_response());
        }
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let code = body["files"][0]["content"].as_str().unwrap();
        if let Some(status) = self.fail_run() {
            return Some(error(status));
        }
        if code == PROBE {
            return Some(report(code));
        }
        self.run(code, connection).await
    }

    async fn run(&self, code: &str, connection: &Connection) -> Option<Response> {
        let (running, delay, healthy) = self.begin(code, connection);
        tokio::time::sleep(delay).await;
        // Before the response: who has it may send the next job.
        drop(running);
        let has = |marker: &str| !healthy && code.contains(marker);
        if has(NO_RESPONSE) {
            return None;
        }
        if has(CRASH) || has(OUTAGE) {
            let mut inner = self.lock();
            if has(OUTAGE) {
                inner.away_until = Some(Instant::now() + AWAY);
            }
            for other in inner.running.values() {
                other.close();
            }
            return None;
        }
        if has(SERVER_ERROR) {
            return Some(error(StatusCode::INTERNAL_SERVER_ERROR));
        }
        Some(report(code))
    }

    fn fail_run(&self) -> Option<StatusCode> {
        let mut inner = self.lock();
        let status = inner.fail_runs_with?;
        inner.failed_runs += 1;
        Some(status)
    }

    fn begin(&self, code: &str, connection: &Connection) -> (Running<'_>, Duration, bool) {
        // Not reset with the rest: a job of the test before may still run.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut inner = self.lock();
        inner.order.push(code.to_owned());
        inner.running.insert(number, connection.clone());
        inner.max_running = inner.max_running.max(inner.running.len());
        let running = Running {
            endpoint: self,
            number,
        };
        (running, inner.delay, inner.healthy)
    }
}

/// The report of a run that printed its code.
fn report(code: &str) -> Response {
    let run = json!({
        "stdout": code, "stderr": "", "output": code, "code": 0, "signal": null,
    });
    Json(json!({"language": "python", "version": "3.11.7", "run": run})).into_response()
}

fn error(status: StatusCode) -> Response {
    (
        status,
        Json(json!({"message": "refused by the mock endpoint"})),
    )
        .into_response()
}

async fn handle(
    State(endpoint): State<Arc<MockEndpoint>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    let response = endpoint.answer(request, &connection).await;
    response.unwrap_or_else(|| {
        connection.close();
        Response::default()
    })
}
