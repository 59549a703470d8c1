//! The one error shape that clients see, and who is at fault in it.
//!
//! `{"success":false,"error":{"code":"…","message":"…","field":"…"}}`, where
//! `field` is there when one input is to blame. The status says whose fault it
//! is: 4xx the caller's, 502/503/504 something we depend on, 500 ours. Texts
//! here are written for the caller; what an operator needs goes to the log.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

use crate::config::ConfigError;
use crate::redis::RedisError;
use crate::response;

/// An error on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    field: Option<Cow<'static, str>>,
    allow: Option<&'static str>,
    retry_after_s: Option<u32>,
    detail: Option<String>,
}

impl ApiError {
    /// An error with a stable `code` for programs and a `message` for people.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            field: None,
            allow: None,
            retry_after_s: None,
            detail: None,
        }
    }

    /// 400: the request could not be read at all.
    pub fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 413: `field` is larger than allowed; say the limit in `message`.
    pub fn too_large(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message).on(field)
    }

    /// 422: the request was read, and `field` breaks a rule said in `message`.
    pub fn invalid(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", message).on(field)
    }

    /// 404: no such path or thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 405, with the `Allow` header that RFC 9110 asks for.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let mut error = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            format!("This path answers {allow}."),
        );
        error.allow = Some(allow);
        error
    }

    /// Names the input that is to blame: a member, or a path such as
    /// `cases[3].expected`.
    #[must_use]
    pub fn on(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says after how many seconds waiting may have helped.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Adds what the operator needs to know. It goes to the log, never to the
    /// client.
    #[must_use]
    pub fn detail(mut self, detail: impl ToString) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// What [`ApiError::detail`] added.
    pub fn log_line(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The status that the client gets.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code for programs.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The input that is to blame, if one is.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The shape alone, for an item of a list.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!(Envelope {
            success: false,
            error: Body {
                code: self.code,
                message: &self.message,
                field: self.field.as_deref(),
            },
        })
    }

    /// The answer as it goes over the wire.
    pub fn into_response(self) -> Response<Bytes> {
        let mut answer = response::json(
            self.status,
            &Envelope {
                success: false,
                error: Body {
                    code: self.code,
                    message: &self.message,
                    field: self.field.as_deref(),
                },
            },
        );
        let headers = answer.headers_mut();
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    success: bool,
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

/// A Worker that is set up wrongly is our fault. The variable is named, its
/// value never is.
impl From<ConfigError> for ApiError {
    fn from(error: ConfigError) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "misconfigured",
            error.to_string(),
        )
    }
}

/// A store that fails is a dependency that fails. The caller learns that
/// waiting helps, and nothing about where the store is.
impl From<RedisError> for ApiError {
    fn from(error: RedisError) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
            "The queue's store does not answer at the moment. Nothing is known to have been stored; try again.",
        )
        .retry_after(5)
        .detail(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_names_code_message_and_field() {
        let answer = ApiError::invalid("problemId", "problemId must not be empty.").into_response();
        assert_eq!(answer.status(), 422);
        assert_eq!(
            std::str::from_utf8(answer.body()).unwrap(),
            r#"{"success":false,"error":{"code":"invalid_field","message":"problemId must not be empty.","field":"problemId"}}
"#
        );
    }

    #[test]
    fn headers_that_help_are_there() {
        let answer = ApiError::method_not_allowed("GET, OPTIONS").into_response();
        assert_eq!(answer.headers()[header::ALLOW], "GET, OPTIONS");
        let answer =
            ApiError::from(RedisError::Unreachable("secret.example".into())).into_response();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
        assert!(
            !std::str::from_utf8(answer.body())
                .unwrap()
                .contains("secret")
        );
    }
}
