//! What an instance of worker-fn knows of Redis, so that it need not ask or write again:
//! the versions of problems, and until when lists of results live.
//!
//! Nothing here decides by its age whether it still holds. A version counts under the
//! *stamp* that it was read with, which every publishing and deleting of a problem
//! changes, and each claim reads the stamp: a job that is claimed after a problem was
//! published is judged by what was published. A list's end is only ever moved away, and
//! a list that was lost and is written anew gets its end from `work.lua`.
//!
//! [`Store`](super::Store) fills and reads it; worker-fn keeps it from one invocation to
//! the next, and nothing is wrong when it is empty.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::ids::{ProblemId, ProblemVersion};

/// The versions of some problems, the oldest finding first. They are few, and a map of
/// its own type is some kilobytes of wasm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProblemVersions(Vec<(ProblemId, Option<ProblemVersion>)>);

impl ProblemVersions {
    /// Whether it is known which version a problem has, or that there is none.
    pub fn knows(&self, id: &ProblemId) -> bool {
        self.0.iter().any(|(known, _)| known == id)
    }

    /// The version of a problem; `None` also where it is not known.
    pub fn get(&self, id: &ProblemId) -> Option<&ProblemVersion> {
        let found = self.0.iter().find(|(known, _)| known == id);
        found.and_then(|(_, version)| version.as_ref())
    }

    /// Notes what was found of a problem: `None` where there is none.
    pub fn set(&mut self, id: ProblemId, version: Option<ProblemVersion>) {
        self.0.retain(|(known, _)| *known != id);
        self.0.push((id, version));
    }

    /// Notes all of these.
    pub fn extend(&mut self, found: Self) {
        for (id, version) in found.0 {
            self.set(id, version);
        }
    }
}

/// How long versions count without being read again, in milliseconds. The stamp alone
/// would do, were the catalog never changed by an earlier release or by hand.
const VERSIONS_MS: u64 = 10 * 60_000;
/// The most problems whose versions are known. A claim names them.
const MAX_VERSIONS: usize = 32;
/// The most lists whose ends are known.
const MAX_LISTS: usize = 200;
/// A list lives up to so much longer than its newest item, in seconds, so that not every
/// new item moves its end.
const MAX_LIST_SLACK_S: u64 = 3_600;

/// What an instance knows. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct WorkerCache(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// As Redis gave it; empty while nothing is known.
    stamp: String,
    since_ms: u64,
    versions: ProblemVersions,
    /// Keys, each with the time in milliseconds until which the list lives at the least.
    lists: Vec<(String, u64)>,
}

impl State {
    fn forget_old_versions(&mut self, now_ms: u64) {
        if now_ms.saturating_sub(self.since_ms) >= VERSIONS_MS {
            self.stamp.clear();
            self.versions.0.clear();
        }
    }
}

impl WorkerCache {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stamp under which versions are known, and the ids of their problems, each
    /// between spaces. Both are empty while nothing is known.
    pub(super) fn stamp_and_ids(&self, now_ms: u64) -> (String, String) {
        let mut state = self.state();
        state.forget_old_versions(now_ms);
        let ids = state.versions.0.iter().map(|(id, _)| id.as_str());
        (state.stamp.clone(), between_spaces(ids))
    }

    /// Adds the versions that a claim read with this stamp. Returns all that are known
    /// under it.
    pub(super) fn note_versions(
        &self,
        stamp: &str,
        read: ProblemVersions,
        now_ms: u64,
    ) -> ProblemVersions {
        let mut state = self.state();
        state.forget_old_versions(now_ms);
        if state.stamp != stamp {
            stamp.clone_into(&mut state.stamp);
            state.since_ms = now_ms;
            state.versions.0.clear();
        }
        state.versions.extend(read);
        let all = state.versions.clone();
        let too_many = all.0.len().saturating_sub(MAX_VERSIONS);
        state.versions.0.drain(..too_many);
        all
    }

