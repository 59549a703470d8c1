//! The process between the runner and a run: the runner's own program, started
//! again under another name, with one thread.
//!
//! The runner has many threads and may not `clone` by itself: the copy could
//! only make plain system calls. The helper makes the namespaces, maps the
//! user, and stays as the init's parent until that has ended.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::pipe::{PipeFlags, pipe_with};

use super::init::{self, Step};
use super::lesser;
use super::protocol::{Message, Spec};
use super::seccomp;
use super::sys::{self, Side};

/// The name that the helper is started under.
pub(super) const NAME: &str = "edgejudge-sandbox";
/// Which of its arguments is the number of the socket's descriptor. The one
/// before is a label for people who list processes.
const DESCRIPTOR_ARGUMENT: usize = 2;
/// The program's uid and gid, as it sees them itself.
pub(super) const INSIDE_ID: u32 = 1000;

const NAMESPACES: i32 = libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// Becomes a helper if that is what this process was started as. `main` calls it
/// before anything else, threads above all.
pub fn run_if_helper() {
    let name = std::env::args_os().next();
    if name.is_some_and(|name| name == NAME) {
        help()
    }
}

fn help() -> ! {
    let control = std::env::args()
        .nth(DESCRIPTOR_ARGUMENT)
        .and_then(|number| number.parse().ok())
        .and_then(|number| sys::only_descriptor(number).ok())
        .map(UnixStream::from);
    // Nobody to tell.
    let Some(mut control) = control else {
        sys::exit(2)
    };
    if let Err(step) = start_init(&mut control) {
        let _ = Message::Failed(step.told()).send(&mut control);
        sys::exit(1)
    }
    sys::exit(0)
}

fn start_init(control: &mut UnixStream) -> Result<(), Step> {
    let step = |name| move |error: io::Error| Step(name, error);
    let spec = Spec::receive(control).map_err(step("the request"))?;
    if let Some(folder) = &spec.folder {
        let control = control.try_clone().map_err(step("a socket"))?;
        lesser::init::live(&spec, Path::new(folder), control)
    }
    // If the machine runs out of memory, the run goes first, not the runner.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    // Here, where memory may be allocated without a thought.
    let filters = seccomp::filters().map_err(|error| Step("seccomp", io::Error::other(error)))?;
    let (wait, go) = pipe_with(PipeFlags::CLOEXEC).map_err(|error| Step("a pipe", error.into()))?;
    let pid = match sys::clone(NAMESPACES).map_err(step("namespaces"))? {
        Side::Child => {
            drop(go);
            let control = control.try_clone();
            // Until the user is mapped. Nothing comes if that failed.
            let may_go = rustix::io::read(&wait, &mut [0; 1]) == Ok(1);
            match control {
                Ok(control) if may_go => init::live(&spec, &filters, control),
                _ => sys::exit(1),
            }
        }
        Side::Parent(pid) => pid,
    };
    drop(wait);
    // Before the init may speak: its messages follow on the same socket.
    Message::Init(pid)
        .send(control)
        .map_err(step("the report"))?;
    map_user(pid, spec.user).map_err(step("mapping the user"))?;
    rustix::io::write(&go, &[1]).map_err(|error| Step("a pipe", error.into()))?;
    drop(go);
    sys::close_standard_streams();
    sys::wait_for(pid);
    Ok(())
}

/// Says who the namespace's one user is outside.
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
            // Demanded of whoever may not map groups freely.
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
