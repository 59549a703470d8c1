//! System calls that seccomp must refuse, made by their numbers on x86-64.

use runner::sandbox::Tier;
use serde_json::json;

use crate::host::{Host, RunnerUser};

/// Name, number, arguments, and the expected error: EPERM 1, ENOSYS 38, or EINVAL 22
/// for a user that the namespace does not have.
const CALLS: &[(&str, i64, &str, i64)] = &[
    ("ptrace TRACEME", 101, "0, 0, 0, 0", 1),
    ("ptrace ATTACH init", 101, "16, 1, 0, 0", 1),
    ("process_vm_readv", 310, "1, 0, 0, 0, 0, 0", 1),
    ("process_vm_writev", 311, "1, 0, 0, 0, 0, 0", 1),
    ("pidfd_getfd", 438, "0, 0, 0", 1),
    ("kcmp", 312, "1, 1, 0, 0, 0", 1),
    ("unshare user", 272, "0x10000000", 1),
    ("unshare mount", 272, "0x00020000", 1),
    ("unshare net", 272, "0x40000000", 1),
    (
        "clone into a user namespace",
        56,
        "0x10000011, 0, 0, 0, 0",
        1,
    ),
    (
        "clone into a pid namespace",
        56,
        "0x20000011, 0, 0, 0, 0",
        1,
    ),
    ("clone3", 435, "0, 0", 38),
    ("socketpair of TIPC", 53, "30, 5, 0, 0", 1),
    ("setns", 308, "0, 0", 1),
    ("mount", 165, "b'x', b'/tmp', b'tmpfs', 0, 0", 1),
    ("remount writable", 165, "0, b'/usr', 0, 4128, 0", 1),
    ("umount", 166, "b'/box', 2", 1),
    ("pivot_root", 155, "b'/', b'/'", 1),
    ("chroot", 161, "b'/tmp'", 1),
    ("open_tree", 428, "-100, b'/', 1", 1),
    ("move_mount", 429, "-100, b'/', -100, b'/', 0", 1),
    ("fsopen", 430, "b'proc', 0", 1),
    ("mount_setattr", 442, "-100, b'/usr', 0, 0, 0", 1),
    ("name_to_handle_at", 303, "-100, b'/usr', 0, 0, 0", 1),
    ("open_by_handle_at", 304, "-100, 0, 0", 1),
    ("fanotify_init", 300, "0, 0", 1),
    ("inotify_init", 253, "", 1),
    ("inotify_init1", 294, "0", 1),
    ("io_uring_setup", 425, "8, 0", 38),
    ("bpf", 321, "0, 0, 0", 1),
    ("perf_event_open", 298, "0, 0, -1, -1, 0", 1),
    ("userfaultfd", 323, "0", 1),
    ("keyctl", 250, "0, -3, 0, 0, 0", 1),
    ("add_key", 248, "b'user', b'x', b'x', 1, -3", 1),
    ("request_key", 249, "b'user', b'x', 0, -3", 1),
    ("memfd_create", 319, "b'x', 0", 38),
    ("memfd_secret", 447, "0", 38),
    ("shmget", 29, "0, 4096, 0o1600", 1),
    ("semget", 64, "0, 1, 0o1600", 1),
    ("msgget", 68, "0, 0o1600", 1),
    ("mq_open", 240, "b'x', 66, 0o600, 0", 1),
    ("personality", 135, "0x0040000", 1),
    ("syslog", 103, "3, 0, 0", 1),
    ("reboot", 169, "0xfee1dead, 672274793, 0, 0", 1),
    ("init_module", 175, "0, 0, b''", 1),
    ("kexec_load", 246, "0, 0, 0, 0", 1),
    ("settimeofday", 164, "0, 0", 1),
    ("sethostname", 170, "b'x', 1", 1),
    ("swapon", 167, "b'/box/x', 0", 1),
    ("iopl", 172, "3", 1),
    ("modify_ldt", 154, "0, 0, 0", 1),
    ("setuid root", 105, "0", 22),
    ("setgid root", 106, "0", 22),
    ("setgroups", 116, "1, b'\\0\\0\\0\\0'", 1),
    ("ioctl TIOCSTI", 16, "0, 0x5412, b'x'", 1),
    (
        "ioctl TIOCSTI with high bits",
        16,
        "0, 0x100005412, b'x'",
        1,
    ),
    ("getpid of the x32 table", 0x4000_0000 + 39, "", 38),
    (
        "mount of the x32 table",
        0x4000_0000 + 165,
        "0, 0, 0, 0, 0",
        38,
    ),
];

