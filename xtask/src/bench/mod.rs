//! `cargo xtask bench queue`: how many jobs a second go through edgejudge's
//! queue in workerd, beside a classic JavaScript Worker in the same run.
//!
//! Machines differ and are busy with other things, so a number alone says
//! little and is no test. What is worth something is the ratio of two things
//! that were measured in turns on the same stack. `cargo xtask bench runner`, in
//! [`runner`], does the same with programs in the sandbox and outside it.
//!
//! - [`workers`] bundles the Workers and sets workerd up.
//! - [`rig`] starts everything; [`stub`] stands in for the execution endpoint.
//! - [`round`] measures one way of working once; [`report`] puts all together, each
//!   figure with its [`spread`].
//! - [`http`] and [`redis`] are small clients that stay out of the way.

mod http;
mod redis;
mod report;
mod rig;
mod round;
mod runner;
mod spread;
mod stub;
mod workers;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail, ensure};

use crate::bundle;
use crate::progress::{say, step};
use crate::project;
use crate::tools;
use report::Report;
use rig::Rig;
use round::Way;
pub use runner::runner;

/// How many jobs one drain has run at once: the platform lets an invocation
/// have so many requests in flight.
const RUNS_A_DRAIN: usize = 6;
/// How many jobs one drain holds at once.
const HELD_BY_A_DRAIN: usize = 12;

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Options {
    /// Jobs in each phase.
    pub jobs: usize,
    /// Rounds that count.
    pub rounds: usize,
    /// Parallel clients, and runs at the endpoint at once. A multiple of 6.
    pub concurrency: usize,
    /// Whether both sides keep a list of a problem's results.
    pub index: bool,
    /// Whether to take the Workers' bundles as they are.
    pub as_built: bool,
}

impl Options {
    /// Room for every drain, so that the system's cap is not what is measured.
    fn max_in_flight(&self) -> usize {
        60.max(self.concurrency / RUNS_A_DRAIN * HELD_BY_A_DRAIN)
    }
}

/// Sets up, measures, prints. Nothing stays behind but the bundles and logs in
/// `.edgejudge/bench`.
pub fn queue(options: &Options) -> Result<()> {
    ensure!(
        options.concurrency > 0 && options.concurrency.is_multiple_of(RUNS_A_DRAIN),
        "--concurrency must be a multiple of {RUNS_A_DRAIN}: a drain runs {RUNS_A_DRAIN} jobs at \
         once, and both sides are to have as many at the endpoint"
    );
    ensure!(options.jobs > 0, "--jobs must be at least 1");
    ensure!(
        options.rounds >= 5,
        "--rounds must be at least 5: fewer show no spread"
    );
    let cancelled = Arc::new(AtomicBool::new(false));
    {
        let cancelled = Arc::clone(&cancelled);
        ctrlc::set_handler(move || cancelled.store(true, Ordering::Relaxed))
            .context("cannot listen for Ctrl-C")?;
    }
    let folder = project::state().join("bench");
    std::fs::create_dir_all(&folder)?;
    if !options.as_built {
        tools::ensure(tools::For::Running)?;
        for name in project::WORKERS {
            bundle::build(name)?;
        }
    }
    step(
        "redis-rest: compile with optimisation",
        Command::new("cargo")
            .args(["build", "--release", "--package", "redis-rest"])
            .current_dir(project::root()),
    )?;
    let date = workers::compatibility_date()?;
    workers::bundle(&folder, &date)?;
    if cancelled.load(Ordering::Relaxed) {
        bail!("cancelled");
    }
    let mut rig = Rig::start(&folder, options, &date, &cancelled)?;
    let report = measure(&mut rig, options, &cancelled)?;
    drop(rig);
    println!("\n{report}");
    Ok(())
}

fn measure(rig: &mut Rig, options: &Options, cancelled: &AtomicBool) -> Result<Report> {
    let before = load();
    // The classic stands in the middle: beside both it is compared with. Every
    // other round goes backwards, so that what drifts favours nobody.
    let mut order = [Way::Wakes, Way::Classic, Way::Pulled];
    let mut report = Report::new(options, surroundings()?);
    for round in 0..=options.rounds {
        for way in order {
            let sample = round::run(rig, way, options, cancelled)
                .with_context(|| format!("{}, round {round}", way.name()))?;
            say(format!(
                "{:<11} {:<29} {:>6.0} submitted/s {:>6.0} drained/s",
                if round == 0 {
                    "warm-up".to_owned()
                } else {
                    format!("round {round}/{}", options.rounds)
                },
                way.name(),
                sample.submit.jobs_per_s,
                sample.drain.jobs_per_s
            ));
            if round > 0 {
                report.add(way, sample);
            }
        }
        order.reverse();
    }
    report.add_surroundings(format!("Load average before: {before}; after: {}.", load()));
    Ok(report)
}

/// What the figures depend on, for whoever reads them elsewhere.
fn surroundings() -> Result<Vec<String>> {
    let workerd = Command::new(project::npm_bin("workerd"))
        .arg("--version")
        .env("PATH", project::path_with_npm())
        .output()
        .context("workerd cannot be started")?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    Ok(vec![format!(
        "Ran on {cores} cores for everything, {}; Workers as deployed, redis-rest a release \
         build, client and stub a {} build.",
        String::from_utf8_lossy(&workerd.stdout).trim(),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        }
    )])
}

/// How busy the machine is; above the number of cores, others disturb.
fn load() -> String {
    std::fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split(' ').next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned())
}
