//! What this runner adds to Piston's API: many inputs at once, limits and tier in
//! every answer, compiled programs kept, numbers for operators.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use common::Runner;
use serde_json::{Value, json};

#[tokio::test]
async fn many_inputs_are_run_after_one_compilation() {
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
    assert_eq!(answer["run"], answer["runs"][1], "or the last");

    let code = "#include <stdio.h>\nint main(void) { int n; scanf(\"%d\", &n); printf(\"%d\", n + 1); return 0; }";
    let answer = runner
        .run_with("c", code, json!({"cases": ["1", "2"]}))
        .await;
    assert_eq!(answer["compile"]["code"], 0, "{answer}");
    assert_eq!(answer["runs"][1]["stdout"], "3");
    let answer = runner.run_with("c", "int main( {", stop).await;
    assert_eq!(answer["runs"], json!([]));
    assert_eq!(answer["run"], answer["compile"]);

    // Without cases there is no such key: a client of Piston sees none of it.
    assert!(runner.run("python", "1").await.get("runs").is_none());
    for (wrong, word) in [
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
        let mut body = json!({"language": "python", "version": "*", "files": [{"content": ""}]});
        body.as_object_mut()
            .unwrap()
            .extend(wrong.as_object().unwrap().clone());
        let answer = runner.execute(&body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text.contains(word), "{answer:?}");
    }
    runner.stop().await;
}

