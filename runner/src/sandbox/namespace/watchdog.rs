//! Watches one run from outside: moves its streams, enforces its limits, and puts
//! the report together.
//!
//! It runs on the runner's thread for this run. Both tiers use it; the processes
//! below it are started and ended by `helper_process.rs`.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use super::helper_process::{
    self, HELPER_TIMEOUT, HelperConfig, HelperGuard, REPORT_TIMEOUT, StartedHelper, When,
};
use super::process_tree::ProcessTree;
use super::protocol::{EndRequest, Ended, Message};
use crate::sandbox::cancel::Cancel;
use crate::sandbox::exit_status::ExitStatus;
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::files::{self, File};
use crate::sandbox::interface::{Command, Ending, Report};
use crate::sandbox::layout::RunFolders;
use crate::sandbox::limits::{Limit, Limits, Usage};
use crate::sandbox::pipes::Pipes;
use crate::sandbox::process_table::SampleSchedule;

/// Bytes that one read from the helper takes at most.
const CHUNK_BYTES: usize = 64 * 1024;

/// Why there is no report.
pub(super) struct NoReport {
    pub(super) failure: Failure,
    /// Whether the program may have run.
    pub(super) has_started: bool,
}

impl From<Failure> for NoReport {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            has_started: false,
        }
    }
}

/// Runs the command to its end. `folder` is the run's folder on the disk; without
/// one, the run gets namespaces.
pub(super) fn supervise(
    config: &HelperConfig,
    folder: Option<&Path>,
    command: &Command<'_>,
    cancel: &Cancel,
) -> Result<Report, Failure> {
    let begun = Instant::now();
    let helper = helper_process::start(config, folder, command, When::Now)?;
    let helper = Piped::new(helper, command)?;
    watch(helper, None, begun, folder, command, cancel).map_err(|ended| ended.failure)
}

/// Runs a command whose program has been started before, from the moment at which it
/// gets its code. `init` is the parent of the program.
pub(super) fn supervise_waiting(
    helper: StartedHelper,
    init: ProcessTree,
    folder: Option<&Path>,
    command: &Command<'_>,
    cancel: &Cancel,
) -> Result<Report, NoReport> {
    let begun = Instant::now();
    let helper = Piped::new(helper, command)?;
    let control = &helper.control;
    control
        .set_nonblocking(false)
        .and_then(|()| helper_process::send_code(control, command))
        .and_then(|()| control.set_nonblocking(true))
        .context("the program did not take its code")?;
    watch(helper, Some(init), begun, folder, command, cancel)
}

/// A helper whose program's streams are open. The beginning of the input is in its pipe.
struct Piped<'a> {
    guard: HelperGuard,
    control: UnixStream,
    pipes: Pipes<'a>,
}

impl<'a> Piped<'a> {
    fn new(helper: StartedHelper, command: &Command<'a>) -> Result<Self, Failure> {
        let StartedHelper {
            guard,
            control,
            stdin,
            stdout,
            stderr,
        } = helper;
        let pipes = Pipes::new(stdin, stdout, stderr, command)
            .context("the streams could not be opened")?;
        Ok(Self {
            guard,
            control,
            pipes,
        })
    }
}

fn watch(
    helper: Piped<'_>,
    tree: Option<ProcessTree>,
    begun: Instant,
    folder: Option<&Path>,
    command: &Command<'_>,
    cancel: &Cancel,
) -> Result<Report, NoReport> {
    let Piped {
        mut guard,
        control,
        pipes,
    } = helper;
    let limits = command.limits;
    let mut run = Run {
        limits,
        interrupt: command.interrupt,
        control,
        pipes,
        received: Vec::new(),
        tree,
        used_cpu: Duration::ZERO,
        started: None,
        stop: None,
        is_interrupted: false,
        // A helper without namespaces that is killed before its report leaves the
        // run's processes behind.
        report_timeout: if folder.is_some() {
            HELPER_TIMEOUT
        } else {
            REPORT_TIMEOUT
        },
        ended: None,
        files: Vec::new(),
        too_many_files: false,
        done: false,
        peak_bytes: 0,
    };
    let watched = run.watch(begun, cancel);
    if let Err(failure) = watched {
        return Err(NoReport {
            failure,
            has_started: run.started.is_some(),
        });
    }
    let has_reported = run.ended.is_some();
    if !has_reported {
        guard.shutdown();
    }
    // Once the helper has ended, no writer is left and all output can be read.
    guard.wait().context("the helper could not be reaped")?;
    if !has_reported {
        guard.kill_leftovers();
    }
    let folders = folder.map_or_else(RunFolders::in_own_root, RunFolders::on_disk);
    let has_started = run.started.is_some();
    let report = run.report().map_err(|failure| NoReport {
        failure,
        has_started,
    })?;
    Ok(Report {
        folder: Some(folders.start),
        ..report
    })
}

