//! A runner under attack, and the machine around it with the targets of attacks:
//! sockets, a secret file, a neighbour's process.

use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use runner::sandbox::Tier;
use rustix::process::Signal;
use serde_json::Value;

use crate::common::SANDBOX_UID;
use crate::common::http::{Answer, execute_request, program, send};
use crate::common::processes::{
    RunProcesses, is_stopped, processes_with_home_below, run_folders_below,
};
use crate::common::runner_process::RunnerProcess;
use crate::common::timing::{POLL_INTERVAL, TIMEOUT};

/// The user that starts the runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunnerUser {
    /// The user who runs the tests.
    Current,
    /// An ordinary user without any rights. Only root can become it.
    Unprivileged,
}

/// Uid and gid of [`RunnerUser::Unprivileged`].
const UNPRIVILEGED_ID: u32 = 65_534;

/// The users that the tests can start a runner as.
pub fn users() -> Vec<RunnerUser> {
    if rustix::process::geteuid().is_root() {
        vec![RunnerUser::Current, RunnerUser::Unprivileged]
    } else {
        vec![RunnerUser::Current]
    }
}

/// The limits of programs, unless flags set others.
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
    ("RUNNER_WARM", "0"),
];

/// The content of a file and of a variable of the runner's environment.
pub const SECRET: &str = "a-secret-of-the-host-5b1e";

/// See the module. Everything is ended and removed when it is dropped.
pub struct Host {
    runner: RunnerProcess,
    tier: Tier,
    is_warm: bool,
    folder: tempfile::TempDir,
    targets: Targets,
    mounts: String,
}

/// What an attack may reach for.
struct Targets {
    tcp: TcpListener,
    udp: UdpSocket,
    path_socket: UnixListener,
    abstract_socket: UnixListener,
    /// A process of the user that programs run as.
    neighbour: Child,
}

impl Host {
    /// A runner with these languages of the built-in table, and `more_languages`.
    pub fn start(
        user: RunnerUser,
        languages: &[&str],
        more_languages: &str,
        flags: &[&str],
    ) -> Self {
        Self::start_by(&[], user, languages, more_languages, flags)
    }

    /// A runner of this tier.
    pub fn start_in(
        tier: Tier,
        user: RunnerUser,
        languages: &[&str],
        more_languages: &str,
    ) -> Self {
        Self::start(user, languages, more_languages, &["--tier", tier.as_str()])
    }

    /// A runner of this tier in which an interpreter waits for each program.
    pub fn start_warm(tier: Tier, user: RunnerUser, languages: &[&str]) -> Self {
        let flags = ["--tier", tier.as_str(), "--warm", "1"];
        Self::start(user, languages, "", &flags)
    }

