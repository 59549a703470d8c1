//! The whole product on this machine: redis-rest with its redis-server, the
//! runner, and both Workers under `wrangler dev`.
//!
//! `cargo xtask dev` starts one for a person, on known ports; the end-to-end
//! tests start theirs on free ones. Nothing is built here.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use shared::hex::hex;

use crate::child::{Child, Guard};
use crate::progress;
use crate::{ports, project};

/// How long everything together may take to answer.
const READY_WITHIN: Duration = Duration::from_secs(120);

const REDIS_REST: &str = "redis-rest";
const RUNNER: &str = "runner";
const SUBMIT_FN: &str = "submit-fn";
const WORKER_FN: &str = "worker-fn";
/// Where the Workers of one stack find each other.
const REGISTRY: &str = "registry";

/// Where each part listens, on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// submit-fn.
    pub submit: u16,
    /// worker-fn.
    pub worker: u16,
    /// redis-rest.
    pub redis_rest: u16,
    /// The redis-server behind it.
    pub redis: u16,
    /// The runner.
    pub runner: u16,
}

/// One variable of a Worker; `None` unsets one that the stack would set.
pub type Var = (&'static str, Option<String>);

/// How a stack is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where each part listens.
    pub ports: Ports,
    /// A folder for logs, settings and data.
    pub folder: PathBuf,
    /// Variables of submit-fn beyond the usual, or in their place.
    pub submit_vars: Vec<Var>,
    /// Variables of worker-fn beyond the usual, or in their place.
    pub worker_vars: Vec<Var>,
}

/// A running stack. Dropping it ends every process of it.
#[derive(Debug)]
pub struct Stack {
    /// Where each part listens.
    pub ports: Ports,
    /// The token of redis-rest, and submit-fn's `ADMIN_TOKEN`.
    pub token: String,
    /// Where the logs are.
    pub logs: PathBuf,
    options: Options,
    children: Vec<Child>,
    // Last: it goes when everything it watches has gone.
    _guard: Guard,
}

impl Ports {
    /// Ports that are free now.
    pub fn free() -> Result<Self> {
        let [submit, worker, redis_rest, redis, runner] = ports::free()?;
        Ok(Self {
            submit,
            worker,
            redis_rest,
            redis,
            runner,
        })
    }

    /// Errors with a sentence that names the part and its flag when something
    /// else listens on one of them.
    pub fn check(&self) -> Result<()> {
        for (part, flag, port) in [
            ("submit-fn", "submit-port", self.submit),
            ("worker-fn", "worker-port", self.worker),
            ("redis-rest", "redis-rest-port", self.redis_rest),
            ("redis-server", "redis-port", self.redis),
            ("the runner", "runner-port", self.runner),
        ] {
            if let Err(error) = TcpListener::bind(("127.0.0.1", port)) {
                bail!(
                    "port {port}, which {part} needs, cannot be had ({error}). \
                     Stop what listens there, or move {part}: --{flag} PORT"
                );
            }
        }
        Ok(())
    }
}

impl Stack {
    /// Starts everything and waits until everything answers. `cancelled` ends
    /// the wait early.
    pub fn start(options: &Options, cancelled: &AtomicBool) -> Result<Self> {
        options.ports.check()?;
        fs::create_dir_all(&options.folder)?;
        let mut stack = Self {
            ports: options.ports,
            token: token(&options.folder)?,
            logs: options.folder.join("logs"),
            options: options.clone(),
            children: Vec::new(),
            _guard: Guard::start()?,
        };
        stack.start_redis_rest()?;
        stack.start_runner()?;
        // A stack that was killed leaves its Workers' addresses behind, and the
        // service binding would go on calling them.
        fs::remove_dir_all(options.folder.join(REGISTRY)).ok();
        stack.start_worker(WORKER_FN)?;
        stack.start_worker(SUBMIT_FN)?;
        stack.wait_until_ready(options, cancelled)?;
        Ok(stack)
    }

    /// `http://127.0.0.1:PORT` of submit-fn.
    pub fn submit_url(&self) -> String {
        url(self.ports.submit)
    }

    /// `http://127.0.0.1:PORT` of worker-fn.
    pub fn worker_url(&self) -> String {
        url(self.ports.worker)
    }

    /// `http://127.0.0.1:PORT` of redis-rest.
    pub fn redis_rest_url(&self) -> String {
        url(self.ports.redis_rest)
    }

    /// `http://127.0.0.1:PORT` of the runner.
    pub fn runner_url(&self) -> String {
        url(self.ports.runner)
    }

    /// What holds the code that the runner runs, in the runner's own words.
    pub fn sandbox(&self) -> String {
        ureq::get(format!("{}/healthz", self.runner_url()))
            .call()
            .ok()
            .and_then(|mut health| health.body_mut().read_to_string().ok())
            .and_then(|text| {
                Some(
                    text.split("\"sandbox\":\"")
                        .nth(1)?
                        .split('"')
                        .next()?
                        .to_owned(),
                )
            })
            .map_or_else(
                || "sandbox unknown".into(),
                |tier| format!("sandbox: {tier}"),
            )
    }

