//! Who may see what belongs to others, where access is not open: neither code nor
//! results nor ids are shown to strangers, at either Worker.

use serde_json::{Value, json};

use crate::stacks::Stacks;

support::tests![
    strangers_get_no_job_of_worker_fn,
    the_workers_reach_each_other_all_the_same,
    an_index_shows_strangers_verdicts_only,
];

fn strangers_get_no_job_of_worker_fn(stacks: &Stacks) {
    let closed = stacks.closed();
    let (submit_fn, worker_fn) = (&closed.submit_fn, &closed.worker_fn);
    assert_eq!(submit_fn.admin("POST", "/pause", None).status, 200);
    submit_fn.submit("secret", "python", "SECRET = 'mine'");

    for path in ["/worker", "/worker?batch=20", "/languages"] {
        let response = worker_fn.get(path);
        response.assert_error(401, None, "operator's token");
        assert!(!response.text.contains("mine"), "{}", response.text);
    }
    worker_fn
        .post("/wake", "")
        .assert_error(401, None, "operator's token");
    submit_fn
        .get("/worker")
        .assert_error(401, None, "operator's token");
    let headers = [("authorization", "Bearer wrong")];
    let wrong = worker_fn.request("GET", "/worker", &headers, None);
    assert_eq!(wrong.status, 401);

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
    let submit_fn = &stacks.closed().submit_fn;
    assert_eq!(submit_fn.get("/languages").status, 200);
    // No cron is fired here: only a wake-up runs it.
    let result = submit_fn.judge("woken", "python", "print('awake')");
    assert_eq!(result["output"], "awake\n");
    let run = json!({"language": "python", "code": "print(1)"});
    let run = submit_fn.post("/run", &run.to_string());
    assert_eq!((run.status, &run.json()["output"]), (200, &json!("1\n")));
}

fn an_index_shows_strangers_verdicts_only(stacks: &Stacks) {
    let submit_fn = &stacks.closed().submit_fn;
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
