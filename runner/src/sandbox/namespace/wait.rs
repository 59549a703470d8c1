//! A program that is started before there is code for it: it stops itself, and goes on
//! when the runner has sent the code.
//!
//! `launch.rs` calls this in the init, between the program's exec and the report of its
//! start. The program itself is told by [`WAIT_VARIABLE`] to stop (`runner/libraries`). A
//! stopped process takes no CPU time, has no descriptor of ours, and needs no message to
//! go on: so nothing of the waiting is left when the code runs.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Resource, Signal};

use super::launch_plan::{Launch, write_files};
use super::program::tasks_limit;
use super::protocol::{Code, Message, WAIT_VARIABLE, receive_json};
use super::sys::{self, ChildState};
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::rlimits::{cpu_limit, lower_of};

/// The variable for a program that is to wait.
pub(super) fn variable() -> (String, String) {
    (WAIT_VARIABLE.to_owned(), libc::SIGSTOP.to_string())
}

/// Waits until the program has stopped and its code has come, and gives it the code and
/// its limits. Returns the CPU time that it has used so far. It does not run on yet.
pub(super) fn for_code(
    launch: &Launch<'_>,
    pid: i32,
    control: &mut UnixStream,
) -> Result<Duration, Failure> {
    loop {
        match sys::state_of_child(pid) {
            ChildState::Stopped => break,
            ChildState::Ended => return Err(ended()),
            ChildState::Running => {}
        }
        // The runner sends nothing yet.
        if wait_for_either(launch.child_signals, control)? {
            return Err(unwanted());
        }
    }
    Message::Waiting.send(control).context("sending a report")?;
    while !wait_for_either(launch.child_signals, control)? {
        if !matches!(sys::state_of_child(pid), ChildState::Running) {
            return Err(ended());
        }
    }
    let code: Code = receive_json(control).context("receiving the code")?;
    give(launch, pid, &code, control)?;
    // A program that was killed meanwhile has run nothing of its code: it is run elsewhere.
    if !matches!(sys::state_of_child(pid), ChildState::Running) {
        return Err(ended());
    }
    sys::cpu_of(pid).context("reading the CPU time")
}

/// Lets the program run on.
pub(super) fn go_on(pid: i32) -> Result<(), Failure> {
    let pid = Pid::from_raw(pid).ok_or_else(ended)?;
    rustix::process::kill_process(pid, Signal::CONT).context("continuing the program")
}

/// Writes the files, and sets the limits that depend on the request or on the moment.
/// All others were set at the program's start.
fn give(launch: &Launch<'_>, pid: i32, code: &Code, control: &UnixStream) -> Result<(), Failure> {
    write_files(launch, &code.files, control)?;
    let program = Pid::from_raw(pid);
    let (soft, hard) = cpu_limit(code.cpu_s);
    lower_of(program, Resource::Cpu, soft, hard).context("setting limits")?;
    let tasks = tasks_limit(&launch.spec.limits, (launch.other_tasks)(Some(pid)));
    lower_of(program, Resource::Nproc, tasks, tasks).context("setting limits")
}

/// Waits until a child's state has changed or the runner has something to say. Returns
/// whether the runner has.
fn wait_for_either(child_signals: &OwnedFd, control: &UnixStream) -> Result<bool, Failure> {
    let mut fds = [
        PollFd::from_borrowed_fd(child_signals.as_fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(control.as_fd(), PollFlags::IN),
    ];
    match poll(&mut fds, None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error).context("waiting"),
    }
    let has_message = !fds[1].revents().is_empty();
    sys::clear_signals(child_signals);
    Ok(has_message)
}

/// The failure of a program that has ended before it got its code.
fn ended() -> Failure {
    Failure::Reported {
        text: "the program ended before it had its code".to_owned(),
        is_shortage: true,
    }
}

/// The failure of a program whose runner has died or given it up. Nobody reads it.
fn unwanted() -> Failure {
    Failure::Reported {
        text: "the runner has given up the program".to_owned(),
        is_shortage: true,
    }
}
