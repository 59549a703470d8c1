//! A Worker's calls, on both sides: it settles the jobs that it holds, and claims
//! others. Responses get lost.

use std::collections::BTreeSet;

use shared::domain::archive::SubmissionArchive;
use shared::domain::ids::InputsHash;
use shared::domain::job::Job;
use shared::domain::source::Source;
use shared::queue::claim::{Claimed, Lease};
use shared::queue::settlement::{ClaimContext, Outcome, Settlement};

use super::claim::Taken;
use super::compare;
use super::play::Player;
use super::read::problem;
use super::state::{Expected, Place, parts};
use super::steps::{Fate, Response};
use crate::fixtures::{self, CALLBACK, call};

impl Player<'_> {
    pub(super) fn settle(
        &mut self,
        worker: usize,
        fates: &[Fate],
        want: usize,
        response: Response,
    ) {
        let mut settlements = Vec::new();
        let mut fates = fates.iter();
        for leased in std::mem::take(&mut self.workers[worker]) {
            let fate = fates.next().copied().unwrap_or(Fate::Hold);
            match self.settlement(&leased, fate) {
                Some(settlement) => settlements.push(settlement),
                None => self.workers[worker].push(leased),
            }
        }
        self.call(worker, settlements, want, call(), response);
    }

    pub(super) fn call(
        &mut self,
        worker: usize,
        settlements: Vec<Settlement>,
        want: usize,
        call: ClaimContext,
        response: Response,
    ) {
        let jobs = match response {
            Response::Arrives => self.work(&settlements, want, &call),
            Response::LostOnTheWay => {
                let unknown = self.work(&settlements, want, &call);
                self.abandoned.extend(unknown);
                self.work(&settlements, want, &call)
            }
            Response::Lost => {
                let unknown = self.work(&settlements, want, &call);
                let again = ClaimContext {
                    again: true,
                    ..call.clone()
                };
                let jobs = self.work(&settlements, want, &again);
                let missed = |one: &Lease| !jobs.contains(one);
                self.abandoned.extend(unknown.into_iter().filter(missed));
                jobs
            }
        };
        self.workers[worker].extend(jobs);
        self.calls.push((settlements, want, call));
    }

    pub(super) fn settlement(&mut self, leased: &Lease, fate: Fate) -> Option<Settlement> {
        let number = self.number();
        // As a Worker does it: a job without an id is given one.
        let job = Job::decode(&leased.payload).ok();
        let has_result = job.as_ref().is_some_and(|job| job.archived.is_some());
        let problem_id = job
            .as_ref()
            .map_or_else(|| problem(number), |job| job.problem_id.clone());
        let id = job.and_then(|job| job.id);
        let id = id.unwrap_or_else(|| self.new_id());
        Some(match fate {
            Fate::Hold => return None,
            Fate::Complete => {
                let mut document = fixtures::document(&id);
                document.output = Some(number.to_string());
                document.replaces = has_result;
                // A rejudged one has no address.
                let is_told = number.is_multiple_of(3) && !has_result;
                document.callback_url = is_told.then(|| CALLBACK.to_owned());
                document.archive = match (number % 4, self.model.versions.get(&problem_id)) {
                    (0, _) => None,
                    (_, None) => Some(SubmissionArchive::unjudged(&Source::Code(
                        number.to_string(),
                    ))),
                    (_, Some(version)) => {
                        let (code, inputs) = (number.to_string(), InputsHash::new("h"));
                        let mut cases = std::iter::empty();
                        Some(SubmissionArchive::judged(
                            &Source::Code(code),
                            version,
                            &inputs,
                            &mut cases,
                        ))
                    }
                };
                document.problem_id = problem_id;
                fixtures::settle(&leased.token, Outcome::Complete(Box::new(document)))
            }
            Fate::DeadLetter => {
                let mut letter = fixtures::letter(&id, leased);
                letter.has_result = has_result;
                let is_told = number.is_multiple_of(3) && !has_result;
                letter.callback_url = is_told.then(|| CALLBACK.to_owned());
                fixtures::settle(&leased.token, Outcome::DeadLetter(Box::new(letter)))
            }
            Fate::Retry { delay_ms } => fixtures::retry(leased, delay_ms),
            Fate::Release => fixtures::release(leased),
            Fate::Continue => {
                let mut payload = String::from_utf8_lossy(&leased.payload).into_owned();
                payload.push(' ');
                fixtures::settle(&leased.token, Outcome::Continue { payload })
            }
            Fate::Isolate => fixtures::isolate(leased),
            Fate::Snooze { delay_ms } => fixtures::snooze(leased, delay_ms),
        })
    }

    /// One call on both sides. Returns the claimed jobs, which are those that the
    /// model expects.
    pub(super) fn work(
        &mut self,
        settlements: &[Settlement],
        want: usize,
        call: &ClaimContext,
    ) -> Vec<Lease> {
        compare::read_times(self.stack, &mut self.model);
        let queue = &self.stack.store;
        let claimed = self
            .stack
            .ok(queue.settle_and_claim(settlements, want, &self.config, call));
        self.model.settle(settlements, &self.config);
        self.set_new_times();
        let (status, taken) = self.model.claim(want, &self.config, call);
        assert_eq!(claimed.status, status);
        match taken {
            Taken::New(expected) => self.take(&claimed.leases, expected),
            Taken::Again(tokens) => self.take_again(&claimed.leases, &tokens),
        }
        self.assert_present_versions(&claimed);
        claimed.leases
    }

    /// Whatever was published or known before, a claim tells the present versions.
    fn assert_present_versions(&self, claimed: &Claimed) {
        for leased in &claimed.leases {
            let Ok(job) = Job::decode(&leased.payload) else {
                continue;
            };
            let id = &job.problem_id;
            if claimed.versions.knows(id) {
                let present = self.model.versions.get(id);
                assert_eq!(claimed.versions.get(id), present, "{id}");
            } else {
                assert_eq!(job.id, None, "only of a foreign producer's job");
            }
        }
    }

    fn take(&mut self, leases: &[Lease], expected: Vec<Expected>) {
        assert_eq!(leases.len(), expected.len(), "{expected:?}");
        for (leased, expected) in leases.iter().zip(expected) {
            let (token, payload) = (&leased.token, &leased.payload);
            assert_eq!(*payload, expected.payload);
            assert_eq!(
                (token.attempt(), token.isolated(), token.lane()),
                (expected.attempt, expected.alone, expected.lane),
            );
            assert_eq!(leased.failed_attempts, expected.failed_attempts);
            assert!(self.tokens.insert(token.as_str().into()), "{token:?} again");
            let uid = parts(token.as_str()).uid;
            match expected.uid {
                Some(expected) => assert_eq!(uid, expected),
                None => assert!(!self.uids.contains(&uid), "{uid} again"),
            }
            self.uids.insert(uid);
            self.model
                .lease(token.as_str().into(), payload.clone(), Place::Held);
        }
        assert!(leases.is_empty() || self.model.held() <= self.config.max_in_flight);
        self.claimed += leases.len();
    }

    /// They were claimed before, and are in the model already.
    fn take_again(&self, leases: &[Lease], expected: &[String]) {
        let tokens: BTreeSet<&str> = leases.iter().map(|one| one.token.as_str()).collect();
        assert_eq!(tokens, expected.iter().map(String::as_str).collect());
        assert_eq!(leases.len(), expected.len());
        for leased in leases {
            let (token, attempt) = (leased.token.as_str(), leased.token.attempt());
            assert_eq!(leased.payload, self.model.leased[token].payload);
            let failed = self.model.failed_before(&parts(token).uid, attempt - 1);
            assert_eq!(leased.failed_attempts, failed);
        }
    }
}
