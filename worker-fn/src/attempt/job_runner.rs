//! The way of one job through an attempt.
//!
//! An attempt ends in one of the ways of [`AttemptEnd`]. Where a run failed or got
//! no response, only the drain can find out who is at fault.

use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};

use shared::domain::archive::SubmissionArchive;
use shared::domain::job::Job;
use shared::domain::result::ProblemState;
use shared::queue::Store;
use shared::queue::settlement::Outcome;
use shared::queue::usage::UsageLimits;
use shared::redis::RedisError;
use shared::text::normalized;
use shared::trace::Span;

use super::claimed_job::ClaimedJob;
use super::finding::{Finding, refusal};
use super::judge_error::JudgeError;
use super::judging::{self, JudgeEnd, Watch};
use super::live_report::LiveReport;
use super::outcomes::Outcomes;
use super::problem_cache::{CachedProblem, ProblemError, Problems};
use crate::config::Config;
use crate::executor::{EndpointId, Endpoints, Execution, ExecutorError};
use crate::executor::{Program, Run, RunLimits, SelectedEndpoint};
use crate::instance::Instance;
use crate::limits::{Congestion, JobBudget, JobGrant, Memory};
use crate::runtime::Runtime;

/// The `executor` of a result that was judged by archived answers.
const ARCHIVE: &str = "kept";

/// How an attempt ended.
#[derive(Debug)]
pub enum AttemptEnd {
    /// It is known what becomes of the job.
    Decided(Outcome),
    /// No endpoint that supports the job's language can be used now.
    NoEndpoint(ExecutorError),
    /// The endpoint was too busy for as long as the job could wait.
    Busy(ExecutorError),
    /// This endpoint said that it will not work now.
    Unavailable(ExecutorError, EndpointId),
    /// Either no response came from this endpoint, or one that tells nothing, such
    /// as a proxy's 502.
    NoResponse(ExecutorError, EndpointId),
    /// This endpoint answered that it failed.
    Failed(ExecutorError, EndpointId),
    /// The endpoint works, but its machine had no time for a compiler.
    CompilerStarved(ExecutorError),
    /// Redis does not give the job's problem.
    NoProblem(RedisError),
    /// The job needs this many calls, and this invocation has not enough left.
    BudgetExhausted(u64),
}

impl From<JudgeError> for AttemptEnd {
    fn from(JudgeError { error, at }: JudgeError) -> Self {
        match (error, at) {
            (ExecutorError::BudgetExhausted(calls), _) => Self::BudgetExhausted(calls),
            (error @ ExecutorError::Busy, _) => Self::Busy(error),
            (error @ ExecutorError::CompilerStarved { .. }, _) => Self::CompilerStarved(error),
            (error, None) => Self::NoEndpoint(error),
            (error @ ExecutorError::Failed { .. }, Some(id)) => Self::Failed(error, id),
            (error @ ExecutorError::Unavailable(_), Some(id)) => Self::Unavailable(error, id),
            (error, Some(id)) => Self::NoResponse(error, id),
        }
    }
}

/// Runs jobs.
pub struct JobRunner {
    store: Store,
    endpoints: Endpoints,
    problems: Problems,
    outcomes: Outcomes,
    progress: bool,
    executor_timeout_ms: u64,
    processing_delay_ms: u64,
    memory: Memory,
    congestion: Congestion,
    storage: UsageLimits,
    span: Option<Span>,
    runtime: Runtime,
}

impl JobRunner {
    /// Runs jobs as `config` says, with what the instance remembers.
    pub fn new(config: &Config, runtime: Runtime, instance: &Instance) -> Self {
        let store = instance.store(&config.redis);
        Self {
            progress: config.progress,
            endpoints: Endpoints::new(&config.executor, runtime, instance),
            problems: Problems::new(
                store.clone(),
                config.tickets.clone(),
                Rc::clone(&instance.problems),
                instance.memory.clone(),
                runtime,
            ),
            store,
            outcomes: Outcomes::new(config, runtime, instance),
            executor_timeout_ms: config.executor.timeout_ms,
            processing_delay_ms: config.processing_delay_ms,
            memory: instance.memory.clone(),
            congestion: instance.congestion.clone(),
            storage: config.storage,
            span: instance.span.clone(),
            runtime,
        }
    }

