//! Reading a request: what of it is read, in which order, and how much memory that may
//! take.
//!
//! Crossing from the platform's objects into wasm is most of what reading costs. So only
//! the headers that somebody reads are taken over ([`request_headers`]), and a short body
//! in one piece. And the request is the platform's own object: a [`worker::Request`] would
//! read the whole of `request.cf` as well.

use bytes::Bytes;
use futures_channel::oneshot;
use futures_util::StreamExt;
use futures_util::future::{Either, LocalBoxFuture, select};
use js_sys::{JsString, Uint8Array};
use shared::domain::submission;
use shared::http::{ApiError, Code, Unread, request_headers};
use shared::memory::{MemoryBudget, MemoryReservation};
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Request;

use crate::{room, sleep};

#[wasm_bindgen]
extern "C" {
    /// `Headers` by names that are in the platform's memory already.
    type HeadersByName;
    #[wasm_bindgen(method)]
    fn get(this: &HeadersByName, name: &JsString) -> Option<String>;
}

#[wasm_bindgen(module = "/src/web.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = readBody)]
    fn start_reading(request: &Request, timeout_ms: f64, done: &JsValue) -> Result<(), JsValue>;
}

thread_local! {
    /// [`request_headers::READ`], and each as a text of the platform.
    static READ: Vec<(http::HeaderName, JsString)> = request_headers::READ
        .into_iter()
        .map(|name| (name.clone(), name.as_str().into()))
        .collect();
}

/// How long a request waits for memory, in milliseconds.
const MEMORY_WAIT_MS: u64 = 5_000;

/// What handling a body takes in all, as a multiple of its bytes: the body itself,
/// what is read out of it, what is made of that for Redis, and the same once more
/// inside of JSON, where every quotation mark is two bytes.
pub(super) const BODY_FACTOR: usize = 6;

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
/// becomes of it. Refuses a body over `max_body_bytes`, which depends on the path,
/// without reading more of it than that. Reads nothing of a body before `admit`, which sees the rest of the
/// request, has let it in.
pub async fn read_request(
    request: Request,
    max_body_bytes: impl FnOnce(&str) -> usize,
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
            let limit = max_body_bytes(plain.uri().path());
            read_body(&request, announced, limit, memory, &mut reserved).await
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
        .method(request.method().as_str())
        .uri(request.url());
    let headers: HeadersByName = request.headers().unchecked_into();
    READ.with(|names| {
        for (name, text) in names {
            if let (Some(all), Some(value)) = (plain.headers_mut(), headers.get(text)) {
                all.insert(name, value.try_into()?);
            }
        }
        Ok(())
    })
    .map_err(|error: http::header::InvalidHeaderValue| unreadable(error))?;
    plain.body(Bytes::new()).map_err(unreadable)
}

async fn read_body(
    request: &Request,
    announced: Option<usize>,
    max_body_bytes: usize,
    memory: &MemoryBudget,
    reserved: &mut Option<MemoryReservation>,
) -> Result<Bytes, ApiError> {
    submission::check_body_size(announced.unwrap_or_default(), max_body_bytes)?;
    match announced {
        Some(0) => Ok(Bytes::new()),
        Some(length) if length <= room::AT_ONCE => {
            *reserved = Some(reserve(memory, length).await?);
            read_at_once(request, length).await
        }
        _ => {
            // In the heap: the platform compiles it when the first long body comes.
            let read: LocalBoxFuture<'_, _> = Box::pin(read_in_pieces(
                request,
                announced,
                max_body_bytes,
                memory,
                reserved,
            ));
            read.await
        }
    }
}

/// Memory for what becomes of so many bytes.
async fn reserve(memory: &MemoryBudget, bytes: usize) -> Result<MemoryReservation, ApiError> {
    let reserved = memory.reserve(BODY_FACTOR * bytes, sleep, MEMORY_WAIT_MS);
    reserved.await.ok_or_else(ApiError::busy)
}

/// A body of `length` bytes in one piece.
async fn read_at_once(request: &Request, length: usize) -> Result<Bytes, ApiError> {
    let (sender, end) = oneshot::channel();
    // It is taken back when it was called, or when the platform has dropped it.
    let done = Closure::once_into_js(move |is_read: bool, value: JsValue| {
        // An error means that nobody waits any more.
        let _ = sender.send((is_read, value));
    });
    start_reading(request, BODY_WITHIN_MS as f64, &done).map_err(thrown)?;
    let body: Uint8Array = match end.await {
        Ok((true, body)) => body.unchecked_into(),
        Ok((false, error)) if !error.is_undefined() => return Err(thrown(error)),
        Ok((false, _)) | Err(_) => return Err(too_slow()),
    };
    // The platform lets no other length through, and memory is reserved for this one.
    if body.length() as usize != length {
        return Err(unreadable("it is not as long as it says"));
    }
    Ok(body.to_vec().into())
}

async fn read_in_pieces(
    request: &Request,
    announced: Option<usize>,
    max_body_bytes: usize,
    memory: &MemoryBudget,
    reserved: &mut Option<MemoryReservation>,
) -> Result<Bytes, ApiError> {
    let Some(stream) = request.body() else {
        return Ok(Bytes::new());
    };
    let (mut body, mut room) = (Vec::new(), 0);
    let mut chunks = worker::ByteStream::from(stream);
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
            let more_room = reserve(memory, more).await?;
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

fn thrown(error: JsValue) -> ApiError {
    unreadable(worker::Error::from(error))
}

fn too_slow() -> ApiError {
    let seconds = BODY_WITHIN_MS / 1_000;
    let message = format!("The body did not arrive within {seconds} seconds.");
    ApiError::new(Code::Unreadable, message)
}
