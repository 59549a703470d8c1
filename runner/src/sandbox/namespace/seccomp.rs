//! The seccomp filters: system calls that a program may not make.
//!
//! The lists name what is refused, not what is allowed, because languages need very
//! different calls. With namespaces, most of these calls would have no effect; the
//! filters also keep programs away from the kernel code behind them.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, sock_filter,
};

/// Calls that fail with EPERM.
const REFUSED: &[i64] = &[
    // All networking, and unix sockets, which a network namespace does not confine.
    // `socketpair` is allowed: its ends connect only to each other.
    libc::SYS_socket,
    // New namespaces and mounts.
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    // Memory and descriptors of other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Large parts of the kernel that judged programs do not need.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_personality,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    // The kernel counts inotify instances against the user who made the namespace
    // as well: a run could use up those of the runner's user.
    libc::SYS_inotify_init1,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_inotify_init,
    // Memory that outlives its mappings, which no sum over processes sees.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_shmdt,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semctl,
    libc::SYS_semtimedop,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_kexec_file_load,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
];

/// Calls that fail with ENOSYS, because their callers then use another call: libc
/// starts threads with `clone`, whose flags a filter can read, and libuv works
/// without io_uring.
const MISSING: &[i64] = &[
    libc::SYS_clone3,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
];

/// Calls that also fail with EPERM where runs share a user and the machine's file
/// system, because Landlock does not restrict them. Sockets from `socketpair` could
/// connect elsewhere; descriptors in a message could not be counted; and the owner
/// of a file may change its rights and times wherever it lies.
const REFUSED_TO_A_SHARED_USER: &[i64] = &[
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    SYS_FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    SYS_SETXATTRAT,
    SYS_REMOVEXATTRAT,
    SYS_FILE_SETATTR,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_futimesat,
];

// Numbers that are the same on every architecture, and too new for the crate libc.
const SYS_FCHMODAT2: i64 = 452;
const SYS_SETXATTRAT: i64 = 463;
const SYS_REMOVEXATTRAT: i64 = 466;
const SYS_FILE_SETATTR: i64 = 469;

/// Flags that put the child of `clone` into a new namespace.
const NEW_NAMESPACES: &[i32] = &[
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

/// The filters of a run with namespaces, to be installed in this order.
pub(super) fn filters() -> Result<Vec<BpfProgram>, String> {
    build(BTreeMap::new())
}

/// The filters of a run without namespaces, which also keep it from reaching other
/// processes of its user.
pub(super) fn filters_of_shared_user() -> Result<Vec<BpfProgram>, String> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = REFUSED_TO_A_SHARED_USER
        .iter()
        .map(|&call| (call, Vec::new()))
        .collect();
    // A process may set these for every process of its user. Zero is the caller.
    for call in [
        libc::SYS_prlimit64,
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_setscheduler,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setattr,
    ] {
        refused.insert(call, vec![is_not(0, 0)?]);
    }
    const ONE_PROCESS: u64 = 1; // IOPRIO_WHO_PROCESS
    refused.insert(
        libc::SYS_setpriority,
        vec![is_not(0, u64::from(libc::PRIO_PROCESS))?, is_not(1, 0)?],
    );
    refused.insert(
        libc::SYS_ioprio_set,
        vec![is_not(0, ONE_PROCESS)?, is_not(1, 0)?],
    );
    // With an address only: the ends of a socket pair need none.
    let with_address = SeccompCondition::new(4, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0);
    refused.insert(libc::SYS_sendto, vec![rule(with_address)?]);
    // The disk quota cannot read what an undumpable process holds.
    let set_dumpable = libc::c_ulong::from(libc::PR_SET_DUMPABLE.unsigned_abs());
    refused.insert(libc::SYS_prctl, vec![is(0, set_dumpable)?]);
    build(refused)
}

fn build(mut refused: BTreeMap<i64, Vec<SeccompRule>>) -> Result<Vec<BpfProgram>, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    refused.extend(REFUSED.iter().map(|&call| (call, Vec::new())));
    let namespaces = NEW_NAMESPACES
        .iter()
        .map(|&flag| has_bits(0, u64::from(flag.unsigned_abs())))
        .collect::<Result<_, _>>()?;
    refused.insert(libc::SYS_clone, namespaces);
    // Injecting input into a terminal.
    let injections = [libc::TIOCSTI, libc::TIOCLINUX]
        .iter()
        .map(|&request| is(1, request))
        .collect::<Result<_, _>>()?;
    refused.insert(libc::SYS_ioctl, injections);
    // Other families have pairs too, and using one loads its kernel module.
    let unix = u64::from(libc::AF_UNIX.unsigned_abs());
    refused.insert(libc::SYS_socketpair, vec![is_not(0, unix)?]);
    // Shared anonymous memory keeps its pages when it is unmapped in part. They are
    // resident in no process, so nothing measures or limits them.
    let shared_anonymous = (libc::MAP_SHARED | libc::MAP_ANONYMOUS).unsigned_abs();
    refused.insert(
        libc::SYS_mmap,
        vec![has_bits(3, u64::from(shared_anonymous))?],
    );
    let missing = MISSING.iter().map(|&call| (call, Vec::new())).collect();
    let mut filters = vec![
        compile(refused, libc::EPERM, arch)?,
        compile(missing, libc::ENOSYS, arch)?,
    ];
    if cfg!(target_arch = "x86_64") {
        filters.push(without_x32());
    }
    Ok(filters)
}

fn compile(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    errno: i32,
    arch: TargetArch,
) -> Result<BpfProgram, String> {
    // seccompiler's own check kills programs of another architecture.
    let refuse = SeccompAction::Errno(errno.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)
        .and_then(BpfProgram::try_from)
        .map_err(|error| error.to_string())
}

fn has_bits(argument: u8, bits: u64) -> Result<SeccompRule, String> {
    let condition = SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(bits),
        bits,
    );
    rule(condition)
}

/// Compares the low 32 bits: the kernel reads no more of an `ioctl`'s request.
fn is(argument: u8, value: libc::c_ulong) -> Result<SeccompRule, String> {
    let condition = SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Eq,
        #[allow(clippy::useless_conversion, reason = "c_ulong is not u64 everywhere")]
        u64::from(value),
    );
    rule(condition)
}

/// Compares the low 32 bits: no call used here reads more.
fn is_not(argument: u8, value: u64) -> Result<SeccompRule, String> {
    rule(SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Ne,
        value,
    ))
}

fn rule(
    condition: Result<SeccompCondition, seccompiler::BackendError>,
) -> Result<SeccompRule, String> {
    condition
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(|error| error.to_string())
}

/// A filter that refuses x32 calls. They have the same architecture but another
/// table, with numbers from 2^30 up, which the lists above do not cover. seccompiler
/// cannot express a range of numbers.
fn without_x32() -> BpfProgram {
    const LOAD_NUMBER: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
    const JUMP_IF_AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
    const RETURN: u16 = 0x06; // BPF_RET | BPF_K
    let instruction = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    vec![
        instruction(LOAD_NUMBER, 0, 0, 0),
        instruction(JUMP_IF_AT_LEAST, 0, 1, 0x4000_0000),
        instruction(
            RETURN,
            0,
            0,
            libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs(),
        ),
        instruction(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seccomp_filters_compile_and_fit_the_kernel_s_limit() {
        let shared_user = filters_of_shared_user().unwrap();
        for filter in filters().unwrap().into_iter().chain(shared_user) {
            assert!((1..4096).contains(&filter.len()), "{}", filter.len());
        }
    }
}
