//! The stacks of the chaos tests.

use std::sync::Arc;

use serde_json::{Value, json};
use support::api::{SubmitFn, WorkerFn};
use support::harness::Suite;
use support::lossy_proxy::LossyProxy;
use support::mock_endpoint::MockEndpoint;
use support::redis_client::RedisClient;
use support::run_recorder::RunRecorder;
use support::slot::{Lent, Slot};
use support::stack;
use xtask::stack::{Ports, Stack, Var};

use crate::capped::Capped;

/// How many jobs may wait in a lane of the mocked stack.
pub(crate) const QUEUE_MAX: usize = 100;
/// How many jobs may be in flight in the whole mocked stack: as many as the batch
/// that one bad job must not harm.
pub(crate) const MAX_IN_FLIGHT: usize = 10;
/// `SUBREQUEST_BUDGET`: drains hand over after some thirty jobs.
const FEW_CALLS: &str = "45";

/// All stacks, each started when first asked for.
#[derive(Default)]
pub(crate) struct Stacks {
    faulty: Slot<Faulty>,
    mocked: Slot<Mocked>,
    free: Slot<Mocked>,
    paid: Slot<Mocked>,
    capped: Slot<Capped>,
    fair: Slot<Fair>,
}

/// A stack whose network may lose messages and whose parts may be killed, with
/// the real runner and a redis-server that keeps its data in a file.
pub(crate) struct Faulty {
    pub(crate) stack: Stack,
    pub(crate) proxy: Arc<LossyProxy>,
    pub(crate) recorder: Arc<RunRecorder>,
    pub(crate) submit_fn: SubmitFn,
    pub(crate) redis: RedisClient,
}

/// A stack whose execution endpoint is a mock, where submissions wake no drain.
pub(crate) struct Mocked {
    pub(crate) stack: Stack,
    pub(crate) endpoint: Arc<MockEndpoint>,
    pub(crate) submit_fn: SubmitFn,
    pub(crate) worker_fn: WorkerFn,
    pub(crate) redis: RedisClient,
}

/// A stack with the default settings and the real runner.
pub(crate) struct Fair {
    stack: Stack,
    pub(crate) submit_fn: SubmitFn,
    pub(crate) redis: RedisClient,
}

impl Suite for Stacks {
    type Context = Self;

    fn run(&self, test: fn(&Self)) {
        test(self);
    }

    fn stop(&self) -> Vec<u16> {
        let faulty = self.faulty.take().map(|faulty| faulty.stack);
        let mocked = [&self.mocked, &self.free, &self.paid];
        let mocked = mocked.into_iter().filter_map(Slot::take);
        let mocked = mocked.map(|mocked| mocked.stack);
        let capped = self.capped.take().map(Capped::stop);
        let fair = self.fair.take().map(|fair| fair.stack);
        let stacks = faulty.into_iter().chain(mocked).chain(capped).chain(fair);
        stacks.flat_map(stack::stop).collect()
    }
}

impl Stacks {
    /// The faulty stack, with an empty database. Its network loses nothing yet.
    pub(crate) fn faulty(&self) -> Lent<'_, Faulty> {
        let faulty = self.faulty.get_or_start(Faulty::start);
        faulty.proxy.set_lossy(false);
        faulty.recorder.reset();
        faulty.redis.flush();
        faulty
    }

    /// The capped stack, with an empty database and endpoints without faults.
    pub(crate) fn capped(&self) -> Lent<'_, Capped> {
        let capped = self.capped.get_or_start(Capped::start);
        for endpoint in &capped.endpoints {
            endpoint.set_fault(None);
        }
        capped.redis.flush();
        capped
    }

    /// The mocked stack, with an empty database and an endpoint without faults.
    pub(crate) fn mocked(&self) -> Lent<'_, Mocked> {
        let mocked = self.mocked.get_or_start(Mocked::start);
        mocked.endpoint.reset();
        mocked.redis.flush();
        mocked
    }

    /// The stack on the platform's free plan, where submissions wake drains, with an
    /// empty database and an endpoint without faults.
    pub(crate) fn free(&self) -> Lent<'_, Mocked> {
        let free = self.free.get_or_start(|| Mocked::start_on("free", "on"));
        free.endpoint.reset();
        free.redis.flush();
        free
    }

    /// The same on the paid plan, where submissions wake nobody.
    pub(crate) fn paid(&self) -> Lent<'_, Mocked> {
        let paid = self.paid.get_or_start(|| Mocked::start_on("paid", "off"));
        paid.endpoint.reset();
        paid.redis.flush();
        paid
    }

    /// The stack with the default settings, with an empty database.
    pub(crate) fn fair(&self) -> Lent<'_, Fair> {
        let fair = self.fair.get_or_start(Fair::start);
        fair.redis.flush();
        fair
    }
}

impl Fair {
    fn start() -> Self {
        let ports = Ports::free().unwrap();
        let stack = stack::start("chaos/fair", ports, Vec::new(), Vec::new());
        Self {
            submit_fn: SubmitFn::of(&stack),
            redis: RedisClient::on_port(stack.ports.redis),
            stack,
        }
    }
}

