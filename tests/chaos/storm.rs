//! Five hundred jobs while every part fails.
//!
//! Clients submit all the while. Runner, redis-rest (and with it the
//! redis-server, which then reads its file again) and both Workers are each
//! killed with SIGKILL and restarted in every round, while jobs run; the network
//! between the Workers and Redis loses requests, and responses to requests that
//! were applied. The cron fires every two seconds instead of every minute;
//! nothing else helps.
//!
//! A submission without a 2xx response is sent again under its idempotency key,
//! as a careful client does: the response may have been lost after the
//! submission was stored. So the accepted submissions are known exactly: one id
//! a number. A recorder in front of the runner counts the runs of each job. More
//! than one is allowed; two results, or none, are not.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::api::{ADDRESS_HEADER, SubmitFn};
use support::run_recorder::Runs;
use support::wait::{SOON, wait_until};
use xtask::stack;

use crate::stacks::{Faulty, Stacks, UNSETTLED, unsettled};

support::tests![five_hundred_jobs_in_a_storm_have_one_result_each];

const JOBS: usize = 500;
const CLIENTS: usize = 10;
/// So many that the result index of a problem, at most 100 entries, holds all.
const PROBLEMS: usize = 10;
/// How often each part is killed.
const ROUNDS: usize = 3;
const KILLS: usize = ROUNDS * PARTS.len();
/// Each part with how long it stays down; the Workers take long to start.
const PARTS: [(&str, Duration); 4] = [
    ("runner", Duration::from_millis(1_500)),
    ("redis-rest", Duration::from_millis(500)),
    ("worker-fn", Duration::ZERO),
    ("submit-fn", Duration::ZERO),
];
/// How long a client waits for a response, and before it sends again.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY_AFTER: Duration = Duration::from_millis(200);
const CRON_EVERY: Duration = Duration::from_secs(2);
/// How many runs start before the next part is killed.
const RUNS_BEFORE_KILL: usize = 10;
/// How long the whole storm may take.
const GIVE_UP: Duration = Duration::from_secs(240);

fn five_hundred_jobs_in_a_storm_have_one_result_each(stacks: &Stacks) {
    let mut lent = stacks.faulty();
    let faulty = &mut *lent;
    let started = Instant::now();
    let ids: Mutex<Vec<Option<String>>> = Mutex::new(vec![None; JOBS]);
    let (next, replayed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // A share of the jobs for each kill, so that there is work at every one.
    let released = AtomicUsize::new(0);
    let over = AtomicBool::new(false);
    let (submit_fn, worker) = (faulty.submit_fn.clone(), faulty.stack.ports.worker);

    faulty.proxy.set_lossy(true);
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
                    let (id, again) = submit(&submit_fn, number, started);
                    replayed.fetch_add(usize::from(again), Ordering::Relaxed);
                    ids.lock().unwrap()[number] = Some(id);
                }
            });
        }
        // After a panic in here the other threads must stop too.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            kill_everything(faulty, &released, started);
            wait_until_settled(faulty, &ids, started);
        }));
        over.store(true, Ordering::Relaxed);
        if let Err(panic) = outcome {
            next.store(JOBS, Ordering::Relaxed);
            released.store(JOBS, Ordering::Relaxed);
            std::panic::resume_unwind(panic);
        }
    });
    let took = started.elapsed();
    faulty.proxy.set_lossy(false);

    let ids = ids.into_inner().unwrap().into_iter().flatten().collect();
    let later_attempts = check(faulty, ids);
    report(faulty, took, later_attempts, replayed.into_inner());
}

