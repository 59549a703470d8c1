//! A call that was applied, whose response was lost, and that is sent again
//! unchanged.

use shared::queue::claim::ClaimStatus;

use crate::fixtures::{CONFIG, NOW_MS, call, complete, dead_letter, failure, ids, release, retry};
use crate::stack::QueueStack;

support::tests![
    a_repeated_claim_overwrites_no_lease,
    a_repeated_retry_is_recorded_once,
    a_repeated_release_leaves_the_next_lease_alone,
    a_repeated_settlement_is_counted_once,
];

fn a_repeated_claim_overwrites_no_lease(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b", "c", "d"]);
    let call = call();
    let claim = || stack.ok(stack.store.settle_and_claim(&[], 2, &CONFIG, &call));
    claim();
    assert_eq!(ids(&claim()), ["c", "d"]);
    assert_eq!(stack.redis.run::<i64>(&["HLEN", "inflight"]), 4);
    stack.expire_all_leases();
    let mut found: Vec<String> = (0..4).flat_map(|_| ids(&stack.claim(1))).collect();
    found.sort();
    assert_eq!(found, ["a", "b", "c", "d"]);
}

fn a_repeated_retry_is_recorded_once(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    let leased = stack.claim_one();
    stack.work(&[retry(&leased, 60_000)], 0);
    let leases = ["ZRANGE", "leases", "0", "-1", "WITHSCORES"];
    let due: Vec<String> = stack.redis.run(&leases);
    stack.work(&[retry(&leased, 60_000)], 0);
    assert_eq!(stack.redis.run::<Vec<String>>(&leases), due);
    let token = leased.token.as_str();
    stack.set_lease_time(token, 1);
    let again = stack.claim_one();
    assert_eq!(
        (again.token.attempt(), again.failed_attempts),
        (2, vec![failure(1)])
    );
}

fn a_repeated_release_leaves_the_next_lease_alone(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    let first = stack.claim_one();
    stack.work(&[retry(&first, 0)], 0);
    let first = stack.claim_one();
    stack.work(&[release(&first)], 0);
    let next = stack.claim_one();
    assert_eq!(next.token.attempt(), first.token.attempt());
    assert_ne!(next.token, first.token);
    assert_eq!(stack.work(&[release(&first)], 5).status, ClaimStatus::Empty);
    stack.work(&[complete(&next, "a")], 0);
    assert!(stack.ok(stack.store.result("a")).is_some());
}

fn a_repeated_settlement_is_counted_once(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b", "c"]);
    let jobs = stack.claim(3).leases;
    let ends = [
        complete(&jobs[0], "a"),
        complete(&jobs[1], "b"),
        dead_letter(&jobs[2], "c"),
    ];
    for _ in 0..3 {
        stack.work(&ends, 0);
    }
    let key = format!("stats:{}", NOW_MS / 3_600_000);
    let counted = stack
        .redis
        .run::<Vec<(String, Vec<u8>)>>(&["HGETALL", &key]);
    assert_eq!(
        counted,
        [("7".into(), (2 + (1u64 << 32)).to_string().into_bytes())]
    );
}
