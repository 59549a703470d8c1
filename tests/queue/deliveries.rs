//! Deliveries: stored with the result, claimed, settled (`deliver.lua`), given up and
//! replayed. Jobs that nobody is told of cost no command more.

use std::thread::sleep;
use std::time::Duration;

use shared::domain::delivery::{Delivery, letter_id};
use shared::domain::lane::Lane;
use shared::queue::claim::Lease;
use shared::queue::dead_letters::Replay;
use shared::queue::deliveries::{DeliveryOutcome, DeliverySettlement};
use shared::queue::settlement::{Outcome, Settlement};

use crate::fixtures::{CALLBACK, CONFIG, NOW_MS, call, complete, document, letter, settle};
use crate::stack::QueueStack;

support::tests![
    an_end_and_its_delivery_are_stored_together,
    only_the_holder_of_a_job_has_anybody_told,
    a_full_redis_keeps_a_job_with_its_delivery,
    deliveries_are_claimed_when_they_are_due_and_come_back,
    a_delivery_that_is_given_up_is_a_dead_letter_and_can_be_replayed,
    a_settlement_that_comes_late_changes_nothing,
    dead_letters_of_deliveries_are_bounded,
    a_delivery_costs_a_job_two_commands,
];

/// Completes a job, and has somebody told of it.
fn told(leased: &Lease, id: &str) -> Settlement {
    let mut document = document(id);
    document.callback_url = Some(CALLBACK.into());
    settle(&leased.token, Outcome::Complete(Box::new(document)))
}

fn claim(stack: &QueueStack, want: usize, lease_ms: u64) -> Vec<Delivery> {
    let call = stack.store.settle_and_claim_deliveries(&[], want, lease_ms);
    let payloads = stack.ok(call).payloads;
    let read = |payload: &Vec<u8>| Delivery::decode(payload).unwrap();
    payloads.iter().map(read).collect()
}

fn settled(stack: &QueueStack, delivery: &Delivery, outcome: DeliveryOutcome) {
    let payload = delivery.encode().unwrap().into_bytes();
    let settlement = [DeliverySettlement { payload, outcome }];
    stack.ok(stack.store.settle_and_claim_deliveries(&settlement, 0, 1));
}

fn waiting(stack: &QueueStack) -> u64 {
    stack.redis.run(&["ZCARD", "deliveries"])
}

fn an_end_and_its_delivery_are_stored_together(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b", "c"]);
    let jobs = stack.claim(3).leases;
    let mut dead = letter("b", &jobs[1]);
    dead.callback_url = Some(CALLBACK.into());
    let dead = settle(&jobs[1].token, Outcome::DeadLetter(Box::new(dead)));
    stack.work(&[told(&jobs[0], "a"), dead, complete(&jobs[2], "c")], 0);
    assert_eq!(waiting(stack), 2, "nobody is told of c");
    let mut due = claim(stack, 9, 60_000);
    due.sort_by(|one, other| one.id.cmp(&other.id));
    let expected = [
        Delivery::new("a", CALLBACK, 3),
        Delivery::new("b", CALLBACK, 4),
    ];
    assert_eq!(due, expected);
    assert!(stack.ok(stack.store.result("a")).is_some());
    // It stands in no place of a job.
    let stats = stack.stats(NOW_MS, &crate::dead_letters::tickets());
    assert_eq!(
        (stats.in_flight, stats.due, stats.later, stats.deliveries),
        (0, 0, 0, 2)
    );
}

fn only_the_holder_of_a_job_has_anybody_told(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    let lost = stack.claim_one();
    // Its lease runs out, and another Worker completes it.
    let expired = ["ZADD", "leases", "1", lost.token.as_str()];
    stack.redis.run::<u64>(&expired);
    let held = stack.claim_one();
    stack.work(&[told(&lost, "a")], 0);
    assert_eq!(
        (waiting(stack), stack.ok(stack.store.result("a"))),
        (0, None)
    );
    stack.work(&[told(&held, "a")], 0);
    // Sent again, because its answer was lost.
    stack.work(&[told(&held, "a")], 0);
    stack.work(&[told(&lost, "a")], 0);
    assert_eq!(waiting(stack), 1);
    assert_eq!(claim(stack, 9, 60_000).len(), 1);
}

