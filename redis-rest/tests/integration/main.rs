//! redis-rest over HTTP, as its clients use it, in front of a real redis-server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod chaos;
mod compat;
mod contract;
mod events;
mod managed_redis;
mod properties;
mod resilience;
