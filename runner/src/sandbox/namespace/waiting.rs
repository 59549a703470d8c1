//! The runner's side of a program that waits for its code: starts it, and holds it until
//! there is code or nobody wants it any more.
//!
//! `tiers.rs` makes them for the pool (`warm_pool/`). The init's side is `wait.rs`; from
//! the moment at which the code goes in, `watchdog.rs` watches the run as any other.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::helper_process::{self, HELPER_TIMEOUT, HelperConfig, StartedHelper, When};
use super::process_tree::ProcessTree;
use super::protocol::Message;
use super::sys::time_until;
use super::watchdog;
use crate::sandbox::cancel::Cancel;
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::interface::{Command, Ending, IdleSandbox, Report};
use crate::sandbox::limits::Limits;
use crate::sandbox::workdir::RunFolder;

/// A program that waits for its code.
pub(super) struct WaitingProgram {
    // Ended before the folder is removed: fields are dropped in this order.
    helper: StartedHelper,
    tree: ProcessTree,
    folder: Option<RunFolder>,
    memory_bytes: u64,
}

impl WaitingProgram {
    /// Starts the command's program and waits until it waits.
    pub(super) fn start(
        config: &HelperConfig,
        folder: Option<RunFolder>,
        command: &Command<'_>,
    ) -> Result<Box<dyn IdleSandbox>, String> {
        let path = folder.as_ref().map(RunFolder::path);
        let started = helper_process::start(config, path, command, When::Later)
            .and_then(|helper| await_waiting(helper, &command.limits))
            .map_err(|failure| failure.to_string())?;
        let (helper, tree, memory_bytes) = started;
        Ok(Box::new(Self {
            helper,
            tree,
            folder,
            memory_bytes,
        }))
    }
}

/// Waits for the message that the program waits. Returns the tree of its processes, and
/// its memory in bytes.
fn await_waiting(
    helper: StartedHelper,
    limits: &Limits,
) -> Result<(StartedHelper, ProcessTree, u64), Failure> {
    let deadline = Instant::now() + HELPER_TIMEOUT;
    let mut tree = None;
    let mut received = Vec::new();
    loop {
        let mut fds = [PollFd::from_borrowed_fd(
            helper.control.as_fd(),
            PollFlags::IN,
        )];
        match poll(&mut fds, Some(&time_until(deadline))) {
            Ok(0) => {
                return Err(io::Error::from(io::ErrorKind::TimedOut))
                    .context("the program did not begin to wait in time");
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).context("watching the program"),
        }
        let mut chunk = [0; 256];
        match (&helper.control).read(&mut chunk) {
            Ok(0) => {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof))
                    .context("the program ended before it waited");
            }
            Ok(length) => received.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error).context("reading the helper's report"),
        }
        let messages = Message::take_all(&mut received).context("reading the helper's report")?;
        for message in messages {
            match (message, &mut tree) {
                (Message::Init(pid), _) => tree = Some(ProcessTree::new(pid)),
                (Message::Failed { text, is_shortage }, _) => {
                    return Err(Failure::Reported { text, is_shortage });
                }
                (Message::Waiting, Some(found)) => {
                    let memory_bytes = found.sample(limits).memory_bytes;
                    let tree = tree.take();
                    return tree
                        .map(|tree| (helper, tree, memory_bytes))
                        .ok_or_else(no_sense);
                }
                _ => return Err(no_sense()),
            }
        }
    }
}

fn no_sense() -> Failure {
    Failure::Step(
        "reading the helper's report",
        io::ErrorKind::InvalidData.into(),
    )
}

impl IdleSandbox for WaitingProgram {
    fn run(self: Box<Self>, command: &Command<'_>, cancel: &Cancel) -> Option<Report> {
        if cancel.is_cancelled() {
            return Some(Report::not_run(Ending::Cancelled));
        }
        let Self {
            helper,
            tree,
            folder,
            ..
        } = *self;
        let path = folder.as_ref().map(RunFolder::path);
        match watchdog::supervise_waiting(helper, tree, path, command, cancel) {
            Ok(report) => Some(report),
            Err(ended) if ended.has_started => Some(Report::of_failure(&ended.failure)),
            Err(_) => None,
        }
    }

    fn is_alive(&self) -> bool {
        // It says nothing before it gets its code, so anything to read is its end.
        let control = self.helper.control.as_fd();
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        poll(
            &mut [PollFd::from_borrowed_fd(control, PollFlags::IN)],
            Some(&now),
        ) == Ok(0)
            && self.tree.is_stopped()
    }

    fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }
}
