//! An operator's calls: `GET /stats`, `GET /endpoints`, `GET /dead`, replay, delete,
//! `GET /scheduled`, pause, resume and purge.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use shared::domain::lane::Lane;
use shared::domain::violation::Violation;
use shared::http::{ApiError, response};
use shared::queue::Store;
use shared::queue::dead_letters::Replay;
use shared::queue::purge::Purge;

use crate::context::Context;
use crate::handlers::endpoints;
use crate::query::{cursor, parameter, text};
use crate::route::AdminRoute;
use crate::worker_fn::WorkerFn;

/// After this many calls of Redis the rest is left to the next request: the
/// platform's free plan allows 50.
const MAX_CALLS: usize = 40;
/// The most calls that replaying a page of dead letters takes, as long as their hash
/// gives a hundred or so at once.
const PAGE_CALLS: usize = 25;

/// Does what an operator asks for.
pub(crate) async fn answer<W: WorkerFn>(
    context: &mut Context<'_, W>,
    route: AdminRoute,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let store = context.store()?;
    let body = match route {
        AdminRoute::Stats => {
            let (config, past) = (context.config()?, &context.instance.past_hours);
            let mut stats = store.stats(context.now_ms, &config.tickets, past).await?;
            stats.commands.daily_limit = config.daily_commands;
            json!({ "success": true, "stats": stats })
        }
        AdminRoute::Endpoints => return endpoints::endpoints(context).await,
        AdminRoute::DeadLetters => dead_letters(&store, request).await?,
        AdminRoute::DeadLetter(id) => dead_letter(&store, &id).await?,
        AdminRoute::Replay(id) => {
            let position = replay(&store, &id, context.now_ms).await?;
            context.effects.wake_once();
            json!({ "success": true, "message": "Waiting again.", "id": id, "position": position })
        }
        AdminRoute::ReplayMany => {
            let body = replay_many(&store, request, context.now_ms).await?;
            if body["replayed"] != 0 {
                context.effects.wake_once();
            }
            body
        }
        AdminRoute::Delete(id) => {
            let tickets = &context.config()?.tickets;
            if !store.delete_dead_letter(&id, tickets).await? {
                return Err(no_such_dead_letter());
            }
            json!({ "success": true, "message": "Deleted.", "id": id })
        }
        AdminRoute::DeleteMany => delete_many(context, &store, request).await?,
        AdminRoute::Scheduled => {
            let page = store.scheduled(cursor(request)?).await?;
            json!({ "success": true, "scheduled": page.submissions, "next": page.next })
        }
        AdminRoute::Pause => {
            store.pause().await?;
            json!({ "success": true, "message": "Paused: nothing is taken from the queue." })
        }
        AdminRoute::Resume => {
            store.resume().await?;
            context.effects.wake_once();
            json!({ "success": true, "message": "Resumed." })
        }
        AdminRoute::Purge => {
            let (what, ttl_s) = (what_to_purge(request)?, context.config()?.result_ttl_s);
            let purged = store.purge(&what, ttl_s, MAX_CALLS).await?;
            let message = if purged.more {
                "Purged a part: call again."
            } else {
                "Purged."
            };
            json!({
                "success": true,
                "message": message,
                "purged": purged.count,
                "more": purged.more,
            })
        }
    };
    Ok(response::json(StatusCode::OK, &body))
}

async fn dead_letters(store: &Store, request: &Request<Bytes>) -> Result<Value, ApiError> {
    let page = store.dead_letters(cursor(request)?).await?;
    let letters: Vec<Value> = match text(request, "reason") {
        Some(reason) => page.of_reason(&reason).collect(),
        None => {
            let read = |text: &Vec<u8>| serde_json::from_slice(text).unwrap_or(Value::Null);
            page.letters.iter().map(read).collect()
        }
    };
    Ok(json!({ "success": true, "dead": letters, "next": page.next }))
}

/// A dead letter and its payload. A letter that cannot be read is `null`, as in
/// the list.
async fn find_dead_letter(store: &Store, id: &str) -> Result<(Value, Vec<u8>), ApiError> {
    let found = store.dead_letter(id).await?;
    let (letter, payload) = found.ok_or_else(no_such_dead_letter)?;
    let letter = serde_json::from_slice(&letter).unwrap_or(Value::Null);
    Ok((letter, payload))
}

async fn dead_letter(store: &Store, id: &str) -> Result<Value, ApiError> {
    let (letter, payload) = find_dead_letter(store, id).await?;
    // Verbatim where JSON can hold it, else in base64.
    let (name, payload) = match String::from_utf8(payload) {
        Ok(text) => ("payload", text),
        Err(error) => ("payloadBase64", response::base64(error.as_bytes())),
    };
    Ok(json!({ "success": true, "dead": letter, name: payload }))
}

