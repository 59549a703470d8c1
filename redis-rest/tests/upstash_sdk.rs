//! Upstash's TypeScript SDK works with redis-rest unchanged.
//!
//! The assertions are in `upstash_sdk.mjs`; this starts redis-rest and runs the script
//! with Node.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::Path;
use std::process::Stdio;

use support::{Redis, Rest, TOKEN};

#[tokio::test(flavor = "multi_thread")]
async fn upstash_typescript_sdk_works_unchanged() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.parent().unwrap();
    assert!(
        root.join("node_modules/@upstash/redis").is_dir(),
        "@upstash/redis is not installed: run `cargo xtask test`, which installs npm packages"
    );
    let redis = Redis::start();
    let rest = Rest::start(&redis.url()).await;
    let output = tokio::process::Command::new("node")
        .arg(package.join("tests/upstash_sdk.mjs"))
        .env("UPSTASH_REDIS_REST_URL", &rest.url)
        .env("UPSTASH_REDIS_REST_TOKEN", TOKEN)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("Node is installed: run `cargo xtask test`, which checks for it");
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    // Otherwise a script that stops early without an error would pass.
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        stdout.trim_end().lines().last(),
        Some("all good"),
        "{stdout}"
    );
}
