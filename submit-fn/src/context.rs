//! What the handlers of one request work with.

use http::HeaderMap;
use shared::config::ConfigError;
use shared::http::ApiError;
use shared::memory::Sleep;
use shared::queue::Store;
use shared::redis::Client;

use crate::config::Config;
use crate::instance::Instance;
use crate::outcome::Effects;

/// What the handlers of one request work with.
pub(crate) struct Context<'a, W> {
    config: Result<Config, ConfigError>,
    /// What this instance remembers.
    pub instance: &'a Instance,
    /// The other Worker.
    pub worker: &'a W,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// Milliseconds since 1970 (UTC).
    pub now_ms: u64,
    /// Ten secure bytes, new ones each time.
    pub random: fn() -> [u8; 10],
    /// A timer.
    pub sleep: Sleep,
    /// What is to be done beside the response.
    pub effects: Effects,
}

impl<'a, W> Context<'a, W> {
    pub(crate) fn new(
        config: Result<Config, ConfigError>,
        instance: &'a Instance,
        worker: &'a W,
        headers: &'a HeaderMap,
        now_ms: u64,
        random: fn() -> [u8; 10],
        sleep: Sleep,
    ) -> Self {
        Self {
            config,
            instance,
            worker,
            headers,
            now_ms,
            random,
            sleep,
            effects: Effects::default(),
        }
    }

    /// The settings. Errors: a variable is missing or cannot be used. A handler
    /// asks for them after it has checked the request, so that bad input is told
    /// apart from a bad set-up.
    #[inline(never)]
    pub(crate) fn config(&self) -> Result<&Config, ApiError> {
        self.config.as_ref().map_err(|error| error.clone().into())
    }

    /// The store.
    #[inline(never)]
    pub(crate) fn store(&self) -> Result<Store, ApiError> {
        Ok(Store::new(Client::new(self.config()?.redis.clone())))
    }
}

/// For tests, in which nothing waits.
#[cfg(test)]
pub(crate) fn no_sleep(_ms: u64) -> std::pin::Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(std::future::ready(()))
}
