//! The HTTP responses: the one place that decides status codes, content types and
//! error envelopes.
//!
//! `server.rs` decides what a request gets; the JSON of replies is `encode.rs`'s.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::encode::{Encoding, write_envelope, write_error};
use crate::resp::Reply;
use crate::upstream::UpstreamError;

/// The format that the client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON, the default.
    Json(Encoding),
    /// `Upstash-Response-Format: resp2`: Redis's bytes, unchanged.
    Resp2,
}

impl Default for Format {
    fn default() -> Self {
        Self::Json(Encoding::Text)
    }
}

impl Format {
    /// Reads `Upstash-Response-Format` and `Upstash-Encoding`. The error is the text
    /// of a 400 for a format that does not exist.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, String> {
        let value = |name: &str| {
            headers
                .get(name)
                .map(|value| value.as_bytes().trim_ascii().to_ascii_lowercase())
                .unwrap_or_default()
        };
        let encoding = match value("upstash-encoding").as_slice() {
            b"" => Encoding::Text,
            b"base64" => Encoding::Base64,
            _ => return Err("ERR Upstash-Encoding must be base64".to_owned()),
        };
        match (value("upstash-response-format").as_slice(), encoding) {
            (b"" | b"json", encoding) => Ok(Self::Json(encoding)),
            (b"resp2", Encoding::Text) => Ok(Self::Resp2),
            (b"resp2", Encoding::Base64) => {
                Err("ERR Upstash-Encoding: base64 is not permitted with \
                 Upstash-Response-Format: resp2"
                    .to_owned())
            }
            _ => Err("ERR Upstash-Response-Format must be json or resp2".to_owned()),
        }
    }

    /// The same format, or JSON instead of RESP2, for an endpoint that has only JSON.
    pub fn as_json(self) -> Self {
        match self {
            Self::Resp2 => Self::default(),
            json => json,
        }
    }
}

/// The result of a request.
#[derive(Debug)]
pub enum RestResponse {
    /// The reply to one command: 200, or 400 if it is an error.
    Single(Reply),
    /// The replies to several commands, errors among them: 200.
    Batch(Vec<Reply>),
    /// Server-sent events, without end: 200.
    Stream(Body),
    /// An empty body: 200.
    Empty,
    /// The request is invalid, or a transaction was discarded: 400.
    BadRequest(String),
    /// No token, or a wrong one: 401.
    Unauthorized,
    /// Neither HEAD, GET, POST nor PUT: 405.
    MethodNotAllowed,
    /// The body is too large: 413.
    TooLarge(String),
    /// Redis did not reply: 503 if nothing was sent, 502 or 504 if the commands may
    /// have been applied.
    Unavailable(UpstreamError),
}

impl RestResponse {
    /// The HTTP response in this format. Errors that are not Redis's are JSON in
    /// every format.
    pub fn into_http(self, format: Format) -> Response {
        match self {
            Self::Single(reply) => {
                let status = match reply.error_text() {
                    Some(_) => StatusCode::BAD_REQUEST,
                    None => StatusCode::OK,
                };
                match format {
                    Format::Resp2 => resp2(status, reply.raw().clone().into()),
                    Format::Json(encoding) => {
                        let mut out = Vec::with_capacity(reply.raw().len() * 4 / 3 + 32);
                        write_envelope(&reply, encoding, &mut out);
                        json(status, out)
                    }
                }
            }
            Self::Batch(replies) => match format {
                Format::Resp2 => {
                    let raw: Vec<&[u8]> = replies.iter().map(|reply| &**reply.raw()).collect();
                    resp2(StatusCode::OK, raw.concat().into())
                }
                Format::Json(encoding) => {
                    let mut out = vec![b'['];
                    for (index, reply) in replies.iter().enumerate() {
                        if index > 0 {
                            out.push(b',');
                        }
                        write_envelope(reply, encoding, &mut out);
                    }
                    out.push(b']');
                    json(StatusCode::OK, out)
                }
            },
            Self::Stream(body) => {
                let mut response = with_type(StatusCode::OK, "text/event-stream", body);
                response
                    .headers_mut()
                    .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
                response
            }
            Self::Empty => Response::default(),
            Self::BadRequest(text) => error(StatusCode::BAD_REQUEST, &text),
            Self::Unauthorized => error(StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::MethodNotAllowed => {
                let mut response = error(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "ERR method not allowed; use HEAD, GET, POST or PUT",
                );
                response.headers_mut().insert(
                    header::ALLOW,
                    HeaderValue::from_static("HEAD, GET, POST, PUT"),
                );
                response
            }
            Self::TooLarge(text) => error(StatusCode::PAYLOAD_TOO_LARGE, &text),
            Self::Unavailable(reason) => {
                let status = match reason {
                    UpstreamError::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
                    UpstreamError::Lost => StatusCode::BAD_GATEWAY,
                    UpstreamError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
                };
                error(status, &reason.to_string())
            }
        }
    }
}

fn error(status: StatusCode, text: &str) -> Response {
    let mut out = Vec::new();
    write_error(text, &mut out);
    json(status, out)
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    with_type(status, "application/json", body.into())
}

fn resp2(status: StatusCode, body: Body) -> Response {
    with_type(status, "application/octet-stream", body)
}

fn with_type(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(response: &str, encoding: &str) -> Result<Format, String> {
        let mut headers = HeaderMap::new();
        headers.insert("upstash-response-format", response.parse().unwrap());
        headers.insert("upstash-encoding", encoding.parse().unwrap());
        Format::from_headers(&headers)
    }

    #[test]
    fn format_is_read_from_headers_that_must_not_contradict_each_other() {
        assert_eq!(
            Format::from_headers(&HeaderMap::new()),
            Ok(Format::default())
        );
        assert_eq!(format("", ""), Ok(Format::Json(Encoding::Text)));
        assert_eq!(format("json", "Base64"), Ok(Format::Json(Encoding::Base64)));
        assert_eq!(format("RESP2", ""), Ok(Format::Resp2));
        assert!(format("resp3", "").is_err());
        assert!(format("resp2", "base64").is_err());
        assert!(format("json", "gzip").is_err());
    }
}
