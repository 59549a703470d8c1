//! Child processes under limits, without isolation: `--unsafe-no-sandbox`.
//!
//! Limits hold and leftovers are removed, but the program sees and changes
//! whatever the runner's user may.
//!
//! One loop on one thread watches one run. It waits at most 10 ms at a time for
//! the program's streams or its end, and about as often sums the CPU time, memory
//! and number of the session's processes.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fd::{AsFd, OwnedFd};
use rustix::process::Pid;

use super::cancel::Cancel;
use super::failure::{Context, Failure};
use super::files::{self, CollectError, File};
use super::interface::{Command, Ending, Report, Sandbox, Tier};
use super::layout::RunFolders;
use super::limits::{Limit, Limits, Usage};
use super::pipes::Pipes;
use super::process_table::SampleSchedule;
use super::procfs;
use super::session::Session;
use super::spawn::{self, Reaped, Spawned};
use super::workdir::WorkDir;

/// How long a start is repeated while the program's file is open for writing.
const BUSY_FILE_TIMEOUT: Duration = Duration::from_secs(2);

/// Child processes under limits, without isolation.
#[derive(Debug)]
pub struct ProcessSandbox {
    work: WorkDir,
}

impl ProcessSandbox {
    /// Runs get their folders below `base`, which is created if missing. Processes
    /// and folders that a killed runner left there are removed.
    pub fn new(base: &Path) -> io::Result<Self> {
        let work = WorkDir::open(base)?;
        Ok(Self { work })
    }

    fn run_in_folder(&self, command: &Command<'_>, cancel: &Cancel) -> Result<Report, Failure> {
        let folder = self
            .work
            .create_run_folder()
            .context("the folder could not be made")?;
        folder
            .link_packages(command.mounts)
            .context("the folder could not be made")?;
        let folders = folder.folders();
        for file in command.files {
            let content = &mut &*file.content;
            files::write(&folders.start, &file.name, file.executable, content)
                .context("the submission's files could not be written")?;
        }
        let mut run = Run::start(command, folders)?;
        let stop = run.watch(cancel)?;
        let mut report = run.finish(stop)?;
        report.folder = Some(folders.start.clone());
        if command.collect_files && report.ending == Ending::Exited(0) {
            match collect(&folders.start, &command.limits) {
                Ok(files) => report.files = files,
                Err(CollectError::TooMuch) => report.ending = Ending::Limited(Limit::Disk),
                Err(CollectError::Failed(error)) => {
                    return Err(error).context("its files could not be read");
                }
            }
        }
        Ok(report)
    }
}

impl Sandbox for ProcessSandbox {
    fn run(&self, command: &Command<'_>, cancel: &Cancel) -> Report {
        if cancel.is_cancelled() {
            return Report::not_run(Ending::Cancelled);
        }
        self.run_in_folder(command, cancel)
            .unwrap_or_else(|failure| Report::of_failure(&failure))
    }

    fn tier(&self) -> Tier {
        Tier::Unsandboxed
    }
}

fn collect(folder: &Path, limits: &Limits) -> Result<Vec<File>, CollectError> {
    let mut files = Vec::new();
    files::collect(
        folder,
        limits.disk_files,
        limits.disk_bytes,
        &mut |name, executable, content| {
            files.push(File {
                name,
                content: content.into(),
                executable,
            });
            Ok(())
        },
    )?;
    Ok(files)
}

/// Kills and reaps the program on every way out, a panic included.
struct ChildGuard {
    pid: Pid,
    session: Session,
    reaped: bool,
}

impl ChildGuard {
    /// Kills every process of the run, then reaps the program. In this order,
    /// because its pid names the session that is searched.
    fn end(&mut self) -> io::Result<Reaped> {
        if !self.session.kill_all() {
            tracing::error!("processes of a run survive SIGKILL");
        }
        self.reaped = true;
        spawn::reap(self.pid)
    }
}

impl Drop for ChildGuard {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.end();
        }
    }
}

/// Why the watch ended.
enum Stop {
    Exited,
    LimitExceeded(Limit),
    Cancelled,
}

/// A program that was started.
struct Run<'a> {
    limits: Limits,
    child: ChildGuard,
    pipes: Pipes<'a>,
    started_at: Instant,
    /// Becomes readable when the program ends, where the system has such a thing.
    end: Option<OwnedFd>,
    peak_bytes: u64,
    /// The high-water mark that the program inherited from the runner's fork.
    inherited_bytes: u64,
}

impl<'a> Run<'a> {
    fn start(command: &'a Command<'_>, folders: &RunFolders) -> Result<Self, Failure> {
        let limits = command.limits;
        let inherited_bytes = procfs::own_memory_bytes();
        let Spawned {
            pid,
            stdin,
            stdout,
            stderr,
        } = start_when_written(command, folders).context("the program could not be started")?;
        let started_at = Instant::now();
        // Guarded from here on: an error below must not leave the program behind.
        let child = ChildGuard {
            pid,
            session: Session::new(pid, &folders.temporary),
            reaped: false,
        };
        prefer_for_oom(pid);
        let pipes = Pipes::new(stdin, stdout, stderr, command)
            .context("the streams could not be opened")?;
        Ok(Self {
            limits,
            child,
            pipes,
            started_at,
            end: end_descriptor(pid),
            peak_bytes: 0,
            inherited_bytes,
        })
    }

