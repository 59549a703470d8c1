//! The runner's side of a helper process: starts it, sends it the run, and ends
//! everything of the run on every way out.
//!
//! `watchdog.rs` calls it and watches what happens in between. The helper's own
//! side is `helper.rs`.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::protocol::{Code, HELPER_NAME, Message, Spec, SpecFile, SpecLimits, send_json};
use super::wait;
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::interface::Command;
use crate::sandbox::layout::RunFolders;
use crate::sandbox::rlimits::ProcessLimits;
use crate::sandbox::session::kill_by_home;
use crate::sandbox::spawn::{self, Spawned};

/// How long a helper may take to set up a run, to send files, or to end. Generous,
/// because the machine may be busy; the program controls none of these steps.
pub(super) const HELPER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an init may take to kill, reap and report before it is killed itself.
/// Its accounts of CPU time are lost then.
pub(super) const REPORT_TIMEOUT: Duration = Duration::from_millis(500);

/// How helpers are started.
#[derive(Debug, Clone)]
pub(super) struct HelperConfig {
    /// An executable that becomes a helper: the runner's own.
    pub(super) executable: PathBuf,
    /// The label that the machine's process list shows.
    pub(super) label: String,
    /// The user that programs run as, outside. `None`: the runner's own.
    pub(super) user: Option<u32>,
}

impl HelperConfig {
    /// The user applies only if the runner is root; others cannot change to it.
    pub(super) fn new(executable: &Path, label: &str, user: u32) -> Self {
        Self {
            executable: executable.to_path_buf(),
            label: label.to_owned(),
            user: rustix::process::geteuid().is_root().then_some(user),
        }
    }
}

/// A helper that has received its run. Its end is the end of the run.
pub(super) struct StartedHelper {
    pub(super) guard: HelperGuard,
    /// The runner's end of the socket, non-blocking.
    pub(super) control: UnixStream,
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

/// When a program gets its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// With the command.
    Now,
    /// Later, by [`send_code`].
    Later,
}

/// Starts a helper and sends it the command. `folder` is the run's folder on the
/// disk; without one, the run gets namespaces.
pub(super) fn start(
    config: &HelperConfig,
    folder: Option<&Path>,
    command: &Command<'_>,
    when: When,
) -> Result<StartedHelper, Failure> {
    let (control, helper_control) = UnixStream::pair().context("creating a socket")?;
    let shared_user = match folder {
        Some(folder) => Some(SharedUser {
            control: control.try_clone().context("copying a socket")?,
            folder: folder.to_path_buf(),
        }),
        None => None,
    };
    let Spawned {
        pid,
        stdin,
        stdout,
        stderr,
    } = spawn::start_helper(
        &config.executable,
        HELPER_NAME,
        &config.label,
        helper_control,
    )
    .context("the helper could not be started")?;
    let guard = HelperGuard {
        helper: pid,
        shared_user,
        reaped: false,
    };
    send_command(&control, config.user, folder, command, when)
        .map_err(|error| refusal(&control, &error))?;
    control
        .set_nonblocking(true)
        .context("preparing a socket")?;
    Ok(StartedHelper {
        guard,
        control,
        stdin,
        stdout,
        stderr,
    })
}

/// Ends the run on every way out, a panic included.
pub(super) struct HelperGuard {
    helper: Pid,
    /// `None` with namespaces.
    shared_user: Option<SharedUser>,
    reaped: bool,
}

/// What ends a run without namespaces, where other runs have the same user.
struct SharedUser {
    /// An end of file on this socket makes the helper kill the run.
    control: UnixStream,
    /// The run's folder, by which its processes are recognized.
    folder: PathBuf,
}

impl HelperGuard {
    /// Starts to end everything of the run. With namespaces, the kernel ends the
    /// init with its helper and the program with its init. Without, only the helper
    /// can find the run's processes, so it must not be killed before them.
    pub(super) fn shutdown(&self) {
        match &self.shared_user {
            None => spawn::kill(self.helper),
            // The other direction stays open for the helper's report.
            Some(run) => drop(run.control.shutdown(Shutdown::Write)),
        }
    }

