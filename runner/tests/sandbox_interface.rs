//! The interface between the service and the sandbox: another implementation can
//! replace it, and whatever it does, the service stays up.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::Runner;
use common::processes::run_folders_below;
use runner::sandbox::{Cancel, Command, Ending, Limit, Report, Sandbox, Tier};
use serde_json::{Value, json};

/// Returns the given ending, or panics without one, and records the commands.
struct Scripted {
    ending: Option<Ending>,
    commands: Arc<Mutex<Vec<String>>>,
}

impl Sandbox for Scripted {
    fn run(&self, command: &Command<'_>, _: &Cancel) -> Report {
        let main = std::str::from_utf8(&command.files[0].content).unwrap();
        assert_eq!(command.files[0].name, command.argv[1]);
        let recorded = format!("{main} {:?} {:?}", &command.argv[1..], command.limits);
        self.commands.lock().unwrap().push(recorded);
        let Some(ending) = self.ending.clone() else {
            panic!("as scripted")
        };
        Report {
            ending,
            stdout: b"out".to_vec(),
            stderr: b"err".to_vec(),
            output: command.combine_output.then(|| b"outerr".to_vec()),
            cpu: Duration::from_micros(1_999),
            wall: Duration::from_secs(2),
            memory_bytes: 3,
            folder: None,
            files: Vec::new(),
        }
    }

    fn tier(&self) -> Tier {
        Tier::Unsandboxed
    }
}

async fn scripted(ending: Option<Ending>) -> (Runner, Arc<Mutex<Vec<String>>>) {
    let commands = Arc::default();
    let sandbox = Scripted {
        ending,
        commands: Arc::clone(&commands),
    };
    let flags = [
        &["--max-concurrent", "1", "--max-queue", "0"][..],
        &common::DEFAULT_TIMES,
    ]
    .concat();
    (
        Runner::start_with_sandbox(&flags, Box::new(sandbox)).await,
        commands,
    )
}

#[tokio::test]
async fn sandbox_panic_is_an_empty_500_and_frees_the_slot() {
    let (runner, _) = scripted(None).await;
    let body = json!({"language": "python", "version": "*", "files": [{"content": ""}]});
    for _ in 0..3 {
        let answer = runner.execute(&body).await;
        assert_eq!((answer.status, answer.text.as_str()), (500, ""));
    }
    assert_eq!(run_folders_below(&runner.work), 0);
    assert_eq!(runner.get("/healthz").await.json()["running"], 0);
    runner.stop().await;
}

#[tokio::test]
async fn sandbox_report_becomes_the_response() {
    let (runner, _) = scripted(Some(Ending::Limited(Limit::Memory))).await;
    let body = runner.run("python", "x").await;
    assert_eq!(
        body["run"],
        json!({
            "signal": "SIGKILL", "stdout": "out", "stderr": "err", "code": Value::Null,
            "output": "outerr", "memory": 3, "status": "SG", "limit": "memory", "cpu_time": 1, "wall_time": 2000,
            "message": "Caught fatal signal 9 (memory limit exceeded)",
        })
    );
    runner.stop().await;
}

/// What was run already is in the response, and the caller asks for the rest.
#[tokio::test]
async fn shortage_of_the_machine_is_a_503_with_retry_after() {
    for ending in [
        Ending::Unavailable("no descriptors".to_owned()),
        Ending::Cancelled,
    ] {
        let (runner, _) = scripted(Some(ending)).await;
        let body = json!({"language": "python", "version": "*", "files": [{"content": ""}]});
        let answer = runner.execute(&body).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.retry_after.as_deref(), Some("1"));
        assert!(!answer.text.contains("descriptors"), "{answer:?}");
        runner.stop().await;
    }
}

#[tokio::test]
async fn sandbox_gets_files_arguments_and_limits() {
    let (runner, commands) = scripted(Some(Ending::Exited(0))).await;
    let members = json!({
        "args": ["a"], "run_timeout": 1500.5, "run_cpu_time": 250, "run_memory_limit": 1_000_000,
    });
    runner.run_with("python", "the code", members).await;
    let recorded = commands.lock().unwrap().remove(0);
    let expected = "the code [\"main.py\", \"a\"] Limits { wall: 1.5005s, cpu: 250ms, \
        memory_bytes: Some(1000000), stack_bytes: 8388608, stdout_bytes: 1048576, \
        stderr_bytes: 1048576, tasks: 64, open_files: 2048, \
        file_bytes: 10000000, disk_bytes: 134217728, disk_files: 8192 }";
    assert_eq!(recorded, expected);
    runner.stop().await;
}

#[tokio::test]
async fn program_that_cannot_start_is_a_failure_of_the_sandbox() {
    let runner = Runner::start(&["python"], &[]).await;
    // Longer than the kernel allows for one argument.
    let body = runner
        .run_with("python", "print(1)", json!({"args": ["x".repeat(200_000)]}))
        .await;
    let run = &body["run"];
    assert_eq!(
        (&run["status"], &run["code"], &run["signal"]),
        (&json!("XX"), &Value::Null, &Value::Null)
    );
    let message = run["message"].as_str().unwrap();
    assert!(
        message.starts_with("the program could not be started: "),
        "{message}"
    );
    assert_eq!(run_folders_below(&runner.work), 0);
    runner.stop().await;
}
