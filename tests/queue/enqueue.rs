//! Adding jobs to the queue: one, several, scheduled (`schedule.lua`), once for an
//! idempotency key (`once.lua`).

use shared::config::Secret;
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::claim::ClaimStatus;
use shared::queue::enqueue::{Enqueued, IdempotencyRecord};
use shared::queue::purge::Purge;
use shared::redis::RedisError;

use crate::fixtures::{complete, dead_letter, ids, job, release};
use crate::stack::QueueStack;

support::tests![
    a_push_returns_how_many_jobs_wait_in_its_lane,
    a_batch_is_pushed_in_its_order,
    scheduled_jobs_are_claimed_when_due,
    a_submission_that_falls_due_goes_to_the_end_of_its_lane,
    a_scheduled_job_is_counted,
    a_released_scheduled_job_returns_to_its_lane,
    scheduling_a_job_twice_stores_it_once,
    a_scheduled_job_needs_an_id,
    an_idempotency_key_adds_one_job,
    the_key_of_a_purged_submission_is_taken_anew,
    a_key_is_free_where_its_job_could_not_be_added,
];

fn a_push_returns_how_many_jobs_wait_in_its_lane(stack: &QueueStack) {
    for (lane, waiting) in [(Lane::Normal, 1), (Lane::Normal, 2), (Lane::Low, 1)] {
        let enqueued = stack.ok(stack.store.enqueue(&job("a"), lane, Schedule::Immediately));
        assert_eq!(enqueued, Enqueued::Queued(waiting));
    }
    let item = stack
        .redis
        .run::<Vec<Vec<u8>>>(&["LRANGE", "problems", "0", "0"]);
    assert_eq!(Job::decode(&item[0]).unwrap(), job("a"));
}

fn a_batch_is_pushed_in_its_order(stack: &QueueStack) {
    let far = stack.redis.now_ms() + 86_400_000;
    let jobs = [
        (job("a"), Lane::Normal, Schedule::Immediately),
        (job("b"), Lane::High, Schedule::Immediately),
        (job("c"), Lane::Normal, Schedule::At(far)),
        (job("d"), Lane::Normal, Schedule::Immediately),
    ];
    let enqueued: Vec<Enqueued> = stack
        .ok(stack.store.enqueue_all(&jobs))
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let expected = [
        Enqueued::Queued(1),
        Enqueued::Queued(1),
        Enqueued::Scheduled {
            due_at_ms: far,
            scheduled: 1,
        },
        Enqueued::Queued(2),
    ];
    assert_eq!(enqueued, expected);
    assert_eq!(ids(&stack.claim(1)), ["b"]);
    assert_eq!(ids(&stack.claim(5)), ["a", "d"]);
}

fn scheduled_jobs_are_claimed_when_due(stack: &QueueStack) {
    stack.enqueue_each(&["now"]);
    let before = stack.redis.now_ms();
    let enqueued = stack.ok(stack
        .store
        .enqueue(&job("in"), Lane::Low, Schedule::After(3_600_000)));
    let Enqueued::Scheduled {
        due_at_ms: due,
        scheduled: 1,
    } = enqueued
    else {
        panic!("{enqueued:?}");
    };
    assert!((before..=stack.redis.now_ms()).contains(&(due - 3_600_000)));
    stack.enqueue("second", Lane::Low, Schedule::At(2_000));
    stack.enqueue("first", Lane::Low, Schedule::At(1_000));
    assert_eq!(ids(&stack.claim(9)), ["now"]);
    let claimed = stack.claim(9);
    assert_eq!(ids(&claimed), ["first", "second"]);
    for leased in &claimed.leases {
        assert_eq!(
            (leased.token.attempt(), leased.token.isolated()),
            (1, false)
        );
        assert_eq!(leased.failed_attempts, []);
        assert_eq!(leased.token.lane(), Lane::Low);
    }
    // The job that is due in an hour stays.
    assert_eq!(stack.claim(9).status, ClaimStatus::Empty);
    assert_eq!(stack.redis.run::<i64>(&["HLEN", "inflight"]), 4);
}

/// A delay is not a way past those who wait, nor past their priority.
fn a_submission_that_falls_due_goes_to_the_end_of_its_lane(stack: &QueueStack) {
    stack.enqueue("n1", Lane::Normal, Schedule::Immediately);
    stack.enqueue("h1", Lane::High, Schedule::Immediately);
    stack.enqueue("l1", Lane::Low, Schedule::Immediately);
    stack.enqueue("due low", Lane::Low, Schedule::At(1_000));
    stack.enqueue("due normal", Lane::Normal, Schedule::At(2_000));
    stack.enqueue("due normal too", Lane::Normal, Schedule::At(3_000));
    let taken: Vec<String> = (0..6).flat_map(|_| ids(&stack.claim(1))).collect();
    assert_eq!(
        taken,
        ["h1", "n1", "due normal", "due normal too", "l1", "due low"]
    );
    assert_eq!(stack.claim(1).status, ClaimStatus::Empty);
}

