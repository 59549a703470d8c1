//! Who sends a request, as far as its headers say: found out once, before a body is read,
//! and handed on to [`super::rates`] and [`super::App`].

use http::HeaderMap;
use shared::domain::ticket::SERVICE_TOKEN_HEADER;
use shared::http::Caller;

use crate::config::Settings;

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// By its key. Nobody where the settings cannot be used.
    pub caller: Caller,
    /// Whether it holds the service token: it is submit-fn, or worker-fn itself. Every
    /// call that has a body is between the Workers, so only then one is read: that of
    /// anybody else would hold memory which jobs need.
    pub is_service: bool,
}

impl Sender {
    /// Reads these headers.
    pub fn of(settings: &Settings, headers: &HeaderMap) -> Self {
        let Ok(config) = settings else {
            return Self::nobody();
        };
        let token = headers.get(SERVICE_TOKEN_HEADER);
        let is_service = |token: &[u8]| config.tickets.is_service_token(token);
        Self {
            caller: config.access.caller(headers),
            is_service: token.is_some_and(|token| is_service(token.as_bytes())),
        }
    }

    /// Without any headers.
    pub const fn nobody() -> Self {
        Self {
            caller: Caller::Nobody,
            is_service: false,
        }
    }
}
