//! The calls of this Worker by itself, which `lib.rs` makes through a service binding.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri};
use shared::config::ConfigError;
use shared::domain::ticket::SERVICE_TOKEN_HEADER;

use crate::config::Settings;
use crate::drain::DrainOptions;

/// A call, or why the settings do not allow one.
pub type OwnCall = Result<Request<Bytes>, ConfigError>;

/// The call with which a fresh invocation is asked for deliveries.
pub fn courier_call(settings: &Settings) -> OwnCall {
    own_call(settings, "/deliver")
}

/// The call with which a drain starts a fresh invocation to go on, or another one
/// beside it.
pub fn hand_over_call(settings: &Settings, options: DrainOptions) -> OwnCall {
    let path = if options.all_lanes {
        "/wake?lanes=all&by=drain"
    } else {
        "/wake?by=drain"
    };
    own_call(settings, path)
}

fn own_call(settings: &Settings, path: &'static str) -> OwnCall {
    let config = settings.as_deref().map_err(Clone::clone)?;
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = Uri::from_static(path);
    if let Ok(token) = HeaderValue::try_from(config.tickets.service_token()) {
        request.headers_mut().insert(SERVICE_TOKEN_HEADER, token);
    }
    Ok(request)
}
