//! Judging stored submissions again (`requeue.lua`): the old result stays until the
//! new one takes its place, whatever happens in between.

use serde_json::Value;
use shared::domain::archive::SubmissionArchive;
use shared::domain::ids::{InputsHash, ProblemVersion};
use shared::domain::job::Job;
use shared::domain::judgement::Judgement;
use shared::domain::lane::Lane;
use shared::domain::result::ResultDocument;
use shared::domain::source::Source;
use shared::domain::submission::Schedule;
use shared::queue::claim::Lease;
use shared::queue::dead_letters::Replay;
use shared::queue::purge::Purge;
use shared::queue::rejudge::{ArchivedSubmission, Requeued};
use shared::queue::settlement::{Outcome, QueueConfig, Settlement};

use crate::fixtures::{CONFIG, NOW_MS, call, complete, document, ids, letter, problem_id, settle};
use crate::stack::QueueStack;

support::tests![
    judged_submissions_are_requeued_for_a_rejudge,
    the_old_result_stays_until_the_new_one_is_there,
    two_rejudges_at_once_queue_a_submission_once,
    a_submission_that_was_judged_meanwhile_is_left_alone,
    a_purge_leaves_the_old_result,
    a_rejudge_that_dies_leaves_the_old_result,
    only_the_lease_holder_replaces_a_result,
    a_submission_is_listed_once_under_its_problem,
    a_rejudge_skips_expired_results,
    large_submissions_are_requeued_in_several_calls,
];

fn judged_document(id: &str, version: &str) -> ResultDocument {
    ResultDocument {
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
            &Source::Code(format!("code of {id}")),
            &ProblemVersion::new(version),
            &InputsHash::new("h"),
            &mut std::iter::empty(),
        )),
        ..document(id)
    }
}

fn judged(leased: &Lease, id: &str, version: &str) -> Settlement {
    let document = judged_document(id, version);
    settle(&leased.token, Outcome::Complete(Box::new(document)))
}

fn judged_again(leased: &Lease, id: &str, version: &str) -> Settlement {
    let document = ResultDocument {
        replaces: true,
        ..judged_document(id, version)
    };
    settle(&leased.token, Outcome::Complete(Box::new(document)))
}

/// Submissions with these ids, judged by `v1`.
fn judge_each(stack: &QueueStack, names: &[&str]) {
    stack.enqueue_each(names);
    for (leased, id) in stack.claim(names.len()).leases.iter().zip(names) {
        stack.work(&[judged(leased, id, "v1")], 0);
    }
}

fn listed(stack: &QueueStack) -> Vec<ArchivedSubmission> {
    let two_sum = problem_id("two-sum");
    stack.ok(stack.store.list_archived(&two_sum, 0, 20)).0
}

fn requeue(stack: &QueueStack, submissions: &[ArchivedSubmission]) -> Requeued {
    let version = ProblemVersion::new("v2");
    stack.ok(stack.store.requeue(submissions, &version, NOW_MS))
}

/// The version by which a submission's result was judged.
fn judged_by(stack: &QueueStack, id: &str) -> Option<String> {
    let stored = stack.ok(stack.store.result(id))?;
    let document: Value = serde_json::from_slice(&stored).unwrap();
    Some(
        document["judgement"]["problemVersion"]
            .as_str()
            .unwrap()
            .to_owned(),
    )
}

fn ids_of(submissions: &[ArchivedSubmission]) -> Vec<&str> {
    submissions
        .iter()
        .map(|one| one.job.id.as_deref().unwrap())
        .collect()
}

fn judged_submissions_are_requeued_for_a_rejudge(stack: &QueueStack) {
    let (queue, two_sum) = (&stack.store, problem_id("two-sum"));
    judge_each(stack, &["s0", "s1", "s2", "s3", "s4"]);
    assert!(
        !String::from_utf8(stack.ok(queue.result("s0")).unwrap())
            .unwrap()
            .contains("code of")
    );

    // Oldest first, in pages.
    let (page, read_count) = stack.ok(queue.list_archived(&two_sum, 0, 3));
    assert_eq!((ids_of(&page), read_count), (vec!["s0", "s1", "s2"], 3));
    let (rest, read_count) = stack.ok(queue.list_archived(&two_sum, 3, 3));
    assert_eq!((ids_of(&rest), read_count), (vec!["s3", "s4"], 2));
    for offset in [5, u64::MAX] {
        let after_the_last = stack.ok(queue.list_archived(&two_sum, offset, 3));
        assert_eq!(after_the_last, (Vec::new(), 0));
    }
    let other = stack.ok(queue.list_archived(&problem_id("other"), 0, 3));
    assert_eq!(other, (Vec::new(), 0));

    assert_eq!(page[0].job.source.code(), Some("code of s0"));
    assert_eq!(page[0].judged_by(), Some(ProblemVersion::new("v1")));
    let cost = stack.cost_of(|| {
        let expected = Requeued { count: 3, calls: 1 };
        assert_eq!(requeue(stack, &page), expected);
    });
    assert_eq!(cost.round_trips, 1, "{cost:?}");
    assert_eq!(cost.total(), 2 + 2 * 3, "{cost:?}");
    let again = stack.claim(5);
    assert_eq!(ids(&again), ["s0", "s1", "s2"]);
    assert_eq!(again.leases[0].token.lane(), Lane::Low);
    let expected = Job {
        requeued_at_ms: Some(NOW_MS),
        ..page[0].job.clone()
    };
    assert_eq!(Job::decode(&again.leases[0].payload), Ok(expected));
    // It is indexed twice then, and listed once.
    stack.work(&[judged_again(&again.leases[0], "s0", "v2")], 0);
    let (page, read_count) = stack.ok(queue.list_archived(&two_sum, 0, 10));
    assert_eq!(ids_of(&page), ["s0", "s1", "s2", "s3", "s4"]);
    assert_eq!(read_count, 6);
    assert_eq!(page[0].judged_by(), Some(ProblemVersion::new("v2")));
}

