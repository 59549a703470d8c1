//! What becomes of a job after an attempt: a result, a retry or a dead letter.
//!
//! It writes the documents; which of them it is to be, [`JobRunner`](super::JobRunner) and
//! the drain decide.

use std::rc::Rc;

use shared::domain::dead_letter::{DeadLetter, FailedAttempt};
use shared::domain::job::Job;
use shared::domain::result::{MAX_OUTPUT_BYTES, ResultDocument, Status};
use shared::domain::ticket::{Ticket, TicketKey};
use shared::json::write::truncated_escaped;
use shared::queue::backoff::backoff_ms;
use shared::queue::settlement::Outcome;
use shared::queue::usage::UsageWindow;

use super::claimed_job::ClaimedJob;
use super::finding::Finding;
use crate::config::Config;
use crate::executor::ExecutorError;
use crate::instance::Instance;
use crate::limits::Stored;
use crate::runtime::Runtime;

/// Makes outcomes, as the settings say.
pub struct Outcomes {
    tickets: TicketKey,
    max_attempts: u32,
    archive_submissions: bool,
    webhooks: bool,
    stored: Rc<Stored>,
    result_ttl_s: u64,
    runtime: Runtime,
}

impl Outcomes {
    /// As `config` says, with what the instance has stored.
    pub(super) fn new(config: &Config, runtime: Runtime, instance: &Instance) -> Self {
        Self {
            tickets: config.tickets.clone(),
            max_attempts: config.max_attempts,
            archive_submissions: config.archive_submissions,
            webhooks: config.webhooks.is_some(),
            stored: Rc::clone(&instance.stored),
            result_ttl_s: config.queue.result_ttl_s,
            runtime,
        }
    }

    /// What the instance has stored.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// The window in which stored bytes are counted now.
    pub fn window(&self) -> UsageWindow {
        UsageWindow::at((self.runtime.now_ms)(), self.result_ttl_s)
    }

    /// Whether the Workers of all attempts that a job may have were lost.
    pub(super) fn has_too_many_attempts(&self, claimed: &ClaimedJob) -> bool {
        claimed.attempt() > self.max_attempts
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

    /// The dead letter of a job with its last failure, if this attempt has one.
    pub(super) fn give_up(&self, claimed: &ClaimedJob, last: Option<FailedAttempt>) -> Outcome {
        let mut failed = claimed.failed_attempts.clone();
        failed.extend(last);
        let attempts = failed.len();
        let last = failed
            .last()
            .map_or("nothing is known of them", |attempt| &attempt.reason);
        let reason = format!("Given up after {attempts} attempts. The last one: {last}");
        self.dead_letter(claimed, reason, failed)
    }

    pub(super) fn dead_letter(
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
    pub fn own_id(&self, job: &Job) -> Option<(String, Ticket)> {
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

    /// The result of `finding`.
    pub(super) fn complete(
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
