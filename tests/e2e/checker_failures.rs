//! Checker programs that fail, with the real runner: that is never the solver's verdict.

use serde_json::json;
use support::wait::{SOON, wait_for};

use crate::checker_programs::{SECRET, checker, problem, verdicts};
use crate::stacks::Stacks;

support::tests![
    a_checker_that_fails_is_named_and_never_the_solvers_verdict,
    a_run_that_sleeps_gets_a_verdict,
    a_crash_is_never_what_testlib_calls_wrong,
];

fn a_checker_that_fails_is_named_and_never_the_solvers_verdict(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    for (id, language, code, words) in [
        (
            "crashes",
            "python",
            "import os; os.abort()",
            "checker crashed (SIGABRT)",
        ),
        (
            "raises",
            "python",
            "raise SystemError('the checker says')",
            "exit code 1",
        ),
        (
            "hangs",
            "python",
            "while True: pass",
            "checker ran for longer than it may",
        ),
        (
            "fills-memory",
            "c++",
            "int main() { for (;;) new char[1 << 20](); }",
            "checker",
        ),
        (
            "is-no-code",
            "c++",
            "int main() { return the_checker_says; }",
            "does not compile",
        ),
        ("is-no-python", "python", "def broken(:", "does not compile"),
    ] {
        let id = format!("checker-{id}");
        submit_fn.publish(&id, &problem(&checker(language, "icpc", code)));
        let result = submit_fn.judge(&id, "python", "print('the_checker_says')");
        assert_eq!(result["verdict"], "Internal Error", "{id}: {result}");
        let output = result["output"].as_str().unwrap();
        assert!(
            output.contains("The problem's checker") && output.contains(words),
            "{output}"
        );
        assert!(!output.contains("error:"), "{output}");
        // One attempt: it would fail again.
        assert_eq!(result["attempts"], 1);
        // And code that fails by itself is not the checker's fault.
        let result = submit_fn.judge(&id, "python", "1 / 0");
        assert_eq!(result["verdict"], "Runtime Error", "{id}: {result}");
    }
    // One that no endpoint can run is not published.
    let unknown = problem(&checker("klingon", "icpc", "x"));
    let refused = submit_fn.admin("PUT", "/problems/checker-unknown", Some(&unknown));
    refused.assert_error(422, Some("checker.language"), "klingon");
}

/// With the limits that a deployment has by itself, a run may wait for 10 s: the call
/// must last for as long, or its job ends as a dead letter.
fn a_run_that_sleeps_gets_a_verdict(stacks: &Stacks) {
    const SLEEP: &str = "import time; time.sleep(1000)";
    let submit_fn = stacks.public().submit_fn;
    let mut slow = problem(&json!("lines"));
    slow["limits"] = json!({});
    submit_fn.publish("sleeps", &slow);
    submit_fn.publish(
        "checker-sleeps",
        &problem(&checker("python", "icpc", SLEEP)),
    );
    // Both at once: each takes 20 s.
    let sleeps = submit_fn.submit("sleeps", "python", SLEEP);
    let checked = submit_fn.submit("checker-sleeps", "python", "print('a b')");
    let plain = submit_fn.submit("no-such-problem", "python", SLEEP);
    let finished = |id: &str| {
        let ended = || {
            let result = submit_fn.get(&format!("/result/{id}?wait=20")).json();
            let has_ended = matches!(result["status"].as_str(), Some("done" | "dead"));
            has_ended.then_some(result)
        };
        let result = wait_for("the end of a run that sleeps", 3 * SOON, ended);
        assert_eq!(
            (&result["status"], &result["attempts"]),
            (&json!("done"), &json!(1)),
            "{result}"
        );
        result
    };
    let result = finished(&sleeps);
    assert_eq!(verdicts(&result), ["Time Limit Exceeded"; 2], "{result}");
    let result = finished(&checked);
    assert_eq!(result["verdict"], "Internal Error", "{result}");
    let output = result["output"].as_str().unwrap();
    assert!(
        output.contains("checker ran for longer than it may"),
        "{output}"
    );
    assert_eq!(finished(&plain)["verdict"], "Time Limit Exceeded");
}

