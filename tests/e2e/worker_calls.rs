//! `GET /worker` and the cron, with wake-ups turned off, so that a test decides
//! when jobs are claimed.

use std::collections::BTreeSet;

use serde_json::json;

use crate::stacks::Stacks;

support::tests![
    one_job_is_returned_in_the_classic_shape,
    a_batch_is_claimed_in_order,
    submit_fn_passes_the_call_on,
    the_cron_alone_drains_the_queue,
    jobs_of_foreign_producers_are_run,
    unreadable_items_become_dead_letters_and_block_no_job,
    keys_expire,
];

fn one_job_is_returned_in_the_classic_shape(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let (submit_fn, worker_fn) = (&exclusive.submit_fn, &exclusive.worker_fn);
    assert_eq!(
        worker_fn.work("").json(),
        json!({"success": true, "message": "No jobs in queue"})
    );
    let id = submit_fn.submit("one-job", "python", "print('Hello, World!')");
    assert_eq!(submit_fn.result(&id)["status"], "queued");

    let body = worker_fn.work("").json();
    assert_eq!(body["success"], true);
    assert_eq!(body["message"], "Processed job");
    assert_eq!(
        body["job"],
        json!({"id": id, "problemId": "one-job", "language": "python", "code": "print('Hello, World!')"})
    );
    assert_eq!(body["result"]["output"], "Hello, World!\n");
    assert_eq!(submit_fn.finished_result(&id), body["result"]);
    assert_eq!(worker_fn.work("").json()["message"], "No jobs in queue");
}

fn a_batch_is_claimed_in_order(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let (submit_fn, worker_fn) = (&exclusive.submit_fn, &exclusive.worker_fn);
    let ids: Vec<String> = (0..8)
        .map(|number| submit_fn.submit("batch", "python", &format!("print({number})")))
        .collect();
    let body = worker_fn.work("?batch=7").json();
    assert_eq!(body["message"], "Processed 7 jobs");
    let done: Vec<&str> = body["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["result"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(done, ids[..7]);
    let body = worker_fn.work("?batch=7").json();
    assert_eq!(body["message"], "Processed 1 job");
    assert_eq!(body["jobs"][0]["job"]["id"], json!(ids[7]));
    assert_eq!(worker_fn.work("?batch=7").json()["jobs"], json!([]));
}

/// A page knows submit-fn's address only.
fn submit_fn_passes_the_call_on(stacks: &Stacks) {
    let submit_fn = &stacks.exclusive().submit_fn;
    let ids = [1, 2, 3]
        .map(|number| submit_fn.submit("passed-on", "python", &format!("print({number})")));
    let body = submit_fn.get("/worker").json();
    assert_eq!(
        (&body["job"]["id"], &body["result"]["output"]),
        (&json!(ids[0]), &json!("1\n"))
    );
    let body = submit_fn.get("/worker?batch=5").json();
    assert_eq!(body["message"], "Processed 2 jobs");
    submit_fn
        .get("/worker?batch=99")
        .assert_error(422, Some("batch"), "20");
}

fn the_cron_alone_drains_the_queue(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let ids: Vec<String> = (0..8)
        .map(|number| submit_fn.submit("cron", "javascript", &format!("console.log({number})")))
        .collect();
    exclusive.stack.fire_cron().unwrap();
    for (number, id) in ids.iter().enumerate() {
        let result = submit_fn.finished_result(id);
        assert_eq!(result["output"], format!("{number}\n"));
    }
}

fn jobs_of_foreign_producers_are_run(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let (submit_fn, worker_fn) = (&exclusive.submit_fn, &exclusive.worker_fn);
    let push = |item: &str| exclusive.redis.run::<()>(&["LPUSH", "problems", item]);
    let object = r#"{"problemId":"x","code":"print(1)","language":"python"}"#;
    let wrapped = json!([object]).to_string();
    for item in [object, &wrapped] {
        push(item);
        let body = worker_fn.work("").json();
        assert_eq!(body["message"], "Processed job", "{body}");
        assert_eq!(body["result"]["output"], "1\n");
        // It was given an id, by which its result is found.
        let id = body["result"]["id"].as_str().unwrap();
        assert_eq!(submit_fn.finished_result(id)["problemId"], "x");
    }
    let listed = submit_fn.result("x");
    assert_eq!(listed["output"], json!(["1\n", "1\n"]));

    // A foreign id is replaced.
    push(r#"{"id":"0190","problemId":"x","code":"print(2)","language":"python"}"#);
    let body = worker_fn.work("").json();
    assert_eq!(body["result"]["id"].as_str().unwrap().len(), 48);

    // A language that the endpoint lacks gives a result too.
    push(r#"{"problemId":"x","code":"x","language":"klingon"}"#);
    let result = &worker_fn.work("").json()["result"];
    assert_eq!(result["verdict"], "Internal Error");
    let output = result["output"].as_str().unwrap();
    assert!(output.contains("klingon"), "{output}");
}

fn unreadable_items_become_dead_letters_and_block_no_job(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let redis = &exclusive.redis;
    let items = [
        &b"garbage"[..],
        b"\xff\0\xfe",
        br#"{"problemId":"no code"}"#,
    ];
    for item in items {
        redis.lpush("problems", item);
    }
    let submit_fn = &exclusive.submit_fn;
    let id = submit_fn.submit("behind-garbage", "python", "print('through')");
    let body = exclusive.worker_fn.work("").json();
    assert_eq!(body["result"]["id"], json!(id));
    assert_eq!(redis.run::<u64>(&["LLEN", "problems"]), 0);
    let letters: Vec<String> = redis.run(&["HVALS", "dead"]);
    assert_eq!(letters.len(), 3, "{letters:?}");
    let named = letters
        .iter()
        .filter(|one| one.contains("code is required"));
    assert_eq!(named.count(), 1, "{letters:?}");
    // Byte for byte.
    let payloads: BTreeSet<Vec<u8>> = redis.run(&["HVALS", "dead:payload"]);
    assert_eq!(payloads, items.map(<[u8]>::to_vec).into());
}

fn keys_expire(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    exclusive.submit_fn.submit("expiry", "python", "print(1)");
    exclusive.worker_fn.work("");
    let keys = exclusive.redis.keys("*");
    // The result, its problem's index and the hour's statistics; no key of the
    // queue.
    assert_eq!(keys.len(), 3, "{keys:?}");
    for key in &keys {
        let seconds: i64 = exclusive.redis.run(&["TTL", key]);
        // A list outlives its newest item, so that not each one has to move its end.
        let longest = match key.split(':').next() {
            Some("statistics") => 93_600,
            Some("results") => 86_400 + 3_600,
            _ => 86_400,
        };
        assert!(
            (longest - 100..=longest).contains(&seconds),
            "{key}: {seconds}"
        );
    }
}
