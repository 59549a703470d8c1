//! The outside of one run: starts the helper, moves the streams, keeps the
//! limits, takes the report.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::protocol::{Ended, Message, Spec, SpecLimits};
use super::tree::Tree;
use super::{lesser, root};
use crate::sandbox::files::{self, File};
use crate::sandbox::pipes::Pipes;
use crate::sandbox::session::kill_by_home;
use crate::sandbox::spawn;
use crate::sandbox::{Cancel, Ending, Limit, Limits, Report, Request};

/// How often the watchdog looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// The first looks come sooner, so that short programs are measured too.
const FIRST_LOOK: Duration = Duration::from_millis(2);
/// How long setting up, bringing files out, and leaving may take. Generous: a
/// machine may be busy, and none of it is in the program's hands.
const OURS: Duration = Duration::from_secs(10);
/// What the init gets to kill, reap and report before it is killed itself, and
/// the accounts of CPU time with it.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A step of the machinery that failed, and the system's words for it.
pub(super) struct Failure(String);

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

trait During<T> {
    fn during(self, step: &'static str) -> Result<T, Failure>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, step: &'static str) -> Result<T, Failure> {
        self.map_err(|error| Failure(format!("{step}: {error}")))
    }
}

/// How one run is started.
pub(super) struct Start<'a> {
    /// The program that knows how to be a helper.
    pub(super) helper: &'a Path,
    /// Shown in the machine's list of processes.
    pub(super) label: &'a str,
    /// Whom the program runs as; `None`: this user.
    pub(super) user: Option<u32>,
    /// The run's folder on the disk, without namespaces; with them, it has none.
    pub(super) folder: Option<&'a Path>,
}

/// Ends the run on every way out, a panic included.
struct Leash<'a> {
    helper: Pid,
    /// Without namespaces: how the helper is told to end what it holds, and the
    /// folder that tells the run's processes from others.
    gentle: Option<(UnixStream, &'a Path)>,
    reaped: bool,
}

impl Leash<'_> {
    /// Ends everything of the run. With namespaces the init goes with its helper,
    /// the program with its init; without, the helper must do it.
    fn end(&self) {
        match &self.gentle {
            None => spawn::kill(self.helper),
            // An end of file to the helper, whose last words can still be read.
            Some((control, _)) => drop(control.shutdown(Shutdown::Write)),
        }
    }

    /// Looks for what a helper left that did not end as it should: somebody else
    /// killed it, the machine for want of memory maybe.
    fn search(&self) {
        if let Some((_, folder)) = self.gentle {
            kill_by_home(folder);
        }
    }

    /// Waits for the helper's end, which is the end of everything below it.
    fn let_go(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + OURS;
        while !spawn::has_ended(self.helper)? {
            if Instant::now() > deadline {
                spawn::kill(self.helper);
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        self.reaped = true;
        spawn::reap(self.helper).map(drop)
    }
}

impl Drop for Leash<'_> {
    fn drop(&mut self) {
        if !self.reaped {
            self.end();
            if self.gentle.is_some() {
                let _ = self.let_go();
            } else {
                let _ = spawn::reap(self.helper);
            }
            self.search();
        }
    }
}

/// Why the program is being ended.
#[derive(Clone, Copy)]
enum Stop {
    Over(Limit),
    Cancelled,
}

/// One run as the runner sees it.
struct Run<'a> {
    limits: Limits,
    control: UnixStream,
    pipes: Pipes<'a>,
    received: Vec<u8>,
    tree: Option<Tree>,
    started: Option<Instant>,
    stop: Option<(Stop, Instant)>,
    /// How long the init may take to end everything once it is told to.
    last_words: Duration,
    ended: Option<Ended>,
    files: Vec<File>,
    too_many_files: bool,
    done: bool,
    peak_bytes: u64,
}

