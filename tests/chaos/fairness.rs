//! One client's load keeps nobody waiting: with the real runner and the default
//! settings, and measured in seconds.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::api::ADDRESS_HEADER;
use support::wait::{SOON, wait_until};

use crate::Context;

support::tests![a_client_with_two_hundred_jobs_keeps_nobody_waiting];

/// Two batches, and so ten times a client's share.
const JOBS: usize = 200;
const BATCH: usize = 100;
/// What each of them sleeps, in seconds; together it is minutes of the runner.
const SLEEP_S: f64 = 2.5;
/// How long another client's small job may take, from submitting to its result: one
/// of the runner's places must become free, which takes `SLEEP_S` at most, and a busy
/// machine adds to that.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many other clients come, one after the other.
const OTHERS: u8 = 5;
/// How often each of them looks for its result.
const LOOK_EVERY: Duration = Duration::from_millis(50);

fn a_client_with_two_hundred_jobs_keeps_nobody_waiting(stacks: &Context) {
    let fair = stacks.fair();
    let submit_fn = &fair.submit_fn;
    let code = format!("import time\ntime.sleep({SLEEP_S})");
    let slow = json!({"problemId": "slow", "language": "python", "code": code});
    let batch = json!({ "submissions": vec![slow; BATCH] }).to_string();
    let mut ids = Vec::new();
    for _ in 0..JOBS / BATCH {
        let headers = [(ADDRESS_HEADER, "192.0.2.60")];
        let body = Some(batch.as_bytes());
        let answer = submit_fn.request("POST", "/submit/batch", &headers, body);
        let answer = answer.json();
        let results = answer["results"].as_array().unwrap();
        let stored = results.iter().map(|one| one["id"].as_str().unwrap());
        ids.extend(stored.map(str::to_owned));
    }
    assert_eq!(ids.len(), JOBS);
    // The runner has its hands full, and the drains theirs.
    wait_until("a slow job is done", SOON, || {
        !fair.redis.keys("result:*").is_empty()
    });

    let mut took = Vec::new();
    for number in 0..OTHERS {
        let started = Instant::now();
        let address = format!("192.0.2.{}", 70 + number);
        let body = json!({"problemId": "quick", "language": "python", "code": "print(5)"});
        let headers = [(ADDRESS_HEADER, address.as_str())];
        let body = body.to_string();
        let answer = submit_fn.request("POST", "/submit", &headers, Some(body.as_bytes()));
        let answer: Value = answer.json();
        assert!(answer["lane"].is_null(), "{answer}");
        let id = answer["id"].as_str().unwrap();
        let mut result = submit_fn.result(id);
        while result["status"] == "queued" && started.elapsed() < SOON {
            thread::sleep(LOOK_EVERY);
            result = submit_fn.result(id);
        }
        took.push(started.elapsed());
        assert_eq!(result["output"], "5\n", "{result}");
    }
    eprintln!("another client's job took {took:.2?}");
    let waits: u64 = fair.redis.run(&["LLEN", "problems:low"]);
    assert!(waits > 0, "nothing waited any more: this shows nothing");
    // On a machine that does other work, too, one of them can take longer.
    took.sort_unstable();
    assert!(took[usize::from(OTHERS) / 2] < PATIENCE, "{took:.2?}");
    assert!(took.iter().all(|&one| one < 4 * PATIENCE), "{took:.2?}");
}
