//! Writes a submission's files into its folder and collects files from it.
//!
//! On the way in, `request.rs` has checked every name, and it is checked again
//! here, where a mistake would write outside. On the way out, the folder is
//! hostile: no link is followed, only regular files are taken, and both their
//! number and their bytes are limited.

use std::fs::{DirBuilder, File as Opened, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path};
use std::sync::Arc;

use rustix::fs::{Dir, FileType, Mode, OFlags, openat};

/// Depth of nested folders that are collected; deeper files are left out.
const MAX_DEPTH: usize = 40;

/// A file of the folder that a program starts in.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Relative to the folder, without `.` and `..`.
    pub name: String,
    /// The content. Shared, not copied, by the runs of one submission.
    pub content: Arc<[u8]>,
    /// Whether it may be executed.
    pub executable: bool,
}

impl std::fmt::Debug for File {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the content: submitted code must not reach the log.
        write!(formatter, "{} ({} bytes)", self.name, self.content.len())
    }
}

/// Whether a name stays below the folder that it is joined to.
pub(super) fn stays_inside(name: &str) -> bool {
    !name.is_empty()
        && !name.contains('\0')
        && Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

/// Writes all of `content` to one file below `folder`.
pub(super) fn write(
    folder: &Path,
    name: &str,
    executable: bool,
    content: &mut impl Read,
) -> io::Result<()> {
    if !stays_inside(name) {
        return Err(io::Error::other("a file's name leaves the folder"));
    }
    let path = folder.join(name);
    if let Some(parent) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(if executable { 0o700 } else { 0o600 })
        .open(path)?;
    io::copy(content, &mut file)?;
    file.flush()
}

/// Why files could not be collected.
#[derive(Debug)]
pub(super) enum CollectError {
    /// More files or bytes than allowed.
    TooMuch,
    /// Reading a file or passing it on failed.
    Failed(io::Error),
}

impl From<io::Error> for CollectError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Passes every regular file below `folder` to `take` as (name, executable,
/// content). Files that cannot be opened, or whose name is not UTF-8, are left out.
pub(super) fn collect(
    folder: &Path,
    max_files: u64,
    max_bytes: u64,
    take: &mut dyn FnMut(String, bool, Vec<u8>) -> io::Result<()>,
) -> Result<(), CollectError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = rustix::fs::open(folder, flags, Mode::empty()).map_err(io::Error::from)?;
    let mut budget = Budget {
        files: max_files,
        bytes: max_bytes,
    };
    walk(top, "", 0, &mut budget, take)
}

struct Budget {
    files: u64,
    bytes: u64,
}

fn walk(
    folder: rustix::fd::OwnedFd,
    prefix: &str,
    depth: usize,
    budget: &mut Budget,
    take: &mut dyn FnMut(String, bool, Vec<u8>) -> io::Result<()>,
) -> Result<(), CollectError> {
    let mut entries = Dir::read_from(&folder).map_err(io::Error::from)?;
    while let Some(entry) = entries.read() {
        let entry = entry.map_err(io::Error::from)?;
        let Ok(name) = entry.file_name().to_str() else {
            continue;
        };
        if name == "." || name == ".." {
            continue;
        }
        budget.files = budget.files.checked_sub(1).ok_or(CollectError::TooMuch)?;
        let path = format!("{prefix}{name}");
        // NONBLOCK: opening a FIFO must not wait for its other end. The type is
        // checked again on the open descriptor, because the name may change.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match entry.file_type() {
            FileType::Directory if depth < MAX_DEPTH => {
                let flags = flags | OFlags::DIRECTORY;
                if let Ok(inner) = openat(&folder, entry.file_name(), flags, Mode::empty()) {
                    walk(inner, &format!("{path}/"), depth + 1, budget, take)?;
                }
            }
            FileType::RegularFile => {
                let Ok(file) = openat(&folder, entry.file_name(), flags, Mode::empty()) else {
                    continue;
                };
                let file = Opened::from(file);
                let metadata = file.metadata()?;
                if !metadata.is_file() {
                    continue;
                }
                // The length is checked before reading: a sparse file takes no disk.
                budget.bytes = budget
                    .bytes
                    .checked_sub(metadata.len())
                    .ok_or(CollectError::TooMuch)?;
                let mut content = Vec::new();
                file.take(metadata.len()).read_to_end(&mut content)?;
                take(path, metadata.permissions().mode() & 0o100 != 0, content)?;
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collected(folder: &Path, files: u64, bytes: u64) -> Result<Vec<String>, CollectError> {
        let mut names = Vec::new();
        collect(folder, files, bytes, &mut |name, executable, content| {
            names.push(format!("{name} {executable} {}", content.len()));
            Ok(())
        })?;
        names.sort();
        Ok(names)
    }

    #[test]
    fn collect_takes_regular_files_only_and_follows_no_links() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        write(path, "a/b.txt", false, &mut &b"12"[..]).unwrap();
        write(path, "run", true, &mut &b"123"[..]).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", path.join("link")).unwrap();
        std::os::unix::fs::symlink("/etc", path.join("folder")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            path.join("pipe"),
            FileType::Fifo,
            Mode::RWXU,
            0,
        )
        .unwrap();
        assert_eq!(
            collected(path, 10, 10).unwrap(),
            ["a/b.txt false 2", "run true 3"]
        );
        assert!(matches!(collected(path, 10, 4), Err(CollectError::TooMuch)));
        assert!(matches!(collected(path, 2, 10), Err(CollectError::TooMuch)));
    }

    #[test]
    fn stays_inside_refuses_names_that_leave_the_folder() {
        for name in ["../a", "/a", "a/../../b", "", ".", "a\0"] {
            assert!(!stays_inside(name), "{name}");
        }
        assert!(stays_inside("a/b.c"));
    }
}
