//! Honest programs beside hostile ones, a runner that is killed, and ways in that
//! take more than one program.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::held_by;
use crate::host::{As, Host, users};

const HONEST: &str = "import time
end = time.process_time() + 0.3
while time.process_time() < end: pass
print('right')";

/// The median of three honest runs, ms.
async fn honest(host: &Host) -> u64 {
    let mut walls = Vec::new();
    for _ in 0..3 {
        let answer = host.run("python", HONEST, &json!({})).await;
        assert_eq!(answer["run"]["stdout"], "right\n", "{answer}");
        assert_eq!(answer["run"]["limit"], Value::Null);
        walls.push(answer["run"]["wall_time"].as_u64().unwrap());
    }
    walls.sort_unstable();
    walls[1]
}

#[tokio::test]
async fn honest_programs_are_right_beside_hostile_ones() {
    let flags = ["--max-concurrent", "2", "--run-timeout-ms", "3000"];
    for user in users() {
        let host = Arc::new(Host::start(user, &["python"], "", &flags));
        let alone = honest(&host).await;
        for bomb in [
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
        ] {
            let attack = tokio::spawn({
                let host = Arc::clone(&host);
                async move {
                    let end = Instant::now() + Duration::from_secs(1);
                    while Instant::now() < end {
                        host.run("python", bomb, &json!({"run_cpu_time": 1000}))
                            .await;
                    }
                }
            });
            let beside = honest(&host).await;
            attack.await.unwrap();
            assert!(
                beside <= alone * 2 + 200,
                "{alone} ms alone, {beside} beside {bomb}"
            );
        }
    }
}

#[tokio::test]
async fn a_runner_killed_at_any_moment_leaves_nothing() {
    for (number, user) in users().into_iter().cycle().take(100).enumerate() {
        let mut host = Host::start(user, &["bash"], "", &[]);
        let label = host.label().to_path_buf();
        let code = "sleep 600 & setsid sleep 600 & sleep 600";
        let body = json!({
            "language": "bash", "version": "*", "files": [{"content": code}]
        });
        let pause = Duration::from_micros(number as u64 * 257 % 20_000);
        tokio::select! {
            _ = host.execute(&body) => panic!("it ended"),
            () = tokio::time::sleep(pause) => host.kill_runner(),
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        while held_by(&label) != (Vec::new(), Vec::new()) {
            assert!(
                Instant::now() < deadline,
                "killed after {pause:?}: {:?} are left",
                held_by(&label)
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn names_that_leave_the_folder_are_refused() {
    let host = Host::start(As::Me, &["bash"], "", &[]);
    for name in ["../x", "/tmp/x", "a/../../x", "/etc/cron.d/x", "a/", "x\0y"] {
        let body = json!({
            "language": "bash", "version": "*",
            "files": [{"content": "true"}, {"name": name, "content": "x"}]
        });
        let (status, answer) = host.execute(&body).await;
        assert_eq!(status, 400, "{name:?}: {answer}");
    }
}

/// Found by whoever shares the machine: what the runner tells of its processes.
#[tokio::test]
async fn the_list_of_processes_shows_no_code() {
    let host = Host::start(As::Me, &["bash"], "", &[]);
    let host = Arc::new(host);
    let call = tokio::spawn({
        let host = Arc::clone(&host);
        async move {
            let code = "sleep 2 # a-secret-of-the-author";
            host.run("bash", code, &json!({"stdin": "input"})).await
        }
    });
    let deadline = Instant::now() + Duration::from_secs(5);
    let (helpers, programs) = loop {
        let held = held_by(host.label());
        if !held.1.is_empty() {
            break held;
        }
        assert!(Instant::now() < deadline, "it does not run");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(helpers.len(), 2, "a helper and an init");
    for pid in helpers.iter().chain(&programs) {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&command).contains("author"));
    }
    // Nobody of a run is root, nor has any right, and each has a root of its own.
    let status = std::fs::read_to_string(format!("/proc/{}/status", programs[0])).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>()
    };
    assert!(field("Uid:").iter().all(|uid| *uid != "0"), "{status}");
    assert!(field("Gid:").iter().all(|gid| *gid != "0"), "{status}");
    for capabilities in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(field(capabilities), ["0000000000000000"], "{capabilities}");
    }
    assert_eq!(field("NoNewPrivs:"), ["1"]);
    assert_eq!(field("Seccomp:"), ["2"]);
    if rustix::process::geteuid().is_root() {
        assert_eq!(field("Uid:"), ["64747"; 4]);
        assert_eq!(field("Groups:"), [""; 0]);
    }
    call.await.unwrap();
    assert!(host.runner_pid() > 0);
}

/// Somebody mounted something writable below a folder that is shown read-only.
#[tokio::test]
async fn a_writable_mount_below_a_read_only_one_is_read_only() {
    if !rustix::process::geteuid().is_root() {
        // Mounting takes root; what root's runner shows is what matters here.
        return;
    }
    let script = "mount -t tmpfs -o mode=777 none /usr/src && exec \"$@\"";
    let wrapped = ["unshare", "--mount", "sh", "-c", script, "sh"];
    let host = Host::start_by(&wrapped, As::Me, &["bash"], "", &[]);
    let code = "echo x > /usr/src/x; stat -f -c %T /usr/src; ls -A /usr/src";
    let answer = host.run("bash", code, &json!({})).await;
    assert_eq!(answer["run"]["stdout"], "tmpfs\n", "{answer}");
    let words = answer["run"]["stderr"].as_str().unwrap();
    assert!(words.contains("Read-only file system"), "{words}");
}
