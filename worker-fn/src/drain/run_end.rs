//! What becomes of a job whose run has ended, and what that says of its endpoint.

use shared::queue::settlement::Outcome;
use shared::redis::RedisError;

use super::batch::BatchJob;
use super::blame::{Course, Decision, Failure, Fallback, Fate, Probed, decide};
use super::drain_loop::DrainLoop;
use super::outage::EndpointDown;
use super::report::DrainError;
use crate::attempt::AttemptEnd;
use crate::executor::endpoint_states::EJECTED_MS;
use crate::executor::{EndpointId, ExecutorError};

impl DrainLoop<'_> {
    /// Finds out what becomes of a job whose run has ended; that may take a probe.
    pub(super) async fn run_ended(&mut self, held: BatchJob, end: AttemptEnd) {
        let isolated = held.job.isolated();
        if isolated {
            self.isolated_running = false;
        }
        // The job's permit is free now, and what follows needs one.
        self.hold_permit();
        let recovered = self.outage.take_recovered();
        let (failure, endpoint, error) = match end {
            AttemptEnd::Decided(outcome) => return self.decide(held, outcome),
            AttemptEnd::BudgetExhausted(calls) => {
                let fits_beside_others = self.context.budget.calls.fits_beside_others(calls);
                let failure = Failure::BudgetExhausted { fits_beside_others };
                (failure, None, ExecutorError::BudgetExhausted(calls).into())
            }
            AttemptEnd::NoProblem(error) => {
                let failure = match error {
                    RedisError::Unreachable(_) => Failure::StoreAway,
                    RedisError::Refused { .. } | RedisError::Unexpected(_) => {
                        Failure::ProblemRefused
                    }
                };
                (failure, None, error.into())
            }
            AttemptEnd::NoEndpoint(error) => (Failure::NoEndpoint, None, error.into()),
            AttemptEnd::Busy(error) => {
                self.more_expected = true;
                self.report.busy += 1;
                (Failure::Busy, None, error.into())
            }
            AttemptEnd::CompilerStarved(error) => (Failure::CompilerStarved, None, error.into()),
            AttemptEnd::Unavailable(error, id) => (Failure::Unavailable, Some(id), error.into()),
            AttemptEnd::NoResponse(error, id) => {
                let failure = self.no_response(&held, id, recovered == Some(id)).await;
                (failure, Some(id), error.into())
            }
            AttemptEnd::Failed(error, id) => {
                let failure = self.run_failed(&held, id).await;
                (failure, Some(id), error.into())
            }
        };
        let fallback = self.fallback(&held, endpoint);
        let decision = decide(failure, isolated, fallback);
        self.apply(decision, held, endpoint, error);
    }

    /// Whose fault it is that a job got no response. `probed_before`: the endpoint
    /// ran a probe just before the job.
    async fn no_response(
        &mut self,
        held: &BatchJob,
        id: EndpointId,
        probed_before: bool,
    ) -> Failure {
        let mut probed = Probed::Before;
        if !probed_before {
            if let Some(failure) = self.probe_after(held, id).await {
                return failure;
            }
            probed = Probed::After;
        }
        // A job that is not isolated may have lost its response to another one.
        if held.job.isolated() && self.jobs_fail(held, id) {
            return Failure::JobsFail;
        }
        Failure::NoResponse(probed)
    }

    /// Whose fault it is that a run failed.
    async fn run_failed(&mut self, held: &BatchJob, id: EndpointId) -> Failure {
        match self.probe_after(held, id).await {
            Some(failure) => failure,
            None if self.jobs_fail(held, id) => Failure::JobsFail,
            None => Failure::RunFailed,
        }
    }

    /// Probes an endpoint after a job, in the job's language, and then in one that
    /// worked before. `None`: it runs the first probe.
    async fn probe_after(&mut self, held: &BatchJob, id: EndpointId) -> Option<Failure> {
        let language = held.job.language().unwrap_or_default();
        match self.probe(id, language).await {
            None => return Some(Failure::NotProbed),
            Some(true) => return None,
            Some(false) => {}
        }
        let endpoints = self.context.runner.endpoints();
        if let Some(other) = endpoints.working_language(id, language)
            && self.probe(id, &other).await == Some(true)
        {
            return Some(Failure::LanguageFails);
        }
        Some(Failure::ProbeFails)
    }

    /// Notes that a job is to blame, unless it is one of too many in a row.
    fn jobs_fail(&self, held: &BatchJob, id: EndpointId) -> bool {
        let endpoints = self.context.runner.endpoints();
        endpoints.note_failed_job(id, held.job.token.uid())
    }

    /// The endpoints that a job could be run by without `failed`.
    fn fallback(&self, held: &BatchJob, failed: Option<EndpointId>) -> Fallback {
        let endpoints = self.context.runner.endpoints();
        let supports = |language| endpoints.has_another_for(language, failed);
        if held.job.language().is_some_and(supports) {
            Fallback::SameLanguage
        } else if endpoints.has_another(failed) {
            Fallback::OtherLanguages
        } else {
            Fallback::NoneUsable
        }
    }

    fn apply(
        &mut self,
        decision: Decision,
        held: BatchJob,
        endpoint: Option<EndpointId>,
        error: DrainError,
    ) {
        let outcome = match (decision.fate, &error) {
            (Fate::Fail, DrainError::Executor(error)) => {
                self.context.runner.outcomes().fail(&held.job, error)
            }
            // Trouble of Redis is never a job's.
            (Fate::Release, _) | (Fate::Fail, DrainError::Store(_)) => Outcome::Release,
            (Fate::Isolate, _) => Outcome::Isolate,
            (Fate::Snooze, _) => Outcome::Snooze {
                delay_ms: EJECTED_MS,
            },
        };
        if let Some(id) = endpoint.filter(|_| decision.eject) {
            self.context.runner.endpoints().eject(id);
        }
        self.note_words(&error);
        self.more_expected |= decision.makes_job_claimable();
        match (decision.course, error) {
            (Course::BudgetSpent, _) => self.stops.budget = true,
            (Course::EndpointDown, DrainError::Executor(error)) => {
                let language = held.job.language().unwrap_or_default().to_owned();
                self.stops.endpoint = Some(EndpointDown { error, language });
                self.more_expected = true;
            }
            (Course::StoreDown, DrainError::Store(error)) => self.stops.store = Some(error),
            (Course::GoOn | Course::EndpointDown | Course::StoreDown, _) => {}
        }
        self.decide(held, outcome);
    }

    /// What people must not see of an error goes to the log.
    fn note_words(&mut self, error: &DrainError) {
        match error {
            DrainError::Executor(error) => {
                if let Some(words) = error.words() {
                    let line = format!("an execution endpoint said: {words}");
                    self.report.note_words(line);
                }
            }
            DrainError::Store(error) => self.report.note_words(format!("a problem: {error}")),
        }
    }
}
