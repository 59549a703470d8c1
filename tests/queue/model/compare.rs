//! Compares everything that Redis holds with everything that the model holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};
use shared::domain::lane::Lane;
use shared::domain::result::StoredResult;
use shared::queue::enqueue::IDEMPOTENCY_TTL_S;
use shared::queue::keys;
use support::redis_client::{command, read};

use super::state::{Model, Place};
use crate::fixtures::problem_id;
use crate::fixtures::{CONFIG, NOW_MS};
use crate::stack::QueueStack;

/// Scheduled jobs have scores above this, all leases below it.
pub(super) const SCHEDULED: u64 = 1 << 50;

type Bytes = Vec<u8>;
type Hash = BTreeMap<String, Bytes>;

/// Panics at the first difference. Takes the end of each lease from Redis.
pub(super) fn assert_same(stack: &QueueStack, model: &mut Model) {
    let statistics = keys::statistics(NOW_MS / 3_600_000);
    let mut commands: Vec<_> = Lane::ALL
        .map(|lane| command(&["LRANGE", keys::lane(lane), "0", "-1"]))
        .to_vec();
    commands.extend([
        command(&["HGETALL", keys::IN_FLIGHT]),
        command(&["ZRANGE", keys::LEASES, "0", "-1", "WITHSCORES"]),
        command(&["HGETALL", keys::HISTORY]),
        command(&["HGETALL", keys::DEAD]),
        command(&["HGETALL", keys::DEAD_PAYLOAD]),
        command(&["ZRANGE", keys::DELIVERIES, "0", "-1"]),
        command(&["GETRANGE", &statistics, "88", "95"]),
        command(&["KEYS", "*"]),
        command(&["TIME"]),
    ]);
    let mut replies = stack.redis.pipeline(&commands).into_iter();
    let mut next = || replies.next().unwrap();
    for lane in Lane::ALL {
        // A list is enqueued on its left and popped on its right.
        let waiting: Vec<Bytes> = read(next());
        let waiting: VecDeque<Bytes> = waiting.into_iter().rev().collect();
        let expected = model.lanes.entry(keys::lane(lane)).or_default();
        assert!(
            waiting == *expected,
            "{} holds {:?}, not {:?}",
            keys::lane(lane),
            as_text(&waiting),
            as_text(expected)
        );
    }
    let in_flight: Hash = read(next());
    let expected: Hash = model
        .leased
        .iter()
        .map(|(token, leased)| (token.clone(), leased.payload.clone()))
        .collect();
    assert_eq!(in_flight, expected, "inflight");
    let leases: BTreeMap<String, String> = read(next());
    let history: BTreeMap<String, Value> = read::<Hash>(next())
        .into_iter()
        .map(|(uid, entries)| {
            let list = [b"[", entries.as_slice(), b"]"].concat();
            (uid, serde_json::from_slice(&list).unwrap())
        })
        .collect();
    let expected: BTreeMap<String, Value> = model
        .history
        .iter()
        .map(|(uid, failed)| (uid.clone(), json!(failed)))
        .collect();
    assert_eq!(history, expected, "history");
    for (reply, key) in [(next(), keys::DEAD), (next(), keys::DEAD_PAYLOAD)] {
        let dead: Hash = read(reply);
        let expected: Hash = model
            .dead
            .iter()
            .map(|(id, (letter, payload))| {
                let value = if key == keys::DEAD {
                    serde_json::to_vec(letter).unwrap()
                } else {
                    payload.clone()
                };
                (id.clone(), value)
            })
            .collect();
        assert_eq!(dead, expected, "{key}");
    }
    let deliveries: BTreeSet<Bytes> = read(next());
    let expected: BTreeSet<Bytes> = model.deliveries.keys().cloned().collect();
    assert_eq!(deliveries, expected, "deliveries");
    // Of the seventh minute.
    let counted: Bytes = read(next());
    let number = |at: usize| {
        let bytes = counted.get(at..at + 4).unwrap_or(&[0; 4]);
        u64::from(u32::from_be_bytes(bytes.try_into().unwrap()))
    };
    let expected = (model.completed, model.dead_lettered);
    assert_eq!((number(0), number(4)), expected, "{statistics}");
    let keys: BTreeSet<String> = read(next());
    assert_eq!(keys, model.keys(), "all keys");
    let (seconds, microseconds): (u64, u64) = read(next());
    assert_same_leases(model, leases, seconds * 1_000 + microseconds / 1_000);
    model.assert_no_job_lost();
}

fn as_text(payloads: &VecDeque<Bytes>) -> Vec<String> {
    payloads
        .iter()
        .map(|payload| String::from_utf8_lossy(payload).into_owned())
        .collect()
}

