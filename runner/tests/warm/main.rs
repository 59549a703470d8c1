//! A program runs in a sandbox whose interpreter has waited as it does in one that is
//! started for it: the whole response is the same, but for times.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "modules of one test")]

#[path = "../common/mod.rs"]
mod common;
mod programs;

use std::time::Instant;

use common::Runner;
use common::processes::RunProcesses;
use common::timing::{POLL_INTERVAL, TIMEOUT, eventually};
use programs::{CASES, Case};
use runner::sandbox::Tier;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

async fn until_full(runner: &Runner) {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let warm = runner.get("/healthz").await.json()["warm"].clone();
        if warm["wanted"] == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "{warm}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

async fn metric(runner: &Runner, name: &str) -> u64 {
    let page = runner.get("/metrics").await.text;
    let line = page.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim().parse().unwrap()
}

async fn hits(runner: &Runner) -> u64 {
    metric(runner, "runner_warm_hits_total ").await
}

/// The response to a case in a sandbox that has waited. A new command line waits after
/// it was asked for twice.
async fn warm_response(runner: &Runner, case: &Case) -> Value {
    for _ in 0..3 {
        until_full(runner).await;
        let before = hits(runner).await;
        let response = runner.execute(&case.request()).await.json();
        if hits(runner).await > before {
            return response;
        }
    }
    panic!("it never ran warm: {}", case.request())
}

/// The response without what differs from run to run: times, memory, and the names of
/// folders that are made for each run.
fn comparable(runner: &Runner, mut response: Value) -> (String, [u64; 2]) {
    let memory = ["run", "compile"].map(|stage| {
        let Some(stage) = response.get_mut(stage).and_then(Value::as_object_mut) else {
            return 0;
        };
        stage.remove("cpu_time");
        stage.remove("wall_time");
        let memory = stage.remove("memory").unwrap().as_u64().unwrap();
        let is_bomb = stage["limit"] == "memory" || stage["limit"] == "processes";
        if is_bomb
            || stage["stderr"]
                .as_str()
                .unwrap()
                .contains("heap out of memory")
        {
            // How much a bomb still takes and says is a matter of luck, and Node's report
            // of its heap has times and addresses.
            stage.retain(|name, _| !["stdout", "stderr", "output"].contains(&name.as_str()));
            return 0;
        }
        memory
    });
    response["queue_time"] = Value::Null;
    let text = response.to_string();
    let work = runner.work.canonicalize().unwrap();
    let text = text.replace(work.to_str().unwrap(), "WORK");
    (without_process_ids(&without_random_names(&text)), memory)
}

/// Replaces every word of 20 or more hexadecimal digits and dashes, and what makes the
/// folder of the libraries unique.
fn without_random_names(text: &str) -> String {
    let mut shown = String::new();
    let is_word = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        shown.push_str(&rest[..start]);
        let length = rest[start..]
            .find(|c| !is_word(c))
            .unwrap_or(rest.len() - start);
        let word = &rest[start..start + length];
        shown.push_str(if length >= 20 { "RANDOM" } else { word });
        rest = &rest[start + length..];
    }
    shown.push_str(rest);
    let mut parts = shown.split("edgejudge-libraries-");
    let mut all = parts.next().unwrap().to_owned();
    for part in parts {
        all.push_str("edgejudge-libraries-");
        all.push_str(&part[6..]);
    }
    all
}

