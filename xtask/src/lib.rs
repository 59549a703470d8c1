//! `cargo xtask`: every command for working on this project.
//!
//! The library holds what the commands share, and what the end-to-end tests use:
//! they start the same [`stack`] as `cargo xtask dev`, on other ports.
//!
//! - [`project`]: where things are in the working tree; the Workers.
//! - [`progress`]: what a person sees while something slow goes on.
//! - [`cargo`]: every call of cargo.
//! - [`tools`]: the pinned tools, and how each is installed.
//! - [`python`]: programs from PyPI, in an environment of their own.
//! - [`languages`]: the languages of the runner's table, and their packages.
//! - [`bundle`]: building a Worker, and its size budget.
//! - [`page`]: building and checking the page that submit-fn serves.
//! - [`child`]: a process in the background, and its end.
//! - [`ports`]: where the parts of a stack listen.
//! - [`stack`]: redis-rest, the runner and both Workers together.
//! - [`workerd`]: the Workers as they would be deployed.
//! - [`api`]: a client of submit-fn.
//! - [`endings`]: the language of a source file.
//! - [`problems`]: the sample problems, and an operator's own folder.
//! - [`mod@bench`]: throughput, beside a classic JavaScript Worker; the sandbox's
//!   overhead.
//! - [`deploy`], [`smoke`]: both Workers onto Cloudflare, and whether they are well.
//! - `costs`, in tests only: the sums of `docs/costs.md`.
//! - [`dev`], [`submit`], [`mod@test`], [`tidy`], [`screenshots`]: the commands.

pub mod api;
pub mod bench;
pub mod bundle;
pub mod cargo;
pub mod child;
#[cfg(test)]
mod costs;
pub mod deploy;
pub mod dev;
pub mod endings;
pub mod languages;
pub mod page;
pub mod ports;
pub mod problems;
pub mod progress;
pub mod project;
pub mod python;
pub mod screenshots;
pub mod smoke;
pub mod stack;
pub mod submit;
pub mod test;
pub mod tidy;
pub mod tools;
pub mod workerd;
