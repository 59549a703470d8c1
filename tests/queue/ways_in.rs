//! The ways into the queue: a push, several at once, for later (`later.lua`),
//! once for an idempotency key (`once.lua`).

use shared::job::Job;
use shared::lane::Lane;
use shared::queue::push::Pushed;
use shared::queue::work::State;
use shared::submission::When;

use crate::given::{back, done, ids, job};
use crate::world::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("a_push_tells_how_many_wait_in_its_lane", push),
    ("several_are_pushed_in_their_order", push_all),
    ("what_is_for_later_is_claimed_when_it_is_due", later),
    ("what_is_for_later_goes_back_to_its_lane", later_back),
    ("pushing_for_later_twice_is_once", later_twice),
    ("a_job_for_later_needs_an_id", later_without_id),
    ("an_idempotency_key_adds_once", once),
];

fn push(world: &World) {
    for (lane, waiting) in [(Lane::Normal, 1), (Lane::Normal, 2), (Lane::Low, 1)] {
        let pushed = world.ok(world.queue.push(&job("a"), lane, When::Now));
        assert_eq!(pushed, Pushed::Waiting(waiting));
    }
    let item = world.raw(&["LRANGE", "problems", "0", "0"]).byte_list();
    assert_eq!(Job::decode(&item[0]).unwrap(), job("a"));
}

fn push_all(world: &World) {
    let far = world.now_ms() + 86_400_000;
    let jobs = [
        (job("a"), Lane::Normal, When::Now),
        (job("b"), Lane::High, When::Now),
        (job("c"), Lane::Normal, When::At(far)),
        (job("d"), Lane::Normal, When::Now),
    ];
    let pushed: Vec<Pushed> = world
        .ok(world.queue.push_all(&jobs))
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let expected = [
        Pushed::Waiting(1),
        Pushed::Waiting(1),
        Pushed::Later(far),
        Pushed::Waiting(2),
    ];
    assert_eq!(pushed, expected);
    assert_eq!(ids(&world.claim(1)), ["b"]);
    assert_eq!(ids(&world.claim(5)), ["a", "d"]);
}

fn later(world: &World) {
    world.push_each(&["now"]);
    let before = world.now_ms();
    let pushed = world.ok(world.queue.push(&job("in"), Lane::Low, When::In(3_600_000)));
    let Pushed::Later(due) = pushed else {
        panic!("{pushed:?}");
    };
    assert!((before..=world.now_ms()).contains(&(due - 3_600_000)));
    world.push("second", Lane::Low, When::At(2_000));
    world.push("first", Lane::Normal, When::At(1_000));
    let claimed = world.claim(9);
    assert_eq!(ids(&claimed), ["first", "second", "now"]);
    for leased in &claimed.jobs {
        assert_eq!((leased.handle.attempt(), leased.handle.alone()), (1, false));
        assert_eq!(leased.past, []);
    }
    assert_eq!(claimed.jobs[1].handle.lane(), Lane::Low);
    // The one in an hour is there and stays there.
    assert_eq!(world.claim(9).state, State::Empty);
    assert_eq!(world.raw(&["HLEN", "inflight"]).integer(), 4);
}

fn later_back(world: &World) {
    world.push_each(&["x"]);
    world.push("later", Lane::Normal, When::At(1_000));
    let claimed = world.claim(1);
    assert_eq!(ids(&claimed), ["later"]);
    let claimed = world.work(&[back(&claimed.jobs[0])], 2);
    assert_eq!(ids(&claimed), ["later", "x"]);
    assert_eq!(claimed.jobs[0].handle.attempt(), 1);
}

fn later_twice(world: &World) {
    world.push("a", Lane::Normal, When::In(50_000));
    world.push("a", Lane::Normal, When::At(1_000));
    let claimed = world.claim(9);
    assert_eq!(ids(&claimed), ["a"]);
    world.work(&[done(&claimed.jobs[0], "a")], 0);
    assert_eq!(world.keys().len(), 2, "result and statistics");
}

fn later_without_id(world: &World) {
    let foreign = Job {
        id: None,
        ..job("")
    };
    let pushed = world.run(world.queue.push(&foreign, Lane::Normal, When::At(1)));
    assert!(pushed.is_err(), "{pushed:?}");
    assert_eq!(world.keys(), [""; 0]);
}

fn once(world: &World) {
    let once = |id, key, mark| world.ok(world.queue.push_once(&job(id), Lane::Normal, key, mark));
    assert_eq!(once("a", "k1", "a:1"), Pushed::Waiting(1));
    assert_eq!(once("b", "k1", "b:2"), Pushed::Before("a:1".into()));
    assert_eq!(once("c", "k2", "c:3"), Pushed::Waiting(2));
    assert_eq!(ids(&world.claim(9)), ["a", "c"]);
    // Also when the first has long been taken.
    assert_eq!(once("d", "k1", "d:4"), Pushed::Before("a:1".into()));
    let ttl = world.raw(&["TTL", "idempotency:k1"]).integer();
    assert!((86_300..=86_400).contains(&ttl), "{ttl}");
}