    /// Waits for the end of the helper, which is the end of everything below it.
    pub(super) fn wait(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + HELPER_TIMEOUT;
        while !spawn::has_ended(self.helper)? {
            if Instant::now() > deadline {
                spawn::kill(self.helper);
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        self.reaped = true;
        spawn::reap(self.helper).map(drop)
    }

    /// Kills the processes that a helper without namespaces left behind. It leaves
    /// some only if it was killed itself, for instance when memory ran out.
    pub(super) fn kill_leftovers(&self) {
        if let Some(run) = &self.shared_user {
            kill_by_home(&run.folder);
        }
    }
}

impl Drop for HelperGuard {
    fn drop(&mut self) {
        if !self.reaped {
            self.shutdown();
            if self.shared_user.is_some() {
                let _ = self.wait();
            } else {
                let _ = spawn::reap(self.helper);
            }
            self.kill_leftovers();
        }
    }
}

/// Sends the command and its files. The helper reads them at once; no hostile code
/// runs yet.
fn send_command(
    mut control: &UnixStream,
    user: Option<u32>,
    folder: Option<&Path>,
    command: &Command<'_>,
    when: When,
) -> io::Result<()> {
    control.set_write_timeout(Some(HELPER_TIMEOUT))?;
    send_json(&spec(user, folder, command, when)?, &mut control)?;
    if when == When::Now {
        send_files(control, command)?;
    }
    Ok(())
}

/// Sends a program that waits its code, with the limits of the command. The socket must
/// block.
pub(super) fn send_code(mut control: &UnixStream, command: &Command<'_>) -> io::Result<()> {
    let code = Code {
        files: spec_files(command),
        cpu_s: ProcessLimits::from(&command.limits).cpu_s,
    };
    send_json(&code, &mut control)?;
    send_files(control, command)
}

fn send_files(mut control: &UnixStream, command: &Command<'_>) -> io::Result<()> {
    for file in command.files {
        control.write_all(&file.content)?;
    }
    Ok(())
}

fn spec_files(command: &Command<'_>) -> Vec<SpecFile> {
    let files = command.files.iter();
    files
        .map(|file| SpecFile {
            name: file.name.clone(),
            length_bytes: file.content.len() as u64,
            executable: file.executable,
        })
        .collect()
}

fn spec(
    user: Option<u32>,
    folder: Option<&Path>,
    command: &Command<'_>,
    when: When,
) -> io::Result<Spec> {
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| io::Error::other("the work folder's name is not UTF-8"))
    };
    let folders = folder.map_or_else(RunFolders::in_own_root, RunFolders::on_disk);
    let mut env = command.env.to_vec();
    for name in ["HOME", "TMPDIR"] {
        env.push((name.to_owned(), text(&folders.temporary)?));
    }
    let waits = when == When::Later;
    let limits = command.limits;
    let mut process = ProcessLimits::from(&limits);
    if waits {
        env.push(wait::variable());
        // It comes with the code.
        process.cpu_s = u64::MAX;
    }
    Ok(Spec {
        argv: command.argv.to_vec(),
        env,
        user,
        mounts: command.mounts.to_vec(),
        files: if waits {
            Vec::new()
        } else {
            spec_files(command)
        },
        collect_files: command.collect_files,
        folder: folder.map(text).transpose()?,
        limits: SpecLimits {
            process,
            tasks: limits.tasks,
            disk_bytes: limits.disk_bytes,
            disk_files: limits.disk_files,
        },
        waits,
    })
}

/// Why the helper did not take the command: the failure that it reported before it
/// ended, or else the error of the socket.
fn refusal(mut control: &UnixStream, error: &io::Error) -> Failure {
    let mut received = Vec::new();
    let _ = control.set_read_timeout(Some(REPORT_TIMEOUT));
    let _ = control.read_to_end(&mut received);
    let reported = Message::take_all(&mut received)
        .unwrap_or_default()
        .into_iter()
        .find_map(|message| match message {
            Message::Failed { text, is_shortage } => Some(Failure::Reported { text, is_shortage }),
            _ => None,
        });
    reported.unwrap_or_else(|| Failure::Reported {
        text: format!("the helper did not take the command: {error}"),
        // The program has not been started, so it cannot be the reason.
        is_shortage: true,
    })
}
