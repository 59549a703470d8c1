//! A workerd whose instances may use 100 MB of wasm memory, as the platform's may
//! use 128 MB with JavaScript's buffers: the Workers as they are deployed, with a
//! real Redis and the real runner, which is there as two endpoints that can break.
//!
//! The Workers are open. [`Capped::closed`] starts them once more, closed as a
//! deployment is.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use support::api::{SubmitFn, WorkerFn};
use support::breakable_endpoint::BreakableEndpoint;
use support::http::{Response, send};
use support::redis_client::RedisClient;
use support::stack;
use support::wait::wait_until;
use xtask::child::{Child, Guard};
use xtask::stack::{Ports, Stack};
use xtask::{ports, project, workerd};

/// 100 MiB in pages of 64 KiB.
const MAX_PAGES: &str = "--wasm-max-mem-pages=1600";

/// A site's key of the closed Workers, which may do all that is not the operator's.
pub(crate) const KEY: &str = "a-key-of-the-closed-workers";

/// Both Workers in a workerd of their own.
pub(crate) struct Workers {
    pub(crate) submit_fn: SubmitFn,
    pub(crate) worker_fn: WorkerFn,
    workerd: Child,
    _guard: Guard,
}

/// The stack, and the workerd beside it.
pub(crate) struct Capped {
    pub(crate) stack: Stack,
    workers: Workers,
    pub(crate) redis: RedisClient,
    /// The endpoint that gets all jobs, and the one that takes its place.
    pub(crate) endpoints: [Arc<BreakableEndpoint>; 2],
    /// The value of `EXECUTORS`, which names them.
    executors: String,
}

impl Deref for Capped {
    type Target = Workers;

    fn deref(&self) -> &Workers {
        &self.workers
    }
}

impl Capped {
    pub(crate) fn start() -> Self {
        let stack = stack::start("chaos/capped", Ports::free().unwrap(), vec![], vec![]);
        let date = workerd::compatibility_date().unwrap();
        std::fs::create_dir_all(folder()).unwrap();
        workerd::bundle(&folder(), &[workerd::SUBMIT, workerd::WORKER], &date).unwrap();
        let endpoints = [(); 2].map(|()| BreakableEndpoint::start(stack.ports.runner));
        let [(main, main_url), (spare, spare_url)] = endpoints;
        let executors = json!([
            {"name": "main", "url": main_url},
            {"name": "spare", "url": spare_url},
        ]);
        let executors = executors.to_string();
        let workers = Workers::start(&stack, "open", ("AUTH", "off".to_owned()), &executors);
        let capped = Self {
            workers,
            redis: RedisClient::on_port(stack.ports.redis),
            endpoints: [main, spare],
            executors,
            stack,
        };
        capped.wait(&[]);
        capped
    }

    /// The Workers with [`KEY`], which their clients here give.
    pub(crate) fn closed(&self) -> Workers {
        let keys = json!([{"name": "site", "key": KEY, "scopes": ["submit", "read", "work"]}]);
        let access = ("API_KEYS", keys.to_string());
        let mut closed = Workers::start(&self.stack, "closed", access, &self.executors);
        closed.submit_fn = closed.submit_fn.with_key(KEY);
        closed.worker_fn = closed.worker_fn.with_key(KEY);
        closed.wait(&[("x-api-key", KEY)]);
        closed
    }

    /// Ends workerd, and gives the rest to be stopped.
    pub(crate) fn stop(self) -> Stack {
        self.workers.stop();
        self.stack
    }
}

/// Where the bundles are.
fn folder() -> PathBuf {
    project::state().join("chaos/capped/workerd")
}

impl Workers {
    fn start(stack: &Stack, name: &str, access: (&'static str, String), executors: &str) -> Self {
        let folder = folder();
        let date = workerd::compatibility_date().unwrap();
        let [submit_port, worker_port] = ports::free().unwrap();
        let workers = workers(stack, submit_port, worker_port, access, executors);
        let mut command = workerd::serve(&folder, name, &workers, &date, &[MAX_PAGES]).unwrap();
        let mut guard = Guard::start().unwrap();
        let log = folder.join(format!("{name}.log"));
        let workerd = Child::start("workerd", &mut command, &log, &mut guard).unwrap();
        Self {
            submit_fn: SubmitFn::at(submit_port, &stack.token),
            worker_fn: WorkerFn::at(worker_port, &stack.token),
            workerd,
            _guard: guard,
        }
    }

    fn wait(&self, headers: &[(&str, &str)]) {
        wait_until("workerd answers", Duration::from_secs(60), || {
            let url = format!("{}/languages", self.submit_fn.url);
            send("GET", &url, headers, None, Duration::from_secs(20))
                .is_ok_and(|response: Response| response.status == 200)
        });
    }

    /// Ends workerd.
    pub(crate) fn stop(mut self) {
        self.workerd.ask_to_stop();
        self.workerd.wait_for_end();
    }

    /// What workerd has said of instances that ended: each is a panic or a trap in
    /// wasm.
    pub(crate) fn crashes(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.workerd.log).unwrap();
        let crash = |line: &&str| line.contains("unreachable") || line.contains("RuntimeError");
        log.lines().filter(crash).map(str::to_owned).collect()
    }

    /// The most memory that workerd had since the last call, in bytes, where the
    /// system tells: both Workers, V8 and everything else.
    pub(crate) fn peak_bytes(&self) -> Option<u64> {
        let process = Path::new("/proc").join(self.workerd.id().to_string());
        let status = std::fs::read_to_string(process.join("status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        std::fs::write(process.join("clear_refs"), "5").ok();
        Some(kib * 1024)
    }
}

fn workers(
    stack: &Stack,
    submit_port: u16,
    worker_port: u16,
    access: (&'static str, String),
    executors: &str,
) -> [workerd::Worker; 2] {
    let redis = [
        ("UPSTASH_REDIS_REST_URL", stack.redis_rest_url()),
        ("UPSTASH_REDIS_REST_TOKEN", stack.token.clone()),
        ("ADMIN_TOKEN", stack.token.clone()),
        ("PLAN", "paid".to_owned()),
        access,
    ];
    let executors = ("EXECUTORS", executors.to_owned());
    [
        workerd::Worker {
            name: "submit",
            port: submit_port,
            texts: redis.to_vec(),
            services: vec![("WORKER", "worker")],
        },
        workerd::Worker {
            name: "worker",
            port: worker_port,
            texts: redis.into_iter().chain([executors]).collect(),
            services: vec![("SELF", "worker")],
        },
    ]
}
