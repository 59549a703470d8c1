//! `GET /`: whether submit-fn is up.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;
use shared::http::response;

pub(crate) fn health(request: &Request<Bytes>) -> Response<Bytes> {
    if response::wants_only_plain_text(request.headers()) {
        return response::text(StatusCode::OK, "submit-fn is up.");
    }
    let body = json!({
        "success": true,
        "service": "submit-fn",
        "version": env!("CARGO_PKG_VERSION"),
    });
    response::json(StatusCode::OK, &body)
}
