//! The harnesses with the real languages: `python3`, Node (the pinned one, else
//! `node` on PATH) and `g++`.
//!
//! - [`values`]: which values go in and come out, and which do not.
//! - [`forms`]: how a function may be written, and what can go wrong.
//! - [`pasted`]: code as practice sites have it.
//! - [`cpp`], [`typescript`]: what is different there.
//! - [`property`]: any value of any type comes back as it went.
//! - [`forgery_python`], [`forgery_javascript`], [`forgery_cpp`]: programs that would like to
//!   pass without knowing an answer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cpp;
mod forgery;
mod forgery_cpp;
mod forgery_javascript;
mod forgery_python;
mod forms;
mod pasted;
mod property;
mod run;
mod typescript;
mod values;
