//! Who may call, and the name under which the queue counts the caller.
//!
//! `api.rs` calls it for every path that runs programs or shows numbers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api_error::ApiError;
use crate::app::App;

/// Refuses callers without the token; without a configured token, those that call by
/// a name that is not this machine's.
pub(crate) async fn check_caller(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    match &app.config.token {
        Some(token) if !bearer(headers).is_some_and(|given| token.matches(given)) => {
            return ApiError::Unauthorized.into_response();
        }
        // DNS rebinding: a web page can have its own name resolve to 127.0.0.1, and
        // its script then has the origin of this service. Without a token, only the
        // name in `Host` distinguishes such a call.
        None if !headers
            .get(header::HOST)
            .is_none_or(|host| is_this_machine(host.as_bytes())) =>
        {
            return ApiError::ForeignHost.into_response();
        }
        _ => {}
    }
    next.run(request).await
}

/// Whether a `Host` header names loopback.
fn is_this_machine(host: &[u8]) -> bool {
    let Ok(host) = str::from_utf8(host) else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_matches(['[', ']']).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The token of an `Authorization: Bearer` header; the scheme in any case.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}

/// The name under which the queue counts the caller: its address, and the value of
/// `X-Caller` as well. With a token only those who have it come this far; without
/// one, everybody who reaches the runner is trusted.
pub(crate) fn caller(address: SocketAddr, headers: &HeaderMap) -> String {
    let named = headers
        .get("x-caller")
        .and_then(|name| name.to_str().ok())
        .filter(|name| name.len() <= 100);
    let address = address.ip();
    match named {
        Some(name) => format!("{address} {name}"),
        None => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop, prop_assert, prop_oneof};

    use super::*;
    use fuzz::fuzz;

    #[test]
    fn host_header_must_name_this_machine() {
        for host in [
            "localhost",
            "LOCALHOST:2000",
            "127.0.0.1:2000",
            "127.8.8.8",
            "[::1]:2000",
            "[::1]",
            "runner.localhost:1",
        ] {
            assert!(is_this_machine(host.as_bytes()), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:2000",
            "localhost.evil.example",
            "192.168.1.1",
            "[::]:2000",
            "127.0.0.1.evil.example",
            "notlocalhost",
        ] {
            assert!(!is_this_machine(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn fuzz_host_header_of_a_foreign_name_is_refused() {
        let hosts = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..30),
            "(localhost|127[.]0[.]0[.]1|[\\[\\]]|::1|[a-z.]{0,5}){0,3}(:[0-9]{0,5})?"
                .prop_map(String::into_bytes),
        ];
        fuzz(&hosts, |mut host| {
            is_this_machine(&host);
            host.extend(b".evil.example");
            prop_assert!(!is_this_machine(&host));
            host.extend(b":2000");
            prop_assert!(!is_this_machine(&host));
            Ok(())
        });
    }
}
