//! What a request asks for: a path, a method and a query, read into one value.

use http::{Method, Uri};
use shared::http::{ApiError, Need};

/// The most jobs that one `GET /worker` takes.
pub const MAX_BATCH: usize = 20;

/// Everything that worker-fn answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(strum::AsRefStr, strum::VariantNames))]
pub enum Route {
    /// `GET /`: as `GET /worker` with `AUTH=off`, else whether worker-fn is up. A browser or a health check takes no job then.
    Root {
        /// As for [`Route::Work`].
        batch: Option<usize>,
    },
    /// `GET /worker`: take one job, or `?batch=n`.
    Work {
        /// `None` without `batch`, which is answered in the classic shape.
        batch: Option<usize>,
    },
    /// `POST /wake`: drain the queue after answering.
    Wake {
        /// `?lanes=all`: until no job is left in any lane.
        all_lanes: bool,
        /// `?by=drain`: worker-fn itself started it.
        by_drain: bool,
    },
    /// `GET /languages`: what the execution endpoint offers.
    Languages,
    /// `POST /run`: for submit-fn only.
    Run,
    /// `POST /limits`: for submit-fn only.
    Limits,
    /// `GET /endpoints`: for submit-fn only.
    Endpoints,
    /// `POST /deliver`: tell callback addresses after answering; for worker-fn only.
    Deliver,
    /// `GET /metrics`.
    Metrics,
    /// `GET /healthz`: whether worker-fn is up.
    Liveness,
    /// `GET /readyz`: whether what it needs can be reached.
    Readiness,
}

/// All paths, none of which has an id in it: the log shows them, and no other.
const PATHS: [&str; 11] = [
    "/",
    "/worker",
    "/wake",
    "/run",
    "/limits",
    "/endpoints",
    "/deliver",
    "/languages",
    "/metrics",
    "/healthz",
    "/readyz",
];

/// A path as the log shows it; of one that is none of ours there is nothing.
pub fn pattern(path: &str) -> Option<&'static str> {
    PATHS.into_iter().find(|known| *known == path)
}

impl Route {
    /// What a call needs of somebody other than submit-fn and worker-fn itself. `None`:
    /// nobody else may make it.
    pub fn need(&self) -> Option<Need> {
        match self {
            Self::Root { .. } | Self::Liveness | Self::Readiness => Some(Need::NOTHING),
            Self::Metrics => Some(Need::READ_OR_WORK),
            Self::Work { .. } | Self::Wake { .. } | Self::Languages => Some(Need::WORK),
            Self::Run | Self::Limits | Self::Endpoints | Self::Deliver => None,
        }
    }

    /// Errors: 404 for an unknown path, 405 with `Allow` for a known one, 422
    /// for a `batch` outside 1 to [`MAX_BATCH`].
    pub fn of(method: &Method, uri: &Uri) -> Result<Self, ApiError> {
        let only = |allowed: Method, allow: &'static str| {
            if *method == allowed {
                Ok(())
            } else {
                Err(ApiError::method_not_allowed(method, allow))
            }
        };
        let read = match *method {
            Method::HEAD => Method::HEAD,
            _ => Method::GET,
        };
        match uri.path() {
            path @ ("/" | "/worker") => {
                only(Method::GET, "GET")?;
                let batch = batch(uri.query().unwrap_or_default())?;
                Ok(match path {
                    "/" => Self::Root { batch },
                    _ => Self::Work { batch },
                })
            }
            "/wake" => only(Method::POST, "POST").map(|()| Self::Wake {
                all_lanes: has(uri, "lanes=all"),
                by_drain: has(uri, "by=drain"),
            }),
            "/run" => only(Method::POST, "POST").map(|()| Self::Run),
            "/limits" => only(Method::POST, "POST").map(|()| Self::Limits),
            "/endpoints" => only(Method::GET, "GET").map(|()| Self::Endpoints),
            "/metrics" => only(Method::GET, "GET").map(|()| Self::Metrics),
            // Load balancers ask with HEAD.
            "/healthz" => only(read, "GET, HEAD").map(|()| Self::Liveness),
            "/readyz" => only(read, "GET, HEAD").map(|()| Self::Readiness),
            "/deliver" => only(Method::POST, "POST").map(|()| Self::Deliver),
            "/languages" => only(Method::GET, "GET").map(|()| Self::Languages),
            _ => Err(ApiError::no_such_path()),
        }
    }
}

