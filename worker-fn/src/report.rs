//! What a drain did, for the log and for whoever asked for it.

use std::fmt;

use shared::api_error::ApiError;
use shared::job::Job;
use shared::queue::work::{Leased, Outcome};
use shared::redis::RedisError;
use shared::result::ResultDocument;

use crate::executor::ExecutorError;

/// What a drain did.
#[derive(Debug, Default)]
pub struct Report {
    /// How many jobs have a result.
    pub done: usize,
    /// The results, where they were asked for.
    pub results: Vec<(Job, ResultDocument)>,
    /// Why jobs died.
    pub dead: Vec<String>,
    /// How many are tried again.
    pub retried: usize,
    /// How many went back to their places, or wait for an endpoint that has their
    /// language.
    pub put_back: usize,
    /// What ended it early, if something did.
    pub trouble: Option<Trouble>,
    /// Whether a fresh invocation should go on.
    pub hand_over: bool,
}

/// What kept jobs from being done. The texts are for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The execution endpoint is away.
    #[error("{0}")]
    Executor(ExecutorError),
    /// The queue cannot be reached. What was held comes back when its leases
    /// run out.
    #[error("{0}")]
    Store(RedisError),
}

impl Report {
    /// Notes what became of a job once that is stored.
    pub fn note(&mut self, leased: &Leased, outcome: Outcome, keep: bool) {
        match outcome {
            Outcome::Done(result) => {
                self.done += 1;
                if keep && let Ok(job) = Job::decode(&leased.payload) {
                    self.results.push((job, *result));
                }
            }
            Outcome::Dead(letter) => self.dead.push(format!("{}: {}", letter.id, letter.reason)),
            Outcome::Retry { .. } | Outcome::Alone => self.retried += 1,
            Outcome::Back | Outcome::Later { .. } => self.put_back += 1,
        }
    }

    /// Whether there was anything to do, or anything to say.
    pub fn is_worth_a_line(&self) -> bool {
        self.done + self.dead.len() + self.retried + self.put_back > 0 || self.trouble.is_some()
    }

    /// Whether jobs came nearer to an end, more than going back does.
    pub fn got_somewhere(&self) -> bool {
        self.done + self.dead.len() + self.retried > 0
    }

    /// Whether an operator should look.
    pub fn is_bad(&self) -> bool {
        self.trouble.is_some() || !self.dead.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} done, {} dead, {} to be retried, {} put back",
            self.done,
            self.dead.len(),
            self.retried,
            self.put_back
        )?;
        for reason in &self.dead {
            write!(f, "; dead: {reason}")?;
        }
        match &self.trouble {
            None => Ok(()),
            Some(trouble) => write!(f, "; {trouble}"),
        }
    }
}

impl From<Trouble> for ApiError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Executor(error) => error.into(),
            Trouble::Store(error) => error.into(),
        }
    }
}
