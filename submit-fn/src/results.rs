//! `GET /result/:id`: a submission's result, or a problem's newest.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::Value;
use shared::api_error::ApiError;
use shared::queue::Queue;
use shared::redis::Client;
use shared::response;
use shared::result::Status;
use shared::submission;

use crate::config::Config;

/// A submission without a result yet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Queued<'a> {
    id: &'a str,
    status: Status,
    submitted_at_ms: u64,
}

/// The newest results of a problem: the classic `id` and `output`, and more.
#[derive(Serialize)]
struct ProblemResults<'a> {
    id: &'a str,
    output: Vec<String>,
    results: Vec<Value>,
}

/// One command, whatever `id` is.
pub(crate) async fn result(
    config: Config,
    id: &str,
    now_ms: u64,
) -> Result<Response<Bytes>, ApiError> {
    let queue = Queue::new(Client::new(config.redis));
    let Some(ticket) = config.tickets.verify(id) else {
        return problem_results(&queue, id).await;
    };
    if let Some(document) = queue.result(id).await? {
        return Ok(response::raw_json(StatusCode::OK, document));
    }
    let age_ms = now_ms.saturating_sub(ticket.issued_at_ms);
    if age_ms > config.result_ttl_s * 1_000 {
        return Err(ApiError::new(
            StatusCode::GONE,
            "expired",
            format!(
                "There is no result of this submission, and it is older than the {} seconds \
                 that results are kept: it is gone, or still waits.",
                config.result_ttl_s
            ),
        ));
    }
    Ok(response::json(
        StatusCode::OK,
        &Queued {
            id,
            status: Status::Queued,
            submitted_at_ms: ticket.issued_at_ms,
        },
    ))
}

async fn problem_results(queue: &Queue, id: &str) -> Result<Response<Bytes>, ApiError> {
    let unknown = || {
        ApiError::not_found(
            "There is no submission with this id, and no result for a problem of this name.",
        )
    };
    submission::check_problem_id(id).map_err(|_| unknown())?;
    let stored = queue.results_of_problem(id).await?;
    if stored.is_empty() {
        return Err(unknown());
    }
    let damaged = |error: serde_json::Error| {
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "damaged_result",
            "A stored result could not be read.",
        )
        .detail(format!("a summary of problem {id}: {error}"))
    };
    let results: Vec<Value> = stored
        .iter()
        .map(|text| serde_json::from_slice(text).map_err(damaged))
        .collect::<Result<_, _>>()?;
    let answer = ProblemResults {
        id,
        output: results
            .iter()
            .map(|one| one["output"].as_str().unwrap_or_default().to_owned())
            .collect(),
        results,
    };
    Ok(response::json(StatusCode::OK, &answer))
}
