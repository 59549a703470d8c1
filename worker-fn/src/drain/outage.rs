//! What a drain knows of an outage: its back-offs and probes, and why nothing
//! more is claimed or started.

use shared::redis::RedisError;

use super::report::DrainError;
use crate::executor::{EndpointId, ExecutorError};

/// The most back-offs of a drain.
pub const MAX_BACKOFFS: u32 = 4;

/// Back-offs and probes.
#[derive(Debug, Default)]
pub struct Outage {
    /// How often the drain has backed off since a job was last completed.
    pub backoffs: u32,
    /// The endpoint that ran the probe after the last back-off, until a job
    /// has run since.
    pub recovered: Option<EndpointId>,
    /// What probes found since the last settlement: each endpoint's, by language.
    probes: Vec<(EndpointId, String, bool)>,
}

impl Outage {
    /// What a probe of this endpoint in this language found, if there was one.
    pub fn probed(&self, id: EndpointId, language: &str) -> Option<bool> {
        let mut probes = self.probes.iter();
        probes
            .find(|(probed, known, _)| *probed == id && known == language)
            .map(|(_, _, runs)| *runs)
    }

    /// Notes what a probe found.
    pub fn note_probe(&mut self, id: EndpointId, language: &str, runs: bool) {
        self.probes.push((id, language.to_owned(), runs));
    }

    /// Forgets the probes: what they found is old.
    pub fn forget_probes(&mut self) {
        self.probes.clear();
    }

    /// Whether one job goes first: the drain has backed off, and completed none
    /// since.
    pub fn is_recovering(&self) -> bool {
        self.backoffs > 0
    }

    /// The endpoint that ran a probe before the run that has just ended, if
    /// that run was the first since.
    pub fn take_recovered(&mut self) -> Option<EndpointId> {
        self.recovered.take()
    }
}

/// That no endpoint can be used.
#[derive(Debug)]
pub struct EndpointDown {
    /// Why not.
    pub error: ExecutorError,
    /// The language of the job that found it out.
    pub language: String,
}

/// Why nothing more is claimed or started. Several reasons may meet.
#[derive(Debug, Default)]
pub struct Stops {
    /// No endpoint can be used; another one may recover.
    pub endpoint: Option<EndpointDown>,
    /// Redis did not answer, or refused.
    pub store: Option<RedisError>,
    /// A job needed more calls than are left.
    pub budget: bool,
}

impl Stops {
    /// Whether nothing more is claimed.
    pub fn no_claims(&self) -> bool {
        self.no_starts() || self.store.is_some()
    }

    /// Whether jobs in hand are not started either. While Redis is away jobs in
    /// hand are still started: it may be back when they are to be settled. While it
    /// is full, no result could be stored.
    pub fn no_starts(&self) -> bool {
        self.endpoint.is_some() || self.budget || self.store_is_full()
    }

    /// Whether a settlement was refused because Redis is full.
    pub fn store_is_full(&self) -> bool {
        self.store.as_ref().is_some_and(RedisError::is_full)
    }

    /// Whether waiting cannot help.
    pub fn is_final(&self) -> bool {
        self.store.is_some() || self.budget
    }

    /// What an operator should know. Redis first: without it, nothing else can
    /// be told apart.
    pub fn into_error(self) -> Option<DrainError> {
        match (self.store, self.endpoint) {
            (Some(error), _) => Some(DrainError::Store(error)),
            (None, Some(down)) => Some(DrainError::Executor(down.error)),
            (None, None) => None,
        }
    }
}
