//! What a person sees while something slow goes on.
//!
//! Each step is a line when it starts and a line when it ends, with the time it
//! took; a slow step repeats every few seconds that it goes on, with the last
//! line the program printed. All output goes to a log file, and a failed step
//! shows the end of it. [`durations`] lists the steps of this process.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::project;

const STILL_EVERY: Duration = Duration::from_secs(10);
const TAIL_LINES: usize = 40;
const SHOWN_CHARS: usize = 90;

/// The steps that have ended, in that order.
static DURATIONS: Mutex<Vec<(String, Duration)>> = Mutex::new(Vec::new());

/// Whether [`print()`] writes to standard error.
static ON_STDERR: AtomicBool = AtomicBool::new(false);

/// From now on progress goes to standard error, for commands whose standard
/// output is a result that programs read.
pub fn to_stderr() {
    ON_STDERR.store(true, Ordering::Relaxed);
}

/// Prints one line.
pub fn say(line: impl AsRef<str>) {
    print(&format!("  {}", line.as_ref()));
}

fn print(line: &str) {
    if ON_STDERR.load(Ordering::Relaxed) {
        eprintln!("{line}");
    } else {
        println!("{line}");
    }
}

/// The steps of this process that have ended, each with the time it took.
pub fn durations() -> Vec<(String, Duration)> {
    DURATIONS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Runs `command` as a step called `name`, quietly unless it is slow or fails.
pub fn step(name: &str, command: &mut Command) -> Result<()> {
    let log_path = log_path(name);
    let mut log = create(&log_path)?;
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{name}: cannot start {program}"))?;
    let (sender, lines) = mpsc::channel();
    let streams: [Box<dyn Read + Send>; 2] = match (child.stdout.take(), child.stderr.take()) {
        (Some(stdout), Some(stderr)) => [Box::new(stdout), Box::new(stderr)],
        _ => bail!("{name}: no output to read"),
    };
    for stream in streams {
        let sender = sender.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
    }
    drop(sender);

    let started = begin(name);
    let mut last = String::new();
    let mut next_sign = STILL_EVERY;
    loop {
        match lines.recv_timeout(Duration::from_millis(250)) {
            Ok(line) => {
                writeln!(log, "{line}")?;
                if !line.trim().is_empty() {
                    last = line.trim().to_owned();
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if started.elapsed() >= next_sign {
            next_sign += STILL_EVERY;
            let seconds = started.elapsed().as_secs();
            let line = format!("{name}, {seconds} s: {last}");
            let line: String = line.chars().take(SHOWN_CHARS).collect();
            print(&format!("    … {line}"));
        }
    }
    let status = child.wait()?;
    if end(name, started, status).is_ok() {
        return Ok(());
    }
    for line in tail(&log_path) {
        print(&format!("    {line}"));
    }
    bail!(
        "{name} failed ({status}); all of its output: {}",
        shown(&log_path)
    );
}

/// Runs `command` as a step whose output is shown as it comes, such as a test
/// run's.
pub fn loud_step(name: &str, command: &mut Command) -> Result<()> {
    let started = begin(name);
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{name}: cannot start {program}"))?;
    end(name, started, status)
}

fn begin(name: &str) -> Instant {
    print(&format!("▸ {name}"));
    Instant::now()
}

fn end(name: &str, started: Instant, status: ExitStatus) -> Result<()> {
    let took = started.elapsed();
    DURATIONS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push((name.to_owned(), took));
    let mark = if status.success() { "✓" } else { "✗" };
    print(&format!("{mark} {name} ({:.1} s)", took.as_secs_f64()));
    if status.success() {
        Ok(())
    } else {
        bail!("{name} failed ({status})")
    }
}

/// A series of steps.
pub type Track<'a> = &'a [&'a (dyn Fn() -> Result<()> + Sync)];

/// Runs the steps of each track one after the other, and the tracks at the same
/// time. After a failure no further step starts, and those that run go on to their end:
/// the first error is told at once, and returned.
pub fn side_by_side(tracks: &[Track<'_>]) -> Result<()> {
    let failed = AtomicBool::new(false);
    let run = |track: Track<'_>| -> Result<()> {
        for step in track {
            if failed.load(Ordering::Relaxed) {
                break;
            }
            step().inspect_err(|error| {
                if !failed.swap(true, Ordering::Relaxed) && tracks.len() > 1 {
                    say(format!("{error}"));
                    say("nothing more is started; what runs goes on to its end (Ctrl-C stops it)");
                }
            })?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let run = &run;
        let running: Vec<_> = tracks
            .iter()
            .map(|track| scope.spawn(move || run(track)))
            .collect();
        let ended: Vec<Result<()>> = running
            .into_iter()
            .map(|track| {
                track
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("a step panicked")))
            })
            .collect();
        ended.into_iter().collect()
    })
}

/// The last lines of a log.
pub fn tail(path: &Path) -> Vec<String> {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..]
        .iter()
        .map(|line| (*line).to_owned())
        .collect()
}

/// A path as it is typed from the project's root.
pub fn shown(path: &Path) -> String {
    project::relative(path).display().to_string()
}

/// Creates a file and the folders above it.
pub fn create(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    File::create(path).with_context(|| format!("cannot write {}", path.display()))
}

/// Where the output of the step called `name` goes.
pub fn log_path(name: &str) -> PathBuf {
    let file: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    project::state()
        .join("logs/steps")
        .join(format!("{file}.log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_run_at_the_same_time() {
        let (sender, receiver) = mpsc::channel();
        let receiver = Mutex::new(receiver);
        // Waits for ever if the tracks run one after the other.
        let receives = || Ok(receiver.lock().unwrap().recv()?);
        let sends = || Ok(sender.send(())?);
        side_by_side(&[&[&receives], &[&sends]]).unwrap();
    }

    #[test]
    fn no_step_starts_after_a_failure() {
        let later = AtomicBool::new(false);
        let fails = || bail!("broken");
        let succeeds = || {
            later.store(true, Ordering::Relaxed);
            Ok(())
        };
        let error = side_by_side(&[&[&fails, &succeeds]]).unwrap_err();
        assert_eq!(error.to_string(), "broken");
        assert!(!later.load(Ordering::Relaxed));
    }
}
