//! What is stored of each submission of a storm, looked at all the while.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use support::redis_client::RedisClient;

/// The end that a submission must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ends {
    /// Run, with this number as its output.
    Prints(usize),
    /// Judged as right.
    Accepted,
    /// Judged, whatever the verdict.
    Judged,
    /// Run without an output.
    Runs,
    /// The same, or purged.
    RunsOrPurged,
    /// Purged.
    Purged,
    /// Judged as wrong at first, and as right by the next version of its problem.
    WrongThenAccepted,
    /// Judged as wrong.
    Wrong,
}

/// All submissions of a storm.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<BTreeMap<String, Entry>>);

#[derive(Debug)]
struct Entry {
    ends: Ends,
    /// The results that were seen, the oldest first.
    results: Vec<String>,
}

impl Ledger {
    /// Notes an accepted submission.
    pub(crate) fn add(&self, id: String, ends: Ends) {
        let entry = Entry {
            ends,
            results: Vec::new(),
        };
        let before = self.entries().insert(id, entry);
        assert!(before.is_none(), "an id was given twice");
    }

    /// Reads all results, and notes those that are new or differ.
    pub(crate) fn look(&self, redis: &RedisClient) {
        let ids: Vec<String> = self.entries().keys().cloned().collect();
        if ids.is_empty() {
            return;
        }
        let keys: Vec<String> = ids.iter().map(|id| format!("result:{id}")).collect();
        let mut words = vec!["MGET"];
        words.extend(keys.iter().map(String::as_str));
        let stored: Vec<Option<String>> = redis.run(&words);
        let mut entries = self.entries();
        for (id, stored) in ids.iter().zip(stored) {
            let results = &mut entries.get_mut(id).unwrap().results;
            // The document is the first line; what follows is the archive, and marks
            // that it waits to be judged again.
            let document = stored.as_deref().map(|text| text.lines().next().unwrap());
            match (document, results.last()) {
                (None, None) => {}
                (None, Some(last)) => panic!("a result is gone: {last}"),
                (Some(new), last) if last.is_some_and(|last| last == new) => {}
                (Some(new), _) => results.push(new.to_owned()),
            }
        }
    }

    /// How many submissions with an end like one of `ends` have a result.
    pub(crate) fn ended(&self, is_meant: impl Fn(Ends) -> bool) -> usize {
        let entries = self.entries();
        let ended = entries.values().filter(|entry| !entry.results.is_empty());
        ended.filter(|entry| is_meant(entry.ends)).count()
    }

    /// How many submissions were judged twice.
    pub(crate) fn judged_again(&self) -> usize {
        let entries = self.entries();
        let again = entries.values().filter(|entry| entry.results.len() == 2);
        again.count()
    }

    /// All ids.
    pub(crate) fn ids(&self) -> BTreeSet<String> {
        self.entries().keys().cloned().collect()
    }

    /// Every submission has had the end that it must have, and no other.
    pub(crate) fn check(&self) -> Summary {
        let mut summary = Summary::default();
        for (id, entry) in self.entries().iter() {
            let results: Vec<Value> = entry
                .results
                .iter()
                .map(|text| serde_json::from_str(text).unwrap())
                .collect();
            assert!(
                is_expected(entry.ends, &results),
                "{:?}: {id} had {:.2000}",
                entry.ends,
                entry.results.join("\n")
            );
            for result in &results {
                assert_eq!(result["id"], id.as_str());
                if result["status"] == "purged" {
                    summary.purged += 1;
                    continue;
                }
                summary.done += 1;
                // One may be lost to an outage, and none to other jobs.
                let attempts = result["attempts"].as_u64().unwrap();
                summary.later_attempts += u64::from(attempts > 1);
                assert!(attempts <= 2, "{:?}: {result:.2000}", entry.ends);
            }
        }
        summary
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of all submissions.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// How many results a Worker stored.
    pub(crate) done: u64,
    pub(crate) purged: u64,
    /// How many of the results are of a later attempt than the first.
    pub(crate) later_attempts: u64,
}

fn is_expected(ends: Ends, results: &[Value]) -> bool {
    let is = |result: &Value, verdict: &str| {
        result["status"] == "done" && (result["verdict"] == verdict)
    };
    let runs =
        |result: &Value, stdout: &str| is(result, "Executed") && result["run"]["stdout"] == stdout;
    match (ends, results) {
        (Ends::Prints(number), [result]) => runs(result, &format!("{number}\n")),
        (Ends::Accepted, [result]) => is(result, "Accepted"),
        (Ends::Judged, [result]) => result["status"] == "done",
        (Ends::Runs, [result]) => runs(result, ""),
        (Ends::RunsOrPurged, [result]) => runs(result, "") || result["status"] == "purged",
        (Ends::Purged, [result]) => result["status"] == "purged",
        (Ends::WrongThenAccepted, [first, second]) => {
            is(first, "Wrong Answer") && is(second, "Accepted")
        }
        (Ends::Wrong, [result]) => is(result, "Wrong Answer"),
        _ => false,
    }
}
