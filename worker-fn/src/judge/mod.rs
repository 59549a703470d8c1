//! From what the endpoint reported to a verdict. Pure: the same reports always
//! give the same verdict.
//!
//! What a program says about its success counts for nothing; what it answered
//! and what ended it does. A submission to an unknown problem is only looked at
//! ([`plain`]). One to a known problem goes through a [`course`] of runs, which
//! says what to run next until every case has its answer; [`assess`] draws the
//! verdicts from those; [`keep`] makes them last, to be judged again.
//!
//! - [`compare`]: whether an answer is the expected one.
//! - [`end`]: how a stage ended, memory told apart from crashes.
//! - [`case`]: what is known of one case.

pub mod assess;
pub mod case;
pub mod compare;
pub mod course;
#[cfg(test)]
mod course_tests;
pub mod end;
pub mod keep;
pub mod plain;
