//! The operator's numbers: what was judged and how fast, what Redis had to do, and how
//! the execution endpoints are.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stacks::Stacks;

support::tests![
    results_are_counted_by_language_and_verdict,
    the_health_of_endpoints_is_shown,
];

fn results_are_counted_by_language_and_verdict(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let stats = || submit_fn.admin("GET", "/stats", None).json()["stats"].clone();
    let empty = stats();
    assert_eq!(empty["latency"], Value::Null, "{empty}");
    assert_eq!(empty["verdicts"], json!([]), "{empty}");
    assert_eq!(empty["commands"]["dailyLimit"], 16_666, "{empty}");

    for (language, code) in [
        ("python", "print(1)"),
        ("python3", "print(2)"),
        ("python", "raise SystemExit(3)"),
        ("javascript", "console.log(4)"),
    ] {
        submit_fn.submit("numbers", language, code);
    }
    // So long have they waited at least.
    std::thread::sleep(Duration::from_millis(60));
    exclusive.worker_fn.work("?batch=4");
    let some = stats();
    let count = |language: &str, verdict: &str| {
        let verdicts = some["verdicts"].as_array().unwrap().iter();
        let mut of =
            verdicts.filter(|one| one["language"] == language && one["verdict"] == verdict);
        of.next().map(|one| one["count"].as_u64().unwrap())
    };
    assert_eq!(count("python", "Executed"), Some(2), "{some}");
    assert_eq!(count("python", "Runtime Error"), Some(1), "{some}");
    assert_eq!(count("javascript", "Executed"), Some(1), "{some}");
    assert_eq!(some["verdicts"].as_array().unwrap().len(), 3, "{some}");
    assert_eq!(
        some["verdicts"][0]["count"], 2,
        "most frequent first: {some}"
    );
    let latency = &some["latency"];
    assert_eq!(latency["jobs"], 4, "{some}");
    let ms = |which: &str, percentile: &str| latency[which][percentile].as_u64().unwrap();
    assert!(ms("waitMs", "p50") >= 60, "{latency}");
    assert!(ms("totalMs", "p50") >= ms("waitMs", "p50"), "{latency}");
    assert!(ms("totalMs", "p99") >= ms("totalMs", "p50"), "{latency}");
    // A claim, the problems, and a settlement: of the last, what came before.
    let commands = &some["commands"];
    let last_hour = commands["lastHour"].as_u64().unwrap();
    assert!((10..1_000).contains(&last_hour), "{commands}");
    assert_eq!(commands["lastDay"], last_hour, "{commands}");
}

fn the_health_of_endpoints_is_shown(stacks: &Stacks) {
    let mut exclusive = stacks.exclusive();
    let submit_fn = exclusive.submit_fn.clone();
    let endpoint = || {
        let response = submit_fn.admin("GET", "/endpoints", None);
        assert_eq!(response.status, 200, "{}", response.text);
        assert!(!response.text.contains("127.0.0.1"), "{}", response.text);
        let endpoints = response.json()["endpoints"].clone();
        assert_eq!(endpoints.as_array().unwrap().len(), 1, "{endpoints}");
        endpoints[0].clone()
    };
    let up = endpoint();
    assert_eq!(
        (&up["name"], &up["kind"]),
        (&json!("piston"), &json!("piston"))
    );
    assert_eq!(
        (&up["healthy"], &up["error"]),
        (&json!(true), &Value::Null),
        "{up}"
    );
    let languages = up["languages"].as_array().unwrap();
    assert!(
        languages.iter().any(|one| one["language"] == "python"),
        "{up}"
    );

    exclusive.stack.stop("runner");
    let down = endpoint();
    assert_eq!(down["healthy"], false, "{down}");
    let error = down["error"].as_str().unwrap();
    assert!(error.contains("did not answer"), "{error}");
    assert_eq!(down["languages"], json!([]), "{down}");
    assert!(down["latencyMs"].as_u64().unwrap() < 5_000, "{down}");

    exclusive.stack.restart("runner").unwrap();
    assert_eq!(endpoint()["healthy"], true);
    // Without a key nobody is told.
    let response = submit_fn.request("GET", "/endpoints", &[], None);
    response.assert_error(401, None, "scope read or work");
    let response = exclusive.worker_fn.request("GET", "/endpoints", &[], None);
    assert_eq!(response.status, 404, "{}", response.text);
}
