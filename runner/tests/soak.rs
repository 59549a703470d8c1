//! Honest, crashing and hostile runs, four at once: every report is right, and the
//! runner ends with the descriptors, memory, mounts and processes that it started
//! with.
//!
//! 400 runs by default; `SOAK_RUNS=5000` sets another number.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::has_landlock_tier;
use common::http::program;
use common::processes::{RunProcesses, processes_with_home_below, run_folders_below};
use common::runner_process::RunnerProcess;
use common::timing::eventually;
use runner::sandbox::Tier;
use serde_json::{Value, json};

/// Wall time limit of the program that does not end by itself, ms.
const SHORT_TIMEOUT_MS: u64 = 500;

/// Growth of resident memory that is allowed, KiB.
const MAX_GROWTH_KIB: u64 = 16 * 1024;

/// A language, a program, and the expected members of its report.
struct Program(&'static str, &'static str, Value);

/// Programs that Python runs, which can have waited for them.
fn python_programs() -> Vec<Program> {
    let ends = |code: Value, signal: Value, limit: Value| json!({"code": code, "signal": signal, "limit": limit});
    let null = || Value::Null;
    let limited = |limit: &str| ends(null(), json!("SIGKILL"), json!(limit));
    let exits = |code: i32| ends(json!(code), null(), null());
    [
        ("print('fine')", exits(0)),
        ("import sys; sys.exit(7)", exits(7)),
        ("open('a', 'w').write('x'); import os; os._exit(len(os.listdir('.')))", exits(2)),
        ("1 / 0", exits(1)),
        (
            "import os; os.kill(os.getpid(), 11)",
            ends(null(), json!("SIGSEGV"), null()),
        ),
        (
            "import os\nif os.fork() == 0:\n    os.setsid()\n    import time; time.sleep(600)\nos._exit(3)",
            exits(3),
        ),
        ("while True: print('x' * 99)", limited("stdout")),
        ("import time; time.sleep(600)", limited("wall_time")),
        (
            "import os, time\nfor i in range(40):\n    try:\n        if os.fork() == 0: time.sleep(600)\n    except OSError: break\ntime.sleep(600)",
            limited("processes"),
        ),
    ]
    .map(|(code, expected)| Program("python", code, expected))
    .into()
}

/// Programs of the shell.
fn programs() -> Vec<Program> {
    let ends = |code: Value, signal: Value, limit: Value| json!({"code": code, "signal": signal, "limit": limit});
    let null = || Value::Null;
    let limited = |limit: &str| ends(null(), json!("SIGKILL"), json!(limit));
    [
        ("echo fine", ends(json!(0), null(), null())),
        (
            "sort <<< 'b' | uniq; exit 0",
            ends(json!(0), null(), null()),
        ),
        ("exit 7", ends(json!(7), null(), null())),
        ("kill -SEGV $$", ends(null(), json!("SIGSEGV"), null())),
        (
            "sleep 600 & setsid sleep 600 & echo done",
            ends(json!(0), null(), null()),
        ),
        (
            "(trap '' TERM HUP; sleep 600) & exit 3",
            ends(json!(3), null(), null()),
        ),
        ("cat /etc/passwd || exit 9", ends(json!(9), null(), null())),
        (
            "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
            limited("stdout"),
        ),
        ("sleep 600", limited("wall_time")),
        (
            "for i in {1..40}; do sleep 600 & done; wait",
            limited("processes"),
        ),
        (
            "head -c 9000000 /dev/zero > big; rm big; exit 1",
            ends(json!(1), null(), null()),
        ),
    ]
    .map(|(code, expected)| Program("bash", code, expected))
    .into()
}

/// What a runner holds.
#[derive(Debug, Clone, Copy)]
struct Resources {
    descriptors: usize,
    resident_kib: u64,
    /// Children, zombies included.
    children: usize,
}

impl Resources {
    fn of(pid: u32) -> Self {
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .count();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        let children = std::fs::read_dir(format!("/proc/{pid}/task"))
            .unwrap()
            .flatten()
            .map(|task| {
                let children = std::fs::read_to_string(task.path().join("children"));
                let children = children.unwrap_or_default();
                children.split_ascii_whitespace().count()
            })
            .sum();
        Self {
            descriptors,
            resident_kib: resident.trim().trim_end_matches(" kB").parse().unwrap(),
            children,
        }
    }
}

