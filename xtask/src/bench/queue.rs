//! `cargo xtask bench queue`: both Workers in workerd beside a classic JavaScript
//! Worker.
//!
//! Many short slices, in pairs: the same work by one side and then by the other,
//! pairs and sides in random order, so that neither a drift of the machine nor
//! what ran before favours a side.

use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::machine;
use super::report::{Direction, Goal, Report, Row};
use super::rig::{Rig, Settings};
use super::slice::{self, BROWSER, Drain, Load, Sample, Side};
use super::spread::number;
use crate::progress::{say, step};
use crate::{bundle, cargo, project, tools, workerd};

/// How many jobs one drain has running at once: as many requests as the platform
/// lets an invocation have in flight.
const RUNS_PER_DRAIN: usize = 6;
/// How many claimed jobs one drain holds at once.
const JOBS_PER_DRAIN: usize = 12;
/// worker-fn's own default of `MAX_IN_FLIGHT`.
const DEFAULT_MAX_IN_FLIGHT: usize = 60;
/// Rounds that do not count: V8 compiles what runs often a second time, and
/// better, after some thousand calls.
const WARM_UP_ROUNDS: usize = 8;

/// Woken drains work on so many times more jobs in a slice. Of few jobs, most would
/// be the wake-up and the end.
const WOKEN_TIMES: usize = 5;

/// What is to be measured.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Jobs in each slice; five times as many in one of woken drains.
    #[arg(long, default_value_t = 100)]
    jobs: usize,
    /// Rounds that count, 1 or more; some rounds of warm-up precede them.
    #[arg(long, default_value_t = 40)]
    rounds: usize,
    /// Parallel clients, and parallel runs at the endpoint; a multiple of 6.
    #[arg(long, default_value_t = 6)]
    concurrency: usize,
    /// Have both sides keep the list of a problem's results as well.
    #[arg(long)]
    index: bool,
    /// Take the Workers' bundles as they are instead of building them.
    #[arg(long)]
    as_built: bool,
}

impl Options {
    fn check(&self) -> Result<()> {
        ensure!(
            self.concurrency > 0 && self.concurrency.is_multiple_of(RUNS_PER_DRAIN),
            "--concurrency must be a multiple of {RUNS_PER_DRAIN}: a drain runs {RUNS_PER_DRAIN} \
             jobs at once, and both sides are to have as many at the endpoint"
        );
        ensure!(self.jobs > 0, "--jobs must be at least 1");
        ensure!(self.rounds > 0, "--rounds must be at least 1");
        Ok(())
    }

    fn load(&self) -> Load {
        Load {
            jobs: self.jobs,
            clients: self.concurrency,
            drains: self.concurrency / RUNS_PER_DRAIN,
        }
    }

