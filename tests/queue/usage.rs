//! How much is stored, and how many wait in each place.

use shared::config::Secret;
use shared::domain::client::ClientId;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::enqueue::Enqueued;
use shared::queue::places::Place;
use shared::queue::usage::{Usage, UsageWindow};

use crate::fixtures::job;
use crate::stack::QueueStack;

support::tests![
    bytes_are_added_for_each_client_and_in_all,
    each_place_tells_its_length,
    scheduling_tells_how_many_are_scheduled,
];

fn bytes_are_added_for_each_client_and_in_all(stack: &QueueStack) {
    let key = TicketKey::new(&Secret::new("s"));
    let client = |address| ClientId::at(address, &key);
    let (one, other) = (client("192.0.2.1"), client("192.0.2.2"));
    let window = UsageWindow::at(1_700_000_000_000, 60);
    let usage = |window, client| stack.ok(stack.store.usage(window, client));
    assert_eq!(usage(window, &one), Usage::default());

    let add =
        |all, clients: &[(ClientId, u64)]| stack.ok(stack.store.add_usage(window, all, clients));
    assert_eq!(add(100, &[]), (100, vec![]));
    assert_eq!(
        add(50, &[(one.clone(), 30), (other.clone(), 5)]),
        (150, vec![30, 5])
    );
    assert_eq!(add(1, &[(one.clone(), 1)]), (151, vec![31]));
    assert_eq!(
        usage(window, &one),
        Usage {
            all: 151,
            client: 31
        }
    );
    assert_eq!(
        usage(window, &other),
        Usage {
            all: 151,
            client: 5
        }
    );
    let next = UsageWindow {
        number: window.number + 1,
        ..window
    };
    assert_eq!(usage(next, &one), Usage::default());

    let keys = stack.redis.keys("*");
    let [key] = keys.as_slice() else {
        panic!("{keys:?}");
    };
    let ttl: i64 = stack.redis.run(&["TTL", key]);
    assert!((110..=120).contains(&ttl), "{ttl}");
}

fn each_place_tells_its_length(stack: &QueueStack) {
    let length = |place| stack.ok(stack.store.length(place));
    let places = [Lane::High, Lane::Normal, Lane::Low].map(Place::Lane);
    for (more, place) in places.into_iter().enumerate() {
        let Place::Lane(lane) = place else {
            unreachable!()
        };
        for number in 0..=more {
            stack.enqueue(&number.to_string(), lane, Schedule::Immediately);
        }
    }
    stack.enqueue("later", Lane::Low, Schedule::After(3_600_000));
    // A leased one waits no more.
    stack.claim(1);
    assert_eq!(places.map(length), [0, 2, 3]);
    assert_eq!(length(Place::Scheduled), 1);
}

fn scheduling_tells_how_many_are_scheduled(stack: &QueueStack) {
    let far = stack.redis.now_ms() + 86_400_000;
    stack.enqueue("waiting", Lane::Normal, Schedule::Immediately);
    stack.claim(1);
    for (id, expected) in [("a", 1), ("b", 2)] {
        let job = job(id);
        let enqueued = stack.ok(stack.store.enqueue(&job, Lane::Low, Schedule::At(far)));
        let expected = Enqueued::Scheduled {
            due_at_ms: far,
            scheduled: expected,
        };
        assert_eq!(enqueued, expected);
    }
}
