//! The stacks that the tests share, and plain HTTP.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask::project;
use xtask::stack::{Options, Ports, Stack, Var};

/// A test: its name, and what it does.
pub(crate) type Test = (&'static str, fn(&World));

/// How long a result may take here. People wait 2 s at most; this machine may
/// have other things to do.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// All stacks, each started when first asked for.
#[derive(Default)]
pub(crate) struct World {
    usual: Mutex<Option<Stack>>,
    quiet: Mutex<Option<Stack>>,
    misconfigured: Mutex<Option<Stack>>,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in the body {:?}", self.text))
    }

    /// A header's text, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts the error shape.
    pub(crate) fn assert_error(&self, status: u16, field: Option<&str>, said: &str) {
        let body = self.json();
        assert_eq!(self.status, status, "{body}");
        assert_eq!(body["success"], json!(false), "{body}");
        assert_eq!(body["error"]["field"], json!(field), "{body}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(said), "{message:?} should say {said:?}");
    }
}

/// Where the usual stack's Workers are. It is shared, so tests on it may not
/// depend on an empty queue.
pub(crate) struct Usual {
    pub(crate) submit: String,
    pub(crate) worker: String,
    pub(crate) runner: String,
    /// The operator's.
    pub(crate) token: String,
}

impl Usual {
    fn of(stack: &Stack) -> Self {
        Self {
            submit: stack.submit_url(),
            worker: stack.worker_url(),
            runner: stack.runner_url(),
            token: stack.token.clone(),
        }
    }

    /// A call of the operator to submit-fn.
    pub(crate) fn operate(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let body = body.map(Value::to_string);
        request(
            method,
            &format!("{}{path}", self.submit),
            &[("authorization", &bearer)],
            body.as_deref().map(str::as_bytes),
        )
    }

    /// Publishes a problem; its version.
    pub(crate) fn publish(&self, id: &str, problem: &Value) -> String {
        let answer = self.operate("PUT", &format!("/problems/{id}"), Some(problem));
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        answer.json()["version"].as_str().unwrap().to_owned()
    }

    /// Submits code and waits for what is said of it.
    pub(crate) fn judge(&self, problem: &str, language: &str, code: &str) -> Value {
        result_of(&self.submit, &submit(&self.submit, problem, language, code))
    }
}

impl World {
    /// The usual stack.
    pub(crate) fn usual(&self) -> Usual {
        // Tests ask for more than a person would.
        let many = vec![("RUN_PER_MINUTE", Some("1000".to_owned()))];
        let stack = Self::started(&self.usual, "usual", many, Vec::new());
        Usual::of(stack.as_ref().unwrap())
    }

    /// The quiet stack, for one test at a time, with an empty queue.
    pub(crate) fn quiet(&self) -> Quiet<'_> {
        let vars = vec![
            ("WAKE", Some("off".to_owned())),
            ("RUN_PER_MINUTE", Some("4".to_owned())),
            ("ALLOWED_ORIGINS", Some("https://site.example".to_owned())),
        ];
        let quiet = Quiet(Self::started(&self.quiet, "quiet", vars, Vec::new()));
        quiet.redis(&["FLUSHALL"]);
        quiet
    }

    /// Where submit-fn and worker-fn are when they lack credentials.
    pub(crate) fn misconfigured(&self) -> Usual {
        let stack = Self::started(
            &self.misconfigured,
            "misconfigured",
            vec![("UPSTASH_REDIS_REST_TOKEN", None)],
            vec![("EXECUTOR_URL", None)],
        );
        Usual::of(stack.as_ref().unwrap())
    }

    /// Stops every stack; the ports that something still listens on.
    pub(crate) fn stop(&self) -> Vec<u16> {
        let mut left = Vec::new();
        for stack in [&self.usual, &self.quiet, &self.misconfigured] {
            let stopped = stack.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some(stack) = stopped else { continue };
            let ports = stack.ports;
            drop(stack);
            left.extend(
                [
                    ports.submit,
                    ports.worker,
                    ports.redis_rest,
                    ports.redis,
                    ports.runner,
                ]
                .into_iter()
                .filter(|&port| TcpListener::bind(("127.0.0.1", port)).is_err()),
            );
        }
        left
    }

    fn started<'a>(
        slot: &'a Mutex<Option<Stack>>,
        name: &str,
        submit_vars: Vec<Var>,
        worker_vars: Vec<Var>,
    ) -> MutexGuard<'a, Option<Stack>> {
        let mut stack = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if stack.is_none() {
            let folder = fresh_folder(name);
            let options = Options {
                ports: Ports::free().unwrap(),
                folder,
                submit_vars,
                worker_vars,
            };
            *stack = Some(Stack::start(&options, &AtomicBool::new(false)).unwrap());
        }
        stack
    }
}

