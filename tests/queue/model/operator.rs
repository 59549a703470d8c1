//! An operator's calls, on both sides: purge, dead letters, publishing, judging
//! again. What is read in one step may be acted upon in a later one, as by two
//! operators at once, or by one who clicks twice.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::language::FunctionLanguages;
use shared::domain::problem::Problem;
use shared::domain::result::StoredResult;
use shared::queue::dead_letters::Replay;
use shared::queue::keys;
use shared::queue::purge::{Purge, Purged, Scheduled};
use shared::queue::rejudge::ArchivedSubmission;

use super::compare::SCHEDULED;
use super::play::{Player, tickets};
use super::read::{Listed, ReadLetter};
use super::state::{Model, Place, parts};
use crate::fixtures::{CONFIG, NOW_MS};

/// A later time with each call, also of other cases: no stamp comes twice.
fn new_time_ms() -> u64 {
    static TIME_MS: AtomicU64 = AtomicU64::new(NOW_MS);
    TIME_MS.fetch_add(1, Ordering::Relaxed)
}

impl Player<'_> {
    /// One of the places that can be purged, or all.
    pub(super) fn purge(&mut self, which: usize) {
        let what = match which % 5 {
            4 => &Purge::ALL[..],
            one => &Purge::ALL[one..=one],
        };
        let store = &self.stack.store;
        let purged = self.stack.ok(store.purge(what, CONFIG.result_ttl_s, 40));
        let before = self.model.purged;
        for place in what {
            match place {
                Purge::Lane(lane) => self.model.purge_lane(*lane),
                Purge::Scheduled => self.model.purge_scheduled(),
            }
        }
        let count = self.model.purged - before;
        assert_eq!(purged, Purged { count, more: false });
    }

    pub(super) fn compare_scheduled(&self) {
        let mut expected: Vec<Scheduled> = self
            .model
            .leased
            .iter()
            .filter(|(token, _)| parts(token).never_claimed())
            .map(|(token, leased)| Scheduled {
                id: parts(token).uid,
                lane: parts(token).lane,
                due_at_ms: leased.time - SCHEDULED,
            })
            .collect();
        let mut listed = self.stack.ok(self.stack.store.scheduled(0)).submissions;
        listed.sort_by(|a, b| a.id.cmp(&b.id));
        expected.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(listed, expected);
    }

    /// Reads a dead letter. `None` for one that cannot be replayed, and where there
    /// is none.
    pub(super) fn read_letter(&mut self, which: usize, lane: Lane) -> Option<ReadLetter> {
        let id = self.dead_id(which);
        let read = self.stack.ok(self.stack.store.dead_letter(&id));
        let expected = self.model.dead.get(&id).map(|(letter, payload)| {
            let letter = serde_json::to_vec(letter).unwrap();
            (letter, payload.clone())
        });
        assert_eq!(read, expected);
        let (_, stored) = read?;
        let replay = Replay::of(&id, lane, &stored, NOW_MS);
        let Ok(mut job) = Job::decode(&stored) else {
            assert!(replay.is_err(), "{replay:?}");
            return None;
        };
        if job.id.as_ref() != Some(&id) {
            job.id = Some(id.clone());
            job.archived = None;
        }
        job.requeued_at_ms = Some(NOW_MS);
        Some(ReadLetter {
            replay: replay.unwrap(),
            id,
            lane,
            stored,
            job,
        })
    }

    pub(super) fn replay(&mut self, letters: &[ReadLetter]) {
        let replays: Vec<Replay> = letters.iter().map(|letter| letter.replay.clone()).collect();
        let replayed = self.stack.ok(self.stack.store.replay(&replays));
        let expected: Vec<Option<u64>> = letters
            .iter()
            .map(|letter| self.model.replay(letter))
            .collect();
        assert_eq!(replayed, expected);
    }

    pub(super) fn delete_dead_letter(&mut self, which: usize) {
        let id = self.dead_id(which);
        let store = &self.stack.store;
        let deleted = self.stack.ok(store.delete_dead_letter(&id, &tickets()));
        assert_eq!(deleted, self.model.delete_dead_letter(&id));
    }

    /// A problem gets a version that it never had.
    pub(super) fn publish(&mut self, id: &ProblemId) {
        let expected = self.number().to_string();
        let value = json!({
            "title": "t",
            "kind": "program",
            "cases": [{ "input": "", "expected": expected }],
        });
        let problem = Problem::from_value(id, &value).unwrap();
        let published = self.stack.ok(self.stack.store.publish(
            problem,
            FunctionLanguages::EMPTY,
            &tickets(),
            new_time_ms(),
        ));
        let before = self
            .model
            .versions
            .insert(id.clone(), published.version.clone());
        assert_eq!(published.new, before.is_none());
        assert_ne!(before, Some(published.version));
    }

    /// Lists what is to be judged again, as the call for it does.
    pub(super) fn list(&mut self, id: &ProblemId) -> Option<Listed> {
        let store = &self.stack.store;
        let version = self.stack.ok(store.versions(&[id])).pop().unwrap();
        assert_eq!(version.as_ref(), self.model.versions.get(id));
        let version = version?;
        let (submissions, read_count) = self.stack.ok(store.list_archived(id, 0, 1_000));
        let (expected, noted) = self.model.archived(id);
        assert_eq!(read_count, noted as u64);
        let listed: Vec<&str> = submissions
            .iter()
            .map(|one| one.job.id.as_deref().unwrap())
            .collect();
        assert_eq!(listed, expected);
        let submissions: Vec<ArchivedSubmission> = submissions
            .into_iter()
            .filter(|one| one.judged_by().as_ref() != Some(&version))
            .filter(|one| one.requeued_for.as_ref() != Some(&version))
            .collect();
        let length = |one: &ArchivedSubmission| {
            let id = one.job.id.as_ref().unwrap();
            self.model.results[id].len()
        };
        Some(Listed {
            lengths: submissions.iter().map(length).collect(),
            submissions,
            version,
        })
    }

    pub(super) fn requeue(&mut self, listed: &Listed) {
        let (store, version) = (&self.stack.store, &listed.version);
        let requeued = self
            .stack
            .ok(store.requeue(&listed.submissions, version, NOW_MS));
        let mut count = 0;
        for (submission, length) in listed.submissions.iter().zip(&listed.lengths) {
            let mut job = submission.job.clone();
            job.requeued_at_ms = Some(NOW_MS);
            count += usize::from(self.model.requeue(&job, *length, version));
        }
        assert_eq!(requeued.count, count);
        self.requeued += count;
    }
}

