//! One round in one of the three ways: submit all jobs, then drain all of them,
//! each phase timed by itself.
//!
//! Every phase is checked to have done its work: each response is read, each job
//! was run exactly once, each result is there.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::http::{self, Connection};
use super::options::Options;
use super::redis::Redis;
use super::rig::{Cpu, Rig};

/// A drain without any progress for this long has failed.
const STALLED_AFTER: Duration = Duration::from_secs(10);
/// After this long without a Redis command, the phase has ended.
const QUIET: Duration = Duration::from_millis(50);
/// A small solution to a small problem.
const SUBMISSION: &str = r#"{"problemId":"two-sum","code":"def two_sum(nums, target):\n    seen = {}\n    for i, num in enumerate(nums):\n        if target - num in seen:\n            return [seen[target - num], i]\n        seen[num] = i\n\nprint(two_sum([2, 7, 11, 15], 9))\n","language":"python"}"#;

/// How jobs are submitted and claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// edgejudge as it runs by default: a wake-up, then drains that hand over to
    /// each other.
    Wakes,
    /// edgejudge with a `GET /worker` for each job, as the classic design has.
    Pulled,
    /// The classic design in JavaScript.
    Classic,
}

/// What a round measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) submit: Phase,
    pub(super) drain: Phase,
}

/// What one phase of a round measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Phase {
    pub(super) jobs_per_s: f64,
    /// Redis commands as they are billed.
    pub(super) commands: u64,
    /// `None` where the system does not report it.
    pub(super) cpu: Option<Cpu>,
}

/// Runs a round on an empty database.
pub(super) fn run(
    rig: &mut Rig,
    way: Way,
    options: &Options,
    cancelled: &AtomicBool,
) -> Result<Sample> {
    let classic = way == Way::Classic;
    let (submit_port, worker_port) = if classic {
        (rig.ports.classic, rig.ports.classic)
    } else {
        (rig.ports.submit, rig.ports.worker)
    };
    rig.redis.empty()?;
    let runs = rig.stub.runs();

    let (submit, answers) = phase(rig, classic, options, |_| {
        let request = http::request("POST", submit_port, "/submit", SUBMISSION);
        drive(submit_port, &request, options, cancelled)
    })?;
    let results = answers
        .iter()
        .map(|answer| Ok(format!("result:{}", id(answer)?)))
        .collect::<Result<Vec<String>>>()?;

    let (drain, answers) = phase(rig, classic, options, |rig| {
        if way == Way::Wakes {
            let took = wake_and_wait(rig, &results, options, cancelled)?;
            return Ok((took, Vec::new()));
        }
        let request = http::request("GET", worker_port, "/worker", "");
        drive(worker_port, &request, options, cancelled)
    })?;
    for answer in answers {
        let text = String::from_utf8_lossy(&answer);
        ensure!(text.contains("Processed job"), "GET /worker: {text}");
    }

    let stored = rig.redis.existing(&results)?;
    let executed = rig.stub.runs() - runs;
    ensure!(
        stored == options.jobs && executed == options.jobs,
        "of {} jobs, {executed} were run and {stored} have a result",
        options.jobs
    );
    Ok(Sample { submit, drain })
}

/// Does `work`, which returns how long it took, and measures its cost.
fn phase<T>(
    rig: &mut Rig,
    classic: bool,
    options: &Options,
    work: impl FnOnce(&mut Rig) -> Result<(Duration, T)>,
) -> Result<(Phase, T)> {
    let (commands, cpu) = (rig.redis.billed()?, rig.cpu(classic));
    let (took, value) = work(rig)?;
    wait_until_quiet(&mut rig.redis)?;
    let phase = Phase {
        jobs_per_s: options.jobs as f64 / took.as_secs_f64(),
        commands: rig.redis.billed()? - commands,
        cpu: cpu.zip(rig.cpu(classic)).map(|(before, after)| Cpu {
            workerd_ms: after.workerd_ms - before.workerd_ms,
            redis_ms: after.redis_ms - before.redis_ms,
        }),
    };
    Ok((phase, value))
}

/// The last drain may claim once more from the empty queue when all results are
/// there. That is part of its cost, and must not happen in the next phase, where
/// it would claim the other side's jobs.
fn wait_until_quiet(redis: &mut Redis) -> Result<()> {
    let mut before = redis.billed()?;
    loop {
        thread::sleep(QUIET);
        let now = redis.billed()?;
        if now == before {
            return Ok(());
        }
        before = now;
    }
}

/// Wakes as many drains as run at once, and waits for the last result.
fn wake_and_wait(
    rig: &mut Rig,
    results: &[String],
    options: &Options,
    cancelled: &AtomicBool,
) -> Result<Duration> {
    let goal = rig.stub.runs() + results.len();
    let mut connection = Connection::open(rig.ports.worker)?;
    let request = http::request("POST", rig.ports.worker, "/wake", "");
    let started = Instant::now();
    for _ in 0..options.drains() {
        let (status, _) = connection.exchange(&request)?;
        ensure!(status == 202, "POST /wake answered {status}");
    }
    let (mut last, mut last_at) = (0, started);
    loop {
        // Redis is only asked when all runs were requested, so that waiting does
        // not load what is measured.
        let runs = rig.stub.runs();
        if runs >= goal && rig.redis.existing(results)? == results.len() {
            return Ok(started.elapsed());
        }
        if runs != last {
            (last, last_at) = (runs, Instant::now());
        }
        if last_at.elapsed() > STALLED_AFTER {
            bail!("the drain has stopped {} runs before its end", goal - runs);
        }
        if cancelled.load(Ordering::Relaxed) {
            bail!("cancelled");
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Sends `request` once for each job, from parallel clients with a kept-alive
/// connection each. Returns the time it took and the bodies of the responses.
fn drive(
    port: u16,
    request: &[u8],
    options: &Options,
    cancelled: &AtomicBool,
) -> Result<(Duration, Vec<Vec<u8>>)> {
    let connections = (0..options.concurrency)
        .map(|_| Connection::open(port))
        .collect::<Result<Vec<_>>>()?;
    let sent = AtomicUsize::new(0);
    let client = |mut connection: Connection| {
        let mut bodies = Vec::new();
        while sent.fetch_add(1, Ordering::Relaxed) < options.jobs {
            if cancelled.load(Ordering::Relaxed) {
                bail!("cancelled");
            }
            let (status, body) = connection.exchange(request)?;
            if status != 200 {
                bail!("answered {status}: {}", String::from_utf8_lossy(&body));
            }
            bodies.push(body);
        }
        Ok(bodies)
    };
    let started = Instant::now();
    let outcomes: Vec<Result<Vec<Vec<u8>>>> = thread::scope(|scope| {
        let clients: Vec<_> = connections
            .into_iter()
            .map(|connection| scope.spawn(|| client(connection)))
            .collect();
        clients
            .into_iter()
            .map(|client| {
                client
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("a client panicked")))
            })
            .collect()
    });
    let took = started.elapsed();
    let bodies = outcomes.into_iter().collect::<Result<Vec<_>>>()?.concat();
    Ok((took, bodies))
}

/// The id in a response of `POST /submit`.
fn id(answer: &[u8]) -> Result<String> {
    let answer: serde_json::Value = serde_json::from_slice(answer)?;
    answer["id"]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("POST /submit gave no id: {answer}"))
}