/// Runs the request to its end.
pub(super) fn supervise(
    start: &Start<'_>,
    request: &Request<'_>,
    cancel: &Cancel,
) -> Result<Report, Failure> {
    let begun = Instant::now();
    let (control, theirs) = UnixStream::pair().during("a socket")?;
    let gentle = match start.folder {
        Some(folder) => Some((control.try_clone().during("a socket")?, folder)),
        None => None,
    };
    let helper = spawn::start_helper(start.helper, super::helper::NAME, start.label, theirs)
        .during("the helper could not be started")?;
    let mut leash = Leash {
        helper: helper.pid,
        gentle,
        reaped: false,
    };
    hand_over(&control, start, request).map_err(|error| refusal(&control, &error))?;
    control.set_nonblocking(true).during("a socket")?;
    let limits = request.limits;
    let pipes = Pipes::new(
        helper.stdin,
        helper.stdout,
        helper.stderr,
        request.stdin,
        limits.output_bytes,
    )
    .during("the streams could not be opened")?;
    let mut run = Run {
        limits,
        control,
        pipes,
        received: Vec::new(),
        tree: None,
        started: None,
        stop: None,
        // Killed without its last words, an init without namespaces frees what it
        // holds.
        last_words: if start.folder.is_some() {
            OURS
        } else {
            LAST_WORDS
        },
        ended: None,
        files: Vec::new(),
        too_many_files: false,
        done: false,
        peak_bytes: 0,
    };
    run.watch(begun, cancel)?;
    let has_last_words = run.ended.is_some();
    if !has_last_words {
        leash.end();
    }
    // Nobody writes any more once the helper is gone, so all of it can be read.
    leash.let_go().during("the helper could not be reaped")?;
    if !has_last_words {
        leash.search();
    }
    run.report()
}

/// Sends the request. The helper reads it at once; nothing hostile runs yet.
fn hand_over(mut control: &UnixStream, start: &Start<'_>, request: &Request<'_>) -> io::Result<()> {
    control.set_write_timeout(Some(OURS))?;
    let limits = request.limits;
    let mut env = request.env.to_vec();
    let text = |path: PathBuf| {
        path.into_os_string()
            .into_string()
            .map_err(|_| io::Error::other("the work folder's name is not UTF-8"))
    };
    let folder = start
        .folder
        .map(|folder| text(folder.to_path_buf()))
        .transpose()?;
    let home = match start.folder {
        Some(folder) => text(folder.join(lesser::TMP))?,
        None => root::TMP.to_owned(),
    };
    for name in ["HOME", "TMPDIR"] {
        env.push((name.to_owned(), home.clone()));
    }
    let spec = Spec {
        argv: request.argv.to_vec(),
        env,
        user: start.user,
        mounts: request.mounts.to_vec(),
        files: request
            .files
            .iter()
            .map(|file| {
                (
                    file.name.clone(),
                    file.content.len() as u64,
                    file.executable,
                )
            })
            .collect(),
        keep_files: request.keep_files,
        folder,
        limits: SpecLimits {
            cpu_s: limits.cpu.as_secs().saturating_add(1),
            file_bytes: limits.file_bytes,
            open_files: limits.open_files,
            tasks: limits.tasks,
            data_bytes: limits.memory_bytes.map(spawn::data_limit),
            disk_bytes: limits.disk_bytes,
            disk_files: limits.disk_files,
        },
    };
    spec.send(&mut control)?;
    for file in request.files {
        control.write_all(&file.content)?;
    }
    Ok(())
}

/// Why a request was not taken to its end: what the helper said before it left,
/// or else what the system says.
fn refusal(mut control: &UnixStream, error: &io::Error) -> Failure {
    let mut said = Vec::new();
    let _ = control.set_read_timeout(Some(LAST_WORDS));
    let _ = control.read_to_end(&mut said);
    Message::take_all(&mut said)
        .unwrap_or_default()
        .into_iter()
        .find_map(|message| match message {
            Message::Failed(why) => Some(Failure(why)),
            _ => None,
        })
        .unwrap_or_else(|| Failure(format!("the helper did not take the request: {error}")))
}

