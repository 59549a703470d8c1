//! `cargo xtask test`: every check there is.
//!
//! Everything that compiles is in two tracks side by side, because each has
//! stretches that keep only one core busy or wait for the network: in one lints,
//! documentation and tests in the debug profile, in the other the tools, the page
//! and the Workers. All native code is compiled with the features of the whole
//! workspace, so that no crate is built twice. The tests come after that, because
//! many of them measure time.

mod dependencies;
mod end_to_end;
mod page_tests;
mod times;
mod unit;

use anyhow::Result;

use self::times::TestTime;
use crate::cargo::{self, cargo};
use crate::progress::{self, say, step};
use crate::{bundle, languages, page, tools};

/// How many of the slowest tests are listed.
const SLOWEST: usize = 5;

/// Runs all checks, stops at the first that fails, and reports what took how
/// long.
pub fn run() -> Result<()> {
    let mut times = Vec::new();
    let outcome = checks(&mut times);
    report(times);
    outcome
}

fn checks(times: &mut Vec<TestTime>) -> Result<()> {
    format()?;
    let tools = || {
        tools::ensure(tools::For::Testing)?;
        languages::for_tests()
    };
    progress::side_by_side(&[
        &[&clippy_native, &documentation, &compile_native],
        &[
            &tools,
            &page::check_types,
            &page::lint,
            &dependencies::check,
            &bundle::build_all,
            &clippy_wasm,
        ],
    ])?;
    bundle::dry_run()?;
    times.extend(unit::run()?);
    end_to_end::run(times)
}

fn format() -> Result<()> {
    step(
        "format",
        cargo::format()
            .args(["--all", "--check"])
            .env("CARGO_TERM_COLOR", "never"),
    )
}

fn clippy_native() -> Result<()> {
    let mut command = cargo("clippy");
    command.args(["--workspace", "--all-targets", "--", "-D", "warnings"]);
    step("clippy, native", &mut command)
}

fn clippy_wasm() -> Result<()> {
    let mut command = cargo("clippy");
    command
        .args(["--package", "submit-fn", "--package", "worker-fn"])
        .args(["--target", "wasm32-unknown-unknown"])
        .args(["--", "-D", "warnings"]);
    step("clippy, wasm32", &mut command)
}

/// Links in comments must lead somewhere, also between private items.
fn documentation() -> Result<()> {
    // Public modules link to their private parts: these pages are for people who
    // work on the code, and hold both.
    const FLAGS: &str = "-D warnings -A rustdoc::private_intra_doc_links";
    let mut command = cargo("doc");
    command
        .args(["--workspace", "--no-deps", "--document-private-items"])
        // With examples cargo takes the features of the tests, with which
        // everything has been checked already.
        .args(["--lib", "--examples"])
        .env("RUSTDOCFLAGS", FLAGS);
    step("cargo doc", &mut command)
}

/// All tests, and the native programs that they start.
fn compile_native() -> Result<()> {
    let mut command = cargo("test");
    command.args(["--workspace", "--no-run"]);
    step("tests and native programs: compile", &mut command)
}

fn report(times: Vec<TestTime>) {
    println!("\nHow long each step took; some ran side by side:");
    for (name, took) in progress::durations() {
        say(format!("{:>7.1} s  {name}", took.as_secs_f64()));
    }
    if !times.is_empty() {
        println!("The slowest tests:");
        for TestTime { name, seconds } in times::slowest(times, SLOWEST) {
            say(format!("{seconds:>7.1} s  {name}"));
        }
    }
}
