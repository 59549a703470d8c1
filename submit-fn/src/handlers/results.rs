//! `GET /result/:id`: a submission's result, or the newest of a problem.
//!
//! Whoever holds a submission's id may read its result. A problem's id is known
//! to all: it shows ids and outputs to the operator, and to others only verdicts,
//! unless access is open.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::Value;
use shared::domain::ids::ProblemId;
use shared::domain::result::Status;
use shared::http::{ApiError, Code, response};

use crate::context::Context;

/// A submission without a result yet.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Queued<'a> {
    id: &'a str,
    status: Status,
    submitted_at_ms: u64,
    /// Of a scheduled submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at_ms: Option<u64>,
}

/// The newest results of a problem for others: no id, no output.
#[derive(Serialize)]
struct ProblemVerdicts<'a> {
    id: &'a ProblemId,
    total: usize,
    results: Vec<VerdictOnly<'a>>,
}

#[derive(Serialize)]
struct VerdictOnly<'a> {
    verdict: &'a Value,
}

/// The newest results of a problem: the classic `id` and `output`, and
/// `results`.
#[derive(Serialize)]
struct ProblemResults<'a> {
    id: &'a ProblemId,
    output: Vec<String>,
    results: Vec<Value>,
}

/// One command, whatever `id` is.
pub(crate) async fn result<W>(
    context: &Context<'_, W>,
    id: &str,
) -> Result<Response<Bytes>, ApiError> {
    let config = context.config()?;
    let Some(ticket) = config.tickets.verify(id) else {
        return problem_results(context, id).await;
    };
    if let Some(document) = context.store()?.result(id).await? {
        return Ok(response::raw_json(StatusCode::OK, document));
    }
    // A scheduled submission is as old as the time since it was due.
    let age_ms = context.now_ms.saturating_sub(ticket.waits_since_ms());
    if age_ms > config.result_ttl_s * 1_000 {
        return Err(ApiError::new(
            Code::Expired,
            format!(
                "The submission is older than {} seconds and has no stored result. The result \
                 has expired, or the job has not run yet.",
                config.result_ttl_s
            ),
        ));
    }
    let body = Queued {
        id,
        status: Status::Queued,
        submitted_at_ms: ticket.submitted_at_ms,
        due_at_ms: ticket.due_at_ms,
    };
    Ok(response::json(StatusCode::OK, &body))
}

async fn problem_results<W>(
    context: &Context<'_, W>,
    id: &str,
) -> Result<Response<Bytes>, ApiError> {
    let unknown = || {
        ApiError::not_found(
            "Unknown id. If this is a submission's id, check that it is complete (48 characters). \
             If it is a problem's id, there is no result for it yet.",
        )
    };
    let id = ProblemId::parse(id, "id").map_err(|_| unknown())?;
    let stored = context.store()?.results_of_problem(&id).await?;
    if stored.is_empty() {
        return Err(unknown());
    }
    let damaged = |error: serde_json::Error| {
        ApiError::new(Code::DamagedResult, "A stored result could not be read.")
            .detail(format!("a summary of problem {id}: {error}"))
    };
    let results: Vec<Value> = stored
        .iter()
        .map(|text| serde_json::from_slice(text).map_err(damaged))
        .collect::<Result<_, _>>()?;
    let access = &context.config()?.access;
    if !access.is_open() && !access.is_operator(context.headers) {
        let body = ProblemVerdicts {
            id: &id,
            total: results.len(),
            results: results
                .iter()
                .map(|summary| VerdictOnly {
                    verdict: &summary["verdict"],
                })
                .collect(),
        };
        return Ok(response::json(StatusCode::OK, &body));
    }
    let output = results
        .iter()
        .map(|summary| summary["output"].as_str().unwrap_or_default().to_owned())
        .collect();
    let body = ProblemResults {
        id: &id,
        output,
        results,
    };
    Ok(response::json(StatusCode::OK, &body))
}
