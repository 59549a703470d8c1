//! The languages that all endpoints offer together, and keeping the lists fresh.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::future::{LocalBoxFuture, select};
use shared::domain::language::Language;

use super::endpoint_states::{EndpointId, EndpointLanguages, FRESH_MS, RECHECK_MS, USABLE_MS};
use super::endpoints::Endpoints;
use super::{ExecutorError, PROBE_TIMEOUT_MS};
use crate::limits::{CallCounter, MAX_REQUESTS_IN_FLIGHT, Permit, Semaphore, join_all};

/// How long a list is waited for while a caller waits, in milliseconds: submit-fn
/// waits 3 s, and should get the answer.
const LIST_TIMEOUT_MS: u64 = 2_500;
/// How long the slower endpoints' lists are waited for once one list is there, in
/// milliseconds.
const GRACE_MS: u64 = 500;

impl Endpoints {
    /// The union of the endpoints' lists, in their order. Lists that are known are
    /// used at once, see [`Endpoints::has_stale_lists`]. One call for each other
    /// one: all are waited for 2.5 s at most, and 500 ms at most once one is there,
    /// so that a spare that hangs delays nobody. In the place of a list that is not
    /// there in time stands the last known one.
    ///
    /// Errors: the first endpoint's, when no list is known.
    pub async fn languages(&self) -> Result<Vec<Language>, ExecutorError> {
        let missing: Vec<EndpointId> = self.ids().filter(|&id| !self.knows_list(id)).collect();
        let one_is_there = Semaphore::new(1);
        // Held until one is there.
        let none_yet = RefCell::new(None);
        if missing.len() == self.all.len() {
            none_yet.replace(one_is_there.try_acquire());
        }
        let errors = RefCell::default();
        let patience = async {
            drop(one_is_there.acquire().await);
            self.sleep(GRACE_MS).await;
        };
        let fetches = self.fetch_lists(&missing, &none_yet, &errors);
        select(Box::pin(fetches), Box::pin(patience)).await;
        let mut union: Vec<Language> = Vec::new();
        // With one endpoint, its old list would hide that it is away.
        let several = self.all.len() > 1;
        for id in self.ids().filter(|&id| several || self.knows_list(id)) {
            let list = self.states.languages(id, self.now_ms(), u64::MAX);
            for entry in list.iter().flat_map(|list| list.iter()) {
                let new = &entry.language;
                let is_same = |known: &Language| {
                    known.language == new.language && known.version == new.version
                };
                if !union.iter().any(is_same) {
                    union.push(new.clone());
                }
            }
        }
        match errors.take().into_iter().next() {
            Some(error) if union.is_empty() => Err(error),
            _ => Ok(union),
        }
    }

    /// Fetches these lists, and notes each as it comes. The first one takes the
    /// permit out of `none_yet`.
    async fn fetch_lists(
        &self,
        ids: &[EndpointId],
        none_yet: &RefCell<Option<Permit>>,
        errors: &RefCell<Vec<ExecutorError>>,
    ) {
        let in_flight = Semaphore::new(MAX_REQUESTS_IN_FLIGHT);
        let mut fetches: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
        for &id in ids {
            let in_flight = &in_flight;
            fetches.push(Box::pin(async move {
                let _permit = in_flight.acquire().await;
                match self.fetch_list(id, LIST_TIMEOUT_MS).await {
                    Ok(_) => drop(none_yet.take()),
                    Err(error) => errors.borrow_mut().push(error),
                }
            }));
        }
        join_all(fetches).await;
    }

    /// Whether a list is known that can be used at once. One that could not be
    /// fetched the last time is asked for again, so that an outage shows.
    fn knows_list(&self, id: EndpointId) -> bool {
        let known = self.states.languages(id, self.now_ms(), USABLE_MS);
        known.is_some() && !self.states.list_failed(id)
    }

    /// Whether [`Endpoints::languages`] did without a list or used one that is
    /// older than ten seconds, so that [`Endpoints::refresh_lists`] should fetch it
    /// behind the caller's back.
    pub fn has_stale_lists(&self) -> bool {
        self.stale_lists().next().is_some()
    }

    /// Fetches the lists that are missing or older than ten seconds. One call each.
    pub async fn refresh_lists(&self) {
        let stale: Vec<EndpointId> = self.stale_lists().collect();
        self.fetch_lists(&stale, &RefCell::default(), &RefCell::default())
            .await;
    }

    fn stale_lists(&self) -> impl Iterator<Item = EndpointId> {
        self.ids()
            .filter(|&id| !self.knows_list(id) || self.is_old(id, RECHECK_MS))
    }

    /// Fetches the lists that jobs are chosen by and that are older than ten
    /// minutes, one after the other, beside the jobs of a drain: with its calls
    /// and its requests in flight. Until then the jobs use the old ones.
    pub async fn refresh_old_lists(&self, calls: &CallCounter, in_flight: &Rc<Semaphore>) {
        for id in self.ids() {
            let ejected = self.states.ejected_until_ms(id, self.now_ms()).is_some();
            if ejected || !self.chooses_by_list(id) || !self.is_old(id, FRESH_MS) {
                continue;
            }
            let _permit = in_flight.acquire().await;
            if !calls.take(1) {
                return;
            }
            // A failure is noted, and the next job meets the endpoint itself.
            let _ = self.fetch_list(id, PROBE_TIMEOUT_MS).await;
        }
    }

    /// Whether a list is known and at least as old as this.
    fn is_old(&self, id: EndpointId, age_ms: u64) -> bool {
        let now_ms = self.now_ms();
        let known = |age_ms| self.states.languages(id, now_ms, age_ms).is_some();
        known(u64::MAX) && !known(age_ms)
    }

    /// Fetches an endpoint's list, within [`PROBE_TIMEOUT_MS`] at most, and notes
    /// it. One call.
    pub(super) async fn fetch_list(
        &self,
        id: EndpointId,
        timeout_ms: u64,
    ) -> Result<EndpointLanguages, ExecutorError> {
        let list = self.all[id.0]
            .languages(PROBE_TIMEOUT_MS.min(timeout_ms))
            .await;
        let known = list.as_ref().ok();
        self.states.note_languages(id, self.now_ms(), known);
        list
    }
}
