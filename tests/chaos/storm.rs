//! Five hundred jobs while everything breaks.
//!
//! People submit all the while. Runner, redis-rest (and with it the
//! redis-server, which then reads its file again) and both Workers are each
//! killed with SIGKILL and started again in every round, while jobs are under
//! way; the network between the Workers and Redis loses requests, and answers
//! to requests that were applied. The cron fires every two seconds instead of
//! every minute; nothing else is done to help.
//!
//! A submission that was not answered with 2xx is sent again under its
//! idempotency key, as a careful client does: the answer may have been lost
//! after it was stored. So what is accepted is known exactly: one id a number.
//! A witness in front of the runner counts how often each job was really run.
//! More than once is allowed; two results, or none, are not.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask::stack::{self, Stack};

use crate::http;
use crate::witness::Runs;
use crate::world::{LEFT, Stormy, Test, World, left, number, redis, wait_until};

pub(crate) const TESTS: &[Test] = &[(
    "storm::five_hundred_jobs_in_a_storm_have_one_result_each",
    five_hundred_jobs_in_a_storm_have_one_result_each,
)];

const JOBS: usize = 500;
const CLIENTS: usize = 10;
/// Few enough jobs each that a problem's index, which is cut at 100, holds all.
const PROBLEMS: usize = 10;
/// How often each part is killed.
const ROUNDS: usize = 3;
const KILLS: usize = ROUNDS * PARTS.len();
/// Each with how long it stays away; what takes long to start needs no more.
const PARTS: [(&str, Duration); 4] = [
    ("runner", Duration::from_millis(1_500)),
    ("redis-rest", Duration::from_millis(500)),
    ("worker-fn", Duration::ZERO),
    ("submit-fn", Duration::ZERO),
];
const CRON_EVERY: Duration = Duration::from_secs(2);
/// How many programs are started before the next part is killed.
const UNDER_WAY: usize = 10;
/// How long everything may take.
const GIVE_UP: Duration = Duration::from_secs(240);

fn five_hundred_jobs_in_a_storm_have_one_result_each(world: &mut World) {
    let stormy = world.stormy();
    let started = Instant::now();
    let ids: Mutex<Vec<Option<String>>> = Mutex::new(vec![None; JOBS]);
    let (next, answers_lost) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // A share of the jobs for each kill, so that there is work at every one.
    let released = AtomicUsize::new(0);
    let over = AtomicBool::new(false);
    let (submit_url, worker) = (stormy.stack.submit_url(), stormy.stack.ports.worker);

    stormy.proxy.be_lossy(true);
    thread::scope(|scope| {
        scope.spawn(|| keep_firing(worker, &over));
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= JOBS {
                        return;
                    }
                    while number >= released.load(Ordering::Relaxed) {
                        thread::sleep(Duration::from_millis(20));
                    }
                    let (id, again) = submit(&submit_url, number, started);
                    answers_lost.fetch_add(usize::from(again), Ordering::Relaxed);
                    ids.lock().unwrap()[number] = Some(id);
                }
            });
        }
        // Whatever goes wrong in here, the others must learn that it is over.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            kill_everything(stormy, &released, started);
            wait_until_settled(&stormy.stack, &ids, started);
        }));
        over.store(true, Ordering::Relaxed);
        if let Err(panic) = outcome {
            next.store(JOBS, Ordering::Relaxed);
            released.store(JOBS, Ordering::Relaxed);
            std::panic::resume_unwind(panic);
        }
    });
    let took = started.elapsed();
    stormy.proxy.be_lossy(false);

    let ids = ids.into_inner().unwrap().into_iter().flatten().collect();
    let later_attempts = check(stormy, ids);
    report(stormy, took, later_attempts, answers_lost.into_inner());
}

/// Kills each part in turn while jobs are under way, and starts it again.
fn kill_everything(stormy: &mut Stormy, released: &AtomicUsize, started: Instant) {
    for round in 0..ROUNDS {
        for (at, (name, away)) in PARTS.into_iter().enumerate() {
            let kills = round * PARTS.len() + at + 1;
            released.store(JOBS * kills / KILLS, Ordering::Relaxed);
            // Leases that were lost by the kill before say nothing: programs must
            // be running.
            let before = stormy.witness.begun();
            wait_until("jobs are under way", Duration::from_secs(60), || {
                stormy.witness.begun() >= before + UNDER_WAY
            });
            let killed = started.elapsed();
            stormy.stack.kill(name);
            thread::sleep(away);
            stormy.stack.restart(name).unwrap();
            println!(
                "  {:5.1} s: {name} killed, back after {:.1} s",
                killed.as_secs_f64(),
                (started.elapsed() - killed).as_secs_f64()
            );
        }
    }
}

/// The program of job `number`. It takes a moment, so that it can be killed.
fn code(number: usize) -> String {
    format!("import time\ntime.sleep(0.03)\nprint({number})")
}

/// Submits until it is accepted. Whether it had been stored before, and only
/// the answer was lost.
fn submit(base: &str, number: usize, started: Instant) -> (String, bool) {
    let problem = format!("storm-{}", number % PROBLEMS);
    let body =
        json!({"problemId": problem, "language": "python", "code": code(number)}).to_string();
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .new_agent();
    loop {
        let answer = agent
            .post(format!("{base}/submit"))
            .header("idempotency-key", format!("storm-{number}"))
            .send(&body);
        if let Ok(mut answer) = answer {
            let status = answer.status().as_u16();
            let text = answer.body_mut().read_to_string().unwrap_or_default();
            let again = answer.headers().contains_key("idempotent-replayed");
            let stored: Option<Value> = serde_json::from_str(&text).ok();
            // A body that was cut off is no answer either.
            if let (200, Some(stored)) = (status, stored) {
                return (stored["id"].as_str().unwrap().to_owned(), again);
            }
            assert!(!matches!(status, 400..=499), "{status}: {text}");
        }
        assert!(
            started.elapsed() < GIVE_UP,
            "number {number} is not accepted"
        );
        thread::sleep(Duration::from_millis(200));
    }
}

