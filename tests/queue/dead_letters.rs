//! Dead letters: listing, replaying (`replay.lua`) and deleting them
//! (`delete_dead_letters.lua`).

use serde_json::{Value, json};
use shared::config::Secret;
use shared::domain::job::Job;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::queue::claim::Lease;
use shared::queue::dead_letters::Replay;
use shared::queue::settlement::{Outcome, Settlement};

use crate::fixtures::{NOW_MS, complete, dead_letter, ids, job, letter, settle};
use crate::stack::QueueStack;

support::tests![
    a_dead_letter_is_replayed_as_a_new_job,
    a_replayed_foreign_job_has_the_letters_id,
    a_letter_that_changed_since_it_was_read_is_not_replayed,
    all_letters_of_one_reason_are_replayed,
    all_letters_of_one_reason_are_deleted,
    a_deleted_letter_says_that_it_was_purged,
    deleting_leaves_the_result_of_a_rejudged_job,
    dead_letters_are_listed_in_pages,
];

pub(crate) fn tickets() -> TicketKey {
    TicketKey::new(&Secret::new("s"))
}

fn replay(id: &str, lane: Lane, stored: &[u8]) -> Replay {
    Replay::of(id, lane, stored, NOW_MS).unwrap()
}

fn a_dead_letter_is_replayed_as_a_new_job(stack: &QueueStack) {
    let queue = &stack.store;
    stack.enqueue_each(&["d"]);
    let leased = stack.claim_one();
    stack.work(&[dead_letter(&leased, "d")], 0);
    stack.enqueue("waits", Lane::Low, Schedule::Immediately);
    let payload = leased.payload;
    let letters = [
        replay("d", Lane::Low, &payload),
        replay("e", Lane::Low, &payload),
    ];
    assert_eq!(stack.ok(queue.replay(&letters)), [Some(2), None]);
    assert_eq!(stack.ok(queue.replay(&letters)), [None, None]);
    assert_eq!(stack.ok(queue.result("d")), None);
    assert_eq!(stack.ok(queue.dead_letter("d")), None);
    let jobs = stack.claim(2).leases;
    let expected = Job {
        requeued_at_ms: Some(NOW_MS),
        ..job("d")
    };
    assert_eq!(Job::decode(&jobs[1].payload), Ok(expected));
    assert_eq!(
        (jobs[1].token.attempt(), jobs[1].failed_attempts.len()),
        (1, 0)
    );
    stack.work(&[complete(&jobs[1], "d")], 0);
    assert!(stack.ok(queue.result("d")).is_some());
}

/// Under that id people look for its result.
fn a_replayed_foreign_job_has_the_letters_id(stack: &QueueStack) {
    let payload = br#"{"problemId":"x","code":"c","language":"python"}"#;
    stack.redis.lpush("problems", payload);
    let leased = stack.claim_one();
    stack.work(&[dead_letter(&leased, "given")], 0);
    let replayed = stack.ok(stack
        .store
        .replay(&[replay("given", Lane::Normal, payload)]));
    assert_eq!(replayed, [Some(1)]);
    assert_eq!(ids(&stack.claim(1)), ["given"]);
}

fn a_letter_that_changed_since_it_was_read_is_not_replayed(stack: &QueueStack) {
    stack.enqueue_each(&["d"]);
    let leased = stack.claim_one();
    stack.work(&[dead_letter(&leased, "d")], 0);
    let other = job("d").encode().unwrap().replace("ä", "b");
    let replayed = stack.ok(stack
        .store
        .replay(&[replay("d", Lane::Normal, other.as_bytes())]));
    assert_eq!(replayed, [None]);
    assert!(stack.ok(stack.store.dead_letter("d")).is_some());
    assert!(stack.ok(stack.store.result("d")).is_some());
    assert_eq!(stack.redis.keys("problems"), [""; 0]);
}

