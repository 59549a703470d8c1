//! How many calls somebody may make at worker-fn's own address, so that neither keys nor
//! the service token are guessed at any speed. `lib.rs` asks before a body is read.
//!
//! Counted as in submit-fn, and by the same counters: by address who has no key, by its
//! name a key that has a rate; other keys and the operator are not counted.

use std::cell::Cell;

use bytes::Bytes;
use http::Request;
use shared::http::ApiError;
use shared::http::rates::{Counted, PERIOD_S, Rate, RateLimit};

use crate::config::Settings;

use super::Sender;
use super::route::Route;

/// Counts a request of this sender, of which only method, path and headers are looked at.
/// Errors: 429 where the caller's rate is used up.
pub async fn admit(
    turns: &Cell<u32>,
    settings: &Settings,
    platform: &impl RateLimit,
    sender: &Sender,
    request: &Request<Bytes>,
) -> Result<(), ApiError> {
    if sender.is_service {
        return Ok(());
    }
    // Unknown paths and the Worker's health cost nothing and look at no key.
    let route = Route::of(request.method(), request.uri());
    let (Ok(config), Ok(route)) = (settings, route) else {
        return Ok(());
    };
    let is_health = match route {
        Route::Liveness => true,
        Route::Root { .. } => !config.access.is_open(),
        _ => false,
    };
    if is_health || !config.rate_limits {
        return Ok(());
    }
    let counted = Counted::of(&sender.caller, request.headers(), &config.tickets);
    let Some((client, rate)) = counted.rate(Rate::READ) else {
        return Ok(());
    };
    let turn = turns.replace(turns.get().wrapping_add(1));
    match rate.count(client, turn, platform).await {
        Some(false) => Err(rate.refusal.error(PERIOD_S)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashMap;

    use http::HeaderName;
    use shared::domain::ticket::SERVICE_TOKEN_HEADER;
    use shared::http::rates::{ADDRESS, KEY_COUNTER_LIMIT};

    use super::*;
    use crate::config::Config;

    const KEYS: &str = r#"[
        {"name":"rated","key":"rated-key-0123456","scopes":["work"],"rate":120},
        {"name":"free","key":"free-key-01234567","scopes":["work"]}]"#;

    /// Bindings that count as the platform does.
    #[derive(Default)]
    struct Platform(RefCell<HashMap<(String, String), u32>>);

    impl RateLimit for Platform {
        async fn allows(&self, binding: &str, key: &str) -> Option<bool> {
            let limit = match binding {
                "READ_RATE" => 600,
                _ => KEY_COUNTER_LIMIT,
            };
            let mut counts = self.0.borrow_mut();
            let count = counts.entry((binding.into(), key.into())).or_default();
            *count += 1;
            Some(*count <= limit)
        }
    }

    fn config(rate_limits: &'static str) -> Settings {
        Config::settings(&|name| match name {
            "UPSTASH_REDIS_REST_URL" | "EXECUTOR_URL" => Some("http://127.0.0.1:1".into()),
            "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
            "ADMIN_TOKEN" => Some("operators-own-token".into()),
            "API_KEYS" => Some(KEYS.into()),
            "RATE_LIMITS" => Some(rate_limits.into()),
            _ => None,
        })
    }

    /// How many of 700 calls are admitted.
    async fn admitted(rate_limits: &'static str, path: &str, header: (&str, &str)) -> u32 {
        let (turns, config, platform) = (Cell::new(0), config(rate_limits), Platform::default());
        let mut head = Request::new(Bytes::new());
        *head.uri_mut() = path.parse().unwrap();
        if path == "/run" {
            *head.method_mut() = http::Method::POST;
        }
        let name: HeaderName = header.0.parse().unwrap();
        head.headers_mut().insert(name, header.1.parse().unwrap());
        head.headers_mut()
            .insert(ADDRESS, "192.0.2.1".parse().unwrap());
        let sender = Sender::of(&config, head.headers());
        assert!(!sender.is_service);
        let mut count = 0;
        for _ in 0..700 {
            match admit(&turns, &config, &platform, &sender, &head).await {
                Ok(()) => count += 1,
                Err(error) => assert_eq!(error.status(), 429),
            }
        }
        count
    }

    #[tokio::test]
    async fn guesses_are_counted_by_address_and_keys_by_their_rate() {
        let wrong = ("x-api-key", "nobody-knows-this");
        for (path, header, expected) in [
            ("/worker", wrong, 600),
            ("/worker", ("accept", "*/*"), 600),
            ("/readyz", ("accept", "*/*"), 600),
            // Guesses of the service token.
            ("/run", (SERVICE_TOKEN_HEADER, "x"), 600),
            ("/worker", ("x-api-key", "rated-key-0123456"), 120),
            ("/worker", ("x-api-key", "free-key-01234567"), 700),
            ("/worker", ("x-api-key", "operators-own-token"), 700),
            ("/healthz", wrong, 700),
            ("/", wrong, 700),
            ("/nowhere", wrong, 700),
        ] {
            assert_eq!(
                admitted("on", path, header).await,
                expected,
                "{path} {header:?}"
            );
        }
        assert_eq!(admitted("off", "/worker", wrong).await, 700);
    }

    #[tokio::test]
    async fn the_service_is_not_counted_and_sends_bodies() {
        let config = config("on");
        let token = config.as_ref().map(|config| config.tickets.service_token());
        let mut head = Request::new(Bytes::new());
        let token = token.unwrap().parse().unwrap();
        head.headers_mut().insert(SERVICE_TOKEN_HEADER, token);
        let platform = Platform::default();
        let sender = Sender::of(&config, head.headers());
        assert!(sender.is_service);
        for _ in 0..700 {
            let admitted = admit(&Cell::new(0), &config, &platform, &sender, &head).await;
            assert_eq!(admitted, Ok(()));
        }
        assert!(platform.0.borrow().is_empty());
    }
}
