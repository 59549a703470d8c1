//! `cargo xtask bench scale`: what a job costs, and how fast jobs go, with few and with
//! very many waiting.
//!
//! Each size starts with fresh processes, so that peaks of memory are its own. One
//! wake-up is sent, as a submission sends it; all further drains are those that drains
//! start.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::Args;

use super::machine;
use super::pair::Pair;
use super::queue::prepare;
use super::report::{Report, Row};
use super::rig::Settings;
use super::spread::{Spread, number};
use crate::progress::say;

/// Without a run for this long, the drains have stopped.
const STALLED_AFTER: Duration = Duration::from_secs(20);
/// How many jobs are queued at once.
const CHUNK: usize = 1_000;

/// What is to be measured.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How many jobs wait; with commas between several numbers.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    waiting: Vec<usize>,
    /// How often each is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// `MAX_IN_FLIGHT`.
    #[arg(long, default_value_t = 60)]
    in_flight: usize,
    /// Take the Workers' bundles as they are instead of building them.
    #[arg(long)]
    as_built: bool,
}

/// What one backlog cost.
#[derive(Debug, Clone, Copy)]
struct Sample {
    jobs_per_s: f64,
    commands: f64,
    workerd_ms: f64,
    redis_ms: f64,
    redis_mb: f64,
    workerd_mb: f64,
}

/// Builds, starts, measures.
pub(super) fn measure(options: &Options, cancelled: &AtomicBool) -> Result<Report> {
    ensure!(options.rounds > 0, "--rounds must be at least 1");
    let (folder, date) = prepare(options.as_built)?;
    let all = |more: &[(&'static str, String)]| {
        // More than a day's results are stored in minutes.
        let mut vars = vec![("PLAN", "paid".to_owned()), ("STORE_MAX_MB", "2000".into())];
        vars.extend_from_slice(more);
        vars
    };
    let settings = Settings {
        submit: all(&[]),
        worker: all(&[("MAX_IN_FLIGHT", options.in_flight.to_string())]),
        ..Settings::default()
    };
    let mut rows = Vec::new();
    for &waiting in &options.waiting {
        let mut samples = Vec::new();
        for round in 1..=options.rounds {
            let mut pair = Pair::start(&folder, &date, &settings, cancelled)?;
            let sample = backlog(&mut pair, waiting, cancelled)?;
            say(format!(
                "{waiting} waiting, round {round}/{}: {} jobs/s, {} commands and {} ms a job",
                options.rounds,
                number(sample.jobs_per_s),
                number(sample.commands),
                number(sample.workerd_ms)
            ));
            samples.push(sample);
        }
        rows.extend(rows_of(waiting, &samples));
    }
    Ok(Report {
        name: "scale",
        title: format!(
            "Backlogs on the paid plan, MAX_IN_FLIGHT={}: {} rounds of each size",
            options.in_flight, options.rounds
        ),
        machine: format!("{}, {}", machine::description(), machine::workerd()?),
        ours: "edgejudge",
        other: "",
        rows,
        notes: vec![
            "One wake-up starts each; all other drains are started by drains. The endpoint \
             answers at once, the jobs are for one problem and not judged, and the list of its \
             results is kept. Each round has processes of its own, so peaks of memory are those \
             of its size. Commands as Upstash bills them; CPU is of workerd, and of redis-server \
             without redis-rest."
                .to_owned(),
        ],
    })
}

fn rows_of(waiting: usize, samples: &[Sample]) -> [Row; 6] {
    let row = |measure: &str, unit, of: fn(&Sample) -> f64| {
        let values: Vec<f64> = samples.iter().map(of).collect();
        Row::alone(
            format!("{waiting} waiting: {measure}"),
            unit,
            Spread::of(&values),
        )
    };
    [
        row("rate", "jobs/s", |one| one.jobs_per_s),
        row("Redis commands", "a job", |one| one.commands),
        row("CPU of workerd", "ms/job", |one| one.workerd_ms),
        row("CPU of redis-server", "ms/job", |one| one.redis_ms),
        row("peak memory of Redis", "MB", |one| one.redis_mb),
        row("peak memory of workerd", "MB", |one| one.workerd_mb),
    ]
}

fn backlog(pair: &mut Pair, waiting: usize, cancelled: &AtomicBool) -> Result<Sample> {
    pair.backend.redis.empty()?;
    // As any producer writes them: an id would have to be signed.
    let code = "print(sum(int(part) for part in input().split()))\\n".repeat(6);
    let job = format!(r#"{{"problemId":"two-sum","language":"python","code":"{code}"}}"#);
    let jobs = vec![job; CHUNK];
    let mut left = waiting;
    while left > 0 {
        let count = left.min(CHUNK);
        pair.backend.redis.push("problems", &jobs[..count])?;
        left -= count;
    }
    let (commands, (workerd_ms, redis_ms)) = (pair.backend.redis.billed()?, pair.cpu_ms()?);
    let goal = pair.backend.stub.runs() + waiting;
    let started = Instant::now();
    pair.send(pair.ports.worker, "POST", "/wake", "")?;
    let (mut last, mut last_at) = (0, started);
    while pair.backend.stub.runs() < goal {
        let runs = pair.backend.stub.runs();
        if runs != last {
            (last, last_at) = (runs, Instant::now());
        }
        ensure!(
            last_at.elapsed() < STALLED_AFTER,
            "the drains have stopped {} runs before the end",
            goal - runs
        );
        if cancelled.load(Ordering::Relaxed) {
            bail!("cancelled");
        }
        thread::sleep(Duration::from_millis(2));
    }
    while !pair.backend.redis.is_settled()? {
        ensure!(last_at.elapsed() < STALLED_AFTER, "jobs are left");
        thread::sleep(Duration::from_millis(2));
    }
    let took = started.elapsed();
    pair.backend.redis.wait_until_quiet()?;
    let (after, (workerd_after, redis_after)) = (pair.backend.redis.billed()?, pair.cpu_ms()?);
    let stored = pair.backend.redis.results()?;
    let runs = pair.backend.stub.runs() - (goal - waiting);
    ensure!(
        stored == waiting && runs == waiting,
        "of {waiting} jobs, {runs} were run and {stored} have a result"
    );
    let each = |sum: f64| sum / waiting as f64;
    Ok(Sample {
        jobs_per_s: waiting as f64 / took.as_secs_f64(),
        commands: each((after - commands) as f64),
        workerd_ms: each(workerd_after - workerd_ms),
        redis_ms: each(redis_after - redis_ms),
        redis_mb: pair.backend.redis.peak_memory()? as f64 / 1e6,
        workerd_mb: pair.peak_memory()? as f64 / 1e6,
    })
}
