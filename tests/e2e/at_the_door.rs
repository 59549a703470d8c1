//! What is said when a submission arrives, a problem is published or a result is
//! waited for; and the commands that go from a file to a verdict.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::wait::{SOON, wait_until};
use xtask::api::Api;
use xtask::{problems, submit};

use crate::judging::publish_samples;
use crate::stacks::Stacks;

support::tests![
    a_function_in_a_language_without_a_harness_is_refused,
    a_problem_that_is_not_known_is_named,
    a_result_is_waited_for,
    a_wait_ends_without_a_result,
    limits_that_the_endpoint_does_not_give_are_refused,
    cases_that_do_not_fit_into_the_time_are_a_warning,
    a_line_break_in_a_string_is_told_how_to_be_written,
    a_file_is_submitted_and_its_verdict_is_the_exit_code,
    solutions_are_held_to_their_names,
    a_problem_is_rejudged_and_unpublished_by_command,
];

fn submission(problem: &str, language: &str, code: &str) -> Value {
    json!({"problemId": problem, "language": language, "code": code})
}

fn a_function_in_a_language_without_a_harness_is_refused(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    let body = submission("two-sum", "bash", "echo");
    let response = submit_fn.post("/submit", &body.to_string());
    for part in ["python", "javascript", "typescript", "c++", "not in bash"] {
        response.assert_error(422, Some("language"), part);
    }
    // Programs are judged in every language; in a batch each item has its own answer.
    let batch = json!({"submissions": [
        body,
        submission("bar-chart", "bash", "echo"),
        submission("two-sum", "py", "def two_sum(n, t): return [0, 1]"),
        submission("nobodys-problem", "bash", "echo hello"),
    ]});
    let answer = submit_fn.post("/submit/batch", &batch.to_string()).json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results[0]["error"]["field"], "language", "{answer}");
    for (index, problem) in [(1, Value::Null), (2, Value::Null), (3, json!("unknown"))] {
        assert_eq!(results[index]["success"], true, "{answer}");
        assert_eq!(results[index]["problem"], problem, "{answer}");
        let result = submit_fn.finished_result(results[index]["id"].as_str().unwrap());
        assert_ne!(result["verdict"], "Internal Error", "{result}");
    }
}

fn a_problem_that_is_not_known_is_named(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    for (problem, state) in [("word-taly", json!("unknown")), ("word-tally", Value::Null)] {
        // The second answer comes from what the instance remembers.
        for _ in 0..2 {
            let body = submission(problem, "python", "print(1)");
            let stored = submit_fn.post("/submit", &body.to_string()).json();
            assert_eq!(stored["problem"], state, "{stored}");
            let result = submit_fn.finished_result(stored["id"].as_str().unwrap());
            assert_eq!(result["problem"], state, "{result}");
            assert_eq!(result["verdict"] == "Executed", !state.is_null());
        }
    }
    // A problem that was not known a moment ago is known once it is published.
    let problem = json!({
        "title": "New",
        "kind": "program",
        "cases": [{"input": "", "expected": "1\n"}],
    });
    submit_fn.publish("word-taly", &problem);
    let body = submission("word-taly", "python", "print(1)");
    let stored = submit_fn.post("/submit", &body.to_string()).json();
    assert_eq!(stored["problem"], Value::Null, "{stored}");
    submit_fn.admin("DELETE", "/problems/word-taly", None);
}

fn a_result_is_waited_for(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let id = submit_fn.submit(
        "waited-for",
        "python",
        "import time; time.sleep(1); print(7)",
    );
    let result = submit_fn.get(&format!("/result/{id}?wait=25")).json();
    assert_eq!(result["output"], "7\n", "{result}");
    // What is there is answered at once, and a wait has its limits.
    let started = Instant::now();
    submit_fn.get(&format!("/result/{id}?wait=25"));
    submit_fn.get("/result/waited-for?wait=25");
    assert!(started.elapsed() < Duration::from_secs(20));
    for wait in ["26", "-1", "1.5", "", "long"] {
        let response = submit_fn.get(&format!("/result/{id}?wait={wait}"));
        response.assert_error(422, Some("wait"), "0 to 25");
    }
}

