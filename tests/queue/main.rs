//! The queue on a real redis-server: `shared::queue` through redis-rest, with
//! nothing of the Workers.
//!
//! Plain examples of every script, a count of every command that costs money,
//! and a model that random interleavings are held against. All share one
//! redis-rest, one after the other, and each begins with an empty database.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

mod claims;
mod costs;
mod ends;
mod given;
mod hands;
mod lost_answers;
mod model;
mod problems;
mod raw;
mod ways_in;
mod world;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Trial};
use world::World;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // One database: two tests at once would see each other.
    arguments.test_threads = Some(1);
    let world: Arc<Mutex<Option<World>>> = Arc::default();
    let tests = [
        ways_in::TESTS,
        claims::TESTS,
        ends::TESTS,
        lost_answers::TESTS,
        hands::TESTS,
        problems::TESTS,
        costs::TESTS,
        model::TESTS,
    ];
    let trials = tests
        .into_iter()
        .flatten()
        .map(|&(name, test)| {
            let world = Arc::clone(&world);
            Trial::test(name, move || {
                let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
                let world = world.get_or_insert_with(World::start);
                world.empty();
                test(world);
                Ok(())
            })
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Here and not at the end of a test: a test that panicked left it running.
    drop(world.lock().unwrap_or_else(PoisonError::into_inner).take());
    conclusion.exit_code()
}
