//! `GET /endpoints`: how the execution endpoints are. Only submit-fn may call it, for
//! the operator. No URL and no token is in the answer.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};
use shared::http::response;

use crate::executor::{EndpointHealth, Endpoints};

/// Asks them all.
pub(super) async fn answer(endpoints: &Endpoints) -> Response<Bytes> {
    let health = endpoints.health().await;
    let all: Vec<Value> = health.iter().map(view).collect();
    response::json(
        StatusCode::OK,
        &json!({ "success": true, "endpoints": all }),
    )
}

fn view(health: &EndpointHealth) -> Value {
    let languages = health.languages.as_deref();
    json!({
        "name": health.name,
        "kind": health.kind.name(),
        "healthy": languages.is_ok(),
        "error": languages.err().map(ToString::to_string),
        "latencyMs": health.latency_ms,
        "ejectedUntilMs": health.ejected_until_ms,
        "languages": languages.unwrap_or_default(),
    })
}
