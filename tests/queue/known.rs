//! What an instance knows and does not ask again: scripts that Redis holds, versions of
//! problems, and how long lists live. Other instances, a Redis that forgot, and lost
//! leases make it wrong nowhere.

use serde_json::json;
use shared::config::Secret;
use shared::domain::archive::SubmissionArchive;
use shared::domain::ids::ProblemVersion;
use shared::domain::lane::Lane;
use shared::domain::language::FunctionLanguages;
use shared::domain::problem::Problem;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::Store;
use shared::queue::claim::{Claimed, Lease};
use shared::queue::settlement::{ClaimContext, Outcome, QueueConfig, Settlement};
use shared::queue::worker_cache::ProblemVersions;
use shared::redis::CommandCounter;

use crate::fixtures::{CONFIG, NOW_MS, call, complete, document, ids, problem_id, settle};
use crate::stack::QueueStack;

support::tests![
    a_script_that_redis_forgot_costs_one_command_and_loses_nothing,
    a_claim_tells_the_versions_of_the_moment_it_was_made,
    versions_that_are_known_cost_no_command,
    a_foreign_producers_problem_is_left_to_be_looked_up,
    a_catalog_that_cannot_be_read_keeps_no_job,
    a_lists_end_is_moved_on_when_it_must_be,
    a_list_that_another_instance_began_keeps_its_end,
    a_settlement_of_a_lost_lease_moves_no_end,
];

const INDEXED: QueueConfig = QueueConfig {
    result_index: true,
    ..CONFIG
};

/// The store as another instance sees it.
fn instance(stack: &QueueStack) -> Store {
    stack.counting_store(&CommandCounter::default())
}

fn enqueue(stack: &QueueStack, id: &str) {
    stack.enqueue(id, Lane::Normal, Schedule::Immediately);
}

fn claim(stack: &QueueStack, store: &Store) -> Claimed {
    stack.ok(store.settle_and_claim(&[], 9, &CONFIG, &call()))
}

fn a_script_that_redis_forgot_costs_one_command_and_loses_nothing(stack: &QueueStack) {
    let sent = CommandCounter::default();
    let store = stack.counting_store(&sent);
    // One job, claimed and settled; `forget` has Redis forget all scripts in between.
    let drain = |id: &str, forget: bool| {
        enqueue(stack, id);
        let before = sent.get();
        let cost = stack.cost_of(|| {
            let claimed = claim(stack, &store);
            assert_eq!(ids(&claimed), [id]);
            if forget {
                stack.redis.run::<()>(&["SCRIPT", "FLUSH"]);
            }
            let end = [complete(&claimed.leases[0], id)];
            assert_eq!(
                stack
                    .ok(store.settle_and_claim(&end, 0, &CONFIG, &call()))
                    .leases,
                []
            );
        });
        assert!(stack.ok(store.result(id)).is_some(), "{id}");
        assert_eq!(stack.redis.keys("inflight"), [""; 0]);
        (cost, before)
    };
    drain("first", false);
    let (held, _) = drain("held", false);
    assert_eq!((held.of("evalsha"), held.of("eval")), (2, 0), "{held:?}");
    assert_eq!(held.round_trips, 2);
    let (forgot, _) = drain("forgot", true);
    let scripts = forgot.of("script|flush");
    assert_eq!(
        (forgot.of("evalsha"), forgot.of("eval")),
        (2, 1),
        "{forgot:?}"
    );
    assert_eq!(forgot.total() - scripts, held.total() + 1, "{forgot:?}");
    assert_eq!(forgot.round_trips, 3);

    // What the instance counts is what Redis counted: nobody settles here, so that
    // nothing is reported.
    enqueue(stack, "counted");
    stack.redis.run::<()>(&["SCRIPT", "FLUSH"]);
    sent.take();
    let cost = stack.cost_of(|| {
        claim(stack, &store);
        stack.ok(store.position("00000000000000000000000000000000"));
        stack.ok(store.settle_and_claim_deliveries(&[], 9, 1));
    });
    assert_eq!((cost.of("evalsha"), cost.of("eval")), (3, 3), "{cost:?}");
    // Of deliveries one more is counted than a claim takes that finds none.
    assert_eq!(sent.get(), cost.total() + 1, "{cost:?}");
}

fn problem(expected: &str) -> Problem {
    let value = json!({
        "title": "t",
        "kind": "program",
        "cases": [{ "input": "", "expected": expected }],
    });
    Problem::from_value(&problem_id("two-sum"), &value).unwrap()
}

fn publish(stack: &QueueStack, expected: &str, now_ms: u64) -> ProblemVersion {
    let key = TicketKey::new(&Secret::new("s"));
    // Whoever publishes is another instance.
    stack
        .ok(instance(stack).publish(problem(expected), FunctionLanguages::EMPTY, &key, now_ms))
        .version
}

