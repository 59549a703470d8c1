//! Honest programs beside hostile ones, a runner that is killed, and ways in that
//! take more than one program.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::{PATIENCE, eventually, held_by, processes_below};
use crate::host::{As, Host, In, users};
use crate::landlock;

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
    stay_right(In::Full).await;
}

#[tokio::test]
async fn honest_programs_are_right_beside_hostile_ones_without_namespaces() {
    if landlock::is_here() {
        stay_right(In::Landlock).await;
    }
}

async fn stay_right(tier: In) {
    for user in users() {
        let flags = ["--max-concurrent", "2", "--tier", tier.name()];
        let host = Arc::new(Host::start(user, &["python"], "", &flags));
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
            // Others use this machine as well: one quiet moment is enough to see
            // that the bomb is not what slows its neighbours down.
            let mut seen = Vec::new();
            for _ in 0..6 {
                let alone = honest(&host).await;
                let beside = honest_beside(&host, bomb).await;
                seen.push((alone, beside));
                if beside <= alone * 2 + 200 {
                    seen.clear();
                    break;
                }
            }
            assert!(seen.is_empty(), "ms alone, and beside {bomb}: {seen:?}");
        }
    }
}

/// The same while a bomb is run again and again.
async fn honest_beside(host: &Arc<Host>, bomb: &'static str) -> u64 {
    let attack = tokio::spawn({
        let host = Arc::clone(host);
        async move {
            let end = Instant::now() + Duration::from_secs(1);
            while Instant::now() < end {
                host.run("python", bomb, &json!({"run_cpu_time": 1000}))
                    .await;
            }
        }
    });
    let beside = honest(host).await;
    attack.await.unwrap();
    beside
}

#[tokio::test]
async fn a_runner_killed_at_any_moment_leaves_nothing() {
    leave_nothing(In::Full, 100).await;
}

#[tokio::test]
async fn a_runner_killed_at_any_moment_leaves_nothing_without_namespaces() {
    if landlock::is_here() {
        leave_nothing(In::Landlock, 50).await;
    }
}

async fn leave_nothing(tier: In, times: usize) {
    for (number, user) in users().into_iter().cycle().take(times).enumerate() {
        let mut host = Host::start_in(tier, user, &["bash"], "");
        let label = host.label().to_path_buf();
        let work = label.join("work");
        let code = "sleep 600 & setsid sleep 600 & sleep 600";
        let body = json!({
            "language": "bash", "version": "*", "files": [{"content": code}]
        });
        let pause = Duration::from_micros(number as u64 * 25_700 / times as u64);
        tokio::select! {
            _ = host.execute(&body) => panic!("it ended"),
            () = tokio::time::sleep(pause) => host.kill_runner(),
        }
        let deadline = Instant::now() + PATIENCE;
        while held_by(&label) != (Vec::new(), Vec::new()) || !processes_below(&work).is_empty() {
            assert!(
                Instant::now() < deadline,
                "killed after {pause:?}: {:?} and {:?} are left",
                held_by(&label),
                processes_below(&work)
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
    show_no_code(In::Full, 2).await;
}

#[tokio::test]
async fn the_list_of_processes_shows_no_code_without_namespaces() {
    if landlock::is_here() {
        show_no_code(In::Landlock, 1).await;
    }
}

/// Beside the program so many processes are ours.
async fn show_no_code(tier: In, ours: usize) {
    let host = Arc::new(Host::start_in(tier, As::Me, &["bash"], ""));
    let call = tokio::spawn({
        let host = Arc::clone(&host);
        async move {
            let code = "sleep 6 # a-secret-of-the-author";
            host.run("bash", code, &json!({"stdin": "input"})).await
        }
    });
    let deadline = Instant::now() + PATIENCE;
    let (helpers, programs) = loop {
        let held = held_by(host.label());
        if !held.1.is_empty() {
            break held;
        }
        assert!(Instant::now() < deadline, "it does not run");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(helpers.len(), ours, "a helper, and an init with namespaces");
    for pid in helpers.iter().chain(&programs) {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&command).contains("author"));
    }
    // Nobody but the program holds its streams: one more end, and somebody would
    // wait for the other end's end of file in vain.
    let streams: Vec<PathBuf> = (0..3)
        .filter_map(|number| std::fs::read_link(format!("/proc/{}/fd/{number}", programs[0])).ok())
        .collect();
    let is_root = rustix::process::geteuid().is_root();
    assert!(streams.len() == 3 || !is_root, "{streams:?}");
    eventually("the streams are the program's alone", || {
        helpers
            .iter()
            .flat_map(|pid| descriptors(*pid))
            .all(|held| !streams.contains(&held))
    })
    .await;
    // Nobody of a run is root, nor has any right, and each has a root of its own.
    let status = std::fs::read_to_string(format!("/proc/{}/status", programs[0])).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>()
    };
    assert!(field("Uid:").iter().all(|uid| *uid != "0"), "{status}");
    assert!(field("Gid:").iter().all(|gid| *gid != "0"), "{status}");
    for capabilities in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        // What could be gained, if anything could, is root's to give up.
        if capabilities == "CapBnd:" && tier == In::Landlock && !is_root {
            continue;
        }
        assert_eq!(field(capabilities), ["0000000000000000"], "{capabilities}");
    }
    assert_eq!(field("NoNewPrivs:"), ["1"]);
    assert_eq!(field("Seccomp:"), ["2"]);
    if is_root {
        assert_eq!(field("Uid:"), ["64747"; 4]);
        assert_eq!(field("Groups:"), [""; 0]);
    }
    call.await.unwrap();
    assert!(host.runner_pid() > 0);
}

/// What a process has open, as far as this one may see it.
fn descriptors(pid: i32) -> Vec<PathBuf> {
    let list = std::fs::read_dir(format!("/proc/{pid}/fd"));
    let list = list.into_iter().flatten().flatten();
    list.filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .collect()
}

/// Without namespaces the kernel does not end what a helper held that was killed,
/// by the machine for want of memory maybe.
#[tokio::test]
async fn a_killed_helper_s_run_is_searched_for() {
    if !landlock::is_here() {
        return;
    }
    let host = Arc::new(Host::start_in(In::Landlock, As::Me, &["bash"], ""));
    let call = tokio::spawn({
        let host = Arc::clone(&host);
        async move {
            let code = "sleep 600 & setsid sleep 600 & sleep 600";
            host.run("bash", code, &json!({})).await
        }
    });
    let deadline = Instant::now() + PATIENCE;
    let helper = loop {
        let (helpers, programs) = held_by(host.label());
        if programs.len() == 4 {
            break helpers[0];
        }
        assert!(Instant::now() < deadline, "it does not run");
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let helper = rustix::process::Pid::from_raw(helper).unwrap();
    rustix::process::kill_process(helper, rustix::process::Signal::KILL).unwrap();
    let answer = call.await.unwrap();
    assert_eq!(answer["run"]["status"], "XX", "{answer}");
    assert_eq!(processes_below(&host.label().join("work")), [0; 0]);
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