/// Whether a pair of the query is this one.
fn has(uri: &Uri, wanted: &str) -> bool {
    let mut pairs = uri.query().unwrap_or_default().split('&');
    pairs.any(|pair| pair == wanted)
}

fn batch(query: &str) -> Result<Option<usize>, ApiError> {
    let Some(text) = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("batch="))
    else {
        return Ok(None);
    };
    match text.parse() {
        Ok(count) if (1..=MAX_BATCH).contains(&count) => Ok(Some(count)),
        _ => Err(ApiError::invalid(
            "batch",
            format!("batch must be a whole number from 1 to {MAX_BATCH}."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strum::VariantNames as _;

    #[test]
    fn paths_methods_and_batches() {
        let wake = |all_lanes, by_drain| {
            Ok(Route::Wake {
                all_lanes,
                by_drain,
            })
        };
        let cases = [
            (Method::GET, "/", Ok(Route::Root { batch: None })),
            (Method::GET, "/worker", Ok(Route::Work { batch: None })),
            (
                Method::GET,
                "/worker?batch=3",
                Ok(Route::Work { batch: Some(3) }),
            ),
            (
                Method::GET,
                "/?x=1&batch=20",
                Ok(Route::Root { batch: Some(20) }),
            ),
            (Method::POST, "/wake", wake(false, false)),
            (Method::POST, "/wake?lanes=all", wake(true, false)),
            (Method::POST, "/wake?by=drain", wake(false, true)),
            (Method::POST, "/wake?lanes=all&by=drain", wake(true, true)),
            (Method::GET, "/languages", Ok(Route::Languages)),
            (Method::POST, "/run", Ok(Route::Run)),
            (Method::GET, "/run", Err(405)),
            (Method::POST, "/limits", Ok(Route::Limits)),
            (Method::GET, "/endpoints", Ok(Route::Endpoints)),
            (Method::POST, "/deliver", Ok(Route::Deliver)),
            (Method::GET, "/deliver", Err(405)),
            (Method::POST, "/endpoints", Err(405)),
            (Method::GET, "/metrics", Ok(Route::Metrics)),
            (Method::GET, "/healthz", Ok(Route::Liveness)),
            (Method::GET, "/readyz", Ok(Route::Readiness)),
            (Method::HEAD, "/healthz", Ok(Route::Liveness)),
            (Method::HEAD, "/readyz", Ok(Route::Readiness)),
            (Method::HEAD, "/worker", Err(405)),
            (Method::POST, "/readyz", Err(405)),
            (Method::GET, "/worker?batch=0", Err(422)),
            (Method::GET, "/worker?batch=21", Err(422)),
            (Method::GET, "/worker?batch=-1", Err(422)),
            (Method::GET, "/worker?batch=", Err(422)),
            (Method::GET, "/wake", Err(405)),
            (Method::POST, "/worker", Err(405)),
            (Method::GET, "/submit", Err(404)),
        ];
        for (method, uri, expected) in cases {
            let uri: Uri = uri.parse().unwrap();
            let got = Route::of(&method, &uri).map_err(|error| error.status().as_u16());
            let shown = pattern(uri.path());
            assert_eq!(shown.is_some(), expected != Err(404), "{uri}");
            assert_eq!(got, expected, "{method} {uri}");
        }
    }

    /// The OpenAPI document names the same routes as the code.
    #[test]
    fn the_openapi_document_names_every_route_and_no_other() {
        let text = include_str!("../../../docs/openapi.json");
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        // `/run` and `/endpoints` are documented as submit-fn's, and `/limits` is
        // between the Workers, as is `/deliver`.
        let mut documented = ["Run", "Limits", "Endpoints", "Deliver"]
            .map(str::to_owned)
            .to_vec();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let tags = operation["tags"].as_array().unwrap();
                if tags.iter().any(|tag| tag == "worker-fn") {
                    let method: Method = method.to_uppercase().parse().unwrap();
                    let route = Route::of(&method, &path.parse().unwrap()).unwrap();
                    documented.push(route.as_ref().to_owned());
                }
            }
        }
        documented.sort();
        let mut all = Route::VARIANTS.to_vec();
        all.sort_unstable();
        assert_eq!(documented, all);
    }
}
