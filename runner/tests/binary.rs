//! The program itself: its ready line, its errors at start, and that it leaves no
//! process behind, however it ends.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::has_landlock_tier;
use common::http::{Answer, execute_in_background, execute_request, program, send, until_busy};
use common::processes::{RunProcesses, programs_of};
use common::runner_process::RunnerProcess;
use common::timing::{TIMEOUT, eventually};
use rustix::process::Signal;
use serde_json::json;
use tokio::task::JoinHandle;

/// Starts the program on a free port.
fn start(label: &Path, flags: &[&str]) -> RunnerProcess {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command
        .args(["--listen", "127.0.0.1:0"])
        .args(["--label", label.to_str().unwrap()])
        .args(flags)
        .env("RUNNER_LOG", "warn")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    RunnerProcess::spawn(&mut command)
}

/// Submits a program that sleeps and has a child that sleeps.
fn submit_sleeping(runner: &RunnerProcess) -> JoinHandle<Option<Answer>> {
    let code = "import os, time; os.fork(); time.sleep(60)";
    execute_in_background(runner.url(), &program("python", code))
}

fn run(flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(flags)
        .output()
        .unwrap()
}

async fn health(runner: &RunnerProcess) -> String {
    let request = reqwest::Client::new().get(format!("{}/healthz", runner.url()));
    send(request).await.unwrap().text
}

#[tokio::test]
async fn ready_line_and_health_name_languages_and_tier() {
    for (flags, tier) in [(&[][..], "full"), (&["--unsafe-no-sandbox"], "unsandboxed")] {
        let work = tempfile::tempdir().unwrap();
        let folder = work.path().join("work");
        let flags = [flags, &["--work-dir", folder.to_str().unwrap()]].concat();
        let mut runner = start(work.path(), &flags);
        let ready = runner.ready();
        assert!(ready.contains("(python 3."), "{ready}");
        assert!(ready.contains(", javascript "), "{ready}");
        assert!(ready.contains(&format!("; sandbox: {tier})")), "{ready}");
        let health = health(&runner).await;
        assert!(
            health.contains(&format!("\"sandbox\":\"{tier}\"")),
            "{health}"
        );
        runner.signal(Signal::TERM);
        assert!(runner.exited().await.success());
        let log = runner.log();
        assert_eq!(log.contains("there is no sandbox"), tier != "full", "{log}");
    }
}

#[test]
fn invalid_flags_are_refused_at_start() {
    for (flags, expected) in [
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
        assert!(error.contains(expected), "{flags:?}: {error}");
    }
}

#[test]
fn help_does_not_print_the_token() {
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
async fn languages_flag_replaces_the_built_in_table() {
    let work = tempfile::tempdir().unwrap();
    let table = work.path().join("languages.toml");
    std::fs::write(
        &table,
        "[[language]]\nname = 'snake'\naliases = ['s']\nprogram = ['python3']\nversion = ['--version']\nrun = ['{program}', '{file}']\n",
    )
    .unwrap();
    let runner = start(
        &work.path().join("work"),
        &["--languages", table.to_str().unwrap()],
    );
    let ready = runner.ready();
    assert!(ready.contains("(snake 3."), "{ready}");
    assert!(!ready.contains("javascript"), "{ready}");
}

/// Inside the sandbox, /tmp is the run's own.
#[tokio::test]
async fn interpreter_below_tmp_is_shown_to_its_runs() {
    let work = tempfile::tempdir_in("/tmp").unwrap();
    let folder = work.path().join("bin");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy("/bin/bash", folder.join("below-tmp")).unwrap();
    for path in [work.path(), &folder, &folder.join("below-tmp")] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let table = work.path().join("languages.toml");
    let interpreter = folder.join("below-tmp");
    std::fs::write(
        &table,
        format!(
            "[[language]]\nname = 'below'\naliases = []\nprogram = ['{}']\nversion = ['--version']\nrun = ['{{program}}', '{{file}}']\n",
            interpreter.display()
        ),
    )
    .unwrap();
    let runner = start(
        &work.path().join("work"),
        &["--languages", table.to_str().unwrap()],
    );
    let body = program("below", "echo found; echo written > /tmp/x && cat /tmp/x");
    let answer = send(execute_request(runner.url(), &body)).await.unwrap();
    let response = answer.json();
    assert_eq!(response["run"]["stdout"], "found\nwritten\n", "{response}");
}

#[tokio::test]
async fn signal_ends_the_runner_and_its_submissions() {
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
        let mut runner = start(work.path(), &flags);
        let running = submit_sleeping(&runner);
        eventually("it runs", || programs_of(work.path()).len() == 2).await;
        let waiting = submit_sleeping(&runner);
        until_busy(runner.url(), 1, 1).await;
        runner.signal(signal);
        assert!(runner.exited().await.success(), "{signal:?}");
        assert_eq!(
            RunProcesses::of(work.path()),
            RunProcesses::default(),
            "{signal:?}"
        );
        // Nothing is said about the programs: they may be run elsewhere, or later.
        for call in [running, waiting] {
            let answer = call.await.unwrap().unwrap();
            assert_eq!(answer.status, 503, "{signal:?}: {answer:?}");
            assert_eq!(answer.retry_after.as_deref(), Some("1"), "{signal:?}");
        }
    }
}

