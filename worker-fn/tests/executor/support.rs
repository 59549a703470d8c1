//! Helpers: a clock that only sleeping moves, and endpoints from settings.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use http::{Request, Response};
use serde_json::Value;
use worker_fn::config::ExecutorConfig;
use worker_fn::executor::{Endpoints, Execution, ExecutorError, Run, RunFile, RunLimits};
use worker_fn::instance::Instance;
use worker_fn::limits::{CallCounter, Congestion, JobBudget, JobGrant, Memory, Semaphore};
use worker_fn::runtime::{FetchLimits, Runtime};

pub(crate) const START_MS: u64 = 1_700_000_000_000;
/// How long a job may take.
pub(crate) const JOB_MS: u64 = 15_000;
/// How long it may take with what it waits.
pub(crate) const LATEST_MS: u64 = 30_000;

thread_local! {
    static NOW_MS: Cell<u64> = const { Cell::new(START_MS) };
    static CHANCE: Cell<u32> = const { Cell::new(0) };
    static FETCHED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static LOGGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn now_ms() -> u64 {
    NOW_MS.get()
}

/// Moves this test's clock.
pub(crate) fn pass_ms(ms: u64) {
    NOW_MS.set(NOW_MS.get() + ms);
}

/// The addresses that somebody else chose and this test called.
pub(crate) fn fetched() -> Vec<String> {
    FETCHED.with_borrow(Clone::clone)
}

/// The lines of this test's log, in their order; none is returned twice.
pub(crate) fn take_logged() -> Vec<Value> {
    let lines = LOGGED.take();
    let read = |line: &String| serde_json::from_str(line).unwrap();
    lines.iter().map(read).collect()
}

/// Every draw comes up once before one comes up again.
fn random() -> [u8; 10] {
    let next = CHANCE.get();
    CHANCE.set(next + 1);
    let mut bytes = [0; 10];
    bytes[..4].copy_from_slice(&next.to_be_bytes());
    bytes[6..].copy_from_slice(&next.to_be_bytes());
    bytes
}

fn sleep(ms: u64) -> LocalBoxFuture<'static, ()> {
    Box::pin(async move {
        pass_ms(ms);
        tokio::task::yield_now().await;
    })
}

pub(crate) const RUNTIME: Runtime = Runtime {
    now_ms,
    random,
    sleep,
    log: |line| LOGGED.with_borrow_mut(|lines| lines.push(line.to_owned())),
    fetch,
};

/// As the platform's: it follows no redirect.
fn fetch(
    request: Request<Bytes>,
    limits: FetchLimits,
) -> LocalBoxFuture<'static, Result<Response<Bytes>, String>> {
    FETCHED.with_borrow_mut(|all| all.push(request.uri().to_string()));
    Box::pin(async move {
        let (parts, body) = request.into_parts();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let sent = client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .timeout(Duration::from_millis(limits.timeout_ms))
            .send();
        let response = sent.await.map_err(|error| error.to_string())?;
        let status = response.status();
        let mut body = Bytes::new();
        if limits.max_body_bytes > 0 {
            body = response.bytes().await.map_err(|error| error.to_string())?;
            assert!(body.len() <= limits.max_body_bytes);
        }
        Ok(Response::builder().status(status).body(body).unwrap())
    })
}

/// Runs a test with its mock servers on one thread.
pub(crate) fn alone(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
}

/// Settings by variables.
pub(crate) fn config(variables: &[(&str, &str)]) -> ExecutorConfig {
    ExecutorConfig::from_lookup(&|name| {
        let mut all = variables.iter();
        all.find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    })
    .unwrap()
}

/// The endpoints of a fresh instance.
pub(crate) fn endpoints(config: &ExecutorConfig) -> Endpoints {
    Endpoints::new(config, RUNTIME, &Instance::default())
}

/// One endpoint.
pub(crate) fn one(kind: &str, url: &str) -> Endpoints {
    endpoints(&config(&[("EXECUTOR_KIND", kind), ("EXECUTOR_URL", url)]))
}

/// A list for `EXECUTORS`.
pub(crate) fn several(list: &Value) -> Endpoints {
    endpoints(&config(&[("EXECUTORS", &list.to_string())]))
}

pub(crate) fn run<'a>(source: &'a str, stdins: &[&str]) -> Run<'a> {
    Run {
        language: "python",
        files: vec![RunFile::source(source)],
        args: &[],
        stdins: stdins.iter().map(|&stdin| stdin.to_owned()).collect(),
        checks: None,
        stop_at_first_failure: false,
        limits: RunLimits::default(),
        caller: None,
    }
}

/// The budget of a job that a drain starts in an invocation with `calls`.
pub(crate) fn job_budget(calls: &CallCounter) -> JobBudget {
    job_budget_in(calls, &Memory::default())
}

/// The same, in an instance with this memory.
pub(crate) fn job_budget_in(calls: &CallCounter, memory: &Memory) -> JobBudget {
    calls.spend(1);
    let in_flight = Semaphore::new(6);
    let permit = in_flight.try_acquire().unwrap();
    let grant = JobGrant {
        calls: calls.clone(),
        in_flight: Rc::clone(&in_flight),
        permit,
        memory: memory.clone(),
        latest_ms: now_ms() + LATEST_MS,
        congestion: Congestion::default(),
    };
    JobBudget::new(grant, now_ms() + JOB_MS)
}

/// The calls of an invocation that began with `total` and has `left` for one job,
/// beside the reserve.
pub(crate) fn calls_left(total: u64, left: u64) -> CallCounter {
    let all = CallCounter::new(total);
    let takable = (0..=total).rev().find(|&most| all.take(most));
    let calls = CallCounter::new(total);
    calls.spend(takable.unwrap() - left);
    calls
}

/// Selects an endpoint and runs there, with plenty of calls.
pub(crate) async fn execute(
    endpoints: &Endpoints,
    run: &Run<'_>,
) -> Result<Execution, ExecutorError> {
    let budget = job_budget(&CallCounter::new(1_000));
    let selected = endpoints.select(run.language, &budget).await?;
    selected.execute(run, &budget).await
}

pub(crate) fn outputs(execution: &Execution) -> Vec<&str> {
    let runs = execution.runs.iter();
    runs.map(|report| report.stage.stdout.as_str()).collect()
}