    /// Moves the streams and samples until the program has ended or must be ended.
    fn watch(&mut self, cancel: &Cancel) -> Result<Stop, Failure> {
        let wall_deadline = self.started_at + self.limits.wall;
        let mut schedule = SampleSchedule::new(self.started_at);
        loop {
            let wait = schedule
                .next()
                .min(wall_deadline)
                .saturating_duration_since(Instant::now());
            self.pipes
                .poll(self.end.as_ref().map(AsFd::as_fd), wait)
                .context("the streams could not be watched")?;
            if let Some(limit) = self.pipes.exceeded() {
                return Ok(Stop::LimitExceeded(limit));
            }
            if spawn::has_ended(self.child.pid).context("the program could not be watched")? {
                return Ok(Stop::Exited);
            }
            if cancel.is_cancelled() {
                return Ok(Stop::Cancelled);
            }
            let now = Instant::now();
            if now >= wall_deadline {
                return Ok(Stop::LimitExceeded(Limit::Wall));
            }
            if schedule.is_due(now) {
                if let Some(limit) = self.sample() {
                    return Ok(Stop::LimitExceeded(limit));
                }
                schedule.advance(Instant::now());
            }
        }
    }

    /// The limit that the run exceeds now, if any.
    fn sample(&mut self) -> Option<Limit> {
        let usage = self.child.session.sample(&self.limits);
        let program_bytes = procfs::peak_memory_bytes(self.child.pid).unwrap_or(0);
        self.peak_bytes = self.peak_bytes.max(program_bytes);
        // Of a fork bomb only a part is seen, and shared pages count repeatedly.
        if usage.tasks <= self.limits.tasks {
            self.peak_bytes = self.peak_bytes.max(usage.memory_bytes);
        }
        self.limits.exceeded_by(&usage)
    }

    /// Ends what is left of the run and reports.
    fn finish(mut self, stop: Stop) -> Result<Report, Failure> {
        let wall = self.started_at.elapsed();
        // The last milliseconds of a program that is about to be killed, or that
        // left other processes behind, count too.
        self.child.session.sample(&self.limits);
        let reaped = self
            .child
            .end()
            .context("the program could not be reaped")?;
        let output = self.pipes.finish();
        let cpu = reaped.cpu.max(self.child.session.cpu());
        // Up to the inherited value, the kernel's mark says nothing about the
        // program.
        if reaped.peak_memory_bytes > self.inherited_bytes {
            self.peak_bytes = self.peak_bytes.max(reaped.peak_memory_bytes);
        }
        let ending = match stop {
            Stop::LimitExceeded(limit) => Ending::Limited(limit),
            Stop::Cancelled => Ending::Cancelled,
            Stop::Exited => {
                // Usage between the last sample and the end counts as well, or the
                // verdict on the same program would vary.
                let usage = Usage {
                    wall,
                    cpu,
                    memory_bytes: self.peak_bytes,
                    tasks: 0,
                };
                match output.exceeded.or(self.limits.exceeded_by(&usage)) {
                    Some(limit) => Ending::Limited(limit),
                    None => Ending::from(reaped.status),
                }
            }
        };
        Ok(Report {
            ending,
            stdout: output.stdout,
            stderr: output.stderr,
            output: output.combined,
            cpu,
            wall,
            // For a program that ended before the first sample, only the inherited
            // mark is known: an upper bound, good for a report but not for a verdict.
            memory_bytes: if self.peak_bytes == 0 {
                reaped.peak_memory_bytes
            } else {
                self.peak_bytes
            },
            folder: None,
            files: Vec::new(),
        })
    }
}

/// Starts the program, whose file may just have been written. If another run
/// forked meanwhile, its copy of the runner holds the file open for writing until
/// it has executed its own program.
fn start_when_written(command: &Command<'_>, folders: &RunFolders) -> io::Result<Spawned> {
    let deadline = Instant::now() + BUSY_FILE_TIMEOUT;
    loop {
        match spawn::start(command, folders) {
            Err(error)
                if error.kind() == io::ErrorKind::ExecutableFileBusy
                    && Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            started => return started,
        }
    }
}

/// A descriptor that becomes readable when the program ends. Without one, the next
/// sample notices the end.
#[cfg(target_os = "linux")]
fn end_descriptor(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn end_descriptor(_: Pid) -> Option<OwnedFd> {
    None
}

/// Makes the kernel kill the submission before the runner when memory runs out.
fn prefer_for_oom(pid: Pid) {
    let _ = std::fs::write(
        format!("/proc/{}/oom_score_adj", pid.as_raw_nonzero()),
        "1000",
    );
}
