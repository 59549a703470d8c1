//! Honest programs beside hostile ones, and what other users of the machine see of
//! a run.

use std::path::PathBuf;
use std::sync::Arc;

use runner::sandbox::Tier;
use serde_json::{Value, json};

use crate::common::http::{execute_in_background, program, until_busy};
use crate::common::processes::RunProcesses;
use crate::common::timing::eventually;
use crate::common::{SANDBOX_UID, has_landlock_tier};
use crate::host::{Host, RunnerUser, users};

const HONEST: &str = "import time
end = time.process_time() + 0.3
while time.process_time() < end: pass
print('right')";

const BOMBS: &[&str] = &[
    "import os, time
for _ in range(9):
    try: os.fork()
    except OSError: pass
time.sleep(2)",
    "x = []\nfor _ in range(300): x.append(bytearray(b'x') * 1_000_000)",
    "while True: pass",
    "import os
for n in range(1000000): os.mkdir(f'/tmp/{n}')",
    "import os
while True: os.write(1, b'x' * 65536)",
];

/// How often a measurement is repeated, because other programs use the machine. One
/// undisturbed attempt shows that the bomb does not slow its neighbour down.
const ATTEMPTS: usize = 6;

/// The median wall time of three honest runs, ms.
async fn run_honest(host: &Host) -> u64 {
    let mut walls_ms = Vec::new();
    for _ in 0..3 {
        let response = host.run("python", HONEST, &json!({})).await;
        assert_eq!(response["run"]["stdout"], "right\n", "{response}");
        assert_eq!(response["run"]["limit"], Value::Null);
        walls_ms.push(response["run"]["wall_time"].as_u64().unwrap());
    }
    walls_ms.sort_unstable();
    walls_ms[1]
}

/// The same while a bomb is run again and again.
async fn run_honest_beside(host: &Host, bomb: &str) -> u64 {
    let attack = async {
        loop {
            host.run("python", bomb, &json!({"run_cpu_time": 1000}))
                .await;
        }
    };
    let honest = async {
        // The bomb may have ended already; then it is started again at once.
        until_busy(host.url(), 1, 0).await;
        run_honest(host).await
    };
    tokio::select! {
        () = attack => unreachable!("it never ends"),
        wall_ms = honest => {
            wall_ms
        }
    }
}

#[tokio::test]
async fn full_tier_keeps_honest_programs_right_beside_bombs() {
    stay_right(Tier::Full).await;
}

#[tokio::test]
async fn landlock_tier_keeps_honest_programs_right_beside_bombs() {
    if has_landlock_tier() {
        stay_right(Tier::Landlock).await;
    }
}

async fn stay_right(tier: Tier) {
    for user in users() {
        let flags = ["--max-concurrent", "2", "--tier", tier.as_str()];
        let host = Host::start(user, &["python"], "", &flags);
        for bomb in BOMBS {
            let mut seen_ms = Vec::new();
            for _ in 0..ATTEMPTS {
                let alone = run_honest(&host).await;
                let beside = run_honest_beside(&host, bomb).await;
                // The last bomb was cancelled and may need a moment to end.
                until_busy(host.url(), 0, 0).await;
                seen_ms.push((alone, beside));
                if beside <= alone * 2 + 200 {
                    seen_ms.clear();
                    break;
                }
            }
            assert!(
                seen_ms.is_empty(),
                "ms alone, and beside {bomb}: {seen_ms:?}"
            );
        }
    }
}

#[tokio::test]
async fn full_tier_shows_no_code_in_the_process_list() {
    // A helper and an init.
    show_no_code(Tier::Full, 2).await;
}

#[tokio::test]
async fn landlock_tier_shows_no_code_in_the_process_list() {
    if has_landlock_tier() {
        show_no_code(Tier::Landlock, 1).await;
    }
}