fn died_of(leased: &Lease, id: &str, reason: &str) -> Settlement {
    let mut letter = letter(id, leased);
    letter.reason = reason.into();
    settle(&leased.token, Outcome::DeadLetter(Box::new(letter)))
}

fn all_letters_of_one_reason_are_replayed(stack: &QueueStack) {
    // Enough for several pages: 40 that cannot be read, 200 that were given up for
    // one reason and 60 for another.
    let reasons = ["This is no job.", "Given up: HTTP 500", "Given up: lost"];
    for number in 0..300 {
        let which = usize::from(number >= 40) + usize::from(number >= 240);
        let id = format!("d{number}");
        match which {
            0 => stack.redis.lpush("problems", b"garbage"),
            _ => stack.enqueue_each(&[&id]),
        }
        let leased = stack.claim_one();
        stack.work(&[died_of(&leased, &id, reasons[which])], 0);
    }
    let replay_all = |reason: &str| {
        let (mut next, mut replayed, mut unreadable) = (Some(0), 0, 0);
        while let Some(cursor) = next {
            let page = stack.ok(stack.store.replay_page(cursor, reason, NOW_MS));
            assert!(page.calls <= 25, "{page:?}");
            replayed += page.replayed;
            unreadable += page.unreadable;
            next = page.next.map(|next| next.parse().unwrap());
        }
        (replayed, unreadable)
    };
    let left = || stack.redis.run::<i64>(&["HLEN", "dead"]);
    assert_eq!(
        replay_all("given up"),
        (0, 0),
        "letters are compared as they are"
    );
    assert_eq!(replay_all("Given up: HTTP"), (200, 0));
    assert_eq!(left(), 100);
    let waiting: Vec<Vec<u8>> = stack.redis.run(&["LRANGE", "problems", "0", "-1"]);
    let id_of = |payload: &Vec<u8>| Job::decode(payload).unwrap().id.unwrap();
    let mut found: Vec<String> = waiting.iter().map(id_of).collect();
    found.sort();
    let mut expected: Vec<String> = (40..240).map(|number| format!("d{number}")).collect();
    expected.sort();
    assert_eq!(found, expected);
    // Those that are no jobs would die again.
    let (replayed, unreadable) = replay_all("This");
    assert_eq!(replayed, 0);
    assert!(unreadable >= 40, "a scan may see one twice");
    assert_eq!(replay_all("Given"), (60, 0));
    assert_eq!(left(), 40);
}

fn all_letters_of_one_reason_are_deleted(stack: &QueueStack) {
    let reasons = ["Given up: HTTP 500", "Given up: lost"];
    for number in 0..300 {
        let id = format!("d{number}");
        stack.enqueue_each(&[&id]);
        let leased = stack.claim_one();
        stack.work(&[died_of(&leased, &id, reasons[number % 2])], 0);
    }
    let delete_all = |reason: &str| {
        let (mut next, mut deleted) = (Some(0), 0);
        while let Some(cursor) = next {
            let page = stack.ok(stack.store.delete_page(cursor, reason, &tickets()));
            deleted += page.deleted;
            next = page.next.map(|next| next.parse().unwrap());
        }
        deleted
    };
    let page = stack.ok(stack.store.dead_letters(0));
    let shown = page.of_reason("Given up: l").count();
    assert!(shown > 0 && shown < page.letters.len(), "{shown}");
    assert_eq!(
        delete_all("given up"),
        0,
        "letters are compared as they are"
    );
    assert_eq!(delete_all("Given up: lost"), 150);
    for key in ["dead", "dead:payload"] {
        assert_eq!(stack.redis.run::<i64>(&["HLEN", key]), 150, "{key}");
    }
    let status = |id: &str| {
        let shown = stack.ok(stack.store.result(id)).unwrap();
        let shown: Value = serde_json::from_slice(&shown).unwrap();
        shown["status"].clone()
    };
    assert_eq!(
        (status("d0"), status("d1")),
        ("dead".into(), "purged".into())
    );
    assert_eq!(delete_all("G"), 150);
    assert_eq!(stack.redis.keys("dead*"), [""; 0]);
}

