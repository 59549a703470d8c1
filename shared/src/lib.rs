//! What both Workers know: the domain, and the way to Redis.
//!
//! Nothing here knows the platform it runs on. There is no clock, no
//! randomness and no environment: `now`, random bytes and a variable look-up
//! come in as values, so all of this compiles and is tested natively.
//!
//! The domain, from the outside in:
//!
//! - [`submission`]: what a person may send, and the limits it must keep.
//! - [`lane`]: which of the waiting lists, by priority.
//! - [`job`]: a submission as it waits in the queue, ours or a foreign producer's.
//! - [`language`]: what can be run at all.
//! - [`ticket`]: ids that carry their own proof and their time of issue.
//! - [`problem`]: what is asked, and how an answer is judged.
//! - [`result`]: the document that a finished job leaves behind.
//! - [`queue`]: what the product does with Redis, as verbs.
//! - [`keys`]: every Redis key there is.
//!
//! And the parts it stands on:
//!
//! - [`redis`]: a typed client for Upstash's REST API.
//! - [`hex`]: bytes as text.
//! - [`config`]: settings from variables, with errors that name the variable.
//! - [`api_error`] and [`response`]: how errors and answers become HTTP.

pub mod api_error;
pub mod config;
pub mod hex;
pub mod job;
pub mod keys;
pub mod lane;
pub mod language;
pub mod problem;
pub mod queue;
pub mod redis;
pub mod response;
pub mod result;
pub mod submission;
pub mod ticket;