/// Replaces the process ids in Node's warnings, which differ without a pid namespace.
fn without_process_ids(text: &str) -> String {
    let mut parts = text.split("(node:");
    let mut all = parts.next().unwrap().to_owned();
    for part in parts {
        all.push_str("(node:");
        all.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    all
}

/// Every case in a runner with waiting sandboxes and in one without.
async fn compare(cold: Runner, warm: Runner, languages: &[&str]) {
    let mut differences = Vec::new();
    for case in CASES {
        if !languages.contains(&case.0) {
            continue;
        }
        if case.0 == "typescript" && !warm.has("typescript").await {
            eprintln!("not tested: there is no TypeScript on this machine");
            break;
        }
        let expected = cold.execute(&case.request()).await.json();
        let found = warm_response(&warm, case).await;
        assert!(expected.get("run").is_some(), "{expected}");
        let (expected, expected_memory) = comparable(&cold, expected);
        let (found, found_memory) = comparable(&warm, found);
        if expected != found {
            differences.push(format!("{}\n cold {expected}\n warm {found}", case.2));
        }
        // Of several processes, what is seen of the sum is a matter of luck.
        let is_alone =
            ["fork", "subprocess", "child_process"].map(|word| case.2.contains(word)) == [false; 3];
        let both = expected_memory.into_iter().zip(found_memory);
        for (cold, warm) in both.filter(|_| is_alone) {
            if cold.abs_diff(warm) > cold / 4 + (4 << 20) {
                differences.push(format!("{}: memory {cold} and {warm}", case.2));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    cold.stop().await;
    warm.stop().await;
}

const WARM: [&str; 4] = ["--warm", "1", "--max-processes", "40"];
const COLD: [&str; 4] = ["--warm", "0", "--max-processes", "40"];

async fn compare_in(tier: Tier, language: &str) {
    let only = ["javascript", language];
    if tier == Tier::Full {
        let cold = Runner::start(&only, &COLD).await;
        compare(cold, Runner::start(&only, &WARM).await, &[language]).await;
    } else if let Some(cold) = Runner::start_in_landlock_tier(&only, &COLD).await {
        let warm = Runner::start_in_landlock_tier(&only, &WARM).await.unwrap();
        compare(cold, warm, &[language]).await;
    }
}

#[tokio::test]
async fn python_sees_no_difference_in_the_full_tier() {
    compare_in(Tier::Full, "python").await;
}

#[tokio::test]
async fn python_sees_no_difference_in_the_landlock_tier() {
    compare_in(Tier::Landlock, "python").await;
}

#[tokio::test]
async fn javascript_sees_no_difference_in_the_full_tier() {
    compare_in(Tier::Full, "javascript").await;
}

#[tokio::test]
async fn javascript_sees_no_difference_in_the_landlock_tier() {
    compare_in(Tier::Landlock, "javascript").await;
}

#[tokio::test]
async fn typescript_sees_no_difference_in_both_tiers() {
    compare_in(Tier::Full, "typescript").await;
    compare_in(Tier::Landlock, "typescript").await;
}

/// A program sees nothing of the one before, and each has a sandbox of its own.
#[tokio::test]
async fn each_waiting_sandbox_is_used_once() {
    let leave = "import os\nseen = os.listdir('.') + os.listdir('/tmp')\nopen('/tmp/left', 'w'); open('left', 'w'); print(sorted(seen), os.environ.get('LEFT'), os.getpid())\nos.environ['LEFT'] = '1'";
    let runner = Runner::start(&["python"], &WARM).await;
    for run in 1..=3 {
        until_full(&runner).await;
        let response = runner.run("python", leave).await;
        assert_eq!(
            response["run"]["stdout"], "['main.py'] None 2\n",
            "{response}"
        );
        assert_eq!(hits(&runner).await, run);
    }
    runner.stop().await;
}

/// What an interpreter's start takes is not charged, and what the program takes is.
#[tokio::test]
async fn only_the_programs_own_time_is_charged() {
    let runner = Runner::start(&["python"], &WARM).await;
    let burn =
        "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass";
    let mut seen = Vec::new();
    // Another program on this machine can only add to it.
    for _ in 0..5 {
        until_full(&runner).await;
        let nothing = runner.run("python", "pass").await["run"]["cpu_time"].clone();
        until_full(&runner).await;
        let burnt = runner.run("python", burn).await["run"]["cpu_time"].clone();
        seen.push((nothing.as_u64().unwrap(), burnt.as_u64().unwrap()));
        let &(nothing, burnt) = seen.last().unwrap();
        assert!(burnt >= 400, "{seen:?}");
        if burnt <= 425 && nothing <= 12 {
            return;
        }
    }
    panic!("{seen:?}");
}

/// The wall time of a program that waited long before it ran starts with its code.
#[tokio::test]
async fn time_spent_waiting_is_not_charged() {
    let runner = Runner::start(&["python"], &WARM).await;
    until_full(&runner).await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let members = json!({"run_timeout": 1400});
    let response = runner.run_with("python", "print('in time')", members).await;
    assert_eq!(response["run"]["stdout"], "in time\n", "{response}");
    assert!(
        response["run"]["wall_time"].as_u64().unwrap() < 1400,
        "{response}"
    );
    assert_eq!(hits(&runner).await, 1);
}

/// A waiting interpreter that dies, for instance because memory is short, is replaced,
/// and the next program runs all the same.
#[tokio::test]
async fn dead_waiting_interpreters_are_replaced() {
    for runner in [
        Some(Runner::start(&["python"], &WARM).await),
        Runner::start_in_landlock_tier(&["python"], &WARM).await,
    ]
    .into_iter()
    .flatten()
    {
        until_full(&runner).await;
        for pid in RunProcesses::of(&runner.work).programs {
            kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
        }
        let response = runner.run("python", "print('cold')").await;
        assert_eq!(response["run"]["stdout"], "cold\n", "{response}");
        assert_eq!(metric(&runner, "runner_warm_failed_total ").await, 1);
        until_full(&runner).await;
        let response = runner.run("python", "print('warm')").await;
        assert_eq!(response["run"]["stdout"], "warm\n", "{response}");
        assert_eq!(hits(&runner).await, 1);
        // One that nobody asks for is noticed too.
        until_full(&runner).await;
        for pid in RunProcesses::of(&runner.work).helpers {
            kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
        }
        let deadline = Instant::now() + TIMEOUT;
        while metric(&runner, "runner_warm_failed_total ").await < 2 {
            assert!(Instant::now() < deadline, "it is not noticed");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        until_full(&runner).await;
        let label = runner.work.clone();
        runner.stop().await;
        eventually("nothing is left", || RunProcesses::of(&label).is_empty()).await;
    }
}

/// Limits that a request asks for apply to a program that has waited.
#[tokio::test]
async fn a_run_with_other_limits_of_time_and_output_is_warm_too() {
    let runner = Runner::start(&["python"], &WARM).await;
    let members = json!({"run_cpu_time": 1000, "run_output_limit": 50, "stdin": "a"});
    let code = "import resource\nprint(resource.getrlimit(resource.RLIMIT_CPU))";
    until_full(&runner).await;
    let response = runner.run_with("python", code, members.clone()).await;
    assert_eq!(response["run"]["stdout"], "(4, 5)\n", "{response}");
    assert_eq!(hits(&runner).await, 1);
    until_full(&runner).await;
    let response = runner.run_with("python", "print('x' * 60)", members).await;
    assert_eq!(response["run"]["limit"], "stdout", "{response}");
    assert_eq!(hits(&runner).await, 2);
}

/// `--warm 0` turns it off.
#[tokio::test]
async fn without_the_pool_nothing_waits() {
    let runner = Runner::start(&["python"], &COLD).await;
    runner.run("python", "pass").await;
    let warm = runner.get("/healthz").await.json()["warm"].clone();
    assert_eq!(warm, json!({"waiting": 0, "wanted": 0, "memory": 0}));
    assert!(RunProcesses::of(&runner.work).is_empty());
    runner.stop().await;
}
