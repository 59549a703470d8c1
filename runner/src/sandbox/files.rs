//! A submission's files, in and out of the folder it runs in.
//!
//! Going in, every name has been checked by `request.rs` and is checked again
//! here, because this is where a mistake would cost something. Coming out, the
//! folder is hostile: no link is followed, only regular files are taken, and
//! both their number and their bytes are bounded.

use std::fs::{DirBuilder, File as Opened, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path};
use std::sync::Arc;

use rustix::fs::{Dir, FileType, Mode, OFlags, openat};

/// Folders within folders that are looked into; deeper ones are left behind.
const MAX_DEPTH: usize = 40;

/// A file of the folder that a program starts in.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Relative to the folder, without `.` and `..`.
    pub name: String,
    /// What is in it. Shared, not copied, by the runs of one submission.
    pub content: Arc<[u8]>,
    /// Whether it may be executed.
    pub executable: bool,
}

impl std::fmt::Debug for File {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the content: it is somebody's code.
        write!(formatter, "{} ({} bytes)", self.name, self.content.len())
    }
}

/// Whether a name stays below the folder it is joined to.
pub(super) fn stays_inside(name: &str) -> bool {
    !name.is_empty()
        && !name.contains('\0')
        && Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

/// Writes one file below `folder`, from as many bytes of `content` as it has.
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

/// Why files could not be brought out.
#[derive(Debug)]
pub(super) enum CollectError {
    /// More files or bytes than allowed.
    TooMuch,
    /// Reading or handing over failed.
    Failed(io::Error),
}

impl From<io::Error> for CollectError {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Hands every regular file below `folder` to `take` as (name, executable,
/// content). What cannot be opened, or has no name in UTF-8, stays behind.
pub(super) fn collect(
    folder: &Path,
    max_files: u64,
    max_bytes: u64,
    take: &mut dyn FnMut(String, bool, Vec<u8>) -> io::Result<()>,
) -> Result<(), CollectError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = rustix::fs::open(folder, flags, Mode::empty()).map_err(io::Error::from)?;
    let mut bounds = Bounds {
        files: max_files,
        bytes: max_bytes,
    };
    walk(top, "", 0, &mut bounds, take)
}

struct Bounds {
    files: u64,
    bytes: u64,
}

fn walk(
    folder: rustix::fd::OwnedFd,
    prefix: &str,
    depth: usize,
    bounds: &mut Bounds,
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
        bounds.files = bounds.files.checked_sub(1).ok_or(CollectError::TooMuch)?;
        let path = format!("{prefix}{name}");
        // NONBLOCK: opening a FIFO must not wait for its other end. What it
        // really is, is asked of the descriptor, not of the name.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        match entry.file_type() {
            FileType::Directory if depth < MAX_DEPTH => {
                let flags = flags | OFlags::DIRECTORY;
                if let Ok(inner) = openat(&folder, entry.file_name(), flags, Mode::empty()) {
                    walk(inner, &format!("{path}/"), depth + 1, bounds, take)?;
                }
            }
            FileType::RegularFile => {
                let Ok(file) = openat(&folder, entry.file_name(), flags, Mode::empty()) else {
                    continue;
                };
                let file = Opened::from(file);
                let about = file.metadata()?;
                if !about.is_file() {
                    continue;
                }
                // By its length first: a sparse file costs its author nothing.
                bounds.bytes = bounds
                    .bytes
                    .checked_sub(about.len())
                    .ok_or(CollectError::TooMuch)?;
                let mut content = Vec::new();
                file.take(about.len()).read_to_end(&mut content)?;
                take(path, about.permissions().mode() & 0o100 != 0, content)?;
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
    fn only_regular_files_come_out_and_links_are_not_followed() {
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
    fn names_that_leave_the_folder_are_refused() {
        for name in ["../a", "/a", "a/../../b", "", ".", "a\0"] {
            assert!(!stays_inside(name), "{name}");
        }
        assert!(stays_inside("a/b.c"));
    }
}
