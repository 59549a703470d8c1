//! Redis refuses writes: because it is full, or any one of them, at any point of a
//! script. Then no job is lost, and none ends that has no visible end.

use std::collections::BTreeSet;

use shared::domain::delivery::Delivery;
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::queue::claim::{ClaimStatus, Claimed};
use shared::queue::deliveries::{DeliveryOutcome, DeliverySettlement};
use shared::queue::settlement::{Outcome, QueueConfig, Settlement};
use shared::redis::RedisError;

use crate::fixtures::{
    CALLBACK, CONFIG, call, complete, dead_letter, document, ids, isolate, release, retry, settle,
    snooze,
};
use crate::stack::QueueStack;

support::tests![
    a_full_redis_refuses_results_and_keeps_their_jobs,
    jobs_change_their_places_while_redis_is_full,
    a_refused_write_loses_no_job,
    an_index_that_cannot_be_written_keeps_no_job_from_its_end,
    a_result_that_is_refused_keeps_no_other_from_its_end,
    a_dead_letter_of_a_job_that_has_a_result_is_dropped,
    deliveries_are_made_while_redis_is_full,
    a_letter_of_a_delivery_has_its_payload_or_is_not_stored,
];

fn work(
    stack: &QueueStack,
    settlements: &[Settlement],
    want: usize,
) -> Result<Claimed, RedisError> {
    let queue = &stack.store;
    stack.wait(queue.settle_and_claim(settlements, want, &CONFIG, &call()))
}

/// What Redis holds of its own data, in its own form.
fn dump(stack: &QueueStack) -> Vec<(String, Vec<u8>)> {
    let dump = |key: String| {
        let bytes = stack.redis.run::<Vec<u8>>(&["DUMP", &key]);
        (key, bytes)
    };
    stack.redis.keys("*").into_iter().map(dump).collect()
}

fn a_full_redis_refuses_results_and_keeps_their_jobs(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b", "c", "waits"]);
    let jobs = stack.claim(3).leases;
    let before = dump(stack);
    stack.set_full(true);
    let refused = stack.wait(stack.store.enqueue(
        &crate::fixtures::job("x"),
        Lane::Low,
        Schedule::Immediately,
    ));
    assert!(refused.is_err_and(|error| error.is_full()));
    for settlements in [
        vec![complete(&jobs[0], "a"), release(&jobs[1])],
        vec![dead_letter(&jobs[0], "a"), snooze(&jobs[1], 9)],
        vec![retry(&jobs[0], 9), isolate(&jobs[1])],
    ] {
        let error = work(stack, &settlements, 1).unwrap_err();
        assert!(error.is_full(), "{error}");
        assert_eq!(dump(stack), before, "nothing has changed");
    }
    stack.set_full(false);
    let ends = [complete(&jobs[0], "a"), dead_letter(&jobs[1], "b")];
    let claimed = work(stack, &ends, 1).unwrap();
    assert_eq!(ids(&claimed), ["waits"]);
    for id in ["a", "b"] {
        assert!(stack.ok(stack.store.result(id)).is_some());
    }
}

/// A drain that cannot store results puts its jobs back all the same.
fn jobs_change_their_places_while_redis_is_full(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b", "c", "d"]);
    stack.enqueue("due", Lane::Low, Schedule::At(1));
    let jobs = stack.claim(4).leases;
    stack.set_full(true);
    work(stack, &[snooze(&jobs[0], 60_000)], 0).unwrap();
    work(stack, &[release(&jobs[1]), release(&jobs[2])], 0).unwrap();
    work(stack, &[isolate(&jobs[3])], 0).unwrap();
    let isolated = work(stack, &[], 9).unwrap();
    assert_eq!(
        (ids(&isolated), isolated.leases[0].token.attempt()),
        (vec!["d".into()], 1)
    );
    // One with attempts stays leased; a claim also takes what waits and what is due.
    work(stack, &[release(&isolated.leases[0])], 0).unwrap();
    for expected in [vec!["d"], vec!["b", "c"], vec!["due"]] {
        assert_eq!(ids(&work(stack, &[], 9).unwrap()), expected);
    }
    assert_eq!(work(stack, &[], 9).unwrap().status, ClaimStatus::Empty);
    stack.set_full(false);
    assert_eq!(stack.redis.run::<i64>(&["HLEN", "inflight"]), 5);
    assert_eq!(stack.redis.run::<i64>(&["ZCARD", "leases"]), 5);
}

