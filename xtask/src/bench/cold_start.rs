//! `cargo xtask bench cold-start`: how long a Worker takes from nothing to its
//! first answers, beside the classic JavaScript Worker.
//!
//! Each sample is a workerd of its own with one Worker: started, asked for `GET /`
//! until it answers, asked for what the Worker is for, ended. submit-fn takes in a
//! submission; worker-fn looks into an empty queue. The JavaScript Worker, which does
//! both, is asked the same. workerd itself takes most of that time and is the same for
//! both, so the goal is a difference, not a ratio.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use super::http::{self, Connection};
use super::machine;
use super::queue::{prepare, shuffle};
use super::report::{Direction, Goal, Report, Row};
use super::rig::{Backend, Ports, Settings, classic_worker, lone_submit_worker, worker_worker};
use super::slice::{SUBMISSION, Side};
use super::spread::number;
use crate::child::{Child, Guard};
use crate::progress::say;
use crate::workerd::{self, Worker};

/// With fewer samples the quartiles say nothing.
const MIN_SAMPLES: usize = 12;
/// The goal: submit-fn's first answer comes this much later than JavaScript's at the
/// most. worker-fn has none, because people wait for it for a program's run as well.
const MAX_MORE_MS: f64 = 15.0;
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_micros(200);
/// A workerd that listens later has failed.
const LISTENS_WITHIN: Duration = Duration::from_secs(20);

/// What is to be measured.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Starts of each Worker and of what it is compared with, 12 or more.
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
    /// Of the first work after it, from sending to answer.
    first_work_ms: f64,
    /// Of workerd up to the first answer, and in all; `None` where the system does
    /// not report it.
    cpu_ms: Option<(f64, f64)>,
}

/// Which of edgejudge's Workers is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measured {
    SubmitFn,
    WorkerFn,
}

impl Measured {
    const ALL: [Self; 2] = [Self::SubmitFn, Self::WorkerFn];

