//! Adding jobs to the queue: one, several, scheduled (`later.lua`), once for an
//! idempotency key (`once.lua`).

use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::queue::claim::ClaimStatus;
use shared::queue::enqueue::{Enqueued, IdempotencyRecord};

use crate::fixtures::{complete, ids, job, release};
use crate::stack::QueueStack;

support::tests![
    a_push_returns_how_many_jobs_wait_in_its_lane,
    a_batch_is_pushed_in_its_order,
    scheduled_jobs_are_claimed_when_due,
    a_released_scheduled_job_returns_to_its_lane,
    scheduling_a_job_twice_stores_it_once,
    a_scheduled_job_needs_an_id,
    an_idempotency_key_adds_one_job,
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
    let Enqueued::Scheduled { due_at_ms: due, .. } = enqueued else {
        panic!("{enqueued:?}");
    };
    assert!((before..=stack.redis.now_ms()).contains(&(due - 3_600_000)));
    stack.enqueue("second", Lane::Low, Schedule::At(2_000));
    stack.enqueue("first", Lane::Normal, Schedule::At(1_000));
    let claimed = stack.claim(9);
    assert_eq!(ids(&claimed), ["first", "second", "now"]);
    for leased in &claimed.leases {
        assert_eq!(
            (leased.token.attempt(), leased.token.isolated()),
            (1, false)
        );
        assert_eq!(leased.failed_attempts, []);
    }
    assert_eq!(claimed.leases[1].token.lane(), Lane::Low);
    // The job that is due in an hour stays.
    assert_eq!(stack.claim(9).status, ClaimStatus::Empty);
    assert_eq!(stack.redis.run::<i64>(&["HLEN", "inflight"]), 4);
}

fn a_released_scheduled_job_returns_to_its_lane(stack: &QueueStack) {
    stack.enqueue_each(&["x"]);
    stack.enqueue("later", Lane::Normal, Schedule::At(1_000));
    let claimed = stack.claim(1);
    assert_eq!(ids(&claimed), ["later"]);
    let claimed = stack.work(&[release(&claimed.leases[0])], 2);
    assert_eq!(ids(&claimed), ["later", "x"]);
    assert_eq!(claimed.leases[0].token.attempt(), 1);
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
