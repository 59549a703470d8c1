//! Whether this machine's sandbox holds, found out by trying to break it.
//!
//! At start, the runner runs not a program but [`inside`] in a sandbox made like
//! every other: each check does what a hostile program would, and has to fail.
//! A kernel without user namespaces, a container that forbids mounts, a profile
//! of AppArmor in the way: all of them show here, before anybody's code runs.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::{NamespaceSandbox, sys};
use crate::sandbox::{Cancel, Ending, Limits, Request, Sandbox};

/// The "program" that means these checks.
pub(super) const PROGRAM: &str = "edgejudge:self-test";

/// What was found out about this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The kernel's version of Landlock, 0 for none. From 6 on it also ends at
    /// whom signals and abstract sockets reach; the namespaces do so anyway.
    pub landlock_abi: u32,
}

/// Why programs cannot be held here. For the operator.
#[derive(Debug, thiserror::Error)]
pub enum SelfTestError {
    /// The sandbox could not be made.
    #[error("a sandbox cannot be made on this machine: {0}")]
    NotMade(String),
    /// It was made, and does not hold.
    #[error("the sandbox does not hold on this machine: {0}")]
    DoesNotHold(String),
}

impl NamespaceSandbox {
    /// Tries the sandbox out. Blocks for some milliseconds.
    pub fn self_test(&self) -> Result<Found, SelfTestError> {
        // The watchdog finds a run's processes by it; without, no sum would hold.
        if !Path::new("/proc/thread-self/children").exists() {
            return Err(SelfTestError::NotMade(
                "this kernel does not tell a process's children (CONFIG_PROC_CHILDREN), or /proc \
                 is not mounted"
                    .to_owned(),
            ));
        }
        let while_busy = Duration::from_secs(10);
        let report = self.run(
            &Request {
                argv: &[PROGRAM.to_owned()],
                files: &[],
                keep_files: false,
                mounts: &[],
                env: &[],
                stdin: b"",
                limits: Limits {
                    wall: while_busy,
                    cpu: while_busy,
                    memory_bytes: Some(256 << 20),
                    output_bytes: 4096,
                    tasks: 8,
                    open_files: 64,
                    file_bytes: 8 << 20,
                    disk_bytes: 1 << 20,
                    disk_files: 64,
                },
            },
            &Cancel::default(),
        );
        let told = String::from_utf8_lossy(&report.stdout).into_owned();
        match report.ending {
            Ending::Exited(0) => Ok(Found {
                landlock_abi: told.trim().parse().unwrap_or(0),
            }),
            Ending::Exited(_) => Err(SelfTestError::DoesNotHold(told.trim().to_owned())),
            Ending::Failed(why) => Err(SelfTestError::NotMade(why)),
            other => Err(SelfTestError::NotMade(format!("{other:?}"))),
        }
    }
}

/// The checks; runs in place of a program. Prints Landlock's version, or what
/// ought not to have worked.
pub(super) fn inside() -> ! {
    let broken: Vec<&str> = CHECKS
        .iter()
        .filter(|(_, holds)| !holds())
        .map(|(what, _)| *what)
        .collect();
    let told = if broken.is_empty() {
        sys::landlock_abi().to_string()
    } else {
        broken.join(", ")
    };
    let _ = io::stdout().write_all(told.as_bytes());
    let _ = io::stdout().flush();
    sys::exit(i32::from(!broken.is_empty()))
}

type Check = (&'static str, fn() -> bool);

/// What must hold, named by what it would mean if it did not.
const CHECKS: &[Check] = &[
    ("it runs as root", || {
        !rustix::process::getuid().is_root() && !rustix::process::geteuid().is_root()
    }),
    ("it could gain rights", || {
        rustix::thread::no_new_privs().unwrap_or(false)
    }),
    ("it has capabilities", sys::has_no_capabilities),
    ("it shares the machine's processes", || {
        rustix::process::getppid().is_some_and(|parent| parent.as_raw_nonzero().get() == 1)
    }),
    ("it sees /proc", || absent("/proc") && absent("/sys")),
    ("it sees the machine's users", || absent("/etc/passwd")),
    ("it sees folders of users", || {
        absent("/home") || is_empty("/home")
    }),
    ("it writes to /", || fs::write("/x", "x").is_err()),
    ("it writes to /usr", || fs::write("/usr/x", "x").is_err()),
    ("it cannot write to its folder", || {
        fs::write("x", "x").is_ok() && fs::remove_file("x").is_ok()
    }),
    ("its disk has no bound", || {
        let bytes = vec![1; 2 << 20];
        let refused = fs::write("/tmp/x", bytes).is_err();
        let _ = fs::remove_file("/tmp/x");
        refused
    }),
    ("it opens sockets", || {
        std::net::TcpListener::bind("127.0.0.1:0").is_err()
            && std::os::unix::net::UnixListener::bind("/tmp/s").is_err()
    }),
    ("it makes namespaces", sys::refuses_new_namespaces),
];

fn absent(path: &str) -> bool {
    !Path::new(path).exists()
}

fn is_empty(path: &str) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}
