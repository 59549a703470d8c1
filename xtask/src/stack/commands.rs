//! The command line of each part of a stack.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::settings::{Var, env_file, write_private};
use crate::ports::Ports;
use crate::project::{self, Build, Worker};
use crate::{cargo, page};

/// The folder, inside the stack's own, where its Workers find each other.
pub(super) const REGISTRY: &str = "registry";

/// `http://127.0.0.1:PORT`.
pub(super) fn url(port: u16) -> String {
    format!("http://{}", address(port))
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// redis-rest, which starts its redis-server itself.
pub(super) fn redis_rest(ports: &Ports, folder: &Path, token: &str, build: Build) -> Command {
    let mut command = Command::new(project::native_bin("redis-rest", build));
    command
        .args(["--listen", &address(ports.redis_rest)])
        .args(["--redis-port", &ports.redis.to_string()])
        .arg("--data-dir")
        .arg(folder.join("redis"))
        .env("REDIS_REST_TOKEN", token)
        .env_remove("REDIS_URL");
    command
}

/// The runner.
pub(super) fn runner(ports: &Ports, folder: &Path, build: Build) -> Command {
    let mut command = Command::new(project::native_bin("runner", build));
    command
        .args(["--listen", &address(ports.runner)])
        .arg("--work-dir")
        .arg(folder.join("runner"))
        // Problems may ask for more time than RUN_TIMEOUT_MS below.
        .args(["--run-timeout-ms", "12000", "--run-cpu-time-ms", "12000"])
        // The project's own Node runs TypeScript, which older ones cannot.
        .env("PATH", project::path_with_npm())
        .env_remove("RUNNER_TOKEN");
    command
}

/// A Worker under `wrangler dev`, with `vars` beyond the usual variables or in
/// their place. Writes its env file.
pub(super) fn worker(
    worker: Worker,
    ports: &Ports,
    folder: &Path,
    token: &str,
    vars: &[Var],
) -> Result<Command> {
    let mut all_vars = usual_vars(worker, ports, token);
    all_vars.extend_from_slice(vars);
    let environment = worker.environment();
    let env_path = folder.join(format!("{environment}.env"));
    write_private(&env_path, &env_file(&all_vars))?;
    let port = match worker {
        Worker::SubmitFn => ports.submit,
        Worker::WorkerFn => ports.worker,
    };
    let mut command = wrangler();
    command
        .args(["dev", "--env", environment])
        .args(["--ip", "127.0.0.1", "--port", &port.to_string()])
        .args(["--inspector-port", "0"])
        .arg("--show-interactive-dev-session=false")
        .arg("--env-file")
        .arg(&env_path)
        .arg("--persist-to")
        // A folder each: two workerd on one lock each other out.
        .arg(folder.join("wrangler").join(environment))
        // The page is there already; `cargo xtask dev` builds it on each change.
        .env(page::AS_BUILT, "1")
        // The service binding finds the other Worker here, and only in the same
        // stack.
        .env("WRANGLER_REGISTRY_PATH", folder.join(REGISTRY))
        .env("WRANGLER_LOG_PATH", folder.join("wrangler-logs"));
    Ok(command)
}

fn usual_vars(worker: Worker, ports: &Ports, token: &str) -> Vec<Var> {
    let mut vars = vec![
        ("UPSTASH_REDIS_REST_URL", Some(url(ports.redis_rest))),
        ("UPSTASH_REDIS_REST_TOKEN", Some(token.to_owned())),
        ("ADMIN_TOKEN", Some(token.to_owned())),
        // On one's own machine there are no strangers, and `curl …/worker` should
        // show what happens.
        ("AUTH", Some("off".to_owned())),
        // The token's 48 hex digits are the base64 of 36 bytes as well.
        ("WEBHOOK_SECRET", Some(format!("whsec_{token}"))),
        // Nothing here limits processor time.
        ("PLAN", Some("paid".to_owned())),
        ("CALLBACK_LOOPBACK", Some("on".to_owned())),
    ];
    // Everybody on this machine has the same address.
    vars.push(("RATE_LIMITS", Some("off".into())));
    match worker {
        Worker::SubmitFn => {}
        Worker::WorkerFn => {
            let executor = format!("{}/api/v2", url(ports.runner));
            vars.push(("EXECUTOR_URL", Some(executor)));
            vars.push(("RUN_TIMEOUT_MS", Some("3000".into())));
        }
    }
    vars
}

/// wrangler with this project's Node, without its banner and its metrics. It
/// calls `cargo xtask bundle` in its turn.
pub fn wrangler() -> Command {
    let mut command = Command::new(project::npm_bin("wrangler"));
    cargo::without_cargo_variables(&mut command);
    command
        .env("PATH", project::path_with_npm())
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_HIDE_BANNER", "true");
    command
}
