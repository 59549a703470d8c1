//! Child processes under limits: what `--unsafe-no-sandbox` gives.
//!
//! It keeps limits and cleans up. It does **not** isolate: the program sees and
//! changes whatever the runner's user may.
//!
//! One loop on one thread watches one run. Each turn waits at most a hundredth
//! of a second for the program's streams or its end; about as often, the
//! session's CPU time, memory and number of processes are summed.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fd::AsFd;
use rustix::process::Pid;

use super::files::{self, CollectError, File};
use super::pipes::Pipes;
use super::procfs;
use super::session::Session;
use super::spawn::{self, Reaped};
use super::workdir::WorkDir;
use super::{Cancel, Ending, Limit, Limits, Report, Request, Sandbox, Tier};

/// How often the watchdog looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The first looks come sooner, so that short programs are measured too.
const FIRST_LOOK: Duration = Duration::from_millis(1);

/// How long a program may be busy being written.
const START_AGAIN_FOR: Duration = Duration::from_secs(2);

/// Child processes under limits, without isolation.
#[derive(Debug)]
pub struct ProcessSandbox {
    work: WorkDir,
}

impl ProcessSandbox {
    /// Runs get their folders below `base`, which is made if need be. What a
    /// runner left there that was killed is ended and removed.
    pub fn new(base: &Path) -> io::Result<Self> {
        let work = WorkDir::open(base)?;
        Ok(Self { work })
    }
}

impl Sandbox for ProcessSandbox {
    fn run(&self, request: &Request<'_>, cancel: &Cancel) -> Report {
        if cancel.is_cancelled() {
            return Report {
                ending: Ending::Cancelled,
                ..Report::failed("")
            };
        }
        self.supervise(request, cancel).unwrap_or_else(|failure| {
            // The step for the caller, the system's words with it; neither holds
            // a path.
            Report::failed(format!("{}: {}", failure.step, failure.error))
        })
    }

    fn tier(&self) -> Tier {
        Tier::Unsandboxed
    }
}

impl ProcessSandbox {
    fn supervise(&self, request: &Request<'_>, cancel: &Cancel) -> Result<Report, Failure> {
        let folder = self
            .work
            .submission()
            .during("the folder could not be made")?;
        for file in request.files {
            files::write(
                folder.cwd(),
                &file.name,
                file.executable,
                &mut &*file.content,
            )
            .during("the submission's files could not be written")?;
        }
        let mut report = supervise(request, folder.cwd(), folder.home(), cancel)?;
        if request.keep_files && report.ending == Ending::Exited(0) {
            let limits = request.limits;
            let mut kept = Vec::new();
            let taken = files::collect(
                folder.cwd(),
                limits.disk_files,
                limits.disk_bytes,
                &mut |name, executable, content| {
                    kept.push(File {
                        name,
                        content: content.into(),
                        executable,
                    });
                    Ok(())
                },
            );
            match taken {
                Ok(()) => report.files = kept,
                Err(CollectError::TooMuch) => report.ending = Ending::Limited(Limit::Disk),
                Err(CollectError::Failed(error)) => {
                    return Err(error).during("its files could not be read");
                }
            }
        }
        Ok(report)
    }
}

/// A step of the machinery that failed.
struct Failure {
    step: &'static str,
    error: io::Error,
}

trait During<T> {
    fn during(self, step: &'static str) -> Result<T, Failure>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, step: &'static str) -> Result<T, Failure> {
        self.map_err(|error| Failure { step, error })
    }
}

/// Kills and reaps the program on every way out, a panic included.
struct Leash {
    pid: Pid,
    session: Session,
    reaped: bool,
}

impl Leash {
    /// Ends everything of the run, then releases the leader's pid. In this
    /// order, because the pid names the session that is being searched.
    fn end(&mut self) -> io::Result<Reaped> {
        if !self.session.kill_all() {
            tracing::error!("processes of a run survive SIGKILL");
        }
        self.reaped = true;
        spawn::reap(self.pid)
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.end();
        }
    }
}

/// Why the loop stopped.
enum Stop {
    Ended,
    Over(Limit),
    Cancelled,
}

