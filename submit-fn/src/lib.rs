//! submit-fn: the HTTP API that people and pages call.
//!
//! Entry point only. [`route`] says what a request asks for, [`app`] answers
//! it (`submit`, `results`, `problems`, `operate`), and this file connects both to the
//! platform: it reads the environment, answers the question for the offered
//! languages through the service binding, and wakes worker-fn once the answer is
//! on its way.

pub mod app;
pub mod config;
mod cors;
pub mod door;
pub mod languages;
mod operate;
mod problems;
mod rejudge;
mod results;
pub mod route;
pub mod run;
mod starter;
mod submit;

use app::{App, Wake};
use bytes::Bytes;
use door::Door;
use http::{Method, StatusCode, Uri};
use languages::{LanguageSource, Languages};
use run::{RunDoor, Runs};
use shared::language::{Language, Offer};
use worker::{Context, Env, Request, Response, event};

/// The service binding of `wrangler.toml` that leads to worker-fn.
const WORKER: &str = "WORKER";

/// Known for as long as this instance lives.
static LANGUAGES: Languages = Languages::new();
/// Closed for a while when too many wait.
static DOOR: Door = Door::new();
/// Counts runs.
static RUN_DOOR: RunDoor = RunDoor::new();

#[event(start)]
fn start() {
    platform::install_panic_hook();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let limit = route::max_body_bytes(&request.path());
    let (headers, request) = platform::read_request(request, limit).await;
    let lookup = platform::lookup(&env);
    let app = App {
        lookup: &lookup,
        languages: &LANGUAGES,
        door: &DOOR,
        run_door: &RUN_DOOR,
        source: &WorkerFn(&env),
        now_ms: platform::now_ms(),
        random: platform::random_bytes,
    };
    let outcome = app.answer(&headers, request).await;
    for line in &outcome.log {
        platform::log_error(line);
    }
    let path = match outcome.wake {
        Wake::No => None,
        Wake::Normal => Some("/wake"),
        Wake::AllLanes => Some("/wake?lanes=all"),
    };
    for path in std::iter::repeat_n(path, outcome.wakes).flatten() {
        let env = env.clone();
        context.wait_until(async move { wake(&env, path).await });
    }
    platform::write_response(outcome.response)
}

/// Asks worker-fn to empty the list. It answers at once and works on after
/// that; if it cannot be reached, its cron trigger is the net below.
async fn wake(env: &Env, path: &'static str) {
    let wake_up = call(Method::POST, path, Bytes::new());
    match platform::call_service(env, WORKER, &wake_up).await {
        Ok(answer) if answer.status() == StatusCode::ACCEPTED => {}
        Ok(answer) => {
            platform::log_error(&format!("wake-up: worker-fn answered {}", answer.status()));
        }
        Err(error) => platform::log_error(&format!("wake-up: worker-fn not reached: {error}")),
    }
}

/// A call of worker-fn.
fn call(method: Method, path: &'static str, body: Bytes) -> http::Request<Bytes> {
    let mut request = http::Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from_static(path);
    request
}

/// worker-fn, which knows the execution endpoint.
struct WorkerFn<'a>(&'a Env);

impl LanguageSource for WorkerFn<'_> {
    async fn fetch(&self) -> Result<Vec<Language>, String> {
        let question = call(Method::GET, "/languages", Bytes::new());
        let answer = platform::call_service(self.0, WORKER, &question)
            .await
            .map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::OK {
            return Err(format!("worker-fn answered {}", answer.status()));
        }
        Offer::read(answer.body())
            .map(|offer| offer.languages)
            .ok_or_else(|| "worker-fn answered no list of languages".to_owned())
    }
}

impl Runs for WorkerFn<'_> {
    async fn run(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
        platform::call_service(self.0, WORKER, &request)
            .await
            .map_err(|error| error.to_string())
    }
}
