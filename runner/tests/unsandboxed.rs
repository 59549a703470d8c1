//! `--unsafe-no-sandbox`: limits and clean-up without isolation, and every response
//! says so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::Runner;
use common::http::{execute_in_background, program};
use common::processes::{processes_with_home_below, run_folders_below};
use common::timing::eventually;
use runner::sandbox::process::ProcessSandbox;
use serde_json::{Value, json};

async fn runner(work: &Path, flags: &[&str]) -> Runner {
    Runner::start_with_sandbox(flags, Box::new(ProcessSandbox::new(work).unwrap())).await
}

#[tokio::test]
async fn unsandboxed_runner_says_so_in_every_response() {
    let work = tempfile::tempdir().unwrap();
    let runner = runner(work.path(), &[]).await;
    let body = runner
        .run_with("python", "print(input())", json!({"stdin": "x"}))
        .await;
    assert_eq!(body["sandbox"], "unsandboxed");
    assert_eq!(body["run"]["stdout"], "x\n", "{body}");
    assert_eq!(
        runner.get("/healthz").await.json()["sandbox"],
        "unsandboxed"
    );
    runner.stop().await;
}

#[tokio::test]
async fn unsandboxed_runs_are_limited_and_leave_nothing() {
    let work = tempfile::tempdir().unwrap();
    let flags = [
        "--max-processes",
        "20",
        "--run-memory-limit-bytes",
        "100000000",
    ];
    let runner = runner(work.path(), &flags).await;
    let rows = [
        ("import time; time.sleep(60)", "wall_time"),
        (
            "import signal; signal.signal(24, signal.SIG_IGN)\nwhile True: pass",
            "cpu_time",
        ),
        (
            "x = []\nfor _ in range(500): x.append(bytearray(b'x') * 1_000_000)\nimport time; time.sleep(20)",
            "memory",
        ),
        (
            "import os, time\nfor _ in range(7): os.fork()\ntime.sleep(20)",
            "processes",
        ),
        ("import os\nwhile True: os.write(1, b'x' * 1000)", "stdout"),
    ];
    for (code, limit) in rows {
        let run_timeout = if limit == "wall_time" { 1_000 } else { 30_000 };
        let members = json!({"run_timeout": run_timeout, "run_cpu_time": 500});
        let run = runner.run_with("python", code, members).await["run"].clone();
        assert_eq!(run["limit"], limit, "{code}: {run}");
        assert_eq!(processes_with_home_below(work.path()), [0; 0], "{code}");
        assert_eq!(run_folders_below(work.path()), 0);
    }
    let daemon = "import os, time
print('done', flush=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: time.sleep(60)
    os._exit(0)";
    let run = runner.run("python", daemon).await["run"].clone();
    assert_eq!(
        (&run["stdout"], &run["code"]),
        (&json!("done\n"), &json!(0))
    );
    assert_eq!(processes_with_home_below(work.path()), [0; 0]);
    runner.stop().await;
}

#[tokio::test]
async fn unsandboxed_exit_codes_and_signals_are_reported() {
    let work = tempfile::tempdir().unwrap();
    let runner = runner(work.path(), &[]).await;
    for code in [0, 1, 125, 137, 255] {
        let run = runner
            .run("python", &format!("import os; os._exit({code})"))
            .await["run"]
            .clone();
        assert_eq!((&run["code"], &run["signal"]), (&json!(code), &Value::Null));
    }
    let run = runner
        .run("python", "import os; os.kill(os.getpid(), 11)")
        .await["run"]
        .clone();
    assert_eq!(
        (&run["code"], &run["signal"]),
        (&Value::Null, &json!("SIGSEGV"))
    );
    runner.stop().await;
}

#[tokio::test]
async fn unsandboxed_run_stops_when_its_client_disconnects() {
    let work = tempfile::tempdir().unwrap();
    let runner = runner(work.path(), &["--run-timeout-ms", "60000"]).await;
    let body = program("python", "import time; time.sleep(60)");
    let call = execute_in_background(&runner.url, &body);
    eventually("it runs", || {
        processes_with_home_below(work.path()).len() == 1
    })
    .await;
    call.abort();
    eventually("it is killed", || {
        processes_with_home_below(work.path()).is_empty()
    })
    .await;
    eventually("its folder is gone", || run_folders_below(work.path()) == 0).await;
    runner.stop().await;
}
