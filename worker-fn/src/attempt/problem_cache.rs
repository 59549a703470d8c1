//! The problems that an instance holds.
//!
//! A claim tells the versions of its jobs' problems as they are at that moment, and
//! those that it does not know (of a foreign producer's jobs, mostly) are asked for, one
//! command for all of them; a problem's text is only fetched when the instance does not
//! hold that version yet. A problem may be published between the two, so a text is held
//! only under the version that is its fingerprint, or that was read with it in one
//! transaction. (Versions are keyed: after a change of `TICKET_SECRET` no
//! fingerprint is the version that was published before.)

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use shared::domain::ids::{InputsHash, ProblemId, ProblemVersion};
use shared::domain::problem::Problem;
use shared::domain::ticket::TicketKey;
use shared::queue::Store;
use shared::queue::worker_cache::ProblemVersions;
use shared::redis::RedisError;

use super::claimed_job::ClaimedJob;
use crate::limits::{Memory, Semaphore};
use crate::runtime::Runtime;

/// The most bytes of JSON of all problems that an instance holds.
const MAX_BYTES: usize = 12 * 1024 * 1024;

/// What fetching a problem takes at the most: its text of 4 MiB is a third longer
/// in the response, which is there as bytes and as a value while it is decoded.
const FETCH_BYTES: usize = 20 * 1024 * 1024;
/// How long a fetch waits for room, in milliseconds.
const FETCH_WAIT_MS: u64 = 5_000;

/// A problem as it was published.
#[derive(Debug)]
pub struct CachedProblem {
    /// The problem.
    pub problem: Problem,
    /// Its version.
    pub version: ProblemVersion,
    /// [`Problem::inputs_hash`].
    pub inputs: InputsHash,
    /// Its size as JSON.
    pub bytes: usize,
}

impl CachedProblem {
    /// A problem of this version, whose JSON has this many bytes.
    pub fn new(problem: Problem, version: ProblemVersion, bytes: usize) -> Self {
        Self {
            inputs: problem.inputs_hash(),
            problem,
            version,
            bytes,
        }
    }
}

/// The problems of an instance, least recently used first.
#[derive(Debug, Default)]
pub struct ProblemCache(RefCell<VecDeque<Rc<CachedProblem>>>);

impl ProblemCache {
    fn get(&self, id: &ProblemId, version: &ProblemVersion) -> Option<Rc<CachedProblem>> {
        let mut all = self.0.borrow_mut();
        let index = all
            .iter()
            .position(|cached| cached.problem.id == *id && cached.version == *version)?;
        let cached = all.remove(index)?;
        all.push_back(Rc::clone(&cached));
        Some(cached)
    }

    /// Holds a problem in the place of its other versions, and lets go of the
    /// least recently used ones as long as all are too large.
    fn insert(&self, problem: &Rc<CachedProblem>) {
        let mut all = self.0.borrow_mut();
        all.retain(|cached| cached.problem.id != problem.problem.id);
        all.push_back(Rc::clone(problem));
        while all.len() > 1 && all.iter().map(|cached| cached.bytes).sum::<usize>() > MAX_BYTES {
            all.pop_front();
        }
    }
}

/// Why a problem cannot be had.
#[derive(Debug)]
pub enum ProblemError {
    /// The invocation has no call left to fetch it; the calls that it takes.
    BudgetExhausted(u64),
    /// Redis cannot be asked.
    Store(RedisError),
    /// What is stored is not a problem; a sentence for the log.
    Damaged(String),
}

/// The problems of the jobs at hand.
pub struct Problems {
    store: Store,
    key: TicketKey,
    cache: Rc<ProblemCache>,
    /// One problem is fetched at a time: several jobs may need the same one, and
    /// a large one takes much of an instance's memory while it is read.
    fetching: Rc<Semaphore>,
    memory: Memory,
    runtime: Runtime,
    versions: RefCell<ProblemVersions>,
}

impl Problems {
    /// The problems in `store`, with those that the instance holds, in its memory.
    /// `key` is the one that versions are made with.
    pub fn new(
        store: Store,
        key: TicketKey,
        cache: Rc<ProblemCache>,
        memory: Memory,
        runtime: Runtime,
    ) -> Self {
        Self {
            store,
            key,
            cache,
            fetching: Semaphore::new(1),
            memory,
            runtime,
            versions: RefCell::default(),
        }
    }

    /// Takes in the versions that came with claimed jobs. Returns those of their problems
    /// that are to be looked up before a job is started.
    pub fn note_claimed(&self, jobs: &[ClaimedJob], versions: ProblemVersions) -> Vec<ProblemId> {
        let mut unknown: Vec<ProblemId> = Vec::new();
        for job in jobs.iter().filter_map(|claimed| claimed.job.as_ref().ok()) {
            let id = &job.problem_id;
            if !versions.knows(id) && !unknown.contains(id) {
                unknown.push(id.clone());
            }
        }
        self.versions.borrow_mut().extend(versions);
        unknown
    }

