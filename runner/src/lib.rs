//! The execution endpoint: runs submitted code and answers Piston's v2 API.
//!
//! A request's way through the crate:
//!
//! | step | module |
//! | --- | --- |
//! | routes, status codes, who may call | [`api`] |
//! | a JSON body becomes a [`request::Job`], or a refusal | [`request`] |
//! | it waits for one of the few slots, or is turned away | [`slots`] |
//! | compile, then run | [`execute`], [`artifacts`] |
//! | one program, held | [`sandbox`] |
//! | the answer's JSON | [`wire`] |
//!
//! Beside it: [`metrics`], [`config`] and [`config_file`] (flags, environment,
//! file, limits), [`languages`] (the table
//! of languages, data in `languages.toml`), [`probe`] (what of the table this
//! machine has), [`selector`] (npm's version ranges, which Piston speaks) and
//! [`server`] (start, serve, end).
//!
//! This crate knows nothing of queues, problems, verdicts or Redis, and depends
//! on no crate of the workspace: it stands in for a service that other people
//! run, and sharing our codec with it would hide our own mistakes.
//!
//! What is promised about hostile code, and what is not, is in `docs/runner.md`.

pub mod api;
pub mod artifacts;
pub mod config;
pub mod config_file;
pub mod execute;
pub mod languages;
pub mod metrics;
pub mod probe;
pub mod request;
pub mod sandbox;
pub mod selector;
pub mod server;
pub mod slots;
pub mod wire;