    /// A runner that is started by `wrapper`, a command that executes its arguments.
    pub fn start_by(
        wrapper: &[&str],
        user: RunnerUser,
        languages: &[&str],
        more_languages: &str,
        flags: &[&str],
    ) -> Self {
        let is_landlock = flags
            .windows(2)
            .any(|pair| pair == ["--tier", Tier::Landlock.as_str()]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::write(path.join("secret"), SECRET).unwrap();
        let work = path.join("work");
        std::fs::create_dir(&work).unwrap();
        std::fs::write(
            path.join("languages.toml"),
            table(languages) + more_languages,
        )
        .unwrap();
        // An ordinary user may have no access to the folder of the build.
        let executable = path.join("runner");
        std::fs::copy(env!("CARGO_BIN_EXE_runner"), &executable).unwrap();
        let mut arguments = wrapper.iter().copied().chain(executable.to_str());
        let mut command = Command::new(arguments.next().unwrap());
        command
            .args(arguments)
            .args(["--listen", "127.0.0.1:0", "--label", path.to_str().unwrap()])
            .args(["--languages", path.join("languages.toml").to_str().unwrap()])
            .args(["--work-dir", work.to_str().unwrap()])
            .args(flags)
            .envs(LIMITS.iter().copied())
            .env("RUNNER_LOG", "off")
            .env("CANARY", SECRET)
            .current_dir("/")
            .stdout(Stdio::piped());
        if user == RunnerUser::Unprivileged || is_landlock {
            // Interpreters that every user may reach.
            command.env("PATH", "/usr/bin:/bin");
        }
        if user == RunnerUser::Unprivileged {
            command.uid(UNPRIVILEGED_ID).gid(UNPRIVILEGED_ID);
            std::os::unix::fs::chown(&work, Some(UNPRIVILEGED_ID), Some(UNPRIVILEGED_ID)).unwrap();
        }
        Self {
            runner: RunnerProcess::spawn(&mut command),
            tier: if is_landlock {
                Tier::Landlock
            } else {
                Tier::Full
            },
            targets: Targets::new(path, user),
            is_warm: flags.contains(&"--warm"),
            mounts: mounts(),
            folder,
        }
    }

    /// Whether interpreters wait for programs.
    pub fn is_warm(&self) -> bool {
        self.is_warm
    }

    /// Waits until as many interpreters wait as shall, and returns their number.
    pub async fn waiting(&self) -> usize {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let health = reqwest::Client::new().get(format!("{}/healthz", self.url()));
            let warm = send(health).await.unwrap().json()["warm"].clone();
            if warm["wanted"] == 0 {
                return usize::try_from(warm["waiting"].as_u64().unwrap()).unwrap();
            }
            assert!(Instant::now() < deadline, "{warm}");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// How many programs an interpreter has run that had waited.
    pub async fn hits(&self) -> u64 {
        let page = reqwest::Client::new().get(format!("{}/metrics", self.url()));
        let page = send(page).await.unwrap().text;
        let hits = page
            .lines()
            .find_map(|line| line.strip_prefix("runner_warm_hits_total "));
        hits.unwrap().parse().unwrap()
    }

    pub fn url(&self) -> &str {
        self.runner.url()
    }

    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// The label of the runner's processes.
    pub fn label(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the runs' folders.
    pub fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Kills the runner and waits for its end.
    pub async fn kill_runner(&mut self) {
        self.runner.signal(Signal::KILL);
        self.runner.exited().await;
    }

    /// A file whose existence on the machine proves an escape.
    fn marker(&self) -> PathBuf {
        PathBuf::from(format!("/tmp/marker-{}", self.runner.pid()))
    }

    /// Fills the targets into a program's placeholders.
    fn aim(&self, code: &str) -> String {
        let path = self.folder.path().to_str().unwrap();
        let Targets { tcp, udp, .. } = &self.targets;
        code.replace("{secret}", &format!("{path}/secret"))
            .replace("{socket}", &format!("{path}/socket"))
            .replace("{work}", &format!("{path}/work"))
            .replace("{abstract}", &path.replace('/', "-"))
            .replace("{tcp}", &tcp.local_addr().unwrap().port().to_string())
            .replace("{udp}", &udp.local_addr().unwrap().port().to_string())
            .replace("{marker}", self.marker().to_str().unwrap())
            .replace("{runner}", &self.runner.pid().to_string())
    }

    pub async fn execute(&self, body: &Value) -> Answer {
        send(execute_request(self.url(), body)).await.unwrap()
    }

    /// Runs a program, its placeholders filled in. Returns the body of a 200.
    pub async fn run(&self, language: &str, code: &str, members: &Value) -> Value {
        let mut body = program(language, &self.aim(code));
        let members = members.as_object().cloned().unwrap_or_default();
        body.as_object_mut().unwrap().extend(members);
        let answer = self.execute(&body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// What an attack has done to the machine; empty if it is untouched.
    pub async fn damage(&mut self, response: &Value) -> Vec<String> {
        let waiting = if self.is_warm {
            self.waiting().await
        } else {
            0
        };
        let mut damage = self.targets.damage();
        let mut check = |holds: bool, problem: &str| {
            if !holds {
                damage.push(problem.to_owned());
            }
        };
        let work = self.folder.path().join("work");
        let (helpers, on_disk) = match self.tier {
            Tier::Full => (2 * waiting, 0),
            _ => (waiting, waiting),
        };
        let processes = RunProcesses::of(self.folder.path());
        check(
            processes.helpers.len() == helpers
                && processes.programs.len() == waiting
                && processes.programs.iter().all(|&pid| is_stopped(pid)),
            "processes are left",
        );
        check(
            processes_with_home_below(&work).len() == on_disk,
            "processes are left outside the tree of the runner's",
        );
        check(run_folders_below(&work) == on_disk, "a folder is left");
        let marker = PathBuf::from(format!("/tmp/marker-{}", self.runner.pid()));
        check(!marker.exists(), "a file was written outside");
        let secret = std::fs::read_to_string(self.folder.path().join("secret"));
        check(
            secret.is_ok_and(|text| text == SECRET),
            "a file was changed",
        );
        check(
            !response.to_string().contains(SECRET),
            "the secret was read, from the file or the environment",
        );
        check(self.runner.try_wait().is_none(), "the runner died");
        check(mounts() == self.mounts, "mounts have changed");
        damage
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.marker());
    }
}

impl Targets {
    fn new(folder: &Path, user: RunnerUser) -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        tcp.set_nonblocking(true).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.set_nonblocking(true).unwrap();
        let path = folder.join("socket");
        let path_socket = UnixListener::bind(&path).unwrap();
        path_socket.set_nonblocking(true).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o777)).unwrap();
        let name = folder.to_str().unwrap().replace('/', "-");
        let address = SocketAddr::from_abstract_name(name).unwrap();
        let abstract_socket = UnixListener::bind_addr(&address).unwrap();
        abstract_socket.set_nonblocking(true).unwrap();
        let mut neighbour = Command::new("sleep");
        neighbour.arg("600");
        if user == RunnerUser::Unprivileged {
            neighbour.uid(UNPRIVILEGED_ID).gid(UNPRIVILEGED_ID);
        } else if rustix::process::geteuid().is_root() {
            neighbour.uid(SANDBOX_UID).gid(SANDBOX_UID);
        }
        Self {
            tcp,
            udp,
            path_socket,
            abstract_socket,
            neighbour: neighbour.spawn().unwrap(),
        }
    }

    fn damage(&mut self) -> Vec<String> {
        let checks = [
            (self.tcp.accept().is_err(), "the TCP socket was reached"),
            (
                self.udp.recv(&mut [0]).is_err(),
                "the UDP socket was reached",
            ),
            (
                self.path_socket.accept().is_err(),
                "the unix socket was reached",
            ),
            (
                self.abstract_socket.accept().is_err(),
                "the abstract socket was reached",
            ),
            (
                self.neighbour.try_wait().unwrap().is_none(),
                "the neighbour died",
            ),
        ];
        checks
            .into_iter()
            .filter(|(holds, _)| !holds)
            .map(|(_, problem)| problem.to_owned())
            .collect()
    }
}

impl Drop for Targets {
    fn drop(&mut self) {
        let _ = self.neighbour.kill();
        let _ = self.neighbour.wait();
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
