//! The operator's calls: statistics, pause, replay, delete, purge.

use shared::config::Secret;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::claim::ClaimStatus;
use shared::queue::stats::{Minute, Stats, Waiting};

use crate::fixtures::{CONFIG, NOW_MS, call, complete, dead_letter, ids, retry};
use crate::stack::QueueStack;

support::tests![
    a_dead_letter_is_replayed_as_a_new_job,
    a_dead_letter_is_deleted,
    dead_letters_are_listed_in_pages,
    a_pause_stops_claims_only,
    a_purge_counts_the_jobs_it_deletes,
    stats_count_the_jobs_in_every_place,
    stats_of_an_empty_queue_are_zero,
];

fn a_dead_letter_is_replayed_as_a_new_job(stack: &QueueStack) {
    let payload = b"\xffnot JSON";
    stack.redis.lpush("problems", payload);
    let leased = stack.claim_one();
    stack.work(&[dead_letter(&leased, "d")], 0);
    stack.enqueue("waits", Lane::Low, Schedule::Immediately);
    assert_eq!(stack.ok(stack.store.replay("d", Lane::Low)), Some(2));
    assert_eq!(stack.ok(stack.store.replay("d", Lane::Low)), None);
    assert_eq!(stack.ok(stack.store.replay("e", Lane::Low)), None);
    assert_eq!(stack.ok(stack.store.result("d")), None);
    assert_eq!(stack.ok(stack.store.dead_letter("d")), None);
    let jobs = stack.claim(2).leases;
    assert_eq!(jobs[1].payload, payload);
    assert_eq!(
        (jobs[1].token.attempt(), jobs[1].failed_attempts.len()),
        (1, 0)
    );
    stack.work(&[complete(&jobs[1], "d")], 0);
    assert!(stack.ok(stack.store.result("d")).is_some());
}

fn a_dead_letter_is_deleted(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    let leased = stack.claim_one();
    stack.work(&[dead_letter(&leased, "a")], 0);
    assert!(stack.ok(stack.store.delete_dead_letter("a")));
    assert!(!stack.ok(stack.store.delete_dead_letter("a")));
    assert_eq!(stack.ok(stack.store.replay("a", Lane::Normal)), None);
    assert_eq!(
        stack.redis.run::<i64>(&["EXISTS", "dead", "dead:payload"]),
        0
    );
    assert!(
        stack.ok(stack.store.result("a")).is_some(),
        "the result says that it is dead until it expires"
    );
}

fn dead_letters_are_listed_in_pages(stack: &QueueStack) {
    let mut expected: Vec<String> = (0..450).map(|number| format!("d{number:03}")).collect();
    for ids in expected.chunks(50) {
        for id in ids {
            stack.enqueue_each(&[id]);
        }
        let jobs = stack.claim(50).leases;
        let settlements: Vec<_> = jobs
            .iter()
            .zip(ids)
            .map(|(leased, id)| dead_letter(leased, id))
            .collect();
        stack.work(&settlements, 0);
    }
    let (mut found, mut cursor) = (Vec::new(), Some("0".to_owned()));
    while let Some(position) = cursor {
        let page = stack.ok(stack.store.dead_letters(&position));
        found.extend(page.letters.iter().map(|letter| {
            let letter: serde_json::Value = serde_json::from_slice(letter).unwrap();
            letter["id"].as_str().unwrap().to_owned()
        }));
        cursor = page.next;
    }
    found.sort();
    found.dedup();
    expected.sort();
    assert_eq!(found, expected);
}

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

fn a_purge_counts_the_jobs_it_deletes(stack: &QueueStack) {
    for lane in [Lane::High, Lane::Normal, Lane::Normal, Lane::Low] {
        stack.enqueue("x", lane, Schedule::Immediately);
    }
    stack.enqueue("later", Lane::Normal, Schedule::After(60_000));
    let held = stack.claim_one();
    stack.enqueue("y", Lane::High, Schedule::Immediately);
    assert_eq!(stack.ok(stack.store.purge(&[Lane::Normal, Lane::High])), 3);
    assert_eq!(stack.ok(stack.store.purge(&[Lane::Normal])), 0);
    assert_eq!(stack.redis.run::<i64>(&["HLEN", "inflight"]), 2);
    assert_eq!(ids(&stack.claim(5)), ["x"], "the low lane was not purged");
    stack.work(&[complete(&held, "x")], 0);
    assert!(stack.ok(stack.store.result("x")).is_some());
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
    };
    assert_eq!(stack.ok(stack.store.stats(now_ms, &tickets)), expected);
    stack.expire_all_leases();
    let numbers = stack.ok(stack.store.stats(now_ms, &tickets));
    assert_eq!((numbers.in_flight, numbers.due, numbers.later), (0, 2, 2));
}

fn stats_of_an_empty_queue_are_zero(stack: &QueueStack) {
    let tickets = TicketKey::new(&Secret::new("s"));
    let numbers = stack.ok(stack.store.stats(NOW_MS, &tickets));
    assert_eq!((numbers.oldest_wait_ms, numbers.paused), (None, false));
    assert_eq!((numbers.in_flight, numbers.due, numbers.later), (0, 0, 0));
    assert_eq!(numbers.minutes, []);
}