fn a_released_scheduled_job_returns_to_its_lane(stack: &QueueStack) {
    stack.enqueue_each(&["x"]);
    stack.enqueue("later", Lane::Normal, Schedule::At(1_000));
    let claimed = stack.claim(2);
    assert_eq!(ids(&claimed), ["x", "later"]);
    let claimed = stack.work(&[release(&claimed.leases[1])], 2);
    assert_eq!(ids(&claimed), ["later"]);
    assert_eq!(claimed.leases[0].token.attempt(), 1);
}

fn a_scheduled_job_is_counted(stack: &QueueStack) {
    let schedule = |id| {
        let later = Schedule::After(60_000);
        match stack.ok(stack.store.enqueue(&job(id), Lane::Normal, later)) {
            Enqueued::Scheduled { scheduled, .. } => scheduled,
            other => panic!("{other:?}"),
        }
    };
    stack.enqueue_each(&["now"]);
    stack.claim_one();
    stack.ok(stack.store.pause());
    assert_eq!(schedule("a"), 1, "leases and a pause are not counted");
    assert_eq!(schedule("b"), 2);
}

fn scheduling_a_job_twice_stores_it_once(stack: &QueueStack) {
    stack.enqueue("a", Lane::Normal, Schedule::After(50_000));
    stack.enqueue("a", Lane::Normal, Schedule::At(1_000));
    let claimed = stack.claim(9);
    assert_eq!(ids(&claimed), ["a"]);
    stack.work(&[complete(&claimed.leases[0], "a")], 0);
    assert_eq!(stack.redis.keys("*").len(), 2, "result and statistics");
}

fn a_scheduled_job_needs_an_id(stack: &QueueStack) {
    let foreign = Job {
        id: None,
        ..job("")
    };
    let enqueued = stack.wait(stack.store.enqueue(&foreign, Lane::Normal, Schedule::At(1)));
    assert!(enqueued.is_err(), "{enqueued:?}");
    assert_eq!(stack.redis.keys("*"), [""; 0]);
}

fn an_idempotency_key_adds_one_job(stack: &QueueStack) {
    let record = |id: &str| IdempotencyRecord {
        id: id.to_owned(),
        body_hash: format!("hash of {id}"),
    };
    let once = |id, key| {
        stack.ok(stack
            .store
            .enqueue_once(&job(id), Lane::Normal, key, &record(id)))
    };
    assert_eq!(once("a", "k1"), Enqueued::Queued(1));
    assert_eq!(once("b", "k1"), Enqueued::Duplicate(record("a")));
    assert_eq!(once("c", "k2"), Enqueued::Queued(2));
    assert_eq!(ids(&stack.claim(9)), ["a", "c"]);
    // Also after the first was claimed.
    assert_eq!(once("d", "k1"), Enqueued::Duplicate(record("a")));
    let ttl = stack.redis.run::<i64>(&["TTL", "idempotency:k1"]);
    assert!((86_300..=86_400).contains(&ttl), "{ttl}");
}

fn the_key_of_a_purged_submission_is_taken_anew(stack: &QueueStack) {
    let tickets = TicketKey::new(&Secret::new("s"));
    let record = |id: &str| IdempotencyRecord {
        id: id.to_owned(),
        body_hash: "h".into(),
    };
    let once = |id: &str| {
        let (job, record) = (job(id), record(id));
        stack.ok(stack.store.enqueue_once(&job, Lane::Low, "k", &record))
    };
    let new_id = |random| tickets.issue(stack.redis.now_ms(), &[random; 10]);
    let (purged, dead, last) = (new_id(1), new_id(2), new_id(3));
    assert_eq!(once(&purged), Enqueued::Queued(1));
    let low = [Purge::Lane(Lane::Low)];
    assert_eq!(stack.ok(stack.store.purge(&low, 1_000, 9)).count, 1);
    assert_eq!(once(&dead), Enqueued::Queued(1));
    assert_eq!(once(&last), Enqueued::Duplicate(record(&dead)));
    // The same for one that was given up, once an operator deleted it.
    let leased = stack.claim_one();
    stack.work(&[dead_letter(&leased, &dead)], 0);
    assert_eq!(once(&last), Enqueued::Duplicate(record(&dead)));
    assert!(stack.ok(stack.store.delete_dead_letter(&dead, &tickets)));
    assert_eq!(once(&last), Enqueued::Queued(1));
    let ttl = stack.redis.run::<i64>(&["TTL", "idempotency:k"]);
    assert!((86_300..=86_400).contains(&ttl), "{ttl}");
    assert_eq!(ids(&stack.claim(9)), [last]);
}

fn a_key_is_free_where_its_job_could_not_be_added(stack: &QueueStack) {
    let record = IdempotencyRecord {
        id: "a".into(),
        body_hash: "h".into(),
    };
    let once = || {
        let job = job("a");
        stack.wait(stack.store.enqueue_once(&job, Lane::Normal, "k", &record))
    };
    // Any refusal does; this is one that a real Redis gives after it took the key.
    stack.redis.run::<()>(&["SET", "problems", "no list"]);
    assert!(matches!(once(), Err(RedisError::Refused { .. })));
    assert_eq!(stack.redis.keys("idempotency:*"), [""; 0]);
    stack.redis.run::<()>(&["DEL", "problems"]);
    assert_eq!(once(), Ok(Enqueued::Queued(1)));
}
