//! Webhooks: a submission's `callbackUrl` is told that it has its end.
//!
//! Deliveries run in invocations of their own (`POST /deliver`), beside drains and not
//! in them: a receiver that hangs takes no time, no call and no connection from a job,
//! and nothing that a receiver does is held against an endpoint or a submission. A
//! drain that has stored a delivery starts one, and so does the cron while any is due.
//!
//! - [`courier`]: claims deliveries, makes them, settles them.
//! - [`attempt`]: one try of one delivery.
//! - [`resolve`]: what a host's name stands for, asked over HTTPS.
//! - [`body`] and [`signing`]: the message, in the form of Standard Webhooks.
//! - [`receivers`]: the hosts that gave no answer lately.
//! - [`config`]: the variables.

pub mod attempt;
pub mod body;
pub mod config;
pub mod courier;
pub mod receivers;
pub mod resolve;
pub mod signing;

pub use config::WebhookConfig;
pub use courier::{Courier, CourierReport};
pub use receivers::Receivers;