/// All keys that the scripts write here.
const KEYS: [&str; 17] = [
    "problems",
    "problems:high",
    "problems:low",
    "inflight",
    "leases",
    "history",
    "dead",
    "dead:payload",
    "deliveries",
    "statistics:*",
    "result:done",
    "result:done-too",
    "result:dead",
    "result:dead-too",
    "results:two-sum",
    "submissions:two-sum",
    "result:[^d]*",
];

/// What a call comes to while writes of one key are refused.
fn without_write<T>(stack: &QueueStack, key: &str, call: impl FnOnce() -> T) -> T {
    stack.refuse_writes(Some(key), &KEYS);
    let outcome = call();
    stack.refuse_writes(None, &[]);
    outcome
}

/// One job for each way to settle, one that is due, and one in each lane.
const JOBS: [&str; 14] = [
    "done",
    "done-too",
    "dead",
    "dead-too",
    "retried",
    "released",
    "released-too",
    "isolated",
    "snoozed",
    "again",
    "high",
    "normal",
    "low",
    "later",
];

/// Puts a job into every place, and returns settlements of every kind.
fn prepare(stack: &QueueStack) -> Vec<Settlement> {
    let jobs: Vec<_> = JOBS[..10]
        .iter()
        .map(|id| {
            stack.enqueue(id, Lane::Normal, Schedule::Immediately);
            stack.claim_one()
        })
        .collect();
    // One whose lease has expired: its attempt counts, and it returns to its lease.
    stack.set_lease_time(jobs[9].token.as_str(), 1);
    let again = stack.claim_one();
    for lane in Lane::ALL {
        stack.enqueue(lane.name(), lane, Schedule::Immediately);
    }
    stack.enqueue("later", Lane::Low, Schedule::At(1));
    vec![
        complete(&jobs[0], "done"),
        told(complete(&jobs[1], "done-too")),
        dead_letter(&jobs[2], "dead"),
        told(dead_letter(&jobs[3], "dead-too")),
        retry(&jobs[4], 0),
        release(&jobs[5]),
        release(&jobs[6]),
        release(&again),
        isolate(&jobs[7]),
        snooze(&jobs[8], 0),
    ]
}

/// The same, and somebody is told of it.
fn told(mut settlement: Settlement) -> Settlement {
    let callback_url = Some(CALLBACK.to_owned());
    match &mut settlement.outcome {
        Outcome::Complete(result) => result.callback_url = callback_url,
        Outcome::DeadLetter(letter) => letter.callback_url = callback_url,
        other => panic!("{other:?}"),
    }
    settlement
}

/// Puts deliveries that are due into Redis, and returns their payloads.
fn announce(stack: &QueueStack, ids: &[&str]) -> Vec<Delivery> {
    let deliveries = ids.iter().map(|id| Delivery::new(id, CALLBACK, 3));
    let deliveries: Vec<Delivery> = deliveries.collect();
    for (due_ms, delivery) in deliveries.iter().enumerate() {
        let payload = delivery.encode().unwrap();
        let words = ["ZADD", "deliveries", &due_ms.to_string(), &payload];
        stack.redis.run::<u64>(&words);
    }
    deliveries
}

fn settled(delivery: &Delivery, outcome: DeliveryOutcome) -> DeliverySettlement {
    let payload = delivery.encode().unwrap().into_bytes();
    DeliverySettlement { payload, outcome }
}

fn given_up(delivery: &Delivery) -> DeliverySettlement {
    let letter = Box::new(delivery.letter("Webhook given up.".into(), 9));
    let delivery_again = Box::new(delivery.clone());
    let outcome = DeliveryOutcome::GiveUp {
        letter,
        delivery: delivery_again,
    };
    settled(delivery, outcome)
}

