//! Lets a request in or not, dispatches it to its handler, and runs drains.
//!
//! worker-fn shows code and results of others, and each of its calls costs the
//! owner commands or calls. So they are for the holders of a key that may `work`, with
//! `AUTH=off` for anyone, and for the holder of the service token: submit-fn, and
//! worker-fn itself.

use std::pin::pin;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use serde_json::json;
use shared::config::ConfigError;
use shared::domain::ticket::{AWAIT_HEADER, SEES_ALL_HEADER, SERVICE_TOKEN_HEADER};
use shared::http::{Access, ApiError, Unread, response};
use shared::log::{Level, Line};
use shared::redis::COMMANDS_HEADER;
use shared::trace::{Span, request_id};

use crate::attempt::JobRunner;
use crate::config::{Config, Settings};
use crate::drain::report::Report;
use crate::drain::{Drain, DrainOptions, OnFirstSettled, Wake};
use crate::executor::{Endpoints, PROBE_TIMEOUT_MS};
use crate::instance::Instance;
use crate::limits::{Budget, CallCounter, MAX_HELD};
use crate::runtime::Runtime;

use super::own_call::{OwnCall, hand_over_call};
use super::route::{self, Route};
use super::{Sender, endpoints, limits, metrics, readiness, run, work};

/// A wake-up. The platform ends work after a response at 30 s.
pub const WAKE_UP: DrainOptions = DrainOptions {
    wanted: usize::MAX,
    time_ms: 28_000,
    all_lanes: false,
    background: true,
    by_drain: false,
};
/// A cron run. The platform allows 15 minutes. It takes what every wake-up
/// missed, so it looks into every lane.
pub const CRON: DrainOptions = DrainOptions {
    wanted: usize::MAX,
    time_ms: 14 * 60_000,
    all_lanes: true,
    background: true,
    by_drain: false,
};

/// How long a wake-up waits for the first job to be settled before it is answered, in
/// milliseconds: the platform ends what submit-fn does after its response at 30 s.
const TELL_WITHIN_MS: u64 = 20_000;

/// The calls of a budget that are not for wake-ups.
const CALLS_OF_A_DRAIN: u64 = 20;

/// worker-fn with its settings, or with the error in them. Cheap to make: what costs
/// something is in the settings and the instance, which are kept.
pub struct App {
    pub(super) settings: Settings,
    pub(super) runtime: Runtime,
    pub(super) instance: Instance,
    wake_courier: Option<Wake>,
    wake_drain: Option<Wake>,
}

/// An answered request.
pub struct Handled {
    /// For the client.
    pub response: Response<Bytes>,
    /// What remains to be done once the response is on its way.
    pub after_response: AfterResponse,
    /// For the operator.
    pub log: Vec<String>,
    /// The line about the request.
    pub request_line: String,
}

/// Work after the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterResponse {
    /// None.
    Nothing,
    /// Drain the queue.
    Drain(DrainOptions),
    /// The same, and before the response is sent, wait for the first jobs that it
    /// settles, whose ids are the body ([`App::settled`]).
    DrainAndTell(DrainOptions),
    /// Fetch the endpoints' lists of languages that are old.
    RefreshLanguages,
    /// Make deliveries.
    Deliver,
}

/// How a cron run that has something to do begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CronStart {
    /// How many drains to start in fresh invocations, beside the cron's own.
    pub wake_ups: u64,
    /// How many calls of its budget the cron's own drain has not got.
    pub calls_made: u64,
    /// Whether to start deliveries in a fresh invocation.
    pub deliver: bool,
}

impl App {
    /// worker-fn as its variables set it up, with what the instance remembers.
    pub fn new(settings: Settings, runtime: Runtime, instance: Instance) -> Self {
        Self {
            settings,
            runtime,
            instance,
            wake_courier: None,
            wake_drain: None,
        }
    }

    /// Has drains start deliveries so; without it, only the cron does.
    #[must_use]
    pub fn waking_courier(self, wake: Wake) -> Self {
        Self {
            wake_courier: Some(wake),
            ..self
        }
    }

    /// Has drains that find a backlog start others so; without it, only the cron does.
    #[must_use]
    pub fn waking_drains(self, wake: Wake) -> Self {
        Self {
            wake_drain: Some(wake),
            ..self
        }
    }

    /// The same for one request or drain.
    #[must_use]
    pub fn within(mut self, span: Span) -> Self {
        self.instance.span = Some(span);
        self
    }

    /// The request or drain that it works for.
    pub fn span(&self) -> Option<&Span> {
        self.instance.span.as_ref()
    }

