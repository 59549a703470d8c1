//! `GET /readyz`: whether Redis and an execution endpoint can be reached. For anybody,
//! so it tells no address, and asks only once in a while.

use bytes::Bytes;
use futures_util::future::join;
use http::{Response, StatusCode};
use serde_json::json;
use shared::http::response;

use crate::config::Config;
use crate::executor::Endpoints;
use crate::instance::{Instance, Readiness};
use crate::runtime::Runtime;

/// How long a finding is remembered, in milliseconds.
const FRESH_MS: u64 = 2_000;

/// Asks Redis, one command, and all endpoints, one call each, however many callers there
/// are within two seconds.
pub(super) async fn answer(
    config: &Config,
    runtime: Runtime,
    instance: &Instance,
    endpoints: &Endpoints,
) -> Response<Bytes> {
    let store = instance.store(&config.redis);
    let find = async {
        let (pong, health) = join(store.ping(), endpoints.health()).await;
        Readiness {
            redis: pong.is_ok(),
            endpoint: health.iter().any(|endpoint| endpoint.languages.is_ok()),
        }
    };
    let readiness = &instance.readiness;
    let found = readiness.get(FRESH_MS, runtime.now_ms, runtime.sleep, find);
    response_of(found.await)
}

/// The answer to a submit-fn whose service token is another one: worker-fn would not let
/// it in elsewhere.
pub(super) fn different_secrets() -> Response<Bytes> {
    let checks = json!({ "redis": null, "worker": false, "endpoint": null });
    let body = json!({ "success": false, "checks": checks });
    response::json(StatusCode::SERVICE_UNAVAILABLE, &body)
}

fn response_of(found: Readiness) -> Response<Bytes> {
    let is_ready = found.redis && found.endpoint;
    let status = match is_ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let checks = json!({ "redis": found.redis, "worker": true, "endpoint": found.endpoint });
    response::json(status, &json!({ "success": is_ready, "checks": checks }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_must_be_reached() {
        for (redis, endpoint, status) in [
            (true, true, 200),
            (false, true, 503),
            (true, false, 503),
            (false, false, 503),
        ] {
            let response = response_of(Readiness { redis, endpoint });
            assert_eq!(response.status(), status);
            let checks =
                format!(r#""checks":{{"endpoint":{endpoint},"redis":{redis},"worker":true}}"#);
            let body = String::from_utf8_lossy(response.body());
            assert!(body.contains(&checks), "{body}");
        }
    }
}
