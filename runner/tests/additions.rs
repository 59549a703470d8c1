//! What this runner adds to Piston's API: several inputs per request, limits and tier
//! in every response, a cache of compiled programs, metrics.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::Runner;
use common::http::{execute_in_background, execute_request, program, send, until_busy};
use serde_json::{Value, json};

/// A checker reads other files in each run, and is compiled once.
#[tokio::test]
async fn a_case_has_files_that_no_other_run_sees() {
    let runner = Runner::start(&["python", "c"], &[]).await;
    let code = "import os, sys\nfrom pathlib import Path\n\
                own = Path(sys.argv[1])\n\
                print(own.read_text() if own.exists() else None, sys.stdin.read().strip())\n\
                Path('kept/new').write_text('x') if os.path.exists('kept') else None\n\
                print(sorted(os.listdir('kept')) if os.path.exists('kept') else None)";
    let file = |name: &str, content: &str| json!({"name": name, "content": content});
    let request = json!({"args": ["a.txt"], "cases": [
        {"stdin": "1", "files": [file("a.txt", "first"), file("kept/.keep", "")]},
        "2",
        {"files": [file("a.txt", "third")]},
    ]});
    let answer = runner.run_with("python", code, request).await;
    let outputs: Vec<_> = (0..3)
        .map(|run| answer["runs"][run]["stdout"].as_str().unwrap())
        .collect();
    assert_eq!(
        outputs,
        [
            "first 1\n['.keep', 'new']\n",
            "None 2\nNone\n",
            "third \nNone\n"
        ]
    );

    let code =
        "#include <stdio.h>\nint main(void) { putchar(fgetc(fopen(\"a\", \"r\"))); return 42; }";
    let mut compilations = Vec::new();
    for letter in ["x", "y"] {
        let request = json!({"cases": [{"files": [file("a", letter)]}]});
        let answer = runner.run_with("c", code, request).await;
        assert_eq!(answer["runs"][0]["stdout"], letter, "{answer}");
        assert_eq!(answer["runs"][0]["code"], 42);
        compilations.push(answer["compile"].clone());
    }
    // The measurements of one compilation, kept with what it made.
    assert_eq!(compilations[0], compilations[1]);
}

#[tokio::test]
async fn cases_are_run_after_one_compilation() {
    let runner = Runner::start(&["python", "c"], &[]).await;
    let code = "print(int(input()) * 2)";
    let cases = json!({"cases": ["1", "2\n", "x", "4"]});
    let answer = runner.run_with("python", code, cases.clone()).await;
    let runs = answer["runs"].as_array().unwrap();
    let outputs: Vec<_> = runs
        .iter()
        .map(|run| run["stdout"].as_str().unwrap())
        .collect();
    assert_eq!(outputs, ["2\n", "4\n", "", "8\n"]);
    assert_eq!(runs[2]["status"], "RE");
    assert_eq!(answer["run"], runs[2], "the first that failed");

    let mut stop = cases;
    stop["stop_at_first_failure"] = json!(true);
    let answer = runner.run_with("python", code, stop.clone()).await;
    assert_eq!(answer["runs"].as_array().unwrap().len(), 3);
    let fine = json!({"cases": ["1", "2"], "stop_at_first_failure": true});
    let answer = runner.run_with("python", code, fine).await;
    assert_eq!(answer["run"], answer["runs"][1], "or else the last");

    let code = "#include <stdio.h>\nint main(void) { int n; scanf(\"%d\", &n); printf(\"%d\", n + 1); return 0; }";
    let answer = runner
        .run_with("c", code, json!({"cases": ["1", "2"]}))
        .await;
    assert_eq!(answer["compile"]["code"], 0, "{answer}");
    assert_eq!(answer["runs"][1]["stdout"], "3");
    let answer = runner.run_with("c", "int main( {", stop).await;
    assert_eq!(answer["runs"], json!([]));
    assert_eq!(answer["run"], answer["compile"]);

    // Without cases there is no such member: a client of Piston does not see it.
    assert!(runner.run("python", "1").await.get("runs").is_none());
    for (wrong, message) in [
        (json!({"cases": []}), "1 to 1000"),
        (json!({"cases": vec![""; 1001]}), "1 to 1000"),
        (json!({"cases": ["1", 2]}), "cases[1]"),
        (json!({"cases": "1"}), "cases"),
        (json!({"stop_at_first_failure": 1}), "stop_at_first_failure"),
        (
            json!({"cases": [""], "cases_timeout": "1"}),
            "If specified, cases_timeout must be a number",
        ),
        (
            json!({"cases": [""], "cases_timeout": true}),
            "If specified, cases_timeout must be a number",
        ),
        (
            json!({"cases": [""], "cases_timeout": -1}),
            "cases_timeout must be non-negative",
        ),
    ] {
        let mut body = program("python", "");
        body.as_object_mut()
            .unwrap()
            .extend(wrong.as_object().unwrap().clone());
        let answer = runner.execute(&body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text.contains(message), "{answer:?}");
    }
    runner.stop().await;
}

