//! All tests but the end-to-end ones: unit tests of every crate, and the tests
//! of the runner and redis-rest as processes.
//!
//! With cargo-nextest, if the machine has it: it runs the tests of all programs
//! side by side and reports the time of each. Otherwise with `cargo test`, one
//! program after the other and without times.

use std::fs;
use std::num::NonZero;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::Result;

use super::end_to_end;
use super::times::{self, TestTime};
use crate::cargo::{self, cargo};
use crate::progress::{self, loud_step, say, step};
use crate::{languages, project};

/// How long each fuzz test tries random inputs, in milliseconds.
const FUZZ_MS: &str = "1000";
/// The profile of `.config/nextest.toml`, whose tests take one thread or two.
const PROFILE: &str = "all";
const STEP: &str = "unit tests, tidy, redis-rest and runner";

/// Runs them; the times are those that are known.
pub(super) fn run() -> Result<Vec<TestTime>> {
    if has_nextest() {
        return nextest();
    }
    say("cargo-nextest is not on this machine: unit tests run without their times");
    cargo_test()?;
    Ok(Vec::new())
}

fn has_nextest() -> bool {
    Command::new("cargo")
        .args(["nextest", "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn nextest() -> Result<Vec<TestTime>> {
    let path = project::state().join("logs/unit-tests.json");
    let filter = format!("not (package({}) and kind(test))", end_to_end::CRATE);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let mut command = cargo("nextest run");
    loud_step(
        STEP,
        command
            .arg("--workspace")
            .args(["--profile", PROFILE, "--filterset", &filter])
            .args(["--test-threads", &(2 * cores).to_string()])
            .args(["--status-level", "slow", "--final-status-level", "slow"])
            // The times, on standard output; people read standard error.
            .args(["--message-format", "libtest-json"])
            .env("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1")
            .env("FUZZ_MS", FUZZ_MS)
            .env(languages::LEAST, languages::LEAST_FOR_TESTS)
            // The runner's tests run TypeScript, which needs this project's Node.
            .env("PATH", project::path_with_npm())
            .stdout(progress::create(&path)?),
    )?;
    doc_tests()?;
    Ok(times::from_nextest(&fs::read_to_string(path)?))
}

/// nextest runs none.
fn doc_tests() -> Result<()> {
    let mut command = cargo("test");
    command.args(["--workspace", "--doc", "--quiet"]);
    step("documentation tests", &mut command)
}

fn cargo_test() -> Result<()> {
    let mut command = cargo("test");
    // By name, because leaving a crate out would change the features of others
    // and compile them anew.
    command.args(["--workspace", "--quiet", "--lib", "--bins"]);
    for name in cargo::test_programs(|package| package != end_to_end::CRATE)? {
        command.args(["--test", &name]);
    }
    command
        .env("FUZZ_MS", FUZZ_MS)
        .env(languages::LEAST, languages::LEAST_FOR_TESTS)
        .env("PATH", project::path_with_npm());
    loud_step(STEP, &mut command)?;
    doc_tests()
}
