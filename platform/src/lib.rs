//! The one crate that knows Cloudflare.
//!
//! Both Workers are plain Rust that takes an `http::Request<Bytes>` and gives
//! an `http::Response<Bytes>`. This crate turns the platform's types into those
//! and back; a Worker's `lib.rs` calls it from its entry points. Nothing here
//! decides anything about the product.

mod incoming;
mod kept;
mod room;
mod start;

pub use kept::{EnvIdentity, Kept};

use std::cell::RefCell;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::stream::LocalBoxStream;

pub use incoming::{Body, ReadRequest, read_request};
use js_sys::{Function, Object, Promise, Reflect};
use shared::log::{self, Level};
use shared::trace::{Span, TRACEPARENT};
pub use start::start;
use wasm_bindgen::prelude::wasm_bindgen;
/// A request as the entry points get it.
pub use web_sys::Request as IncomingRequest;
/// A response as the entry points give it.
pub use web_sys::Response as OutgoingResponse;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::{AbortController, AbortSignal, Delay, Env, Fetch, Headers, Request, Response};

/// Writes a response.
pub fn write_response(response: http::Response<Bytes>) -> worker::Result<OutgoingResponse> {
    let (parts, body) = response.into_parts();
    Ok(respond(&head_text(&parts)?, &body)?)
}

/// Status and headers as JSON. Of a header that is there several times, the values stand
/// in one line, which means the same.
fn head_text(parts: &http::response::Parts) -> worker::Result<String> {
    let mut text = ["{\"status\":", parts.status.as_str(), ",\"headers\":{"].concat();
    for (number, name) in parts.headers.keys().enumerate() {
        let values = parts.headers.get_all(name).iter();
        let values: worker::Result<Vec<&str>> = values.map(|value| text_of(name, value)).collect();
        let begin = if number == 0 { "\"" } else { ",\"" };
        let value = serde_json::to_string(&values?.join(", "))?;
        for part in [begin, name.as_str(), "\":", &value] {
            text.push_str(part);
        }
    }
    text.push_str("}}");
    Ok(text)
}

fn text_of<'a>(name: &http::HeaderName, value: &'a http::HeaderValue) -> worker::Result<&'a str> {
    let refused = |_| worker::Error::RustError(format!("header {name} is not text"));
    value.to_str().map_err(refused)
}

#[wasm_bindgen(module = "/src/web.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn respond(head: &str, body: &[u8]) -> Result<OutgoingResponse, JsValue>;
}

/// Writes a response whose body is a stream. The platform asks for its parts while the
/// client is there, and drops it when the client goes away.
pub fn write_stream(
    response: http::Response<Bytes>,
    body: LocalBoxStream<'static, Vec<u8>>,
) -> worker::Result<OutgoingResponse> {
    let (parts, _) = response.into_parts();
    let response = head(&parts)?.from_stream(body.map(Ok::<_, worker::Error>))?;
    Ok(response.into())
}

fn head(parts: &http::response::Parts) -> worker::Result<worker::ResponseBuilder> {
    let headers = Headers::new();
    for (name, value) in &parts.headers {
        headers.append(name.as_str(), text_of(name, value)?)?;
    }
    Ok(Response::builder()
        .with_status(parts.status.as_u16())
        .with_headers(headers))
}

/// Looks a variable or secret up by its name.
pub fn lookup(env: &Env) -> impl Fn(&str) -> Option<String> + '_ {
    |name| env.var(name).ok().map(|value| value.to_string())
}

/// Milliseconds since 1970 (UTC). The platform's clock stands still while code
/// computes and moves on with I/O.
pub fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

thread_local! {
    /// Bytes for so many times that nobody has got yet: asking the platform costs more
    /// than the bytes.
    static RANDOM: RefCell<([[u8; 10]; 16], usize)> = RefCell::default();
}

/// Ten bytes from the platform's secure source.
#[expect(
    clippy::expect_used,
    reason = "Web Crypto is part of the platform; an instance without it must not hand out guessable ids"
)]
pub fn random_bytes() -> [u8; 10] {
    RANDOM.with_borrow_mut(|(stock, left)| {
        if *left == 0 {
            getrandom::fill(stock.as_flattened_mut()).expect("Web Crypto gives random bytes");
            *left = stock.len();
        }
        *left -= 1;
        std::mem::take(&mut stock[*left])
    })
}

/// Resolves after this many milliseconds.
pub fn sleep(ms: u64) -> LocalBoxFuture<'static, ()> {
    Box::pin(Delay::from(Duration::from_millis(ms)))
}

/// Calls another Worker through the service binding `binding`, in the trace of
/// `span`. Only path and query of the request's URL matter. Of the response's headers only
/// `content-type` and `retry-after` are read.
pub async fn call_service(
    env: &Env,
    binding: &str,
    mut request: http::Request<Bytes>,
    span: &Span,
) -> worker::Result<http::Response<Bytes>> {
    if let Ok(trace) = span.next_traceparent().try_into() {
        request.headers_mut().insert(TRACEPARENT, trace);
    }
    let init = init_of(&request)?;
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    fetch(env, binding, path, &init, &["content-type", "retry-after"]).await
}

