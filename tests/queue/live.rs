//! What viewers of a submission see: looks, progress, and positions in lanes.

use shared::config::Secret;
use shared::domain::lane::Lane;
use shared::domain::live_progress::LiveProgress;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::domain::verdict::Verdict;
use shared::queue::live::Look;
use shared::redis::CommandCounter;

use crate::fixtures::{NOW_MS, complete};
use crate::stack::QueueStack;

support::tests![
    a_look_finds_result_and_progress_with_one_command,
    each_place_of_a_lane_is_found,
    a_submission_out_of_order_has_no_position_or_the_right_one,
    what_has_no_id_hides_no_other,
    a_position_costs_little_in_a_long_lane,
];

/// The id of a submission at `NOW_MS` and so many milliseconds.
fn id(ms: u64) -> String {
    let random: [u8; 10] =
        std::array::from_fn(|index| u8::try_from(ms % 251).unwrap() ^ index as u8);
    TicketKey::new(&Secret::new("s")).issue(NOW_MS + ms, &random)
}

fn push(stack: &QueueStack, lane: Lane, ms: u64) -> String {
    let id = id(ms);
    stack.enqueue(&id, lane, Schedule::Immediately);
    id
}

fn position(stack: &QueueStack, id: &str) -> Option<u64> {
    stack.ok(stack.store.position(id))
}

fn a_look_finds_result_and_progress_with_one_command(stack: &QueueStack) {
    let look = |id: &str| stack.ok(stack.store.look(id));
    assert_eq!(look("a"), Look::default());
    let progress = LiveProgress {
        started_at_ms: NOW_MS,
        total: Some(3),
        cases: vec![Verdict::Accepted, Verdict::WrongAnswer],
    };
    let cost = stack.cost_of(|| stack.ok(stack.store.write_progress("a", &progress)));
    assert_eq!((cost.total(), cost.of("set")), (1, 1), "{cost:?}");
    assert_eq!(look("a").progress, Some(progress));
    let left_s: i64 = stack.redis.run(&["TTL", "progress:a"]);
    assert!((100..=120).contains(&left_s), "{left_s}");
    // What cannot be read is not shown.
    stack.redis.run::<()>(&["SET", "progress:a", "{"]);
    assert_eq!(look("a"), Look::default());
    stack.enqueue_each(&["a"]);
    let jobs = stack.claim(1).leases;
    stack.work(&[complete(&jobs[0], "a")], 0);
    let cost = stack.cost_of(|| {
        let found = look("a").document;
        assert_eq!(found, stack.ok(stack.store.result("a")));
        assert!(found.is_some());
    });
    assert_eq!(cost.of("mget"), 1, "{cost:?}");
}

fn each_place_of_a_lane_is_found(stack: &QueueStack) {
    for (count, lane) in [
        (1, Lane::Normal),
        (9, Lane::Low),
        (100, Lane::High),
        (333, Lane::Low),
    ] {
        stack.redis.flush();
        // Some share a millisecond, and then are in no order.
        let ids: Vec<String> = (0..count)
            .map(|number| push(stack, lane, 1_000 * number / 3))
            .collect();
        let mut known = ids.clone();
        known.dedup();
        for id in &known {
            let place = ids.iter().position(|other| other == id).unwrap() as u64 + 1;
            let found = position(stack, id);
            // Two of the same id do not occur in earnest.
            let places = place..=place + 2;
            assert!(
                found.is_some_and(|found| places.contains(&found)),
                "{found:?} {place}"
            );
        }
        assert_eq!(position(stack, &id(5_000_000)), None);
    }
}

fn a_submission_out_of_order_has_no_position_or_the_right_one(stack: &QueueStack) {
    // As many as come in a second, each up to five places from where it belongs.
    let times: Vec<u64> = (0..300)
        .map(|number| 10 * (number / 5 * 5 + 4 - number % 5) + 1)
        .collect();
    let ids: Vec<String> = times
        .iter()
        .map(|&ms| push(stack, Lane::Normal, ms))
        .collect();
    let mut found = 0;
    for (index, id) in ids.iter().enumerate() {
        if let Some(place) = position(stack, id) {
            assert_eq!(place, index as u64 + 1);
            found += 1;
        }
    }
    assert!(found >= 290, "{found} of 300");
    // A replayed one is younger than its id says.
    let replayed = push(stack, Lane::Normal, 0);
    assert_eq!(position(stack, &replayed), None);
    // A claimed one is in no lane.
    stack.claim(1);
    assert_eq!(position(stack, &ids[0]), None);
    assert_eq!(position(stack, &ids[1]), Some(1));
}

fn what_has_no_id_hides_no_other(stack: &QueueStack) {
    stack.redis.lpush("problems", b"{\"problemId\":1}");
    let one = push(stack, Lane::Normal, 1);
    stack.redis.lpush("problems", b"\xff");
    let other = push(stack, Lane::Normal, 2);
    assert_eq!(position(stack, &one), Some(2));
    assert_eq!(position(stack, &other), Some(4));
    // What is no id of ours finds nothing.
    for odd in ["", "x", "%", "two-sum"] {
        assert_eq!(position(stack, odd), None);
    }
}

fn a_position_costs_little_in_a_long_lane(stack: &QueueStack) {
    let ids: Vec<String> = (0..4_000)
        .map(|number| push(stack, Lane::Normal, number))
        .collect();
    let mut most = 0;
    for place in [1, 2, 1_000, 2_345, 4_000] {
        let counted = CommandCounter::default();
        let queue = stack.counting_store(&counted);
        let cost = stack.cost_of(|| {
            let found = stack.ok(queue.position(&ids[place - 1]));
            assert_eq!(found, Some(place as u64));
        });
        assert_eq!(cost.round_trips, 1);
        assert_eq!(counted.get(), cost.total(), "as Redis counts them");
        most = most.max(cost.total());
    }
    let running = stack.cost_of(|| {
        assert_eq!(
            position(
                stack,
                &TicketKey::new(&Secret::new("s")).issue(NOW_MS - 9_000, &[0; 10])
            ),
            None
        );
    });
    println!(
        "\n  a position among 4,000: {most} commands; of what runs: {}",
        running.total()
    );
    assert!(most <= 4 + 12, "{most}");
    assert_eq!(running.total(), 4);
}
