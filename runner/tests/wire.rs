//! Piston's v2 API: status codes, messages, member names. Most requests here never
//! start a program.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{DEFAULT_TIMES, Runner};
use serde_json::{Value, json};

const EXECUTE: &str = "/api/v2/execute";

fn valid() -> Value {
    json!({"language": "python", "version": "*", "files": [{"content": "print(1)"}]})
}

/// The valid request with some members replaced.
fn with(changes: Value) -> Value {
    let mut body = valid();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Changes to the valid request, and the message that they get.
#[rustfmt::skip]
const INVALID: &[(&str, &str)] = &[
    (r#"{"language": null}"#, "language is required as a string"),
    (r#"{"language": ""}"#, "language is required as a string"),
    (r#"{"language": 5}"#, "language is required as a string"),
    (r#"{"version": null}"#, "version is required as a string"),
    (r#"{"version": 3}"#, "version is required as a string"),
    (r#"{"files": null}"#, "files is required as an array"),
    (r#"{"files": {}}"#, "files is required as an array"),
    (r#"{"files": [{}]}"#, "files[0].content is required as a string"),
    (r#"{"files": [{"content": ""}, {"content": 1}]}"#, "files[1].content is required as a string"),
    (r#"{"files": [null]}"#, "files[0].content is required as a string"),
    (r#"{"language": "cobol"}"#, "cobol-* runtime is unknown"),
    (r#"{"language": "Python"}"#, "Python-* runtime is unknown"),
    (r#"{"version": "2.x"}"#, "python-2.x runtime is unknown"),
    (r#"{"version": "newest"}"#, "python-newest runtime is unknown"),
    (r#"{"files": []}"#, "files must include at least one utf8 encoded file"),
    (r#"{"files": [{"content": "aa", "encoding": "hex"}]}"#, "files must include at least one utf8 encoded file"),
    (r#"{"files": [{"content": "aa", "encoding": "latin1"}]}"#, "files must include at least one utf8 encoded file"),
    (r#"{"run_timeout": "5"}"#, "If specified, run_timeout must be a number"),
    (r#"{"run_timeout": true}"#, "If specified, run_timeout must be a number"),
    (r#"{"run_timeout": 10001}"#, "run_timeout cannot exceed the configured limit of 10000"),
    (r#"{"run_timeout": -1}"#, "run_timeout must be non-negative"),
    (r#"{"compile_timeout": 25001}"#, "compile_timeout cannot exceed the configured limit of 25000"),
    (r#"{"run_cpu_time": 3001}"#, "run_cpu_time cannot exceed the configured limit of 3000"),
    (r#"{"compile_cpu_time": 1e9}"#, "compile_cpu_time cannot exceed the configured limit of 10000"),
    (r#"{"run_memory_limit": 536870913}"#, "run_memory_limit cannot exceed the configured limit of 536870912"),
    (r#"{"compile_memory_limit": -2}"#, "compile_memory_limit must be non-negative"),
    // Memory is checked before time, and compile before run.
    (r#"{"run_timeout": -1, "run_cpu_time": -1, "run_memory_limit": -2}"#, "run_memory_limit must be non-negative"),
    // The version is looked up before encodings and limits are checked.
    (r#"{"version": "9", "files": [], "run_timeout": -1}"#, "python-9 runtime is unknown"),
    // Not in Piston, whose own code throws at these.
    (r#"{"stdin": 5}"#, "stdin must be a string"),
    (r#"{"args": "a"}"#, "args must be an array of strings"),
    (r#"{"args": [{}]}"#, "args must be an array of strings"),
    (r#"{"args": ["a\u0000b"]}"#, "args must be an array of strings"),
    (r#"{"files": [{"content": "", "name": 5}]}"#, "files[0].name must be a string"),
    (r#"{"files": [{"content": "", "name": "a"}, {"content": "", "name": "a/b"}]}"#, "files[1].name has another file as its folder"),
];

#[tokio::test]
async fn invalid_requests_get_piston_s_messages() {
    let runner = Runner::start(&["python"], &DEFAULT_TIMES).await;
    let changed = INVALID.iter().map(|(changes, message)| {
        let changes = serde_json::from_str(changes).unwrap();
        (with(changes), *message)
    });
    let empty = [json!({}), json!([])].map(|body| (body, "language is required as a string"));
    for (body, message) in changed.chain(empty) {
        let answer = runner.execute(&body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert_eq!(answer.json(), json!({"message": message}), "{body}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn file_names_stay_inside_the_folder() {
    let runner = Runner::start(&["python"], &[]).await;
    let long = "x".repeat(300);
    for name in [
        "../a.py",
        "a/../../b",
        "/etc/x",
        "/tmp/a",
        "..",
        ".",
        "a/..",
        "a/",
        "a\u{0}b",
        "./../x",
        &long,
    ] {
        let body = with(json!({"files": [{"content": "print(1)", "name": name}]}));
        let answer = runner.execute(&body).await;
        assert_eq!(answer.status, 400, "{name:?}: {answer:?}");
        let message = "files[0].name must stay inside the submission's folder";
        assert_eq!(answer.json()["message"], message, "{name:?}");
    }
    for name in [
        "a.py",
        "a/b/c.py",
        "./a.py",
        "a/../b.py",
        "..a",
        "a b",
        "-c",
        "ä.py",
        "a//b.py",
    ] {
        let body = with(json!({"files": [{"content": "print(1)", "name": name}]}));
        let answer = runner.execute(&body).await;
        assert_eq!(answer.status, 200, "{name:?}: {answer:?}");
        assert_eq!(answer.json()["run"]["stdout"], "1\n", "{name:?}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn falsy_limits_mean_the_configured_ones() {
    let runner = Runner::start(&["python"], &DEFAULT_TIMES).await;
    for value in [json!(null), json!(0), json!(""), json!(false)] {
        let body = with(json!({
            "run_timeout": value, "compile_timeout": value, "run_cpu_time": value,
            "compile_cpu_time": value, "run_memory_limit": value, "compile_memory_limit": value,
        }));
        let answer = runner.execute(&body).await;
        assert_eq!(answer.status, 200, "{value}: {answer:?}");
        assert_eq!(answer.json()["run"]["code"], 0, "{value}");
    }
    // The example of Piston's document.
    let body = with(json!({
        "stdin": "", "args": ["1", "2", "3"], "compile_timeout": 10000, "run_timeout": 3000,
        "compile_memory_limit": -1, "run_memory_limit": -1,
    }));
    assert_eq!(runner.execute(&body).await.status, 200);
    runner.stop().await;
}

#[tokio::test]
async fn request_bodies_must_be_json() {
    let runner = Runner::start(&["python"], &["--max-body-bytes", "1000"]).await;
    let json_only = json!({"message": "requests must be of type application/json"});
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("text/json"),
    ] {
        let answer = runner.post(EXECUTE, kind, valid().to_string()).await;
        assert_eq!(
            (answer.status, answer.json()),
            (415, json_only.clone()),
            "{kind:?}"
        );
    }
    // The type is checked before the path.
    let answer = runner.post("/api/v2/nothing", None, "").await;
    assert_eq!((answer.status, answer.json()), (415, json_only));
    for kind in ["application/json", "application/json; charset=utf-8"] {
        assert_eq!(
            runner
                .post(EXECUTE, Some(kind), valid().to_string())
                .await
                .status,
            200,
            "{kind}"
        );
    }
    // The default of `fetch` is accepted unless a browser has marked the request.
    let default_of_fetch = "text/plain;charset=UTF-8";
    let body = valid().to_string();
    let answer = runner.post(EXECUTE, Some(default_of_fetch), body).await;
    assert_eq!(answer.status, 200);
    for mark in ["origin", "sec-fetch-site"] {
        let request = reqwest::Client::new()
            .post(format!("{}{EXECUTE}", runner.url))
            .header("content-type", default_of_fetch)
            .header(mark, "null")
            .body(valid().to_string());
        assert_eq!(request.send().await.unwrap().status().as_u16(), 415);
    }
    for body in ["{", "5", "\"x\"", "null", "{\"language\":}", "\u{feff}"] {
        let answer = runner.post(EXECUTE, Some("application/json"), body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(answer.json()["message"].is_string(), "{body}");
    }
    let answer = runner.post(EXECUTE, Some("application/json"), "").await;
    assert_eq!(
        answer.json(),
        json!({"message": "language is required as a string"})
    );
    let answer = runner
        .post(EXECUTE, Some("application/json"), " ".repeat(1001))
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (400, json!({"message": "request entity too large"}))
    );
    runner.stop().await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_not_found() {
    let runner = Runner::start(&["python"], &[]).await;
    let not_found = json!({"message": "Not Found"});
    for path in [
        EXECUTE,
        "/api/v2",
        "/api/v2/",
        "/api/v2/x",
        "/api/v1/execute",
        "/x",
    ] {
        let answer = runner.get(path).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, not_found.clone()),
            "GET {path}"
        );
    }
    for path in ["/api/v2/runtimes", "/api/v2/x", "/", "/healthz"] {
        let answer = runner.post(path, Some("application/json"), "{}").await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, not_found.clone()),
            "POST {path}"
        );
    }
    assert_eq!(runner.get("/").await.status, 200);
    runner.stop().await;
}

/// As Express does, and as the clients of Piston expect that send it.
#[tokio::test]
async fn slash_at_the_end_of_a_path_is_ignored() {
    let runner = Runner::start(&["python"], &[]).await;
    let list = runner.get("/api/v2/runtimes/").await;
    assert_eq!(
        (list.status, list.json().as_array().unwrap().len()),
        (200, 1)
    );
    let json = Some("application/json");
    let body = valid().to_string();
    let answer = runner.post("/api/v2/execute/", json, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(runner.get("/api/v2/packages/").await.status, 403);
    assert_eq!(runner.get("/api/v2/execute/").await.status, 404);
    runner.stop().await;
}

#[tokio::test]
async fn runtimes_have_piston_s_members() {
    let runner = Runner::start(&["python", "javascript"], &[]).await;
    let answer = runner.get("/api/v2/runtimes").await;
    assert_eq!(answer.status, 200);
    let list = answer.json();
    let list = list.as_array().unwrap();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(list.len(), 2, "{list:?}");
    assert_eq!(
        keys(&list[0]),
        ["aliases", "allowance", "language", "version"]
    );
    assert_eq!(list[0]["language"], "python");
    assert_eq!(list[0]["aliases"], json!(["py", "py3", "python3"]));
    assert_eq!(
        keys(&list[1]),
        ["aliases", "allowance", "language", "runtime", "version"]
    );
    assert_eq!(list[1]["runtime"], "node");
    assert_eq!(list[1]["version"].as_str().unwrap().split('.').count(), 3);
    runner.stop().await;
}

#[tokio::test]
async fn execute_response_has_piston_s_members_and_types() {
    let runner = Runner::start(&["python"], &[]).await;
    let answer = runner.execute(&with(json!({"language": "py"}))).await;
    let body = answer.json();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        keys(&body),
        // Piston's, and our allowance, limits, queue_time and sandbox.
        [
            "allowance",
            "language",
            "limits",
            "queue_time",
            "run",
            "sandbox",
            "version"
        ],
        "no compile stage: no key"
    );
    assert_eq!(body["language"], "python", "the name, not the alias");
    let run = &body["run"];
    assert_eq!(
        keys(run),
        [
            "code",
            "cpu_time",
            "limit",
            "memory",
            "message",
            "output",
            "signal",
            "status",
            "stderr",
            "stdout",
            "wall_time"
        ]
    );
    assert_eq!(run["code"], 0);
    for null in ["signal", "message", "status", "limit"] {
        assert_eq!(run[null], Value::Null, "{null}");
    }
    for number in ["cpu_time", "wall_time", "memory"] {
        assert!(run[number].is_u64(), "{number}: {run}");
    }
    let memory = run["memory"].as_u64().unwrap();
    assert!(
        (1 << 20..256 << 20).contains(&memory),
        "bytes, not KiB: {memory}"
    );
    runner.stop().await;
}

#[tokio::test]
async fn versions_are_npm_ranges() {
    let runner = Runner::start(&["python"], &[]).await;
    let list = runner.get("/api/v2/runtimes").await.json();
    let version = list[0]["version"].as_str().unwrap().to_owned();
    let minor = version.rsplit_once('.').unwrap().0;
    for range in [
        &version,
        "3",
        "3.x",
        ">=3.0.0",
        "2 || 3",
        &format!("~{minor}"),
        minor,
        "x",
    ] {
        let answer = runner.execute(&with(json!({"version": range}))).await;
        assert_eq!(answer.status, 200, "{range}: {answer:?}");
        assert_eq!(
            answer.json()["version"],
            version,
            "the version chosen, not the range"
        );
    }
    for range in ["3.0.0", ">3", "<3", "4.x"] {
        assert_eq!(
            runner
                .execute(&with(json!({"version": range})))
                .await
                .status,
            400,
            "{range}"
        );
    }
    runner.stop().await;
}

#[tokio::test]
async fn token_is_required_if_one_is_configured() {
    let runner = Runner::start_with_token(&["python"], &[], Some("s3cret")).await;
    let client = reqwest::Client::new();
    let call = async |authorization: Option<&str>| {
        let mut request = client.get(format!("{}/api/v2/runtimes", runner.url));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        request.send().await.unwrap().status().as_u16()
    };
    for wrong in [
        None,
        Some("Bearer s3cre"),
        Some("Bearer s3crets"),
        Some("s3cret"),
        Some("Basic s3cret"),
        Some("Bearer "),
    ] {
        assert_eq!(call(wrong).await, 401, "{wrong:?}");
    }
    assert_eq!(call(Some("Bearer s3cret")).await, 200);
    assert_eq!(call(Some("bearer s3cret")).await, 200);
    // The token is checked before the body.
    assert_eq!(runner.post(EXECUTE, None, "").await.status, 401);
    let health = runner.get("/healthz").await;
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["sandbox"], "full");
    runner.stop().await;
}

#[tokio::test]
async fn foreign_host_header_is_refused_without_a_token() {
    let body = valid().to_string();
    for (token, status) in [(None, 403), (Some("s3cret"), 200)] {
        let runner = Runner::start_with_token(&["python"], &[], token).await;
        let request = reqwest::Client::new()
            .post(format!("{}{EXECUTE}", runner.url))
            .header("host", "evil.example:2000")
            .header("authorization", "Bearer s3cret")
            .header("content-type", "application/json");
        let answer = request.body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{token:?}");
        runner.stop().await;
    }
}
