//! Programs that exceed a limit: each is stopped, its report names the limit, and
//! nothing of it is left. Times are generous, because the machine may be busy.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::Runner;
use common::http::{execute_in_background, program, until_busy};
use common::processes::{programs_of, run_folders_below};
use common::timing::eventually;
use serde_json::{Value, json};

/// Runs a program and checks its status and message, and that it left nothing.
async fn ends_with(
    runner: &Runner,
    language: &str,
    code: &str,
    members: Value,
    status: &str,
    message: &str,
) -> Value {
    let body = runner.run_with(language, code, members).await;
    let mut run = body["run"].clone();
    assert_eq!(run["status"], status, "{run}");
    assert_eq!(run["message"], message, "{run}");
    assert_eq!(run["signal"], "SIGKILL", "{run}");
    assert_eq!(run["code"], Value::Null, "{run}");
    assert_eq!(programs_of(&runner.work), [0; 0], "{code}");
    assert_eq!(run_folders_below(&runner.work), 0);
    run["compile"] = body["compile"].clone();
    run
}

const WALL: &str = "Time limit exceeded (wall clock)";
const CPU: &str = "Time limit exceeded";

#[tokio::test]
async fn wall_time_and_cpu_time_are_limited() {
    let runner = Runner::start(&["python", "javascript", "bash"], &[]).await;
    let short = json!({"run_timeout": 500});
    let run = ends_with(
        &runner,
        "python",
        "import time; time.sleep(60)",
        short.clone(),
        "TO",
        WALL,
    )
    .await;
    assert!(
        (500..30_000).contains(&run["wall_time"].as_u64().unwrap()),
        "{run}"
    );
    assert!(
        run["cpu_time"].as_u64().unwrap() < 400,
        "sleeping is no CPU time: {run}"
    );
    ends_with(&runner, "bash", "sleep 60 & sleep 60", short, "TO", WALL).await;

    let cpu = json!({"run_cpu_time": 500});
    let run = ends_with(
        &runner,
        "python",
        "while True: pass",
        cpu.clone(),
        "TO",
        CPU,
    )
    .await;
    assert!(
        (500..3_000).contains(&run["cpu_time"].as_u64().unwrap()),
        "{run}"
    );
    ends_with(&runner, "javascript", "for (;;) {}", cpu.clone(), "TO", CPU).await;
    let ignoring = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass";
    ends_with(&runner, "python", ignoring, cpu, "TO", CPU).await;
    runner.stop().await;
}

#[tokio::test]
async fn cpu_time_limit_sums_over_processes() {
    let runner = Runner::start(&["python"], &["--run-timeout-ms", "60000"]).await;
    // Four processes that burn CPU time, and a parent that sleeps: none of them
    // exceeds the limit alone soon.
    let burn = "import os, time
for _ in range(4):
    if os.fork() == 0:
        while True: pass
time.sleep(60)";
    let run = ends_with(
        &runner,
        "python",
        burn,
        json!({"run_cpu_time": 1000}),
        "TO",
        CPU,
    )
    .await;
    // The kernel alone would let each of the four have two seconds.
    assert!(run["cpu_time"].as_u64().unwrap() < 7_000, "{run}");
    // One process after the other, each far below the limit.
    let relay = "import os, time
while True:
    if os.fork() == 0:
        end = time.process_time() + 0.004
        while time.process_time() < end: pass
        os._exit(0)
    os.wait()";
    ends_with(
        &runner,
        "python",
        relay,
        json!({"run_cpu_time": 1000}),
        "TO",
        CPU,
    )
    .await;
    // Each process starts the next one and ends as an orphan.
    let handing_on = "import os, time
if os.fork(): time.sleep(60)
while True:
    end = time.process_time() + 0.1
    while time.process_time() < end: pass
    if os.fork(): os._exit(0)";
    ends_with(
        &runner,
        "python",
        handing_on,
        json!({"run_cpu_time": 1000}),
        "TO",
        CPU,
    )
    .await;
    // A session of its own does not hide a child.
    let hidden = "import os, time
if os.fork() == 0:
    os.setsid()
    while True: pass
time.sleep(60)";
    ends_with(
        &runner,
        "python",
        hidden,
        json!({"run_cpu_time": 500}),
        "TO",
        CPU,
    )
    .await;
    runner.stop().await;
}

