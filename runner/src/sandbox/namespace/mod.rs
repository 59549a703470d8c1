//! A run in namespaces of its own: no files but its own and the system's, no
//! network, no other processes, no way to more rights.
//!
//! | process | module | lives |
//! | --- | --- | --- |
//! | the runner, one thread a run | here, [`watchdog`], [`tree`] | long |
//! | helper: namespaces and user | [`helper`] | one run |
//! | init, process 1 inside | [`init`], [`root`] | one run |
//! | the program | [`program`], [`seccomp`] | one run |
//!
//! Where none can be made, [`lesser`] does with fewer walls, and says so.
//!
//! They speak by [`protocol`]. What is promised, and on which of the kernel's
//! features it rests, is in `docs/runner.md`.

mod helper;
mod init;
mod lesser;
mod program;
mod protocol;
mod root;
mod seccomp;
mod self_test;
mod sys;
mod tree;
mod watchdog;

use std::path::{Path, PathBuf};

pub use helper::run_if_helper;
pub use lesser::{LEAST_LANDLOCK_ABI, LandlockSandbox};
pub use self_test::{Found, SelfTestError};

use super::{Cancel, Ending, Report, Request, Sandbox, Tier};
use watchdog::Start;

/// How to start runs.
#[derive(Debug, Clone)]
pub struct NamespaceSandbox {
    /// The runner's own program, which knows how to be a helper.
    helper: PathBuf,
    /// Shown in the machine's list of processes.
    label: String,
    /// Whom programs run as, outside; `None`: the runner's own user.
    user: Option<u32>,
}

impl NamespaceSandbox {
    /// `helper` is an executable whose `main` begins with [`run_if_helper`].
    /// Started as root, programs run as `user`, which must not be root; started
    /// as anybody else, as that user.
    pub fn new(helper: &Path, label: &str, user: u32) -> Self {
        Self {
            helper: helper.to_path_buf(),
            label: label.to_owned(),
            user: rustix::process::geteuid().is_root().then_some(user),
        }
    }
}

impl Sandbox for NamespaceSandbox {
    fn run(&self, request: &Request<'_>, cancel: &Cancel) -> Report {
        if cancel.is_cancelled() {
            return Report {
                ending: Ending::Cancelled,
                ..Report::failed("")
            };
        }
        let start = Start {
            helper: &self.helper,
            label: &self.label,
            user: self.user,
            folder: None,
        };
        watchdog::supervise(&start, request, cancel).unwrap_or_else(|failure| {
            // The step for the caller, the system's words with it; neither holds
            // a path.
            Report::failed(failure.to_string())
        })
    }

    fn tier(&self) -> Tier {
        Tier::Full
    }
}