    fn name(self) -> &'static str {
        match self {
            Self::SubmitFn => "submit-fn",
            Self::WorkerFn => "worker-fn",
        }
    }

    /// The work that it is asked for, in words, and as a request.
    fn work(self) -> (&'static str, [&'static str; 3]) {
        match self {
            Self::SubmitFn => ("first submission", ["POST", "/submit", SUBMISSION]),
            Self::WorkerFn => ("first look into the queue", ["GET", "/worker", ""]),
        }
    }
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
    let mut backend = Backend::start(&logs, &mut guard, cancelled)?;
    let ports = Ports::free()?;
    let settings = Settings::default();
    let mut start = |measured, side| {
        // What the last one took in is not worked on.
        backend.redis.empty()?;
        let (port, worker) = match (side, measured) {
            (Side::Classic, _) => (ports.classic, classic_worker(&ports, &backend, &settings)),
            (Side::Edgejudge, Measured::SubmitFn) => {
                let worker = lone_submit_worker(ports.submit, &backend, &settings);
                (ports.submit, worker)
            }
            (Side::Edgejudge, Measured::WorkerFn) => {
                (ports.worker, worker_worker(&ports, &backend, &settings))
            }
        };
        let (_, work) = measured.work();
        one(&folder, &date, port, &worker, work, &mut guard, cancelled)
            .with_context(|| format!("{} of {side:?}", measured.name()))
    };
    let mut pairs = Measured::ALL.map(|measured| (measured, Vec::new()));
    // The first round reads the files from disk, and does not count.
    for round in 0..=options.samples {
        for (measured, pairs) in &mut pairs {
            let mut sides = [Side::Edgejudge, Side::Classic];
            shuffle(&mut sides)?;
            let (first, second) = (start(*measured, sides[0])?, start(*measured, sides[1])?);
            let pair = match sides[0] {
                Side::Edgejudge => (first, second),
                Side::Classic => (second, first),
            };
            if round > 0 {
                say(format!(
                    "{}, start {round}/{}: {} and {} ms",
                    measured.name(),
                    options.samples,
                    number(pair.0.first_answer_ms),
                    number(pair.1.first_answer_ms)
                ));
                pairs.push(pair);
            }
        }
    }
    drop(backend);
    Ok(Report {
        name: "cold-start",
        title: format!(
            "The start of each Worker beside that of a classic JavaScript Worker: {} starts of each",
            options.samples
        ),
        machine: format!("{}, {}", machine::description(), machine::workerd()?),
        ours: "edgejudge",
        other: "JavaScript",
        rows: pairs
            .iter()
            .flat_map(|(one, pairs)| rows(*one, pairs))
            .collect(),
        notes: vec![
            "From the start of `workerd serve` with one Worker to its first answer of `GET /` \
             (submit-fn's page, the others' 404); then the first `POST /submit`, or `GET /worker` \
             with an empty queue, on the same connection. The files are in the system's cache. The \
             edge keeps compiled code and starts no process, so it is faster; what is compared is \
             what the Workers add."
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
    [method, path, body]: [&str; 3],
    guard: &mut Guard,
    cancelled: &AtomicBool,
) -> Result<Sample> {
    let name = format!("cold-{}", worker.name);
    let mut command = workerd::serve(folder, &name, std::slice::from_ref(worker), date, &[])?;
    let log = folder.join(format!("logs/{name}.log"));
    let get = http::request("GET", port, "/", "");
    let work = http::request(method, port, path, body);

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
    let (status, answer) = connection.exchange(&work)?;
    let worked = Instant::now();
    let cpu_ms = cpu_answered_ms.zip(machine::cpu_ms(child.id()));
    child.kill();
    ensure!(
        status == 200,
        "{method} {path} answered {status}: {}",
        String::from_utf8_lossy(&answer)
    );
    let ms = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1e3;
    Ok(Sample {
        first_answer_ms: ms(started, answered),
        first_work_ms: ms(asked, worked),
        cpu_ms,
    })
}

fn rows(measured: Measured, pairs: &[(Sample, Sample)]) -> Vec<Row> {
    let first = format!("{}: start to first answer", measured.name());
    let second = format!("{}: {} after it", measured.name(), measured.work().0);
    let of = |what: fn(&Sample) -> Option<f64>| -> Option<Vec<(f64, f64)>> {
        pairs
            .iter()
            .map(|(ours, other)| what(ours).zip(what(other)))
            .collect()
    };
    let row = |measure: &str, unit, pairs: Vec<_>| {
        Row::paired(measure, unit, &pairs, Direction::OtherToOurs)
    };
    let mut rows = Vec::new();
    let started = of(|sample| Some(sample.first_answer_ms));
    rows.extend(started.map(|pairs| {
        let row = row(&first, "ms", pairs);
        match measured {
            Measured::SubmitFn => row.goal(Goal::DifferenceAtMost(MAX_MORE_MS)),
            Measured::WorkerFn => row,
        }
    }));
    let worked = of(|sample| Some(sample.first_work_ms));
    rows.extend(worked.map(|pairs| row(&second, "ms", pairs)));
    let cpu = "ms of workerd's CPU";
    let started = of(|sample| Some(sample.cpu_ms?.0));
    rows.extend(started.map(|pairs| row(&first, cpu, pairs)));
    let worked = of(|sample| sample.cpu_ms.map(|(first, all)| all - first));
    rows.extend(worked.map(|pairs| row(&second, cpu, pairs)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(first_answer_ms: f64) -> Sample {
        Sample {
            first_answer_ms,
            first_work_ms: 5.0,
            cpu_ms: None,
        }
    }

    #[test]
    fn the_goal_is_a_difference_of_the_first_answers() {
        let met = |ours, other| {
            let pairs = [(sample(ours), sample(other))];
            let rows = rows(Measured::SubmitFn, &pairs);
            assert_eq!(rows.len(), 2, "processor time is unknown");
            rows[0].is_met()
        };
        assert_eq!(met(45.0, 30.0), Some(true));
        assert_eq!(met(45.1, 30.0), Some(false));
        assert_eq!(met(145.0, 135.0), Some(true));
        let rows = rows(Measured::WorkerFn, &[(sample(90.0), sample(30.0))]);
        let measures: Vec<&str> = rows.iter().map(|row| row.measure.as_str()).collect();
        assert_eq!(
            measures,
            [
                "worker-fn: start to first answer",
                "worker-fn: first look into the queue after it"
            ]
        );
        assert_eq!(rows[0].is_met(), None);
    }
}
