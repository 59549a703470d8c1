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
    a_claim_tells_how_many_jobs_others_would_find,
    being_told_costs_one_command_and_only_where_there_is_room,
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

fn asking(stack: &QueueStack, want: usize, cap: u64) -> Claimed {
    let context = ClaimContext {
        asks_others: true,
        ..call()
    };
    stack.ok((stack.store).settle_and_claim(&[], want, &config(cap), &context))
}

fn a_claim_tells_how_many_jobs_others_would_find(stack: &QueueStack) {
    fill(stack, Lane::Normal, 50);
    assert_eq!(claim(stack, 12, 60, false).others, 0, "it was not asked");
    // As many as wait, or as the cap has room for.
    assert_eq!(asking(stack, 12, 60).others, 26);
    assert_eq!(asking(stack, 4, 40).others, 12);
    assert_eq!(asking(stack, 4, 32).others, 0);
    // A claim that drains its lane leaves none.
    let last = asking(stack, 30, 60);
    assert_eq!((last.leases.len(), last.others), (18, 0));
    // Of the lane low, no more than its share.
    fill(stack, Lane::Low, 100);
    assert_eq!(asking(stack, 4, 120).others, 56);
}

fn being_told_costs_one_command_and_only_where_there_is_room(stack: &QueueStack) {
    fill(stack, Lane::Normal, 50);
    let plain = stack.cost_of(|| drop(claim(stack, 4, 60, false))).total();
    let told = stack.cost_of(|| drop(asking(stack, 4, 60))).total();
    let full = stack.cost_of(|| drop(asking(stack, 4, 12))).total();
    assert_eq!((told, full), (plain + 1, plain));
}
