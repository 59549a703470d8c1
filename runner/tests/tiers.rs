//! What programs can rely on in every tier that isolates: the text that they have written
//! before a limit, and the libraries that the runner brings.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::Runner;
use serde_json::{Value, json};

/// A program of each kind of buffer. It prints one line, so no full buffer writes it.
const BUFFERED: &[(&str, &str)] = &[
    ("python", "print('step 1')\nwhile True: pass"),
    ("python", "import time\nprint('step 1')\ntime.sleep(60)"),
    ("javascript", "console.log('step 1'); for (;;);"),
    ("ruby", "puts 'step 1'; loop {}"),
    (
        "perl",
        "use strict; print \"step 1\\n\"; my $n = 0; while (1) { $n++ }",
    ),
    ("php", "<?php echo \"step 1\\n\"; for (;;);"),
    ("bash", "echo 'step 1'; while :; do :; done"),
    (
        "c",
        "#define _GNU_SOURCE\n#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts(\"step 1\"); for (;;) pause(); }",
    ),
    (
        "c++",
        "#include <iostream>\nint main() { std::cout << \"step 1\\n\"; for (volatile int x = 0;;) x = x + 1; }",
    ),
    (
        "c++",
        "#include <bits/stdc++.h>\nusing namespace std;\nint main() { ios::sync_with_stdio(false); cin.tie(0); cout << \"step 1\\n\"; for (volatile int x = 0;;) x = x + 1; }",
    ),
    (
        "rust",
        "fn main() { println!(\"step 1\"); loop { std::hint::spin_loop() } }",
    ),
    (
        "go",
        "package main\nimport \"fmt\"\nfunc main() { fmt.Println(\"step 1\"); for n := 0; ; n++ { } }",
    ),
    (
        "java",
        "class Main { public static void main(String[] a) { System.out.println(\"step 1\"); for (;;); } }",
    ),
];

#[tokio::test]
async fn output_before_a_time_limit_is_in_the_response() {
    for runner in Runner::start_in_each_tier(&[]).await {
        for (language, code) in BUFFERED {
            if runner.has(language).await {
                // The moment to write is 100 ms of wall time, in which a busy machine may
                // not let the program run.
                let waits = code.contains("sleep(") || code.contains("pause(");
                let wall_ms = if waits { 2_000 } else { 20_000 };
                let mut body = Value::Null;
                for _ in 0..4 {
                    let members = json!({"run_cpu_time": 700, "run_timeout": wall_ms});
                    body = runner.run_with(language, code, members).await;
                    if body["run"]["stdout"] != "" {
                        break;
                    }
                }
                let what = format!("{language}: {code}\n{body}");
                assert_eq!(body["run"]["status"], "TO", "{what}");
                assert_eq!(body["run"]["stdout"], "step 1\n", "{what}");
            }
        }
    }
}

#[tokio::test]
async fn packages_are_imported_and_required() {
    let imported = "import _ from 'lodash';\nimport { MinPriorityQueue } from '@datastructures-js/priority-queue';\nconst { Queue } = await import('@datastructures-js/queue');\nconst heap = new MinPriorityQueue(); [3, 1, 2].forEach((x) => heap.enqueue(x));\nconsole.log(_.chunk([1, 2, 3], 2).length, heap.dequeue(), new Queue([7]).front());";
    let required = "const _ = require('lodash');\nconst { MinPriorityQueue } = require('@datastructures-js/priority-queue');\nconst { Queue } = require('@datastructures-js/queue');\nconst heap = new MinPriorityQueue(); [3, 1, 2].forEach((x) => heap.enqueue(x));\nconsole.log(_.chunk([1, 2, 3], 2).length, heap.dequeue(), new Queue([7]).front());";
    // The link that leads to them is nobody's to change.
    let changed = "const fs = require('fs');\nlet changed = 0;\nfor (const change of [() => fs.unlinkSync('../node_modules'), () => fs.renameSync('../node_modules', 'mine'), () => fs.symlinkSync('/', '../other'), () => fs.writeFileSync('../node_modules/lodash/package.json', '')]) try { change(); changed++ } catch {}\nconsole.log(changed);";
    for runner in Runner::start_in_each_tier(&["javascript", "typescript"]).await {
        for language in ["javascript", "typescript"] {
            if !runner.has(language).await {
                continue;
            }
            for (code, output) in [
                (imported, "2 1 7\n"),
                (required, "2 1 7\n"),
                (changed, "0\n"),
            ] {
                let body = runner.run(language, code).await;
                assert_eq!(body["run"]["stdout"], output, "{language}: {code}\n{body}");
            }
        }
    }
}

const TYPESCRIPT_OF_ALL_KINDS: &str = r"
import * as fs from 'fs';
import readline, { Interface } from 'node:readline';
import _ from 'lodash';
import { MinPriorityQueue } from '@datastructures-js/priority-queue';
import { Queue as Line } from '@datastructures-js/queue';
const heap = new MinPriorityQueue<{ at: number }>({ compare: (a, b) => a.at - b.at });
const line = new Line<number>([1]);
let timer: NodeJS.Timeout = setTimeout(() => {}, 1), other: ReturnType<typeof setTimeout>;
const reader: Interface = readline.createInterface({ input: process.stdin });
reader.on('line', (text) => { console.log(text.length); });
const numbers = fs.readFileSync('/dev/null', 'utf8').split(' ').map(Number).sort((a, b) => a - b);
const memo = {}; memo['x'] = _.chunk(numbers, 2); let stats: fs.Stats;
function next(counts: Map<string, number>, key): number { return counts.get(key) + 1; }
class Point { constructor(private readonly x: number) {} get() { return this.x; } }
enum Color { Red } namespace Inner { export const word = 1 }
declare global { interface Array<T> { last(): T } }
Array.prototype.last = function () { return this[this.length - 1]; };
console.log([new Point(4).get()].last(), Color.Red, Inner.word, next(new Map([['k', 1]]), 'k'));
process.exit(0);
";

