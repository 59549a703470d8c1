//! One client's load: its share, its idempotency keys, and who may ask for
//! priority `high`. Submissions wake no drain here, so they stay where they are.

use std::thread;

use serde_json::{Value, json};
use support::api::{ADDRESS_HEADER, SubmitFn};
use support::http::Response;
use support::wait::{SOON, wait_for};

use crate::stacks::{Exclusive, Stacks};

support::tests![
    what_exceeds_a_share_waits_in_the_lane_low,
    each_submission_of_a_batch_counts,
    the_operator_has_no_share,
    high_is_for_the_operator,
    an_idempotency_key_belongs_to_its_client,
    a_client_that_stores_much_is_refused,
];

/// The share: submissions in ten seconds.
const SHARE: usize = 20;
/// So many exceed the share even if the platform begins to count anew once while
/// they are sent.
const BURST: usize = 2 * SHARE + 5;

fn submission(priority: &str) -> Value {
    json!({"problemId": "share", "language": "python", "code": "print(1)", "priority": priority})
}

fn send(submit_fn: &SubmitFn, address: &str, path: &str, body: &Value) -> Response {
    let headers = [(ADDRESS_HEADER, address)];
    let body = body.to_string();
    submit_fn.request("POST", path, &headers, Some(body.as_bytes()))
}

/// The lengths of the lanes `normal` and `low`.
fn lanes(exclusive: &Exclusive<'_>) -> [usize; 2] {
    ["problems", "problems:low"].map(|list| {
        let length: u64 = exclusive.redis.run(&["LLEN", list]);
        usize::try_from(length).unwrap()
    })
}

fn assert_shared(answers: &[Value], exclusive: &Exclusive<'_>) {
    let low = answers.iter().filter(|one| one["lane"] == "low").count();
    let normal = answers.iter().filter(|one| one["lane"].is_null()).count();
    assert_eq!(low + normal, BURST, "{answers:?}");
    // The first ones are within the share, and at most a second share follows.
    assert!(answers[..SHARE].iter().all(|one| one["lane"].is_null()));
    assert!((SHARE..=2 * SHARE).contains(&normal), "{normal} in normal");
    assert_eq!(lanes(exclusive), [normal, low]);
}

fn what_exceeds_a_share_waits_in_the_lane_low(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let body = submission("normal");
    // IPv6: all addresses of a network are one client.
    let answers: Vec<Value> = (0..BURST)
        .map(|number| {
            let address = format!("2001:db8:1:1::{number:x}");
            let response = send(submit_fn, &address, "/submit", &body);
            assert_eq!(response.status, 200, "{}", response.text);
            response.json()
        })
        .collect();
    assert_shared(&answers, &exclusive);
    let other = send(submit_fn, "2001:db8:1:2::1", "/submit", &body).json();
    assert!(other["lane"].is_null(), "{other}");
}

fn each_submission_of_a_batch_counts(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let batch = json!({ "submissions": vec![submission("normal"); BURST] });
    let response = send(&exclusive.submit_fn, "192.0.2.10", "/submit/batch", &batch);
    assert_eq!(response.status, 200, "{}", response.text);
    let body = response.json();
    assert_shared(body["results"].as_array().unwrap(), &exclusive);
}

fn the_operator_has_no_share(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let batch = json!({ "submissions": vec![submission("normal"); BURST] });
    let response = exclusive
        .submit_fn
        .admin("POST", "/submit/batch", Some(&batch));
    assert_eq!(response.status, 200, "{}", response.text);
    assert_eq!(lanes(&exclusive), [BURST, 0]);
}

fn high_is_for_the_operator(stacks: &Stacks) {
    let submit_fn = &stacks.public().submit_fn;
    let high = submission("high");
    let response = submit_fn.post("/submit", &high.to_string());
    response.assert_error(403, Some("priority"), "operator");
    assert_eq!(response.json()["error"]["code"], "forbidden");
    let batch = json!({"submissions": [high, submission("low")]});
    let results = submit_fn.post("/submit/batch", &batch.to_string()).json();
    assert_eq!(
        results["results"][0]["error"]["code"], "forbidden",
        "{results}"
    );
    assert_eq!(results["results"][1]["success"], true, "{results}");
    assert_eq!(submit_fn.admin("POST", "/submit", Some(&high)).status, 200);
    // Where access is open, as in the classic design, anybody may.
    let open = stacks.shared().submit_fn;
    assert_eq!(open.post("/submit", &high.to_string()).status, 200);
}

fn an_idempotency_key_belongs_to_its_client(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let with_key = |address: &str, code: &str| {
        let body = json!({"problemId": "key", "language": "python", "code": code}).to_string();
        let headers = [(ADDRESS_HEADER, address), ("idempotency-key", "1")];
        let submit_fn = &exclusive.submit_fn;
        submit_fn.request("POST", "/submit", &headers, Some(body.as_bytes()))
    };
    let first = with_key("192.0.2.20", "print(1)").json();
    // Another client's body under the same key is neither refused nor answered
    // with the first one's id.
    let (same, other) = thread::scope(|scope| {
        let same = scope.spawn(|| with_key("192.0.2.21", "print(1)"));
        let other = scope.spawn(|| with_key("192.0.2.22", "print(2)"));
        (same.join().unwrap(), other.join().unwrap())
    });
    for response in [same, other] {
        assert_eq!(response.status, 200, "{}", response.text);
        assert_ne!(response.json()["id"], first["id"]);
    }
    assert_eq!(with_key("192.0.2.20", "print(1)").json()["id"], first["id"]);
}

fn a_client_that_stores_much_is_refused(stacks: &Stacks) {
    let submit_fn = &stacks.public().submit_fn;
    let wordy = json!({"problemId": "wordy", "language": "python", "code": "print('x' * 40_000)"});
    let batch = json!({ "submissions": vec![wordy.clone(); 60] });
    let address = "192.0.2.50";
    let body = send(submit_fn, address, "/submit/batch", &batch).json();
    let results = body["results"].as_array().unwrap();
    let printed = results.iter().map(|one| {
        let result = submit_fn.finished_result(one["id"].as_str().unwrap());
        assert_eq!(result["verdict"], "Executed", "{result}");
        result["run"]["stdout"].as_str().unwrap().len()
    });
    // What comes after the first megabyte is stored in short.
    let printed: Vec<usize> = printed.collect();
    assert!(printed.contains(&40_001), "{printed:?}");
    assert!(printed.contains(&256), "{printed:?}");

    let refused = wait_for("a refusal", SOON, || {
        let response = send(submit_fn, address, "/submit", &wordy);
        (response.status != 200).then_some(response)
    });
    refused.assert_error(429, None, "STORE_CLIENT_MAX_MB");
    assert_eq!(refused.json()["error"]["code"], "storage_quota");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() <= 86_400);
    let batch = json!({ "submissions": [wordy.clone()] });
    assert_eq!(
        send(submit_fn, address, "/submit/batch", &batch).status,
        429
    );
    // It keeps nobody else from submitting.
    assert_eq!(submit_fn.post("/submit", &wordy.to_string()).status, 200);
}