impl Model {
    fn purge_lane(&mut self, lane: Lane) {
        let waiting = self.lanes.remove(keys::lane(lane)).unwrap_or_default();
        for payload in waiting {
            self.purged += 1;
            // Of a job without one of our ids nothing is known.
            if let Some(id) = Job::decode(&payload).ok().and_then(|job| job.id) {
                self.store_purged(&id);
            }
        }
    }

    fn purge_scheduled(&mut self) {
        let tokens: Vec<String> = self.leased.keys().cloned().collect();
        for token in tokens.iter().filter(|token| parts(token).never_claimed()) {
            let leased = self.leased.remove(token).unwrap();
            assert!(matches!(leased.place, Place::Due | Place::Scheduled));
            self.purged += 1;
            self.store_purged(&parts(token).uid);
        }
    }

    fn store_purged(&mut self, id: &str) {
        let document = purged_document(id);
        self.results.entry(id.to_owned()).or_insert(document);
    }

    fn replay(&mut self, letter: &ReadLetter) -> Option<u64> {
        let (_, payload) = self.dead.get(&letter.id)?;
        if *payload != letter.stored {
            return None;
        }
        self.dead.remove(&letter.id);
        if letter.job.archived.is_none() {
            self.results.remove(&letter.id);
        }
        Some(self.wait(letter.lane, letter.job.encode().unwrap().into()))
    }

    fn delete_dead_letter(&mut self, id: &str) -> bool {
        let found = self.dead.remove(id).is_some();
        self.deleted += u64::from(found);
        if found && self.has_status(id, "dead") {
            self.results.insert(id.to_owned(), purged_document(id));
        }
        found
    }

    pub(super) fn has_status(&self, id: &str, status: &str) -> bool {
        let start = format!("{{\"id\":\"{id}\",\"status\":\"{status}\"");
        let stored = self.results.get(id);
        stored.is_some_and(|stored| stored.starts_with(start.as_bytes()))
    }

    /// The ids of a problem's submissions with an archive, oldest first, and how many
    /// entries its list has.
    fn archived(&self, id: &ProblemId) -> (Vec<String>, usize) {
        let noted = self.index.get(&keys::archived_of_problem(id));
        let noted: Vec<&Vec<u8>> = noted.into_iter().flatten().rev().collect();
        let mut ids: Vec<String> = Vec::new();
        for key in &noted {
            let id = std::str::from_utf8(key).unwrap().strip_prefix("result:");
            let id = id.unwrap().to_owned();
            let Some(stored) = self.results.get(&id) else {
                continue;
            };
            let archive = StoredResult::from_bytes(stored.clone()).archive;
            if archive.is_some() && !ids.contains(&id) {
                ids.push(id);
            }
        }
        (ids, noted.len())
    }

    fn requeue(&mut self, job: &Job, length: usize, version: &ProblemVersion) -> bool {
        let result = self.results.get_mut(job.id.as_ref().unwrap());
        let Some(result) = result.filter(|result| result.len() == length) else {
            return false;
        };
        result.extend(format!("\nrequeued {}", version.as_str()).into_bytes());
        self.enqueue(Lane::Low, job.encode().unwrap().into());
        true
    }
}

fn purged_document(id: &str) -> Vec<u8> {
    let submitted_at_ms = tickets().verify(id).unwrap().submitted_at_ms;
    format!(r#"{{"id":"{id}","status":"purged","submittedAtMs":{submitted_at_ms}}}"#).into_bytes()
}
