//! The offered languages, asked seldom and remembered.
//!
//! worker-fn knows them, because it knows the execution endpoints. An instance
//! asks it once, and again when its list is [`FRESH_MS`] old, or when a language
//! is missing from a list older than [`RECHECK_MS`]. While worker-fn cannot
//! answer and no list is known, every language is taken: an endpoint that is down
//! for an hour must not keep people from submitting.

use std::cell::RefCell;

use shared::domain::language::{self, Language};
use shared::domain::violation::Violation;

use crate::worker_fn::WorkerFn;

/// How long a list is fresh, in milliseconds.
pub const FRESH_MS: u64 = 600_000;
/// How old a list must be before it is fetched again for a missing language, in
/// milliseconds.
pub const RECHECK_MS: u64 = 10_000;

/// What this instance remembers of the offered languages.
#[derive(Debug, Default)]
pub struct LanguageCache(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    cached: Option<CachedLanguages>,
    /// When worker-fn last could not answer, if it has not answered since.
    last_failure_ms: Option<u64>,
}

#[derive(Debug, Clone)]
struct CachedLanguages {
    fetched_at_ms: u64,
    languages: Vec<Language>,
}

impl LanguageCache {
    /// The offered languages; `None` when they are not known.
    pub async fn all(
        &self,
        worker: &impl WorkerFn,
        now_ms: u64,
        log: &mut Vec<String>,
    ) -> Option<Vec<Language>> {
        match self.younger_than(FRESH_MS, now_ms) {
            Some(languages) => Some(languages),
            None => self.fetch(worker, now_ms, log).await,
        }
    }

    /// Errors: `name` is not offered; names what is.
    pub async fn check(
        &self,
        name: &str,
        worker: &impl WorkerFn,
        now_ms: u64,
        log: &mut Vec<String>,
    ) -> Result<(), Violation> {
        let Some(mut offered) = self.all(worker, now_ms, log).await else {
            return Ok(());
        };
        if !language::supports(&offered, name) && self.younger_than(RECHECK_MS, now_ms).is_none() {
            offered = self.fetch(worker, now_ms, log).await.unwrap_or(offered);
        }
        if language::supports(&offered, name) {
            return Ok(());
        }
        Err(not_offered(name, &language::names(&offered)))
    }

    fn younger_than(&self, age_ms: u64, now_ms: u64) -> Option<Vec<Language>> {
        let state = self.0.borrow();
        let cached = state.cached.as_ref();
        cached
            .filter(|cached| now_ms.saturating_sub(cached.fetched_at_ms) < age_ms)
            .map(|cached| cached.languages.clone())
    }

    /// Asks worker-fn, unless it failed a moment ago: while it is down,
    /// submissions must not wait for it each time. The last known list, however
    /// old, is better than none.
    async fn fetch(
        &self,
        worker: &impl WorkerFn,
        now_ms: u64,
        log: &mut Vec<String>,
    ) -> Option<Vec<Language>> {
        let last_known = self.younger_than(u64::MAX, now_ms);
        let last_failure_ms = self.0.borrow().last_failure_ms;
        if last_failure_ms.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) < RECHECK_MS) {
            return last_known;
        }
        match worker.languages().await {
            Ok(languages) => {
                *self.0.borrow_mut() = State {
                    cached: Some(CachedLanguages {
                        fetched_at_ms: now_ms,
                        languages: languages.clone(),
                    }),
                    last_failure_ms: None,
                };
                Some(languages)
            }
            Err(error) => {
                log.push(format!("languages: {error}"));
                self.0.borrow_mut().last_failure_ms = Some(now_ms);
                last_known
            }
        }
    }
}

/// A language that is not among `offered`.
pub fn not_offered(name: &str, offered: &str) -> Violation {
    Violation::invalid(
        "language",
        format!("language {name:?} is not offered. Offered are: {offered}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{Request, Response};
    use std::cell::RefCell;

    /// Answers from a list.
    struct Worker(RefCell<Vec<Result<Vec<Language>, String>>>);

    impl WorkerFn for Worker {
        async fn languages(&self) -> Result<Vec<Language>, String> {
            self.0.borrow_mut().remove(0)
        }

        async fn call(&self, _: Request<Bytes>) -> Result<Response<Bytes>, String> {
            Err("not called".into())
        }
    }

    fn python() -> Vec<Language> {
        vec![Language {
            language: "python".into(),
            version: "3.11.7".into(),
            aliases: vec!["py".into()],
        }]
    }

    fn worker(answers: Vec<Result<Vec<Language>, String>>) -> Worker {
        Worker(RefCell::new(answers))
    }

    #[tokio::test]
    async fn one_call_serves_many_submissions() {
        let (languages, mut log) = (LanguageCache::default(), Vec::new());
        let worker = worker(vec![Ok(python())]);
        for (name, now_ms) in [("python", 0), ("py", 1), ("python", FRESH_MS - 1)] {
            assert_eq!(
                languages.check(name, &worker, now_ms, &mut log).await,
                Ok(())
            );
        }
        assert!(worker.0.borrow().is_empty());
    }

    #[tokio::test]
    async fn a_missing_language_is_refused_and_the_list_fetched_again_later() {
        let (languages, mut log) = (LanguageCache::default(), Vec::new());
        let mut more = python();
        more[0].language = "ruby".into();
        let worker = worker(vec![Ok(python()), Ok(more)]);
        let error = languages
            .check("ruby", &worker, 0, &mut log)
            .await
            .unwrap_err();
        assert_eq!(error.field, "language");
        assert!(error.message.contains("python"), "{error}");
        assert!(
            languages
                .check("ruby", &worker, RECHECK_MS - 1, &mut log)
                .await
                .is_err()
        );
        assert_eq!(
            languages.check("ruby", &worker, RECHECK_MS, &mut log).await,
            Ok(())
        );
    }

    #[tokio::test]
    async fn an_outage_of_worker_fn_refuses_no_submission() {
        let (languages, mut log) = (LanguageCache::default(), Vec::new());
        let worker = worker(vec![
            Err("down".into()),
            Ok(python()),
            Err("down again".into()),
        ]);
        // Asked once, and not again for 10 s.
        for now_ms in [0, 1, RECHECK_MS - 1] {
            let checked = languages.check("cobol", &worker, now_ms, &mut log).await;
            assert_eq!(checked, Ok(()));
        }
        let later = languages
            .check("cobol", &worker, RECHECK_MS, &mut log)
            .await;
        assert!(later.is_err());
        // Too old to be fresh, but the last known list.
        assert_eq!(
            languages.check("py", &worker, 2 * FRESH_MS, &mut log).await,
            Ok(())
        );
        assert_eq!(log, ["languages: down", "languages: down again"]);
    }
}
