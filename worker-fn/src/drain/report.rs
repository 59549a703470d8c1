//! What a drain did, for the log and for the caller of `GET /worker`.

use std::fmt;

use shared::domain::job::Job;
use shared::domain::result::ResultDocument;
use shared::http::ApiError;
use shared::log::{Level, Line};
use shared::queue::claim::ClaimStatus;
use shared::queue::settlement::Outcome;
use shared::redis::RedisError;
use shared::trace::Span;

use crate::attempt::ClaimedJob;
use crate::executor::ExecutorError;

/// What a full Redis means for the jobs.
const FULL: &str = "Redis is full, so no result can be stored; the jobs wait 60 s: ";

/// The most lines of [`Report::notes`].
const MAX_NOTES: usize = 3;

/// What a drain did.
#[derive(Debug, Default)]
pub struct Report {
    /// How many jobs have a result.
    pub completed: usize,
    /// The results, where they were asked for.
    pub results: Vec<(Job, ResultDocument)>,
    /// Why jobs were given up.
    pub dead: Vec<String>,
    /// How many jobs are tried again, or go on in another invocation.
    pub retried: usize,
    /// How many jobs went back to their places, or wait for an endpoint that
    /// supports their language.
    pub released: usize,
    /// How often the endpoint was too busy for a job for as long as it could wait.
    pub busy: usize,
    /// What the last claim said about the queue; `None` before the first.
    pub last_claim: Option<ClaimStatus>,
    /// What endpoints and Redis said about trouble of theirs, for the log only.
    pub notes: Vec<String>,
    /// What ended the drain early, if something did.
    pub error: Option<DrainError>,
    /// Whether a fresh invocation should go on.
    pub hand_over: bool,
}

/// What kept jobs from being run. The texts are for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrainError {
    /// No execution endpoint can be used.
    #[error("{0}")]
    Executor(#[from] ExecutorError),
    /// Redis cannot be reached. The jobs in hand come back when their leases run
    /// out.
    #[error("{prefix}{0}", prefix = if .0.is_full() { FULL } else { "" })]
    Store(#[from] RedisError),
}

impl Report {
    /// Notes what became of a job, once that is stored.
    pub fn note(&mut self, claimed: ClaimedJob, outcome: Outcome, return_results: bool) {
        match outcome {
            Outcome::Complete(result) => {
                self.completed += 1;
                if let Ok(job) = claimed.job
                    && return_results
                {
                    self.results.push((job, result.with_output()));
                }
            }
            Outcome::DeadLetter(letter) => {
                self.dead.push(format!("{}: {}", letter.id, letter.reason));
            }
            Outcome::Retry { .. } | Outcome::Continue { .. } | Outcome::Isolate => {
                self.retried += 1;
            }
            Outcome::Release | Outcome::Snooze { .. } => self.released += 1,
        }
    }

    /// Keeps what an endpoint or Redis said, a few different lines of it.
    pub fn note_words(&mut self, words: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&words) {
            self.notes.push(words);
        }
    }

    /// The line about the drain, whose span this is, and how much it matters; `None`
    /// where there was nothing to do and nothing to say.
    pub fn line(&self, span: Option<&Span>) -> Option<(Level, String)> {
        let level = match self.is_bad() {
            true => Level::Error,
            false => Level::Info,
        };
        let commands = span.map_or(0, Span::commands);
        let trace = span.map(Span::trace_id);
        let line = Line::new("drain", level)
            .some_text("traceId", trace.as_deref())
            .number("finished", self.completed as u64)
            .number("dead", self.dead.len() as u64)
            .number("retried", self.retried as u64)
            .number("released", self.released as u64)
            .number("commands", commands)
            .text("message", &self.to_string())
            .finish();
        self.is_worth_a_line().then_some((level, line))
    }

    /// Whether there was anything to do, or anything to say.
    pub fn is_worth_a_line(&self) -> bool {
        self.made_progress() || self.released > 0 || self.is_bad()
    }

    /// Whether a job came nearer to its end than a release does.
    pub fn made_progress(&self) -> bool {
        self.completed + self.dead.len() + self.retried > 0
    }

    /// Whether an operator should look.
    pub fn is_bad(&self) -> bool {
        self.error.is_some() || !self.dead.is_empty() || !self.notes.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} done, {} dead, {} to be retried, {} put back",
            self.completed,
            self.dead.len(),
            self.retried,
            self.released
        )?;
        for reason in &self.dead {
            write!(f, "; dead: {reason}")?;
        }
        for words in &self.notes {
            write!(f, "; {words}")?;
        }
        match &self.error {
            None => Ok(()),
            Some(error) => write!(f, "; {error}"),
        }
    }
}

impl From<DrainError> for ApiError {
    fn from(error: DrainError) -> Self {
        match error {
            DrainError::Executor(error) => error.into(),
            DrainError::Store(error) => error.into(),
        }
    }
}
