//! The runner or redis-rest goes down and comes back. No job is lost, and no
//! submission is reported as stored that is not.

use serde_json::json;

use crate::stacks::Stacks;

support::tests![
    jobs_keep_their_order_while_the_runner_is_down,
    an_unreachable_redis_is_reported,
];

fn jobs_keep_their_order_while_the_runner_is_down(stacks: &Stacks) {
    let mut exclusive = stacks.exclusive();
    let code = |number: usize| format!("print({number})");
    let ids: Vec<String> = (0..4)
        .map(|number| {
            exclusive
                .submit_fn
                .submit("outage", "python", &code(number))
        })
        .collect();
    let lane = ["LRANGE", "problems", "0", "-1"];
    let before: Vec<String> = exclusive.redis.run(&lane);

    exclusive.stack.stop("runner");
    for query in ["", "?batch=3"] {
        let response = exclusive.worker_fn.work(query);
        response.assert_error(502, None, "No job was lost");
        assert_eq!(response.header("retry-after"), "5");
    }
    exclusive.stack.fire_cron().unwrap();
    assert_eq!(exclusive.redis.run::<Vec<String>>(&lane), before);
    // Submissions are still accepted, and their state is still right.
    let submit_fn = &exclusive.submit_fn;
    let late = submit_fn.submit("outage", "python", &code(4));
    assert_eq!(submit_fn.result(&late)["status"], "queued");

    exclusive.stack.restart("runner").unwrap();
    let body = exclusive.worker_fn.work("?batch=5").json();
    let outputs: Vec<&str> = body["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["result"]["output"].as_str().unwrap())
        .collect();
    assert_eq!(outputs, ["0\n", "1\n", "2\n", "3\n", "4\n"], "{body}");
    let first = exclusive.submit_fn.finished_result(&ids[0]);
    assert_eq!(first["output"], "0\n");
}

fn an_unreachable_redis_is_reported(stacks: &Stacks) {
    let mut exclusive = stacks.exclusive();
    let id = exclusive.submit_fn.submit("redis", "python", "print(1)");
    exclusive.stack.stop("redis-rest");
    let body = json!({"problemId": "redis", "language": "python", "code": "print(2)"});
    for response in [
        exclusive.submit_fn.post("/submit", &body.to_string()),
        exclusive.submit_fn.get(&format!("/result/{id}")),
        exclusive.worker_fn.work(""),
    ] {
        response.assert_error(503, None, "does not answer");
        assert_eq!(response.header("retry-after"), "5");
        assert!(!response.text.contains("127.0.0.1"), "{}", response.text);
    }
    exclusive.stack.restart("redis-rest").unwrap();
    // What was accepted is still there, what was refused is not.
    assert_eq!(exclusive.redis.run::<u64>(&["LLEN", "problems"]), 1);
    let body = exclusive.worker_fn.work("").json();
    assert_eq!(body["result"]["id"], json!(id));
}
