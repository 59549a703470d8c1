//! What programs can rely on in every tier that isolates: the text that they have written
//! before a limit, and the libraries that the runner brings.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::Runner;
use serde_json::json;

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
                let members = json!({"run_cpu_time": 700, "run_timeout": 3_100});
                let body = runner.run_with(language, code, members).await;
                assert_eq!(body["run"]["status"], "TO", "{language}: {code}\n{body}");
                assert_eq!(
                    body["run"]["stdout"], "step 1\n",
                    "{language}: {code}\n{body}"
                );
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
