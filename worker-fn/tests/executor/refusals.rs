//! What an endpoint refuses is told in the words of our API.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use worker_fn::instance::Instance;

use crate::drains::{answer_to_service, app, runtimes, success};
use crate::mock_server::{MockServer, Received};
use crate::support::alone;

/// As our runner with 12 s of CPU time at most.
fn runner(request: &Received) -> (u16, Value) {
    if request.path.ends_with("/runtimes") {
        return (200, runtimes("python"));
    }
    let body = &request.body;
    let refused = |why: String| (400, json!({ "message": why }));
    let language = body["language"].as_str().unwrap();
    if language != "python" {
        return refused(format!("{language}-* runtime is unknown"));
    }
    for (name, most) in [
        ("run_memory_limit", 512 << 20),
        ("run_timeout", 37_000),
        ("run_cpu_time", 12_000),
    ] {
        if body[name].as_u64().is_some_and(|number| number > most) {
            let why = format!("{name} cannot exceed the configured limit of {most}");
            return refused(why);
        }
    }
    success()
}

async fn answered(server: &MockServer, path: &str, body: &Value) -> (u16, Value) {
    let variables = [
        ("EXECUTOR_URL", format!("{}/a", server.url)),
        ("EXECUTOR_TIMEOUT_MS", "60000".to_owned()),
        ("LEASE_MS", "200000".to_owned()),
    ];
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .body(Bytes::from(body.to_string()))
        .unwrap();
    let instance = Instance::default();
    let app = app(&instance, server, &variables);
    let response = answer_to_service(&app, request).await;
    let answer = serde_json::from_slice(response.body()).unwrap();
    (response.status().as_u16(), answer)
}

#[test]
fn a_limit_above_the_endpoints_is_named_with_the_most_that_there_is() {
    alone(async {
        let server = MockServer::start(runner).await;
        for (name, asked, most) in [
            ("timeMs", 12_001, 12_000),
            ("timeMs", 100_000, 12_000),
            ("memoryBytes", 1_u64 << 30, 512 << 20),
        ] {
            let field = format!("limits.{name}");
            let says = format!("{field} must be at most {most}, ");
            let (_, given) = answered(&server, "/limits", &json!({ name: asked })).await;
            assert_eq!(
                (&given["field"], &given["most"]),
                (&json!(field), &json!(most))
            );
            assert!(
                given["refused"].as_str().unwrap().starts_with(&says),
                "{given}"
            );
            let body = json!({"code": "c", "language": "python", "limits": {name: asked}});
            let (status, answer) = answered(&server, "/run", &body).await;
            let error = &answer["error"];
            assert_eq!((status, &error["field"]), (422, &json!(field)), "{answer}");
            assert!(
                error["message"].as_str().unwrap().starts_with(&says),
                "{answer}"
            );
            let (_, given) = answered(&server, "/limits", &json!({ name: most })).await;
            assert_eq!(given, json!({"success": true, "submissionMs": 60_000}));
        }
    });
}

/// In the words of `POST /submit`.
#[test]
fn a_run_in_an_unknown_language_is_told_which_there_are() {
    alone(async {
        let server = MockServer::start(runner).await;
        let body = json!({"code": "c", "language": "Python"});
        let (status, answer) = answered(&server, "/run", &body).await;
        let said = "language \"Python\" is not offered. Offered are: python";
        let error = &answer["error"];
        assert_eq!(
            (status, &error["field"]),
            (422, &json!("language")),
            "{answer}"
        );
        assert!(
            error["message"].as_str().unwrap().starts_with(said),
            "{answer}"
        );
        // What is offered was not asked for where nothing was refused.
        let body = json!({"code": "c", "language": "python"});
        let before = server.requests().len();
        assert_eq!(answered(&server, "/run", &body).await.0, 200);
        assert_eq!(server.requests().len(), before + 1);
    });
}