    /// Fires worker-fn's cron trigger, which `wrangler dev` never does itself.
    pub fn fire_cron(&self) -> Result<()> {
        fire_cron(self.ports.worker)
    }

    /// Ends one part, as an outage would.
    pub fn stop(&mut self, name: &str) {
        self.children.retain(|child| child.name != name);
    }

    /// Ends one part at once, as a crash would: SIGKILL to all its processes.
    pub fn kill(&mut self, name: &str) {
        for child in self.children.iter_mut().filter(|child| child.name == name) {
            child.kill();
        }
        self.stop(name);
    }

    /// Starts one part again, with the settings it had, and waits until it
    /// answers.
    pub fn restart(&mut self, name: &str) -> Result<()> {
        let url = match name {
            REDIS_REST => {
                self.start_redis_rest()?;
                self.ping()
            }
            RUNNER => {
                self.start_runner()?;
                format!("{}/api/v2/runtimes", self.runner_url())
            }
            WORKER_FN | SUBMIT_FN => {
                self.start_worker(name)?;
                self.nowhere(name)
            }
            _ => bail!("there is no part {name}"),
        };
        self.wait_for(name, &url, &AtomicBool::new(false))
    }

    /// A part that has ended although nobody asked it to, with how it ended.
    pub fn fallen(&mut self) -> Option<String> {
        self.children.iter_mut().find_map(fallen)
    }

    fn start_redis_rest(&mut self) -> Result<()> {
        self.add(
            REDIS_REST,
            Command::new(project::native_bin("redis-rest"))
                .args(["--listen", &address(self.ports.redis_rest)])
                .args(["--redis-port", &self.ports.redis.to_string()])
                .arg("--data-dir")
                .arg(self.options.folder.join("redis"))
                .env("REDIS_REST_TOKEN", &self.token)
                .env_remove("REDIS_URL"),
        )
    }

    fn start_runner(&mut self) -> Result<()> {
        self.add(
            RUNNER,
            Command::new(project::native_bin("runner"))
                .args(["--listen", &address(self.ports.runner)])
                .arg("--work-dir")
                .arg(self.options.folder.join("runner"))
                // Problems may ask for more time than RUN_TIMEOUT_MS below.
                .args(["--run-timeout-ms", "12000", "--run-cpu-time-ms", "12000"])
                // The project's own Node runs TypeScript, which older ones cannot.
                .env("PATH", project::path_with_npm())
                .env_remove("RUNNER_TOKEN"),
        )
    }

    fn start_worker(&mut self, name: &str) -> Result<()> {
        let folder = self.options.folder.clone();
        let mut vars: Vec<Var> = vec![
            ("UPSTASH_REDIS_REST_URL", Some(self.redis_rest_url())),
            ("UPSTASH_REDIS_REST_TOKEN", Some(self.token.clone())),
        ];
        let (environment, port) = if name == WORKER_FN {
            let executor = format!("{}/api/v2", self.runner_url());
            vars.push(("EXECUTOR_URL", Some(executor)));
            vars.push(("RUN_TIMEOUT_MS", Some("3000".into())));
            vars.extend_from_slice(&self.options.worker_vars);
            ("worker", self.ports.worker)
        } else {
            vars.push(("ADMIN_TOKEN", Some(self.token.clone())));
            vars.extend_from_slice(&self.options.submit_vars);
            ("submit", self.ports.submit)
        };
        let settings = folder.join(format!("{environment}.env"));
        write_private(&settings, &env_file(&vars))?;
        self.add(
            name,
            wrangler()
                .args(["dev", "--env", environment])
                .args(["--ip", "127.0.0.1", "--port", &port.to_string()])
                .args(["--inspector-port", "0"])
                .arg("--show-interactive-dev-session=false")
                .arg("--env-file")
                .arg(&settings)
                .arg("--persist-to")
                // A folder each: two workerd on one lock each other out.
                .arg(folder.join("wrangler").join(environment))
                // The service binding finds the other Worker here, and only in
                // the same stack.
                .env("WRANGLER_REGISTRY_PATH", folder.join(REGISTRY))
                .env("WRANGLER_LOG_PATH", folder.join("wrangler-logs")),
        )
    }

    fn add(&mut self, name: &str, command: &mut Command) -> Result<()> {
        let log = self.logs.join(format!("{name}.log"));
        command.current_dir(project::root());
        let child = Child::start(name, command, &log, &mut self._guard)?;
        self.children.push(child);
        Ok(())
    }

