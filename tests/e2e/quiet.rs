//! Taking jobs by hand and by cron, with the wake-up turned off.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::world::{Quiet, SOON, Test, World, get, result_of};

pub(crate) const TESTS: &[Test] = &[
    (
        "quiet::one_job_by_hand_in_the_classic_shape",
        one_job_by_hand_in_the_classic_shape,
    ),
    (
        "quiet::a_batch_is_taken_in_order",
        a_batch_is_taken_in_order,
    ),
    (
        "quiet::the_cron_alone_empties_the_list",
        the_cron_alone_empties_the_list,
    ),
    (
        "quiet::foreign_producers_are_welcome",
        foreign_producers_are_welcome,
    ),
    (
        "quiet::what_cannot_be_read_is_kept_and_in_nobodys_way",
        what_cannot_be_read_is_kept_and_in_nobodys_way,
    ),
    ("quiet::keys_age_out", keys_age_out),
];

fn one_job_by_hand_in_the_classic_shape(world: &World) {
    let quiet = world.quiet();
    assert_eq!(
        quiet.work("").json(),
        json!({"success": true, "message": "No jobs in queue"})
    );
    let id = quiet.submit_code("by-hand", "python", "print('Hello, World!')");
    let waiting = get(&format!("{}/result/{id}", quiet.submit()));
    assert_eq!(waiting.status, 200);
    assert_eq!(waiting.json()["status"], "queued");

    let body = quiet.work("").json();
    assert_eq!(body["success"], true);
    assert_eq!(body["message"], "Processed job");
    assert_eq!(
        body["job"],
        json!({"id": id, "problemId": "by-hand", "language": "python", "code": "print('Hello, World!')"})
    );
    assert_eq!(body["result"]["output"], "Hello, World!\n");
    assert_eq!(result_of(&quiet.submit(), &id), body["result"]);
    assert_eq!(quiet.work("").json()["message"], "No jobs in queue");
}

fn a_batch_is_taken_in_order(world: &World) {
    let quiet = world.quiet();
    let ids: Vec<String> = (0..8)
        .map(|number| quiet.submit_code("batch", "python", &format!("print({number})")))
        .collect();
    let body = quiet.work("?batch=7").json();
    assert_eq!(body["message"], "Processed 7 jobs");
    let done: Vec<&str> = body["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["result"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(done, ids[..7]);
    let body = quiet.work("?batch=7").json();
    assert_eq!(body["message"], "Processed 1 job");
    assert_eq!(body["jobs"][0]["job"]["id"], json!(ids[7]));
    assert_eq!(quiet.work("?batch=7").json()["jobs"], json!([]));
}

fn the_cron_alone_empties_the_list(world: &World) {
    let quiet = world.quiet();
    let ids: Vec<String> = (0..8)
        .map(|number| quiet.submit_code("cron", "javascript", &format!("console.log({number})")))
        .collect();
    quiet.stack().fire_cron().unwrap();
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(
            result_of(&quiet.submit(), id)["output"],
            format!("{number}\n")
        );
    }
}

fn foreign_producers_are_welcome(world: &World) {
    let quiet = world.quiet();
    let object = r#"{"problemId":"x","code":"print(1)","language":"python"}"#;
    let wrapped = json!([object]).to_string();
    for item in [object, &wrapped] {
        quiet.redis(&["LPUSH", "problems", item]);
        let body = quiet.work("").json();
        assert_eq!(body["message"], "Processed job", "{body}");
        assert_eq!(body["result"]["output"], "1\n");
        // It was given an id, by which its result is found.
        let id = body["result"]["id"].as_str().unwrap();
        assert_eq!(result_of(&quiet.submit(), id)["problemId"], "x");
    }
    let listed = get(&format!("{}/result/x", quiet.submit())).json();
    assert_eq!(listed["output"], json!(["1\n", "1\n"]));

    // An id that we did not give out is not taken over.
    let forged = r#"{"id":"0190","problemId":"x","code":"print(2)","language":"python"}"#;
    quiet.redis(&["LPUSH", "problems", forged]);
    let body = quiet.work("").json();
    assert_eq!(body["result"]["id"].as_str().unwrap().len(), 48);

    // A language that the endpoint does not have ends with a result too.
    let unknown = r#"{"problemId":"x","code":"x","language":"klingon"}"#;
    quiet.redis(&["LPUSH", "problems", unknown]);
    let body = quiet.work("").json();
    assert_eq!(body["result"]["verdict"], "Internal Error");
    assert!(
        body["result"]["output"]
            .as_str()
            .unwrap()
            .contains("klingon"),
        "{body}"
    );
}

fn what_cannot_be_read_is_kept_and_in_nobodys_way(world: &World) {
    let quiet = world.quiet();
    quiet.redis(&["LPUSH", "problems", "garbage"]);
    quiet.redis(&[
        "EVAL",
        r"return redis.call('LPUSH', 'problems', '\255\0\254')",
        "0",
    ]);
    quiet.redis(&["LPUSH", "problems", r#"{"problemId":"no code"}"#]);
    let id = quiet.submit_code("behind-garbage", "python", "print('through')");
    let body = quiet.work("").json();
    assert_eq!(body["result"]["id"], json!(id));
    assert_eq!(quiet.redis(&["LLEN", "problems"]), "0");
    let reasons = quiet.redis(&["HVALS", "dead"]);
    assert_eq!(reasons.lines().count(), 3, "{reasons}");
    assert!(reasons.contains("code is missing"), "{reasons}");
    // redis-cli writes what is not text with escapes.
    let kept = quiet.redis(&["--no-raw", "HVALS", "dead:payload"]);
    assert!(kept.contains(r#""garbage""#), "{kept}");
    assert!(kept.contains(r#""\xff\x00\xfe""#), "{kept}");
}

fn keys_age_out(world: &World) {
    let quiet = world.quiet();
    quiet.submit_code("ages", "python", "print(1)");
    quiet.work("");
    let keys = quiet.redis(&["KEYS", "*"]);
    // The result, its problem's index, and the hour's statistics; nothing that
    // was there on the way.
    assert_eq!(keys.lines().count(), 3, "{keys}");
    for key in keys.lines() {
        let seconds: i64 = quiet.redis(&["TTL", key]).parse().unwrap();
        let longest = if key.starts_with("stats:") {
            7_200
        } else {
            86_400
        };
        assert!(
            (longest - 100..=longest).contains(&seconds),
            "{key}: {seconds}"
        );
    }
    wait_for_empty(&quiet);
}

fn wait_for_empty(quiet: &Quiet<'_>) {
    let started = Instant::now();
    while quiet.redis(&["LLEN", "problems"]) != "0" {
        assert!(started.elapsed() < SOON, "the list stays full");
        std::thread::sleep(Duration::from_millis(50));
    }
}