/// Types decide nothing, and the checker says nothing about what it cannot know.
#[tokio::test]
async fn type_errors_of_typescript_are_notes() {
    let own_names = "class Queue<T> { items: T[] = []; }\nconst _ = 5, process = 6; var name = 'x'; function require(x) { return x; }\nconsole.log(_ + process, new Queue<number>().items.length, require(name));";
    let wrong = "let x: number = 1;\n\nx = 'text';\nconst list: string[] = [1, 2];\nconsole.log(x.toFixd, list.length);";
    let endless = |types: usize| {
        let mut code =
            "type D = '0'|'1'|'2'|'3'|'4'|'5'|'6'|'7'|'8'|'9'; type Q = `${D}${D}${D}${D}`;\n"
                .to_owned();
        for n in 0..types {
            code += &format!(
                "type C{n}<A extends string, B extends string> = A extends B ? (B extends A ? {n} : 0) : 2;\ntype Y{n} = {{ [K in Q]: C{n}<K, Q> }}; const x{n}: Y{n}[Q] = 1;\n"
            );
        }
        code + "console.log(typeof x0)"
    };
    for runner in Runner::start_in_each_tier(&["typescript"]).await {
        let list = runner.get("/api/v2/runtimes").await.json();
        let is_node = |item: &Value| item["runtime"] == "node";
        assert!(list.as_array().unwrap().iter().all(is_node), "{list}");
        for (code, output) in [
            (TYPESCRIPT_OF_ALL_KINDS, "4 0 1 2\n"),
            (own_names, "11 0 x\n"),
        ] {
            let body = runner.run("typescript", code).await;
            assert_eq!(body["run"]["stdout"], output, "{body}");
            assert_eq!(body["compile"]["stderr"], "", "{body}");
        }
        let body = runner.run("typescript", wrong).await;
        assert_eq!(body["run"]["stdout"], "undefined 2\n", "{body}");
        assert_eq!(body["compile"]["code"], 0, "{body}");
        let notes = body["compile"]["stderr"].as_str().unwrap();
        let lines: Vec<&str> = notes.lines().collect();
        assert!(lines[0].contains("does not decide the verdict"), "{notes}");
        for (line, place, code) in [
            (1, "main.ts:3: note: Type 'string' is not", "[TS2322]"),
            (2, "main.ts:4: note: ", "[TS2322]"),
            (3, "main.ts:4: note: ", "[TS2322]"),
            (4, "main.ts:5: note: Property 'toFixd'", "[TS2551]"),
        ] {
            assert!(lines[line].starts_with(place), "{notes}");
            assert!(lines[line].ends_with(code), "{notes}");
        }
        assert_eq!(body["compile"]["output"], notes, "{body}");
        // Types that take longer to compute than there is for them.
        let body = runner.run("typescript", &endless(20)).await;
        assert_eq!(body["run"]["stdout"], "number\n", "{body}");
        assert_eq!(body["compile"]["code"], 0, "{body}");
        assert_eq!(body["compile"]["stderr"], "", "{body}");
        let cpu_ms = body["compile"]["cpu_time"].as_u64().unwrap();
        assert!(cpu_ms < 5_000, "{body}");
    }
}

/// What writes the buffers changes nothing else: the program's own handler is called, a
/// signal is a signal, no line moves, and no name or macro of the program is in the way.
#[tokio::test]
async fn flushing_is_invisible_to_programs_in_c_and_c_plus_plus() {
    let handler = "#include <csignal>\n#include <cstdio>\n#include <unistd.h>\nvoid own(int) { write(1, \"own\\n\", 4); _exit(3); }\nint main() { signal(SIGINT, own); printf(\"lost\"); for (;;) pause(); }";
    let raises = "#include <signal.h>\nint main(void) { return raise(SIGINT); }";
    let names = "#define number 1\n#define weak 2\n#define constructor 3\nint flush, raise, start, signal;\nint fflush(void);\nint fflush(void) { return 7; }\nint main(void) { return fflush() + raise + flush + start; }";
    let line = "int main(void) { return __LINE__ * 10 + __COUNTER__ + __INCLUDE_LEVEL__; }";
    let pedantic = "#pragma GCC diagnostic error \"-Wpedantic\"\n#pragma GCC diagnostic error \"-Wall\"\n#pragma GCC diagnostic error \"-Wextra\"\nint main(void) { return 5; }";
    for runner in Runner::start_in_each_tier(&["c", "c++"]).await {
        if runner.has("c++").await {
            let members = json!({"run_timeout": 400, "run_cpu_time": 400});
            let body = runner.run_with("c++", handler, members).await;
            assert_eq!(body["run"]["status"], "TO", "{body}");
            assert_eq!(body["run"]["stdout"], "own\n", "{body}");
        }
        for language in ["c", "c++"] {
            if !runner.has(language).await {
                continue;
            }
            let body = runner.run(language, raises).await;
            assert_eq!(body["run"]["signal"], "SIGINT", "{language}: {body}");
            for (code, expected) in [(names, 7), (line, 10), (pedantic, 5)] {
                let body = runner.run(language, code).await;
                assert_eq!(body["run"]["code"], expected, "{language}: {code}\n{body}");
                assert_eq!(body["compile"]["stderr"], "", "{language}: {code}\n{body}");
            }
        }
    }
}
