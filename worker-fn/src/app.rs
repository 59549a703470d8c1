//! The answers of worker-fn, and the drain behind its wake-ups and its cron.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::Serialize;
use shared::api_error::ApiError;
use shared::config::ConfigError;
use shared::job::Job;
use shared::language::Offer;
use shared::queue::Queue;
use shared::redis::Client;
use shared::response;
use shared::result::ResultDocument;

use crate::attempt::Attempts;
use crate::budget::{Budget, Meter};
use crate::config::Config;
use crate::custom_run;
use crate::drain::{Drain, Plan};
use crate::executor::{Executors, LOOK_MS};
use crate::report::Report;
use crate::route::Route;
use crate::surroundings::Surroundings;

/// A wake-up: the platform cuts what goes on after an answer at 30 s.
pub const WAKE_UP: Plan = Plan {
    wanted: usize::MAX,
    time_ms: 28_000,
    all_lanes: false,
    background: true,
};
/// A cron run: the platform allows 15 minutes. It is the net below everything
/// else, so it looks into every lane.
pub const CRON: Plan = Plan {
    wanted: usize::MAX,
    time_ms: 14 * 60_000,
    all_lanes: true,
    background: true,
};
/// How long `GET /worker` may work, in milliseconds. The platform sets no limit
/// while the caller waits; people and proxies do.
const REQUEST_MS: u64 = 100_000;

/// worker-fn with its settings, or with what is wrong with them.
pub struct App {
    config: Result<Config, ConfigError>,
    surroundings: Surroundings,
}

/// What is to be done with a request.
pub struct Outcome {
    /// For the client.
    pub response: Response<Bytes>,
    /// What remains when the answer is on its way.
    pub todo: Todo,
    /// For the operator.
    pub log: Vec<String>,
}

/// Work after the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Todo {
    /// None.
    Nothing,
    /// Drain the queue.
    Drain(Plan),
}

/// The classic answer: one job, or none.
#[derive(Serialize)]
struct One<'a> {
    success: bool,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<&'a Job>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a ResultDocument>,
}

/// The answer to `?batch=n`.
#[derive(Serialize)]
struct Several<'a> {
    success: bool,
    message: String,
    jobs: Vec<Done<'a>>,
}

#[derive(Serialize)]
struct Done<'a> {
    job: &'a Job,
    result: &'a ResultDocument,
}

const NO_JOBS: &str = "No jobs in queue";

impl App {
    /// worker-fn as its variables set it up.
    pub fn new(config: Result<Config, ConfigError>, surroundings: Surroundings) -> Self {
        Self {
            config,
            surroundings,
        }
    }

    /// Answers a request, or what was wrong with reading it.
    pub async fn answer(&self, request: Result<Request<Bytes>, ApiError>) -> Outcome {
        let mut log = Vec::new();
        let answer = match request {
            Ok(request) => self.route(&request, &mut log).await,
            Err(error) => Err(error),
        };
        let (response, todo) = answer.unwrap_or_else(|error| {
            log.extend(error.log_line().map(str::to_owned));
            (error.into_response(), Todo::Nothing)
        });
        Outcome {
            response,
            todo,
            log,
        }
    }

    /// Works as `plan` says. What went wrong on the way is in the report.
    pub async fn drain(&self, plan: Plan) -> Result<Report, ConfigError> {
        let config = self.config.as_ref().map_err(Clone::clone)?;
        Ok(self.work_on(config, plan).await)
    }

    async fn work_on(&self, config: &Config, plan: Plan) -> Report {
        let drain = Drain {
            queue: &Queue::new(Client::new(config.redis.clone())),
            attempts: &Attempts::new(config, self.surroundings),
            policy: &config.policy,
            surroundings: self.surroundings,
            budget: Budget {
                deadline_ms: (self.surroundings.now_ms)() + plan.time_ms,
                run_ms: config.executor.timeout_ms
                    + config.processing_delay_ms
                    + LOOK_MS
                    + config.redis.timeout_ms,
                meter: Meter::new(config.subrequest_budget),
            },
            plan,
        };
        drain.run().await
    }

    async fn route(
        &self,
        request: &Request<Bytes>,
        log: &mut Vec<String>,
    ) -> Result<(Response<Bytes>, Todo), ApiError> {
        let route = Route::of(request.method(), request.uri())?;
        let config = self.config.as_ref().map_err(Clone::clone)?;
        match route {
            Route::Work { batch } => {
                let answer = self.work(config, batch, log).await?;
                Ok((answer, Todo::Nothing))
            }
            Route::Run => {
                let answer = custom_run::run(config, self.surroundings, request).await?;
                Ok((answer, Todo::Nothing))
            }
            Route::Languages => Ok((self.languages(config).await?, Todo::Nothing)),
            Route::Wake { all_lanes } => Ok((
                response::empty(StatusCode::ACCEPTED),
                Todo::Drain(Plan {
                    all_lanes,
                    ..WAKE_UP
                }),
            )),
        }
    }

    async fn languages(&self, config: &Config) -> Result<Response<Bytes>, ApiError> {
        let languages = Executors::new(&config.executor, self.surroundings)
            .languages()
            .await?;
        Ok(response::json(
            StatusCode::OK,
            &Offer {
                success: true,
                languages,
            },
        ))
    }

    async fn work(
        &self,
        config: &Config,
        batch: Option<usize>,
        log: &mut Vec<String>,
    ) -> Result<Response<Bytes>, ApiError> {
        let plan = Plan {
            wanted: batch.unwrap_or(1),
            time_ms: REQUEST_MS,
            all_lanes: true,
            background: false,
        };
        let report = self.work_on(config, plan).await;
        if report.is_bad() {
            log.push(report.to_string());
        }
        match (report.trouble, batch) {
            (Some(trouble), _) if report.results.is_empty() => Err(trouble.into()),
            (_, None) => Ok(classic(report.results.first())),
            (_, Some(_)) => Ok(several(&report.results)),
        }
    }
}

fn classic(done: Option<&(Job, ResultDocument)>) -> Response<Bytes> {
    response::json(
        StatusCode::OK,
        &One {
            success: true,
            message: if done.is_some() {
                "Processed job"
            } else {
                NO_JOBS
            },
            job: done.map(|(job, _)| job),
            result: done.map(|(_, result)| result),
        },
    )
}

fn several(done: &[(Job, ResultDocument)]) -> Response<Bytes> {
    let message = match done.len() {
        0 => NO_JOBS.into(),
        1 => "Processed 1 job".into(),
        count => format!("Processed {count} jobs"),
    };
    response::json(
        StatusCode::OK,
        &Several {
            success: true,
            message,
            jobs: done
                .iter()
                .map(|(job, result)| Done { job, result })
                .collect(),
        },
    )
}
