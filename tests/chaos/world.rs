//! The two stacks, and what tests ask of them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask::project;
use xtask::stack::{Options, Ports, Stack, Var};

use crate::http::{self, Answer};
use crate::proxy::Proxy;
use crate::stub::Stub;
use crate::witness::Witness;

/// A test: its name, and what it does.
pub(crate) type Test = (&'static str, fn(&mut World));

/// How long anything may take that is done in a moment.
pub(crate) const SOON: Duration = http::SOON;
/// The operator's token of the stubbed stack.
const ADMIN_TOKEN: &str = "operator";
/// How many may wait in a lane of the stubbed stack.
pub(crate) const QUEUE_MAX: usize = 100;
/// How many jobs may be in flight in the whole stubbed stack: as many as the
/// batch that must not be spoilt by one bad job.
pub(crate) const MAX_IN_FLIGHT: usize = 10;

/// Both stacks, each started when first asked for.
#[derive(Default)]
pub(crate) struct World {
    stormy: Option<Stormy>,
    stubbed: Option<Stubbed>,
}

/// A stack whose network may lose things and whose parts may be killed, with
/// the real runner and a redis-server that keeps its data in a file.
pub(crate) struct Stormy {
    pub(crate) stack: Stack,
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) witness: Arc<Witness>,
}

/// A stack whose execution endpoint is a stub, where submissions wake nobody.
pub(crate) struct Stubbed {
    pub(crate) stack: Stack,
    pub(crate) stub: Arc<Stub>,
}

impl World {
    /// The stormy stack in fair weather, with an empty database.
    pub(crate) fn stormy(&mut self) -> &mut Stormy {
        let stormy = self.stormy.get_or_insert_with(Stormy::start);
        stormy.proxy.be_lossy(false);
        stormy.witness.reset();
        empty(&stormy.stack);
        stormy
    }

    /// The stubbed stack, with an empty database and a stub that runs
    /// everything.
    pub(crate) fn stubbed(&mut self) -> &mut Stubbed {
        let stubbed = self.stubbed.get_or_insert_with(Stubbed::start);
        stubbed.stub.reset();
        empty(&stubbed.stack);
        stubbed
    }

    /// Stops both.
    pub(crate) fn stop(&mut self) {
        self.stormy = None;
        self.stubbed = None;
    }
}

impl Stormy {
    /// A lease here lasts as short as the other settings allow, because a storm
    /// ends with waiting for the last of them. Attempts are plenty: whatever is
    /// killed counts one, and how often a job is hit is chance.
    fn start() -> Self {
        let ports = Ports::free().unwrap();
        let (proxy, url) = Proxy::start(ports.redis_rest);
        let (witness, executor) = Witness::start(ports.runner);
        let redis = ("UPSTASH_REDIS_REST_URL", Some(url));
        let timeout = ("REDIS_TIMEOUT_MS", Some("2000".to_owned()));
        let stack = start(
            ports,
            &fresh_folder("stormy"),
            // No operators here.
            vec![redis.clone(), timeout.clone(), ("ADMIN_TOKEN", None)],
            vec![
                redis,
                timeout,
                ("EXECUTOR_URL", Some(executor)),
                ("EXECUTOR_TIMEOUT_MS", Some("4000".to_owned())),
                ("LEASE_MS", Some("12000".to_owned())),
                ("MAX_IN_FLIGHT", Some("40".to_owned())),
                ("MAX_ATTEMPTS", Some("100".to_owned())),
            ],
        );
        Self {
            stack,
            proxy,
            witness,
        }
    }
}

impl Stubbed {
    fn start() -> Self {
        let (stub, url) = Stub::start();
        let stack = start(
            Ports::free().unwrap(),
            &fresh_folder("stubbed"),
            vec![
                ("WAKE", Some("off".to_owned())),
                ("ADMIN_TOKEN", Some(ADMIN_TOKEN.to_owned())),
                ("QUEUE_MAX", Some(QUEUE_MAX.to_string())),
            ],
            vec![
                ("EXECUTOR_URL", Some(url)),
                ("MAX_IN_FLIGHT", Some(MAX_IN_FLIGHT.to_string())),
            ],
        );
        Self { stack, stub }
    }

