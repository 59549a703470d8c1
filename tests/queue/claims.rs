//! Claims: which jobs they take, in which order, and what they report of the rest.

use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::queue::claim::ClaimStatus;
use shared::queue::settlement::QueueConfig;
use support::redis_client::command;

use crate::fixtures::{
    CONFIG, claim_with, complete, failure, ids, isolate, release, retry, snooze,
};
use crate::stack::QueueStack;

support::tests![
    lanes_are_claimed_by_urgency_and_in_order,
    a_claim_reports_what_may_be_left,
    the_cap_on_jobs_in_flight_holds,
    scheduled_jobs_are_not_in_flight,
    many_scheduled_jobs_hide_no_expired_lease,
    payloads_come_back_byte_for_byte,
    a_job_with_an_expired_lease_is_claimed_by_itself,
    the_history_lists_every_failed_attempt,
    released_jobs_are_claimed_next,
    an_isolated_job_stays_isolated,
    a_snoozed_job_waits_and_keeps_its_attempts,
    a_claim_takes_1000_jobs_at_most,
    a_claim_takes_2_mb_of_payloads_and_leaves_the_rest_in_its_order,
];

fn lanes_are_claimed_by_urgency_and_in_order(stack: &QueueStack) {
    stack.enqueue("l1", Lane::Low, Schedule::Immediately);
    stack.enqueue("n1", Lane::Normal, Schedule::Immediately);
    stack.enqueue("h1", Lane::High, Schedule::Immediately);
    stack.enqueue("n2", Lane::Normal, Schedule::Immediately);
    stack.enqueue("h2", Lane::High, Schedule::Immediately);
    stack.redis.lpush("problems", b"foreign");
    // A claim takes from one lane only, the most urgent that holds something.
    let claimed = stack.claim(9);
    assert_eq!(
        (ids(&claimed), claimed.status),
        (vec!["h1".into(), "h2".into()], ClaimStatus::LaneDrained)
    );
    assert_eq!(claimed.leases[0].token.lane(), Lane::High);
    assert_eq!(ids(&stack.claim(2)), ["n1", "n2"]);
    let foreign = stack.claim(1);
    assert_eq!(ids(&foreign), ["foreign"]);
    assert_eq!(foreign.leases[0].token.lane(), Lane::Normal);
    assert_eq!(ids(&stack.claim(1)), ["l1"]);
}

fn a_claim_reports_what_may_be_left(stack: &QueueStack) {
    assert_eq!(stack.claim(3).status, ClaimStatus::Empty);
    assert_eq!(
        stack.work(&[], 0).status,
        ClaimStatus::MoreExpected,
        "nothing was asked for"
    );
    stack.enqueue_each(&["a", "b", "c", "d"]);
    assert_eq!(stack.claim(2).status, ClaimStatus::MoreExpected);
    assert_eq!(
        stack.claim(2).status,
        ClaimStatus::MoreExpected,
        "as many as were wanted"
    );
    assert_eq!(stack.claim(2).status, ClaimStatus::Empty);
    stack.enqueue_each(&["e"]);
    assert_eq!(stack.claim(2).status, ClaimStatus::LaneDrained);
    let small = QueueConfig {
        max_in_flight: 5,
        ..CONFIG
    };
    stack.enqueue_each(&["f"]);
    assert_eq!(
        stack.ok(claim_with(&stack.store, 2, &small)).status,
        ClaimStatus::AtCapacity
    );
    stack.ok(stack.store.pause());
    assert_eq!(stack.claim(2).status, ClaimStatus::Paused);
    assert_eq!(stack.work(&[], 0).status, ClaimStatus::MoreExpected);
    stack.ok(stack.store.resume());
    assert_eq!(ids(&stack.claim(2)), ["f"]);
    stack.enqueue_each(&["g"]);
    stack.enqueue("due", Lane::Normal, Schedule::At(1));
    let claimed = stack.claim(3);
    assert_eq!(
        (ids(&claimed), claimed.status),
        (vec!["g".into(), "due".into()], ClaimStatus::LaneDrained)
    );
    stack.expire_all_leases();
    let claimed = stack.claim(3);
    assert_eq!(
        (claimed.leases.len(), claimed.status),
        (1, ClaimStatus::MoreExpected),
        "claimed by itself, and more may wait"
    );
}