/// Calls that affect other processes of the user, or hide files from the disk quota.
/// They are harmless with namespaces.
const WITHOUT_NAMESPACES: &[(&str, i64, &str, i64)] = &[
    ("connect", 42, "0, 0, 0", 1),
    ("bind", 49, "0, 0, 0", 1),
    ("listen", 50, "0, 1", 1),
    ("accept", 43, "0, 0, 0", 1),
    ("accept4", 288, "0, 0, 0, 0", 1),
    ("sendto an address", 44, "0, b'x', 1, 0, b'x', 1", 1),
    ("sendmsg", 46, "0, 0, 0", 1),
    ("sendmmsg", 307, "0, 0, 0, 0", 1),
    ("chmod", 90, "b'.', 0o700", 1),
    ("fchmod", 91, "0, 0o700", 1),
    ("fchmodat", 268, "-100, b'.', 0o700", 1),
    ("fchmodat2", 452, "-100, b'.', 0o700, 0", 1),
    ("chown", 92, "b'.', -1, -1", 1),
    ("fchown", 93, "0, -1, -1", 1),
    ("lchown", 94, "b'.', -1, -1", 1),
    ("fchownat", 260, "-100, b'.', -1, -1, 0", 1),
    ("utime", 132, "b'.', 0", 1),
    ("utimes", 235, "b'.', 0", 1),
    ("futimesat", 261, "-100, b'.', 0", 1),
    ("utimensat", 280, "-100, b'.', 0, 0", 1),
    ("setxattr", 188, "b'.', b'user.x', b'x', 1, 0", 1),
    ("setxattrat", 463, "-100, b'.', 0, b'user.x', 0, 0", 1),
    ("removexattr", 197, "b'.', b'user.x'", 1),
    ("file_setattr", 469, "-100, b'.', 0, 0, 0", 1),
    ("prctl SET_DUMPABLE", 157, "4, 0, 0, 0, 0", 1),
    ("prlimit64 of another", 302, "1, 7, 0, 0", 1),
    ("setpriority of another", 141, "0, 1, 19", 1),
    ("setpriority of a user", 141, "2, 0, 19", 1),
    ("ioprio_set of another", 251, "1, 1, 0", 1),
    ("ioprio_set of a user", 251, "3, 0, 0", 1),
    ("sched_setaffinity of another", 203, "1, 8, b'\\x01' * 8", 1),
    ("sched_setscheduler of another", 144, "1, 0, 0", 1),
    ("sched_setparam of another", 142, "1, 0", 1),
    ("sched_setattr of another", 314, "1, 0, 0", 1),
];

/// Makes every call from a program of its own and checks the error. Returns what
/// went wrong.
pub async fn run_all(host: &mut Host, user: RunnerUser) -> Vec<String> {
    let in_tier = match host.tier() {
        Tier::Landlock => WITHOUT_NAMESPACES,
        _ => &[][..],
    };
    let mut failures = Vec::new();
    for (name, number, arguments, errno) in CALLS.iter().chain(in_tier) {
        let comma = if arguments.is_empty() { "" } else { "," };
        let code = format!(
            "import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
result = libc.syscall(ctypes.c_long({number}), *[ctypes.c_char_p(x) if isinstance(x, bytes) else ctypes.c_long(x) for x in ({arguments}{comma})])
print(result, ctypes.get_errno())"
        );
        let response = host.run("python", &code, &json!({})).await;
        let mut problems = host.damage(&response).await;
        // Without a user namespace, the machine has the user, and the call is refused
        // with EPERM.
        let errno = match (host.tier(), errno) {
            (Tier::Landlock, 22) => 1,
            _ => *errno,
        };
        if response["run"]["stdout"] != format!("-1 {errno}\n") {
            problems.push(format!("expected -1 {errno}, got {}", response["run"]));
        }
        if !problems.is_empty() {
            failures.push(format!("{name} as {user:?}: {}", problems.join("; ")));
        }
    }
    failures
}
