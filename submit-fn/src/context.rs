//! What the handlers of one request work with.

use http::HeaderMap;
use shared::config::ConfigError;
use shared::http::ApiError;
use shared::queue::Store;
use shared::redis::Client;
use shared::trace::Span;

use crate::config::Config;
use crate::instance::Instance;
use crate::outcome::Effects;
use crate::runtime::Runtime;
use crate::sender::Sender;
use crate::worker_fn::LanguageList;

/// What the handlers of one request work with.
pub(crate) struct Context<'a, W> {
    config: Result<Config, ConfigError>,
    /// What this instance remembers.
    pub instance: &'a Instance,
    /// The other Worker.
    pub worker: &'a W,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The request's span.
    pub span: Option<Span>,
    /// When the request arrived, in milliseconds since 1970 (UTC).
    pub now_ms: u64,
    /// Clock, randomness, timer.
    pub runtime: Runtime,
    /// What is to be done beside the response.
    pub effects: Effects,
}

impl<'a, W> Context<'a, W> {
    pub(crate) fn new(
        config: Result<Config, ConfigError>,
        instance: &'a Instance,
        worker: &'a W,
        headers: &'a HeaderMap,
        runtime: Runtime,
    ) -> Self {
        Self {
            config,
            instance,
            worker,
            headers,
            span: None,
            now_ms: (runtime.now_ms)(),
            runtime,
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

    /// Who sends the request.
    pub(crate) fn sender(&self) -> Result<Sender, ApiError> {
        Ok(Sender::of(self.headers, self.config()?))
    }

    /// Where the list of languages comes from.
    pub(crate) fn language_list(&self) -> Result<LanguageList<'a, W>, ApiError> {
        Ok(LanguageList {
            worker: self.worker,
            tickets: self.config()?.tickets.clone(),
            runtime: self.runtime,
        })
    }

    /// The store.
    #[inline(never)]
    pub(crate) fn store(&self) -> Result<Store, ApiError> {
        let client = Client::new(self.config()?.redis.clone());
        let client = client.counting(&self.instance.commands);
        Ok(Store::new(client.within(self.span.clone())))
    }
}