fn assert_same_leases(model: &mut Model, mut leases: BTreeMap<String, String>, now_ms: u64) {
    let paused = leases.remove(keys::PAUSED).is_some();
    assert_eq!(paused, model.paused, "paused");
    let stamp = leases.remove(keys::CATALOG_STAMP);
    assert_eq!(stamp.is_some(), !model.versions.is_empty(), "the stamp");
    let tokens: Vec<&String> = leases.keys().collect();
    assert_eq!(tokens, model.leased.keys().collect::<Vec<_>>(), "leases");
    for (token, leased) in &mut model.leased {
        let score: u64 = leases[token].parse().unwrap();
        let place = match score {
            SCHEDULED.. if score <= SCHEDULED + now_ms => Place::Due,
            SCHEDULED.. => Place::Scheduled,
            _ if score <= now_ms => Place::Expired,
            _ => Place::Held,
        };
        assert_eq!(place, leased.place, "{token} at {score}, now {now_ms}");
        assert!(place != Place::Held || score <= now_ms + CONFIG.lease_ms);
        leased.time = score;
    }
}

/// The first summary of each submission.
fn newest_of_each(summaries: &VecDeque<Bytes>) -> Vec<Bytes> {
    let mut seen = BTreeSet::new();
    let is_first = |text: &&Bytes| {
        let summary: Value = serde_json::from_slice(text).unwrap();
        seen.insert(summary["id"].as_str().unwrap().to_owned())
    };
    summaries
        .iter()
        .filter(is_first)
        .take(100)
        .cloned()
        .collect()
}

/// Reads when each lease ends, or is due.
pub(super) fn read_times(stack: &QueueStack, model: &mut Model) {
    let words = ["ZRANGE", keys::LEASES, "0", "-1", "WITHSCORES"];
    let leases: BTreeMap<String, String> = stack.redis.run(&words);
    for (token, score) in leases {
        if let Some(leased) = model.leased.get_mut(&token) {
            leased.time = score.parse().unwrap();
        }
    }
}

/// The documents, and when each key expires. Slower than [`assert_same`].
pub(super) fn assert_same_documents(stack: &QueueStack, model: &Model) {
    let commands: Vec<_> = model
        .results
        .keys()
        .map(|id| command(&["GET", &keys::result(id)]))
        .collect();
    for ((id, expected), reply) in model.results.iter().zip(stack.redis.pipeline(&commands)) {
        assert_eq!(read::<Bytes>(reply), *expected, "the result of {id}");
    }
    if let Some((id, expected)) = model.results.last_key_value() {
        let document = StoredResult::from_bytes(expected.clone()).document;
        assert_eq!(stack.ok(stack.store.result(id)), Some(document));
    }
    for (key, expected) in &model.index {
        let listed = match key.strip_prefix("results:") {
            Some(problem) => {
                let shown = stack.ok(stack.store.results_of_problem(&problem_id(problem)));
                assert_eq!(shown, newest_of_each(expected), "{key}");
                continue;
            }
            None => stack.redis.run::<Vec<Bytes>>(&["LRANGE", key, "0", "-1"]),
        };
        assert_eq!(VecDeque::from(listed), *expected, "{key}");
    }
    for (hash, expected) in &model.idempotency {
        let record: String = stack.redis.run(&["GET", &keys::idempotency(hash)]);
        assert_eq!(
            record,
            format!("{expected} h"),
            "the idempotency record of {hash}"
        );
    }
    let all: Vec<String> = model.keys().into_iter().collect();
    let commands: Vec<_> = all.iter().map(|key| command(&["TTL", key])).collect();
    for (key, reply) in all.iter().zip(stack.redis.pipeline(&commands)) {
        let ttl_s: i64 = read(reply);
        let longest = match key.split(':').next().unwrap() {
            "problems" | "inflight" | "leases" | "history" | "dead" | "deliveries" | "problem"
            | "catalog" => None,
            "result" => Some(CONFIG.result_ttl_s),
            // Longer than their newest item is stored, and not by an hour.
            "results" | "submissions" => Some(CONFIG.result_ttl_s + CONFIG.result_ttl_s / 24),
            "statistics" => Some(93_600),
            _ => Some(IDEMPOTENCY_TTL_S),
        };
        match longest {
            None => assert_eq!(ttl_s, -1, "{key}"),
            Some(longest) => {
                let longest = i64::try_from(longest).unwrap();
                assert!((longest - 300..=longest).contains(&ttl_s), "{key}");
            }
        }
    }
}