/// Fires the cron again and again, whether or not the one before has ended, or
/// worker-fn is there.
fn keep_firing(worker: u16, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        thread::spawn(move || stack::fire_cron(worker).ok());
        thread::sleep(CRON_EVERY);
    }
}

/// Waits until all are accepted and nothing is on its way any more.
fn wait_until_settled(stack: &Stack, ids: &Mutex<Vec<Option<String>>>, started: Instant) {
    loop {
        let accepted = ids.lock().unwrap().iter().flatten().count();
        let left = left(stack);
        if accepted == JOBS && left == [0; 6] {
            return;
        }
        assert!(
            started.elapsed() < GIVE_UP,
            "given up after {GIVE_UP:?}: {accepted} of {JOBS} accepted; {LEFT}: {left:?}; logs: {}",
            stack.logs.display()
        );
        thread::sleep(Duration::from_millis(200));
    }
}

/// Every accepted id has one result, and there is nothing else. How many were
/// done at a later attempt than the first.
fn check(stormy: &Stormy, ids: Vec<String>) -> usize {
    let stack = &stormy.stack;
    assert_eq!(ids.len(), JOBS);
    let base = &stack.submit_url();
    let later_attempts = thread::scope(|scope| {
        let readers: Vec<_> = ids
            .chunks(JOBS / CLIENTS)
            .enumerate()
            .map(|(at, ids)| scope.spawn(move || read_all(base, at * (JOBS / CLIENTS), ids)))
            .collect();
        let counts = readers.into_iter().map(|reader| reader.join().unwrap());
        counts.sum()
    });
    // No job that nobody knows of was made and run.
    let stored: BTreeSet<String> = redis(stack, &["KEYS", "result:*"])
        .unwrap()
        .lines()
        .map(|key| key.trim_start_matches("result:").to_owned())
        .collect();
    assert_eq!(stored, ids.iter().cloned().collect());
    // Each once in its problem's index.
    for problem in 0..PROBLEMS {
        let key = format!("results:storm-{problem}");
        let listed = redis(stack, &["LRANGE", &key, "0", "-1"]).unwrap();
        let mut listed: Vec<String> = listed
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone())
            .map(|id| id.as_str().unwrap().to_owned())
            .collect();
        listed.sort();
        let mut expected: Vec<String> = ids
            .iter()
            .skip(problem)
            .step_by(PROBLEMS)
            .cloned()
            .collect();
        expected.sort();
        assert_eq!(listed, expected, "{key}");
    }
    // Each counted once, and none as dead.
    let hours = redis(stack, &["KEYS", "stats:*"]).unwrap();
    let counted: u64 = hours
        .lines()
        .flat_map(|hour| {
            let minutes = redis(stack, &["HVALS", hour]).unwrap();
            let counts: Vec<u64> = minutes.lines().map(|sum| sum.parse().unwrap()).collect();
            counts
        })
        .sum();
    assert_eq!(counted, JOBS as u64);
    for key in ["dead", "dead:payload"] {
        assert_eq!(number(stack, &["HLEN", key]), 0, "{key}");
    }
    later_attempts
}

/// Reads the results of `ids`, whose first is number `first`. How many were
/// done at a later attempt.
fn read_all(base: &str, first: usize, ids: &[String]) -> usize {
    let mut later_attempts = 0;
    for (number, id) in (first..).zip(ids) {
        let answer = http::get(&format!("{base}/result/{id}"));
        assert_eq!(answer.status, 200, "{number}: {}", answer.text);
        let document = answer.json();
        assert_eq!(document["status"], "done", "{number}: {document}");
        assert_eq!(document["verdict"], "Executed", "{number}: {document}");
        assert_eq!(document["output"], format!("{number}\n"), "{document}");
        assert_eq!(document["id"], id.as_str());
        later_attempts += usize::from(document["attempts"] != 1);
    }
    later_attempts
}

/// Says what it was like, and makes sure that it was a storm.
fn report(stormy: &Stormy, took: Duration, later_attempts: usize, answers_lost: usize) {
    let runs: Vec<Runs> = (0..JOBS)
        .map(|number| stormy.witness.of(&code(number)))
        .collect();
    assert!(runs.iter().all(|runs| runs.ended > 0));
    let more_than_once = |count: fn(&Runs) -> usize| {
        let more = runs.iter().filter(|runs| count(runs) > 1).count();
        (more, runs.iter().map(count).max().unwrap())
    };
    let (begun_again, most_begun) = more_than_once(|runs| runs.begun);
    let (ended_again, most_ended) = more_than_once(|runs| runs.ended);
    let [passed, before, after] = [
        &stormy.proxy.passed,
        &stormy.proxy.lost_before,
        &stormy.proxy.lost_after,
    ]
    .map(|count| count.load(Ordering::Relaxed));
    println!(
        "storm: {JOBS} of {JOBS} results after {:.1} s and {KILLS} kills\n  \
         {ended_again} jobs ran to their end more than once ({most_ended} times at most), \
         {begun_again} were begun more than once ({most_begun} times at most)\n  \
         {later_attempts} have the result of a later attempt\n  \
         the network passed {passed} requests on, lost {before} before and {after} after; \
         {answers_lost} submissions were stored before an answer arrived",
        took.as_secs_f64(),
    );
    assert!(before > 20 && after > 20, "the network was too good");
    assert!(
        later_attempts > 0 && begun_again > 0,
        "nothing was under way when parts fell"
    );
}
