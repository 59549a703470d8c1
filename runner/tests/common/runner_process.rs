//! The `runner` program as a child process of a test.

use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::process::{Child, Command, ExitStatus};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::timing::{POLL_INTERVAL, TIMEOUT};

/// A runner that has printed its ready line. Killed when dropped.
pub struct RunnerProcess {
    child: Child,
    ready: String,
}

impl RunnerProcess {
    /// Starts the command, whose standard output must be piped. Its file may have
    /// just been written: another test's child may hold it open until it executes
    /// another program.
    pub fn spawn(command: &mut Command) -> Self {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            match command.spawn() {
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                    assert!(Instant::now() < deadline, "{error}");
                    std::thread::sleep(POLL_INTERVAL);
                }
                started => return Self::wait_ready(started.unwrap()),
            }
        }
    }

    /// Waits for the ready line of a child that was started.
    pub fn wait_ready(mut child: Child) -> Self {
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut ready)
            .unwrap();
        Self { child, ready }
    }

    /// The ready line.
    pub fn ready(&self) -> &str {
        &self.ready
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        let rest = self.ready.strip_prefix("runner ready on ");
        let rest = rest.unwrap_or_else(|| panic!("{:?}", self.ready));
        rest.split(' ').next().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The exit status, if the runner has ended.
    pub fn try_wait(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits until the runner has ended.
    pub async fn exited(&mut self) -> ExitStatus {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Some(status) = self.try_wait() {
                return status;
            }
            assert!(Instant::now() < deadline, "it is still running");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Everything that an ended runner wrote to its standard error, which must be
    /// piped.
    pub fn log(&mut self) -> String {
        let mut log = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for RunnerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
