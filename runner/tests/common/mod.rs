//! A runner for tests: in this process, on a free port, with a folder of its own.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use clap::Parser;
use runner::config::{Config, Options, Token};
use runner::languages;
use runner::sandbox::Sandbox;
use runner::sandbox::namespace::NamespaceSandbox;
use runner::server::Server;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The product's own limits of time, in place of the patient ones that tests have.
pub const DEFAULT_TIMES: [&str; 8] = [
    "--run-timeout-ms",
    "3000",
    "--run-cpu-time-ms",
    "3000",
    "--compile-timeout-ms",
    "10000",
    "--compile-cpu-time-ms",
    "10000",
];

/// A runner that is serving.
pub struct Runner {
    pub url: String,
    pub work: PathBuf,
    _folder: Option<tempfile::TempDir>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<tokio::task::JoinHandle<anyhow::Result<()>>>,
}

/// An answer: status, headers' `Retry-After`, and the body.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Runner {
    /// One with these flags, and only the languages named.
    pub async fn start(only: &[&str], flags: &[&str]) -> Self {
        Self::start_with_token(only, flags, None).await
    }

    pub async fn start_with_token(only: &[&str], flags: &[&str], token: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().to_path_buf();
        let (url, stop, task) = serve(only, flags, token, &work, sandbox(&work)).await;
        Self {
            url,
            work,
            _folder: Some(folder),
            stop: Some(stop),
            task: Some(task),
        }
    }

    /// One that holds programs in another way.
    pub async fn start_with_sandbox(flags: &[&str], sandbox: Box<dyn Sandbox>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().to_path_buf();
        let (url, stop, task) = serve(&["python"], flags, None, &work, sandbox).await;
        Self {
            url,
            work,
            _folder: Some(folder),
            stop: Some(stop),
            task: Some(task),
        }
    }

    /// The one that tests of a file share: every language of this machine.
    pub fn shared() -> Self {
        static SHARED: OnceLock<(String, PathBuf)> = OnceLock::new();
        let (url, work) = SHARED.get_or_init(|| {
            let (send, receive) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(async {
                    // A label, no more: the sandbox writes nothing to the disk.
                    let name = format!("shared-runner-{}", std::process::id());
                    let work = std::env::temp_dir().join(name);
                    let flags = ["--max-concurrent", "2", "--max-queue", "1000"];
                    let (url, _stop, task) = serve(&[], &flags, None, &work, sandbox(&work)).await;
                    send.send((url, work)).unwrap();
                    task.await.unwrap().unwrap();
                });
            });
            receive.recv().unwrap()
        });
        Self {
            url: url.clone(),
            work: work.clone(),
            _folder: None,
            stop: None,
            task: None,
        }
    }

    /// Ends it as a signal would, and waits.
    pub async fn stop(mut self) {
        let _ = self.stop.take().unwrap().send(());
        self.task.take().unwrap().await.unwrap().unwrap();
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(reqwest::Client::new().get(format!("{}{path}", self.url))).await
    }

    pub async fn post(&self, path: &str, kind: Option<&str>, body: impl Into<String>) -> Answer {
        let mut request = reqwest::Client::new()
            .post(format!("{}{path}", self.url))
            .body(body.into());
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        answer(request).await
    }

    pub async fn execute(&self, body: &Value) -> Answer {
        self.post(
            "/api/v2/execute",
            Some("application/json"),
            body.to_string(),
        )
        .await
    }

    /// Runs one nameless file; the body of a 200.
    pub async fn run(&self, language: &str, code: &str) -> Value {
        self.run_with(language, code, json!({})).await
    }

    /// The same with further fields.
    pub async fn run_with(&self, language: &str, code: &str, more: Value) -> Value {
        let mut body = json!({"language": language, "version": "*", "files": [{"content": code}]});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = self.execute(&body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Whether this machine has the language. Tests of Python and JavaScript do
    /// not ask: those two must be there.
    pub async fn has(&self, language: &str) -> bool {
        let list = self.get("/api/v2/runtimes").await.json();
        list.as_array()
            .unwrap()
            .iter()
            .any(|runtime| runtime["language"] == language)
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let retry_after = response
        .headers()
        .get("retry-after")
        .map(|v| v.to_str().unwrap().to_owned());
    Answer {
        status: response.status().as_u16(),
        retry_after,
        text: response.text().await.unwrap(),
    }
}

async fn serve(
    only: &[&str],
    flags: &[&str],
    token: Option<&str>,
    work: &Path,
    sandbox: Box<dyn Sandbox>,
) -> (
    String,
    oneshot::Sender<()>,
    tokio::task::JoinHandle<anyhow::Result<()>>,
) {
    let work = work.to_str().unwrap();
    let mut flags = [
        &["runner", "--listen", "127.0.0.1:0", "--work-dir", work],
        flags,
    ]
    .concat();
    // The defaults are for machines that have time for what they run. Here, other
    // tests and other people have it, and no honest program may be too slow.
    for (flag, patient) in [
        ("--run-timeout-ms", "30000"),
        ("--run-cpu-time-ms", "30000"),
        ("--compile-timeout-ms", "60000"),
        ("--compile-cpu-time-ms", "60000"),
    ] {
        if !flags.contains(&flag) {
            flags.extend([flag, patient]);
        }
    }
    let mut options = Options::parse_from(flags);
    options.token = token.and_then(Token::new);
    let config = Config::try_from(&options).unwrap();
    let mut table = languages::parse(languages::BUILT_IN).unwrap();
    table.retain(|language| only.is_empty() || only.contains(&language.name.as_str()));
    let listener = TcpListener::bind(config.listen).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let path = std::env::var_os("PATH").unwrap();
    let server = Server::prepare(config, table, &path, sandbox)
        .await
        .unwrap();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server.serve(listener, async {
        let _ = stopped.await;
    }));
    (url, stop, task)
}

/// The sandbox of this machine. The folder's name tells one runner's processes
/// from another's in the list of processes.
pub fn sandbox(work: &Path) -> Box<dyn Sandbox> {
    let label = work.canonicalize().unwrap_or_else(|_| work.to_path_buf());
    let helper = Path::new(env!("CARGO_BIN_EXE_runner"));
    Box::new(NamespaceSandbox::new(
        helper,
        label.to_str().unwrap(),
        64_747,
    ))
}

/// Living processes of a runner's submissions, by the label of their helpers:
/// what descends from one, and is none itself.
pub fn processes_of(label: &Path) -> Vec<i32> {
    let (helpers, programs) = held_by(label);
    drop(helpers);
    programs
}

/// Helpers and inits of the label, and everything below them that lives.
pub fn held_by(label: &Path) -> (Vec<i32>, Vec<i32>) {
    let label = label.canonicalize().unwrap_or_else(|_| label.to_path_buf());
    let label = label.to_str().unwrap().as_bytes();
    let (mut helpers, mut parents) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // pid (name) state parent …; the name may hold anything.
        let Some((_, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next().unwrap();
        let parent: i32 = fields.next().unwrap().parse().unwrap();
        if state == "Z" || state == "X" {
            continue;
        }
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let mut words = command.split(|&byte| byte == 0);
        if words.next() == Some(b"edgejudge-sandbox") && words.next() == Some(label) {
            helpers.push(pid);
        } else {
            parents.push((pid, parent));
        }
    }
    let mut programs: Vec<i32> = Vec::new();
    loop {
        let more: Vec<i32> = parents
            .iter()
            .filter(|(pid, parent)| {
                (helpers.contains(parent) || programs.contains(parent)) && !programs.contains(pid)
            })
            .map(|(pid, _)| *pid)
            .collect();
        if more.is_empty() {
            return (helpers, programs);
        }
        programs.extend(more);
    }
}

/// Living processes whose `HOME` lies below the folder.
pub fn processes_below(work: &Path) -> Vec<i32> {
    let work = work.canonicalize().unwrap();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A zombie's environment is empty, so what is found lives.
        let environ = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        let inside = environ.split(|&byte| byte == 0).any(|variable| {
            variable.strip_prefix(b"HOME=").is_some_and(|home| {
                Path::new(std::str::from_utf8(home).unwrap()).starts_with(&work)
            })
        });
        if inside {
            found.push(pid);
        }
    }
    found
}

/// Folders of submissions that are still there.
pub fn folders_of(work: &Path) -> usize {
    std::fs::read_dir(work)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|runner| std::fs::read_dir(runner.path()).ok())
        .map(Iterator::count)
        .sum()
}

/// How long anything may take on the busiest machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until it holds.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a runner says that so many run and so many wait.
pub async fn until_busy(url: &str, running: u64, waiting: u64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let health = answer(reqwest::Client::new().get(format!("{url}/healthz"))).await;
        let health = health.json();
        if health["running"] == running && health["waiting"] == waiting {
            return;
        }
        assert!(Instant::now() < deadline, "{running}, {waiting}: {health}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