/// Receivers are told, and what fails waits its pause: no call has to write first what
/// takes no room.
fn deliveries_are_made_while_redis_is_full(stack: &QueueStack) {
    let store = &stack.store;
    let deliveries = announce(stack, &["a", "b"]);
    stack.set_full(true);
    let claimed = stack.ok(store.settle_and_claim_deliveries(&[], 9, 60_000));
    let payloads: Vec<_> = deliveries
        .iter()
        .map(|one| one.encode().unwrap().into_bytes())
        .collect();
    assert_eq!(claimed.payloads, payloads);
    let again = stack.ok(store.settle_and_claim_deliveries(&[], 9, 60_000));
    assert_eq!(again.payloads.len(), 0, "they are claimed");
    let next = Box::new(deliveries[1].failed("500".into(), 8));
    let retry = DeliveryOutcome::Retry {
        delay_ms: 60_000,
        next: next.clone(),
    };
    for (delivery, outcome) in [
        (&deliveries[1], retry),
        (&deliveries[0], DeliveryOutcome::Delivered),
    ] {
        let settlement = [settled(delivery, outcome)];
        stack.ok(store.settle_and_claim_deliveries(&settlement, 0, 1));
    }
    stack.set_full(false);
    let left: Vec<String> = stack.redis.run(&["ZRANGE", "deliveries", "0", "-1"]);
    assert_eq!(left, [next.encode().unwrap()]);
}

fn a_letter_of_a_delivery_has_its_payload_or_is_not_stored(stack: &QueueStack) {
    let deliveries = announce(stack, &["a"]);
    let settlement = [given_up(&deliveries[0])];
    let settle = || {
        let store = &stack.store;
        stack.ok(store.settle_and_claim_deliveries(&settlement, 0, 1));
    };
    // A key that is no hash refuses the second of the two writes.
    stack.redis.run::<()>(&["SET", "dead:payload", "no hash"]);
    settle();
    assert_eq!(stack.redis.keys("dead*"), ["dead:payload"]);
    assert_eq!(stack.redis.run::<u64>(&["ZCARD", "deliveries"]), 1);
    stack.redis.run::<u64>(&["DEL", "dead:payload"]);
    // And a full Redis the first.
    stack.set_full(true);
    settle();
    stack.set_full(false);
    assert_eq!(stack.redis.keys("dead*"), [""; 0]);
    assert_eq!(stack.redis.run::<u64>(&["ZCARD", "deliveries"]), 1);
    settle();
    assert_eq!(stack.redis.keys("dead*").len(), 2);
    assert_eq!(stack.redis.run::<u64>(&["ZCARD", "deliveries"]), 0);
}

/// The ids of all jobs that are somewhere: in a lane, in flight with a lease, done
/// or dead.
fn found(stack: &QueueStack) -> BTreeSet<String> {
    let mut payloads: Vec<Vec<u8>> = Vec::new();
    for lane in Lane::ALL {
        let key = shared::queue::keys::lane(lane);
        payloads.extend(stack.redis.run::<Vec<Vec<u8>>>(&["LRANGE", key, "0", "-1"]));
    }
    let leases: BTreeSet<String> = stack.redis.run(&["ZRANGE", "leases", "0", "-1"]);
    let in_flight: Vec<(String, Vec<u8>)> = stack.redis.run(&["HGETALL", "inflight"]);
    let leased = in_flight
        .into_iter()
        .filter(|(token, _)| leases.contains(token));
    payloads.extend(leased.map(|(_, payload)| payload));
    let jobs = payloads
        .iter()
        .map(|payload| Job::decode(payload).unwrap().id.unwrap());
    let results = stack.redis.keys("result:*");
    let ended = results.iter().map(|key| key["result:".len()..].to_owned());
    jobs.chain(ended).collect()
}

