//! What a bench runs on: one redis-rest with a redis-server of its own and
//! fresh data, one stub endpoint, and two workerd: one with both Workers of
//! edgejudge, one with the classic Worker. Dropping it ends all of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::http;
use super::machine::cpu_ms;
use super::options::Options;
use super::redis::Redis;
use super::stub::Stub;
use crate::child::{Child, Guard};
use crate::workerd::{self, Worker};
use crate::{ports, progress, project};

const READY_WITHIN: Duration = Duration::from_secs(30);
/// Only this machine reaches redis-rest, and it lives for minutes.
const TOKEN: &str = "bench";

/// Everything that runs.
#[derive(Debug)]
pub(super) struct Rig {
    pub(super) ports: Ports,
    pub(super) stub: Stub,
    pub(super) redis: Redis,
    edgejudge: Child,
    classic: Child,
    redis_rest: Child,
    redis_server: u32,
    _data: Data,
    // Last: it must outlive the children it watches.
    _guard: Guard,
}

/// Where each part listens, on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) submit: u16,
    pub(super) worker: u16,
    pub(super) classic: u16,
    redis_rest: u16,
    redis: u16,
}

/// Processor time used so far, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cpu {
    /// By the workerd of one side.
    pub(super) workerd_ms: u64,
    /// By redis-rest and the redis-server behind it.
    pub(super) redis_ms: u64,
}

/// A folder that is deleted when this is dropped.
#[derive(Debug)]
struct Data(PathBuf);

impl Rig {
    /// Starts everything out of the bundles in `folder` and waits until each
    /// part answers.
    pub(super) fn start(
        folder: &Path,
        options: &Options,
        compatibility_date: &str,
        cancelled: &AtomicBool,
    ) -> Result<Self> {
        let ports = Ports::free()?;
        let mut guard = Guard::start()?;
        let stub = Stub::start()?;
        let data =
            Data(std::env::temp_dir().join(format!("edgejudge-bench-{}", std::process::id())));
        let logs = folder.join("logs");

        let mut redis_rest = start_redis_rest(&ports, &data.0, &logs, &mut guard)?;
        let ping = format!("/ping?_token={TOKEN}");
        wait_for(&mut redis_rest, ports.redis_rest, &ping, cancelled)?;

        let mut start = |name: &str, workers: &[Worker]| {
            let mut command = workerd::serve(folder, name, workers, compatibility_date, &[])?;
            let log = logs.join(format!("{name}.log"));
            let shown = format!("workerd of {name}");
            Child::start(&shown, &mut command, &log, &mut guard)
        };
        let mut edgejudge = start("edgejudge", &edgejudge_workers(&ports, &stub, options))?;
        let mut classic = start("javascript", &[classic_worker(&ports, &stub, options)])?;
        wait_for(&mut edgejudge, ports.submit, "/languages", cancelled)?;
        wait_for(&mut edgejudge, ports.worker, "/worker", cancelled)?;
        wait_for(&mut classic, ports.classic, "/worker", cancelled)?;

        let mut redis = Redis::open(ports.redis)?;
        Ok(Self {
            ports,
            stub,
            redis_server: redis.process_id()?,
            redis,
            edgejudge,
            classic,
            redis_rest,
            _data: data,
            _guard: guard,
        })
    }

    /// Processor time used so far on behalf of one side; `None` where the
    /// system does not report it.
    pub(super) fn cpu(&self, classic: bool) -> Option<Cpu> {
        let workerd = if classic {
            &self.classic
        } else {
            &self.edgejudge
        };
        Some(Cpu {
            workerd_ms: cpu_ms(workerd.id())?,
            redis_ms: cpu_ms(self.redis_rest.id())? + cpu_ms(self.redis_server)?,
        })
    }
}

impl Ports {
    fn free() -> Result<Self> {
        let [submit, worker, classic, redis_rest, redis] = ports::free()?;
        Ok(Self {
            submit,
            worker,
            classic,
            redis_rest,
            redis,
        })
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // The database last, or the Workers would log errors.
        for child in [&mut self.edgejudge, &mut self.classic, &mut self.redis_rest] {
            child.ask_to_stop();
            child.wait_for_end();
        }
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn start_redis_rest(ports: &Ports, data: &Path, logs: &Path, guard: &mut Guard) -> Result<Child> {
    Child::start(
        "redis-rest",
        // An optimised build: a debug build would be most of what is measured.
        Command::new(project::target().join("release/redis-rest"))
            .args(["--listen", &format!("127.0.0.1:{}", ports.redis_rest)])
            .args(["--redis-port", &ports.redis.to_string()])
            .arg("--data-dir")
            .arg(data)
            // A log line for each request is not part of what is measured.
            .args(["--log", "error"])
            .env("REDIS_REST_TOKEN", TOKEN)
            .env_remove("REDIS_URL"),
        &logs.join("redis-rest.log"),
        guard,
    )
}

fn edgejudge_workers(ports: &Ports, stub: &Stub, options: &Options) -> [Worker; 2] {
    [
        Worker {
            name: "submit",
            port: ports.submit,
            // Jobs wait until they are to be drained, so that submitting and
            // draining are measured apart.
            texts: texts(ports, [("WAKE", "off".into())]),
            services: vec![("WORKER", "worker")],
        },
        Worker {
            name: "worker",
            port: ports.worker,
            texts: texts(
                ports,
                [
                    ("EXECUTOR_URL", stub.url()),
                    ("RESULT_INDEX", index(options)),
                    ("MAX_IN_FLIGHT", options.max_in_flight().to_string()),
                ],
            ),
            services: vec![("SELF", "worker")],
        },
    ]
}

fn classic_worker(ports: &Ports, stub: &Stub, options: &Options) -> Worker {
    Worker {
        name: "classic",
        port: ports.classic,
        texts: texts(
            ports,
            [("EXECUTOR_URL", stub.url()), ("INDEX", index(options))],
        ),
        services: Vec::new(),
    }
}

fn index(options: &Options) -> String {
    if options.index { "on" } else { "off" }.to_owned()
}

/// The variables of every Worker, and `more`.
fn texts<const N: usize>(
    ports: &Ports,
    more: [(&'static str, String); N],
) -> Vec<(&'static str, String)> {
    let url = format!("http://127.0.0.1:{}", ports.redis_rest);
    let mut texts = vec![
        ("UPSTASH_REDIS_REST_URL", url),
        ("UPSTASH_REDIS_REST_TOKEN", TOKEN.to_owned()),
        ("AUTH", "off".to_owned()),
    ];
    texts.extend(more);
    texts
}

fn wait_for(child: &mut Child, port: u16, path: &str, cancelled: &AtomicBool) -> Result<()> {
    let started = Instant::now();
    loop {
        let answer = http::once("GET", port, path);
        if matches!(answer, Ok((200, _))) {
            return Ok(());
        }
        if cancelled.load(Ordering::Relaxed) {
            bail!("cancelled");
        }
        if let Some(status) = child.ended() {
            bail!(
                "{} ended by itself ({status}):\n{}",
                child.name,
                progress::tail(&child.log).join("\n")
            );
        }
        if started.elapsed() > READY_WITHIN {
            bail!(
                "{} does not answer GET {path} ({}); its log: {}",
                child.name,
                answer.map_or_else(|error| error.to_string(), |(status, _)| format!("{status}")),
                progress::shown(&child.log)
            );
        }
        thread::sleep(Duration::from_millis(50));
    }
}
