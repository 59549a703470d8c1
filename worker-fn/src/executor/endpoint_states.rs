//! What an instance remembers of its endpoints, from one invocation to the next.

use std::cell::RefCell;
use std::rc::Rc;

use shared::domain::language::Language;

use crate::config::MAX_ENDPOINTS;

/// How long a failed endpoint stays ejected, in milliseconds.
pub const EJECTED_MS: u64 = 30_000;
/// How long a list of languages is fresh, how long an endpoint without batching counts
/// as such, and how long it is known that it gives little wall time, in milliseconds.
pub const FRESH_MS: u64 = 600_000;
/// How old a list may be and still be used while it is fetched again, in
/// milliseconds.
pub const USABLE_MS: u64 = 3_600_000;
/// How old a list must be before it is fetched again for a missing language, in
/// milliseconds.
pub const RECHECK_MS: u64 = 10_000;
/// How many languages that worked are remembered: so that one beside a language
/// that fails is known.
const MAX_WORKED: usize = 2;
/// How many different jobs in a row must fail until the endpoint is at fault,
/// although it runs probes.
const FAILED_JOBS: usize = 3;
/// How long an endpoint can be at fault although it runs probes, in milliseconds.
/// After that the jobs are: otherwise a few that fail everywhere would be tried
/// for ever.
const FAILED_JOBS_HOLD_MS: u64 = 600_000;

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
    /// Whether it failed, and has run nothing since.
    must_probe: bool,
    /// The languages in which a run succeeded last, and no probe failed since; the
    /// newest last.
    worked: Vec<String>,
    failed_jobs: FailedJobs,
    no_batching_until_ms: u64,
    /// The most wall time of a run, and until when that is known, in milliseconds.
    most_wall: (u64, u64),
    /// With the time at which it was fetched.
    languages: Option<(u64, EndpointLanguages)>,
    /// Whether the last try to fetch the list failed.
    list_failed: bool,
}

/// Jobs that failed in a row at an endpoint that runs probes.
#[derive(Debug, Default)]
struct FailedJobs {
    /// [`FAILED_JOBS`] different ones at most.
    uids: Vec<String>,
    first_ms: u64,
    last_ms: u64,
}

impl FailedJobs {
    /// Notes one more, and says whether they are enough to blame the endpoint.
    fn add(&mut self, uid: &str, now_ms: u64) -> bool {
        if now_ms.saturating_sub(self.last_ms) >= FAILED_JOBS_HOLD_MS {
            *self = Self::default();
        }
        if self.uids.is_empty() {
            self.first_ms = now_ms;
        }
        self.last_ms = now_ms;
        if self.uids.len() < FAILED_JOBS && !self.uids.iter().any(|known| known == uid) {
            self.uids.push(uid.to_owned());
        }
        self.uids.len() >= FAILED_JOBS && now_ms.saturating_sub(self.first_ms) < FAILED_JOBS_HOLD_MS
    }
}

impl EndpointState {
    fn mark_alive(&mut self) {
        self.ejected_until_ms = 0;
        self.must_probe = false;
    }

    fn note_success(&mut self, language: &str) {
        self.mark_alive();
        self.worked.retain(|known| known != language);
        if self.worked.len() >= MAX_WORKED {
            self.worked.remove(0);
        }
        self.worked.push(language.to_owned());
    }
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

    /// Notes that an endpoint failed: it must run a probe before it gets jobs, and
    /// is ejected for `for_ms` before that.
    pub fn eject(&self, id: EndpointId, now_ms: u64, for_ms: u64) {
        self.with(id, |state| {
            state.must_probe = true;
            state.ejected_until_ms = now_ms + for_ms;
        });
    }

    /// Notes that an endpoint answered a probe.
    pub fn mark_alive(&self, id: EndpointId) {
        self.with(id, EndpointState::mark_alive);
    }

    /// Whether an endpoint failed, and has run nothing since.
    pub fn must_probe(&self, id: EndpointId) -> bool {
        self.with(id, |state| state.must_probe) == Some(true)
    }

    /// Notes what a probe in a language found.
    pub fn note_probe(&self, id: EndpointId, language: &str, runs: bool) {
        self.with(id, |state| {
            if runs {
                state.note_success(language);
            } else {
                state.worked.retain(|known| known != language);
            }
        });
    }

    /// Notes that an endpoint ran a job.
    pub fn note_success(&self, id: EndpointId, language: &str) {
        self.with(id, |state| {
            state.note_success(language);
            state.failed_jobs = FailedJobs::default();
        });
    }

    /// Notes that a job failed at an endpoint that runs probes. Whether the
    /// endpoint is at fault: three different jobs in a row failed there.
    pub fn note_failed_job(&self, id: EndpointId, uid: &str, now_ms: u64) -> bool {
        self.with(id, |state| state.failed_jobs.add(uid, now_ms)) == Some(true)
    }

