//! The answers of submit-fn, as a function of the request and its
//! surroundings.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use shared::api_error::ApiError;
use shared::config::Lookup;
use shared::language::{Language, Offer};
use shared::response;

use crate::config::Config;
use crate::cors;
use crate::door::Door;
use crate::languages::{LanguageSource, Languages};
use crate::operate;
use crate::problems;
use crate::rejudge;
use crate::results;
use crate::route::Route;
use crate::run::{self, RunDoor, Runs};

/// One request's surroundings.
pub struct App<'a, S> {
    /// The variables.
    pub lookup: Lookup<'a>,
    /// What this instance remembers of the offered languages.
    pub languages: &'a Languages,
    /// Whether this instance lets anybody in.
    pub door: &'a Door,
    /// Whether it lets a run in.
    pub run_door: &'a RunDoor,
    /// worker-fn: who knows the languages, and runs code.
    pub source: &'a S,
    /// Milliseconds since 1970 (UTC).
    pub now_ms: u64,
    /// Ten secure bytes, new ones each time.
    pub random: fn() -> [u8; 10],
}

/// What is to be done with the request.
pub struct Outcome {
    /// For the client.
    pub response: Response<Bytes>,
    /// What to wake worker-fn for once the answer is on its way.
    pub wake: Wake,
    /// How many drains to wake.
    pub wakes: usize,
    /// For the operator.
    pub log: Vec<String>,
}

/// What worker-fn is woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// Nothing.
    No,
    /// The usual lane.
    Normal,
    /// Every lane, until nothing is left.
    AllLanes,
}

impl<S: LanguageSource + Runs> App<'_, S> {
    /// Answers a request with these headers, or what was wrong with reading it.
    pub async fn answer(
        &self,
        headers: &HeaderMap,
        request: Result<Request<Bytes>, ApiError>,
    ) -> Outcome {
        let mut outcome = Outcome {
            response: response::empty(StatusCode::OK),
            wake: Wake::No,
            wakes: 0,
            log: Vec::new(),
        };
        let answer = match &request {
            Ok(request) => self.route(request, &mut outcome).await,
            Err(error) => Err(error.clone()),
        };
        outcome.response = answer.unwrap_or_else(|error| {
            outcome.log.extend(error.log_line().map(str::to_owned));
            error.into_response()
        });
        cors::allow(self.lookup, headers, &mut outcome.response);
        if request.is_ok_and(|request| request.method() == Method::HEAD) {
            *outcome.response.body_mut() = Bytes::new();
        }
        outcome
    }

    async fn route(
        &self,
        request: &Request<Bytes>,
        outcome: &mut Outcome,
    ) -> Result<Response<Bytes>, ApiError> {
        match Route::of(request.method(), request.uri().path())? {
            Route::Health => Ok(health(request)),
            Route::Preflight(methods) => Ok(cors::preflight(methods)),
            Route::Languages => self.offer(outcome).await,
            Route::Submit => self.submit(request, outcome).await,
            Route::SubmitBatch => self.submit_batch(request, outcome).await,
            Route::Result(id) => {
                results::result(Config::from_lookup(self.lookup)?, id, self.now_ms).await
            }
            Route::Problems(asked) => {
                problems::answer(self.lookup, asked, request, self.now_ms).await
            }
            Route::Rejudge(id) => rejudge::rejudge(self.lookup, id, request, outcome).await,
            Route::Run => {
                let config = Config::from_lookup(self.lookup)?;
                run::run(&config, self.run_door, self.source, request, self.now_ms).await
            }
            Route::Operate(operation) => {
                operate::operate(self.lookup, operation, request, self.now_ms, outcome).await
            }
        }
    }

    async fn offer(&self, outcome: &mut Outcome) -> Result<Response<Bytes>, ApiError> {
        let configured = Config::from_lookup(self.lookup)?.languages;
        let known = self
            .languages
            .all(self.source, self.now_ms, &mut outcome.log)
            .await;
        let languages: Vec<Language> = match (known, configured) {
            (Some(known), None) => known,
            (Some(known), Some(names)) => known
                .into_iter()
                .filter(|one| {
                    names
                        .iter()
                        .any(|name| *name == one.language || one.aliases.contains(name))
                })
                .collect(),
            (None, _) => {
                return Err(ApiError::new(
                    StatusCode::BAD_GATEWAY,
                    "executor_unavailable",
                    "The execution endpoint cannot be asked for its languages at the moment.",
                )
                .retry_after(5));
            }
        };
        Ok(response::json(
            StatusCode::OK,
            &Offer {
                success: true,
                languages,
            },
        ))
    }
}

fn health(request: &Request<Bytes>) -> Response<Bytes> {
    if response::wants_only_plain_text(request.headers()) {
        return response::text(StatusCode::OK, "submit-fn is up.");
    }
    response::json(
        StatusCode::OK,
        &serde_json::json!({
            "success": true,
            "service": "submit-fn",
            "version": env!("CARGO_PKG_VERSION"),
        }),
    )
}
