//! The one error shape that clients see.
//!
//! `{"success":false,"error":{"code":"…","message":"…","field":"…"}}`, where
//! `field` is there when one input is to blame. The [`Code`] decides the status.
//! Texts here are written for the caller; what an operator needs goes to the
//! log, as [`ApiError::detail`].

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use serde::Serialize;

use super::code::Code;
use super::response;
use crate::config::ConfigError;
use crate::domain::violation::{Violation, ViolationKind};
use crate::redis::RedisError;

/// An error on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    code: Code,
    message: String,
    field: Option<Cow<'static, str>>,
    allow: Option<&'static str>,
    retry_after_s: Option<u32>,
    quota: Option<Quota>,
    detail: Option<String>,
}

impl ApiError {
    /// An error with a `code` for programs and a `message` for people.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            allow: None,
            retry_after_s: None,
            quota: None,
            detail: None,
        }
    }

    /// 422: the request was read, and `field` breaks a rule said in `message`.
    pub fn invalid(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Code::InvalidField, message).on(field)
    }

    /// 404: nothing of this id; say what in `message`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// 404: no such path.
    pub fn no_such_path() -> Self {
        Self::not_found("There is nothing at this path.")
    }

    /// 404: no problem of this id.
    pub fn no_such_problem() -> Self {
        Self::not_found("There is no problem with this id.")
    }

    /// 405, with the `Allow` header that RFC 9110 asks for.
    pub fn method_not_allowed(method: &Method, allow: &'static str) -> Self {
        let mut error = Self::new(
            Code::MethodNotAllowed,
            format!("Method {method} is not allowed here. Allowed: {allow}."),
        );
        error.allow = Some(allow);
        error
    }

    /// 500: a stored problem cannot be read; `why` is for the log.
    pub fn damaged_problem(id: &str, why: impl std::fmt::Display) -> Self {
        Self::new(
            Code::DamagedProblem,
            "The problem that is stored cannot be read. Publish it again.",
        )
        .detail(format!("problem {id}: {why}"))
    }

    /// 502: the execution endpoint is away; `why` is for the log.
    pub fn executor_unavailable(message: impl Into<String>, why: impl ToString) -> Self {
        Self::new(Code::ExecutorUnavailable, message)
            .retry_after(5)
            .detail(why)
    }

    /// 503: the instance has no memory left for this at the moment.
    pub fn busy() -> Self {
        Self::new(
            Code::Busy,
            "Too many large requests are under way. Nothing was stored; try again.",
        )
        .retry_after(2)
    }

    /// 503: nothing more can be stored until results have aged out.
    pub fn store_full() -> Self {
        Self::new(
            Code::StoreFull,
            "The store is full. Nothing was stored; try again later.",
        )
        .retry_after(60)
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

    /// Names the quota that is used up: so many requests a minute.
    #[must_use]
    pub fn quota(mut self, policy: Policy, limit: u32) -> Self {
        self.quota = Some(Quota { policy, limit });
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
        self.code.status()
    }

    /// The code for programs.
    pub fn code(&self) -> Code {
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

    fn envelope(&self) -> Envelope<'_> {
        Envelope {
            success: false,
            error: Body {
                code: self.code.name(),
                message: &self.message,
                field: self.field.as_deref(),
            },
        }
    }

    /// The shape alone, for an item of a list.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!(self.envelope())
    }

    /// The response as it goes over the wire.
    pub fn into_response(self) -> Response<Bytes> {
        let mut response = response::json(self.status(), &self.envelope());
        let headers = response.headers_mut();
        if self.code == Code::Unauthorized {
            // RFC 9110, section 15.5.2.
            let bearer = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(quota) = self.quota {
            // draft-ietf-httpapi-ratelimit-headers, both lists of one item.
            let Quota { policy, limit } = quota;
            let (policy, seconds) = (policy.name(), self.retry_after_s.unwrap_or(60));
            for (name, value) in [
                ("ratelimit-policy", format!("\"{policy}\";q={limit};w=60")),
                ("ratelimit", format!("\"{policy}\";r=0;t={seconds}")),
            ] {
                if let Ok(value) = HeaderValue::try_from(value) {
                    headers.insert(name, value);
                }
            }
        }
        response
    }
}

/// A quota that is used up. Small, for errors are handed from function to function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quota {
    policy: Policy,
    limit: u32,
}

/// By what calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Runs of an address.
    Run,
    /// Submissions of an address.
    Submit,
    /// Everything else of an address.
    Read,
    /// All calls of a key.
    Key,
}

impl Policy {
    /// The name in the header fields.
    const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Submit => "submit",
            Self::Read => "read",
            Self::Key => "key",
        }
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

/// An input that breaks a rule is the caller's to mend.
impl From<Violation> for ApiError {
    #[inline(never)]
    fn from(violation: Violation) -> Self {
        let code = match violation.kind {
            ViolationKind::Unreadable => Code::InvalidJson,
            ViolationKind::Invalid => Code::InvalidField,
            ViolationKind::TooLarge => Code::TooLarge,
        };
        Self::new(code, violation.message).on(violation.field)
    }
}

/// A Worker that is set up wrongly is our fault. The variable is named, its
/// value never is.
impl From<ConfigError> for ApiError {
    #[inline(never)]
    fn from(error: ConfigError) -> Self {
        Self::new(Code::Misconfigured, error.to_string())
    }
}

/// A store that fails is a dependency that fails. The caller learns that
/// waiting helps, and nothing about where the store is.
impl From<RedisError> for ApiError {
    #[inline(never)]
    fn from(error: RedisError) -> Self {
        if error.is_full() {
            return Self::store_full().detail(error);
        }
        Self::new(
            Code::StoreUnavailable,
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
    fn an_error_names_code_message_and_field() {
        let response =
            ApiError::invalid("problemId", "problemId must not be empty.").into_response();
        assert_eq!(response.status(), 422);
        assert_eq!(
            std::str::from_utf8(response.body()).unwrap(),
            r#"{"success":false,"error":{"code":"invalid_field","message":"problemId must not be empty.","field":"problemId"}}
"#
        );
    }

    #[test]
    fn an_error_says_what_is_allowed_and_when_to_try_again() {
        let response = ApiError::method_not_allowed(&Method::PUT, "GET, OPTIONS").into_response();
        assert_eq!(response.headers()[header::ALLOW], "GET, OPTIONS");
        let response =
            ApiError::from(RedisError::Unreachable("secret.example".into())).into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        assert!(
            !std::str::from_utf8(response.body())
                .unwrap()
                .contains("secret")
        );
        let response = ApiError::new(Code::TooManyRequests, "Too many.")
            .retry_after(7)
            .quota(Policy::Submit, 120)
            .into_response();
        let header = |name| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(
            ["retry-after", "ratelimit-policy", "ratelimit"].map(header),
            ["7", "\"submit\";q=120;w=60", "\"submit\";r=0;t=7"]
        );
        let full = RedisError::Refused {
            status: 400,
            message: "OOM command not allowed".into(),
        };
        let full = ApiError::from(full);
        assert_eq!(
            (full.status().as_u16(), full.code()),
            (503, Code::StoreFull)
        );
        assert!(full.log_line().unwrap().contains("OOM"));
    }
}