    fn wait_until_ready(&mut self, options: &Options, cancelled: &AtomicBool) -> Result<()> {
        let overridden = |vars: &[Var]| {
            vars.iter()
                .any(|(name, _)| name.starts_with("UPSTASH_") || *name == "EXECUTOR_URL")
        };
        let worker = if overridden(&options.worker_vars) {
            // A stack with something broken on purpose is ready when it answers.
            self.nowhere(WORKER_FN)
        } else {
            // Answers only when the runner does.
            format!("{}/languages", self.worker_url())
        };
        let submit = if overridden(&options.submit_vars) || overridden(&options.worker_vars) {
            self.nowhere(SUBMIT_FN)
        } else {
            // Answers only when the service binding works.
            format!("{}/languages", self.submit_url())
        };
        for (name, url) in [
            (REDIS_REST, self.ping()),
            (WORKER_FN, worker),
            (SUBMIT_FN, submit),
        ] {
            self.wait_for(name, &url, cancelled)?;
        }
        Ok(())
    }

    fn wait_for(&mut self, name: &str, url: &str, cancelled: &AtomicBool) -> Result<()> {
        let started = Instant::now();
        while !answers(url) {
            if cancelled.load(Ordering::Relaxed) {
                bail!("cancelled");
            }
            if let Some(fall) = self.fallen() {
                bail!("{fall}");
            }
            if started.elapsed() > READY_WITHIN {
                bail!(
                    "{name} does not answer after {} s; its log: {}",
                    READY_WITHIN.as_secs(),
                    progress::shown(&self.logs.join(format!("{name}.log")))
                );
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// What a Worker answers with 404, whatever else is wrong with it.
    fn nowhere(&self, name: &str) -> String {
        let port = match name {
            WORKER_FN => self.ports.worker,
            _ => self.ports.submit,
        };
        format!("{}/nowhere", url(port))
    }

    fn ping(&self) -> String {
        format!("{}/ping?_token={}", self.redis_rest_url(), self.token)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // All at once, so that stopping takes as long as the slowest.
        for child in &self.children {
            child.ask_to_stop();
        }
        for child in &mut self.children {
            child.wait_for_end();
        }
    }
}

/// Fires the cron trigger of the Worker on `port`.
pub fn fire_cron(port: u16) -> Result<()> {
    let address = format!("{}/cdn-cgi/handler/scheduled", url(port));
    ureq::get(&address).call().context("the cron trigger")?;
    Ok(())
}

/// wrangler with this project's Node, quiet about itself.
pub fn wrangler() -> Command {
    let mut command = Command::new(project::npm_bin("wrangler"));
    command
        .env("PATH", project::path_with_npm())
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_HIDE_BANNER", "true");
    command
}

fn fallen(child: &mut Child) -> Option<String> {
    let status = child.ended()?;
    let mut text = format!(
        "{} ended by itself ({status}). The end of its log:",
        child.name
    );
    for line in progress::tail(&child.log) {
        text.push_str("\n    ");
        text.push_str(&line);
    }
    Some(text)
}

fn answers(url: &str) -> bool {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .build()
        .new_agent();
    agent.get(url).call().is_ok_and(|response| {
        response.status().is_success() || (url.ends_with("/nowhere") && response.status() == 404)
    })
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// The later of two with the same name counts; `None` leaves one out.
fn env_file(vars: &[Var]) -> String {
    let mut lines = String::new();
    for (at, (name, value)) in vars.iter().enumerate() {
        let replaced = vars[at + 1..].iter().any(|(later, _)| later == name);
        if let (Some(value), false) = (value, replaced) {
            lines.push_str(&format!("{name}={value}\n"));
        }
    }
    lines
}

/// The stack's own token: random, kept for the next start, readable by its
/// owner only.
fn token(folder: &Path) -> Result<String> {
    let path = folder.join("token");
    if let Ok(token) = fs::read_to_string(&path)
        && !token.trim().is_empty()
    {
        return Ok(token.trim().to_owned());
    }
    let mut bytes = [0u8; 24];
    getrandom::fill(&mut bytes).context("random bytes for a token")?;
    let token = hex(&bytes);
    write_private(&path, &token)?;
    Ok(token)
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_flag() {
        let holder = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        // Port 0 can always be had, whatever runs beside this test.
        let ports = Ports {
            submit: 0,
            worker: 0,
            redis_rest: 0,
            redis: 0,
            runner: holder.local_addr().unwrap().port(),
        };
        let message = ports.check().unwrap_err().to_string();
        assert!(message.contains(&ports.runner.to_string()), "{message}");
        assert!(message.contains("--runner-port"), "{message}");
    }

    #[test]
    fn later_variables_replace_earlier_ones() {
        let vars = [
            ("A", Some("1".to_owned())),
            ("B", Some("2".to_owned())),
            ("A", Some("3".to_owned())),
            ("B", None),
        ];
        assert_eq!(env_file(&vars), "A=3\n");
    }
}
