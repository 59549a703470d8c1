//! Documented responses pass, all others are caught.

use serde_json::json;
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";

fn response(status: u16, content_type: &str, text: &str) -> Response {
    let mut headers = HeaderMap::new();
    let mut insert = |name: &str, value: &str| {
        let name: HeaderName = name.parse().unwrap();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    };
    if !content_type.is_empty() {
        insert("content-type", content_type);
    }
    if status == 405 {
        insert("allow", "GET");
    }
    Response {
        status,
        headers,
        text: text.into(),
    }
}

fn json_response(status: u16, body: &Value) -> Response {
    response(status, "application/json", &body.to_string())
}

fn check(worker: Worker, method: &str, path: &str, response: &Response) -> Result<(), String> {
    Contract::shared().check(worker, method, path, response)
}

#[track_caller]
fn assert_caught(method: &str, path: &str, response: &Response, reason: &str) {
    let error = check(Worker::SubmitFn, method, path, response).unwrap_err();
    assert!(error.contains(reason), "{error:?} lacks {reason:?}");
}

fn stored() -> Value {
    json!({
        "success": true,
        "message": "Submission received and stored.",
        "id": ID,
        "position": 1,
        "resultUrl": format!("http://127.0.0.1:8787/result/{ID}"),
    })
}

fn queued() -> Value {
    json!({"id": ID, "status": "queued", "submittedAtMs": 1_700_000_000_000_u64})
}

fn error() -> Value {
    json!({"success": false, "error": {"code": "not_found", "message": "Nothing here."}})
}

#[test]
fn documented_responses_pass() {
    let submit = |method, path, response| check(Worker::SubmitFn, method, path, &response);
    let result = format!("/result/{ID}");
    assert_eq!(
        submit("POST", "/submit", json_response(200, &stored())),
        Ok(())
    );
    assert_eq!(
        submit("GET", &result, json_response(200, &queued())),
        Ok(())
    );
    assert_eq!(
        submit("GET", "/result/x?y=z", json_response(404, &error())),
        Ok(())
    );
    let text = response(
        200,
        "text/plain; charset=utf-8",
        "Submission received and stored.",
    );
    assert_eq!(submit("POST", "/submit", text), Ok(()));
    assert_eq!(
        submit("HEAD", "/", response(200, "application/json", "")),
        Ok(())
    );
    assert_eq!(submit("OPTIONS", "/submit", response(204, "", "")), Ok(()));
    assert_eq!(
        submit("GET", "/submit", json_response(405, &error())),
        Ok(())
    );
    assert_eq!(
        submit("GET", "/nowhere", json_response(404, &error())),
        Ok(())
    );
    let none = json_response(
        200,
        &json!({"success": true, "message": "No jobs in queue"}),
    );
    for path in ["/", "/worker", "/worker?batch=2"] {
        assert_eq!(
            check(Worker::WorkerFn, "GET", path, &none),
            Ok(()),
            "{path}"
        );
    }
    let accepted = response(202, "", "");
    assert_eq!(
        check(Worker::WorkerFn, "POST", "/wake?lanes=all", &accepted),
        Ok(())
    );
}

#[test]
fn a_wrong_body_is_caught() {
    let with = |name: &str, value: Value| {
        let mut body = stored();
        body[name] = value;
        json_response(200, &body)
    };
    assert_caught("POST", "/submit", &with("extra", json!(1)), "extra");
    assert_caught("POST", "/submit", &with("id", json!("short")), "/id");
    assert_caught(
        "POST",
        "/submit",
        &with("position", json!("1")),
        "/position",
    );
    assert_caught(
        "POST",
        "/submit",
        &with("resultUrl", json!("no uri")),
        "/resultUrl",
    );
    let mut missing = stored();
    missing.as_object_mut().unwrap().remove("id");
    assert_caught("POST", "/submit", &json_response(200, &missing), "id");
    let mut unknown = queued();
    unknown["status"] = json!("lost");
    assert_caught(
        "GET",
        "/result/x",
        &json_response(200, &unknown),
        "alternative 2",
    );
    assert_caught(
        "POST",
        "/submit",
        &json_response(404, &error()),
        "status 404",
    );
    assert_caught("GET", "/result/x", &json_response(404, &queued()), "error");
}

#[test]
fn a_hidden_case_must_not_show_its_input() {
    let problem = |case: Value| {
        json!({
            "success": true, "id": "p", "version": "0".repeat(32), "starter": {},
            "title": "P", "statement": "", "kind": "program", "checker": {"kind": "exact"},
            "limits": {}, "stopOnFirstFail": true, "cases": [case],
        })
    };
    let schema = "/components/schemas/PublicProblem";
    let check = |case| Contract::shared().check_body(schema, &json_response(200, &problem(case)));
    assert_eq!(
        check(json!({"number": 1, "hidden": true, "weight": 1})),
        Ok(())
    );
    assert_eq!(
        check(json!({"input": "a", "expected": "b", "weight": 1})),
        Ok(())
    );
    let leaked = json!({"input": "a", "expected": "b", "weight": 1, "hidden": true});
    assert!(check(leaked).is_err());
}

#[test]
fn a_wrong_status_content_type_or_place_is_caught() {
    let html = response(200, "text/html", "<p>");
    assert_caught("POST", "/submit", &html, "text/html");
    assert_caught(
        "POST",
        "/submit",
        &json_response(418, &error()),
        "status 418",
    );
    let cut = response(200, "application/json", "{\"success\":tr");
    assert_caught("POST", "/submit", &cut, "not JSON");
    // Where nothing is documented, nothing but an error may come.
    assert_caught(
        "GET",
        "/nowhere",
        &json_response(200, &stored()),
        "status 200",
    );
    assert_caught("DELETE", "/submit", &json_response(200, &stored()), "Allow");
    assert_caught("OPTIONS", "/submit", &response(204, "", "x"), "body");
    assert_caught(
        "HEAD",
        "/",
        &response(200, "application/json", "{}"),
        "body",
    );
    // Each Worker has its own paths.
    let woken = json_response(202, &json!({"success": true, "message": "Awake."}));
    assert_caught("POST", "/wake", &woken, "status 202");
}
