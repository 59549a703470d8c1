//! What is sent in the storm of attackers: by the operator, by attackers and by the
//! innocent.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::api::ADDRESS_HEADER;

use crate::capped::Capped;
use crate::ledger::{Ends, Ledger};
use crate::memory::{CONTROL_BYTES, hostile_batch};

/// The heavy client's batches and jobs.
pub(crate) const BATCHES: usize = 2;
pub(crate) const BATCH: usize = 100;
/// How many submissions are judged again, how many of another problem were to be
/// when their lane was purged, and how many are submitted to be purged, in each place.
pub(crate) const MARKED: usize = 8;
pub(crate) const LARGE: [&str; 3] = ["large-1", "large-2", "large-3"];
/// How long the storm may take.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(240);
const SLEEPS: &str = "import time\ntime.sleep(0.2)";
/// How long a request may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A storm, and what has come of it.
pub(crate) struct Storm<'a> {
    pub(crate) capped: &'a Capped,
    pub(crate) started: Instant,
    pub(crate) ledger: Ledger,
    /// Names submissions: the next number.
    pub(crate) next: AtomicUsize,
    /// Nothing new is sent.
    pub(crate) calm: AtomicBool,
    pub(crate) over: AtomicBool,
    pub(crate) refused_bodies: AtomicUsize,
    /// Runs of the innocent, and how many of them were answered with the output.
    pub(crate) runs: [AtomicUsize; 2],
    /// How often a request was to be sent again.
    pub(crate) sent_again: AtomicUsize,
}

impl<'a> Storm<'a> {
    /// A storm that begins now.
    pub(crate) fn on(capped: &'a Capped) -> Self {
        Self {
            capped,
            started: Instant::now(),
            ledger: Ledger::default(),
            next: AtomicUsize::default(),
            calm: AtomicBool::default(),
            over: AtomicBool::default(),
            refused_bodies: AtomicUsize::default(),
            runs: Default::default(),
            sent_again: AtomicUsize::default(),
        }
    }

    /// A call of the operator, sent again while the Worker has no memory for it.
    pub(crate) fn operator(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        loop {
            let response = self.capped.submit_fn.admin(method, path, body);
            match response.status {
                200..300 => return response.json(),
                503 => self.wait_to_send_again(),
                _ => panic!("{method} {path}: {}", response.text),
            }
        }
    }

    fn wait_to_send_again(&self) {
        self.sent_again.fetch_add(1, Ordering::Relaxed);
        assert!(self.started.elapsed() < GIVE_UP);
        thread::sleep(Duration::from_millis(200));
    }

