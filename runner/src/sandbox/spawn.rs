//! Starting and reaping one program. The crate's `unsafe` is here.
//!
//! What is set before the program's first instruction: a session of its own,
//! kernel limits, no inherited descriptor but its three streams, death with the
//! runner. What is watched from outside is in `session.rs`.
#![allow(
    unsafe_code,
    reason = "pre_exec, close_range and wait4 have no safe form"
)]

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, WaitIdOptions};

use super::{Limits, Request};

/// Stack of a main thread, in bytes. Node turns a large limit into the size of
/// every thread's stack and hangs, so it is fixed whatever the runner has.
const STACK_BYTES: u64 = 8 * 1024 * 1024;

/// A program that was started and is not yet reaped.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) pid: Pid,
}

/// A helper that was started; see `namespace/helper.rs`.
pub(super) struct Helper {
    pub(super) pid: Pid,
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

/// Starts the runner's own program under another name, with the program's three
/// streams as its own and one more descriptor, whose number it is told.
///
/// Passed on by inheritance, not as a message over a socket: the kernel bounds
/// such messages by user, and a program may run as the same one.
#[cfg(target_os = "linux")]
pub(super) fn start_helper(
    program: &Path,
    name: &str,
    label: &str,
    control: UnixStream,
) -> io::Result<Helper> {
    let number = control.as_raw_fd();
    let mut command = Command::new(program);
    command
        .arg0(name)
        .args([label, &number.to_string()])
        .env_clear()
        .current_dir("/")
        // A Ctrl-C in the terminal is the runner's to handle, not the runs'.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let pass_on = move || {
        // SAFETY: integers only.
        match unsafe { libc::fcntl(number, libc::F_SETFD, 0) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    };
    // SAFETY: runs in the forked child; one system call on an integer.
    unsafe {
        command.pre_exec(pass_on);
    }
    let mut child = command.spawn()?;
    drop(control);
    let pid = Pid::from_child(&child);
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(stdin), Some(stdout), Some(stderr)) => Ok(Helper {
            pid,
            stdin,
            stdout,
            stderr,
        }),
        _ => Err(io::Error::other("no pipes")),
    }
}

/// What one process may take at once, in bytes, when all together may have so
/// much. Loose on purpose: what a runtime reserves is not what it uses, and the
/// verdict on memory is the watchdog's. This one only bounds how much can be
/// taken between two of its looks.
pub(super) fn data_limit(memory_bytes: u64) -> u64 {
    memory_bytes
        .saturating_mul(2)
        .saturating_add(512 * 1024 * 1024)
}

/// Starts the program as the leader of a new session and process group, whose
/// ids are its pid.
///
/// Call it from a thread that lives until the program is reaped: Linux sends the
/// parent-death signal when the *thread* ends that forked.
pub(super) fn start(request: &Request<'_>, cwd: &Path, home: &Path) -> io::Result<Started> {
    let (program, arguments) = request
        .argv
        .split_first()
        .ok_or_else(|| io::Error::other("an empty command"))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(cwd)
        .env_clear()
        .envs(request.env.iter().map(|(name, value)| (name, value)))
        .env("HOME", home)
        .env("TMPDIR", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let limits = request.limits;
    #[cfg(target_os = "linux")]
    let parent = rustix::process::getpid();
    let before_exec = move || {
        rustix::process::setsid()?;
        #[cfg(target_os = "linux")]
        {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            // The runner may have died between the fork and the line above; then
            // the signal will never come.
            if rustix::process::getppid() != Some(parent) {
                return Err(io::Error::from_raw_os_error(libc::ECANCELED));
            }
            close_inherited()?;
        }
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        set_limits(&limits)
    };
    // SAFETY: runs in the forked child, where only async-signal-safe work is
    // allowed. It allocates nothing, takes no lock, and makes plain system calls
    // on values that were computed before the fork.
    unsafe {
        command.pre_exec(before_exec);
    }
    let child = command.spawn()?;
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("a process id out of range"))?;
    Ok(Started { child, pid })
}

/// Marks every descriptor from 3 upwards close-on-exec. Rust opens its own that
/// way; what the runner itself inherited may not be. They are marked, not
/// closed, because std reports a failed exec over one of them.
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
        // Linux before 5.11 lacks it; then Rust's own flags have to do.
        _ if result == 0 => Ok(()),
        Some(libc::ENOSYS | libc::EINVAL | libc::EPERM) => Ok(()),
        _ => Err(error),
    }
}

/// The limits that the kernel keeps, for each process by itself. They are the
/// net below the watchdog, which sums over processes.
fn set_limits(limits: &Limits) -> io::Result<()> {
    let cpu_s = limits.cpu.as_secs().saturating_add(1);
    // The second more gives SIGXCPU to programs that want it, then SIGKILL.
    lower(Resource::Cpu, cpu_s, cpu_s.saturating_add(1))?;
    lower(Resource::Fsize, limits.file_bytes, limits.file_bytes)?;
    lower(Resource::Nofile, limits.open_files, limits.open_files)?;
    lower(Resource::Core, 0, 0)?;
    lower(Resource::Stack, STACK_BYTES, u64::MAX)?;
    if let Some(memory) = limits.memory_bytes {
        let data = data_limit(memory);
        lower(Resource::Data, data, data)?;
    }
    Ok(())
}

/// Sets a limit, never above what the runner itself may have.
pub(super) fn lower(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let inherited = rustix::process::getrlimit(resource)
        .maximum
        .unwrap_or(u64::MAX);
    let hard = hard.min(inherited);
    let limit = |value| (value != u64::MAX).then_some(value);
    let wanted = Rlimit {
        current: limit(soft.min(hard)),
        maximum: limit(hard),
    };
    Ok(rustix::process::setrlimit(resource, wanted)?)
}

/// Whether the program has ended. It stays a zombie, so that its pid, which
/// names its session and group, is not given to anybody else yet.
pub(super) fn has_ended(pid: Pid) -> io::Result<bool> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match rustix::process::waitid(rustix::process::WaitId::Pid(pid), options) {
        Ok(status) => Ok(status.is_some()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// How a reaped program ended, and what it and the children it waited for used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reaped {
    /// Exit code, or the signal that ended it.
    pub(super) how: Result<i32, i32>,
    pub(super) cpu: Duration,
    /// The kernel's high-water mark. Inherited over fork and exec: at least what
    /// the runner itself held when it forked.
    pub(super) max_rss_bytes: u64,
}

/// Waits for the program's end and releases its pid.
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
    let how = if libc::WIFEXITED(status) {
        Ok(libc::WEXITSTATUS(status))
    } else {
        Err(libc::WTERMSIG(status))
    };
    // Linux counts in KiB, macOS in bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Ok(Reaped {
        how,
        cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
        max_rss_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * unit,
    })
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

/// Kills the process group. One that is gone already is as good.
pub(super) fn kill_group(pid: Pid) {
    let _ = rustix::process::kill_process_group(pid, Signal::KILL);
}

/// Kills one process. One that is gone already is as good.
pub(super) fn kill(pid: Pid) {
    let _ = rustix::process::kill_process(pid, Signal::KILL);
}
