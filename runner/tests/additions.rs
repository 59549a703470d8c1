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
        (json!({"cases": []}), "1 to 256"),
        (json!({"cases": ["1", 2]}), "cases[1]"),
        (json!({"cases": "1"}), "cases"),
        (json!({"stop_at_first_failure": 1}), "stop_at_first_failure"),
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
    let flags = ["--max-concurrent", "1", "--max-processes", "20"];
    let runner = Arc::new(Runner::start(&["python"], &flags).await);
    let code = "import time; time.sleep(0.5)";
    let first = tokio::spawn({
        let runner = Arc::clone(&runner);
        async move { runner.run("python", code).await }
    });
    common::eventually("it runs", || !common::processes_of(&runner.work).is_empty()).await;
    let wishes = json!({"run_timeout": 1234, "run_memory_limit": 50_000_000});
    let second = runner.run_with("python", "1", wishes).await;
    let first = first.await.unwrap();
    assert_eq!(first["sandbox"], "full");
    assert_eq!(first["queue_time"], 0);
    assert!(second["queue_time"].as_u64().unwrap() >= 100, "{second}");
    let run = &second["limits"]["run"];
    assert_eq!(
        run,
        &json!({
            "timeout": 1234, "cpu_time": 3000, "memory_limit": 50_000_000, "output": 65536,
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
    let flags = ["--max-concurrent", "1"];
    let runner = Runner::start_with_token(&["python"], &flags, Some("s3cret")).await;
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let call = |caller: &'static str| {
        let (url, order) = (format!("{}/api/v2/execute", runner.url), Arc::clone(&order));
        tokio::spawn(async move {
            let body: Value = json!({"language": "python", "version": "*", "files": [
                {"content": "import time; time.sleep(0.2)"}]});
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
    let mut calls = Vec::new();
    for _ in 0..6 {
        calls.push(call("many"));
    }
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    calls.push(call("one"));
    for call in calls {
        call.await.unwrap();
    }
    let place = order
        .lock()
        .unwrap()
        .iter()
        .position(|who| *who == "one")
        .unwrap();
    // One runs, one was next already, then it is the other's turn.
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
        wall: std::time::Duration::from_secs(20),
        cpu: std::time::Duration::from_secs(20),
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
    assert!(clock.elapsed().as_secs() < 10, "{:?}", clock.elapsed());
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
