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

/// How long it is remembered that all is well, in milliseconds: anybody may ask, and at
/// this rate an instance spends 2,880 commands a day at most on them.
const WELL_MS: u64 = 30_000;

/// How long it is remembered that something is away, in milliseconds: its recovery is to
/// show soon.
const AWAY_MS: u64 = 2_000;

/// Asks Redis, one command, and all endpoints, one call each, however many callers there
/// are while the finding is fresh.
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
    let found = readiness.get(fresh_ms, runtime.now_ms, runtime.sleep, find);
    response_of(found.await)
}

fn fresh_ms(found: &Readiness) -> u64 {
    match found.redis && found.endpoint {
        true => WELL_MS,
        false => AWAY_MS,
    }
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

    /// 30 s when all is well, else 2 s.
    #[test]
    fn what_is_away_is_asked_again_sooner() {
        for (redis, endpoint, ms) in [
            (true, true, 30_000),
            (false, true, 2_000),
            (true, false, 2_000),
            (false, false, 2_000),
        ] {
            assert_eq!(fresh_ms(&Readiness { redis, endpoint }), ms);
        }
    }

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
