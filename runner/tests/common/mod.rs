//! What the tests share: a runner in this process on a free port, a runner as a
//! child process, calls over HTTP, and a view of the runner's processes.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

pub mod http;
pub mod processes;
pub mod runner_process;
pub mod timing;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::Parser;
use runner::config::{Config, Options, Token};
use runner::languages;
use runner::sandbox::namespace::{LandlockSandbox, NamespaceSandbox, SelfTestError};
use runner::sandbox::{Sandbox, Tier};
use runner::server::Server;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use http::{Answer, execute_request, program, send};

/// The uid and gid of programs if the tests run as root.
pub const SANDBOX_UID: u32 = 64_747;

/// The runner's default time limits. Tests use longer ones unless they ask for these.
pub const DEFAULT_TIMES: [&str; 8] = [
    "--run-timeout-ms",
    "3000",
    "--run-cpu-time-ms",
    "3000",
    "--compile-timeout-ms",
    "25000",
    "--compile-cpu-time-ms",
    "10000",
];

/// A runner that serves from this process.
pub struct Runner {
    pub url: String,
    /// Its work folder, and the label of its helpers.
    pub work: PathBuf,
    _folder: Option<tempfile::TempDir>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<anyhow::Result<()>>>,
}

impl Runner {
    /// A runner with these flags that has only these languages.
    pub async fn start(only: &[&str], flags: &[&str]) -> Self {
        Self::start_with_token(only, flags, None).await
    }

    pub async fn start_with_token(only: &[&str], flags: &[&str], token: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = namespace_sandbox(folder.path());
        Self::start_in(folder, only, flags, token, sandbox).await
    }

    /// A runner for Python with another sandbox.
    pub async fn start_with_sandbox(flags: &[&str], sandbox: Box<dyn Sandbox>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start_in(folder, &["python"], flags, None, sandbox).await
    }

    /// A runner with these languages in each tier that isolates and that this machine has.
    pub async fn start_in_each_tier(only: &[&str]) -> Vec<Self> {
        let mut runners = vec![Self::start(only, &[]).await];
        runners.extend(Self::start_in_landlock_tier(only, &[]).await);
        runners
    }

    /// A runner of the tier `landlock`, if this machine has it.
    pub async fn start_in_landlock_tier(only: &[&str], flags: &[&str]) -> Option<Self> {
        if has_landlock_tier() {
            let folder = tempfile::tempdir().unwrap();
            let helper = Path::new(env!("CARGO_BIN_EXE_runner"));
            let label = folder.path().to_str().unwrap();
            let sandbox = LandlockSandbox::new(helper, label, SANDBOX_UID, folder.path()).unwrap();
            return Some(Self::start_in(folder, only, flags, None, Box::new(sandbox)).await);
        }
        None
    }

    async fn start_in(
        folder: tempfile::TempDir,
        only: &[&str],
        flags: &[&str],
        token: Option<&str>,
        sandbox: Box<dyn Sandbox>,
    ) -> Self {
        let work = folder.path().to_path_buf();
        let (url, stop, task) = serve(only, flags, token, &work, sandbox).await;
        Self {
            url,
            work,
            _folder: Some(folder),
            stop: Some(stop),
            task: Some(task),
        }
    }