impl Run<'_> {
    /// Until the report is complete, or none will come.
    fn watch(&mut self, begun: Instant, cancel: &Cancel) -> Result<(), Failure> {
        let mut look_every = FIRST_LOOK;
        let mut next_look = begun + look_every;
        loop {
            let wait = next_look.saturating_duration_since(Instant::now());
            self.pipes
                .turn(Some(self.control.as_fd()), wait)
                .during("the streams could not be watched")?;
            let open = self.receive()?;
            if self.done || !open {
                return Ok(());
            }
            let now = Instant::now();
            if self.ended.is_none() && self.stop.is_none() {
                self.check(now, cancel);
            }
            match (self.stop, self.started) {
                (Some((_, since)), _) if self.ended.is_none() && now - since > self.last_words => {
                    return Ok(());
                }
                (None, None) if now - begun > OURS => {
                    return Err(io::ErrorKind::TimedOut.into())
                        .during("the sandbox was not ready in time");
                }
                _ => {}
            }
            if now >= next_look {
                if self.ended.is_none() && self.stop.is_none() {
                    self.look();
                }
                look_every = (look_every * 2).min(LOOK_EVERY);
                next_look = Instant::now() + look_every;
            }
        }
    }

    /// Takes what the helper and the init have said. Whether more may come.
    fn receive(&mut self) -> Result<bool, Failure> {
        let mut chunk = [0; 64 * 1024];
        loop {
            match self.control.read(&mut chunk) {
                Ok(0) => return Ok(false),
                Ok(length) => {
                    self.received.extend_from_slice(&chunk[..length]);
                    let messages =
                        Message::take_all(&mut self.received).during("the helper's report")?;
                    for message in messages {
                        self.take(message)?;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(_) => return Ok(false),
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), Failure> {
        match message {
            Message::Init(pid) => self.tree = Some(Tree::new(pid)),
            Message::Started => self.started = Some(Instant::now()),
            Message::Failed(why) => return Err(Failure(why)),
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
            Message::OverDisk => self.stop(Stop::Over(Limit::Disk)),
            Message::Done => self.done = true,
        }
        Ok(())
    }

    /// What can be told without a look at the processes.
    fn check(&mut self, now: Instant, cancel: &Cancel) {
        let over_time = self
            .started
            .is_some_and(|started| now - started >= self.limits.wall);
        if cancel.is_cancelled() {
            self.stop(Stop::Cancelled);
        } else if let Some(limit) = self.pipes.exceeded() {
            self.stop(Stop::Over(limit));
        } else if over_time {
            self.look();
            self.stop(Stop::Over(Limit::Wall));
        }
    }

    fn look(&mut self) {
        let (Some(tree), Some(_)) = (&mut self.tree, self.started) else {
            return;
        };
        let sample = tree.sample(&self.limits);
        // Of a fork bomb only a part is seen, with shared pages counted often.
        if sample.tasks <= self.limits.tasks {
            self.peak_bytes = self.peak_bytes.max(sample.memory_bytes);
        }
        let over = over(
            &self.limits,
            Duration::ZERO,
            sample.cpu,
            sample.memory_bytes,
            sample.tasks,
        );
        if let Some(limit) = over {
            self.stop(Stop::Over(limit));
        }
    }

    /// Asks the init to end everything and report. The first reason counts.
    fn stop(&mut self, why: Stop) {
        if self.stop.is_none() {
            self.stop = Some((why, Instant::now()));
            // If it is gone already, its last words are on their way.
            let _ = self.control.write(&[1]);
        }
    }

    fn report(mut self) -> Result<Report, Failure> {
        // A report may have come between the last turn and the helper's end.
        self.receive()?;
        let (kept, late) = self.pipes.finish();
        let seen = self.tree.as_ref().map_or(Duration::ZERO, Tree::cpu);
        let ended = match (self.ended, self.stop) {
            (Some(ended), _) => ended,
            // Killed with its init: what was seen is all that is known.
            (None, Some((_, when))) => Ended {
                how: Err(libc::SIGKILL),
                cpu_us: 0,
                wall_us: u64::try_from(
                    self.started
                        .map_or(Duration::ZERO, |started| when - started)
                        .as_micros(),
                )
                .unwrap_or(u64::MAX),
                max_rss_bytes: 0,
            },
            (None, None) => {
                return Err(io::Error::other("it ended without a report")).during("the sandbox");
            }
        };
        let cpu = Duration::from_micros(ended.cpu_us).max(seen);
        let wall = Duration::from_micros(ended.wall_us);
        let memory_bytes = self.peak_bytes.max(ended.max_rss_bytes);
        let ending = match self.stop {
            Some((Stop::Over(limit), _)) => Ending::Limited(limit),
            Some((Stop::Cancelled, _)) => Ending::Cancelled,
            // What happened between the last look and the end counts as well, or
            // the same program would get one verdict or the other by luck.
            None => match late.or_else(|| over(&self.limits, wall, cpu, memory_bytes, 0)) {
                Some(limit) => Ending::Limited(limit),
                None if self.too_many_files => Ending::Limited(Limit::Disk),
                None => match ended.how {
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
            memory_bytes,
            files: self.files,
        })
    }
}

/// The limit that these numbers break, if any.
fn over(
    limits: &Limits,
    wall: Duration,
    cpu: Duration,
    memory_bytes: u64,
    tasks: u64,
) -> Option<Limit> {
    if tasks > limits.tasks {
        Some(Limit::Tasks)
    } else if limits
        .memory_bytes
        .is_some_and(|limit| memory_bytes > limit)
    {
        Some(Limit::Memory)
    } else if cpu > limits.cpu {
        Some(Limit::Cpu)
    } else if wall > limits.wall {
        Some(Limit::Wall)
    } else {
        None
    }
}
