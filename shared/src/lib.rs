//! What both Workers share: the domain, the queue, and the client for Redis.
//!
//! Nothing here knows the platform it runs on. There is no clock, no
//! randomness and no environment: `now`, random bytes and a variable look-up
//! come in as values, so all of this compiles and is tested natively.
//!
//! # Layout
//!
//! - [`domain`]: submissions, jobs, problems, results, and their rules. No I/O,
//!   no HTTP, no Redis.
//! - [`queue`]: what the product does with Redis, as verbs of one [`queue::Store`].
//!   Knows every key and every script.
//! - [`redis`]: a typed client for Upstash's REST API. Knows no key.
//! - [`transport`]: sends what `reqwest` has built.
//! - [`http`]: how answers and errors become HTTP responses.
//! - [`config`]: settings from variables, with errors that name the variable.
//! - [`plan`]: what an invocation may use on the platform's plan.
//! - [`trace`] and [`log`]: what a request and its calls have in common, and the
//!   lines about them.
//! - [`remembered`]: a finding that many ask for and few should look for.
//! - [`json`]: JSON that others wrote, read within bounds.
//! - [`memory`]: memory that the work of an instance shares.
//! - [`text`]: hex digits, and cutting text between characters.
//!
//! Each may use those below it: `http` and `queue` use `domain`; nothing in
//! `domain` uses either.

pub mod config;
pub mod domain;
pub mod http;
pub mod json;
pub mod log;
pub mod memory;
pub mod plan;
pub mod queue;
pub mod redis;
pub mod remembered;
pub mod text;
pub mod trace;
pub mod transport;
