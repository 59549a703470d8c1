//! The share of each lane: `low` never takes all of what may be in flight, and is
//! not starved either.

use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::queue::claim::{ClaimStatus, Claimed};
use shared::queue::settlement::{ClaimContext, QueueConfig};

use crate::fixtures::{CONFIG, call, complete, ids, retry};
use crate::stack::QueueStack;

support::tests![
    the_low_lane_leaves_half_to_the_others,
    low_jobs_that_are_due_again_come_after_the_others,
    the_smallest_cap_lets_the_low_lane_work,
    a_claim_may_take_from_the_low_lane_first,
    the_share_of_the_low_lane_costs_one_command_at_most,
];

fn config(max_in_flight: u64) -> QueueConfig {
    QueueConfig {
        max_in_flight,
        ..CONFIG
    }
}

fn claim(stack: &QueueStack, want: usize, cap: u64, low_first: bool) -> Claimed {
    let context = ClaimContext {
        low_first,
        ..call()
    };
    let (queue, config) = (&stack.store, config(cap));
    stack.ok(queue.settle_and_claim(&[], want, &config, &context))
}

fn fill(stack: &QueueStack, lane: Lane, count: usize) {
    for number in 0..count {
        let id = format!("{}{number}", lane.name());
        stack.enqueue(&id, lane, Schedule::Immediately);
    }
}

fn the_low_lane_leaves_half_to_the_others(stack: &QueueStack) {
    fill(stack, Lane::Low, 9);
    assert_eq!(claim(stack, 4, 12, false).leases.len(), 4);
    // Two are left of its six, and more wait that cannot be taken now.
    let claimed = claim(stack, 4, 12, false);
    assert_eq!(ids(&claimed), ["low4", "low5"]);
    assert_eq!(claimed.status, ClaimStatus::MoreExpected);
    assert_eq!(claim(stack, 4, 12, false).status, ClaimStatus::AtCapacity);
    assert_eq!(claim(stack, 4, 12, true).status, ClaimStatus::AtCapacity);
    // Others find room.
    fill(stack, Lane::Normal, 5);
    let others = claim(stack, 6, 12, true);
    assert_eq!(
        (others.leases.len(), others.status),
        (5, ClaimStatus::LaneDrained)
    );
    fill(stack, Lane::High, 3);
    let others = claim(stack, 4, 12, false);
    assert_eq!(
        (ids(&others), others.status),
        (vec!["high0".into()], ClaimStatus::MoreExpected)
    );
    assert_eq!(claim(stack, 4, 12, false).status, ClaimStatus::AtCapacity);
    // With one done there is room for one.
    stack.work(&[complete(&claimed.leases[0], "low4")], 0);
    assert_eq!(ids(&claim(stack, 4, 12, true)), ["low6"]);
}

fn low_jobs_that_are_due_again_come_after_the_others(stack: &QueueStack) {
    fill(stack, Lane::Low, 4);
    let jobs = claim(stack, 3, 6, false).leases;
    assert_eq!(jobs.len(), 3);
    stack.work(&[retry(&jobs[0], 0)], 0);
    fill(stack, Lane::Normal, 2);
    assert_eq!(ids(&claim(stack, 4, 6, false)), ["normal0", "normal1"]);
    // It comes before what waits in its own lane.
    let again = claim(stack, 4, 6, false);
    assert_eq!(
        (ids(&again), again.leases[0].token.attempt()),
        (vec!["low0".into()], 2)
    );
    stack.work(&[retry(&again.leases[0], 0)], 0);
    let low = claim(stack, 1, 8, true).leases;
    assert_eq!(low[0].token.attempt(), 3);
    stack.work(&[retry(&low[0], 0)], 0);
    // Its place in the share was taken by another of its lane meanwhile.
    stack
        .redis
        .run::<()>(&["ZREM", "leases", low[0].token.as_str()]);
    assert_eq!(ids(&claim(stack, 1, 6, true)), ["low3"]);
    let score = (1_u64 << 50) + 1;
    stack
        .redis
        .run::<()>(&["ZADD", "leases", &score.to_string(), low[0].token.as_str()]);
    fill(stack, Lane::High, 1);
    let others = claim(stack, 4, 6, false);
    assert_eq!(ids(&others), ["high0"], "no fourth of the lane low");
    stack.work(&[complete(&jobs[1], "low1")], 0);
    assert_eq!(ids(&claim(stack, 4, 6, false)), ["low0"]);
}

fn the_smallest_cap_lets_the_low_lane_work(stack: &QueueStack) {
    fill(stack, Lane::Low, 2);
    assert_eq!(ids(&claim(stack, 4, 1, false)), ["low0"]);
    assert_eq!(claim(stack, 4, 1, false).status, ClaimStatus::AtCapacity);
}

fn a_claim_may_take_from_the_low_lane_first(stack: &QueueStack) {
    fill(stack, Lane::High, 1);
    fill(stack, Lane::Normal, 2);
    fill(stack, Lane::Low, 2);
    let first = claim(stack, 1, 60, true);
    assert_eq!(
        (ids(&first), first.status),
        (vec!["low0".into()], ClaimStatus::MoreExpected)
    );
    let first = claim(stack, 3, 60, true);
    assert_eq!(
        (ids(&first), first.status),
        (vec!["low1".into()], ClaimStatus::LaneDrained)
    );
    // Where nothing is in it, the others follow in their order.
    assert_eq!(ids(&claim(stack, 3, 60, true)), ["high0"]);
    assert_eq!(ids(&claim(stack, 3, 60, true)), ["normal0", "normal1"]);
    assert_eq!(claim(stack, 3, 60, true).status, ClaimStatus::Empty);
}

fn the_share_of_the_low_lane_costs_one_command_at_most(stack: &QueueStack) {
    fill(stack, Lane::Low, 9);
    // The cap, the commands of the claim.
    for (cap, commands) in [(60, 6), (6, 7)] {
        let cost = stack.cost_of(|| assert_eq!(claim(stack, 4, cap, false).leases.len().min(3), 3));
        assert_eq!(cost.total(), commands, "{cap}: {cost:?}");
        stack.redis.flush();
        fill(stack, Lane::Low, 9);
    }
}
