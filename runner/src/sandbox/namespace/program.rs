//! The last steps before the program's first instruction, in the program's own
//! process.
//!
//! Every step only takes away: limits, rights, system calls. They are ordered so
//! that no step forbids a later one. `launch.rs` calls this after the fork.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use rustix::process::Resource;
use seccompiler::BpfProgram;

use super::protocol::{Spec, SpecLimits};
use super::{landlock, self_checks, sys};
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::layout::RunFolders;
use crate::sandbox::rlimits::lower;

/// Tasks that the kernel lets start beyond the limit, so that the watchdog sees
/// which run exceeds it and reports that; and one for the init.
const SPARE_TASKS: u64 = 8 + 1;
/// Signals of a run that are queued and not yet delivered.
const MAX_QUEUED_SIGNALS: u64 = 1024;
/// Memory that a run may lock.
const MAX_LOCKED_BYTES: u64 = 64 * 1024;

/// Becomes the program. Returns only if that failed.
///
/// `other_tasks` is the number of processes and threads of its user that do not
/// belong to the run. `failure_pipe` is where the caller writes the failure; the
/// init waits for its end of file.
pub(super) fn become_program(
    spec: &Spec,
    filters: &[BpfProgram],
    other_tasks: u64,
    failure_pipe: &File,
) -> Failure {
    if let Err(failure) = prepare(spec, filters, other_tasks) {
        return failure;
    }
    if self_checks::are_asked_for(spec) {
        // Without an exec, close-on-exec closes nothing.
        sys::close_range(failure_pipe.as_raw_fd(), false).ok();
        self_checks::run(spec)
    }
    Failure::Step(
        "the program could not be started",
        sys::exec(&spec.argv, &spec.env),
    )
}

fn prepare(spec: &Spec, filters: &[BpfProgram], other_tasks: u64) -> Result<(), Failure> {
    rustix::process::setsid().context("setsid")?;
    sys::reset_signals().context("resetting signals")?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let folder = spec.folder.as_ref().map(Path::new);
    let folders = folder.map_or_else(RunFolders::in_own_root, RunFolders::on_disk);
    rustix::process::chdir(&folders.start).context("entering the folder")?;
    // Marked close-on-exec, not closed: the steps below still report failures.
    sys::close_range(3, true).context("close_range")?;
    set_limits(&spec.limits, other_tasks).context("setting limits")?;
    landlock::restrict_program(spec)?;
    for filter in filters {
        seccompiler::apply_filter(filter)
            .map_err(io::Error::other)
            .context("seccomp")?;
    }
    Ok(())
}

/// What the kernel limits a program's tasks to. It counts the processes of this user
/// namespace, or without one, all processes of the user.
pub(super) fn tasks_limit(limits: &SpecLimits, other_tasks: u64) -> u64 {
    limits
        .tasks
        .saturating_add(SPARE_TASKS)
        .saturating_add(other_tasks)
}

fn set_limits(limits: &SpecLimits, other_tasks: u64) -> io::Result<()> {
    let tasks = tasks_limit(limits, other_tasks);
    lower(Resource::Nproc, tasks, tasks)?;
    // The kernel counts these two against the runner's user as well, so each run
    // gets little.
    lower(Resource::Sigpending, MAX_QUEUED_SIGNALS, MAX_QUEUED_SIGNALS)?;
    lower(Resource::Memlock, MAX_LOCKED_BYTES, MAX_LOCKED_BYTES)?;
    lower(Resource::Msgqueue, 0, 0)?;
    lower(Resource::Rtprio, 0, 0)?;
    limits.process.apply()
}
