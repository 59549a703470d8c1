//! What the handlers of one request work with.

use http::HeaderMap;
use shared::http::rates::Counted;
use shared::http::{ApiError, Caller};
use shared::queue::Store;
use shared::trace::Span;

use crate::config::{Config, Settings};
use crate::instance::Instance;
use crate::outcome::Effects;
use crate::runtime::Runtime;
use crate::sender::Sender;
use crate::worker_fn::LanguageList;

/// What the handlers of one request work with.
pub(crate) struct Context<'a, W> {
    settings: Settings,
    /// What this instance remembers.
    pub instance: &'a Instance,
    /// The other Worker.
    pub worker: &'a W,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// Who sends it.
    pub caller: Caller,
    /// By what the sender is counted, where that is known already.
    pub counted: Option<Counted>,
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
        settings: Settings,
        instance: &'a Instance,
        worker: &'a W,
        headers: &'a HeaderMap,
        caller: Caller,
        runtime: Runtime,
    ) -> Self {
        Self {
            settings,
            instance,
            worker,
            headers,
            caller,
            counted: None,
            span: None,
            now_ms: (runtime.now_ms)(),
            runtime,
            effects: Effects::default(),
        }
    }

    /// The context of a request with these headers, by a key of them.
    #[cfg(test)]
    pub(crate) fn of(
        config: Result<Config, shared::config::ConfigError>,
        instance: &'a Instance,
        worker: &'a W,
        headers: &'a HeaderMap,
        runtime: Runtime,
    ) -> Self {
        let access = config.as_ref().map(|config| &config.access);
        let caller = access.map_or(Caller::Nobody, |access| access.caller(headers));
        let settings = config.map(std::rc::Rc::new);
        Self::new(settings, instance, worker, headers, caller, runtime)
    }

    /// The settings. Errors: a variable is missing or cannot be used. A handler
    /// asks for them after it has checked the request, so that bad input is told
    /// apart from a bad set-up.
    #[inline(never)]
    pub(crate) fn config(&self) -> Result<&Config, ApiError> {
        let settings = self.settings.as_deref();
        settings.map_err(|error| error.clone().into())
    }

    /// Who sends the request.
    pub(crate) fn sender(&self) -> Result<Sender, ApiError> {
        let tickets = &self.config()?.tickets;
        let counted = self.counted.clone();
        let counted = counted.unwrap_or_else(|| Counted::of(&self.caller, self.headers, tickets));
        Ok(counted.into())
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
        let client = self.config()?.redis.clone();
        let client = client.counting(&self.instance.commands);
        Ok(Store::new(client.within(self.span.clone())))
    }
}
