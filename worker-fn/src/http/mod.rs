//! worker-fn over HTTP: from a request to a response, and to the drain that
//! remains to be done after it. Also runs the drains of the cron.

#[cfg(test)]
mod access_tests;
mod app;
mod deliver;
mod endpoints;
mod exposition;
mod limits;
mod metrics;
mod own_call;
pub mod rates;
mod readiness;
pub mod route;
mod run;
mod sender;
mod work;

pub use app::{AfterResponse, App, CRON, CronStart, Handled, WAKE_UP};
pub use own_call::{OwnCall, courier_call, hand_over_call};
pub use sender::Sender;
