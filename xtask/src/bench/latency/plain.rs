//! Both Workers in one workerd, beside a development stack whose redis-rest and
//! runner they use.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use anyhow::Result;

use super::sample::Taps;
use crate::bench::rig::{start_workerd, wait_for};
use crate::child::{Child, Guard};
use crate::ports::{self, Ports};
use crate::project;
use crate::workerd::{self, Worker};

/// The workerd. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Plain {
    /// submit-fn's.
    pub(super) port: u16,
    _workerd: Child,
    // Last: it must outlive the child it watches.
    _guard: Guard,
}

/// The ports that the Workers call: of redis-rest for each, and of the runner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upstreams {
    submit: u16,
    worker: u16,
    runner: u16,
}

impl Upstreams {
    /// The stack's own.
    pub(super) fn direct(ports: &Ports) -> Self {
        Self {
            submit: ports.redis_rest,
            worker: ports.redis_rest,
            runner: ports.runner,
        }
    }

    /// Through the taps.
    pub(super) fn tapped(taps: &Taps) -> Self {
        Self {
            submit: taps.submit.port,
            worker: taps.worker.port,
            runner: taps.runner.port,
        }
    }
}

/// Bundles both Workers.
pub(super) fn bundle() -> Result<()> {
    let folder = folder();
    fs::create_dir_all(&folder)?;
    let date = workerd::compatibility_date()?;
    workerd::bundle(&folder, &[workerd::SUBMIT, workerd::WORKER], &date)
}

fn folder() -> PathBuf {
    project::state().join("bench")
}

impl Plain {
    /// Starts it, with the stack's token, and waits until it answers.
    pub(super) fn start(
        name: &str,
        to: Upstreams,
        token: &str,
        cancelled: &AtomicBool,
    ) -> Result<Self> {
        let folder = folder();
        let date = workerd::compatibility_date()?;
        let [submit, worker] = ports::free()?;
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let texts = |port| {
            vec![
                ("UPSTASH_REDIS_REST_URL", url(port)),
                ("UPSTASH_REDIS_REST_TOKEN", token.to_owned()),
                ("AUTH", "off".to_owned()),
                ("RATE_LIMITS", "off".to_owned()),
            ]
        };
        let mut texts_of_worker = texts(to.worker);
        texts_of_worker.push(("EXECUTOR_URL", format!("{}/api/v2", url(to.runner))));
        let workers = [
            Worker {
                name: workerd::SUBMIT.0,
                port: submit,
                texts: texts(to.submit),
                services: vec![("WORKER", workerd::WORKER.0)],
            },
            Worker {
                name: workerd::WORKER.0,
                port: worker,
                texts: texts_of_worker,
                services: vec![("SELF", workerd::WORKER.0)],
            },
        ];
        let mut guard = Guard::start()?;
        let mut child = start_workerd(&folder, name, &workers, &date, &mut guard)?;
        wait_for(&mut child, submit, "/languages", cancelled)?;
        Ok(Self {
            port: submit,
            _workerd: child,
            _guard: guard,
        })
    }
}
