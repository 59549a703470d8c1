//! Dispatches a request to its handler, and runs drains.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;
use shared::config::ConfigError;
use shared::http::{ApiError, response};
use shared::queue::Store;
use shared::redis::Client;

use crate::attempt::JobRunner;
use crate::config::Config;
use crate::drain::report::Report;
use crate::drain::{Drain, DrainOptions};
use crate::executor::{Endpoints, PROBE_TIMEOUT_MS};
use crate::instance::Instance;
use crate::limits::{Budget, CallCounter};
use crate::runtime::Runtime;

use super::route::Route;
use super::{run, work};

/// A wake-up. The platform ends work after a response at 30 s.
pub const WAKE_UP: DrainOptions = DrainOptions {
    wanted: usize::MAX,
    time_ms: 28_000,
    all_lanes: false,
    background: true,
};
/// A cron run. The platform allows 15 minutes. It takes what every wake-up
/// missed, so it looks into every lane.
pub const CRON: DrainOptions = DrainOptions {
    wanted: usize::MAX,
    time_ms: 14 * 60_000,
    all_lanes: true,
    background: true,
};

/// worker-fn with its settings, or with the error in them.
pub struct App {
    config: Result<Config, ConfigError>,
    runtime: Runtime,
    instance: Instance,
}

/// An answered request.
pub struct Handled {
    /// For the client.
    pub response: Response<Bytes>,
    /// What remains to be done once the response is on its way.
    pub after_response: AfterResponse,
    /// For the operator.
    pub log: Vec<String>,
}

/// Work after the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterResponse {
    /// None.
    Nothing,
    /// Drain the queue.
    Drain(DrainOptions),
}

impl App {
    /// worker-fn as its variables set it up, with what the instance remembers.
    pub fn new(config: Result<Config, ConfigError>, runtime: Runtime, instance: Instance) -> Self {
        Self {
            config,
            runtime,
            instance,
        }
    }

    /// Answers a request, or the error of reading it.
    pub async fn answer(&self, request: Result<Request<Bytes>, ApiError>) -> Handled {
        let mut log = Vec::new();
        let answered = match request {
            Ok(request) => self.route(&request, &mut log).await,
            Err(error) => Err(error),
        };
        let (response, after_response) = answered.unwrap_or_else(|error| {
            log.extend(error.log_line().map(str::to_owned));
            (error.into_response(), AfterResponse::Nothing)
        });
        Handled {
            response,
            after_response,
            log,
        }
    }

    /// Drains the queue. What went wrong on the way is in the report.
    pub async fn drain(&self, options: DrainOptions) -> Result<Report, ConfigError> {
        let config = self.config.as_ref().map_err(Clone::clone)?;
        Ok(self.drain_with(config, options).await)
    }

    async fn drain_with(&self, config: &Config, options: DrainOptions) -> Report {
        let drain = Drain {
            store: &Store::new(Client::new(config.redis.clone())),
            runner: &JobRunner::new(config, self.runtime, &self.instance),
            config: &config.queue,
            runtime: self.runtime,
            budget: Budget {
                deadline_ms: (self.runtime.now_ms)() + options.time_ms,
                run_ms: config.executor.timeout_ms
                    + config.processing_delay_ms
                    + PROBE_TIMEOUT_MS
                    + config.redis.timeout_ms,
                calls: CallCounter::new(config.subrequest_budget),
            },
            options,
        };
        drain.run().await
    }

    async fn route(
        &self,
        request: &Request<Bytes>,
        log: &mut Vec<String>,
    ) -> Result<(Response<Bytes>, AfterResponse), ApiError> {
        let route = Route::of(request.method(), request.uri())?;
        let config = self.config.as_ref().map_err(Clone::clone)?;
        let response = match route {
            Route::Work { batch } => {
                let report = self.drain_with(config, work::options(batch)).await;
                work::response(report, batch, log)?
            }
            Route::Run => run::run(config, self.runtime, &self.instance, request).await?,
            Route::Languages => self.languages(config).await?,
            Route::Wake { all_lanes } => {
                let options = DrainOptions {
                    all_lanes,
                    ..WAKE_UP
                };
                let response = response::empty(StatusCode::ACCEPTED);
                return Ok((response, AfterResponse::Drain(options)));
            }
        };
        Ok((response, AfterResponse::Nothing))
    }

    async fn languages(&self, config: &Config) -> Result<Response<Bytes>, ApiError> {
        let states = self.instance.endpoints.clone();
        let endpoints = Endpoints::new(&config.executor, self.runtime, states);
        let languages = endpoints.languages().await?;
        let body = json!({ "success": true, "languages": languages });
        Ok(response::json(StatusCode::OK, &body))
    }
}
