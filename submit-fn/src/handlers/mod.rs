//! The handlers, by resource. Each takes the [`Context`](crate::context::Context)
//! and the request, and gives a response or an error.

pub(crate) mod admin;
mod endpoints;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod languages;
pub(crate) mod problems;
pub(crate) mod rejudge;
pub(crate) mod results;
pub(crate) mod run;
pub(crate) mod submit;
pub(crate) mod worker_call;
