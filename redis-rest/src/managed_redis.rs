//! Runs a redis-server for an operator who names none.
//!
//! It listens on the loopback address only and has its data in one folder. It must
//! not outlive redis-rest, and must not run twice on the same folder; `prelude.rs`
//! ensures both in the child process. `main.rs` restarts it when it ends.
//!
//! Its data is an append-only file that is flushed every second. A command is written
//! to the file before its reply, so it survives any end of the processes, and a power
//! cut loses at most a second. `appendfsync always` would add the disk's sync to
//! every request, only to protect a development queue from power cuts. For that, use
//! another Redis (`REDIS_URL`).

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::BytesMut;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::connect::{ConnectError, connect, read_reply};
use crate::prelude::{IN_USE, NOT_INSTALLED, PRELUDE};
use crate::redis_url::RedisUrl;
use crate::resp::{Reply, ReplyReader, write_command};

/// The file for the output of redis-server.
const LOG_FILE: &str = "redis-server.log";

/// Lines of the log that an error shows.
const SHOWN_LOG_LINES: usize = 10;

/// How long redis-server may take to read its file and answer.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How long redis-server may take to end before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one probe of a starting redis-server may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// Pause between two probes.
const PROBE_PAUSE: Duration = Duration::from_millis(20);

/// How many free ports are tried before the last failure is reported.
const FREE_PORT_ATTEMPTS: usize = 3;

/// What to start.
#[derive(Debug, Clone)]
pub struct ManagedRedisConfig {
    /// The redis-rest executable, which has the prelude.
    pub program: PathBuf,
    /// The folder of the data. Created if missing.
    pub data_dir: PathBuf,
    /// The port on the loopback address; `None` selects a free one.
    pub port: Option<u16>,
}

impl ManagedRedisConfig {
    /// A path that starts this program again, even after its file was replaced.
    pub fn this_program() -> io::Result<PathBuf> {
        match cfg!(target_os = "linux") {
            true => Ok(PathBuf::from("/proc/self/exe")),
            false => std::env::current_exe(),
        }
    }
}

/// Why redis-server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ManagedRedisError {
    /// The data folder cannot be created or written to.
    #[error("cannot use the data folder {}: {error}", path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// Another redis-rest uses the folder.
    #[error(
        "the data folder {} is in use by another redis-rest; stop that one, or choose \
         another folder with --data-dir",
        .0.display()
    )]
    InUse(PathBuf),
    /// redis-server is not installed.
    #[error(
        "redis-server is not installed (or not on PATH): install it, for example with \
         `apt install redis-server` or `brew install redis`, or set --redis-url to the \
         address of a running Redis"
    )]
    NotInstalled,
    /// The process cannot be started.
    #[error("cannot start redis-server: {0}")]
    Spawn(io::Error),
    /// It ended before it answered.
    #[error("redis-server did not start ({status}); the end of its log:\n{log}")]
    Exited {
        /// Its exit status.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },
    /// It runs but does not answer.
    #[error("redis-server did not answer within {} s", START_TIMEOUT.as_secs())]
    Silent,
}

/// A running redis-server. Dropping it kills it; [`ManagedRedis::stop`] lets it save its
/// data first.
#[derive(Debug)]
pub struct ManagedRedis {
    child: Child,
    port: u16,
}

impl ManagedRedis {
    /// Starts redis-server and waits until it answers.
    ///
    /// Await it on a thread that lives as long as the program (the main one): the
    /// kernel sends the parent-death signal when the thread that started the child
    /// ends.
    pub async fn start(config: &ManagedRedisConfig) -> Result<Self, ManagedRedisError> {
        if let Some(port) = config.port {
            return Self::start_on(config, port).await;
        }
        for _ in 1..FREE_PORT_ATTEMPTS {
            let port = free_port().map_err(ManagedRedisError::Spawn)?;
            match Self::start_on(config, port).await {
                // Another process may have taken the port since.
                Err(ManagedRedisError::Exited { status, log }) => {
                    tracing::warn!(port, ?status, log, "redis-server did not start");
                }
                other => return other,
            }
        }
        let port = free_port().map_err(ManagedRedisError::Spawn)?;
        Self::start_on(config, port).await
    }

