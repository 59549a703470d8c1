//! By the platform's `fetch`: a Web standard, nothing of one platform.

use std::cell::RefCell;

use futures_channel::oneshot;
use http::StatusCode;
use js_sys::Uint8Array;
use reqwest::RequestBuilder;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DomException, ReadableStreamDefaultReader, ReadableStreamReadResult};

use super::error::SendError;
use crate::trace::TRACEPARENT;

#[wasm_bindgen(module = "/src/transport/web.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = optionsOf)]
    fn options_of(json: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    fn call(
        url: &str,
        options: &JsValue,
        trace: Option<&str>,
        body: &[u8],
        timeout_ms: u32,
        is_read: bool,
        done: &JsValue,
    ) -> Result<(), JsValue>;
    #[wasm_bindgen(catch, js_name = readAll)]
    fn read_all(response: &web_sys::Response, done: &JsValue) -> Result<(), JsValue>;
}

/// How many calls' options are kept: Redis', and those of some endpoints.
const MAX_KEPT: usize = 4;

thread_local! {
    /// What calls had of method and headers, and the platform's object of it. The next
    /// ones have the same, but for their trace.
    static OPTIONS: RefCell<Vec<(String, JsValue)>> = RefCell::default();
}

#[derive(Debug)]
pub(super) struct Response {
    status: StatusCode,
    response: web_sys::Response,
    declared_length: Option<usize>,
    /// There once a piece was asked for.
    reader: Option<ReadableStreamDefaultReader>,
    /// Whether nothing is left of the body that could be read.
    is_read: bool,
    timeout_ms: u64,
}

pub(super) async fn send(request: RequestBuilder, timeout_ms: u64) -> Result<Response, SendError> {
    let (status, response, length) = begin(request, timeout_ms, false).await?;
    Ok(Response {
        status,
        response: response.unchecked_into(),
        declared_length: (length >= 0.0).then_some(length as usize),
        reader: None,
        is_read: false,
        timeout_ms,
    })
}

/// Sends a request and reads the whole response, whose body is text.
pub(super) async fn exchange(
    request: RequestBuilder,
    timeout_ms: u64,
) -> Result<(StatusCode, Vec<u8>), SendError> {
    let (status, body, _) = begin(request, timeout_ms, true).await?;
    let text = body.as_string().map(String::into_bytes);
    Ok((
        status,
        text.unwrap_or_else(|| Uint8Array::new(&body).to_vec()),
    ))
}

/// Makes a call: its status, the response or its text, and how long it says to be, or -1.
async fn begin(
    request: RequestBuilder,
    timeout_ms: u64,
    is_read: bool,
) -> Result<(StatusCode, JsValue, f64), SendError> {
    let request = request.build().map_err(|_| SendError::NOT_BUILT)?;
    let (sender, end) = oneshot::channel();
    // It is taken back when it was called, or when the platform has dropped it.
    let done = Closure::once_into_js(move |status: i32, value: JsValue, length: f64| {
        // An error means that nobody waits any more.
        let _ = sender.send((status, value, length));
    });
    start(&request, timeout_ms, is_read, &done).ok_or(SendError::NOT_BUILT)?;
    match end.await {
        Err(_) => Err(SendError::NOT_SENT),
        Ok((0, error, _)) => Err(told(&error, SendError::NOT_SENT, timeout_ms)),
        Ok((-1, error, _)) => Err(told(&error, SendError::BODY_CUT_OFF, timeout_ms)),
        Ok((status, value, length)) => {
            let status = u16::try_from(status).ok();
            let status = status.and_then(|status| StatusCode::from_u16(status).ok());
            // The platform gives no status that is not one.
            Ok((status.unwrap_or_default(), value, length))
        }
    }
}

