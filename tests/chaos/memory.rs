//! The worst that is allowed, in instances of 100 MB: nothing crashes, nobody loses
//! an attempt to others.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use support::http::send;
use support::wait::wait_for;

use crate::Context;
use crate::capped::Capped;

support::tests![
    twelve_of_the_worst_jobs_fit_into_an_instance,
    hostile_bodies_fit_into_an_instance,
];

/// How long the slowest of these jobs may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(180);
/// What workerd as a whole may have: the two instances of 100 MB, and itself.
const MAX_PEAK_BYTES: u64 = 600 << 20;

/// A function problem of 4 MB: one hidden case with two million numbers.
pub(crate) fn large_problem() -> Value {
    json!({
        "title": "Large", "kind": "function",
        "signature": {
            "name": "solve",
            "params": [{"name": "a", "type": "list<int>"}],
            "returns": "int",
        },
        "cases": [{"input": [vec![1; 2_000_000]], "expected": 2_000_000, "hidden": true}],
    })
}

pub(crate) fn eight_cases() -> Value {
    let case = json!({"input": "1", "expected": "1"});
    json!({"title": "Eight", "kind": "program", "cases": vec![case; 8]})
}

/// Fills everything that is stored of a run with bytes of six bytes of JSON.
pub(crate) const CONTROL_BYTES: &str =
    "import sys;s='\\x01'*1048575;sys.stdout.write(s);sys.stderr.write(s)";

fn print_peak(capped: &Capped, what: &str) {
    let Some(bytes) = capped.peak_bytes() else {
        return println!("{what}: the peak of workerd is not known on this system");
    };
    println!("{what}: workerd had {} MB at its peak", bytes >> 20);
    assert!(bytes < MAX_PEAK_BYTES, "{bytes} bytes");
}

fn finished(capped: &Capped, id: &str) -> Value {
    wait_for("a result", PATIENCE, || {
        let result = capped.submit_fn.result(id);
        (result["status"] != "queued").then_some(result)
    })
}

fn twelve_of_the_worst_jobs_fit_into_an_instance(stacks: &Context) {
    let capped = stacks.capped();
    let (large, hostile): (Vec<String>, Vec<String>) = {
        for problem in ["large-1", "large-2", "large-3"] {
            capped.submit_fn.publish(problem, &large_problem());
        }
        capped.submit_fn.publish("eight", &eight_cases());
        print_peak(&capped, "publishing 4 MB four times");
        capped.submit_fn.admin("POST", "/pause", None);
        let code = "def solve(a): return len(a)";
        let submit = |problem: &str, code: &str| capped.submit_fn.submit(problem, "python", code);
        let mut ids = (Vec::new(), Vec::new());
        for _ in 0..2 {
            for problem in ["large-1", "large-2", "large-3"] {
                ids.0.push(submit(problem, code));
            }
            for problem in ["eight", "unknown-1", "unknown-2"] {
                ids.1.push(submit(problem, CONTROL_BYTES));
            }
        }
        ids
    };
    capped.submit_fn.admin("POST", "/resume", None);
    let woken = capped.worker_fn.admin("POST", "/wake?lanes=all");
    assert_eq!(woken.status, 202, "{}", woken.text);
    for id in &large {
        let result = finished(&capped, id);
        assert_eq!(result["verdict"], "Accepted", "{result}");
        assert_eq!(result["attempts"], 1, "{result}");
    }
    for id in &hostile {
        let result = finished(&capped, id);
        assert_eq!(result["attempts"], 1, "{result}");
        let stored: u64 = capped.redis.run(&["STRLEN", &format!("result:{id}")]);
        assert!(stored < 160 << 10, "{stored} bytes are stored");
    }
    print_peak(&capped, "twelve of the worst jobs");
    assert_eq!(capped.crashes(), Vec::<String>::new());
}

/// 4 MB of the smallest objects, which as a tree would be more than 100 MB.
pub(crate) fn hostile_batch() -> String {
    let mut body = String::from("{\"submissions\":[");
    while body.len() < (4 << 20) - 20 {
        body.push_str("{\"\":0},");
    }
    body.push_str("{}]}");
    body
}

fn hostile_bodies_fit_into_an_instance(stacks: &Context) {
    let capped = stacks.capped();
    capped.submit_fn.publish("large-1", &large_problem());
    let url = capped.submit_fn.url.clone();
    let body = hostile_batch();
    // Somebody's honest run is under way in the same instance.
    let honest = {
        let url = format!("{url}/run");
        let body = json!({"language": "python", "code": "import time;time.sleep(2);print(5)"});
        thread::spawn(move || {
            let json = [("content-type", "application/json")];
            send(
                "POST",
                &url,
                &json,
                Some(body.to_string().as_bytes()),
                PATIENCE,
            )
        })
    };
    let hostile: Vec<_> = (0..8)
        .map(|number| {
            let (path, method) = match number % 2 {
                0 => ("/submit/batch", "POST"),
                _ => ("/problems/large-1", "GET"),
            };
            let (url, body) = (format!("{url}{path}"), body.clone());
            thread::spawn(move || {
                let body = (method == "POST").then_some(body.as_bytes());
                send(method, &url, &[], body, PATIENCE).unwrap().status
            })
        })
        .collect();
    for (number, thread) in hostile.into_iter().enumerate() {
        let status = thread.join().unwrap();
        let expected: &[u16] = if number % 2 == 0 {
            &[422, 503]
        } else {
            &[200, 503]
        };
        assert!(expected.contains(&status), "{number}: {status}");
    }
    let honest = honest.join().unwrap().unwrap();
    assert_eq!(honest.status, 200, "{}", honest.text);
    assert_eq!(honest.json()["output"], "5\n", "{}", honest.text);
    print_peak(&capped, "hostile bodies");
    assert_eq!(capped.crashes(), Vec::<String>::new());
}