    /// Which of these lists live for `ttl_s` at the least, each between spaces.
    pub(super) fn lasting<'a>(
        &self,
        lists: impl Iterator<Item = &'a str>,
        ttl_s: u64,
        now_ms: u64,
    ) -> String {
        let state = self.state();
        let needed_ms = now_ms + ttl_s * 1_000;
        let lasts = |list: &str| {
            let mut known = state.lists.iter();
            known.any(|(key, end_ms)| key == list && *end_ms >= needed_ms)
        };
        between_spaces(lists.filter(|&list| lasts(list)))
    }

    /// Notes that the ends of these lists were moved to [`list_ttl_s`] from `now_ms` on.
    pub(super) fn note_lists(&self, lists: Vec<String>, ttl_s: u64, now_ms: u64) {
        let known = &mut self.state().lists;
        if known.len() + lists.len() > MAX_LISTS {
            known.clear();
        }
        let end_ms = now_ms + list_ttl_s(ttl_s) * 1_000;
        for list in lists {
            known.retain(|(key, _)| *key != list);
            known.push((list, end_ms));
        }
    }
}

/// For how long a list is stored from when its end is moved on, where its items are for
/// `ttl_s`: a 24th longer, and an hour at most.
pub(super) fn list_ttl_s(ttl_s: u64) -> u64 {
    ttl_s + (ttl_s / 24).min(MAX_LIST_SLACK_S)
}

/// What `work.lua` finds a word in.
fn between_spaces<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::from(" ");
    for word in words {
        text.push_str(word);
        text.push(' ');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(read: &[(&str, Option<&str>)]) -> ProblemVersions {
        let mut all = ProblemVersions::default();
        for (problem, version) in read {
            let id = ProblemId::parse(problem, "id").unwrap();
            all.set(id, version.map(ProblemVersion::new));
        }
        all
    }

    #[test]
    fn versions_count_under_their_stamp() {
        let known = WorkerCache::default();
        assert_eq!(known.stamp_and_ids(5), (String::new(), " ".into()));
        let a = versions(&[("a", Some("1"))]);
        assert_eq!(known.note_versions("-7", a.clone(), 5), a);
        let both = versions(&[("a", Some("1")), ("b", None)]);
        let b = versions(&[("b", None)]);
        assert_eq!(known.note_versions("-7", b.clone(), 6), both);
        assert_eq!(known.stamp_and_ids(6), ("-7".into(), " a b ".into()));
        // The answer of a claim that was made before, or a problem was published.
        assert_eq!(known.note_versions("-6", b.clone(), 7), b);
        assert_eq!(known.stamp_and_ids(7), ("-6".into(), " b ".into()));
    }

    #[test]
    fn versions_are_read_again_after_a_while() {
        let known = WorkerCache::default();
        known.note_versions("-7", versions(&[("a", Some("1"))]), 5);
        known.note_versions("-7", versions(&[("b", None)]), 5 + VERSIONS_MS - 1);
        let old = 5 + VERSIONS_MS;
        assert_eq!(known.stamp_and_ids(old), (String::new(), " ".into()));
        let b = versions(&[("b", None)]);
        assert_eq!(known.note_versions("-7", b.clone(), old), b);
    }

    #[test]
    fn the_oldest_versions_give_way() {
        let known = WorkerCache::default();
        for number in 0..=MAX_VERSIONS {
            known.note_versions("0", versions(&[(&format!("p{number}"), None)]), 5);
        }
        let (_, ids) = known.stamp_and_ids(5);
        assert!(!ids.contains(" p0 ") && ids.contains(" p1 "), "{ids}");
        // A claim of more gets them all.
        let names: Vec<String> = (0..MAX_VERSIONS + 9).map(|n| format!("q{n}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), None)).collect();
        let all = known.note_versions("0", versions(&many), 5);
        assert!(
            names
                .iter()
                .all(|name| all.knows(&ProblemId::parse(name, "id").unwrap()))
        );
    }

    #[test]
    fn a_list_lasts_while_it_outlives_a_new_item() {
        let known = WorkerCache::default();
        let lasting = |ttl_s, now_ms| known.lasting(["l", "m"].into_iter(), ttl_s, now_ms);
        assert_eq!(lasting(240, 0), " ");
        known.note_lists(vec!["l".into()], 240, 1_000);
        assert_eq!(list_ttl_s(240), 250);
        assert_eq!(lasting(240, 11_000), " l ");
        assert_eq!(lasting(240, 11_001), " ", "it would end before the item");
        assert_eq!(lasting(241, 11_000), " ", "items are stored for longer now");
        assert_eq!(list_ttl_s(604_800), 604_800 + MAX_LIST_SLACK_S);
        assert_eq!(list_ttl_s(1), 1);
    }
}
