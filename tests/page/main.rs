//! The page against the whole stack: each file of `web/tests/stack` is a test.
//!
//! The files are TypeScript and drive headless Chromium; this program starts the
//! stack, empties it before each file, publishes the sample problems, and runs the
//! file with the project's Node. The runner stands behind a proxy that fails
//! jobs on demand ([`endpoint`]), and a small server lets a file kill and restart
//! parts ([`control`]).

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

mod control;
mod endpoint;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};
use support::api::SubmitFn;
use support::redis_client::RedisClient;
use support::stack;
use support::wait::{SOON, wait_for};
use xtask::stack::{Ports, Stack};
use xtask::{page, problems, project, tools};

use control::Control;
use endpoint::FailingEndpoint;

/// The folder of the test files.
const FILES: &str = "web/tests/stack";
const ENDING: &str = ".test.ts";

/// The stack, from the first file on.
type Shared = Mutex<Option<Started>>;

struct Started {
    stack: Arc<Mutex<Stack>>,
    token: String,
    submit_url: String,
    worker_url: String,
    redis: RedisClient,
    control_url: String,
    endpoint: Arc<FailingEndpoint>,
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // One after the other: they share a stack, and begin with an empty one.
    arguments.test_threads = Some(1);
    let shared = Arc::new(Shared::default());
    let trials = files()
        .into_iter()
        .map(|path| {
            let shared = Arc::clone(&shared);
            let name = path.file_name().unwrap().to_string_lossy();
            let name = name.trim_end_matches(ENDING).to_owned();
            Trial::test(name, move || run(&path, &shared).map_err(Failed::from))
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let started = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
    // Its control server keeps a handle too, but serves nobody any more.
    if let Some(started) = started {
        started
            .stack
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stop_all();
    }
    conclusion.exit_code()
}

/// The test files, by name.
fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(project::root().join(FILES)).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(ENDING))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are no tests in {FILES}");
    files
}

fn run(path: &Path, shared: &Shared) -> Result<(), String> {
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let started = shared.get_or_insert_with(start);
    begin_anew(started)?;
    let times = project::state().join("logs/page-file-times");
    let browser = tools::chromium().map_err(|error| format!("{error:#}"))?;
    let status = page::node_tests(&times)
        .arg(project::relative(path))
        .env("PAGE_URL", &started.submit_url)
        .env("WORKER_URL", &started.worker_url)
        .env("ADMIN_TOKEN", &started.token)
        .env("CONTROL_URL", &started.control_url)
        .env(tools::CHROMIUM, browser)
        .status()
        .map_err(|error| format!("node: {error}"))?;
    pass_on(&times).map_err(|error| format!("{}: {error}", times.display()))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("node ended with {status}; its report stands above"))
    }
}

fn start() -> Started {
    let ports = Ports::free().unwrap();
    let (endpoint, executor_url) = FailingEndpoint::start(ports.runner);
    let stack = stack::start(
        "e2e/page",
        ports,
        Vec::new(),
        vec![("EXECUTOR_URL", Some(executor_url))],
    );
    let submit_fn = SubmitFn::of(&stack);
    wait_for("the languages", SOON, || {
        (submit_fn.get("/languages").status == 200).then_some(())
    });
    let started = Started {
        token: stack.token.clone(),
        submit_url: stack.submit_url(),
        worker_url: stack.worker_url(),
        redis: RedisClient::on_port(ports.redis),
        stack: Arc::new(Mutex::new(stack)),
        control_url: String::new(),
        endpoint,
    };
    let control = Control::new(Arc::clone(&started.stack), Arc::clone(&started.endpoint));
    Started {
        control_url: control.serve(),
        ..started
    }
}

/// An endpoint that fails nothing, and the sample problems and nothing else.
fn begin_anew(started: &Started) -> Result<(), String> {
    started.endpoint.fail(String::new());
    started.redis.flush();
    problems::load(&problems::own())
        .and_then(|all| problems::publish(&all, &started.submit_url, &started.token, |_| ()))
        .map_err(|error| format!("{error:#}"))
}

/// Adds the times of the tests in a file to those of the whole run, if they are asked for.
fn pass_on(times: &Path) -> std::io::Result<()> {
    let Some(all) = std::env::var_os("TEST_TIMES") else {
        return Ok(());
    };
    let text = fs::read_to_string(times)?;
    fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(all)?
        .write_all(text.as_bytes())
}
