//! Which languages are offered, asked seldom and remembered.
//!
//! worker-fn knows, because it knows the execution endpoint. An instance asks
//! it once and then again when its list is [`FRESH_MS`] old, or when a language
//! is missing from a list older than [`RECHECK_MS`]. While worker-fn cannot say
//! and nothing is known, every language is taken: an endpoint that is down for
//! an hour must not stop people from submitting.

use std::sync::{Mutex, MutexGuard, PoisonError};

use shared::api_error::ApiError;
use shared::language::{self, Language};

/// How long a list is good, in milliseconds.
pub const FRESH_MS: u64 = 600_000;
/// How old a list must be before a missing language is asked for again.
pub const RECHECK_MS: u64 = 10_000;

/// Someone who knows what is offered.
pub trait LanguageSource {
    /// All that is offered now; the error is for the log.
    fn fetch(&self) -> impl Future<Output = Result<Vec<Language>, String>>;
}

/// What this instance remembers.
#[derive(Default)]
pub struct Languages(Mutex<Memory>);

#[derive(Clone, Default)]
struct Memory {
    known: Option<Known>,
    /// When nobody could say, the last time that was so.
    asked_in_vain_ms: Option<u64>,
}

#[derive(Clone)]
struct Known {
    at_ms: u64,
    languages: Vec<Language>,
}

impl Languages {
    /// Knows nothing yet.
    pub const fn new() -> Self {
        Self(Mutex::new(Memory {
            known: None,
            asked_in_vain_ms: None,
        }))
    }

    /// The offered languages; `None` when nobody can say.
    pub async fn all(
        &self,
        source: &impl LanguageSource,
        now_ms: u64,
        log: &mut Vec<String>,
    ) -> Option<Vec<Language>> {
        let known = self.younger_than(FRESH_MS, now_ms);
        match known {
            Some(known) => Some(known),
            None => self.ask(source, now_ms, log).await,
        }
    }

    /// Errors: 422 that names what is offered, when `name` is not.
    pub async fn check(
        &self,
        name: &str,
        source: &impl LanguageSource,
        now_ms: u64,
        log: &mut Vec<String>,
    ) -> Result<(), ApiError> {
        let Some(mut offered) = self.all(source, now_ms, log).await else {
            return Ok(());
        };
        if !language::offers(&offered, name) && self.younger_than(RECHECK_MS, now_ms).is_none() {
            offered = self.ask(source, now_ms, log).await.unwrap_or(offered);
        }
        if language::offers(&offered, name) {
            return Ok(());
        }
        Err(not_offered(name, &language::names(&offered)))
    }

    fn younger_than(&self, age_ms: u64, now_ms: u64) -> Option<Vec<Language>> {
        self.memory()
            .known
            .filter(|known| now_ms.saturating_sub(known.at_ms) < age_ms)
            .map(|known| known.languages)
    }

    fn memory(&self) -> Memory {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the source, unless it was asked in vain a moment ago: while it is
    /// away, submitting must not wait for it each time. What was known before
    /// is better than nothing.
    async fn ask(
        &self,
        source: &impl LanguageSource,
        now_ms: u64,
        log: &mut Vec<String>,
    ) -> Option<Vec<Language>> {
        let memory = self.memory();
        let before = memory.known.map(|known| known.languages);
        if memory
            .asked_in_vain_ms
            .is_some_and(|at_ms| now_ms.saturating_sub(at_ms) < RECHECK_MS)
        {
            return before;
        }
        match source.fetch().await {
            Ok(languages) => {
                *self.lock() = Memory {
                    known: Some(Known {
                        at_ms: now_ms,
                        languages: languages.clone(),
                    }),
                    asked_in_vain_ms: None,
                };
                Some(languages)
            }
            Err(error) => {
                log.push(format!("languages: {error}"));
                self.lock().asked_in_vain_ms = Some(now_ms);
                before
            }
        }
    }
}

/// 422 that says which languages there are.
pub fn not_offered(name: &str, offered: &str) -> ApiError {
    ApiError::invalid(
        "language",
        format!("language {name:?} is not offered. Offered are: {offered}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// Answers from a list of answers and counts how often it was asked.
    struct Source(RefCell<Vec<Result<Vec<Language>, String>>>);

    impl LanguageSource for Source {
        async fn fetch(&self) -> Result<Vec<Language>, String> {
            self.0.borrow_mut().remove(0)
        }
    }

    fn python() -> Vec<Language> {
        vec![Language {
            language: "python".into(),
            version: "3.11.7".into(),
            aliases: vec!["py".into()],
        }]
    }

    fn source(answers: Vec<Result<Vec<Language>, String>>) -> Source {
        Source(RefCell::new(answers))
    }

    #[tokio::test]
    async fn one_question_serves_many_submissions() {
        let (languages, mut log) = (Languages::new(), Vec::new());
        let source = source(vec![Ok(python())]);
        for (name, now_ms) in [("python", 0), ("py", 1), ("python", FRESH_MS - 1)] {
            assert_eq!(
                languages.check(name, &source, now_ms, &mut log).await,
                Ok(())
            );
        }
        assert!(source.0.borrow().is_empty());
    }

    #[tokio::test]
    async fn a_missing_language_is_refused_with_the_list_and_asked_for_again_later() {
        let (languages, mut log) = (Languages::new(), Vec::new());
        let mut more = python();
        more[0].language = "ruby".into();
        let source = source(vec![Ok(python()), Ok(more)]);
        let error = languages
            .check("ruby", &source, 0, &mut log)
            .await
            .unwrap_err();
        assert_eq!(
            (error.status().as_u16(), error.field()),
            (422, Some("language"))
        );
        assert!(error.message().contains("python"), "{}", error.message());
        assert!(
            languages
                .check("ruby", &source, RECHECK_MS - 1, &mut log)
                .await
                .is_err()
        );
        assert_eq!(
            languages.check("ruby", &source, RECHECK_MS, &mut log).await,
            Ok(())
        );
    }

    #[tokio::test]
    async fn an_outage_stops_nobody() {
        let (languages, mut log) = (Languages::new(), Vec::new());
        let source = source(vec![
            Err("down".into()),
            Ok(python()),
            Err("down again".into()),
        ]);
        // Asked once, and not again for a while.
        for now_ms in [0, 1, RECHECK_MS - 1] {
            let checked = languages.check("cobol", &source, now_ms, &mut log).await;
            assert_eq!(checked, Ok(()));
        }
        let later = languages
            .check("cobol", &source, RECHECK_MS, &mut log)
            .await;
        assert!(later.is_err());
        // Too old to trust, but all there is.
        assert_eq!(
            languages.check("py", &source, 2 * FRESH_MS, &mut log).await,
            Ok(())
        );
        assert_eq!(log, ["languages: down", "languages: down again"]);
    }
}
