//! Submissions end to end: batches, priorities, scheduled ones, idempotency keys,
//! back-pressure.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use support::api::ADDRESS_HEADER;
use support::http::Response;
use support::wait::{SOON, wait_until};

use crate::stacks::{Mocked, QUEUE_MAX, Stacks, submission};

support::tests![
    each_item_of_a_batch_has_its_own_outcome,
    an_invalid_batch_is_refused_as_a_whole,
    the_most_urgent_submissions_run_first,
    a_scheduled_submission_runs_when_it_is_due,
    an_idempotency_key_stands_for_one_submission,
    submissions_are_refused_while_the_queue_is_full,
    scheduled_submissions_are_counted_too,
    a_large_submission_is_refused_while_many_wait,
];

fn each_item_of_a_batch_has_its_own_outcome(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let batch = json!({"submissions": [
        submission("print(0)", json!({})),
        submission("", json!({})),
        submission("print(2)", json!({"priority": "urgent"})),
        submission("print(3)", json!({"language": "klingon"})),
        "not even an object",
        submission("print(5)", json!({"priority": "high"})),
        submission("print(6)", json!({"delayMs": 60_000})),
    ]});
    let response = post(&mocked, "/submit/batch", &batch);
    assert_eq!(response.status, 200, "{}", response.text);
    let body = response.json();
    assert_eq!(body["success"], true);
    assert_eq!(body["message"], "3 of 7 submissions stored.");
    let results = body["results"].as_array().unwrap();
    let outcomes: Vec<(bool, &Value)> = results
        .iter()
        .map(|one| (one["success"] == true, &one["error"]["field"]))
        .collect();
    let null = Value::Null;
    assert_eq!(
        outcomes,
        [
            (true, &null),
            (false, &json!("code")),
            (false, &json!("priority")),
            (false, &json!("language")),
            (false, &json!("submissions[4]")),
            (true, &null),
            (true, &null),
        ],
        "{body}"
    );
    assert_eq!(
        (&results[0]["position"], &results[5]["position"]),
        (&json!(1), &json!(1))
    );
    assert!(results[6]["dueAtMs"].is_u64(), "{body}");

    let done = mocked.worker_fn.work("?batch=20").json();
    assert_eq!(done["message"], "Processed 2 jobs", "{done}");
    for (index, output) in [(0, "print(0)"), (5, "print(5)")] {
        let id = results[index]["id"].as_str().unwrap();
        assert_eq!(mocked.submit_fn.result(id)["output"], output);
    }
    let scheduled = results[6]["id"].as_str().unwrap();
    assert_eq!(mocked.submit_fn.result(scheduled)["status"], "queued");
}

fn an_invalid_batch_is_refused_as_a_whole(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let one = submission("print(1)", json!({}));
    for body in [
        json!({"submissions": vec![one.clone(); 101]}),
        json!({"submissions": []}),
        json!({"submissions": "none"}),
        json!([one.clone()]),
    ] {
        let response = post(&mocked, "/submit/batch", &body);
        response.assert_error(422, Some("submissions"), "submissions");
    }
    let body = json!({"submissions": [one.clone()]}).to_string();
    let headers = [("idempotency-key", "k")];
    let submit_fn = &mocked.submit_fn;
    let response = submit_fn.request("POST", "/submit/batch", &headers, Some(body.as_bytes()));
    response.assert_error(422, Some("Idempotency-Key"), "a batch has none");
    mocked.assert_settled();

    // The largest batch that is valid.
    let batch = json!({"submissions": vec![one; 100]});
    let response = post(&mocked, "/submit/batch", &batch);
    assert_eq!(response.json()["message"], "100 of 100 submissions stored.");
}

