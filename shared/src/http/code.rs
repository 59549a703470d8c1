//! The codes of errors: stable names for programs, each with its HTTP status.
//!
//! The status says who is at fault: 4xx the caller, 502 and 503 a service that
//! we depend on, 500 us.

use http::StatusCode;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(strum::EnumCount))]
pub enum Code {
    /// The body is not JSON, or not of the type that is asked for.
    InvalidJson,
    /// The request could not be read.
    Unreadable,
    /// A call without the key that it needs.
    Unauthorized,
    /// A call that needs a key, and no key is set at all.
    Closed,
    /// An operator's call, and no key is set, while all other calls are open.
    OperationsOff,
    /// A call or a member that this key may not use.
    Forbidden,
    /// No such path, or nothing of this id.
    NotFound,
    /// The path is known; it does not answer this method.
    MethodNotAllowed,
    /// The submission is older than results are kept.
    Expired,
    /// A field is larger than its limit.
    TooLarge,
    /// A field breaks its rule.
    InvalidField,
    /// No problem has the id of a submission, and such are refused here.
    UnknownProblem,
    /// A submission with a `callbackUrl`, and webhooks are off.
    CallbacksOff,
    /// The execution endpoint will not run this, and said why.
    Refused,
    /// Too many submissions wait.
    QueueFull,
    /// Too many runs are under way.
    TooManyRuns,
    /// The client's rate is used up.
    TooManyRequests,
    /// As much is stored for the client as may be.
    StorageQuota,
    /// A bug of ours.
    Internal,
    /// A variable is missing or cannot be used.
    Misconfigured,
    /// A stored problem cannot be read.
    DamagedProblem,
    /// A stored result cannot be read.
    DamagedResult,
    /// The execution endpoint is away.
    ExecutorUnavailable,
    /// Redis is away, or refuses.
    StoreUnavailable,
    /// The instance has no memory left for this at the moment.
    Busy,
    /// Redis is full, or as full as results may make it.
    StoreFull,
}

impl Code {
    /// All of them, in the order of their statuses.
    pub const ALL: [Self; 26] = [
        Self::InvalidJson,
        Self::Unreadable,
        Self::Unauthorized,
        Self::Closed,
        Self::OperationsOff,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Expired,
        Self::TooLarge,
        Self::InvalidField,
        Self::UnknownProblem,
        Self::CallbacksOff,
        Self::Refused,
        Self::QueueFull,
        Self::TooManyRuns,
        Self::TooManyRequests,
        Self::StorageQuota,
        Self::Internal,
        Self::Misconfigured,
        Self::DamagedProblem,
        Self::DamagedResult,
        Self::ExecutorUnavailable,
        Self::StoreUnavailable,
        Self::Busy,
        Self::StoreFull,
    ];

    /// The name on the wire, and the status that goes with it.
    const fn wire(self) -> (&'static str, StatusCode) {
        match self {
            Self::InvalidJson => ("invalid_json", StatusCode::BAD_REQUEST),
            Self::Unreadable => ("unreadable", StatusCode::BAD_REQUEST),
            Self::Unauthorized => ("unauthorized", StatusCode::UNAUTHORIZED),
            Self::Closed => ("closed", StatusCode::FORBIDDEN),
            Self::OperationsOff => ("operations_off", StatusCode::FORBIDDEN),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN),
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED),
            Self::Expired => ("expired", StatusCode::GONE),
            Self::TooLarge => ("too_large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::InvalidField => ("invalid_field", StatusCode::UNPROCESSABLE_ENTITY),
            Self::UnknownProblem => ("unknown_problem", StatusCode::UNPROCESSABLE_ENTITY),
            Self::CallbacksOff => ("callbacks_off", StatusCode::UNPROCESSABLE_ENTITY),
            Self::Refused => ("refused", StatusCode::UNPROCESSABLE_ENTITY),
            Self::QueueFull => ("queue_full", StatusCode::TOO_MANY_REQUESTS),
            Self::TooManyRuns => ("too_many_runs", StatusCode::TOO_MANY_REQUESTS),
            Self::TooManyRequests => ("too_many_requests", StatusCode::TOO_MANY_REQUESTS),
            Self::StorageQuota => ("storage_quota", StatusCode::TOO_MANY_REQUESTS),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
            Self::Misconfigured => ("misconfigured", StatusCode::INTERNAL_SERVER_ERROR),
            Self::DamagedProblem => ("damaged_problem", StatusCode::INTERNAL_SERVER_ERROR),
            Self::DamagedResult => ("damaged_result", StatusCode::INTERNAL_SERVER_ERROR),
            Self::ExecutorUnavailable => ("executor_unavailable", StatusCode::BAD_GATEWAY),
            Self::StoreUnavailable => ("store_unavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::Busy => ("busy", StatusCode::SERVICE_UNAVAILABLE),
            Self::StoreFull => ("store_full", StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    /// The name that programs read.
    pub const fn name(self) -> &'static str {
        self.wire().0
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        self.wire().1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::EnumCount as _;

    /// The table that clients read names every code with its status.
    #[test]
    fn the_api_document_names_every_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api.md");
        let document = std::fs::read_to_string(path).unwrap();
        for (index, code) in Code::ALL.into_iter().enumerate() {
            assert!(!Code::ALL[..index].contains(&code), "{code:?} twice");
            let row = document.lines().find(|line| {
                line.starts_with(&format!("| {}", code.status().as_u16()))
                    && line.contains(&format!("`{}`", code.name()))
            });
            assert!(row.is_some(), "docs/api.md has no row for {code:?}");
        }
        assert_eq!(Code::ALL.len(), Code::COUNT);
    }

    /// The document for programs has an enum of them.
    #[test]
    fn the_openapi_document_names_every_code_and_no_other() {
        let document = include_str!("../../../docs/openapi.json");
        let document: serde_json::Value = serde_json::from_str(document).unwrap();
        let names = "/components/schemas/Error/properties/error/properties/code/enum";
        let documented = document.pointer(names).unwrap().as_array().unwrap();
        let all: Vec<&str> = Code::ALL.into_iter().map(Code::name).collect();
        assert_eq!(*documented, all);
    }
}
