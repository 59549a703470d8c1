//! From what happened to an HTTP response: the one place where statuses,
//! content types and error envelopes are decided.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::encode::{Encoding, write_envelope, write_error};
use crate::resp::Reply;
use crate::upstream::UpstreamError;

/// How the caller wants the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON, the default.
    Json(Encoding),
    /// `Upstash-Response-Format: resp2`: Redis's bytes as they came.
    Resp2,
}

impl Default for Format {
    fn default() -> Self {
        Self::Json(Encoding::Text)
    }
}

impl Format {
    /// Reads `Upstash-Response-Format` and `Upstash-Encoding`; the text of a
    /// 400 when they ask for something that does not exist.
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

    /// The same as JSON, for an endpoint that answers nothing else.
    pub fn as_json(self) -> Self {
        match self {
            Self::Resp2 => Self::default(),
            json => json,
        }
    }
}

/// How a request ended.
#[derive(Debug)]
pub enum Outcome {
    /// One command's reply: 200, or 400 when it is an error.
    One(Reply),
    /// Several replies, errors among them: 200.
    Many(Vec<Reply>),
    /// Server-sent events: 200, without end.
    Stream(Body),
    /// 200 and nothing.
    Empty,
    /// The request makes no sense, or a transaction was discarded: 400.
    BadRequest(String),
    /// No token, or another: 401.
    Unauthorized,
    /// Neither HEAD, GET, POST nor PUT: 405.
    MethodNotAllowed,
    /// 413.
    TooLarge(String),
    /// Redis did not answer: 503 when nothing was sent, 502 or 504 when it may
    /// have been applied.
    Unavailable(UpstreamError),
}

impl Outcome {
    /// The response a caller who asked for `format` gets. Errors that are not
    /// Redis's are JSON in every format.
    pub fn into_response(self, format: Format) -> Response {
        match self {
            Self::One(reply) => {
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
            Self::Many(replies) => match format {
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
    fn formats_are_named_in_headers_and_may_not_contradict_each_other() {
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
