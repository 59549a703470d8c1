//! Claiming: what is taken, in which order, and what the answer says of the
//! rest.

use shared::lane::Lane;
use shared::queue::work::{Policy, State};
use shared::submission::When;

use crate::given::{POLICY, alone, back, claim_with, done, failure, ids, later, retry};
use crate::world::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("lanes_are_taken_by_urgency_and_in_order", lanes),
    ("the_answer_says_what_may_be_left", states),
    ("no_more_are_in_flight_than_allowed", cap),
    ("what_waits_for_its_time_does_not_run", waiting_does_not_run),
    ("many_for_later_hide_nothing", many_for_later),
    ("payloads_come_back_byte_for_byte", bytes),
    ("a_lost_job_comes_back_by_itself", lost),
    ("history_tells_of_every_attempt", history),
    ("what_is_given_back_is_next", given_back),
    ("alone_stays_alone", stays_alone),
    ("what_is_put_off_waits_and_stays_as_it_was", put_off),
    ("no_claim_is_too_large", large_claim),
];

fn lanes(world: &World) {
    world.push("l1", Lane::Low, When::Now);
    world.push("n1", Lane::Normal, When::Now);
    world.push("h1", Lane::High, When::Now);
    world.push("n2", Lane::Normal, When::Now);
    world.push("h2", Lane::High, When::Now);
    world.lpush(b"foreign");
    // A claim takes from one lane only, the most urgent that holds something.
    let claimed = world.claim(9);
    assert_eq!(
        (ids(&claimed), claimed.state),
        (vec!["h1".into(), "h2".into()], State::Short)
    );
    assert_eq!(claimed.jobs[0].handle.lane(), Lane::High);
    assert_eq!(ids(&world.claim(2)), ["n1", "n2"]);
    let foreign = world.claim(1);
    assert_eq!(ids(&foreign), ["foreign"]);
    assert_eq!(foreign.jobs[0].handle.lane(), Lane::Normal);
    assert_eq!(ids(&world.claim(1)), ["l1"]);
}

fn states(world: &World) {
    assert_eq!(world.claim(3).state, State::Empty);
    assert_eq!(
        world.work(&[], 0).state,
        State::Open,
        "nothing was asked for"
    );
    world.push_each(&["a", "b", "c", "d"]);
    assert_eq!(world.claim(2).state, State::Open);
    assert_eq!(world.claim(2).state, State::Open, "as many as were wanted");
    assert_eq!(world.claim(2).state, State::Empty);
    world.push_each(&["e"]);
    assert_eq!(world.claim(2).state, State::Short);
    let small = Policy {
        max_in_flight: 5,
        ..POLICY
    };
    world.push_each(&["f"]);
    assert_eq!(
        world.ok(claim_with(&world.queue, 2, &small)).state,
        State::Full
    );
    world.ok(world.queue.pause());
    assert_eq!(world.claim(2).state, State::Paused);
    assert_eq!(world.work(&[], 0).state, State::Open);
    world.ok(world.queue.resume());
    assert_eq!(ids(&world.claim(2)), ["f"]);
    world.push_each(&["g"]);
    world.push("due", Lane::Normal, When::At(1));
    let claimed = world.claim(3);
    assert_eq!(
        (ids(&claimed), claimed.state),
        (vec!["due".into(), "g".into()], State::Short)
    );
    world.lose_all_leases();
    let claimed = world.claim(3);
    assert_eq!(
        (claimed.jobs.len(), claimed.state),
        (1, State::Open),
        "by itself, and more may wait"
    );
}