/// The quiet stack while one test has it.
pub(crate) struct Quiet<'a>(MutexGuard<'a, Option<Stack>>);

impl Quiet<'_> {
    /// `http://127.0.0.1:PORT` of submit-fn.
    pub(crate) fn submit(&self) -> String {
        self.stack().submit_url()
    }

    /// `http://127.0.0.1:PORT` of worker-fn.
    pub(crate) fn worker(&self) -> String {
        self.stack().worker_url()
    }

    /// The stack itself.
    pub(crate) fn stack(&self) -> &Stack {
        self.0.as_ref().unwrap()
    }

    /// Where its parts are.
    pub(crate) fn usual(&self) -> Usual {
        Usual::of(self.stack())
    }

    /// The stack itself, to stop and start parts of it.
    pub(crate) fn stack_mut(&mut self) -> &mut Stack {
        self.0.as_mut().unwrap()
    }

    /// What redis-cli prints, talking to the redis-server directly.
    pub(crate) fn redis(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-h", "127.0.0.1", "-p"])
            .arg(self.stack().ports.redis.to_string())
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "redis-cli {arguments:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Submits `code` and gives the id.
    pub(crate) fn submit_code(&self, problem: &str, language: &str, code: &str) -> String {
        submit(&self.submit(), problem, language, code)
    }

    /// `GET /worker` with a query such as `?batch=2`.
    pub(crate) fn work(&self, query: &str) -> Answer {
        get(&format!("{}/worker{query}", self.worker()))
    }
}

/// Submits `code` and gives the id.
pub(crate) fn submit(base: &str, problem: &str, language: &str, code: &str) -> String {
    let body = json!({"problemId": problem, "language": language, "code": code});
    let answer = post(&format!("{base}/submit"), &body.to_string());
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// Waits for a submission's result document.
pub(crate) fn result_of(base: &str, id: &str) -> Value {
    let started = Instant::now();
    loop {
        let answer = get(&format!("{base}/result/{id}"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let body = answer.json();
        if body["status"] != "queued" {
            return body;
        }
        assert!(started.elapsed() < SOON, "still queued: {id}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// `GET`.
pub(crate) fn get(url: &str) -> Answer {
    request("GET", url, &[], None)
}

/// `POST` with a body.
pub(crate) fn post(url: &str, body: &str) -> Answer {
    request("POST", url, &[], Some(body.as_bytes()))
}

/// Any request.
pub(crate) fn request(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Answer {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(120)))
        .build()
        .new_agent();
    let mut builder = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let response = match body {
        Some(body) => agent.run(builder.body(body).unwrap()),
        None => agent.run(builder.body(()).unwrap()),
    };
    let mut response = response.unwrap_or_else(|error| panic!("{method} {url}: {error}"));
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.body_mut().read_to_string().unwrap(),
    }
}

/// An empty folder for one stack. Its logs stay after the run.
fn fresh_folder(name: &str) -> PathBuf {
    let folder = project::state().join("e2e").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    folder
}
