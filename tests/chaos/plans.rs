//! The platform's plans: how far a burst and a backlog get on each.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::plan::Plan;
use support::wait::{SOON, wait_until};

use crate::stacks::{Mocked, Stacks, unsettled};

support::tests![
    on_the_free_plan_wake_ups_work_off_a_burst_a_few_jobs_each,
    on_the_paid_plan_one_wake_up_starts_drains_for_a_backlog,
    on_the_paid_plan_the_cron_starts_drains_for_a_backlog,
];

/// `MAX_IN_FLIGHT` of these stacks.
const MAX_IN_FLIGHT: u64 = 60;
/// What one drain has in hand at most.
const HELD: u64 = 12;

fn on_the_free_plan_wake_ups_work_off_a_burst_a_few_jobs_each(stacks: &Stacks) {
    const JOBS: usize = 60;
    let free = stacks.free();
    free.endpoint.set_delay_ms(50);
    let codes: Vec<String> = (0..JOBS).map(|number| format!("print({number})")).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let take = || next.fetch_add(1, Ordering::Relaxed);
                while let Some(code) = codes.get(take()) {
                    // As the operator, who has no share to use up.
                    let body = json!({"problemId": "chaos", "language": "python", "code": code});
                    let response = free.submit_fn.admin("POST", "/submit", Some(&body));
                    assert_eq!(response.status, 200, "{}", response.text);
                }
            });
        }
    });
    // Neither a drain that hands over nor the cron helps.
    wait_until("the wake-ups have worked off the burst", 2 * SOON, || {
        unsettled(&free.redis) == [0; 6]
    });
    for code in &codes {
        assert_eq!(free.endpoint.runs_of(code), 1, "{code}");
    }
    assert_eq!(free.redis.keys("result:*").len(), JOBS);
    let finished = wait_for_drains(&free, JOBS as u64);
    let most = Plan::Free.jobs_per_invocation();
    assert!(finished.iter().all(|&jobs| jobs <= most), "{finished:?}");
    assert!(finished.len() as u64 >= JOBS as u64 / most, "{finished:?}");
}

/// How many jobs each drain finished, by the log, once these are all of them.
fn wait_for_drains(mocked: &Mocked, jobs: u64) -> Vec<u64> {
    let mut finished = Vec::new();
    wait_until("every drain has a line in the log", SOON, || {
        let text = fs::read_to_string(mocked.stack.logs.join("worker-fn.log")).unwrap();
        finished = text
            .lines()
            .filter_map(|line| line.get(line.find("{\"event\":")?..=line.rfind('}')?))
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|line| line["event"] == "drain")
            .filter_map(|line| line["finished"].as_u64())
            .collect();
        finished.iter().sum::<u64>() >= jobs
    });
    finished
}

fn on_the_paid_plan_one_wake_up_starts_drains_for_a_backlog(stacks: &Stacks) {
    backlog(&stacks.paid(), |paid| {
        assert_eq!(paid.worker_fn.post("/wake", "").status, 202);
    });
}

fn on_the_paid_plan_the_cron_starts_drains_for_a_backlog(stacks: &Stacks) {
    backlog(&stacks.paid(), |paid| {
        // It ends with its own drain.
        paid.cron();
    });
}

/// Far more jobs wait than a drain holds: as many drains work on them as
/// `MAX_IN_FLIGHT` has room for, and all end when nothing is left.
fn backlog(paid: &Mocked, start: impl Fn(&Mocked) + Sync) {
    const JOBS: usize = 300;
    paid.endpoint.set_delay_ms(400);
    let codes: Vec<String> = (0..JOBS).map(|number| format!("print({number})")).collect();
    for codes in codes.chunks(100) {
        paid.submit_all(codes);
    }
    let most = thread::scope(|scope| {
        let started = Instant::now();
        scope.spawn(|| start(paid));
        let mut most = 0;
        while unsettled(&paid.redis) != [0; 6] {
            most = most.max(paid.redis.run::<u64>(&["HLEN", "inflight"]));
            assert!(
                started.elapsed() < 4 * SOON,
                "the backlog is not worked off"
            );
            thread::sleep(Duration::from_millis(20));
        }
        most
    });
    assert!(most > MAX_IN_FLIGHT - HELD, "only {most} jobs were claimed");
    assert!(most <= MAX_IN_FLIGHT, "{most} jobs were claimed");
    for code in &codes {
        assert_eq!(paid.endpoint.runs_of(code), 1, "{code}");
    }
    assert_eq!(paid.redis.keys("result:*").len(), JOBS);
}
