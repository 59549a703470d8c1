//! The one crate that knows Cloudflare.
//!
//! Both Workers are plain Rust that takes an `http::Request<Bytes>` and gives
//! an `http::Response<Bytes>`. This crate turns the platform's types into those
//! and back; a Worker's `lib.rs` calls it from its entry points. Nothing here
//! decides anything about the product.

mod room;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_channel::oneshot;
use futures_util::StreamExt;
use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::stream::LocalBoxStream;

use js_sys::{Function, Object, Promise, Reflect};
use shared::domain::submission;
use shared::http::{ApiError, Code, Unread};
use shared::log::{self, Level};
use shared::memory::{MemoryBudget, MemoryReservation};
use shared::trace::{Span, TRACEPARENT};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::{
    AbortController, AbortSignal, Context, Date, Delay, Env, Fetch, Headers, Request, Response,
};

/// Logs the place of a panic.
///
/// The `worker` crate sets a hook of its own, which marks the instance for a
/// restart. `console_error_panic_hook::set_once` would replace that one, so
/// ours is put in front of whatever is there.
pub fn install_panic_hook() {
    let next = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        next(info);
    }));
}

/// How long a request waits for memory, in milliseconds.
const MEMORY_WAIT_MS: u64 = 5_000;

/// What handling a body takes in all, as a multiple of its bytes: the body itself,
/// what is read out of it, what is made of that for Redis, and the same once more
/// inside of JSON, where every quotation mark is two bytes.
const BODY_FACTOR: usize = 6;

/// How long a body may take to arrive, in milliseconds: 4 MB at 1.2 Mbit/s.
const BODY_WITHIN_MS: u64 = 30_000;

/// A request that was read.
#[derive(Debug)]
pub struct ReadRequest {
    /// There also where the request could not be read: CORS needs them.
    pub headers: http::HeaderMap,
    /// The request, or why it was not read.
    pub request: Result<http::Request<Bytes>, Unread>,
    /// The memory that handling it takes; to be dropped after the response is
    /// written.
    pub memory: Option<MemoryReservation>,
}

/// What is done with the body of a request that is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// It is read.
    Read,
    /// None is expected. One that is there is not read, and holds no memory.
    Ignore,
}

/// Reads a whole request, body included, once there is room in `memory` for what
/// becomes of it. Refuses a body over `max_body_bytes` without reading more of it
/// than that. Reads nothing of a body before `admit`, which sees the rest of the
/// request, has let it in.
pub async fn read_request(
    mut request: Request,
    max_body_bytes: usize,
    memory: &MemoryBudget,
    admit: impl AsyncFnOnce(&http::Request<Bytes>) -> Result<Body, ApiError>,
) -> ReadRequest {
    let mut plain = match head_of(&request) {
        Ok(head) => head,
        Err(error) => {
            return ReadRequest {
                headers: http::HeaderMap::new(),
                request: Err(Unread { head: None, error }),
                memory: None,
            };
        }
    };
    let headers = plain.headers().clone();
    let mut reserved = None;
    let read = match admit(&plain).await {
        Ok(Body::Read) => {
            let announced = headers.get(http::header::CONTENT_LENGTH);
            let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
            read_body(
                &mut request,
                announced,
                max_body_bytes,
                memory,
                &mut reserved,
            )
            .await
        }
        Ok(Body::Ignore) => Ok(Bytes::new()),
        Err(error) => Err(error),
    };
    let request = match read {
        Ok(body) => {
            *plain.body_mut() = body;
            Ok(plain)
        }
        Err(error) => Err(Unread {
            head: Some(Box::new(plain)),
            error,
        }),
    };
    ReadRequest {
        headers,
        request,
        memory: reserved,
    }
}

fn unreadable(error: impl std::fmt::Display) -> ApiError {
    ApiError::new(Code::Unreadable, "The request could not be read.").detail(error.to_string())
}

