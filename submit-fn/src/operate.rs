//! Hands on the queue, for operators: `GET /stats`, `GET /dead`, replay,
//! delete, pause, resume and purge.
//!
//! All of them ask for `ADMIN_TOKEN` as a bearer token. Where none is set, they
//! are off: nobody gets operator's rights by default.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use shared::api_error::ApiError;
use shared::config::{self, Lookup, Secret};
use shared::lane::Lane;
use shared::queue::Queue;
use shared::redis::Client;
use shared::response;

use crate::app::{Outcome, Wake};
use crate::config::Config;
use crate::route::Operation;

/// Does what an operator asks for.
pub(crate) async fn operate(
    lookup: Lookup<'_>,
    operation: Operation<'_>,
    request: &Request<Bytes>,
    now_ms: u64,
    outcome: &mut Outcome,
) -> Result<Response<Bytes>, ApiError> {
    check_token(lookup, request.headers())?;
    let config = Config::from_lookup(lookup)?;
    let queue = Queue::new(Client::new(config.redis.clone()));
    let body = match operation {
        Operation::Stats => {
            let stats = queue.stats(now_ms, &config.tickets).await?;
            json!({ "success": true, "stats": stats })
        }
        Operation::DeadLetters => dead_letters(&queue, request).await?,
        Operation::DeadLetter(id) => dead_letter(&queue, id).await?,
        Operation::Replay(id) => {
            let (letter, _) = kept(&queue, id).await?;
            let lane = letter["lane"].as_str().and_then(Lane::from_name);
            let position = queue
                .replay(id, lane.unwrap_or_default())
                .await?
                .ok_or_else(no_such_letter)?;
            outcome.wake = Wake::AllLanes;
            outcome.wakes = 1;
            json!({ "success": true, "message": "Waiting again.", "id": id, "position": position })
        }
        Operation::Delete(id) => {
            if !queue.bury(id).await? {
                return Err(no_such_letter());
            }
            json!({ "success": true, "message": "Deleted.", "id": id })
        }
        Operation::Pause => {
            queue.pause().await?;
            json!({ "success": true, "message": "Paused: nothing is taken from the queue." })
        }
        Operation::Resume => {
            queue.resume().await?;
            outcome.wake = Wake::AllLanes;
            outcome.wakes = 1;
            json!({ "success": true, "message": "Resumed." })
        }
        Operation::Purge => {
            let lanes = lanes_to_purge(request)?;
            let purged = queue.purge(&lanes).await?;
            json!({ "success": true, "message": "Purged.", "purged": purged })
        }
    };
    Ok(response::json(StatusCode::OK, &body))
}

async fn dead_letters(queue: &Queue, request: &Request<Bytes>) -> Result<Value, ApiError> {
    let page = queue.dead(cursor(request)?).await?;
    let letters: Vec<Value> = page
        .letters
        .iter()
        .map(|text| serde_json::from_slice(text).unwrap_or(Value::Null))
        .collect();
    Ok(json!({ "success": true, "dead": letters, "next": page.next }))
}

/// `?cursor=`, or where the first page begins.
pub(crate) fn cursor(request: &Request<Bytes>) -> Result<&str, ApiError> {
    let cursor = query(request, "cursor").unwrap_or("0");
    if cursor.is_empty() || !cursor.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::invalid(
            "cursor",
            "cursor must be what `next` of the page before said.",
        ));
    }
    Ok(cursor)
}

/// A dead letter and the queue item it was. One that cannot be read is `null`,
/// as in the list.
async fn kept(queue: &Queue, id: &str) -> Result<(Value, Vec<u8>), ApiError> {
    let kept = queue.dead_letter_kept(id).await?;
    let (letter, payload) = kept.ok_or_else(no_such_letter)?;
    let letter = serde_json::from_slice(&letter).unwrap_or(Value::Null);
    Ok((letter, payload))
}

async fn dead_letter(queue: &Queue, id: &str) -> Result<Value, ApiError> {
    let (letter, payload) = kept(queue, id).await?;
    // As it was, where JSON can hold it; in base64, where it cannot.
    let (name, payload) = match String::from_utf8(payload) {
        Ok(text) => ("payload", text),
        Err(error) => ("payloadBase64", response::base64(error.as_bytes())),
    };
    Ok(json!({ "success": true, "dead": letter, name: payload }))
}

/// `?lane=high|normal|low|all`. Without it nothing is thrown away: a purge is
/// not to happen by a slip.
fn lanes_to_purge(request: &Request<Bytes>) -> Result<Vec<Lane>, ApiError> {
    match query(request, "lane") {
        Some("all") => Ok(Lane::ALL.to_vec()),
        name => name
            .and_then(Lane::from_name)
            .map(|lane| vec![lane])
            .ok_or_else(|| ApiError::invalid("lane", "lane must be high, normal, low or all.")),
    }
}

fn query<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    request
        .uri()
        .query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn no_such_letter() -> ApiError {
    ApiError::not_found("There is no dead letter with this id.")
}

/// Errors: 403 where the operations are off, 401 for a wrong token or none.
pub(crate) fn check_token(lookup: Lookup<'_>, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(token) = config::optional(lookup, "ADMIN_TOKEN").map(Secret::new) else {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "operations_off",
            "The operator's calls are off: the variable ADMIN_TOKEN is not set.",
        ));
    };
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if given.is_some_and(|given| token.matches(given)) {
        Ok(())
    } else {
        Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "This call needs the operator's token: Authorization: Bearer ADMIN_TOKEN.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_asked_for() {
        let set = |name: &str| (name == "ADMIN_TOKEN").then(|| "right".to_owned());
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            headers
        };
        let status = |result: Result<(), ApiError>| result.unwrap_err().status().as_u16();
        assert_eq!(check_token(&set, &with("Bearer right")), Ok(()));
        assert_eq!(status(check_token(&set, &with("Bearer wrong"))), 401);
        assert_eq!(status(check_token(&set, &with("right"))), 401);
        assert_eq!(status(check_token(&set, &HeaderMap::new())), 401);
        assert_eq!(status(check_token(&|_| None, &with("Bearer "))), 403);
    }

    #[test]
    fn a_purge_names_its_lane() {
        let of = |uri: &str| {
            let mut request = Request::new(Bytes::new());
            *request.uri_mut() = uri.parse().unwrap();
            lanes_to_purge(&request).map_err(|error| error.field().map(str::to_owned))
        };
        assert_eq!(of("/purge?lane=low"), Ok(vec![Lane::Low]));
        assert_eq!(of("/purge?lane=all"), Ok(Lane::ALL.to_vec()));
        assert_eq!(of("/purge"), Err(Some("lane".to_owned())));
        assert_eq!(of("/purge?lane=fast"), Err(Some("lane".to_owned())));
    }
}
