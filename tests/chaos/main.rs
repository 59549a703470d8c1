//! What must hold when things break, in real workerd.
//!
//! Two stacks are started when a test first asks for one. In the stormy one the
//! network to Redis loses requests and answers, and every process is killed and
//! started again while jobs are under way. In the stubbed one the execution
//! endpoint is a stub that misbehaves as it is told; there, submissions wake
//! nobody, so that a test says when work is done.
//!
//! One test after the other: several look at times and counts, and a storm
//! beside them would be seen in both.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

mod hands;
#[path = "../e2e/world.rs"]
#[allow(
    dead_code,
    reason = "its HTTP helpers are shared; its stacks are the other tests'"
)]
mod http;
mod isolation;
mod limits;
mod net;
mod operations;
mod outages;
mod proxy;
mod storm;
mod stub;
mod witness;
mod world;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Trial};
use world::World;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let world = Arc::new(Mutex::new(World::default()));
    let tests = [
        isolation::TESTS,
        limits::TESTS,
        operations::TESTS,
        hands::TESTS,
        outages::TESTS,
        storm::TESTS,
    ];
    let trials = tests
        .into_iter()
        .flatten()
        .map(|&(name, test)| {
            let world = Arc::clone(&world);
            Trial::test(name, move || {
                test(&mut world.lock().unwrap_or_else(PoisonError::into_inner));
                Ok(())
            })
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Here and not at the end of a test: a test that panicked left them running.
    world.lock().unwrap_or_else(PoisonError::into_inner).stop();
    conclusion.exit_code()
}
