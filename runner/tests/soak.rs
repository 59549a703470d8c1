//! Many runs, honest, crashing and hostile, four at once: every report is right,
//! and the runner ends with the descriptors, memory, mounts and processes that it
//! began with.
//!
//! 400 runs by default; `SOAK_RUNS=5000` for the long version.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{folders_of, held_by, processes_below};
use runner::sandbox::namespace::{LandlockSandbox, SelfTestError};
use serde_json::{Value, json};

/// How long the run may take that never ends by itself, ms.
const SHORT: u64 = 500;

fn mix() -> Vec<(&'static str, Value)> {
    let said = |code: Value, signal: Value, limit: Value| json!({"code": code, "signal": signal, "limit": limit});
    let null = || Value::Null;
    let over = |limit: &str| said(null(), json!("SIGKILL"), json!(limit));
    vec![
        ("echo fine", said(json!(0), null(), null())),
        (
            "sort <<< 'b' | uniq; exit 0",
            said(json!(0), null(), null()),
        ),
        ("exit 7", said(json!(7), null(), null())),
        ("kill -SEGV $$", said(null(), json!("SIGSEGV"), null())),
        (
            "sleep 600 & setsid sleep 600 & echo done",
            said(json!(0), null(), null()),
        ),
        (
            "(trap '' TERM HUP; sleep 600) & exit 3",
            said(json!(3), null(), null()),
        ),
        ("cat /etc/passwd || exit 9", said(json!(9), null(), null())),
        (
            "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
            over("stdout"),
        ),
        ("sleep 600", over("wall_time")),
        (
            "for i in {1..40}; do sleep 600 & done; wait",
            over("processes"),
        ),
        (
            "head -c 9000000 /dev/zero > big; rm big; exit 1",
            said(json!(1), null(), null()),
        ),
    ]
}

struct Runner(Child);

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Open descriptors, resident KiB, threads and zombie children of the runner.
fn state(pid: u32) -> (usize, u64, usize) {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .count();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let resident = resident.trim().trim_end_matches(" kB").parse().unwrap();
    let children: usize = std::fs::read_dir(format!("/proc/{pid}/task"))
        .unwrap()
        .flatten()
        .map(|task| {
            let children = std::fs::read_to_string(task.path().join("children"));
            children
                .unwrap_or_default()
                .split_ascii_whitespace()
                .count()
        })
        .sum();
    (descriptors, resident, children)
}

fn runs() -> usize {
    std::env::var("SOAK_RUNS").map_or(400, |runs| runs.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runner_ends_as_it_began() {
    ends_as_it_began("full", runs()).await;
}

/// Where the kernel is new enough for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runner_ends_as_it_began_without_namespaces() {
    let work = tempfile::tempdir().unwrap();
    let helper = std::path::Path::new(env!("CARGO_BIN_EXE_runner"));
    let sandbox = LandlockSandbox::new(helper, "soak", 64_747, work.path()).unwrap();
    match sandbox.self_test() {
        Err(SelfTestError::NotMade(why)) if why.starts_with("Landlock 6 is needed") => {
            eprintln!("not tested: {why}");
        }
        _ => ends_as_it_began("landlock", runs() / 2).await,
    }
}

async fn ends_as_it_began(tier: &str, runs: usize) {
    let folder = tempfile::tempdir().unwrap();
    // Programs that run as another user have to get to theirs.
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let label = folder.path().to_str().unwrap();
    let work = folder.path().join("work");
    let mut child = Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(["--listen", "127.0.0.1:0", "--label", label])
        .args(["--tier", tier, "--work-dir", work.to_str().unwrap()])
        .args(["--max-concurrent", "4", "--max-processes", "20"])
        .args(["--run-timeout-ms", "30000", "--output-max-bytes", "10000"])
        .env("RUNNER_LOG", "error")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut ready)
        .unwrap();
    let url = ready
        .strip_prefix("runner ready on ")
        .unwrap()
        .split(' ')
        .next()
        .unwrap();
    let url = format!("{url}/api/v2/execute");
    let runner = Runner(child);
    let pid = runner.0.id();
    let mounts = || std::fs::read_to_string("/proc/self/mounts").unwrap();
    let mounts_before = mounts();

    let next = Arc::new(AtomicUsize::new(0));
    let mut before: Option<(usize, u64, usize)> = None;
    // The first hundred warm it up: threads and buffers are made once.
    for until in [100.min(runs), runs] {
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let (url, next) = (url.clone(), Arc::clone(&next));
            callers.spawn(async move {
                let mix = mix();
                let client = reqwest::Client::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= until {
                        return;
                    }
                    let (code, expected) = &mix[number % mix.len()];
                    let mut body =
                        json!({"language": "bash", "version": "*", "files": [{"content": code}]});
                    if expected["limit"] == "wall_time" {
                        body["run_timeout"] = json!(SHORT);
                    }
                    let request = client.post(&url).header("content-type", "application/json");
                    let text = request
                        .body(body.to_string())
                        .send()
                        .await
                        .unwrap()
                        .text()
                        .await
                        .unwrap();
                    let answer: Value = serde_json::from_str(&text).unwrap();
                    for field in ["code", "signal", "limit"] {
                        assert_eq!(answer["run"][field], expected[field], "{code}: {answer}");
                    }
                }
            });
        }
        callers.join_all().await;
        next.store(until, Ordering::Relaxed);
        // Idle connections are closed by their clients' end, when the runner sees it.
        common::eventually("connections are closed", || {
            let open = state(pid).0;
            before.map_or_else(|| open == state(pid).0, |(had, ..)| open <= had)
        })
        .await;
        if before.is_none() {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            before = Some(state(pid));
        }
    }
    let (before, after) = (before.unwrap(), state(pid));
    assert_eq!(held_by(folder.path()), (Vec::new(), Vec::new()));
    assert_eq!(processes_below(folder.path()), [0; 0]);
    assert_eq!(folders_of(&work), 0);
    assert_eq!(after.0, before.0, "descriptors");
    assert_eq!(after.2, 0, "children, zombies among them");
    assert!(
        after.1 < before.1 + 16 * 1024,
        "{} KiB, then {}",
        before.1,
        after.1
    );
    assert_eq!(mounts(), mounts_before);
}
