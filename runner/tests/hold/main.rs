//! Hostile programs against the whole runner: each is told truly, and the machine
//! is as it was. Run by root they attack twice: a runner started as root, and one
//! started by an ordinary user.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "modules of one test")]

#[path = "../common/mod.rs"]
mod common;

mod case;
mod files;
mod host;
mod kernel;
mod landlock;
mod lifecycle;
mod neighbours;
mod resources;
mod rest;
mod truth;

use case::all_hold;
use host::In;

#[tokio::test]
async fn programs_that_take_too_much() {
    all_hold(In::Full, &["python", "c", "bash"], "", resources::CASES).await;
}

#[tokio::test]
async fn programs_that_live_on_or_kill() {
    all_hold(In::Full, &["python", "c", "bash"], "", lifecycle::CASES).await;
}

#[tokio::test]
async fn programs_that_look_for_what_is_not_theirs() {
    all_hold(In::Full, &["python", "bash"], files::FORGE, files::CASES).await;
}

#[tokio::test]
#[cfg(target_arch = "x86_64")]
async fn system_calls_that_no_program_needs() {
    kernel::all_refused(In::Full).await;
}

#[tokio::test]
async fn programs_that_call_others() {
    all_hold(In::Full, &["python", "bash"], "", rest::NETWORK).await;
}

#[tokio::test]
async fn programs_that_speak_strangely() {
    all_hold(In::Full, &["python", "bash"], "", rest::STREAMS).await;
}

#[tokio::test]
async fn sources_that_attack_the_compiler() {
    all_hold(In::Full, &["c", "c++"], "", rest::COMPILING).await;
}
