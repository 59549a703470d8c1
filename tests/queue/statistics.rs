//! What is counted of ended jobs and of commands, and what that takes.

use shared::config::Secret;
use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::domain::ticket::TicketKey;
use shared::domain::verdict::Verdict;
use shared::queue::claim::Lease;
use shared::queue::keys;
use shared::queue::settlement::{ClaimContext, Outcome, Settlement};
use shared::queue::statistics::COUNTERS;
use shared::queue::stats::{PastHours, Stats};
use shared::redis::CommandCounter;

use crate::fixtures::{CONFIG, NOW_MS, call, complete, dead_letter, document, job, settle};
use crate::stack::QueueStack;

support::tests![
    results_are_counted_by_language_verdict_and_time,
    only_the_settlements_of_held_jobs_are_counted,
    what_is_older_than_an_hour_is_not_shown,
    commands_are_counted_as_redis_counts_them,
    the_commands_of_a_day_are_summed_up_and_remembered,
    an_hour_of_statistics_is_small_and_expires,
    statistics_that_cannot_be_written_keep_no_job_from_its_end,
];

/// The seventh minute of an hour.
const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

fn stats(stack: &QueueStack, now_ms: u64) -> Stats {
    stack.stats(now_ms, &TicketKey::new(&Secret::new("s")))
}

/// Completes a job in a language, which waited and took so long.
fn end(leased: &Lease, id: &str, language: &str, verdict: Verdict, ms: [u64; 2]) -> Settlement {
    let mut document = document(id);
    document.language = language.into();
    document.verdict = verdict;
    document.waits_since_ms = Some(1_000);
    document.started_at_ms = 1_000 + ms[0];
    document.finished_at_ms = 1_000 + ms[1];
    settle(&leased.token, Outcome::Complete(Box::new(document)))
}

fn at(now_ms: u64) -> ClaimContext {
    ClaimContext { now_ms, ..call() }
}

/// Enqueues and completes so many jobs at a time.
fn complete_at(stack: &QueueStack, now_ms: u64, count: usize) {
    let ids: Vec<String> = (0..count).map(|n| format!("{now_ms}-{n}")).collect();
    for id in &ids {
        stack.enqueue(id, Lane::Normal, Schedule::Immediately);
    }
    let queue = &stack.store;
    let jobs = stack.ok(queue.settle_and_claim(&[], count, &CONFIG, &at(now_ms)));
    let ends = jobs.leases.iter().zip(&ids);
    let ends: Vec<_> = ends.map(|(leased, id)| complete(leased, id)).collect();
    stack.ok(queue.settle_and_claim(&ends, 0, &CONFIG, &at(now_ms)));
}

fn results_are_counted_by_language_verdict_and_time(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b", "c", "d", "e"]);
    let jobs = stack.claim(5).leases;
    stack.work(
        &[
            end(&jobs[0], "a", "py", Verdict::Accepted, [40, 900]),
            end(&jobs[1], "b", "python", Verdict::Accepted, [30, 901]),
            end(&jobs[2], "c", "c++", Verdict::WrongAnswer, [7_000, 8_000]),
        ],
        0,
    );
    let mut foreign = document("d");
    foreign.language = "cobol".into();
    let foreign = settle(&jobs[3].token, Outcome::Complete(Box::new(foreign)));
    stack.work(&[foreign, dead_letter(&jobs[4], "e")], 0);

    let seen = stats(stack, NOW_MS);
    let verdicts = seen.verdicts.iter();
    let verdicts: Vec<_> = verdicts
        .map(|one| (one.language, one.verdict, one.count))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("python", Verdict::Accepted, 2),
            ("c++", Verdict::WrongAnswer, 1),
            ("other", Verdict::Executed, 1),
        ]
    );
    let latency = seen.latency.unwrap();
    assert_eq!(latency.jobs, 3, "those that are known to have waited");
    let of = |p: shared::queue::stats::Percentiles| [p.p50, p.p90, p.p99];
    assert_eq!(of(latency.wait_ms), [50, 7_500, 7_500]);
    assert_eq!(of(latency.total_ms), [1_000, 10_000, 10_000]);
    let minutes = seen.minutes.iter().map(|one| (one.done, one.dead));
    assert_eq!(minutes.collect::<Vec<_>>(), [(4, 1)]);
    assert_eq!(seen.counted_since_ms, NOW_MS - HOUR_MS - 7 * MINUTE_MS - 1);
}

