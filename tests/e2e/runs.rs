//! `POST /run`: a "Run" button.

use std::time::Duration;

use serde_json::{Value, json};

use crate::judging::own;
use crate::world::{Answer, Test, Usual, World, get, post};

pub(crate) const TESTS: &[Test] = &[
    ("runs::a_program_with_its_input", program),
    ("runs::a_function_with_its_arguments", function),
    ("runs::nothing_is_stored_and_nobody_waits", stored),
    ("runs::bad_input_is_named", bad_input),
    ("runs::only_so_many_a_minute", rate),
    ("runs::the_way_past_submit_fn_is_closed", closed),
];

fn run(usual: &Usual, body: &Value) -> Answer {
    post(&format!("{}/run", usual.submit), &body.to_string())
}

fn program(world: &World) {
    let usual = world.usual();
    let body = json!({"language": "python", "code": "print(input()[::-1])", "stdin": "abc\n"});
    let answer = run(&usual, &body).json();
    assert_eq!(
        (&answer["verdict"], &answer["output"]),
        (&json!("Executed"), &json!("cba\n"))
    );
    assert_eq!(answer["run"]["code"], 0);
    let body = json!({"language": "python", "code": "import sys; sys.exit(4)"});
    let answer = run(&usual, &body).json();
    assert_eq!(
        (&answer["verdict"], &answer["run"]["code"]),
        (&json!("Runtime Error"), &json!(4))
    );
    let body = json!({"language": "c++", "code": "int main() { return x; }"});
    assert_eq!(run(&usual, &body).json()["verdict"], "Compilation Error");
}

fn function(world: &World) {
    let usual = world.usual();
    own(&usual);
    let with = |code: &str| json!({"problemId": "two-sum", "language": "python", "code": code, "args": [[2, 7], 9]});
    let code = "def two_sum(nums, target):\n    print('looking')\n    return [len(nums), target]";
    let answer = run(&usual, &with(code)).json();
    assert_eq!(answer["returned"], json!([2, 9]), "{answer}");
    assert_eq!(answer["verdict"], "Executed");
    assert!(
        answer["run"]["stderr"]
            .as_str()
            .unwrap()
            .contains("looking"),
        "{answer}"
    );
    assert_eq!(answer["run"]["stdout"], "");
    for (code, verdict, said) in [
        (
            "def two_sum(nums, target): return 1 / 0",
            "Runtime Error",
            "ZeroDivisionError",
        ),
        (
            "def two_sum(nums, target) return 1",
            "Compilation Error",
            "solution.py",
        ),
        (
            "import os; os._exit(0)",
            "Runtime Error",
            "without an answer",
        ),
    ] {
        let answer = run(&usual, &with(code)).json();
        assert_eq!(answer["verdict"], verdict, "{answer}");
        assert!(
            answer["output"].as_str().unwrap().contains(said),
            "{answer}"
        );
    }
}

fn stored(world: &World) {
    let quiet = world.quiet();
    let usual = quiet.usual();
    let body = json!({"language": "python", "code": "print(1)"});
    // It goes past the queue, also past one that is paused.
    assert_eq!(usual.operate("POST", "/pause", None).status, 200);
    let mut answer = run(&usual, &body);
    while answer.status == 429 {
        // Another test asked for all that this minute has.
        std::thread::sleep(Duration::from_secs(1));
        answer = run(&usual, &body);
    }
    assert_eq!(answer.json()["output"], "1\n");
    assert_eq!(usual.operate("POST", "/resume", None).status, 200);
    assert_eq!(quiet.redis(&["KEYS", "*"]), "");
}

fn bad_input(world: &World) {
    let usual = world.usual();
    own(&usual);
    for (body, status, field, said) in [
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
            json!({"language": "python", "code": "x", "args": []}),
            422,
            "args",
            "problemId",
        ),
        (
            json!({"language": "python", "code": "x", "args": [], "problemId": "nobodys"}),
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
            "args",
            "args[0]",
        ),
        (
            json!({"language": "bash", "code": "x", "problemId": "two-sum", "args": [[1], 2]}),
            422,
            "language",
            "Python",
        ),
    ] {
        run(&usual, &body).assert_error(status, Some(field), said);
    }
    let unknown = run(&usual, &json!({"language": "cobol", "code": "x"}));
    assert_eq!(unknown.status, 422, "{}", unknown.text);
}

fn rate(world: &World) {
    // It lets in four a minute.
    let quiet = world.quiet();
    let usual = quiet.usual();
    let body = json!({"language": "python", "code": "print(1)"});
    // A new minute may begin in between, once.
    let answers: Vec<Answer> = (0..9).map(|_| run(&usual, &body)).collect();
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(refused.header("retry-after").parse::<u32>().unwrap() <= 60);
    assert_eq!(refused.json()["error"]["code"], "too_many_runs");
}

fn closed(world: &World) {
    let usual = world.usual();
    let body = json!({"language": "python", "code": "print(1)"}).to_string();
    for headers in [&[][..], &[("x-edgejudge-pass", "0000000000000000")]] {
        let url = format!("{}/run", usual.worker);
        let answer = crate::world::request("POST", &url, headers, Some(body.as_bytes()));
        assert_eq!(answer.status, 404, "{}", answer.text);
    }
    assert_eq!(get(&format!("{}/run", usual.submit)).status, 405);
}
