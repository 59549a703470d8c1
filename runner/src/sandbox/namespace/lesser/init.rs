//! The helper of a run without namespaces: the program's parent, its reaper, and
//! the watch over its disk.
//!
//! Where the first tier's init may just end, because the kernel then kills the
//! rest, this one kills and reaps before it ends on every way out.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{DumpableBehavior, Signal};
use rustix::thread::{Gid, Uid};
use seccompiler::BpfProgram;

use super::super::init::{During, Step, send_files};
use super::super::program;
use super::super::protocol::{Ended, Message, Spec};
use super::super::seccomp;
use super::super::sys::{self, Side};
use super::quota::Quota;
use super::rules::Confined;
use super::{BOX, TMP};
use crate::sandbox::files;
use crate::sandbox::procfs::{all_pids, read_stat};

/// The whole life of the helper, from the moment it knows what to run in `folder`.
pub(in super::super) fn live(spec: &Spec, folder: &Path, mut control: UnixStream) -> ! {
    let told = prepare(spec, folder, &mut control).and_then(|ready| {
        let started = ready.start(spec, &mut control);
        let told = match &started {
            Ok(started) => ready.watch(spec, folder, started, &mut control),
            Err(_) => Ok(()),
        };
        // Whatever happened: nobody of this run outlives it.
        ready.end_all(None);
        started.and(told.during("the report"))
    });
    let told = match told {
        Ok(()) => Ok(()),
        Err(step) => Message::Failed(step.told()).send(&mut control),
    };
    sys::exit(i32::from(told.is_err()))
}

/// A helper with nothing left to lose.
struct Ready {
    confined: Confined,
    filters: Vec<BpfProgram>,
    signals: OwnedFd,
    /// Processes and threads that the program's user has elsewhere.
    others: u64,
}

struct Started {
    pid: i32,
    clock: Instant,
}

fn prepare(spec: &Spec, folder: &Path, control: &mut UnixStream) -> Result<Ready, Step> {
    let filters = seccomp::filters_of_shared_user()
        .map_err(|error| Step("seccomp", io::Error::other(error)))?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .during("the sub-reaper")?;
    let own = rustix::process::getpid().as_raw_nonzero().get();
    Message::Init(own).send(control).during("the report")?;
    if let Some(user) = spec.user {
        become_user(user).during("another user")?;
    }
    rustix::thread::set_no_new_privs(true).during("prctl")?;
    sys::drop_capabilities().during("capabilities")?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).during("prctl")?;
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let confined = Confined::enter()?;
    let place = folder.join(BOX);
    for (name, length, _) in &spec.files {
        let mut content = Read::take(&*control, *length);
        // All of them may be executed: the program cannot say which, for it may
        // not change rights.
        files::write(&place, name, true, &mut content).during("the submission's files")?;
    }
    let signals = sys::child_signals().during("signalfd")?;
    Ok(Ready {
        confined,
        filters,
        signals,
        others: tasks_of(rustix::process::getuid().as_raw()),
    })
}

/// Leaves root behind.
fn become_user(user: u32) -> rustix::io::Result<()> {
    // Only root may.
    sys::drop_capability_bounds();
    rustix::thread::set_thread_groups(&[])?;
    let group = Gid::from_raw(user);
    rustix::thread::set_thread_res_gid(group, group, group)?;
    let user = Uid::from_raw(user);
    rustix::thread::set_thread_res_uid(user, user, user)
}

/// What the kernel counts against the user already: its limit on processes knows
/// nothing of runs.
fn tasks_of(user: u32) -> u64 {
    all_pids()
        .filter(|pid| {
            std::fs::metadata(format!("/proc/{pid}/task")).is_ok_and(|about| about.uid() == user)
        })
        .filter_map(|pid| Some(read_stat(pid)?.threads.max(1)))
        .sum()
}

