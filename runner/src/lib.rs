//! The execution endpoint: runs submitted code and answers Piston's v2 API.
//!
//! The path of a request:
//!
//! | step | module |
//! | --- | --- |
//! | routes, status codes, who may call | [`api`] |
//! | the JSON body becomes a [`request::Submission`], or a 400 | [`request`], `request_files`, `request_cases`, `javascript`, [`invalid_request`] |
//! | the submission waits for a slot, or gets a 429 | [`slots`] |
//! | compile, check types, then run | [`execute`], `commands`, `notes`, [`artifacts`] |
//! | run one command under limits | [`sandbox`] |
//! | the JSON of the response | [`wire`] |
//!
//! The other modules: [`config`] and [`config_file`] (flags, environment, file,
//! limits), [`languages`] (the table of languages, data in `languages.toml`),
//! [`libraries`] (what programs find by themselves),
//! [`probe`] (which languages this machine has), [`selector`] (npm's version
//! ranges, which Piston uses), [`metrics`], `trace` and [`server`] (start, serve, shut
//! down).
//!
//! This crate knows nothing of queues, problems, verdicts or Redis, and depends on
//! no crate of the workspace: it replaces a service that others run, and a shared
//! codec would hide mistakes.
//!
//! `docs/runner.md` says what is promised about hostile code, and what is not.

pub mod api;
pub mod app;
pub mod artifacts;
pub mod config;
pub mod config_file;
pub mod connections;
pub mod execute;
pub mod invalid_request;
pub mod languages;
pub mod libraries;
pub mod memory;
pub mod metrics;
pub mod options;
pub mod probe;
pub mod request;
pub mod sandbox;
pub mod selector;
pub mod server;
pub mod slots;
pub mod token;
pub mod warm_pool;
pub mod wire;

mod answer;
mod api_error;
mod caller;
mod commands;
mod compiler_limits;
mod encoded;
mod explain;
mod guarded_body;
mod java;
mod json;
mod machine_memory;
mod notes;
mod piston_values;
mod request_cases;
mod request_files;
mod request_limits;
mod stall_guard;
mod trace;
