//! How a program is started, which each tier's init decides, and the files that it is
//! given. `launch.rs` and `wait.rs` go by it.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;

use seccompiler::BpfProgram;

use super::protocol::{Spec, SpecFile};
use crate::sandbox::failure::{Context, Failure};
use crate::sandbox::files;

/// How a program is started.
pub(super) struct Launch<'a> {
    pub(super) spec: &'a Spec,
    pub(super) filters: &'a [BpfProgram],
    /// Runs first in the child.
    pub(super) in_child: fn(),
    /// The number of processes and threads of the program's user that do not belong to
    /// the run; of a run that has a program already, without that.
    pub(super) other_tasks: fn(Option<i32>) -> u64,
    /// The folder that the program starts in.
    pub(super) folder: &'a Path,
    /// Whether every file of the submission may be executed.
    pub(super) all_executable: bool,
    /// Readable when a child has ended or stopped.
    pub(super) child_signals: &'a OwnedFd,
}

/// Writes the submission's files, whose contents come next on the socket.
pub(super) fn write_files(
    launch: &Launch<'_>,
    files: &[SpecFile],
    control: &UnixStream,
) -> Result<(), Failure> {
    for file in files {
        let mut content = Read::take(control, file.length_bytes);
        let executable = file.executable || launch.all_executable;
        files::write(launch.folder, &file.name, executable, &mut content)
            .context("writing the submission's files")?;
    }
    Ok(())
}
