//! The second tier: a run without namespaces, held by Landlock and seccomp.
//!
//! For machines where no namespace can be made but the kernel knows Landlock 6.
//! The runner's files, its protocol with the helper and its watchdog are those of
//! the first tier; what differs is here:
//!
//! | what the namespaces did | what does it here | module |
//! | --- | --- | --- |
//! | a root of its own | rules on the machine's own files | [`rules`] |
//! | a pid namespace | two nested domains whose signals stay inside, and a sub-reaper | [`rules`], [`init`] |
//! | two tmpfs of a fixed size | a folder on the disk, looked at again and again | [`quota`] |
//! | a user namespace | system calls refused that reach others of the same user | `seccomp` |
//!
//! There is one process less: the helper itself is the program's parent. It must
//! not be killed while the program lives, since nobody else would find what it
//! left; it is told to end, and ends by itself when the runner dies.

pub(super) mod init;
mod quota;
pub(super) mod rules;

use std::io;
use std::path::{Path, PathBuf};

use super::watchdog::{self, Start};
use crate::sandbox::workdir::WorkDir;
use crate::sandbox::{Cancel, Ending, Report, Request, Sandbox, Tier};

/// Where a program starts, in the run's folder.
pub(super) const BOX: &str = "box";
/// Its `HOME` and `TMPDIR`.
pub(super) const TMP: &str = "tmp";
/// The version of Landlock from which signals and abstract sockets stay inside.
pub const LEAST_LANDLOCK_ABI: u32 = 6;

/// How to start runs without namespaces.
#[derive(Debug)]
pub struct LandlockSandbox {
    /// The runner's own program, which knows how to be a helper.
    helper: PathBuf,
    /// Shown in the machine's list of processes.
    label: String,
    /// Whom programs run as; `None`: the runner's own user.
    user: Option<u32>,
    work: WorkDir,
}

impl LandlockSandbox {
    /// As [`NamespaceSandbox::new`](super::NamespaceSandbox::new); runs get their
    /// folders below `work`, which is made if need be.
    pub fn new(helper: &Path, label: &str, user: u32, work: &Path) -> io::Result<Self> {
        let user = rustix::process::geteuid().is_root().then_some(user);
        Ok(Self {
            helper: helper.to_path_buf(),
            label: label.to_owned(),
            user,
            work: WorkDir::open_for(work, user)?,
        })
    }
}

impl Sandbox for LandlockSandbox {
    fn run(&self, request: &Request<'_>, cancel: &Cancel) -> Report {
        if cancel.is_cancelled() {
            return Report {
                ending: Ending::Cancelled,
                ..Report::failed("")
            };
        }
        let folder = match self.work.submission() {
            Ok(folder) => folder,
            Err(error) => return Report::failed(format!("the folder could not be made: {error}")),
        };
        let start = Start {
            helper: &self.helper,
            label: &self.label,
            user: self.user,
            folder: Some(folder.path()),
        };
        watchdog::supervise(&start, request, cancel)
            .unwrap_or_else(|failure| Report::failed(failure.to_string()))
    }

    fn tier(&self) -> Tier {
        Tier::Landlock
    }
}
