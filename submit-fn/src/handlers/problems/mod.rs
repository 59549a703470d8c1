//! `PUT`, `GET` and `DELETE /problems/:id`, and `GET /problems`.
//!
//! Publishing and deleting are an operator's. To all others who read a problem a
//! hidden case is a number with a weight; the operator reads the problem as it was
//! published. Each of the two answers has an `ETag` of its own,
//! so that no cache takes one for the other.

mod etag;
mod languages;
mod limits;
mod view;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use shared::domain::ids::ProblemId;
use shared::domain::language::FunctionLanguages;
use shared::domain::problem::Problem;
use shared::http::{ApiError, Scope, response};

use crate::context::Context;
use crate::query::cursor;
use crate::route::ProblemRoute;
use crate::worker_fn::WorkerFn;

/// How long reading a problem waits for memory, in milliseconds.
const MEMORY_WAIT_MS: u64 = 5_000;

/// Does what is asked of the problems.
pub(crate) async fn answer<W: WorkerFn>(
    context: &mut Context<'_, W>,
    route: ProblemRoute,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    match route {
        ProblemRoute::List => list(context, request).await,
        ProblemRoute::Read(id) => {
            let operator = context.caller.may(Scope::Admin);
            read(context, &id, operator).await
        }
        ProblemRoute::Publish(id) => publish(context, &id, request).await,
        ProblemRoute::Delete(id) => delete(context, &id).await,
    }
}

async fn list<W>(
    context: &Context<'_, W>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let store = context.store()?;
    let page = store.problems(cursor(request)?).await?;
    // By id: a map of JSON values is in the wasm anyway, a sort of them is not.
    let mut by_id = Map::new();
    for problem in page.problems {
        let id = problem["id"].as_str().unwrap_or_default().to_owned();
        by_id.insert(id, problem);
    }
    let problems: Vec<Value> = by_id.into_values().collect();
    let body = json!({ "success": true, "problems": problems, "next": page.next });
    Ok(response::json(StatusCode::OK, &body))
}

async fn publish<W: WorkerFn>(
    context: &mut Context<'_, W>,
    id: &str,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let id = ProblemId::parse(id, "id")?;
    let mut problem = Problem::from_body(&id, request.body())?;
    let normalized = problem.normalize_text();
    let mut notes = languages::check(context, &problem).await?;
    notes.extend(limits::check(context, &problem).await?);
    let cases = problem.cases.len();
    let refused = harness::unsupported(&problem);
    let names = refused.iter().map(|(harness, _)| harness.language());
    let unsupported = FunctionLanguages::of(names);
    let tickets = &context.config()?.tickets;
    let published = context
        .store()?
        .publish(problem, unsupported, tickets, context.now_ms)
        .await;
    context.instance.problem_kinds.forget(&id);
    let published = published?;
    let status = if published.new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let mut body = json!({
        "success": true,
        "id": id,
        "version": published.version,
        "cases": cases,
    });
    if !refused.is_empty() {
        let mut reasons = Map::new();
        for (harness, why) in refused {
            reasons.insert(harness.language().to_owned(), why.0.into());
        }
        body["unsupported"] = reasons.into();
    }
    if normalized > 0 {
        notes.push(format!(
            "{normalized} of the cases had line ends of Windows (CRLF) or a byte order mark. They \
             are stored with plain line ends (LF) and without the mark."
        ));
    }
    if !notes.is_empty() {
        body["notes"] = notes.into();
    }
    Ok(response::json(status, &body))
}

async fn delete<W>(context: &Context<'_, W>, id: &str) -> Result<Response<Bytes>, ApiError> {
    let id = ProblemId::parse(id, "id").map_err(|_| ApiError::no_such_problem())?;
    let deleted = context.store()?.delete_problem(&id, context.now_ms).await;
    context.instance.problem_kinds.forget(&id);
    if !deleted? {
        return Err(ApiError::no_such_problem());
    }
    let body = json!({ "success": true, "message": "Deleted.", "id": id });
    Ok(response::json(StatusCode::OK, &body))
}

/// One round trip, whether the caller has the answer already or not.
async fn read<W>(
    context: &Context<'_, W>,
    id: &str,
    operator: bool,
) -> Result<Response<Bytes>, ApiError> {
    let id = ProblemId::parse(id, "id").map_err(|_| ApiError::no_such_problem())?;
    let store = context.store()?;
    let (memory, sizes) = (&context.instance.memory, &context.instance.problem_sizes);
    let room = memory.reserve(sizes.needed(&id), context.runtime.sleep, MEMORY_WAIT_MS);
    let _memory = room.await.ok_or_else(ApiError::busy)?;
    let stored = store.problem(&id).await?;
    sizes.note(&id, stored.as_ref().map_or(0, |(_, text)| text.len()));
    let (version, text) = stored.ok_or_else(ApiError::no_such_problem)?;
    let tag = etag::of(&version, operator);
    let mut response = if etag::is_known(context.headers, &tag) {
        response::empty(StatusCode::NOT_MODIFIED)
    } else {
        let json = view::problem(&id, &text, &version, operator)?;
        response::raw_json(StatusCode::OK, json.into_bytes())
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    let caching = if operator { "no-store" } else { "no-cache" };
    response::differ_by_reader(headers, caching);
    Ok(response)
}
