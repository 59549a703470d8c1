//! `cargo xtask bench latency`: how long a lone submission takes beyond its run, from
//! `POST /submit` until a client sees the verdict, and where each millisecond goes.
//!
//! It runs on a development stack of its own, as `cargo xtask dev` starts it. Under
//! wrangler each call of a Worker goes through proxies, which are most of what would be
//! measured. So the Workers run in a workerd of their own as well ([`plain`]), for which
//! the goal is, and in a third one whose connections go through a [`tap`] each, which
//! the steps are cut by. All take turns, and so do the programs, and clients that wait
//! with `?wait=` and that follow the events. [`sample`] follows one submission.

mod plain;
mod sample;
mod tap;

use std::env;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use clap::Args;

use self::plain::{Plain, Upstreams};
use self::sample::{Program, STEPS, Sample, Taps, Watcher};
use super::machine;
use super::report::{Direction, Goal, Report, Row};
use super::spread::Spread;
use crate::progress::say;
use crate::project::Build;
use crate::stack::{self, Ports, Stack};
use crate::{bundle, dev, project, tools};

/// The goal: how much longer than its run a submission takes at most, in
/// milliseconds.
const GOAL_MS: f64 = 15.0;
/// With fewer submissions the spread says nothing.
const MIN_SUBMISSIONS: usize = 20;
/// Submissions of each kind that are not counted.
const WARM_UP: usize = 5;
/// The pause after a submission, so that the next one comes alone.
const PAUSE: Duration = Duration::from_millis(40);

const PROGRAMS: [Program; 2] = [
    Program {
        language: "bash",
        code: "echo hi",
    },
    Program {
        language: "python",
        code: "print('hi')",
    },
];

/// What is to be measured.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Submissions of each program by each kind of client, 20 or more.
    #[arg(long, default_value_t = 100)]
    submissions: usize,
}

/// What the Workers run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A workerd for both.
    Workerd,
    /// The same, through the taps.
    Tapped,
    /// `wrangler dev`, as `cargo xtask dev` has it.
    Wrangler,
}

/// The samples of one program and one kind of client.
struct Series {
    place: Place,
    port: u16,
    program: Program,
    watcher: Watcher,
    samples: Vec<Sample>,
}

/// Sets up and measures. With the variable [`bundle::AS_BUILT`] it takes the native
/// programs, too, as they are.
pub(super) fn measure(options: &Options, cancelled: &AtomicBool) -> Result<Report> {
    ensure!(
        options.submissions >= MIN_SUBMISSIONS,
        "--submissions must be at least {MIN_SUBMISSIONS}: fewer show no spread"
    );
    if env::var_os(bundle::AS_BUILT).is_none() {
        tools::ensure(tools::For::Running)?;
        dev::native_programs()?;
        bundle::build_all()?;
    }
    let ports = Ports::free()?;
    let taps = Taps::start(ports.redis_rest, ports.runner)?;
    let options_of_stack = stack::Options {
        ports,
        folder: project::state().join("bench/latency"),
        build: Build::Optimised,
        submit_vars: Vec::new(),
        worker_vars: Vec::new(),
    };
    let stack = Stack::start(&options_of_stack, cancelled)?;
    plain::bundle()?;
    let start = |name, to| Plain::start(name, to, &stack.token, cancelled);
    let plain = start("latency", Upstreams::direct(&ports))?;
    let tapped = start("latency-tapped", Upstreams::tapped(&taps))?;
    let sandbox = stack.sandbox();
    let places = [
        (Place::Workerd, plain.port),
        (Place::Tapped, tapped.port),
        (Place::Wrangler, ports.submit),
    ];
    let all = submit_all(options.submissions, &taps, places, cancelled)?;
    drop((plain, tapped));
    drop(stack);
    Ok(Report {
        name: "latency",
        title: format!(
            "From POST /submit of a lone submission until a client sees the verdict, beside its \
             run alone: {} submissions each",
            options.submissions
        ),
        machine: format!("{}, {}", machine::description(), machine::workerd()?),
        ours: "in all",
        other: "the run",
        rows: rows(&all),
        notes: notes(&sandbox),
    })
}

fn submit_all(
    submissions: usize,
    taps: &Taps,
    places: [(Place, u16); 3],
    cancelled: &AtomicBool,
) -> Result<Vec<Series>> {
    let mut all: Vec<Series> = Vec::new();
    for (place, port) in places {
        for program in PROGRAMS {
            for watcher in [Watcher::Wait, Watcher::Events] {
                all.push(Series {
                    place,
                    port,
                    program,
                    watcher,
                    samples: Vec::new(),
                });
            }
        }
    }
    for round in 0..WARM_UP + submissions {
        for series in &mut all {
            if cancelled.load(Ordering::Relaxed) {
                bail!("cancelled");
            }
            let sample = sample::take(series.port, taps, series.program, series.watcher)?;
            if round >= WARM_UP {
                series.samples.push(sample);
            }
            thread::sleep(PAUSE);
        }
    }
    for series in &all {
        let beyond: Vec<f64> = series.samples.iter().map(Sample::beyond_ms).collect();
        let beyond = Spread::of(&beyond).shown();
        say(format!("{}: {beyond} ms beyond the run", series.name()));
    }
    Ok(all)
}

impl Series {
    fn name(&self) -> String {
        let language = self.program.language;
        let watcher = match self.watcher {
            Watcher::Wait => "?wait=",
            Watcher::Events => "events",
        };
        match self.place {
            Place::Workerd => format!("{language}, {watcher}"),
            Place::Tapped => format!("{language}, {watcher}, through relays"),
            Place::Wrangler => format!("{language}, {watcher}, wrangler"),
        }
    }
}

fn rows(all: &[Series]) -> Vec<Row> {
    let in_all = all.iter().map(|series| {
        let samples = series.samples.iter();
        let pairs: Vec<(f64, f64)> = samples.map(|one| (one.in_all_ms, one.run_ms)).collect();
        let row = Row::paired(series.name(), "ms", &pairs, Direction::OursToOther);
        match series.place {
            Place::Workerd => row.goal(Goal::DifferenceAtMost(GOAL_MS)),
            Place::Tapped | Place::Wrangler => row,
        }
    });
    let tapped = all.iter().filter(|one| one.place == Place::Tapped);
    let steps = tapped.flat_map(|series| {
        STEPS.into_iter().enumerate().map(|(index, step)| {
            let seen = series.samples.iter().filter_map(|one| one.steps);
            let times: Vec<f64> = seen.map(|steps| steps[index]).collect();
            Row::alone(
                format!("{}: {step}", series.name()),
                "ms",
                Spread::of(&times),
            )
        })
    });
    in_all.chain(steps).collect()
}

fn notes(sandbox: &str) -> Vec<String> {
    vec![
        "The time runs from the first byte of the submission to the last of the verdict, on \
         connections that are open already. The run is what the runner reports of it, in whole \
         milliseconds, which are rounded down. Each submission comes alone, and the clients take \
         turns."
            .into(),
        format!(
            "The stack is that of cargo xtask dev ({sandbox}): with both Workers in one workerd; \
             with both in one whose connections to redis-rest and to the runner go through \
             relays, by which the steps are cut; and under wrangler, which adds proxies before \
             each Worker and between them. A step below zero began before the one above it had \
             ended."
        ),
    ]
}