/// What every user of the machine can see of a run.
async fn show_no_code(tier: Tier, helper_count: usize) {
    let host = Host::start_in(tier, RunnerUser::Current, &["bash"], "");
    let mut body = program("bash", "sleep 600 # a-secret-of-the-author");
    body["stdin"] = json!("input");
    let call = execute_in_background(host.url(), &body);
    // The shell, and `sleep` where the shell does not replace itself by it.
    eventually("it runs", || {
        !RunProcesses::of(host.label()).programs.is_empty()
    })
    .await;
    let RunProcesses { helpers, programs } = RunProcesses::of(host.label());
    assert_eq!(helpers.len(), helper_count);
    for pid in helpers.iter().chain(&programs) {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&command).contains("author"));
    }
    only_the_program_holds_its_streams(&helpers, programs[0]).await;
    has_no_rights(tier, programs[0]);
    call.abort();
    eventually("it is ended", || RunProcesses::of(host.label()).is_empty()).await;
}

/// Another process with an end of a stream would delay the end of file.
async fn only_the_program_holds_its_streams(helpers: &[i32], program: i32) {
    let streams: Vec<PathBuf> = (0..3)
        .filter_map(|number| std::fs::read_link(format!("/proc/{program}/fd/{number}")).ok())
        .collect();
    let is_root = rustix::process::geteuid().is_root();
    assert!(streams.len() == 3 || !is_root, "{streams:?}");
    eventually("the streams are the program's alone", || {
        helpers
            .iter()
            .flat_map(|pid| descriptors(*pid))
            .all(|descriptor| !streams.contains(&descriptor))
    })
    .await;
}

fn has_no_rights(tier: Tier, program: i32) {
    let is_root = rustix::process::geteuid().is_root();
    let status = std::fs::read_to_string(format!("/proc/{program}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>()
    };
    assert!(field("Uid:").iter().all(|uid| *uid != "0"), "{status}");
    assert!(field("Gid:").iter().all(|gid| *gid != "0"), "{status}");
    for capabilities in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        // Only root can empty the bounding set, which without rights gives nothing.
        if capabilities == "CapBnd:" && tier == Tier::Landlock && !is_root {
            continue;
        }
        assert_eq!(field(capabilities), ["0000000000000000"], "{capabilities}");
    }
    assert_eq!(field("NoNewPrivs:"), ["1"]);
    assert_eq!(field("Seccomp:"), ["2"]);
    if is_root {
        let uid = SANDBOX_UID.to_string();
        assert_eq!(field("Uid:"), [uid.as_str(); 4]);
        assert_eq!(field("Groups:"), [""; 0]);
    }
}

/// The open descriptors of a process, as far as this one may see them.
fn descriptors(pid: i32) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let entries = entries.into_iter().flatten().flatten();
    entries
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .collect()
}

#[tokio::test]
async fn file_names_that_leave_the_folder_are_refused() {
    let host = Arc::new(Host::start(RunnerUser::Current, &["bash"], "", &[]));
    for name in ["../x", "/tmp/x", "a/../../x", "/etc/cron.d/x", "a/", "x\0y"] {
        let body = json!({
            "language": "bash", "version": "*",
            "files": [{"content": "true"}, {"name": name, "content": "x"}]
        });
        let answer = host.execute(&body).await;
        assert_eq!(answer.status, 400, "{name:?}: {answer:?}");
    }
}

/// A writable mount below a folder that is shown read-only.
#[tokio::test]
async fn full_tier_makes_writable_mounts_below_read_only_ones_read_only() {
    if !rustix::process::geteuid().is_root() {
        // Mounting needs root.
        return;
    }
    let script = "mount -t tmpfs -o mode=777 none /usr/src && exec \"$@\"";
    let wrapper = ["unshare", "--mount", "sh", "-c", script, "sh"];
    let host = Host::start_by(&wrapper, RunnerUser::Current, &["bash"], "", &[]);
    let code = "echo x > /usr/src/x; stat -f -c %T /usr/src; ls -A /usr/src";
    let response = host.run("bash", code, &json!({})).await;
    assert_eq!(response["run"]["stdout"], "tmpfs\n", "{response}");
    let stderr = response["run"]["stderr"].as_str().unwrap();
    assert!(stderr.contains("Read-only file system"), "{stderr}");
}
