//! A Worker that is set up wrongly names the variable that it lacks.

use serde_json::json;

use crate::stacks::{Clients, Stacks};

support::tests![a_missing_variable_is_named];

fn a_missing_variable_is_named(stacks: &Stacks) {
    let Clients {
        submit_fn,
        worker_fn,
    } = stacks.misconfigured();
    let token = "UPSTASH_REDIS_REST_TOKEN";
    let body = json!({"problemId": "x", "language": "python", "code": "print(1)"});
    let response = submit_fn.post("/submit", &body.to_string());
    response.assert_error(500, None, token);
    let response = submit_fn.get("/result/x");
    response.assert_error(500, None, "Missing Redis credentials");
    // It runs all the same, but without settings it lets nobody in and reads no body.
    assert_eq!(submit_fn.get("/").status, 200);
    let response = submit_fn.post("/submit", "{");
    response.assert_error(500, None, token);

    let response = worker_fn.get("/worker");
    response.assert_error(500, None, "EXECUTOR_URL");
    assert!(!response.text.contains("127.0.0.1"), "{}", response.text);
}
