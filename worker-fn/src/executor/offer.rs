//! What all endpoints offer together.

use futures_util::future::LocalBoxFuture;
use shared::language::Language;

use super::ExecutorError;
use super::gate::{Gate, side_by_side};
use super::memory::List;
use super::pool::Executors;
use crate::budget::MAX_IN_FLIGHT;

impl Executors {
    /// What they offer together, in their order. One call each. Of one that does
    /// not answer, what it is known to have offered.
    ///
    /// Errors: the first one's, when nothing is known of any.
    pub async fn languages(&self) -> Result<Vec<Language>, ExecutorError> {
        let gate = Gate::new(MAX_IN_FLIGHT);
        let mut lists: Vec<Option<Result<List, ExecutorError>>> = Vec::new();
        lists.resize_with(self.all.len(), || None);
        let mut all: Vec<LocalBoxFuture<'_, ()>> = Vec::new();
        for (at, list) in lists.iter_mut().enumerate() {
            let gate = &gate;
            all.push(Box::pin(async move {
                let _place = gate.enter().await;
                *list = Some(self.list_or_old_one(at).await);
            }));
        }
        side_by_side(all).await;
        let mut union: Vec<Language> = Vec::new();
        let mut failure = None;
        for list in lists.into_iter().flatten() {
            match list {
                Ok(list) => {
                    for offered in list.iter() {
                        let new = &offered.language;
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

    async fn list_or_old_one(&self, at: usize) -> Result<List, ExecutorError> {
        let list = self.all[at].list(self.timeout_ms).await;
        let now_ms = self.now_ms();
        match list {
            Ok(list) => {
                self.memory.note_languages(at, now_ms, &list);
                Ok(list)
            }
            Err(error) => match self.memory.languages(at, now_ms, u64::MAX) {
                Some(list) if self.all.len() > 1 => Ok(list),
                _ => Err(error),
            },
        }
    }
}