    fn settings(&self) -> Settings {
        let index = if self.index { "on" } else { "off" };
        // Room for every drain, so that the system's cap is not what is measured.
        let max_in_flight = DEFAULT_MAX_IN_FLIGHT.max(self.load().drains * JOBS_PER_DRAIN);
        Settings {
            submit: Vec::new(),
            worker: vec![
                ("RESULT_INDEX", index.to_owned()),
                ("MAX_IN_FLIGHT", max_in_flight.to_string()),
            ],
            classic: vec![("INDEX", index.to_owned())],
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pair {
    /// Drains of edgejudge that are woken, and a `GET /worker` for each job of the
    /// other side. Submissions only fill the queue.
    Woken,
    /// Submissions as a program sends them, then a `GET /worker` for each job.
    Pulled,
    /// Submissions as a browser sends them.
    Browser,
}

/// A slice of edgejudge and one of JavaScript that was taken before or after it.
type Slices = Vec<(Sample, Sample)>;

/// All slices that count.
#[derive(Debug, Default)]
struct Samples {
    submit: Slices,
    browser: Slices,
    pulled: Slices,
    woken: Slices,
}

/// Bundles the Workers that [`Rig`] starts; both benches of workerd use the same.
pub(super) fn prepare(as_built: bool) -> Result<(std::path::PathBuf, String)> {
    let folder = project::state().join("bench");
    std::fs::create_dir_all(&folder)?;
    if !as_built {
        tools::ensure(tools::For::Running)?;
        bundle::build_all()?;
    }
    step(
        "redis-rest: compile with optimisation",
        &mut cargo::build(&["--release", "--package", "redis-rest"]),
    )?;
    let date = workerd::compatibility_date()?;
    let classic = ("classic", "bench/classic.js");
    workerd::bundle(&folder, &[workerd::SUBMIT, workerd::WORKER, classic], &date)?;
    Ok((folder, date))
}

/// Builds, starts, measures.
pub(super) fn measure(options: &Options, cancelled: &AtomicBool) -> Result<Report> {
    options.check()?;
    let (folder, date) = prepare(options.as_built)?;
    let mut rig = Rig::start(&folder, &options.settings(), &date, cancelled)?;
    let mut samples = Samples::default();
    for round in 0..WARM_UP_ROUNDS + options.rounds {
        let mut pairs = [Pair::Woken, Pair::Pulled, Pair::Browser];
        shuffle(&mut pairs)?;
        // The warm-up's samples are dropped.
        let mut dropped = Samples::default();
        let counts = round >= WARM_UP_ROUNDS;
        let into = if counts { &mut samples } else { &mut dropped };
        for pair in pairs {
            run(&mut rig, pair, options.load(), cancelled, into)
                .with_context(|| format!("{pair:?}, round {round}"))?;
        }
        if let (Some(submit), Some(pulled)) = (into.submit.last(), into.pulled.last()) {
            say(format!(
                "{} submitted/s {} to {}, by GET /worker {} to {}",
                match round.checked_sub(WARM_UP_ROUNDS) {
                    Some(round) => format!("round {}/{}:", round + 1, options.rounds),
                    None => format!("warm-up {}/{WARM_UP_ROUNDS}:", round + 1),
                },
                number(submit.0.jobs_per_s),
                number(submit.1.jobs_per_s),
                number(pulled.0.jobs_per_s),
                number(pulled.1.jobs_per_s),
            ));
        }
    }
    drop(rig);
    report(options, &samples)
}

/// Both slices of a pair, in random order.
fn run(
    rig: &mut Rig,
    pair: Pair,
    load: Load,
    cancelled: &AtomicBool,
    into: &mut Samples,
) -> Result<()> {
    let mut sides = [Side::Edgejudge, Side::Classic];
    shuffle(&mut sides)?;
    let mut one = |side| {
        let headers: &[_] = if pair == Pair::Browser { &BROWSER } else { &[] };
        let (way, load) = match (pair, side) {
            (Pair::Browser, _) => (None, load),
            (Pair::Woken, Side::Edgejudge) => {
                let jobs = WOKEN_TIMES * load.jobs;
                (Some(Drain::Woken), Load { jobs, ..load })
            }
            (Pair::Woken | Pair::Pulled, _) => (Some(Drain::Pulled), load),
        };
        let (submit, results) = slice::submit(rig, side, headers, load, cancelled)?;
        let Some(way) = way else {
            return Ok((submit, None));
        };
        let drain = slice::drain(rig, side, way, &results, load, cancelled)?;
        anyhow::Ok((submit, Some(drain)))
    };
    let (first, second) = (one(sides[0])?, one(sides[1])?);
    let (ours, other) = match sides[0] {
        Side::Edgejudge => (first, second),
        Side::Classic => (second, first),
    };
    match pair {
        Pair::Woken => {}
        Pair::Pulled => into.submit.push((ours.0, other.0)),
        Pair::Browser => into.browser.push((ours.0, other.0)),
    }
    let drains = match pair {
        Pair::Woken => &mut into.woken,
        Pair::Pulled | Pair::Browser => &mut into.pulled,
    };
    drains.extend(ours.1.zip(other.1));
    Ok(())
}

/// Every order is as likely as any other, but for the last bits of 32.
pub(super) fn shuffle<T>(items: &mut [T]) -> Result<()> {
    for last in (1..items.len()).rev() {
        let random = getrandom::u32().context("random bytes for an order")?;
        items.swap(last, random as usize % (last + 1));
    }
    Ok(())
}

fn report(options: &Options, samples: &Samples) -> Result<Report> {
    Ok(Report {
        name: "queue",
        title: format!(
            "The queue in workerd beside a classic JavaScript Worker: {} rounds of slices of {} \
             jobs, after {WARM_UP_ROUNDS} of warm-up",
            options.rounds, options.jobs
        ),
        machine: format!(
            "{}, {}; Workers as deployed, redis-rest a release build, client and stub a {} build",
            machine::description(),
            machine::workerd()?,
            if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            }
        ),
        ours: "edgejudge",
        other: "JavaScript",
        rows: rows(samples),
        notes: notes(options),
    })
}

/// Two rows with a goal for each kind of slice, and what Redis does for it.
fn rows(samples: &Samples) -> Vec<Row> {
    let Samples {
        submit,
        browser,
        pulled,
        woken,
    } = samples;
    let mut rows = Vec::new();
    for (measure, slices, least) in [
        ("submit", submit, 1.10),
        ("submit, a browser's headers", browser, 1.05),
        ("a job by GET /worker", pulled, 0.80),
        ("a job, woken", woken, 2.50),
    ] {
        let goal = Goal::RatioAtLeast(least);
        if let Some(pairs) = pairs(slices, |sample| Some(sample.cpu?.workerd_ms)) {
            let row = Row::paired(
                measure,
                "ms of workerd's CPU",
                &pairs,
                Direction::OtherToOurs,
            );
            rows.push(row.goal(goal));
        }
        if let Some(pairs) = pairs(slices, |sample| Some(sample.jobs_per_s)) {
            rows.push(Row::paired(measure, "jobs/s", &pairs, Direction::OursToOther).goal(goal));
        }
    }
    for (measure, slices) in [
        ("submit", submit),
        ("a job by GET /worker", pulled),
        ("a job, woken", woken),
    ] {
        if let Some(pairs) = pairs(slices, |sample| Some(sample.cpu?.redis_ms)) {
            rows.push(Row::paired(
                measure,
                "ms of Redis' CPU",
                &pairs,
                Direction::OtherToOurs,
            ));
        }
        if let Some(pairs) = pairs(slices, |sample| Some(sample.commands)) {
            rows.push(Row::paired(
                measure,
                "Redis commands",
                &pairs,
                Direction::OtherToOurs,
            ));
        }
    }
    rows
}

/// What was measured of each pair; `None` if of one it was not.
fn pairs(slices: &Slices, of: impl Fn(&Sample) -> Option<f64>) -> Option<Vec<(f64, f64)>> {
    slices
        .iter()
        .map(|(ours, other)| of(ours).zip(of(other)))
        .collect()
}

fn notes(options: &Options) -> Vec<String> {
    let Load {
        clients, drains, ..
    } = options.load();
    let index = if options.index {
        "both keep a list of a problem's results, too"
    } else {
        "neither keeps a list of a problem's results (with --index both do)"
    };
    vec![
        format!(
            "The same for both: the jobs, {clients} clients at once, how many runs the endpoint \
             may see at once ({clients}: as many clients, or {RUNS_PER_DRAIN} of each drain, of \
             which there are {drains}), the endpoint (a stub that answers at once), redis-rest \
             and redis-server, wrangler's bundle in `workerd serve` (a process each, one \
             thread), an empty database before each slice of submissions, turns in random order; \
             {index}."
        ),
        "Not the same: woken, edgejudge works without a caller and settles jobs in groups; the \
         classic design needs a request for each job, and the client that sends it shares these \
         cores. That is the designs' difference, not the languages'. edgejudge does more: \
         leases, retries, signed ids, limits, statistics, a time-out on each call. The \
         JavaScript Worker loses a job when it is stopped in between. It is bundled as wrangler \
         does by default, names of functions kept, which is a third of its time for a submission."
            .to_owned(),
        "Not measured: a network (on the edge each round trip to Redis takes milliseconds), real \
         runs, the wake-up by a submission (WAKE=off, so that submitting and working stay \
         apart), starts (`cargo xtask bench cold-start`). Platform limits are not enforced by \
         workerd. Processor time is without the client's and the endpoint's; Redis' is \
         redis-rest's with redis-server's."
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::rig::Cpu;
    use super::*;

    fn options() -> Options {
        Options {
            jobs: 100,
            rounds: 1,
            concurrency: 6,
            index: false,
            as_built: true,
        }
    }

    fn sample(jobs_per_s: f64, cpu_ms: f64) -> Sample {
        Sample {
            jobs_per_s,
            commands: 1.0,
            cpu: Some(Cpu {
                workerd_ms: cpu_ms,
                redis_ms: 0.1,
            }),
        }
    }

    #[test]
    fn twice_the_rate_and_half_the_time_are_twice_as_good() {
        let slices = vec![(sample(200.0, 0.5), sample(100.0, 1.0))];
        let samples = Samples {
            submit: slices.clone(),
            browser: slices.clone(),
            pulled: slices.clone(),
            woken: slices,
        };
        let rows = rows(&samples);
        let met: Vec<_> = rows.iter().filter_map(Row::is_met).collect();
        // Everything but the 2.5 times of woken drains.
        assert_eq!(met, [true, true, true, true, true, true, false, false]);
        assert!(
            rows.iter()
                .filter(|row| row.goal.is_some())
                .all(|row| { row.ratio.is_some_and(|ratio| ratio.spread.median == 2.0) })
        );
    }

    #[test]
    fn both_sides_have_as_many_runs_at_once() {
        let mut options = options();
        options.check().unwrap();
        options.concurrency = 8;
        assert!(options.check().is_err());
        options.concurrency = 72;
        options.check().unwrap();
        assert_eq!(options.load().drains, 12);
        // Twelve drains hold 144 jobs, more than the default lets them.
        let worker = options.settings().worker;
        assert!(worker.contains(&("MAX_IN_FLIGHT", "144".to_owned())));
    }

    #[test]
    fn shuffling_loses_nothing_and_changes_orders() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let mut items = [1, 2, 3];
            shuffle(&mut items).unwrap();
            let mut sorted = items;
            sorted.sort_unstable();
            assert_eq!(sorted, [1, 2, 3]);
            seen.insert(items);
        }
        assert_eq!(seen.len(), 6);
    }
}
