//! System calls that no crate wraps safely.
//!
//! Only the helper and its children call them. Each has one thread, so a copy made
//! by `clone` may allocate and lock like any other process.
#![allow(
    unsafe_code,
    reason = "clone3, mount_setattr, capset, wait4, signalfd and execve have no safe form"
)]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::Timespec;

use crate::sandbox::exit_status::{ExitStatus, cpu_time, peak_memory_bytes};

fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// The side of a `clone` that this process is on.
pub(super) enum Fork {
    /// The new process.
    Child,
    /// The old process, with the child's pid.
    Parent(i32),
}

/// Copies this process with these `CLONE_` flags. The copy's end sends SIGCHLD.
pub(super) fn clone(flags: i32) -> io::Result<Fork> {
    // SAFETY: `clone_args` is plain integers, for which all zeroes is a value.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = u64::from(flags.unsigned_abs());
    arguments.exit_signal = u64::from(libc::SIGCHLD.unsigned_abs());
    // SAFETY: without CLONE_VM the child gets a copy of everything, stack
    // included, as with fork. The caller has one thread, so no lock is held by a
    // thread that is missing in the copy.
    let pid = check(unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw mut arguments,
            size_of::<libc::clone_args>(),
        )
    })?;
    Ok(match i32::try_from(pid) {
        Ok(0) => Fork::Child,
        Ok(pid) => Fork::Parent(pid),
        Err(_) => return Err(io::Error::other("a process id out of range")),
    })
}

/// Sets attributes of a mount, and of every mount below it if `recursive`.
pub(super) fn set_mount_attributes(
    mount: BorrowedFd<'_>,
    set: u64,
    recursive: bool,
) -> io::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: set,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    let recursive = if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is a C string, the pointer is to a live struct of the
    // size that is given with it.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | recursive,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    })
    .map(drop)
}

/// The first argument of `capset` and `capget`.
#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

/// `_LINUX_CAPABILITY_VERSION_3`.
const CAPABILITY_VERSION: u32 = 0x2008_0522;

/// Empties the bounding set, so that no exec can give capabilities. Has no effect
/// without the right to.
pub(super) fn drop_capability_bounds() {
    for capability in 0..=63 {
        // SAFETY: integers only.
        let dropped = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        if dropped != 0 {
            // The kernel has no capability of this number or above.
            break;
        }
    }
}

/// Gives up every capability for good.
pub(super) fn drop_capabilities() -> io::Result<()> {
    drop_capability_bounds();
    let header = CapabilityHeader {
        version: CAPABILITY_VERSION,
        pid: 0,
    };
    let nothing = [0u32; 6];
    // SAFETY: version 3 reads two structs of three u32 each; both pointers are
    // to live values of that size.
    check(unsafe { libc::syscall(libc::SYS_capset, &raw const header, &raw const nothing) })
        .map(drop)
}

/// Whether this process holds no capability and can get none.
pub(super) fn has_no_capabilities() -> bool {
    let mut held = [0u32; 6];
    let header = CapabilityHeader {
        version: CAPABILITY_VERSION,
        pid: 0,
    };
    // SAFETY: version 3 fills two structs of three u32 each; both pointers are to
    // live values of that size.
    let asked = check(unsafe { libc::syscall(libc::SYS_capget, &raw const header, &raw mut held) });
    asked.is_ok() && held == [0; 6]
}

/// The time until then, for `poll`.
pub(super) fn time_until(then: Instant) -> Timespec {
    let time = then.saturating_duration_since(Instant::now());
    Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}

/// Whether every call that makes a user namespace fails.
pub(super) fn refuses_new_namespaces() -> bool {
    // SAFETY: integers only.
    let unshared = unsafe { libc::unshare(libc::CLONE_NEWUSER) } == 0;
    let flags = libc::CLONE_NEWUSER | libc::SIGCHLD;
    // SAFETY: without CLONE_VM and without a stack, this is a fork. If it succeeds,
    // the child ends at once.
    let cloned = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    if cloned == 0 {
        exit(0);
    }
    !unshared && cloned < 0
}