    /// A runner with every language of this machine, shared by the tests of a file.
    pub fn shared() -> Self {
        static SHARED: OnceLock<(String, PathBuf)> = OnceLock::new();
        let (url, work) = SHARED.get_or_init(|| {
            let (send, receive) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(async {
                    // Only a label: with namespaces, nothing is written to the disk.
                    let name = format!("shared-runner-{}", std::process::id());
                    let work = std::env::temp_dir().join(name);
                    let flags = ["--max-concurrent", "2", "--max-queue", "1000"];
                    let sandbox = namespace_sandbox(&work);
                    let (url, _stop, task) = serve(&[], &flags, None, &work, sandbox).await;
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

    /// Shuts the runner down as a signal would, and waits for its end.
    pub async fn stop(mut self) {
        let _ = self.stop.take().unwrap().send(());
        self.task.take().unwrap().await.unwrap().unwrap();
    }

    pub async fn get(&self, path: &str) -> Answer {
        let request = reqwest::Client::new().get(format!("{}{path}", self.url));
        send(request).await.unwrap()
    }

    pub async fn post(
        &self,
        path: &str,
        content_type: Option<&str>,
        body: impl Into<String>,
    ) -> Answer {
        let mut request = reqwest::Client::new()
            .post(format!("{}{path}", self.url))
            .body(body.into());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        send(request).await.unwrap()
    }

    pub async fn execute(&self, body: &Value) -> Answer {
        send(execute_request(&self.url, body)).await.unwrap()
    }

    /// Runs one file without a name. Returns the body of a 200.
    pub async fn run(&self, language: &str, code: &str) -> Value {
        self.run_with(language, code, json!({})).await
    }

    /// The same with further members in the request.
    pub async fn run_with(&self, language: &str, code: &str, members: Value) -> Value {
        let mut body = program(language, code);
        body.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        let answer = self.execute(&body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Whether this machine has the language. Tests of Python and JavaScript do not
    /// ask: those two must be installed.
    pub async fn has(&self, language: &str) -> bool {
        let list = self.get("/api/v2/runtimes").await.json();
        list.as_array()
            .unwrap()
            .iter()
            .any(|runtime| runtime["language"] == language)
    }
}

async fn serve(
    only: &[&str],
    flags: &[&str],
    token: Option<&str>,
    work: &Path,
    sandbox: Box<dyn Sandbox>,
) -> (String, oneshot::Sender<()>, JoinHandle<anyhow::Result<()>>) {
    let work = work.to_str().unwrap();
    let mut flags = [
        &["runner", "--listen", "127.0.0.1:0", "--work-dir", work],
        flags,
    ]
    .concat();
    // Other tests and other programs use this machine at the same time, and the
    // default limits would end honest programs.
    for (flag, generous) in [
        ("--run-timeout-ms", "30000"),
        ("--run-cpu-time-ms", "30000"),
        ("--compile-timeout-ms", "60000"),
        ("--compile-cpu-time-ms", "60000"),
        // Unless a test asks for them: their processes would look as if left by a run.
        ("--warm", "0"),
    ] {
        if !flags.contains(&flag) {
            flags.extend([flag, generous]);
        }
    }
    let mut options = Options::parse_from(flags);
    options.token = token.and_then(Token::new);
    let config = Config::try_from(&options).unwrap();
    let mut table = languages::parse(languages::BUILT_IN).unwrap();
    table.retain(|language| only.is_empty() || only.contains(&language.name.as_str()));
    let listener = TcpListener::bind(config.listen).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut path = std::env::var_os("PATH").unwrap();
    if sandbox.tier() == Tier::Landlock && rustix::process::geteuid().is_root() {
        // Programs run as another user there, who may not enter root's folder.
        let folders = std::env::split_paths(&path).filter(|folder| !folder.starts_with("/root"));
        path = std::env::join_paths(folders).unwrap();
    }
    let server = Server::prepare(config, table, &path, sandbox)
        .await
        .unwrap();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server.serve(listener, async {
        let _ = stopped.await;
    }));
    (url, stop, task)
}

/// The sandbox with namespaces. The label distinguishes one runner's processes from
/// another's in the process list.
pub fn namespace_sandbox(label: &Path) -> Box<dyn Sandbox> {
    let label = label.canonicalize().unwrap_or_else(|_| label.to_path_buf());
    let helper = Path::new(env!("CARGO_BIN_EXE_runner"));
    Box::new(NamespaceSandbox::new(
        helper,
        label.to_str().unwrap(),
        SANDBOX_UID,
    ))
}

/// Whether this machine's kernel supports the tier `landlock`. Any other reason why
/// the tier does not work must fail the tests.
pub fn has_landlock_tier() -> bool {
    let folder = tempfile::tempdir().unwrap();
    let helper = Path::new(env!("CARGO_BIN_EXE_runner"));
    let sandbox = LandlockSandbox::new(helper, "self-test", SANDBOX_UID, folder.path()).unwrap();
    match sandbox.self_test() {
        Err(SelfTestError::NotMade(reason)) if reason.starts_with("Landlock 6 is needed") => {
            eprintln!("not tested: {reason}");
            false
        }
        _ => true,
    }
}