fn a_full_redis_keeps_a_job_with_its_delivery(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    let leased = stack.claim_one();
    // A key of another type refuses the second of the two writes.
    stack.redis.run::<String>(&["SET", "deliveries", "x"]);
    let settlements = [told(&leased, "a")];
    let config = CONFIG;
    let (store, call) = (&stack.store, call());
    let refused = stack.wait(store.settle_and_claim(&settlements, 0, &config, &call));
    assert!(refused.is_err());
    assert_eq!(stack.ok(stack.store.result("a")), None);
    assert!(
        stack
            .redis
            .run::<bool>(&["HEXISTS", "inflight", leased.token.as_str()])
    );
    stack.redis.run::<u64>(&["DEL", "deliveries"]);
    stack.work(&settlements, 0);
    assert_eq!(waiting(stack), 1);
}

fn deliveries_are_claimed_when_they_are_due_and_come_back(stack: &QueueStack) {
    let queue = &stack.store;
    assert_eq!(stack.ok(queue.first_delivery_ms()), None);
    let none = stack.ok(queue.settle_and_claim_deliveries(&[], 2, 60_000));
    assert_eq!((none.payloads.len(), none.next_in_ms), (0, None));
    let now_ms = stack.redis.now_ms();
    for (number, due_ms) in [(1, 5), (2, now_ms - 1), (3, now_ms + 60_000)] {
        let payload = Delivery::new(&number.to_string(), CALLBACK, 7)
            .encode()
            .unwrap();
        stack
            .redis
            .run::<u64>(&["ZADD", "deliveries", &due_ms.to_string(), &payload]);
    }
    assert_eq!(stack.ok(queue.first_delivery_ms()), Some(5));
    let ids = |due: &[Delivery]| -> Vec<String> { due.iter().map(|one| one.id.clone()).collect() };
    assert_eq!(ids(&claim(stack, 1, 30)), ["1"]);
    assert_eq!(ids(&claim(stack, 2, 30)), ["2"]);
    let next = stack.ok(queue.settle_and_claim_deliveries(&[], 2, 30));
    assert!(next.next_in_ms.is_some_and(|ms| ms <= 30), "{next:?}");
    sleep(Duration::from_millis(40));
    let back = claim(stack, 9, 60_000);
    assert_eq!(ids(&back), ["1", "2"]);
    settled(stack, &back[0], DeliveryOutcome::Delivered);
    let next = Box::new(back[1].failed("500".into(), 8));
    let delay_ms = 0;
    let retry = DeliveryOutcome::Retry { delay_ms, next };
    settled(stack, &back[1], retry);
    let again = claim(stack, 9, 60_000);
    assert_eq!((ids(&again), again[0].attempt()), (vec!["2".to_owned()], 2));
    // As it was: put off, and no attempt counted.
    let next = Box::new(again[0].clone());
    settled(stack, &again[0], DeliveryOutcome::Retry { delay_ms, next });
    assert_eq!(claim(stack, 9, 60_000), again);
    settled(stack, &again[0], DeliveryOutcome::Drop);
    assert_eq!(waiting(stack), 1);
}

fn a_delivery_that_is_given_up_is_a_dead_letter_and_can_be_replayed(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    stack.work(&[told(&stack.claim_one(), "a")], 0);
    let stored = stack.ok(stack.store.result("a"));
    let failed = claim(stack, 1, 60_000).remove(0);
    let last = failed.failed("500".into(), 8);
    let give_up = DeliveryOutcome::GiveUp {
        letter: Box::new(last.letter("Webhook given up.".into(), 9)),
        delivery: Box::new(last.untried()),
    };
    settled(stack, &failed, give_up.clone());
    assert_eq!(waiting(stack), 0);
    let id = letter_id("a");
    let (_, payload) = stack.ok(stack.store.dead_letter(&id)).unwrap();
    assert_eq!(payload, failed.encode().unwrap().into_bytes());
    let replay = [Replay::of(&id, Lane::Normal, &payload, 10).unwrap()];
    assert_eq!(stack.ok(stack.store.replay(&replay)), [Some(1)]);
    assert_eq!(stack.ok(stack.store.replay(&replay)), [None]);
    assert_eq!(claim(stack, 1, 60_000).pop().as_ref(), Some(&failed));
    assert_eq!(stack.ok(stack.store.dead_letter(&id)), None);
    // All of a reason: as an operator does it, once a receiver is back.
    settled(stack, &failed, give_up.clone());
    let page = stack.ok(stack.store.replay_page(0, "Webhook", 11));
    assert_eq!((page.replayed, page.unreadable), (1, 0));
    let third = claim(stack, 1, 60_000).remove(0);
    assert_eq!(third, failed);
    // Deleting a letter leaves the submission's result as it is.
    settled(stack, &third, give_up);
    let tickets = crate::dead_letters::tickets();
    assert!(stack.ok(stack.store.delete_dead_letter(&id, &tickets)));
    assert_eq!(stack.ok(stack.store.result("a")), stored);
    assert_eq!(stack.redis.keys("dead*"), Vec::<String>::new());
}

