//! The operator's calls on the whole queue: statistics, pause.

use shared::config::Secret;
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::claim::ClaimStatus;
use shared::queue::stats::{Minute, Stats, Waiting};

use crate::fixtures::{CONFIG, NOW_MS, call, complete, dead_letter, ids, job, retry};
use crate::stack::QueueStack;

support::tests![
    a_pause_stops_claims_only,
    stats_count_the_jobs_in_every_place,
    a_wait_is_counted_from_when_a_job_was_put_into_the_queue,
    stats_of_an_empty_queue_are_zero,
];

fn a_pause_stops_claims_only(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b"]);
    let leased = stack.claim_one();
    stack.ok(stack.store.pause());
    stack.ok(stack.store.pause());
    assert_eq!(stack.claim(2).status, ClaimStatus::Paused);
    // Jobs in flight are settled all the same.
    assert_eq!(
        stack.work(&[complete(&leased, "a")], 2).status,
        ClaimStatus::Paused
    );
    assert!(stack.ok(stack.store.result("a")).is_some());
    stack.expire_all_leases();
    assert_eq!(stack.claim(2).leases, []);
    stack.ok(stack.store.resume());
    stack.ok(stack.store.resume());
    assert_eq!(ids(&stack.claim(2)), ["b"]);
}

fn stats_count_the_jobs_in_every_place(stack: &QueueStack) {
    let tickets = TicketKey::new(&Secret::new("s"));
    let now_ms = stack.redis.now_ms();
    // The longest waiting stands first in a lane; a foreign job has no time.
    let id = |waited_ms, random| tickets.issue(now_ms - waited_ms, &[random; 10]);
    stack.redis.lpush("problems", b"foreign");
    stack.enqueue(&id(9_000, 1), Lane::Normal, Schedule::Immediately);
    stack.enqueue(&id(5_000, 2), Lane::Low, Schedule::Immediately);
    stack.enqueue(&id(4_000, 3), Lane::Low, Schedule::Immediately);
    for (number, lane) in [Lane::High; 6].into_iter().enumerate() {
        stack.enqueue(&format!("h{number}"), lane, Schedule::Immediately);
    }
    let jobs = stack.claim(6).leases;
    let before = |minutes: u64| shared::queue::settlement::ClaimContext {
        now_ms: now_ms - minutes * 60_000,
        ..call()
    };
    let settle = |settlements: &[_], minutes| {
        stack.ok(stack
            .store
            .settle_and_claim(settlements, 0, &CONFIG, &before(minutes)));
    };
    settle(&[complete(&jobs[0], "h0")], 61);
    settle(&[complete(&jobs[1], "h1"), dead_letter(&jobs[2], "h2")], 59);
    settle(&[complete(&jobs[3], "h3"), retry(&jobs[4], 3_600_000)], 0);
    stack.enqueue("later", Lane::Normal, Schedule::At(now_ms + 5_000_000));
    stack.enqueue("due", Lane::Normal, Schedule::At(now_ms - 1));
    stack.ok(stack.store.pause());
    let begin = |minutes: u64| (now_ms - minutes * 60_000) / 60_000 * 60_000;
    let seen = stack.stats(now_ms, &tickets);
    let expected = Stats {
        waiting: Waiting {
            high: 0,
            normal: 2,
            low: 2,
        },
        oldest_wait_ms: Some(5_000),
        in_flight: 1,
        due: 1,
        later: 2,
        dead: 1,
        deliveries: 0,
        paused: true,
        minutes: vec![
            Minute {
                starts_at_ms: begin(0),
                done: 1,
                dead: 0,
            },
            Minute {
                starts_at_ms: begin(59),
                done: 1,
                dead: 1,
            },
        ],
        // `statistics.rs` looks at these.
        counted_since_ms: seen.counted_since_ms,
        latency: None,
        verdicts: seen.verdicts.clone(),
        commands: seen.commands.clone(),
    };
    assert_eq!(seen, expected);
    stack.expire_all_leases();
    let numbers = stack.stats(now_ms, &tickets);
    assert_eq!((numbers.in_flight, numbers.due, numbers.later), (0, 2, 2));
}

/// A rejudge or a replay of an old submission has not waited since it was submitted.
fn a_wait_is_counted_from_when_a_job_was_put_into_the_queue(stack: &QueueStack) {
    let tickets = TicketKey::new(&Secret::new("s"));
    let now_ms = stack.redis.now_ms();
    let oldest = || stack.stats(now_ms, &tickets).oldest_wait_ms;
    let old = tickets.issue(now_ms - 86_400_000, &[1; 10]);
    let requeued = Job {
        requeued_at_ms: Some(now_ms - 3_000),
        ..job(&old)
    };
    stack.ok(stack
        .store
        .enqueue(&requeued, Lane::Low, Schedule::Immediately));
    assert_eq!(oldest(), Some(3_000));
    // A delayed submission has waited since it was due.
    let delayed = tickets.issue_scheduled(now_ms - 60_000, 55_000, &[2; 10]);
    stack.enqueue(&delayed, Lane::Normal, Schedule::Immediately);
    assert_eq!(oldest(), Some(5_000));
    stack.enqueue(&old, Lane::High, Schedule::Immediately);
    assert_eq!(oldest(), Some(86_400_000));
}

fn stats_of_an_empty_queue_are_zero(stack: &QueueStack) {
    let tickets = TicketKey::new(&Secret::new("s"));
    let numbers = stack.stats(NOW_MS, &tickets);
    assert_eq!((numbers.oldest_wait_ms, numbers.paused), (None, false));
    assert_eq!((numbers.in_flight, numbers.due, numbers.later), (0, 0, 0));
    assert_eq!(numbers.minutes, []);
}
