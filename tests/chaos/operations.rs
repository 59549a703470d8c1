//! The ways into the queue and through it, end to end: batches, priorities,
//! submissions for later, idempotency keys, back-pressure.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::http::{self, Answer};
use crate::world::{QUEUE_MAX, SOON, Stubbed, Test, World, submission, wait_until};

pub(crate) const TESTS: &[Test] = &[
    (
        "operations::each_item_of_a_batch_has_its_own_outcome",
        each_item_of_a_batch_has_its_own_outcome,
    ),
    (
        "operations::what_is_no_batch_is_refused_whole",
        what_is_no_batch_is_refused_whole,
    ),
    (
        "operations::the_most_urgent_go_first",
        the_most_urgent_go_first,
    ),
    (
        "operations::a_submission_for_later_is_run_when_it_is_due",
        a_submission_for_later_is_run_when_it_is_due,
    ),
    (
        "operations::an_idempotency_key_stands_for_one_submission",
        an_idempotency_key_stands_for_one_submission,
    ),
    (
        "operations::nobody_is_let_in_while_too_many_wait",
        nobody_is_let_in_while_too_many_wait,
    ),
];

fn each_item_of_a_batch_has_its_own_outcome(world: &mut World) {
    let stubbed = world.stubbed();
    let answer = stubbed.post(
        "/submit/batch",
        &json!({"submissions": [
            submission("print(0)", json!({})),
            submission("", json!({})),
            submission("print(2)", json!({"priority": "urgent"})),
            submission("print(3)", json!({"language": "klingon"})),
            "not even an object",
            submission("print(5)", json!({"priority": "high"})),
            submission("print(6)", json!({"delayMs": 60_000})),
        ]}),
    );
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
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
            (false, &null),
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

    let done = stubbed.work("?batch=20").json();
    assert_eq!(done["message"], "Processed 2 jobs", "{done}");
    for (at, output) in [(0, "print(0)"), (5, "print(5)")] {
        let id = results[at]["id"].as_str().unwrap();
        assert_eq!(stubbed.result(id)["output"], output);
    }
    let later = results[6]["id"].as_str().unwrap();
    assert_eq!(stubbed.result(later)["status"], "queued");
}

fn what_is_no_batch_is_refused_whole(world: &mut World) {
    let stubbed = world.stubbed();
    let one = submission("print(1)", json!({}));
    for body in [
        json!({"submissions": vec![one.clone(); 101]}),
        json!({"submissions": []}),
        json!({"submissions": "none"}),
        json!([one.clone()]),
    ] {
        stubbed
            .post("/submit/batch", &body)
            .assert_error(422, Some("submissions"), "submissions");
    }
    let body = json!({"submissions": [one.clone()]}).to_string();
    let url = format!("{}/submit/batch", stubbed.stack.submit_url());
    let headers = [("idempotency-key", "k")];
    http::request("POST", &url, &headers, Some(body.as_bytes())).assert_error(
        422,
        Some("Idempotency-Key"),
        "a batch has none",
    );
    stubbed.assert_settled();

    // The most there may be.
    let answer = stubbed.post("/submit/batch", &json!({"submissions": vec![one; 100]}));
    assert_eq!(answer.json()["message"], "100 of 100 submissions stored.");
}

