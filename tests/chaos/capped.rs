//! A workerd whose instances may use 100 MB of wasm memory, as the platform's may
//! use 128 MB with JavaScript's buffers: the Workers as they are deployed, with a
//! real Redis and the real runner, which is there as two endpoints that can break.

use std::path::Path;
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

/// The stack, and the workerd beside it.
pub(crate) struct Capped {
    pub(crate) stack: Stack,
    pub(crate) submit_fn: SubmitFn,
    pub(crate) worker_fn: WorkerFn,
    pub(crate) redis: RedisClient,
    /// The endpoint that gets all jobs, and the one that takes its place.
    pub(crate) endpoints: [Arc<BreakableEndpoint>; 2],
    workerd: Child,
    _guard: Guard,
}

impl Capped {
    pub(crate) fn start() -> Self {
        let stack = stack::start("chaos/capped", Ports::free().unwrap(), vec![], vec![]);
        let folder = project::state().join("chaos/capped/workerd");
        std::fs::create_dir_all(&folder).unwrap();
        let date = workerd::compatibility_date().unwrap();
        workerd::bundle(&folder, &[workerd::SUBMIT, workerd::WORKER], &date).unwrap();
        let [submit_port, worker_port] = ports::free().unwrap();
        let endpoints = [(); 2].map(|()| BreakableEndpoint::start(stack.ports.runner));
        let [(main, main_url), (spare, spare_url)] = endpoints;
        let executors = json!([
            {"name": "main", "url": main_url},
            {"name": "spare", "url": spare_url},
        ]);
        let workers = workers(&stack, submit_port, worker_port, executors.to_string());
        let mut command = workerd::serve(&folder, "capped", &workers, &date, &[MAX_PAGES]).unwrap();
        let mut guard = Guard::start().unwrap();
        let log = folder.join("workerd.log");
        let workerd = Child::start("workerd", &mut command, &log, &mut guard).unwrap();
        let capped = Self {
            submit_fn: SubmitFn::at(submit_port, &stack.token),
            worker_fn: WorkerFn::at(worker_port, &stack.token),
            redis: RedisClient::on_port(stack.ports.redis),
            endpoints: [main, spare],
            stack,
            workerd,
            _guard: guard,
        };
        wait_until("workerd answers", Duration::from_secs(60), || {
            let url = format!("{}/languages", capped.submit_fn.url);
            send("GET", &url, &[], None, Duration::from_secs(20))
                .is_ok_and(|response: Response| response.status == 200)
        });
        capped
    }

    /// Ends workerd, and gives the rest to be stopped.
    pub(crate) fn stop(mut self) -> Stack {
        self.workerd.ask_to_stop();
        self.workerd.wait_for_end();
        self.stack
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
    executors: String,
) -> [workerd::Worker; 2] {
    let redis = [
        ("UPSTASH_REDIS_REST_URL", stack.redis_rest_url()),
        ("UPSTASH_REDIS_REST_TOKEN", stack.token.clone()),
        ("ADMIN_TOKEN", stack.token.clone()),
        ("AUTH", "off".to_owned()),
    ];
    let executors = ("EXECUTORS", executors);
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