    /// Submits code until it is accepted, and notes it.
    pub(crate) fn submit(&self, problem: &str, code: &str, members: Value, ends: Ends) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut body = json!({"problemId": problem, "language": "python", "code": code});
        let is_operators = members["priority"] == "high";
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        let body = body.to_string();
        let key = format!("storm-{number}");
        let bearer = format!("Bearer {}", self.capped.submit_fn.admin_token);
        // A client for each: a key belongs to its client.
        let address = format!("10.99.{}.{}", number / 256, number % 256);
        let mut headers = vec![match is_operators {
            true => ("authorization", bearer.as_str()),
            false => (ADDRESS_HEADER, address.as_str()),
        }];
        // A submission that is delayed cannot have one.
        if members["delayMs"].is_null() {
            headers.push(("idempotency-key", key.as_str()));
        }
        let send = || {
            let body = Some(body.as_bytes());
            let submit_fn = &self.capped.submit_fn;
            submit_fn.try_request("POST", "/submit", &headers, body, PATIENCE)
        };
        loop {
            let response = send().unwrap();
            if response.status == 200 {
                let id = response.json()["id"].as_str().unwrap().to_owned();
                return self.ledger.add(id, ends);
            }
            assert_eq!(response.status, 503, "{}", response.text);
            self.wait_to_send_again();
        }
    }

    /// Batches of a hundred jobs that sleep, of one client.
    pub(crate) fn send_heavy(&self, address: &str, batches: usize, ends: Ends) {
        let job = json!({"problemId": "heavy", "language": "python", "code": SLEEPS});
        let body = json!({ "submissions": vec![job; BATCH] }).to_string();
        let headers = [(ADDRESS_HEADER, address)];
        for _ in 0..batches {
            let response = loop {
                let body = Some(body.as_bytes());
                let submit_fn = &self.capped.submit_fn;
                let response = submit_fn.request("POST", "/submit/batch", &headers, body);
                if response.status != 503 {
                    break response.json();
                }
                self.wait_to_send_again();
            };
            let results = response["results"].as_array().unwrap();
            for result in results {
                let id = result["id"].as_str().unwrap_or_else(|| panic!("{result}"));
                self.ledger.add(id.to_owned(), ends);
            }
            assert_eq!(results.len(), BATCH);
        }
    }

    pub(crate) fn submit_hostile_jobs(&self) {
        for (number, problem) in LARGE.into_iter().enumerate() {
            let solve = "def solve(a): return len(a)";
            self.submit(problem, solve, json!({}), Ends::Accepted);
            self.submit("eight", CONTROL_BYTES, json!({}), Ends::Judged);
            let unknown = format!("unknown-{number}");
            self.submit(&unknown, CONTROL_BYTES, json!({}), Ends::Judged);
        }
    }

    pub(crate) fn send_body(&self) {
        let body = hostile_batch();
        let body = Some(body.as_bytes());
        let submit_fn = &self.capped.submit_fn;
        let response = submit_fn.request("POST", "/submit/batch", &[], body);
        let status = response.status;
        assert!(matches!(status, 422 | 503), "{}", response.text);
        if status == 422 {
            self.refused_bodies.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn submit_innocent(&self, client: usize) {
        let number = self.next.load(Ordering::Relaxed);
        match client % 2 {
            0 => {
                let code = format!("print({number})");
                self.submit("small", &code, json!({}), Ends::Prints(number));
            }
            _ => self.submit("echo", "print(input())", json!({}), Ends::Accepted),
        }
    }

    pub(crate) fn run_innocent(&self) {
        let body = json!({"language": "python", "code": "print(5)"});
        let response = self.capped.submit_fn.post("/run", &body.to_string());
        self.runs[0].fetch_add(1, Ordering::Relaxed);
        match response.status {
            200 => {
                assert_eq!(response.json()["output"], "5\n", "{}", response.text);
                self.runs[1].fetch_add(1, Ordering::Relaxed);
            }
            429 | 502 | 503 => {}
            _ => panic!("{}", response.text),
        }
    }

    /// Publishes a version by which the submissions are right, with another input:
    /// they must run again.
    pub(crate) fn publish_and_rejudge(&self, problem: &str) {
        let path = format!("/problems/{problem}");
        self.operator("PUT", &path, Some(&successor(8, 9)));
        let rejudged = self.operator("POST", &format!("{path}/rejudge"), None);
        assert_eq!(rejudged["requeued"], MARKED, "{rejudged}");
    }

    /// Submits to a place and purges that before a Worker claims anything.
    pub(crate) fn purge_marked(&self, place: &str, members: Value) {
        self.operator("POST", "/pause", None);
        for _ in 0..MARKED {
            self.submit("marked", "print(1)", members.clone(), Ends::Purged);
        }
        let purged = self.operator("POST", &format!("/purge?lane={place}"), None);
        assert!(purged["purged"].as_u64() >= Some(MARKED as u64), "{purged}");
        self.operator("POST", "/resume", None);
    }
}

/// A program that prints what it reads.
pub(crate) fn echo() -> Value {
    let case = json!({"input": "1", "expected": "1"});
    json!({"title": "Echo", "kind": "program", "cases": [case]})
}

/// The number after `input`, which is said to be `expected`.
pub(crate) fn successor(input: i64, expected: i64) -> Value {
    json!({
        "title": "Next", "kind": "function",
        "signature": {"name": "next", "params": [{"name": "n", "type": "int"}], "returns": "int"},
        "cases": [{"input": [input], "expected": expected}],
    })
}
