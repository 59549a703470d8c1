//! `cargo xtask bench cold-start`: how long a Worker takes from nothing to its
//! first answers, beside the classic JavaScript Worker.
//!
//! Each sample is a workerd of its own: started, asked for `GET /` until it
//! answers, asked to take in a submission, ended. workerd itself takes most of
//! that time and is the same for both, so the goal is a difference, not a ratio.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use super::http::{self, Connection};
use super::machine;
use super::queue::{prepare, shuffle};
use super::report::{Goal, Over, Report, Row};
use super::rig::{Backend, Ports, Settings, classic_worker, lone_submit_worker};
use super::slice::{SUBMISSION, Side};
use super::spread::number;
use crate::child::{Child, Guard};
use crate::progress::say;
use crate::workerd::{self, Worker};

/// With fewer samples the quartiles say nothing.
const MIN_SAMPLES: usize = 12;
/// The goal: the first answer comes this much later than JavaScript's at the most.
const MAX_MORE_MS: f64 = 15.0;
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_micros(200);
/// A workerd that listens later has failed.
const LISTENS_WITHIN: Duration = Duration::from_secs(20);

/// What is to be measured.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Starts of each side, 12 or more.
    #[arg(long, default_value_t = 40)]
    samples: usize,
    /// Take the Workers' bundles as they are instead of building them.
    #[arg(long)]
    as_built: bool,
}

/// What one start took.
#[derive(Debug, Clone, Copy)]
struct Sample {
    /// From the start of the process to the first answer.
    first_answer_ms: f64,
    /// Of the submission after it, from sending to answer.
    first_submit_ms: f64,
    /// Of workerd up to the first answer, and in all; `None` where the system does
    /// not report it.
    cpu_ms: Option<(f64, f64)>,
}

/// Builds, starts, measures.
pub(super) fn measure(options: &Options, cancelled: &AtomicBool) -> Result<Report> {
    ensure!(
        options.samples >= MIN_SAMPLES,
        "--samples must be at least {MIN_SAMPLES}: fewer show no spread"
    );
    let (folder, date) = prepare(options.as_built)?;
    let logs = folder.join("logs");
    // Before the guard: it must outlive the children it watches.
    let mut guard = Guard::start()?;
    let backend = Backend::start(&logs, &mut guard, cancelled)?;
    let ports = Ports::free()?;
    let settings = Settings::default();
    let mut start = |side| {
        let (port, worker) = match side {
            Side::Edgejudge => {
                let worker = lone_submit_worker(ports.submit, &backend, &settings);
                (ports.submit, worker)
            }
            Side::Classic => (ports.classic, classic_worker(&ports, &backend, &settings)),
        };
        one(&folder, &date, port, &worker, &mut guard, cancelled)
            .with_context(|| format!("{side:?}"))
    };
    let mut pairs = Vec::new();
    // The first pair reads the files from disk, and does not count.
    for round in 0..=options.samples {
        let mut sides = [Side::Edgejudge, Side::Classic];
        shuffle(&mut sides)?;
        let (first, second) = (start(sides[0])?, start(sides[1])?);
        let pair = match sides[0] {
            Side::Edgejudge => (first, second),
            Side::Classic => (second, first),
        };
        if round > 0 {
            say(format!(
                "start {round}/{}: {} and {} ms",
                options.samples,
                number(pair.0.first_answer_ms),
                number(pair.1.first_answer_ms)
            ));
            pairs.push(pair);
        }
    }
    drop(backend);
    Ok(Report {
        name: "cold-start",
        title: format!(
            "The start of submit-fn beside that of a classic JavaScript Worker: {} starts of each",
            options.samples
        ),
        machine: format!("{}, {}", machine::description(), machine::workerd()?),
        ours: "edgejudge",
        other: "JavaScript",
        rows: rows(&pairs),
        notes: vec![
            "From the start of `workerd serve` with one Worker to its first answer of `GET /` \
             (submit-fn's page, the other's 404); then the first `POST /submit` on the same \
             connection. The files are in the system's cache. The edge keeps compiled code and \
             starts no process, so it is faster; what is compared is what the Workers add."
                .to_owned(),
        ],
    })
}

