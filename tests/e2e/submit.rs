//! `POST /submit` and `GET /result/:id`: submit, wait a moment, read the result.

use std::time::Instant;

use serde_json::{Value, json};

use crate::stacks::{Clients, Stacks};

support::tests![
    python_and_javascript_are_run,
    the_response_names_the_result_url,
    plain_text_is_sent_to_clients_that_accept_only_that,
    a_problem_lists_its_newest_results,
    failures_have_different_verdicts,
    a_burst_is_run_once_each,
    health_languages_and_preflight_are_answered,
];

fn python_and_javascript_are_run(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    for (language, code, output) in [
        ("python", "print('Hello, World!')", "Hello, World!\n"),
        ("javascript", "console.log(1+1)", "2\n"),
        ("py", "import sys; print(sys.version_info.major)", "3\n"),
        ("python", "print('ä€😀')", "ä€😀\n"),
    ] {
        let started = Instant::now();
        let id = submit_fn.submit("hello", language, code);
        let result = submit_fn.finished_result(&id);
        println!("{language}: a result after {:?}", started.elapsed());
        assert_eq!(result["id"], json!(id));
        assert_eq!(result["status"], "done");
        assert_eq!(result["verdict"], "Executed", "{result}");
        assert_eq!(result["output"], output);
        assert_eq!(result["run"]["stdout"], output);
        assert_eq!(result["run"]["code"], 0);
        assert!(
            result["run"]["wallTimeMs"].as_u64().unwrap() > 0,
            "{result}"
        );
        assert!(
            result["run"]["memoryBytes"].as_u64().unwrap() > 100_000,
            "{result}"
        );
        assert!(!result["languageVersion"].as_str().unwrap().is_empty());
        let times: Vec<u64> = ["submittedAtMs", "startedAtMs", "finishedAtMs"]
            .iter()
            .map(|name| result[*name].as_u64().unwrap())
            .collect();
        assert!(times.is_sorted(), "{times:?}");
    }
}

fn the_response_names_the_result_url(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let body = json!({"problemId": "where", "language": "python", "code": "print(1)"});
    let response = submit_fn.post("/submit", &body.to_string());
    let stored = response.json();
    assert_eq!(response.status, 200);
    assert_eq!(stored["success"], true);
    assert_eq!(stored["message"], "Submission received and stored.");
    assert!(stored["position"].as_u64().unwrap() >= 1);
    let id = stored["id"].as_str().unwrap();
    let path = format!("/result/{id}");
    assert_eq!(response.header("location"), path);
    assert_eq!(stored["resultUrl"], format!("{}{path}", submit_fn.url));
    assert_eq!(submit_fn.get(&path).status, 200);
}

fn plain_text_is_sent_to_clients_that_accept_only_that(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let body = json!({"problemId": "plain", "language": "python", "code": "print(1)"});
    let response = submit_fn.request(
        "POST",
        "/submit",
        &[("accept", "text/plain")],
        Some(body.to_string().as_bytes()),
    );
    assert_eq!(response.status, 200);
    assert_eq!(response.text, "Submission received and stored.");
    assert!(response.header("content-type").starts_with("text/plain"));
    assert!(response.header("location").starts_with("/result/"));
}

fn a_problem_lists_its_newest_results(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let mut ids = Vec::new();
    for number in 1..=3 {
        let id = submit_fn.submit("newest-first", "python", &format!("print({number})"));
        submit_fn.finished_result(&id);
        ids.insert(0, id);
    }
    let body = submit_fn.result("newest-first");
    assert_eq!(body["id"], "newest-first");
    assert_eq!(body["output"], json!(["3\n", "2\n", "1\n"]));
    let listed: Vec<&str> = body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ids);
}

fn failures_have_different_verdicts(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let cases = [
        (
            "python",
            "import sys; print('x'); sys.exit(3)",
            "Runtime Error",
            "x",
        ),
        (
            "python",
            "this is no python",
            "Compilation Error",
            "SyntaxError",
        ),
        ("python", "import os; os.abort()", "Runtime Error", ""),
        (
            "javascript",
            "throw new Error('boom')",
            "Runtime Error",
            "boom",
        ),
        ("python", "while True: pass", "Time Limit Exceeded", ""),
        (
            "python",
            "while True: print('x' * 1000)",
            "Output Limit Exceeded",
            "xxx",
        ),
    ];
    let ids: Vec<String> = cases
        .iter()
        .map(|(language, code, _, _)| submit_fn.submit("failures", language, code))
        .collect();
    for ((language, code, verdict, part), id) in cases.iter().zip(ids) {
        let result = submit_fn.finished_result(&id);
        assert_eq!(result["verdict"], *verdict, "{language}: {code}: {result}");
        let output = result["output"].as_str().unwrap();
        assert!(output.contains(part), "{output:?} lacks {part:?}");
    }
}

fn a_burst_is_run_once_each(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let count = 30;
    let ids: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|number| {
                let submit_fn = &submit_fn;
                let code = format!("print({number})");
                scope.spawn(move || submit_fn.submit("burst", "python", &code))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for (number, id) in ids.iter().enumerate() {
        let result = submit_fn.finished_result(id);
        assert_eq!(result["output"], format!("{number}\n"));
    }
    let body = submit_fn.result("burst");
    assert_eq!(body["results"].as_array().unwrap().len(), count);
}

fn health_languages_and_preflight_are_answered(stacks: &Stacks) {
    let Clients {
        submit_fn,
        worker_fn,
    } = stacks.shared();
    let health = submit_fn.get("/");
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["success"], true);
    assert_eq!(health.header("access-control-allow-origin"), "*");
    let head = submit_fn.request("HEAD", "/", &[], None);
    assert_eq!((head.status, head.text.as_str()), (200, ""));

    let languages = submit_fn.get("/languages").json();
    let names: Vec<&Value> = languages["languages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["language"])
        .collect();
    assert!(names.contains(&&json!("python")), "{languages}");
    assert!(names.contains(&&json!("javascript")), "{languages}");

    for (path, methods) in [
        ("/submit", "POST, OPTIONS"),
        ("/result/x", "GET, HEAD, OPTIONS"),
    ] {
        let response = submit_fn.request(
            "OPTIONS",
            path,
            &[
                ("origin", "https://practice.example"),
                ("access-control-request-method", "POST"),
            ],
            None,
        );
        assert_eq!(response.status, 204);
        assert_eq!(response.header("access-control-allow-origin"), "*");
        assert_eq!(response.header("access-control-allow-methods"), methods);
        let headers = response.header("access-control-allow-headers");
        for name in ["Authorization", "Content-Type", "X-API-Key"] {
            assert!(headers.contains(name), "{headers}");
        }
        assert_eq!(response.header("access-control-max-age"), "86400");
        assert_eq!(response.header("access-control-allow-credentials"), "");
    }
    // worker-fn answers at its root too, as the classic worker did.
    assert_eq!(worker_fn.get("/").status, 200);
}
