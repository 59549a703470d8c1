//! The process between the runner and a run: the runner's own executable, started
//! again under another name, with one thread.
//!
//! The runner has many threads, so a copy of it made by `clone` could only make
//! plain system calls. The helper has one: it makes the namespaces, maps the user,
//! and stays as the init's parent until the init has ended.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::thread::{Gid, Uid};

use super::protocol::{HELPER_NAME, INSIDE_ID, Message, Spec, receive_json, step};
use super::sys::{self, Fork};
use super::{init, landlock_only, seccomp};
use crate::sandbox::failure::{Context, Failure};

/// Index of the argument that is the number of the socket's descriptor. The
/// argument before it is a label for the process list.
const DESCRIPTOR_ARGUMENT: usize = 2;

const NAMESPACES: i32 = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// Becomes a helper if this process was started as one. Call it first in `main`,
/// before any thread exists.
pub fn run_if_helper() {
    let name = std::env::args_os().next();
    if name.is_some_and(|name| name == HELPER_NAME) {
        help()
    }
}

fn help() -> ! {
    let control = std::env::args()
        .nth(DESCRIPTOR_ARGUMENT)
        .and_then(|number| number.parse().ok())
        .and_then(|number| sys::only_descriptor(number).ok())
        .map(UnixStream::from);
    // Without the socket there is no way to report.
    let Some(mut control) = control else {
        sys::exit(2)
    };
    if let Err(failure) = start_init(&mut control) {
        let _ = Message::from(&failure).send(&mut control);
        sys::exit(1)
    }
    sys::exit(0)
}

fn start_init(control: &mut UnixStream) -> Result<(), Failure> {
    let spec = receive_json::<Spec>(control).context("receiving the command")?;
    let pass_on_streams = || {
        let passed_on = spec.user.map_or(Ok(()), own_streams);
        passed_on.context("passing on the streams")
    };
    if let Some(folder) = &spec.folder {
        pass_on_streams()?;
        let control = control.try_clone().context("copying a socket")?;
        landlock_only::init::live(&spec, Path::new(folder), control)
    }
    // When memory runs out, the kernel kills the run before the runner.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let filters = seccomp::filters()
        .map_err(io::Error::other)
        .context("seccomp")?;
    let (wait, go) = pipe_with(PipeFlags::CLOEXEC).context("creating a pipe")?;
    let pid = match sys::clone(NAMESPACES)
        .map_err(too_many_namespaces)
        .context(step::NAMESPACES)?
    {
        Fork::Child => {
            drop(go);
            let control = control.try_clone();
            // Waits until the user is mapped. If that failed, the pipe closes empty.
            let may_go = rustix::io::read(&wait, &mut [0; 1]) == Ok(1);
            match control {
                Ok(control) if may_go => init::live(&spec, &filters, control),
                _ => sys::exit(1),
            }
        }
        Fork::Parent(pid) => pid,
    };
    drop(wait);
    // Before the init may go on: its messages follow on the same socket.
    Message::Init(pid)
        .send(control)
        .context("sending a report")?;
    map_user(pid, spec.user).context(step::MAP_USER)?;
    pass_on_streams()?;
    rustix::io::write(&go, &[1]).context("writing to a pipe")?;
    drop(go);
    sys::close_standard_streams();
    sys::wait_for(pid);
    Ok(())
}

/// Gives the three standard streams to the program's user. It has them open already,
/// but to open them by name (`/dev/stdin`), it must own them.
fn own_streams(user: u32) -> rustix::io::Result<()> {
    let (owner, group) = (Uid::from_raw(user), Gid::from_raw(user));
    rustix::fs::fchown(rustix::stdio::stdin(), Some(owner), Some(group))?;
    rustix::fs::fchown(rustix::stdio::stdout(), Some(owner), Some(group))?;
    rustix::fs::fchown(rustix::stdio::stderr(), Some(owner), Some(group))
}

/// The kernel says "no space left on device" when the user has too many namespaces.
/// Here it means that some must end first.
fn too_many_namespaces(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(libc::ENOSPC) => io::Error::from_raw_os_error(libc::EUSERS),
        _ => error,
    }
}

/// Maps the namespace's one user to a user outside.
fn map_user(pid: i32, user: Option<u32>) -> io::Result<()> {
    let write = |file: &str, text: String| {
        std::fs::OpenOptions::new()
            .write(true)
            .open(format!("/proc/{pid}/{file}"))?
            .write_all(text.as_bytes())
    };
    let (uid, gid) = match user {
        Some(user) => (user, user),
        None => {
            // The kernel demands it of an unprivileged process before gid_map.
            write("setgroups", "deny".to_owned())?;
            (
                rustix::process::geteuid().as_raw(),
                rustix::process::getegid().as_raw(),
            )
        }
    };
    write("uid_map", format!("{INSIDE_ID} {uid} 1"))?;
    write("gid_map", format!("{INSIDE_ID} {gid} 1"))
}
