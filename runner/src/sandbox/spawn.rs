//! Starts and reaps processes.
//!
//! Before a program's first instruction it gets a session of its own, kernel
//! limits, no inherited descriptor except its three streams, and a signal that
//! kills it with the runner. Watching it is up to `process.rs` and
//! `namespace/watchdog.rs`.
#![allow(
    unsafe_code,
    reason = "pre_exec, close_range and wait4 have no safe form"
)]

use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
#[cfg(target_os = "linux")]
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, ChildStderr, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitIdOptions};

use super::exit_status::{ExitStatus, cpu_time, peak_memory_bytes};
use super::interface::Command;
use super::layout::RunFolders;
use super::rlimits::ProcessLimits;

/// A process that was started and is not yet reaped, and its streams.
pub(super) struct Spawned {
    pub(super) pid: Pid,
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

impl Spawned {
    fn spawn(command: &mut process::Command) -> io::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok(Self {
                pid: Pid::from_child(&child),
                stdin,
                stdout,
                stderr,
            }),
            _ => Err(io::Error::other("no pipes")),
        }
    }
}

/// Starts the runner's own executable as a helper (see `namespace/helper.rs`),
/// with one more descriptor than the streams, whose number is an argument.
///
/// The descriptor is inherited instead of sent over a socket: the kernel limits
/// descriptors in flight per user, and a program may run as the same user.
#[cfg(target_os = "linux")]
pub(super) fn start_helper(
    executable: &Path,
    name: &str,
    label: &str,
    control: UnixStream,
) -> io::Result<Spawned> {
    let number = control.as_raw_fd();
    let mut command = process::Command::new(executable);
    command
        .arg0(name)
        .args([label, &number.to_string()])
        .env_clear()
        .current_dir("/")
        // The runner handles a Ctrl-C in the terminal; helpers must not get it.
        .process_group(0);
    let clear_close_on_exec = move || {
        // SAFETY: integers only.
        match unsafe { libc::fcntl(number, libc::F_SETFD, 0) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    };
    // SAFETY: runs in the forked child; one system call on an integer.
    unsafe {
        command.pre_exec(clear_close_on_exec);
    }
    // `control` lives until the child has its copy.
    Spawned::spawn(&mut command)
}

/// Starts the program as the leader of a new session and process group, whose ids
/// are its pid.
///
/// Call it from a thread that lives until the program is reaped: Linux sends the
/// parent-death signal when the *thread* that forked ends.
pub(super) fn start(command: &Command<'_>, folders: &RunFolders) -> io::Result<Spawned> {
    let (program, arguments) = command
        .argv
        .split_first()
        .ok_or_else(|| io::Error::other("an empty command"))?;
    let mut child = process::Command::new(program);
    child
        .args(arguments)
        .current_dir(&folders.start)
        .env_clear()
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .env("HOME", &folders.temporary)
        .env("TMPDIR", &folders.temporary);
    let limits = ProcessLimits::from(&command.limits);
    #[cfg(target_os = "linux")]
    let runner = rustix::process::getpid();
    let before_exec = move || {
        rustix::process::setsid()?;
        #[cfg(target_os = "linux")]
        {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            // If the runner died between the fork and the line above, the signal
            // will never come.
            if rustix::process::getppid() != Some(runner) {
                return Err(io::Error::from_raw_os_error(libc::ECANCELED));
            }
            close_inherited()?;
        }
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        limits.apply()
    };
    // SAFETY: runs in the forked child, where only async-signal-safe work is
    // allowed. It allocates nothing, takes no lock, and makes plain system calls
    // on values that were computed before the fork.
    unsafe {
        child.pre_exec(before_exec);
    }
    Spawned::spawn(&mut child)
}

/// Marks every descriptor from 3 upwards close-on-exec. Rust opens its own that
/// way; descriptors that the runner itself inherited may lack the mark. They are
/// not closed, because std reports a failed exec over one of them.
#[cfg(target_os = "linux")]
fn close_inherited() -> io::Result<()> {
    // SAFETY: a system call on three integers, which touches no memory.
    let result = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3u32,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        _ if result == 0 => Ok(()),
        // Linux before 5.11 lacks the call; then Rust's own marks must suffice.
        Some(libc::ENOSYS | libc::EINVAL | libc::EPERM) => Ok(()),
        _ => Err(error),
    }
}

/// Whether the process has ended. It stays a zombie, so that its pid, which names
/// its session and group, is not assigned again yet.
pub(super) fn has_ended(pid: Pid) -> io::Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match rustix::process::waitid(rustix::process::WaitId::Pid(pid), options) {
        Ok(status) => Ok(status.is_some()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// How a reaped process ended, and what it and the children it waited for used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reaped {
    pub(super) status: ExitStatus,
    pub(super) cpu: Duration,
    /// The kernel's high-water mark. It is inherited over fork and exec, so it is
    /// at least what the runner itself held when it forked.
    pub(super) peak_memory_bytes: u64,
}

/// Waits for the end of a process and releases its pid.
pub(super) fn reap(pid: Pid) -> io::Result<Reaped> {
    let mut status = 0;
    // SAFETY: `rusage` is plain integers, for which all zeroes is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live local variables of the right type.
        let reaped = unsafe {
            libc::wait4(
                pid.as_raw_nonzero().get(),
                &raw mut status,
                0,
                &raw mut usage,
            )
        };
        if reaped >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(Reaped {
        status: ExitStatus::from_wait(status),
        cpu: cpu_time(&usage),
        peak_memory_bytes: peak_memory_bytes(&usage),
    })
}

/// Kills a process group, if it still exists.
pub(super) fn kill_group(pid: Pid) {
    let _ = rustix::process::kill_process_group(pid, Signal::KILL);
}

/// Kills a process, if it still exists.
pub(super) fn kill(pid: Pid) {
    let _ = rustix::process::kill_process(pid, Signal::KILL);
}
