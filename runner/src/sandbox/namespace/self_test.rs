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

use super::lesser::LEAST_LANDLOCK_ABI;
use super::protocol::Spec;
use super::{LandlockSandbox, NamespaceSandbox, sys};
use crate::sandbox::{Cancel, Ending, Limit, Limits, Report, Request, Sandbox};

/// The "program" that means these checks.
pub(super) const PROGRAM: &str = "edgejudge:self-test";

/// Its argument for filling the disk until somebody stops it.
const FILL: &str = "fill";

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
    /// Namespaces, or mounts within them, cannot be made: the one failure for which
    /// there is another tier.
    #[error("namespaces cannot be made on this machine: {0}")]
    NoNamespaces(String),
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
        found(run_inside(self, &[PROGRAM.to_owned()])).map_err(|error| match error {
            SelfTestError::NotMade(why)
                if NAMESPACE_STEPS.iter().any(|step| why.starts_with(step)) =>
            {
                SelfTestError::NoNamespaces(why)
            }
            error => error,
        })
    }
}

impl LandlockSandbox {
    /// Tries the sandbox out. Blocks for some tenths of a second: the disk's bound
    /// is one that is looked after.
    pub fn self_test(&self) -> Result<Found, SelfTestError> {
        let abi = sys::landlock_abi();
        if abi < LEAST_LANDLOCK_ABI {
            return Err(SelfTestError::NotMade(format!(
                "Landlock {LEAST_LANDLOCK_ABI} is needed, and this kernel's version is {abi}"
            )));
        }
        let found = found(run_inside(self, &[PROGRAM.to_owned()]))?;
        let fill = [PROGRAM.to_owned(), FILL.to_owned()];
        match run_inside(self, &fill).ending {
            Ending::Limited(Limit::Disk) => Ok(found),
            other => Err(SelfTestError::DoesNotHold(format!(
                "its disk has no bound ({other:?})"
            ))),
        }
    }
}

/// Steps that fail where namespaces are forbidden, or nothing may be done in them.
const NAMESPACE_STEPS: [&str; 4] = [
    "namespaces: ",
    "mapping the user: ",
    "the folders to show: ",
    "the new root: ",
];

fn run_inside(sandbox: &impl Sandbox, argv: &[String]) -> Report {
    let while_busy = Duration::from_secs(10);
    let limits = Limits {
        wall: while_busy,
        cpu: while_busy,
        memory_bytes: Some(256 << 20),
        output_bytes: 4096,
        tasks: 8,
        open_files: 64,
        file_bytes: 8 << 20,
        disk_bytes: 1 << 20,
        disk_files: 64,
    };
    let request = Request {
        argv,
        files: &[],
        keep_files: false,
        mounts: &[],
        env: &[],
        stdin: b"",
        limits,
    };
    sandbox.run(&request, &Cancel::default())
}

fn found(report: Report) -> Result<Found, SelfTestError> {
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

/// The checks; runs in place of a program. Prints Landlock's version, or what
/// ought not to have worked.
pub(super) fn inside(spec: &Spec) -> ! {
    if spec.argv.iter().any(|argument| argument == FILL) {
        fill();
    }
    let checks = if spec.folder.is_some() {
        WITHOUT_NAMESPACES
    } else {
        CHECKS
    };
    let broken: Vec<&str> = checks
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

/// What must hold in the second tier. It sees that outside files exist, and may
/// not open any.
const WITHOUT_NAMESPACES: &[Check] = &[
    ("it runs as root", || {
        !rustix::process::getuid().is_root() && !rustix::process::geteuid().is_root()
    }),
    ("it could gain rights", || {
        rustix::thread::no_new_privs().unwrap_or(false)
    }),
    ("it has capabilities", sys::has_no_capabilities),
    ("it reaches its parent", || sys::refuses_to_reach(parent())),
    ("it reaches process 1", || sys::refuses_to_reach(1)),
    ("it reads /proc", || {
        fs::read("/proc/self/stat").is_err() && fs::read_dir("/proc").is_err()
    }),
    ("it reads the machine's users", || {
        fs::read("/etc/passwd").is_err()
    }),
    ("it reads folders of others", || {
        ["/", "/home", "/root", "/tmp", "/etc"]
            .iter()
            .all(|folder| fs::read_dir(folder).is_err())
    }),
    ("it writes outside", || {
        [
            "/x",
            "/usr/x",
            "/tmp/edgejudge-x",
            "/dev/shm/edgejudge-x",
            "../x",
        ]
        .iter()
        .all(|file| fs::write(file, "x").is_err())
    }),
    ("it cannot read /usr", || fs::read_dir("/usr").is_ok()),
    ("it cannot write to its folder", || {
        fs::write("x", "x").is_ok() && fs::remove_file("x").is_ok()
    }),
    ("it opens sockets", || {
        std::net::TcpListener::bind("127.0.0.1:0").is_err()
            && std::os::unix::net::UnixListener::bind("s").is_err()
    }),
    ("it hides what it holds", sys::refuses_to_hide),
    ("it makes namespaces", sys::refuses_new_namespaces),
];

fn parent() -> i32 {
    rustix::process::getppid().map_or(1, |pid| pid.as_raw_nonzero().get())
}

/// Takes more of the disk than it may, and waits for the consequences.
fn fill() -> ! {
    let _ = fs::write("x", vec![1; 2 << 20]);
    std::thread::sleep(Duration::from_secs(5));
    sys::exit(0)
}

fn absent(path: &str) -> bool {
    !Path::new(path).exists()
}

fn is_empty(path: &str) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}