fn only_the_settlements_of_held_jobs_are_counted(stack: &QueueStack) {
    stack.enqueue_each(&["a", "b"]);
    let old = stack.claim(2).leases;
    stack.expire_all_leases();
    let new = stack.claim_one();
    let ended = |leased: &Lease, id| end(leased, id, "go", Verdict::Accepted, [5, 5]);
    // Of the first another Worker holds the lease now.
    let ends = [ended(&old[0], "a"), ended(&old[1], "b")];
    for _ in 0..3 {
        stack.work(&ends, 0);
        stack.work(&[dead_letter(&old[0], "a")], 0);
    }
    let counts = || {
        let seen = stats(stack, NOW_MS);
        let (done, dead) = (seen.minutes[0].done, seen.minutes[0].dead);
        let verdicts: u64 = seen.verdicts.iter().map(|one| one.count).sum();
        (done, dead, verdicts, seen.latency.unwrap().jobs)
    };
    assert_eq!(counts(), (1, 0, 1, 1));
    stack.work(&[ended(&new, "a")], 0);
    assert_eq!(counts(), (2, 0, 2, 2));
}

fn what_is_older_than_an_hour_is_not_shown(stack: &QueueStack) {
    // At 7 minutes past: the quarter that begins at the hour before is the first.
    let start_ms = NOW_MS / HOUR_MS * HOUR_MS;
    for (now_ms, count) in [
        (start_ms - HOUR_MS - 1, 1),
        (start_ms - HOUR_MS, 2),
        (start_ms - HOUR_MS + 8 * MINUTE_MS, 4),
        (start_ms - 1, 8),
        (start_ms, 16),
        (NOW_MS, 32),
    ] {
        complete_at(stack, now_ms, count);
    }
    let seen = stats(stack, NOW_MS);
    let minutes: Vec<u64> = seen.minutes.iter().map(|one| one.done).collect();
    assert_eq!(minutes, [32, 16, 8, 4], "newest first");
    let counted: u64 = seen.verdicts.iter().map(|one| one.count).sum();
    assert_eq!(counted, 32 + 16 + 8 + 4 + 2);
}

/// What an instance reports is what `INFO commandstats` counts, but for what it has
/// still to report.
fn commands_are_counted_as_redis_counts_them(stack: &QueueStack) {
    let commands = CommandCounter::default();
    let queue = stack.counting_store(&commands);
    let cost = stack.cost_of(|| {
        for number in 0..30 {
            let job = job(&number.to_string());
            stack.ok(queue.enqueue(&job, Lane::Normal, Schedule::Immediately));
        }
        stack.ok(queue.enqueue(&job("later"), Lane::Low, Schedule::At(9_999)));
        for round in 0..4 {
            let jobs = stack.ok(queue.settle_and_claim(&[], 10, &CONFIG, &call()));
            let ends = jobs.leases.iter().enumerate();
            let ends: Vec<_> = ends
                .map(|(number, leased)| complete(leased, &format!("{round}-{number}")))
                .collect();
            stack.ok(queue.settle_and_claim(&ends, 0, &CONFIG, &call()));
        }
        stack.ok(queue.result("1-1"));
        // A call that settles nothing reports nothing.
        stack.ok(queue.settle_and_claim(&[], 10, &CONFIG, &call()));
    });
    let reported = stats(stack, NOW_MS).commands;
    assert!(reported.last_hour > 80, "{reported:?}");
    assert_eq!(reported.last_hour + commands.get(), cost.total());
    assert_eq!(reported.last_day, reported.last_hour);
}

