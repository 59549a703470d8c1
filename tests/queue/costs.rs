//! The cost of every call, counted by Redis itself (`INFO commandstats`).
//!
//! Upstash bills a script as one command plus one for each call inside it,
//! which is just how Redis counts. The budgets are the product's: a change that
//! exceeds one changes its price.

use shared::domain::lane::Lane;
use shared::domain::submission::Schedule;
use shared::queue::Store;
use shared::queue::claim::ClaimStatus;
use shared::queue::dead_letters::Replay;
use shared::queue::enqueue::IdempotencyRecord;
use shared::queue::settlement::QueueConfig;
use shared::redis::CommandCounter;

use crate::fixtures::{CONFIG, call, complete, dead_letter, job, problem_id};
use crate::stack::{Cost, QueueStack};

support::tests![
    each_call_keeps_its_command_budget,
    a_job_costs_three_commands_at_most,
    a_job_that_comes_alone_costs_twelve_commands,
    a_scheduled_job_costs_eight_commands_more,
    a_claim_that_finds_nothing_costs_three_commands,
];

/// How many jobs a drain holds at once, and how many it settles at once.
const HELD: usize = 12;
const GROUP: usize = 10;

fn each_call_keeps_its_command_budget(stack: &QueueStack) {
    let queue = &stack.store;
    stack.enqueue_each(&["a", "b", "c"]);
    let jobs = stack.claim(3).leases;
    stack.work(&[complete(&jobs[0], "a"), dead_letter(&jobs[1], "b")], 0);
    let letter = stack.ok(queue.dead_letter("b")).unwrap();
    let replay = [Replay::of("b", Lane::Low, &letter.1, 1).unwrap()];
    let record = IdempotencyRecord {
        id: "z".into(),
        body_hash: "h".into(),
    };
    // A call, the most commands it may take, and what it does.
    type Counted<'a> = (&'a str, u64, &'a dyn Fn());
    let calls: [Counted<'_>; 10] = [
        ("enqueue", 1, &|| {
            stack.enqueue("x", Lane::Normal, Schedule::Immediately);
        }),
        ("result", 1, &|| drop(stack.ok(queue.result("a")))),
        ("missing result", 1, &|| {
            drop(stack.ok(queue.result("x")));
        }),
        ("results of a problem", 1, &|| {
            drop(stack.ok(queue.results_of_problem(&problem_id("p"))));
        }),
        ("schedule", 5, &|| {
            stack.enqueue("y", Lane::Normal, Schedule::After(9));
        }),
        ("enqueue with a key", 3, &|| {
            drop(stack.ok(queue.enqueue_once(&job("z"), Lane::Low, "k", &record)));
        }),
        ("enqueue with a used key", 4, &|| {
            drop(stack.ok(queue.enqueue_once(&job("z"), Lane::Low, "k", &record)));
        }),
        ("kinds of problems", 1, &|| {
            let ids = [&problem_id("p"), &problem_id("q")];
            assert_eq!(stack.ok(queue.kinds(&ids)), [None, None]);
        }),
        ("pause", 1, &|| stack.ok(queue.pause())),
        ("replay", 6, &|| {
            assert!(stack.ok(queue.replay(&replay))[0].is_some());
        }),
    ];
    println!();
    for (name, budget, act) in calls {
        let cost = stack.cost_of(act);
        println!("  {name}: {}", cost.total());
        assert!(cost.total() <= budget, "{name}: {cost:?}");
        assert_eq!(cost.round_trips, 1, "{name}");
    }
}

fn a_job_costs_three_commands_at_most(stack: &QueueStack) {
    let indexed = QueueConfig {
        result_index: true,
        ..CONFIG
    };
    // The number of jobs, the config, the most commands and round trips a job.
    let rows = [
        (10, &CONFIG, (3.0, 1.3)),
        (1_000, &CONFIG, (3.0, 1.3)),
        (10, &indexed, (3.2, 1.3)),
        (1_000, &indexed, (3.1, 1.3)),
    ];
    println!();
    for (count, config, (most_commands, most_round_trips)) in rows {
        stack.redis.flush();
        let cost = stack.cost_of(|| push_and_drain(stack, &stack.store, count, config));
        let jobs = f64::from(count);
        // Once an hour the statistics and the index get their time to live.
        let hours = cost.of("expire");
        assert!(hours <= 2, "{cost:?}");
        #[allow(clippy::cast_precision_loss, reason = "a few thousand commands")]
        let (commands, round_trips) = (
            (cost.total() - hours) as f64 / jobs,
            cost.round_trips as f64 / jobs,
        );
        println!(
            "  {count} jobs, index {}: {commands:.2} commands and {round_trips:.2} round trips a job ({} in all)",
            if config.result_index { "on" } else { "off" },
            cost.total(),
        );
        assert_eq!(cost.of("set"), u64::from(count), "every job was settled");
        assert!(commands <= most_commands, "{cost:?}");
        assert!(round_trips <= most_round_trips, "{cost:?}");
    }
}

