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

use super::launch_plan::Launch;
use super::protocol::{Ended, Message, Spec};
use super::sys::{self, Fork};
use super::{program, wait};
use crate::sandbox::exit_status::ExitStatus;
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::files::{self, CollectError};

/// How long an interrupted program has before everything is killed.
pub(super) const INTERRUPT_TIMEOUT: Duration = Duration::from_millis(100);

/// A program that was started.
pub(super) struct Launched {
    pub(super) pid: i32,
    started_at: Instant,
    /// CPU time that the program has used before its code came.
    used_cpu: Duration,
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
pub(super) fn launch(launch: &Launch<'_>, control: &mut UnixStream) -> Result<Launched, Failure> {
    let spec = launch.spec;
    // What counts for a program that waits is the moment at which it goes on.
    let other_tasks = if spec.waits {
        u64::MAX
    } else {
        (launch.other_tasks)(None)
    };
    let (mut reader, mut writer) = pipe_with(PipeFlags::CLOEXEC)
        .map(|(read, write)| (File::from(read), File::from(write)))
        .context("creating a pipe")?;
    let mut started_at = Instant::now();
    let pid = match sys::clone(0).context("fork")? {
        Fork::Child => {
            drop(reader);
            (launch.in_child)();
            let failure = program::become_program(spec, launch.filters, other_tasks, &writer);
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
    let mut used_cpu = Duration::ZERO;
    if spec.waits {
        used_cpu = wait::for_code(launch, pid, control)?;
        started_at = Instant::now();
        wait::go_on(pid)?;
    }
    Message::Started(micros(used_cpu))
        .send(control)
        .context("sending a report")?;
    Ok(Launched {
        pid,
        started_at,
        used_cpu,
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
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
    Message::Ended(Ended {
        status,
        cpu_us: micros(cpu.saturating_sub(launched.used_cpu)),
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
