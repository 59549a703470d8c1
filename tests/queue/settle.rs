//! How a job ends, as a result or as a dead letter, and which keys it leaves.

use shared::domain::lane::Lane;
use shared::queue::claim::ClaimStatus;
use shared::queue::settlement::QueueConfig;

use crate::fixtures::{
    CONFIG, NOW_MS, call, claim_with, complete, dead_letter, document, failure, letter, problem_id,
    retry, settle, snooze,
};
use crate::stack::QueueStack;

support::tests![
    a_result_is_stored_unchanged,
    the_first_result_stays,
    only_the_lease_holder_settles,
    a_dead_letter_keeps_its_bytes,
    results_are_listed_under_their_problem,
    the_result_index_is_trimmed,
    every_key_expires_but_those_of_jobs_and_dead_letters,
];

fn a_result_is_stored_unchanged(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    let leased = stack.claim_one();
    stack.work(&[complete(&leased, "a")], 0);
    let stored = stack.ok(stack.store.result("a")).unwrap();
    assert_eq!(stored, serde_json::to_vec(&document("a")).unwrap());
    assert_eq!(stack.ok(stack.store.result("b")), None);
    assert_eq!(stack.redis.keys("*"), ["result:a".to_owned(), hour_key()]);
}

fn hour_key() -> String {
    format!("statistics:{}", NOW_MS / 3_600_000)
}

fn the_first_result_stays(stack: &QueueStack) {
    // A client that sent its submission three times: three jobs, one id.
    stack.enqueue_each(&["a", "a", "a"]);
    let jobs = stack.claim(3).leases;
    let mut other = document("a");
    other.output = Some("other".into());
    stack.work(&[complete(&jobs[0], "a")], 0);
    let outcome = shared::queue::settlement::Outcome::Complete(Box::new(other));
    stack.work(&[settle(&jobs[1].token, outcome)], 0);
    stack.work(&[dead_letter(&jobs[2], "a")], 0);
    let stored = stack.ok(stack.store.result("a")).unwrap();
    assert_eq!(stored, serde_json::to_vec(&document("a")).unwrap());
}

fn only_the_lease_holder_settles(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b"]);
    let old = stack.claim(2).leases;
    stack.expire_all_leases();
    let new = stack.claim_one();
    assert_eq!(new.payload, old[0].payload);
    // The lease of the first has expired and was claimed again; that of the
    // second has only expired.
    stack.work(&[complete(&old[0], "a"), complete(&old[1], "b")], 0);
    assert_eq!(stack.ok(stack.store.result("a")), None);
    assert!(stack.ok(stack.store.result("b")).is_some());
    for stale in [
        dead_letter(&old[0], "a"),
        retry(&old[0], 0),
        snooze(&old[0], 0),
    ] {
        stack.work(&[stale], 0);
    }
    for stale in [crate::fixtures::release, crate::fixtures::isolate] {
        stack.work(&[stale(&old[0])], 0);
    }
    assert_eq!(stack.claim(5).status, ClaimStatus::Empty);
    assert_eq!(stack.ok(stack.store.dead_letters(0)).letters.len(), 0);
    stack.work(&[complete(&new, "a")], 0);
    assert!(stack.ok(stack.store.result("a")).is_some());
    assert_eq!(
        stack.redis.keys("*").len(),
        3,
        "two results and the statistics"
    );
}

fn a_dead_letter_keeps_its_bytes(stack: &QueueStack) {
    let payload = b"\x00\xff[\"not one\",\"string\"]\r\n";
    stack.redis.lpush("problems", payload);
    let first = stack.claim_one();
    stack.work(&[retry(&first, 0)], 0);
    let leased = stack.claim_one();
    stack.work(&[dead_letter(&leased, "d1")], 0);
    let (stored, bytes) = stack.ok(stack.store.dead_letter("d1")).unwrap();
    assert_eq!(bytes, payload);
    let letter = letter("d1", &leased);
    assert_eq!(stored, serde_json::to_vec(&letter).unwrap());
    assert_eq!(letter.failed_attempts, [failure(1)]);
    assert_eq!(letter.lane, Lane::Normal);
    let shown = stack.ok(stack.store.result("d1")).unwrap();
    assert_eq!(shown, serde_json::to_vec(&letter.document()).unwrap());
    for key in ["inflight", "leases", "history"] {
        assert_eq!(stack.redis.run::<i64>(&["EXISTS", key]), 0, "{key}");
    }
    assert_eq!(stack.ok(stack.store.dead_letter("d2")), None);
}