/// What the next claim tells of the problem of a new job.
fn told(stack: &QueueStack, store: &Store, id: &str) -> Option<Option<ProblemVersion>> {
    enqueue(stack, id);
    let claimed = claim(stack, store);
    assert_eq!(ids(&claimed), [id]);
    let id = problem_id("two-sum");
    let is_known = claimed.versions.knows(&id);
    is_known.then(|| claimed.versions.get(&id).cloned())
}

fn a_claim_tells_the_versions_of_the_moment_it_was_made(stack: &QueueStack) {
    let (a, b) = (instance(stack), instance(stack));
    let both = |id: &str| {
        let told = [&a, &b].map(|store| told(stack, store, id));
        assert_eq!(told[0], told[1]);
        told[0].clone()
    };
    assert_eq!(both("none"), Some(None));
    assert_eq!(both("none-again"), Some(None));
    let first = publish(stack, "1", NOW_MS);
    assert_eq!(both("first"), Some(Some(first.clone())));
    // In the same millisecond, and in an earlier one by the clock of another instance.
    let second = publish(stack, "2", NOW_MS);
    assert_eq!(both("second"), Some(Some(second)));
    let third = publish(stack, "3", NOW_MS - 1);
    assert_eq!(both("third"), Some(Some(third)));
    assert_eq!(publish(stack, "1", NOW_MS + 1), first);
    assert_eq!(both("first-again"), Some(Some(first)));
    let id = problem_id("two-sum");
    assert!(stack.ok(instance(stack).delete_problem(&id, NOW_MS + 2)));
    assert_eq!(both("deleted"), Some(None));
    publish(stack, "4", NOW_MS + 3);
    both("fourth");
    stack.redis.flush();
    assert_eq!(both("lost"), Some(None));
    // While it is paused nothing is claimed, and the stamp stands behind the pause.
    let fifth = publish(stack, "5", NOW_MS + 4);
    stack.ok(a.pause());
    enqueue(stack, "paused");
    assert_eq!(claim(stack, &a).leases, []);
    stack.ok(a.resume());
    assert_eq!(claim(stack, &a).versions.get(&id), Some(&fifth));
}

fn versions_that_are_known_cost_no_command(stack: &QueueStack) {
    let store = instance(stack);
    let version = Some(Some(publish(stack, "1", NOW_MS)));
    let look_ups = |id: &str| {
        let mut found = None;
        let cost = stack.cost_of(|| found = told(stack, &store, id));
        assert_eq!(found, version);
        assert_eq!(cost.round_trips, 2, "a submission and a claim");
        cost.of("hmget")
    };
    assert_eq!(look_ups("first"), 1);
    assert_eq!(look_ups("second"), 0);
    publish(stack, "1", NOW_MS + 1);
    assert_eq!(look_ups("third"), 1, "it was published, though as it is");
    assert_eq!(look_ups("fourth"), 0);
    // Of several problems, those are asked for that are not known.
    let (id, fields) = (
        problem_id("other"),
        ["two-sum", "other", "two-sum", "other"],
    );
    for (number, problem_id) in fields.iter().enumerate() {
        let payload =
            json!({"id": number.to_string(), "problemId": problem_id, "code": "", "language": "c"});
        stack
            .redis
            .run::<u64>(&["LPUSH", "problems", &payload.to_string()]);
    }
    let mut claimed = None;
    let cost = stack.cost_of(|| claimed = Some(claim(stack, &store)));
    assert_eq!(cost.of("hmget"), 1, "{cost:?}");
    let versions = claimed.unwrap().versions;
    assert!(versions.knows(&id) && versions.get(&id).is_none());
}