    /// The language other than `except` in which an endpoint last ran something.
    pub fn working_language(&self, id: EndpointId, except: &str) -> Option<String> {
        self.with(id, |state| {
            let mut worked = state.worked.iter().rev();
            worked.find(|known| *known != except).cloned()
        })
        .flatten()
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

    /// The most wall time of a run that an endpoint gives, in milliseconds, if it refused
    /// more lately.
    pub fn most_wall_ms(&self, id: EndpointId, now_ms: u64) -> Option<u64> {
        let known = self.with(id, |state| state.most_wall);
        known.and_then(|(most_ms, until_ms)| (until_ms > now_ms).then_some(most_ms))
    }

    /// Notes the most wall time of a run that an endpoint gives, in milliseconds.
    pub fn note_most_wall(&self, id: EndpointId, now_ms: u64, most_ms: u64) {
        self.with(id, |state| state.most_wall = (most_ms, now_ms + FRESH_MS));
    }

    /// An endpoint's languages, if they were fetched less than `age_ms` ago.
    pub fn languages(&self, id: EndpointId, now_ms: u64, age_ms: u64) -> Option<EndpointLanguages> {
        self.with(id, |state| state.languages.clone())
            .flatten()
            .filter(|(fetched_at_ms, _)| now_ms.saturating_sub(*fetched_at_ms) < age_ms)
            .map(|(_, languages)| languages)
    }

    /// Whether the last try to fetch an endpoint's list failed.
    pub fn list_failed(&self, id: EndpointId) -> bool {
        self.with(id, |state| state.list_failed) == Some(true)
    }

    /// Notes what a try to fetch an endpoint's list gave.
    pub fn note_languages(
        &self,
        id: EndpointId,
        now_ms: u64,
        languages: Option<&EndpointLanguages>,
    ) {
        self.with(id, |state| {
            state.list_failed = languages.is_none();
            if let Some(languages) = languages {
                state.languages = Some((now_ms, Rc::clone(languages)));
            }
        });
    }
}

/// Whether one of `languages` answers to `name`.
pub(super) fn supports(languages: &EndpointLanguages, name: &str) -> bool {
    languages.iter().any(|item| item.language.goes_by(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: EndpointId = EndpointId(0);

    #[test]
    fn three_different_jobs_in_a_row_blame_the_endpoint() {
        let states = EndpointStates::default();
        let failed = |uid, now_ms| states.note_failed_job(ONE, uid, now_ms);
        assert!(!failed("a", 1_000_000) && !failed("a", 1_000_001) && !failed("b", 1_000_002));
        states.note_success(ONE, "python");
        assert!(!failed("a", 1_000_004) && !failed("b", 1_000_005));
        assert!(failed("c", 1_000_006) && failed("a", 1_000_007));
        // A probe that runs is no job that succeeds.
        states.note_probe(ONE, "python", true);
        assert!(failed("d", 1_000_009));
        // After ten minutes without any success the jobs are at fault again.
        assert!(failed("d", 1_500_000));
        assert!(!failed("d", 1_000_004 + FAILED_JOBS_HOLD_MS));
        // Failures of long ago are no row.
        assert!(!failed("e", 3_000_000) && !failed("f", 3_000_001));
        assert!(failed("g", 3_000_002));
    }

    #[test]
    fn languages_that_worked_are_remembered_until_a_probe_fails() {
        let states = EndpointStates::default();
        let works = |except| states.working_language(ONE, except);
        assert_eq!(works(""), None);
        for language in ["python", "ruby", "python"] {
            states.note_success(ONE, language);
        }
        assert_eq!(works("java").as_deref(), Some("python"));
        assert_eq!(works("python").as_deref(), Some("ruby"));
        states.note_probe(ONE, "python", false);
        assert_eq!(works("java").as_deref(), Some("ruby"));
        assert_eq!(works("ruby"), None);
        for number in 0..20 {
            states.note_success(ONE, &number.to_string());
        }
        assert_eq!(
            states.with(ONE, |state| state.worked.len()),
            Some(MAX_WORKED)
        );
    }

    #[test]
    fn a_failed_endpoint_must_run_something() {
        let states = EndpointStates::default();
        states.eject(ONE, 1_000, EJECTED_MS);
        assert_eq!(states.ejected_until_ms(ONE, 30_999), Some(31_000));
        assert_eq!(states.ejected_until_ms(ONE, 31_000), None);
        assert!(states.must_probe(ONE));
        states.note_probe(ONE, "python", false);
        assert!(states.must_probe(ONE));
        states.note_probe(ONE, "python", true);
        assert!(!states.must_probe(ONE));
    }
}
