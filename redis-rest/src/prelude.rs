//! What the child process does before it becomes redis-server.
//!
//! The redis-server that redis-rest starts must not outlive it, and must not run twice
//! on the same folder. So redis-rest starts itself again as a child, which asks the
//! kernel for a SIGTERM at its parent's death, locks the folder, and then executes
//! redis-server. The lock is inherited, so it is held exactly as long as redis-server
//! lives; and after a SIGTERM, redis-server still completes its file, even if
//! redis-rest was killed.
//!
//! `main.rs` calls [`become_redis`]; `managed_redis.rs` starts the child.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::fs::{OpenOptions, TryLockError};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

#[cfg(any(target_os = "linux", target_os = "freebsd"))]
use rustix::process::Signal;
use rustix::process::getppid;

/// The first argument of the child process.
pub const PRELUDE: &str = "__become-redis-server";

/// The file whose lock marks a folder as in use.
const LOCK_FILE: &str = "redis-rest.lock";

/// Exit code if redis-server is not installed, as in shells.
pub const NOT_INSTALLED: u8 = 127;

/// Exit code if the folder is in use (`EX_TEMPFAIL`).
pub const IN_USE: u8 = 75;

/// How long to wait for a redis-server that is just ending in the same folder.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Pause between two attempts to lock the folder.
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Turns this process into redis-server if its first argument is [`PRELUDE`]. Call it
/// first in `main`. Returns the exit code if that failed, and `None` if there is no
/// such argument.
///
/// The arguments are the parent's process id, the data folder, and then those of
/// redis-server.
pub fn become_redis(args: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut args = args.into_iter().skip(1);
    if args.next()? != OsStr::new(PRELUDE) {
        return None;
    }
    let parent = args.next()?.into_string().ok()?.parse().ok()?;
    let folder = PathBuf::from(args.next()?);
    let Err(code) = exec_redis(parent, &folder, args);
    Some(code)
}

fn exec_redis(
    parent: u32,
    folder: &Path,
    args: impl Iterator<Item = OsString>,
) -> Result<Infallible, ExitCode> {
    follow_parent(parent)?;
    hold_lock(folder)?;
    let error = Command::new("redis-server").args(args).exec();
    eprintln!("cannot run redis-server: {error}");
    Err(match error.kind() {
        io::ErrorKind::NotFound => ExitCode::from(NOT_INSTALLED),
        _ => ExitCode::FAILURE,
    })
}

/// Asks the kernel for a SIGTERM when the parent dies. Fails if it has died already.
fn follow_parent(parent: u32) -> Result<(), ExitCode> {
    // Other systems lack this: a redis-server that is left behind keeps running, and
    // its lock tells the next redis-rest.
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

/// Locks the folder for as long as this process lives, also as redis-server.
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
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(LOCK_PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                eprintln!("{} is in use", folder.display());
                return Err(ExitCode::from(IN_USE));
            }
        }
    }
    rustix::io::fcntl_setfd(&lock, rustix::io::FdFlags::empty())
        .map_err(|error| failed(error.into()))?;
    // Left open on purpose: redis-server inherits the descriptor, and with it the
    // lock.
    std::mem::forget(lock);
    Ok(())
}