    /// Asks for the versions of these problems. One command, and none for no ids.
    pub async fn look_up(&self, ids: &[&ProblemId]) -> Result<(), RedisError> {
        let versions = self.store.versions(ids).await?;
        let mut known = self.versions.borrow_mut();
        for (&id, version) in ids.iter().zip(versions) {
            known.set(id.clone(), version);
        }
        Ok(())
    }

    /// A problem that was looked up; `None` when there is none of this id. At
    /// most one call, and another one when the problem was published meanwhile;
    /// `pay` must allow each.
    pub async fn get(
        &self,
        id: &ProblemId,
        pay: impl Fn() -> bool,
    ) -> Result<Option<Rc<CachedProblem>>, ProblemError> {
        if let Some(held) = self.held(id) {
            return Ok(held);
        }
        let _turn = self.fetching.acquire().await;
        // Another job may have fetched it meanwhile, and found a newer version.
        if let Some(held) = self.held(id) {
            return Ok(held);
        }
        let version = self.versions.borrow().get(id).cloned();
        let Some(version) = version else {
            return Ok(None);
        };
        let requests = &self.memory.requests;
        // Without room for so long, fetching it is no worse than waiting.
        let _memory = requests
            .reserve(FETCH_BYTES, self.runtime.sleep, FETCH_WAIT_MS)
            .await;
        let Some((version, text)) = self.fetch(id, version, pay).await? else {
            return Ok(None);
        };
        let problem = Problem::from_stored(id, &text)
            .map_err(|violation| ProblemError::Damaged(violation.message))?;
        let cached = Rc::new(CachedProblem::new(problem, version.clone(), text.len()));
        self.versions.borrow_mut().set(id.clone(), Some(version));
        self.cache.insert(&cached);
        Ok(Some(cached))
    }

    /// What is known of a problem without a call: that there is none
    /// (`Some(None)`), or the version that was looked up, if it is held.
    #[expect(clippy::option_option, reason = "unknown, known to be none, known")]
    fn held(&self, id: &ProblemId) -> Option<Option<Rc<CachedProblem>>> {
        let versions = self.versions.borrow();
        match versions.get(id) {
            None => Some(None),
            Some(version) => self.cache.get(id, version).map(Some),
        }
    }

    /// A problem's text with its version; `None` when it was deleted meanwhile.
    async fn fetch(
        &self,
        id: &ProblemId,
        version: ProblemVersion,
        pay: impl Fn() -> bool,
    ) -> Result<Option<(ProblemVersion, Vec<u8>)>, ProblemError> {
        if !pay() {
            return Err(ProblemError::BudgetExhausted(1));
        }
        let text = self.store.problem_text(id).await;
        let Some(text) = text.map_err(ProblemError::Store)? else {
            return Ok(None);
        };
        if self.key.fingerprint(&text) == version.as_str() {
            return Ok(Some((version, text)));
        }
        drop(text);
        if !pay() {
            return Err(ProblemError::BudgetExhausted(2));
        }
        self.store.problem(id).await.map_err(ProblemError::Store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cached(id: &str, version: &str, bytes: usize) -> Rc<CachedProblem> {
        let value = json!({
            "title": "Echo",
            "kind": "program",
            "cases": [{ "input": "a", "expected": "a" }],
        });
        let problem = Problem::from_value(&ProblemId::parse(id, "id").unwrap(), &value).unwrap();
        let version = ProblemVersion::new(version);
        Rc::new(CachedProblem::new(problem, version, bytes))
    }

    fn holds(cache: &ProblemCache, id: &str, version: &str) -> bool {
        let id = ProblemId::parse(id, "id").unwrap();
        cache.get(&id, &ProblemVersion::new(version)).is_some()
    }

    #[test]
    fn a_new_version_replaces_the_old_one() {
        let cache = ProblemCache::default();
        cache.insert(&cached("a", "1", 1));
        assert!(holds(&cache, "a", "1") && !holds(&cache, "a", "2"));
        cache.insert(&cached("a", "2", 1));
        assert!(!holds(&cache, "a", "1") && holds(&cache, "a", "2"));
    }

    #[test]
    fn the_least_recently_used_problems_go_first() {
        let cache = ProblemCache::default();
        for id in ["a", "b", "c"] {
            cache.insert(&cached(id, "1", MAX_BYTES / 3));
        }
        assert!(holds(&cache, "a", "1"));
        cache.insert(&cached("d", "1", MAX_BYTES / 3));
        assert!(!holds(&cache, "b", "1"), "used longest ago");
        assert!(holds(&cache, "a", "1") && holds(&cache, "c", "1"));
        cache.insert(&cached("large", "1", 2 * MAX_BYTES));
        assert!(holds(&cache, "large", "1"), "alone, it is held");
        assert!(!holds(&cache, "a", "1"));
    }
}
