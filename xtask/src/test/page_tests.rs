//! The page's own tests, `web/tests/*.test.ts`: the built page in headless Chromium
//! against a made-up API. Those against the whole stack are the program `page` of
//! the crate `e2e`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::times::{self, TestTime};
use crate::progress::{self, step};
use crate::{page, project, tools};

const STEP: &str = "page: tests";
const FOLDER: &str = "web/tests";
const ENDING: &str = ".test.ts";

/// Runs them; the page is built already.
pub(super) fn run() -> Result<()> {
    let files = files()?;
    if files.is_empty() {
        bail!("{FOLDER} has no tests");
    }
    progress::create(&times_path())?;
    step(
        STEP,
        page::node_tests(&times_path())
            .args(files)
            .env(tools::CHROMIUM, tools::chromium()?),
    )
}

/// The times of the tests that have ended.
pub(super) fn times() -> Vec<TestTime> {
    let lines = fs::read_to_string(times_path()).unwrap_or_default();
    times::from_program(STEP, &lines)
}

/// By name, relative to the project's root.
fn files() -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(project::root().join(FOLDER))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(ENDING) {
            files.push(project::relative(&path).to_owned());
        }
    }
    files.sort();
    Ok(files)
}

fn times_path() -> PathBuf {
    project::state().join("logs/page-tests-times")
}