    /// Submits `code` and gives the id.
    pub(crate) fn submit(&self, code: &str) -> String {
        self.submit_with(code, json!({}))
    }

    /// Submits `code` with further members and gives the id.
    pub(crate) fn submit_with(&self, code: &str, members: Value) -> String {
        let answer = self.post("/submit", &submission(code, members));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Submits all of `codes` at once and gives their ids.
    pub(crate) fn submit_all(&self, codes: &[String]) -> Vec<String> {
        let items: Vec<Value> = codes
            .iter()
            .map(|code| submission(code, json!({})))
            .collect();
        let answer = self.post("/submit/batch", &json!({ "submissions": items }));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let body = answer.json();
        let results = body["results"].as_array().unwrap();
        results
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// `POST` to submit-fn.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        http::post(
            &format!("{}{path}", self.stack.submit_url()),
            &body.to_string(),
        )
    }

    /// `GET /worker` with a query such as `?batch=2`.
    pub(crate) fn work(&self, query: &str) -> Answer {
        http::get(&format!("{}/worker{query}", self.stack.worker_url()))
    }

    /// `GET /result/:id`, now.
    pub(crate) fn result(&self, id: &str) -> Value {
        let answer = http::get(&format!("{}/result/{id}", self.stack.submit_url()));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// A call of the operator.
    pub(crate) fn operate(&self, method: &str, path: &str) -> Answer {
        let token = format!("Bearer {ADMIN_TOKEN}");
        let url = format!("{}{path}", self.stack.submit_url());
        http::request(method, &url, &[("authorization", token.as_str())], None)
    }

    /// All dead letters.
    pub(crate) fn dead(&self) -> Vec<Value> {
        let answer = self.operate("GET", "/dead");
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["dead"].as_array().unwrap().clone()
    }

    /// Fires the cron and waits until its run has ended.
    pub(crate) fn cron(&self) {
        self.stack.fire_cron().unwrap();
    }

    /// Asserts that nothing waits and nothing is held.
    pub(crate) fn assert_settled(&self) {
        assert_eq!(left(&self.stack), [0; 6], "{LEFT}");
    }
}

/// A request body.
pub(crate) fn submission(code: &str, members: Value) -> Value {
    let mut body = json!({"problemId": "chaos", "language": "python", "code": code});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// What redis-cli prints, talking to the redis-server directly; `None` while
/// there is none.
pub(crate) fn redis(stack: &Stack, arguments: &[&str]) -> Option<String> {
    let output = Command::new("redis-cli")
        .args(["-h", "127.0.0.1", "-p"])
        .arg(stack.ports.redis.to_string())
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

/// What [`left`] counts.
pub(crate) const LEFT: &str =
    "left of: problems:high, problems, problems:low, inflight, leases, history";

/// How many jobs are in each place that is not an end.
pub(crate) fn left(stack: &Stack) -> [u64; 6] {
    [
        ["LLEN", "problems:high"],
        ["LLEN", "problems"],
        ["LLEN", "problems:low"],
        ["HLEN", "inflight"],
        ["ZCARD", "leases"],
        ["HLEN", "history"],
    ]
    .map(|words| number(stack, &words))
}

/// A number from Redis, which must be there.
pub(crate) fn number(stack: &Stack, arguments: &[&str]) -> u64 {
    redis(stack, arguments).unwrap().parse().unwrap()
}

/// Waits until `holds`.
pub(crate) fn wait_until(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < within, "not within {within:?}: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn empty(stack: &Stack) {
    assert_eq!(redis(stack, &["FLUSHALL"]).as_deref(), Some("OK"));
}

fn start(ports: Ports, folder: &Path, submit_vars: Vec<Var>, worker_vars: Vec<Var>) -> Stack {
    let options = Options {
        ports,
        folder: folder.to_owned(),
        submit_vars,
        worker_vars,
    };
    Stack::start(&options, &AtomicBool::new(false)).unwrap()
}

/// An empty folder for one stack. Its logs stay after the run.
fn fresh_folder(name: &str) -> PathBuf {
    let folder = project::state().join("chaos").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    folder
}
