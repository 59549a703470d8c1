//! The harnesses with the real languages: `python3`, Node (the pinned one, else
//! `node` on PATH), `g++`, `javac`, `java`, `go`, `mcs` and `mono`, `ruby`, `php`, `rustc`
//! and `gcc`.
//!
//! - [`every`]: the table of what each harness must do, over all of them.
//! - [`values`]: which values go in and come out, and which do not.
//! - [`forms`]: how a function may be written, and what can go wrong.
//! - [`class_forms`]: how a class may be written.
//! - [`pasted`]: code as practice sites have it.
//! - [`fifty`]: fifty problems, solved in every language.
//! - [`cpp`], [`typescript`], [`ruby`], [`php`], [`rust`], [`c`]: what is different there.
//! - [`java`], [`go`], [`csharp`]: all of it for one language, with what [`typed`] has for
//!   each.
//! - [`shapes`]: what those of Ruby, PHP, Rust and C have in common.
//! - [`property`]: any value of any type comes back as it went.
//! - [`forgery_python`], [`forgery_javascript`], [`forgery_cpp`], [`forgery_java`],
//!   [`forgery_go`], [`forgery_csharp`], [`forgery_class`], [`forgery_argument`]: programs
//!   that would like to pass without knowing an answer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod c;
mod class_forms;
mod cpp;
mod csharp;
mod every;
mod fifty;
mod forgery;
mod forgery_argument;
mod forgery_class;
mod forgery_cpp;
mod forgery_csharp;
mod forgery_go;
mod forgery_java;
mod forgery_javascript;
mod forgery_python;
mod forms;
mod go;
mod java;
mod names;
mod order;
mod pasted;
mod php;
mod property;
mod ready_made;
mod ruby;
mod run;
mod rust;
mod shapes;
mod toolchain;
mod typed;
mod typescript;
mod values;
