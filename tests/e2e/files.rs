//! Submissions of several files, with an input, arguments and limits of their own: every
//! way that a program takes, with the real runner.

use serde_json::{Value, json};
use support::api::SubmitFn;
use support::wait::{SOON, wait_for, wait_until};

use crate::judging::{executions, publish_samples};
use crate::stacks::Stacks;

support::tests![
    programs_of_several_files_are_run,
    the_entry_need_not_be_the_first,
    a_run_takes_several_files,
    files_are_judged_and_judged_again,
    files_of_foreign_producers_are_run,
    bad_names_are_refused_by_their_place,
    a_function_takes_code_alone,
    a_batch_has_an_outcome_for_each_set_of_files,
    as_many_bytes_as_allowed_come_through,
    a_submission_without_a_problem_has_an_input_of_its_own,
];

fn file(name: &str, content: &str) -> Value {
    json!({"name": name, "content": content})
}

/// Bytes that are no text: 0, 255, 128 and a line break.
fn bytes(name: &str) -> Value {
    json!({"name": name, "content": "AP+ACg==", "encoding": "base64"})
}

fn programs() -> Vec<(&'static str, Vec<Value>, &'static str)> {
    vec![
        (
            "python",
            vec![
                file(
                    "main.py",
                    "from lib.square import square\nprint(square(7), list(open('data/raw.bin', 'rb').read()))",
                ),
                file("lib/square.py", "def square(x):\r\n    return x * x\r\n"),
                bytes("data/raw.bin"),
            ],
            "49 [0, 255, 128, 10]\n",
        ),
        (
            "c++",
            vec![
                file(
                    "main.cpp",
                    "#include <cstdio>\n#include \"lib/square.h\"\nint main() { std::printf(\"%d\\n\", square(7)); }",
                ),
                file("lib/square.h", "int square(int);"),
                file(
                    "lib/square.cpp",
                    "#include \"square.h\"\nint square(int x) { return x * x; }",
                ),
            ],
            "49\n",
        ),
        (
            "java",
            vec![
                file(
                    "Main.java",
                    "public class Main { public static void main(String[] a) { System.out.println(Square.of(7)); } }",
                ),
                file(
                    "Square.java",
                    "public class Square { static int of(int x) { return x * x; } }",
                ),
            ],
            "49\n",
        ),
        (
            "javascript",
            vec![
                file(
                    "main.mjs",
                    "import { square } from './square.mjs';\nconsole.log(square(7));",
                ),
                file("square.mjs", "export const square = (x) => x * x;"),
            ],
            "49\n",
        ),
    ]
}

fn submission(problem: &str, language: &str, files: &[Value]) -> Value {
    json!({"problemId": problem, "language": language, "files": files})
}

/// The output of a submission without a problem.
fn output(submit_fn: &SubmitFn, body: &Value) -> Value {
    let result = submit_fn.finished_result(&submit_fn.submit_body(body));
    assert_eq!(result["verdict"], "Executed", "{result}");
    result["output"].clone()
}

fn programs_of_several_files_are_run(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    for (language, files, expected) in programs() {
        let body = submission("no-problem", language, &files);
        assert_eq!(output(&submit_fn, &body), expected, "{language}");
    }
}

fn the_entry_need_not_be_the_first(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    for (language, mut files, expected) in programs() {
        let entry = files[0]["name"].clone();
        files.rotate_left(1);
        let mut body = submission("no-problem", language, &files);
        body["entry"] = entry;
        assert_eq!(output(&submit_fn, &body), expected, "{language}");
    }
}

fn a_run_takes_several_files(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let files = [
        file("lib.py", "def read():\n    return input()"),
        file(
            "app.py",
            "import lib, sys\nprint(lib.read()[::-1], sys.argv[1:])",
        ),
    ];
    let mut body = json!({"language": "python", "files": files, "entry": "app.py",
                          "stdin": "abc", "args": ["-n", "ä b"]});
    let run = |body: &Value| submit_fn.run(&body.to_string());
    let result = run(&body).json();
    assert_eq!(result["output"], "cba ['-n', 'ä b']\n", "{result}");
    body["files"][1]["content"] = json!("while True: pass");
    body["limits"] = json!({"timeMs": 300});
    let result = run(&body).json();
    assert_eq!(result["verdict"], "Time Limit Exceeded", "{result}");
    // Above the runner's own.
    body["limits"] = json!({"memoryBytes": 16_u64 << 30});
    let (field, says) = ("limits.memoryBytes", "limits.memoryBytes must be at most");
    run(&body).assert_error(422, Some(field), says);
    body["files"][0]["name"] = json!("../lib.py");
    run(&body).assert_error(422, Some("files[0].name"), "..");
}

