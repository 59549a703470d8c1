//! The tests of the whole stack in workerd, and of the queue on a real
//! redis-server: the programs of the crate `e2e`.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::page_tests;
use super::times::{self, TestTime};
use crate::cargo::{self, cargo};
use crate::progress::{self, step};
use crate::{bundle, project};

/// The crate of the end-to-end tests.
pub(super) const CRATE: &str = "e2e";
/// The program whose submissions have limits of time: it has the machine for
/// itself.
const RUNS_ALONE: &str = "e2e";
/// The longest program, which mostly waits: beside it the small ones run, one after the
/// other, because it also measures how long somebody has to wait.
const LONGEST: &str = "chaos";
/// The page in a browser. Its own tests run after it, not beside it: frames and focus
/// come late where two browsers share the machine with a whole stack.
const PAGE: &str = "page";
/// Names the file to which a program writes the time of each test.
const TEST_TIMES: &str = "TEST_TIMES";

/// Runs every program; the Workers and the native programs are built already.
/// Adds the times of the tests, also if one fails.
pub(super) fn run(times: &mut Vec<TestTime>) -> Result<()> {
    let programs = cargo::test_programs(|package| package == CRATE)?;
    let others: Vec<&str> = programs
        .iter()
        .map(String::as_str)
        .filter(|program| ![RUNS_ALONE, PAGE, LONGEST].contains(program))
        .collect();
    let one_by_one = || others.iter().try_for_each(|program| run_program(program));
    let outcome = progress::side_by_side(&[&[&|| run_program(LONGEST)], &[&one_by_one]])
        .and_then(|()| run_program(PAGE))
        .and_then(|()| page_tests::run())
        .and_then(|()| run_program(RUNS_ALONE));
    times.extend(page_tests::times());
    for program in &programs {
        let lines = fs::read_to_string(times_path(program)).unwrap_or_default();
        times.extend(times::from_program(program, &lines));
    }
    outcome
}

fn run_program(program: &str) -> Result<()> {
    let path = times_path(program);
    progress::create(&path)?;
    step(
        &format!("end to end: {program}"),
        cargo("test")
            // Of the workspace, so that nothing is compiled with other features.
            .args(["--workspace", "--test", program])
            .env(TEST_TIMES, path)
            .env(bundle::AS_BUILT, "1"),
    )
}

fn times_path(program: &str) -> PathBuf {
    project::state().join(format!("logs/{program}-times"))
}
