//! The checks of the self-test: they run inside a sandbox, in place of a program,
//! and try to break out of it.
//!
//! `program.rs` calls this when the command is [`PROGRAM`]; `self_test.rs` reads
//! what it prints.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::protocol::Spec;
use super::sys;

/// The "program" that stands for these checks.
pub(super) const PROGRAM: &str = "edgejudge:self-test";

/// Its argument for exceeding the disk limit and waiting to be stopped.
pub(super) const FILL_DISK: &str = "fill";

/// What the checks print after Landlock's version if `/dev/stdin` and the like work.
pub(super) const STREAMS: &str = " with streams";

/// How long [`FILL_DISK`] waits to be stopped.
const FILL_TIMEOUT: Duration = Duration::from_secs(5);

/// What a sandbox that lets the check succeed would allow, and whether the sandbox
/// prevents it.
type Check = (&'static str, fn() -> bool);

/// Whether the command is the self-test.
pub(super) fn are_asked_for(spec: &Spec) -> bool {
    spec.argv.first().is_some_and(|program| program == PROGRAM)
}

/// Runs the checks. Prints Landlock's version and [`STREAMS`] if the streams can be
/// opened by name, or the names of failed checks.
pub(super) fn run(spec: &Spec) -> ! {
    if spec.argv.iter().any(|argument| argument == FILL_DISK) {
        fill_disk();
    }
    let of_tier = if spec.folder.is_some() {
        WITHOUT_NAMESPACES
    } else {
        WITH_NAMESPACES
    };
    let failed: Vec<&str> = IN_BOTH_TIERS
        .iter()
        .chain(of_tier)
        .filter(|(_, holds)| !holds())
        .map(|(name, _)| *name)
        .collect();
    let text = if failed.is_empty() {
        let streams = if opens_streams() { STREAMS } else { "" };
        format!("{}{streams}", sys::landlock_abi())
    } else {
        failed.join(", ")
    };
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stdout().flush();
    sys::exit(i32::from(!failed.is_empty()))
}

const IN_BOTH_TIERS: &[Check] = &[
    ("it runs as root", || {
        !rustix::process::getuid().is_root() && !rustix::process::geteuid().is_root()
    }),
    ("it could gain rights", || {
        rustix::thread::no_new_privs().unwrap_or(false)
    }),
    ("it has capabilities", sys::has_no_capabilities),
    ("it cannot write to its folder", || {
        fs::write("x", "x").is_ok() && fs::remove_file("x").is_ok()
    }),
    ("it opens sockets", || {
        std::net::TcpListener::bind("127.0.0.1:0").is_err()
            && std::os::unix::net::UnixListener::bind("socket").is_err()
    }),
    ("it makes namespaces", sys::refuses_new_namespaces),
];

const WITH_NAMESPACES: &[Check] = &[
    ("it shares the machine's processes", || parent() == 1),
    ("it reads /proc", reads_no_proc),
    ("it sees the machine's processes", || {
        absent("/proc/1/exe") && absent("/sys")
    }),
    ("it sees the machine's users", || absent("/etc/passwd")),
    ("it sees folders of users", || {
        absent("/home") || is_empty("/home")
    }),
    ("it writes to /", || fs::write("/x", "x").is_err()),
    ("it writes to /usr", || fs::write("/usr/x", "x").is_err()),
    ("its disk is not limited", || {
        let bytes = vec![1; 2 << 20];
        let is_refused = fs::write("/tmp/x", bytes).is_err();
        let _ = fs::remove_file("/tmp/x");
        is_refused
    }),
];

/// In this tier, programs see that outside files exist, but may open none.
const WITHOUT_NAMESPACES: &[Check] = &[
    ("it reaches its parent", || sys::refuses_to_reach(parent())),
    ("it reaches process 1", || sys::refuses_to_reach(1)),
    ("it reads /proc", reads_no_proc),
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
    ("it hides files from the quota", sys::refuses_to_hide),
];

/// Whether nothing in `/proc` can be opened, although links into it work.
fn reads_no_proc() -> bool {
    let opened = |file: &str| fs::File::open(file).is_ok();
    let files = ["stat", "environ", "maps", "mem", "mountinfo", "cgroup"];
    fs::read_dir("/proc").is_err()
        && fs::read_dir("/proc/self/fd").is_err()
        && !files
            .iter()
            .any(|file| opened(&format!("/proc/self/{file}")))
        && !opened("/proc/meminfo")
        && fs::write("/proc/self/oom_score_adj", "0").is_err()
}

/// Whether the standard streams can be opened by name.
fn opens_streams() -> bool {
    let open = |stream: &str, write: bool| {
        fs::OpenOptions::new()
            .read(!write)
            .write(write)
            .open(stream)
            .is_ok()
    };
    open("/dev/stdin", false) && open("/dev/stdout", true) && open("/dev/fd/2", true)
}

fn parent() -> i32 {
    rustix::process::getppid().map_or(1, |pid| pid.as_raw_nonzero().get())
}

/// Exceeds the disk limit and waits to be stopped.
fn fill_disk() -> ! {
    let _ = fs::write("x", vec![1; 2 << 20]);
    std::thread::sleep(FILL_TIMEOUT);
    sys::exit(0)
}

fn absent(path: &str) -> bool {
    !Path::new(path).exists()
}

fn is_empty(path: &str) -> bool {
    fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}
