//! The queue on a real redis-server: `shared::queue` through redis-rest, without
//! the Workers.
//!
//! Examples of every script, a count of every command that costs money, and a
//! model that random interleavings are compared with. All tests share one
//! redis-rest, one after the other.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

mod admin;
mod claims;
mod costs;
mod dead_letters;
mod deliveries;
mod enqueue;
mod fixtures;
mod full;
mod idle;
mod known;
mod lanes;
mod live;
mod lost_responses;
mod model;
mod problems;
mod purge;
mod rejudge;
mod result_document;
mod settle;
mod stack;
mod statistics;
mod usage;

use std::process::ExitCode;

pub(crate) use stack::QueueStack as Context;

fn main() -> ExitCode {
    let tests = [
        enqueue::TESTS,
        claims::TESTS,
        settle::TESTS,
        lost_responses::TESTS,
        lanes::TESTS,
        live::TESTS,
        full::TESTS,
        admin::TESTS,
        dead_letters::TESTS,
        deliveries::TESTS,
        purge::TESTS,
        problems::TESTS,
        rejudge::TESTS,
        usage::TESTS,
        statistics::TESTS,
        known::TESTS,
        costs::TESTS,
        idle::TESTS,
        model::TESTS,
    ];
    // One database: two tests at once would see each other's keys.
    support::harness::run::<stack::Shared>(&tests, Some(1))
}
