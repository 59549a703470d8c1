//! Hands on the queue: numbers, pausing, replaying, burying, purging.

use shared::config::Secret;
use shared::lane::Lane;
use shared::queue::stats::{Minute, Stats, Waiting};
use shared::queue::work::State;
use shared::submission::When;
use shared::ticket::TicketKey;

use crate::given::{NOW_MS, POLICY, call, dead, done, ids, retry};
use crate::world::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("a_dead_letter_is_replayed_as_a_new_job", replay),
    ("a_dead_letter_is_buried", bury),
    ("dead_letters_come_in_pages", pages),
    ("a_pause_stops_claims_only", pause),
    ("a_purge_counts_what_it_throws_away", purge),
    ("statistics_say_what_is_where", stats),
    ("statistics_of_nothing", stats_of_nothing),
];

fn replay(world: &World) {
    let payload = b"\xffnot JSON";
    world.lpush(payload);
    let leased = world.claim_one();
    world.work(&[dead(&leased, "d")], 0);
    world.push("waits", Lane::Low, When::Now);
    assert_eq!(world.ok(world.queue.replay("d", Lane::Low)), Some(2));
    assert_eq!(world.ok(world.queue.replay("d", Lane::Low)), None);
    assert_eq!(world.ok(world.queue.replay("e", Lane::Low)), None);
    assert_eq!(world.ok(world.queue.result("d")), None);
    assert_eq!(world.ok(world.queue.dead_letter("d")), None);
    let jobs = world.claim(2).jobs;
    assert_eq!(jobs[1].payload, payload);
    assert_eq!((jobs[1].handle.attempt(), jobs[1].past.len()), (1, 0));
    world.work(&[done(&jobs[1], "d")], 0);
    assert!(world.ok(world.queue.result("d")).is_some());
}

fn bury(world: &World) {
    world.push_each(&["a"]);
    let leased = world.claim_one();
    world.work(&[dead(&leased, "a")], 0);
    assert!(world.ok(world.queue.bury("a")));
    assert!(!world.ok(world.queue.bury("a")));
    assert_eq!(world.ok(world.queue.replay("a", Lane::Normal)), None);
    assert_eq!(world.raw(&["EXISTS", "dead", "dead:payload"]).integer(), 0);
    assert!(
        world.ok(world.queue.result("a")).is_some(),
        "it says so until it ages out"
    );
}

fn pages(world: &World) {
    let mut expected: Vec<String> = (0..450).map(|at| format!("d{at:03}")).collect();
    for ids in expected.chunks(50) {
        for id in ids {
            world.push_each(&[id]);
        }
        let jobs = world.claim(50).jobs;
        let ends: Vec<_> = jobs
            .iter()
            .zip(ids)
            .map(|(leased, id)| dead(leased, id))
            .collect();
        world.work(&ends, 0);
    }
    let (mut found, mut cursor) = (Vec::new(), Some("0".to_owned()));
    while let Some(at) = cursor {
        let page = world.ok(world.queue.dead(&at));
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

fn pause(world: &World) {
    world.push_each(&["a", "b"]);
    let leased = world.claim_one();
    world.ok(world.queue.pause());
    world.ok(world.queue.pause());
    assert_eq!(world.claim(2).state, State::Paused);
    // What is in flight is settled all the same.
    assert_eq!(world.work(&[done(&leased, "a")], 2).state, State::Paused);
    assert!(world.ok(world.queue.result("a")).is_some());
    world.lose_all_leases();
    assert_eq!(world.claim(2).jobs, []);
    world.ok(world.queue.resume());
    world.ok(world.queue.resume());
    assert_eq!(ids(&world.claim(2)), ["b"]);
}

fn purge(world: &World) {
    for lane in [Lane::High, Lane::Normal, Lane::Normal, Lane::Low] {
        world.push("x", lane, When::Now);
    }
    world.push("later", Lane::Normal, When::In(60_000));
    let held = world.claim_one();
    world.push("y", Lane::High, When::Now);
    assert_eq!(world.ok(world.queue.purge(&[Lane::Normal, Lane::High])), 3);
    assert_eq!(world.ok(world.queue.purge(&[Lane::Normal])), 0);
    assert_eq!(world.raw(&["HLEN", "inflight"]).integer(), 2);
    assert_eq!(
        ids(&world.claim(5)),
        ["x"],
        "the low lane was not asked for"
    );
    world.work(&[done(&held, "x")], 0);
    assert!(world.ok(world.queue.result("x")).is_some());
}

fn stats(world: &World) {
    let tickets = TicketKey::new(&Secret::new("s"));
    let now_ms = world.now_ms();
    // The longest waiting stands first in a lane; a foreign job has no time.
    let id = |waited_ms, random| tickets.issue(now_ms - waited_ms, &[random; 10]);
    world.lpush(b"foreign");
    world.push(&id(9_000, 1), Lane::Normal, When::Now);
    world.push(&id(5_000, 2), Lane::Low, When::Now);
    world.push(&id(4_000, 3), Lane::Low, When::Now);
    for (at, lane) in [Lane::High; 6].into_iter().enumerate() {
        world.push(&format!("h{at}"), lane, When::Now);
    }
    let jobs = world.claim(6).jobs;
    let at = |minutes: u64| shared::queue::work::Call {
        now_ms: now_ms - minutes * 60_000,
        ..call()
    };
    let settle = |ends: &[_], minutes| {
        world.ok(world.queue.work(ends, 0, &POLICY, &at(minutes)));
    };
    settle(&[done(&jobs[0], "h0")], 61);
    settle(&[done(&jobs[1], "h1"), dead(&jobs[2], "h2")], 59);
    settle(&[done(&jobs[3], "h3"), retry(&jobs[4], 3_600_000)], 0);
    world.push("later", Lane::Normal, When::At(now_ms + 5_000_000));
    world.push("due", Lane::Normal, When::At(now_ms - 1));
    world.ok(world.queue.pause());
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
    assert_eq!(world.ok(world.queue.stats(now_ms, &tickets)), expected);
    world.lose_all_leases();
    let numbers = world.ok(world.queue.stats(now_ms, &tickets));
    assert_eq!((numbers.in_flight, numbers.due, numbers.later), (0, 2, 2));
}

fn stats_of_nothing(world: &World) {
    let tickets = TicketKey::new(&Secret::new("s"));
    let numbers = world.ok(world.queue.stats(NOW_MS, &tickets));
    assert_eq!((numbers.oldest_wait_ms, numbers.paused), (None, false));
    assert_eq!((numbers.in_flight, numbers.due, numbers.later), (0, 0, 0));
    assert_eq!(numbers.minutes, []);
}
