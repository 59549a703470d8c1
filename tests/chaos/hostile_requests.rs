//! Ten thousand hostile requests, and a hundred good submissions among them.
//!
//! The requests come on bare connections to both Workers in instances of 100 MB,
//! each made from a number: `HOSTILE_SEED` begins the series (default 1), and a
//! failure names the number and prints the bytes. None may be answered with 5xx,
//! each error has the one shape and a known code, Redis holds nothing of them
//! afterwards, and the good submissions are all judged. The Workers are closed, as a
//! deployment is: three of four hostile requests carry a site's key, so that they come
//! further than the check of it.

mod kinds;
mod random;
mod wire;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::http::Code;
use support::api::SubmitFn;

use crate::Context;
use crate::capped::{Capped, KEY};
use crate::stacks::unsettled;
use kinds::{By, Hostile};
use wire::{Answer, exchange};

support::tests![
    ten_thousand_hostile_requests_harm_nobody,
    bodies_that_never_end_keep_nobody_waiting,
];

const REQUESTS: u64 = 10_000;
/// Each of these many requests, a good submission is sent too.
const GOOD_EVERY: u64 = 100;
const SENDERS: usize = 8;
/// Each of these many requests comes without a key. Coprime to the 5 that choose the
/// Worker, so that both get both.
const WITHOUT_KEY_EVERY: u64 = 4;
/// What workerd as a whole may have, with both instances of 100 MB.
const MAX_PEAK_BYTES: u64 = 600 << 20;

/// How long a good submission may take beside bodies that never end, which are given up
/// after 30 s.
const JUDGED_BESIDE_SLOW: Duration = Duration::from_secs(20);

/// Problems whose ids are names of other things: of keys, and of members that every
/// object of JavaScript has.
const PROBLEMS: [&str; 12] = [
    "problems",
    "inflight",
    "leases",
    "paused",
    "history",
    "dead",
    "catalog",
    "result",
    "__proto__",
    "constructor",
    "-",
    "0",
];

/// How many answers there were of each kind and status.
type Tally = BTreeMap<(&'static str, String), u64>;

fn ten_thousand_hostile_requests_harm_nobody(stacks: &Context) {
    let capped = stacks.capped();
    let closed = capped.closed();
    let seed = std::env::var("HOSTILE_SEED").map_or(1, |seed| seed.parse().unwrap());
    let submit_port = port(&closed.submit_fn.url);
    let worker_port = port(&closed.worker_fn.url);
    let ticket = submit(&closed.submit_fn, 0);
    let good = Mutex::new(vec![ticket.clone()]);
    let (next, tally, started) = (AtomicU64::new(0), Mutex::new(Tally::new()), Instant::now());
    thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= REQUESTS {
                        return;
                    }
                    if number % GOOD_EVERY == GOOD_EVERY / 2 {
                        good.lock().unwrap().push(submit(&closed.submit_fn, number));
                    }
                    let mut hostile = Hostile::of(seed * REQUESTS + number, &ticket);
                    if !number.is_multiple_of(WITHOUT_KEY_EVERY) {
                        hostile.add_key(KEY);
                    }
                    let port = if number % 5 == 0 {
                        worker_port
                    } else {
                        submit_port
                    };
                    let answer = exchange(port, &hostile.sent);
                    if let Err(why) = check(hostile.by, answer.as_ref()) {
                        panic!("seed {seed}, number {number}: {why}\n{}", shown(&hostile));
                    }
                    let status = answer.map_or("closed".into(), |one| one.status.to_string());
                    *tally
                        .lock()
                        .unwrap()
                        .entry((hostile.kind, status))
                        .or_default() += 1;
                }
            });
        }
    });
    let took = started.elapsed();
    let tally = tally.into_inner().unwrap();
    for ((kind, status), count) in &tally {
        println!("  {kind}: {count} times {status}");
    }
    // Some were stopped at the door, and some were not.
    for (kind, inside) in [("syntax", "400"), ("tickets", "404")] {
        for status in ["401", inside] {
            assert!(
                tally.contains_key(&(kind, status.to_owned())),
                "{kind} {status}"
            );
        }
    }
    let good = good.into_inner().unwrap();
    assert_eq!(good.len() as u64, 1 + REQUESTS / GOOD_EVERY);
    for id in &good {
        let result = closed.submit_fn.finished_result(id);
        assert_eq!(result["verdict"], "Executed", "{result}");
        assert_eq!(result["attempts"], 1, "{result}");
    }
    println!(
        "  {REQUESTS} requests in {:.1} s, all judged after {:.1} s",
        took.as_secs_f64(),
        started.elapsed().as_secs_f64()
    );
    assert_only_these_are_stored(&capped, &good);
    if let Some(bytes) = closed.peak_bytes() {
        println!("  workerd had {} MB at its peak", bytes >> 20);
        assert!(bytes < MAX_PEAK_BYTES, "{bytes} bytes");
    }
    assert_eq!(closed.crashes(), Vec::<String>::new());
    closed.stop();
}

