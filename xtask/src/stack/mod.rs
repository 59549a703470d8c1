//! The whole product on this machine: redis-rest with its redis-server, the
//! runner, and both Workers under `wrangler dev`.
//!
//! `cargo xtask dev` starts one on known ports; the end-to-end tests start theirs
//! on free ones. Nothing is built here.

mod commands;
mod settings;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub use self::commands::wrangler;
use self::commands::{REGISTRY, url};
pub use self::settings::Var;
use crate::child::{Child, Guard};
pub use crate::ports::Ports;
use crate::progress;
use crate::project::{self, Build, Worker};

/// How long everything together may take to answer.
const READY_WITHIN: Duration = Duration::from_secs(120);

const REDIS_REST: &str = "redis-rest";
const RUNNER: &str = "runner";
const UNKNOWN_PATH: &str = "/nowhere";

/// How a stack is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where each part listens.
    pub ports: Ports,
    /// A folder for logs, settings and data.
    pub folder: PathBuf,
    /// How redis-rest and the runner were built.
    pub build: Build,
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
    /// The token of redis-rest, and both Workers' `ADMIN_TOKEN`.
    pub token: String,
    /// Where the logs are.
    pub logs: PathBuf,
    options: Options,
    children: Vec<Child>,
    // Last: it must outlive the children it watches.
    _guard: Guard,
}

impl Stack {
    /// Starts everything and waits until everything answers. `cancelled` ends
    /// the wait early.
    pub fn start(options: &Options, cancelled: &AtomicBool) -> Result<Self> {
        options.ports.check()?;
        fs::create_dir_all(&options.folder)?;
        let mut stack = Self {
            ports: options.ports,
            token: settings::token(&options.folder)?,
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
        stack.start_worker(Worker::WorkerFn)?;
        stack.start_worker(Worker::SubmitFn)?;
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

    /// The runner's sandbox tier, as its health check reports it.
    pub fn sandbox(&self) -> String {
        let tier = || {
            let mut health = ureq::get(format!("{}/healthz", self.runner_url()))
                .call()
                .ok()?;
            let text = health.body_mut().read_to_string().ok()?;
            let health: Value = serde_json::from_str(&text).ok()?;
            health["sandbox"].as_str().map(str::to_owned)
        };
        tier().map_or_else(
            || "sandbox unknown".into(),
            |tier| format!("sandbox: {tier}"),
        )
    }

    /// Fires worker-fn's cron trigger, which `wrangler dev` never does itself.
    pub fn fire_cron(&self) -> Result<()> {
        fire_cron(self.ports.worker)
    }

    /// Stops one part, as an outage would.
    pub fn stop(&mut self, name: &str) {
        self.children.retain(|child| child.name != name);
    }

    /// Stops every part: all at once, so that it takes as long as the slowest.
    pub fn stop_all(&mut self) {
        for child in &self.children {
            child.ask_to_stop();
        }
        for child in &mut self.children {
            child.wait_for_end();
        }
        self.children.clear();
    }

    /// Kills one part, as a crash would: SIGKILL to all its processes.
    pub fn kill(&mut self, name: &str) {
        for child in self.children.iter_mut().filter(|child| child.name == name) {
            child.kill();
        }
        self.stop(name);
    }

    /// Starts one part again, with the settings it had, and waits until it
    /// answers.
    pub fn restart(&mut self, name: &str) -> Result<()> {
        let worker = Worker::all().iter().find(|worker| worker.name() == name);
        let url = match (name, worker) {
            (REDIS_REST, _) => {
                self.start_redis_rest()?;
                self.ping()
            }
            (RUNNER, _) => {
                self.start_runner()?;
                format!("{}/api/v2/runtimes", self.runner_url())
            }
            (_, Some(&worker)) => {
                self.start_worker(worker)?;
                self.unknown_path(worker)
            }
            (_, None) => bail!("there is no part {name}"),
        };
        self.wait_for(name, &url, &AtomicBool::new(false))
    }

    /// A report of a part that has ended without having been stopped.
    pub fn fallen(&mut self) -> Option<String> {
        self.children.iter_mut().find_map(Child::fallen)
    }

    fn start_redis_rest(&mut self) -> Result<()> {
        let Options { folder, build, .. } = &self.options;
        let mut command = commands::redis_rest(&self.ports, folder, &self.token, *build);
        self.add(REDIS_REST, &mut command)
    }

    fn start_runner(&mut self) -> Result<()> {
        let Options { folder, build, .. } = &self.options;
        let mut command = commands::runner(&self.ports, folder, *build);
        self.add(RUNNER, &mut command)
    }

    fn start_worker(&mut self, worker: Worker) -> Result<()> {
        let vars = match worker {
            Worker::SubmitFn => &self.options.submit_vars,
            Worker::WorkerFn => &self.options.worker_vars,
        };
        let folder = &self.options.folder;
        let mut command = commands::worker(worker, &self.ports, folder, &self.token, vars)?;
        self.add(worker.name(), &mut command)
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
            self.unknown_path(Worker::WorkerFn)
        } else {
            // Answers only when the runner does.
            format!("{}/languages", self.worker_url())
        };
        let submit = if overridden(&options.submit_vars) || overridden(&options.worker_vars) {
            self.unknown_path(Worker::SubmitFn)
        } else {
            // Answers only when the service binding works.
            format!("{}/languages", self.submit_url())
        };
        for (name, url) in [
            (REDIS_REST, self.ping()),
            (Worker::WorkerFn.name(), worker),
            (Worker::SubmitFn.name(), submit),
        ] {
            self.wait_for(name, &url, cancelled)?;
        }
        Ok(())
    }

    fn wait_for(&mut self, name: &str, url: &str, cancelled: &AtomicBool) -> Result<()> {
        let started = Instant::now();
        while !answers(url, &self.token) {
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

    /// A URL that a Worker answers with 404, whatever else is wrong with it.
    fn unknown_path(&self, worker: Worker) -> String {
        let base = match worker {
            Worker::SubmitFn => self.submit_url(),
            Worker::WorkerFn => self.worker_url(),
        };
        format!("{base}{UNKNOWN_PATH}")
    }

    fn ping(&self) -> String {
        format!("{}/ping?_token={}", self.redis_rest_url(), self.token)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.stop_all();
    }
}

/// Fires the cron trigger of the Worker on `port`.
pub fn fire_cron(port: u16) -> Result<()> {
    let address = format!("{}/cdn-cgi/handler/scheduled", url(port));
    ureq::get(&address).call().context("the cron trigger")?;
    Ok(())
}

fn answers(url: &str, token: &str) -> bool {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .build()
        .new_agent();
    let get = agent
        .get(url)
        .header("authorization", format!("Bearer {token}"));
    get.call().is_ok_and(|response| {
        response.status().is_success() || (url.ends_with(UNKNOWN_PATH) && response.status() == 404)
    })
}
