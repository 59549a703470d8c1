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
//! - `auth`, `query`, `cors`: the operator's token, parameters, origins.
//! - [`backpressure`], [`language_cache`], [`problem_sizes`], [`run_limiter`]: what
//!   an [`instance`] remembers.
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
pub mod problem_sizes;
mod query;
pub mod route;
pub mod run_limiter;
mod starter;
pub mod worker_fn;

use std::rc::Rc;

use app::App;
use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use instance::Instance;
use outcome::{Wake, WakeLanes};
use shared::domain::language::{self, Language};
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
    let instance = INSTANCE.with(Rc::clone);
    let read = platform::read_request(request, limit, &instance.memory).await;
    let lookup = platform::lookup(&env);
    let app = App {
        lookup: &lookup,
        instance: &instance,
        worker: &ServiceBinding(&env),
        now_ms: platform::now_ms(),
        random: platform::random_bytes,
        sleep: platform::sleep,
    };
    let handled = app.answer(&read.headers, read.request).await;
    for line in &handled.effects.log {
        platform::log_error(line);
    }
    if let Some(Wake { lanes, drains }) = handled.effects.wake {
        let path = match lanes {
            WakeLanes::Normal => "/wake",
            WakeLanes::All => "/wake?lanes=all",
        };
        for _ in 0..drains {
            let env = env.clone();
            context.wait_until(async move { wake(&env, path).await });
        }
    }
    platform::write_response(handled.response)
}

/// Starts a drain of worker-fn, which answers at once and works on after that.
/// If it cannot be reached, its cron takes the jobs.
async fn wake(env: &Env, path: &'static str) {
    let wake_up = request(Method::POST, path);
    match platform::call_service(env, WORKER, &wake_up).await {
        Ok(response) if response.status() == StatusCode::ACCEPTED => {}
        Ok(response) => {
            platform::log_error(&format!(
                "wake-up: worker-fn answered {}",
                response.status()
            ));
        }
        Err(error) => platform::log_error(&format!("wake-up: worker-fn not reached: {error}")),
    }
}

fn request(method: Method, path: &'static str) -> http::Request<Bytes> {
    let mut request = http::Request::new(Bytes::new());
    *request.method_mut() = method;
    *request.uri_mut() = Uri::from_static(path);
    request
}

/// worker-fn through its service binding.
struct ServiceBinding<'a>(&'a Env);

impl WorkerFn for ServiceBinding<'_> {
    async fn languages(&self) -> Result<Vec<Language>, String> {
        let response = self.call(request(Method::GET, "/languages")).await?;
        if response.status() != StatusCode::OK {
            return Err(format!("worker-fn answered {}", response.status()));
        }
        language::read_list(response.body())
            .ok_or_else(|| "worker-fn answered no list of languages".to_owned())
    }

    async fn call(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
        platform::call_service(self.0, WORKER, &request)
            .await
            .map_err(|error| error.to_string())
    }
}
