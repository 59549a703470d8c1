//! Bad input gets a clear error that names the field and the limit.

use serde_json::{Value, json};

use crate::world::{Test, World, get, post, request};

pub(crate) const TESTS: &[Test] = &[
    (
        "bad_input::every_field_says_its_rule",
        every_field_says_its_rule,
    ),
    (
        "bad_input::bodies_that_cannot_be_read",
        bodies_that_cannot_be_read,
    ),
    (
        "bad_input::a_language_nobody_offers",
        a_language_nobody_offers,
    ),
    (
        "bad_input::unknown_paths_methods_and_ids",
        unknown_paths_methods_and_ids,
    ),
    (
        "bad_input::a_page_may_read_why_its_body_was_refused",
        origin_of_a_refused_body,
    ),
];

fn valid() -> Value {
    json!({"problemId": "bad-input", "code": "print(1)", "language": "python"})
}

fn every_field_says_its_rule(world: &World) {
    let url = format!("{}/submit", world.usual().submit);
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
    for (field, value, status, said) in cases {
        let mut body = valid();
        body[field] = value;
        post(&url, &body.to_string()).assert_error(status, Some(field), said);
    }
    // None of these reached the queue.
    let shown = get(&format!("{}/result/bad-input", world.usual().submit));
    shown.assert_error(404, None, "no submission");
}

fn bodies_that_cannot_be_read(world: &World) {
    let url = format!("{}/submit", world.usual().submit);
    for body in ["", "{", "not json"] {
        post(&url, body).assert_error(400, Some("body"), "JSON");
    }
    post(&url, "[1]").assert_error(400, Some("body"), "object");
    request("POST", &url, &[], Some(b"\xff\xfe")).assert_error(400, Some("body"), "JSON");
    post(&url, &"x".repeat(256 * 1024 + 1)).assert_error(413, Some("body"), "262144");
}

fn a_language_nobody_offers(world: &World) {
    let url = format!("{}/submit", world.usual().submit);
    let mut body = valid();
    body["language"] = json!("klingon");
    let answer = post(&url, &body.to_string());
    answer.assert_error(422, Some("language"), "klingon");
    answer.assert_error(422, Some("language"), "javascript");
    answer.assert_error(422, Some("language"), "python");
}

fn unknown_paths_methods_and_ids(world: &World) {
    let usual = world.usual();
    let (submit, worker) = (usual.submit, usual.worker);
    get(&format!("{submit}/nowhere")).assert_error(404, None, "nothing at this path");
    get(&format!("{worker}/nowhere")).assert_error(404, None, "nothing at this path");
    for (method, url, allow) in [
        ("GET", format!("{submit}/submit"), "POST, OPTIONS"),
        ("DELETE", format!("{submit}/result/x"), "GET, HEAD, OPTIONS"),
        ("POST", format!("{worker}/worker"), "GET"),
        ("GET", format!("{worker}/wake"), "POST"),
    ] {
        let answer = request(method, &url, &[], None);
        answer.assert_error(405, None, allow);
        assert_eq!(answer.header("allow"), allow, "{method} {url}");
    }
    get(&format!("{worker}/worker?batch=0")).assert_error(422, Some("batch"), "1 to 20");
    for id in ["never-heard-of", &"0".repeat(48), "%20", "caf%C3%A9"] {
        get(&format!("{submit}/result/{id}")).assert_error(404, None, "no submission");
    }
}

fn origin_of_a_refused_body(world: &World) {
    let quiet = world.quiet();
    let long = "x".repeat(256 * 1024 + 1);
    for (origin, allowed) in [
        ("https://site.example", "https://site.example"),
        ("https://other.example", ""),
    ] {
        let answer = request(
            "POST",
            &format!("{}/submit", quiet.submit()),
            &[("origin", origin)],
            Some(long.as_bytes()),
        );
        answer.assert_error(413, Some("body"), "262144");
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
    }
}
