//! Problems in Redis, and judging their submissions again.

use serde_json::json;
use shared::config::Secret;
use shared::problem::Problem;
use shared::queue::work::{Leased, Outcome, Settlement};
use shared::result::{Judgement, ResultDocument};
use shared::ticket::TicketKey;

use crate::given::{document, ids, job, settle};
use crate::world::{Test, World};

pub(crate) const TESTS: &[Test] = &[
    ("a_problem_is_published_read_and_forgotten", publish),
    ("the_catalog_comes_in_pages", catalog),
    ("versions_cost_one_command", versions),
    ("judged_submissions_go_back_into_the_queue", rejudge),
    ("judging_again_passes_over_what_is_gone", gone),
    ("long_submissions_go_back_in_several_calls", long),
];

fn problem(id: &str, expected: &str) -> Problem {
    let value = json!({
        "title": "Echo",
        "kind": "program",
        "cases": [{ "input": "ä\n", "expected": expected, "hidden": true }],
    });
    Problem::from_value(id, &value).unwrap()
}

fn key() -> TicketKey {
    TicketKey::new(&Secret::new("s"))
}

fn publish(world: &World) {
    let queue = &world.queue;
    let mut first = None;
    let cost = world.cost_of(|| {
        first = Some(world.ok(queue.publish(problem("echo", "ä"), &key(), 1)));
    });
    assert_eq!(cost.round_trips, 1, "{cost:?}");
    let first = first.unwrap();
    assert!(first.new);
    let second = world.ok(queue.publish(problem("echo", "b"), &key(), 2));
    assert!(!second.new);
    assert_ne!(first.version, second.version);
    let text = world.ok(queue.problem_text("echo")).unwrap();
    assert_eq!(
        world.ok(queue.problem("echo")),
        Some((second.version, text.clone()))
    );
    assert_eq!(world.ok(queue.problem("nobody")), None);
    let stored = serde_json::from_slice(&text).unwrap();
    assert_eq!(
        Problem::from_stored("echo", stored),
        Ok(problem("echo", "b"))
    );
    assert_eq!(world.raw(&["TTL", "problem:echo"]).integer(), -1);
    assert!(world.ok(queue.delete_problem("echo")));
    assert!(!world.ok(queue.delete_problem("echo")));
    assert_eq!(world.ok(queue.problem_text("echo")), None);
    assert_eq!(world.keys(), [""; 0]);
}

