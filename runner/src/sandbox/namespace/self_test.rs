//! Finds out at start whether this machine's sandbox isolates, by trying to break
//! out of it.
//!
//! The runner runs the checks of `self_checks.rs` instead of a program, in a
//! sandbox made like every other. Each check does what a hostile program would,
//! and must fail. A kernel without user namespaces, a container that forbids
//! mounts, an AppArmor profile: all of them show here, before any submission runs.

use std::path::Path;
use std::time::Duration;

use super::landlock::LEAST_LANDLOCK_ABI;
use super::protocol::step;
use super::self_checks::{FILL_DISK, PROGRAM, STREAMS};
use super::sys;
use super::tiers::{LandlockSandbox, NamespaceSandbox};
use crate::sandbox::cancel::Cancel;
use crate::sandbox::interface::{Command, Ending, Report, Sandbox};
use crate::sandbox::limits::{Limit, Limits};

/// Wall and CPU time of the checks. Generous, because the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What the self-test found out about this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfTestReport {
    /// The kernel's version of Landlock. 0: none. From 6 on, it confines signals
    /// and abstract sockets, which namespaces do as well.
    pub landlock_abi: u32,
    /// Whether programs can open `/dev/stdin`, `/dev/stdout`, `/dev/stderr` and
    /// `/dev/fd`.
    pub has_streams: bool,
}

/// Why the sandbox cannot be used. For the operator.
#[derive(Debug, thiserror::Error)]
pub enum SelfTestError {
    /// The sandbox cannot be made.
    #[error("a sandbox cannot be made on this machine: {0}")]
    NotMade(String),
    /// Namespaces, or mounts in them, cannot be made: the one failure after which
    /// the other tier may be used.
    #[error("namespaces cannot be made on this machine: {0}")]
    NoNamespaces(String),
    /// The sandbox was made but does not isolate.
    #[error("the sandbox does not isolate on this machine: {0}")]
    DoesNotIsolate(String),
}

impl NamespaceSandbox {
    /// Runs the checks. Blocks for some milliseconds.
    pub fn self_test(&self) -> Result<SelfTestReport, SelfTestError> {
        // The watchdog finds the processes of a run by this file.
        if !Path::new("/proc/thread-self/children").exists() {
            return Err(SelfTestError::NotMade(
                "this kernel does not list the children of a process (CONFIG_PROC_CHILDREN), or \
                 /proc is not mounted"
                    .to_owned(),
            ));
        }
        let namespace_steps = [
            step::NAMESPACES,
            step::MAP_USER,
            step::OPEN_SOURCES,
            step::ENTER_ROOT,
        ];
        result(run_checks(self, &[])).map_err(|error| match error {
            SelfTestError::NotMade(reason)
                if namespace_steps.iter().any(|step| reason.starts_with(step)) =>
            {
                SelfTestError::NoNamespaces(reason)
            }
            error => error,
        })
    }
}

impl LandlockSandbox {
    /// Runs the checks. Blocks for some tenths of a second, because the disk quota
    /// is checked only now and then.
    pub fn self_test(&self) -> Result<SelfTestReport, SelfTestError> {
        let abi = sys::landlock_abi();
        if abi < LEAST_LANDLOCK_ABI {
            return Err(SelfTestError::NotMade(format!(
                "Landlock {LEAST_LANDLOCK_ABI} is needed, and this kernel's version is {abi}"
            )));
        }
        let report = result(run_checks(self, &[]))?;
        match run_checks(self, &[FILL_DISK]).ending {
            Ending::Limited(Limit::Disk) => Ok(report),
            other => Err(SelfTestError::DoesNotIsolate(format!(
                "its disk is not limited ({other:?})"
            ))),
        }
    }
}

fn run_checks(sandbox: &impl Sandbox, arguments: &[&str]) -> Report {
    let argv: Vec<String> = [PROGRAM]
        .iter()
        .chain(arguments)
        .map(|argument| (*argument).to_owned())
        .collect();
    let command = Command {
        argv: &argv,
        files: &[],
        collect_files: false,
        mounts: &[],
        env: &[],
        stdin: b"",
        combine_output: false,
        interrupt: false,
        prewarm: false,
        limits: Limits {
            wall: TIMEOUT,
            cpu: TIMEOUT,
            memory_bytes: Some(256 << 20),
            stack_bytes: 8 << 20,
            stdout_bytes: 4096,
            stderr_bytes: 4096,
            tasks: 8,
            open_files: 64,
            file_bytes: 8 << 20,
            disk_bytes: 1 << 20,
            disk_files: 64,
        },
    };
    sandbox.run(&command, &Cancel::default())
}

fn result(report: Report) -> Result<SelfTestReport, SelfTestError> {
    let printed = String::from_utf8_lossy(&report.stdout).trim().to_owned();
    match report.ending {
        Ending::Exited(0) => {
            let abi = printed.strip_suffix(STREAMS);
            Ok(SelfTestReport {
                landlock_abi: abi.unwrap_or(&printed).parse().unwrap_or(0),
                has_streams: abi.is_some(),
            })
        }
        Ending::Exited(_) => Err(SelfTestError::DoesNotIsolate(printed)),
        Ending::Failed(reason) | Ending::Unavailable(reason) => Err(SelfTestError::NotMade(reason)),
        other => Err(SelfTestError::NotMade(format!("{other:?}"))),
    }
}
