//! A process in the background, and its end.
//!
//! Each child leads a process group of its own, so that what it starts in turn
//! (wrangler starts workerd) ends with it, and so that Ctrl-C reaches only this
//! process. If this process is killed, a [`Guard`] ends the groups.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::progress;

/// How long a process may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(8);

/// A running process with its log.
#[derive(Debug)]
pub struct Child {
    /// Its name on the screen.
    pub name: String,
    /// Where its output goes.
    pub log: PathBuf,
    process: Process,
    group: Option<Pid>,
}

impl Child {
    /// Starts `command` with its output going to `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path, guard: &mut Guard) -> Result<Self> {
        let output = progress::create(log)?;
        let process = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        guard.watch(process.id());
        Ok(Self {
            name: name.to_owned(),
            log: log.to_owned(),
            group: Pid::from_raw(process.id().cast_signed()),
            process,
        })
    }

    /// The process id, for tests that send it signals.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its exit status, if it has ended.
    pub fn ended(&mut self) -> Option<String> {
        self.process
            .try_wait()
            .ok()
            .flatten()
            .map(|status| status.to_string())
    }

    /// A report with the end of its log, if it has ended.
    pub fn fallen(&mut self) -> Option<String> {
        let status = self.ended()?;
        let mut text = format!(
            "{} ended unexpectedly ({status}). The end of its log:",
            self.name
        );
        for line in progress::tail(&self.log) {
            text.push_str("\n    ");
            text.push_str(&line);
        }
        Some(text)
    }

    /// Sends SIGTERM to the whole group.
    pub fn ask_to_stop(&self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::TERM);
        }
    }

    /// Sends SIGKILL to the whole group, and waits.
    pub fn kill(&mut self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.wait_for_end();
    }

    /// Waits until the whole group has ended; after [`GRACE`] kills what is left.
    pub fn wait_for_end(&mut self) {
        let Some(group) = self.group.take() else {
            return;
        };
        let deadline = Instant::now() + GRACE;
        loop {
            // Reaped first: a zombie would count as a member of the group.
            let _ = self.process.try_wait();
            if test_kill_process_group(group).is_err() {
                return;
            }
            if Instant::now() > deadline {
                let _ = kill_process_group(group, Signal::KILL);
                let _ = self.process.wait();
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.ask_to_stop();
        self.wait_for_end();
    }
}

/// A shell that waits for the end of this process and then kills the groups that
/// it was sent. It notices the end by its standard input, which the system closes
/// however this process ends.
#[derive(Debug)]
pub struct Guard(Option<Process>);

impl Guard {
    /// Starts the shell.
    pub fn start() -> Result<Self> {
        // Without `--`: not every shell's `kill` takes it before a group.
        const SCRIPT: &str = r#"groups=""
while read -r group; do groups="$groups $group"; done
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done"#;
        let shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("sh cannot be started")?;
        Ok(Self(Some(shell)))
    }

    fn watch(&mut self, group: u32) {
        if let Some(input) = self.0.as_mut().and_then(|shell| shell.stdin.as_mut()) {
            let _ = writeln!(input, "{group}");
        }
    }
}

impl Drop for Guard {
    /// In an orderly end, everything it watches was stopped before.
    fn drop(&mut self) {
        if let Some(mut shell) = self.0.take() {
            let _ = shell.kill();
            let _ = shell.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(guard: &mut Guard) -> Child {
        let log = std::env::temp_dir().join(format!("xtask-child-test-{}", std::process::id()));
        // The shell's child must end with the shell.
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & wait"]);
        Child::start("sleeper", &mut command, &log, guard).unwrap()
    }

    fn is_gone(group: Pid) -> bool {
        (0..100).any(|_| {
            thread::sleep(Duration::from_millis(20));
            test_kill_process_group(group).is_err()
        })
    }

    #[test]
    fn stopping_a_child_ends_its_process_group() {
        let mut guard = Guard::start().unwrap();
        let child = sleeper(&mut guard);
        let group = child.group.unwrap();
        drop(child);
        assert!(is_gone(group));
    }

    #[test]
    fn killing_a_child_ends_its_group_even_if_it_ignores_sigterm() {
        let mut guard = Guard::start().unwrap();
        let log = std::env::temp_dir().join(format!("xtask-child-kill-{}", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; sleep 600 & wait"]);
        let mut child = Child::start("stubborn", &mut command, &log, &mut guard).unwrap();
        let group = child.group.unwrap();
        let started = Instant::now();
        child.kill();
        assert!(is_gone(group));
        assert!(started.elapsed() < GRACE);
    }

    #[test]
    fn the_guard_kills_the_groups_when_this_process_ends() {
        let mut guard = Guard::start().unwrap();
        let mut child = sleeper(&mut guard);
        let group = child.group.take().unwrap();
        // As the system does when this process is killed.
        drop(guard.0.as_mut().unwrap().stdin.take());
        child.process.wait().unwrap();
        assert!(is_gone(group));
    }
}
