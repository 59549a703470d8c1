//! Who is let in where access is not open, and who sees what belongs to others: neither
//! code nor results nor ids are shown to strangers, at either Worker.

use std::time::Duration;

use serde_json::{Value, json};
use support::access_table::{Given, Setting, WRONG_KEY, key_of, operations};
use support::api::Api;
use support::http::Response;
use support::wait::wait_for;

use crate::stacks::Stacks;

support::tests![
    every_documented_call_lets_in_whom_the_document_says,
    a_refusal_tells_nothing_of_what_exists,
    a_result_is_for_its_holder_and_a_problems_for_readers,
    a_worker_without_read_sees_neither_code_nor_output,
    strangers_get_no_job_of_worker_fn,
    the_workers_reach_each_other_all_the_same,
    an_index_shows_strangers_verdicts_only,
];

/// With the settings of a deployment; the Workers' own tests try all others. Who is let
/// in may be told that there is nothing, or that the request is wrong.
fn every_documented_call_lets_in_whom_the_document_says(stacks: &Stacks) {
    let closed = stacks.closed();
    let workers: [(&str, &Api); 2] = [
        ("submit-fn", &closed.submit_fn),
        ("worker-fn", &closed.worker_fn),
    ];
    let mut tried = 0;
    for (name, api) in workers {
        for operation in operations(name) {
            for given in Given::ALL {
                // The stack has an operator's token of its own.
                if given == Given::Operator {
                    continue;
                }
                let expected = operation.refusal(Setting::Keys, given);
                let path = operation.path.replace("{id}", "no-such-thing");
                for headers in ways(given) {
                    let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
                    let response = api.request(&operation.method, &path, &headers, None);
                    let what = format!("{} {path} at {name} with {given:?}", operation.method);
                    match expected {
                        Some(code) => assert_eq!(error_code(&response), code, "{what}"),
                        None => {
                            let status = response.status;
                            let is_documented = operation.statuses.contains(&status);
                            let is_let_in = ![401, 403].contains(&status) && status < 500;
                            assert!(is_documented && is_let_in, "{what}: {}", response.text);
                        }
                    }
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 200, "{tried}");
    let paused = closed.submit_fn.admin("GET", "/stats", None).json();
    assert_eq!(
        paused["stats"]["paused"], false,
        "resumed after it was paused"
    );
}

/// The headers of each way to give a key.
fn ways(given: Given) -> Vec<Vec<(&'static str, String)>> {
    let headers = given.headers().into_iter();
    let ways: Vec<_> = headers.map(|header| vec![header]).collect();
    if ways.is_empty() {
        vec![Vec::new()]
    } else {
        ways
    }
}

fn error_code(response: &Response) -> String {
    let body = response.json();
    body["error"]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn a_refusal_tells_nothing_of_what_exists(stacks: &Stacks) {
    let closed = stacks.closed();
    let submit_fn = closed.submit_fn.clone().with_key(&key_of("submit"));
    let id = submit_fn.submit("refusals", "python", "print('mine')");
    closed.worker_fn.admin("GET", "/worker");
    assert_eq!(submit_fn.result(&id)["output"], "mine\n");
    closed.submit_fn.publish(
        "published",
        &json!({"title": "P", "kind": "program", "cases": [{"input": "", "expected": ""}]}),
    );
    // The same id with another end: as long, and never given out.
    let mut invented = id.clone();
    let last = if invented.pop() == Some('0') {
        '1'
    } else {
        '0'
    };
    invented.push(last);
    let pairs = [
        (format!("/result/{id}"), format!("/result/{invented}")),
        (
            format!("/result/{id}/events"),
            format!("/result/{invented}/events"),
        ),
        ("/result/refusals".into(), "/result/made-up".into()),
        ("/problems/published".into(), "/problems/made-up".into()),
        (format!("/dead/{id}"), format!("/dead/{invented}")),
    ];
    let work = key_of("work");
    let keys = [None, Some(WRONG_KEY), Some(work.as_str())];
    for (existing, made_up) in pairs {
        for key in keys {
            let headers: Vec<_> = key.map(|key| ("x-api-key", key)).into_iter().collect();
            let [one, other] = [&existing, &made_up]
                .map(|path| closed.submit_fn.request("GET", path, &headers, None));
            assert!([401, 403].contains(&one.status), "{existing}: {}", one.text);
            assert_eq!(one.status, other.status, "{existing} {key:?}");
            assert_eq!(one.text, other.text, "{existing} {key:?}");
            let headers = [&one, &other].map(|response| {
                let mut headers = response.headers.clone();
                // Each request has its own.
                headers.remove("x-request-id").unwrap();
                headers
            });
            assert_eq!(headers[0], headers[1], "{existing} {key:?}");
        }
    }
}

fn a_result_is_for_its_holder_and_a_problems_for_readers(stacks: &Stacks) {
    let closed = stacks.closed();
    let with = |scope: &str| closed.submit_fn.clone().with_key(&key_of(scope));
    let (submitter, reader) = (with("submit"), with("read"));
    let id = submitter.submit("whose", "python", "raise ValueError('my line of code')");
    closed.worker_fn.admin("GET", "/worker");
    // Whoever has the ticket, with a key that reads.
    for api in [&submitter, &reader, &with("admin")] {
        assert_eq!(api.result(&id)["verdict"], "Runtime Error");
    }
    let problem = submitter.result("whose");
    assert_eq!(problem["results"], json!([{"verdict": "Runtime Error"}]));
    let problem = reader.result("whose");
    assert_eq!(problem["results"][0]["id"], json!(id));
    assert!(
        problem["output"][0]
            .as_str()
            .unwrap()
            .contains("my line of code")
    );
    // What only the operator does is for no other key, and the numbers are for readers.
    assert_eq!(reader.get("/stats").status, 200);
    reader
        .post("/pause", "")
        .assert_error(403, None, "scope admin");
    reader
        .post("/submit", "{}")
        .assert_error(403, None, "scope submit");
    submitter
        .get("/stats")
        .assert_error(403, None, "scope read or work");
    let high = json!({"problemId": "x", "language": "python", "code": "1", "priority": "high"});
    submitter
        .post("/submit", &high.to_string())
        .assert_error(403, Some("priority"), "operator");
}

fn a_worker_without_read_sees_neither_code_nor_output(stacks: &Stacks) {
    let closed = stacks.closed();
    let submitter = closed.submit_fn.clone().with_key(&key_of("submit"));
    let code = "SECRET = 'printed'; print(SECRET)";
    // A drain that another test woke may take a job before the call does.
    let worked_on = |call: &dyn Fn() -> Response| {
        wait_for("a job for the call", Duration::from_secs(30), || {
            submitter.submit("redacted", "python", code);
            let response = call();
            let body = response.json();
            let has_job = body.get("job").or(body.pointer("/jobs/0")).is_some();
            has_job.then_some(response)
        })
    };
    let work = key_of("work");
    let at_submit_fn = closed.submit_fn.clone().with_key(&work);
    let at_worker_fn = closed.worker_fn.clone().with_key(&work);
    let one = worked_on(&|| at_submit_fn.get("/worker"));
    let batch = worked_on(&|| at_worker_fn.work("?batch=1"));
    for (answer, at) in [(&one, ""), (&batch, "/jobs/0")] {
        let body = answer.json();
        let of = |path: &str| body.pointer(&format!("{at}{path}"));
        assert_eq!(of("/job/problemId"), Some(&json!("redacted")), "{body}");
        // With the id, a key that may submit would read the result.
        assert_eq!(of("/job/id").or(of("/result/id")), None, "{body}");
        assert_eq!(of("/result/verdict"), Some(&json!("Executed")), "{body}");
        for secret in ["SECRET", "printed"] {
            assert!(!answer.text.contains(secret), "{}", answer.text);
        }
    }
    // A stranger's header does not make him see more.
    let forged = [
        ("x-api-key", work.as_str()),
        ("x-edgejudge-sees-all", "yes"),
    ];
    let third = worked_on(&|| closed.worker_fn.request("GET", "/worker", &forged, None));
    assert_eq!(third.json()["job"]["problemId"], "redacted");
    assert!(!third.text.contains("SECRET"), "{}", third.text);
    // The operator sees it all, through submit-fn too.
    let whole = worked_on(&|| closed.submit_fn.admin("GET", "/worker", None)).json();
    assert_eq!(whole["job"]["code"], code, "{whole}");
    assert_eq!(whole["result"]["output"], "printed\n", "{whole}");
}

fn strangers_get_no_job_of_worker_fn(stacks: &Stacks) {
    let closed = stacks.closed();
    let (submit_fn, worker_fn) = (&closed.submit_fn, &closed.worker_fn);
    assert_eq!(submit_fn.admin("POST", "/pause", None).status, 200);
    let submitter = submit_fn.clone().with_key(&key_of("submit"));
    submitter.submit("secret", "python", "SECRET = 'mine'");

    for path in ["/worker", "/worker?batch=20", "/languages"] {
        let response = worker_fn.get(path);
        response.assert_error(401, None, "scope work");
        assert_eq!(response.header("www-authenticate"), "Bearer");
        assert!(!response.text.contains("mine"), "{}", response.text);
    }
    let wake = worker_fn.post("/wake", "");
    wake.assert_error(401, None, "scope work");
    submit_fn
        .get("/worker")
        .assert_error(401, None, "X-API-Key");
    let headers = [("authorization", "Bearer wrong")];
    let wrong = worker_fn.request("GET", "/worker", &headers, None);
    wrong.assert_error(401, None, "not valid");

    // A browser or a health check takes no job, whoever asks.
    for health in [worker_fn.get("/"), worker_fn.admin("GET", "/")] {
        assert_eq!(
            (health.status, &health.json()["service"]),
            (200, &json!("worker-fn"))
        );
    }
    let paused = worker_fn.admin("GET", "/worker").json();
    assert_eq!(paused["message"], "The queue is paused.");
    assert_eq!(worker_fn.admin("GET", "/languages").status, 200);
    assert_eq!(worker_fn.admin("POST", "/wake").status, 202);
    assert_eq!(submit_fn.admin("POST", "/resume", None).status, 200);
}

fn the_workers_reach_each_other_all_the_same(stacks: &Stacks) {
    let submit_fn = &stacks.public().submit_fn;
    assert_eq!(submit_fn.get("/languages").status, 200);
    // No cron is fired here: only a wake-up runs it.
    let result = submit_fn.judge("woken", "python", "print('awake')");
    assert_eq!(result["output"], "awake\n");
    let run = json!({"language": "python", "code": "print(1)"});
    let run = submit_fn.run(&run.to_string());
    assert_eq!((run.status, &run.json()["output"]), (200, &json!("1\n")));
    submit_fn
        .get("/worker")
        .assert_error(401, None, "scope work");
}

fn an_index_shows_strangers_verdicts_only(stacks: &Stacks) {
    let submit_fn = &stacks.public().submit_fn;
    let id = submit_fn.submit("exam", "python", "raise ValueError('my line of code')");
    let result = submit_fn.finished_result(&id);
    assert_eq!(result["verdict"], "Runtime Error");

    let shown = submit_fn.get("/result/exam");
    assert_eq!(
        shown.json(),
        json!({"id": "exam", "total": 1, "results": [{"verdict": "Runtime Error"}]})
    );
    let listed: Value = submit_fn.admin("GET", "/result/exam", None).json();
    assert_eq!(listed["results"][0]["id"], json!(id));
    assert!(
        listed["output"][0]
            .as_str()
            .unwrap()
            .contains("my line of code")
    );
    // Whoever holds an id reads its result; no cache keeps either.
    let own = submit_fn.get(&format!("/result/{id}"));
    for response in [&own, &shown, &submit_fn.admin("GET", "/stats", None)] {
        assert_eq!(response.header("cache-control"), "no-store");
    }
}
