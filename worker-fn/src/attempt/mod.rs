//! One attempt at one job: have it run, and say what becomes of it.
//!
//! A submission to a known problem is judged, any other is only run. One that
//! was judged before, with the same inputs, is judged by its archived answers.
//!
//! - [`JobRunner`]: the way of one job.
//! - [`Outcomes`]: what becomes of it.
//! - [`claimed_job`]: a job with its lease.
//! - [`live_report`]: what viewers see while it runs.
//! - [`problem_cache`]: the problem that it is a submission to.
//! - `judging`: the steps of a judgement.
//! - `checking`: having a problem's checker program run.
//! - `finding`: what an attempt found out.
//! - [`judge_error`]: why judging did not come to an end.

mod checking;
mod claimed_job;
mod finding;
mod job_runner;
pub mod judge_error;
pub mod judging;
pub mod live_report;
mod outcomes;
pub mod problem_cache;

pub use claimed_job::ClaimedJob;
pub(crate) use finding::refusal;
pub use job_runner::{AttemptEnd, JobRunner};
pub use outcomes::Outcomes;
