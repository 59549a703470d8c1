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

/// Every media type with a schema has an example, which fits it; so has each example
/// of a component or parameter.
#[test]
fn examples_fit_their_schemas() {
    let contract = Contract::shared();
    let mut faults = Vec::new();
    let mut count = 0;
    walk("", &contract.document, &mut |pointer, node| {
        let Some(members) = node.as_object() else {
            return;
        };
        let single = members.get("example").into_iter();
        let named = members.get("examples").and_then(Value::as_object);
        let named = named.into_iter().flat_map(|all| all.values());
        let named = named.filter_map(|one| one.get("value"));
        let examples: Vec<&Value> = single.chain(named).collect();
        let is_json = pointer.ends_with("/content/application~1json");
        let is_error = node["schema"]["$ref"] == "#/components/schemas/Error";
        if is_json && examples.is_empty() && !(is_error && pointer.starts_with("/paths/")) {
            faults.push(format!("{pointer}: no example"));
        }
        for example in examples {
            if members.contains_key("schema") {
                count += 1;
                let validator = contract.validator(&format!("{pointer}/schema"));
                let errors = validator.iter_errors(example).map(described);
                faults.extend(errors.map(|error| format!("{pointer}: {error}")));
            }
        }
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 30, "{count} examples");
}

/// Calls `visit` with each node below `node` and its JSON pointer.
fn walk(pointer: &str, node: &Value, visit: &mut impl FnMut(&str, &Value)) {
    visit(pointer, node);
    let mut child = |name: &str, value| walk(&format!("{pointer}/{name}"), value, visit);
    match node {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| child(&escaped(name), value)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| child(&index.to_string(), value)),
        _ => {}
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_a_summary() {
    let document = &Contract::shared().document;
    let mut names = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str();
            let name = name.unwrap_or_else(|| panic!("{method} {path} has no operationId"));
            assert!(!names.contains(&name), "{name} twice");
            names.push(name);
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
}