/// Only what stands where our jobs have it is read; the Worker goes by what it reads.
fn a_foreign_producers_problem_is_left_to_be_looked_up(stack: &QueueStack) {
    let store = instance(stack);
    let version = publish(stack, "1", NOW_MS);
    let id = problem_id("two-sum");
    let long = "x".repeat(500);
    for (payload, expected) in [
        (r#"{ "problemId" : "two-sum" }"#.to_owned(), true),
        (json!(r#"{"problemId":"two-sum"}"#).to_string(), false),
        (
            json!({"code": long, "problemId": "two-sum"}).to_string(),
            false,
        ),
        (r#"{"code":"\"problemId\":\"two-sum\""}"#.to_owned(), false),
        (r#"{"problemId":"two sum"}"#.to_owned(), false),
        (r#"{"problemId":""}"#.to_owned(), false),
        (String::new(), false),
    ] {
        // Another instance each time, which knows nothing.
        let store = if expected {
            store.clone()
        } else {
            instance(stack)
        };
        stack.redis.run::<u64>(&["LPUSH", "problems", &payload]);
        let claimed = claim(stack, &store);
        assert_eq!(claimed.leases.len(), 1, "{payload}");
        let mut told = ProblemVersions::default();
        if expected {
            told.set(id.clone(), Some(version.clone()));
        }
        assert_eq!(claimed.versions, told, "{payload}");
    }
}

fn a_catalog_that_cannot_be_read_keeps_no_job(stack: &QueueStack) {
    let store = instance(stack);
    stack.redis.run::<()>(&["SET", "catalog", "no hash"]);
    assert_eq!(told(stack, &store, "a"), None);
    assert_eq!(told(stack, &store, "b"), None);
}

/// A result that is also kept for judging again.
fn archived(leased: &Lease, id: &str) -> Settlement {
    let mut document = document(id);
    document.archive = Some(SubmissionArchive::unjudged(&"c".into()));
    settle(&leased.token, Outcome::Complete(Box::new(document)))
}

const LISTS: [&str; 2] = ["results:two-sum", "submissions:two-sum"];

/// Completes a new job at this time by the instance's clock. Returns how many ends were
/// moved on; the one of the statistics is set already.
fn end_at(stack: &QueueStack, store: &Store, id: &str, now_ms: u64) -> u64 {
    let context = || ClaimContext { now_ms, ..call() };
    enqueue(stack, id);
    let jobs = stack
        .ok(store.settle_and_claim(&[], 1, &INDEXED, &context()))
        .leases;
    let end = [archived(&jobs[0], id)];
    let cost =
        stack.cost_of(|| drop(stack.ok(store.settle_and_claim(&end, 0, &INDEXED, &context()))));
    assert_eq!(cost.of("lpush"), 2, "{cost:?}");
    cost.of("expire")
}

fn ttls(stack: &QueueStack) -> [i64; 2] {
    LISTS.map(|list| stack.redis.run::<i64>(&["TTL", list]))
}

/// As if so many seconds had passed.
fn pass(stack: &QueueStack, seconds: i64) {
    for list in LISTS {
        let ttl: i64 = stack.redis.run(&["TTL", list]);
        let left = (ttl - seconds).to_string();
        stack.redis.run::<u64>(&["EXPIRE", list, &left]);
    }
}

fn a_lists_end_is_moved_on_when_it_must_be(stack: &QueueStack) {
    let store = instance(stack);
    // The first of the hour also sets the end of the statistics.
    assert_eq!(end_at(stack, &store, "first", NOW_MS), 3);
    assert!(
        ttls(stack).iter().all(|ttl| (1_040..=1_041).contains(ttl)),
        "{:?}",
        ttls(stack)
    );
    pass(stack, 40);
    assert_eq!(end_at(stack, &store, "second", NOW_MS + 40_000), 0);
    assert!(
        ttls(stack).iter().all(|&ttl| ttl >= 1_000),
        "{:?}",
        ttls(stack)
    );
    pass(stack, 2);
    assert_eq!(end_at(stack, &store, "third", NOW_MS + 42_000), 2);
    assert!(
        ttls(stack).iter().all(|&ttl| ttl >= 1_040),
        "{:?}",
        ttls(stack)
    );
    // A Redis that lost them: they begin anew.
    stack.redis.flush();
    assert_eq!(end_at(stack, &store, "flushed", NOW_MS + 43_000), 3);
    assert!(
        ttls(stack).iter().all(|&ttl| ttl >= 1_000),
        "{:?}",
        ttls(stack)
    );
}

fn a_list_that_another_instance_began_keeps_its_end(stack: &QueueStack) {
    let (a, b) = (instance(stack), instance(stack));
    end_at(stack, &a, "first", NOW_MS);
    assert_eq!(end_at(stack, &b, "second", NOW_MS), 2, "it knows no end");
    assert_eq!(end_at(stack, &a, "third", NOW_MS), 0);
    assert_eq!(end_at(stack, &b, "fourth", NOW_MS), 0);
    assert!(
        ttls(stack).iter().all(|&ttl| ttl >= 1_000),
        "{:?}",
        ttls(stack)
    );
}

/// The Worker asks for an end to be moved, and the job is another one's meanwhile.
fn a_settlement_of_a_lost_lease_moves_no_end(stack: &QueueStack) {
    let store = instance(stack);
    end_at(stack, &instance(stack), "other", NOW_MS);
    enqueue(stack, "a");
    let lost = claim(stack, &store).leases;
    stack.expire_all_leases();
    assert_eq!(ids(&claim(stack, &instance(stack))), ["a"]);
    pass(stack, 30);
    let end = [archived(&lost[0], "a")];
    let cost = stack.cost_of(|| drop(stack.ok(store.settle_and_claim(&end, 0, &INDEXED, &call()))));
    assert_eq!(cost.of("expire"), 0, "{cost:?}");
    assert_eq!(
        end_at(stack, &store, "b", NOW_MS),
        2,
        "nothing is taken for done"
    );
}