fn the_old_result_stays_until_the_new_one_is_there(stack: &QueueStack) {
    judge_each(stack, &["s"]);
    let before = stack.ok(stack.store.result("s"));
    requeue(stack, &listed(stack));
    let waits = &listed(stack)[0];
    assert_eq!(waits.requeued_for, Some(ProblemVersion::new("v2")));
    assert_eq!(waits.job, listed(stack)[0].job, "the line harms no archive");
    assert_eq!(waits.judged_by(), Some(ProblemVersion::new("v1")));
    assert_eq!(stack.ok(stack.store.result("s")), before);
    let ttl = stack.redis.run::<i64>(&["TTL", "result:s"]);
    assert!((900..=1_000).contains(&ttl), "{ttl}");

    let leased = stack.claim_one();
    assert_eq!(stack.ok(stack.store.result("s")), before);
    let mut claimed = None;
    let cost = stack.cost_of(|| {
        claimed = Some(stack.work(&[judged_again(&leased, "s", "v2")], 0));
    });
    // EVAL, ZMSCORE, SET, HDEL, ZREM, and the list of submissions.
    assert!(cost.total() <= 9, "{cost:?}");
    assert_eq!(judged_by(stack, "s").as_deref(), Some("v2"));
    assert_eq!(listed(stack)[0].requeued_for, None);
    // Nothing else stores over a result.
    stack.enqueue_each(&["s"]);
    let leased = stack.claim_one();
    stack.work(&[judged(&leased, "s", "v3")], 0);
    assert_eq!(judged_by(stack, "s").as_deref(), Some("v2"));
}

fn two_rejudges_at_once_queue_a_submission_once(stack: &QueueStack) {
    judge_each(stack, &["a", "b", "c"]);
    let (first, second) = (listed(stack), listed(stack));
    assert_eq!(requeue(stack, &first).count, 3);
    assert_eq!(requeue(stack, &second).count, 0, "a double click");
    assert_eq!(stack.redis.run::<i64>(&["LLEN", "problems:low"]), 3);
    // One after the other; the caller sees that they wait, and may insist.
    let third = listed(stack);
    let v2 = Some(ProblemVersion::new("v2"));
    assert!(third.iter().all(|one| one.requeued_for == v2));
    assert_eq!(requeue(stack, &third[..1]).count, 1);
    assert_eq!(ids(&stack.claim(9)), ["a", "b", "c", "a"]);
}

/// Read before it was judged again, requeued after it: by then it is another result.
fn a_submission_that_was_judged_meanwhile_is_left_alone(stack: &QueueStack) {
    judge_each(stack, &["s"]);
    let read = listed(stack);
    requeue(stack, &read);
    let leased = stack.claim_one();
    stack.work(&[judged_again(&leased, "s", "v2 or longer")], 0);
    assert_eq!(requeue(stack, &read).count, 0);
    stack.redis.run::<()>(&["DEL", "result:s"]);
    assert_eq!(requeue(stack, &read).count, 0, "nor one that has expired");
    assert_eq!(stack.redis.keys("problems*"), [""; 0]);
}

fn a_purge_leaves_the_old_result(stack: &QueueStack) {
    judge_each(stack, &["s"]);
    requeue(stack, &listed(stack));
    let low = [Purge::Lane(Lane::Low)];
    assert_eq!(stack.ok(stack.store.purge(&low, 1_000, 9)).count, 1);
    assert_eq!(judged_by(stack, "s").as_deref(), Some("v1"));
    assert_eq!(listed(stack)[0].job.source.code(), Some("code of s"));
    assert_eq!(requeue(stack, &listed(stack)).count, 1);
}

