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

use super::Options;
use super::http;
use super::redis::Redis;
use super::stub::Stub;
use super::workers::{self, Worker};
use crate::child::{Child, Guard};
use crate::{ports, progress, project};

const READY_WITHIN: Duration = Duration::from_secs(30);
/// Nobody but this machine reaches it, and it lives for minutes.
const TOKEN: &str = "bench";

/// Everything under way.
#[derive(Debug)]
pub(super) struct Rig {
    pub(super) submit_port: u16,
    pub(super) worker_port: u16,
    pub(super) classic_port: u16,
    pub(super) stub: Stub,
    pub(super) redis: Redis,
    edgejudge: Child,
    classic: Child,
    redis_rest: Child,
    redis_server: u32,
    data: Data,
    // Last: it goes when everything it watches has gone.
    _guard: Guard,
}

/// Processor time used so far, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cpu {
    /// By the workerd of one side.
    pub(super) workerd_ms: u64,
    /// By redis-rest and the redis-server behind it.
    pub(super) redis_ms: u64,
}

/// A folder that goes when this goes.
#[derive(Debug)]
struct Data(PathBuf);

impl Rig {
    /// Starts everything out of the bundles in `folder` and waits until each
    /// part answers, which takes all the others.
    pub(super) fn start(
        folder: &Path,
        options: &Options,
        compatibility_date: &str,
        cancelled: &AtomicBool,
    ) -> Result<Self> {
        let [
            submit_port,
            worker_port,
            classic_port,
            rest_port,
            redis_port,
        ] = ports::free()?;
        let mut guard = Guard::start()?;
        let stub = Stub::start()?;
        let data =
            Data(std::env::temp_dir().join(format!("edgejudge-bench-{}", std::process::id())));
        let logs = folder.join("logs");

        let mut redis_rest = Child::start(
            "redis-rest",
            Command::new(redis_rest_binary())
                .args(["--listen", &format!("127.0.0.1:{rest_port}")])
                .args(["--redis-port", &redis_port.to_string()])
                .arg("--data-dir")
                .arg(&data.0)
                // A line a request is not part of what is measured.
                .args(["--log", "error"])
                .env("REDIS_REST_TOKEN", TOKEN)
                .env_remove("REDIS_URL"),
            &logs.join("redis-rest.log"),
            &mut guard,
        )?;
        let ping = format!("/ping?_token={TOKEN}");
        wait_for(&mut redis_rest, rest_port, &ping, cancelled)?;

        let texts = |more: &[(&'static str, String)]| {
            let mut texts = vec![
                (
                    "UPSTASH_REDIS_REST_URL",
                    format!("http://127.0.0.1:{rest_port}"),
                ),
                ("UPSTASH_REDIS_REST_TOKEN", TOKEN.to_owned()),
            ];
            texts.extend_from_slice(more);
            texts
        };
        let index = if options.index { "on" } else { "off" };
        let submit = Worker {
            name: "submit",
            port: submit_port,
            // Jobs wait until they are to be drained, so that both are measured
            // by themselves.
            texts: texts(&[("WAKE", "off".into())]),
            services: vec![("WORKER", "worker")],
        };
        let worker = Worker {
            name: "worker",
            port: worker_port,
            texts: texts(&[
                ("EXECUTOR_URL", stub.url()),
                ("RESULT_INDEX", index.into()),
                ("MAX_IN_FLIGHT", options.max_in_flight().to_string()),
            ]),
            services: vec![("SELF", "worker")],
        };
        let classic = Worker {
            name: "classic",
            port: classic_port,
            texts: texts(&[("EXECUTOR_URL", stub.url()), ("INDEX", index.into())]),
            services: Vec::new(),
        };
        let mut start = |name: &str, workers: &[Worker]| {
            let mut command = workers::serve(folder, name, workers, compatibility_date)?;
            let log = logs.join(format!("{name}.log"));
            Child::start(
                &format!("workerd of {name}"),
                &mut command,
                &log,
                &mut guard,
            )
        };
        let mut edgejudge = start("edgejudge", &[submit, worker])?;
        let mut classic = start("javascript", &[classic])?;
        wait_for(&mut edgejudge, submit_port, "/languages", cancelled)?;
        wait_for(&mut edgejudge, worker_port, "/worker", cancelled)?;
        wait_for(&mut classic, classic_port, "/worker", cancelled)?;

        let mut redis = Redis::open(redis_port)?;
        Ok(Self {
            submit_port,
            worker_port,
            classic_port,
            stub,
            redis_server: redis.process_id()?,
            redis,
            edgejudge,
            classic,
            redis_rest,
            data,
            _guard: guard,
        })
    }

    /// Processor time used so far on behalf of one side; `None` where the
    /// system does not tell.
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

impl Drop for Rig {
    fn drop(&mut self) {
        // The database last, or the Workers would complain.
        for child in [&mut self.edgejudge, &mut self.classic, &mut self.redis_rest] {
            child.ask_to_stop();
            child.wait_for_end();
        }
        let _ = fs::remove_dir_all(&self.data.0);
    }
}

/// An optimised build: a debug build would be most of what is measured.
pub(super) fn redis_rest_binary() -> PathBuf {
    project::target().join("release/redis-rest")
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

/// From Linux's `/proc`; other systems have none.
fn cpu_ms(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind the name, which may hold anything, user and system time are the
    // twelfth and thirteenth field.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let ticks = times.next()?.parse::<u64>().ok()? + times.next()?.parse::<u64>().ok()?;
    Some(ticks * 1_000 / rustix::param::clock_ticks_per_second())
}