#[tokio::test]
async fn output_limit_applies_to_each_stream() {
    let runner = Runner::start(&["python"], &["--output-max-bytes", "1000"]).await;
    let flood = |fd| format!("import os\nwhile True: os.write({fd}, b'x' * 100)");
    let run = ends_with(
        &runner,
        "python",
        &flood(1),
        json!({}),
        "OL",
        "stdout length exceeded",
    )
    .await;
    assert_eq!(
        run["stdout"],
        "x".repeat(1000),
        "output up to the limit is returned"
    );
    let run = ends_with(
        &runner,
        "python",
        &flood(2),
        json!({}),
        "EL",
        "stderr length exceeded",
    )
    .await;
    assert_eq!(run["stderr"], "x".repeat(1000));
    // Exactly the limit is allowed, on both streams.
    let both = "import os; os.write(1, b'x' * 1000); os.write(2, b'y' * 1000)";
    let run = runner.run("python", both).await["run"].clone();
    assert_eq!(
        (&run["code"], run["output"].as_str().unwrap().len()),
        (&json!(0), 2000),
        "{run}"
    );
    // Above the limit, by a program that ends at once.
    ends_with(
        &runner,
        "python",
        "import os; os.write(1, b'x' * 1001)",
        json!({}),
        "OL",
        "stdout length exceeded",
    )
    .await;
    runner.stop().await;
}

const MEMORY: &str = "Caught fatal signal 9 (memory limit exceeded)";

#[tokio::test]
async fn memory_limit_sums_over_processes_and_counts_shared_pages_once() {
    let runner = Runner::start(&["python", "javascript", "c"], &[]).await;
    let limit = json!({"run_memory_limit": 100_000_000});
    let bomb = "x = []\nwhile True: x.append(bytearray(1_000_000))";
    let run = ends_with(&runner, "python", bomb, limit.clone(), "SG", MEMORY).await;
    assert!(run["memory"].as_u64().unwrap() > 100_000_000, "{run}");
    let bomb = "const x = []; for (;;) x.push(new Uint8Array(1e6).fill(1))";
    ends_with(&runner, "javascript", bomb, limit.clone(), "SG", MEMORY).await;
    // Spread over children, none of which exceeds the limit alone.
    let spread = "import os, time
for _ in range(5):
    if os.fork() == 0:
        block = os.urandom(40_000_000)
        time.sleep(60)
time.sleep(60)";
    ends_with(&runner, "python", spread, limit.clone(), "SG", MEMORY).await;
    // Shared with children that only read it.
    let shared = "import os, time
block = os.urandom(60_000_000)
for _ in range(5):
    if os.fork() == 0:
        time.sleep(0.5); os._exit(0)
for _ in range(5): os.wait()";
    let run = runner.run_with("python", shared, limit.clone()).await["run"].clone();
    assert_eq!(run["code"], 0, "{run}");
    // Exceeded between two samples: the verdict must not vary.
    if runner.has("c").await {
        let quick = "#include <stdlib.h>\nint main(void) { volatile char *b = malloc(150000000); for (long i = 0; i < 150000000; i += 4096) b[i] = 1; return 0; }";
        ends_with(&runner, "c", quick, limit, "SG", MEMORY).await;
    }
    runner.stop().await;
}

const PROCESSES: &str = "Caught fatal signal 9 (process limit exceeded)";