fn a_refused_write_loses_no_job(stack: &QueueStack) {
    let all: BTreeSet<String> = JOBS.iter().map(|id| (*id).to_owned()).collect();
    for key in KEYS {
        stack.redis.flush();
        let settlements = prepare(stack);
        let config = QueueConfig {
            result_index: true,
            ..CONFIG
        };
        let outcome = without_write(stack, key, || {
            let queue = &stack.store;
            stack.wait(queue.settle_and_claim(&settlements, 9, &config, &call()))
        });
        assert_eq!(found(stack), all, "{key}: {outcome:?}");
        // What says that it is dead is among the dead letters, with its payload.
        for id in ["dead", "dead-too"] {
            let shown = stack.ok(stack.store.result(id)).is_some();
            let stored = stack.ok(stack.store.dead_letter(id)).is_some();
            assert_eq!(shown, stored, "{key}: {id}");
        }
        // Whoever is told of an end is told of one that there is, and of each.
        let deliveries: Vec<String> = stack.redis.run(&["ZRANGE", "deliveries", "0", "-1"]);
        for id in ["done-too", "dead-too"] {
            let shown = stack.ok(stack.store.result(id)).is_some();
            let of_it = |text: &String| text.contains(&format!("\"id\":\"{id}\""));
            assert_eq!(shown, deliveries.iter().any(of_it), "{key}: {id}");
        }
        end_all(stack);
        assert_eq!(found(stack), all, "{key}");
        for id in JOBS {
            assert!(stack.ok(stack.store.result(id)).is_some(), "{key}: {id}");
        }
        for place in [
            "problems",
            "problems:high",
            "problems:low",
            "inflight",
            "leases",
        ] {
            assert_eq!(stack.redis.keys(place), [""; 0], "{key}");
        }
    }
}

/// Claims and completes until no job is left.
fn end_all(stack: &QueueStack) {
    for _ in 0..40 {
        stack.expire_all_leases();
        let claimed = stack.claim(20);
        let ends: Vec<Settlement> = claimed
            .leases
            .iter()
            .zip(ids(&claimed))
            .map(|(leased, id)| complete(leased, &id))
            .collect();
        stack.work(&ends, 0);
    }
}

fn an_index_that_cannot_be_written_keeps_no_job_from_its_end(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    let leased = stack.claim_one();
    stack
        .redis
        .run::<()>(&["SET", "results:two-sum", "no list"]);
    let config = QueueConfig {
        result_index: true,
        ..CONFIG
    };
    let end = [complete(&leased, "a")];
    let queue = &stack.store;
    stack.ok(queue.settle_and_claim(&end, 0, &config, &call()));
    assert!(stack.ok(queue.result("a")).is_some());
    assert_eq!(stack.redis.keys("inflight"), [""; 0]);
}

fn a_result_that_is_refused_keeps_no_other_from_its_end(stack: &QueueStack) {
    stack.enqueue_each(&["done", "done-too", "dead"]);
    let jobs = stack.claim(3).leases;
    let ends = [
        complete(&jobs[0], "done"),
        complete(&jobs[1], "done-too"),
        dead_letter(&jobs[2], "dead"),
    ];
    let outcome = without_write(stack, "result:done-too", || work(stack, &ends, 1));
    assert!(
        matches!(outcome, Err(RedisError::Refused { .. })),
        "{outcome:?}"
    );
    assert!(stack.ok(stack.store.result("done")).is_some());
    let leases: Vec<String> = stack.redis.run(&["ZRANGE", "leases", "0", "-1"]);
    assert_eq!(leases.len(), 2, "the refused one, and what came after it");
    work(stack, &ends, 0).unwrap();
    assert!(stack.ok(stack.store.result("done-too")).is_some());
    assert!(stack.ok(stack.store.dead_letter("dead")).is_some());
}

fn a_dead_letter_of_a_job_that_has_a_result_is_dropped(stack: &QueueStack) {
    // A client that sent its submission twice: two jobs, one id.
    stack.enqueue_each(&["a", "a"]);
    let jobs = stack.claim(2).leases;
    stack.work(&[complete(&jobs[0], "a"), dead_letter(&jobs[1], "a")], 0);
    let stored = stack.ok(stack.store.result("a")).unwrap();
    assert_eq!(stored, serde_json::to_vec(&document("a")).unwrap());
    assert_eq!(stack.ok(stack.store.dead_letter("a")), None);
    assert_eq!(stack.redis.keys("*").len(), 2, "result and statistics");
    // Also the other way round: the first end stays.
    stack.enqueue_each(&["b", "b"]);
    let jobs = stack.claim(2).leases;
    stack.work(&[dead_letter(&jobs[0], "b")], 0);
    let end = Outcome::Complete(Box::new(document("b")));
    stack.work(&[settle(&jobs[1].token, end)], 0);
    assert!(stack.ok(stack.store.dead_letter("b")).is_some());
    let shown = stack.ok(stack.store.result("b")).unwrap();
    assert!(String::from_utf8_lossy(&shown).contains("dead"));
}
