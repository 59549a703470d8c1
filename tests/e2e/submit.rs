//! The main job: submit, wait a moment, read what really ran.

use std::time::Instant;

use serde_json::{Value, json};

use crate::world::{Test, World, get, post, request, result_of, submit};

pub(crate) const TESTS: &[Test] = &[
    (
        "submit::python_and_javascript_really_run",
        python_and_javascript_really_run,
    ),
    (
        "submit::the_answer_tells_where_the_result_will_be",
        the_answer_tells_where_the_result_will_be,
    ),
    (
        "submit::plain_text_for_those_who_want_only_that",
        plain_text_for_those_who_want_only_that,
    ),
    (
        "submit::a_problem_shows_its_newest_results",
        a_problem_shows_its_newest_results,
    ),
    ("submit::failures_are_told_apart", failures_are_told_apart),
    (
        "submit::a_burst_is_done_once_each",
        a_burst_is_done_once_each,
    ),
    (
        "submit::health_languages_and_preflight",
        health_languages_and_preflight,
    ),
];

fn python_and_javascript_really_run(world: &World) {
    let base = world.usual().submit;
    for (language, code, output) in [
        ("python", "print('Hello, World!')", "Hello, World!\n"),
        ("javascript", "console.log(1+1)", "2\n"),
        ("py", "import sys; print(sys.version_info.major)", "3\n"),
        ("python", "print('ä€😀')", "ä€😀\n"),
    ] {
        let started = Instant::now();
        let id = submit(&base, "hello", language, code);
        let result = result_of(&base, &id);
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

fn the_answer_tells_where_the_result_will_be(world: &World) {
    let base = world.usual().submit;
    let body = json!({"problemId": "where", "language": "python", "code": "print(1)"});
    let answer = post(&format!("{base}/submit"), &body.to_string());
    let stored = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(stored["success"], true);
    assert_eq!(stored["message"], "Submission received and stored.");
    assert!(stored["position"].as_u64().unwrap() >= 1);
    let id = stored["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("/result/{id}"));
    let url = stored["resultUrl"].as_str().unwrap();
    assert_eq!(url, format!("{base}/result/{id}"));
    assert_eq!(get(url).status, 200);
}

fn plain_text_for_those_who_want_only_that(world: &World) {
    let base = world.usual().submit;
    let body = json!({"problemId": "plain", "language": "python", "code": "print(1)"});
    let answer = request(
        "POST",
        &format!("{base}/submit"),
        &[("accept", "text/plain")],
        Some(body.to_string().as_bytes()),
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text, "Submission received and stored.");
    assert!(answer.header("content-type").starts_with("text/plain"));
    assert!(answer.header("location").starts_with("/result/"));
}

fn a_problem_shows_its_newest_results(world: &World) {
    let base = world.usual().submit;
    let mut ids = Vec::new();
    for number in 1..=3 {
        let id = submit(&base, "newest-first", "python", &format!("print({number})"));
        result_of(&base, &id);
        ids.insert(0, id);
    }
    let body = get(&format!("{base}/result/newest-first")).json();
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

fn failures_are_told_apart(world: &World) {
    let usual = world.usual();
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
            "Runtime Error",
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
        .map(|(language, code, _, _)| submit(&usual.submit, "failures", language, code))
        .collect();
    for ((language, code, verdict, said), id) in cases.iter().zip(ids) {
        let result = result_of(&usual.submit, &id);
        assert_eq!(result["verdict"], *verdict, "{language}: {code}: {result}");
        let output = result["output"].as_str().unwrap();
        assert!(output.contains(said), "{output:?} should say {said:?}");
    }
}

fn a_burst_is_done_once_each(world: &World) {
    let base = world.usual().submit;
    let count = 30;
    let ids: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|number| {
                let base = &base;
                scope.spawn(move || submit(base, "burst", "python", &format!("print({number})")))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(result_of(&base, id)["output"], format!("{number}\n"));
    }
    let body = get(&format!("{base}/result/burst")).json();
    assert_eq!(body["results"].as_array().unwrap().len(), count);
}

fn health_languages_and_preflight(world: &World) {
    let usual = world.usual();
    let base = usual.submit;
    let health = get(&base);
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["success"], true);
    assert_eq!(health.header("access-control-allow-origin"), "*");
    let head = request("HEAD", &base, &[], None);
    assert_eq!((head.status, head.text.as_str()), (200, ""));

    let offered = get(&format!("{base}/languages")).json();
    let names: Vec<&Value> = offered["languages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["language"])
        .collect();
    assert!(names.contains(&&json!("python")), "{offered}");
    assert!(names.contains(&&json!("javascript")), "{offered}");

    for (path, methods) in [
        ("/submit", "POST, OPTIONS"),
        ("/result/x", "GET, HEAD, OPTIONS"),
    ] {
        let answer = request(
            "OPTIONS",
            &format!("{base}{path}"),
            &[
                ("origin", "https://practice.example"),
                ("access-control-request-method", "POST"),
            ],
            None,
        );
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-methods"), methods);
        assert!(
            answer
                .header("access-control-allow-headers")
                .contains("Content-Type")
        );
    }
    // worker-fn answers at its root too, as the classic worker did.
    assert_eq!(get(&usual.worker).status, 200);
}