/// Starts a call. `None`: it has a header that cannot be sent.
fn start(request: &reqwest::Request, timeout_ms: u64, is_read: bool, done: &JsValue) -> Option<()> {
    let options = options(options_json(request)?)?;
    let trace = request.headers().get(TRACEPARENT);
    let trace = trace.and_then(|trace| trace.to_str().ok());
    let body = request.body().and_then(reqwest::Body::as_bytes);
    let (url, body) = (request.url().as_str(), body.unwrap_or_default());
    let timeout_ms = u32::try_from(timeout_ms).unwrap_or(u32::MAX);
    call(url, &options, trace, body, timeout_ms, is_read, done).ok()
}

/// The platform's object for these options.
fn options(json: String) -> Option<JsValue> {
    OPTIONS.with_borrow_mut(|kept| {
        if let Some((_, options)) = kept.iter().find(|(known, _)| *known == json) {
            return Some(options.clone());
        }
        let options = options_of(&json).ok()?;
        kept.truncate(MAX_KEPT - 1);
        kept.insert(0, (json, options.clone()));
        Some(options)
    })
}

/// Method and headers, but for the trace.
fn options_json(request: &reqwest::Request) -> Option<String> {
    let method = request.method().as_str();
    let mut json = ["{\"method\":\"", method, "\",\"headers\":{"].concat();
    let mut begin = "\"";
    for (name, value) in request.headers() {
        if name == TRACEPARENT {
            continue;
        }
        let value = serde_json::to_string(value.to_str().ok()?).ok()?;
        for part in [begin, name.as_str(), "\":", &value] {
            json.push_str(part);
        }
        begin = ",\"";
    }
    json.push_str("}}");
    Some(json)
}

impl Response {
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn declared_length(&self) -> Option<usize> {
        self.declared_length
    }

    pub(super) async fn bytes(mut self) -> Result<Vec<u8>, SendError> {
        self.is_read = true;
        let (sender, end) = oneshot::channel();
        let done = Closure::once_into_js(move |is_whole: bool, value: JsValue| {
            let _ = sender.send((is_whole, value));
        });
        read_all(&self.response, &done).map_err(|_| SendError::BODY_CUT_OFF)?;
        match end.await {
            Ok((true, bytes)) => Ok(bytes.unchecked_into::<Uint8Array>().to_vec()),
            Ok((false, error)) => Err(told(&error, SendError::BODY_CUT_OFF, self.timeout_ms)),
            Err(_) => Err(SendError::BODY_CUT_OFF),
        }
    }

    pub(super) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, SendError> {
        let chunk = self.next().await;
        self.is_read = !matches!(chunk, Ok(Some(_)));
        chunk.map_err(|error| told(&error, SendError::BODY_CUT_OFF, self.timeout_ms))
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>, JsValue> {
        let reader = match &self.reader {
            Some(reader) => reader,
            None => {
                let Some(body) = self.response.body() else {
                    return Ok(None);
                };
                self.reader.insert(ReadableStreamDefaultReader::new(&body)?)
            }
        };
        let next = JsFuture::from(reader.read()).await?;
        let next: ReadableStreamReadResult = next.unchecked_into();
        if next.get_done().unwrap_or_default() {
            return Ok(None);
        }
        Ok(Some(Uint8Array::new(&next.get_value()).to_vec()))
    }
}

impl Drop for Response {
    /// Closes the connection of a body of which something is left.
    fn drop(&mut self) {
        if self.is_read {
            return;
        }
        let cancelled = match &self.reader {
            Some(reader) => reader.cancel(),
            None => match self.response.body() {
                Some(body) => body.cancel(),
                None => return,
            },
        };
        spawn_local(async {
            // An error means that it was closed already.
            let _ = JsFuture::from(cancelled).await;
        });
    }
}

/// What an exception means; `otherwise`, where it is not the timer's.
fn told(error: &JsValue, otherwise: SendError, timeout_ms: u64) -> SendError {
    match error.dyn_ref::<DomException>() {
        Some(error) if error.name() == "TimeoutError" => SendError::TimedOut(timeout_ms),
        _ => otherwise,
    }
}
