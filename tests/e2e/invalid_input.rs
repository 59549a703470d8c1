//! Invalid input gets an error that names the field and the limit.

use serde_json::{Value, json};

use crate::stacks::{Clients, Stacks};

support::tests![
    every_field_names_its_rule,
    unreadable_bodies_are_refused,
    an_unknown_language_is_refused_with_the_list,
    unknown_paths_methods_and_ids_are_refused,
    a_page_may_read_why_its_body_was_refused,
];

fn valid() -> Value {
    json!({"problemId": "invalid-input", "code": "print(1)", "language": "python"})
}

fn every_field_names_its_rule(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let cases = [
        ("problemId", Value::Null, 422, "required"),
        ("problemId", json!(""), 422, "empty"),
        ("problemId", json!("x".repeat(129)), 422, "128"),
        ("problemId", json!("a b"), 422, "A-Z"),
        ("code", json!(""), 422, "empty"),
        ("code", json!("x".repeat(65_537)), 413, "65536"),
        ("language", Value::Null, 422, "required"),
        ("language", json!(7), 422, "string"),
    ];
    for (field, value, status, part) in cases {
        let mut body = valid();
        body[field] = value;
        let response = submit_fn.post("/submit", &body.to_string());
        response.assert_error(status, Some(field), part);
    }
    // None of these reached the queue.
    let response = submit_fn.get("/result/invalid-input");
    response.assert_error(404, None, "Unknown id");
}

fn unreadable_bodies_are_refused(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let post = |body: &[u8]| submit_fn.request("POST", "/submit", &[], Some(body));
    for body in [&b""[..], b"{", b"not json", b"\xff\xfe"] {
        post(body).assert_error(400, Some("body"), "JSON");
    }
    post(b"[1]").assert_error(400, Some("body"), "object");
    let too_long = vec![b'x'; 512 * 1024 + 1];
    post(&too_long).assert_error(413, Some("body"), "524288");
}

fn an_unknown_language_is_refused_with_the_list(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let mut body = valid();
    body["language"] = json!("klingon");
    let response = submit_fn.post("/submit", &body.to_string());
    for part in ["klingon", "javascript", "python"] {
        response.assert_error(422, Some("language"), part);
    }
}

fn unknown_paths_methods_and_ids_are_refused(stacks: &Stacks) {
    let Clients {
        submit_fn,
        worker_fn,
    } = stacks.shared();
    for api in [&*submit_fn, &*worker_fn] {
        let response = api.get("/nowhere");
        response.assert_error(404, None, "nothing at this path");
    }
    for (api, method, path, allow) in [
        (&*submit_fn, "GET", "/submit", "POST, OPTIONS"),
        (&*submit_fn, "DELETE", "/result/x", "GET, HEAD, OPTIONS"),
        (&*worker_fn, "POST", "/worker", "GET"),
        (&*worker_fn, "GET", "/wake", "POST"),
    ] {
        let response = api.request(method, path, &[], None);
        response.assert_error(405, None, allow);
        assert_eq!(response.header("allow"), allow, "{method} {path}");
    }
    let response = worker_fn.work("?batch=0");
    response.assert_error(422, Some("batch"), "1 to 20");
    for id in ["never-heard-of", &"0".repeat(48), "%20", "caf%C3%A9"] {
        let response = submit_fn.get(&format!("/result/{id}"));
        response.assert_error(404, None, "Unknown id");
    }
}

fn a_page_may_read_why_its_body_was_refused(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let too_long = vec![b'x'; 512 * 1024 + 1];
    for (origin, allowed) in [
        ("https://site.example", "https://site.example"),
        ("https://other.example", ""),
    ] {
        let headers = [("origin", origin)];
        let submit_fn = &exclusive.submit_fn;
        let response = submit_fn.request("POST", "/submit", &headers, Some(&too_long));
        response.assert_error(413, Some("body"), "524288");
        assert_eq!(response.header("access-control-allow-origin"), allowed);
    }
}
