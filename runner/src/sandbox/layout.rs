//! Where a program finds its files: paths only, nothing is created here.
//!
//! `workdir.rs` creates the folders on the disk, `namespace/root.rs` mounts them,
//! Landlock and the disk quota refer to them.

use std::path::{Path, PathBuf};

/// Paths that every program may read, where the machine has them.
pub const SYSTEM_PATHS: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/alternatives",
    "/etc/ld.so.cache",
];

/// Where programs with a root file system of their own see the languages' libraries.
pub const LIBRARIES: &str = "/libraries";

/// The name of the folder in which Node looks for the packages of modules: beside the
/// program, and in every folder above.
pub(super) const PACKAGES: &str = "node_modules";

/// The two folders that a program may write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunFolders {
    /// The folder that the program starts in, with the submission's files.
    pub(super) start: PathBuf,
    /// Its `HOME` and `TMPDIR`.
    pub(super) temporary: PathBuf,
}

impl RunFolders {
    /// The folders of a run that has `folder` on the machine's disk.
    pub(super) fn on_disk(folder: &Path) -> Self {
        Self {
            start: folder.join("box"),
            temporary: folder.join("tmp"),
        }
    }

    /// The folders of a run that has a root file system of its own.
    #[cfg(target_os = "linux")]
    pub(super) fn in_own_root() -> Self {
        Self::on_disk(Path::new("/"))
    }

    /// Both of them.
    #[cfg(target_os = "linux")]
    pub(super) fn both(&self) -> [&Path; 2] {
        [&self.start, &self.temporary]
    }
}
