//! A runner under attack, and the machine around it with everything an attacker
//! would like to reach.

use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::{PATIENCE, folders_of, held_by, processes_below};

/// Who starts the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// Whoever runs the tests.
    Me,
    /// An ordinary user without a single right, which takes root to become.
    Nobody,
}

/// How programs are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum In {
    /// Namespaces.
    Full,
    /// Landlock and seccomp alone.
    Landlock,
}

impl In {
    /// The tier's name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Landlock => "landlock",
        }
    }
}

/// The users that this machine lets the tests be.
pub fn users() -> Vec<As> {
    if rustix::process::geteuid().is_root() {
        vec![As::Me, As::Nobody]
    } else {
        vec![As::Me]
    }
}

/// What programs are held to here, unless flags say otherwise.
const LIMITS: &[(&str, &str)] = &[
    ("RUNNER_MAX_CONCURRENT", "1"),
    ("RUNNER_MAX_PROCESSES", "32"),
    ("RUNNER_RUN_TIMEOUT_MS", "15000"),
    ("RUNNER_COMPILE_TIMEOUT_MS", "30000"),
    ("RUNNER_COMPILE_CPU_TIME_MS", "30000"),
    ("RUNNER_RUN_CPU_TIME_MS", "5000"),
    ("RUNNER_RUN_MEMORY_LIMIT_BYTES", "134217728"),
    ("RUNNER_MAX_DISK_BYTES", "16777216"),
    ("RUNNER_MAX_FILES", "200"),
    ("RUNNER_MAX_OPEN_FILES", "64"),
    ("RUNNER_MAX_FILE_BYTES", "8000000"),
];

pub const SECRET: &str = "a-secret-of-the-host-5b1e";

/// See the module. Everything ends and goes when it is dropped.
pub struct Host {
    runner: Child,
    url: String,
    client: reqwest::Client,
    folder: tempfile::TempDir,
    tcp: TcpListener,
    udp: UdpSocket,
    path_socket: UnixListener,
    abstract_socket: UnixListener,
    /// A process of the user that programs run as.
    witness: Child,
    mounts: String,
}

impl Host {
    /// With these languages of the built-in table, and `extra` ones.
    pub fn start(user: As, languages: &[&str], extra: &str, flags: &[&str]) -> Self {
        Self::start_by(&[], user, languages, extra, flags)
    }

    /// The same in another tier.
    pub fn start_in(tier: In, user: As, languages: &[&str], extra: &str) -> Self {
        match tier {
            In::Full => Self::start(user, languages, extra, &[]),
            In::Landlock => Self::start(user, languages, extra, &["--tier", "landlock"]),
        }
    }

    /// The same, by way of a command that starts its arguments.
    pub fn start_by(
        wrapped: &[&str],
        user: As,
        languages: &[&str],
        extra: &str,
        flags: &[&str],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::write(path.join("secret"), SECRET).unwrap();
        let work = path.join("work");
        std::fs::create_dir(&work).unwrap();
        let table = table(languages) + extra;
        std::fs::write(path.join("languages.toml"), table).unwrap();
        // Where the tests are built, an ordinary user may not get.
        let program = path.join("runner");
        std::fs::copy(env!("CARGO_BIN_EXE_runner"), &program).unwrap();
        let mut words = wrapped.iter().copied().chain(program.to_str());
        let mut command = Command::new(words.next().unwrap());
        command.args(words);
        command
            .args(["--listen", "127.0.0.1:0", "--label", path.to_str().unwrap()])
            .args(["--languages", path.join("languages.toml").to_str().unwrap()])
            .args(["--work-dir", work.to_str().unwrap()])
            .args(flags)
            .envs(LIMITS.iter().copied())
            .env("RUNNER_LOG", "off")
            .env("CANARY", SECRET)
            .current_dir("/")
            .stdout(Stdio::piped());
        let mut witness = Command::new("sleep");
        witness.arg("600");
        if user == As::Nobody || flags.contains(&"landlock") {
            // Interpreters that everybody may reach.
            command.env("PATH", "/usr/bin:/bin");
        }
        if user == As::Nobody {
            command.uid(65_534).gid(65_534);
            witness.uid(65_534).gid(65_534);
            std::os::unix::fs::chown(&work, Some(65_534), Some(65_534)).unwrap();
        } else if rustix::process::geteuid().is_root() {
            witness.uid(64_747).gid(64_747);
        }
        let mut runner = spawn(&mut command);
        let mut ready = String::new();
        BufReader::new(runner.stdout.as_mut().unwrap())
            .read_line(&mut ready)
            .unwrap();
        let url = ready.strip_prefix("runner ready on ").unwrap();
        let url = url.split(' ').next().unwrap().to_owned();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        tcp.set_nonblocking(true).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.set_nonblocking(true).unwrap();
        let path_socket = UnixListener::bind(path.join("socket")).unwrap();
        path_socket.set_nonblocking(true).unwrap();
        std::fs::set_permissions(path.join("socket"), PermissionsExt::from_mode(0o777)).unwrap();
        let name = path.to_str().unwrap().replace('/', "-");
        let address = SocketAddr::from_abstract_name(name).unwrap();
        let abstract_socket = UnixListener::bind_addr(&address).unwrap();
        abstract_socket.set_nonblocking(true).unwrap();
        Self {
            runner,
            url,
            client: reqwest::Client::new(),
            tcp,
            udp,
            path_socket,
            abstract_socket,
            witness: witness.spawn().unwrap(),
            mounts: mounts(),
            folder,
        }
    }