/// The request without its body.
fn head_of(request: &Request) -> Result<http::Request<Bytes>, ApiError> {
    let mut plain = http::Request::builder()
        // Not `request.method()`: that takes every method it does not know for GET.
        .method(request.inner().method().as_str())
        .uri(request.inner().url());
    for (name, value) in request.headers().entries() {
        plain = plain.header(name, value);
    }
    plain.body(Bytes::new()).map_err(unreadable)
}

async fn read_body(
    request: &mut Request,
    announced: Option<usize>,
    max_body_bytes: usize,
    memory: &MemoryBudget,
    reserved: &mut Option<MemoryReservation>,
) -> Result<Bytes, ApiError> {
    if request.inner().body().is_none() {
        return Ok(Bytes::new());
    }
    submission::check_body_size(announced.unwrap_or_default(), max_body_bytes)?;
    let (mut body, mut room) = (Vec::new(), 0);
    let mut chunks = request.stream().map_err(unreadable)?;
    let mut late = sleep(BODY_WITHIN_MS);
    loop {
        let chunk = match select(chunks.next(), &mut late).await {
            Either::Left((Some(chunk), _)) => chunk,
            Either::Left((None, _)) => break,
            Either::Right(_) => return Err(too_slow()),
        };
        let chunk = chunk.map_err(unreadable)?;
        let needed = body.len() + chunk.len();
        submission::check_body_size(needed, max_body_bytes)?;
        if needed > room {
            let more = room::of(needed, room, announced, max_body_bytes) - room;
            let more_room = memory.reserve(BODY_FACTOR * more, sleep, MEMORY_WAIT_MS);
            let more_room = more_room.await.ok_or_else(ApiError::busy)?;
            match reserved {
                Some(reserved) => reserved.join(more_room),
                None => *reserved = Some(more_room),
            }
            room += more;
            body.reserve_exact(room - body.len());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

fn too_slow() -> ApiError {
    let seconds = BODY_WITHIN_MS / 1_000;
    let message = format!("The body did not arrive within {seconds} seconds.");
    ApiError::new(Code::Unreadable, message)
}

/// Writes a response.
pub fn write_response(response: http::Response<Bytes>) -> worker::Result<Response> {
    let (parts, body) = response.into_parts();
    let builder = head(&parts)?;
    Ok(if body.is_empty() {
        builder.empty()
    } else {
        builder.fixed(body.to_vec())
    })
}

/// Writes a response whose body is a stream. The platform asks for its parts while the
/// client is there, and drops it when the client goes away.
pub fn write_stream(
    response: http::Response<Bytes>,
    body: LocalBoxStream<'static, Vec<u8>>,
) -> worker::Result<Response> {
    let (parts, _) = response.into_parts();
    head(&parts)?.from_stream(body.map(Ok::<_, worker::Error>))
}

fn head(parts: &http::response::Parts) -> worker::Result<worker::ResponseBuilder> {
    let headers = Headers::new();
    for (name, value) in &parts.headers {
        let text = value
            .to_str()
            .map_err(|_| worker::Error::RustError(format!("header {name} is not text")))?;
        headers.append(name.as_str(), text)?;
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
    Date::now().as_millis()
}

/// Ten bytes from the platform's secure source.
#[expect(
    clippy::expect_used,
    reason = "Web Crypto is part of the platform; an instance without it must not hand out guessable ids"
)]
pub fn random_bytes() -> [u8; 10] {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes).expect("Web Crypto gives random bytes");
    bytes
}

/// Runs `work` to its end even when the client goes away, and returns its value
/// while the client is there. The platform allows about 30 s after the client
/// left.
pub async fn run_to_completion<T: 'static>(
    context: &Context,
    work: impl Future<Output = T> + 'static,
) -> Option<T> {
    let (sender, receiver) = oneshot::channel();
    context.wait_until(async move {
        // An error means that the client has gone.
        let _ = sender.send(work.await);
    });
    receiver.await.ok()
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