/// A caller with a deadline gets the results so far, and can ask for the rest.
#[tokio::test]
async fn no_case_starts_after_cases_timeout() {
    let runner = Runner::start(&["bash"], &["--run-timeout-ms", "60000"]).await;
    // The third case takes the whole time. The cases before it take milliseconds, and
    // those after it are late on any machine.
    let code = "read word; [ $word = slow ] && sleep 3; echo $word";
    let cases = json!(["a", "b", "slow", "c", "d"]);
    let members = json!({"cases": cases, "cases_timeout": 3_000});
    let answer = runner.run_with("bash", code, members).await;
    let runs = answer["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 3, "{answer}");
    assert_eq!(
        runs[2]["stdout"], "slow\n",
        "a case that started in time is not cut short"
    );
    assert_eq!(answer["run"], runs[2], "the last case that was run");
    // One case is always run, or a caller would make no progress.
    for cases_timeout in [json!(0), json!(0.5)] {
        let members = json!({"cases": ["a", "b"], "cases_timeout": cases_timeout});
        let answer = runner.run_with("bash", code, members).await;
        let runs = answer["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 1, "{answer}");
        assert_eq!(runs[0]["stdout"], "a\n");
    }
    // Without a timeout, or with one that no clock reaches, all cases are run.
    for cases_timeout in [json!(null), json!(1e300)] {
        let members = json!({"cases": ["a", "b"], "cases_timeout": cases_timeout});
        let answer = runner.run_with("bash", code, members).await;
        assert_eq!(answer["runs"].as_array().unwrap().len(), 2, "{answer}");
    }
    runner.stop().await;
}

/// The largest problem that the judge accepts: 1,000 cases of 4 MB together.
#[tokio::test]
async fn request_may_have_1000_cases_of_4_mb() {
    let runner = Runner::start(&["bash"], &[]).await;
    let code = "read word; echo $word";
    // Characters that JSON escapes with two.
    let case = |number: usize| format!("{number}\n{}", "\"\n".repeat(2_000));
    let cases: Vec<String> = (0..1000).map(case).collect();
    assert!(cases.iter().map(String::len).sum::<usize>() >= 4_000_000);
    let answer = runner.run_with("bash", code, json!({"cases": cases})).await;
    let runs = answer["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 1000);
    for (number, run) in runs.iter().enumerate() {
        assert_eq!(run["stdout"], format!("{number}\n"), "{run}");
    }
    runner.stop().await;
}

/// Each case may print 1 MiB; a thousand of them would not fit into memory.
#[tokio::test]
async fn no_case_starts_when_the_response_is_full() {
    let runner = Runner::start(&["bash"], &["--answer-max-bytes", "20000000"]).await;
    let code = "head -c 1048576 /dev/zero | tr '\\0' x";
    let answer = runner
        .run_with("bash", code, json!({"cases": vec![""; 12]}))
        .await;
    let runs = answer["runs"].as_array().unwrap();
    for run in runs {
        assert_eq!(
            run["code"], 0,
            "the limit itself is allowed: {}",
            run["message"]
        );
        assert_eq!(run["stdout"].as_str().unwrap().len(), 1 << 20);
    }
    // Each result has the output twice, per stream and combined, and `run` repeats one.
    assert_eq!(runs.len(), 8);
    runner.stop().await;
}

#[tokio::test]
async fn cases_of_one_request_share_no_files() {
    let runner = Runner::start(&["python"], &[]).await;
    let code = "import os
print(os.listdir('/tmp'), os.listdir('/box'))
open('/tmp/left', 'w'); open('/box/left', 'w'); os.chmod('main.py', 0)";
    let answer = runner
        .run_with("python", code, json!({"cases": ["", ""]}))
        .await;
    for run in answer["runs"].as_array().unwrap() {
        assert_eq!(run["stdout"], "[] ['main.py']\n", "{run}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn memory_limit_has_a_status_of_its_own_with_cases_only() {
    let runner = Runner::start(&["python"], &[]).await;
    let bomb = "x = []\nfor _ in range(500): x.append(bytearray(b'x') * 1_000_000)";
    let limit = json!({"run_memory_limit": 60_000_000});
    let run = runner.run_with("python", bomb, limit).await["run"].clone();
    assert_eq!(
        (&run["status"], &run["limit"]),
        (&json!("SG"), &json!("memory"))
    );
    let members = json!({"run_memory_limit": 60_000_000, "cases": [""]});
    let run = runner.run_with("python", bomb, members).await["run"].clone();
    assert_eq!(
        (&run["status"], &run["signal"]),
        (&json!("ML"), &json!("SIGKILL"))
    );
    runner.stop().await;
}

#[tokio::test]
async fn response_has_limits_tier_and_queue_time() {
    let flags = [
        &["--max-concurrent", "1", "--max-processes", "20"][..],
        &["--run-timeout-ms", "60000"],
        &common::DEFAULT_TIMES[2..],
    ]
    .concat();
    let runner = Runner::start(&["python"], &flags).await;
    let sleeping = program("python", "import time; time.sleep(60)");
    let first = execute_in_background(&runner.url, &sleeping);
    until_busy(&runner.url, 1, 0).await;
    let mut body = program("python", "1");
    body["run_timeout"] = json!(1234);
    body["run_memory_limit"] = json!(50_000_000);
    let second = execute_in_background(&runner.url, &body);
    until_busy(&runner.url, 1, 1).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    // Its client disconnects, and the second submission gets the slot.
    first.abort();
    let second = second.await.unwrap().unwrap().json();
    let members = json!({"compile_cpu_time": 2000});
    let third = runner.run_with("python", "1", members).await;
    assert_eq!(third["sandbox"], "full");
    // Three times the CPU time and a second, as for the run stage.
    assert_eq!(third["limits"]["compile"]["timeout"], 7_000);
    let queue_time_ms = |answer: &Value| answer["queue_time"].as_u64().unwrap();
    assert!(queue_time_ms(&second) >= 100, "{second}");
    assert!(queue_time_ms(&third) < queue_time_ms(&second), "{third}");
    let run = &second["limits"]["run"];
    assert_eq!(
        run,
        &json!({
            "timeout": 1234, "cpu_time": 3000, "memory_limit": 50_000_000, "output": 1_048_576,
            "stderr": 1_048_576,
            "processes": 20, "file_size": 10_000_000, "stack": 41_611_392
        })
    );
    assert_eq!(second["limits"]["compile"]["timeout"], 25_000);
    runner.stop().await;
}

#[tokio::test]
async fn compiled_programs_are_cached_by_their_content() {
    let runner = Runner::start(&["c"], &[]).await;
    if !runner.has("c").await {
        return;
    }
    let cached =
        async || -> f64 { number(&runner.get("/metrics").await.text, "runner_artifact_bytes") };
    assert_eq!(cached().await, 0.0);
    // The compiler prints the time in seconds, which distinguishes two compilations.
    let code =
        |number: u32| format!("#pragma message(__TIME__)\nint main(void) {{ return {number}; }}");
    let first = runner.run("c", &code(3)).await;
    assert_eq!(first["run"]["code"], 3, "{first}");
    let size = cached().await;
    assert!(size > 1000.0);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let again = runner.run("c", &code(3)).await;
    assert_eq!(again["compile"], first["compile"], "not compiled again");
    assert_eq!(again["run"]["code"], 3);
    assert_eq!(cached().await, size);
    let other = runner.run("c", &code(4)).await;
    assert_eq!(other["run"]["code"], 4, "{other}");
    assert!(cached().await > size);
    // A failed compilation is not cached.
    let size = cached().await;
    runner.run("c", "int main( {").await;
    assert_eq!(cached().await, size);
    runner.stop().await;
}

fn number(page: &str, name: &str) -> f64 {
    let line = page
        .lines()
        .find(|line| line.starts_with(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name}: {page}"))
        .rsplit_once(' ')
        .unwrap()
        .1
        .parse()
        .unwrap()
}

#[tokio::test]
async fn metrics_need_the_token_and_packages_are_refused() {
    let runner = Runner::start_with_token(&["python"], &[], Some("s3cret")).await;
    assert_eq!(runner.get("/metrics").await.status, 401);
    assert_eq!(runner.get("/healthz").await.status, 200);
    runner.stop().await;

    let runner = Runner::start(&["python"], &[]).await;
    runner.run("python", "1").await;
    runner.run("python", "1/0").await;
    let page = runner.get("/metrics").await.text;
    assert_eq!(number(&page, "runner_executions_total{status=\"ok\"}"), 1.0);
    assert_eq!(number(&page, "runner_executions_total{status=\"RE\"}"), 1.0);
    assert!(number(&page, "runner_cpu_seconds_total") > 0.0);
    assert_eq!(number(&page, "runner_running"), 0.0);
    let packages = runner.get("/api/v2/packages").await;
    assert_eq!(packages.status, 403);
    assert!(
        packages.json()["message"]
            .as_str()
            .unwrap()
            .contains("operator")
    );
    runner.stop().await;
}

/// A caller with many submissions must not delay another caller by all of them.
#[tokio::test]
async fn callers_in_the_header_x_caller_take_turns() {
    let flags = ["--max-concurrent", "1", "--run-timeout-ms", "60000"];
    let runner = Runner::start_with_token(&["python"], &flags, Some("s3cret")).await;
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let call = |caller: &'static str, code: &str| {
        let request = execute_request(&runner.url, &program("python", code))
            .header("authorization", "Bearer s3cret")
            .header("x-caller", caller);
        let order = Arc::clone(&order);
        tokio::spawn(async move {
            assert_eq!(send(request).await.unwrap().status, 200);
            order.lock().unwrap().push(caller);
        })
    };
    // Holds the one slot until all others wait for it.
    let first = call("first", "import time; time.sleep(60)");
    until_busy(&runner.url, 1, 0).await;
    let mut calls = Vec::new();
    for _ in 0..6 {
        calls.push(call("many", "1"));
    }
    until_busy(&runner.url, 1, 6).await;
    calls.push(call("one", "1"));
    until_busy(&runner.url, 1, 7).await;
    first.abort();
    for call in calls {
        call.await.unwrap();
    }
    let order = order.lock().unwrap().clone();
    let index = order.iter().position(|caller| *caller == "one").unwrap();
    // One submission of the first caller was next already. Which of two finished
    // calls returns first is undefined.
    assert!(index <= 2, "{order:?}");
    runner.stop().await;
}

/// A hostile compilation that leaves thousands of files must not keep the runner
/// busy.
#[tokio::test]
async fn sandbox_collects_6000_files_quickly_and_refuses_more_than_allowed() {
    let work = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..6000)
        .map(|number| runner::sandbox::File {
            name: format!("{}/{number}", number % 50),
            content: vec![1; 10_000].into(),
            executable: false,
        })
        .collect();
    let limits = runner::sandbox::Limits {
        wall: common::timing::TIMEOUT,
        cpu: common::timing::TIMEOUT,
        memory_bytes: Some(100 << 20),
        stack_bytes: 8 << 20,
        stdout_bytes: 1000,
        stderr_bytes: 1000,
        tasks: 10,
        open_files: 100,
        file_bytes: 1 << 20,
        disk_bytes: 128 << 20,
        disk_files: 8192,
    };
    let sandbox = common::namespace_sandbox(work.path());
    let argv = ["/bin/sh", "-c", "true"].map(str::to_owned);
    let command = |limits| runner::sandbox::Command {
        argv: &argv,
        files: &files,
        collect_files: true,
        mounts: &[],
        interrupt: false,
        prewarm: false,
        env: &[],
        stdin: b"",
        combine_output: false,
        limits,
    };
    let cancel = runner::sandbox::Cancel::default();
    let started = std::time::Instant::now();
    let report = sandbox.run(&command(limits), &cancel);
    assert_eq!(report.ending, runner::sandbox::Ending::Exited(0));
    let sum: usize = report.files.iter().map(|file| file.content.len()).sum();
    assert_eq!((report.files.len(), sum), (6000, 60_000_000));
    let elapsed = started.elapsed();
    assert!(elapsed.as_secs() < 30, "{elapsed:?}");
    // More files than the limit cannot even be written.
    let few = runner::sandbox::Limits {
        disk_files: 100,
        ..limits
    };
    let report = sandbox.run(&command(few), &cancel);
    assert!(
        matches!(&report.ending, runner::sandbox::Ending::Failed(why) if why.contains("files")),
        "{report:?}"
    );
}
