//! The types between the runner and its sandboxes: the trait, what it takes and
//! what it returns.
//!
//! Only data and one trait. `execute.rs` builds a [`Command`] for each stage and
//! reads the [`Report`]; every implementation lies in a module of its own.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cancel::Cancel;
use super::exit_status::ExitStatus;
use super::failure::Failure;
use super::files::File;
use super::limits::{Limit, Limits};

/// Runs one command under limits and reports how it ended.
pub trait Sandbox: Send + Sync + 'static {
    /// Runs `command` to its end. Blocks, so call it on a thread that may block.
    ///
    /// When it returns, no process of the run is left, as far as the
    /// implementation can see. A command that cannot be started is an
    /// [`Ending::Failed`] or an [`Ending::Unavailable`], never a panic.
    fn run(&self, command: &Command<'_>, cancel: &Cancel) -> Report;

    /// How well this sandbox isolates. Part of every response.
    fn tier(&self) -> Tier;

    /// Whether it starts programs before their code is there.
    fn warms_up(&self) -> bool {
        false
    }

    /// Starts the program of a command whose code is not known yet, up to the point at
    /// which it needs it: [`Command::files`], `stdin` and the limits of time and output do
    /// not matter. Blocks, some tenths of a second at most on a machine that is not busy.
    /// The text of an error is for the log.
    fn warm_up(&self, command: &Command<'_>) -> Result<Box<dyn IdleSandbox>, String> {
        let _ = command;
        Err("this sandbox starts no program before its code is there".to_owned())
    }
}

/// A sandbox in which a program waits for its code. Dropping it ends the program.
pub trait IdleSandbox: Send {
    /// Runs the command to its end, as [`Sandbox::run`] does, in this sandbox: it must be
    /// the command that the sandbox was made for, but for what does not matter there.
    /// `None`: the program had ended before it got the code, and nothing has been run.
    fn run(self: Box<Self>, command: &Command<'_>, cancel: &Cancel) -> Option<Report>;

    /// Whether the program still waits.
    fn is_alive(&self) -> bool;

    /// Resident memory of the program when it began to wait, in bytes.
    fn memory_bytes(&self) -> u64;
}

/// How well programs are isolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Namespaces, a root file system of their own, Landlock and seccomp.
    Full,
    /// Landlock and seccomp. Programs see that outside files and processes exist,
    /// but cannot open or signal them.
    Landlock,
    /// Limits only. For trusted code.
    Unsandboxed,
}

impl Tier {
    /// The tier's name in responses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Landlock => "landlock",
            Self::Unsandboxed => "unsandboxed",
        }
    }
}

/// One command to run.
#[derive(Debug)]
pub struct Command<'a> {
    /// The program (an absolute path, or relative to its folder) and its arguments.
    pub argv: &'a [String],
    /// The files of the folder that the program starts in.
    pub files: &'a [File],
    /// Whether to return the folder's files if the program exits with 0.
    pub collect_files: bool,
    /// What the program reads beside [`SYSTEM_PATHS`](super::SYSTEM_PATHS). Ignored
    /// without isolation.
    pub mounts: &'a [Mount],
    /// The whole environment except `HOME` and `TMPDIR`.
    pub env: &'a [(String, String)],
    /// All of the standard input.
    pub stdin: &'a [u8],
    /// Whether to return both streams combined as well.
    pub combine_output: bool,
    /// Whether a program that has used up its time gets a SIGINT first, and a moment to
    /// write out what it has buffered. Ignored without isolation.
    pub interrupt: bool,
    /// Whether the program can be started before its code is there.
    pub prewarm: bool,
    /// The limits of the run.
    pub limits: Limits,
}

/// A file or folder of the machine that a program may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Its absolute path.
    pub source: String,
    /// Its path as the program sees it. Only [`Tier::Full`] can show another one.
    pub shown: String,
    /// Whether it has a folder `node_modules`, in which Node shall
    /// find packages.
    pub has_packages: bool,
}

impl Mount {
    /// Something that is shown at its own place.
    pub fn in_place(path: impl Into<String>) -> Self {
        let source = path.into();
        Self {
            shown: source.clone(),
            source,
            has_packages: false,
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The program exited with this code, 0 to 255.
    Exited(i32),
    /// A signal ended the program, sent by itself, by a kernel limit or by a fault.
    Signaled(i32),
    /// The program exceeded a limit and was killed.
    Limited(Limit),
    /// [`Cancel`] was set and the program was killed.
    Cancelled,
    /// The sandbox failed to start or to watch the program. The text names the
    /// step that failed and no path; it goes to the log and into the response's
    /// `message`.
    Failed(String),
    /// The machine lacks what a run needs: descriptors, memory, processes or time.
    /// This says nothing about the program, which may be run elsewhere or later. The
    /// text is for the log only.
    Unavailable(String),
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Code(code) => Self::Exited(code),
            ExitStatus::Signal(signal) => Self::Signaled(signal),
        }
    }
}

/// The result of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// How the run ended.
    pub ending: Ending,
    /// Standard output, at most [`Limits::stdout_bytes`].
    pub stdout: Vec<u8>,
    /// Standard error, at most [`Limits::stderr_bytes`].
    pub stderr: Vec<u8>,
    /// Both streams, in the order in which they arrived, if
    /// [`Command::combine_output`] was set.
    pub output: Option<Vec<u8>>,
    /// CPU time of all processes of the run.
    pub cpu: Duration,
    /// Wall time from the program's start to its end.
    pub wall: Duration,
    /// The highest resident memory in bytes that was seen, summed over all
    /// processes of the run.
    pub memory_bytes: u64,
    /// The folder that the program started in, as it saw it. `None`: it did not start.
    pub folder: Option<PathBuf>,
    /// The folder's regular files, if [`Command::collect_files`] was set and the
    /// program exited with 0.
    pub files: Vec<File>,
}

impl Report {
    /// A report with this ending for a program that did not run.
    pub fn not_run(ending: Ending) -> Self {
        Self {
            ending,
            stdout: Vec::new(),
            stderr: Vec::new(),
            output: None,
            cpu: Duration::ZERO,
            wall: Duration::ZERO,
            memory_bytes: 0,
            folder: None,
            files: Vec::new(),
        }
    }

    /// A report of a failed sandbox.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::not_run(Ending::Failed(reason.into()))
    }

    /// A report of a sandbox that failed in this way.
    pub(super) fn of_failure(failure: &Failure) -> Self {
        let reason = failure.to_string();
        Self::not_run(if failure.is_shortage() {
            Ending::Unavailable(reason)
        } else {
            Ending::Failed(reason)
        })
    }
}