impl Ready {
    fn start(&self, spec: &Spec, control: &mut UnixStream) -> Result<Started, Step> {
        let (mut failure, mut tell) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
            .map(|(read, write)| (File::from(read), File::from(write)))
            .during("a pipe")?;
        let clock = Instant::now();
        let pid = match sys::clone(0).during("fork")? {
            Side::Child => {
                drop(failure);
                prefer_for_oom();
                let step = program::become_program(spec, &self.filters, self.others, &mut tell);
                let _ = tell.write_all(step.told().as_bytes());
                sys::exit(127)
            }
            Side::Parent(pid) => pid,
        };
        drop(tell);
        sys::close_standard_streams();
        let mut told = String::new();
        failure.read_to_string(&mut told).during("a pipe")?;
        if !told.is_empty() {
            return Err(Step("", io::Error::other(told)));
        }
        Message::Started.send(control).during("the report")?;
        Ok(Started { pid, clock })
    }

    /// Reaps and looks at the disk until the program has ended or is to be ended;
    /// then ends the rest, and tells.
    fn watch(
        &self,
        spec: &Spec,
        folder: &Path,
        started: &Started,
        control: &mut UnixStream,
    ) -> io::Result<()> {
        let mut quota = Quota::new(folder, &spec.limits);
        let mut ended = None;
        let mut is_over = false;
        while ended.is_none() && !is_over {
            if self.wait(control, quota.due_in())? == Word::End {
                break;
            }
            while let Some(reaped) = sys::reap_any(false) {
                if reaped.pid == started.pid {
                    ended = Some((reaped.how, started.clock.elapsed()));
                    break;
                }
            }
            is_over = ended.is_none() && quota.is_over();
        }
        let late = self.end_all(Some(started));
        // What was written after the last look counts as well.
        if is_over || quota.is_over_at_the_end() {
            Message::OverDisk.send(control)?;
        }
        let (how, wall) = ended
            .or(late)
            .unwrap_or((Err(libc::SIGKILL), started.clock.elapsed()));
        let (cpu, max_rss_bytes) = sys::usage_of_children();
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Message::Ended(Ended {
            how,
            cpu_us: micros(cpu),
            wall_us: micros(wall),
            max_rss_bytes,
        })
        .send(control)?;
        if spec.keep_files && how == Ok(0) {
            send_files(spec, &folder.join(BOX), control)?;
        }
        Message::Done.send(control)
    }

    /// Waits for a child's end, a word of the runner or the next look.
    fn wait(&self, control: &mut UnixStream, at_most: Duration) -> io::Result<Word> {
        let mut waiting_for = [
            PollFd::from_borrowed_fd(self.signals.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(control.as_fd(), PollFlags::IN),
        ];
        let timeout = Timespec {
            tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: at_most.subsec_nanos().into(),
        };
        match poll(&mut waiting_for, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_spoken_to = !waiting_for[1].revents().is_empty();
        let mut pending = [0; 128 * 16];
        let _ = rustix::io::read(&self.signals, &mut pending);
        // An end of file is as good as a byte: the runner has died.
        Ok(if is_spoken_to {
            Word::End
        } else {
            Word::Nothing
        })
    }

    /// Kills and reaps until there is nobody. How `started` ended, if it was still
    /// there.
    fn end_all(&self, started: Option<&Started>) -> Option<(Result<i32, i32>, Duration)> {
        let mut how = None;
        self.confined.kill_everything();
        while let Some(reaped) = sys::reap_any(true) {
            // Repeated for those who were just being made.
            self.confined.kill_everything();
            if let Some(started) = started
                && reaped.pid == started.pid
            {
                how.get_or_insert((reaped.how, started.clock.elapsed()));
            }
        }
        how
    }
}

#[derive(PartialEq, Eq)]
enum Word {
    Nothing,
    End,
}

/// If the machine runs out of memory, the program goes first, and neither the
/// runner nor this helper. In the program's own process, before it is one.
fn prefer_for_oom() {
    // The file belongs to root as long as this process cannot be looked into.
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::Dumpable);
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    // Should its parent die all the same.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
}

/// The folders that a program may write to, for whoever looks after them.
pub(super) fn places(folder: &Path) -> [std::path::PathBuf; 2] {
    [folder.join(BOX), folder.join(TMP)]
}