/// A caller with a deadline gets what there is, and asks again for the rest.
#[tokio::test]
async fn no_case_is_begun_when_their_time_is_over() {
    let runner = Runner::start(&["bash"], &["--run-timeout-ms", "60000"]).await;
    // The third takes as long as all may together; what comes before it is quick
    // even on a busy machine, and what comes after it is late on any.
    let code = "read word; [ $word = slow ] && sleep 6; echo $word";
    let cases = json!(["a", "b", "slow", "c", "d"]);
    let asked = json!({"cases": cases, "cases_timeout": 6_000});
    let answer = runner.run_with("bash", code, asked).await;
    let runs = answer["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 3, "{answer}");
    assert_eq!(
        runs[2]["stdout"], "slow\n",
        "begun in time, and not cut short"
    );
    assert_eq!(answer["run"], runs[2], "the last one that was run");
    // One is run whatever the time, or a caller would never get anywhere.
    for cases_timeout in [json!(0), json!(0.5)] {
        let asked = json!({"cases": ["a", "b"], "cases_timeout": cases_timeout});
        let answer = runner.run_with("bash", code, asked).await;
        let runs = answer["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 1, "{answer}");
        assert_eq!(runs[0]["stdout"], "a\n");
    }
    // Without a bound, and with one that no clock reaches, all of them are run.
    for cases_timeout in [json!(null), json!(1e300)] {
        let asked = json!({"cases": ["a", "b"], "cases_timeout": cases_timeout});
        let answer = runner.run_with("bash", code, asked).await;
        assert_eq!(answer["runs"].as_array().unwrap().len(), 2, "{answer}");
    }
    runner.stop().await;
}

/// As large as a problem's cases may be: a thousand of them, and 4 MB together.
#[tokio::test]
async fn a_whole_problem_fits_into_a_request() {
    let runner = Runner::start(&["bash"], &[]).await;
    let code = "read word; echo $word";
    // Mostly what takes two characters in JSON.
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

/// A program may print a whole mebibyte; a thousand of them would be too much to
/// hold for one answer.
#[tokio::test]
async fn an_answer_is_bounded() {
    let runner = Runner::start(&["bash"], &[]).await;
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
    // Twice in each stage: by itself, and in the order it arrived.
    assert_eq!(runs.len(), 8);
    runner.stop().await;
}

#[tokio::test]
async fn runs_of_one_request_share_nothing() {
    let runner = Runner::start(&["python"], &[]).await;
    let code = "import os
print(os.listdir('/tmp'), os.listdir('/box'))
open('/tmp/left', 'w'); open('/box/left', 'w'); os.chmod('file0.code', 0)";
    let answer = runner
        .run_with("python", code, json!({"cases": ["", ""]}))
        .await;
    for run in answer["runs"].as_array().unwrap() {
        assert_eq!(run["stdout"], "[] ['file0.code']\n", "{run}");
    }
    runner.stop().await;
}

#[tokio::test]
async fn too_much_memory_has_a_status_for_those_who_know_it() {
    let runner = Runner::start(&["python"], &[]).await;
    let bomb = "x = []\nfor _ in range(500): x.append(bytearray(b'x') * 1_000_000)";
    let limit = json!({"run_memory_limit": 60_000_000});
    let run = runner.run_with("python", bomb, limit).await["run"].clone();
    assert_eq!(
        (&run["status"], &run["limit"]),
        (&json!("SG"), &json!("memory"))
    );
    let asked = json!({"run_memory_limit": 60_000_000, "cases": [""]});
    let run = runner.run_with("python", bomb, asked).await["run"].clone();
    assert_eq!(
        (&run["status"], &run["signal"]),
        (&json!("ML"), &json!("SIGKILL"))
    );
    runner.stop().await;
}

#[tokio::test]
async fn limits_tier_and_waiting_are_told() {
    let flags = [
        &["--max-concurrent", "1", "--max-processes", "20"][..],
        &common::DEFAULT_TIMES[2..],
    ]
    .concat();
    let runner = Arc::new(Runner::start(&["python"], &flags).await);
    let code = "import time; time.sleep(4)";
    let first = tokio::spawn({
        let runner = Arc::clone(&runner);
        async move { runner.run("python", code).await }
    });
    common::eventually("it runs", || !common::processes_of(&runner.work).is_empty()).await;
    let wishes = json!({"run_timeout": 1234, "run_memory_limit": 50_000_000});
    let second = runner.run_with("python", "1", wishes).await;
    let first = first.await.unwrap();
    assert_eq!(first["sandbox"], "full");
    // One of them had to wait for the other.
    let waited = |answer: &Value| answer["queue_time"].as_u64().unwrap();
    assert!(waited(&second) >= 100, "{second}");
    assert!(waited(&first) < waited(&second), "{first}");
    let run = &second["limits"]["run"];
    assert_eq!(
        run,
        &json!({
            "timeout": 1234, "cpu_time": 3000, "memory_limit": 50_000_000, "output": 1_048_576,
            "processes": 20, "file_size": 10_000_000
        })
    );
    assert_eq!(second["limits"]["compile"]["timeout"], 10_000);
    Arc::into_inner(runner).unwrap().stop().await;
}

#[tokio::test]
async fn what_was_compiled_is_kept_by_its_content() {
    let runner = Runner::start(&["c"], &[]).await;
    if !runner.has("c").await {
        return;
    }
    let kept =
        async || -> f64 { number(&runner.get("/metrics").await.text, "runner_artifact_bytes") };
    assert_eq!(kept().await, 0.0);
    // The compiler's own words tell one compilation from another.
    let code =
        |number: u32| format!("#pragma message(__TIME__)\nint main(void) {{ return {number}; }}");
    let first = runner.run("c", &code(3)).await;
    assert_eq!(first["run"]["code"], 3, "{first}");
    let size = kept().await;
    assert!(size > 1000.0);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let again = runner.run("c", &code(3)).await;
    assert_eq!(again["compile"], first["compile"], "not compiled again");
    assert_eq!(again["run"]["code"], 3);
    assert_eq!(kept().await, size);
    let other = runner.run("c", &code(4)).await;
    assert_eq!(other["run"]["code"], 4, "{other}");
    assert!(kept().await > size);
    // What failed is not kept.
    let size = kept().await;
    runner.run("c", "int main( {").await;
    assert_eq!(kept().await, size);
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
async fn operators_get_numbers_and_packages_are_refused() {
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

/// One who sends many must not keep another one waiting behind all of them.
#[tokio::test]
async fn callers_named_by_the_token_s_holder_take_turns() {
    let flags = ["--max-concurrent", "1", "--run-timeout-ms", "60000"];
    let runner = Runner::start_with_token(&["python"], &flags, Some("s3cret")).await;
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let call = |caller: &'static str, code: &'static str| {
        let (url, order) = (format!("{}/api/v2/execute", runner.url), Arc::clone(&order));
        tokio::spawn(async move {
            let body: Value =
                json!({"language": "python", "version": "*", "files": [{"content": code}]});
            let request = reqwest::Client::new()
                .post(url)
                .header("authorization", "Bearer s3cret")
                .header("x-caller", caller)
                .header("content-type", "application/json");
            let status = request
                .body(body.to_string())
                .send()
                .await
                .unwrap()
                .status();
            assert_eq!(status.as_u16(), 200);
            order.lock().unwrap().push(caller);
        })
    };
    // Keeps the one place until everybody is waiting for it.
    let first = call("first", "import time; time.sleep(60)");
    common::until_busy(&runner.url, 1, 0).await;
    let mut calls = Vec::new();
    for _ in 0..6 {
        calls.push(call("many", "1"));
    }
    common::until_busy(&runner.url, 1, 6).await;
    calls.push(call("one", "1"));
    common::until_busy(&runner.url, 1, 7).await;
    first.abort();
    for call in calls {
        call.await.unwrap();
    }
    let place = order
        .lock()
        .unwrap()
        .iter()
        .position(|who| *who == "one")
        .unwrap();
    // One was next already, then it is the other's turn. Who is told first of two
    // that are done is not ours to say.
    assert!(place <= 2, "{order:?}");
    runner.stop().await;
}

/// Thousands of files from a compiler that is hostile: taken without much ado, or
/// refused, never a way to keep the runner busy.
#[tokio::test]
async fn many_artifacts_cost_little() {
    let work = tempfile::tempdir().unwrap();
    let files: Vec<_> = (0..6000)
        .map(|number| runner::sandbox::File {
            name: format!("{}/{number}", number % 50),
            content: vec![1; 10_000].into(),
            executable: false,
        })
        .collect();
    let limits = runner::sandbox::Limits {
        wall: common::PATIENCE,
        cpu: common::PATIENCE,
        memory_bytes: Some(100 << 20),
        output_bytes: 1000,
        tasks: 10,
        open_files: 100,
        file_bytes: 1 << 20,
        disk_bytes: 128 << 20,
        disk_files: 8192,
    };
    let sandbox = common::sandbox(work.path());
    let argv = ["/bin/sh", "-c", "true"].map(str::to_owned);
    let request = |limits| runner::sandbox::Request {
        argv: &argv,
        files: &files,
        keep_files: true,
        mounts: &[],
        env: &[],
        stdin: b"",
        limits,
    };
    let cancel = runner::sandbox::Cancel::default();
    let clock = std::time::Instant::now();
    let report = sandbox.run(&request(limits), &cancel);
    assert_eq!(report.ending, runner::sandbox::Ending::Exited(0));
    let sum: usize = report.files.iter().map(|file| file.content.len()).sum();
    assert_eq!((report.files.len(), sum), (6000, 60_000_000));
    assert!(clock.elapsed().as_secs() < 30, "{:?}", clock.elapsed());
    // More files than the disk has room for cannot even be put there.
    let few = runner::sandbox::Limits {
        disk_files: 100,
        ..limits
    };
    let report = sandbox.run(&request(few), &cancel);
    assert!(
        matches!(&report.ending, runner::sandbox::Ending::Failed(why) if why.contains("files")),
        "{report:?}"
    );
}