/// The job's new place in its lane. Errors: there is no such letter; its payload is
/// no job.
async fn replay(store: &Store, id: &str, now_ms: u64) -> Result<u64, ApiError> {
    let (letter, payload) = find_dead_letter(store, id).await?;
    let lane = letter["lane"].as_str().and_then(Lane::from_name);
    let replay = Replay::of(id, lane.unwrap_or_default(), &payload, now_ms).map_err(|why| {
        let message = format!("This dead letter cannot be replayed, for it is no job: {why}.");
        Violation::invalid("id", message)
    })?;
    let lengths = store.replay(&[replay]).await?;
    let length = lengths.into_iter().flatten().next();
    length.ok_or_else(no_such_dead_letter)
}

/// `?reason=`: the letters whose reason begins so are replayed, from `?cursor=` on.
async fn replay_many(
    store: &Store,
    request: &Request<Bytes>,
    now_ms: u64,
) -> Result<Value, ApiError> {
    let reason = reason(request)?;
    let mut next = Some(cursor(request)?);
    let (mut replayed, mut unreadable, mut calls) = (0, 0, 0);
    while let Some(page) = next.filter(|_| calls + PAGE_CALLS <= MAX_CALLS) {
        let page = store.replay_page(page, &reason, now_ms).await?;
        replayed += page.replayed;
        unreadable += page.unreadable;
        calls += page.calls;
        next = page.next.and_then(|next| next.parse().ok());
    }
    Ok(json!({
        "success": true,
        "message": "Waiting again.",
        "replayed": replayed,
        "unreadable": unreadable,
        "next": next.map(|next| next.to_string()),
    }))
}

/// `?reason=`: the letters whose reason begins so are deleted, from `?cursor=` on.
async fn delete_many<W>(
    context: &Context<'_, W>,
    store: &Store,
    request: &Request<Bytes>,
) -> Result<Value, ApiError> {
    let (reason, tickets) = (reason(request)?, &context.config()?.tickets);
    let mut next = Some(cursor(request)?);
    let mut deleted = 0;
    // Two calls of Redis each.
    for _ in 0..MAX_CALLS / 4 {
        let Some(page) = next else { break };
        let page = store.delete_page(page, &reason, tickets).await?;
        deleted += page.deleted;
        next = page.next.and_then(|next| next.parse().ok());
    }
    Ok(json!({
        "success": true,
        "message": "Deleted.",
        "deleted": deleted,
        "next": next.map(|next| next.to_string()),
    }))
}

/// `?reason=`, which must be there: not all letters are meant by a typo.
fn reason(request: &Request<Bytes>) -> Result<String, Violation> {
    let reason = text(request, "reason").filter(|reason| !reason.is_empty());
    reason.ok_or_else(|| {
        Violation::invalid(
            "reason",
            "reason must be the beginning of a dead letter's reason.",
        )
    })
}

/// `?lane=high|normal|low|scheduled|all`. There is no default: a purge must not
/// happen by a typo.
fn what_to_purge(request: &Request<Bytes>) -> Result<Vec<Purge>, Violation> {
    match parameter(request, "lane") {
        Some("all") => Ok(Purge::ALL.to_vec()),
        Some("scheduled") => Ok(vec![Purge::Scheduled]),
        name => name
            .and_then(Lane::from_name)
            .map(|lane| vec![Purge::Lane(lane)])
            .ok_or_else(|| {
                Violation::invalid("lane", "lane must be high, normal, low, scheduled or all.")
            }),
    }
}

fn no_such_dead_letter() -> ApiError {
    ApiError::not_found("There is no dead letter with this id.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purge_names_its_lane() {
        let what = |uri: &str| {
            let mut request = Request::new(Bytes::new());
            *request.uri_mut() = uri.parse().unwrap();
            what_to_purge(&request).map_err(|violation| violation.field.into_owned())
        };
        assert_eq!(what("/purge?lane=low"), Ok(vec![Purge::Lane(Lane::Low)]));
        assert_eq!(what("/purge?lane=scheduled"), Ok(vec![Purge::Scheduled]));
        assert_eq!(what("/purge?lane=all"), Ok(Purge::ALL.to_vec()));
        assert_eq!(what("/purge"), Err("lane".to_owned()));
        assert_eq!(what("/purge?lane=fast"), Err("lane".to_owned()));
    }
}
