//! The seam between "what to run" and "how it is held".
//!
//! Everything above this module speaks of a [`Request`] and a [`Report`];
//! everything that knows of processes, signals and `/proc` lies below. There are
//! three implementations of [`Sandbox`], chosen in `main.rs`:
//! [`namespace::NamespaceSandbox`], which holds hostile code;
//! [`namespace::LandlockSandbox`], which does so with fewer walls where there are
//! no namespaces; and [`process::ProcessSandbox`]: child processes under limits,
//! **no isolation**.
//!
//! All `unsafe` of the crate is in this folder.

#[cfg(target_os = "linux")]
pub mod namespace;
pub mod process;

mod files;
mod pipes;
mod procfs;
mod session;
mod spawn;
mod workdir;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use files::File;

/// Runs one program under limits and says how it ended.
pub trait Sandbox: Send + Sync + 'static {
    /// Runs `request` to its end. Blocks, so call it on a thread that may block.
    ///
    /// When it returns, nothing that the program started is still running, as
    /// far as the implementation can tell. What cannot be started at all is a
    /// [`Ending::Failed`], never a panic.
    fn run(&self, request: &Request<'_>, cancel: &Cancel) -> Report;

    /// How well it holds what it runs. Told with every answer.
    fn tier(&self) -> Tier;
}

/// How well programs are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Namespaces, a root of their own, Landlock and seccomp.
    Full,
    /// Landlock and seccomp alone: they see that outside files and processes exist,
    /// and no more.
    Landlock,
    /// Limits only. For code that is trusted.
    Unsandboxed,
}

impl Tier {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Landlock => "landlock",
            Self::Unsandboxed => "unsandboxed",
        }
    }
}

/// One program to run.
#[derive(Debug)]
pub struct Request<'a> {
    /// Program (an absolute path, or relative to its folder) and its arguments.
    pub argv: &'a [String],
    /// What is in the folder that it starts in.
    pub files: &'a [File],
    /// Whether to bring the folder's files back if it exits with 0.
    pub keep_files: bool,
    /// Absolute paths it has to read beside the system's folders. What an
    /// implementation without isolation does with them is nothing.
    pub mounts: &'a [String],
    /// The whole environment, but for `HOME` and `TMPDIR`.
    pub env: &'a [(String, String)],
    /// All of its standard input.
    pub stdin: &'a [u8],
    /// What it may use.
    pub limits: Limits,
}

/// What one program, with everything it starts, may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time.
    pub wall: Duration,
    /// CPU time, summed over all its processes.
    pub cpu: Duration,
    /// Resident memory in bytes, summed over all its processes. `None`: no limit.
    pub memory_bytes: Option<u64>,
    /// Bytes kept of standard output, and as many of standard error.
    pub output_bytes: usize,
    /// Processes and threads alive at once.
    pub tasks: u64,
    /// Open files of each process.
    pub open_files: u64,
    /// Size of each file written, in bytes.
    pub file_bytes: u64,
    /// Bytes of all files written, in the folder and in `TMPDIR` each.
    pub disk_bytes: u64,
    /// Number of files and folders, likewise.
    pub disk_files: u64,
}

/// Which limit ended a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Wall time.
    Wall,
    /// CPU time.
    Cpu,
    /// Memory.
    Memory,
    /// Number of processes and threads.
    Tasks,
    /// Length of standard output.
    Stdout,
    /// Length of standard error.
    Stderr,
    /// Bytes or number of the files that were to be brought back.
    Disk,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It exited by itself, with this code (0 to 255).
    Exited(i32),
    /// A signal ended it, sent by itself, by a kernel limit or by a fault.
    Signaled(i32),
    /// It went over a limit and was killed for that.
    Limited(Limit),
    /// [`Cancel`] was set, and it was killed.
    Cancelled,
    /// It could not be started or watched. For operators, and for the caller's
    /// `message`: names the failed step, no path.
    Failed(String),
}

/// What is known of a program that ended.
#[derive(Debug, Clone)]
pub struct Report {
    /// How it ended.
    pub ending: Ending,
    /// Standard output, at most [`Limits::output_bytes`].
    pub stdout: Vec<u8>,
    /// Standard error, at most [`Limits::output_bytes`].
    pub stderr: Vec<u8>,
    /// Both, in the order they arrived.
    pub output: Vec<u8>,
    /// CPU time of all its processes.
    pub cpu: Duration,
    /// From start to end.
    pub wall: Duration,
    /// The most resident memory seen at once, in bytes, over all its processes.
    pub memory_bytes: u64,
    /// Its folder's regular files, if it was asked to keep them and exited with 0.
    pub files: Vec<File>,
}

impl Report {
    /// A report of something that never ran.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self {
            ending: Ending::Failed(reason.into()),
            stdout: Vec::new(),
            stderr: Vec::new(),
            output: Vec::new(),
            cpu: Duration::ZERO,
            wall: Duration::ZERO,
            memory_bytes: 0,
            files: Vec::new(),
        }
    }
}

/// Tells a run, or all of them, to stop. Cloning shares the switch.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    this: Arc<AtomicBool>,
    all: Arc<AtomicBool>,
}

impl Cancel {
    /// A switch of its own that the same `all` still reaches.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            this: Arc::default(),
            all: Arc::clone(&self.all),
        }
    }

    /// Stops this run.
    pub fn cancel(&self) {
        self.this.store(true, Ordering::Release);
    }

    /// Stops every run that shares the root switch.
    pub fn cancel_all(&self) {
        self.all.store(true, Ordering::Release);
    }

    /// Whether to stop.
    pub fn is_cancelled(&self) -> bool {
        self.this.load(Ordering::Acquire) || self.all.load(Ordering::Acquire)
    }

    /// A guard that cancels when dropped, unless disarmed.
    pub fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(Some(self.clone()))
    }
}

/// Cancels its run when dropped: what a handler holds while its client waits.
#[derive(Debug)]
pub struct CancelOnDrop(Option<Cancel>);

impl CancelOnDrop {
    /// The run has ended; dropping does nothing from now on.
    pub fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancel) = self.0.take() {
            cancel.cancel();
        }
    }
}
