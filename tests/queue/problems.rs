//! Problems in Redis.

use serde_json::json;
use shared::config::Secret;
use shared::domain::language::FunctionLanguages;
use shared::domain::problem::Problem;
use shared::domain::ticket::TicketKey;

use crate::fixtures::problem_id;
use crate::stack::QueueStack;

support::tests![
    a_problem_is_published_read_and_deleted,
    the_catalog_is_listed_in_pages,
    versions_cost_one_command,
];

fn problem(id: &str, expected: &str) -> Problem {
    let value = json!({
        "title": "Echo",
        "kind": "program",
        "cases": [{ "input": "ä\n", "expected": expected, "hidden": true }],
    });
    Problem::from_value(&problem_id(id), &value).unwrap()
}

fn key() -> TicketKey {
    TicketKey::new(&Secret::new("s"))
}

fn a_problem_is_published_read_and_deleted(stack: &QueueStack) {
    let queue = &stack.store;
    let mut first = None;
    let cost = stack.cost_of(|| {
        first = Some(stack.ok(queue.publish(
            problem("echo", "ä"),
            FunctionLanguages::EMPTY,
            &key(),
            1,
        )));
    });
    assert_eq!(cost.round_trips, 1, "{cost:?}");
    let first = first.unwrap();
    assert!(first.new);
    let second = stack.ok(queue.publish(problem("echo", "b"), FunctionLanguages::EMPTY, &key(), 2));
    assert!(!second.new);
    assert_ne!(first.version, second.version);
    let text = stack.ok(queue.problem_text(&problem_id("echo"))).unwrap();
    assert_eq!(
        stack.ok(queue.problem(&problem_id("echo"))),
        Some((second.version, text.clone()))
    );
    assert_eq!(stack.ok(queue.problem(&problem_id("unknown"))), None);
    assert_eq!(
        Problem::from_stored(&problem_id("echo"), &text),
        Ok(problem("echo", "b"))
    );
    assert_eq!(stack.redis.run::<i64>(&["TTL", "problem:echo"]), -1);
    assert!(stack.ok(queue.delete_problem(&problem_id("echo"), 3)));
    assert!(!stack.ok(queue.delete_problem(&problem_id("echo"), 3)));
    assert_eq!(stack.ok(queue.problem_text(&problem_id("echo"))), None);
    assert_eq!(stack.redis.keys("*"), ["leases"], "the stamp");
}

fn the_catalog_is_listed_in_pages(stack: &QueueStack) {
    let mut expected: Vec<String> = (0..250).map(|number| format!("p{number:03}")).collect();
    for id in &expected {
        stack.ok(stack
            .store
            .publish(problem(id, "x"), FunctionLanguages::EMPTY, &key(), 5));
    }
    let (mut found, mut cursor) = (Vec::new(), 0);
    loop {
        let page = stack.ok(stack.store.problems(cursor));
        for entry in page.problems {
            assert_eq!(entry["updatedAtMs"], 5);
            found.push(entry["id"].as_str().unwrap().to_owned());
        }
        match page.next {
            Some(next) => cursor = next.parse().unwrap(),
            None => break,
        }
    }
    // A scan may return a problem twice, but none is missing.
    found.sort();
    found.dedup();
    expected.sort();
    assert_eq!(found, expected);
}

fn versions_cost_one_command(stack: &QueueStack) {
    let a = stack
        .ok(stack
            .store
            .publish(problem("a", "x"), FunctionLanguages::EMPTY, &key(), 1))
        .version;
    let mut found = Vec::new();
    let cost = stack.cost_of(|| {
        let (unknown, a) = (problem_id("unknown"), problem_id("a"));
        found = stack.ok(stack.store.versions(&[&unknown, &a, &a]));
    });
    assert_eq!(found, [None, Some(a.clone()), Some(a)]);
    assert_eq!((cost.total(), cost.round_trips), (1, 1), "{cost:?}");
    assert_eq!(stack.ok(stack.store.versions(&[])), []);
}