fn the_cap_on_jobs_in_flight_holds(stack: &QueueStack) {
    let config = QueueConfig {
        max_in_flight: 3,
        ..CONFIG
    };
    let claim = |want| stack.ok(claim_with(&stack.store, want, &config));
    stack.enqueue_each(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    assert_eq!(ids(&claim(2)), ["a", "b"]);
    assert_eq!(ids(&claim(2)), ["c"]);
    assert_eq!(claim(2).status, ClaimStatus::AtCapacity);
    // A larger cap of another Worker leaves more leases than the small cap
    // looks at.
    assert_eq!(stack.claim(3).leases.len(), 3);
    assert_eq!(claim(2).status, ClaimStatus::AtCapacity);
    stack.expire_all_leases();
    for _ in 0..3 {
        assert_eq!(claim(9).leases.len(), 1);
    }
    assert_eq!(
        claim(9).status,
        ClaimStatus::AtCapacity,
        "three are in flight, three have expired"
    );
    assert_eq!(stack.redis.run::<i64>(&["ZCARD", "leases"]), 6);
}

fn scheduled_jobs_are_not_in_flight(stack: &QueueStack) {
    let config = QueueConfig {
        max_in_flight: 2,
        ..CONFIG
    };
    for id in ["l1", "l2", "l3", "l4"] {
        stack.enqueue(id, Lane::Normal, Schedule::After(30_000));
    }
    stack.enqueue_each(&["a", "b", "c"]);
    let claimed = stack.ok(claim_with(&stack.store, 9, &config));
    assert_eq!(ids(&claimed), ["a", "b"], "scheduled jobs leave room");
    stack.work(
        &[
            retry(&claimed.leases[0], 30_000),
            retry(&claimed.leases[1], 30_000),
        ],
        0,
    );
    let claimed = stack.ok(claim_with(&stack.store, 9, &config));
    assert_eq!(
        ids(&claimed),
        ["c"],
        "jobs that wait for a retry leave room"
    );
}

fn many_scheduled_jobs_hide_no_expired_lease(stack: &QueueStack) {
    let config = QueueConfig {
        max_in_flight: 3,
        ..CONFIG
    };
    let claim = |want| stack.ok(claim_with(&stack.store, want, &config));
    stack.enqueue_each(&["a", "b"]);
    claim(2);
    for number in 0..20 {
        let when = Schedule::At(1_000 + number);
        stack.enqueue(&format!("l{number}"), Lane::Normal, when);
    }
    assert_eq!(ids(&claim(9)), ["l0"], "room for one");
    assert_eq!(claim(9).status, ClaimStatus::AtCapacity);
    stack.expire_all_leases();
    // Expired leases come first, each by itself, then the rest in its order.
    for _ in 0..3 {
        assert_eq!(claim(9).leases[0].token.attempt(), 2);
    }
    assert_eq!(claim(9).status, ClaimStatus::AtCapacity);
    assert_eq!(ids(&stack.claim(3)), ["l1", "l2", "l3"]);
}

fn payloads_come_back_byte_for_byte(stack: &QueueStack) {
    let payloads: [&[u8]; 8] = [
        b"\xff\xfe\x00\r\n\x1e",
        b"",
        b"[]",
        b"{\"a\":[],\"b\":{},\"n\":9007199254740993,\"f\":1.0}",
        b"[\"{\\\"code\\\":\\\"\\\\u0000\\\"}\"]",
        b"OK",
        b"paused",
        "\u{1F600}\u{2028}".as_bytes(),
    ];
    for payload in payloads {
        stack.redis.lpush("problems", payload);
    }
    let taken = |stack: &QueueStack| -> Vec<Vec<u8>> {
        let jobs = stack.claim(9).leases;
        jobs.into_iter().map(|leased| leased.payload).collect()
    };
    assert_eq!(taken(stack), payloads);
    // And after an expired lease, one at a time.
    stack.expire_all_leases();
    let mut again: Vec<Vec<u8>> = payloads.iter().flat_map(|_| taken(stack)).collect();
    again.sort();
    let mut expected = payloads.map(<[u8]>::to_vec);
    expected.sort();
    assert_eq!(again, expected);
}

fn a_job_with_an_expired_lease_is_claimed_by_itself(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b"]);
    stack.claim(2);
    stack.enqueue("c", Lane::High, Schedule::Immediately);
    assert_eq!(ids(&stack.claim(0)), [""; 0]);
    stack.expire_all_leases();
    let first = stack.claim(5);
    let second = stack.claim(5);
    assert_eq!((ids(&first).len(), ids(&second).len()), (1, 1));
    for claimed in [&first, &second] {
        let leased = &claimed.leases[0];
        assert_eq!((leased.token.attempt(), leased.token.isolated()), (2, true));
        assert_eq!(leased.failed_attempts.len(), 1);
        assert!(
            leased.failed_attempts[0]
                .reason
                .contains("The Worker was lost")
        );
    }
    assert_eq!(ids(&stack.claim(5)), ["c"]);
    stack.work(
        &[
            complete(&first.leases[0], "a"),
            complete(&second.leases[0], "b"),
        ],
        0,
    );
    assert_eq!(stack.redis.run::<i64>(&["EXISTS", "history"]), 0);
}

fn the_history_lists_every_failed_attempt(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    let first = stack.claim_one();
    stack.work(&[retry(&first, 0)], 0);
    let second = stack.claim_one();
    assert_eq!(second.failed_attempts, [failure(1)], "also large numbers");
    stack.expire_all_leases();
    let third = stack.claim_one();
    stack.work(&[retry(&third, 0)], 0);
    let fourth = stack.claim_one();
    assert_eq!(fourth.token.attempt(), 4);
    assert_eq!(fourth.failed_attempts.len(), 3);
    assert_eq!(
        (&fourth.failed_attempts[0], &fourth.failed_attempts[2]),
        (&failure(1), &failure(3))
    );
    assert!(
        fourth.failed_attempts[1]
            .reason
            .contains("The Worker was lost")
    );
    assert_eq!(fourth.failed_attempts[1].at_ms, None);
    assert_eq!(stack.redis.run::<i64>(&["HLEN", "history"]), 1);
    stack.work(&[complete(&fourth, "a")], 0);
    assert_eq!(stack.redis.keys("*").len(), 2, "result and statistics");
}

fn released_jobs_are_claimed_next(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b", "c", "d"]);
    stack.enqueue("low", Lane::Low, Schedule::Immediately);
    let claimed = stack.claim(3);
    let low: String = stack.redis.run(&["RPOP", "problems"]);
    assert_eq!(stack.claim(1).status, ClaimStatus::MoreExpected);
    assert!(low.contains("\"d\""));
    let claimed = stack.work(&claimed.leases.iter().map(release).collect::<Vec<_>>(), 2);
    assert_eq!(ids(&claimed), ["a", "b"]);
    assert!(
        claimed
            .leases
            .iter()
            .all(|leased| leased.token.attempt() == 1)
    );
    // One with attempts keeps them, and is still next.
    stack.work(&[retry(&claimed.leases[0], 0)], 0);
    let again = stack.claim_one();
    let again = stack.work(&[release(&again)], 9);
    assert_eq!(ids(&again), ["a"]);
    assert_eq!(
        (
            again.leases[0].token.attempt(),
            again.leases[0].token.isolated()
        ),
        (2, true)
    );
    assert_eq!(again.leases[0].failed_attempts, [failure(1)]);
}

fn an_isolated_job_stays_isolated(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b"]);
    let claimed = stack.claim(2);
    let mut claimed = stack.work(
        &[isolate(&claimed.leases[0]), release(&claimed.leases[1])],
        9,
    );
    for again in [release, isolate] {
        assert_eq!(ids(&claimed), ["a"]);
        let leased = &claimed.leases[0];
        assert_eq!((leased.token.attempt(), leased.token.isolated()), (1, true));
        assert_eq!(leased.failed_attempts, []);
        claimed = stack.work(&[again(leased)], 9);
    }
    assert_eq!(ids(&stack.claim(9)), ["b"]);
}

fn a_snoozed_job_waits_and_keeps_its_attempts(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b", "c"]);
    let jobs = stack.claim(2).leases;
    let snoozed = [snooze(&jobs[0], 30_000), snooze(&jobs[1], 0)];
    let claimed = stack.work(&snoozed, 9);
    assert_eq!(
        ids(&claimed),
        ["b", "c"],
        "a must wait, and blocks no other job"
    );
    for leased in &claimed.leases {
        assert_eq!(
            (leased.token.attempt(), leased.token.isolated()),
            (1, false)
        );
    }
    // The same once more changes nothing: another claim has b.
    stack.work(&snoozed, 0);
    assert_eq!(stack.claim(9).status, ClaimStatus::Empty);
    assert_eq!(stack.redis.run::<i64>(&["HLEN", "inflight"]), 3);
    stack.work(&[complete(&claimed.leases[1], "c")], 0);

    // One with attempts keeps them, and what is known of them.
    stack.work(&[retry(&claimed.leases[0], 0)], 0);
    let second = stack.claim_one();
    let snoozed = [snooze(&second, 30_000)];
    stack.work(&snoozed, 0);
    let leases = || {
        stack
            .redis
            .run::<Vec<String>>(&["ZRANGE", "leases", "0", "-1"])
    };
    let before = leases();
    stack.work(&snoozed, 0);
    assert_eq!(leases(), before);
    assert_eq!(
        stack.claim(9).status,
        ClaimStatus::Empty,
        "not before its time"
    );
    for (index, token) in before.iter().enumerate() {
        // They become due in the order in which they were snoozed.
        stack.set_lease_time(token, (1_u64 << 50) + 1 + index as u64);
    }
    let first = stack.claim(9);
    assert_eq!(ids(&first), ["a"]);
    assert_eq!(first.leases[0].token.attempt(), 1);
    assert_eq!(first.leases[0].failed_attempts, []);
    let again = stack.claim_one();
    assert_eq!((again.token.attempt(), again.token.isolated()), (2, true));
    assert_eq!(again.failed_attempts, [failure(1)]);
    stack.work(&[complete(&again, "b"), complete(&first.leases[0], "a")], 0);
    assert_eq!(
        stack.redis.keys("*").len(),
        4,
        "three results and the statistics"
    );
}

fn a_claim_takes_1000_jobs_at_most(stack: &QueueStack) {
    let mut push = command(&["LPUSH", "problems"]);
    push.arg((0..9_000).collect::<Vec<u32>>());
    stack.redis.pipeline(&[push]);
    let config = QueueConfig {
        max_in_flight: 10_000,
        ..CONFIG
    };
    let claimed = stack.ok(claim_with(&stack.store, 9_000, &config));
    assert_eq!(
        (claimed.leases.len(), claimed.status),
        (1_000, ClaimStatus::MoreExpected)
    );
    assert_eq!(stack.redis.run::<i64>(&["LLEN", "problems"]), 8_000);
}

fn a_claim_takes_2_mb_of_payloads_and_leaves_the_rest_in_its_order(stack: &QueueStack) {
    let payload = |first: char, bytes: usize| {
        let mut payload = first.to_string();
        payload.push_str(&"x".repeat(bytes - 1));
        payload
    };
    for first in 'a'..='h' {
        stack
            .redis
            .lpush("problems", payload(first, 400_000).as_bytes());
    }
    // One that is larger than that by itself is claimed all the same.
    stack
        .redis
        .lpush("problems", payload('i', 3_000_000).as_bytes());
    stack.redis.lpush("problems", payload('j', 1).as_bytes());
    let claim = |want| {
        let claimed = stack.claim(want);
        let first = |payload: String| payload.chars().next().unwrap();
        let firsts: String = ids(&claimed).into_iter().map(first).collect();
        (firsts, claimed.status)
    };
    assert_eq!(claim(9), ("abcde".into(), ClaimStatus::MoreExpected));
    assert_eq!(claim(2), ("fg".into(), ClaimStatus::MoreExpected));
    assert_eq!(claim(9), ("h".into(), ClaimStatus::MoreExpected));
    assert_eq!(claim(9), ("i".into(), ClaimStatus::MoreExpected));
    assert_eq!(claim(9), ("j".into(), ClaimStatus::LaneDrained));
}