fn the_most_urgent_go_first(world: &mut World) {
    let stubbed = world.stubbed();
    for (code, priority) in [
        ("low 1", "low"),
        ("normal 1", "normal"),
        ("high 1", "high"),
        ("low 2", "low"),
        ("high 2", "high"),
        ("normal 2", "normal"),
    ] {
        stubbed.submit_with(code, json!({ "priority": priority }));
    }
    let mut order = Vec::new();
    for _ in 0..6 {
        let body = stubbed.work("").json();
        assert_eq!(body["message"], "Processed job", "{body}");
        order.push(body["result"]["output"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        order,
        ["high 1", "high 2", "normal 1", "normal 2", "low 1", "low 2"]
    );
    assert_eq!(stubbed.work("").json()["message"], "No jobs in queue");
}

fn a_submission_for_later_is_run_when_it_is_due(world: &mut World) {
    const DELAY_MS: u64 = 4_000;
    let stubbed = world.stubbed();
    let before_ms = now_ms();
    let first = later(stubbed, "by delay", json!({ "delayMs": DELAY_MS }));
    let at_ms = before_ms + DELAY_MS;
    let second = later(stubbed, "by time", json!({ "runAt": at_ms }));
    assert!((at_ms..=now_ms() + DELAY_MS).contains(&first.1));
    assert_eq!(second.1, at_ms);

    // Neither by hand nor by the cron before its time.
    assert_eq!(stubbed.work("").json()["message"], "No jobs in queue");
    stubbed.cron();
    assert!(now_ms() < at_ms, "too slow to see anything");
    for (id, _) in [&first, &second] {
        assert_eq!(stubbed.result(id)["status"], "queued");
    }
    assert_eq!(stubbed.stub.order().len(), 0);

    let due_ms = first.1.max(second.1);
    thread::sleep(Duration::from_millis(due_ms.saturating_sub(now_ms()) + 10));
    stubbed.cron();
    for (id, due_ms) in [&first, &second] {
        let document = stubbed.result(id);
        assert_eq!(document["status"], "done", "{document}");
        assert_eq!(document["attempts"], 1, "{document}");
        assert!(
            document["startedAtMs"].as_u64().unwrap() >= *due_ms,
            "{document}"
        );
    }
    stubbed.assert_settled();
}

fn an_idempotency_key_stands_for_one_submission(world: &mut World) {
    let stubbed = world.stubbed();
    let first = with_key(stubbed, "a key", "print(1)");
    assert_eq!(first.header("idempotent-replayed"), "");
    let id = first.json()["id"].clone();
    for _ in 0..3 {
        let again = with_key(stubbed, "a key", "print(1)");
        assert_eq!((again.status, &again.json()["id"]), (200, &id));
        assert_eq!(again.header("idempotent-replayed"), "true");
    }
    with_key(stubbed, "a key", "print(2)").assert_error(
        422,
        Some("Idempotency-Key"),
        "used for another submission",
    );
    let other = with_key(stubbed, "another key", "print(1)");
    assert_ne!(other.json()["id"], id);

    let done = stubbed.work("?batch=20").json();
    assert_eq!(done["message"], "Processed 2 jobs", "{done}");
    // Also when it is done.
    let again = with_key(stubbed, "a key", "print(1)");
    assert_eq!(again.json()["id"], id);
    assert_eq!(stubbed.work("").json()["message"], "No jobs in queue");
    assert_eq!(stubbed.stub.runs_of("print(1)"), 2);
}

fn nobody_is_let_in_while_too_many_wait(world: &mut World) {
    let stubbed = world.stubbed();
    let codes: Vec<String> = (0..QUEUE_MAX).map(|n| format!("print({n})")).collect();
    let mut ids = stubbed.submit_all(&codes);
    // The limit is soft: who finds it out is still let in.
    ids.push(stubbed.submit("one too many"));
    let one = submission("refused", json!({}));
    for answer in [
        stubbed.post("/submit", &one),
        stubbed.post("/submit/batch", &json!({ "submissions": [one.clone()] })),
    ] {
        answer.assert_error(429, None, "Nothing was stored");
        assert_eq!(answer.json()["error"]["code"], "queue_full");
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds));
    }

    stubbed.cron();
    wait_until("all that were let in are done", SOON, || {
        stubbed.stub.order().len() > QUEUE_MAX
            && stubbed.result(&ids[QUEUE_MAX])["status"] == "done"
    });
    for id in &ids {
        assert_eq!(
            http::result_of(&stubbed.stack.submit_url(), id)["attempts"],
            1
        );
    }
    assert_eq!(stubbed.stub.runs_of("refused"), 0);
    wait_until("the door opens again", SOON, || {
        stubbed.post("/submit", &one).status == 200
    });
}

/// Submits for later, and gives the id and when it is due.
fn later(stubbed: &Stubbed, code: &str, when: Value) -> (String, u64) {
    let answer = stubbed.post("/submit", &submission(code, when));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    (
        body["id"].as_str().unwrap().to_owned(),
        body["dueAtMs"].as_u64().unwrap(),
    )
}

fn with_key(stubbed: &Stubbed, key: &str, code: &str) -> Answer {
    let body = submission(code, json!({})).to_string();
    let url = format!("{}/submit", stubbed.stack.submit_url());
    let headers = [("idempotency-key", key)];
    http::request("POST", &url, &headers, Some(body.as_bytes()))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}
