//! `GET /endpoints`: how the execution endpoints are, for the operator. worker-fn asks
//! them, and its answer goes through as it is.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use shared::http::{ApiError, response};

use crate::context::Context;
use crate::worker_fn::{self, WorkerFn};

/// How long worker-fn is waited for, in milliseconds: it asks each endpoint for 3 s
/// at most, six at once, and there are eight at most.
const TIMEOUT_MS: u64 = 8_000;

/// The execution endpoints, one by one.
pub(super) async fn endpoints<W: WorkerFn>(
    context: &Context<'_, W>,
) -> Result<Response<Bytes>, ApiError> {
    let tickets = &context.config()?.tickets;
    let request = worker_fn::request(tickets, Method::GET, "/endpoints", Bytes::new());
    let asked = worker_fn::ask(context.worker, request, context.runtime, TIMEOUT_MS);
    let body = asked.await.map_err(|why| {
        let message = "worker-fn cannot be asked for its execution endpoints at the moment.";
        ApiError::executor_unavailable(message, format!("endpoints: {why}"))
    })?;
    let body = body.trim_ascii_end().to_vec();
    Ok(response::raw_json(StatusCode::OK, body))
}