fn push_and_drain(stack: &QueueStack, store: &Store, count: u32, config: &QueueConfig) {
    for number in 0..count {
        stack.enqueue(&number.to_string(), Lane::Normal, Schedule::Immediately);
    }
    let mut claimed = stack.ok(store.settle_and_claim(&[], HELD, config, &call()));
    let (mut held, mut settled) = (Vec::new(), 0);
    loop {
        let more = claimed.status == ClaimStatus::MoreExpected;
        held.append(&mut claimed.leases);
        let group: Vec<_> = held
            .drain(..GROUP.min(held.len()))
            .map(|leased| {
                settled += 1;
                complete(&leased, &settled.to_string())
            })
            .collect();
        let want = if more { HELD - held.len() } else { 0 };
        claimed = stack.ok(store.settle_and_claim(&group, want, config, &call()));
        if want == 0 {
            claimed.status = ClaimStatus::Empty;
        }
        if held.is_empty() && claimed.leases.is_empty() {
            return;
        }
    }
}

/// With its submission. Of the instance: what it knows of problems and lists.
fn a_job_that_comes_alone_costs_twelve_commands(stack: &QueueStack) {
    let indexed = QueueConfig {
        result_index: true,
        ..CONFIG
    };
    println!();
    for (config, first, next) in [(&CONFIG, 13, 12), (&indexed, 15, 13)] {
        stack.redis.flush();
        // The statistics of this hour are there already.
        push_and_drain(stack, &instance(stack), 1, config);
        stack.redis.run::<u64>(&["DEL", "results:two-sum"]);
        let store = instance(stack);
        for (name, budget) in [("first", first), ("next", next)] {
            stack.redis.run::<u64>(&["DEL", "result:1"]);
            let cost = stack.cost_of(|| push_and_drain(stack, &store, 1, config));
            println!("  the {name} of an instance: {} commands", cost.total());
            assert_eq!(cost.of("set"), 1, "it was settled");
            assert!(cost.total() <= budget, "{name}: {cost:?}");
            assert_eq!(cost.round_trips, 3, "submission, claim, settlement");
        }
    }
}

/// The store as another instance sees it.
fn instance(stack: &QueueStack) -> Store {
    stack.counting_store(&CommandCounter::default())
}

/// Four to schedule it, and four for all that fall due at once in a lane.
fn a_scheduled_job_costs_eight_commands_more(stack: &QueueStack) {
    let cost_of = |count: u32, when: Schedule| {
        stack.redis.flush();
        let cost = stack.cost_of(|| {
            for number in 0..count {
                stack.enqueue(&format!("{number}"), Lane::Normal, when);
            }
            let jobs = stack.claim(HELD).leases;
            assert_eq!(jobs.len(), count as usize);
            let ends: Vec<_> = jobs
                .iter()
                .enumerate()
                .map(|(number, leased)| complete(leased, &number.to_string()))
                .collect();
            stack.work(&ends, 0);
        });
        cost.total()
    };
    for (count, more) in [(1, 8), (10, 44)] {
        let at_once = cost_of(count, Schedule::Immediately);
        let scheduled = cost_of(count, Schedule::At(1_000));
        println!("\n  {count} scheduled: {scheduled} commands, {at_once} at once");
        assert!(scheduled <= at_once + more);
    }
}

fn a_claim_that_finds_nothing_costs_three_commands(stack: &QueueStack) {
    let minute = |stack: &QueueStack| -> Cost { stack.cost_of(|| drop(stack.claim(HELD))) };
    let cost = minute(stack);
    assert!(cost.total() * 60 <= 180, "{cost:?}");
    assert_eq!(cost.round_trips, 1);
    // Scheduled jobs do not make it cost more than one command more.
    for number in 0..100 {
        stack.enqueue(
            &number.to_string(),
            Lane::Normal,
            Schedule::After(86_400_000),
        );
    }
    let with_scheduled = minute(stack);
    println!(
        "\n  idle: {} commands, {} with many scheduled jobs",
        cost.total(),
        with_scheduled.total()
    );
    assert!(
        with_scheduled.total() <= cost.total() + 1,
        "{with_scheduled:?}"
    );
}
