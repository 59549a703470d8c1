//! A redis-server of our own, for those who did not bring one.
//!
//! It listens on the loopback address only, keeps its data in one folder, and
//! must neither outlive us nor be started twice on the same folder. Both are
//! arranged by a short prelude in the child process ([`become_redis`]): this
//! program starts itself again, which asks the kernel for a SIGTERM at its
//! parent's death, locks the folder, and only then turns into redis-server.
//! The lock is inherited across that step, so it is held exactly as long as
//! the redis-server lives; and SIGTERM lets it write its file to the end, even
//! when we were killed without a chance to clean up.
//!
//! Persistence is an append-only file flushed each second: commands are in the
//! kernel's hands before they are answered, so they survive every end of the
//! processes, and a power cut costs a second. `always` would add the disk's
//! sync to every request to protect a development queue from power cuts.
//! Whoever needs that brings a Redis with it (`REDIS_URL`).

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use bytes::BytesMut;
use rustix::process::{Pid, Signal, getppid, kill_process};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::connect::{ConnectError, connect, read_reply};
use crate::redis_url::RedisUrl;
use crate::resp::{ReplyReader, write_command};

/// The first argument that makes this program the prelude to redis-server.
pub const PRELUDE: &str = "__become-redis-server";

/// The file whose lock says that a folder is in use.
const LOCK_FILE: &str = "redis-rest.lock";

/// The file that takes what redis-server prints.
const LOG_FILE: &str = "redis-server.log";

/// Exit status of the prelude when redis-server is not installed, as shells
/// have it.
const NOT_INSTALLED: u8 = 127;

/// Exit status of the prelude when the folder is in use (`EX_TEMPFAIL`).
const IN_USE: u8 = 75;

/// How long to wait for a redis-server that is just ending in the same folder.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How long redis-server may take to read its file and answer.
const START_WAIT: Duration = Duration::from_secs(60);

/// How long redis-server may take to end before it is killed.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// How many free ports to try before the last one's failure is reported.
const FREE_PORT_TRIES: usize = 2;

/// What to start.
#[derive(Debug, Clone)]
pub struct OwnRedisConfig {
    /// The redis-rest binary, which holds the prelude.
    pub program: PathBuf,
    /// Where the data is kept. Made when missing.
    pub data_dir: PathBuf,
    /// The port on the loopback address; `None` picks a free one.
    pub port: Option<u16>,
}

impl OwnRedisConfig {
    /// The path under which this very program can be started again, whatever
    /// became of its file.
    pub fn this_program() -> io::Result<PathBuf> {
        match cfg!(target_os = "linux") {
            true => Ok(PathBuf::from("/proc/self/exe")),
            false => std::env::current_exe(),
        }
    }
}

/// Why there is no redis-server.
#[derive(Debug, thiserror::Error)]
pub enum OwnRedisError {
    /// The data folder cannot be made or written.
    #[error("cannot use the data folder {}: {error}", path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another redis-rest has the folder.
    #[error(
        "the data folder {} is in use by another redis-rest; stop that one, or choose \
         another folder with --data-dir",
        .0.display()
    )]
    InUse(PathBuf),
    /// There is no redis-server to start.
    #[error(
        "redis-server is not installed (or not on PATH): install it, for example with \
         `apt install redis-server` or `brew install redis`, or give the address of a \
         running Redis with --redis-url"
    )]
    NotInstalled,
    /// It cannot be started.
    #[error("cannot start redis-server: {0}")]
    Spawn(io::Error),
    /// It ended instead of answering.
    #[error("redis-server did not start ({status}); it said:\n{log}")]
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },
    /// It runs, and does not answer.
    #[error("redis-server did not answer within {} s", START_WAIT.as_secs())]
    Silent,
}

/// A running redis-server. Dropping it kills it; [`OwnRedis::stop`] is kinder.
#[derive(Debug)]
pub struct OwnRedis {
    child: Child,
    port: u16,
}

impl OwnRedis {
    /// Starts redis-server and waits until it answers.
    ///
    /// Must be awaited on a thread that lives as long as the program (the main
    /// one): the kernel's signal at the parent's death means the thread that
    /// started the child.
    pub async fn start(config: &OwnRedisConfig) -> Result<Self, OwnRedisError> {
        if let Some(port) = config.port {
            return Self::start_on(config, port).await;
        }
        // A port that was free a moment ago may be somebody's by now.
        for _ in 0..FREE_PORT_TRIES {
            let port = free_port().map_err(OwnRedisError::Spawn)?;
            match Self::start_on(config, port).await {
                Err(OwnRedisError::Exited { status, log }) => {
                    tracing::warn!(port, ?status, log, "redis-server did not start");
                }
                other => return other,
            }
        }
        let port = free_port().map_err(OwnRedisError::Spawn)?;
        Self::start_on(config, port).await
    }