/// Kills each part in turn while jobs run, and restarts it.
fn kill_everything(faulty: &mut Faulty, released: &AtomicUsize, started: Instant) {
    for round in 0..ROUNDS {
        for (index, (name, down)) in PARTS.into_iter().enumerate() {
            let kills = round * PARTS.len() + index + 1;
            released.store(JOBS * kills / KILLS, Ordering::Relaxed);
            // Not the number of leases: those of the kill before count too.
            let before = faulty.recorder.started();
            wait_until("jobs are running", SOON, || {
                faulty.recorder.started() >= before + RUNS_BEFORE_KILL
            });
            let killed = started.elapsed();
            faulty.stack.kill(name);
            thread::sleep(down);
            faulty.stack.restart(name).unwrap();
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

/// Submits until it is accepted. Returns the id, and whether it had been stored
/// before and only the response was lost.
fn submit(submit_fn: &SubmitFn, number: usize, started: Instant) -> (String, bool) {
    let problem = format!("storm-{}", number % PROBLEMS);
    let body = json!({"problemId": problem, "language": "python", "code": code(number)});
    let body = body.to_string();
    let key = format!("storm-{number}");
    // A client for each job: a key belongs to its client.
    let address = format!("10.99.{}.{}", number / 256, number % 256);
    let headers = [
        ("idempotency-key", key.as_str()),
        (ADDRESS_HEADER, address.as_str()),
    ];
    loop {
        let response =
            submit_fn.try_request("POST", "/submit", &headers, Some(body.as_bytes()), PATIENCE);
        if let Some(response) = response {
            if response.status == 200 {
                let id = response.json()["id"].as_str().unwrap().to_owned();
                return (id, response.header("idempotent-replayed") == "true");
            }
            assert!(response.status >= 500, "{}", response.text);
        }
        assert!(
            started.elapsed() < GIVE_UP,
            "number {number} is not accepted"
        );
        thread::sleep(RETRY_AFTER);
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

/// Waits until all submissions are accepted and no job waits or is leased.
fn wait_until_settled(faulty: &Faulty, ids: &Mutex<Vec<Option<String>>>, started: Instant) {
    loop {
        let accepted = ids.lock().unwrap().iter().flatten().count();
        let unsettled = unsettled(&faulty.redis);
        if accepted == JOBS && unsettled == [0; 6] {
            return;
        }
        assert!(
            started.elapsed() < GIVE_UP,
            "given up after {GIVE_UP:?}: {accepted} of {JOBS} accepted; {UNSETTLED}: \
             {unsettled:?}; logs: {}",
            faulty.stack.logs.display()
        );
        thread::sleep(Duration::from_millis(200));
    }
}

/// Every accepted id has one result, and there are no others. Returns how many
/// were done at a later attempt than the first.
fn check(faulty: &Faulty, ids: Vec<String>) -> usize {
    let redis = &faulty.redis;
    assert_eq!(ids.len(), JOBS);
    let later_attempts = thread::scope(|scope| {
        let readers: Vec<_> = ids
            .chunks(JOBS / CLIENTS)
            .enumerate()
            .map(|(chunk, ids)| {
                let first = chunk * (JOBS / CLIENTS);
                scope.spawn(move || read_all(&faulty.submit_fn, first, ids))
            })
            .collect();
        let counts = readers.into_iter().map(|reader| reader.join().unwrap());
        counts.sum()
    });
    // No job was made and run that no client knows of.
    let stored: BTreeSet<String> = redis
        .keys("result:*")
        .iter()
        .map(|key| key.trim_start_matches("result:").to_owned())
        .collect();
    assert_eq!(stored, ids.iter().cloned().collect());
    // Each once in its problem's index.
    for problem in 0..PROBLEMS {
        let key = format!("results:storm-{problem}");
        let entries: Vec<String> = redis.run(&["LRANGE", &key, "0", "-1"]);
        let mut listed: Vec<String> = entries
            .iter()
            .map(|entry| serde_json::from_str::<Value>(entry).unwrap()["id"].clone())
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
    // Each counted once as done, and none as dead.
    assert_eq!(redis.ended_jobs(), (JOBS as u64, 0));
    for key in ["dead", "dead:payload"] {
        assert_eq!(redis.run::<u64>(&["HLEN", key]), 0, "{key}");
    }
    later_attempts
}

/// Reads the results of `ids`, whose first is number `first`. Returns how many
/// were done at a later attempt.
fn read_all(submit_fn: &SubmitFn, first: usize, ids: &[String]) -> usize {
    let mut later_attempts = 0;
    for (number, id) in (first..).zip(ids) {
        let document = submit_fn.result(id);
        assert_eq!(document["status"], "done", "{number}: {document}");
        assert_eq!(document["verdict"], "Executed", "{number}: {document}");
        assert_eq!(document["output"], format!("{number}\n"), "{document}");
        assert_eq!(document["id"], id.as_str());
        later_attempts += usize::from(document["attempts"] != 1);
    }
    later_attempts
}

/// Prints what happened, and asserts that it was a storm.
fn report(faulty: &Faulty, took: Duration, later_attempts: usize, replayed: usize) {
    let runs: Vec<Runs> = (0..JOBS)
        .map(|number| faulty.recorder.of(&code(number)))
        .collect();
    assert!(runs.iter().all(|runs| runs.finished > 0));
    let more_than_once = |count: fn(&Runs) -> usize| {
        let more = runs.iter().filter(|runs| count(runs) > 1).count();
        (more, runs.iter().map(count).max().unwrap())
    };
    let (started_again, most_started) = more_than_once(|runs| runs.started);
    let (finished_again, most_finished) = more_than_once(|runs| runs.finished);
    let [forwarded, requests, responses] = [
        &faulty.proxy.forwarded,
        &faulty.proxy.lost_requests,
        &faulty.proxy.lost_responses,
    ]
    .map(|count| count.load(Ordering::Relaxed));
    println!(
        "storm: {JOBS} of {JOBS} results after {:.1} s and {KILLS} kills\n  \
         {finished_again} jobs finished more than once ({most_finished} times at most), \
         {started_again} were started more than once ({most_started} times at most)\n  \
         {later_attempts} have the result of a later attempt\n  \
         the network forwarded {forwarded} requests, lost {requests} requests and {responses} \
         responses; {replayed} submissions were stored before a response arrived",
        took.as_secs_f64(),
    );
    assert!(
        requests > 20 && responses > 20,
        "the network lost too little"
    );
    assert!(
        later_attempts > 0 && started_again > 0,
        "no job was running when parts were killed"
    );
}