fn the_most_urgent_submissions_run_first(stacks: &Stacks) {
    let mocked = stacks.mocked();
    for (code, priority) in [
        ("low 1", "low"),
        ("normal 1", "normal"),
        ("high 1", "high"),
        ("low 2", "low"),
        ("high 2", "high"),
        ("normal 2", "normal"),
    ] {
        mocked.submit_with(code, json!({ "priority": priority }));
    }
    let mut order = Vec::new();
    for _ in 0..6 {
        let body = mocked.worker_fn.work("").json();
        assert_eq!(body["message"], "Processed job", "{body}");
        order.push(body["result"]["output"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        order,
        ["high 1", "high 2", "normal 1", "normal 2", "low 1", "low 2"]
    );
    assert_eq!(
        mocked.worker_fn.work("").json()["message"],
        "No jobs in queue"
    );
}

fn a_scheduled_submission_runs_when_it_is_due(stacks: &Stacks) {
    const DELAY_MS: u64 = 4_000;
    let mocked = stacks.mocked();
    let before_ms = now_ms();
    let first = schedule(&mocked, "by delay", json!({ "delayMs": DELAY_MS }));
    let at_ms = before_ms + DELAY_MS;
    let second = schedule(&mocked, "by time", json!({ "runAt": at_ms }));
    assert!((at_ms..=now_ms() + DELAY_MS).contains(&first.1));
    assert_eq!(second.1, at_ms);

    // Neither a call nor the cron runs it before its time.
    assert_eq!(
        mocked.worker_fn.work("").json()["message"],
        "No jobs in queue"
    );
    mocked.cron();
    assert!(now_ms() < at_ms, "too slow to see anything");
    for (id, _) in [&first, &second] {
        assert_eq!(mocked.submit_fn.result(id)["status"], "queued");
    }
    assert_eq!(mocked.endpoint.order().len(), 0);

    let due_ms = first.1.max(second.1);
    thread::sleep(Duration::from_millis(due_ms.saturating_sub(now_ms()) + 10));
    mocked.cron();
    for (id, due_ms) in [&first, &second] {
        let document = mocked.submit_fn.result(id);
        assert_eq!(document["status"], "done", "{document}");
        assert_eq!(document["attempts"], 1, "{document}");
        assert!(
            document["startedAtMs"].as_u64().unwrap() >= *due_ms,
            "{document}"
        );
    }
    mocked.assert_settled();
}

fn an_idempotency_key_stands_for_one_submission(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let first = with_key(&mocked, "a key", "print(1)");
    assert_eq!(first.header("idempotent-replayed"), "");
    let id = first.json()["id"].clone();
    for _ in 0..3 {
        let again = with_key(&mocked, "a key", "print(1)");
        assert_eq!((again.status, &again.json()["id"]), (200, &id));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
    with_key(&mocked, "a key", "print(2)").assert_error(
        422,
        Some("Idempotency-Key"),
        "used for another submission",
    );
    let other = with_key(&mocked, "another key", "print(1)");
    assert_ne!(other.json()["id"], id);

    let done = mocked.worker_fn.work("?batch=20").json();
    assert_eq!(done["message"], "Processed 2 jobs", "{done}");
    // Also after it is done.
    let again = with_key(&mocked, "a key", "print(1)");
    assert_eq!(again.json()["id"], id);
    assert_eq!(
        mocked.worker_fn.work("").json()["message"],
        "No jobs in queue"
    );
    assert_eq!(mocked.endpoint.runs_of("print(1)"), 2);
}

fn submissions_are_refused_while_the_queue_is_full(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let codes: Vec<String> = (0..QUEUE_MAX).map(|n| format!("print({n})")).collect();
    let mut ids = mocked.submit_all(&codes);
    // The limit is soft: the submission that exceeds it is still accepted.
    ids.push(mocked.submit("one too many"));
    let one = submission("refused", json!({}));
    for response in [
        post(&mocked, "/submit", &one),
        post(
            &mocked,
            "/submit/batch",
            &json!({ "submissions": [one.clone()] }),
        ),
    ] {
        response.assert_error(429, None, "Nothing was stored");
        assert_eq!(response.json()["error"]["code"], "queue_full");
        let seconds: u64 = response.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds));
    }
    // The other places are open.
    for members in [json!({"priority": "low"}), json!({"priority": "high"})] {
        ids.push(mocked.submit_with("elsewhere", members));
    }
    assert_eq!(mocked.redis.run::<u64>(&["LLEN", "problems:low"]), 1);

    mocked.cron();
    wait_until("all accepted jobs are done", SOON, || {
        mocked.endpoint.order().len() > QUEUE_MAX
            && mocked.submit_fn.result(&ids[QUEUE_MAX])["status"] == "done"
    });
    for id in &ids {
        assert_eq!(mocked.submit_fn.finished_result(id)["attempts"], 1);
    }
    assert_eq!(mocked.endpoint.runs_of("refused"), 0);
    wait_until("submissions are accepted again", SOON, || {
        post(&mocked, "/submit", &one).status == 200
    });
}

fn scheduled_submissions_are_counted_too(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let later = submission("later", json!({"delayMs": 3_600_000}));
    let batch = json!({ "submissions": vec![later.clone(); QUEUE_MAX] });
    for items in [batch, json!({"submissions": [later.clone()]})] {
        let response = mocked
            .submit_fn
            .admin("POST", "/submit/batch", Some(&items));
        assert_eq!(response.status, 200, "{}", response.text);
    }
    post(&mocked, "/submit", &later).assert_error(429, None, "Too many submissions are waiting");
    assert_eq!(
        mocked.redis.run::<usize>(&["HLEN", "inflight"]),
        QUEUE_MAX + 1
    );
    mocked.submit("now");
    mocked.redis.flush();
    wait_until("submissions are accepted again", SOON, || {
        post(&mocked, "/submit", &later).status == 200
    });
}

/// With 60 in a place, and 16 MiB for each of 100, the next may have 61 KB.
fn a_large_submission_is_refused_while_many_wait(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let codes: Vec<String> = (0..60).map(|number| format!("print({number})")).collect();
    mocked.submit_all(&codes);
    // In JSON each of these is six bytes.
    let large = "\u{1}".repeat(20_000);
    let in_lane = |lane| {
        post(
            &mocked,
            "/submit",
            &submission(&large, json!({"priority": lane})),
        )
    };
    let refused = in_lane("normal");
    refused.assert_error(429, None, "While 60 submissions are waiting");
    assert_eq!(refused.json()["error"]["code"], "queue_full");
    assert_eq!(in_lane("low").status, 200);
    // A batch has an outcome for each.
    let batch = json!({"submissions": [
        submission(&"\u{1}".repeat(15_000), json!({})),
        submission("small", json!({})),
    ]});
    let body = post(&mocked, "/submit/batch", &batch).json();
    assert_eq!(body["results"][0]["error"]["code"], "queue_full", "{body}");
    assert_eq!(body["results"][1]["success"], true, "{body}");
}

fn post(mocked: &Mocked, path: &str, body: &Value) -> Response {
    mocked.submit_fn.post(path, &body.to_string())
}

/// Submits with a time. Returns the id and when it is due, in milliseconds since
/// 1970 (UTC).
fn schedule(mocked: &Mocked, code: &str, when: Value) -> (String, u64) {
    let response = post(mocked, "/submit", &submission(code, when));
    assert_eq!(response.status, 200, "{}", response.text);
    let body = response.json();
    (
        body["id"].as_str().unwrap().to_owned(),
        body["dueAtMs"].as_u64().unwrap(),
    )
}

fn with_key(mocked: &Mocked, key: &str, code: &str) -> Response {
    let body = submission(code, json!({})).to_string();
    let headers = [("idempotency-key", key), (ADDRESS_HEADER, "192.0.2.1")];
    let submit_fn = &mocked.submit_fn;
    submit_fn.request("POST", "/submit", &headers, Some(body.as_bytes()))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}