impl Faulty {
    /// Leases are as short as the other settings allow, because a storm ends with
    /// waiting for the last of them. Attempts are many: each kill counts one, and
    /// how often a job is hit is chance.
    fn start() -> Self {
        let ports = Ports::free().unwrap();
        let (proxy, redis_url) = LossyProxy::start(ports.redis_rest);
        let (recorder, executor_url) = RunRecorder::start(ports.runner);
        let redis_url = ("UPSTASH_REDIS_REST_URL", Some(redis_url));
        let timeout = ("REDIS_TIMEOUT_MS", Some("2000".to_owned()));
        let stack = stack::start(
            "chaos/faulty",
            ports,
            // No operators here.
            vec![redis_url.clone(), timeout.clone(), ("ADMIN_TOKEN", None)],
            vec![
                redis_url,
                timeout,
                ("EXECUTOR_URL", Some(executor_url)),
                ("EXECUTOR_TIMEOUT_MS", Some("4000".to_owned())),
                ("LEASE_MS", Some("12000".to_owned())),
                ("MAX_IN_FLIGHT", Some("40".to_owned())),
                ("SUBREQUEST_BUDGET", Some(FEW_CALLS.to_owned())),
                ("MAX_ATTEMPTS", Some("100".to_owned())),
            ],
        );
        Self {
            submit_fn: SubmitFn::of(&stack),
            redis: RedisClient::on_port(stack.ports.redis),
            stack,
            proxy,
            recorder,
        }
    }
}

impl Mocked {
    fn start() -> Self {
        Self::start_as(
            "chaos/mocked",
            vec![
                ("WAKE", Some("off".to_owned())),
                ("QUEUE_MAX", Some(QUEUE_MAX.to_string())),
            ],
            vec![
                ("MAX_IN_FLIGHT", Some(MAX_IN_FLIGHT.to_string())),
                ("SUBREQUEST_BUDGET", Some(FEW_CALLS.to_owned())),
            ],
        )
    }

    /// With the settings of one of the platform's plans.
    fn start_on(plan: &str, wake: &str) -> Self {
        let plan_var = ("PLAN", Some(plan.to_owned()));
        Self::start_as(
            &format!("chaos/{plan}"),
            vec![plan_var.clone(), ("WAKE", Some(wake.to_owned()))],
            vec![plan_var],
        )
    }

    fn start_as(name: &str, submit_vars: Vec<Var>, mut worker_vars: Vec<Var>) -> Self {
        let (endpoint, executor_url) = MockEndpoint::start();
        worker_vars.push(("EXECUTOR_URL", Some(executor_url)));
        let ports = Ports::free().unwrap();
        let stack = stack::start(name, ports, submit_vars, worker_vars);
        Self {
            submit_fn: SubmitFn::of(&stack),
            worker_fn: WorkerFn::of(&stack),
            redis: RedisClient::on_port(stack.ports.redis),
            stack,
            endpoint,
        }
    }

    /// Submits `code` and returns the id.
    pub(crate) fn submit(&self, code: &str) -> String {
        self.submit_with(code, json!({}))
    }

    /// Submits `code` with further members and returns the id.
    pub(crate) fn submit_with(&self, code: &str, members: Value) -> String {
        self.submit_fn.submit_body(&submission(code, members))
    }

    /// Submits all of `codes` in one batch, as the operator, who has no share, and
    /// returns their ids.
    pub(crate) fn submit_all(&self, codes: &[String]) -> Vec<String> {
        let items: Vec<Value> = codes
            .iter()
            .map(|code| submission(code, json!({})))
            .collect();
        let body = json!({ "submissions": items });
        let submit_fn = &self.submit_fn;
        let response = submit_fn.admin("POST", "/submit/batch", Some(&body));
        assert_eq!(response.status, 200, "{}", response.text);
        let body = response.json();
        let results = body["results"].as_array().unwrap();
        results
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// All dead letters.
    pub(crate) fn dead_letters(&self) -> Vec<Value> {
        let response = self.submit_fn.admin("GET", "/dead", None);
        assert_eq!(response.status, 200, "{}", response.text);
        response.json()["dead"].as_array().unwrap().clone()
    }

    /// Fires the cron and waits until its run has ended.
    pub(crate) fn cron(&self) {
        self.stack.fire_cron().unwrap();
    }

    /// Pushes an item that is not a job. Returns the length of the lane.
    pub(crate) fn push_garbage(&self) -> u64 {
        self.redis.run(&["LPUSH", "problems", "garbage"])
    }

    /// Asserts that no job waits and none is leased.
    pub(crate) fn assert_settled(&self) {
        assert_eq!(unsettled(&self.redis), [0; 6], "{UNSETTLED}");
    }
}

/// The body of a submission.
pub(crate) fn submission(code: &str, members: Value) -> Value {
    let mut body = json!({"problemId": "chaos", "language": "python", "code": code});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// What [`unsettled`] counts.
pub(crate) const UNSETTLED: &str =
    "left in: problems:high, problems, problems:low, inflight, leases, history";

/// How many jobs are in each place of jobs that have not ended.
pub(crate) fn unsettled(redis: &RedisClient) -> [u64; 6] {
    [
        &["LLEN", "problems:high"][..],
        &["LLEN", "problems"],
        &["LLEN", "problems:low"],
        &["HLEN", "inflight"],
        // Without the stamp of the problems, which is below zero.
        &["ZCOUNT", "leases", "0", "+inf"],
        &["HLEN", "history"],
    ]
    .map(|words| redis.run(words))
}
