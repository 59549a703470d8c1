//! `cargo xtask screenshots`: pictures of every view of the page, into
//! `docs/screenshots/`.
//!
//! A stack of its own is started, and `web/screenshots.ts` fills it with real
//! submissions, has some of them fail, and opens each view: light and dark, on a
//! phone and on a desktop.

use std::fs;
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use crate::progress::{self, loud_step, say, step};
use crate::project::Build;
use crate::stack::{Options, Ports, Stack};
use crate::{bundle, cargo, page, ports, problems, project, tools};

const FOLDER: &str = "docs/screenshots";
/// What all pictures together may take: they are in every clone.
const MAX_BYTES: u64 = 3_000_000;

/// Takes the pictures, in the place of those that are there.
pub fn run() -> Result<()> {
    tools::ensure(tools::For::Testing)?;
    progress::side_by_side(&[&[&native_programs], &[&bundle::build_all]])?;
    let folder = project::state().join("screenshots");
    fs::remove_dir_all(&folder).ok();
    // Between the Worker and the runner stands a proxy of the script's, which fails
    // some jobs: dead letters are a view of their own.
    let [endpoint] = ports::free()?;
    let options = Options {
        ports: Ports::free()?,
        folder,
        build: Build::Debug,
        submit_vars: Vec::new(),
        worker_vars: vec![(
            "EXECUTOR_URL",
            Some(format!("http://127.0.0.1:{endpoint}/api/v2")),
        )],
    };
    let stack = Stack::start(&options, &AtomicBool::new(false))?;
    let all = problems::load(&problems::own())?;
    problems::publish(&all, &stack.submit_url(), &stack.token, |_| ())?;
    let target = project::root().join(FOLDER);
    loud_step(
        "screenshots",
        page::npm_program("node")
            .arg("web/screenshots.ts")
            .arg(&target)
            .env("PAGE_URL", stack.submit_url())
            .env("WORKER_URL", stack.worker_url())
            .env("RUNNER_URL", stack.runner_url())
            .env("ENDPOINT_PORT", endpoint.to_string())
            .env("ADMIN_TOKEN", &stack.token)
            .env(tools::CHROMIUM, tools::chromium()?),
    )?;
    drop(stack);
    report(&target)
}

fn native_programs() -> Result<()> {
    step(
        "redis-rest, runner: compile",
        &mut cargo::build(&["--package", "redis-rest", "--package", "runner"]),
    )
}

fn report(folder: &std::path::Path) -> Result<()> {
    let mut count = 0;
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        count += 1;
        bytes += entry?.metadata()?.len();
    }
    say(format!(
        "{count} pictures in {}, {} KB",
        progress::shown(folder),
        bytes / 1_000
    ));
    if bytes > MAX_BYTES {
        say(format!("warning: more than {} KB", MAX_BYTES / 1_000));
    }
    Ok(())
}
