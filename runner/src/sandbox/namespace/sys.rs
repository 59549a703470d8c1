//! System calls without a safe wrapper elsewhere.
//!
//! Only called by the helper and its children, which have one thread each: a
//! copy made by `clone` may allocate and lock like any other process.
#![allow(
    unsafe_code,
    reason = "clone3, mount_setattr, capset, wait4, signalfd and execve have no safe form"
)]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Which side of a `clone` this is.
pub(super) enum Side {
    /// The new process.
    Child,
    /// The old one, with the child's pid.
    Parent(i32),
}

/// Copies this process, with the given `CLONE_` flags and SIGCHLD at its end.
pub(super) fn clone(flags: i32) -> io::Result<Side> {
    // SAFETY: `clone_args` is plain integers, for which all zeroes is a value.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = u64::from(flags.unsigned_abs());
    arguments.exit_signal = u64::from(libc::SIGCHLD.unsigned_abs());
    // SAFETY: without CLONE_VM the child gets a copy of everything, stack
    // included, as with fork. The caller has one thread, so no lock is held by
    // anybody who is missing in the copy.
    let pid = check(unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw mut arguments,
            size_of::<libc::clone_args>(),
        )
    })?;
    Ok(match i32::try_from(pid) {
        Ok(0) => Side::Child,
        Ok(pid) => Side::Parent(pid),
        Err(_) => return Err(io::Error::other("a process id out of range")),
    })
}

/// Changes the attributes of a mount and everything below it.
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

/// Gives up every capability that a program could ever be given, as far as this
/// process may.
pub(super) fn drop_capability_bounds() {
    for capability in 0..=63 {
        // SAFETY: integers only.
        let dropped = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        if dropped != 0 {
            // The kernel knows no capability of this number, nor any beyond.
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

/// Whether this process holds no capability, nor could get one.
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

/// Whether the kernel lets this process make no user namespace by any call.
pub(super) fn refuses_new_namespaces() -> bool {
    // SAFETY: integers only.
    let unshared = unsafe { libc::unshare(libc::CLONE_NEWUSER) } == 0;
    let flags = libc::CLONE_NEWUSER | libc::SIGCHLD;
    // SAFETY: without CLONE_VM and with no stack given, this is a fork; the
    // child, should there be one, ends at once.
    let cloned = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
    if cloned == 0 {
        exit(0);
    }
    !unshared && cloned < 0
}

/// The kernel's version of Landlock; 0: it has none, or it is switched off.
pub(super) fn landlock_abi() -> u32 {
    const VERSION: u32 = 1;
    // SAFETY: asks for the version, for which the pointer has to be null.
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

/// Marks or closes every descriptor from `first` up.
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

/// Takes over a descriptor that was passed to this process by number, and closes
/// every other but the standard streams: what the runner had open is no business
/// of a run. To be called once, before anything is opened.
pub(super) fn only_descriptor(number: i32) -> io::Result<OwnedFd> {
    if number < 3 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    close_range(number + 1, false)?;
    if number > 3 {
        // SAFETY: integers only; nothing in this process owns a descriptor yet.
        check(unsafe { libc::syscall(libc::SYS_close_range, 3, number - 1, 0) })?;
    }
    // SAFETY: marks it to be closed on exec, and so asks whether it is open.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) }.into())?;
    // SAFETY: it is open, and nothing else in this process owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Closes the three standard streams, whatever they are.
pub(super) fn close_standard_streams() {
    for number in 0..3 {
        // SAFETY: no value of this process owns them, and nothing prints here.
        unsafe {
            libc::close(number);
        }
    }
}

/// Blocks SIGCHLD and gives a descriptor that is readable when one is pending.
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

/// Every signal as a fresh process has it: handled by default, not blocked.
pub(super) fn reset_signals() -> io::Result<()> {
    for number in 1..=64 {
        // SAFETY: sets a default action, which is no code of ours. It fails for
        // numbers that cannot be changed, which then have it anyway.
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

/// A child that has ended.
pub(super) struct Reaped {
    pub(super) pid: i32,
    /// Exit code, or the signal.
    pub(super) how: Result<i32, i32>,
}

/// Reaps any child. `None`: none has ended, or with `block` there is none at all.
pub(super) fn reap_any(block: bool) -> Option<Reaped> {
    let options = if block { 0 } else { libc::WNOHANG } | libc::__WALL;
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a live local variable.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, options) };
        if pid > 0 {
            let how = if libc::WIFEXITED(status) {
                Ok(libc::WEXITSTATUS(status))
            } else {
                Err(libc::WTERMSIG(status))
            };
            return Some(Reaped { pid, how });
        }
        let interrupted = io::Error::last_os_error().kind() == io::ErrorKind::Interrupted;
        if pid == 0 || !interrupted {
            return None;
        }
    }
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

/// Kills everything that this process may signal. Called by the init of a pid
/// namespace, or in a domain of Landlock that signals do not leave.
pub(super) fn kill_everything() {
    // SAFETY: integers only. From both, -1 reaches nobody outside.
    unsafe {
        libc::kill(-1, libc::SIGKILL);
    }
}

/// Whether this process could signal that one.
pub(super) fn may_signal(pid: i32) -> bool {
    // SAFETY: integers only; signal 0 is sent to nobody.
    unsafe { libc::kill(pid, 0) == 0 }
}

/// Whether the kernel forbids every call by which a process reaches others of its
/// own user, this one here.
pub(super) fn refuses_to_reach(pid: i32) -> bool {
    let other = libc::c_long::from(pid);
    let is_forbidden = |result: libc::c_long| {
        result < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
    };
    // SAFETY: integers and null pointers only. Should they be allowed, they send
    // nothing, set a priority that most have anyway, and read nothing.
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

/// Whether the kernel forbids to send descriptors over a socket, and to change a
/// file's rights.
pub(super) fn refuses_to_hide() -> bool {
    let is_forbidden = |result: libc::c_long| {
        result < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
    };
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

/// CPU time and largest peak in bytes of all reaped descendants.
pub(super) fn usage_of_children() -> (Duration, u64) {
    // SAFETY: `rusage` is plain integers, filled by the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    let duration = |time: libc::timeval| {
        Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0))
            + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
    };
    let peak_kib = u64::try_from(usage.ru_maxrss).unwrap_or(0);
    (
        duration(usage.ru_utime) + duration(usage.ru_stime),
        peak_kib * 1024,
    )
}

/// Replaces this process by a program. Only comes back with an error.
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

/// Ends this process at once, running nothing of Rust's or libc's.
pub(super) fn exit(code: i32) -> ! {
    // SAFETY: does not return.
    unsafe { libc::_exit(code) }
}
