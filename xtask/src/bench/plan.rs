//! `cargo xtask bench plan`: the processor time of one invocation on the free plan,
//! which allows 10 ms.
//!
//! What is measured is the dearest invocation that the Workers allow: a submission,
//! whose wake-up runs in the same request of the platform, and a drain that finds as
//! many jobs as it may take. Beside it, a drain that is called from outside.
//!
//! The platform counts the time of the thread that runs a Worker. So does this, with
//! that of the network on the same thread; all threads of workerd are shown beside it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::Args;
use serde_json::json;
use shared::plan::Plan;
use ureq::http::Method;

use super::http;
use super::machine;
use super::pair::Pair;
use super::queue::prepare;
use super::report::{Goal, Report, Row};
use super::rig::Settings;
use super::spread::{Spread, number};
use crate::api::Api;
use crate::progress::say;

/// What the platform allows an invocation, in milliseconds.
const ALLOWED_MS: f64 = 10.0;
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// The first ones compile what all others use.
const WARM_UP: usize = 150;
/// A drain that has not stored its results by then has failed.
const WITHIN: Duration = Duration::from_secs(20);

/// What is to be measured.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Invocations of each kind, 20 or more.
    #[arg(long, default_value_t = 200)]
    invocations: usize,
    /// Jobs of a drain; the plan's own number if it is not given.
    #[arg(long)]
    jobs: Option<u16>,
    /// Take the Workers' bundles as they are instead of building them.
    #[arg(long)]
    as_built: bool,
}

/// A kind of job.
struct Kind {
    name: &'static str,
    /// The cases of its problem; none: it is not judged.
    cases: usize,
    /// What each of its runs prints, in bytes.
    output_bytes: usize,
}

const KINDS: [Kind; 4] = [
    Kind {
        name: "trivial, not judged",
        cases: 0,
        output_bytes: 7,
    },
    Kind {
        name: "judged, 50 cases",
        cases: 50,
        output_bytes: 20,
    },
    Kind {
        name: "not judged, 32 KB printed",
        cases: 0,
        output_bytes: 32_000,
    },
    Kind {
        name: "judged, 6 cases of 16 KB",
        cases: 6,
        output_bytes: 16_000,
    },
];

/// How an invocation begins.
#[derive(Clone, Copy)]
enum Entry {
    /// `POST /submit`, with one job fewer waiting than a drain takes.
    Submission,
    /// `POST /wake` from outside.
    Outside,
}

/// Builds, starts, measures.
pub(super) fn measure(options: &Options, cancelled: &AtomicBool) -> Result<Report> {
    ensure!(
        options.invocations >= 20,
        "--invocations must be at least 20"
    );
    let (folder, date) = prepare(options.as_built)?;
    let own = Plan::Free.jobs_per_invocation();
    let jobs = options.jobs.map_or(own, u64::from);
    let plan = ("PLAN", "free".to_owned());
    // Problems are published.
    let token = ("ADMIN_TOKEN", TOKEN.to_owned());
    let settings = Settings {
        submit: vec![plan.clone(), ("WAKE", "on".to_owned()), token],
        worker: vec![plan, ("MAX_JOBS_PER_INVOCATION", jobs.to_string())],
        ..Settings::default()
    };
    let mut pair = Pair::start(&folder, &date, &settings, cancelled)?;
    let jobs = usize::try_from(jobs)?;
    let mut rows = Vec::new();
    for kind in &KINDS {
        set_up(&mut pair, kind)?;
        for (entry, how) in [
            (Entry::Submission, "submission and its drain"),
            (Entry::Outside, "wake-up from outside"),
        ] {
            let (mut times_ms, mut all_ms, mut commands) = (Vec::new(), Vec::new(), Vec::new());
            for number in 0..WARM_UP + options.invocations {
                let (ms, all, sent) = invocation(&mut pair, entry, jobs)?;
                if number >= WARM_UP {
                    times_ms.push(ms);
                    all_ms.push(all);
                    // Each job was submitted with one.
                    let submitted = match entry {
                        Entry::Submission => jobs - 1,
                        Entry::Outside => jobs,
                    };
                    commands.push((sent as f64 + submitted as f64) / jobs as f64);
                }
                if cancelled.load(Ordering::Relaxed) {
                    bail!("cancelled");
                }
            }
            let name = format!("{how}, {jobs} jobs, {}", kind.name);
            let p95 = at_95(&mut times_ms);
            let median = Spread::of(&times_ms).median;
            say(format!(
                "{name}: median {} and p95 {} ms, {} of all threads",
                number(median),
                number(p95.median),
                number(Spread::of(&all_ms).median)
            ));
            let goal = Goal::AtMost(ALLOWED_MS);
            let median = Row::alone(name.clone(), "ms", Spread::of(&times_ms));
            rows.push(median.goal(goal));
            rows.push(Row::alone(format!("{name}: p95"), "ms", p95).goal(goal));
            let all = Spread::of(&all_ms);
            rows.push(Row::alone(format!("{name}: all threads"), "ms", all));
            let commands = Spread::of(&commands);
            rows.push(Row::alone(
                format!("{name}: Redis commands"),
                "a job",
                commands,
            ));
        }
    }
    Ok(Report {
        name: "plan",
        title: format!(
            "CPU of workerd for one invocation with PLAN=free: {} of each kind",
            options.invocations
        ),
        machine: format!("{}, {}", machine::description(), machine::workerd()?),
        ours: "edgejudge",
        other: "",
        rows,
        notes: vec![
            "What counts is the thread that runs both Workers and their network. The other \
             threads of workerd compile hot code anew and collect garbage beside it. Both Workers \
             are warm. The endpoint answers at once."
                .to_owned(),
        ],
    })
}

