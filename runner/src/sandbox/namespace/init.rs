//! Process 1 of a run with namespaces: builds the root file system, starts the
//! program, reaps every process, and reports how the program ended.
//!
//! It holds no capability once the program runs, and no end of the program's
//! pipes. When it ends, for whatever reason, the kernel kills every process left
//! in its pid namespace.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{DumpableBehavior, Signal};
use rustix::thread::{Gid, Uid};
use seccompiler::BpfProgram;

use super::launch::{self, INTERRUPT_TIMEOUT, Launched};
use super::launch_plan::{self, Launch};
use super::protocol::{EndRequest, INSIDE_ID, Message, Spec, step};
use super::root::Sources;
use super::sys;
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::layout::RunFolders;

/// The whole life of process 1.
pub(super) fn live(spec: &Spec, filters: &[BpfProgram], mut control: UnixStream) -> ! {
    let folders = RunFolders::in_own_root();
    let result = match build_and_start(spec, filters, &folders, &mut control) {
        Ok(started) => watch(spec, &folders, &started, &mut control),
        Err(failure) => Message::from(&failure).send(&mut control),
    };
    sys::exit(i32::from(result.is_err()))
}

struct Started {
    program: Launched,
    /// Readable when a child has ended.
    child_signals: OwnedFd,
}

fn build_and_start(
    spec: &Spec,
    filters: &[BpfProgram],
    folders: &RunFolders,
    control: &mut UnixStream,
) -> Result<Started, Failure> {
    let sources = Sources::open(&spec.mounts).context(step::OPEN_SOURCES)?;
    become_inside_user(spec.user.is_some()).context("changing the user")?;
    // Every change of user resets both, so only now.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).context("prctl")?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).context("prctl")?;
    rustix::system::sethostname(b"sandbox").context("setting the host name")?;
    sources
        .enter(folders, &spec.limits)
        .context(step::ENTER_ROOT)?;
    rustix::thread::set_no_new_privs(true).context("prctl")?;
    sys::drop_capabilities().context("dropping capabilities")?;
    let child_signals = sys::child_signals().context("signalfd")?;
    let launch = Launch {
        spec,
        filters,
        in_child: || (),
        // The user namespace is the run's own: no other process counts against it.
        other_tasks: |_| 0,
        folder: &folders.start,
        all_executable: false,
        child_signals: &child_signals,
    };
    launch_plan::write_files(&launch, &spec.files, control)?;
    let program = launch::launch(&launch, control)?;
    Ok(Started {
        program,
        child_signals,
    })
}

/// Drops the runner's user, but not the capabilities in the new namespaces, which
/// building the root needs.
fn become_inside_user(may_drop_groups: bool) -> rustix::io::Result<()> {
    rustix::thread::set_keep_capabilities(true)?;
    if may_drop_groups {
        rustix::thread::set_thread_groups(&[])?;
    }
    let group = Gid::from_raw(INSIDE_ID);
    rustix::thread::set_thread_res_gid(group, group, group)?;
    let user = Uid::from_raw(INSIDE_ID);
    rustix::thread::set_thread_res_uid(user, user, user)
}

/// Reaps until the program has ended or the runner asks for its end; then kills
/// the remaining processes and reports.
fn watch(
    spec: &Spec,
    folders: &RunFolders,
    started: &Started,
    control: &mut UnixStream,
) -> io::Result<()> {
    let Started {
        program,
        child_signals,
    } = started;
    let mut end = None;
    let mut deadline = None;
    while end.is_none() {
        let mut fds = [
            PollFd::from_borrowed_fd(child_signals.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(control.as_fd(), PollFlags::IN),
        ];
        let timeout = deadline.map(sys::time_until);
        match poll(&mut fds, timeout.as_ref()) {
            // The interrupted program has had its moment.
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if !fds[1].revents().is_empty() {
            let mut request = [0];
            match control.read(&mut request) {
                // The runner has died: there is no reader for a report.
                Ok(0) | Err(_) => return Ok(()),
                Ok(_) if request == [EndRequest::Interrupt as u8] => {
                    program.interrupt();
                    deadline = Some(Instant::now() + INTERRUPT_TIMEOUT);
                }
                Ok(_) => break,
            }
        }
        sys::clear_signals(child_signals);
        while let Some(reaped) = sys::reap_any(false) {
            if reaped.pid == program.pid {
                end = Some(program.ended_now(reaped.status));
                break;
            }
        }
    }
    // No fork can outrun this call, but a child that was just being made survives
    // it. So it is repeated after each reaped process, until none is left.
    sys::kill_everything();
    while let Some(reaped) = sys::reap_any(true) {
        sys::kill_everything();
        if reaped.pid == program.pid {
            end.get_or_insert(program.ended_now(reaped.status));
        }
    }
    launch::report(spec, &folders.start, program, end, control)
}