fn results_are_listed_under_their_problem(stack: &QueueStack) {
    let config = QueueConfig {
        result_index: true,
        ..CONFIG
    };
    stack.enqueue_each(&["a", "b", "c"]);
    let jobs = stack.claim(3).leases;
    let settle = |index: usize, id| complete(&jobs[index], id);
    stack.ok(stack
        .store
        .settle_and_claim(&[settle(0, "a"), settle(1, "b")], 0, &config, &call()));
    stack.ok(stack
        .store
        .settle_and_claim(&[settle(2, "c")], 0, &config, &call()));
    // A repeated settlement is listed once all the same.
    stack.ok(stack
        .store
        .settle_and_claim(&[settle(2, "c")], 0, &config, &call()));
    let listed = stack.ok(stack.store.results_of_problem(&problem_id("two-sum")));
    let expected = ["c", "b", "a"].map(|id| serde_json::to_vec(&document(id).summary()).unwrap());
    assert_eq!(listed, expected, "newest first");
    assert_eq!(
        stack.ok(stack.store.results_of_problem(&problem_id("x"))),
        [[0u8; 0]; 0]
    );
}

fn the_result_index_is_trimmed(stack: &QueueStack) {
    let config = QueueConfig {
        result_index: true,
        ..CONFIG
    };
    for group in 0..25 {
        for number in 0..5 {
            stack.enqueue_each(&[&format!("{group}-{number}")]);
        }
        let jobs = stack.ok(claim_with(&stack.store, 5, &config)).leases;
        let settlements: Vec<_> = jobs
            .iter()
            .enumerate()
            .map(|(number, leased)| complete(leased, &format!("{group}-{number}")))
            .collect();
        stack.ok(stack
            .store
            .settle_and_claim(&settlements, 0, &config, &call()));
        let length = stack.redis.run::<i64>(&["LLEN", "results:two-sum"]);
        assert!(length <= 120, "{length}");
    }
    let listed = stack.ok(stack.store.results_of_problem(&problem_id("two-sum")));
    assert_eq!(listed.len(), 100);
    assert_eq!(
        listed[0],
        serde_json::to_vec(&document("24-4").summary()).unwrap()
    );
}

fn every_key_expires_but_those_of_jobs_and_dead_letters(stack: &QueueStack) {
    let config = QueueConfig {
        result_index: true,
        ..CONFIG
    };
    stack.enqueue_each(&["a", "b", "c", "d", "e"]);
    let jobs = stack.claim(4).leases;
    let settlements = [
        complete(&jobs[0], "a"),
        dead_letter(&jobs[1], "b"),
        retry(&jobs[2], 9_000),
    ];
    stack.ok(stack
        .store
        .settle_and_claim(&settlements, 0, &config, &call()));
    let persistent = [
        "dead",
        "dead:payload",
        "history",
        "inflight",
        "leases",
        "problems",
    ];
    let expiring = [
        ("result:a", 1_000),
        ("result:b", 1_000),
        // A 24th longer, so that not every result moves it on.
        ("results:two-sum", 1_041),
    ];
    for key in persistent {
        assert_eq!(stack.redis.run::<i64>(&["TTL", key]), -1, "{key}");
    }
    let hour = hour_key();
    for (key, at_most) in expiring.into_iter().chain([(hour.as_str(), 93_600)]) {
        let ttl = stack.redis.run::<i64>(&["TTL", key]);
        assert!((at_most - 60..=at_most).contains(&ttl), "{key}: {ttl}");
    }
    assert_eq!(
        stack.redis.keys("*").len(),
        persistent.len() + expiring.len() + 1
    );
}
