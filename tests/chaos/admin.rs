//! The operator's calls, end to end: statistics, replay, delete, pause, purge;
//! and that no other client can make them.

use serde_json::{Value, json};
use support::mock_endpoint::SERVER_ERROR;

use crate::stacks::Stacks;

support::tests![
    stats_count_the_jobs_in_every_place,
    a_dead_letter_is_replayed_and_done,
    a_dead_letter_is_deleted,
    dead_letters_of_one_reason_are_shown_and_deleted,
    no_job_is_claimed_during_a_pause,
    a_purge_empties_the_lanes_it_names,
    admin_calls_need_the_admin_token,
];

fn stats_count_the_jobs_in_every_place(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let stats = || mocked.submit_fn.admin("GET", "/stats", None).json()["stats"].clone();
    let empty = stats();
    assert_eq!(empty["waiting"], json!({"high": 0, "normal": 0, "low": 0}));
    assert_eq!(empty["oldestWaitMs"], Value::Null);
    assert_eq!(empty["minutes"], json!([]));

    // Five done, one dead, four waiting, one scheduled.
    let codes: Vec<String> = (0..5).map(|number| format!("print({number})")).collect();
    mocked.submit_all(&codes);
    mocked.push_garbage();
    mocked.cron();
    for (code, members) in [
        ("a", json!({"priority": "high"})),
        ("b", json!({})),
        ("c", json!({"priority": "low"})),
        ("d", json!({"priority": "low"})),
        ("e", json!({"delayMs": 60_000})),
    ] {
        mocked.submit_with(code, members);
    }
    let some = stats();
    assert_eq!(some["waiting"], json!({"high": 1, "normal": 1, "low": 2}));
    let oldest_ms = some["oldestWaitMs"].as_u64().unwrap();
    assert!(oldest_ms < 10_000, "{some}");
    for (name, number) in [("inFlight", 0), ("due", 0), ("later", 1), ("dead", 1)] {
        assert_eq!(some[name], number, "{name}: {some}");
    }
    assert_eq!(some["paused"], false);
    // A new minute may have begun in between.
    let sum = |name: &str| -> u64 {
        let minutes = some["minutes"].as_array().unwrap();
        minutes.iter().map(|one| one[name].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("done"), sum("dead")), (5, 1), "{some}");
}

fn a_dead_letter_is_replayed_and_done(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let submit_fn = &mocked.submit_fn;
    let id = mocked.submit(SERVER_ERROR);
    mocked.cron();
    let document = submit_fn.result(&id);
    assert_eq!(document["status"], "dead", "{document}");
    let path = format!("/dead/{id}");
    let replay = format!("{path}/replay");
    let letter = submit_fn.admin("GET", &path, None).json();
    assert_eq!(letter["dead"]["attempts"], 3, "{letter}");
    let payload: Value = serde_json::from_str(letter["payload"].as_str().unwrap()).unwrap();
    assert_eq!(payload["code"], SERVER_ERROR);

    mocked.endpoint.heal();
    let response = submit_fn.admin("POST", &replay, None);
    assert_eq!(response.status, 200, "{}", response.text);
    assert_eq!(response.json()["position"], 1);
    let document = submit_fn.finished_result(&id);
    assert_eq!(document["status"], "done", "{document}");
    assert_eq!(document["attempts"], 1, "counted anew: {document}");
    assert_eq!(document["output"], SERVER_ERROR);
    assert_eq!(mocked.endpoint.runs_of(SERVER_ERROR), 3 + 1);
    assert_eq!(mocked.dead_letters().len(), 0);
    for (method, path) in [("GET", &path), ("POST", &replay)] {
        let response = submit_fn.admin(method, path, None);
        response.assert_error(404, None, "no dead letter");
    }
}

fn a_dead_letter_is_deleted(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let submit_fn = &mocked.submit_fn;
    mocked.push_garbage();
    mocked.push_garbage();
    mocked.cron();
    let dead = mocked.dead_letters();
    assert_eq!(dead.len(), 2, "{dead:?}");
    let path = format!("/dead/{}", dead[0]["id"].as_str().unwrap());
    let response = submit_fn.admin("DELETE", &path, None);
    assert_eq!(response.status, 200, "{}", response.text);
    let replay = format!("{path}/replay");
    for (method, path) in [("DELETE", &path), ("GET", &path), ("POST", &replay)] {
        let response = submit_fn.admin(method, path, None);
        response.assert_error(404, None, "no dead letter");
    }
    let left = mocked.dead_letters();
    assert_eq!(left, dead[1..], "the other letter stays");
    mocked.assert_settled();
}

