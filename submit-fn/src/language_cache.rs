//! The offered languages, asked seldom and remembered.
//!
//! worker-fn knows them, because it knows the execution endpoints. An instance
//! asks it once, and again when its list is [`FRESH_MS`] old, or when a language
//! is missing from a list older than [`RECHECK_MS`]. One request at a time asks;
//! meanwhile submissions go on with the last known list. While no list is known,
//! every language is taken: an endpoint that is down for an hour must not keep
//! people from submitting.

use std::cell::RefCell;

use shared::domain::language::{self, Language};
use shared::domain::violation::Violation;

/// How long a list is fresh, in milliseconds.
pub const FRESH_MS: u64 = 600_000;
/// How old a list must be before it is fetched again for a missing language, and
/// how long after a failure worker-fn is asked again, in milliseconds.
pub const RECHECK_MS: u64 = 10_000;
/// After this time an asker counts as gone, in milliseconds: when a client goes
/// away, the platform may drop its request without running any destructor.
const ASKER_GONE_MS: u64 = 5_000;
/// How often a request looks whether another one has fetched the list, in
/// milliseconds.
const LOOK_EVERY_MS: u64 = 50;

/// Where the list comes from.
pub trait LanguageSource {
    /// Milliseconds since 1970 (UTC), now.
    fn now_ms(&self) -> u64;

    /// Resolves after this many milliseconds.
    fn pause(&self, ms: u64) -> impl Future<Output = ()>;

    /// The list. Errors are for the log.
    fn languages(&self) -> impl Future<Output = Result<Vec<Language>, String>>;
}

/// What this instance remembers of the offered languages.
#[derive(Debug, Default)]
pub struct LanguageCache(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    cached: Option<CachedLanguages>,
    /// When worker-fn last could not answer, if it has not answered since.
    last_failure_ms: Option<u64>,
    /// When the request began that is asking now.
    asking_since_ms: Option<u64>,
}

#[derive(Debug, Clone)]
struct CachedLanguages {
    fetched_at_ms: u64,
    languages: Vec<Language>,
}

impl LanguageCache {
    /// The offered languages; `None` when they are not known. Waits for another
    /// request that is asking.
    pub async fn all(
        &self,
        source: &impl LanguageSource,
        log: &mut Vec<String>,
    ) -> Option<Vec<Language>> {
        while self.younger_than(u64::MAX, source.now_ms()).is_none()
            && self.is_asking(source.now_ms())
        {
            source.pause(LOOK_EVERY_MS).await;
        }
        self.fresh_or_fetched(source, log).await
    }

    /// Errors: `name` is not offered; names what is. Waits for worker-fn only if
    /// no other request is asking it.
    pub async fn check(
        &self,
        name: &str,
        source: &impl LanguageSource,
        log: &mut Vec<String>,
    ) -> Result<(), Violation> {
        let Some(mut offered) = self.fresh_or_fetched(source, log).await else {
            return Ok(());
        };
        let is_recent = |now_ms| self.younger_than(RECHECK_MS, now_ms).is_some();
        if !language::supports(&offered, name) && !is_recent(source.now_ms()) {
            offered = self.fetch(source, log).await.unwrap_or(offered);
        }
        if language::supports(&offered, name) {
            return Ok(());
        }
        Err(language::not_offered(name, &language::names(&offered)))
    }

    /// The last known list, however old it is; asks nobody.
    pub fn last_known(&self) -> Option<Vec<Language>> {
        self.younger_than(u64::MAX, 0)
    }

    async fn fresh_or_fetched(
        &self,
        source: &impl LanguageSource,
        log: &mut Vec<String>,
    ) -> Option<Vec<Language>> {
        match self.younger_than(FRESH_MS, source.now_ms()) {
            Some(languages) => Some(languages),
            None => self.fetch(source, log).await,
        }
    }

    fn younger_than(&self, age_ms: u64, now_ms: u64) -> Option<Vec<Language>> {
        let state = self.0.borrow();
        let cached = state.cached.as_ref();
        cached
            .filter(|cached| now_ms.saturating_sub(cached.fetched_at_ms) < age_ms)
            .map(|cached| cached.languages.clone())
    }

    fn is_asking(&self, now_ms: u64) -> bool {
        let since_ms = self.0.borrow().asking_since_ms;
        since_ms.is_some_and(|since_ms| now_ms.saturating_sub(since_ms) < ASKER_GONE_MS)
    }

