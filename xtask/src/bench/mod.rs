//! `cargo xtask bench queue`: how many jobs per second go through edgejudge's
//! queue in workerd, beside a classic JavaScript Worker in the same run.
//!
//! Machines differ and run other programs too, so an absolute number says little
//! and is no test. The ratio of two measurements taken in turns on the same
//! stack says more. `cargo xtask bench runner`, in [`mod@runner`], compares
//! programs in the sandbox with the same programs outside it.
//!
//! - [`options`]: what is to be measured; [`machine`]: on what.
//! - [`crate::workerd`] bundles the Workers and configures workerd.
//! - [`rig`] starts everything; [`stub`] stands in for the execution endpoint.
//! - [`round`] measures one way of working once; [`report`] sums up all rounds,
//!   each figure with its [`spread`].
//! - [`http`] and [`redis`]: clients that take little processor time.

mod http;
mod machine;
mod options;
mod redis;
mod report;
mod rig;
mod round;
mod runner;
mod spread;
mod stub;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};

use crate::progress::{say, step};
use crate::{bundle, cargo, project, tools, workerd};
pub use options::Options;
use report::Report;
use rig::Rig;
use round::Way;
pub use runner::runner;

/// Sets up, measures, prints. Leaves only bundles and logs, in
/// `.edgejudge/bench`.
pub fn queue(options: &Options) -> Result<()> {
    options.check()?;
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
        bundle::build_all()?;
    }
    step(
        "redis-rest: compile with optimisation",
        &mut cargo::build(&["--release", "--package", "redis-rest"]),
    )?;
    let date = workerd::compatibility_date()?;
    let classic = ("classic", "bench/classic.js");
    workerd::bundle(&folder, &[workerd::SUBMIT, workerd::WORKER, classic], &date)?;
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
    let before = machine::load_average();
    // The classic Worker runs between the two that are compared with it. Every
    // other round is reversed, so that a drift of the machine favours no side.
    let mut order = [Way::Wakes, Way::Classic, Way::Pulled];
    let mut report = Report::new(options, machine::description()?);
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
    report.add_note(format!(
        "Load average before: {before}; after: {}.",
        machine::load_average()
    ));
    Ok(report)
}
