//! Lets a request in or not, dispatches it to its handler, and adds what every
//! response needs.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use shared::config::ConfigError;
use shared::http::{ApiError, Caller, Need, Unread, response};
use shared::log::{Level, Line};
use shared::trace::{Span, request_id};

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
use crate::route::{self, Route};
use crate::runtime::Runtime;
use crate::worker_fn::WorkerFn;
use shared::http::rates::RateLimit;

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
    /// The request's.
    pub span: &'a Span,
}

impl<W: WorkerFn + RateLimit + Assets> App<'_, W> {
    /// Answers a request with these headers, or the error of reading it.
    pub async fn answer(
        self,
        headers: &HeaderMap,
        request: Result<Request<Bytes>, Unread>,
    ) -> Handled {
        let Self {
            config,
            instance,
            worker,
            runtime,
            span,
        } = self;
        let mut context = Context::new(config, instance, worker, headers, runtime);
        context.span = Some(span.clone());
        let answered = match &request {
            Ok(request) => route(&mut context, request).await,
            Err(unread) => Err(unread.error.clone()),
        };
        let head = match &request {
            Ok(request) => Some(request),
            Err(unread) => unread.head.as_deref(),
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
        let line = line(&context, span, head, &mut response);
        if head.is_some_and(|request| request.method() == Method::HEAD) {
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
            request_line: line,
        }
    }
}

/// The line about a request. Its id is put into the response, too.
#[inline(never)]
fn line<W>(
    context: &Context<'_, W>,
    span: &Span,
    request: Option<&Request<Bytes>>,
    response: &mut Response<Bytes>,
) -> String {
    let id = request_id(context.headers, context.runtime.random);
    let path = request.map(|request| request.uri().path());
    // A submission's id is in the path, or in where its result will be.
    let location = response.headers().get(header::LOCATION);
    let result = location.and_then(|path| path.to_str().ok()).or(path);
    let result = result.and_then(|path| path.strip_prefix("/result/"));
    let job = result.and_then(|rest| rest.split('/').next());
    let tickets = context.config().map(|config| &config.tickets);
    let job = job.filter(|id| tickets.is_ok_and(|key| key.verify(id).is_some()));
    let caller = context
        .config()
        .ok()
        .map(|config| config.access.caller(context.headers));
    let key = match &caller {
        Some(Caller::Key(key)) => Some(key.name()),
        _ => None,
    };
    let now_ms = (context.runtime.now_ms)();
    let line = Line::new("request", Level::Info)
        .text("requestId", &id)
        .text("traceId", &span.trace_id())
        .some_text("key", key)
        .some_text("method", request.map(|request| request.method().as_str()))
        .some_text("route", path.and_then(route::pattern).as_deref())
        .some_text("jobId", job)
        .number("status", response.status().as_u16().into())
        .number("durationMs", now_ms.saturating_sub(context.now_ms))
        .number("commands", span.commands())
        .finish();
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert("x-request-id", id);
    }
    line
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
        Route::Liveness => Ok(health::health(request)),
        route @ (Route::Readiness | Route::Metrics | Route::Worker) => {
            worker_call::pass_on(context, route, request).await
        }
        Route::Admin(route) => admin::answer(context, route, request).await,
    }
}