fn a_settlement_that_comes_late_changes_nothing(stack: &QueueStack) {
    stack.enqueue_each(&["a"]);
    stack.work(&[told(&stack.claim_one(), "a")], 0);
    let claimed = claim(stack, 1, 60_000).remove(0);
    let retry = || DeliveryOutcome::Retry {
        delay_ms: 600_000,
        next: Box::new(claimed.failed("500".into(), 8)),
    };
    settled(stack, &claimed, retry());
    let before: Vec<String> = stack
        .redis
        .run(&["ZRANGE", "deliveries", "0", "-1", "WITHSCORES"]);
    let letter = Box::new(claimed.letter("late".into(), 9));
    let delivery = Box::new(claimed.clone());
    settled(
        stack,
        &claimed,
        DeliveryOutcome::GiveUp { letter, delivery },
    );
    settled(stack, &claimed, retry());
    settled(stack, &claimed, DeliveryOutcome::Delivered);
    let after: Vec<String> = stack
        .redis
        .run(&["ZRANGE", "deliveries", "0", "-1", "WITHSCORES"]);
    assert_eq!(before, after);
    assert_eq!(stack.redis.keys("dead*"), Vec::<String>::new());
}

fn dead_letters_of_deliveries_are_bounded(stack: &QueueStack) {
    let fill = "for i = ARGV[1], ARGV[2] do redis.call('HSET', KEYS[1], i, 'x') end";
    let give_up = |id: &str| {
        let delivery = Delivery::new(id, CALLBACK, 3);
        let payload = delivery.encode().unwrap().into_bytes();
        let text = String::from_utf8(payload.clone()).unwrap();
        stack.redis.run::<u64>(&["ZADD", "deliveries", "1", &text]);
        let letter = Box::new(delivery.letter("Webhook given up.".into(), 9));
        let delivery = Box::new(delivery);
        let outcome = DeliveryOutcome::GiveUp { letter, delivery };
        let settlement = [DeliverySettlement { payload, outcome }];
        let settled = stack.store.settle_and_claim_deliveries(&settlement, 0, 1);
        let deleted = stack.ok(settled).deleted;
        assert_eq!(waiting(stack), 0);
        deleted
    };
    stack
        .redis
        .run::<()>(&["EVAL", fill, "1", "dead", "1", "19999"]);
    assert_eq!(give_up("fits"), 0);
    assert!(stack.ok(stack.store.dead_letter("fits.webhook")).is_some());
    assert_eq!(give_up("too-many"), 1);
    assert_eq!(stack.redis.run::<u64>(&["HLEN", "dead"]), 20_000);
    assert_eq!(stack.redis.run::<u64>(&["HLEN", "dead:payload"]), 1);
}

fn a_delivery_costs_a_job_two_commands(stack: &QueueStack) {
    let mut costs = Vec::new();
    for is_told in [false, true] {
        stack.redis.flush();
        stack.enqueue_each(&["a"]);
        let leased = stack.claim_one();
        let end = if is_told {
            told(&leased, "a")
        } else {
            complete(&leased, "a")
        };
        costs.push(stack.cost_of(|| drop(stack.work(&[end], 0))).total());
    }
    assert_eq!(costs[1] - costs[0], 2, "ZADD and TIME");
    stack.redis.flush();
    let nothing = stack.cost_of(|| assert_eq!(claim(stack, 8, 60_000), []));
    println!(
        "\n  a job {}, one with a webhook {}, a claim of nothing {}",
        costs[0],
        costs[1],
        nothing.total()
    );
    assert_eq!(nothing.total(), 3, "EVAL, TIME, ZRANGE");
}