/// Publishes the kind's problem, and has the endpoint answer as its solutions do.
fn set_up(pair: &mut Pair, kind: &Kind) -> Result<()> {
    pair.backend.redis.empty()?;
    let output = format!("{}\n", "7".repeat(kind.output_bytes));
    let run = json!({"stdout": output, "stderr": "", "code": 0, "signal": null,
        "cpu_time": 12, "wall_time": 15, "memory": 9_000_000});
    let answer = if kind.cases == 0 {
        json!({"language": "python", "version": "3.12.0", "run": run})
    } else {
        let case = json!({"input": "1\n", "expected": output});
        let problem = json!({"title": "Bench", "kind": "program",
            "cases": vec![case; kind.cases]});
        let api = Api::new(
            &format!("http://127.0.0.1:{}", pair.ports.submit),
            Some(TOKEN),
        );
        let path = "/problems/bench";
        api.call(Method::PUT, path, Some(&problem))?.ok()?;
        json!({"language": "python", "version": "3.12.0", "runs": vec![run; kind.cases]})
    };
    pair.backend.stub.answer_with(&answer.to_string());
    Ok(())
}

/// The processor time in ms of one invocation that works on `jobs` jobs: of the thread
/// that runs the Workers, and of all; and the commands that it sends.
fn invocation(pair: &mut Pair, entry: Entry, jobs: usize) -> Result<(f64, f64, u64)> {
    let job = json!({"problemId": "bench", "language": "python", "code": "print(7)\n".repeat(20)});
    let waiting = match entry {
        Entry::Submission => jobs - 1,
        Entry::Outside => jobs,
    };
    let queued = vec![job.to_string(); waiting];
    if !queued.is_empty() {
        pair.backend.redis.push("problems", &queued)?;
    }
    let goal = pair.backend.stub.runs() + jobs;
    let commands = pair.backend.redis.billed()?;
    let before = (pair.main_thread_ms()?, pair.cpu_ms()?.0);
    match entry {
        // As the operator, who has no share to use up: other submissions would soon go to
        // another lane than the jobs that wait.
        Entry::Submission => {
            let header = ("authorization", &*format!("Bearer {TOKEN}"));
            let (port, body) = (pair.ports.submit, job.to_string());
            let request = http::request_with(&[header], "POST", port, "/submit", &body);
            let (status, answer) = http::Connection::open(port)?.exchange(&request)?;
            let answer = String::from_utf8_lossy(&answer);
            ensure!(status == 200, "POST /submit answered {status}: {answer}");
        }
        Entry::Outside => pair.send(pair.ports.worker, "POST", "/wake", "")?,
    }
    let started = Instant::now();
    while pair.backend.stub.runs() < goal || !pair.backend.redis.is_settled()? {
        ensure!(started.elapsed() < WITHIN, "the drain did not end all jobs");
        thread::sleep(Duration::from_millis(2));
    }
    pair.backend.redis.wait_until_quiet()?;
    let after = (pair.main_thread_ms()?, pair.cpu_ms()?.0);
    let commands = pair.backend.redis.billed()? - commands;
    Ok((after.0 - before.0, after.1 - before.1, commands))
}

/// The 95th percentile, as a spread without quartiles.
fn at_95(times_ms: &mut [f64]) -> Spread {
    times_ms.sort_by(f64::total_cmp);
    let last = times_ms.len().saturating_sub(1);
    let at = times_ms.get((last * 95).div_ceil(100)).copied();
    Spread {
        median: at.unwrap_or(f64::NAN),
        low: f64::NAN,
        high: f64::NAN,
        samples: times_ms.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_never_better_than_it_is() {
        let mut times_ms: Vec<f64> = (1..=21).rev().map(f64::from).collect();
        assert_eq!(at_95(&mut times_ms).median, 20.0);
        assert!(at_95(&mut []).median.is_nan());
    }
}
