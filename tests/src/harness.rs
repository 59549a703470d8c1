//! The main function of a test binary whose tests share what is slow to start.
//!
//! [`run`] stops what was started when the last test has ended, also when tests
//! have failed: a static is never dropped, and a stack of its own for each test
//! would take minutes.
//!
//! Each test's time goes to the file that the variable `TEST_TIMES` names, if it
//! is set: `time SECONDS NAME`, a line a test. It leaves out what [`excluded`]
//! measures: waiting for a shared stack, and starting one.

use std::cell::Cell;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};

/// A test: its name, and the function. Listed by the macro [`tests!`](crate::tests).
pub type Test<C> = (&'static str, fn(&C));

/// What the tests of a binary share.
pub trait Suite: Default + Send + Sync + 'static {
    /// What a test is called with.
    type Context;

    /// Calls one test.
    fn run(&self, test: fn(&Self::Context));

    /// Stops all that was started. Returns the ports that still listen.
    fn stop(&self) -> Vec<u16>;
}

/// Runs `tests`, `threads` of them at once; with `None` as many as the command
/// line says, by default one a core.
pub fn run<S: Suite>(tests: &[&[Test<S::Context>]], threads: Option<usize>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = threads.or(arguments.test_threads);
    let times = std::env::var_os("TEST_TIMES").map(PathBuf::from);
    let suite = Arc::new(S::default());
    let trials = tests
        .iter()
        .copied()
        .flatten()
        .map(|&(name, test)| {
            let (suite, times) = (Arc::clone(&suite), times.clone());
            Trial::test(name, move || {
                let _timer = Timer::start(name, times);
                suite.run(test);
                Ok(())
            })
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let listening = suite.stop();
    if !listening.is_empty() {
        eprintln!("still listening after the stacks were stopped: {listening:?}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}

thread_local! {
    /// The part of the running test's time that is not its own.
    static EXCLUDED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Does `work` outside the time of the running test.
pub fn excluded<T>(work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    EXCLUDED.set(EXCLUDED.get() + started.elapsed());
    result
}

/// Measures one test, which runs on one thread, and writes its time when
/// dropped: also after a panic.
struct Timer {
    name: &'static str,
    times: Option<PathBuf>,
    started: Instant,
}

impl Timer {
    fn start(name: &'static str, times: Option<PathBuf>) -> Self {
        EXCLUDED.set(Duration::ZERO);
        let started = Instant::now();
        Self {
            name,
            times,
            started,
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let took = self.started.elapsed().saturating_sub(EXCLUDED.get());
        if let Some(path) = &self.times
            && let Err(error) = append(path, self.name, took)
        {
            eprintln!("TEST_TIMES, {}: {error}", path.display());
        }
    }
}

/// One write call a line: tests that end at once do not mix their lines.
fn append(path: &Path, name: &str, took: Duration) -> std::io::Result<()> {
    let line = format!("time {:.2} {name}\n", took.as_secs_f64());
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn every_test_gets_a_line_with_its_own_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("times");
        drop(Timer::start("queue::fast", Some(path.clone())));
        let panicked = thread::spawn({
            let path = path.clone();
            move || {
                let _timer = Timer::start("chaos::fails", Some(path));
                excluded(|| thread::sleep(Duration::from_millis(500)));
                panic!("as a failed test does");
            }
        })
        .join();
        assert!(panicked.is_err());
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "time 0.00 queue::fast");
        let seconds = lines[1]
            .strip_prefix("time ")
            .and_then(|rest| rest.strip_suffix(" chaos::fails"))
            .unwrap();
        let (_, decimals) = seconds.split_once('.').unwrap();
        assert_eq!(decimals.len(), 2);
        assert!(seconds.parse::<f64>().unwrap() < 0.5, "{seconds}");
    }
}
