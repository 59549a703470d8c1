//! `cargo xtask`: everything a person or CI does with this project.
//!
//! The library holds what the commands share, and what the end-to-end tests
//! need of it: they start the same [`stack`] as `cargo xtask dev` does, on
//! other ports.
//!
//! - [`project`]: where things are in the working tree.
//! - [`progress`]: what a person sees while something slow goes on.
//! - [`tools`]: the pinned tools, and how each is had.
//! - [`bundle`]: building a Worker, and weighing it.
//! - [`child`]: a process in the background, and its end.
//! - [`stack`]: redis-rest, the runner and both Workers together.
//! - [`problems`]: the sample problems, and an operator's own folder.
//! - [`bench`]: throughput, beside a classic JavaScript Worker.
//! - [`dev`], [`test`], [`tidy`]: the commands.

pub mod bench;
pub mod bundle;
pub mod child;
pub mod dev;
pub mod ports;
pub mod problems;
pub mod progress;
pub mod project;
pub mod stack;
pub mod test;
pub mod tidy;
pub mod tools;
