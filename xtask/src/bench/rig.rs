//! What a bench runs on: one redis-rest with a redis-server of its own and
//! fresh data, one stub endpoint ([`Backend`]), and two workerd: one with both
//! Workers of edgejudge, one with the classic Worker ([`Rig`]). Dropping it ends
//! all of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::http;
use super::machine::cpu_ms;
use super::redis::Redis;
use super::stub::Stub;
use crate::child::{Child, Guard};
use crate::workerd::{self, Worker};
use crate::{ports, progress, project};

const READY_WITHIN: Duration = Duration::from_secs(30);
/// Only this machine reaches redis-rest, and it lives for minutes.
const TOKEN: &str = "bench";

/// Variables of a Worker.
pub(super) type Vars = Vec<(&'static str, String)>;

/// Variables beyond those that every bench sets, or in their place.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) submit: Vars,
    pub(super) worker: Vars,
    pub(super) classic: Vars,
}

/// Everything that runs.
#[derive(Debug)]
pub(super) struct Rig {
    pub(super) backend: Backend,
    pub(super) ports: Ports,
    edgejudge: Child,
    classic: Child,
    // Last: it must outlive the children it watches.
    _guard: Guard,
}

/// What Workers call: Redis and the endpoint.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) stub: Stub,
    pub(super) redis: Redis,
    redis_rest_port: u16,
    redis_rest: Child,
    pub(super) redis_server: u32,
    _data: Data,
}

/// Where each Worker listens, on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) submit: u16,
    pub(super) worker: u16,
    pub(super) classic: u16,
}

/// Processor time used so far, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cpu {
    /// By the workerd of one side.
    pub(super) workerd_ms: f64,
    /// By redis-rest and the redis-server behind it.
    pub(super) redis_ms: f64,
}

/// A folder that is deleted when this is dropped.
#[derive(Debug)]
struct Data(PathBuf);

impl Rig {
    /// Starts everything out of the bundles in `folder` and waits until each
    /// part answers.
    pub(super) fn start(
        folder: &Path,
        settings: &Settings,
        compatibility_date: &str,
        cancelled: &AtomicBool,
    ) -> Result<Self> {
        let ports = Ports::free()?;
        let mut guard = Guard::start()?;
        let logs = folder.join("logs");
        let backend = Backend::start(&logs, &mut guard, cancelled)?;
        let mut start = |name: &str, workers: &[Worker]| {
            start_workerd(folder, name, workers, compatibility_date, &mut guard)
        };
        let mut edgejudge = start(
            "edgejudge",
            &[
                submit_worker(&ports, &backend, settings),
                worker_worker(&ports, &backend, settings),
            ],
        )?;
        let mut classic = start("javascript", &[classic_worker(&ports, &backend, settings)])?;
        wait_for(&mut edgejudge, ports.submit, "/languages", cancelled)?;
        wait_for(&mut edgejudge, ports.worker, "/worker", cancelled)?;
        wait_for(&mut classic, ports.classic, "/worker", cancelled)?;
        Ok(Self {
            backend,
            ports,
            edgejudge,
            classic,
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
            redis_ms: self.backend.cpu_ms()?,
        })
    }
}

impl Backend {
    /// Starts redis-rest with a redis-server of its own, and the stub.
    pub(super) fn start(logs: &Path, guard: &mut Guard, cancelled: &AtomicBool) -> Result<Self> {
        let [redis_rest_port, redis_port] = ports::free()?;
        let stub = Stub::start()?;
        let data =
            Data(std::env::temp_dir().join(format!("edgejudge-bench-{}", std::process::id())));
        let mut redis_rest = start_redis_rest(redis_rest_port, redis_port, &data.0, logs, guard)?;
        let ping = format!("/ping?_token={TOKEN}");
        wait_for(&mut redis_rest, redis_rest_port, &ping, cancelled)?;
        let mut redis = Redis::open(redis_port)?;
        Ok(Self {
            stub,
            redis_server: redis.process_id()?,
            redis,
            redis_rest_port,
            redis_rest,
            _data: data,
        })
    }