fn dead_letters_of_one_reason_are_shown_and_deleted(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let submit_fn = &mocked.submit_fn;
    let id = mocked.submit(SERVER_ERROR);
    for _ in 0..3 {
        mocked.push_garbage();
    }
    mocked.cron();
    assert_eq!(mocked.dead_letters().len(), 4);
    let of = |reason: &str| {
        let path = format!("/dead?reason={reason}");
        let page = submit_fn.admin("GET", &path, None).json();
        assert_eq!(page["next"], Value::Null, "{page}");
        page["dead"].as_array().unwrap().len()
    };
    let all = [of("Given+up%20after"), of("This+is"), of("x"), of("")];
    assert_eq!(all, [1, 3, 0, 4]);
    for path in ["/dead/delete", "/dead/delete?reason="] {
        let response = submit_fn.admin("POST", path, None);
        response.assert_error(422, Some("reason"), "beginning");
    }
    let path = "/dead/delete?reason=This+is+no&cursor=x";
    let response = submit_fn.admin("POST", path, None);
    response.assert_error(422, Some("cursor"), "next");
    let delete = |reason: &str| {
        let path = format!("/dead/delete?reason={reason}");
        let response = submit_fn.admin("POST", &path, None);
        assert_eq!(response.status, 200, "{}", response.text);
        response.json()["deleted"].clone()
    };
    assert_eq!((delete("x"), delete("This+is+no")), (0.into(), 3.into()));
    let left = mocked.dead_letters();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["id"], id.as_str());
    assert_eq!(delete("Given"), 1);
    assert_eq!(submit_fn.result(&id)["status"], "purged");
    mocked.assert_settled();
}

fn no_job_is_claimed_during_a_pause(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let (submit_fn, worker_fn) = (&mocked.submit_fn, &mocked.worker_fn);
    let paused = || submit_fn.admin("GET", "/stats", None).json()["stats"]["paused"].clone();
    assert_eq!(submit_fn.admin("POST", "/pause", None).status, 200);
    assert_eq!(paused(), true);
    // Submissions are still accepted.
    let id = mocked.submit("print(1)");
    assert_eq!(worker_fn.work("").json()["message"], "The queue is paused.");
    mocked.cron();
    assert_eq!(submit_fn.result(&id)["status"], "queued");
    assert_eq!(mocked.endpoint.order().len(), 0);

    assert_eq!(submit_fn.admin("POST", "/resume", None).status, 200);
    assert_eq!(paused(), false);
    // Resuming wakes a drain.
    let document = submit_fn.finished_result(&id);
    assert_eq!(document["output"], "print(1)");
}

fn a_purge_empties_the_lanes_it_names(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let (submit_fn, worker_fn) = (&mocked.submit_fn, &mocked.worker_fn);
    for priority in ["low", "normal", "low", "high", "low", "normal"] {
        mocked.submit_with(priority, json!({ "priority": priority }));
    }
    for path in ["/purge", "/purge?lane=", "/purge?lane=problems"] {
        let response = submit_fn.admin("POST", path, None);
        response.assert_error(422, Some("lane"), "high, normal, low, scheduled or all");
    }
    let purge = |lane: &str| {
        let path = format!("/purge?lane={lane}");
        let response = submit_fn.admin("POST", &path, None);
        assert_eq!(response.status, 200, "{}", response.text);
        response.json()["purged"].clone()
    };
    assert_eq!(purge("low"), 3);
    assert_eq!(purge("low"), 0);
    let done = worker_fn.work("?batch=1").json();
    assert_eq!(done["jobs"][0]["result"]["output"], "high");
    assert_eq!(purge("all"), 2);
    assert_eq!(worker_fn.work("").json()["message"], "No jobs in queue");
    mocked.assert_settled();
}

fn admin_calls_need_the_admin_token(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let submit_fn = &mocked.submit_fn;
    let id = mocked.submit("print(1)");
    // The token alone is not a bearer token.
    let token = submit_fn.admin_token.as_str();
    for (method, path) in CALLS {
        for headers in [
            &[][..],
            &[("authorization", "Bearer wrong")][..],
            &[("authorization", token)][..],
        ] {
            let response = submit_fn.request(method, path, headers, None);
            response.assert_error(401, None, "key");
        }
    }
    // None of them had an effect.
    let body = mocked.worker_fn.work("").json();
    assert_eq!(body["result"]["id"], id.as_str());

    // Where no token is set, no token is right.
    let submit_fn = &stacks.faulty().submit_fn;
    for (method, path) in CALLS {
        let headers = [("authorization", "Bearer operator")];
        let response = submit_fn.request(method, path, &headers, None);
        response.assert_error(403, None, "ADMIN_TOKEN");
    }
}

/// Every call of an operator.
const CALLS: [(&str, &str); 11] = [
    ("GET", "/stats"),
    ("GET", "/endpoints"),
    ("GET", "/dead"),
    ("GET", "/dead/x"),
    ("POST", "/dead/x/replay"),
    ("DELETE", "/dead/x"),
    ("POST", "/dead/replay?reason=x"),
    ("POST", "/dead/delete?reason=x"),
    ("POST", "/pause"),
    ("POST", "/resume"),
    ("POST", "/purge?lane=all"),
];