fn runs() -> usize {
    std::env::var("SOAK_RUNS").map_or(400, |runs| runs.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_tier_ends_with_the_resources_that_it_started_with() {
    keeps_its_resources(Tier::Full, runs(), 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn landlock_tier_ends_with_the_resources_that_it_started_with() {
    if has_landlock_tier() {
        keeps_its_resources(Tier::Landlock, runs() / 2, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_interpreters_end_with_the_resources_that_they_started_with() {
    keeps_its_resources(Tier::Full, runs(), 2).await;
    if has_landlock_tier() {
        keeps_its_resources(Tier::Landlock, runs() / 2, 2).await;
    }
}

/// With `warm`, interpreters wait, and the programs are Python's.
async fn keeps_its_resources(tier: Tier, runs: usize, warm: usize) {
    let folder = tempfile::tempdir().unwrap();
    // Programs that run as another user need access to their folder.
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let label = folder.path().to_str().unwrap();
    let work = folder.path().join("work");
    let runner = RunnerProcess::spawn(
        Command::new(env!("CARGO_BIN_EXE_runner"))
            .args(["--listen", "127.0.0.1:0", "--label", label])
            .args(["--tier", tier.as_str()])
            .args(["--work-dir", work.to_str().unwrap()])
            .args(["--max-concurrent", "4", "--max-processes", "20"])
            .args(["--run-timeout-ms", "30000", "--output-max-bytes", "10000"])
            .args(["--warm", &warm.to_string()])
            .env("RUNNER_LOG", "error")
            // An interpreter that every user may reach.
            .env("PATH", "/usr/bin:/bin")
            .stdout(Stdio::piped()),
    );
    let mounts = || std::fs::read_to_string("/proc/self/mounts").unwrap();
    let mounts_before = mounts();
    // The first hundred warm the runner up: threads and buffers are made once.
    let warm_up = 100.min(runs);
    let programs = if warm == 0 { programs } else { python_programs };
    execute_all(runner.url(), programs, 0..warm_up).await;
    let before = settled_resources(runner.pid()).await;
    execute_all(runner.url(), programs, warm_up..runs).await;
    eventually("connections are closed", || {
        Resources::of(runner.pid()).descriptors <= before.descriptors
    })
    .await;
    settled_resources(runner.pid()).await;
    let after = Resources::of(runner.pid());
    let health = reqwest::get(format!("{}/healthz", runner.url())).await;
    let health = health.unwrap().text().await.unwrap();
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(health["warm"]["wanted"], 0, "{health}");
    let waiting = usize::try_from(health["warm"]["waiting"].as_u64().unwrap()).unwrap();
    assert_eq!(waiting > 0, warm > 0, "{health}");
    let processes = RunProcesses::of(folder.path());
    let (inits, on_disk) = if tier == Tier::Full {
        (waiting, 0)
    } else {
        (0, waiting)
    };
    assert_eq!(processes.helpers.len(), waiting + inits, "{processes:?}");
    assert_eq!(processes.programs.len(), waiting, "{processes:?}");
    assert_eq!(processes_with_home_below(folder.path()).len(), on_disk);
    assert_eq!(run_folders_below(&work), on_disk);
    assert_eq!(after.descriptors, before.descriptors);
    assert_eq!(after.children, waiting, "zombies included");
    assert!(
        after.resident_kib < before.resident_kib + MAX_GROWTH_KIB,
        "{before:?}, then {after:?}"
    );
    assert_eq!(mounts(), mounts_before);
}

/// The runner's resources once they have not changed for a second: it closes the
/// connections of clients that have gone.
async fn settled_resources(pid: u32) -> Resources {
    loop {
        let first = Resources::of(pid);
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let second = Resources::of(pid);
        if first.descriptors == second.descriptors {
            return second;
        }
    }
}

/// Executes the runs with these numbers, four at once, and checks each report.
async fn execute_all(url: &str, programs: fn() -> Vec<Program>, numbers: std::ops::Range<usize>) {
    let next = Arc::new(AtomicUsize::new(numbers.start));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let url = format!("{url}/api/v2/execute");
        let (next, end) = (Arc::clone(&next), numbers.end);
        callers.spawn(async move {
            let programs = programs();
            let client = reqwest::Client::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return;
                }
                let Program(language, code, expected) = &programs[number % programs.len()];
                let mut body = program(language, code);
                if expected["limit"] == "wall_time" {
                    body["run_timeout"] = json!(SHORT_TIMEOUT_MS);
                }
                let request = client.post(&url).header("content-type", "application/json");
                let response = request.body(body.to_string()).send().await.unwrap();
                let text = response.text().await.unwrap();
                let response: Value = serde_json::from_str(&text).unwrap();
                for member in ["code", "signal", "limit"] {
                    assert_eq!(
                        response["run"][member], expected[member],
                        "{code}: {response}"
                    );
                }
            }
        });
    }
    callers.join_all().await;
}
