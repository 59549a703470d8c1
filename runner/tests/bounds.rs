//! What a response may take, whatever programs print, and what the runner itself takes
//! meanwhile.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};

use common::Runner;
use common::http::{execute_request, program, send, until_busy};
use common::runner_process::RunnerProcess;
use common::timing::{POLL_INTERVAL, TIMEOUT};
use serde_json::{Value, json};

/// A program that prints this many control bytes to both streams.
fn control_printer(bytes: usize) -> String {
    format!("import sys\ns = '\\x01' * {bytes}\nsys.stdout.write(s); sys.stderr.write(s)")
}

#[tokio::test]
async fn separate_streams_are_in_the_response_once() {
    let runner = Runner::start(&["python", "c"], &[]).await;
    let code = "import sys; print('out'); print('err', file=sys.stderr)";
    let separate = json!({"streams": "separate"});
    let answer = runner.run_with("python", code, separate.clone()).await;
    let run = &answer["run"];
    assert_eq!(
        (&run["stdout"], &run["stderr"]),
        (&json!("out\n"), &json!("err\n"))
    );
    assert_eq!(run.get("output"), None, "{answer}");

    let members = json!({"streams": "separate", "cases": ["", ""]});
    let answer = runner.run_with("python", code, members.clone()).await;
    assert_eq!(answer.get("run"), None, "it would repeat one of the runs");
    assert_eq!(answer["runs"].as_array().unwrap().len(), 2);
    assert_eq!(answer["runs"][1].get("output"), None, "{answer}");

    // The compile stage, also from the cache that filled up with both forms.
    for code in ["int main(void) { return 0; }", "int main( {"] {
        for _ in 0..2 {
            let answer = runner.run_with("c", code, separate.clone()).await;
            assert_eq!(answer["compile"].get("output"), None, "{answer}");
            assert_eq!(answer["run"].get("output"), None, "{answer}");
            let usual = runner.run("c", code).await;
            assert!(usual["compile"]["output"].is_string(), "{usual}");
        }
    }
    let answer = runner.run_with("c", "int main( {", members).await;
    assert_eq!((answer.get("run"), &answer["runs"]), (None, &json!([])));
    let mut body = program("python", code);
    for wrong in [json!("both"), json!(true), json!("")] {
        body["streams"] = wrong;
        assert_eq!(runner.execute(&body).await.status, 400, "{body}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn output_limits_of_a_request_count_raw_bytes_of_each_stream() {
    let flags = [
        "--output-max-bytes",
        "1000",
        "--output-limit-max-bytes",
        "3000",
    ];
    let runner = Runner::start(&["python"], &flags).await;
    let printing = |stdout, stderr| {
        format!("import os\nos.write(1, b'\\1' * {stdout})\nos.write(2, b'\\1' * {stderr})")
    };
    let members = json!({"run_output_limit": 3000, "run_stderr_limit": 10});
    let answer = runner
        .run_with("python", &printing(3000, 10), members.clone())
        .await;
    assert_eq!(answer["run"]["status"], Value::Null, "{answer}");
    assert_eq!(answer["limits"]["run"]["output"], 3000);
    assert_eq!(answer["limits"]["run"]["stderr"], 10);
    let answer = runner
        .run_with("python", &printing(3001, 0), members.clone())
        .await;
    assert_eq!(answer["run"]["status"], "OL", "{answer}");
    assert_eq!(answer["run"]["stdout"].as_str().unwrap().len(), 3000);
    let answer = runner.run_with("python", &printing(0, 11), members).await;
    assert_eq!(answer["run"]["status"], "EL", "{answer}");
    // Without them, the configured ones apply.
    let answer = runner.run("python", &printing(1001, 0)).await;
    assert_eq!(answer["run"]["status"], "OL", "{answer}");
    for name in ["run_output_limit", "run_stderr_limit"] {
        let mut body = program("python", "1");
        body[name] = json!(3001);
        let answer = runner.execute(&body).await;
        let message = format!("{name} cannot exceed the configured limit of 3000");
        assert_eq!(
            (answer.status, answer.json()),
            (400, json!({"message": message}))
        );
    }
    runner.stop().await;
}

#[tokio::test]
async fn response_takes_no_more_bytes_than_asked_for() {
    let runner = Runner::start(&["python"], &[]).await;
    let code = control_printer(20_000);
    for (limit, cases, streams) in [
        (16_384, None, None),
        (16_384, Some(4), None),
        (40_000, Some(4), Some("separate")),
        (240_000, None, Some("separate")),
        (1_000_000, Some(6), Some("separate")),
    ] {
        let mut body = program("python", &code);
        body["answer_limit"] = json!(limit);
        body["cases"] = json!(cases.map(|cases| vec![""; cases]));
        body["streams"] = json!(streams);
        let answer = runner.execute(&body).await;
        assert!(
            answer.text.len() <= limit,
            "{} of {limit}",
            answer.text.len()
        );
        let response = answer.json();
        let first = cases.map_or(&response["run"], |_| &response["runs"][0]);
        // One run takes 240,000 bytes, and half as much again where it is combined.
        if limit < 245_000 {
            assert_eq!(first["status"], "OL", "{limit}: {}", first["message"]);
            assert_eq!(first["limit"], "stdout");
            assert!(
                first["stdout"].as_str().unwrap().len() > 300,
                "what fits is kept"
            );
            assert!(first["stderr"].as_str().unwrap().len() > 100);
        } else {
            assert_eq!(first["status"], Value::Null);
        }
        if let Some(cases) = cases {
            let runs = response["runs"].as_array().unwrap();
            assert!(runs.len() < cases, "{limit}: {} runs", runs.len());
            let whole = runs.iter().filter(|run| run["status"].is_null()).count();
            assert_eq!(whole, if limit == 1_000_000 { 4 } else { 0 });
            assert_eq!(
                runs.len(),
                whole.max(1),
                "a run that fits by itself is left"
            );
        }
    }
    for (limit, message) in [
        (json!(16_383), "answer_limit must be at least 16384"),
        (
            json!(33_554_433),
            "answer_limit cannot exceed the configured limit of 33554432",
        ),
        (json!("1"), "If specified, answer_limit must be a number"),
    ] {
        let mut body = program("python", "1");
        body["answer_limit"] = limit;
        let answer = runner.execute(&body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, json!({"message": message}))
        );
    }
    runner.stop().await;
}

/// A body is read into values only as far as it is needed.
#[tokio::test]
async fn request_of_a_million_values_is_refused_or_skipped() {
    let runner = Runner::start(&["python"], &[]).await;
    let many = format!("[{}0]", "0,".repeat(1_000_000));
    for (member, status) in [("args", 400), ("cases", 400), ("unknown", 200)] {
        let body = format!(
            r#"{{"language":"python","version":"*","files":[{{"content":"1"}}],"{member}":{many}}}"#
        );
        let answer = runner
            .post("/api/v2/execute", Some("application/json"), body)
            .await;
        assert_eq!(answer.status, status, "{member}: {answer:?}");
    }
    runner.stop().await;
}

fn start(flags: &[&str]) -> RunnerProcess {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command
        .args(["--listen", "127.0.0.1:0", "--max-concurrent", "2"])
        .args(flags)
        .env("RUNNER_LOG", "error")
        .stdout(Stdio::piped());
    RunnerProcess::spawn(&mut command)
}

/// The most memory that the runner ever had, in MB.
fn peak_mb(runner: &RunnerProcess) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", runner.pid())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024 / 1_000_000
}

