//! Starts the program from its init and sends the init's report: the part that
//! both tiers share.
//!
//! `init.rs` and `landlock_only/init.rs` call it; they differ in how they prepare,
//! watch and end a run.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal};
use seccompiler::BpfProgram;

use super::program;
use super::protocol::{Ended, Message, Spec};
use super::sys::{self, Fork};
use crate::sandbox::exit_status::ExitStatus;
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::files::{self, CollectError};

/// How long an interrupted program has before everything is killed.
pub(super) const INTERRUPT_TIMEOUT: Duration = Duration::from_millis(100);

/// A program that was started.
pub(super) struct Launched {
    pub(super) pid: i32,
    started_at: Instant,
}

/// How and when a program ended.
#[derive(Clone, Copy)]
pub(super) struct End {
    status: ExitStatus,
    wall: Duration,
}

impl Launched {
    /// Sends the program a SIGINT, but none of the processes that it has started.
    pub(super) fn interrupt(&self) {
        if let Some(pid) = Pid::from_raw(self.pid) {
            let _ = rustix::process::kill_process(pid, Signal::INT);
        }
    }

    /// The end of a program that has just been reaped with this status.
    pub(super) fn ended_now(&self, status: ExitStatus) -> End {
        End {
            status,
            wall: self.started_at.elapsed(),
        }
    }
}

/// Starts the program as a child of this process and tells the runner.
///
/// `in_child` runs first in the child. `other_tasks` is the number of processes
/// and threads of the same user that do not belong to the run.
pub(super) fn launch(
    spec: &Spec,
    filters: &[BpfProgram],
    other_tasks: u64,
    in_child: fn(),
    control: &mut UnixStream,
) -> Result<Launched, Failure> {
    let (mut reader, mut writer) = pipe_with(PipeFlags::CLOEXEC)
        .map(|(read, write)| (File::from(read), File::from(write)))
        .context("creating a pipe")?;
    let started_at = Instant::now();
    let pid = match sys::clone(0).context("fork")? {
        Fork::Child => {
            drop(reader);
            in_child();
            let failure = program::become_program(spec, filters, other_tasks, &writer);
            let _ = Message::from(&failure).send(&mut writer);
            sys::exit(127)
        }
        Fork::Parent(pid) => pid,
    };
    drop(writer);
    // One more writer, and the runner would never see an end of file.
    sys::close_standard_streams();
    // The end of file comes when the program replaces the child, which closes the
    // other end.
    let mut received = Vec::new();
    reader
        .read_to_end(&mut received)
        .context("reading from a pipe")?;
    let failed = Message::take_all(&mut received).context("reading from a pipe")?;
    if let Some(Message::Failed { text, is_shortage }) = failed.into_iter().next() {
        return Err(Failure::Reported { text, is_shortage });
    }
    Message::Started.send(control).context("sending a report")?;
    Ok(Launched { pid, started_at })
}

/// Reports the end of the program after all its processes were reaped, and sends
/// the files of its start folder if they are wanted. Without an `end`, the program
/// was killed with the rest.
pub(super) fn report(
    spec: &Spec,
    start_folder: &Path,
    launched: &Launched,
    end: Option<End>,
    control: &mut UnixStream,
) -> io::Result<()> {
    let End { status, wall } =
        end.unwrap_or_else(|| launched.ended_now(ExitStatus::Signal(libc::SIGKILL)));
    let (cpu, peak_memory_bytes) = sys::usage_of_children();
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Message::Ended(Ended {
        status,
        cpu_us: micros(cpu),
        wall_us: micros(wall),
        peak_memory_bytes,
    })
    .send(control)?;
    if spec.collect_files && status == ExitStatus::Code(0) {
        send_files(spec, start_folder, control)?;
    }
    Message::Done.send(control)
}

fn send_files(spec: &Spec, folder: &Path, control: &mut UnixStream) -> io::Result<()> {
    let limits = &spec.limits;
    let sent = files::collect(
        folder,
        limits.disk_files,
        limits.disk_bytes,
        &mut |name, executable, content| Message::File(name, executable, content).send(control),
    );
    match sent {
        Ok(()) => Ok(()),
        Err(CollectError::TooMuch) => Message::TooManyFiles.send(control),
        Err(CollectError::Failed(error)) => Err(error),
    }
}