fn supervise(
    request: &Request<'_>,
    cwd: &Path,
    home: &Path,
    cancel: &Cancel,
) -> Result<Report, Failure> {
    let limits = request.limits;
    // What the child inherits as its "peak" from the fork.
    let inherited_bytes = procfs::own_memory_bytes();
    let mut started = start(request, cwd, home).during("the program could not be started")?;
    let clock = Instant::now();
    let pid = started.pid;
    let mut leash = Leash {
        pid,
        session: Session::new(pid, home),
        reaped: false,
    };
    prefer_for_oom(pid);
    let ended_fd = end_descriptor(pid);
    let (Some(stdin), Some(stdout), Some(stderr)) = (
        started.child.stdin.take(),
        started.child.stdout.take(),
        started.child.stderr.take(),
    ) else {
        return Err(io::Error::other("no pipes")).during("the streams could not be opened");
    };
    let mut pipes = Pipes::new(stdin, stdout, stderr, request.stdin, limits.output_bytes)
        .during("the streams could not be opened")?;

    let mut peak_bytes = 0;
    let mut look_every = FIRST_LOOK;
    let mut next_look = clock + look_every;
    let stop = loop {
        let wait = next_look
            .min(clock + limits.wall)
            .saturating_duration_since(Instant::now());
        pipes
            .turn(ended_fd.as_ref().map(AsFd::as_fd), wait.min(look_every))
            .during("the streams could not be watched")?;
        if let Some(limit) = pipes.exceeded() {
            break Stop::Over(limit);
        }
        if spawn::has_ended(pid).during("the program could not be watched")? {
            break Stop::Ended;
        }
        if cancel.is_cancelled() {
            break Stop::Cancelled;
        }
        let now = Instant::now();
        if now.duration_since(clock) >= limits.wall {
            break Stop::Over(Limit::Wall);
        }
        if now >= next_look {
            let sample = leash.session.sample(&limits);
            let alone = procfs::peak_memory_bytes(pid).unwrap_or(0);
            peak_bytes = peak_bytes.max(alone);
            // Of a fork bomb only a part is seen, with shared pages counted often.
            if sample.tasks <= limits.tasks {
                peak_bytes = peak_bytes.max(sample.memory_bytes);
            }
            if let Some(limit) = over(&limits, sample.cpu, sample.memory_bytes, sample.tasks) {
                break Stop::Over(limit);
            }
            look_every = (look_every * 2).min(LOOK_EVERY);
            next_look = Instant::now() + look_every;
        }
    };
    let wall = clock.elapsed();

    // The last moments of a program that is about to be killed, or has left
    // others behind, count too.
    leash.session.sample(&limits);
    let reaped = leash.end().during("the program could not be reaped")?;
    let (kept, late) = pipes.finish();
    let cpu = reaped.cpu.max(leash.session.cpu());
    // The kernel's mark says something only above what was inherited.
    if reaped.max_rss_bytes > inherited_bytes {
        peak_bytes = peak_bytes.max(reaped.max_rss_bytes);
    }
    let ending = match stop {
        Stop::Over(limit) => Ending::Limited(limit),
        Stop::Cancelled => Ending::Cancelled,
        // What happened between the last look and the end counts as well, or
        // the same program would get one verdict or the other by luck.
        Stop::Ended => match late.or_else(|| over(&limits, cpu, peak_bytes, 0)) {
            Some(limit) => Ending::Limited(limit),
            None => match reaped.how {
                Ok(code) => Ending::Exited(code),
                Err(signal) => Ending::Signaled(signal),
            },
        },
    };
    Ok(Report {
        ending,
        stdout: kept.stdout,
        stderr: kept.stderr,
        output: kept.output,
        cpu,
        wall,
        // Over before the first look, the inherited mark is all there is: an
        // upper bound, good for a number but not for a verdict.
        memory_bytes: if peak_bytes == 0 {
            reaped.max_rss_bytes
        } else {
            peak_bytes
        },
        files: Vec::new(),
    })
}

/// Starts the program, which may have been written a moment ago: until another
/// run's program that was being started just then has replaced the runner's copy,
/// that copy holds the file open for writing.
fn start(request: &Request<'_>, cwd: &Path, home: &Path) -> io::Result<spawn::Started> {
    let deadline = Instant::now() + START_AGAIN_FOR;
    loop {
        match spawn::start(request, cwd, home) {
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

/// The limit that these numbers break, if any.
fn over(limits: &Limits, cpu: Duration, memory_bytes: u64, tasks: u64) -> Option<Limit> {
    if tasks > limits.tasks {
        Some(Limit::Tasks)
    } else if limits
        .memory_bytes
        .is_some_and(|limit| memory_bytes > limit)
    {
        Some(Limit::Memory)
    } else if cpu > limits.cpu {
        Some(Limit::Cpu)
    } else {
        None
    }
}

/// A descriptor that becomes readable when the program ends, so that nobody
/// waits for the next look. Where there is none, the next look does.
#[cfg(target_os = "linux")]
fn end_descriptor(pid: Pid) -> Option<rustix::fd::OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn end_descriptor(_: Pid) -> Option<rustix::fd::OwnedFd> {
    None
}

/// If the machine runs out of memory, the submission goes first, not the runner.
fn prefer_for_oom(pid: Pid) {
    let _ = std::fs::write(
        format!("/proc/{}/oom_score_adj", pid.as_raw_nonzero()),
        "1000",
    );
}
