//! A call that was applied, whose response was lost, and that is sent again:
//! unchanged, as a network may do it, or with the word that it is sent again, as a
//! drain does it.

use shared::config::Secret;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::claim::{ClaimStatus, Claimed};
use shared::queue::settlement::{ClaimContext, Settlement};

use crate::fixtures::{
    CONFIG, NOW_MS, call, complete, dead_letter, failure, ids, release, retry, snooze,
};
use crate::stack::QueueStack;

support::tests![
    a_repeated_claim_overwrites_no_lease,
    a_repeated_retry_is_recorded_once,
    a_repeated_release_leaves_the_next_lease_alone,
    a_repeated_settlement_is_counted_once,
    a_claim_that_is_asked_for_again_returns_what_it_took,
    a_claim_that_never_arrived_claims_when_it_is_asked_for_again,
    jobs_that_were_settled_or_taken_over_are_not_returned_again,
    an_isolated_job_is_returned_again_with_its_failures,
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
    let stats = stack.stats(NOW_MS, &TicketKey::new(&Secret::new("s")));
    let minutes = stats
        .minutes
        .iter()
        .map(|minute| (minute.done, minute.dead));
    assert_eq!(minutes.collect::<Vec<_>>(), [(2, 1)]);
    assert_eq!(stats.verdicts.iter().map(|one| one.count).sum::<u64>(), 2);
}

/// The same call once more, after its answer was lost.
fn again(
    stack: &QueueStack,
    settlements: &[Settlement],
    want: usize,
    first: &ClaimContext,
) -> Claimed {
    let context = ClaimContext {
        again: true,
        ..first.clone()
    };
    let queue = &stack.store;
    stack.ok(queue.settle_and_claim(settlements, want, &CONFIG, &context))
}

fn first(
    stack: &QueueStack,
    settlements: &[Settlement],
    want: usize,
    context: &ClaimContext,
) -> Claimed {
    let queue = &stack.store;
    stack.ok(queue.settle_and_claim(settlements, want, &CONFIG, context))
}

fn a_claim_that_is_asked_for_again_returns_what_it_took(stack: &QueueStack) {
    let names: Vec<String> = (0..12).map(|number| format!("j{number}")).collect();
    stack.enqueue_each(&["done"]);
    let done = stack.claim_one();
    stack.enqueue_each(&names.iter().map(String::as_str).collect::<Vec<_>>());
    stack.enqueue_each(&["more"]);
    let (context, end) = (call(), [complete(&done, "done")]);
    let lost = first(stack, &end, 12, &context);
    // Paused meanwhile: these are claimed already.
    stack.ok(stack.store.pause());
    for _ in 0..2 {
        let found = again(stack, &end, 12, &context);
        assert_eq!(found.leases, lost.leases, "and in their order");
        assert_eq!(found.status, ClaimStatus::MoreExpected);
    }
    assert_eq!(ids(&lost), names);
    stack.ok(stack.store.resume());
    assert_eq!(stack.redis.run::<i64>(&["LLEN", "problems"]), 1);
    let settled: Vec<_> = lost
        .leases
        .iter()
        .zip(&names)
        .map(|(leased, id)| complete(leased, id))
        .collect();
    stack.work(&settled, 0);
    assert_eq!(stack.redis.keys("result:*").len(), 13);
    assert!(lost.leases.iter().all(|leased| leased.token.attempt() == 1));
}

fn a_claim_that_never_arrived_claims_when_it_is_asked_for_again(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b"]);
    let context = call();
    assert_eq!(again(stack, &[], 0, &context).leases, [], "none was wanted");
    assert_eq!(ids(&again(stack, &[], 1, &context)), ["a"]);
    assert_eq!(ids(&again(stack, &[], 1, &context)), ["a"]);
    // Another nonce is another claim, though it begins with the same letters.
    let other = ClaimContext {
        nonce: format!("{}0", context.nonce),
        ..context
    };
    assert_eq!(ids(&again(stack, &[], 1, &other)), ["b"]);
    assert_eq!(again(stack, &[], 1, &call()).status, ClaimStatus::Empty);
}

fn jobs_that_were_settled_or_taken_over_are_not_returned_again(stack: &QueueStack) {
    stack.enqueue_each(&["done", "retried", "snoozed", "expired", "held"]);
    let context = call();
    let jobs = first(stack, &[], 5, &context).leases;
    stack.work(
        &[
            complete(&jobs[0], "done"),
            retry(&jobs[1], 60_000),
            snooze(&jobs[2], 60_000),
        ],
        0,
    );
    stack.set_lease_time(jobs[3].token.as_str(), 1);
    assert_eq!(ids(&again(stack, &[], 5, &context)), ["held"]);
    let taken_over = stack.claim_one();
    assert_eq!(taken_over.payload, jobs[3].payload);
    assert_eq!(ids(&again(stack, &[], 5, &context)), ["held"]);
    // None is left: then it claims as any other call.
    stack.work(&[complete(&jobs[4], "held")], 0);
    stack.enqueue("new", Lane::High, Schedule::Immediately);
    assert_eq!(ids(&again(stack, &[], 5, &context)), ["new"]);
}

fn an_isolated_job_is_returned_again_with_its_failures(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    let leased = stack.claim_one();
    stack.work(&[retry(&leased, 0)], 0);
    stack.enqueue_each(&["b"]);
    let context = call();
    let lost = first(stack, &[], 5, &context);
    assert_eq!(lost.leases[0].failed_attempts, [failure(1)]);
    assert_eq!(again(stack, &[], 5, &context).leases, lost.leases);
    assert_eq!(lost.leases[0].token.attempt(), 2);
}