/// The worst that two submissions can do at once, again and again.
#[tokio::test]
async fn runner_s_memory_is_bounded_whatever_programs_print() {
    let runner = start(&[]);
    let mut body = program("python", &control_printer(1 << 20));
    body["cases"] = json!(vec![""; 8]);
    let attacks = (0..6).map(|_| {
        let request = execute_request(runner.url(), &body);
        tokio::spawn(async move { send(request).await.unwrap() })
    });
    for attack in attacks.collect::<Vec<_>>() {
        let answer = attack.await.unwrap();
        assert_eq!(answer.status, 200);
        assert!(answer.text.len() <= 32 << 20, "{}", answer.text.len());
    }
    let peak = peak_mb(&runner);
    println!("the runner's peak: {peak} MB");
    assert!(peak < 250, "{peak} MB");
}

/// Clients that ask and never read their answers must not fill the memory.
#[tokio::test]
async fn answers_that_nobody_reads_are_few() {
    let runner = start(&["--answer-max-bytes", "16000000"]);
    let address = runner.url().strip_prefix("http://").unwrap().to_owned();
    let body = program("python", &control_printer(600_000)).to_string();
    let mut silent = Vec::new();
    for _ in 0..12 {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "POST /api/v2/execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        silent.push(stream);
    }
    // Both slots are waiting for room, and the other submissions for a slot.
    until_busy(runner.url(), 2, 8).await;
    let peak = peak_mb(&runner);
    println!("the runner's peak: {peak} MB");
    assert!(peak < 200, "{peak} MB");
    // Once the clients are gone, the next one is served.
    drop(silent);
    let begun = std::time::Instant::now();
    let answer = send(execute_request(
        runner.url(),
        &program("python", "print(5)"),
    ))
    .await;
    assert_eq!(answer.unwrap().json()["run"]["stdout"], "5\n");
    assert!(begun.elapsed() < TIMEOUT, "{POLL_INTERVAL:?}");
}
