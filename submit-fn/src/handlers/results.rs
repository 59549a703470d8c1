//! `GET /result/:id`: a submission's result, or the newest of a problem.
//!
//! Whoever holds a submission's id may read its result. A problem's id is known
//! to all: it shows ids and outputs to a key that may read, and to others only
//! verdicts, unless access is open.
//!
//! The operator also reads what a checker program said, which knows expected answers.
//!
//! With `?wait=` the request looks again until a submission has its result
//! ([`crate::live_results`]).

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use serde_json::Value;
use shared::domain::ids::ProblemId;
use shared::domain::result::Status;
use shared::domain::ticket::Ticket;
use shared::domain::violation::Violation;
use shared::http::{ApiError, Code, Scope, response};

use crate::context::Context;
use crate::live_results::Viewer;
use crate::query::parameter;
use crate::waiters::{MAX_WAIT_S, Place};

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

/// One command, whatever `id` is; with a wait one for each look that no other viewer
/// of the instance makes.
pub(crate) async fn result<W>(
    context: &Context<'_, W>,
    id: &str,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let wait_s = wait_s(request)?;
    let config = context.config()?;
    let Some(ticket) = config.tickets.verify(id) else {
        return problem_results(context, id).await;
    };
    let until_ms = context.now_ms + wait_s * 1_000;
    let document = match waiting_place(context, &ticket, wait_s)? {
        Some(_place) => wait(context, id, &ticket, until_ms).await?,
        None if is_operator(context) => context.store()?.result_for_operator(id).await?,
        None => context.store()?.result(id).await?,
    };
    if let Some(document) = document {
        return Ok(response::raw_json(StatusCode::OK, document));
    }
    check_age(context, &ticket)?;
    let body = Queued {
        id,
        status: Status::Queued,
        submitted_at_ms: ticket.submitted_at_ms,
        due_at_ms: ticket.due_at_ms,
    };
    Ok(response::json(StatusCode::OK, &body))
}

/// Errors: the submission is so old that its result is gone. A scheduled one is as
/// old as the time since it was due.
pub(super) fn check_age<W>(context: &Context<'_, W>, ticket: &Ticket) -> Result<(), ApiError> {
    let result_ttl_s = context.config()?.result_ttl_s;
    if is_young(context, ticket)? {
        return Ok(());
    }
    Err(ApiError::new(
        Code::Expired,
        format!(
            "The submission is older than {result_ttl_s} seconds and has no stored result. The \
             result has expired, or the job has not run yet.",
        ),
    ))
}

fn is_young<W>(context: &Context<'_, W>, ticket: &Ticket) -> Result<bool, ApiError> {
    let age_ms = context.now_ms.saturating_sub(ticket.waits_since_ms());
    Ok(age_ms <= context.config()?.result_ttl_s * 1_000)
}

/// Whether what a checker program said may be read.
fn is_operator<W>(context: &Context<'_, W>) -> bool {
    context.caller.may(Scope::Admin)
}

/// A viewer of a submission, for this request.
pub(super) fn viewer<W>(
    context: &Context<'_, W>,
    id: &str,
    ticket: &Ticket,
) -> Result<Viewer, ApiError> {
    Ok(Viewer {
        id: id.to_owned(),
        since_ms: ticket.waits_since_ms(),
        live: context.instance.live.clone(),
        settled: context.instance.settled.clone(),
        store: context.store()?,
        runtime: context.runtime,
        is_operator: is_operator(context),
        asked: 0,
        version: 0,
    })
}

/// The seconds of `?wait=`, 0 without it.
fn wait_s(request: &Request<Bytes>) -> Result<u64, Violation> {
    let Some(text) = parameter(request, "wait") else {
        return Ok(0);
    };
    let seconds = text.parse().ok().filter(|seconds| *seconds <= MAX_WAIT_S);
    seconds.ok_or_else(|| {
        let rule = format!("wait must be a whole number of seconds from 0 to {MAX_WAIT_S}.");
        Violation::invalid("wait", rule)
    })
}

/// A place to wait in, where there is one and a result may still come.
fn waiting_place<W>(
    context: &Context<'_, W>,
    ticket: &Ticket,
    wait_s: u64,
) -> Result<Option<Place>, ApiError> {
    if wait_s == 0 || !is_young(context, ticket)? {
        return Ok(None);
    }
    let until_ms = context.now_ms + wait_s * 1_000;
    // What is due later is not waited for.
    if ticket.waits_since_ms() > until_ms {
        return Ok(None);
    }
    let waiters = &context.instance.waiters;
    Ok(waiters.enter(&context.sender()?, context.now_ms, until_ms))
}

/// Looks until there is a result or the time is over. A submission that is not due
/// yet is not looked for.
async fn wait<W>(
    context: &Context<'_, W>,
    id: &str,
    ticket: &Ticket,
    until_ms: u64,
) -> Result<Option<Vec<u8>>, ApiError> {
    let mut viewer = viewer(context, id, ticket)?;
    loop {
        let (left_ms, pause_ms) = (until_ms.saturating_sub(viewer.now_ms()), viewer.pause_ms());
        if pause_ms == 0 {
            let seen = viewer.look().await?;
            if let Some(document) = seen.document {
                return Ok(Some(document.into()));
            }
        } else if left_ms == 0 {
            return Ok(None);
        } else {
            (context.runtime.sleep)(pause_ms.min(left_ms)).await;
        }
    }
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
    if !context.config()?.access.sees_all(&context.caller) {
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