    async fn start_on(config: &OwnRedisConfig, port: u16) -> Result<Self, OwnRedisError> {
        let data_dir = |error| OwnRedisError::DataDir {
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
            // A Ctrl-C in the terminal is for us; redis-server ends when the
            // last request has been answered.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(OwnRedisError::Spawn)?;
        let mut own = Self { child, port };

        let deadline = Instant::now() + START_WAIT;
        while Instant::now() < deadline {
            if let Some(status) = own.child.try_wait().map_err(OwnRedisError::Spawn)? {
                return Err(match status.code() {
                    Some(code) if code == i32::from(NOT_INSTALLED) => OwnRedisError::NotInstalled,
                    Some(code) if code == i32::from(IN_USE) => OwnRedisError::InUse(folder),
                    _ => OwnRedisError::Exited {
                        status,
                        log: last_lines(&mut log, log_start),
                    },
                });
            }
            if own.is_ours().await {
                return Ok(own);
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err(OwnRedisError::Silent)
    }

    /// Where it is.
    pub fn url(&self) -> RedisUrl {
        RedisUrl::loopback(self.port)
    }

    /// Waits until it ends by itself.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Lets it write its data and end; kills it when it takes too long.
    pub async fn stop(mut self) {
        if let Some(pid) = self.pid()
            && let Err(error) = kill_process(pid, Signal::TERM)
        {
            tracing::debug!(%error, "cannot signal redis-server");
        }
        if timeout(STOP_WAIT, self.child.wait()).await.is_err() {
            tracing::warn!("redis-server did not end in time and is killed");
            if let Err(error) = self.child.kill().await {
                tracing::warn!(%error, "cannot kill redis-server");
            }
        }
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()?).ok()?)
    }

    /// Whether a Redis answers at the port, and is the one we started rather
    /// than a stranger who was there before.
    async fn is_ours(&self) -> bool {
        let ask = async {
            let mut stream = connect(&self.url()).await?;
            let mut bytes = BytesMut::new();
            write_command(&["INFO", "server"], &mut bytes);
            stream.write_all(&bytes).await?;
            let reply = read_reply(&mut stream, &mut ReplyReader::default()).await?;
            Ok::<_, ConnectError>(String::from_utf8_lossy(reply.raw()).into_owned())
        };
        let Ok(Ok(info)) = timeout(Duration::from_secs(1), ask).await else {
            return false;
        };
        // While it reads its file, redis-server answers INFO but nothing else.
        let field = |name: &str| {
            info.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(str::to_owned)
        };
        let pid = self.child.id().map(|pid| pid.to_string());
        pid.is_some() && field("process_id") == pid && self.is_loaded().await
    }

    async fn is_loaded(&self) -> bool {
        let ask = async {
            let mut stream = connect(&self.url()).await?;
            let mut bytes = BytesMut::new();
            write_command(&["PING"], &mut bytes);
            stream.write_all(&bytes).await?;
            read_reply(&mut stream, &mut ReplyReader::default()).await
        };
        matches!(
            timeout(Duration::from_secs(1), ask).await,
            Ok(Ok(reply)) if reply.error_text().is_none()
        )
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
        // The append-only file holds everything; no snapshots beside it.
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

/// What was written to the log since `start`, at most its last ten lines.
fn last_lines(log: &mut File, start: u64) -> String {
    let mut text = Vec::new();
    let read = log
        .seek(io::SeekFrom::Start(start))
        .and_then(|_| log.read_to_end(&mut text));
    if let Err(error) = read {
        return format!("(its log cannot be read: {error})");
    }
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}

/// Turns this process into redis-server, when its first argument is
/// [`PRELUDE`]. To be called before anything else in `main`; returns the exit
/// status when that went wrong, and `None` when it was not asked for.
///
/// The arguments are the parent's process id, the data folder, and then what
/// redis-server is to be given.
pub fn become_redis(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    if args.next()? != OsStr::new(PRELUDE) {
        return None;
    }
    let parent = args.next()?.into_string().ok()?.parse().ok()?;
    let folder = PathBuf::from(args.next()?);
    let Err(code) = prelude(parent, &folder, args);
    Some(code)
}

fn prelude(
    parent: u32,
    folder: &Path,
    args: impl Iterator<Item = OsString>,
) -> Result<Infallible, ExitCode> {
    follow_parent(parent)?;
    hold_lock(folder)?;
    let error = std::process::Command::new("redis-server").args(args).exec();
    eprintln!("cannot run redis-server: {error}");
    Err(match error.kind() {
        io::ErrorKind::NotFound => ExitCode::from(NOT_INSTALLED),
        _ => ExitCode::FAILURE,
    })
}

/// Asks for SIGTERM when the parent dies, and ends here when it already has.
fn follow_parent(parent: u32) -> Result<(), ExitCode> {
    // Elsewhere a redis-server that we left behind keeps running; its lock on
    // the folder says so to the next one.
    #[cfg(any(target_os = "linux", target_os = "freebsd"))]
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::TERM)) {
        eprintln!("cannot follow the parent process: {error}");
        return Err(ExitCode::FAILURE);
    }
    let now = getppid().map(|pid| pid.as_raw_nonzero().get());
    if now != i32::try_from(parent).ok() {
        eprintln!("the parent process is gone");
        return Err(ExitCode::FAILURE);
    }
    Ok(())
}

/// Locks the folder for as long as this process, whatever it turns into, lives.
fn hold_lock(folder: &Path) -> Result<(), ExitCode> {
    let failed = |error: io::Error| {
        eprintln!("cannot lock {}: {error}", folder.display());
        ExitCode::FAILURE
    };
    let lock = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .open(folder.join(LOCK_FILE))
        .map_err(failed)?;
    let deadline = std::time::Instant::now() + LOCK_WAIT;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) if std::time::Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                eprintln!("{} is in use", folder.display());
                return Err(ExitCode::from(IN_USE));
            }
        }
    }
    rustix::io::fcntl_setfd(&lock, rustix::io::FdFlags::empty())
        .map_err(|error| failed(error.into()))?;
    // Left open on purpose: the lock goes with the descriptor into redis-server.
    std::mem::forget(lock);
    Ok(())
}
