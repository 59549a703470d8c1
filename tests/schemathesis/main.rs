//! The OpenAPI document, by programs that others wrote for such documents.
//!
//! openapi-spec-validator says whether `docs/openapi.json` is a document of OpenAPI
//! 3.1. schemathesis makes requests from it, good and bad, sends them to a stack that
//! only it uses, and holds each answer to the document. What it makes follows from a
//! seed; `schemathesis.toml` has its settings, `hooks.py` what needs Python. Both come
//! from PyPI (`requirements.txt`).

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

use std::process::{Command, ExitCode, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use libtest_mimic::{Arguments, Failed, Trial};
use support::api::SubmitFn;
use support::stack;
use support::wait::{SOON, wait_for};
use xtask::stack::{Ports, Stack};
use xtask::{problems, project, python};

const FOLDER: &str = "tests/schemathesis";
const DOCUMENT: &str = "docs/openapi.json";
/// Generated requests come faster than people's.
const RUN_PER_MINUTE: &str = "1000";

/// The stack, once the document is known to be good.
type Shared = Mutex<Option<Stack>>;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share a stack.
    arguments.test_threads = Some(1);
    let shared = Arc::new(Shared::default());
    let worker = |tag: &'static str, url: fn(&Stack) -> String| {
        let shared = Arc::clone(&shared);
        Trial::test(tag, move || check_answers(tag, url, &shared))
    };
    let trials = vec![
        Trial::test("document", check_document),
        worker("submit-fn", Stack::submit_url),
        worker("worker-fn", Stack::worker_url),
    ];
    let conclusion = libtest_mimic::run(&arguments, trials);
    let stack = shared.lock().unwrap_or_else(PoisonError::into_inner).take();
    let listening = stack.map(stack::stop).unwrap_or_default();
    if !listening.is_empty() {
        eprintln!("still listening after the stack was stopped: {listening:?}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

fn check_document() -> Result<(), Failed> {
    let status = python(&["-m", "openapi_spec_validator", "--schema", "3.1", DOCUMENT]);
    ended("openapi-spec-validator", status?)
}

/// Has the operations of one Worker, by its tag, called at its address.
fn check_answers(tag: &str, url: fn(&Stack) -> String, shared: &Shared) -> Result<(), Failed> {
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let stack = shared.get_or_insert_with(start);
    let mut command = program()?;
    command
        .args(["-m", "schemathesis.cli"])
        .args(["--config-file", "tests/schemathesis/schemathesis.toml"])
        .args(["run", DOCUMENT, "--include-tag", tag])
        .args(["--url", &url(stack)])
        // Other arguments for a person at work on a finding, such as `--include-path`.
        .args(
            std::env::var("SCHEMATHESIS")
                .unwrap_or_default()
                .split_whitespace(),
        )
        .env("PYTHONPATH", project::root().join(FOLDER))
        .env("ADMIN_TOKEN", &stack.token);
    let started = Instant::now();
    let status = command.status().map_err(text)?;
    // Its examples are bounded in number; how long they take is the machine's.
    let took = started.elapsed().as_secs_f64();
    println!("  schemathesis of {tag}: {took:.1} s");
    ended("schemathesis", status)
}

fn start() -> Stack {
    // Closed, as a deployment is, so that a call which needs no key is noticed.
    let vars = || vec![("AUTH", None)];
    let mut submit_vars = vars();
    submit_vars.push(("RUN_PER_MINUTE", Some(RUN_PER_MINUTE.to_owned())));
    let stack = stack::start(
        "e2e/schemathesis",
        Ports::free().unwrap(),
        submit_vars,
        vars(),
    );
    let submit_fn = SubmitFn::of(&stack);
    wait_for("the languages", SOON, || {
        (submit_fn.admin("GET", "/languages", None).status == 200).then_some(())
    });
    problems::load(&problems::own())
        .and_then(|all| problems::publish(&all, &stack.submit_url(), &stack.token, |_| ()))
        .unwrap();
    stack
}

/// The environment's Python, in the project's root.
fn program() -> Result<Command, Failed> {
    let requirements = project::root().join(python::SCHEMATHESIS);
    let python = python::venv(&requirements).map_err(|error| format!("{error:#}"))?;
    let mut command = Command::new(python);
    command
        .current_dir(project::root())
        // What it keeps goes here, and not into the project's root.
        .env(
            "HYPOTHESIS_STORAGE_DIRECTORY",
            project::state().join("hypothesis"),
        );
    Ok(command)
}

fn python(arguments: &[&str]) -> Result<ExitStatus, Failed> {
    program()?.args(arguments).status().map_err(text)
}

fn ended(name: &str, status: ExitStatus) -> Result<(), Failed> {
    match status.success() {
        true => Ok(()),
        false => Err(format!("{name} ended with {status}; its report stands above").into()),
    }
}

fn text(error: std::io::Error) -> Failed {
    error.to_string().into()
}
