//! Everything that Redis has against everything that the model has.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use shared::keys;
use shared::lane::Lane;
use shared::queue::push::IDEMPOTENCY_TTL_S;
use shared::queue::work::FailedAttempt;
use shared::result::ResultDocument;

use super::state::{Model, Place};
use crate::given::{NOW_MS, POLICY};
use crate::raw::{Value, command};
use crate::world::World;

/// Above this stands what waits for its time.
pub(super) const WAITING_MS: u64 = 1 << 50;

/// Panics at the first difference. Takes Redis's word for when each lease ends.
pub(super) fn same(world: &World, model: &mut Model) {
    let stats = keys::stats(NOW_MS / 3_600_000);
    let mut commands: Vec<_> = Lane::ALL
        .map(|lane| command(&["LRANGE", lane.key(), "0", "-1"]))
        .to_vec();
    commands.extend([
        command(&["HGETALL", keys::IN_FLIGHT]),
        command(&["ZRANGE", keys::LEASES, "0", "-1", "WITHSCORES"]),
        command(&["HGETALL", keys::HISTORY]),
        command(&["HGETALL", keys::DEAD]),
        command(&["HGETALL", keys::DEAD_PAYLOAD]),
        command(&["HGETALL", &stats]),
        command(&["KEYS", "*"]),
        command(&["TIME"]),
    ]);
    let mut replies = world.pipeline(&commands).into_iter();
    let mut next = || replies.next().unwrap();
    for lane in Lane::ALL {
        // A list is pushed on its left and taken from on its right.
        let waiting: VecDeque<Vec<u8>> = next().byte_list().into_iter().rev().collect();
        let expected = model.lanes.entry(lane.key()).or_default();
        assert!(
            waiting == *expected,
            "{} holds {:?} and should hold {:?}",
            lane.key(),
            shown(&waiting),
            shown(expected)
        );
    }
    let in_flight: BTreeMap<String, Vec<u8>> = next().pairs().into_iter().collect();
    let expected: BTreeMap<String, Vec<u8>> = model
        .leased
        .iter()
        .map(|(handle, leased)| (handle.clone(), leased.payload.clone()))
        .collect();
    assert_eq!(in_flight, expected, "inflight");
    let leases = next();
    let history: BTreeMap<String, Vec<FailedAttempt>> = next()
        .pairs()
        .into_iter()
        .map(|(uid, entries)| {
            let list = [b"[", entries.as_slice(), b"]"].concat();
            (uid, serde_json::from_slice(&list).unwrap())
        })
        .collect();
    assert_eq!(history, model.history, "history");
    for (read, what) in [(next(), keys::DEAD), (next(), keys::DEAD_PAYLOAD)] {
        let dead: BTreeMap<String, Vec<u8>> = read.pairs().into_iter().collect();
        let expected: BTreeMap<String, Vec<u8>> = model
            .dead
            .iter()
            .map(|(id, (letter, payload))| {
                let letter = serde_json::to_vec(letter).unwrap();
                let value = if what == keys::DEAD {
                    letter
                } else {
                    payload.clone()
                };
                (id.clone(), value)
            })
            .collect();
        assert_eq!(dead, expected, "{what}");
    }
    let counted = next().pairs();
    let expected = model.done + (model.died << 32);
    let expected = (expected > 0).then(|| ("7".to_owned(), expected.to_string().into_bytes()));
    assert_eq!(counted, expected.into_iter().collect::<Vec<_>>(), "{stats}");
    let there: BTreeSet<String> = next().list().into_iter().map(Value::text).collect();
    assert_eq!(there, model.keys(), "the keys there are");
    let time = next().byte_list();
    let part = |at: usize| {
        std::str::from_utf8(&time[at])
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    same_leases(model, leases, part(0) * 1_000 + part(1) / 1_000);
    model.assert_nothing_lost();
}

/// Payloads for people.
fn shown(payloads: &VecDeque<Vec<u8>>) -> Vec<String> {
    payloads
        .iter()
        .map(|payload| String::from_utf8_lossy(payload).into_owned())
        .collect()
}

fn same_leases(model: &mut Model, leases: Value, now_ms: u64) {
    let mut leases: BTreeMap<String, Vec<u8>> = leases.pairs().into_iter().collect();
    assert_eq!(
        leases.remove(keys::PAUSED).is_some(),
        model.paused,
        "paused"
    );
    let handles: Vec<&String> = leases.keys().collect();
    assert_eq!(handles, model.leased.keys().collect::<Vec<_>>(), "leases");
    for (handle, leased) in &mut model.leased {
        let score: u64 = std::str::from_utf8(&leases[handle])
            .unwrap()
            .parse()
            .unwrap();
        let place = match score {
            WAITING_MS.. if score <= WAITING_MS + now_ms => Place::Due,
            WAITING_MS.. => Place::Waits,
            _ if score <= now_ms => Place::Lost,
            _ => Place::Held,
        };
        assert_eq!(place, leased.place, "{handle} at {score}, now {now_ms}");
        assert!(place != Place::Held || score <= now_ms + POLICY.lease_ms);
        leased.time = score;
    }
}

/// What takes longer to look at: the documents, and when each key ages out.
pub(super) fn same_documents(world: &World, model: &Model) {
    let ask: Vec<_> = model
        .results
        .keys()
        .map(|id| command(&["GET", &keys::result(id)]))
        .collect();
    for ((id, expected), stored) in model.results.iter().zip(world.pipeline(&ask)) {
        assert_eq!(stored, Value::Bytes(expected.clone()), "the result of {id}");
    }
    if let Some((id, expected)) = model.results.last_key_value() {
        let (document, _) = ResultDocument::take_apart(expected.clone());
        assert_eq!(world.ok(world.queue.result(id)), Some(document));
    }
    for (key, expected) in &model.index {
        let listed = match key.strip_prefix("results:") {
            Some(problem) => world.ok(world.queue.results_of_problem(problem)),
            None => world.raw(&["LRANGE", key, "0", "-1"]).byte_list(),
        };
        assert_eq!(VecDeque::from(listed), *expected, "{key}");
    }
    for (hash, expected) in &model.idempotency {
        let mark = world.raw(&["GET", &keys::idempotency(hash)]).text();
        assert_eq!(mark, *expected, "the mark of {hash}");
    }
    let all: Vec<String> = model.keys().into_iter().collect();
    let ask: Vec<_> = all.iter().map(|key| command(&["TTL", key])).collect();
    for (key, ttl) in all.iter().zip(world.pipeline(&ask)) {
        let longest = match key.split(':').next().unwrap() {
            "problems" | "inflight" | "leases" | "history" | "dead" => None,
            "result" | "results" | "submissions" => Some(POLICY.result_ttl_s),
            "stats" => Some(7_200),
            _ => Some(IDEMPOTENCY_TTL_S),
        };
        match longest {
            None => assert_eq!(ttl.integer(), -1, "{key}"),
            Some(longest) => {
                let longest = i64::try_from(longest).unwrap();
                assert!((longest - 300..=longest).contains(&ttl.integer()), "{key}");
            }
        }
    }
}
