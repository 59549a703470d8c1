//! Lets a request in or not, dispatches it to its handler, and adds what every
//! response needs.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use shared::config::ConfigError;
use shared::http::{ApiError, Need, response};

use crate::client_share::RateLimit;
use crate::config::Config;
use crate::context::Context;
use crate::cors;
use crate::handlers::health::Assets;
use crate::handlers::{
    admin, events, health, languages, problems, rejudge, results, run, submit, worker_call,
};
use crate::instance::Instance;
use crate::need;
use crate::outcome::{Handled, WakeLanes};
use crate::route::Route;
use crate::runtime::Runtime;
use crate::worker_fn::WorkerFn;

/// After this many commands an instance wakes worker-fn only to report them: one
/// that answers nothing but `GET /result` would never tell. A wake-up costs three.
const MAX_UNREPORTED: u64 = 1_000;

/// submit-fn, for one request.
pub struct App<'a, W> {
    /// The settings, or why they cannot be used.
    pub config: Result<Config, ConfigError>,
    /// What this instance remembers.
    pub instance: &'a Instance,
    /// The other Worker, the platform's rate limits, and the page.
    pub worker: &'a W,
    /// Clock, randomness, timer.
    pub runtime: Runtime,
}

impl<W: WorkerFn + RateLimit + Assets> App<'_, W> {
    /// Answers a request with these headers, or the error of reading it.
    pub async fn answer(
        self,
        headers: &HeaderMap,
        request: Result<Request<Bytes>, ApiError>,
    ) -> Handled {
        let Self {
            config,
            instance,
            worker,
            runtime,
        } = self;
        let mut context = Context::new(config, instance, worker, headers, runtime);
        let answered = match &request {
            Ok(request) => route(&mut context, request).await,
            Err(error) => Err(error.clone()),
        };
        let mut effects = std::mem::take(&mut context.effects);
        let is_waking = context.config().is_ok_and(|config| config.wake);
        let unreported = instance.commands.get();
        if is_waking && effects.wake.is_none() && unreported >= MAX_UNREPORTED {
            effects.wake(WakeLanes::Normal);
        }
        let mut response = answered.unwrap_or_else(|error| {
            effects.log.extend(error.log_line().map(str::to_owned));
            error.into_response()
        });
        let origins = context.config().ok().map(|config| &config.origins);
        cors::allow(origins, headers, &mut response);
        response::protect(&mut response);
        if request.is_ok_and(|request| request.method() == Method::HEAD) {
            *response.body_mut() = Bytes::new();
            effects.events = None;
        }
        let wake_ups = match (effects.wake, context.config()) {
            (Some(wake), Ok(config)) => wake.requests(&config.tickets, &instance.commands),
            _ => Vec::new(),
        };
        Handled {
            response,
            events: effects.events,
            wake_ups,
            log: effects.log,
        }
    }
}

async fn route<W: WorkerFn + RateLimit + Assets>(
    context: &mut Context<'_, W>,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let route = Route::of(request.method(), request.uri().path())?;
    let need = need::of(&route);
    if need != Need::NOTHING {
        context.config()?.access.require(context.headers, need)?;
    }
    match route {
        Route::Health => Ok(health::page_or_health(context.worker, request).await),
        Route::Preflight(methods) => Ok(cors::preflight(methods)),
        Route::Languages => languages::languages(context).await,
        Route::Submit => submit::submit(context, request).await,
        Route::SubmitBatch => submit::submit_batch(context, request).await,
        Route::Result(id) => results::result(context, id, request).await,
        Route::Events(id) => events::events(context, id, request).await,
        Route::Problems(route) => problems::answer(context, route, request).await,
        Route::Rejudge(id) => rejudge::rejudge(context, id, request).await,
        Route::Run => run::run(context, request).await,
        Route::Worker => worker_call::worker(context, request).await,
        Route::Admin(route) => admin::answer(context, route, request).await,
    }
}
