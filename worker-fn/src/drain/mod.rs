//! Emptying the queue within an invocation's budget.
//!
//! A drain has up to 12 jobs in hand and up to six requests in flight, one for
//! each running job and one of its own for Redis and probes. It settles jobs
//! together with the next claim: when nothing is running, and in the background
//! also when ten are decided or 250 ms after the first of them, so that no result
//! waits for a slow neighbour. It ends when a claim finds no more jobs, or when
//! its budget is spent; on the paid plan, a drain in the background then asks for a
//! fresh invocation to go on.
//!
//! - [`drain_loop`]: the loop.
//! - `run_end`: what becomes of a job whose run has ended.
//! - `backlog`: starting further drains.
//! - [`blame`]: who is at fault when a call of an endpoint failed. Pure.
//! - [`batch`]: the jobs in hand.
//! - [`outage`]: back-offs and probes, and why nothing more is started.
//! - `recovery`: waiting for an endpoint, or for retries to fall due.
//! - `settle`: the calls of Redis.
//! - `job_line`: what the log says of a job that was settled.
//! - [`options`]: what a drain is to do; [`report`]: what it did.

mod backlog;
pub mod batch;
pub mod blame;
#[cfg(test)]
mod blame_tests;
pub mod drain_loop;
mod job_line;
pub mod options;
pub mod outage;
mod recovery;
pub mod report;
mod run_end;
mod settle;

pub use drain_loop::{Drain, OnFirstSettled, Wake};
pub use options::DrainOptions;
