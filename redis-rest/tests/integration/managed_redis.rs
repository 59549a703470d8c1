//! The program itself: flags, the ready line, and the redis-server it runs.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{Raw, Redis, answer, eventually};

/// The program without inherited variables that it would read.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redis-rest"));
    for name in std::env::vars_os().map(|(name, _)| name) {
        let text = name.to_string_lossy();
        if text.starts_with("REDIS_") || text.starts_with("UPSTASH_") {
            command.env_remove(name);
        }
    }
    command
        .env("REDIS_REST_LISTEN", "127.0.0.1:0")
        .env("REDIS_REST_TOKEN", "secret-token")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A program that has printed its ready line.
struct Running {
    child: Child,
    url: String,
    redis_port: u16,
}

impl Running {
    fn start(data_dir: &Path) -> Self {
        let mut command = program();
        command.arg("--data-dir").arg(data_dir);
        Self::spawn(&mut command)
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let parts = line
            .trim_end()
            .strip_prefix("redis-rest ready on ")
            .and_then(|rest| {
                rest.strip_suffix(')')?
                    .split_once(" (redis at redis://127.0.0.1:")
            });
        let Some((url, port)) = parts else {
            let mut error = String::new();
            drop(child.kill());
            child.stderr.unwrap().read_to_string(&mut error).unwrap();
            panic!("not the ready line: {line:?}\n{error}");
        };
        Self {
            url: url.to_owned(),
            redis_port: port.parse().unwrap(),
            child,
        }
    }

    async fn call(&self, command: Value) -> (u16, Value) {
        let request = reqwest::Client::new()
            .post(&self.url)
            .bearer_auth("secret-token")
            .body(command.to_string());
        answer(request.send().await.unwrap()).await
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn redis_pid(&self) -> Pid {
        let info = Raw::connect(self.redis_port).send(&["INFO", "server"]);
        let info = String::from_utf8(info).unwrap();
        let pid = info
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"));
        Pid::from_raw(pid.unwrap().trim().parse().unwrap()).unwrap()
    }

    /// Waits for the end. Returns the exit code and the standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn is_gone(pid: Pid) -> bool {
    eventually(Duration::from_secs(10), || {
        // A zombie has ended.
        match std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())) {
            Ok(stat) => stat.rsplit(") ").next().unwrap().starts_with('Z'),
            Err(_) => true,
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_end_both_processes_and_the_data_survives() {
    let data = tempfile::tempdir().unwrap();
    for (round, signal) in [(1, Signal::TERM), (2, Signal::INT), (3, Signal::TERM)] {
        let running = Running::start(data.path());
        assert_eq!(
            running.call(json!(["INCR", "rounds"])).await,
            (200, json!({ "result": round }))
        );
        let redis = running.redis_pid();
        running.signal(signal);
        let (code, log) = running.end();
        assert_eq!(code, Some(0), "{log}");
        assert!(is_gone(redis));
        assert!(log.contains("commands=\"INCR\""), "{log}");
        for secret in ["secret-token", "rounds"] {
            assert!(!log.contains(secret), "{log}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigkill_leaves_no_redis_server_and_loses_no_data() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(data.path());
    for _ in 0..50 {
        running.call(json!(["LPUSH", "problems", "x"])).await;
    }
    let redis = running.redis_pid();
    running.signal(Signal::KILL);
    // Started at once: it waits until the old redis-server unlocks the folder.
    let again = Running::start(data.path());
    assert!(is_gone(redis));
    assert_eq!(
        again.call(json!(["LLEN", "problems"])).await,
        (200, json!({"result": 50}))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_server_that_dies_is_restarted() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(data.path());
    running.call(json!(["SET", "k", "v"])).await;
    let redis = running.redis_pid();
    kill_process(redis, Signal::KILL).unwrap();
    assert!(is_gone(redis));
    let mut answers = Vec::new();
    for _ in 0..100 {
        answers.push(running.call(json!(["GET", "k"])).await);
        if answers.last() == Some(&(200, json!({"result": "v"}))) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not come back: {answers:?}");
}

/// Runs a program that must fail before it serves. Returns its standard error.
fn fails(command: &mut Command) -> String {
    let mut child = command.spawn().unwrap();
    let ended = eventually(Duration::from_secs(20), || {
        child.try_wait().unwrap().is_some()
    });
    // If it serves after all, the test must not wait for it.
    drop(child.kill());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(ended && !output.status.success(), "{stderr}");
    assert_eq!(output.stdout, b"", "no ready line");
    stderr
}

#[test]
fn start_errors_name_what_is_missing_or_in_use() {
    let data = tempfile::tempdir().unwrap();
    let error = fails(program().env_remove("REDIS_REST_TOKEN"));
    assert!(error.contains("REDIS_REST_TOKEN"), "{error}");

    let error = fails(program().env("PATH", "").arg("--data-dir").arg(data.path()));
    assert!(error.contains("redis-server is not installed"), "{error}");

    let running = Running::start(data.path());
    let error = fails(program().arg("--data-dir").arg(data.path()));
    assert!(error.contains("in use by another redis-rest"), "{error}");

    let other = tempfile::tempdir().unwrap();
    let port = running.redis_port.to_string();
    let error = fails(
        program()
            .args(["--redis-port", &port, "--data-dir"])
            .arg(other.path()),
    );
    assert!(error.contains("Address already in use"), "{error}");

    let listen = running.url.strip_prefix("http://").unwrap();
    let error = fails(
        program()
            .args(["--listen", listen, "--data-dir"])
            .arg(other.path()),
    );
    assert!(error.contains("cannot listen on"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_of_the_url_is_used_and_not_stopped() {
    let redis = Redis::start();
    let mut command = program();
    command.env(
        "REDIS_URL",
        format!("redis://ignored:@127.0.0.1:{}", redis.port),
    );
    let running = Running::spawn(&mut command);
    assert_eq!(running.redis_port, redis.port);
    running.call(json!(["SET", "k", "v"])).await;
    running.signal(Signal::TERM);
    assert_eq!(running.end().0, Some(0));
    assert_eq!(Raw::connect(redis.port).send(&["GET", "k"]), b"$1\r\nv\r\n");
}

#[test]
fn help_names_every_variable_and_no_secret() {
    let output = program().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for name in [
        "REDIS_REST_LISTEN",
        "REDIS_REST_TOKEN",
        "REDIS_URL",
        "REDIS_REST_DATA_DIR",
        "REDIS_REST_REDIS_PORT",
        "REDIS_REST_CONNECTIONS",
        "REDIS_REST_LOG",
    ] {
        assert!(help.contains(name), "{name} in:\n{help}");
    }
    assert!(!help.contains("secret-token"), "{help}");
}
