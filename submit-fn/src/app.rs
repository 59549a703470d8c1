//! Dispatches a request that [`crate::admit`] let in to its handler, and adds what
//! every response needs.

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use shared::http::{ApiError, Unread, response};
use shared::log::{Level, Line};
use shared::trace::{Span, request_id};

use crate::admit::Head;
use crate::config::Settings;
use crate::context::Context;
use crate::cors;
use crate::handlers::health::Assets;
use crate::handlers::{
    admin, events, health, languages, problems, rejudge, results, run, submit, worker_call,
};
use crate::instance::Instance;
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
    pub settings: Settings,
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
    /// Answers a request with these headers, or the error of reading it. Whether it is
    /// let in, its head says.
    pub async fn answer(
        self,
        headers: &HeaderMap,
        head: Head,
        request: Result<Request<Bytes>, Unread>,
    ) -> Handled {
        let Self {
            settings,
            instance,
            worker,
            runtime,
            span,
        } = self;
        let caller = head.caller;
        let mut context = Context::new(settings, instance, worker, headers, caller, runtime);
        context.counted = head.counted;
        context.span = Some(span.clone());
        let answered = match (&request, head.route) {
            (Ok(request), Ok(route)) => dispatch(&mut context, route, request).await,
            (Ok(_), Err(refusal)) => Err(refusal),
            (Err(unread), _) => Err(unread.error.clone()),
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
    let now_ms = (context.runtime.now_ms)();
    let line = Line::new("request", Level::Info)
        .text("requestId", &id)
        .text("traceId", &span.trace_id())
        .some_text("key", context.caller.key_name())
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

/// Has the route's handler answer. Each is a future of its own in the heap: as one
/// function they would be a fifth of this Worker's code, and the platform compiles a
/// function when it is first called, all of it.
async fn dispatch<W: WorkerFn + RateLimit + Assets>(
    context: &mut Context<'_, W>,
    route: Route,
    request: &Request<Bytes>,
) -> Result<Response<Bytes>, ApiError> {
    let answer: LocalBoxFuture<'_, _> = match route {
        Route::Health => {
            let page = health::page_or_health(context.worker, request);
            Box::pin(async { Ok(page.await) })
        }
        Route::Preflight(methods) => return Ok(cors::preflight(methods)),
        Route::Liveness => return Ok(health::health(request)),
        Route::Languages => Box::pin(languages::languages(context)),
        Route::Submit => Box::pin(submit::submit(context, request)),
        Route::SubmitBatch => Box::pin(submit::submit_batch(context, request)),
        Route::Result(id) => Box::pin(async move { results::result(context, &id, request).await }),
        Route::Events(id) => Box::pin(async move { events::events(context, &id, request).await }),
        Route::Problems(route) => Box::pin(problems::answer(context, route, request)),
        Route::Rejudge(id) => {
            Box::pin(async move { rejudge::rejudge(context, &id, request).await })
        }
        Route::Run => Box::pin(run::run(context, request)),
        route @ (Route::Readiness | Route::Metrics | Route::Worker) => {
            Box::pin(worker_call::pass_on(context, route, request))
        }
        Route::Admin(route) => Box::pin(admin::answer(context, route, request)),
    };
    answer.await
}
