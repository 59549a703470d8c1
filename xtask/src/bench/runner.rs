//! `cargo xtask bench runner`: the overhead of the sandbox, and what an interpreter
//! saves that has waited for its code. The runner crate's example `overhead` runs the
//! same program bare, sandboxed ("held"), and in a sandbox whose interpreter waits
//! ("warm"), in turns; this module builds it and reports its figures with the promised
//! ratios.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;

use super::machine;
use super::report::{Direction, Goal, Ratio, Report, Row};
use super::spread::Spread;
use crate::cargo;
use crate::progress::{say, step};
use crate::project;

/// The promise: the median of sandboxed runs divided by that of bare runs.
const MAX_RATIO: f64 = 1.3;
/// The same for an interpreter that waits. What is measured begins with the code.
const MAX_WARM_RATIO: f64 = 0.6;
/// The languages with a promise, at one run at a time. A C program that does
/// nothing takes less time than its sandbox, so C is shown without a promise.
const PROMISED: [&str; 2] = ["python", "javascript"];
/// With fewer runs the quartiles say nothing.
const MIN_RUNS: usize = 200;

/// What is to be measured.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Runs of each program, bare, in the sandbox and warm, one and two at a time;
    /// 200 or more.
    #[arg(long, default_value_t = 200)]
    runs: usize,
}

/// Builds and measures. An error if what is promised could not be measured.
pub(super) fn measure(options: &Options) -> Result<Report> {
    let runs = options.runs;
    ensure!(
        runs >= MIN_RUNS,
        "--runs must be at least {MIN_RUNS}: fewer show no spread"
    );
    step(
        "runner: compile with optimisation",
        &mut cargo::build(&["--release", "--package", "runner", "--example", "overhead"]),
    )?;
    say(format!(
        "▸ {runs} runs of each: bare, held and warm in turns"
    ));
    let mut child = Command::new(project::target().join("release/examples/overhead"))
        .args([&runs.to_string(), "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the measurement cannot be started")?;
    let stdout = child.stdout.take().context("no output to read")?;
    let mut rows = Vec::new();
    for line in BufReader::new(stdout).lines() {
        let row = row(&line?).context("a figure cannot be read")?;
        say(format!("{}: {} ms", row.measure, row.ours.shown()));
        rows.push(row);
    }
    let status = child.wait()?;
    ensure!(status.success(), "the measurement failed ({status})");
    all_promised(&rows)?;
    Ok(Report {
        name: "runner",
        title: format!("The sandbox beside the same programs run bare: {runs} runs of each"),
        machine: machine::description(),
        ours: "in the sandbox",
        other: "bare",
        rows,
        notes: vec![
            "The ratio is of the medians, the sandbox's to the bare one. A C program that does \
             nothing takes less time than its sandbox, so C has no goal; nor have two at once, \
             which measure the machine's cores as well."
                .to_owned(),
        ],
    })
}

/// A line of the example's figures.
fn row(line: &str) -> Result<Row> {
    let figures: Value = serde_json::from_str(line)?;
    let number = |value: &Value| value.as_f64().context("a number is missing");
    let samples = figures["runs"].as_u64().context("no number of runs")?;
    let spread = |value: &Value| -> Result<Spread> {
        Ok(Spread {
            median: number(&value["median"])?,
            low: number(&value["quartiles"][0])?,
            high: number(&value["quartiles"][1])?,
            samples: usize::try_from(samples)?,
        })
    };
    let language = figures["language"].as_str().context("no language")?;
    let at_once = figures["at_once"].as_u64().context("no number at once")?;
    let is_warm = figures["way"] == "warm";
    let held = spread(&figures["held_ms"])?;
    let ratio = Spread {
        median: number(&figures["ratio"])?,
        low: f64::NAN,
        high: f64::NAN,
        samples: held.samples,
    };
    let row = Row {
        other: Some(spread(&figures["bare_ms"])?),
        ratio: Some(Ratio {
            direction: Direction::OursToOther,
            spread: ratio,
        }),
        ..Row::alone(measure_of(language, at_once, is_warm), "ms", held)
    };
    Ok(if at_once == 1 && PROMISED.contains(&language) {
        row.goal(Goal::RatioAtMost(if is_warm {
            MAX_WARM_RATIO
        } else {
            MAX_RATIO
        }))
    } else {
        row
    })
}

fn measure_of(language: &str, at_once: u64, is_warm: bool) -> String {
    let warm = if is_warm { " that waited" } else { "" };
    format!("{language}{warm}, {at_once} at once")
}

fn all_promised(rows: &[Row]) -> Result<()> {
    for language in PROMISED {
        for is_warm in [false, true] {
            let measure = measure_of(language, 1, is_warm);
            ensure!(
                rows.iter().any(|row| row.measure == measure),
                "{measure} is not there: the promise was not measured, because this machine lacks \
                 the language"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(language: &str, way: &str, at_once: u64, ratio: f64) -> Row {
        let line = serde_json::json!({
            "language": language, "way": way, "at_once": at_once, "runs": 200, "ratio": ratio,
            "bare_ms": {"median": 10.0, "quartiles": [9.0, 11.0]},
            "held_ms": {"median": 10.0 * ratio, "quartiles": [9.5, 12.0]},
        });
        row(&line.to_string()).unwrap()
    }

    #[test]
    fn only_languages_with_a_promise_are_judged() {
        let mut rows = vec![
            line("python", "held", 1, 1.3),
            line("python", "warm", 1, 0.6),
            line("python", "held", 2, 1.9),
            line("javascript", "held", 1, 1.31),
            line("javascript", "warm", 1, 0.61),
            line("c", "held", 1, 9.0),
        ];
        let met: Vec<_> = rows.iter().map(Row::is_met).collect();
        let (kept, broken) = (Some(true), Some(false));
        assert_eq!(met, [kept, kept, None, broken, broken, None]);
        assert_eq!(rows[0].ours.shown(), "13.0 (9.50 to 12.0)");
        all_promised(&rows).unwrap();
        for lacking in [0, 1] {
            let row = rows.remove(lacking);
            let error = all_promised(&rows).unwrap_err().to_string();
            assert!(error.contains("is not there"), "{error}");
            rows.insert(lacking, row);
        }
    }
}
