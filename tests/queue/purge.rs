//! Purging what waits (`purge.lua`, `purge_scheduled.lua`), and listing what is
//! scheduled.

use serde_json::{Value, json};
use shared::config::Secret;
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::purge::{Purge, Purged, Scheduled};
use support::redis_client::command;

use crate::fixtures::{complete, ids, job, retry, snooze};
use crate::stack::QueueStack;

support::tests![
    a_purge_counts_the_jobs_it_deletes,
    a_purged_submission_has_a_visible_end,
    a_purge_goes_on_where_its_calls_end,
    scheduled_submissions_are_purged_and_retries_stay,
    scheduled_submissions_are_listed_in_pages,
];

fn purge(stack: &QueueStack, what: &[Purge]) -> u64 {
    let purged = stack.ok(stack.store.purge(what, 1_000, 40));
    assert!(!purged.more);
    purged.count
}

fn result(stack: &QueueStack, id: &str) -> Option<Value> {
    let stored = stack.ok(stack.store.result(id))?;
    Some(serde_json::from_slice(&stored).unwrap())
}

fn a_purge_counts_the_jobs_it_deletes(stack: &QueueStack) {
    for lane in [Lane::High, Lane::Normal, Lane::Normal, Lane::Low] {
        stack.enqueue("x", lane, Schedule::Immediately);
    }
    stack.enqueue("later", Lane::Normal, Schedule::After(60_000));
    let held = stack.claim_one();
    stack.enqueue("y", Lane::High, Schedule::Immediately);
    let [high, normal] = [Lane::High, Lane::Normal].map(Purge::Lane);
    assert_eq!(purge(stack, &[normal, high]), 3);
    assert_eq!(purge(stack, &[normal]), 0);
    assert_eq!(stack.redis.run::<i64>(&["HLEN", "inflight"]), 2);
    assert_eq!(ids(&stack.claim(5)), ["x"], "the low lane was not purged");
    stack.work(&[complete(&held, "x")], 0);
    assert!(result(stack, "x").is_some());
    stack.enqueue("z", Lane::Low, Schedule::Immediately);
    assert_eq!(purge(stack, &Purge::ALL), 2, "and what is scheduled");
}

fn a_purged_submission_has_a_visible_end(stack: &QueueStack) {
    let tickets = TicketKey::new(&Secret::new("s"));
    let id = |ms, random| tickets.issue(ms, &[random; 10]);
    let (waits, judged) = (id(1_700_000_000_001, 1), id(1_700_000_000_002, 2));
    for id in [&waits, &judged] {
        stack.enqueue(id, Lane::Normal, Schedule::Immediately);
    }
    let stored = format!("result:{judged}");
    stack.redis.run::<()>(&["SET", &stored, "{}"]);
    // Foreign jobs, whatever they are, have no result to tell.
    let foreign: [&[u8]; 5] = [
        br#"{"problemId":"x","id":"018bcfe568007fffbfffffffffffffff8f2d9eaccd2693b3"}"#,
        br#"{"id":"not-hex","problemId":"x"}"#,
        br#"{"id":"018bcfe5","problemId":"x"}"#,
        b"\xff\x00",
        b"",
    ];
    for payload in foreign {
        stack.redis.lpush("problems", payload);
    }
    assert_eq!(purge(stack, &[Purge::Lane(Lane::Normal)]), 7);
    let expected = json!({"id": waits, "status": "purged", "submittedAtMs": 1_700_000_000_001_u64});
    assert_eq!(result(stack, &waits), Some(expected));
    let ttl = stack.redis.run::<i64>(&["TTL", &format!("result:{waits}")]);
    assert!((900..=1_000).contains(&ttl), "{ttl}");
    assert_eq!(result(stack, &judged), Some(json!({})), "a result stays");
    assert_eq!(stack.redis.keys("*").len(), 2);
}

