//! From an endpoint's reports to a verdict. Pure: the same reports always give
//! the same verdict.
//!
//! A program's exit code 0 proves nothing; its answers do, and the way it ended.
//! A submission to an unknown problem is only looked at ([`unjudged`]). One to a
//! known problem goes through a [`session`], which says what to run next until
//! every case has its answer; [`assess`] draws the verdicts from the answers;
//! [`archive`] makes them last, to be judged again.
//!
//! - [`answer`]: from a harness's frame to an answer.
//! - [`case`]: what is known of one case.
//! - `checker_program`: answers that a program of the setter's decides about.
//! - [`compare`] and `canonical`: whether an answer is the expected one.
//! - `parts`: answers of several values, each compared by itself.
//! - `ignore_case`, `numbers`: texts but for their case, and numbers that are close.
//! - `difference`, `value_difference`, `visible`: where a wrong answer differs.
//! - [`failure`]: how a stage failed, memory told apart from crashes.

pub mod answer;
pub mod archive;
pub mod assess;
mod canonical;
pub mod case;
mod checker_program;
#[cfg(test)]
mod checking_tests;
pub mod compare;
mod difference;
pub mod failure;
mod ignore_case;
mod numbers;
mod parts;
#[cfg(test)]
mod score_tests;
pub mod session;
#[cfg(test)]
mod session_tests;
pub mod unjudged;
mod value_difference;
pub mod visible;
