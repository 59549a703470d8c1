//! Runs every command of the documents as it stands there, and compares the
//! answers.
//!
//! The stack is the one that `cargo xtask dev` starts, on free ports, with the
//! sample problems published; the commands are given its addresses in the place
//! of the standard ones. Each document starts with nothing else in the queue's
//! database and runs in one shell of its own, from top to bottom.
//!
//! - [`document`]: the commands and answers of a document, and its rules.
//! - [`session`]: the shell.
//! - [`answer`]: what of an answer may differ from run to run.
//!
//! How to write a document is said in `docs/README.md`.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

mod answer;
mod answer_tests;
mod document;
mod session;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use xtask::problems;
use xtask::project::{self, Build};
use xtask::stack::{Options, Ports, Stack};

use answer::Ids;
use document::{Block, Document};
use session::Session;

/// Documents outside `docs/`.
const DOCUMENTS: [&str; 2] = ["README.md", "problems/README.md"];
/// For so long a block that only reads is repeated until its answer fits.
const A_MOMENT: Duration = Duration::from_secs(60);
/// The folder of `cargo xtask dev`, as commands name it.
const DEV_FOLDER: &str = ".edgejudge/dev/";

/// The stack, from the first document that needs it on.
type Shared = Mutex<Option<Stack>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let shared = Arc::new(Shared::default());
    let mut trials: Vec<Trial> = documents()
        .into_iter()
        .map(|path| {
            let shared = Arc::clone(&shared);
            Trial::test(path.clone(), move || {
                test(&path, &shared).map_err(Failed::from)
            })
        })
        .collect();
    let tests = [
        answer_tests::TESTS,
        document::tests::TESTS,
        session::tests::TESTS,
    ];
    trials.extend(tests.into_iter().flatten().map(|&(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    shared.lock().unwrap_or_else(PoisonError::into_inner).take();
    conclusion.exit_code()
}

/// Every document, relative to the working tree.
fn documents() -> Vec<String> {
    let mut paths: Vec<String> = DOCUMENTS.map(str::to_owned).to_vec();
    let entries = fs::read_dir(project::root().join("docs")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    paths.extend(
        names
            .filter(|name| name.ends_with(".md"))
            .map(|name| format!("docs/{name}")),
    );
    paths.sort();
    paths
}

fn test(path: &str, shared: &Shared) -> Result<(), String> {
    let document = document::read(project::root(), path)?;
    if document.blocks.is_empty() {
        return Ok(());
    }
    // One at a time: each begins with an empty database.
    let mut stack = shared.lock().unwrap_or_else(PoisonError::into_inner);
    if stack.is_none() {
        *stack = Some(start()?);
    }
    let stack = stack.as_ref().ok_or("no stack")?;
    begin_anew(stack)?;
    run(path, &document, stack)
}

fn folder() -> PathBuf {
    project::state().join("docs")
}

fn start() -> Result<Stack, String> {
    let folder = folder();
    fs::remove_dir_all(&folder).ok();
    let options = Options {
        ports: Ports::free().map_err(|error| format!("{error:#}"))?,
        folder,
        build: Build::Debug,
        submit_vars: Vec::new(),
        worker_vars: Vec::new(),
    };
    Stack::start(&options, &AtomicBool::new(false)).map_err(|error| format!("{error:#}"))
}

/// As `cargo xtask dev` leaves it: the sample problems and nothing else.
fn begin_anew(stack: &Stack) -> Result<(), String> {
    let flushed = Command::new("redis-cli")
        .args(["-p", &stack.ports.redis.to_string(), "FLUSHALL"])
        .output()
        .map_err(|error| format!("redis-cli: {error}"))?;
    if !flushed.status.success() {
        return Err("redis-cli FLUSHALL failed".into());
    }
    problems::load(&problems::own())
        .and_then(|all| problems::publish(&all, &stack.submit_url(), &stack.token, |_| ()))
        .map_err(|error| format!("{error:#}"))
}

fn run(path: &str, document: &Document, stack: &Stack) -> Result<(), String> {
    let scripts = folder().join("scripts").join(path.replace('/', "-"));
    fs::create_dir_all(&scripts).map_err(|error| error.to_string())?;
    let mut session = Session::start(project::root(), scripts);
    let mut ids = Ids::default();
    for block in &document.blocks {
        run_block(block, stack, &mut session, &mut ids)
            .map_err(|error| format!("{path}:{}: {error}\n\n{}\n", block.line, block.script))?;
    }
    Ok(())
}

fn run_block(
    block: &Block,
    stack: &Stack,
    session: &mut Session,
    ids: &mut Ids,
) -> Result<(), String> {
    let script = with_addresses(&block.script, stack);
    let started = Instant::now();
    loop {
        let output = session.run(&script)?;
        let Some(expected) = &block.expected else {
            return Ok(());
        };
        // The answers name the standard addresses too.
        let printed = with_standard_addresses(&output.stdout, stack);
        let mut tried = ids.clone();
        let Err(difference) = expected.check(&printed, &mut tried) else {
            for wrong in expected.tampered() {
                if wrong.check(&printed, &mut ids.clone()).is_ok() {
                    return Err(format!("this answer would fit as well: {wrong:?}"));
                }
            }
            *ids = tried;
            return Ok(());
        };
        if !block.only_reads() || started.elapsed() > A_MOMENT {
            return Err(format!(
                "{difference}\nprinted:\n{printed}{}",
                output.stderr
            ));
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// Each standard address with the address of this stack.
fn addresses(stack: &Stack) -> [(String, String); 5] {
    let Ports {
        submit,
        worker,
        redis_rest,
        redis,
        runner,
    } = stack.ports;
    let url = |standard: u16, real: u16| {
        (
            format!("http://127.0.0.1:{standard}"),
            format!("http://127.0.0.1:{real}"),
        )
    };
    [
        url(8787, submit),
        url(8788, worker),
        url(8079, redis_rest),
        url(2000, runner),
        ("redis-cli -p 6399".into(), format!("redis-cli -p {redis}")),
    ]
}

fn with_addresses(script: &str, stack: &Stack) -> String {
    let folder = folder();
    let folder = folder.strip_prefix(project::root()).unwrap_or(&folder);
    let own = format!("{}/", Path::new(folder).display());
    addresses(stack).iter().fold(
        script.replace(DEV_FOLDER, &own),
        |text, (standard, real)| text.replace(standard, real),
    )
}

fn with_standard_addresses(output: &str, stack: &Stack) -> String {
    addresses(stack)
        .iter()
        .fold(output.to_owned(), |text, (standard, real)| {
            text.replace(real, standard)
        })
}
