//! A call that was applied, but whose answer never came, and that is sent again
//! as it was.

use shared::queue::work::State;

use crate::given::{NOW_MS, POLICY, back, call, dead, done, failure, ids, retry};
use crate::world::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("a_claim_sent_again_overwrites_nothing", claim_again),
    ("a_retry_sent_again_is_noted_once", retry_again),
    (
        "jobs_given_back_again_stay_with_their_next_holder",
        back_again,
    ),
    ("only_what_was_settled_is_counted", counted_once),
];

fn claim_again(world: &World) {
    world.push_each(&["a", "b", "c", "d"]);
    let call = call();
    let claim = || world.ok(world.queue.work(&[], 2, &POLICY, &call));
    claim();
    assert_eq!(ids(&claim()), ["c", "d"]);
    assert_eq!(world.raw(&["HLEN", "inflight"]).integer(), 4);
    world.lose_all_leases();
    let mut found: Vec<String> = (0..4).flat_map(|_| ids(&world.claim(1))).collect();
    found.sort();
    assert_eq!(found, ["a", "b", "c", "d"]);
}

fn retry_again(world: &World) {
    world.push_each(&["a"]);
    let leased = world.claim_one();
    world.work(&[retry(&leased, 60_000)], 0);
    let due = world.raw(&["ZRANGE", "leases", "0", "-1", "WITHSCORES"]);
    world.work(&[retry(&leased, 60_000)], 0);
    assert_eq!(
        world.raw(&["ZRANGE", "leases", "0", "-1", "WITHSCORES"]),
        due
    );
    let handle = leased.handle.as_str();
    world.raw(&["ZADD", "leases", "XX", "1", handle]);
    let again = world.claim_one();
    assert_eq!((again.handle.attempt(), again.past), (2, vec![failure(1)]));
}

fn back_again(world: &World) {
    world.push_each(&["a"]);
    let first = world.claim_one();
    world.work(&[retry(&first, 0)], 0);
    let first = world.claim_one();
    world.work(&[back(&first)], 0);
    let next = world.claim_one();
    assert_eq!(next.handle.attempt(), first.handle.attempt());
    assert_ne!(next.handle, first.handle);
    assert_eq!(world.work(&[back(&first)], 5).state, State::Empty);
    world.work(&[done(&next, "a")], 0);
    assert!(world.ok(world.queue.result("a")).is_some());
}

fn counted_once(world: &World) {
    world.push_each(&["a", "b", "c"]);
    let jobs = world.claim(3).jobs;
    let ends = [
        done(&jobs[0], "a"),
        done(&jobs[1], "b"),
        dead(&jobs[2], "c"),
    ];
    for _ in 0..3 {
        world.work(&ends, 0);
    }
    let key = format!("stats:{}", NOW_MS / 3_600_000);
    let counted = world.raw(&["HGETALL", &key]).pairs();
    assert_eq!(
        counted,
        [("7".into(), (2 + (1u64 << 32)).to_string().into_bytes())]
    );
}
