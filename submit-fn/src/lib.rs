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
//!   [`problem_kinds`], [`problem_sizes`], [`run_limiter`], [`storage_quota`],
//!   [`waiters`], [`wakes`]: what an [`instance`] remembers.
//! - [`worker_fn`]: the other Worker.
//! - `starter`: starter code for functions.
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
pub mod outcome;
pub mod problem_kinds;
pub mod problem_sizes;
mod query;
pub mod rates;
pub mod route;
pub mod run_limiter;
pub mod runtime;
mod sender;
mod starter;
pub mod storage_quota;
pub mod waiters;
pub mod wakes;
pub mod worker_fn;

use std::rc::Rc;

use app::App;
use bytes::Bytes;
use config::Config;
use handlers::health::Assets;
use http::{HeaderMap, StatusCode};
use instance::Instance;
use runtime::Runtime;
use shared::http::rates::RateLimit;
use shared::trace::Span;
use worker::{Context, Env, Request, Response, event};
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
}

#[event(start)]
fn start() {
    platform::install_panic_hook();
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> worker::Result<Response> {
    let limit = route::max_body_bytes(&request.path());
    let instance = INSTANCE.with(Rc::clone);
    let config = Config::from_lookup(&platform::lookup(&env));
    let admit = async |head: &http::Request<Bytes>| {
        let (rates, now_ms) = (&instance.rates, platform::now_ms());
        let takes_body = admit::admit(rates, &config, &RateLimits(&env), head, now_ms).await?;
        Ok(match takes_body {
            true => platform::Body::Read,
            false => platform::Body::Ignore,
        })
    };
    let read = platform::read_request(request, limit, &instance.memory, admit).await;
    let span = Span::of_request(&read.headers, RUNTIME.random);
    // To its end, also when the client goes away: a run holds a place until it is
    // over, and nothing else tells when that is.
    let answering = {
        let (env, span) = (env.clone(), span.clone());
        async move {
            let app = App {
                config,
                instance: &instance,
                worker: &Bindings(&env, &span),
                runtime: RUNTIME,
                span: &span,
            };
            app.answer(&read.headers, read.request).await
        }
    };
    let Some(handled) = platform::run_to_completion(&context, answering).await else {
        return Response::error("The request was cancelled.", 500);
    };
    for line in &handled.log {
        platform::log_error(line);
    }
    platform::log(&handled.request_line);
    for call in handled.wake_ups {
        let (env, span) = (env.clone(), span.clone());
        context.wait_until(async move { wake(&env, call, &span).await });
    }
    match handled.events {
        Some(events) => platform::write_stream(handled.response, events),
        None => platform::write_response(handled.response),
    }
}

/// Starts a drain of worker-fn, which answers at once and works on after that.
/// If it cannot be reached, its cron takes the jobs.
async fn wake(env: &Env, call: http::Request<Bytes>, span: &Span) {
    match platform::call_service(env, WORKER, call, span).await {
        Ok(response) if response.status() == StatusCode::ACCEPTED => {}
        Ok(response) => {
            let refused = worker_fn::refused(response.status());
            platform::log_error(&format!("wake-up: {refused}"));
        }
        Err(error) => platform::log_error(&format!("wake-up: worker-fn not reached: {error}")),
    }
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