    pub fn label(&self) -> &Path {
        self.folder.path()
    }

    pub fn runner_pid(&self) -> u32 {
        self.runner.id()
    }

    pub fn kill_runner(&mut self) {
        self.runner.kill().unwrap();
        self.runner.wait().unwrap();
    }

    /// A file whose existence on the machine would be an escape.
    fn marker(&self) -> PathBuf {
        PathBuf::from(format!("/tmp/marker-{}", self.runner.id()))
    }

    /// Puts what there is to attack into a program.
    pub fn aim(&self, code: &str) -> String {
        let path = self.folder.path().to_str().unwrap();
        code.replace("{secret}", &format!("{path}/secret"))
            .replace("{socket}", &format!("{path}/socket"))
            .replace("{work}", &format!("{path}/work"))
            .replace("{abstract}", &path.replace('/', "-"))
            .replace("{tcp}", &self.tcp.local_addr().unwrap().port().to_string())
            .replace("{udp}", &self.udp.local_addr().unwrap().port().to_string())
            .replace("{marker}", self.marker().to_str().unwrap())
            .replace("{runner}", &self.runner.id().to_string())
    }

    /// Status and body of an execution.
    pub async fn execute(&self, body: &Value) -> (u16, Value) {
        let response = self
            .client
            .post(format!("{}/api/v2/execute", self.url))
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Runs a program, its aims filled in; the body of a 200.
    pub async fn run(&self, language: &str, code: &str, more: &Value) -> Value {
        let mut body = json!({
            "language": language, "version": "*", "files": [{"content": self.aim(code)}]
        });
        let fields = more.as_object().cloned().unwrap_or_default();
        body.as_object_mut().unwrap().extend(fields);
        let (status, answer) = self.execute(&body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// What the machine shows of an attack, in words; empty if it is untouched.
    pub fn damage(&mut self, answer: &Value) -> Vec<String> {
        let mut seen = Vec::new();
        let mut unless = |holds: bool, what: &str| {
            if !holds {
                seen.push(what.to_owned());
            }
        };
        let (helpers, programs) = held_by(self.folder.path());
        unless(
            helpers.is_empty() && programs.is_empty(),
            "processes are left",
        );
        let work = self.folder.path().join("work");
        unless(
            processes_below(&work).is_empty(),
            "processes are left that nobody knows",
        );
        unless(folders_of(&work) == 0, "a folder is left");
        unless(self.tcp.accept().is_err(), "somebody called by TCP");
        unless(self.udp.recv(&mut [0]).is_err(), "somebody sent a datagram");
        unless(
            self.path_socket.accept().is_err(),
            "a unix socket was reached",
        );
        unless(
            self.abstract_socket.accept().is_err(),
            "an abstract socket was reached",
        );
        unless(!self.marker().exists(), "a file was written outside");
        let secret = std::fs::read_to_string(self.folder.path().join("secret"));
        unless(
            secret.is_ok_and(|text| text == SECRET),
            "a file was changed",
        );
        unless(
            !answer.to_string().contains(SECRET),
            "the secret got out, by a file or the environment",
        );
        unless(
            self.witness.try_wait().unwrap().is_none(),
            "a neighbour died",
        );
        unless(self.runner.try_wait().unwrap().is_none(), "the runner died");
        unless(mounts() == self.mounts, "mounts have changed");
        seen
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for child in [&mut self.runner, &mut self.witness] {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_file(self.marker());
    }
}

/// Starts what was copied a moment ago. Another test that was just starting
/// something else may hold the copy open for writing until it is started.
fn spawn(command: &mut Command) -> Child {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                assert!(Instant::now() < deadline, "{error}");
                std::thread::sleep(Duration::from_millis(5));
            }
            started => return started.unwrap(),
        }
    }
}

fn mounts() -> String {
    std::fs::read_to_string("/proc/self/mounts").unwrap()
}

/// The built-in entries of these names.
fn table(languages: &[&str]) -> String {
    runner::languages::BUILT_IN
        .split("[[language]]")
        .skip(1)
        .filter(|entry| {
            languages
                .iter()
                .any(|name| entry.contains(&format!("\nname = \"{name}\"\n")))
        })
        .map(|entry| format!("[[language]]{entry}"))
        .collect()
}
