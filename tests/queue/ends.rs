//! The two ends of a job, and what they leave behind.

use shared::lane::Lane;
use shared::queue::work::{Policy, State};
use shared::result::ResultDocument;

use crate::given::{
    NOW_MS, POLICY, call, claim_with, dead, document, done, failure, later, letter, retry, settle,
};
use crate::world::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("a_result_is_stored_as_it_is", stored),
    ("the_first_result_stays", first_stays),
    ("only_the_holder_settles", only_the_holder),
    ("the_dead_keep_their_bytes", dead_bytes),
    ("results_are_listed_under_their_problem", index),
    ("an_index_stays_short", index_is_trimmed),
    ("every_key_ages_out_but_those_that_must_not", ttl),
];

fn stored(world: &World) {
    world.push_each(&["a"]);
    let leased = world.claim_one();
    world.work(&[done(&leased, "a")], 0);
    let stored = world.ok(world.queue.result("a")).unwrap();
    let read: ResultDocument = serde_json::from_slice(&stored).unwrap();
    assert_eq!(read, document("a"));
    assert_eq!(world.ok(world.queue.result("b")), None);
    assert_eq!(world.keys(), ["result:a".to_owned(), hour_key()]);
}

fn hour_key() -> String {
    format!("stats:{}", NOW_MS / 3_600_000)
}

fn first_stays(world: &World) {
    // A client that sent twice: two jobs, one id.
    world.push_each(&["a", "a", "a"]);
    let jobs = world.claim(3).jobs;
    let mut other = document("a");
    other.output = "other".into();
    world.work(&[done(&jobs[0], "a")], 0);
    let outcome = shared::queue::work::Outcome::Done(Box::new(other));
    world.work(&[settle(&jobs[1].handle, outcome)], 0);
    world.work(&[dead(&jobs[2], "a")], 0);
    let stored = world.ok(world.queue.result("a")).unwrap();
    assert_eq!(
        serde_json::from_slice::<ResultDocument>(&stored).unwrap(),
        document("a")
    );
}

fn only_the_holder(world: &World) {
    world.push_each(&["a", "b"]);
    let old = world.claim(2).jobs;
    world.lose_all_leases();
    let new = world.claim_one();
    assert_eq!(new.payload, old[0].payload);
    // The group holds one that was lost and claimed anew, and one that was only
    // lost.
    world.work(&[done(&old[0], "a"), done(&old[1], "b")], 0);
    assert_eq!(world.ok(world.queue.result("a")), None);
    assert!(world.ok(world.queue.result("b")).is_some());
    for stale in [dead(&old[0], "a"), retry(&old[0], 0), later(&old[0], 0)] {
        world.work(&[stale], 0);
    }
    for stale in [crate::given::back, crate::given::alone] {
        world.work(&[stale(&old[0])], 0);
    }
    assert_eq!(world.claim(5).state, State::Empty);
    assert_eq!(world.ok(world.queue.dead("0")).letters.len(), 0);
    world.work(&[done(&new, "a")], 0);
    assert!(world.ok(world.queue.result("a")).is_some());
    assert_eq!(world.keys().len(), 3, "two results and the statistics");
}

fn dead_bytes(world: &World) {
    let payload = b"\x00\xff[\"not one\",\"string\"]\r\n";
    world.lpush(payload);
    let first = world.claim_one();
    world.work(&[retry(&first, 0)], 0);
    let leased = world.claim_one();
    world.work(&[dead(&leased, "d1")], 0);
    let (kept, bytes) = world.ok(world.queue.dead_letter("d1")).unwrap();
    assert_eq!(bytes, payload);
    assert_eq!(kept, letter("d1", &leased));
    assert_eq!(kept.history, [failure(1)]);
    assert_eq!(kept.lane, Lane::Normal);
    let shown = world.ok(world.queue.result("d1")).unwrap();
    assert_eq!(shown, serde_json::to_vec(&kept.document()).unwrap());
    for gone in ["inflight", "leases", "history"] {
        assert_eq!(world.raw(&["EXISTS", gone]).integer(), 0, "{gone}");
    }
    assert_eq!(world.ok(world.queue.dead_letter("d2")), None);
}

fn index(world: &World) {
    let policy = Policy {
        result_index: true,
        ..POLICY
    };
    world.push_each(&["a", "b", "c"]);
    let jobs = world.claim(3).jobs;
    let settle = |at: usize, id| done(&jobs[at], id);
    world.ok(world
        .queue
        .work(&[settle(0, "a"), settle(1, "b")], 0, &policy, &call()));
    world.ok(world.queue.work(&[settle(2, "c")], 0, &policy, &call()));
    // Sent again: it is listed once all the same.
    world.ok(world.queue.work(&[settle(2, "c")], 0, &policy, &call()));
    let listed = world.ok(world.queue.results_of_problem("two-sum"));
    let expected = ["c", "b", "a"].map(|id| serde_json::to_vec(&document(id).summary()).unwrap());
    assert_eq!(listed, expected, "newest first");
    assert_eq!(world.ok(world.queue.results_of_problem("x")), [[0u8; 0]; 0]);
}

fn index_is_trimmed(world: &World) {
    let policy = Policy {
        result_index: true,
        ..POLICY
    };
    for group in 0..25 {
        for at in 0..5 {
            world.push_each(&[&format!("{group}-{at}")]);
        }
        let jobs = world.ok(claim_with(&world.queue, 5, &policy)).jobs;
        let ends: Vec<_> = jobs
            .iter()
            .enumerate()
            .map(|(at, leased)| done(leased, &format!("{group}-{at}")))
            .collect();
        world.ok(world.queue.work(&ends, 0, &policy, &call()));
        let length = world.raw(&["LLEN", "results:two-sum"]).integer();
        assert!(length <= 120, "{length}");
    }
    let listed = world.ok(world.queue.results_of_problem("two-sum"));
    assert_eq!(listed.len(), 100);
    assert_eq!(
        listed[0],
        serde_json::to_vec(&document("24-4").summary()).unwrap()
    );
}

fn ttl(world: &World) {
    let policy = Policy {
        result_index: true,
        ..POLICY
    };
    world.push_each(&["a", "b", "c", "d", "e"]);
    let jobs = world.claim(4).jobs;
    let ends = [
        done(&jobs[0], "a"),
        dead(&jobs[1], "b"),
        retry(&jobs[2], 9_000),
    ];
    world.ok(world.queue.work(&ends, 0, &policy, &call()));
    let forever = [
        "dead",
        "dead:payload",
        "history",
        "inflight",
        "leases",
        "problems",
    ];
    let ages = [
        ("result:a", 1_000),
        ("result:b", 1_000),
        ("results:two-sum", 1_000),
    ];
    for key in forever {
        assert_eq!(world.raw(&["TTL", key]).integer(), -1, "{key}");
    }
    let hour = hour_key();
    for (key, at_most) in ages.into_iter().chain([(hour.as_str(), 7_200)]) {
        let ttl = world.raw(&["TTL", key]).integer();
        assert!((at_most - 60..=at_most).contains(&ttl), "{key}: {ttl}");
    }
    assert_eq!(world.keys().len(), forever.len() + ages.len() + 1);
}
