//! Clients that were written for Piston work unchanged: `piston-client` from npm and
//! the crate `piston_rs`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::process::Stdio;

use common::Runner;
use piston_rs::{Client, Executor, File};

/// The assertions are in `piston_client.mjs`.
#[tokio::test]
async fn npm_piston_client_works_unchanged() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.parent().unwrap();
    assert!(
        root.join("node_modules/piston-client").is_dir(),
        "piston-client is not installed: run `cargo xtask test`, which installs npm packages"
    );
    let runner = Runner::start(&["python", "javascript", "c"], &[]).await;
    let output = tokio::process::Command::new("node")
        .arg(package.join("tests/piston_client.mjs"))
        .env("RUNNER_URL", &runner.url)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
    // Otherwise a script that stops early without an error would pass.
    assert_eq!(
        stdout.trim_end().lines().last(),
        Some("all good"),
        "{stdout}"
    );
    runner.stop().await;
}

fn executor(language: &str, code: &str) -> Executor {
    Executor::new()
        .set_language(language)
        .set_version("*")
        .add_file(File::default().set_content(code))
}

#[tokio::test]
async fn crate_piston_rs_works_unchanged() {
    let runner = Runner::start(&["python", "c"], &[]).await;
    let client = Client::with_url(&format!("{}/api/v2", runner.url));

    let runtimes = client.fetch_runtimes().await.unwrap();
    let python = runtimes.iter().find(|runtime| runtime.language == "python");
    let python = python.unwrap();
    assert!(python.aliases.contains(&"py".to_owned()), "{python:?}");
    assert!(python.version.starts_with("3."), "{python:?}");

    let code = "import sys, helper; print(helper.double(input()), sys.argv[1:])";
    let request = Executor::new()
        .set_language("py")
        .set_version(&python.version)
        .set_stdin("word")
        .add_args(vec!["a", "two words"])
        .set_run_timeout(2_500)
        .set_run_memory_limit(100_000_000)
        .add_file(File::default().set_name("main.py").set_content(code))
        .add_file(
            File::default()
                .set_name("helper.py")
                .set_content("def double(word): return word * 2"),
        );
    let answer = client.execute(&request).await.unwrap();
    assert!(answer.is_ok() && answer.run.is_ok(), "{answer:?}");
    assert_eq!(answer.run.stdout, "wordword ['a', 'two words']\n");
    assert_eq!(answer.run.output, answer.run.stdout);
    assert_eq!(
        (answer.language, answer.version.as_str()),
        ("python".to_owned(), &*python.version)
    );
    assert!(answer.compile.is_none());

    let failing = executor("python", "import sys; sys.stderr.write('no'); sys.exit(3)");
    let answer = client.execute(&failing).await.unwrap();
    assert!(answer.is_ok() && answer.run.is_err(), "{answer:?}");
    assert_eq!(
        (answer.run.code, answer.run.stderr.as_str()),
        (Some(3), "no")
    );

    let endless = executor("python", "import time; time.sleep(60)").set_run_timeout(300);
    let answer = client.execute(&endless).await.unwrap();
    assert_eq!(
        (answer.run.code, answer.run.signal.as_deref()),
        (None, Some("SIGKILL"))
    );

    if runner.has("c").await {
        let code = "#include <stdio.h>\nint main(void) { puts(\"compiled\"); return 0; }";
        let answer = client.execute(&executor("c", code)).await.unwrap();
        assert!(answer.compile.unwrap().is_ok());
        assert_eq!(answer.run.stdout, "compiled\n");
        let answer = client.execute(&executor("c", "int main( {")).await.unwrap();
        assert!(answer.compile.unwrap().is_err());
        assert!(answer.run.stderr.contains("error"), "{:?}", answer.run);
    }

    // The crate reports a 400 as a failed run with the status.
    let answer = client.execute(&executor("cobol", "")).await.unwrap();
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(answer.status, 400);
    assert!(
        answer.run.stderr.contains("cobol-* runtime is unknown"),
        "{answer:?}"
    );
    runner.stop().await;
}

/// The crate sends its key without a scheme, so the key must include it.
#[tokio::test]
async fn crate_piston_rs_can_send_a_token() {
    let runner = Runner::start_with_token(&["python"], &[], Some("s3cret")).await;
    let url = format!("{}/api/v2", runner.url);
    let client = Client::with_url_and_key(&url, "Bearer s3cret");
    let answer = client
        .execute(&executor("python", "print(1 + 1)"))
        .await
        .unwrap();
    assert_eq!(answer.run.stdout, "2\n", "{answer:?}");
    let answer = Client::with_url(&url)
        .execute(&executor("python", ""))
        .await
        .unwrap();
    assert_eq!(answer.status, 401, "{answer:?}");
    runner.stop().await;
}
