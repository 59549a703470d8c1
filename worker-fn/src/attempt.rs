//! One attempt at one job: read it, have it run, say what becomes of it.
//!
//! A job that was claimed ends its attempt in one of these ways, and each says
//! whose doing it was. It is *done*: there is a result, good or bad. It *failed*
//! or is *dead*: the endpoint broke on it, or it cannot be read, or it was
//! tried often enough. The endpoint was *away*: nobody's fault. Or it was
//! *lost*: no answer came, and whose fault that was only the drain can find out.

use shared::job::Job;
use shared::queue::retry;
use shared::queue::work::{DeadLetter, FailedAttempt, Leased, Outcome};
use shared::result::{ResultDocument, Status, Verdict};
use shared::ticket::TicketKey;

use crate::config::Config;
use crate::executor::{Execution, Executor, ExecutorError};
use crate::judge;
use crate::surroundings::Surroundings;

/// Tries jobs.
pub struct Attempts {
    executor: Executor,
    executor_name: String,
    tickets: TicketKey,
    max_attempts: u32,
    processing_delay_ms: u64,
    surroundings: Surroundings,
}

/// What came of an attempt.
#[derive(Debug)]
pub enum Ran {
    /// It is known what becomes of the job.
    Settled(Outcome),
    /// The endpoint will not work now.
    Away(ExecutorError),
    /// No answer came.
    Lost(ExecutorError),
}

impl Attempts {
    /// Tries jobs as `config` has it.
    pub fn new(config: &Config, surroundings: Surroundings) -> Self {
        Self {
            executor: Executor::new(config.executor.clone()),
            executor_name: config.executor.name.clone(),
            tickets: config.tickets.clone(),
            max_attempts: config.max_attempts,
            processing_delay_ms: config.processing_delay_ms,
            surroundings,
        }
    }

    /// Whether the endpoint answers. One subrequest.
    pub async fn endpoint_answers(&self) -> bool {
        self.executor.answers().await
    }

    /// Tries one job. One subrequest at most.
    pub async fn run(&self, leased: &Leased) -> Ran {
        let attempt = leased.handle.attempt();
        if attempt > self.max_attempts {
            return Ran::Settled(self.give_up(leased, None));
        }
        let job = match Job::decode(&leased.payload) {
            Ok(job) => job,
            Err(unreadable) => {
                let reason = format!("This is no job: {unreadable}.");
                return Ran::Settled(self.dead(leased, reason, leased.past.clone()));
            }
        };
        if self.processing_delay_ms > 0 {
            (self.surroundings.sleep)(self.processing_delay_ms).await;
        }
        let started_at_ms = (self.surroundings.now_ms)();
        let executed = match self.executor.execute(&job).await {
            Ok(execution) => Ok(execution),
            Err(ExecutorError::Refused(message)) => Err(message),
            Err(error @ ExecutorError::Failed(_)) => {
                return Ran::Settled(self.failed(leased, &error));
            }
            Err(error @ ExecutorError::Unavailable(_)) => return Ran::Away(error),
            Err(error @ ExecutorError::Lost(_)) => return Ran::Lost(error),
        };
        let result = self.result(&job, attempt, executed, started_at_ms);
        Ran::Settled(Outcome::Done(Box::new(result)))
    }

    /// The attempt counts: the job is tried again later, or given up.
    pub fn failed(&self, leased: &Leased, error: &ExecutorError) -> Outcome {
        let failure = FailedAttempt {
            attempt: leased.handle.attempt(),
            reason: error.to_string(),
            at_ms: Some((self.surroundings.now_ms)()),
        };
        if failure.attempt >= self.max_attempts {
            return self.give_up(leased, Some(failure));
        }
        let [a, b, c, d, ..] = (self.surroundings.random)();
        Outcome::Retry {
            pause_ms: retry::pause_ms(failure.attempt, u32::from_be_bytes([a, b, c, d])),
            failure,
        }
    }

    fn give_up(&self, leased: &Leased, last: Option<FailedAttempt>) -> Outcome {
        let mut history = leased.past.clone();
        history.extend(last);
        let attempts = history.len();
        let last = history
            .last()
            .map_or("nothing is known of them", |one| one.reason.as_str());
        let reason = format!("Given up after {attempts} attempts. The last one: {last}");
        self.dead(leased, reason, history)
    }

    fn dead(&self, leased: &Leased, reason: String, history: Vec<FailedAttempt>) -> Outcome {
        let now_ms = (self.surroundings.now_ms)();
        let job = Job::decode(&leased.payload).ok();
        let id = job
            .as_ref()
            .and_then(|job| self.own_id(job))
            .map_or_else(|| self.new_id(now_ms), |(id, _)| id);
        let (problem_id, language) = job.map(|job| (job.problem_id, job.language)).unzip();
        Outcome::Dead(Box::new(DeadLetter {
            id,
            reason,
            problem_id,
            language,
            lane: leased.handle.lane(),
            attempts: leased.handle.attempt().min(self.max_attempts),
            history,
            dead_at_ms: now_ms,
        }))
    }

    /// A job's id and when it was given out, if it was given out here: a foreign
    /// job's own could overwrite, or be mistaken for, somebody else's.
    fn own_id(&self, job: &Job) -> Option<(String, u64)> {
        let id = job.id.as_deref()?;
        Some((id.to_owned(), self.tickets.verify(id)?.issued_at_ms))
    }

    fn new_id(&self, now_ms: u64) -> String {
        self.tickets.issue(now_ms, &(self.surroundings.random)())
    }

    fn result(
        &self,
        job: &Job,
        attempts: u32,
        executed: Result<Execution, String>,
        started_at_ms: u64,
    ) -> ResultDocument {
        let (id, submitted_at_ms) = self
            .own_id(job)
            .unwrap_or_else(|| (self.new_id(started_at_ms), started_at_ms));
        let (verdict, output, language_version, compile, run) = match executed {
            Ok(execution) => {
                let (verdict, output) = judge::judge(&execution);
                (
                    verdict,
                    output,
                    Some(execution.version),
                    execution.compile.map(|report| report.stage),
                    execution.run.map(|report| report.stage),
                )
            }
            Err(message) => (Verdict::InternalError, message, None, None, None),
        };
        ResultDocument {
            id,
            problem_id: job.problem_id.clone(),
            language: job.language.clone(),
            language_version,
            status: Status::Done,
            verdict,
            output,
            compile,
            run,
            attempts,
            executor: self.executor_name.clone(),
            submitted_at_ms,
            started_at_ms,
            finished_at_ms: (self.surroundings.now_ms)(),
        }
    }
}
