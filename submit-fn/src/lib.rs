//! submit-fn: the HTTP API that people and pages call.
//!
//! This file holds the entry point. It connects the platform to the rest, which
//! is plain Rust: it reads the environment, calls worker-fn through the service
//! binding, and wakes it once a response is on its way.
//!
//! # Layout, in reading order
//!
//! - [`route`]: what a request asks for.
//! - [`admit`]: what is refused before its body is read.
//! - [`app`]: dispatches a route to its handler.
//! - `handlers`: one file a resource.
//! - `context`, [`outcome`]: what handlers work with, and what they lead to.
//! - [`runtime`]: the platform's services.
//! - `need`, `sender`, `query`, `cors`: what a call needs, who sends, parameters,
//!   origins.
//! - `admission`: what a submission must pass.
//! - `events`: the stream of a submission's events.
//! - [`rates`]: how many calls a client may make.
//! - [`backpressure`], [`client_counts`], [`client_share`], [`given_limits`],
//!   [`language_cache`], [`live_results`],
//!   [`problem_kinds`], [`problem_sizes`], [`run_limiter`], [`settled`],
//!   [`storage_quota`], [`waiters`], [`wakes`]: what an [`instance`] remembers.
//! - [`worker_fn`]: the other Worker.
//! - [`config`]: the variables.

#[cfg(test)]
#[path = "../../tests/src/access_table.rs"]
#[expect(unreachable_pub, reason = "the end-to-end tests have it in a library")]
mod access_table;
#[cfg(test)]
mod access_tests;
mod admission;
pub mod admit;
pub mod app;
pub mod backpressure;
pub mod client_counts;
pub mod client_share;
pub mod config;
mod context;
mod cors;
mod events;
pub mod given_limits;
mod handlers;
pub mod instance;
pub mod language_cache;
pub mod live_results;
mod need;
mod operator_look;
pub mod outcome;
pub mod problem_kinds;
pub mod problem_sizes;
mod query;
pub mod rates;
pub mod route;
pub mod run_limiter;
pub mod runtime;
mod sender;
pub mod settled;
pub mod storage_quota;
pub mod waiters;
pub mod wakes;
pub mod worker_fn;

use std::rc::Rc;

use admit::Head;
use app::App;
use bytes::Bytes;
use config::{Config, Settings};
use handlers::health::Assets;
use http::{HeaderMap, StatusCode};
use instance::Instance;
use platform::{EnvIdentity, IncomingRequest, Kept, OutgoingResponse};
use runtime::Runtime;
use shared::http::rates::RateLimit;
use shared::trace::Span;
use worker::{Context, Env, event};
use worker_fn::WorkerFn;

/// The service binding of `wrangler.toml` that leads to worker-fn.
const WORKER: &str = "WORKER";

/// The binding of `wrangler.toml` that leads to the page's files.
const ASSETS: &str = "ASSETS";

const RUNTIME: Runtime = Runtime {
    now_ms: platform::now_ms,
    random: platform::random_bytes,
    sleep: platform::sleep,
};

thread_local! {
    /// What this instance remembers.
    static INSTANCE: Rc<Instance> = Rc::new(Instance::default());
    /// What it made of its variables.
    static SETTINGS: Kept<EnvIdentity, Settings> = Kept::default();
}

#[event(start)]
fn start() {
    platform::start();
}

#[event(fetch)]
async fn fetch(
    request: IncomingRequest,
    env: Env,
    context: Context,
) -> worker::Result<OutgoingResponse> {
    let limit = route::max_body_bytes;
    let instance = INSTANCE.with(Rc::clone);
    let settings = settings(&env);
    let mut head = None;
    let admit = async |request: &http::Request<Bytes>| {
        let (limits, now_ms) = (RateLimits(&env), platform::now_ms());
        let admitted = admit::admit(&instance.rates, &settings, &limits, request, now_ms).await;
        let takes_body = admitted.takes_body(request.method());
        head = Some(admitted);
        Ok(match takes_body? {
            true => platform::Body::Read,
            false => platform::Body::Ignore,
        })
    };
    let read = platform::read_request(request, limit, &instance.memory, admit).await;
    let head = head.unwrap_or_else(Head::unreadable);
    let span = Span::of_request(&read.headers, RUNTIME.random);
    // `platform/entry.js` has the platform run this to its end, also when the client goes
    // away: a run holds a place until it is over, and nothing else tells when that is.
    let app = App {
        settings,
        instance: &instance,
        worker: &Bindings(&env, &span),
        runtime: RUNTIME,
        span: &span,
    };
    let handled = app.answer(&read.headers, head, read.request).await;
    for line in &handled.log {
        platform::log_error(line);
    }
    platform::log(&handled.request_line);
    for call in handled.wake_ups {
        let (env, span) = (env.clone(), span.clone());
        context.wait_until(async move {
            let answer = wake(&env, call, &span).await;
            let settled = worker_fn::settled(&answer);
            INSTANCE.with(|instance| instance.settled.note(settled, platform::now_ms()));
        });
    }
    match handled.events {
        Some(events) => platform::write_stream(handled.response, events),
        None => platform::write_response(handled.response),
    }
}

/// The settings in `env`.
fn settings(env: &Env) -> Settings {
    let make = || Config::settings(&platform::lookup(env));
    SETTINGS.with(|kept| kept.get(EnvIdentity::of(env), platform::now_ms(), make))
}

/// Starts a drain of worker-fn, which answers once it has settled a job, and works on
/// after that. Returns its answer, which names them, and nothing where it refused. If it
/// cannot be reached, its cron takes the jobs.
async fn wake(env: &Env, call: http::Request<Bytes>, span: &Span) -> Bytes {
    match platform::call_service(env, WORKER, call, span).await {
        Ok(response) if response.status() == StatusCode::ACCEPTED => {
            return response.into_body();
        }
        Ok(response) => {
            let refused = worker_fn::refused(response.status());
            platform::log_error(&format!("wake-up: {refused}"));
        }
        Err(error) => platform::log_error(&format!("wake-up: worker-fn not reached: {error}")),
    }
    Bytes::new()
}

/// The platform's rate limits.
struct RateLimits<'a>(&'a Env);

impl RateLimit for RateLimits<'_> {
    async fn allows(&self, binding: &str, key: &str) -> Option<bool> {
        platform::is_within_rate_limit(self.0, binding, key).await
    }
}

/// worker-fn through its service binding, the rate limits, and the page, for the
/// request of a span.
struct Bindings<'a>(&'a Env, &'a Span);

impl RateLimit for Bindings<'_> {
    async fn allows(&self, binding: &str, key: &str) -> Option<bool> {
        RateLimits(self.0).allows(binding, key).await
    }
}

impl Assets for Bindings<'_> {
    async fn page(&self, headers: &HeaderMap) -> Option<http::Response<Bytes>> {
        platform::asset(self.0, ASSETS, "/", headers).await
    }
}

impl WorkerFn for Bindings<'_> {
    async fn call(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
        platform::call_service(self.0, WORKER, request, self.1)
            .await
            .map_err(|error| error.to_string())
    }
}
