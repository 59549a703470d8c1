//! Problems in Redis, and judging their submissions again.

use serde_json::json;
use shared::config::Secret;
use shared::domain::answer::{CaseAnswer, Usage};
use shared::domain::archive::{ArchivedItem, SubmissionArchive};
use shared::domain::ids::{InputsHash, ProblemVersion};
use shared::domain::job::Job;
use shared::domain::judgement::Judgement;
use shared::domain::problem::Problem;
use shared::domain::result::ResultDocument;
use shared::domain::ticket::TicketKey;
use shared::queue::claim::Lease;
use shared::queue::settlement::{Outcome, Settlement};

use crate::fixtures::{document, ids, job, problem_id, settle};
use crate::stack::QueueStack;

support::tests![
    a_problem_is_published_read_and_deleted,
    the_catalog_is_listed_in_pages,
    versions_cost_one_command,
    judged_submissions_are_requeued_for_a_rejudge,
    a_rejudge_skips_expired_results,
    large_submissions_are_requeued_in_several_calls,
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
        first = Some(stack.ok(queue.publish(problem("echo", "ä"), &key(), 1)));
    });
    assert_eq!(cost.round_trips, 1, "{cost:?}");
    let first = first.unwrap();
    assert!(first.new);
    let second = stack.ok(queue.publish(problem("echo", "b"), &key(), 2));
    assert!(!second.new);
    assert_ne!(first.version, second.version);
    let text = stack.ok(queue.problem_text(&problem_id("echo"))).unwrap();
    assert_eq!(
        stack.ok(queue.problem(&problem_id("echo"))),
        Some((second.version, text.clone()))
    );
    assert_eq!(stack.ok(queue.problem(&problem_id("unknown"))), None);
    let stored = serde_json::from_slice(&text).unwrap();
    assert_eq!(
        Problem::from_stored(&problem_id("echo"), stored),
        Ok(problem("echo", "b"))
    );
    assert_eq!(stack.redis.run::<i64>(&["TTL", "problem:echo"]), -1);
    assert!(stack.ok(queue.delete_problem(&problem_id("echo"))));
    assert!(!stack.ok(queue.delete_problem(&problem_id("echo"))));
    assert_eq!(stack.ok(queue.problem_text(&problem_id("echo"))), None);
    assert_eq!(stack.redis.keys("*"), [""; 0]);
}