fn cap(world: &World) {
    let policy = Policy {
        max_in_flight: 3,
        ..POLICY
    };
    let claim = |want| world.ok(claim_with(&world.queue, want, &policy));
    world.push_each(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    assert_eq!(ids(&claim(2)), ["a", "b"]);
    assert_eq!(ids(&claim(2)), ["c"]);
    assert_eq!(claim(2).state, State::Full);
    // A larger cap of another Worker leaves more leases than the small one
    // looks at.
    assert_eq!(world.claim(3).jobs.len(), 3);
    assert_eq!(claim(2).state, State::Full);
    world.lose_all_leases();
    for _ in 0..3 {
        assert_eq!(claim(9).jobs.len(), 1);
    }
    assert_eq!(claim(9).state, State::Full, "three run, three are lost");
    assert_eq!(world.raw(&["ZCARD", "leases"]).integer(), 6);
}

fn waiting_does_not_run(world: &World) {
    let policy = Policy {
        max_in_flight: 2,
        ..POLICY
    };
    for id in ["l1", "l2", "l3", "l4"] {
        world.push(id, Lane::Normal, When::In(30_000));
    }
    world.push_each(&["a", "b", "c"]);
    let claimed = world.ok(claim_with(&world.queue, 9, &policy));
    assert_eq!(ids(&claimed), ["a", "b"], "those for later leave room");
    world.work(
        &[
            retry(&claimed.jobs[0], 30_000),
            retry(&claimed.jobs[1], 30_000),
        ],
        0,
    );
    let claimed = world.ok(claim_with(&world.queue, 9, &policy));
    assert_eq!(
        ids(&claimed),
        ["c"],
        "those that wait for a retry leave room"
    );
}

fn many_for_later(world: &World) {
    let policy = Policy {
        max_in_flight: 3,
        ..POLICY
    };
    let claim = |want| world.ok(claim_with(&world.queue, want, &policy));
    world.push_each(&["a", "b"]);
    claim(2);
    for at in 0..20 {
        world.push(&format!("l{at}"), Lane::Normal, When::At(1_000 + at));
    }
    assert_eq!(ids(&claim(9)), ["l0"], "room for one");
    assert_eq!(claim(9).state, State::Full);
    world.lose_all_leases();
    // What was lost comes first and by itself, then the rest in its order.
    assert_eq!(claim(9).jobs[0].handle.attempt(), 2);
    assert_eq!(claim(9).jobs[0].handle.attempt(), 2);
    assert_eq!(ids(&claim(9)), ["l0"]);
    assert_eq!(claim(9).state, State::Full);
    assert_eq!(ids(&world.claim(3)), ["l1", "l2", "l3"]);
}

fn bytes(world: &World) {
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
        world.lpush(payload);
    }
    let taken = |world: &World| -> Vec<Vec<u8>> {
        let jobs = world.claim(9).jobs;
        jobs.into_iter().map(|leased| leased.payload).collect()
    };
    assert_eq!(taken(world), payloads);
    // And by way of a lost lease, one at a time.
    world.lose_all_leases();
    let mut again: Vec<Vec<u8>> = payloads.iter().flat_map(|_| taken(world)).collect();
    again.sort();
    let mut expected = payloads.map(<[u8]>::to_vec);
    expected.sort();
    assert_eq!(again, expected);
}

fn lost(world: &World) {
    world.push_each(&["a", "b"]);
    world.claim(2);
    world.push("c", Lane::High, When::Now);
    assert_eq!(ids(&world.claim(0)), [""; 0]);
    world.lose_all_leases();
    let first = world.claim(5);
    let second = world.claim(5);
    assert_eq!((ids(&first).len(), ids(&second).len()), (1, 1));
    for claimed in [&first, &second] {
        let leased = &claimed.jobs[0];
        assert_eq!((leased.handle.attempt(), leased.handle.alone()), (2, true));
        assert_eq!(leased.past.len(), 1);
        assert!(leased.past[0].reason.contains("The Worker was lost"));
    }
    assert_eq!(ids(&world.claim(5)), ["c"]);
    world.work(&[done(&first.jobs[0], "a"), done(&second.jobs[0], "b")], 0);
    assert_eq!(world.raw(&["EXISTS", "history"]).integer(), 0);
}

fn history(world: &World) {
    world.push_each(&["a"]);
    let first = world.claim_one();
    world.work(&[retry(&first, 0)], 0);
    let second = world.claim_one();
    assert_eq!(second.past, [failure(1)], "also large numbers");
    world.lose_all_leases();
    let third = world.claim_one();
    world.work(&[retry(&third, 0)], 0);
    let fourth = world.claim_one();
    assert_eq!(fourth.handle.attempt(), 4);
    assert_eq!(fourth.past.len(), 3);
    assert_eq!(
        (&fourth.past[0], &fourth.past[2]),
        (&failure(1), &failure(3))
    );
    assert!(fourth.past[1].reason.contains("The Worker was lost"));
    assert_eq!(fourth.past[1].at_ms, None);
    assert_eq!(world.raw(&["HLEN", "history"]).integer(), 1);
    world.work(&[done(&fourth, "a")], 0);
    assert_eq!(world.keys().len(), 2, "result and statistics");
}