#[tokio::test]
async fn shutdown_lets_short_submissions_finish() {
    let work = tempfile::tempdir().unwrap();
    // No interpreter waits, which would look like the submission.
    let flags = [
        "--shutdown-grace-ms",
        "60000",
        "--run-timeout-ms",
        "60000",
        "--warm",
        "0",
    ];
    let mut runner = start(work.path(), &flags);
    let body = program("python", "import time; time.sleep(3); print('whole')");
    let call = execute_in_background(runner.url(), &body);
    eventually("it runs", || programs_of(work.path()).len() == 1).await;
    runner.signal(Signal::TERM);
    let answer = call.await.unwrap().unwrap();
    assert!(answer.text.contains("\"whole\\n\""), "{answer:?}");
    assert!(runner.exited().await.success());
}

#[tokio::test]
async fn killed_runner_leaves_no_process() {
    let work = tempfile::tempdir().unwrap();
    let mut runner = start(work.path(), &["--run-timeout-ms", "60000"]);
    let call = submit_sleeping(&runner);
    eventually("it runs", || programs_of(work.path()).len() == 2).await;
    runner.signal(Signal::KILL);
    let _ = runner.exited().await;
    let _ = call.await;
    // The runner cannot clean up: the init and the kernel must.
    eventually("all processes end", || {
        RunProcesses::of(work.path()).is_empty()
    })
    .await;
}

/// Starts a process in a new user namespace in which no further one can be made. It
/// waits for [`map_users`] and then becomes the runner.
fn spawn_without_namespaces(flags: &[&str]) -> Child {
    // Two shells: the first has no rights until its users are mapped.
    let inner = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let outer = "read go; exec sh -c \"$0\" sh \"$@\"";
    Command::new("unshare")
        .args(["--user", "sh", "-c", outer, inner])
        .arg(env!("CARGO_BIN_EXE_runner"))
        .args(["--listen", "127.0.0.1:0"])
        .args(flags)
        .env("PATH", "/usr/bin:/bin")
        .env("RUNNER_LOG", "warn")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Maps this many users of the namespace to those outside from `user` on, and lets
/// the process continue.
fn map_users(child: &mut Child, user: u32, users: u32) {
    let own = std::fs::read_link("/proc/self/ns/user").unwrap();
    let folder = format!("/proc/{}", child.id());
    let deadline = Instant::now() + TIMEOUT;
    while std::fs::read_link(format!("{folder}/ns/user")).is_ok_and(|now| now == own) {
        assert!(Instant::now() < deadline, "no user namespace");
        std::thread::sleep(Duration::from_millis(5));
    }
    if users == 1 {
        std::fs::write(format!("{folder}/setgroups"), "deny").unwrap();
    }
    for file in ["uid_map", "gid_map"] {
        std::fs::write(format!("{folder}/{file}"), format!("0 {user} {users}")).unwrap();
    }
    drop(child.stdin.take().unwrap());
}

/// Without namespaces and without another user to change to, no tier works.
#[test]
fn runner_refuses_to_start_where_no_tier_works() {
    for flags in [&[][..], &["--tier", "landlock"]] {
        let mut child = spawn_without_namespaces(flags);
        map_users(&mut child, rustix::process::geteuid().as_raw(), 1);
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{error}");
        assert!(output.stdout.is_empty(), "it must not print a ready line");
        for expected in ["refusing to start", "--unsafe-no-sandbox"] {
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(
            error.contains("namespaces cannot be made"),
            flags.is_empty(),
            "{error}"
        );
    }
}

/// The tier `landlock` is used where namespaces do not work, or if a flag asks for
/// it, and never silently.
#[tokio::test]
async fn landlock_tier_is_named_in_ready_line_health_responses_and_log() {
    if !has_landlock_tier() {
        return;
    }
    let work = tempfile::tempdir().unwrap();
    std::fs::set_permissions(work.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let folder = work.path().join("work");
    let flags = ["--work-dir", folder.to_str().unwrap()];
    let forced = start(work.path(), &[&flags[..], &["--tier", "landlock"]].concat());
    let mut runners = vec![(forced, true)];
    // Only root may map other users than itself.
    if rustix::process::geteuid().is_root() {
        let mut child = spawn_without_namespaces(&flags);
        map_users(&mut child, 0, 100_000);
        runners.push((RunnerProcess::wait_ready(child), false));
    }
    for (mut runner, is_forced) in runners {
        let ready = runner.ready();
        assert!(ready.contains("; sandbox: landlock)"), "{ready}");
        let health = health(&runner).await;
        assert!(health.contains("\"sandbox\":\"landlock\""), "{health}");
        let request = execute_request(runner.url(), &program("bash", "echo x"));
        let response = send(request).await.unwrap().json();
        assert_eq!(response["sandbox"], "landlock");
        assert_eq!(response["run"]["stdout"], json!("x\n"), "{response}");
        runner.signal(Signal::TERM);
        assert!(runner.exited().await.success());
        let log = runner.log();
        assert!(log.contains("THIS IS NOT THE FULL SANDBOX"), "{log}");
        assert_eq!(log.contains("--tier asks for it"), is_forced, "{log}");
        assert_eq!(
            log.contains("namespaces cannot be made"),
            !is_forced,
            "{log}"
        );
    }
}
