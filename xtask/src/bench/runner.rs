//! `cargo xtask bench runner`: the overhead of the sandbox. The runner crate's
//! example `overhead` runs the same program bare and sandboxed ("held"), in turns;
//! this module builds it, shows its figures and checks them against the promised
//! ratio.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::machine;
use crate::cargo;
use crate::progress::{say, step};
use crate::project;

/// The promise: the median of sandboxed runs divided by that of bare runs.
const MAX_RATIO: f64 = 1.3;
/// The languages with a promise, at one run at a time. A C program that does
/// nothing takes less time than its sandbox, so C is shown without a promise.
const PROMISED: [&str; 2] = ["python", "javascript"];
/// With fewer runs the quartiles say nothing.
const MIN_RUNS: usize = 200;

/// The figures of one program.
#[derive(Debug, PartialEq)]
struct Row {
    language: String,
    /// Parallel runs.
    at_once: u64,
    /// Wall time in ms: median, first and third quartile.
    bare: [f64; 3],
    /// The same in the sandbox.
    held: [f64; 3],
    /// Of the medians, held to bare.
    ratio: f64,
}

impl Row {
    fn parse(line: &str) -> Result<Self> {
        let row: Value = serde_json::from_str(line)?;
        let number = |value: &Value| value.as_f64().context("a number is missing");
        let spread = |value: &Value| -> Result<[f64; 3]> {
            let quartiles = &value["quartiles"];
            Ok([
                number(&value["median"])?,
                number(&quartiles[0])?,
                number(&quartiles[1])?,
            ])
        };
        Ok(Self {
            language: row["language"].as_str().context("no language")?.to_owned(),
            at_once: row["at_once"].as_u64().context("no number at once")?,
            bare: spread(&row["bare_ms"])?,
            held: spread(&row["held_ms"])?,
            ratio: number(&row["ratio"])?,
        })
    }

    /// Whether the promise is kept; `None` if there is none.
    fn verdict(&self) -> Option<bool> {
        let promised = self.at_once == 1 && PROMISED.contains(&self.language.as_str());
        promised.then_some(self.ratio <= MAX_RATIO)
    }

    fn shown(&self) -> String {
        let Self {
            language,
            at_once,
            bare: [bare, bare_low, bare_high],
            held: [held, held_low, held_high],
            ratio,
        } = self;
        let verdict = match self.verdict() {
            Some(true) => "  pass",
            Some(false) => "  FAIL",
            None => "",
        };
        format!(
            "{language:<10}  {at_once}  {bare:>6.1} ({bare_low:.1} to {bare_high:.1})  \
             {held:>6.1} ({held_low:.1} to {held_high:.1})  × {ratio:.2}{verdict}"
        )
    }
}

/// Builds, measures `runs` of each kind, prints. An error if a promise is broken
/// or could not be measured.
pub fn runner(runs: usize) -> Result<()> {
    ensure!(
        runs >= MIN_RUNS,
        "--runs must be at least {MIN_RUNS}: fewer show no spread"
    );
    step(
        "runner: compile with optimisation",
        &mut cargo::build(&["--release", "--package", "runner", "--example", "overhead"]),
    )?;
    let before = machine::load_average();
    println!("▸ {runs} runs of each, bare and held in turns");
    say("language, at once, bare ms (middle half), held ms (middle half), ratio of medians");
    let mut child = Command::new(project::target().join("release/examples/overhead"))
        .args([&runs.to_string(), "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the measurement cannot be started")?;
    let stdout = child.stdout.take().context("no output to read")?;
    let mut rows = Vec::new();
    for line in BufReader::new(stdout).lines() {
        let row = Row::parse(&line?).context("a figure cannot be read")?;
        say(row.shown());
        rows.push(row);
    }
    let status = child.wait()?;
    ensure!(status.success(), "the measurement failed ({status})");
    say(format!(
        "Load average before: {before}; after: {}. Above the number of cores, others disturb.",
        machine::load_average()
    ));
    judge(&rows)
}

fn judge(rows: &[Row]) -> Result<()> {
    for language in PROMISED {
        let row = rows
            .iter()
            .find(|row| row.language == language && row.verdict().is_some())
            .with_context(|| {
                format!("{language} is not on this machine: its promise was not measured")
            })?;
        if row.verdict() == Some(false) {
            bail!(
                "{language} takes {:.2} times as long in the sandbox; at most {MAX_RATIO} is promised",
                row.ratio
            );
        }
    }
    say(format!(
        "pass: {} at one at once take at most {MAX_RATIO} times as long",
        PROMISED.join(" and ")
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(language: &str, at_once: u64, ratio: f64) -> Row {
        let line = serde_json::json!({
            "language": language, "at_once": at_once, "runs": 200, "ratio": ratio,
            "bare_ms": {"median": 10.0, "quartiles": [9.0, 11.0]},
            "held_ms": {"median": 10.0 * ratio, "quartiles": [9.5, 12.0]},
        });
        Row::parse(&line.to_string()).unwrap()
    }

    #[test]
    fn only_languages_with_a_promise_are_judged() {
        let mut rows = vec![
            row("python", 1, 1.3),
            row("python", 2, 1.9),
            row("javascript", 1, 1.1),
            row("c", 1, 9.0),
        ];
        judge(&rows).unwrap();
        assert!(rows[0].shown().ends_with("pass"), "{}", rows[0].shown());
        assert!(rows[3].shown().ends_with("× 9.00"), "{}", rows[3].shown());
        rows[2] = row("javascript", 1, 1.31);
        assert!(judge(&rows).is_err());
        rows.remove(0);
        let error = judge(&rows).unwrap_err().to_string();
        assert!(error.contains("python is not"), "{error}");
    }
}
