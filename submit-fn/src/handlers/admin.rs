//! An operator's calls: `GET /stats`, `GET /dead`, replay, delete, pause, resume
//! and purge.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use shared::domain::lane::Lane;
use shared::domain::violation::Violation;
use shared::http::{ApiError, response};
use shared::queue::Store;

use crate::auth::require_operator;
use crate::context::Context;
use crate::query::{cursor, parameter};
use crate::route::AdminRoute;

/// Does what an operator asks for.
pub(crate) async fn answer<W>(
    context: &mut Context<'_, W>,
    route: AdminRoute<'_>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    require_operator(context)?;
    let store = context.store()?;
    let body = match route {
        AdminRoute::Stats => {
            let tickets = &context.config()?.tickets;
            let stats = store.stats(context.now_ms, tickets).await?;
            json!({ "success": true, "stats": stats })
        }
        AdminRoute::DeadLetters => dead_letters(&store, request).await?,
        AdminRoute::DeadLetter(id) => dead_letter(&store, id).await?,
        AdminRoute::Replay(id) => {
            let (letter, _) = find_dead_letter(&store, id).await?;
            let lane = letter["lane"].as_str().and_then(Lane::from_name);
            let position = store
                .replay(id, lane.unwrap_or_default())
                .await?
                .ok_or_else(no_such_dead_letter)?;
            context.effects.wake_once();
            json!({ "success": true, "message": "Waiting again.", "id": id, "position": position })
        }
        AdminRoute::Delete(id) => {
            if !store.delete_dead_letter(id).await? {
                return Err(no_such_dead_letter());
            }
            json!({ "success": true, "message": "Deleted.", "id": id })
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
            let purged = store.purge(&lanes_to_purge(request)?).await?;
            json!({ "success": true, "message": "Purged.", "purged": purged })
        }
    };
    Ok(response::json(StatusCode::OK, &body))
}

async fn dead_letters(store: &Store, request: &Request<Bytes>) -> Result<Value, ApiError> {
    let page = store.dead_letters(cursor(request)?).await?;
    let letters: Vec<Value> = page
        .letters
        .iter()
        .map(|text| serde_json::from_slice(text).unwrap_or(Value::Null))
        .collect();
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

/// `?lane=high|normal|low|all`. There is no default: a purge must not happen by
/// a typo.
fn lanes_to_purge(request: &Request<Bytes>) -> Result<Vec<Lane>, Violation> {
    match parameter(request, "lane") {
        Some("all") => Ok(Lane::ALL.to_vec()),
        name => name
            .and_then(Lane::from_name)
            .map(|lane| vec![lane])
            .ok_or_else(|| Violation::invalid("lane", "lane must be high, normal, low or all.")),
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
        let lanes = |uri: &str| {
            let mut request = Request::new(Bytes::new());
            *request.uri_mut() = uri.parse().unwrap();
            lanes_to_purge(&request).map_err(|violation| violation.field.into_owned())
        };
        assert_eq!(lanes("/purge?lane=low"), Ok(vec![Lane::Low]));
        assert_eq!(lanes("/purge?lane=all"), Ok(Lane::ALL.to_vec()));
        assert_eq!(lanes("/purge"), Err("lane".to_owned()));
        assert_eq!(lanes("/purge?lane=fast"), Err("lane".to_owned()));
    }
}
