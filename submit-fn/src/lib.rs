//! submit-fn: the HTTP API that people and pages call.
//!
//! This file holds the entry point. It connects the platform to the rest, which
//! is plain Rust: it reads the environment, calls worker-fn through the service
//! binding, and wakes it once a response is on its way.
//!
//! # Layout, in reading order
//!
//! - [`route`]: what a request asks for.
//! - [`app`]: dispatches a route to its handler.
//! - `handlers`: one file a resource.
//! - `context`, [`outcome`]: what handlers work with, and what they lead to.
//! - [`runtime`]: the platform's services.
//! - `auth`, `query`, `cors`: the operator's token, parameters, origins.
//! - [`backpressure`], [`language_cache`], [`run_limiter`]: what an [`instance`]
//!   remembers.
//! - [`worker_fn`]: the other Worker.
//! - `starter`: starter code for functions.
//! - [`config`]: the variables.

pub mod app;
mod auth;
pub mod backpressure;
pub mod config;
mod context;
mod cors;
mod handlers;
pub mod instance;
pub mod language_cache;
pub mod outcome;
mod query;
pub mod route;
pub mod run_limiter;
pub mod runtime;
mod starter;
pub mod worker_fn;

use std::rc::Rc;

use app::App;
use bytes::Bytes;
use http::StatusCode;
use instance::Instance;
use runtime::Runtime;
use worker::{Context, Env, Request, Response, event};
use worker_fn::WorkerFn;

/// The service binding of `wrangler.toml` that leads to worker-fn.
const WORKER: &str = "WORKER";

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
    let (headers, request) = platform::read_request(request, limit).await;
    let lookup = platform::lookup(&env);
    let app = App {
        lookup: &lookup,
        instance: &INSTANCE.with(Rc::clone),
        worker: &ServiceBinding(&env),
        runtime: Runtime {
            now_ms: platform::now_ms,
            random: platform::random_bytes,
            sleep: platform::sleep,
        },
    };
    let handled = app.answer(&headers, request).await;
    for line in &handled.log {
        platform::log_error(line);
    }
    for call in handled.wake_ups {
        let env = env.clone();
        context.wait_until(async move { wake(&env, call).await });
    }
    platform::write_response(handled.response)
}

/// Starts a drain of worker-fn, which answers at once and works on after that.
/// If it cannot be reached, its cron takes the jobs.
async fn wake(env: &Env, call: http::Request<Bytes>) {
    match platform::call_service(env, WORKER, &call).await {
        Ok(response) if response.status() == StatusCode::ACCEPTED => {}
        Ok(response) => {
            let refused = worker_fn::refused(response.status());
            platform::log_error(&format!("wake-up: {refused}"));
        }
        Err(error) => platform::log_error(&format!("wake-up: worker-fn not reached: {error}")),
    }
}

/// worker-fn through its service binding.
struct ServiceBinding<'a>(&'a Env);

impl WorkerFn for ServiceBinding<'_> {
    async fn call(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
        platform::call_service(self.0, WORKER, &request)
            .await
            .map_err(|error| error.to_string())
    }
}
