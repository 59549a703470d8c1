//! A typed client for Upstash's REST API.
//!
//! [`Command`]s are built, sent by the [`Client`] one at a time or as a
//! pipeline, and their [`Reply`]s turned into the type that is asked for. The
//! wire format is Upstash's (`POST /` with a JSON array; `POST /pipeline` with
//! an array of them; documented under "REST API" in Upstash's Redis docs), read
//! with `Upstash-Encoding: base64`, so that a value which is not UTF-8 arrives
//! as it is.
//!
//! It knows no key and no meaning; that is [`crate::queue`]'s.

mod client;
#[cfg(test)]
mod client_tests;
mod command;
mod counter;
mod error;
mod reply;

pub use client::Client;
pub use command::{Command, Script};
pub use counter::{COMMANDS_HEADER, CommandCounter};
pub use error::RedisError;
pub use reply::{FromReply, Items, Reply};
