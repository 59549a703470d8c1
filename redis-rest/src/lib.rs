//! Upstash's REST API in front of a real redis-server.
//!
//! A Worker talks to Redis over HTTP, as Upstash offers it; on one's own
//! machine, and in tests, this program stands in for Upstash. It knows nothing
//! of queues, jobs or problems, and shares no code with the clients that will
//! call it, so that their mistakes do not cancel out.
//!
//! A request's way:
//!
//! 1. [`server`] takes it from axum; [`auth`] looks for the token and [`body`]
//!    reads what was sent, up to the limit.
//! 2. [`command`] makes lists of bytes of it, from JSON or from the path.
//! 3. [`policy`] refuses what Upstash does not offer over REST, in Upstash's
//!    words. This also protects the connections, which everybody shares.
//! 4. [`upstream`] writes the commands to one of a few pipelined connections
//!    and matches the replies, which [`resp`] cuts from the stream and keeps
//!    as they are. [`connect`] opens connections, from a [`redis_url`].
//! 5. [`answer`] decides the status and sends the replies raw, or as the JSON
//!    that [`encode`] writes.
//!
//! Beside it: [`events`] are the endpoints that do not end (`/subscribe`), and
//! [`own_redis`] runs a redis-server for those who have none. The command line
//! is in `main.rs`.
//!
//! The contract is Upstash's <https://upstash.com/docs/redis/features/restapi>.
//! Where that is silent, error texts are the ones seen from the service.

pub mod answer;
pub mod auth;
pub mod body;
pub mod command;
pub mod connect;
pub mod encode;
pub mod events;
pub mod own_redis;
pub mod policy;
pub mod redis_url;
pub mod resp;
pub mod server;
pub mod upstream;
