//! submit-fn: the HTTP API that people and pages call.
//!
//! Entry point only. [`route`] says what a request asks for, [`app`] answers
//! it (`submit`, `results`, `operate`), and this file connects both to the
//! platform: it reads the environment, answers the question for the offered
//! languages through the service binding, and wakes worker-fn once the answer is
//! on its way.

pub mod app;
pub mod config;
mod cors;
pub mod door;
pub mod languages;
mod operate;
mod results;
pub mod route;
mod submit;

use app::{App, Wake};
use door::Door;
use languages::{LanguageSource, Languages};
use shared::language::{Language, Offer};
use shared::submission::{MAX_BATCH_BODY_BYTES, MAX_BODY_BYTES};
use worker::{Context, Env, Method, Request, Response, event};

/// The service binding of `wrangler.toml` that leads to worker-fn.
const WORKER: &str = "WORKER";

/// Known for as long as this instance lives.
static LANGUAGES: Languages = Languages::new();
/// Closed for a while when too many wait.
static DOOR: Door = Door::new();

#[event(start)]
fn start() {
    platform::install_panic_hook();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let limit = match request.path().as_str() {
        "/submit/batch" => MAX_BATCH_BODY_BYTES,
        _ => MAX_BODY_BYTES,
    };
    let request = platform::read_request(request, limit).await;
    let lookup = platform::lookup(&env);
    let app = App {
        lookup: &lookup,
        languages: &LANGUAGES,
        door: &DOOR,
        source: &WorkerFn(&env),
        now_ms: platform::now_ms(),
        random: platform::random_bytes,
    };
    let outcome = app.answer(request).await;
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
async fn wake(env: &Env, path: &str) {
    match platform::call_service(env, WORKER, Method::Post, path).await {
        Ok((202, _)) => {}
        Ok((status, _)) => platform::log_error(&format!("wake-up: worker-fn answered {status}")),
        Err(error) => platform::log_error(&format!("wake-up: worker-fn not reached: {error}")),
    }
}

/// worker-fn, which knows the execution endpoint.
struct WorkerFn<'a>(&'a Env);

impl LanguageSource for WorkerFn<'_> {
    async fn fetch(&self) -> Result<Vec<Language>, String> {
        let (status, body) = platform::call_service(self.0, WORKER, Method::Get, "/languages")
            .await
            .map_err(|error| error.to_string())?;
        if status != 200 {
            return Err(format!("worker-fn answered {status}"));
        }
        serde_json::from_slice::<Offer>(&body)
            .map(|offer| offer.languages)
            .map_err(|error| error.to_string())
    }
}
