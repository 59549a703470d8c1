//! `cargo xtask test`: every check there is, cheapest first.

use std::process::Command;

use anyhow::Result;

use crate::progress::{loud_step, step};
use crate::{bundle, dev, project, tools};

/// Runs all checks and stops at the first that fails.
pub fn run() -> Result<()> {
    tools::ensure(tools::For::Testing)?;
    step(
        "format",
        cargo(&["fmt", "--all", "--check"]).env("CARGO_TERM_COLOR", "never"),
    )?;
    step(
        "clippy, native",
        &mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    step(
        "clippy, wasm32",
        &mut cargo(&[
            "clippy",
            "--package",
            "submit-fn",
            "--package",
            "worker-fn",
            "--target",
            "wasm32-unknown-unknown",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    dev::native_programs()?;
    for name in project::WORKERS {
        bundle::build(name)?;
    }
    bundle::dry_run()?;
    loud_step(
        "unit tests, tidy, redis-rest and runner",
        &mut cargo(&["test", "--workspace", "--exclude", "e2e", "--quiet"]),
    )?;
    loud_step(
        "end to end, in workerd",
        &mut cargo(&["test", "--package", "e2e"]),
    )
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(arguments)
        .current_dir(project::root())
        // A failed assertion says where it stands; forty lines more do not help.
        .env("RUST_BACKTRACE", "0");
    command
}
