//! The program itself: what it says at start, and that its end, however it comes,
//! leaves nothing running.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{eventually, held_by, processes_of};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// The binary on a free port. Killed when dropped.
struct Binary {
    child: Child,
    ready: String,
}

impl Binary {
    fn start(work: &Path, flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_runner"))
            .args(["--listen", "127.0.0.1:0", "--label", work.to_str().unwrap()])
            .args(flags)
            .env("RUNNER_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut ready)
            .unwrap();
        Self { child, ready }
    }

    fn url(&self) -> String {
        let rest = self
            .ready
            .strip_prefix("runner ready on ")
            .unwrap_or_else(|| panic!("{:?}", self.ready));
        rest.split(' ').next().unwrap().to_owned()
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Posts a program that sleeps with a child that sleeps.
    fn sleep(&self) -> tokio::task::JoinHandle<Option<(u16, String)>> {
        let body = json!({"language": "python", "version": "*", "files": [{
            "content": "import os, time; os.fork(); time.sleep(60)"
        }]});
        let url = format!("{}/api/v2/execute", self.url());
        tokio::spawn(async move {
            let request = reqwest::Client::new()
                .post(url)
                .header("content-type", "application/json");
            let response = request.body(body.to_string()).send().await.ok()?;
            Some((response.status().as_u16(), response.text().await.ok()?))
        })
    }

    async fn exited(&mut self) -> std::process::ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running after 20 s");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(flags)
        .output()
        .unwrap()
}

#[tokio::test]
async fn it_says_when_it_is_ready_and_how_it_holds_programs() {
    for (flags, tier) in [(&[][..], "full"), (&["--unsafe-no-sandbox"], "unsandboxed")] {
        let work = tempfile::tempdir().unwrap();
        let folder = work.path().join("work");
        let flags = [flags, &["--work-dir", folder.to_str().unwrap()]].concat();
        let mut binary = Binary::start(work.path(), &flags);
        assert!(binary.ready.contains("(python 3."), "{}", binary.ready);
        assert!(binary.ready.contains(", javascript "), "{}", binary.ready);
        let told = format!("; sandbox: {tier})");
        assert!(binary.ready.contains(&told), "{}", binary.ready);
        let url = format!("{}/healthz", binary.url());
        let health = reqwest::get(url).await.unwrap().text().await.unwrap();
        assert!(
            health.contains(&format!("\"sandbox\":\"{tier}\"")),
            "{health}"
        );
        binary.signal(Signal::TERM);
        assert!(binary.exited().await.success());
        let mut log = String::new();
        binary
            .child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        assert_eq!(log.contains("there is no sandbox"), tier != "full", "{log}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_at_start() {
    for (flags, word) in [
        (&["--listen", "0.0.0.0:0"][..], "loopback"),
        (
            &["--listen", "0.0.0.0:0", "--unsafe-no-sandbox"],
            "loopback",
        ),
        (
            &["--listen", "127.0.0.1:0", "--max-concurrent", "0"],
            "--max-concurrent",
        ),
        (
            &["--listen", "127.0.0.1:0", "--languages", "/nowhere.toml"],
            "/nowhere.toml",
        ),
        (&["--listen", "127.0.0.1:0", "--log", "a=b=c"], "--log"),
        (&["--no-such-flag"], "--no-such-flag"),
    ] {
        let output = run(flags);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{flags:?}");
        assert!(error.contains(word), "{flags:?}: {error}");
    }
}

#[test]
fn a_secret_is_never_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("--help")
        .env("RUNNER_TOKEN", "hunter2hunter2")
        .output()
        .unwrap();
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(help.contains("RUNNER_LISTEN"), "{help}");
    assert!(!help.contains("hunter2"), "{help}");
}

#[tokio::test]
async fn a_table_of_ones_own_is_used() {
    let work = tempfile::tempdir().unwrap();
    let table = work.path().join("languages.toml");
    std::fs::write(
        &table,
        "[[language]]\nname = 'snake'\naliases = ['s']\nprogram = ['python3']\nversion = ['--version']\nrun = ['{program}', '{file}']\n",
    )
    .unwrap();
    let binary = Binary::start(
        &work.path().join("work"),
        &["--languages", table.to_str().unwrap()],
    );
    assert!(binary.ready.contains("(snake 3."), "{}", binary.ready);
    assert!(!binary.ready.contains("javascript"), "{}", binary.ready);
}

#[tokio::test]
async fn signals_end_it_and_its_submissions() {
    for signal in [Signal::TERM, Signal::INT] {
        let work = tempfile::tempdir().unwrap();
        let flags = [
            "--run-timeout-ms",
            "60000",
            "--max-concurrent",
            "1",
            "--shutdown-grace-ms",
            "300",
        ];
        let mut binary = Binary::start(work.path(), &flags);
        let running = binary.sleep();
        eventually("it runs", || processes_of(work.path()).len() == 2).await;
        let waiting = binary.sleep();
        tokio::time::sleep(Duration::from_millis(200)).await;
        binary.signal(signal);
        assert!(binary.exited().await.success(), "{signal:?}");
        assert_eq!(held_by(work.path()), (Vec::new(), Vec::new()));
        // Whoever waited is told, with Piston's empty 500.
        for call in [running, waiting] {
            assert_eq!(
                call.await.unwrap(),
                Some((500, String::new())),
                "{signal:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_shutdown_lets_short_submissions_finish() {
    let work = tempfile::tempdir().unwrap();
    let mut binary = Binary::start(work.path(), &["--shutdown-grace-ms", "15000"]);
    let url = format!("{}/api/v2/execute", binary.url());
    let body = json!({"language": "python", "version": "*", "files": [{"content": "import time; time.sleep(1); print('whole')"}]});
    let call = tokio::spawn(async move {
        let request = reqwest::Client::new()
            .post(url)
            .header("content-type", "application/json");
        request
            .body(body.to_string())
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    });
    eventually("it runs", || processes_of(work.path()).len() == 1).await;
    binary.signal(Signal::TERM);
    assert!(call.await.unwrap().contains("\"whole\\n\""));
    assert!(binary.exited().await.success());
}

#[tokio::test]
async fn a_killed_runner_takes_everything_with_it() {
    let work = tempfile::tempdir().unwrap();
    let mut binary = Binary::start(work.path(), &["--run-timeout-ms", "60000"]);
    let call = binary.sleep();
    eventually("it runs", || processes_of(work.path()).len() == 2).await;
    binary.signal(Signal::KILL);
    let _ = binary.exited().await;
    let _ = call.await;
    // Nobody is there to clean up: the kernel and the init do.
    eventually("all of it dies", || {
        held_by(work.path()) == (Vec::new(), Vec::new())
    })
    .await;
}

/// In a user namespace of its own, whose owner may forbid further ones.
#[test]
fn without_namespaces_it_refuses_and_never_does_with_less() {
    let script = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let start = |more: &[&str]| {
        Command::new("unshare")
            .args(["--user", "--map-root-user", "sh", "-c", script, "sh"])
            .arg(env!("CARGO_BIN_EXE_runner"))
            .args(more)
            .output()
            .unwrap()
    };
    let output = start(&["--listen", "127.0.0.1:0"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{error}");
    assert!(output.stdout.is_empty(), "it must not say that it is ready");
    for word in ["refusing to start", "namespaces", "--unsafe-no-sandbox"] {
        assert!(error.contains(word), "{error}");
    }
    // Nothing but the one flag changes that, and that one only on loopback.
    let output = start(&["--listen", "0.0.0.0:0", "--unsafe-no-sandbox"]);
    assert!(!output.status.success());
}
