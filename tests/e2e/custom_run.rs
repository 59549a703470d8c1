//! `POST /run`: a "Run" button.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use support::api::{ADDRESS_HEADER, SubmitFn};
use support::http::Response;
use support::wait::{SOON, wait_for, wait_until};

use crate::judging::publish_samples;
use crate::stacks::{Clients, Stacks};

support::tests![
    a_run_of_a_program_takes_its_stdin,
    a_run_of_a_function_takes_its_args,
    a_run_stores_nothing_and_passes_the_queue,
    invalid_runs_are_refused_with_the_field,
    a_client_has_two_places,
    a_client_that_goes_away_leaves_its_place,
    runs_cannot_be_sent_to_worker_fn_directly,
];

fn run(submit_fn: &SubmitFn, body: &Value) -> Response {
    submit_fn.run(&body.to_string())
}

fn a_run_of_a_program_takes_its_stdin(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let body = json!({"language": "python", "code": "print(input()[::-1])", "stdin": "abc\n"});
    let result = run(&submit_fn, &body).json();
    assert_eq!(
        (&result["verdict"], &result["output"]),
        (&json!("Executed"), &json!("cba\n"))
    );
    assert_eq!(result["run"]["code"], 0);
    let body = json!({"language": "python", "code": "import sys; sys.exit(4)"});
    let result = run(&submit_fn, &body).json();
    assert_eq!(
        (&result["verdict"], &result["run"]["code"]),
        (&json!("Runtime Error"), &json!(4))
    );
    let body = json!({"language": "c++", "code": "int main() { return x; }"});
    let result = run(&submit_fn, &body).json();
    assert_eq!(result["verdict"], "Compilation Error");
}

fn a_run_of_a_function_takes_its_args(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    let with = |code: &str| json!({"problemId": "two-sum", "language": "python", "code": code, "args": [[2, 7], 9]});
    let code = "def two_sum(nums, target):\n    print('looking')\n    return [len(nums), target]";
    let result = run(&submit_fn, &with(code)).json();
    assert_eq!(result["returned"], json!([2, 9]), "{result}");
    assert_eq!(result["verdict"], "Executed");
    let stderr = result["run"]["stderr"].as_str().unwrap();
    assert!(stderr.contains("looking"), "{result}");
    assert_eq!(result["run"]["stdout"], "");
    for (code, verdict, part) in [
        (
            "def two_sum(nums, target): return 1 / 0",
            "Runtime Error",
            "ZeroDivisionError",
        ),
        (
            "def two_sum(nums, target) return 1",
            "Compilation Error",
            "main.py",
        ),
        (
            "import os; os._exit(0)",
            "Runtime Error",
            "without an answer",
        ),
    ] {
        let result = run(&submit_fn, &with(code)).json();
        assert_eq!(result["verdict"], verdict, "{result}");
        let output = result["output"].as_str().unwrap();
        assert!(output.contains(part), "{result}");
    }
}

/// Requests of a client of this test's own, whose places no other test uses.
fn run_as(submit_fn: &SubmitFn, client: &str) -> Response {
    let body = json!({"language": "python", "code": "print(1)"}).to_string();
    send_as(submit_fn, client, &body)
}

fn send_as(submit_fn: &SubmitFn, client: &str, body: &str) -> Response {
    let headers = [(ADDRESS_HEADER, client)];
    submit_fn.request("POST", "/run", &headers, Some(body.as_bytes()))
}

fn a_run_stores_nothing_and_passes_the_queue(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    // Also a queue that is paused.
    assert_eq!(submit_fn.admin("POST", "/pause", None).status, 200);
    let response = run_as(submit_fn, "192.0.2.1");
    assert_eq!(response.json()["output"], "1\n", "{}", response.text);
    assert_eq!(submit_fn.admin("POST", "/resume", None).status, 200);
    assert_eq!(exclusive.redis.keys("*"), [""; 0]);
}

