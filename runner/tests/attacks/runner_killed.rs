//! Runners and helpers that are killed leave no process of a run behind.

use std::time::{Duration, Instant};

use runner::sandbox::Tier;
use rustix::process::{Pid, Signal, kill_process};

use crate::common::has_landlock_tier;
use crate::common::http::{execute_in_background, program};
use crate::common::processes::{RunProcesses, processes_with_home_below};
use crate::common::timing::{TIMEOUT, eventually};
use crate::host::{Host, RunnerUser, users};

/// Three processes, one of them in a session of its own, below the shell.
const FOUR_PROCESSES: &str = "sleep 600 & setsid sleep 600 & sleep 600";

/// From the request to the last process of the program takes less than this.
const START_US: u64 = 25_700;

#[tokio::test]
async fn full_tier_leaves_nothing_when_the_runner_is_killed_at_any_moment() {
    leave_nothing(Tier::Full, 100).await;
}

#[tokio::test]
async fn landlock_tier_leaves_nothing_when_the_runner_is_killed_at_any_moment() {
    if has_landlock_tier() {
        leave_nothing(Tier::Landlock, 50).await;
    }
}

async fn leave_nothing(tier: Tier, times: usize) {
    for (number, user) in users().into_iter().cycle().take(times).enumerate() {
        let mut host = Host::start_in(tier, user, &["bash"], "");
        let label = host.label().to_path_buf();
        let work = host.work();
        let call = execute_in_background(host.url(), &program("bash", FOUR_PROCESSES));
        let pause = Duration::from_micros(number as u64 * START_US / times as u64);
        tokio::time::sleep(pause).await;
        assert!(!call.is_finished(), "it ended");
        host.kill_runner().await;
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let left = RunProcesses::of(&label);
            let hidden = processes_with_home_below(&work);
            if left.is_empty() && hidden.is_empty() {
                break;
            }
            assert!(
                Instant::now() < deadline,
                "killed after {pause:?}: {left:?} and {hidden:?} are left"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Interpreters that wait, or are being started to wait, end with the runner too.
#[tokio::test]
async fn nothing_is_left_of_waiting_interpreters_when_the_runner_is_killed() {
    for tier in [Tier::Full, Tier::Landlock] {
        if tier == Tier::Landlock && !has_landlock_tier() {
            continue;
        }
        for (number, user) in users().into_iter().cycle().take(20).enumerate() {
            let mut host = Host::start_warm(tier, user, &["python", "javascript"]);
            let (label, work) = (host.label().to_path_buf(), host.work());
            if number < 2 {
                assert_eq!(host.waiting().await, 3);
            } else {
                tokio::time::sleep(Duration::from_millis(number as u64 * 12)).await;
            }
            host.kill_runner().await;
            eventually("nothing is left", || {
                RunProcesses::of(&label).is_empty() && processes_with_home_below(&work).is_empty()
            })
            .await;
        }
    }
}

/// Without namespaces, the kernel does not end the processes of a helper that was
/// killed, for instance because memory ran out.
#[tokio::test]
async fn landlock_tier_finds_the_processes_of_a_killed_helper() {
    if !has_landlock_tier() {
        return;
    }
    let host = Host::start_in(Tier::Landlock, RunnerUser::Current, &["bash"], "");
    let call = execute_in_background(host.url(), &program("bash", FOUR_PROCESSES));
    eventually("it runs", || {
        RunProcesses::of(host.label()).programs.len() == 4
    })
    .await;
    let helper = RunProcesses::of(host.label()).helpers[0];
    kill_process(Pid::from_raw(helper).unwrap(), Signal::KILL).unwrap();
    let response = call.await.unwrap().unwrap().json();
    assert_eq!(response["run"]["status"], "XX", "{response}");
    assert_eq!(processes_with_home_below(&host.work()), [0; 0]);
}
