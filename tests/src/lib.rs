//! What the test binaries of this crate have in common.
//!
//! The binaries are `e2e` (the product as a client sees it), `queue` (the
//! queue's scripts on a real redis-server), `chaos` (kills, losses, outages),
//! `docs` (the documents' commands), `schemathesis` (the API by its document) and `page` (the page in a browser). Nothing outside this crate uses the library.
//!
//! - [`harness`]: the main function of a test binary, and the time of each test.
//! - [`slot`]: a stack that is started on first use and shared between tests.
//! - [`stack`]: starting and stopping a local stack of the whole product.
//! - [`api`]: clients of submit-fn and worker-fn; every response they get is
//!   checked against the OpenAPI document.
//! - [`contract`]: that check.
//! - [`access_table`]: whom that document lets in; the Workers' own tests include it.
//! - [`http`]: plain HTTP, for what is not part of the documented API.
//! - [`redis_client`]: direct access to the redis-server of a stack.
//! - [`server`]: an HTTP server inside the test process, which can drop
//!   connections; on it stand [`mock_endpoint`] (an execution endpoint),
//!   [`breakable_endpoint`] (the runner behind a proxy that breaks),
//!   [`lossy_proxy`] (a network that loses requests) and [`run_recorder`] (a
//!   proxy that counts runs).
//! - [`wait`]: waiting for a condition.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is a failure with a place; the lint's own exception needs #[test]"
)]

pub mod access_table;
pub mod api;
pub mod breakable_endpoint;
pub mod contract;
pub mod harness;
pub mod http;
pub mod lossy_proxy;
pub mod mock_endpoint;
pub mod redis_client;
pub mod run_recorder;
pub mod server;
pub mod slot;
pub mod stack;
pub mod wait;

/// Lists the tests of a module as its constant `TESTS`, each under its path, so
/// that the name of a failed test finds its function.
///
/// The calling crate names the type that its tests take `Context`, at its root.
#[macro_export]
#[allow(
    clippy::crate_in_macro_def,
    reason = "each test binary has a context of its own"
)]
macro_rules! tests {
    ($($test:ident),* $(,)?) => {
        pub(crate) const TESTS: &[$crate::harness::Test<crate::Context>] = &[
            $((concat!(module_path!(), "::", stringify!($test)), $test)),*
        ];
    };
}
