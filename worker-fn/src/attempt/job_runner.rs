//! The way of one job through an attempt.
//!
//! An attempt ends in one of the ways of [`AttemptEnd`]. Where a run failed or got
//! no response, only the drain can find out who is at fault.

use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};

use shared::domain::archive::SubmissionArchive;
use shared::domain::dead_letter::{DeadLetter, FailedAttempt};
use shared::domain::job::Job;
use shared::domain::result::{MAX_OUTPUT_BYTES, ProblemState, ResultDocument, Status};
use shared::domain::ticket::{Ticket, TicketKey};
use shared::json::write::truncated_escaped;
use shared::queue::Store;
use shared::queue::backoff::backoff_ms;
use shared::queue::settlement::Outcome;
use shared::queue::usage::{UsageLimits, UsageWindow};
use shared::redis::RedisError;
use shared::text::normalized;
use shared::trace::Span;

use super::claimed_job::ClaimedJob;
use super::finding::{Finding, refusal};
use super::judging::{self, JudgeEnd, Watch};
use super::live_report::LiveReport;
use super::problem_cache::{CachedProblem, ProblemError, Problems};
use crate::config::Config;
use crate::executor::{EndpointId, Endpoints, Execution, ExecutorError};
use crate::executor::{Run, RunLimits, SelectedEndpoint};
use crate::instance::Instance;
use crate::limits::{Congestion, JobBudget, JobGrant, Memory, Stored};
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
    /// Redis does not give the job's problem.
    NoProblem(RedisError),
    /// The job needs this many calls, and this invocation has not enough left.
    BudgetExhausted(u64),
}

/// Runs jobs.
pub struct JobRunner {
    store: Store,
    endpoints: Endpoints,
    problems: Problems,
    archive_submissions: bool,
    progress: bool,
    executor_timeout_ms: u64,
    tickets: TicketKey,
    max_attempts: u32,
    processing_delay_ms: u64,
    memory: Memory,
    congestion: Congestion,
    stored: Rc<Stored>,
    storage: UsageLimits,
    result_ttl_s: u64,
    span: Option<Span>,
    webhooks: bool,
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
            archive_submissions: config.archive_submissions,
            executor_timeout_ms: config.executor.timeout_ms,
            tickets: config.tickets.clone(),
            max_attempts: config.max_attempts,
            processing_delay_ms: config.processing_delay_ms,
            memory: instance.memory.clone(),
            congestion: instance.congestion.clone(),
            stored: Rc::clone(&instance.stored),
            storage: config.storage,
            result_ttl_s: config.queue.result_ttl_s,
            span: instance.span.clone(),
            webhooks: config.webhooks.is_some(),
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

    /// What the instance has stored.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// The request or drain that it works for.
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// How much may be stored.
    pub fn storage(&self) -> UsageLimits {
        self.storage
    }

    /// The window in which stored bytes are counted now.
    pub fn window(&self) -> UsageWindow {
        UsageWindow::at((self.runtime.now_ms)(), self.result_ttl_s)
    }