#[tokio::test]
async fn process_limit_counts_threads_and_holds_for_root() {
    let runner = Runner::start(&["python", "bash"], &["--max-processes", "30"]).await;
    // Ends by itself, in case the runner fails to stop it.
    let bomb = "import os, time
for _ in range(9):
    os.fork()
time.sleep(30)";
    ends_with(&runner, "python", bomb, json!({}), "SG", PROCESSES).await;
    let chain = "import os, time
for _ in range(500):
    if os.fork(): time.sleep(30); break";
    ends_with(&runner, "python", chain, json!({}), "SG", PROCESSES).await;
    let threads = "import threading, time
for _ in range(100): threading.Thread(target=time.sleep, args=(30,)).start()";
    ends_with(&runner, "python", threads, json!({}), "SG", PROCESSES).await;
    let honest = "import threading\nfor _ in range(20): threading.Thread(target=print).start()";
    assert_eq!(runner.run("python", honest).await["run"]["code"], 0);
    runner.stop().await;
}

#[tokio::test]
async fn file_size_and_open_files_are_limited() {
    let runner = Runner::start(
        &["python", "bash"],
        &["--max-file-bytes", "1000000", "--max-open-files", "50"],
    )
    .await;
    let big = "f = open('big', 'wb')\ntry:\n    f.write(b'x' * 2_000_000); f.flush()\nexcept OSError as error: print(error.errno)";
    let run = runner.run("python", big).await["run"].clone();
    assert_eq!(run["stdout"], "27\n", "EFBIG: {run}");
    let run = runner
        .run("bash", "exec head -c 2000000 /dev/zero > big")
        .await["run"]
        .clone();
    assert_eq!(run["signal"], "SIGXFSZ", "{run}");
    let many = "import os
opened = 0
try:
    while True: os.open('/dev/null', os.O_RDONLY); opened += 1
except OSError as error: print(error.errno, opened <= 50)";
    let run = runner.run("python", many).await["run"].clone();
    assert_eq!(run["stdout"], "24 True\n", "EMFILE: {run}");
    let core = runner.run("bash", "ulimit -c; ulimit -s").await["run"].clone();
    assert_eq!(core["stdout"], "0\n458752\n");
    runner.stop().await;
}

