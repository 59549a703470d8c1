//! What an instance remembers of its endpoints, from one invocation to the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::language::Language;

use crate::config::MAX_ENDPOINTS;

/// How long an endpoint that failed is left alone, in milliseconds.
pub const LEFT_ALONE_MS: u64 = 30_000;
/// How long a list of languages is good, and how long an endpoint that cannot do
/// all we wish counts as such, in milliseconds.
pub const FRESH_MS: u64 = 600_000;
/// How old a list must be before a missing language is asked for again, in
/// milliseconds.
pub const RECHECK_MS: u64 = 10_000;

/// A language of an endpoint, with the endpoint's number for it where it uses
/// numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// For people and jobs.
    pub language: Language,
    /// For Judge0; 0 for Piston.
    pub id: u64,
}

impl Offered {
    /// Whether it answers to `name`.
    pub fn is(&self, name: &str) -> bool {
        shared::language::offers(std::slice::from_ref(&self.language), name)
    }
}

/// A list of languages.
pub type List = Arc<[Offered]>;

/// By the endpoints' places in the configuration, which stays the same as long
/// as an instance lives.
#[derive(Debug)]
pub struct Memory(Mutex<[Known; MAX_ENDPOINTS]>);

#[derive(Debug)]
struct Known {
    away_until_ms: u64,
    less_until_ms: u64,
    /// With the time when it was fetched.
    languages: Option<(u64, List)>,
}

impl Memory {
    /// Knows nothing yet.
    pub const fn new() -> Self {
        const NOTHING: Known = Known {
            away_until_ms: 0,
            less_until_ms: 0,
            languages: None,
        };
        Self(Mutex::new([NOTHING; MAX_ENDPOINTS]))
    }

    fn of<T>(&self, at: usize, with: impl FnOnce(&mut Known) -> T) -> Option<T> {
        let mut all: MutexGuard<'_, _> = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_mut(at).map(with)
    }

    /// Until when an endpoint is to be left alone, in milliseconds since 1970;
    /// `None` when it is not.
    pub fn away_until_ms(&self, at: usize, now_ms: u64) -> Option<u64> {
        self.of(at, |known| known.away_until_ms)
            .filter(|&until_ms| until_ms > now_ms)
    }

    /// Notes that it is to be left alone for a while.
    pub fn leave_alone(&self, at: usize, now_ms: u64) {
        self.of(at, |known| known.away_until_ms = now_ms + LEFT_ALONE_MS);
    }

    /// Notes that it is there again.
    pub fn welcome(&self, at: usize) {
        self.of(at, |known| known.away_until_ms = 0);
    }

    /// Whether it showed lately that it does less than we wish: a Piston without
    /// `cases`, a Judge0 that lets nobody wait.
    pub fn knows_less(&self, at: usize, now_ms: u64) -> bool {
        self.of(at, |known| known.less_until_ms > now_ms) == Some(true)
    }

    /// Notes that it showed this.
    pub fn note_less(&self, at: usize, now_ms: u64) {
        self.of(at, |known| known.less_until_ms = now_ms + FRESH_MS);
    }

    /// Its languages, if they were fetched less than `age_ms` ago.
    pub fn languages(&self, at: usize, now_ms: u64, age_ms: u64) -> Option<List> {
        self.of(at, |known| known.languages.clone())
            .flatten()
            .filter(|(at_ms, _)| now_ms.saturating_sub(*at_ms) < age_ms)
            .map(|(_, list)| list)
    }

    /// Notes its languages.
    pub fn note_languages(&self, at: usize, now_ms: u64, list: &List) {
        self.of(at, |known| {
            known.languages = Some((now_ms, Arc::clone(list)));
        });
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}