fn a_rejudge_that_dies_leaves_the_old_result(stack: &QueueStack) {
    judge_each(stack, &["s"]);
    requeue(stack, &listed(stack));
    let leased = stack.claim_one();
    let mut dead = letter("s", &leased);
    dead.has_result = true;
    stack.work(
        &[settle(&leased.token, Outcome::DeadLetter(Box::new(dead)))],
        0,
    );
    assert_eq!(judged_by(stack, "s").as_deref(), Some("v1"));
    let (_, payload) = stack.ok(stack.store.dead_letter("s")).unwrap();
    // It can be replayed, and the result stays until the new one.
    let replay = Replay::of("s", Lane::Low, &payload, NOW_MS).unwrap();
    assert_eq!(stack.ok(stack.store.replay(&[replay])), [Some(1)]);
    assert_eq!(judged_by(stack, "s").as_deref(), Some("v1"));
    let leased = stack.claim_one();
    stack.work(&[judged_again(&leased, "s", "v2")], 0);
    assert_eq!(judged_by(stack, "s").as_deref(), Some("v2"));
}

fn only_the_lease_holder_replaces_a_result(stack: &QueueStack) {
    judge_each(stack, &["s"]);
    requeue(stack, &listed(stack));
    let lost = stack.claim_one();
    stack.expire_all_leases();
    let held = stack.claim_one();
    stack.work(&[judged_again(&held, "s", "v3")], 0);
    stack.enqueue("other", Lane::Normal, Schedule::Immediately);
    let other = stack.claim_one();
    // With a job beside it that is this Worker's.
    stack.work(
        &[judged_again(&lost, "s", "v2"), complete(&other, "other")],
        0,
    );
    assert_eq!(judged_by(stack, "s").as_deref(), Some("v3"));
    assert!(stack.ok(stack.store.result("other")).is_some());
}

fn a_submission_is_listed_once_under_its_problem(stack: &QueueStack) {
    let config = QueueConfig {
        result_index: true,
        ..CONFIG
    };
    let work = |settlements: &[Settlement]| {
        let queue = &stack.store;
        stack.ok(queue.settle_and_claim(settlements, 0, &config, &call()));
    };
    stack.enqueue_each(&["a", "b", "b"]);
    let jobs = stack.claim(3).leases;
    // The second result of b is not stored, so it is not listed either.
    let ends = [judged(&jobs[0], "a", "v1"), judged(&jobs[1], "b", "v1")];
    work(&ends);
    work(&[judged(&jobs[2], "b", "v9")]);
    assert_eq!(stack.redis.run::<i64>(&["LLEN", "results:two-sum"]), 2);
    requeue(stack, &listed(stack)[..1]);
    let leased = stack.claim_one();
    let mut newer = judged_document("a", "v2");
    newer.replaces = true;
    newer.output = Some("newer".into());
    work(&[settle(&leased.token, Outcome::Complete(Box::new(newer)))]);
    let summaries = stack.ok(stack.store.results_of_problem(&problem_id("two-sum")));
    let summaries: Vec<Value> = summaries
        .iter()
        .map(|text| serde_json::from_slice(text).unwrap())
        .collect();
    let shown = |one: &Value| (one["id"].clone(), one["output"] == "newer");
    let shown: Vec<(Value, bool)> = summaries.iter().map(shown).collect();
    assert_eq!(shown, [("a".into(), true), ("b".into(), false)]);
}

fn a_rejudge_skips_expired_results(stack: &QueueStack) {
    judge_each(stack, &["a", "b"]);
    stack.redis.run::<()>(&["DEL", "result:a"]);
    let (page, read_count) = stack.ok(stack.store.list_archived(&problem_id("two-sum"), 0, 10));
    assert_eq!((ids_of(&page), read_count), (vec!["b"], 2));
}

fn large_submissions_are_requeued_in_several_calls(stack: &QueueStack) {
    // 60 KB of code each: 34 fill the first call's 2 MB.
    let names: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    stack.enqueue_each(&names);
    for (leased, name) in stack.claim(40).leases.iter().zip(&names) {
        let document = ResultDocument {
            archive: Some(SubmissionArchive::unjudged(&Source::Code(
                "x".repeat(60_000),
            ))),
            ..document(name)
        };
        let end = settle(&leased.token, Outcome::Complete(Box::new(document)));
        stack.work(&[end], 0);
    }
    let two_sum = problem_id("two-sum");
    let (submissions, _) = stack.ok(stack.store.list_archived(&two_sum, 0, 40));
    let cost = stack.cost_of(|| {
        let expected = Requeued {
            count: 40,
            calls: 2,
        };
        assert_eq!(requeue(stack, &submissions), expected);
    });
    assert_eq!(cost.round_trips, 2, "{cost:?}");
    assert_eq!(stack.redis.run::<u64>(&["LLEN", "problems:low"]), 40);
    assert_eq!(ids(&stack.claim(20)), names[..20]);
    assert_eq!(requeue(stack, &[]), Requeued::default());
}