    /// Answers a request with these headers by this sender, or the error of reading it.
    pub async fn answer(
        &self,
        headers: &HeaderMap,
        sender: &Sender,
        request: Result<Request<Bytes>, Unread>,
    ) -> Handled {
        let began_ms = (self.runtime.now_ms)();
        let mut log = Vec::new();
        let answered = match &request {
            Ok(request) => self.route(request, sender, &mut log).await,
            Err(unread) => Err(unread.error.clone()),
        };
        let head = match &request {
            Ok(request) => Some(request),
            Err(unread) => unread.head.as_deref(),
        };
        let (mut response, after_response) = answered.unwrap_or_else(|error| {
            log.extend(error.log_line().map(str::to_owned));
            (error.into_response(), AfterResponse::Nothing)
        });
        response::protect(&mut response);
        let request_line = self.line(headers, sender, head, began_ms, &mut response);
        if head.is_some_and(|head| head.method() == Method::HEAD) {
            *response.body_mut() = Bytes::new();
        }
        Handled {
            response,
            after_response,
            log,
            request_line,
        }
    }

    /// The line about a request. Its id is put into the response, too.
    fn line(
        &self,
        headers: &HeaderMap,
        sender: &Sender,
        request: Option<&Request<Bytes>>,
        began_ms: u64,
        response: &mut Response<Bytes>,
    ) -> String {
        let id = request_id(headers, self.runtime.random);
        let route = request.and_then(|request| route::pattern(request.uri().path()));
        let span = self.span();
        let trace = span.map(Span::trace_id);
        let duration_ms = (self.runtime.now_ms)().saturating_sub(began_ms);
        let line = Line::new("request", Level::Info)
            .text("requestId", &id)
            .some_text("traceId", trace.as_deref())
            .some_text("key", sender.caller.key_name())
            .some_text("method", request.map(|request| request.method().as_str()))
            .some_text("route", route)
            .number("status", response.status().as_u16().into())
            .number("durationMs", duration_ms)
            .number("commands", span.map_or(0, Span::commands))
            .finish();
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert("x-request-id", id);
        }
        line
    }

    /// How a cron run begins; `None`: there is nothing to do. One command when
    /// there is nothing, which makes an idle system cheap, and three more when
    /// there is; one more where webhooks are on.
    ///
    /// The platform ends long chains of hand-overs. So a backlog gets as many
    /// drains as it has jobs for and `MAX_IN_FLIGHT` has room for. On the free plan
    /// those would share the cron's own processor time: it starts none.
    pub async fn start_cron(&self) -> Result<Option<CronStart>, ConfigError> {
        let config = self.settings.as_deref().map_err(Clone::clone)?;
        let store = self.instance.store(&config.redis);
        // Where Redis is in trouble, the drain meets it too, and reports it.
        let webhooks = config.webhooks.is_some();
        if store.is_idle(webhooks).await == Ok(true) {
            return Ok(None);
        }
        let held = MAX_HELD as u64;
        let drains = config.queue.max_in_flight.div_ceil(held);
        // Most of the calls are for jobs.
        let spare = config.subrequest_budget.saturating_sub(CALLS_OF_A_DRAIN) / 4;
        let most = match config.plan.renews_by_binding() {
            true => drains.saturating_sub(1).min(spare),
            false => 0,
        };
        let mut start = CronStart {
            wake_ups: most,
            calls_made: 1,
            deliver: false,
        };
        if webhooks {
            let first_ms = store.first_delivery_ms().await.unwrap_or_default();
            start.deliver = first_ms.is_some_and(|ms| ms <= (self.runtime.now_ms)());
            start.calls_made += 1 + u64::from(start.deliver);
        }
        if start.wake_ups > 0 {
            let waiting = store.waiting().await.unwrap_or_default();
            let others = waiting.saturating_sub(1) / held;
            start.wake_ups = start.wake_ups.min(others);
            start.calls_made += 1 + start.wake_ups;
        }
        Ok(Some(start))
    }

    /// Drains the queue, after `calls_made` calls of this invocation. What went
    /// wrong on the way is in the report.
    pub async fn drain(
        &self,
        options: DrainOptions,
        calls_made: u64,
        tell: Option<OnFirstSettled>,
    ) -> Result<Report, ConfigError> {
        let config = self.settings.as_deref().map_err(Clone::clone)?;
        Ok(self.drain_with(config, options, calls_made, tell).await)
    }

    /// The body of a wake-up's answer: the ids of the first jobs that the drain settles,
    /// one a line; none where there are none, or not soon enough.
    pub async fn settled(&self, first: impl Future<Output = Option<Vec<String>>>) -> Bytes {
        let ids = match select(pin!(first), (self.runtime.sleep)(TELL_WITHIN_MS)).await {
            Either::Left((ids, _)) => ids.unwrap_or_default(),
            Either::Right(_) => Vec::new(),
        };
        ids.join("\n").into()
    }

    /// Fetches the endpoints' lists of languages that are old.
    pub async fn refresh_languages(&self) {
        if let Ok(config) = &self.settings {
            self.endpoints(config).refresh_lists().await;
        }
    }

    fn endpoints(&self, config: &Config) -> Endpoints {
        Endpoints::new(&config.executor, self.runtime, &self.instance)
    }

    async fn drain_with(
        &self,
        config: &Config,
        options: DrainOptions,
        calls_made: u64,
        tell: Option<OnFirstSettled>,
    ) -> Report {
        let calls = CallCounter::new(config.subrequest_budget);
        calls.spend(calls_made);
        let drain = Drain {
            store: &self.instance.store(&config.redis),
            runner: &JobRunner::new(config, self.runtime, &self.instance),
            config: &config.queue,
            runtime: self.runtime,
            budget: Budget {
                deadline_ms: (self.runtime.now_ms)() + options.time_ms,
                run_ms: config.executor.timeout_ms
                    + config.processing_delay_ms
                    + PROBE_TIMEOUT_MS
                    + config.redis.timeout_ms(),
                calls,
                jobs: config.max_jobs_per_invocation,
            },
            plan: config.plan,
            options,
            wake_courier: self.wake_courier.clone(),
            wake_drain: self.wake_drain.clone(),
            tell,
        };
        drain.run().await
    }

    async fn route(
        &self,
        request: &Request<Bytes>,
        sender: &Sender,
        log: &mut Vec<String>,
    ) -> Result<(Response<Bytes>, AfterResponse), ApiError> {
        let route = Route::of(request.method(), request.uri())?;
        if route == Route::Liveness {
            return Ok((health(), AfterResponse::Nothing));
        }
        let config = self.settings.as_deref().map_err(Clone::clone)?;
        let (access, headers) = (&config.access, request.headers());
        let Sender { caller, is_service } = sender;
        let gives_token = headers.contains_key(SERVICE_TOKEN_HEADER);
        if route == Route::Readiness && gives_token && !is_service {
            // submit-fn would not be let in elsewhere, so it is not ready.
            return Ok((readiness::different_secrets(), AfterResponse::Nothing));
        }
        if !is_service {
            let need = route.need().ok_or_else(ApiError::no_such_path)?;
            access.require(caller, need)?;
        }
        let response = match route {
            Route::Run => run::run(config, self.runtime, &self.instance, request).await?,
            Route::Limits => limits::check(config, self.runtime, &self.instance, request).await?,
            Route::Root { .. } if !access.is_open() => health(),
            Route::Root { batch } | Route::Work { batch } => {
                let sees_all = if *is_service {
                    headers.contains_key(SEES_ALL_HEADER)
                } else {
                    Access::refuse_other_sites(headers, caller)?;
                    access.sees_all(caller)
                };
                let report = self.drain_with(config, work::options(batch), 0, None).await;
                work::response(report, batch, sees_all, log)?
            }
            Route::Endpoints => endpoints::answer(&self.endpoints(config)).await,
            Route::Metrics => {
                let (response, error) = metrics::answer(
                    config,
                    self.runtime,
                    &self.instance,
                    &self.endpoints(config),
                )
                .await;
                log.extend(error);
                response
            }
            Route::Readiness => {
                let endpoints = self.endpoints(config);
                readiness::answer(config, self.runtime, &self.instance, &endpoints).await
            }
            Route::Liveness => health(),
            Route::Languages => return self.languages(config).await,
            Route::Deliver => {
                let response = response::empty(StatusCode::ACCEPTED);
                return Ok((response, AfterResponse::Deliver));
            }
            Route::Wake {
                all_lanes,
                by_drain,
            } => {
                if *is_service {
                    self.instance.commands.add(reported_commands(headers));
                }
                let options = DrainOptions {
                    all_lanes,
                    by_drain,
                    ..WAKE_UP
                };
                let response = response::empty(StatusCode::ACCEPTED);
                let after_response = match *is_service && headers.contains_key(AWAIT_HEADER) {
                    true => AfterResponse::DrainAndTell(options),
                    false => AfterResponse::Drain(options),
                };
                return Ok((response, after_response));
            }
        };
        Ok((response, AfterResponse::Nothing))
    }

    /// The call with which a drain starts a fresh invocation to go on, or another one
    /// beside it.
    pub fn hand_over(&self, options: DrainOptions) -> OwnCall {
        hand_over_call(&self.settings, options)
    }

    async fn languages(
        &self,
        config: &Config,
    ) -> Result<(Response<Bytes>, AfterResponse), ApiError> {
        let endpoints = self.endpoints(config);
        let languages = endpoints.languages().await?;
        let body = json!({ "success": true, "languages": languages });
        let after_response = if endpoints.has_stale_lists() {
            AfterResponse::RefreshLanguages
        } else {
            AfterResponse::Nothing
        };
        Ok((response::json(StatusCode::OK, &body), after_response))
    }
}

/// The commands that submit-fn sent to Redis and that it tells of.
fn reported_commands(headers: &HeaderMap) -> u64 {
    let header = headers.get(COMMANDS_HEADER);
    let text = header.and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Whether worker-fn is up: as submit-fn's, and it looks at nothing else.
fn health() -> Response<Bytes> {
    let body = json!({
        "success": true,
        "service": "worker-fn",
        "version": env!("CARGO_PKG_VERSION"),
    });
    response::json(StatusCode::OK, &body)
}

#[cfg(test)]
mod tests;
