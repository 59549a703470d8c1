//! worker-fn: takes jobs from the queue, has them run, stores the results.
//!
//! This file holds the entry points. There are three ways in: `GET /worker`
//! takes as many jobs as it is asked for and answers with them; the wake-up
//! `POST /wake` answers at once, or for submit-fn once a job is settled, and drains
//! the queue; the cron trigger drains it too.
//!
//! # Layout, in reading order
//!
//! - [`http`]: from a request to a response.
//! - [`drain`]: empties the queue within the invocation's budget.
//! - [`attempt`]: one attempt at one job.
//! - [`judge`]: from an endpoint's reports to a verdict.
//! - [`executor`]: the clients of execution endpoints.
//! - the crate [`harness`]: the source around a function.
//! - [`webhook`]: tells callback addresses of ends.
//! - [`limits`]: what an invocation and a job may still use.
//! - [`config`], [`runtime`], [`instance`]: the variables, the platform's
//!   services, and what an instance remembers.

#[cfg(test)]
#[path = "../../tests/src/access_table.rs"]
#[expect(unreachable_pub, reason = "the end-to-end tests have it in a library")]
mod access_table;
pub mod attempt;
pub mod config;
pub mod drain;
pub mod executor;
pub mod http;
pub mod instance;
pub mod judge;
pub mod limits;
#[cfg(test)]
#[path = "../../tests/queue/result_document.rs"]
mod result_document;
pub mod runtime;
pub mod webhook;

use std::rc::Rc;

use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use config::{Config, Settings};
use drain::{DrainOptions, OnFirstSettled};
use futures_channel::oneshot;
use http::{AfterResponse, App, Sender};
use instance::Instance;
use platform::{EnvIdentity, IncomingRequest, Kept, OutgoingResponse};
use runtime::Runtime;
use shared::config::ConfigError;
use shared::domain::submission;
use shared::http::rates::RateLimit;
use shared::log::Level;
use shared::trace::Span;
use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

/// The service binding of `wrangler.toml` that leads to this Worker itself: to
/// a fresh invocation, with a budget of its own.
const SELF: &str = "SELF";

thread_local! {
    /// What this instance remembers.
    static INSTANCE: Instance = Instance::default();
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
    let instance = INSTANCE.with(Instance::clone);
    let memory = &instance.memory.bodies;
    let settings = settings(&env);
    let mut sender = Sender::nobody();
    let admit = async |request: &::http::Request<_>| {
        sender = Sender::of(&settings, request.headers());
        let (turns, limits) = (&instance.turns, RateLimits(&env));
        http::rates::admit(turns, &settings, &limits, &sender, request).await?;
        Ok(match sender.is_service {
            true => platform::Body::Read,
            false => platform::Body::Ignore,
        })
    };
    let limit = |_: &str| submission::MAX_BODY_BYTES;
    let read = platform::read_request(request, limit, memory, admit).await;
    let (request, _memory) = (read.request, read.memory);
    let app = Rc::new(app(settings, &env, &read.headers));
    // A claimed job is brought to its end, also when the caller of GET /worker goes away:
    // `platform/entry.js` has the platform run this to its end.
    let mut handled = app.answer(&read.headers, &sender, request).await;
    for line in &handled.log {
        platform::log_error(line);
    }
    platform::log(&handled.request_line);
    match handled.after_response {
        AfterResponse::Nothing => {}
        AfterResponse::Drain(options) => {
            context.wait_until(async move { drain_queue(&app, options, 0, None, &env).await });
        }
        AfterResponse::DrainAndTell(options) => {
            let (sender, first) = oneshot::channel();
            // An error means that submit-fn has gone.
            let tell: OnFirstSettled = Box::new(move |ids| drop(sender.send(ids)));
            let drained = Rc::clone(&app);
            context.wait_until(async move {
                drain_queue(&drained, options, 0, Some(tell), &env).await;
            });
            let first = async { first.await.ok() };
            *handled.response.body_mut() = app.settled(first).await;
        }
        AfterResponse::Deliver => {
            context.wait_until(async move { deliver(&app, &env).await });
        }
        AfterResponse::RefreshLanguages => {
            context.wait_until(async move { app.refresh_languages().await });
        }
    }
    platform::write_response(handled.response)
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let app = app(settings(&env), &env, &HeaderMap::new());
    match app.start_cron().await {
        Ok(Some(start)) => {
            if start.deliver {
                call_self(app.courier_call(), &env, app.span()).await;
            }
            for _ in 0..start.wake_ups {
                hand_over(&app, http::CRON, &env).await;
            }
            drain_queue(&app, http::CRON, start.calls_made, None, &env).await;
        }
        Ok(None) => {}
        Err(error) => platform::log_error(&error.to_string()),
    }
}

