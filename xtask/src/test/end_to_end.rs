//! The tests of the whole stack in workerd, and of the queue on a real
//! redis-server: the programs of the crate `e2e`, one after the other.

use std::fs;

use anyhow::Result;

use super::times::{self, TestTime};
use crate::cargo::{self, cargo};
use crate::progress::{self, loud_step};
use crate::{bundle, project};

/// The crate of the end-to-end tests.
pub(super) const CRATE: &str = "e2e";
/// Names the file to which a program appends the time of each test.
const TEST_TIMES: &str = "TEST_TIMES";

/// Runs every program; the Workers and the native programs are built already.
/// Adds the times of the tests, also of those before a failure.
pub(super) fn run(times: &mut Vec<TestTime>) -> Result<()> {
    for program in cargo::test_programs(|package| package == CRATE)? {
        let path = project::state().join(format!("logs/{program}-times"));
        progress::create(&path)?;
        let mut command = cargo("test");
        let outcome = loud_step(
            &format!("end to end: {program}"),
            command
                // Of the workspace, so that nothing is compiled with other
                // features.
                .args(["--workspace", "--test", &program])
                .env(TEST_TIMES, &path)
                .env(bundle::AS_BUILT, "1"),
        );
        let lines = fs::read_to_string(&path).unwrap_or_default();
        times.extend(times::from_program(&program, &lines));
        outcome?;
    }
    Ok(())
}
