//! Both Workers in one workerd, over Redis and an endpoint that answers at once: what
//! the benches without a comparison run on. Dropping it ends all of it.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, ensure};

use super::http;
use super::machine::cpu_ms;
use super::rig::{Backend, Ports, Settings, start_workerd, submit_worker, wait_for, worker_worker};
use crate::child::{Child, Guard};

/// Everything that runs.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) ports: Ports,
    pub(super) backend: Backend,
    workerd: Child,
    // Last: it must outlive the children it watches.
    _guard: Guard,
}

impl Pair {
    /// Starts everything out of the bundles in `folder`.
    pub(super) fn start(
        folder: &Path,
        compatibility_date: &str,
        settings: &Settings,
        cancelled: &AtomicBool,
    ) -> Result<Self> {
        let ports = Ports::free()?;
        let mut guard = Guard::start()?;
        let backend = Backend::start(&folder.join("logs"), &mut guard, cancelled)?;
        let workers = [
            submit_worker(&ports, &backend, settings),
            worker_worker(&ports, &backend, settings),
        ];
        let mut workerd = start_workerd(folder, "pair", &workers, compatibility_date, &mut guard)?;
        wait_for(&mut workerd, ports.submit, "/languages", cancelled)?;
        wait_for(&mut workerd, ports.worker, "/worker", cancelled)?;
        Ok(Self {
            ports,
            backend,
            workerd,
            _guard: guard,
        })
    }

    /// Sends a request and checks its status.
    pub(super) fn send(&self, port: u16, method: &str, path: &str, body: &str) -> Result<()> {
        let request = http::request(method, port, path, body);
        let (status, answer) = http::Connection::open(port)?.exchange(&request)?;
        ensure!(
            (200..300).contains(&status),
            "{method} {path} answered {status}: {}",
            String::from_utf8_lossy(&answer)
        );
        Ok(())
    }

    /// The processor time so far of workerd, and of the redis-server.
    pub(super) fn cpu_ms(&self) -> Result<(f64, f64)> {
        let of = |process| cpu_ms(process).context("the system tells no processor time");
        Ok((of(self.workerd.id())?, of(self.backend.redis_server)?))
    }

    /// The processor time so far of the thread of workerd that runs the Workers, which is
    /// its first.
    pub(super) fn main_thread_ms(&self) -> Result<f64> {
        let process = self.workerd.id();
        let text = fs::read_to_string(format!("/proc/{process}/task/{process}/schedstat"))?;
        let time_ns = text.split(' ').next().context("no processor time")?;
        Ok(time_ns.parse::<u64>()? as f64 / 1e6)
    }

    /// The most memory that workerd had so far, in bytes.
    pub(super) fn peak_memory(&self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.workerd.id());
        let text = fs::read_to_string(path)?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
        Ok(kib.context("no VmHWM")?.trim().parse::<u64>()? * 1_024)
    }
}

impl Drop for Pair {
    /// The database ends last, or the Workers would log errors.
    fn drop(&mut self) {
        self.workerd.ask_to_stop();
        self.workerd.wait_for_end();
    }
}
