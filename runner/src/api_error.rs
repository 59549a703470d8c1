//! The error responses of the HTTP service: status, headers and body.
//!
//! `api.rs` says when each is sent.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};

use crate::execute::ExecuteError;
use crate::invalid_request::InvalidRequest;
use crate::slots::QueueFull;
use crate::wire::Message;

/// When a rejected submission may be sent again, in seconds.
const RETRY_AFTER_S: [(header::HeaderName, &str); 1] = [(header::RETRY_AFTER, "1")];

/// An error response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error(transparent)]
    InvalidRequest(#[from] InvalidRequest),
    #[error("requests must be of type application/json")]
    NotJson,
    #[error("a valid bearer token is required")]
    Unauthorized,
    #[error("call this by a loopback address or localhost, or set a token")]
    ForeignHost,
    #[error("packages are installed by this machine's operator, not over the network")]
    NoPackages,
    #[error("Not Found")]
    NotFound,
    #[error(transparent)]
    QueueFull(#[from] QueueFull),
    #[error("too many bytes of submissions are waiting, try again later")]
    TooManyBytes,
    #[error("the body did not arrive in time")]
    SlowBody,
    #[error("{0}, try again later or elsewhere")]
    Unavailable(ExecuteError),
    #[error("execution failed")]
    Internal,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let message = || {
            Json(Message {
                message: self.to_string(),
            })
        };
        match &self {
            Self::InvalidRequest(_) => (StatusCode::BAD_REQUEST, message()).into_response(),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, message()).into_response(),
            Self::Unauthorized => {
                let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
                (StatusCode::UNAUTHORIZED, challenge, message()).into_response()
            }
            Self::ForeignHost | Self::NoPackages => {
                (StatusCode::FORBIDDEN, message()).into_response()
            }
            Self::NotFound => (StatusCode::NOT_FOUND, message()).into_response(),
            Self::QueueFull(_) | Self::TooManyBytes => {
                (StatusCode::TOO_MANY_REQUESTS, RETRY_AFTER_S, message()).into_response()
            }
            Self::SlowBody => (StatusCode::REQUEST_TIMEOUT, message()).into_response(),
            Self::Unavailable(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, RETRY_AFTER_S, message()).into_response()
            }
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