fn catalog(world: &World) {
    let mut expected: Vec<String> = (0..250).map(|at| format!("p{at:03}")).collect();
    for id in &expected {
        world.ok(world.queue.publish(problem(id, "x"), &key(), 5));
    }
    let (mut found, mut cursor) = (Vec::new(), "0".to_owned());
    loop {
        let page = world.ok(world.queue.problems(&cursor));
        for entry in page.problems {
            assert_eq!(entry["updatedAtMs"], 5);
            found.push(entry["id"].as_str().unwrap().to_owned());
        }
        match page.next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    // A scan may name one twice, and leaves out none.
    found.sort();
    found.dedup();
    expected.sort();
    assert_eq!(found, expected);
}

fn versions(world: &World) {
    let a = world
        .ok(world.queue.publish(problem("a", "x"), &key(), 1))
        .version;
    let mut found = Vec::new();
    let cost = world.cost_of(|| {
        found = world.ok(world.queue.versions(&["nobody", "a", "a"]));
    });
    assert_eq!(found, [None, Some(a.clone()), Some(a)]);
    assert_eq!((cost.total(), cost.round_trips), (1, 1), "{cost:?}");
    assert_eq!(world.ok(world.queue.versions(&[])), []);
}

fn judged(leased: &Leased, id: &str, version: &str) -> Settlement {
    let document = ResultDocument {
        judgement: Some(Judgement {
            problem_version: version.into(),
            score: 0.0,
            passed: 0,
            total: 1,
            failed_case: None,
            cpu_time_ms: None,
            memory_bytes: None,
            cases: Vec::new(),
        }),
        kept: Some(
            json!({"code": format!("code of {id}"), "version": version, "inputs": "h"}).to_string(),
        ),
        ..document(id)
    };
    settle(&leased.handle, Outcome::Done(Box::new(document)))
}

fn rejudge(world: &World) {
    let queue = &world.queue;
    let names: Vec<String> = (0..5).map(|at| format!("s{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.push_each(&names);
    let jobs = world.claim(5).jobs;
    for (leased, id) in jobs.iter().zip(&names) {
        world.work(&[judged(leased, id, "v1")], 0);
    }
    assert!(
        !String::from_utf8(world.ok(queue.result("s0")).unwrap())
            .unwrap()
            .contains("code of")
    );

    // Oldest first, in pages.
    let (page, looked_at) = world.ok(queue.kept("two-sum", 0, 3));
    let of = |page: &[shared::queue::rejudge::Kept]| -> Vec<String> {
        page.iter()
            .map(|kept| kept.job.id.clone().unwrap())
            .collect()
    };
    assert_eq!(
        (of(&page), looked_at),
        (vec!["s0".into(), "s1".into(), "s2".into()], 3)
    );
    let (rest, looked_at) = world.ok(queue.kept("two-sum", 3, 3));
    assert_eq!((of(&rest), looked_at), (vec!["s3".into(), "s4".into()], 2));
    assert_eq!(world.ok(queue.kept("two-sum", 5, 3)), (Vec::new(), 0));
    assert_eq!(world.ok(queue.kept("other", 0, 3)), (Vec::new(), 0));

    let jobs: Vec<_> = page.into_iter().map(|kept| kept.job).collect();
    assert_eq!(jobs[0].code, "code of s0");
    let cost = world.cost_of(|| assert_eq!(world.ok(queue.requeue(&jobs)), 1));
    assert_eq!(cost.round_trips, 1, "{cost:?}");
    assert_eq!(world.ok(queue.result("s0")), None, "it waits again");
    assert!(world.ok(queue.result("s3")).is_some());
    let again = world.claim(5);
    assert_eq!(ids(&again), ["s0", "s1", "s2"]);
    let job = shared::job::Job::decode(&again.jobs[0].payload).unwrap();
    assert_eq!(job, jobs[0]);
    // Under the same id it gets a result again.
    world.work(&[judged(&again.jobs[0], "s0", "v2")], 0);
    let stored: serde_json::Value =
        serde_json::from_slice(&world.ok(queue.result("s0")).unwrap()).unwrap();
    assert_eq!(stored["judgement"]["problemVersion"], "v2");
    // It is noted twice now, and comes once.
    let (page, looked_at) = world.ok(queue.kept("two-sum", 0, 10));
    assert_eq!(
        (of(&page), looked_at),
        (vec!["s0".into(), "s3".into(), "s4".into()], 6)
    );
}

fn gone(world: &World) {
    world.push_each(&["a", "b"]);
    let jobs = world.claim(2).jobs;
    world.work(&[judged(&jobs[0], "a", "v"), judged(&jobs[1], "b", "v")], 0);
    world.raw(&["DEL", "result:a"]);
    let (page, looked_at) = world.ok(world.queue.kept("two-sum", 0, 10));
    assert_eq!((page.len(), looked_at), (1, 2));
    assert_eq!(page[0].job.id.as_deref(), Some("b"));
    assert_eq!(page[0].problem_version, "v");
}

fn long(world: &World) {
    let jobs: Vec<_> = (0..5)
        .map(|at| shared::job::Job {
            kept: Some(json!({ "answers": "x".repeat(900_000) })),
            ..job(&format!("s{at}"))
        })
        .collect();
    let cost = world.cost_of(|| assert_eq!(world.ok(world.queue.requeue(&jobs)), 2));
    assert_eq!(cost.round_trips, 2, "{cost:?}");
    assert_eq!(ids(&world.claim(5)), ["s0", "s1", "s2", "s3", "s4"]);
    assert_eq!(world.ok(world.queue.requeue(&[])), 0);
}