    /// Asks worker-fn, unless another request is asking or it failed a moment ago:
    /// while it is down, submissions must not wait for it each time. The last
    /// known list, however old, is better than none.
    async fn fetch(
        &self,
        source: &impl LanguageSource,
        log: &mut Vec<String>,
    ) -> Option<Vec<Language>> {
        let now_ms = source.now_ms();
        let last_known = self.younger_than(u64::MAX, now_ms);
        let last_failure_ms = self.0.borrow().last_failure_ms;
        if self.is_asking(now_ms)
            || last_failure_ms.is_some_and(|at_ms| now_ms.saturating_sub(at_ms) < RECHECK_MS)
        {
            return last_known;
        }
        self.0.borrow_mut().asking_since_ms = Some(now_ms);
        let answer = source.languages().await;
        // After the wait, which may have been longer than any of the times above.
        let now_ms = source.now_ms();
        let mut state = self.0.borrow_mut();
        state.asking_since_ms = None;
        match answer {
            Ok(languages) => {
                state.last_failure_ms = None;
                state.cached = Some(CachedLanguages {
                    fetched_at_ms: now_ms,
                    languages: languages.clone(),
                });
                Some(languages)
            }
            Err(error) => {
                log.push(format!("languages: {error}"));
                state.last_failure_ms = Some(now_ms);
                last_known
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    use futures_util::future::join;

    /// How long it takes, in milliseconds, and what comes.
    type Answer = (u64, Result<Vec<Language>, String>);

    /// Answers from a list, each after a time of its own.
    #[derive(Default)]
    struct Source {
        now_ms: Cell<u64>,
        answers: RefCell<Vec<Answer>>,
    }

    impl LanguageSource for Source {
        fn now_ms(&self) -> u64 {
            self.now_ms.get()
        }

        async fn pause(&self, ms: u64) {
            self.now_ms.set(self.now_ms.get() + ms);
            tokio::task::yield_now().await;
        }

        async fn languages(&self) -> Result<Vec<Language>, String> {
            let (takes_ms, answer) = self.answers.borrow_mut().remove(0);
            tokio::task::yield_now().await;
            self.now_ms.set(self.now_ms.get() + takes_ms);
            answer
        }
    }

    fn python() -> Vec<Language> {
        vec![Language {
            language: "python".into(),
            version: "3.11.7".into(),
            aliases: vec!["py".into()],
        }]
    }

    fn source(answers: Vec<Answer>) -> Source {
        Source {
            answers: RefCell::new(answers),
            ..Source::default()
        }
    }

    impl Source {
        async fn check(&self, cache: &LanguageCache, name: &str, now_ms: u64) -> bool {
            self.now_ms.set(now_ms);
            cache.check(name, self, &mut Vec::new()).await.is_ok()
        }
    }

    #[tokio::test]
    async fn one_call_serves_many_submissions() {
        let cache = LanguageCache::default();
        let source = source(vec![(0, Ok(python()))]);
        for (name, now_ms) in [("python", 0), ("py", 1), ("python", FRESH_MS - 1)] {
            assert!(source.check(&cache, name, now_ms).await);
        }
        assert!(source.answers.borrow().is_empty());
    }

    #[tokio::test]
    async fn a_missing_language_is_refused_and_the_list_fetched_again_later() {
        let cache = LanguageCache::default();
        let mut more = python();
        more[0].language = "ruby".into();
        let source = source(vec![(0, Ok(python())), (0, Ok(more))]);
        let error = cache.check("ruby", &source, &mut Vec::new()).await;
        let error = error.unwrap_err();
        assert_eq!(error.field, "language");
        assert!(error.message.contains("python"), "{error}");
        assert!(!source.check(&cache, "ruby", RECHECK_MS - 1).await);
        assert!(source.check(&cache, "ruby", RECHECK_MS).await);
    }

    #[tokio::test]
    async fn an_outage_of_worker_fn_refuses_no_submission() {
        let (cache, mut log) = (LanguageCache::default(), Vec::new());
        let source = source(vec![
            (0, Err("down".into())),
            (0, Ok(python())),
            (0, Err("down again".into())),
        ]);
        // Asked once, and not again for 10 s.
        for now_ms in [0, 1, RECHECK_MS - 1] {
            source.now_ms.set(now_ms);
            assert_eq!(cache.check("cobol", &source, &mut log).await, Ok(()));
        }
        source.now_ms.set(RECHECK_MS);
        assert!(cache.check("cobol", &source, &mut log).await.is_err());
        // Too old to be fresh, but the last known list.
        source.now_ms.set(2 * FRESH_MS);
        assert_eq!(cache.check("py", &source, &mut log).await, Ok(()));
        assert_eq!(log, ["languages: down", "languages: down again"]);
    }

    /// A failure that took longer than the time for which it is remembered.
    #[tokio::test]
    async fn a_slow_failure_is_remembered_from_its_end() {
        let cache = LanguageCache::default();
        let source = source(vec![(2 * RECHECK_MS, Err("down".into()))]);
        assert!(source.check(&cache, "python", 0).await);
        // A second call would find no answer, and panic.
        assert!(source.check(&cache, "python", 3 * RECHECK_MS - 1).await);
    }

    #[tokio::test]
    async fn while_one_asks_the_others_go_on() {
        let cache = LanguageCache::default();
        let source = source(vec![(0, Ok(python()))]);
        // Without a list every language is taken; the second does not ask.
        let mut logs = (Vec::new(), Vec::new());
        let (first, second) = join(
            cache.check("cobol", &source, &mut logs.0),
            cache.check("cobol", &source, &mut logs.1),
        )
        .await;
        assert!(first.is_err() && second.is_ok());
    }

    #[tokio::test]
    async fn a_list_that_is_asked_for_is_waited_for_by_those_who_want_it() {
        let cache = LanguageCache::default();
        let source = source(vec![(0, Ok(python()))]);
        let mut logs = (Vec::new(), Vec::new());
        let (first, second) = join(
            cache.all(&source, &mut logs.0),
            cache.all(&source, &mut logs.1),
        )
        .await;
        assert_eq!(first, Some(python()));
        assert_eq!(second, Some(python()));
    }

    #[tokio::test]
    async fn an_asker_that_is_gone_does_not_block_the_others() {
        let cache = LanguageCache::default();
        let source = source(vec![(0, Err("never seen".into())), (0, Ok(python()))]);
        {
            let mut log = Vec::new();
            let mut check = std::pin::pin!(cache.check("cobol", &source, &mut log));
            assert!(futures_util::poll!(check.as_mut()).is_pending());
        }
        assert!(source.check(&cache, "cobol", ASKER_GONE_MS - 1).await);
        assert!(!source.check(&cache, "cobol", ASKER_GONE_MS).await);
    }
}
