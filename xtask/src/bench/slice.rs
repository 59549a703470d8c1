//! One slice: some submissions, or the work on the jobs they left, measured once
//! on one side.
//!
//! Every slice is checked to have done its work: each response is read, each job
//! was run exactly once, each result is there.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::http::{self, Connection};
use super::rig::{Cpu, Rig};

/// A drain without any progress for this long has failed.
const STALLED_AFTER: Duration = Duration::from_secs(10);
/// A small solution to a small problem.
pub(super) const SUBMISSION: &str = r#"{"problemId":"two-sum","code":"def two_sum(nums, target):\n    seen = {}\n    for i, num in enumerate(nums):\n        if target - num in seen:\n            return [seen[target - num], i]\n        seen[num] = i\n\nprint(two_sum([2, 7, 11, 15], 9))\n","language":"python"}"#;

/// What a browser sends beyond that when a page submits, and Cloudflare adds:
/// with host, content-type and content-length 21 headers.
pub(super) const BROWSER: [(&str, &str); 18] = [
    ("accept", "*/*"),
    ("accept-encoding", "gzip, br"),
    ("accept-language", "de-AT,de;q=0.9,en-GB;q=0.8,en;q=0.7"),
    ("cf-connecting-ip", "203.0.113.7"),
    ("cf-ipcountry", "AT"),
    ("cf-ray", "9a1b2c3d4e5f6071-VIE"),
    ("cf-visitor", r#"{"scheme":"https"}"#),
    ("origin", "https://judge.example.com"),
    ("referer", "https://judge.example.com/"),
    ("sec-ch-ua", r#""Chromium";v="142", "Not_A Brand";v="99""#),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", r#""Linux""#),
    ("sec-fetch-dest", "empty"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-site", "same-origin"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
         Chrome/142.0.0.0 Safari/537.36",
    ),
    ("x-forwarded-for", "203.0.113.7"),
    ("x-forwarded-proto", "https"),
];

/// Whose Workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Edgejudge,
    /// The classic design in JavaScript.
    Classic,
}

/// How jobs are claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drain {
    /// A `GET /worker` for each job, as the classic design has.
    Pulled,
    /// By edgejudge as it runs by default: a wake-up, then drains that hand over
    /// to each other.
    Woken,
}

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) jobs: usize,
    /// Parallel clients.
    pub(super) clients: usize,
    /// Drains that are woken at once.
    pub(super) drains: usize,
}

/// What a slice took, per job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) jobs_per_s: f64,
    /// Redis commands as they are billed.
    pub(super) commands: f64,
    /// `None` where the system does not report it.
    pub(super) cpu: Option<Cpu>,
}

/// Empties the database and submits; returns the keys of the results to come.
pub(super) fn submit(
    rig: &mut Rig,
    side: Side,
    headers: &[(&str, &str)],
    load: Load,
    cancelled: &AtomicBool,
) -> Result<(Sample, Vec<String>)> {
    rig.backend.redis.empty()?;
    let port = match side {
        Side::Edgejudge => rig.ports.submit,
        Side::Classic => rig.ports.classic,
    };
    let request = http::request_with(headers, "POST", port, "/submit", SUBMISSION);
    let (sample, answers) = measured(rig, side, load, |_| drive(port, &request, load, cancelled))?;
    let results = answers
        .iter()
        .map(|answer| Ok(format!("result:{}", id(answer)?)))
        .collect::<Result<Vec<String>>>()?;
    Ok((sample, results))
}

/// Has all jobs worked on, whose results will have the keys `results`.
pub(super) fn drain(
    rig: &mut Rig,
    side: Side,
    way: Drain,
    results: &[String],
    load: Load,
    cancelled: &AtomicBool,
) -> Result<Sample> {
    let runs = rig.backend.stub.runs();
    let port = match side {
        Side::Edgejudge => rig.ports.worker,
        Side::Classic => rig.ports.classic,
    };
    let (sample, answers) = measured(rig, side, load, |rig| {
        if way == Drain::Woken {
            let took = wake_and_wait(rig, results, load, cancelled)?;
            return Ok((took, Vec::new()));
        }
        let request = http::request("GET", port, "/worker", "");
        drive(port, &request, load, cancelled)
    })?;
    for answer in answers {
        let text = String::from_utf8_lossy(&answer);
        ensure!(text.contains("Processed job"), "GET /worker: {text}");
    }
    let stored = rig.backend.redis.existing(results)?;
    let executed = rig.backend.stub.runs() - runs;
    ensure!(
        stored == load.jobs && executed == load.jobs,
        "of {} jobs, {executed} were run and {stored} have a result",
        load.jobs
    );
    Ok(sample)
}

/// Does `work`, which returns how long it took, and measures its cost.
fn measured<T>(
    rig: &mut Rig,
    side: Side,
    load: Load,
    work: impl FnOnce(&mut Rig) -> Result<(Duration, T)>,
) -> Result<(Sample, T)> {
    let jobs = load.jobs as f64;
    let classic = side == Side::Classic;
    let (commands, before) = (rig.backend.redis.billed()?, rig.cpu(classic));
    let (took, value) = work(rig)?;
    // The last drain may claim once more from the empty queue when all results are there.
    // That is part of its cost, and must not happen in the next slice, where it would claim
    // the other side's jobs.
    rig.backend.redis.wait_until_quiet()?;
    let sample = Sample {
        jobs_per_s: jobs / took.as_secs_f64(),
        commands: (rig.backend.redis.billed()? - commands) as f64 / jobs,
        cpu: before.zip(rig.cpu(classic)).map(|(before, after)| Cpu {
            workerd_ms: (after.workerd_ms - before.workerd_ms) / jobs,
            redis_ms: (after.redis_ms - before.redis_ms) / jobs,
        }),
    };
    Ok((sample, value))
}

/// Wakes as many drains as run at once, and waits for the last result.
fn wake_and_wait(
    rig: &mut Rig,
    results: &[String],
    load: Load,
    cancelled: &AtomicBool,
) -> Result<Duration> {
    let goal = rig.backend.stub.runs() + results.len();
    let mut connection = Connection::open(rig.ports.worker)?;
    // All are one client's, so most are in the lane `low`, for which submit-fn asks
    // to look into every lane.
    let request = http::request("POST", rig.ports.worker, "/wake?lanes=all", "");
    let started = Instant::now();
    for _ in 0..load.drains {
        let (status, _) = connection.exchange(&request)?;
        ensure!(status == 202, "POST /wake answered {status}");
    }
    let (mut last, mut last_at) = (0, started);
    loop {
        // Redis is only asked when all runs were requested, so that waiting does
        // not load what is measured.
        let runs = rig.backend.stub.runs();
        if runs >= goal && rig.backend.redis.existing(results)? == results.len() {
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
    load: Load,
    cancelled: &AtomicBool,
) -> Result<(Duration, Vec<Vec<u8>>)> {
    let connections = (0..load.clients)
        .map(|_| Connection::open(port))
        .collect::<Result<Vec<_>>>()?;
    let sent = AtomicUsize::new(0);
    let client = |mut connection: Connection| {
        let mut bodies = Vec::new();
        while sent.fetch_add(1, Ordering::Relaxed) < load.jobs {
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
