//! The two implementations of `Sandbox` that use a helper process: with
//! namespaces, and with Landlock alone.
//!
//! They differ only in the folder of a run: a run with namespaces has none on the
//! machine's disk. `main.rs` creates one of them and tries it out (`self_test.rs`).

use std::io;
use std::path::Path;

use super::helper_process::HelperConfig;
use super::waiting::WaitingProgram;
use super::watchdog;
use crate::sandbox::cancel::Cancel;
use crate::sandbox::failure::Failure;
use crate::sandbox::interface::{Command, Ending, IdleSandbox, Report, Sandbox, Tier};
use crate::sandbox::workdir::{RunFolder, WorkDir};

/// Isolates by namespaces, Landlock and seccomp.
#[derive(Debug, Clone)]
pub struct NamespaceSandbox {
    helper: HelperConfig,
}

impl NamespaceSandbox {
    /// `executable`'s `main` must begin with
    /// [`run_if_helper`](super::run_if_helper). If the runner is root, programs run
    /// as `user`, which must not be root; otherwise they run as the runner's user.
    pub fn new(executable: &Path, label: &str, user: u32) -> Self {
        Self {
            helper: HelperConfig::new(executable, label, user),
        }
    }
}

impl Sandbox for NamespaceSandbox {
    fn run(&self, command: &Command<'_>, cancel: &Cancel) -> Report {
        if cancel.is_cancelled() {
            return Report::not_run(Ending::Cancelled);
        }
        watchdog::supervise(&self.helper, None, command, cancel)
            .unwrap_or_else(|failure| Report::of_failure(&failure))
    }

    fn tier(&self) -> Tier {
        Tier::Full
    }

    fn warms_up(&self) -> bool {
        true
    }

    fn warm_up(&self, command: &Command<'_>) -> Result<Box<dyn IdleSandbox>, String> {
        WaitingProgram::start(&self.helper, None, command)
    }
}

/// Isolates by Landlock and seccomp, without namespaces.
#[derive(Debug)]
pub struct LandlockSandbox {
    helper: HelperConfig,
    work: WorkDir,
}

impl LandlockSandbox {
    /// As [`NamespaceSandbox::new`]. Runs get their folders below `work`, which is
    /// created if missing.
    pub fn new(executable: &Path, label: &str, user: u32, work: &Path) -> io::Result<Self> {
        let helper = HelperConfig::new(executable, label, user);
        let work = WorkDir::open_for(work, helper.user)?;
        Ok(Self { helper, work })
    }

    fn make_folder(&self, command: &Command<'_>) -> io::Result<RunFolder> {
        let folder = self.work.create_run_folder()?;
        folder.link_packages(command.mounts)?;
        Ok(folder)
    }
}

impl Sandbox for LandlockSandbox {
    fn run(&self, command: &Command<'_>, cancel: &Cancel) -> Report {
        if cancel.is_cancelled() {
            return Report::not_run(Ending::Cancelled);
        }
        let folder = match self.make_folder(command) {
            Ok(folder) => folder,
            Err(error) => {
                return Report::of_failure(&Failure::Step("the folder could not be made", error));
            }
        };
        watchdog::supervise(&self.helper, Some(folder.path()), command, cancel)
            .unwrap_or_else(|failure| Report::of_failure(&failure))
    }

    fn tier(&self) -> Tier {
        Tier::Landlock
    }

    fn warms_up(&self) -> bool {
        true
    }

    fn warm_up(&self, command: &Command<'_>) -> Result<Box<dyn IdleSandbox>, String> {
        let folder = self
            .make_folder(command)
            .map_err(|error| error.to_string())?;
        WaitingProgram::start(&self.helper, Some(folder), command)
    }
}
