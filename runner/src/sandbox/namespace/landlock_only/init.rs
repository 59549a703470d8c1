//! The helper of a run without namespaces: the program's parent, its reaper, and
//! the guard of its disk quota.
//!
//! With a pid namespace, the init may simply end and the kernel kills the rest.
//! This one kills and reaps before it ends, on every way out.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{DumpableBehavior, Signal};
use rustix::thread::{Gid, Uid};
use seccompiler::BpfProgram;

use super::super::landlock::SignalDomain;
use super::super::launch::{self, End, INTERRUPT_TIMEOUT, Launched};
use super::super::launch_plan::{self, Launch};
use super::super::protocol::{EndRequest, Message, Spec};
use super::super::{seccomp, sys};
use super::quota::Quota;
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::layout::RunFolders;
use crate::sandbox::procfs::{all_pids, read_stat};

/// Processes and threads of interpreters that may be started during a run.
const WAITING_TASKS: u64 = 32;

/// The whole life of the helper after it has received the spec.
pub(in super::super) fn live(spec: &Spec, folder: &Path, mut control: UnixStream) -> ! {
    let folders = RunFolders::on_disk(folder);
    let result =
        Init::prepare(spec, &mut control).and_then(|init| init.run(spec, &folders, &mut control));
    let sent = match result {
        Ok(()) => Ok(()),
        Err(failure) => Message::from(&failure).send(&mut control),
    };
    sys::exit(i32::from(sent.is_err()))
}

/// The helper after it has dropped its rights.
struct Init {
    domain: SignalDomain,
    filters: Vec<BpfProgram>,
    /// Readable when a child has ended.
    child_signals: OwnedFd,
}

impl Init {
    /// Drops every right and enters the domain.
    fn prepare(spec: &Spec, control: &mut UnixStream) -> Result<Self, Failure> {
        let filters = seccomp::filters_of_shared_user()
            .map_err(io::Error::other)
            .context("seccomp")?;
        let own = rustix::process::getpid();
        rustix::process::set_child_subreaper(Some(own)).context("becoming the sub-reaper")?;
        Message::Init(own.as_raw_nonzero().get())
            .send(control)
            .context("sending a report")?;
        if let Some(user) = spec.user {
            become_user(user).context("changing the user")?;
        }
        rustix::thread::set_no_new_privs(true).context("prctl")?;
        sys::drop_capabilities().context("dropping capabilities")?;
        rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).context("prctl")?;
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        let domain = SignalDomain::enter()?;
        Ok(Self {
            domain,
            filters,
            child_signals: sys::child_signals().context("signalfd")?,
        })
    }

    /// Runs the program, and ends every process of the run whatever happens.
    fn run(
        &self,
        spec: &Spec,
        folders: &RunFolders,
        control: &mut UnixStream,
    ) -> Result<(), Failure> {
        let launch = Launch {
            spec,
            filters: &self.filters,
            in_child: prefer_for_oom,
            other_tasks,
            folder: &folders.start,
            // Because seccomp refuses `chmod`.
            all_executable: true,
            child_signals: &self.child_signals,
        };
        launch_plan::write_files(&launch, &spec.files, control)?;
        let launched = launch::launch(&launch, control);
        let result = launched.and_then(|program| {
            self.watch(spec, folders, &program, control)
                .context("sending a report")
        });
        self.end_all(None);
        result
    }

    /// Reaps and checks the disk until the program has ended or must be ended; then
    /// ends the remaining processes and reports.
    fn watch(
        &self,
        spec: &Spec,
        folders: &RunFolders,
        program: &Launched,
        control: &mut UnixStream,
    ) -> io::Result<()> {
        let mut quota = Quota::new(folders, &spec.limits);
        let mut end = None;
        let mut is_over_quota = false;
        let mut deadline: Option<Instant> = None;
        while end.is_none() && !is_over_quota {
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                break;
            }
            let until = Instant::now() + quota.due_in();
            match self.wait(
                control,
                deadline.map_or(until, |deadline| until.min(deadline)),
            )? {
                Some(EndRequest::Interrupt) => {
                    program.interrupt();
                    deadline = Some(Instant::now() + INTERRUPT_TIMEOUT);
                }
                Some(EndRequest::Kill) => break,
                None => {}
            }
            while let Some(reaped) = sys::reap_any(false) {
                if reaped.pid == program.pid {
                    end = Some(program.ended_now(reaped.status));
                    break;
                }
            }
            is_over_quota = end.is_none() && quota.is_exceeded();
        }
        let killed = self.end_all(Some(program));
        // Data written after the last check counts as well.
        if is_over_quota || quota.is_exceeded_at_end() {
            Message::DiskLimitExceeded.send(control)?;
        }
        launch::report(spec, &folders.start, program, end.or(killed), control)
    }

    /// Waits for a child's end, the runner, or the given time. Returns how the run must
    /// end, if it must.
    fn wait(&self, control: &mut UnixStream, until: Instant) -> io::Result<Option<EndRequest>> {
        let mut fds = [
            PollFd::from_borrowed_fd(self.child_signals.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(control.as_fd(), PollFlags::IN),
        ];
        match poll(&mut fds, Some(&sys::time_until(until))) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let mut request = None;
        if !fds[1].revents().is_empty() {
            let mut byte = [0];
            // An end of file means that the runner has died.
            request = Some(match control.read(&mut byte) {
                Ok(1) if byte == [EndRequest::Interrupt as u8] => EndRequest::Interrupt,
                _ => EndRequest::Kill,
            });
        }
        sys::clear_signals(&self.child_signals);
        Ok(request)
    }

    /// Kills and reaps until no process is left. Returns how `program` ended, if it
    /// was still alive.
    fn end_all(&self, program: Option<&Launched>) -> Option<End> {
        let mut end = None;
        self.domain.kill_everything();
        while let Some(reaped) = sys::reap_any(true) {
            // Repeated for children that were just being made.
            self.domain.kill_everything();
            if let Some(program) = program
                && reaped.pid == program.pid
            {
                end.get_or_insert(program.ended_now(reaped.status));
            }
        }
        end
    }
}

/// Gives up root for this user.
fn become_user(user: u32) -> rustix::io::Result<()> {
    // Only root may drop them.
    sys::drop_capability_bounds();
    rustix::thread::set_thread_groups(&[])?;
    let group = Gid::from_raw(user);
    rustix::thread::set_thread_res_gid(group, group, group)?;
    let user = Uid::from_raw(user);
    rustix::thread::set_thread_res_uid(user, user, user)
}

/// See [`Launch::other_tasks`]. Some more than there are: interpreters that are started
/// meanwhile, to wait for their code, must not keep the program from its own threads.
fn other_tasks(program: Option<i32>) -> u64 {
    let all = tasks_of(rustix::process::getuid().as_raw());
    let own = program.and_then(read_stat).map_or(0, |stat| stat.threads);
    all.saturating_sub(own) + WAITING_TASKS
}

/// Processes and threads that the kernel already counts against the user: without
/// a user namespace, its limit applies to all runs together.
fn tasks_of(user: u32) -> u64 {
    all_pids()
        .filter(|pid| {
            std::fs::metadata(format!("/proc/{pid}/task"))
                .is_ok_and(|metadata| metadata.uid() == user)
        })
        .filter_map(|pid| Some(read_stat(pid)?.threads.max(1)))
        .sum()
}

/// Makes the kernel kill the program before the runner and this helper when memory
/// runs out. Runs in the program's process before its exec.
fn prefer_for_oom() {
    // The file belongs to root as long as this process is not dumpable.
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable);
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    // In case the helper is killed all the same.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
}