/// One start, in a process of its own.
fn one(
    folder: &Path,
    date: &str,
    port: u16,
    worker: &Worker,
    guard: &mut Guard,
    cancelled: &AtomicBool,
) -> Result<Sample> {
    let name = format!("cold-{}", worker.name);
    let mut command = workerd::serve(folder, &name, std::slice::from_ref(worker), date, &[])?;
    let log = folder.join(format!("logs/{name}.log"));
    let get = http::request("GET", port, "/", "");
    let post = http::request("POST", port, "/submit", SUBMISSION);

    let started = Instant::now();
    let mut child = Child::start("workerd", &mut command, &log, guard)?;
    let mut connection = loop {
        match Connection::open(port) {
            Ok(connection) => break connection,
            Err(_) if started.elapsed() < LISTENS_WITHIN => thread::sleep(PAUSE),
            Err(error) => return Err(error.context("workerd does not listen")),
        }
        if cancelled.load(Ordering::Relaxed) {
            bail!("cancelled");
        }
    };
    connection.exchange(&get)?;
    let answered = Instant::now();
    let cpu_answered_ms = machine::cpu_ms(child.id());
    let asked = Instant::now();
    let (status, body) = connection.exchange(&post)?;
    let submitted = Instant::now();
    let cpu_ms = cpu_answered_ms.zip(machine::cpu_ms(child.id()));
    child.kill();
    ensure!(
        status == 200,
        "POST /submit answered {status}: {}",
        String::from_utf8_lossy(&body)
    );
    let ms = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1e3;
    Ok(Sample {
        first_answer_ms: ms(started, answered),
        first_submit_ms: ms(asked, submitted),
        cpu_ms,
    })
}

fn rows(pairs: &[(Sample, Sample)]) -> Vec<Row> {
    let first = "start to first answer";
    let second = "first submission after it";
    let goal = Goal::DifferenceAtMost(MAX_MORE_MS);
    let of = |what: fn(&Sample) -> Option<f64>| -> Option<Vec<(f64, f64)>> {
        pairs
            .iter()
            .map(|(ours, other)| what(ours).zip(what(other)))
            .collect()
    };
    let row = |measure, unit, pairs: Vec<_>| Row::paired(measure, unit, &pairs, Over::Ours);
    let mut rows = Vec::new();
    let started = of(|sample| Some(sample.first_answer_ms));
    rows.extend(started.map(|pairs| row(first, "ms", pairs).goal(goal)));
    let submitted = of(|sample| Some(sample.first_submit_ms));
    rows.extend(submitted.map(|pairs| row(second, "ms", pairs)));
    let cpu = "ms of workerd's CPU";
    let started = of(|sample| Some(sample.cpu_ms?.0));
    rows.extend(started.map(|pairs| row(first, cpu, pairs)));
    let submitted = of(|sample| sample.cpu_ms.map(|(first, all)| all - first));
    rows.extend(submitted.map(|pairs| row(second, cpu, pairs)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(first_answer_ms: f64) -> Sample {
        Sample {
            first_answer_ms,
            first_submit_ms: 5.0,
            cpu_ms: None,
        }
    }

    #[test]
    fn the_goal_is_a_difference_of_the_first_answers() {
        let met = |ours, other| {
            let rows = rows(&[(sample(ours), sample(other))]);
            assert_eq!(rows.len(), 2, "processor time is unknown");
            rows[0].is_met()
        };
        assert_eq!(met(45.0, 30.0), Some(true));
        assert_eq!(met(45.1, 30.0), Some(false));
        assert_eq!(met(145.0, 135.0), Some(true));
    }
}