fn a_wait_ends_without_a_result(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let id = submit_fn.submit("never", "python", "print(1)");
    let started = Instant::now();
    let result = submit_fn.get(&format!("/result/{id}?wait=2")).json();
    assert_eq!(result["status"], "queued", "{result}");
    let took = started.elapsed();
    assert!(took > Duration::from_millis(1_900), "{took:?}");
    // What is due after the wait is not waited for.
    let mut body = submission("never", "python", "print(1)");
    body["delayMs"] = json!(3_600_000);
    let id = submit_fn.submit_body(&body);
    let gets = || exclusive.redis.run::<String>(&["INFO", "commandstats"]);
    let before = count(&gets(), "get");
    let result = submit_fn.get(&format!("/result/{id}?wait=25")).json();
    assert_eq!(result["status"], "queued", "{result}");
    assert_eq!(count(&gets(), "get") - before, 1);
}

/// How often Redis ran a command.
fn count(stats: &str, command: &str) -> u64 {
    let line = format!("cmdstat_{command}:calls=");
    let calls = stats.split(&line).nth(1);
    let digits = calls.and_then(|rest| rest.split(',').next());
    digits.map_or(0, |digits| digits.parse().unwrap())
}

fn program(cases: usize, limits: &Value) -> Value {
    let case = json!({"input": "1\n", "expected": "1\n"});
    json!({"title": "P", "kind": "program", "limits": limits, "cases": vec![case; cases]})
}

fn limits_that_the_endpoint_does_not_give_are_refused(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let path = "/problems/asks-for-much";
    for (limits, field) in [
        (json!({"timeMs": 100_000}), "limits.timeMs"),
        (
            json!({"timeMs": 2_000, "factors": {"python": 50}}),
            "limits.timeMs",
        ),
        (json!({"memoryBytes": 16_u64 << 30}), "limits.memoryBytes"),
    ] {
        let problem = program(1, &limits);
        let response = submit_fn.admin("PUT", path, Some(&problem));
        response.assert_error(422, Some(field), "must be at most");
    }
    submit_fn.get(path).assert_error(404, None, "no problem");
}

fn cases_that_do_not_fit_into_the_time_are_a_warning(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    for (cases, warns) in [(8, true), (7, false)] {
        let problem = program(cases, &json!({"timeMs": 2_000, "memoryBytes": 1 << 26}));
        let answer = submit_fn
            .admin("PUT", "/problems/takes-long", Some(&problem))
            .json();
        assert_eq!(answer["success"], true, "{answer}");
        let warning = answer["notes"][0].as_str().unwrap_or_default();
        assert_eq!(warning.contains("EXECUTOR_TIMEOUT_MS"), warns, "{answer}");
    }
}

fn a_line_break_in_a_string_is_told_how_to_be_written(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    for path in ["/submit", "/submit/batch", "/run"] {
        let body = "{\"problemId\":\"x\",\"language\":\"python\",\"code\":\"print(1)\nprint(2)\"}";
        let response = submit_fn.post(path, body);
        response.assert_error(
            400,
            Some("body"),
            "a line break inside a string is written \\n",
        );
        response.assert_error(400, Some("body"), "column");
    }
}

/// A folder of files that is deleted when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let name = format!("e2e-{name}-{}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        for (file, text) in files {
            let path = folder.0.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn a_file_is_submitted_and_its_verdict_is_the_exit_code(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    let solutions = problems::own().join("two-sum/solutions");
    let folder = Folder::new(
        "submit",
        &[
            ("hello.py", "print('hello')"),
            ("notes.txt", "x"),
            ("f.sh", "echo"),
        ],
    );
    let api = Api::new(&submit_fn.url, None);
    let code = |problem: &str, path: PathBuf| submit::submit(&api, problem, &path, None);
    let accepted = code("two-sum", solutions.join("accepted.py")).unwrap();
    assert_eq!(accepted, ExitCode::SUCCESS);
    let mut files = fs::read_dir(&solutions)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap());
    let wrong = files.find(|name| name.starts_with("wrong")).unwrap();
    let wrong = code("two-sum", solutions.join(wrong)).unwrap();
    assert_eq!(wrong, ExitCode::from(1));
    let only_run = code("no-such-problem", folder.0.join("hello.py")).unwrap();
    assert_eq!(only_run, ExitCode::from(1));
    for (problem, file, part) in [
        ("two-sum", "notes.txt", "--language"),
        ("two-sum", "f.sh", "not in bash"),
        ("two-sum", "absent.py", "cannot read"),
    ] {
        let error = format!("{:#}", code(problem, folder.0.join(file)).unwrap_err());
        assert!(error.contains(part), "{error}");
    }
}

