//! The last steps before a program's first instruction, in its own process.
//!
//! Everything here can only take away: limits, rights, system calls. The order
//! matters where a later step would forbid an earlier one.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, Scope, path_beneath_rules,
};
use rustix::process::Resource;
use seccompiler::BpfProgram;

use super::init::Step;
use super::protocol::{Spec, SpecLimits};
use super::{lesser, root, self_test, sys};
use crate::sandbox::spawn::lower;

/// Stack of a main thread, in bytes. Node turns a large limit into the size of
/// every thread's stack and hangs, so it is fixed whatever the runner has.
const STACK_BYTES: u64 = 8 * 1024 * 1024;
/// Processes beyond the limit that the kernel still lets start, so that the
/// watchdog sees who goes over it, and says so; and the init itself.
const TASKS_TO_BE_SEEN: u64 = 8 + 1;
/// Unread signals of a run.
const SIGNALS: u64 = 1024;

/// Memory that may be kept from being swapped out.
const LOCKED_BYTES: u64 = 64 * 1024;

/// Becomes the program; only comes back with what went wrong.
///
/// `others` are processes of its user that are not of this run; `tell` is where
/// errors are told, and the init waits for its end.
pub(super) fn become_program(
    spec: &Spec,
    filters: &[BpfProgram],
    others: u64,
    tell: &mut File,
) -> Step {
    if let Err(step) = prepare(spec, filters, others) {
        return step;
    }
    if spec
        .argv
        .first()
        .is_some_and(|program| program == self_test::PROGRAM)
    {
        // Nothing is executed, so nothing closes it by itself.
        sys::close_range(tell.as_raw_fd(), false).ok();
        self_test::inside(spec)
    }
    Step(
        "the program could not be started",
        sys::exec(&spec.argv, &spec.env),
    )
}

fn prepare(spec: &Spec, filters: &[BpfProgram], others: u64) -> Result<(), Step> {
    let step = |name| move |error: io::Error| Step(name, error);
    rustix::process::setsid().map_err(|error| Step("setsid", error.into()))?;
    sys::reset_signals().map_err(step("signals"))?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let folder = spec.folder.as_ref().map(Path::new);
    let place = folder.map_or_else(
        || PathBuf::from(root::BOX),
        |folder| folder.join(lesser::BOX),
    );
    rustix::process::chdir(place).map_err(|error| Step("the folder", error.into()))?;
    // Marked, not closed: errors of what follows still have to be told.
    sys::close_range(3, true).map_err(step("close_range"))?;
    set_limits(&spec.limits, others).map_err(step("limits"))?;
    match folder {
        None => restrict_files().map_err(|error| Step("Landlock", io::Error::other(error)))?,
        Some(folder) => lesser::rules::restrict_program(spec, folder)?,
    }
    for filter in filters {
        seccompiler::apply_filter(filter)
            .map_err(|error| Step("seccomp", io::Error::other(error)))?;
    }
    Ok(())
}

fn set_limits(limits: &SpecLimits, others: u64) -> io::Result<()> {
    // The second more gives SIGXCPU to programs that want it, then SIGKILL.
    lower(Resource::Cpu, limits.cpu_s, limits.cpu_s.saturating_add(1))?;
    lower(Resource::Fsize, limits.file_bytes, limits.file_bytes)?;
    lower(Resource::Nofile, limits.open_files, limits.open_files)?;
    lower(Resource::Core, 0, 0)?;
    lower(Resource::Stack, STACK_BYTES, u64::MAX)?;
    // Counts what runs in this user namespace, so this run alone; or, without one,
    // everything of this user.
    let tasks = limits.tasks.saturating_add(TASKS_TO_BE_SEEN);
    let tasks = tasks.saturating_add(others);
    lower(Resource::Nproc, tasks, tasks)?;
    lower(Resource::Sigpending, SIGNALS, SIGNALS)?;
    // Counted against the runner's user as well, so no run gets much of it.
    lower(Resource::Memlock, LOCKED_BYTES, LOCKED_BYTES)?;
    lower(Resource::Msgqueue, 0, 0)?;
    lower(Resource::Rtprio, 0, 0)?;
    if let Some(bytes) = limits.data_bytes {
        lower(Resource::Data, bytes, bytes)?;
    }
    Ok(())
}

/// A second wall behind the mounts, as high as this kernel builds it. From ABI 6
/// it also ends at whom signals and abstract unix sockets reach.
fn restrict_files() -> Result<(), landlock::RulesetError> {
    let abi = ABI::V6;
    let read = AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute;
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(["/"], read))?
        .add_rules(path_beneath_rules(
            [root::BOX, root::TMP],
            AccessFs::from_all(abi),
        ))?
        .add_rules(path_beneath_rules(
            ["/dev"],
            AccessFs::ReadFile | AccessFs::WriteFile,
        ))?
        .restrict_self()
        .map(drop)
}
