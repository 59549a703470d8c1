//! What is decided about a request before its body is read: `lib.rs` asks.
//!
//! A body holds memory that all requests of an instance share, so nobody who would be
//! refused gets to send one. The call is counted first, so that keys are not guessed at
//! any speed.

use bytes::Bytes;
use http::{Method, Request};
use shared::config::ConfigError;
use shared::http::{ApiError, Need};

use crate::config::Config;
use crate::need;
use crate::rates::Rates;
use crate::route::Route;
use shared::http::rates::RateLimit;

/// Lets a request in by its method, path and headers, and says whether its body is read.
///
/// Errors: 404 and 405 for what is no route, 429 where a rate is used up, and 401 or 403
/// where the sender lacks what the call needs.
pub async fn admit(
    rates: &Rates,
    config: &Result<Config, ConfigError>,
    platform: &impl RateLimit,
    head: &Request<Bytes>,
    now_ms: u64,
) -> Result<bool, ApiError> {
    let route = Route::of(head.method(), head.uri().path())?;
    rates.admit(config, platform, head, now_ms).await?;
    let need = need::of(&route);
    if need == Need::NOTHING {
        return Ok(false);
    }
    let config = config.as_ref().map_err(Clone::clone)?;
    config.access.require(head.headers(), need)?;
    Ok([Method::POST, Method::PUT].contains(head.method()))
}
