//! The execution endpoints against stand-ins: a plain Piston, our own runner's
//! shape, and Judge0 by recorded shapes of its contract. What is asked is held to
//! the contracts, too.

#![expect(
    clippy::unwrap_used,
    reason = "a test says what went wrong by panicking, helpers included"
)]

mod drains;
mod judge;
mod judge0;
mod limits;
mod piston;
mod pool;
mod secrecy;
mod stand_in;
mod world;