fn invalid_runs_are_refused_with_the_field(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    for (body, status, field, part) in [
        (json!({"language": "python"}), 422, "code", "required"),
        (
            json!({"language": "python", "code": ""}),
            422,
            "code",
            "empty",
        ),
        (json!({"code": "x"}), 422, "language", "required"),
        (
            json!({"language": "python", "code": "x", "stdin": 7}),
            422,
            "stdin",
            "string",
        ),
        (
            json!({"language": "python", "code": "x", "stdin": "x".repeat(65_537)}),
            413,
            "stdin",
            "65536",
        ),
        (
            json!({"language": "python", "code": "x", "input": "5"}),
            422,
            "input",
            "stdin",
        ),
        (
            json!({"language": "python", "code": "x", "args": [1]}),
            422,
            "args",
            "problemId",
        ),
        (
            json!({"language": "python", "code": "x", "args": [], "problemId": "unknown"}),
            404,
            "problemId",
            "no problem",
        ),
        (
            json!({"language": "python", "code": "x", "problemId": "two-sum"}),
            422,
            "args",
            "required",
        ),
        (
            json!({"language": "python", "code": "x", "problemId": "two-sum", "args": [1]}),
            422,
            "args",
            "2 values",
        ),
        (
            json!({"language": "python", "code": "x", "problemId": "two-sum", "args": [1, 2]}),
            422,
            "args[0]",
            "args[0] must",
        ),
        (
            json!({"language": "bash", "code": "x", "problemId": "two-sum", "args": [[1], 2]}),
            422,
            "language",
            "Python",
        ),
    ] {
        run(&submit_fn, &body).assert_error(status, Some(field), part);
    }
    let unknown = run(&submit_fn, &json!({"language": "cobol", "code": "x"}));
    assert_eq!(unknown.status, 422, "{}", unknown.text);
}

/// A run that takes a while.
fn slow_run() -> String {
    json!({"language": "python", "code": "import time\ntime.sleep(2)"}).to_string()
}

fn a_client_has_two_places(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let slow = slow_run();
    thread::scope(|scope| {
        // A look below may hold a place just then.
        let until_run = || {
            wait_for("a place for a slow run", SOON, || {
                let response = send_as(submit_fn, "192.0.2.30", &slow);
                (response.status != 429).then_some(response.status)
            })
        };
        let runs = [(); 2].map(|()| scope.spawn(until_run));
        let mut refused = None;
        wait_until("both places are taken", SOON, || {
            // A wrong one is under way for a moment only.
            let response = send_as(submit_fn, "192.0.2.30", "{}");
            let is_full = response.status == 429;
            refused = is_full.then_some(response);
            is_full
        });
        refused.unwrap().assert_error(
            429,
            None,
            "2 of your runs may be under way; try again in 2 s",
        );
        // Others have places of their own.
        assert_eq!(run_as(submit_fn, "192.0.2.31").status, 200);
        for run in runs {
            assert_eq!(run.join().unwrap(), 200);
        }
    });
}

fn a_client_that_goes_away_leaves_its_place(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let (headers, body) = ([(ADDRESS_HEADER, "192.0.2.40")], slow_run());
    thread::scope(|scope| {
        for _ in 0..2 {
            let within = Duration::from_millis(700);
            let body = Some(body.as_bytes());
            scope.spawn(move || {
                let answered = submit_fn.try_request("POST", "/run", &headers, body, within);
                assert!(answered.is_none());
            });
        }
    });
    // Long before the two and a half minutes after which a run counts as over.
    wait_until("a place is free again", SOON, || {
        run_as(submit_fn, "192.0.2.40").status == 200
    });
}

fn runs_cannot_be_sent_to_worker_fn_directly(stacks: &Stacks) {
    let Clients {
        submit_fn,
        worker_fn,
    } = stacks.shared();
    let body = json!({"language": "python", "code": "print(1)"}).to_string();
    for headers in [&[][..], &[("x-edgejudge-pass", "0000000000000000")]] {
        let response = worker_fn.request("POST", "/run", headers, Some(body.as_bytes()));
        assert_eq!(response.status, 404, "{}", response.text);
    }
    assert_eq!(submit_fn.get("/run").status, 405);
}