/// Checkers that crash: with a file that is not there, and with an error of their own.
/// None of them ends with testlib's code for wrong answers on purpose.
const CRASHES: [(&str, &str); 26] = [
    ("python", "open('missing')"),
    ("pypy", "raise ValueError('wrong answer')"),
    ("javascript", "require('fs').readFileSync('missing')"),
    ("javascript", "throw 5"),
    ("javascript", "Promise.reject(5)"),
    (
        "typescript",
        "declare const require: any; require('fs').readFileSync('missing')",
    ),
    ("ruby", "File.read('missing')"),
    (
        "ruby",
        "class Foo < StandardError; end\ndef f = raise(Foo)\nf",
    ),
    ("ruby", "raise ''"),
    ("lua", "error({})"),
    ("lua", "io.open('missing'):read()"),
    ("php", "<?php throw new Exception('x');"),
    (
        "csharp",
        "class P { static void Main() { System.IO.File.ReadAllText(\"missing\"); } }",
    ),
    (
        "pascal",
        "program a; var f: text; s: string; begin assign(f, 'missing'); reset(f); readln(f, s); end.",
    ),
    (
        "pascal",
        "{$mode objfpc} program b; uses sysutils; begin raise exception.create('x'); end.",
    ),
    (
        "rust",
        "fn main() -> Result<(), std::io::Error> { std::fs::read(\"missing\")?; Ok(()) }",
    ),
    ("rust", "fn main() { panic!() }"),
    (
        "go",
        "package main\nfunc main() { var a []int; println(a[len(a)]) }",
    ),
    (
        "java",
        "public class Main { public static void main(String[] a) throws Exception { \
         java.nio.file.Files.readString(java.nio.file.Path.of(\"missing\")); } }",
    ),
    (
        "kotlin",
        "fun main() { java.io.File(\"missing\").readText() }",
    ),
    (
        "scala",
        "object Main { def main(a: Array[String]): Unit = throw new Exception(\"x\") }",
    ),
    ("c", "#include <stdlib.h>\nint main(void) { abort(); }"),
    ("c11", "int main(void) { volatile int *p = 0; return *p; }"),
    ("c23", "#include <assert.h>\nint main() { assert(0 == 1); }"),
    (
        "c++",
        "#include <fstream>\nint main() { std::ifstream f; f.exceptions(f.failbit); f.open(\"x\"); }",
    ),
    (
        "c++17",
        "#include <vector>\nint main() { return std::vector<int>().at(0); }",
    ),
];

fn a_crash_is_never_what_testlib_calls_wrong(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let offered = submit_fn.get("/languages").json();
    let offered: Vec<&str> = offered["languages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["language"].as_str().unwrap())
        .collect();
    let here = CRASHES
        .iter()
        .enumerate()
        .filter(|(_, (language, _))| offered.contains(language));
    let submitted: Vec<(&str, String)> = here
        .map(|(index, (language, code))| {
            let mut crashes = problem(&checker(language, "testlib", code));
            crashes["cases"] = json!([{"input": "one\n", "expected": SECRET}]);
            let id = format!("checker-crashes-{index}");
            submit_fn.publish(&id, &crashes);
            (*language, submit_fn.submit(&id, "python", "print('a b')"))
        })
        .collect();
    for (language, id) in submitted {
        let ended = || Some(submit_fn.result(&id)).filter(|result| result["status"] == "done");
        let result = wait_for("the verdict on a crash", 3 * SOON, ended);
        assert_eq!(result["verdict"], "Internal Error", "{language}: {result}");
        let output = result["output"].as_str().unwrap();
        let is_crash = ["uncaught", "crashed", "exit code"]
            .iter()
            .any(|words| output.contains(words));
        assert!(is_crash, "{language}: {output}");
    }
    // In the other languages nobody could tell.
    let tried: Vec<&str> = CRASHES.iter().map(|(language, _)| *language).collect();
    let untried = offered
        .iter()
        .filter(|name| !tried.contains(name) && **name != "c++23");
    for language in untried {
        let refused = problem(&checker(language, "testlib", "x"));
        let refused = submit_fn.admin("PUT", "/problems/checker-crashes", Some(&refused));
        refused.assert_error(422, Some("checker.language"), "\"icpc\"");
    }
}
