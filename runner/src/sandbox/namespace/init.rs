//! Process 1 of a run: builds the world, starts the program, reaps everything,
//! says how it ended.
//!
//! It holds no capability once the program runs, and no end of the program's
//! pipes: one more writer, and nobody would ever see an end of file. When it
//! ends, for whatever reason, the kernel kills all that is left in its pid
//! namespace.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{DumpableBehavior, Signal};
use rustix::thread::{Gid, Uid};
use seccompiler::BpfProgram;

use super::helper::INSIDE_ID;
use super::program;
use super::protocol::{Ended, Message, Spec};
use super::root::{self, Sources};
use super::sys::{self, Side};
use crate::sandbox::files::{self, CollectError};

/// A step that failed, and why.
pub(super) struct Step(pub(super) &'static str, pub(super) io::Error);

impl Step {
    /// The step, and the system's words for what was wrong. No path.
    pub(super) fn told(&self) -> String {
        match self.0 {
            // Told by another process, which has named its step.
            "" => self.1.to_string(),
            step => format!("{step}: {}", self.1),
        }
    }
}

pub(super) trait During<T> {
    fn during(self, step: &'static str) -> Result<T, Step>;
}

impl<T, E: Into<io::Error>> During<T> for Result<T, E> {
    fn during(self, step: &'static str) -> Result<T, Step> {
        self.map_err(|error| Step(step, error.into()))
    }
}

/// The whole life of process 1.
pub(super) fn live(spec: &Spec, filters: &[BpfProgram], mut control: UnixStream) -> ! {
    let told = match build_and_start(spec, filters, &mut control) {
        Ok(started) => watch(spec, started, &mut control),
        Err(step) => Message::Failed(step.told()).send(&mut control),
    };
    sys::exit(i32::from(told.is_err()))
}

struct Started {
    pid: i32,
    clock: Instant,
    signals: OwnedFd,
}

fn build_and_start(
    spec: &Spec,
    filters: &[BpfProgram],
    control: &mut UnixStream,
) -> Result<Started, Step> {
    let sources = Sources::open(&spec.mounts).during("the folders to show")?;
    become_nobody(spec.user.is_some()).during("another user")?;
    // Set again by every change of user, so only now.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).during("prctl")?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).during("prctl")?;
    rustix::system::sethostname(b"sandbox").during("the host's name")?;
    sources.enter(&spec.limits).during("the new root")?;
    for (name, length, executable) in &spec.files {
        let mut content = Read::take(&*control, *length);
        files::write(Path::new(root::BOX), name, *executable, &mut content)
            .during("the submission's files")?;
    }
    rustix::thread::set_no_new_privs(true).during("prctl")?;
    sys::drop_capabilities().during("capabilities")?;

    let signals = sys::child_signals().during("signalfd")?;
    let (mut failure, mut tell) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
        .map(|(read, write)| (File::from(read), File::from(write)))
        .during("a pipe")?;
    let clock = Instant::now();
    let pid = match sys::clone(0).during("fork")? {
        Side::Child => {
            drop(failure);
            let step = program::become_program(spec, filters, 0, &mut tell);
            let _ = tell.write_all(step.told().as_bytes());
            sys::exit(127)
        }
        Side::Parent(pid) => pid,
    };
    drop(tell);
    sys::close_standard_streams();
    // Ends when the program replaces the process, and with it the other end.
    let mut told = String::new();
    failure.read_to_string(&mut told).during("a pipe")?;
    if !told.is_empty() {
        return Err(Step("", io::Error::other(told)));
    }
    Message::Started.send(control).during("the report")?;
    Ok(Started {
        pid,
        clock,
        signals,
    })
}

/// Leaves the runner's user behind, keeping the capabilities that the namespaces
/// gave until the root is built.
fn become_nobody(may_drop_groups: bool) -> rustix::io::Result<()> {
    rustix::thread::set_keep_capabilities(true)?;
    if may_drop_groups {
        rustix::thread::set_thread_groups(&[])?;
    }
    let group = Gid::from_raw(INSIDE_ID);
    rustix::thread::set_thread_res_gid(group, group, group)?;
    let user = Uid::from_raw(INSIDE_ID);
    rustix::thread::set_thread_res_uid(user, user, user)
}

/// Reaps until the program has ended or is to be ended; then ends the rest, and
/// tells.
fn watch(spec: &Spec, started: Started, control: &mut UnixStream) -> io::Result<()> {
    let mut ended = None;
    while ended.is_none() {
        let mut waiting_for = [
            PollFd::from_borrowed_fd(started.signals.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(control.as_fd(), PollFlags::IN),
        ];
        match poll(&mut waiting_for, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if !waiting_for[1].revents().is_empty() {
            match control.read(&mut [0]) {
                // The runner has died, and nobody waits for a report.
                Ok(0) | Err(_) => return Ok(()),
                Ok(_) => break,
            }
        }
        let mut pending = [0; 128 * 16];
        let _ = rustix::io::read(&started.signals, &mut pending);
        while let Some(reaped) = sys::reap_any(false) {
            if reaped.pid == started.pid {
                ended = Some((reaped.how, started.clock.elapsed()));
                break;
            }
        }
    }
    // One call that no fork can outrun, repeated for those who were just being
    // made; then wait until there is nobody.
    sys::kill_everything();
    while let Some(reaped) = sys::reap_any(true) {
        sys::kill_everything();
        if reaped.pid == started.pid {
            ended.get_or_insert((reaped.how, started.clock.elapsed()));
        }
    }
    let (how, wall) = ended.unwrap_or((Err(libc::SIGKILL), started.clock.elapsed()));
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
        send_files(spec, Path::new(root::BOX), control)?;
    }
    Message::Done.send(control)
}

/// Sends what lies in the folder that the program started in.
pub(super) fn send_files(spec: &Spec, folder: &Path, control: &mut UnixStream) -> io::Result<()> {
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