    async fn start_on(config: &ManagedRedisConfig, port: u16) -> Result<Self, ManagedRedisError> {
        let data_dir = |error| ManagedRedisError::DataDir {
            path: config.data_dir.clone(),
            error,
        };
        std::fs::create_dir_all(&config.data_dir).map_err(data_dir)?;
        let folder = std::path::absolute(&config.data_dir).map_err(data_dir)?;
        let mut log = OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(folder.join(LOG_FILE))
            .map_err(data_dir)?;
        let log_start = log.metadata().map_err(data_dir)?.len();
        let child = Command::new(&config.program)
            .arg(PRELUDE)
            .arg(std::process::id().to_string())
            .arg(&folder)
            .args(server_args(&folder, port))
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(data_dir)?)
            .stderr(log.try_clone().map_err(data_dir)?)
            // redis-rest handles a Ctrl-C in the terminal; redis-server must not end
            // before the last response.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(ManagedRedisError::Spawn)?;
        let mut redis = Self { child, port };
        match redis.wait_until_ready().await? {
            None => Ok(redis),
            Some(status) => Err(match status.code() {
                Some(code) if code == i32::from(NOT_INSTALLED) => ManagedRedisError::NotInstalled,
                Some(code) if code == i32::from(IN_USE) => ManagedRedisError::InUse(folder),
                _ => ManagedRedisError::Exited {
                    status,
                    log: last_lines(&mut log, log_start),
                },
            }),
        }
    }

    /// Waits until redis-server answers. Returns its exit status if it ended instead.
    async fn wait_until_ready(&mut self) -> Result<Option<ExitStatus>, ManagedRedisError> {
        let deadline = Instant::now() + START_TIMEOUT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().map_err(ManagedRedisError::Spawn)? {
                return Ok(Some(status));
            }
            if self.is_ready().await {
                return Ok(None);
            }
            sleep(PROBE_PAUSE).await;
        }
        Err(ManagedRedisError::Silent)
    }

    /// Its address.
    pub fn url(&self) -> RedisUrl {
        RedisUrl::loopback(self.port)
    }

    /// Waits until it ends.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Lets it save its data and end. Kills it if that takes too long.
    pub async fn stop(mut self) {
        if let Some(pid) = self.pid()
            && let Err(error) = kill_process(pid, Signal::TERM)
        {
            tracing::debug!(%error, "cannot signal redis-server");
        }
        if timeout(STOP_TIMEOUT, self.child.wait()).await.is_err() {
            tracing::warn!("redis-server did not end in time and is killed");
            if let Err(error) = self.child.kill().await {
                tracing::warn!(%error, "cannot kill redis-server");
            }
        }
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()?).ok()?)
    }

    /// Whether the Redis at the port is the one that was started, and not another
    /// that had the port before, and whether it has loaded its data.
    async fn is_ready(&self) -> bool {
        let Some(info) = self.ask(&["INFO", "server"]).await else {
            return false;
        };
        let info = String::from_utf8_lossy(info.raw()).into_owned();
        let answering = info
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"));
        let started = self.child.id().map(|pid| pid.to_string());
        if started.is_none() || answering != started.as_deref() {
            return false;
        }
        // While it loads its data, redis-server replies to INFO but refuses PING.
        let pong = self.ask(&["PING"]).await;
        pong.is_some_and(|reply| reply.error_text().is_none())
    }

    /// The reply to a command on a connection of its own; `None` without a reply.
    async fn ask(&self, argv: &[&str]) -> Option<Reply> {
        let reply = async {
            let mut stream = connect(&self.url()).await?;
            let mut bytes = BytesMut::new();
            write_command(argv, &mut bytes);
            stream.write_all(&bytes).await?;
            let reply = read_reply(&mut stream, &mut ReplyReader::default()).await?;
            Ok::<_, ConnectError>(reply)
        };
        timeout(PROBE_TIMEOUT, reply).await.ok()?.ok()
    }
}

fn server_args(folder: &Path, port: u16) -> Vec<OsString> {
    let mut args: Vec<OsString> = [
        "--bind",
        "127.0.0.1",
        "--port",
        &port.to_string(),
        "--daemonize",
        "no",
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        // The append-only file has all data, so snapshots are not needed.
        "--save",
        "",
        "--dir",
    ]
    .map(OsString::from)
    .into();
    args.push(folder.into());
    args
}

/// A port that was free a moment ago.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// The last lines of the log, of those written since `start`.
fn last_lines(log: &mut File, start: u64) -> String {
    let mut text = Vec::new();
    let read = log
        .seek(io::SeekFrom::Start(start))
        .and_then(|_| log.read_to_end(&mut text));
    if let Err(error) = read {
        return format!("(the log cannot be read: {error})");
    }
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LOG_LINES)..].join("\n")
}