fn the_commands_of_a_day_are_summed_up_and_remembered(stack: &QueueStack) {
    let commands = CommandCounter::default();
    let queue = stack.counting_store(&commands);
    // A hundred in each hour of which a day has none, or only a part.
    for hours_ago in [25, 24, 23, 12, 2, 1, 0] {
        stack.enqueue_each(&["x"]);
        let leased = stack.claim_one();
        commands.take();
        commands.add(99);
        let context = at(NOW_MS - hours_ago * HOUR_MS);
        let ends = [complete(&leased, &format!("h{hours_ago}"))];
        stack.ok(queue.settle_and_claim(&ends, 0, &CONFIG, &context));
    }
    // HDEL, ZREM, SET and BITFIELD, and the call itself.
    let each = 99 + 5;
    let past = PastHours::default();
    let tickets = TicketKey::new(&Secret::new("s"));
    let read = || stack.ok(queue.stats(NOW_MS, &tickets, &past)).commands;
    assert_eq!((read().last_hour, read().last_day), (each, 5 * each));
    // An hour that is over is read once.
    stack.redis.run::<()>(&["FLUSHALL"]);
    assert_eq!((read().last_hour, read().last_day), (0, 3 * each));
    let cost = stack.cost_of(|| assert_eq!(read().last_hour, 0));
    assert_eq!((cost.total(), cost.round_trips), (14, 1));
    let fresh = stack.cost_of(|| drop(stats(stack, NOW_MS)));
    assert_eq!((fresh.total(), fresh.round_trips), (14, 1));
}

fn an_hour_of_statistics_is_small_and_expires(stack: &QueueStack) {
    let start_ms = NOW_MS / HOUR_MS * HOUR_MS;
    for minute in 0..60 {
        complete_at(stack, start_ms + minute * MINUTE_MS, 2);
    }
    stack.enqueue_each(&["last"]);
    let leased = stack.claim_one();
    let last = end(
        &leased,
        "l",
        "cobol",
        Verdict::InternalError,
        [u64::MAX / 2; 2],
    );
    let context = at(start_ms + HOUR_MS - 1);
    stack.ok(stack.store.settle_and_claim(&[last], 0, &CONFIG, &context));
    let key = keys::statistics(NOW_MS / HOUR_MS);
    assert_eq!(stack.redis.keys("stat*"), [key.as_str()]);
    let bytes: usize = stack.redis.run(&["STRLEN", &key]);
    assert_eq!(bytes, 4 * COUNTERS, "the last counter is the last in use");
    let with_slack: usize = stack.redis.run(&["MEMORY", "USAGE", &key]);
    assert!(with_slack < 16_384, "{with_slack}");
    let ttl_s: i64 = stack.redis.run(&["TTL", &key]);
    assert!((93_500..=93_600).contains(&ttl_s), "{ttl_s}");
}

fn statistics_that_cannot_be_written_keep_no_job_from_its_end(stack: &QueueStack) {
    let key = keys::statistics(NOW_MS / HOUR_MS);
    stack.redis.run::<()>(&["LPUSH", &key, "of another type"]);
    let commands = CommandCounter::default();
    let queue = stack.counting_store(&commands);
    stack.enqueue_each(&["a"]);
    let leased = stack.claim_one();
    commands.add(10);
    let ends = [complete(&leased, "a")];
    stack.ok(queue.settle_and_claim(&ends, 0, &CONFIG, &call()));
    assert!(stack.ok(queue.result("a")).is_some());
    assert_eq!(stack.redis.keys("inflight"), [""; 0]);
    // They are reported another time.
    assert!(commands.get() > 10, "{commands:?}");
    // What an older release counted is of another key.
    stack.redis.run::<()>(&["DEL", &key]);
    let old = format!("stats:{}", NOW_MS / HOUR_MS);
    stack.redis.run::<()>(&["HINCRBY", &old, "7", "9"]);
    complete_at(stack, NOW_MS, 1);
    assert_eq!(stats(stack, NOW_MS).minutes[0].done, 1);
}