fn files_are_judged_and_judged_again(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let problem = |input: &str, expected: &str| {
        json!({"title": "Square", "kind": "program", "cases": [
            {"input": "2", "expected": "4"},
            {"input": input, "expected": expected, "hidden": true},
        ]})
    };
    submit_fn.publish("square", &problem("3", "0"));
    let files = [
        file("square.py", "def square(x): return x * x"),
        file(
            "main.py",
            "from square import square\nprint(square(int(input())))",
        ),
    ];
    let mut body = submission("square", "python", &files);
    body["entry"] = json!("main.py");
    let id = submit_fn.submit_body(&body);
    let processed = exclusive.worker_fn.work("").json();
    assert_eq!(processed["job"]["files"], json!(files), "{processed}");
    assert_eq!(processed["job"]["entry"], "main.py");
    assert_eq!(processed["job"]["code"], Value::Null);
    assert_eq!(
        processed["result"]["verdict"], "Wrong Answer",
        "{processed}"
    );
    let wait_for = |verdict: &str| {
        let path = "/problems/square/rejudge";
        let response = submit_fn.admin("POST", path, None);
        assert_eq!(response.json()["requeued"], 1, "{}", response.text);
        exclusive.worker_fn.work("");
        wait_until("the submission is judged again", SOON, || {
            submit_fn.finished_result(&id)["verdict"] == verdict
        });
    };
    // Other expected values are compared with the stored answers, and other inputs are run.
    let before = executions(&exclusive);
    submit_fn.publish("square", &problem("3", "9"));
    wait_for("Accepted");
    assert_eq!(executions(&exclusive), before);
    submit_fn.publish("square", &problem("4", "17"));
    wait_for("Wrong Answer");
    submit_fn.publish("square", &problem("5", "25"));
    wait_for("Accepted");
    assert!(executions(&exclusive) > before);
}

fn files_of_foreign_producers_are_run(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let item = json!({"problemId": 7, "language": "python", "args": ["x"], "files": [
        file("main.py", "import lib, sys; print(lib.VALUE, sys.argv[1:], input())"),
        file("lib.py", "VALUE = 5"),
    ], "stdin": "typed"});
    for payload in [item.to_string(), json!([item.to_string()]).to_string()] {
        exclusive.redis.lpush("problems", payload.as_bytes());
        let processed = exclusive.worker_fn.work("").json();
        assert_eq!(
            processed["result"]["output"], "5 ['x'] typed\n",
            "{processed}"
        );
    }
    let bad = json!({"problemId": 7, "language": "python", "files": [file("/etc/x", "")]});
    exclusive
        .redis
        .lpush("problems", bad.to_string().as_bytes());
    exclusive.worker_fn.work("");
    let dead = exclusive.submit_fn.admin("GET", "/dead", None).json();
    let reason = dead["dead"][0]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("files[0].name"), "{dead}");
    // submit-fn refuses files for a function, and a foreign producer is not asked.
    publish_samples(&exclusive.submit_fn);
    let function = json!({"problemId": "two-sum", "language": "python", "files": [file("a", "")]});
    exclusive
        .redis
        .lpush("problems", function.to_string().as_bytes());
    let processed = exclusive.worker_fn.work("").json();
    assert_eq!(
        processed["result"]["verdict"], "Internal Error",
        "{processed}"
    );
    let output = processed["result"]["output"].as_str().unwrap_or_default();
    assert!(output.contains("not files"), "{processed}");
}

fn bad_names_are_refused_by_their_place(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    for (name, part) in [
        ("", "1 to 128 bytes"),
        (&*"x".repeat(129), "1 to 128 bytes"),
        ("../x", ".."),
        ("a/../../x", ".."),
        ("/etc/passwd", "relative"),
        ("a//b", "empty parts"),
        ("a\\b", "backslash"),
        ("a\u{0}b", "control"),
        ("a\nb", "control"),
        ("a.out", "compilers write"),
        ("a.exe", "compilers write"),
        ("MAIN.py", "the name of files[0]"),
        ("main.py/x", "files[0] as its folder"),
    ] {
        let files = [file("main.py", "print(1)"), file("ok", ""), file(name, "")];
        for (path, mut body) in [
            ("/submit", submission("no-problem", "python", &files)),
            ("/run", submission("no-problem", "python", &files)),
        ] {
            if path == "/run" {
                body.as_object_mut().unwrap().remove("problemId");
            }
            let response = submit_fn.post(path, &body.to_string());
            response.assert_error(422, Some("files[2].name"), part);
        }
    }
    let mut both = submission("no-problem", "python", &[file("a", "")]);
    both["code"] = json!("print(1)");
    let response = submit_fn.post("/submit", &both.to_string());
    response.assert_error(422, Some("files"), "not both");
}

