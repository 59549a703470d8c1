//! Programs that take too much: each is stopped, told apart, and nothing of it is
//! left. Times are generous; the machine may be busy.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::{Runner, eventually, folders_of, processes_of, until_busy};
use serde_json::{Value, json};

/// Runs it and checks that it ended as said and left nothing.
async fn ends(
    runner: &Runner,
    language: &str,
    code: &str,
    more: Value,
    status: &str,
    message: &str,
) -> Value {
    let body = runner.run_with(language, code, more).await;
    let mut run = body["run"].clone();
    assert_eq!(run["status"], status, "{run}");
    assert_eq!(run["message"], message, "{run}");
    assert_eq!(run["signal"], "SIGKILL", "{run}");
    assert_eq!(run["code"], Value::Null, "{run}");
    assert_eq!(processes_of(&runner.work), [0; 0], "{code}");
    assert_eq!(folders_of(&runner.work), 0);
    run["compile"] = body["compile"].clone();
    run
}

const WALL: &str = "Time limit exceeded (wall clock)";
const CPU: &str = "Time limit exceeded";

#[tokio::test]
async fn time_is_limited() {
    let runner = Runner::start(&["python", "javascript", "bash"], &[]).await;
    let short = json!({"run_timeout": 500});
    let run = ends(
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
    ends(&runner, "bash", "sleep 60 & sleep 60", short, "TO", WALL).await;

    let cpu = json!({"run_cpu_time": 500});
    let run = ends(
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
    ends(&runner, "javascript", "for (;;) {}", cpu.clone(), "TO", CPU).await;
    let ignoring = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass";
    ends(&runner, "python", ignoring, cpu, "TO", CPU).await;
    runner.stop().await;
}

#[tokio::test]
async fn cpu_time_is_summed_over_processes() {
    let runner = Runner::start(&["python"], &["--run-timeout-ms", "60000"]).await;
    // Four that burn, a parent that sleeps: none of them is over by itself soon.
    let burn = "import os, time
for _ in range(4):
    if os.fork() == 0:
        while True: pass
time.sleep(60)";
    let run = ends(
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
    // One after the other, each too short to be over.
    let relay = "import os, time
while True:
    if os.fork() == 0:
        end = time.process_time() + 0.004
        while time.process_time() < end: pass
        os._exit(0)
    os.wait()";
    ends(
        &runner,
        "python",
        relay,
        json!({"run_cpu_time": 1000}),
        "TO",
        CPU,
    )
    .await;
    // Each hands on to its child and ends, waited for by nobody.
    let handing_on = "import os, time
if os.fork(): time.sleep(60)
while True:
    end = time.process_time() + 0.1
    while time.process_time() < end: pass
    if os.fork(): os._exit(0)";
    ends(
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
    ends(
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
async fn output_is_limited_each_stream_by_itself() {
    let runner = Runner::start(&["python"], &["--output-max-bytes", "1000"]).await;
    let flood = |fd| format!("import os\nwhile True: os.write({fd}, b'x' * 100)");
    let run = ends(
        &runner,
        "python",
        &flood(1),
        json!({}),
        "OL",
        "stdout length exceeded",
    )
    .await;
    assert_eq!(run["stdout"], "x".repeat(1000), "what fits is kept");
    let run = ends(
        &runner,
        "python",
        &flood(2),
        json!({}),
        "EL",
        "stderr length exceeded",
    )
    .await;
    assert_eq!(run["stderr"], "x".repeat(1000));
    // Exactly the limit, on both, is allowed.
    let both = "import os; os.write(1, b'x' * 1000); os.write(2, b'y' * 1000)";
    let run = runner.run("python", both).await["run"].clone();
    assert_eq!(
        (&run["code"], run["output"].as_str().unwrap().len()),
        (&json!(0), 2000),
        "{run}"
    );
    // Too much, and gone before anybody looked.
    ends(
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
async fn memory_is_limited() {
    let runner = Runner::start(&["python", "javascript", "c"], &[]).await;
    let limit = json!({"run_memory_limit": 100_000_000});
    let bomb = "x = []\nwhile True: x.append(bytearray(1_000_000))";
    let run = ends(&runner, "python", bomb, limit.clone(), "SG", MEMORY).await;
    assert!(run["memory"].as_u64().unwrap() > 100_000_000, "{run}");
    let bomb = "const x = []; for (;;) x.push(new Uint8Array(1e6).fill(1))";
    ends(&runner, "javascript", bomb, limit.clone(), "SG", MEMORY).await;
    // Spread over children, none over the limit by itself.
    let spread = "import os, time
for _ in range(5):
    if os.fork() == 0:
        block = os.urandom(40_000_000)
        time.sleep(60)
time.sleep(60)";
    ends(&runner, "python", spread, limit.clone(), "SG", MEMORY).await;
    // Shared by children that only look: counted once.
    let shared = "import os, time
block = os.urandom(60_000_000)
for _ in range(5):
    if os.fork() == 0:
        time.sleep(0.5); os._exit(0)
for _ in range(5): os.wait()";
    let run = runner.run_with("python", shared, limit.clone()).await["run"].clone();
    assert_eq!(run["code"], 0, "{run}");
    // Over and gone within a moment: the verdict must not depend on luck.
    if runner.has("c").await {
        let quick = "#include <stdlib.h>\nint main(void) { volatile char *b = malloc(150000000); for (long i = 0; i < 150000000; i += 4096) b[i] = 1; return 0; }";
        ends(&runner, "c", quick, limit, "SG", MEMORY).await;
    }
    runner.stop().await;
}

const PROCESSES: &str = "Caught fatal signal 9 (process limit exceeded)";

#[tokio::test]
async fn processes_and_threads_are_limited_for_root_too() {
    let runner = Runner::start(&["python", "bash"], &["--max-processes", "30"]).await;
    // Bounded by itself, should the runner fail to stop it.
    let bomb = "import os, time
for _ in range(9):
    os.fork()
time.sleep(30)";
    ends(&runner, "python", bomb, json!({}), "SG", PROCESSES).await;
    let chain = "import os, time
for _ in range(500):
    if os.fork(): time.sleep(30); break";
    ends(&runner, "python", chain, json!({}), "SG", PROCESSES).await;
    let threads = "import threading, time
for _ in range(100): threading.Thread(target=time.sleep, args=(30,)).start()";
    ends(&runner, "python", threads, json!({}), "SG", PROCESSES).await;
    let honest = "import threading\nfor _ in range(20): threading.Thread(target=print).start()";
    assert_eq!(runner.run("python", honest).await["run"]["code"], 0);
    runner.stop().await;
}

#[tokio::test]
async fn files_are_limited_in_size_and_number() {
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
    assert_eq!(core["stdout"], "0\n8192\n");
    runner.stop().await;
}

#[tokio::test]
async fn nobody_waits_for_those_left_behind() {
    let runner = Runner::start(&["python", "bash"], &[]).await;
    let leave = [
        ("bash", "sleep 60 & echo done"),
        ("bash", "(sleep 60 &) ; echo done"),
        ("bash", "set -m; sleep 60 & echo done"),
        ("bash", "setsid sleep 60 & sleep 0.1; echo done"),
        // A daemon as in the books, its session left before anybody could see.
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
        // Deaf to everything that can be ignored.
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
        assert_eq!(processes_of(&runner.work), [0; 0], "{code}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn compiling_is_limited_too() {
    let runner = Runner::start(&["c"], &["--compile-timeout-ms", "1000"]).await;
    if runner.has("c").await {
        // cc1 reads until it is killed.
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
        assert_eq!(processes_of(&runner.work), [0; 0]);
        let body = runner
            .run_with(
                "c",
                "int main(void) { return 0; }",
                json!({"compile_timeout": 1}),
            )
            .await;
        assert_eq!(body["compile"]["status"], "TO", "{body}");
        assert_eq!(body["compile"]["message"], WALL);
    }
    runner.stop().await;
}

#[tokio::test]
async fn eight_at_two_slots_are_all_right() {
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
async fn beyond_the_queue_is_too_many() {
    let flags = ["--max-concurrent", "1", "--max-queue", "1"];
    let flags = [&flags[..], &["--run-timeout-ms", "60000"]].concat();
    let runner = Runner::start(&["python"], &flags).await;
    let body =
        |code: &str| json!({"language": "python", "version": "*", "files": [{"content": code}]});
    let call = |code| {
        let (url, body) = (
            format!("{}/api/v2/execute", runner.url),
            body(code).to_string(),
        );
        tokio::spawn(async move {
            let request = reqwest::Client::new()
                .post(url)
                .header("content-type", "application/json");
            request.body(body).send().await.unwrap().status().as_u16()
        })
    };
    // Runs until its caller goes away, however long the rest takes.
    let first = call("import time; time.sleep(60)");
    until_busy(&runner.url, 1, 0).await;
    let second = call("1");
    until_busy(&runner.url, 1, 1).await;
    let third = runner.execute(&body("1")).await;
    assert_eq!(third.status, 429, "{third:?}");
    assert_eq!(third.retry_after.as_deref(), Some("1"));
    assert!(third.json()["message"].is_string());
    // Nonsense is refused without waiting.
    assert_eq!(runner.execute(&json!({})).await.status, 400);
    first.abort();
    assert_eq!(second.await.unwrap(), 200);
    runner.stop().await;
}

#[tokio::test]
async fn a_caller_who_goes_away_stops_the_run() {
    let runner = Runner::start(&["python"], &["--run-timeout-ms", "60000"]).await;
    let body = json!({"language": "python", "version": "*", "files": [{"content": "import time; time.sleep(60)"}]});
    let call = tokio::spawn({
        let (url, body) = (format!("{}/api/v2/execute", runner.url), body.to_string());
        async move {
            let request = reqwest::Client::new()
                .post(url)
                .header("content-type", "application/json");
            request.body(body).send().await
        }
    });
    eventually("it runs", || processes_of(&runner.work).len() == 1).await;
    call.abort();
    eventually("it is killed", || processes_of(&runner.work).is_empty()).await;
    eventually("its folder is gone", || folders_of(&runner.work) == 0).await;
    runner.stop().await;
}