/// The kernel's version of Landlock. 0: none, or disabled.
pub(super) fn landlock_abi() -> u32 {
    const VERSION: u32 = 1;
    // SAFETY: this flag asks for the version, and the pointer must then be null.
    let abi = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0,
            VERSION,
        )
    };
    u32::try_from(abi).unwrap_or(0)
}

/// Closes every descriptor from `first` up, or marks it close-on-exec.
pub(super) fn close_range(first: i32, on_exec: bool) -> io::Result<()> {
    let flags = if on_exec {
        libc::CLOSE_RANGE_CLOEXEC
    } else {
        0
    };
    // SAFETY: integers only. Descriptors that a value of this process owns are
    // closed only by callers that end or replace the process.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, flags) }).map(drop)
}

/// Takes over a descriptor that this process inherited, and closes every other
/// except the standard streams, so that none of the runner's reaches a run. Call it
/// once, before anything is opened.
pub(super) fn only_descriptor(number: i32) -> io::Result<OwnedFd> {
    if number < 3 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    close_range(number + 1, false)?;
    if number > 3 {
        // SAFETY: integers only; nothing in this process owns a descriptor yet.
        check(unsafe { libc::syscall(libc::SYS_close_range, 3, number - 1, 0) })?;
    }
    // SAFETY: integers only. It marks the descriptor, and fails if it is not open.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) }.into())?;
    // SAFETY: it is open, and nothing else in this process owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Closes the three standard streams.
pub(super) fn close_standard_streams() {
    for number in 0..3 {
        // SAFETY: no value of this process owns them, and nothing prints later.
        unsafe {
            libc::close(number);
        }
    }
}

/// Blocks SIGCHLD and returns a descriptor that is readable when one is pending.
pub(super) fn child_signals() -> io::Result<OwnedFd> {
    // SAFETY: `sigset_t` is plain integers; both calls fill and read a live one.
    let descriptor = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        check(libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()).into())?;
        check(libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK).into())?
    };
    let descriptor = i32::try_from(descriptor).unwrap_or(-1);
    // SAFETY: `signalfd` has just made it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Takes the pending signals off a descriptor that [`child_signals`] returned.
pub(super) fn clear_signals(descriptor: &OwnedFd) {
    let mut pending = [0; size_of::<libc::signalfd_siginfo>() * 16];
    let _ = rustix::io::read(descriptor, &mut pending);
}

/// Resets every signal to its default action and unblocks it.
pub(super) fn reset_signals() -> io::Result<()> {
    for number in 1..=64 {
        // SAFETY: the default action is not code of this process. The call fails for
        // signals that always have their default action.
        unsafe {
            libc::signal(number, libc::SIG_DFL);
        }
    }
    // SAFETY: as in `child_signals`.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        check(libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut()).into())
            .map(drop)
    }
}

/// A child that has ended and was reaped.
pub(super) struct ReapedChild {
    pub(super) pid: i32,
    pub(super) status: ExitStatus,
}

/// Reaps any child. `None`: no child has ended, or with `block`, none exists.
pub(super) fn reap_any(block: bool) -> Option<ReapedChild> {
    let options = if block { 0 } else { libc::WNOHANG } | libc::__WALL;
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a live local variable.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, options) };
        if pid > 0 {
            let status = ExitStatus::from_wait(status);
            return Some(ReapedChild { pid, status });
        }
        let interrupted = io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
        if pid == 0 || !interrupted {
            return None;
        }
    }
}

/// What a child does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChildState {
    /// It runs, or it is stopped and that was said before.
    Running,
    /// It has just been stopped by a signal.
    Stopped,
    /// It has ended, and is reaped now.
    Ended,
}

/// The state of one child, without waiting.
pub(super) fn state_of_child(pid: i32) -> ChildState {
    let mut status = 0;
    // SAFETY: the pointer is to a live local variable.
    let changed = unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG | libc::WUNTRACED) };
    match changed {
        0 => ChildState::Running,
        _ if changed == pid && libc::WIFSTOPPED(status) => ChildState::Stopped,
        _ => ChildState::Ended,
    }
}

