//! The clients of execution endpoints, and the drains above them, against mock
//! servers: a plain Piston, our own runner, and Judge0 by the shapes of its
//! contract. The mock servers refuse what the contracts do not have.

#![expect(
    clippy::unwrap_used,
    reason = "a test says what went wrong by panicking, helpers included"
)]

mod backlog;
mod busy_machine;
mod checkers;
mod drains;
mod endpoints;
mod faults;
mod hanging;
mod judge0;
mod limits;
mod mock_judge0;
mod mock_queue;
mod mock_server;
mod piston;
mod problems;
mod redis_trouble;
mod refusals;
mod secrecy;
mod support;
mod syntax;
mod wall_time;
mod webhook_rounds;
mod webhook_world;
mod webhooks;
