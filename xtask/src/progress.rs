//! What a person sees while something slow goes on.
//!
//! Each step is a line when it starts and a line when it ends, with the time it
//! took; a step that takes long says every few seconds that it is still at it,
//! with the last line the program printed. All output goes to a log file, and a
//! failed step shows the end of it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::project;

const STILL_EVERY: Duration = Duration::from_secs(10);
const TAIL_LINES: usize = 25;

/// Says one line.
pub fn say(line: impl AsRef<str>) {
    println!("  {}", line.as_ref());
}

/// Runs `command` as a step called `name`, quietly unless it is slow or fails.
pub fn step(name: &str, command: &mut Command) -> Result<()> {
    let log_path = log_path(name);
    let mut log = create(&log_path)?;
    let started = Instant::now();
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{name}: cannot start {program}"))?;
    let (sender, lines) = mpsc::channel();
    let streams: [Box<dyn std::io::Read + Send>; 2] =
        match (child.stdout.take(), child.stderr.take()) {
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

    println!("▸ {name}");
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
            let shown: String = last.chars().take(90).collect();
            println!("    … {:>4} s  {shown}", started.elapsed().as_secs());
        }
    }
    let status = child.wait()?;
    let seconds = started.elapsed().as_secs_f64();
    if status.success() {
        println!("✓ {name} ({seconds:.1} s)");
        return Ok(());
    }
    println!("✗ {name} ({seconds:.1} s)");
    for line in tail(&log_path) {
        println!("    {line}");
    }
    bail!(
        "{name} failed ({status}); all of its output: {}",
        shown(&log_path)
    );
}

/// Runs `command` as a step whose output a person wants to see as it comes,
/// such as a test run's.
pub fn loud_step(name: &str, command: &mut Command) -> Result<()> {
    println!("▸ {name}");
    let started = Instant::now();
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{name}: cannot start {program}"))?;
    let seconds = started.elapsed().as_secs_f64();
    if status.success() {
        println!("✓ {name} ({seconds:.1} s)");
        Ok(())
    } else {
        println!("✗ {name} ({seconds:.1} s)");
        bail!("{name} failed ({status})")
    }
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
    path.strip_prefix(project::root())
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Creates a file and the folders above it.
pub fn create(path: &Path) -> Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    File::create(path).with_context(|| format!("cannot write {}", path.display()))
}

fn log_path(name: &str) -> PathBuf {
    let file: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    project::state()
        .join("logs/steps")
        .join(format!("{file}.log"))
}