fn port(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}

/// A good submission. Returns its id.
fn submit(submit_fn: &SubmitFn, number: u64) -> String {
    let problem = PROBLEMS[(number / GOOD_EVERY) as usize % PROBLEMS.len()];
    submit_fn.submit(problem, "python", "print(1)")
}

/// Errors: the answer is none that the request may have.
fn check(by: By, answer: Option<&Answer>) -> Result<(), String> {
    let Some(answer) = answer else {
        return match by {
            By::Anybody | By::Platform => Ok(()),
            By::Worker => Err("closed without an answer".into()),
        };
    };
    let Answer { status, body, .. } = answer;
    let said = || format!("{status} {}", String::from_utf8_lossy(body));
    let is_worker = answer.header("x-content-type-options") == "nosniff";
    if !is_worker {
        // workerd's own words for what is no HTTP: 501 is for an unknown method.
        let is_platform = by == By::Platform
            || by == By::Anybody && (matches!(status, 400..500) || *status == 501);
        return if is_platform {
            Ok(())
        } else {
            Err(format!("not ours: {}", said()))
        };
    }
    if *status >= 500 {
        return Err(said());
    }
    // The page has a policy of its own, which is longer.
    let is_protected = answer.header("cache-control") == "no-store"
        && answer
            .header("content-security-policy")
            .contains("frame-ancestors 'none'")
        && answer.header("referrer-policy") == "no-referrer";
    if !is_protected {
        return Err(format!("not protected: {}\n{}", said(), answer.head));
    }
    if *status < 400 || body.is_empty() {
        return Ok(());
    }
    let json = answer.header("content-type") == "application/json";
    let error: Value =
        serde_json::from_slice(body).map_err(|error| format!("{error}: {}", said()))?;
    let code = error["error"]["code"].as_str().unwrap_or_default();
    let is_known = Code::ALL
        .iter()
        .any(|known| known.name() == code && known.status().as_u16() == *status);
    let is_short = body.len() < 2_000;
    if json && is_known && is_short && error["success"] == json!(false) {
        Ok(())
    } else {
        Err(said())
    }
}

/// The beginning of a request, for people.
fn shown(hostile: &Hostile) -> String {
    let bytes = hostile.sent.parts.concat();
    let begin = &bytes[..bytes.len().min(1_500)];
    format!("{}: {}", hostile.kind, begin.escape_ascii())
}

/// Redis holds what these submissions leave, and nothing else.
fn assert_only_these_are_stored(capped: &Capped, ids: &[String]) {
    assert_eq!(unsettled(&capped.redis), [0; 6]);
    let is_ours = |key: &str| match key.split_once(':') {
        Some(("result", id)) => ids.iter().any(|one| one == id),
        Some(("results" | "submissions", problem)) => PROBLEMS.contains(&problem),
        Some(("statistics" | "stored", number)) => number.parse::<u64>().is_ok(),
        _ => false,
    };
    let keys = capped.redis.keys("*");
    let others: Vec<&String> = keys.iter().filter(|key| !is_ours(key)).collect();
    assert!(others.is_empty(), "{others:?}");
    let results = keys.iter().filter(|key| key.starts_with("result:")).count();
    assert_eq!(results, ids.len());
}

/// Senders of bodies that announce much and send nothing more hold no memory that
/// others need.
fn bodies_that_never_end_keep_nobody_waiting(stacks: &Context) {
    let capped = stacks.capped();
    let port = port(&capped.submit_fn.url);
    let slow: Vec<_> = [("/submit/batch", 4_194_304), ("/submit", 262_144)]
        .into_iter()
        .flat_map(|(path, length)| {
            let head =
                format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{{");
            (0..50).map(move |_| wire::begin(port, head.as_bytes()))
        })
        .collect();
    let started = Instant::now();
    // What is large finds room too.
    let code = format!("print(1) # {}", "x".repeat(40_000));
    let item = json!({"problemId": PROBLEMS[0], "language": "python", "code": code});
    let batch = json!({"submissions": vec![item; 10]}).to_string();
    let stored = capped.submit_fn.post("/submit/batch", &batch);
    assert_eq!(stored.status, 200, "{}", stored.text);
    for number in 0..5 {
        let id = submit(&capped.submit_fn, number);
        assert_eq!(capped.submit_fn.finished_result(&id)["verdict"], "Executed");
        if number == 0 {
            // So it did not wait for the room of those that time out after 30 s.
            let took = started.elapsed();
            assert!(took < JUDGED_BESIDE_SLOW, "{took:?}");
            assert!(wire::is_silent(&slow[0]), "answered after {took:?}");
        }
    }
    println!("  five judged in {:.1} s", started.elapsed().as_secs_f64());
    let answer = wire::answer(&slow[0]).unwrap();
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 400, "{text}");
    assert!(text.contains("did not arrive"), "{text}");
}