    fn cpu_ms(&self) -> Option<f64> {
        Some(cpu_ms(self.redis_rest.id())? + cpu_ms(self.redis_server)?)
    }
}

impl Ports {
    pub(super) fn free() -> Result<Self> {
        let [submit, worker, classic] = ports::free()?;
        Ok(Self {
            submit,
            worker,
            classic,
        })
    }
}

impl Drop for Rig {
    /// The database ends last, or the Workers would log errors.
    fn drop(&mut self) {
        for child in [&mut self.edgejudge, &mut self.classic] {
            child.ask_to_stop();
            child.wait_for_end();
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.redis_rest.ask_to_stop();
        self.redis_rest.wait_for_end();
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn start_redis_rest(
    port: u16,
    redis_port: u16,
    data: &Path,
    logs: &Path,
    guard: &mut Guard,
) -> Result<Child> {
    Child::start(
        "redis-rest",
        // An optimised build: a debug build would be most of what is measured.
        Command::new(project::target().join("release/redis-rest"))
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(["--redis-port", &redis_port.to_string()])
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

/// submit-fn, which can call worker-fn.
pub(super) fn submit_worker(ports: &Ports, backend: &Backend, settings: &Settings) -> Worker {
    Worker {
        services: vec![("WORKER", "worker")],
        ..lone_submit_worker(ports.submit, backend, settings)
    }
}

/// submit-fn by itself.
pub(super) fn lone_submit_worker(port: u16, backend: &Backend, settings: &Settings) -> Worker {
    Worker {
        name: "submit",
        port,
        // Jobs wait until they are to be drained, so that submitting and
        // draining are measured apart.
        texts: texts(backend, vec![("WAKE", "off".into())], &settings.submit),
        services: Vec::new(),
    }
}

/// worker-fn, which can call itself.
pub(super) fn worker_worker(ports: &Ports, backend: &Backend, settings: &Settings) -> Worker {
    Worker {
        name: "worker",
        port: ports.worker,
        texts: texts(backend, Vec::new(), &settings.worker),
        services: vec![("SELF", "worker")],
    }
}

/// The Worker in JavaScript.
pub(super) fn classic_worker(ports: &Ports, backend: &Backend, settings: &Settings) -> Worker {
    Worker {
        name: "classic",
        port: ports.classic,
        texts: texts(backend, Vec::new(), &settings.classic),
        services: Vec::new(),
    }
}

/// The variables of every Worker, with `own` and `more` in their place.
fn texts(backend: &Backend, own: Vars, more: &Vars) -> Vars {
    let mut texts = vec![
        (
            "UPSTASH_REDIS_REST_URL",
            format!("http://127.0.0.1:{}", backend.redis_rest_port),
        ),
        ("UPSTASH_REDIS_REST_TOKEN", TOKEN.to_owned()),
        ("EXECUTOR_URL", backend.stub.url()),
        ("AUTH", "off".to_owned()),
        ("PLAN", "paid".to_owned()),
    ];
    for (name, value) in own.iter().chain(more) {
        texts.retain(|(other, _)| other != name);
        texts.push((name, value.clone()));
    }
    texts
}

/// Starts a workerd out of the bundles in `folder`; its log is `logs/NAME.log` there.
pub(super) fn start_workerd(
    folder: &Path,
    name: &str,
    workers: &[Worker],
    compatibility_date: &str,
    guard: &mut Guard,
) -> Result<Child> {
    let mut command = workerd::serve(folder, name, workers, compatibility_date, &[])?;
    let log = folder.join(format!("logs/{name}.log"));
    Child::start(&format!("workerd of {name}"), &mut command, &log, guard)
}

/// Asks until `path` is answered with 200.
pub(super) fn wait_for(
    child: &mut Child,
    port: u16,
    path: &str,
    cancelled: &AtomicBool,
) -> Result<()> {
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
