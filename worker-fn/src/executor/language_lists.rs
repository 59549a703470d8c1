//! The languages that all endpoints offer together.

use futures_util::future::LocalBoxFuture;
use shared::domain::language::Language;

use super::ExecutorError;
use super::endpoint_states::{EndpointId, EndpointLanguages};
use super::endpoints::Endpoints;
use crate::limits::{MAX_REQUESTS_IN_FLIGHT, Semaphore, join_all};

impl Endpoints {
    /// The union of the endpoints' lists, in their order. One call each. For an
    /// endpoint that does not answer, its last known list.
    ///
    /// Errors: the first endpoint's, when no list is known.
    pub async fn languages(&self) -> Result<Vec<Language>, ExecutorError> {
        let in_flight = Semaphore::new(MAX_REQUESTS_IN_FLIGHT);
        let mut lists: Vec<Option<Result<EndpointLanguages, ExecutorError>>> = Vec::new();
        lists.resize_with(self.all.len(), || None);
        let mut fetches: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
        for (index, list) in lists.iter_mut().enumerate() {
            let in_flight = &in_flight;
            fetches.push(Box::pin(async move {
                let _permit = in_flight.acquire().await;
                *list = Some(self.fetch_or_last_known(EndpointId(index)).await);
            }));
        }
        join_all(fetches).await;
        let mut union: Vec<Language> = Vec::new();
        let mut failure = None;
        for list in lists.into_iter().flatten() {
            match list {
                Ok(list) => {
                    for entry in list.iter() {
                        let new = &entry.language;
                        let is_same = |known: &Language| {
                            known.language == new.language && known.version == new.version
                        };
                        if !union.iter().any(is_same) {
                            union.push(new.clone());
                        }
                    }
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match failure {
            Some(error) if union.is_empty() => Err(error),
            _ => Ok(union),
        }
    }

    async fn fetch_or_last_known(
        &self,
        id: EndpointId,
    ) -> Result<EndpointLanguages, ExecutorError> {
        let list = self.all[id.0].languages(self.timeout_ms).await;
        let now_ms = self.now_ms();
        match list {
            Ok(list) => {
                self.states.note_languages(id, now_ms, &list);
                Ok(list)
            }
            Err(error) => match self.states.languages(id, now_ms, u64::MAX) {
                Some(list) if self.all.len() > 1 => Ok(list),
                _ => Err(error),
            },
        }
    }
}