#[tokio::test]
async fn processes_left_by_the_program_are_killed_at_its_end() {
    let runner = Runner::start(&["python", "bash"], &[]).await;
    let leave = [
        ("bash", "sleep 60 & echo done"),
        ("bash", "(sleep 60 &) ; echo done"),
        ("bash", "set -m; sleep 60 & echo done"),
        ("bash", "setsid sleep 60 & sleep 0.1; echo done"),
        // A daemon that has left the session before a sample could see it.
        (
            "python",
            "import os
print('done', flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import time; time.sleep(60)
    os._exit(0)
os.wait()",
        ),
        // A process that ignores every signal that can be ignored.
        (
            "python",
            "import os, signal, time
print('done', flush=True)
if os.fork() == 0:
    for number in (1, 2, 3, 15): signal.signal(number, signal.SIG_IGN)
    time.sleep(60)",
        ),
    ];
    for (language, code) in leave {
        let run = runner.run(language, code).await["run"].clone();
        assert_eq!(
            (&run["stdout"], &run["code"]),
            (&json!("done\n"), &json!(0)),
            "{code}: {run}"
        );
        assert!(run["wall_time"].as_u64().unwrap() < 30_000, "{code}: {run}");
        assert_eq!(programs_of(&runner.work), [0; 0], "{code}");
    }
    runner.stop().await;
}

/// It looks like a mistake in the code: the compiler's part is killed, and the compiler
/// itself exits with a code.
#[tokio::test]
async fn compiler_that_meets_a_limit_of_the_machine_says_so() {
    let runner = Runner::start(&["c"], &[]).await;
    if !runner.has("c").await {
        return;
    }
    let array =
        |numbers: u32| format!("int a[{numbers}] = {{1}};\nint main(void) {{ return a[0]; }}");
    let compile = runner.run("c", &array(1 << 26)).await["compile"].clone();
    assert_eq!(compile["status"], "RE", "{compile}");
    let message = compile["message"].as_str().unwrap();
    assert!(message.contains("limit of this machine"), "{message}");
    assert!(message.contains("33.6 MB"), "{message}");
    // A program of 20 MB is larger than the files that it may write itself.
    let body = runner.run("c", &array(5_000_000)).await;
    assert_eq!(body["run"]["code"], 1, "{}", body["compile"]);
    runner.stop().await;
}

#[tokio::test]
async fn compile_stage_is_limited() {
    let runner = Runner::start(&["c"], &["--compile-timeout-ms", "1000"]).await;
    if runner.has("c").await {
        // The compiler reads until it is killed.
        let body = runner
            .run("c", "#include \"/dev/zero\"\nint main(void) {}")
            .await;
        assert!(
            ["TO", "SG"].contains(&body["compile"]["status"].as_str().unwrap()),
            "{body}"
        );
        assert_eq!(body["compile"]["signal"], "SIGKILL", "{body}");
        assert_eq!(body["run"], body["compile"]);
        let code = "#include \"/dev/stdin\"\n#include \"/dev/full\"\nint main(void) { return 0; }";
        let _ = runner.run("c", code).await;
        assert_eq!(programs_of(&runner.work), [0; 0]);
        let body = runner
            .run_with(
                "c",
                "int main(void) { return 0; }",
                json!({"compile_timeout": 1}),
            )
            .await;
        assert_eq!(body["compile"]["status"], "TO", "{body}");
        let message = body["compile"]["message"].as_str().unwrap();
        assert!(
            message.starts_with("The compiler took longer than 0.001 s"),
            "{message}"
        );
    }
    runner.stop().await;
}

#[tokio::test]
async fn eight_submissions_in_two_slots_get_their_own_output() {
    let flags = ["--max-concurrent", "2", "--max-queue", "6"];
    let runner = Arc::new(Runner::start(&["python"], &flags).await);
    let code = "import sys, time; word = input(); time.sleep(0.2); print(word * 2)";
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..8 {
        let runner = Arc::clone(&runner);
        calls.spawn(async move {
            let body = runner
                .run_with("python", code, json!({"stdin": format!("<{number}>")}))
                .await;
            assert_eq!(body["run"]["stdout"], format!("<{number}><{number}>\n"));
        });
    }
    assert_eq!(calls.join_all().await.len(), 8);
    Arc::into_inner(runner).unwrap().stop().await;
}

#[tokio::test]
async fn full_queue_is_a_429_with_retry_after() {
    let flags = ["--max-concurrent", "1", "--max-queue", "1"];
    let flags = [&flags[..], &["--run-timeout-ms", "60000"]].concat();
    let runner = Runner::start(&["python"], &flags).await;
    // Runs until its client disconnects.
    let sleeping = program("python", "import time; time.sleep(60)");
    let first = execute_in_background(&runner.url, &sleeping);
    until_busy(&runner.url, 1, 0).await;
    let second = execute_in_background(&runner.url, &program("python", "1"));
    until_busy(&runner.url, 1, 1).await;
    let third = runner.execute(&program("python", "1")).await;
    assert_eq!(third.status, 429, "{third:?}");
    assert_eq!(third.retry_after.as_deref(), Some("1"));
    assert!(third.json()["message"].is_string());
    // An invalid request does not wait.
    assert_eq!(runner.execute(&json!({})).await.status, 400);
    first.abort();
    assert_eq!(second.await.unwrap().unwrap().status, 200);
    runner.stop().await;
}

#[tokio::test]
async fn run_stops_when_its_client_disconnects() {
    let runner = Runner::start(&["python"], &["--run-timeout-ms", "60000"]).await;
    let sleeping = program("python", "import time; time.sleep(60)");
    let call = execute_in_background(&runner.url, &sleeping);
    eventually("it runs", || programs_of(&runner.work).len() == 1).await;
    call.abort();
    eventually("it is killed", || programs_of(&runner.work).is_empty()).await;
    eventually("its folder is gone", || {
        run_folders_below(&runner.work) == 0
    })
    .await;
    runner.stop().await;
}