    /// The endpoints.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The instance's memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether an endpoint is too busy.
    pub fn congestion(&self) -> &Congestion {
        &self.congestion
    }

    /// The problems that the jobs are submissions to.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// What becomes of jobs.
    pub fn outcomes(&self) -> &Outcomes {
        &self.outcomes
    }

    /// The request or drain that it works for.
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// How much may be stored.
    pub fn storage(&self) -> UsageLimits {
        self.storage
    }

    /// Runs one job with its grant. One call, and more only where an endpoint
    /// cannot do with one.
    pub async fn run(&self, claimed: &ClaimedJob, grant: JobGrant) -> AttemptEnd {
        let outcomes = &self.outcomes;
        if outcomes.has_too_many_attempts(claimed) {
            return AttemptEnd::Decided(outcomes.give_up(claimed, None));
        }
        let job = match &claimed.job {
            Ok(job) => job,
            Err(unreadable) => {
                let reason = format!("This is no job: {unreadable}.");
                let failed = claimed.failed_attempts.clone();
                return AttemptEnd::Decided(outcomes.dead_letter(claimed, reason, failed));
            }
        };
        if self.processing_delay_ms > 0 {
            (self.runtime.sleep)(self.processing_delay_ms).await;
        }
        let started_at_ms = (self.runtime.now_ms)();
        let own_id = outcomes.own_id(job);
        let complete = |executor: &str, finding| {
            let (own_id, attempt) = (own_id.clone(), claimed.attempt());
            let end = outcomes.complete(job, own_id, attempt, executor, finding, started_at_ms);
            AttemptEnd::Decided(end)
        };
        let problem = self
            .problems
            .get(&job.problem_id, || grant.calls.take(1))
            .await;
        let problem = match problem {
            Ok(problem) => problem,
            // And one for the run.
            Err(ProblemError::BudgetExhausted(calls)) => {
                return AttemptEnd::BudgetExhausted(calls + 1);
            }
            Err(ProblemError::Store(error)) => return AttemptEnd::NoProblem(error),
            Err(ProblemError::Damaged(_)) => {
                let id = &job.problem_id;
                let why = format!("The problem {id} cannot be read; it must be published again.");
                return complete("", self.not_judged(job, true, why));
            }
        };
        // A foreign producer could claim any archived answer.
        if let Some(problem) = problem.as_deref().filter(|_| own_id.is_some())
            && let Some(judged) = judging::judge_again(problem, job)
        {
            return complete(ARCHIVE, judged.into());
        }
        let (calls, in_flight) = (grant.calls.clone(), Rc::clone(&grant.in_flight));
        // What its problem took to come is no part of its time.
        let budget = JobBudget::new(grant, (self.runtime.now_ms)() + self.executor_timeout_ms);
        let span = self.span.as_ref();
        budget.note_span(span.map(|span| span.within(job.trace)));
        if let Some((_, ticket)) = &own_id {
            budget.note_waits_since(ticket.submitted_at_ms);
        }
        let endpoint = match self.endpoints.select(&job.language, &budget).await {
            Ok(endpoint) => endpoint,
            Err(ExecutorError::Refused(why)) => {
                return complete("", self.not_judged(job, problem.is_some(), why));
            }
            Err(ExecutorError::BudgetExhausted(calls)) => {
                return AttemptEnd::BudgetExhausted(calls);
            }
            Err(error) => return AttemptEnd::NoEndpoint(error),
        };
        let watched = own_id.as_ref().filter(|_| job.watch && self.progress);
        let report = watched.map(|_| {
            let problem = problem.as_deref();
            let total = problem.map(|problem| problem.problem.cases.len());
            LiveReport::new(started_at_ms, total)
        });
        let watch = Watch {
            ours: own_id.is_some(),
            report: report.as_ref(),
        };
        let execute = self.execute(job, watch, problem.as_deref(), endpoint, &budget);
        let executed = match report.as_ref().zip(watched) {
            None => execute.await,
            Some((report, (id, _))) => {
                let write = async |progress| self.store.write_progress(id, &progress).await;
                let writing = report.write(self.runtime, &calls, &in_flight, write);
                match select(pin!(execute), pin!(writing)).await {
                    Either::Left((executed, _)) => executed,
                    Either::Right((never, _)) => match never {},
                }
            }
        };
        match executed {
            Ok(executed) => {
                self.endpoints.note_success(endpoint.id, &job.language);
                match executed {
                    Executed::Found(finding) => complete(endpoint.name(), *finding),
                    Executed::Unfinished(payload) => {
                        AttemptEnd::Decided(Outcome::Continue { payload })
                    }
                }
            }
            Err(JudgeError {
                error: error @ (ExecutorError::Refused(_) | ExecutorError::LimitTooHigh { .. }),
                ..
            }) => {
                let why = match &problem {
                    Some(_) => refusal(&error),
                    None => error.to_string(),
                };
                complete(
                    endpoint.name(),
                    self.not_judged(job, problem.is_some(), why),
                )
            }
            Err(failed) => failed.into(),
        }
    }

