//! Programs as people bring them: copied from a practice site, from a contest, from a
//! tutorial. Each must do what its author expects, or fail with words that help.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::Runner;
use serde_json::{Value, json};

/// What the response must say.
enum Expect {
    /// Exit code 0 and this standard output.
    Prints(&'static str),
    /// The compile stage failed, and prints this.
    Mistake(&'static str),
    /// The run failed with this status, and message or standard error have this text.
    Fails(&'static str, &'static str),
}
use Expect::{Fails, Mistake, Prints};

/// Language, program, further members of the request as JSON, and what is expected.
struct Program(&'static str, &'static str, &'static str, Expect);

async fn run_all(programs: &[Program]) {
    let runner = Runner::shared();
    let mut tested = 0;
    for Program(language, code, members, expect) in programs {
        if !runner.has(language).await {
            continue;
        }
        tested += 1;
        let members = if members.is_empty() { "{}" } else { members };
        let members: Value = serde_json::from_str(members).unwrap();
        let body = runner.run_with(language, code, members).await;
        let (run, compile) = (&body["run"], &body["compile"]);
        let text = |stage: &Value, name: &str| stage[name].as_str().unwrap_or_default().to_owned();
        let holds = match expect {
            Prints(output) => run["code"] == 0 && text(run, "stdout").trim_end() == *output,
            Mistake(words) => {
                let printed = text(compile, "stderr") + &text(compile, "stdout");
                compile["status"] == "RE" && printed.contains(words) && run == compile
            }
            Fails(status, words) => {
                let said = text(run, "message") + &text(run, "stderr");
                run["status"] == *status && said.contains(words) && compile["status"].is_null()
            }
        };
        assert!(holds, "{language}: {code}\n{body}");
        for hidden in ["/box/main", "/box/Main", "file0.code", "/root/", "/home/"] {
            let stderr = text(run, "stderr");
            assert!(!stderr.contains(hidden), "{language}: {code}\n{stderr}");
        }
    }
    assert!(tested > 0, "none of the languages is on this machine");
}

#[tokio::test]
async fn python_is_as_practice_sites_give_it() {
    run_all(&[
        Program("python", "print(len(str(7 ** 9000)))", "", Prints("7606")),
        // numpy where the machine's Python has it, and with one thread in any case.
        Program(
            "python",
            "import os\ntry:\n    import numpy\n    det = numpy.linalg.det(numpy.eye(300))\nexcept ModuleNotFoundError:\n    det = 1\nprint(int(det), os.environ['OPENBLAS_NUM_THREADS'])",
            r#"{"run_memory_limit": 134217728}"#,
            Prints("1 1"),
        ),
        Program(
            "python",
            "from sortedcontainers import SortedDict\nprint(list(SortedDict({2: 'b', 1: 'a'})))",
            "",
            Prints("[1, 2]"),
        ),
        Program(
            "python",
            "def depth(n):\n    return 1 + depth(n - 1) if n else 0\nprint(depth(60_000))",
            r#"{"run_memory_limit": 268435456}"#,
            Prints("60000"),
        ),
        Program(
            "python",
            "import functools\n@functools.cache\ndef fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\nprint(fib(20000) % 1000)",
            "",
            Prints("125"),
        ),
        Program("python", "def endless(n): return endless(n + 1)\nendless(0)", "", Fails("RE", "RecursionError")),
        Program("python", "for i in range(3)\n    print(i)", "", Mistake("File \"main.py\", line 1")),
        Program("python", "def f():\n  x = 1\n   y = 2", "", Mistake("IndentationError")),
        Program("python", "eval('1 +')", "", Fails("RE", "File \"main.py\", line 1")),
        Program("python", "import json\njson.loads('[')", "", Fails("RE", "json/decoder.py")),
    ])
    .await;
}

#[tokio::test]
async fn javascript_is_a_module_or_a_script_by_its_code() {
    run_all(&[
        Program(
            "javascript",
            "const [a, b] = require('fs').readFileSync('/dev/stdin', 'utf8').split(' ').map(Number); console.log(a * b)",
            r#"{"stdin": "6 7"}"#,
            Prints("42"),
        ),
        Program(
            "javascript",
            "import { readFileSync } from 'node:fs';\nimport _ from 'lodash';\nconst text = await Promise.resolve(readFileSync(0, 'utf8'));\nconsole.log(_.upperFirst(text.trim()));\nexport {};",
            r#"{"stdin": "word"}"#,
            Prints("Word"),
        ),
        Program(
            "javascript",
            "const { MinPriorityQueue } = require('@datastructures-js/priority-queue');\nconst { Queue } = require('@datastructures-js/queue');\nconst { Deque } = require('@datastructures-js/deque');\nconst heap = new MinPriorityQueue(); [3, 1, 2].forEach((x) => heap.enqueue(x));\nconsole.log(heap.dequeue(), new Queue([7]).front(), new Deque([8, 9]).popBack());",
            "",
            Prints("1 7 9"),
        ),
        Program("javascript", "const f = (n) => (n ? 1 + f(n - 1) : 0); console.log(f(300000))", "", Prints("300000")),
        Program("javascript", "const f = (n) => 1 + f(n + 1); f(0)", "", Fails("RE", "Maximum call stack size exceeded")),
        Program("javascript", "let x = ;", "", Mistake("main.js:1")),
        Program("javascript", "import fs from 'fs';\nlet x = ;", "", Mistake("main.js:2")),
        Program("javascript", "import fs from 'fs';\nJSON.parse('[');", "", Fails("RE", "at main.js:2")),
        Program("javascript", "JSON.parse('[');", "", Fails("RE", "main.js:1")),
        Program(
            "javascript",
            "const kept = []; for (;;) kept.push(new Array(10000).fill(kept.length + 0.5))",
            r#"{"run_memory_limit": 134217728}"#,
            Fails("SG", "memory limit exceeded"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn output_before_process_exit_is_complete() {
    let runner = Runner::shared();
    let code =
        "console.log('x'.repeat(700000)); console.error('y'.repeat(200000)); process.exit(0)";
    let body = runner.run("javascript", code).await;
    let bytes = |stream: &str| body["run"][stream].as_str().unwrap().len();
    assert_eq!((bytes("stdout"), bytes("stderr")), (700_001, 200_001));
}

#[tokio::test]
async fn typescript_has_more_than_types() {
    run_all(&[
        Program(
            "typescript",
            "enum Color { Red = 3, Blue }\nnamespace Inner { export const word = 'in'; }\nclass Point { constructor(private readonly x: number) {} get() { return this.x; } }\nconsole.log(Color.Blue, Inner.word, new Point(5).get());",
            "",
            Prints("4 in 5"),
        ),
        Program(
            "typescript",
            "import * as fs from 'fs';\nconst lines: string[] = await Promise.resolve(fs.readFileSync('/dev/stdin', 'utf8').split('\\n'));\nconsole.log(lines[0]);",
            r#"{"stdin": "one"}"#,
            Prints("one"),
        ),
        Program("typescript", "const x: number = ;", "", Mistake("main.ts")),
        Program("typescript", "enum A { B }\nfunction f(): never { throw new Error('boo'); }\nf();", "", Fails("RE", "main.ts:2")),
    ])
    .await;
}

#[tokio::test]
async fn c_and_c_plus_plus_are_gnu_s() {
    run_all(&[
        Program(
            "c",
            "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint main(void) { char *line = NULL, *rest; size_t size = 0; ssize_t n = getline(&line, &size, stdin); char *copy = strdup(line); printf(\"%ld %s %.2f\\n\", (long)n, strtok_r(copy, \" \", &rest), cos(M_PI)); }",
            r#"{"stdin": "ab cd"}"#,
            Prints("6 ab -1.00"),
        ),
        Program(
            "c++",
            "#include <bits/stdc++.h>\nusing namespace std;\nint main() { vector<int> v{4, 5, 6}; for (int x : v | views::reverse | views::take(2)) cout << x; ranges::sort(v, greater{}); cout << v[0] << endl; }",
            "",
            Prints("656"),
        ),
        Program(
            "c",
            "int f(int n) { volatile char pad[200]; pad[n % 200] = 1; return n ? f(n - 1) + pad[n % 200] : 0; } int main(void) { return f(200000) != 200000; }",
            r#"{"run_memory_limit": 134217728}"#,
            Prints(""),
        ),
        Program(
            "c",
            "int f(int n) { volatile char pad[1000]; pad[n & 511] = 1; return f(n + 1) + pad[n & 511]; } int main(void) { return f(0); }",
            r#"{"run_memory_limit": 134217728}"#,
            Fails("SG", "stack overflow"),
        ),
        Program("c", "int main(void) { volatile int *p = 0; return *p; }", "", Fails("SG", "segmentation fault")),
        Program("c++", "#include <stdexcept>\nint main() { throw std::runtime_error(\"boo\"); }", "", Fails("SG", "exception that nothing caught")),
        Program("c", "int main(void) { int unused; return x; }", "", Mistake("warning: unused variable")),
    ])
    .await;
}

#[tokio::test]
async fn any_class_of_java_may_hold_main() {
    run_all(&[
        Program(
            "java",
            "import java.util.*;\nclass Node { int value; }\nclass Solution { public static void main(String[] args) { System.out.println(new Scanner(System.in).nextInt() + 1); } }",
            r#"{"stdin": "4"}"#,
            Prints("5"),
        ),
        Program("java", "package org.example;\npublic class App { public static void main(String[] a) { System.out.println(\"app\"); } }", "", Prints("app")),
        Program(
            "java",
            "public class Deep { static int f(int n) { return n == 0 ? 0 : 1 + f(n - 1); } public static void main(String[] a) { System.out.println(f(200000)); } }",
            "",
            Prints("200000"),
        ),
        Program(
            "java",
            "class Main { static int f(int n) { return 1 + f(n + 1); } public static void main(String[] a) { f(0); } }",
            "",
            Fails("RE", "StackOverflowError"),
        ),
        Program("java", "class Main { public static void main(String[] a) { int x = \"\"; } }", "", Mistake("Main.java:1: error")),
        Program("java", "class Main { public static void main(String[] a) { throw new IllegalStateException(); } }", "", Fails("RE", "Main.java:1")),
        Program(
            "java",
            "class Main { public static void main(String[] a) { System.out.println(new int[7].length); } }",
            r#"{"run_memory_limit": 67108864, "run_cpu_time": 500, "allowance": true}"#,
            Prints("7"),
        ),
        Program(
            "java",
            "class Main { public static void main(String[] a) { java.util.List<int[]> kept = new java.util.ArrayList<>(); for (;;) kept.add(new int[50000]); } }",
            r#"{"run_memory_limit": 134217728}"#,
            Fails("SG", "memory limit exceeded"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn scripts_with_a_syntax_error_are_not_run() {
    run_all(&[
        Program("perl", "my $x = ;", "", Mistake("main.pl line 1")),
        Program(
            "perl",
            "die 'syntax error, says the program'",
            "",
            Fails("RE", "says the program"),
        ),
        Program("perl", "my $x = /abc;", "", Mistake("not terminated")),
        Program("ruby", "def f(", "", Mistake("main.rb")),
        Program("ruby", "x = \"abc", "", Mistake("unterminated string")),
        Program("bash", "if true; then", "", Mistake("main.sh: line")),
        Program(
            "bash",
            "paste <(echo one) <(cat /dev/stdin) > /dev/stdout",
            r#"{"stdin": "two"}"#,
            Prints("one\ttwo"),
        ),
    ])
    .await;
}

/// One request for several cases: the mistake is found once, and no case is run.
#[tokio::test]
async fn syntax_error_with_cases_is_a_failed_compilation() {
    let runner = Runner::shared();
    let members = json!({"cases": ["1", "2"], "streams": "separate"});
    let body = runner.run_with("python", "print(", members).await;
    assert_eq!(body["compile"]["status"], "RE", "{body}");
    assert_eq!(body["runs"], json!([]), "{body}");
    assert_eq!(body["run"], Value::Null, "{body}");
}

#[tokio::test]
async fn allowance_raises_what_the_request_asks_for() {
    let runner = Runner::shared();
    let allowance = json!({
        "time_factor": 1.0, "time_offset_ms": 50,
        "memory_factor": 1.0, "memory_offset_bytes": 0,
    });
    for (asks, timeout) in [
        (json!(true), 1050),
        (json!(false), 1000),
        (json!(null), 1000),
    ] {
        let members = json!({"run_timeout": 1000, "allowance": asks});
        let body = runner.run_with("python", "print(1)", members).await;
        assert_eq!(body["limits"]["run"]["timeout"], timeout, "{body}");
        assert_eq!(body["allowance"], allowance, "{body}");
    }
    let list = runner.get("/api/v2/runtimes").await.json();
    let python = |item: &&Value| item["language"] == "python";
    let python = list.as_array().unwrap().iter().find(python).unwrap();
    assert_eq!(python["allowance"], allowance);
}