fn given_back(world: &World) {
    world.push_each(&["a", "b", "c", "d"]);
    world.push("low", Lane::Low, When::Now);
    let claimed = world.claim(3);
    let low = world.raw(&["RPOP", "problems"]);
    assert_eq!(world.claim(1).state, State::Open);
    assert!(low.text().contains("\"d\""));
    let claimed = world.work(&claimed.jobs.iter().map(back).collect::<Vec<_>>(), 2);
    assert_eq!(ids(&claimed), ["a", "b"]);
    assert!(
        claimed
            .jobs
            .iter()
            .all(|leased| leased.handle.attempt() == 1)
    );
    // One with attempts keeps them, and is still next.
    world.work(&[retry(&claimed.jobs[0], 0)], 0);
    let again = world.claim_one();
    let again = world.work(&[back(&again)], 9);
    assert_eq!(ids(&again), ["a"]);
    assert_eq!(
        (again.jobs[0].handle.attempt(), again.jobs[0].handle.alone()),
        (2, true)
    );
    assert_eq!(again.jobs[0].past, [failure(1)]);
}

fn stays_alone(world: &World) {
    world.push_each(&["a", "b"]);
    let claimed = world.claim(2);
    let mut claimed = world.work(&[alone(&claimed.jobs[0]), back(&claimed.jobs[1])], 9);
    for again in [back, alone] {
        assert_eq!(ids(&claimed), ["a"]);
        let leased = &claimed.jobs[0];
        assert_eq!((leased.handle.attempt(), leased.handle.alone()), (1, true));
        assert_eq!(leased.past, []);
        claimed = world.work(&[again(leased)], 9);
    }
    assert_eq!(ids(&world.claim(9)), ["b"]);
}

fn put_off(world: &World) {
    world.push_each(&["a", "b", "c"]);
    let jobs = world.claim(2).jobs;
    let off = [later(&jobs[0], 30_000), later(&jobs[1], 0)];
    let claimed = world.work(&off, 9);
    assert_eq!(ids(&claimed), ["b", "c"], "a must wait, and stops nobody");
    for leased in &claimed.jobs {
        assert_eq!((leased.handle.attempt(), leased.handle.alone()), (1, false));
    }
    // The same once more changes nothing: another claim has b.
    world.work(&off, 0);
    assert_eq!(world.claim(9).state, State::Empty);
    assert_eq!(world.raw(&["HLEN", "inflight"]).integer(), 3);
    world.work(&[done(&claimed.jobs[1], "c")], 0);

    // One with attempts keeps them, and what is known of them.
    world.work(&[retry(&claimed.jobs[0], 0)], 0);
    let second = world.claim_one();
    let off = [later(&second, 30_000)];
    world.work(&off, 0);
    let waits = world.raw(&["ZRANGE", "leases", "0", "-1"]).byte_list();
    world.work(&off, 0);
    assert_eq!(
        world.raw(&["ZRANGE", "leases", "0", "-1"]).byte_list(),
        waits
    );
    assert_eq!(world.claim(9).state, State::Empty, "not before its time");
    for (at, handle) in waits.iter().enumerate() {
        // Their time comes: that of what was put off first, first.
        let handle = std::str::from_utf8(handle).unwrap();
        let due = (1_u64 << 50) + 1 + at as u64;
        world.raw(&["ZADD", "leases", "XX", &due.to_string(), handle]);
    }
    let first = world.claim(9);
    assert_eq!(ids(&first), ["a"]);
    assert_eq!(first.jobs[0].handle.attempt(), 1);
    assert_eq!(first.jobs[0].past, []);
    let again = world.claim_one();
    assert_eq!((again.handle.attempt(), again.handle.alone()), (2, true));
    assert_eq!(again.past, [failure(1)]);
    world.work(&[done(&again, "b"), done(&first.jobs[0], "a")], 0);
    assert_eq!(world.keys().len(), 4, "three results and the statistics");
}

fn large_claim(world: &World) {
    let mut push = crate::raw::command(&["LPUSH", "problems"]);
    push.extend((0..9_000).map(|at: u32| at.to_string().into_bytes()));
    world.pipeline(&[push]);
    let policy = Policy {
        max_in_flight: 10_000,
        ..POLICY
    };
    let claimed = world.ok(claim_with(&world.queue, 9_000, &policy));
    assert_eq!((claimed.jobs.len(), claimed.state), (1_000, State::Open));
    assert_eq!(world.raw(&["LLEN", "problems"]).integer(), 8_000);
}
