//! `cargo xtask bench NAME`: how fast edgejudge is, beside something else in the
//! same run.
//!
//! Machines differ and run other programs too, so an absolute number says little
//! and is no test. The ratio of two measurements taken in turns says more. Every
//! bench returns a [`report::Report`], which is printed as a table or, with
//! `--json`, as JSON; progress goes to standard error. A new bench is a module
//! with its `Options` and a function that returns a report, a variant of
//! [`Bench`], and a line in [`run`].
//!
//! - [`queue`]: both Workers beside a classic JavaScript Worker;
//!   [`cold_start`]: the start of each.
//! - [`scale`]: backlogs of several sizes; [`plan`]: one invocation of the free plan;
//!   both on a [`pair`] of Workers.
//! - [`latency`]: a lone submission up to its verdict, beside its run.
//! - [`runner`]: programs in the sandbox beside the same programs outside it.
//! - [`report`] and [`spread`]: what a bench returns; [`machine`]: on what it ran.
//! - [`crate::workerd`] bundles the Workers and configures workerd; [`rig`] starts
//!   everything; [`stub`] stands in for the execution endpoint; [`mod@slice`] measures
//!   one way of working once.
//! - [`http`] and [`redis`]: clients that take little processor time.

mod cold_start;
mod http;
mod latency;
mod machine;
mod pair;
mod plan;
mod queue;
mod redis;
mod report;
mod rig;
mod runner;
mod scale;
mod slice;
mod spread;
mod stub;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::progress;

/// What is measured.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// The queue in workerd, beside a classic JavaScript Worker.
    Queue(queue::Options),
    /// The runner's sandbox, beside the same programs run bare.
    Runner(runner::Options),
    /// A Worker's start up to its first answers, beside a classic JavaScript Worker.
    ColdStart(cold_start::Options),
    /// Backlogs of several sizes: what a job costs, and how fast they are worked off.
    Scale(scale::Options),
    /// The processor time of one invocation with PLAN=free.
    Plan(plan::Options),
    /// A lone submission up to its verdict, on a development stack, beside its run.
    Latency(latency::Options),
}

/// Sets up, measures, prints. An error if a goal was missed. Leaves only bundles
/// and logs, in `.edgejudge/bench`.
pub fn run(bench: &Bench, as_json: bool) -> Result<()> {
    progress::to_stderr();
    let cancelled = Arc::new(AtomicBool::new(false));
    {
        let cancelled = Arc::clone(&cancelled);
        ctrlc::set_handler(move || cancelled.store(true, Ordering::Relaxed))
            .context("cannot listen for Ctrl-C")?;
    }
    let before = machine::load_average();
    let mut report = measure(bench, &cancelled)?;
    report.machine.push_str(&format!(
        ". Load average before: {before}; after: {}. Above the number of cores, other programs \
         disturb.",
        machine::load_average()
    ));
    if as_json {
        println!("{:#}", report.json());
    } else {
        println!("{report}");
    }
    report.check()
}

fn measure(bench: &Bench, cancelled: &AtomicBool) -> Result<report::Report> {
    match bench {
        Bench::Queue(options) => queue::measure(options, cancelled),
        Bench::Runner(options) => runner::measure(options),
        Bench::ColdStart(options) => cold_start::measure(options, cancelled),
        Bench::Scale(options) => scale::measure(options, cancelled),
        Bench::Plan(options) => plan::measure(options, cancelled),
        Bench::Latency(options) => latency::measure(options, cancelled),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(subcommand)]
        bench: Bench,
    }

    #[test]
    fn every_bench_has_a_help_and_runs_without_options() {
        Cli::command().debug_assert();
        for bench in Cli::command().get_subcommands() {
            let name = bench.get_name();
            assert!(bench.get_about().is_some(), "{name}");
            assert!(Cli::try_parse_from(["bench", name]).is_ok(), "{name}");
            for option in bench.get_arguments() {
                assert!(option.get_help().is_some(), "{name} --{}", option.get_id());
            }
        }
    }

    #[test]
    fn too_small_a_measurement_is_refused_before_anything_is_built() {
        let cancelled = AtomicBool::new(true);
        for (arguments, needed) in [
            (&["queue", "--jobs", "0"][..], "--jobs must be at least 1"),
            (&["queue", "--rounds", "0"], "--rounds must be at least 1"),
            (&["queue", "--concurrency", "8"], "a multiple of 6"),
            (
                &["cold-start", "--samples", "11"],
                "--samples must be at least 12",
            ),
            (&["runner", "--runs", "199"], "--runs must be at least 200"),
            (&["scale", "--rounds", "0"], "--rounds must be at least 1"),
            (
                &["plan", "--invocations", "19"],
                "--invocations must be at least 20",
            ),
            (
                &["latency", "--submissions", "19"],
                "--submissions must be at least 20",
            ),
        ] {
            let words = [&["bench"], arguments].concat();
            let Cli { bench } = Cli::try_parse_from(words).unwrap();
            let error = measure(&bench, &cancelled).unwrap_err().to_string();
            assert!(error.contains(needed), "{arguments:?}: {error}");
        }
    }
}