    /// Judges a submission to a known problem, and runs any other.
    async fn execute(
        &self,
        job: &Job,
        watch: Watch<'_>,
        problem: Option<&CachedProblem>,
        endpoint: SelectedEndpoint<'_>,
        budget: &JobBudget,
    ) -> Result<Executed, JudgeError> {
        let here = |error| JudgeError {
            error,
            at: Some(endpoint.id),
        };
        let Some(problem) = problem else {
            let execution = run_once(job, endpoint, budget).await.map_err(here)?;
            return Ok(Executed::Found(Box::new(execution.into())));
        };
        let endpoints = (&self.endpoints, endpoint);
        let end = judging::judge(problem, job, watch, endpoints, budget, self.runtime).await?;
        Ok(match end {
            JudgeEnd::Judged(judged) => Executed::Found(Box::new(Finding::from(*judged))),
            JudgeEnd::Unfinished(progress) => {
                let unfinished = Job {
                    progress: Some(progress),
                    ..job.clone()
                };
                match unfinished.encode() {
                    Ok(payload) => Executed::Unfinished(payload),
                    Err(error) => {
                        let why = format!("The job cannot be written: {error}.");
                        return Err(here(ExecutorError::Refused(why)));
                    }
                }
            }
        })
    }

    /// An `Internal Error`. A submission to a known problem can be judged again
    /// once its cause is removed.
    fn not_judged(&self, job: &Job, known_problem: bool, why: String) -> Finding {
        Finding {
            archive: known_problem.then(|| SubmissionArchive::unjudged(&job.source)),
            problem: (!known_problem).then_some(ProblemState::Unknown),
            ..Finding::internal_error(why)
        }
    }
}

/// What came of having a job executed.
enum Executed {
    /// A result can be made of it.
    Found(Box<Finding>),
    /// There is more to run. The job's new payload.
    Unfinished(String),
}

async fn run_once(
    job: &Job,
    endpoint: SelectedEndpoint<'_>,
    budget: &JobBudget,
) -> Result<Execution, ExecutorError> {
    let (program, options) = (Program::of(&job.source), &job.options);
    let run = Run {
        language: &job.language,
        files: program.files(),
        args: &options.args,
        stdins: vec![normalized(&options.stdin).into_owned()],
        checks: None,
        stop_at_first_failure: false,
        limits: RunLimits {
            time_ms: options.time_ms,
            memory_bytes: options.memory_bytes,
            output_bytes: None,
        },
        caller: job.caller(),
    };
    endpoint.execute(&run, budget).await
}