fn a_function_takes_code_alone(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    let mut body = submission("two-sum", "python", &[file("main.py", "x")]);
    let response = submit_fn.post("/submit", &body.to_string());
    response.assert_error(422, Some("files"), "give code, not files");
    body["args"] = json!([[1], 2]);
    let response = submit_fn.post("/run", &body.to_string());
    response.assert_error(422, Some("files"), "give code, not files");
}

fn a_batch_has_an_outcome_for_each_set_of_files(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    let good = [file("main.py", "import lib"), file("lib.py", "print(5)")];
    let bad = [file("main.py", ""), file("a\\b", "")];
    let body = json!({"submissions": [
        submission("no-problem", "python", &good),
        submission("no-problem", "python", &bad),
        submission("two-sum", "python", &good),
    ]});
    let response = submit_fn.post("/submit/batch", &body.to_string()).json();
    let results = &response["results"];
    assert_eq!(results[1]["error"]["field"], "files[1].name", "{response}");
    assert_eq!(results[2]["error"]["field"], "files", "{response}");
    let result = submit_fn.finished_result(results[0]["id"].as_str().unwrap());
    assert_eq!(result["output"], "5\n", "{result}");
}

fn as_many_bytes_as_allowed_come_through(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    // 32 files; 4 bytes of base64 for each 3.
    let main =
        "import os; print(sum(os.path.getsize(one) for one in os.listdir() if one != 'main.py'))";
    let rest = 256 * 1024 - main.len();
    let mut files = vec![file("main.py", main)];
    for index in 0..31 {
        let bytes = rest / 31 + usize::from(index < rest % 31);
        let padding = ["", "==", "="][bytes % 3];
        let digits = (bytes * 4).div_ceil(3);
        let content = "A".repeat(digits) + padding;
        files.push(
            json!({"name": format!("{index}.bin"), "content": content, "encoding": "base64"}),
        );
    }
    let body = submission("no-problem", "python", &files).to_string();
    // Other tests' submissions may wait in the same queue, which then takes none as large.
    let id = wait_for("room for a large submission", SOON, || {
        let response = submit_fn.post("/submit", &body);
        if response.status == 429 {
            return None;
        }
        assert_eq!(response.status, 200, "{}", response.text);
        response.json()["id"].as_str().map(str::to_owned)
    });
    let result = submit_fn.finished_result(&id);
    assert_eq!(result["output"], format!("{rest}\n"), "{result}");
    files.push(file("one-more", ""));
    let response = submit_fn.post(
        "/submit",
        &submission("no-problem", "python", &files).to_string(),
    );
    response.assert_error(422, Some("files"), "1 to 32");
    files.pop();
    files[0] = file("main.py", &format!("{main} "));
    let response = submit_fn.post(
        "/submit",
        &submission("no-problem", "python", &files).to_string(),
    );
    response.assert_error(413, Some("files"), "262144");
}

fn a_submission_without_a_problem_has_an_input_of_its_own(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    let code = "import sys; print(input(), sys.argv[1:])";
    let mut body = json!({"problemId": "no-problem", "language": "python", "code": code,
                          "stdin": "typed\nmore", "args": ["-x", "it's", ""]});
    assert_eq!(output(&submit_fn, &body), "typed ['-x', \"it's\", '']\n");
    body["code"] = json!("while True: pass");
    body["limits"] = json!({"timeMs": 300});
    let result = submit_fn.finished_result(&submit_fn.submit_body(&body));
    assert_eq!(result["verdict"], "Time Limit Exceeded", "{result}");
    body["code"] = json!("x = bytearray(200 << 20)");
    body["limits"] = json!({"memoryBytes": 64 << 20});
    let result = submit_fn.finished_result(&submit_fn.submit_body(&body));
    assert_eq!(result["verdict"], "Memory Limit Exceeded", "{result}");
    // Above the runner's own.
    body["limits"] = json!({"memoryBytes": 16_u64 << 30});
    let result = submit_fn.finished_result(&submit_fn.submit_body(&body));
    assert_eq!(result["verdict"], "Internal Error", "{result}");
    for (field, value, part) in [
        ("stdin", json!(5), "string"),
        ("args", json!([5]), "args[0]"),
        ("limits", json!([]), "timeMs and memoryBytes"),
    ] {
        let mut body = body.clone();
        body[field] = value;
        let response = submit_fn.post("/submit", &body.to_string());
        response.assert_error(422, Some(field), part);
    }
    let mut unknown = body.clone();
    unknown["limits"] = json!({"cpuMs": 5});
    let response = submit_fn.post("/submit", &unknown.to_string());
    response.assert_error(422, Some("limits.cpuMs"), "timeMs, memoryBytes");
    body["problemId"] = json!("word-tally");
    let response = submit_fn.post("/submit", &body.to_string());
    response.assert_error(422, Some("stdin"), "has its own");
}