/// The settings in `env`.
fn settings(env: &Env) -> Settings {
    let make = || Config::settings(&platform::lookup(env));
    SETTINGS.with(|kept| kept.get(EnvIdentity::of(env), platform::now_ms(), make))
}

/// worker-fn for a request with these headers, or for a run of the cron, which has none.
fn app(settings: Settings, env: &Env, headers: &HeaderMap) -> App {
    let app = App::new(
        settings.clone(),
        Runtime {
            now_ms: platform::now_ms,
            random: platform::random_bytes,
            sleep: platform::sleep,
            log: platform::log,
            fetch: |request, limits| {
                let (timeout_ms, bytes) = (limits.timeout_ms, limits.max_body_bytes);
                Box::pin(platform::fetch_foreign(request, timeout_ms, bytes))
            },
        },
        INSTANCE.with(Instance::clone),
    );
    let span = Span::of_request(headers, platform::random_bytes);
    let app = app.within(span.clone());
    let wake = |call: fn(&Settings) -> http::OwnCall| -> drain::Wake {
        let (settings, env, span) = (settings.clone(), env.clone(), span.clone());
        Rc::new(move || {
            let (call, env, span) = (call(&settings), env.clone(), span.clone());
            Box::pin(async move { call_self(call, &env, Some(&span)).await })
        })
    };
    let courier = wake(http::courier_call);
    let drain = wake(|settings| http::hand_over_call(settings, http::CRON));
    app.waking_courier(courier).waking_drains(drain)
}

async fn drain_queue(
    app: &App,
    options: DrainOptions,
    calls_made: u64,
    tell: Option<OnFirstSettled>,
    env: &Env,
) {
    let report = match app.drain(options, calls_made, tell).await {
        Ok(report) => report,
        Err(error) => return platform::log_error(&error.to_string()),
    };
    write_line(report.line(app.span()));
    if report.hand_over {
        hand_over(app, options, env).await;
    }
}

fn write_line(line: Option<(Level, String)>) {
    match line {
        Some((Level::Error, line)) => platform::log_error_line(&line),
        Some((Level::Info, line)) => platform::log(&line),
        None => {}
    }
}

/// Calls a fresh invocation to go on. Where that fails, the cron does.
async fn hand_over(app: &App, options: DrainOptions, env: &Env) {
    call_self(app.hand_over(options), env, app.span()).await;
}

/// Makes deliveries, and has a fresh invocation go on where there may be more.
async fn deliver(app: &App, env: &Env) {
    let report = match app.deliver().await {
        Ok(report) => report,
        Err(error) => return platform::log_error(&error.to_string()),
    };
    write_line(report.line(app.span()));
    if report.hand_over {
        call_self(app.courier_call(), env, app.span()).await;
    }
}

/// The platform's rate limits.
struct RateLimits<'a>(&'a Env);

impl RateLimit for RateLimits<'_> {
    async fn allows(&self, binding: &str, key: &str) -> Option<bool> {
        platform::is_within_rate_limit(self.0, binding, key).await
    }
}

/// Calls this Worker itself, in the trace of `span`.
async fn call_self(
    request: Result<::http::Request<Bytes>, ConfigError>,
    env: &Env,
    span: Option<&Span>,
) {
    let request = match request {
        Ok(request) => request,
        Err(error) => return platform::log_error(&error.to_string()),
    };
    let Some(span) = span else { return };
    match platform::call_service(env, SELF, request, span).await {
        Ok(response) if response.status() == StatusCode::ACCEPTED => {}
        Ok(response) => {
            platform::log_error(&format!("hand-over: answered {}", response.status()));
        }
        Err(error) => platform::log_error(&format!("hand-over: {error}")),
    }
}