/// Why the program is being ended.
#[derive(Clone, Copy)]
enum Stop {
    LimitExceeded(Limit),
    Cancelled,
}

/// One run as the runner sees it.
struct Run<'a> {
    limits: Limits,
    /// Whether a program that has used up its time is interrupted first.
    interrupt: bool,
    control: UnixStream,
    pipes: Pipes<'a>,
    /// Bytes from the helper that are not yet a whole message.
    received: Vec<u8>,
    tree: Option<ProcessTree>,
    /// CPU time that the program had used before its code came. It does not count.
    used_cpu: Duration,
    started: Option<Instant>,
    stop: Option<(Stop, Instant)>,
    /// Whether the program has a moment to write out what it has buffered.
    is_interrupted: bool,
    /// How long the init may take to end everything and report.
    report_timeout: Duration,
    ended: Option<Ended>,
    files: Vec<File>,
    too_many_files: bool,
    done: bool,
    peak_bytes: u64,
}

impl Run<'_> {
    /// Watches until the report is complete, or none will come.
    fn watch(&mut self, begun: Instant, cancel: &Cancel) -> Result<(), Failure> {
        let mut schedule = SampleSchedule::new(begun);
        loop {
            let wait = schedule.next().saturating_duration_since(Instant::now());
            self.pipes
                .poll(Some(self.control.as_fd()), wait)
                .context("the streams could not be watched")?;
            let is_open = self.receive()?;
            if self.done || !is_open {
                return Ok(());
            }
            let now = Instant::now();
            let is_running = self.ended.is_none() && self.stop.is_none();
            if is_running {
                self.check(now, cancel);
            }
            match (self.stop, self.started) {
                (Some((_, since)), _)
                    if self.ended.is_none() && now - since > self.report_timeout =>
                {
                    return Ok(());
                }
                (None, None) if now - begun > HELPER_TIMEOUT => {
                    return Err(io::Error::from(io::ErrorKind::TimedOut))
                        .context("the sandbox was not ready in time");
                }
                _ => {}
            }
            if schedule.is_due(now) {
                if self.ended.is_none() {
                    self.sample();
                }
                schedule.advance(Instant::now());
            }
        }
    }

    /// Handles every message that has arrived. Returns whether more may come.
    fn receive(&mut self) -> Result<bool, Failure> {
        let mut chunk = [0; CHUNK_BYTES];
        loop {
            match self.control.read(&mut chunk) {
                Ok(0) => return Ok(false),
                Ok(length) => {
                    self.received.extend_from_slice(&chunk[..length]);
                    let messages = Message::take_all(&mut self.received)
                        .context("reading the helper's report")?;
                    for message in messages {
                        self.handle(message)?;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(_) => return Ok(false),
            }
        }
    }

    fn handle(&mut self, message: Message) -> Result<(), Failure> {
        match message {
            Message::Init(pid) => self.tree = Some(ProcessTree::new(pid)),
            // Read and removed where a program is started to wait.
            Message::Waiting => {}
            Message::Started(used_us) => {
                self.used_cpu = Duration::from_micros(used_us);
                self.started = Some(Instant::now());
            }
            Message::Failed { text, is_shortage } => {
                return Err(Failure::Reported { text, is_shortage });
            }
            Message::Ended(ended) => self.ended = Some(ended),
            Message::File(name, executable, content) if files::stays_inside(&name) => {
                self.files.push(File {
                    name,
                    content: content.into(),
                    executable,
                });
            }
            Message::File(..) => {}
            Message::TooManyFiles => self.too_many_files = true,
            Message::DiskLimitExceeded => self.stop(Stop::LimitExceeded(Limit::Disk)),
            Message::Done => self.done = true,
        }
        Ok(())
    }

    /// Stops the run for a reason that needs no look at its processes.
    fn check(&mut self, now: Instant, cancel: &Cancel) {
        let is_over_time = self
            .started
            .is_some_and(|started| now - started >= self.limits.wall);
        if cancel.is_cancelled() {
            self.stop(Stop::Cancelled);
        } else if let Some(limit) = self.pipes.exceeded() {
            self.stop(Stop::LimitExceeded(limit));
        } else if is_over_time {
            // CPU time or memory may have been exceeded first.
            self.sample();
            self.stop(Stop::LimitExceeded(Limit::Wall));
        }
    }

    fn sample(&mut self) {
        let (Some(tree), Some(_)) = (&mut self.tree, self.started) else {
            return;
        };
        let mut usage = tree.sample(&self.limits);
        usage.cpu = usage.cpu.saturating_sub(self.used_cpu);
        // Of a fork bomb only a part is seen, and shared pages count repeatedly.
        if usage.tasks <= self.limits.tasks {
            self.peak_bytes = self.peak_bytes.max(usage.memory_bytes);
        }
        if let Some(limit) = self.limits.exceeded_by(&usage) {
            self.stop(Stop::LimitExceeded(limit));
        }
    }

    /// Asks the init to end everything and report. The first reason counts, but a
    /// second one ends the moment that an interrupted program has.
    fn stop(&mut self, reason: Stop) {
        let used_up_time = matches!(reason, Stop::LimitExceeded(Limit::Wall | Limit::Cpu));
        let request = match (self.stop, self.interrupt && used_up_time) {
            (None, true) => EndRequest::Interrupt,
            (None, false) => EndRequest::Kill,
            (Some(_), _) if self.is_interrupted && !used_up_time => EndRequest::Kill,
            (Some(_), _) => return,
        };
        self.is_interrupted = request == EndRequest::Interrupt;
        self.stop.get_or_insert((reason, Instant::now()));
        // An init that has ended already has sent its report.
        let _ = self.control.write(&[request as u8]);
    }

    fn report(mut self) -> Result<Report, Failure> {
        // The report may have arrived between the last poll and the helper's end.
        self.receive()?;
        let ended = self.end()?;
        let output = self.pipes.finish();
        let seen_cpu = self.tree.as_ref().map_or(Duration::ZERO, ProcessTree::cpu);
        let usage = Usage {
            wall: Duration::from_micros(ended.wall_us),
            cpu: Duration::from_micros(ended.cpu_us).max(seen_cpu.saturating_sub(self.used_cpu)),
            memory_bytes: self.peak_bytes.max(ended.peak_memory_bytes),
            tasks: 0,
        };
        let ending = match self.stop {
            Some((Stop::LimitExceeded(limit), _)) => Ending::Limited(limit),
            Some((Stop::Cancelled, _)) => Ending::Cancelled,
            // Usage between the last sample and the end counts as well, or the
            // verdict on the same program would vary.
            None => match output.exceeded.or(self.limits.exceeded_by(&usage)) {
                Some(limit) => Ending::Limited(limit),
                None if self.too_many_files => Ending::Limited(Limit::Disk),
                None => Ending::from(ended.status),
            },
        };
        Ok(Report {
            ending,
            stdout: output.stdout,
            stderr: output.stderr,
            output: output.combined,
            cpu: usage.cpu,
            wall: usage.wall,
            memory_bytes: usage.memory_bytes,
            folder: None,
            files: self.files,
        })
    }

    /// The init's report, or what is known of a run whose init was killed with it.
    fn end(&self) -> Result<Ended, Failure> {
        match (self.ended, self.stop) {
            (Some(ended), _) => Ok(ended),
            (None, Some((_, since))) => {
                let wall = self
                    .started
                    .map_or(Duration::ZERO, |started| since - started);
                Ok(Ended {
                    status: ExitStatus::Signal(libc::SIGKILL),
                    cpu_us: 0,
                    wall_us: u64::try_from(wall.as_micros()).unwrap_or(u64::MAX),
                    peak_memory_bytes: 0,
                })
            }
            (None, None) => Err(Failure::Reported {
                text: "the sandbox ended without a report".to_owned(),
                // Before its start, the program cannot be the reason.
                is_shortage: self.started.is_none(),
            }),
        }
    }
}
