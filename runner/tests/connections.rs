//! Connections that take up room: clients that send half a request, and a machine that
//! lacks descriptors.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::http::{execute_request, program, send};
use common::runner_process::RunnerProcess;
use common::timing::TIMEOUT;
use runner::connections::HEAD_TIMEOUT;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;

/// A runner that may have this many open files.
fn start(open_files: u32, flags: &[&str]) -> RunnerProcess {
    let mut command = Command::new("bash");
    command
        .arg("-c")
        .arg(format!("ulimit -n {open_files}; exec \"$@\""))
        .args([
            "bash",
            env!("CARGO_BIN_EXE_runner"),
            "--listen",
            "127.0.0.1:0",
        ])
        .args(["--max-concurrent", "2"])
        .args(flags)
        .env("RUNNER_LOG", "error")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    RunnerProcess::spawn(&mut command)
}

fn half_open(runner: &RunnerProcess) -> TcpStream {
    let mut stream = TcpStream::connect(runner.url().strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(b"POST /api/v2/ex").unwrap();
    stream
}

#[tokio::test]
async fn half_open_connections_keep_nobody_out() {
    let runner = start(256, &[]);
    let half_open: Vec<_> = (0..236).map(|_| half_open(&runner)).collect();
    for number in 0..10 {
        let begun = Instant::now();
        let code = format!("print({number})");
        let answer = send(execute_request(runner.url(), &program("python", &code))).await;
        let run = answer.unwrap().json()["run"].clone();
        assert_eq!(run["stdout"], format!("{number}\n"), "{run}");
        // Long before the time-out of the others.
        assert!(begun.elapsed() < HEAD_TIMEOUT, "{:?}", begun.elapsed());
    }
    drop(half_open);
}

/// The same with connections that have had a request and keep quiet.
#[tokio::test]
async fn idle_connections_keep_nobody_out() {
    let runner = start(4096, &["--max-connections", "8"]);
    let address = runner.url().strip_prefix("http://").unwrap().to_owned();
    let mut idle = Vec::new();
    for _ in 0..30 {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
        idle.push(stream);
    }
    // The last ones are still served.
    let again = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    for stream in &mut idle[23..] {
        stream.write_all(again).unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("edgejudge runner").count(), 2, "{answers}");
    }
}

#[tokio::test]
async fn connection_without_a_request_is_closed_after_a_time() {
    let runner = start(1024, &[]);
    let mut stream = half_open(&runner);
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let begun = Instant::now();
    assert_eq!(stream.read(&mut [0; 100]).unwrap_or(0), 0, "closed");
    let elapsed = begun.elapsed();
    assert!(
        elapsed >= HEAD_TIMEOUT - Duration::from_secs(1),
        "{elapsed:?}"
    );
    assert!(
        elapsed < HEAD_TIMEOUT + Duration::from_secs(20),
        "{elapsed:?}"
    );
}

fn set_open_files(runner: &RunnerProcess, open_files: u64) {
    let pid = Pid::from_raw(runner.pid().try_into().unwrap());
    let limit = Rlimit {
        current: Some(open_files),
        maximum: Some(1024),
    };
    prlimit(pid, Resource::Nofile, limit).unwrap();
}

/// A program that cannot be started now may be right: nothing is said about it.
#[tokio::test]
async fn submission_that_cannot_be_started_now_gets_a_503() {
    // An interpreter that waits has all that it needs.
    let runner = start(1024, &["--warm", "0"]);
    let url = runner.url().to_owned();
    let mut body = program("python", "print(5)");
    let client = reqwest::Client::new();
    let execute = async |body: &serde_json::Value| {
        let request = client
            .post(format!("{url}/api/v2/execute"))
            .header("content-type", "application/json")
            .body(body.to_string());
        send(request).await.unwrap()
    };
    assert_eq!(execute(&body).await.status, 200);
    // Room for what is open, and for little more.
    let open = std::fs::read_dir(format!("/proc/{}/fd", runner.pid())).unwrap();
    let open = open.count() as u64;
    set_open_files(&runner, open + 3);
    for cases in [json!(null), json!(["", ""])] {
        body["cases"] = cases;
        let answer = execute(&body).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.retry_after.as_deref(), Some("1"), "{answer:?}");
        let message = "a program cannot be started now, try again later or elsewhere";
        assert_eq!(answer.json(), json!({"message": message}));
    }
    set_open_files(&runner, 1024);
    body["cases"] = json!(null);
    assert_eq!(execute(&body).await.json()["run"]["stdout"], "5\n");
    let metrics = send(client.get(format!("{url}/metrics"))).await.unwrap();
    assert!(
        metrics.text.contains("runner_unavailable_total 2\n"),
        "{metrics:?}"
    );
}

#[test]
fn runner_refuses_to_start_with_too_few_descriptors_for_its_runs() {
    let output = Command::new("bash")
        .args([
            "-c",
            "ulimit -n 60; exec \"$@\"",
            "bash",
            env!("CARGO_BIN_EXE_runner"),
        ])
        .args(["--listen", "127.0.0.1:0", "--max-concurrent", "2"])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(
        error.contains("open files") && error.contains("LimitNOFILE="),
        "{error}"
    );
}
