//! redis-rest as its clients meet it: over HTTP, with a real redis-server
//! behind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on says where and stops"
)]

#[path = "../support/mod.rs"]
mod support;

mod chaos;
mod contract;
mod events;
mod own_redis;
mod properties;
mod resilience;
