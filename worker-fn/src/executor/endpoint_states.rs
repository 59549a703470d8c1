//! What an instance remembers of its endpoints, from one invocation to the next.

use std::cell::RefCell;
use std::rc::Rc;

use shared::domain::language::Language;

use crate::config::MAX_ENDPOINTS;

/// How long a failed endpoint stays ejected, in milliseconds.
pub const EJECTED_MS: u64 = 30_000;
/// How long a list of languages is fresh, and how long an endpoint without
/// batching counts as such, in milliseconds.
pub const FRESH_MS: u64 = 600_000;
/// How old a list must be before it is fetched again for a missing language, in
/// milliseconds.
pub const RECHECK_MS: u64 = 10_000;

/// An endpoint, by its position in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndpointId(pub usize);

/// A language of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointLanguage {
    /// Its names and version.
    pub language: Language,
    /// Judge0's number for it; 0 for Piston.
    pub id: u64,
}

/// An endpoint's list of languages.
pub type EndpointLanguages = Rc<[EndpointLanguage]>;

/// The state of each endpoint. Positions stay the same as long as an instance
/// lives, because its variables do.
#[derive(Debug, Default)]
pub struct EndpointStates(RefCell<[EndpointState; MAX_ENDPOINTS]>);

#[derive(Debug, Default)]
struct EndpointState {
    ejected_until_ms: u64,
    no_batching_until_ms: u64,
    /// With the time at which it was fetched.
    languages: Option<(u64, EndpointLanguages)>,
}

impl EndpointStates {
    fn with<T>(&self, id: EndpointId, f: impl FnOnce(&mut EndpointState) -> T) -> Option<T> {
        self.0.borrow_mut().get_mut(id.0).map(f)
    }

    /// Until when an endpoint is ejected, in milliseconds since 1970; `None` when
    /// it is not.
    pub fn ejected_until_ms(&self, id: EndpointId, now_ms: u64) -> Option<u64> {
        self.with(id, |state| state.ejected_until_ms)
            .filter(|&until_ms| until_ms > now_ms)
    }

    /// Ejects an endpoint for [`EJECTED_MS`].
    pub fn eject(&self, id: EndpointId, now_ms: u64) {
        self.with(id, |state| state.ejected_until_ms = now_ms + EJECTED_MS);
    }

    /// Notes that an endpoint answered.
    pub fn mark_alive(&self, id: EndpointId) {
        self.with(id, |state| state.ejected_until_ms = 0);
    }

    /// Whether an endpoint showed lately that it takes inputs one by one only: a
    /// Piston without `cases`, or a Judge0 that lets nobody wait for a result.
    pub fn lacks_batching(&self, id: EndpointId, now_ms: u64) -> bool {
        self.with(id, |state| state.no_batching_until_ms > now_ms) == Some(true)
    }

    /// Notes that it showed this.
    pub fn note_no_batching(&self, id: EndpointId, now_ms: u64) {
        self.with(id, |state| state.no_batching_until_ms = now_ms + FRESH_MS);
    }

    /// An endpoint's languages, if they were fetched less than `age_ms` ago.
    pub fn languages(&self, id: EndpointId, now_ms: u64, age_ms: u64) -> Option<EndpointLanguages> {
        self.with(id, |state| state.languages.clone())
            .flatten()
            .filter(|(fetched_at_ms, _)| now_ms.saturating_sub(*fetched_at_ms) < age_ms)
            .map(|(_, languages)| languages)
    }

    /// Notes an endpoint's languages.
    pub fn note_languages(&self, id: EndpointId, now_ms: u64, languages: &EndpointLanguages) {
        self.with(id, |state| {
            state.languages = Some((now_ms, Rc::clone(languages)));
        });
    }
}

/// Whether one of `languages` answers to `name`.
pub(super) fn supports(languages: &EndpointLanguages, name: &str) -> bool {
    languages.iter().any(|item| item.language.goes_by(name))
}