/// CPU time of a child that is not reaped, all its threads together.
pub(super) fn cpu_of(pid: i32) -> io::Result<Duration> {
    let mut clock = 0;
    // SAFETY: the pointer is to a live local variable.
    match unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) } {
        0 => {}
        number => return Err(io::Error::from_raw_os_error(number)),
    }
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a live local variable.
    check(unsafe { libc::clock_gettime(clock, &raw mut time) }.into())?;
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    Ok(seconds + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0)))
}

/// Waits for the end of one child.
pub(super) fn wait_for(pid: i32) {
    loop {
        // SAFETY: a null status pointer is allowed.
        let reaped = unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::__WALL) };
        if reaped >= 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// Kills every process that this one may signal. Call it as the init of a pid
/// namespace, or in a Landlock domain that signals do not leave.
pub(super) fn kill_everything() {
    // SAFETY: integers only. From either place, -1 reaches no process outside.
    unsafe {
        libc::kill(-1, libc::SIGKILL);
    }
}

/// Whether this process may signal that one.
pub(super) fn may_signal(pid: i32) -> bool {
    // SAFETY: integers only; signal 0 only checks the permission.
    unsafe { libc::kill(pid, 0) == 0 }
}

/// Whether a call has just failed with EPERM.
fn is_forbidden(result: libc::c_long) -> bool {
    result < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// Whether the kernel forbids every call that affects another process of the same
/// user, tried on this pid.
pub(super) fn refuses_to_reach(pid: i32) -> bool {
    let other = libc::c_long::from(pid);
    // SAFETY: integers and null pointers only. If they succeed, they send nothing,
    // set the priority that most processes have, and read nothing.
    unsafe {
        is_forbidden(libc::syscall(libc::SYS_kill, other, 0))
            && is_forbidden(libc::syscall(
                libc::SYS_prlimit64,
                other,
                libc::RLIMIT_CORE,
                0,
                0,
            ))
            && is_forbidden(libc::syscall(
                libc::SYS_setpriority,
                libc::PRIO_PROCESS,
                other,
                0,
            ))
            && is_forbidden(libc::syscall(libc::SYS_sched_setaffinity, other, 0, 0))
    }
}

/// Whether the kernel forbids sending descriptors over a socket and changing the
/// rights of a file.
pub(super) fn refuses_to_hide() -> bool {
    // SAFETY: no socket and a null pointer; a C string and integers.
    unsafe {
        is_forbidden(libc::syscall(libc::SYS_sendmsg, -1, 0, 0))
            && is_forbidden(libc::syscall(
                libc::SYS_fchmodat,
                libc::AT_FDCWD,
                c".".as_ptr(),
                0o700,
            ))
    }
}

/// CPU time of all reaped descendants, and the largest one's peak memory in bytes.
pub(super) fn usage_of_children() -> (Duration, u64) {
    // SAFETY: `rusage` is plain integers, filled by the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    (cpu_time(&usage), peak_memory_bytes(&usage))
}

/// Replaces this process by a program. Returns only if that failed.
pub(super) fn exec(argv: &[String], env: &[(String, String)]) -> io::Error {
    let argv = argv.iter().map(|argument| CString::new(argument.as_str()));
    let env = env
        .iter()
        .map(|(name, value)| CString::new(format!("{name}={value}")));
    let (Ok(argv), Ok(env)) = (
        argv.collect::<Result<Vec<_>, _>>(),
        env.collect::<Result<Vec<_>, _>>(),
    ) else {
        return io::Error::other("a NUL in an argument");
    };
    let Some(program) = argv.first() else {
        return io::Error::other("an empty command");
    };
    let pointers = |strings: &[CString]| {
        let mut pointers: Vec<_> = strings.iter().map(|string| string.as_ptr()).collect();
        pointers.push(std::ptr::null());
        pointers
    };
    let (argv_pointers, env_pointers) = (pointers(&argv), pointers(&env));
    // SAFETY: both arrays end with null and point to C strings that live on.
    unsafe {
        libc::execve(
            program.as_ptr(),
            argv_pointers.as_ptr(),
            env_pointers.as_ptr(),
        );
    }
    io::Error::last_os_error()
}

/// Ends this process at once, without Rust's or libc's exit handlers.
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: does not return.
    unsafe { libc::_exit(code) }
}