fn a_deleted_letter_says_that_it_was_purged(stack: &QueueStack) {
    let queue = &stack.store;
    let id = tickets().issue(1_700_000_000_000, &[1; 10]);
    stack.enqueue_each(&[&id]);
    let leased = stack.claim_one();
    stack.work(&[dead_letter(&leased, &id)], 0);
    stack
        .redis
        .run::<()>(&["EXPIRE", &format!("result:{id}"), "500"]);
    let mut deleted = None;
    let cost = stack.cost_of(|| {
        deleted = Some(stack.ok(queue.delete_dead_letter(&id, &tickets())));
    });
    assert_eq!(deleted, Some(true));
    assert!(cost.total() <= 5, "{cost:?}");
    let result: Value = serde_json::from_slice(&stack.ok(queue.result(&id)).unwrap()).unwrap();
    assert_eq!(
        result,
        json!({"id": id, "status": "purged", "submittedAtMs": 1_700_000_000_000_u64})
    );
    let ttl = stack.redis.run::<i64>(&["TTL", &format!("result:{id}")]);
    assert!((400..=500).contains(&ttl), "{ttl}");
    assert!(!stack.ok(queue.delete_dead_letter(&id, &tickets())));
    let gone = replay(&id, Lane::Normal, &leased.payload);
    assert_eq!(stack.ok(queue.replay(&[gone])), [None]);
    let dead = ["EXISTS", "dead", "dead:payload"];
    assert_eq!(stack.redis.run::<i64>(&dead), 0);
}

fn deleting_leaves_the_result_of_a_rejudged_job(stack: &QueueStack) {
    let queue = &stack.store;
    stack.enqueue_each(&["s", "s"]);
    let jobs = stack.claim(2).leases;
    stack.work(&[complete(&jobs[0], "s")], 0);
    let mut dead = letter("s", &jobs[1]);
    dead.has_result = true;
    stack.work(
        &[settle(&jobs[1].token, Outcome::DeadLetter(Box::new(dead)))],
        0,
    );
    let before = stack.ok(queue.result("s"));
    assert!(stack.ok(queue.delete_dead_letter("s", &tickets())));
    assert_eq!(stack.ok(queue.result("s")), before);
    // Nor is a result made where none is left.
    stack.enqueue_each(&["t"]);
    let leased = stack.claim_one();
    stack.work(&[dead_letter(&leased, "t")], 0);
    stack.redis.run::<()>(&["DEL", "result:t"]);
    assert!(stack.ok(queue.delete_dead_letter("t", &tickets())));
    assert_eq!(stack.ok(queue.result("t")), None);
}

fn dead_letters_are_listed_in_pages(stack: &QueueStack) {
    let mut expected: Vec<String> = (0..450).map(|number| format!("d{number:03}")).collect();
    for ids in expected.chunks(50) {
        for id in ids {
            stack.enqueue_each(&[id]);
        }
        let jobs = stack.claim(50).leases;
        let settlements: Vec<_> = jobs
            .iter()
            .zip(ids)
            .map(|(leased, id)| dead_letter(leased, id))
            .collect();
        stack.work(&settlements, 0);
    }
    let (mut found, mut next) = (Vec::new(), Some(0));
    while let Some(cursor) = next {
        let page = stack.ok(stack.store.dead_letters(cursor));
        found.extend(page.letters.iter().map(|letter| {
            let letter: Value = serde_json::from_slice(letter).unwrap();
            letter["id"].as_str().unwrap().to_owned()
        }));
        next = page.next.map(|next| next.parse().unwrap());
    }
    found.sort();
    found.dedup();
    expected.sort();
    assert_eq!(found, expected);
}
