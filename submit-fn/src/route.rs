//! What a request asks for: a path and a method, read into one value.

use http::Method;
use shared::api_error::ApiError;
use shared::problem;
use shared::submission::{MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES};

/// Everything that submit-fn answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route<'a> {
    /// `GET /`: is it there.
    Health,
    /// `POST /submit`.
    Submit,
    /// `POST /submit/batch`.
    SubmitBatch,
    /// `GET /result/:id`, a submission's id or a problem's.
    Result(&'a str),
    /// `GET /languages`.
    Languages,
    /// What there is to solve.
    Problems(OnProblems<'a>),
    /// `POST /problems/:id/rejudge`, for operators.
    Rejudge(&'a str),
    /// `POST /run`.
    Run,
    /// What is for operators.
    Operate(Operation<'a>),
    /// `OPTIONS` on any of these, with the methods it answers.
    Preflight(&'static str),
}

/// What is asked of the problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnProblems<'a> {
    /// `GET /problems`.
    List,
    /// `GET /problems/:id`.
    Read(&'a str),
    /// `PUT /problems/:id`, for operators.
    Publish(&'a str),
    /// `DELETE /problems/:id`, for operators.
    Delete(&'a str),
}

/// What is for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'a> {
    /// `GET /stats`.
    Stats,
    /// `GET /dead`.
    DeadLetters,
    /// `GET /dead/:id`.
    DeadLetter(&'a str),
    /// `POST /dead/:id/replay`.
    Replay(&'a str),
    /// `DELETE /dead/:id`.
    Delete(&'a str),
    /// `POST /pause`.
    Pause,
    /// `POST /resume`.
    Resume,
    /// `POST /purge`.
    Purge,
}

const GET: &str = "GET, HEAD, OPTIONS";
const POST: &str = "POST, OPTIONS";
const GET_DELETE: &str = "GET, HEAD, DELETE, OPTIONS";
const GET_PUT_DELETE: &str = "GET, HEAD, PUT, DELETE, OPTIONS";

/// The largest body that a path takes, in bytes.
pub fn max_body_bytes(path: &str) -> usize {
    if path == "/submit/batch" {
        MAX_BATCH_BODY_BYTES
    } else if path.starts_with("/problems/") {
        problem::MAX_BYTES
    } else {
        MAX_BODY_BYTES
    }
}

impl<'a> Route<'a> {
    /// Errors: 404 for an unknown path, 405 with `Allow` for a known one.
    pub fn of(method: &Method, path: &'a str) -> Result<Self, ApiError> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (route, allow) = match *segments.as_slice() {
            [""] => (Self::Health, GET),
            ["submit"] => (Self::Submit, POST),
            ["submit", "batch"] => (Self::SubmitBatch, POST),
            ["languages"] => (Self::Languages, GET),
            ["result", id] if !id.is_empty() => (Self::Result(id), GET),
            ["problems"] => (Self::Problems(OnProblems::List), GET),
            ["problems", id] if !id.is_empty() => {
                let asked = match *method {
                    Method::PUT => OnProblems::Publish(id),
                    Method::DELETE => OnProblems::Delete(id),
                    _ => OnProblems::Read(id),
                };
                (Self::Problems(asked), GET_PUT_DELETE)
            }
            ["problems", id, "rejudge"] if !id.is_empty() => (Self::Rejudge(id), POST),
            ["run"] => (Self::Run, POST),
            ["stats"] => (Self::Operate(Operation::Stats), GET),
            ["dead"] => (Self::Operate(Operation::DeadLetters), GET),
            ["dead", id] if *method == Method::DELETE => {
                (Self::Operate(Operation::Delete(id)), GET_DELETE)
            }
            ["dead", id] if !id.is_empty() => {
                (Self::Operate(Operation::DeadLetter(id)), GET_DELETE)
            }
            ["dead", id, "replay"] => (Self::Operate(Operation::Replay(id)), POST),
            ["pause"] => (Self::Operate(Operation::Pause), POST),
            ["resume"] => (Self::Operate(Operation::Resume), POST),
            ["purge"] => (Self::Operate(Operation::Purge), POST),
            _ => return Err(ApiError::not_found("There is nothing at this path.")),
        };
        // HEAD is answered wherever GET is, so only the full list is compared.
        let allowed = allow.split(", ").any(|one| one == method.as_str());
        match (allowed, method == Method::OPTIONS) {
            (false, _) => Err(ApiError::method_not_allowed(allow)),
            (true, true) => Ok(Self::Preflight(allow)),
            (true, false) => Ok(route),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_methods() {
        let operate = |operation| Ok(Route::Operate(operation));
        let problems = |asked| Ok(Route::Problems(asked));
        let cases = [
            (Method::GET, "/", Ok(Route::Health)),
            (Method::HEAD, "/", Ok(Route::Health)),
            (Method::POST, "/submit", Ok(Route::Submit)),
            (Method::POST, "/submit/batch", Ok(Route::SubmitBatch)),
            (Method::GET, "/languages", Ok(Route::Languages)),
            (Method::GET, "/result/two-sum", Ok(Route::Result("two-sum"))),
            (Method::GET, "/problems", problems(OnProblems::List)),
            (Method::GET, "/problems/x", problems(OnProblems::Read("x"))),
            (Method::HEAD, "/problems/x", problems(OnProblems::Read("x"))),
            (
                Method::PUT,
                "/problems/x",
                problems(OnProblems::Publish("x")),
            ),
            (
                Method::DELETE,
                "/problems/x",
                problems(OnProblems::Delete("x")),
            ),
            (
                Method::OPTIONS,
                "/problems/x",
                Ok(Route::Preflight(GET_PUT_DELETE)),
            ),
            (Method::POST, "/problems/x", Err(405)),
            (Method::PUT, "/problems", Err(405)),
            (Method::GET, "/problems/", Err(404)),
            (Method::POST, "/run", Ok(Route::Run)),
            (Method::GET, "/run", Err(405)),
            (Method::POST, "/problems/x/rejudge", Ok(Route::Rejudge("x"))),
            (Method::GET, "/stats", operate(Operation::Stats)),
            (Method::GET, "/dead", operate(Operation::DeadLetters)),
            (Method::GET, "/dead/x", operate(Operation::DeadLetter("x"))),
            (Method::DELETE, "/dead/x", operate(Operation::Delete("x"))),
            (
                Method::POST,
                "/dead/x/replay",
                operate(Operation::Replay("x")),
            ),
            (Method::POST, "/pause", operate(Operation::Pause)),
            (Method::OPTIONS, "/submit", Ok(Route::Preflight(POST))),
            (Method::OPTIONS, "/result/x", Ok(Route::Preflight(GET))),
            (Method::OPTIONS, "/dead/x", Ok(Route::Preflight(GET_DELETE))),
            (Method::GET, "/submit", Err(405)),
            (Method::PUT, "/submit", Err(405)),
            (Method::POST, "/", Err(405)),
            (Method::DELETE, "/result/x", Err(405)),
            (Method::POST, "/dead/x", Err(405)),
            (Method::GET, "/pause", Err(405)),
            (Method::GET, "/result", Err(404)),
            (Method::GET, "/result/", Err(404)),
            (Method::GET, "/result/a/b", Err(404)),
            (Method::GET, "/dead/", Err(404)),
            (Method::OPTIONS, "/nowhere", Err(404)),
            (Method::GET, "/submit/", Err(404)),
        ];
        for (method, path, expected) in cases {
            let got = Route::of(&method, path).map_err(|error| error.status().as_u16());
            assert_eq!(got, expected, "{method} {path}");
        }
    }

    #[test]
    fn a_problem_and_a_batch_may_be_larger_than_a_submission() {
        for (path, bytes) in [
            ("/submit", 262_144),
            ("/submit/batch", 4_194_304),
            ("/problems/x", 4_194_304),
            ("/problems", 262_144),
            ("/nowhere", 262_144),
        ] {
            assert_eq!(max_body_bytes(path), bytes, "{path}");
        }
    }

    /// The document that people read names the same routes as the code.
    #[test]
    fn the_openapi_document_holds_every_route_and_no_other() {
        let text = include_str!("../../docs/openapi.json");
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        let mut documented = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let tags = operation["tags"].as_array().unwrap();
                if tags.iter().any(|tag| tag == "submit-fn") {
                    let method: Method = method.to_uppercase().parse().unwrap();
                    let path = path.replace("{id}", "x");
                    let route = Route::of(&method, &path).unwrap();
                    documented.push(format!("{route:?}"));
                }
            }
        }
        documented.sort();
        let mut all = [
            Route::Health,
            Route::Submit,
            Route::SubmitBatch,
            Route::Result("x"),
            Route::Rejudge("x"),
            Route::Run,
            Route::Languages,
            Route::Problems(OnProblems::List),
            Route::Problems(OnProblems::Read("x")),
            Route::Problems(OnProblems::Publish("x")),
            Route::Problems(OnProblems::Delete("x")),
            Route::Operate(Operation::Stats),
            Route::Operate(Operation::DeadLetters),
            Route::Operate(Operation::DeadLetter("x")),
            Route::Operate(Operation::Replay("x")),
            Route::Operate(Operation::Delete("x")),
            Route::Operate(Operation::Pause),
            Route::Operate(Operation::Resume),
            Route::Operate(Operation::Purge),
        ]
        .map(|route| format!("{route:?}"));
        all.sort();
        assert_eq!(documented, all);
    }
}