/// Calls an address that somebody else chose: it follows no redirect, takes
/// `timeout_ms` at most, and reads at most `max_body_bytes` of the body; with 0 none of
/// it. Of the response's headers none is read. Errors: why there was no answer.
pub async fn fetch_foreign(
    request: http::Request<Bytes>,
    timeout_ms: u64,
    max_body_bytes: usize,
) -> Result<http::Response<Bytes>, String> {
    let controller = AbortController::default();
    let signal = controller.signal();
    let exchange = Box::pin(exchange(&request, &signal, max_body_bytes));
    let exchanged = match select(exchange, sleep(timeout_ms)).await {
        Either::Left((exchanged, _)) => exchanged.map_err(|error| error.to_string()),
        Either::Right(_) => Err(format!("none within {timeout_ms} ms")),
    };
    // Closes the connection, whatever is left of the body.
    controller.abort();
    exchanged
}

async fn exchange(
    request: &http::Request<Bytes>,
    signal: &AbortSignal,
    max_body_bytes: usize,
) -> worker::Result<http::Response<Bytes>> {
    let init = init_of(request)?;
    init.set_redirect(web_sys::RequestRedirect::Manual);
    let url = request.uri().to_string();
    let outgoing = Request::from(web_sys::Request::new_with_str_and_init(&url, &init)?);
    let mut response = Fetch::Request(outgoing).send_with_signal(signal).await?;
    let mut body = Vec::new();
    if max_body_bytes > 0 {
        let mut chunks = response.stream()?;
        while let Some(chunk) = chunks.next().await {
            body.extend_from_slice(&chunk?);
            if body.len() > max_body_bytes {
                let why = format!("the body is longer than {max_body_bytes} bytes");
                return Err(worker::Error::RustError(why));
            }
        }
    }
    http::Response::builder()
        .status(response.status_code())
        .body(body.into())
        .map_err(|error| worker::Error::RustError(error.to_string()))
}

/// By hand: the worker crate's own type adds 3 KB of wasm for options that such a
/// request does not have.
fn init_of(request: &http::Request<Bytes>) -> worker::Result<web_sys::RequestInit> {
    let init = web_sys::RequestInit::new();
    init.set_method(request.method().as_str());
    let headers = web_sys::Headers::new()?;
    for (name, value) in request.headers() {
        headers.append(name.as_str(), value.to_str().unwrap_or_default())?;
    }
    init.set_headers(&headers);
    if !request.body().is_empty() {
        init.set_body(&js_sys::Uint8Array::from(request.body().as_ref()));
    }
    Ok(init)
}

/// The static asset at `path` as it is for a browser with these request headers:
/// status 200 or 304. `None` where there is no such binding or no such file.
pub async fn asset(
    env: &Env,
    binding: &str,
    path: &str,
    headers: &http::HeaderMap,
) -> Option<http::Response<Bytes>> {
    let init = web_sys::RequestInit::new();
    let sent = web_sys::Headers::new().ok()?;
    // Not Accept-Encoding: the platform compresses what leaves the Worker.
    for name in [http::header::ACCEPT, http::header::IF_NONE_MATCH] {
        if let Some(value) = headers.get(&name).and_then(|value| value.to_str().ok()) {
            sent.append(name.as_str(), value).ok()?;
        }
    }
    init.set_headers(&sent);
    let response = fetch(env, binding, path, &init, &ASSET_HEADERS)
        .await
        .ok()?;
    let known = [http::StatusCode::OK, http::StatusCode::NOT_MODIFIED];
    known.contains(&response.status()).then_some(response)
}

/// The headers of an asset that are handed on.
const ASSET_HEADERS: [&str; 9] = [
    "cache-control",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "etag",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
];

async fn fetch(
    env: &Env,
    binding: &str,
    path: &str,
    init: &web_sys::RequestInit,
    headers: &[&str],
) -> worker::Result<http::Response<Bytes>> {
    let url = format!("https://{}{path}", binding.to_ascii_lowercase());
    let outgoing = web_sys::Request::new_with_str_and_init(&url, init)?;
    let mut response = env
        .service(binding)?
        .fetch_request(Request::from(outgoing))
        .await?;
    let mut plain = http::Response::builder().status(response.status_code());
    for name in headers {
        if let Some(value) = response.headers().get(name)? {
            plain = plain.header(*name, value);
        }
    }
    plain
        .body(response.bytes().await?.into())
        .map_err(|error| worker::Error::RustError(error.to_string()))
}

/// Counts one more under `key` in the rate limiting binding `binding`, and says
/// whether that is within its limit; `None` where there is no such binding or it
/// fails.
///
/// Calls `limit` by its name: worker's own method reads and writes two members by
/// serde, which weighs 12 KB after gzip (with the text of every float it may refuse).
pub async fn is_within_rate_limit(env: &Env, binding: &str, key: &str) -> Option<bool> {
    let limiter: JsValue = env.rate_limiter(binding).ok()?.into();
    let limit = Reflect::get(&limiter, &"limit".into()).ok()?;
    let options = Object::new();
    Reflect::set(&options, &"key".into(), &key.into()).ok()?;
    let promise = limit
        .dyn_into::<Function>()
        .ok()?
        .call1(&limiter, &options)
        .ok()?;
    let outcome = JsFuture::from(promise.dyn_into::<Promise>().ok()?).await;
    Reflect::get(&outcome.ok()?, &"success".into())
        .ok()?
        .as_bool()
}

/// Writes one line, which is JSON ([`shared::log`]), to the Worker's log.
pub fn log(line: &str) {
    worker::console_log!("{line}");
}

/// Writes one line, which is JSON ([`shared::log`]), to the Worker's log as an error.
pub fn log_error_line(line: &str) {
    worker::console_error!("{line}");
}

/// Writes a sentence to the Worker's log as an error.
pub fn log_error(text: &str) {
    log_error_line(&log::message(Level::Error, text));
}
