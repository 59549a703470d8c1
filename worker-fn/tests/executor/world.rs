//! What a test needs around the endpoints: a clock that only sleeping moves, and
//! ways of asking.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use worker_fn::budget::Meter;
use worker_fn::config::ExecutorConfig;
use worker_fn::executor::gate::Gate;
use worker_fn::executor::memory::Memory;
use worker_fn::executor::{Allowance, Execution, ExecutorError, Executors, Run, RunLimits, Share};
use worker_fn::surroundings::Surroundings;

pub(crate) const START_MS: u64 = 1_700_000_000_000;
/// What a job may take.
pub(crate) const JOB_MS: u64 = 15_000;

thread_local! {
    static NOW_MS: Cell<u64> = const { Cell::new(START_MS) };
    static CHANCE: Cell<u32> = const { Cell::new(0) };
}

pub(crate) fn now_ms() -> u64 {
    NOW_MS.get()
}

/// Moves this test's clock.
pub(crate) fn pass_ms(ms: u64) {
    NOW_MS.set(NOW_MS.get() + ms);
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

pub(crate) const SURROUNDINGS: Surroundings = Surroundings {
    now_ms,
    random,
    sleep,
};

/// Runs a test with its stand-ins on one thread.
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

/// An instance's endpoints, with a memory of its own.
pub(crate) fn executors(config: &ExecutorConfig) -> Executors {
    Executors::remembering(config, SURROUNDINGS, fresh_memory())
}

pub(crate) fn fresh_memory() -> &'static Memory {
    Box::leak(Box::new(Memory::new()))
}

/// One endpoint.
pub(crate) fn one(kind: &str, url: &str) -> Executors {
    executors(&config(&[("EXECUTOR_KIND", kind), ("EXECUTOR_URL", url)]))
}

/// A list for `EXECUTORS`.
pub(crate) fn several(list: &Value) -> Executors {
    executors(&config(&[("EXECUTORS", &list.to_string())]))
}

pub(crate) fn run<'a>(source: &'a str, stdins: &[&str]) -> Run<'a> {
    Run {
        language: "python",
        source,
        stdins: stdins.iter().map(|&stdin| stdin.to_owned()).collect(),
        stop_at_first_failure: false,
        limits: RunLimits::default(),
    }
}

/// What a drain gives to a job that it starts in an invocation with `meter`.
pub(crate) fn started(meter: &Meter) -> Allowance {
    meter.spend(1);
    let gate = Gate::new(6);
    let place = gate.try_enter().unwrap();
    let share = Share {
        meter: meter.clone(),
        gate: Rc::clone(&gate),
        place,
    };
    Allowance::new(share, now_ms() + JOB_MS)
}

/// An invocation that began with `whole` calls and has `calls` left for one job,
/// beside what is kept back.
pub(crate) fn meter(whole: u64, calls: u64) -> Meter {
    let all = Meter::new(whole);
    let takable = (0..=whole).rev().find(|&most| all.take(most));
    let meter = Meter::new(whole);
    meter.spend(takable.unwrap() - calls);
    meter
}

/// Picks an endpoint and runs there, with plenty of calls.
pub(crate) async fn execute(
    executors: &Executors,
    run: &Run<'_>,
) -> Result<Execution, ExecutorError> {
    let allowance = started(&Meter::new(1_000));
    let chosen = executors.pick(run.language, &allowance).await?;
    chosen.execute(run, &allowance).await
}

pub(crate) fn outputs(execution: &Execution) -> Vec<&str> {
    let runs = execution.runs.iter();
    runs.map(|report| report.stage.stdout.as_str()).collect()
}