fn the_catalog_is_listed_in_pages(stack: &QueueStack) {
    let mut expected: Vec<String> = (0..250).map(|number| format!("p{number:03}")).collect();
    for id in &expected {
        stack.ok(stack.store.publish(problem(id, "x"), &key(), 5));
    }
    let (mut found, mut cursor) = (Vec::new(), "0".to_owned());
    loop {
        let page = stack.ok(stack.store.problems(&cursor));
        for entry in page.problems {
            assert_eq!(entry["updatedAtMs"], 5);
            found.push(entry["id"].as_str().unwrap().to_owned());
        }
        match page.next {
            Some(next) => cursor = next,
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
        .ok(stack.store.publish(problem("a", "x"), &key(), 1))
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

fn judged(leased: &Lease, id: &str, version: &str) -> Settlement {
    let document = ResultDocument {
        judgement: Some(Judgement {
            problem_version: ProblemVersion::new(version),
            score: 0.0,
            passed: 0,
            total: 1,
            failed_case: None,
            cpu_time_ms: None,
            memory_bytes: None,
            cases: Vec::new(),
        }),
        archive: Some(SubmissionArchive::judged(
            &format!("code of {id}"),
            &ProblemVersion::new(version),
            &InputsHash::new("h"),
            &mut std::iter::empty(),
        )),
        ..document(id)
    };
    settle(&leased.token, Outcome::Complete(Box::new(document)))
}

fn judged_submissions_are_requeued_for_a_rejudge(stack: &QueueStack) {
    let (queue, two_sum) = (&stack.store, problem_id("two-sum"));
    let names: Vec<String> = (0..5).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    stack.enqueue_each(&names);
    let jobs = stack.claim(5).leases;
    for (leased, id) in jobs.iter().zip(&names) {
        stack.work(&[judged(leased, id, "v1")], 0);
    }
    assert!(
        !String::from_utf8(stack.ok(queue.result("s0")).unwrap())
            .unwrap()
            .contains("code of")
    );

    // Oldest first, in pages.
    let (page, read_count) = stack.ok(queue.list_archived(&two_sum, 0, 3));
    let of =
        |page: &[Job]| -> Vec<String> { page.iter().map(|job| job.id.clone().unwrap()).collect() };
    assert_eq!(
        (of(&page), read_count),
        (vec!["s0".into(), "s1".into(), "s2".into()], 3)
    );
    let (rest, read_count) = stack.ok(queue.list_archived(&two_sum, 3, 3));
    assert_eq!((of(&rest), read_count), (vec!["s3".into(), "s4".into()], 2));
    assert_eq!(
        stack.ok(queue.list_archived(&two_sum, 5, 3)),
        (Vec::new(), 0)
    );
    assert_eq!(
        stack.ok(queue.list_archived(&problem_id("other"), 0, 3)),
        (Vec::new(), 0)
    );

    let jobs = page;
    assert_eq!(jobs[0].code, "code of s0");
    let cost = stack.cost_of(|| assert_eq!(stack.ok(queue.requeue(&jobs)), 1));
    assert_eq!(cost.round_trips, 1, "{cost:?}");
    assert_eq!(stack.ok(queue.result("s0")), None, "it is queued again");
    assert!(stack.ok(queue.result("s3")).is_some());
    let again = stack.claim(5);
    assert_eq!(ids(&again), ["s0", "s1", "s2"]);
    let job = Job::decode(&again.leases[0].payload).unwrap();
    assert_eq!(job, jobs[0]);
    // It gets a result again, under the same id.
    stack.work(&[judged(&again.leases[0], "s0", "v2")], 0);
    let stored: serde_json::Value =
        serde_json::from_slice(&stack.ok(queue.result("s0")).unwrap()).unwrap();
    assert_eq!(stored["judgement"]["problemVersion"], "v2");
    // It is indexed twice now, and listed once.
    let (page, read_count) = stack.ok(queue.list_archived(&two_sum, 0, 10));
    assert_eq!(
        (of(&page), read_count),
        (vec!["s0".into(), "s3".into(), "s4".into()], 6)
    );
}

fn a_rejudge_skips_expired_results(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b"]);
    let jobs = stack.claim(2).leases;
    stack.work(&[judged(&jobs[0], "a", "v"), judged(&jobs[1], "b", "v")], 0);
    stack.redis.run::<()>(&["DEL", "result:a"]);
    let (page, read_count) = stack.ok(stack.store.list_archived(&problem_id("two-sum"), 0, 10));
    assert_eq!((page.len(), read_count), (1, 2));
    assert_eq!(page[0].id.as_deref(), Some("b"));
    let archived = page[0].archived.as_ref().unwrap();
    assert_eq!(archived.problem_version(), Some(ProblemVersion::new("v")));
}

fn large_submissions_are_requeued_in_several_calls(stack: &QueueStack) {
    // 30 KB of answers each: 67 fill the first call's 2 MB.
    let answer = CaseAnswer::Text("x".repeat(30_000));
    let item = ArchivedItem::new(&answer, Usage::default(), None);
    let archive = SubmissionArchive::judged(
        "code",
        &ProblemVersion::new("v"),
        &InputsHash::new("h"),
        std::iter::once(Some(&item)),
    );
    let (_, archived) = SubmissionArchive::split(archive.as_str().as_bytes()).unwrap();
    let names: Vec<String> = (0..70).map(|number| format!("s{number}")).collect();
    let jobs: Vec<Job> = names
        .iter()
        .map(|name| Job {
            archived: Some(archived.clone()),
            client: None,
            ..job(name)
        })
        .collect();
    let cost = stack.cost_of(|| assert_eq!(stack.ok(stack.store.requeue(&jobs)), 2));
    assert_eq!(cost.round_trips, 2, "{cost:?}");
    assert_eq!(ids(&stack.claim(70)), names);
    assert_eq!(stack.ok(stack.store.requeue(&[])), 0);
}