fn a_purge_goes_on_where_its_calls_end(stack: &QueueStack) {
    let fill = |lane: &str, count: u32| {
        let mut push = command(&["LPUSH", lane]);
        push.arg((0..count).collect::<Vec<u32>>());
        stack.redis.pipeline(&[push]);
    };
    fill("problems", 2_050);
    fill("problems:low", 1_000);
    let all = [Lane::Normal, Lane::Low].map(Purge::Lane);
    let purge = |calls| stack.ok(stack.store.purge(&all, 1_000, calls));
    // The oldest go first.
    let first = Purged {
        count: 1_000,
        more: true,
    };
    assert_eq!(purge(1), first);
    let oldest: String = stack.redis.run(&["LINDEX", "problems", "-1"]);
    assert_eq!(oldest, "1000");
    let rest = purge(5);
    assert_eq!((rest.count, rest.more), (2_050, false));
    assert_eq!(stack.redis.keys("*"), [""; 0]);
    assert_eq!(purge(5), Purged::default());
}

fn scheduled_submissions_are_purged_and_retries_stay(stack: &QueueStack) {
    let tickets = TicketKey::new(&Secret::new("s"));
    let now_ms = stack.redis.now_ms();
    stack.enqueue_each(&["retried", "snoozed", "held"]);
    let jobs = stack.claim(3).leases;
    stack.work(&[retry(&jobs[0], 60_000), snooze(&jobs[1], 60_000)], 0);
    let id = tickets.issue_scheduled(now_ms, 90_000, &[1; 10]);
    stack.enqueue(&id, Lane::High, Schedule::After(90_000));
    stack.enqueue("due", Lane::Low, Schedule::At(1));
    // More than one call looks at, all due at the same moment.
    let many: Vec<(Job, Lane, Schedule)> = (0..1_100)
        .map(|number| {
            (
                job(&format!("s{number}")),
                Lane::Normal,
                Schedule::At(now_ms + 70_000),
            )
        })
        .collect();
    stack.ok(stack.store.enqueue_all(&many));
    assert_eq!(purge(stack, &[Purge::Scheduled]), 1_102);
    assert_eq!(purge(stack, &[Purge::Scheduled]), 0);
    let expected = json!({"id": id, "status": "purged", "submittedAtMs": now_ms});
    assert_eq!(result(stack, &id), Some(expected));
    for key in ["inflight", "leases"] {
        let count = if key == "leases" { "ZCARD" } else { "HLEN" };
        assert_eq!(stack.redis.run::<i64>(&[count, key]), 3, "{key}");
    }
    stack.work(&[complete(&jobs[2], "held")], 0);
    assert!(result(stack, "held").is_some());
    assert_eq!(stack.redis.run::<i64>(&["HLEN", "history"]), 1);
}

fn scheduled_submissions_are_listed_in_pages(stack: &QueueStack) {
    let now_ms = stack.redis.now_ms();
    stack.enqueue_each(&["retried", "snoozed", "held"]);
    let jobs = stack.claim(3).leases;
    stack.work(&[retry(&jobs[0], 60_000), snooze(&jobs[1], 60_000)], 0);
    stack.ok(stack.store.pause());
    let mut expected: Vec<Scheduled> = (0..300)
        .map(|number| Scheduled {
            id: format!("s{number:03}"),
            lane: Lane::ALL[number % 3],
            due_at_ms: now_ms + 60_000 + number as u64 % 7,
        })
        .collect();
    let submissions: Vec<(Job, Lane, Schedule)> = expected
        .iter()
        .map(|one| (job(&one.id), one.lane, Schedule::At(one.due_at_ms)))
        .collect();
    stack.ok(stack.store.enqueue_all(&submissions));
    let (mut found, mut next) = (Vec::new(), Some(0));
    while let Some(cursor) = next {
        let page = stack.ok(stack.store.scheduled(cursor));
        assert!(page.submissions.is_sorted_by_key(|one| one.due_at_ms));
        found.extend(page.submissions);
        next = page.next.map(|next| next.parse().unwrap());
    }
    // A scan may return one twice, but none is missing.
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup();
    expected.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(found, expected);
}
