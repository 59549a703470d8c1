//! How the endpoints are, for the operator: each is asked for its languages now.

use std::cell::RefCell;

use futures_util::future::LocalBoxFuture;
use shared::domain::language::Language;

use super::endpoints::Endpoints;
use super::{EndpointId, ExecutorError, PROBE_TIMEOUT_MS};
use crate::config::Kind;
use crate::limits::{MAX_REQUESTS_IN_FLIGHT, Semaphore, join_all};

/// How an endpoint is.
#[derive(Debug)]
pub struct EndpointHealth {
    /// The operator's name for it.
    pub name: String,
    /// Its protocol.
    pub kind: Kind,
    /// Its languages, or why it did not name them.
    pub languages: Result<Vec<Language>, ExecutorError>,
    /// How long its answer took, or was waited for, in milliseconds.
    pub latency_ms: u64,
    /// Until when this instance leaves it alone, in milliseconds since 1970 (UTC).
    pub ejected_until_ms: Option<u64>,
}

impl Endpoints {
    /// Asks all endpoints side by side, and waits for each 3 s at most. What they
    /// answer is remembered as any list of languages is. One call each.
    pub async fn health(&self) -> Vec<EndpointHealth> {
        let in_flight = Semaphore::new(MAX_REQUESTS_IN_FLIGHT);
        let answered: Vec<RefCell<Option<EndpointHealth>>> =
            self.ids().map(|_| RefCell::default()).collect();
        let mut asked: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
        for (id, answered) in self.ids().zip(&answered) {
            let in_flight = &in_flight;
            asked.push(Box::pin(async move {
                let _permit = in_flight.acquire().await;
                answered.replace(Some(self.health_of(id).await));
            }));
        }
        join_all(asked).await;
        answered
            .into_iter()
            .filter_map(RefCell::into_inner)
            .collect()
    }

    async fn health_of(&self, id: EndpointId) -> EndpointHealth {
        let asked_ms = self.now_ms();
        let list = self.fetch_list(id, PROBE_TIMEOUT_MS).await;
        let now_ms = self.now_ms();
        let endpoint = &self.all[id.0];
        EndpointHealth {
            name: endpoint.name.clone(),
            kind: endpoint.kind(),
            languages: list.map(|list| list.iter().map(|entry| entry.language.clone()).collect()),
            latency_ms: now_ms.saturating_sub(asked_ms),
            ejected_until_ms: self.states.ejected_until_ms(id, now_ms),
        }
    }
}