    /// Runs one job with its grant. One call, and more only where an endpoint
    /// cannot do with one.
    pub async fn run(&self, claimed: &ClaimedJob, grant: JobGrant) -> AttemptEnd {
        if claimed.attempt() > self.max_attempts {
            return AttemptEnd::Decided(self.give_up(claimed, None));
        }
        let job = match &claimed.job {
            Ok(job) => job,
            Err(unreadable) => {
                let reason = format!("This is no job: {unreadable}.");
                let failed = claimed.failed_attempts.clone();
                return AttemptEnd::Decided(self.dead_letter(claimed, reason, failed));
            }
        };
        if self.processing_delay_ms > 0 {
            (self.runtime.sleep)(self.processing_delay_ms).await;
        }
        let started_at_ms = (self.runtime.now_ms)();
        let own_id = self.own_id(job);
        let complete = |executor: &str, finding| {
            let (own_id, attempt) = (own_id.clone(), claimed.attempt());
            let result = self.complete(job, own_id, attempt, executor, finding, started_at_ms);
            AttemptEnd::Decided(result)
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
        let budget = JobBudget::new(grant, started_at_ms + self.executor_timeout_ms);
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
            Err(ExecutorError::Refused(why)) => {
                let why = match &problem {
                    Some(_) => refusal(why),
                    None => why,
                };
                complete(
                    endpoint.name(),
                    self.not_judged(job, problem.is_some(), why),
                )
            }
            Err(error @ ExecutorError::Busy) => AttemptEnd::Busy(error),
            Err(error @ ExecutorError::Failed { .. }) => AttemptEnd::Failed(error, endpoint.id),
            Err(error @ ExecutorError::Unavailable(_)) => {
                AttemptEnd::Unavailable(error, endpoint.id)
            }
            Err(error @ ExecutorError::NoResponse(_)) => AttemptEnd::NoResponse(error, endpoint.id),
            Err(ExecutorError::BudgetExhausted(calls)) => AttemptEnd::BudgetExhausted(calls),
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
    ) -> Result<Executed, ExecutorError> {
        let Some(problem) = problem else {
            let execution = run_once(job, endpoint, budget).await?;
            return Ok(Executed::Found(Box::new(execution.into())));
        };
        let end = judging::judge(problem, job, watch, endpoint, budget, self.runtime).await?;
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
                        return Err(ExecutorError::Refused(why));
                    }
                }
            }
        })
    }

    /// An `Internal Error`. A submission to a known problem can be judged again
    /// once its cause is removed.
    fn not_judged(&self, job: &Job, known_problem: bool, why: String) -> Finding {
        Finding {
            archive: known_problem.then(|| SubmissionArchive::unjudged(&job.code)),
            problem: (!known_problem).then_some(ProblemState::Unknown),
            ..Finding::internal_error(why)
        }
    }

    /// The attempt counts: the job is tried again after a pause, or given up.
    pub fn fail(&self, claimed: &ClaimedJob, error: &ExecutorError) -> Outcome {
        let failure = FailedAttempt {
            attempt: claimed.attempt(),
            reason: error.to_string(),
            at_ms: Some((self.runtime.now_ms)()),
        };
        if failure.attempt >= self.max_attempts {
            return self.give_up(claimed, Some(failure));
        }
        Outcome::Retry {
            delay_ms: backoff_ms(failure.attempt, self.runtime.random_u32()),
            failure,
        }
    }

    fn give_up(&self, claimed: &ClaimedJob, last: Option<FailedAttempt>) -> Outcome {
        let mut failed = claimed.failed_attempts.clone();
        failed.extend(last);
        let attempts = failed.len();
        let last = failed
            .last()
            .map_or("nothing is known of them", |attempt| &attempt.reason);
        let reason = format!("Given up after {attempts} attempts. The last one: {last}");
        self.dead_letter(claimed, reason, failed)
    }

    fn dead_letter(
        &self,
        claimed: &ClaimedJob,
        reason: String,
        failed_attempts: Vec<FailedAttempt>,
    ) -> Outcome {
        let now_ms = (self.runtime.now_ms)();
        let job = claimed.job.as_ref().ok();
        let own_id = job.and_then(|job| self.own_id(job));
        let (id, ticket) = own_id.unzip();
        Outcome::DeadLetter(Box::new(DeadLetter {
            has_result: id.is_some() && job.is_some_and(|job| job.archived.is_some()),
            id: id.unwrap_or_else(|| self.new_id(now_ms)),
            reason,
            problem_id: job.map(|job| job.problem_id.clone()),
            language: job.map(|job| job.language.clone()),
            lane: claimed.token.lane(),
            attempts: claimed.attempt().min(self.max_attempts),
            failed_attempts,
            submitted_at_ms: ticket.map(|ticket| ticket.submitted_at_ms),
            dead_at_ms: now_ms,
            callback_url: job.and_then(|job| self.callback_url(job)),
        }))
    }

    /// A job's id and what it says, if we issued it. An id that a foreign producer
    /// made up could be that of another submission.
    pub(crate) fn own_id(&self, job: &Job) -> Option<(String, Ticket)> {
        let id = job.id.as_deref()?;
        Some((id.to_owned(), self.tickets.verify(id)?))
    }

    /// Whether a job came to an end that nobody is told of, because webhooks are off.
    pub fn leaves_untold(&self, job: Option<&Job>, outcome: &Outcome) -> bool {
        let is_end = matches!(outcome, Outcome::Complete(_) | Outcome::DeadLetter(_));
        is_end && !self.webhooks && job.is_some_and(|job| job.callback_url.is_some())
    }

    /// The address that is told of the job's end.
    fn callback_url(&self, job: &Job) -> Option<String> {
        job.callback_url.clone().filter(|_| self.webhooks)
    }

    fn new_id(&self, now_ms: u64) -> String {
        self.tickets.issue(now_ms, &(self.runtime.random)())
    }

    fn complete(
        &self,
        job: &Job,
        own_id: Option<(String, Ticket)>,
        attempts: u32,
        executor: &str,
        finding: Finding,
        started_at_ms: u64,
    ) -> Outcome {
        let replaces = own_id.is_some() && job.archived.is_some();
        // A submission that an operator has judged again is waited for by nobody.
        let ticket = own_id.as_ref().map(|(_, ticket)| ticket);
        let waits_since_ms = ticket.filter(|_| !replaces).map(|ticket| {
            let requeued_at_ms = job.requeued_at_ms;
            requeued_at_ms.unwrap_or(ticket.waits_since_ms())
        });
        let (id, submitted_at_ms) = own_id
            .map(|(id, ticket)| (id, ticket.submitted_at_ms))
            .unwrap_or_else(|| (self.new_id(started_at_ms), started_at_ms));
        let mut result = ResultDocument {
            id,
            problem_id: job.problem_id.clone(),
            problem: finding.problem,
            language: job.language.clone(),
            language_version: finding.version,
            status: Status::Done,
            verdict: finding.verdict,
            output: finding
                .output
                .map(|text| truncated_escaped(&text, MAX_OUTPUT_BYTES).to_owned()),
            compile: finding.compile,
            run: finding.run,
            judgement: finding.judgement,
            attempts,
            executor: executor.to_owned(),
            submitted_at_ms,
            started_at_ms,
            finished_at_ms: (self.runtime.now_ms)(),
            archive: finding.archive.filter(|_| self.archive_submissions),
            replaces,
            waits_since_ms,
            callback_url: self.callback_url(job),
        };
        self.stored
            .shorten(&mut result, job.client.as_ref(), self.window());
        Outcome::Complete(Box::new(result))
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
    let run = Run {
        language: &job.language,
        source: &normalized(&job.code),
        stdins: vec![String::new()],
        stop_at_first_failure: false,
        limits: RunLimits::default(),
        caller: job.caller(),
    };
    endpoint.execute(&run, budget).await
}
