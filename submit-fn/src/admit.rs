//! What is decided about a request before its body is read: `lib.rs` asks.
//!
//! A body holds memory that all requests of an instance share, so nobody who would be
//! refused gets to send one. The call is counted first, so that keys are not guessed at
//! any speed. Who sends and what is asked for is found out here, once, and handed on to
//! [`crate::app`].

use bytes::Bytes;
use http::{Method, Request};
use shared::http::rates::{Counted, RateLimit};
use shared::http::{ApiError, Caller, Need};

use crate::config::Settings;
use crate::need;
use crate::rates::{Kind, Rates};
use crate::route::Route;

/// What method, path and headers of a request say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Who sends it. Nobody where the settings cannot be used.
    pub caller: Caller,
    /// By what its sender is counted, where such a call is.
    pub counted: Option<Counted>,
    /// What it asks for, or why it is not let in.
    pub route: Result<Route, ApiError>,
}

impl Head {
    /// Reads that of a request, and lets in whoever asks for something that there is.
    pub(crate) fn of(settings: &Settings, request: &Request<Bytes>) -> Self {
        let route = Route::of(request.method(), request.uri().path());
        let Ok(config) = settings else {
            return Self {
                caller: Caller::Nobody,
                counted: None,
                route,
            };
        };
        let caller = config.access.caller(request.headers());
        let is_counted = route.as_ref().is_ok_and(|route| Kind::of(route).is_some());
        let counted = is_counted.then(|| Counted::of(&caller, request.headers(), &config.tickets));
        Self {
            caller,
            counted,
            route,
        }
    }

    /// That of a request whose head could not be read.
    pub fn unreadable() -> Self {
        Self {
            caller: Caller::Nobody,
            counted: None,
            route: Err(ApiError::no_such_path()),
        }
    }

    /// Refuses a sender that lacks what the route needs, where there is one.
    fn require(&self, settings: &Settings) -> Result<(), ApiError> {
        let need = self.route.as_ref().map_or(Need::NOTHING, need::of);
        if need != Need::NOTHING {
            let config = settings.as_ref().map_err(Clone::clone)?;
            config.access.require(&self.caller, need)?;
        }
        Ok(())
    }

    /// Whether the body of a request of this method is read. Errors: it is not let in.
    pub fn takes_body(&self, method: &Method) -> Result<bool, ApiError> {
        let route = self.route.as_ref().map_err(Clone::clone)?;
        let needs_something = need::of(route) != Need::NOTHING;
        Ok(needs_something && [Method::POST, Method::PUT].contains(method))
    }
}

/// Lets a request in or not by its method, path and headers.
///
/// Errors, in the head's route: 404 and 405 for what is no route, 429 where a rate is
/// used up, and 401 or 403 where the sender lacks what the call needs.
pub async fn admit(
    rates: &Rates,
    settings: &Settings,
    platform: &impl RateLimit,
    request: &Request<Bytes>,
    now_ms: u64,
) -> Head {
    let mut head = Head::of(settings, request);
    let counted = head.counted.as_ref();
    let counted = rates
        .admit(settings, platform, &head.route, counted, now_ms)
        .await;
    if let Err(error) = counted.and_then(|()| head.require(settings)) {
        head.route = Err(error);
    }
    head
}
