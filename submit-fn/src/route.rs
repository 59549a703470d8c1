//! What a request asks for: a path and a method, read into one value.

use http::Method;
use shared::domain::problem;
use shared::domain::submission::{MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES};
use shared::http::ApiError;

/// Everything that submit-fn answers. It borrows nothing of the request, whose body is
/// read after it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(strum::AsRefStr, strum::VariantNames))]
pub enum Route {
    /// `GET /`: the page, or whether submit-fn is up.
    Health,
    /// `POST /submit`.
    Submit,
    /// `POST /submit/batch`.
    SubmitBatch,
    /// `GET /result/:id`, a submission's id or a problem's.
    Result(String),
    /// `GET /result/:id/events`.
    Events(String),
    /// `GET /languages`.
    Languages,
    /// Problems.
    Problems(ProblemRoute),
    /// `POST /problems/:id/rejudge`, for operators.
    Rejudge(String),
    /// `POST /run`.
    Run,
    /// `GET /healthz`: whether submit-fn is up.
    Liveness,
    /// `GET /readyz`: whether what it needs can be reached, which worker-fn finds out.
    Readiness,
    /// `GET /metrics`, which worker-fn answers.
    Metrics,
    /// `GET /worker`, which worker-fn answers.
    Worker,
    /// An operator's calls.
    Admin(AdminRoute),
    /// `OPTIONS` on any of these, with the methods it answers.
    Preflight(&'static str),
}

/// The calls of problems.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(strum::AsRefStr, strum::VariantNames))]
pub enum ProblemRoute {
    /// `GET /problems`.
    List,
    /// `GET /problems/:id`.
    Read(String),
    /// `PUT /problems/:id`, for operators.
    Publish(String),
    /// `DELETE /problems/:id`, for operators.
    Delete(String),
}

/// An operator's calls.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(strum::AsRefStr, strum::VariantNames))]
pub enum AdminRoute {
    /// `GET /stats`.
    Stats,
    /// `GET /endpoints`.
    Endpoints,
    /// `GET /dead`.
    DeadLetters,
    /// `GET /dead/:id`.
    DeadLetter(String),
    /// `POST /dead/:id/replay`.
    Replay(String),
    /// `POST /dead/replay`.
    ReplayMany,
    /// `DELETE /dead/:id`.
    Delete(String),
    /// `POST /dead/delete`.
    DeleteMany,
    /// `GET /scheduled`.
    Scheduled,
    /// `POST /pause`.
    Pause,
    /// `POST /resume`.
    Resume,
    /// `POST /purge`.
    Purge,
}

/// Where `HEAD` would do what `GET` does.
const GET_ALONE: &str = "GET, OPTIONS";
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

impl Route {
    /// Errors: 404 for an unknown path, 405 with `Allow` for a known one.
    pub fn of(method: &Method, path: &str) -> Result<Self, ApiError> {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (route, allow) = match *segments.as_slice() {
            [""] => (Self::Health, GET),
            ["submit"] => (Self::Submit, POST),
            ["submit", "batch"] => (Self::SubmitBatch, POST),
            ["languages"] => (Self::Languages, GET),
            ["result", id] if !id.is_empty() => (Self::Result(id.to_owned()), GET),
            ["result", id, "events"] if !id.is_empty() => (Self::Events(id.to_owned()), GET),
            ["problems"] => (Self::Problems(ProblemRoute::List), GET),
            ["problems", id] if !id.is_empty() => {
                let route = match *method {
                    Method::PUT => ProblemRoute::Publish(id.to_owned()),
                    Method::DELETE => ProblemRoute::Delete(id.to_owned()),
                    _ => ProblemRoute::Read(id.to_owned()),
                };
                (Self::Problems(route), GET_PUT_DELETE)
            }
            ["problems", id, "rejudge"] if !id.is_empty() => (Self::Rejudge(id.to_owned()), POST),
            ["run"] => (Self::Run, POST),
            ["worker"] => (Self::Worker, GET_ALONE),
            ["healthz"] => (Self::Liveness, GET),
            ["readyz"] => (Self::Readiness, GET),
            ["metrics"] => (Self::Metrics, GET),
            ["stats"] => (Self::Admin(AdminRoute::Stats), GET),
            ["endpoints"] => (Self::Admin(AdminRoute::Endpoints), GET),
            ["dead"] => (Self::Admin(AdminRoute::DeadLetters), GET),
            // No ids of dead letters.
            ["dead", "delete"] => (Self::Admin(AdminRoute::DeleteMany), POST),
            ["dead", "replay"] => (Self::Admin(AdminRoute::ReplayMany), POST),
            ["dead", id] if *method == Method::DELETE => {
                (Self::Admin(AdminRoute::Delete(id.to_owned())), GET_DELETE)
            }
            ["dead", id] if !id.is_empty() => (
                Self::Admin(AdminRoute::DeadLetter(id.to_owned())),
                GET_DELETE,
            ),
            ["dead", id, "replay"] => (Self::Admin(AdminRoute::Replay(id.to_owned())), POST),
            ["scheduled"] => (Self::Admin(AdminRoute::Scheduled), GET),
            ["pause"] => (Self::Admin(AdminRoute::Pause), POST),
            ["resume"] => (Self::Admin(AdminRoute::Resume), POST),
            ["purge"] => (Self::Admin(AdminRoute::Purge), POST),
            _ => return Err(ApiError::no_such_path()),
        };
        // HEAD is answered wherever GET is, so only the full list is compared.
        let allowed = allow.split(", ").any(|one| one == method.as_str());
        match (allowed, method == Method::OPTIONS) {
            (false, _) => Err(ApiError::method_not_allowed(method, allow)),
            (true, true) => Ok(Self::Preflight(allow)),
            (true, false) => Ok(route),
        }
    }
}

/// A path as the log shows it: what stands for an id is `{id}`, and of a path that is
/// none of ours there is nothing.
pub fn pattern(path: &str) -> Option<String> {
    Route::of(&Method::OPTIONS, path).ok()?;
    let mut segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match segments.as_mut_slice() {
        ["dead", "delete" | "replay", ..] => {}
        ["result" | "problems" | "dead", id, ..] => *id = "{id}",
        _ => {}
    }
    Some(["/", &segments.join("/")].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantNames as _;

    #[test]
    fn paths_and_methods() {
        let admin = |route| Ok(Route::Admin(route));
        let problems = |route| Ok(Route::Problems(route));
        let cases = [
            (Method::GET, "/", Ok(Route::Health)),
            (Method::HEAD, "/", Ok(Route::Health)),
            (Method::POST, "/submit", Ok(Route::Submit)),
            (Method::POST, "/submit/batch", Ok(Route::SubmitBatch)),
            (Method::GET, "/languages", Ok(Route::Languages)),
            (
                Method::GET,
                "/result/two-sum",
                Ok(Route::Result("two-sum".into())),
            ),
            (
                Method::GET,
                "/result/x/events",
                Ok(Route::Events("x".into())),
            ),
            (
                Method::HEAD,
                "/result/x/events",
                Ok(Route::Events("x".into())),
            ),
            (Method::POST, "/result/x/events", Err(405)),
            (Method::GET, "/result//events", Err(404)),
            (Method::GET, "/problems", problems(ProblemRoute::List)),
            (
                Method::GET,
                "/problems/x",
                problems(ProblemRoute::Read("x".into())),
            ),
            (
                Method::HEAD,
                "/problems/x",
                problems(ProblemRoute::Read("x".into())),
            ),
            (
                Method::PUT,
                "/problems/x",
                problems(ProblemRoute::Publish("x".into())),
            ),
            (
                Method::DELETE,
                "/problems/x",
                problems(ProblemRoute::Delete("x".into())),
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
            (Method::GET, "/worker", Ok(Route::Worker)),
            (Method::GET, "/healthz", Ok(Route::Liveness)),
            (Method::HEAD, "/readyz", Ok(Route::Readiness)),
            (Method::POST, "/readyz", Err(405)),
            (Method::GET, "/metrics", Ok(Route::Metrics)),
            (Method::POST, "/metrics", Err(405)),
            (Method::POST, "/worker", Err(405)),
            (Method::HEAD, "/worker", Err(405)),
            (
                Method::POST,
                "/problems/x/rejudge",
                Ok(Route::Rejudge("x".into())),
            ),
            (Method::GET, "/stats", admin(AdminRoute::Stats)),
            (Method::GET, "/dead", admin(AdminRoute::DeadLetters)),
            (
                Method::GET,
                "/dead/x",
                admin(AdminRoute::DeadLetter("x".into())),
            ),
            (
                Method::DELETE,
                "/dead/x",
                admin(AdminRoute::Delete("x".into())),
            ),
            (
                Method::POST,
                "/dead/x/replay",
                admin(AdminRoute::Replay("x".into())),
            ),
            (Method::POST, "/dead/replay", admin(AdminRoute::ReplayMany)),
            (Method::GET, "/dead/replay", Err(405)),
            (Method::POST, "/dead/delete", admin(AdminRoute::DeleteMany)),
            (Method::DELETE, "/dead/delete", Err(405)),
            (Method::GET, "/endpoints", admin(AdminRoute::Endpoints)),
            (Method::OPTIONS, "/dead/replay", Ok(Route::Preflight(POST))),
            (Method::GET, "/scheduled", admin(AdminRoute::Scheduled)),
            (Method::POST, "/scheduled", Err(405)),
            (Method::POST, "/pause", admin(AdminRoute::Pause)),
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
            ("/submit", 524_288),
            ("/submit/batch", 4_194_304),
            ("/problems/x", 4_194_304),
            ("/problems", 524_288),
            ("/nowhere", 524_288),
        ] {
            assert_eq!(max_body_bytes(path), bytes, "{path}");
        }
    }

    #[test]
    fn the_log_shows_no_id_and_no_path_of_strangers() {
        for (path, expected) in [
            ("/", Some("/")),
            ("//result/x", Some("/result/{id}")),
            ("/result/worker", Some("/result/{id}")),
            ("/problems/result/rejudge", Some("/problems/{id}/rejudge")),
            ("/dead/replay", Some("/dead/replay")),
            ("/dead/replay/replay", Some("/dead/replay/replay")),
            ("/dead/x/replay", Some("/dead/{id}/replay")),
            ("/submit/x", None),
            ("/result/x/y", None),
            ("/secret", None),
            ("", Some("/")),
        ] {
            assert_eq!(pattern(path).as_deref(), expected, "{path}");
        }
        let text = include_str!("../../docs/openapi.json");
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let of_submit_fn = |operation: &serde_json::Value| {
                let tags = operation["tags"].as_array().unwrap();
                tags.iter().any(|tag| tag == "submit-fn")
            };
            if methods.as_object().unwrap().values().any(of_submit_fn) {
                let shown = pattern(&path.replace("{id}", "two-sum"));
                assert_eq!(shown.as_ref(), Some(path));
            }
        }
    }

    /// The OpenAPI document names the same routes as the code.
    #[test]
    fn the_openapi_document_names_every_route_and_no_other() {
        let text = include_str!("../../docs/openapi.json");
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        let mut documented = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let tags = operation["tags"].as_array().unwrap();
                if tags.iter().any(|tag| tag == "submit-fn") {
                    let method: Method = method.to_uppercase().parse().unwrap();
                    let path = path.replace("{id}", "x");
                    documented.push(match Route::of(&method, &path).unwrap() {
                        Route::Problems(route) => format!("Problems {}", route.as_ref()),
                        Route::Admin(route) => format!("Admin {}", route.as_ref()),
                        route => route.as_ref().to_owned(),
                    });
                }
            }
        }
        documented.sort();
        // `OPTIONS` is not documented path by path.
        let grouped = ["Problems", "Admin", "Preflight"];
        let alone = Route::VARIANTS
            .iter()
            .filter(|name| !grouped.contains(name));
        let mut all: Vec<String> = alone.map(|name| (*name).to_owned()).collect();
        all.extend(
            ProblemRoute::VARIANTS
                .iter()
                .map(|name| format!("Problems {name}")),
        );
        all.extend(
            AdminRoute::VARIANTS
                .iter()
                .map(|name| format!("Admin {name}")),
        );
        all.sort();
        assert_eq!(documented, all);
    }
}
