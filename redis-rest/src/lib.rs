//! Upstash's REST API in front of a real redis-server.
//!
//! A Worker accesses Redis over HTTP, as Upstash offers it. On a developer's
//! machine and in tests, this program replaces Upstash. It knows nothing of queues,
//! jobs or problems, and shares no code with its clients: a shared codec would hide
//! mistakes.
//!
//! The path of a request:
//!
//! 1. [`server`] receives it from axum; [`auth`] checks the token and [`body`]
//!    reads the body, up to the limit.
//! 2. [`command`] parses it to lists of bytes, from JSON or from the path.
//! 3. [`policy`] refuses commands that Upstash does not offer over REST, with
//!    Upstash's messages. This also protects the connections, which all requests
//!    share.
//! 4. [`upstream`] writes the commands to one of a few pipelined connections and
//!    matches the replies, which [`resp`] cuts from the stream without changing
//!    them. [`connect`] opens connections to a [`redis_url`].
//! 5. [`response`] decides the status code and sends the replies raw, or as the
//!    JSON that [`encode`] writes.
//!
//! The other modules: [`events`] has the endpoints whose responses do not end
//! (`/subscribe`). [`managed_redis`] runs a redis-server if the operator names none,
//! and [`prelude`] is what the child process does before it becomes redis-server. `trace`
//! reads the header of a trace, for the log.
//! The command line is in `main.rs`.
//!
//! The contract is Upstash's <https://upstash.com/docs/redis/features/restapi>.
//! Where that is silent, error texts are those that the service returns.

pub mod auth;
pub mod body;
pub mod command;
pub mod compat;
pub mod connect;
pub mod encode;
pub mod events;
pub mod managed_redis;
pub mod policy;
pub mod prelude;
pub mod redis_url;
pub mod resp;
pub mod response;
pub mod server;
mod trace;
pub mod upstream;
