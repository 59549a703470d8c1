//! Probes: small runs that tell whether an endpoint can run anything.
//!
//! A list of languages would not do: an endpoint that answers it may fail at every
//! run, and would turn the whole queue into dead letters.

use super::endpoint_states::{EndpointId, USABLE_MS, supports};
use super::endpoints::{Endpoints, SelectedEndpoint};
use super::{ExecutorError, PROBE_TIMEOUT_MS, Run, RunFile, RunLimits};
use crate::limits::{BudgetError, JobBudget};

/// What a probe runs, in any language. It need not compile: the compiler's error
/// is a run as well. It is not empty, because Judge0 refuses that.
pub const PROBE_SOURCE: &str = "0\n";

/// How long the outcome of a failed probe holds for other jobs of the invocation,
/// in milliseconds.
const PROBE_HOLDS_MS: u64 = 5_000;

impl Endpoints {
    /// Has an endpoint run something in `language`, and notes the outcome: whether
    /// it did so within what is left of `budget`. One call, and on a Judge0 more.
    /// `None`: there are not enough calls left.
    pub async fn probe(&self, id: EndpointId, language: &str, budget: &JobBudget) -> Option<bool> {
        let endpoint = self.all.get(id.0)?;
        let run = Run {
            language,
            files: vec![RunFile::source(PROBE_SOURCE)],
            args: &[],
            stdins: vec![String::new()],
            checks: None,
            stop_at_first_failure: false,
            limits: RunLimits::default(),
            caller: None,
        };
        let executed = SelectedEndpoint { endpoint, id }.execute(&run, budget);
        match executed.await {
            Ok(_) => self.states.note_probe(id, language, true),
            // What it refuses, such as an unknown language, it has understood. One that
            // is too busy, or whose machine is, works.
            Err(
                ExecutorError::Refused(_)
                | ExecutorError::LimitTooHigh { .. }
                | ExecutorError::Busy
                | ExecutorError::CompilerStarved { .. },
            ) => self.states.mark_alive(id),
            Err(ExecutorError::BudgetExhausted(_)) => return None,
            Err(_) => {
                self.states.note_probe(id, language, false);
                self.eject(id);
                return Some(false);
            }
        }
        Some(true)
    }

    /// Probes an endpoint that failed and has run nothing since, for a job in
    /// `language`. Errors: it cannot be used, or there is no call left to find out.
    pub(super) async fn probe_if_needed(
        &self,
        id: EndpointId,
        language: &str,
        budget: &JobBudget,
    ) -> Result<(), ExecutorError> {
        if !self.states.must_probe(id) {
            return Ok(());
        }
        let language = self.recovery_language(id, language);
        let now_ms = self.now_ms();
        if !self.probe_failed_lately(id, &language, now_ms) {
            let own = budget.for_probe(now_ms + PROBE_TIMEOUT_MS);
            match self.probe(id, &language, &own).await {
                Some(true) => return Ok(()),
                Some(false) => {
                    let failed = (id, language, self.now_ms());
                    self.failed_probes.borrow_mut().push(failed);
                }
                None => {
                    // The probe and the run.
                    return match budget.reserve(2) {
                        Err(BudgetError::Exhausted(calls)) => {
                            Err(ExecutorError::BudgetExhausted(calls))
                        }
                        // No invocation has as many, and the job would never run.
                        _ => Ok(()),
                    };
                }
            }
        }
        let why = "it failed, and does not run a probe";
        Err(ExecutorError::Unavailable(why.into()))
    }

    /// Whether a probe for another job of this invocation failed a moment ago.
    fn probe_failed_lately(&self, id: EndpointId, language: &str, now_ms: u64) -> bool {
        let mut failed = self.failed_probes.borrow_mut();
        failed.retain(|(_, _, at_ms)| now_ms.saturating_sub(*at_ms) < PROBE_HOLDS_MS);
        failed
            .iter()
            .any(|(probed, known, _)| *probed == id && known == language)
    }

    /// The language for a probe that is to find out whether an endpoint has
    /// recovered: the last one that worked there, because one language alone may
    /// be broken; or else `language`, if the endpoint may support it.
    pub fn recovery_language(&self, id: EndpointId, language: &str) -> String {
        if let Some(working) = self.states.working_language(id, "") {
            return working;
        }
        let known = self.states.languages(id, self.now_ms(), USABLE_MS);
        match known.as_deref() {
            Some([first, ..]) if !known.as_ref().is_some_and(|all| supports(all, language)) => {
                first.language.language.clone()
            }
            _ => language.to_owned(),
        }
    }

    /// Whether an endpoint's list of languages is known.
    pub fn knows_languages(&self, id: EndpointId) -> bool {
        let known = self.states.languages(id, self.now_ms(), USABLE_MS);
        known.is_some()
    }

    /// Fetches an endpoint's list of languages: whether that worked. One call.
    pub async fn fetch_languages(&self, id: EndpointId) -> bool {
        self.fetch_list(id, PROBE_TIMEOUT_MS).await.is_ok()
    }

    /// The `nth` of an endpoint's known languages, from 0, without `language`.
    pub fn nth_other_language(&self, id: EndpointId, language: &str, nth: usize) -> Option<String> {
        let list = self.states.languages(id, self.now_ms(), USABLE_MS)?;
        let others = list.iter().map(|entry| &entry.language);
        let other = others.filter(|other| !other.goes_by(language)).nth(nth)?;
        Some(other.language.clone())
    }

    /// A language other than `language` that worked at an endpoint.
    pub fn working_language(&self, id: EndpointId, language: &str) -> Option<String> {
        self.states.working_language(id, language)
    }

    /// Notes that an endpoint ran a job.
    pub fn note_success(&self, id: EndpointId, language: &str) {
        self.states.note_success(id, language);
    }

    /// Notes that a job failed at an endpoint that runs probes. Whether the
    /// endpoint is at fault all the same: see
    /// [`EndpointStates::note_failed_job`](super::endpoint_states::EndpointStates::note_failed_job).
    pub fn note_failed_job(&self, id: EndpointId, uid: &str) -> bool {
        self.states.note_failed_job(id, uid, self.now_ms())
    }
}
