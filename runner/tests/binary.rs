//! The program itself: what it says at start, and that its end, however it comes,
//! leaves nothing running.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::{PATIENCE, eventually, held_by, processes_of, until_busy};
use runner::sandbox::namespace::LandlockSandbox;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

/// The binary on a free port. Killed when dropped.
struct Binary {
    child: Child,
    ready: String,
}

impl Binary {
    fn start(work: &Path, flags: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_runner"))
            .args(["--listen", "127.0.0.1:0", "--label", work.to_str().unwrap()])
            .args(flags)
            .env("RUNNER_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self::ready(child)
    }

    /// One that was started, as soon as it says that it is ready.
    fn ready(mut child: Child) -> Self {
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
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it is still running");
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

/// The sandbox has a /tmp of its own.
#[tokio::test]
async fn a_program_below_tmp_is_shown_to_its_runs() {
    let work = tempfile::tempdir_in("/tmp").unwrap();
    let folder = work.path().join("bin");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy("/bin/bash", folder.join("below-tmp")).unwrap();
    for path in [work.path(), &folder, &folder.join("below-tmp")] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let table = work.path().join("languages.toml");
    let program = folder.join("below-tmp");
    std::fs::write(
        &table,
        format!(
            "[[language]]\nname = 'below'\naliases = []\nprogram = ['{}']\nversion = ['--version']\nrun = ['{{program}}', '{{file}}']\n",
            program.display()
        ),
    )
    .unwrap();
    let binary = Binary::start(
        &work.path().join("work"),
        &["--languages", table.to_str().unwrap()],
    );
    let body = json!({
        "language": "below", "version": "*",
        "files": [{"content": "echo found; echo written > /tmp/x && cat /tmp/x"}],
    });
    let answer = reqwest::Client::new()
        .post(format!("{}/api/v2/execute", binary.url()))
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(answer["run"]["stdout"], "found\nwritten\n", "{answer}");
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
        until_busy(&binary.url(), 1, 1).await;
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
    let flags = ["--shutdown-grace-ms", "60000", "--run-timeout-ms", "60000"];
    let mut binary = Binary::start(work.path(), &flags);
    let url = format!("{}/api/v2/execute", binary.url());
    let body = json!({"language": "python", "version": "*", "files": [{"content": "import time; time.sleep(3); print('whole')"}]});
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

/// A process in a user namespace of its own, in which no further one may be made;
/// it waits for its standard input to be closed before it becomes the runner.
fn without_namespaces(more: &[&str]) -> Child {
    // Twice a shell: the first one has no rights until its user is mapped.
    let inner = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let outer = "read go; exec sh -c \"$0\" sh \"$@\"";
    Command::new("unshare")
        .args(["--user", "sh", "-c", outer, inner])
        .arg(env!("CARGO_BIN_EXE_runner"))
        .args(["--listen", "127.0.0.1:0"])
        .args(more)
        .env("PATH", "/usr/bin:/bin")
        .env("RUNNER_LOG", "warn")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Maps so many users of the namespace to those outside and lets it go on.
fn map(child: &mut Child, user: u32, users: u32) {
    let own = std::fs::read_link("/proc/self/ns/user").unwrap();
    let its = format!("/proc/{}", child.id());
    let deadline = Instant::now() + PATIENCE;
    while std::fs::read_link(format!("{its}/ns/user")).is_ok_and(|now| now == own) {
        assert!(Instant::now() < deadline, "no user namespace");
        std::thread::sleep(Duration::from_millis(5));
    }
    if users == 1 {
        std::fs::write(format!("{its}/setgroups"), "deny").unwrap();
    }
    for file in ["uid_map", "gid_map"] {
        std::fs::write(format!("{its}/{file}"), format!("0 {user} {users}")).unwrap();
    }
    drop(child.stdin.take().unwrap());
}

/// Neither namespaces nor another user to become: there is no way to hold anything.
#[test]
fn with_nothing_to_hold_programs_by_it_refuses() {
    for flags in [&[][..], &["--tier", "landlock"]] {
        let mut child = without_namespaces(flags);
        map(&mut child, rustix::process::geteuid().as_raw(), 1);
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{error}");
        assert!(output.stdout.is_empty(), "it must not say that it is ready");
        for word in ["refusing to start", "--unsafe-no-sandbox"] {
            assert!(error.contains(word), "{error}");
        }
        assert_eq!(
            error.contains("namespaces cannot be made"),
            flags.is_empty()
        );
    }
}

/// The second tier is taken where there is no better one, or asked for; never
/// without saying so.
#[tokio::test]
async fn without_namespaces_it_says_so_everywhere() {
    let work = tempfile::tempdir().unwrap();
    std::fs::set_permissions(work.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let folder = work.path().join("work");
    let helper = Path::new(env!("CARGO_BIN_EXE_runner"));
    let sandbox = LandlockSandbox::new(helper, "is-here", 64_747, &folder).unwrap();
    if let Err(error) = sandbox.self_test() {
        assert!(
            error.to_string().contains("Landlock 6 is needed"),
            "{error}"
        );
        return;
    }
    drop(sandbox);
    let flags = ["--work-dir", folder.to_str().unwrap()];
    let mut started = vec![Binary::start(
        work.path(),
        &[&flags[..], &["--tier", "landlock"]].concat(),
    )];
    // Only root may map another user than itself.
    if rustix::process::geteuid().is_root() {
        let mut child = without_namespaces(&flags);
        map(&mut child, 0, 100_000);
        started.push(Binary::ready(child));
    }
    for (mut binary, is_forced) in started.into_iter().zip([true, false]) {
        let told = "; sandbox: landlock)";
        assert!(binary.ready.contains(told), "{}", binary.ready);
        let url = binary.url();
        let health = reqwest::get(format!("{url}/healthz")).await.unwrap();
        let health = health.text().await.unwrap();
        assert!(health.contains("\"sandbox\":\"landlock\""), "{health}");
        let body = json!({"language": "bash", "version": "*", "files": [{"content": "echo x"}]});
        let request = reqwest::Client::new()
            .post(format!("{url}/api/v2/execute"))
            .header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        let answer = answer.text().await.unwrap();
        assert!(answer.contains("\"sandbox\":\"landlock\""), "{answer}");
        assert!(answer.contains("\"stdout\":\"x\\n\""), "{answer}");
        binary.signal(Signal::TERM);
        assert!(binary.exited().await.success());
        let mut log = String::new();
        let stderr = binary.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        assert!(log.contains("THIS IS NOT THE FULL SANDBOX"), "{log}");
        assert_eq!(log.contains("--tier asks for it"), is_forced, "{log}");
        assert_eq!(
            log.contains("namespaces cannot be made"),
            !is_forced,
            "{log}"
        );
    }
}