fn solutions_are_held_to_their_names(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let echo = json!({
        "title": "Echo",
        "kind": "program",
        "statement": "Say it again.",
        "limits": {"timeMs": 1000},
        "cases": [{"input": "a\n", "expected": "a\n"}, {"input": "b\n", "expected": "b\n"}],
    });
    let folder = Folder::new(
        "try",
        &[
            ("tried-echo/problem.json", &echo.to_string()),
            ("tried-echo/solutions/accepted.py", "print(input())"),
            ("tried-echo/solutions/accepted.js", "console.log('a')"),
            ("tried-echo/solutions/wrong.py", "print('a')"),
            ("tried-echo/solutions/tle.py", "while True: pass"),
            ("tried-echo/solutions/ce.c", "int main() {"),
            ("tried-echo/solutions/rte.py", "1 / 0"),
            (
                "tried-echo/solutions/accepted.fs",
                "stdin.ReadLine() |> printfn \"%s\"",
            ),
        ],
    );
    let attempt = |token: Option<&str>, push| {
        let api = Api::new(&submit_fn.url, token);
        problems::try_solutions(&folder.0, &api, push)
    };
    let error = format!("{:#}", attempt(None, false).unwrap_err());
    assert!(
        error.contains("tried-echo: it must be published first"),
        "{error}"
    );
    assert!(attempt(None, true).is_err(), "publishing needs the token");
    let tried = attempt(Some(&submit_fn.admin_token), true).unwrap();
    // The JavaScript one lies, and no runner has F#.
    let expected = problems::Tried {
        matched: 5,
        mismatched: 1,
        not_run: 1,
    };
    assert_eq!(tried, expected);
    assert_eq!(tried.exit_code(), ExitCode::from(1));
    // Once it is published, no token is needed.
    assert_eq!(attempt(None, false).unwrap(), expected);
}

fn a_problem_is_rejudged_and_unpublished_by_command(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let api = Api::new(&submit_fn.url, Some(&submit_fn.admin_token));
    let mut problem = program(1, &json!({}));
    submit_fn.publish("by-command", &problem);
    let id = submit_fn.submit("by-command", "python", "print(2)");
    assert_eq!(submit_fn.finished_result(&id)["verdict"], "Wrong Answer");
    problem["cases"][0]["expected"] = json!("2\n");
    submit_fn.publish("by-command", &problem);
    problems::rejudge(&api, "by-command").unwrap();
    // The old result stays until the new one is there.
    wait_until("the new verdict", SOON, || {
        submit_fn.result(&id)["verdict"] == "Accepted"
    });

    let list = submit_fn.get("/problems").json();
    let ids: Vec<_> = list["problems"].as_array().unwrap().iter().collect();
    assert!(ids.is_sorted_by_key(|problem| problem["id"].as_str().unwrap()));

    problems::delete(&api, "by-command").unwrap();
    let again = format!("{:#}", problems::delete(&api, "by-command").unwrap_err());
    assert!(again.contains("HTTP 404"), "{again}");
    let foreign = Api::new(&submit_fn.url, Some("wrong"));
    let error = format!(
        "{:#}",
        problems::rejudge(&foreign, "by-command").unwrap_err()
    );
    assert!(
        error.contains("HTTP 401") && !error.contains("wrong"),
        "{error}"
    );
}
