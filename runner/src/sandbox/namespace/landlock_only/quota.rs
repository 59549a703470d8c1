//! The disk quota of a run without namespaces, where no kernel limit bounds it.
//!
//! The quota counts the files in the run's two folders, and deleted files that its
//! processes still hold open or mapped. A file cannot be held in other ways,
//! because seccomp refuses to send descriptors. A folder or process that cannot be
//! read counts as exceeded: an honest program does not hide files.
//!
//! Between two checks, a program can write what the disk takes in that time. A
//! check takes at most a fifth of the time, however many files there are.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};

use super::super::protocol::SpecLimits;
use crate::sandbox::layout::RunFolders;
use crate::sandbox::procfs::{children_of, read_stat};

/// Interval between two checks, if a check takes less than a quarter of it.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);
/// Depth of nested folders that is allowed. Each level takes an open descriptor
/// during the check.
const MAX_DEPTH: usize = 64;
/// Consecutive checks at which a process may be unreadable. A process that is just
/// executing another program is unreadable for a moment.
const MAX_UNREADABLE_CHECKS: u32 = 4;

/// The quota is exceeded, or the files cannot be counted.
struct Exceeded;

/// The disk quota of one run.
pub(super) struct Quota {
    folders: RunFolders,
    limits: SpecLimits,
    next: Instant,
    /// Consecutive checks at which some process was unreadable.
    unreadable_checks: u32,
}

impl Quota {
    /// The quota of a run that starts now.
    pub(super) fn new(folders: &RunFolders, limits: &SpecLimits) -> Self {
        Self {
            folders: folders.clone(),
            limits: *limits,
            next: Instant::now() + CHECK_INTERVAL,
            unreadable_checks: 0,
        }
    }

    /// How long until the next check.
    pub(super) fn due_in(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now())
    }

    /// Checks the quota if it is time to.
    pub(super) fn is_exceeded(&mut self) -> bool {
        let begun = Instant::now();
        if begun < self.next {
            return false;
        }
        let is_exceeded = self.check().is_err();
        self.next = Instant::now() + (begun.elapsed() * 4).max(CHECK_INTERVAL);
        is_exceeded
    }

    /// Checks the folders after the last process has ended.
    pub(super) fn is_exceeded_at_end(&self) -> bool {
        self.in_folders().is_err()
    }

    fn check(&mut self) -> Result<(), Exceeded> {
        let folder_bytes = self.in_folders()?;
        let mut deleted = DeletedFiles::default();
        for child in descendants() {
            deleted.add_of(child, self.limits.process.file_bytes);
        }
        self.unreadable_checks = if deleted.is_unreadable {
            self.unreadable_checks + 1
        } else {
            0
        };
        let bytes = folder_bytes.saturating_add(deleted.bytes);
        if self.unreadable_checks >= MAX_UNREADABLE_CHECKS
            || bytes > self.limits.disk_bytes.saturating_mul(2)
        {
            return Err(Exceeded);
        }
        Ok(())
    }

    /// Bytes in both folders. Each folder has the whole limit.
    fn in_folders(&self) -> Result<u64, Exceeded> {
        let mut sum = 0;
        for folder in self.folders.both() {
            let mut usage = DiskUsage::default();
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let top = rustix::fs::open(folder, flags, Mode::empty()).map_err(|_| Exceeded)?;
            usage.add_below(top, 0, &self.limits)?;
            sum += usage.bytes;
        }
        Ok(sum)
    }
}

/// Bytes and number of files.
#[derive(Debug, Default)]
struct DiskUsage {
    bytes: u64,
    files: u64,
}

impl DiskUsage {
    fn add_below(
        &mut self,
        folder: rustix::fd::OwnedFd,
        depth: usize,
        limits: &SpecLimits,
    ) -> Result<(), Exceeded> {
        let mut entries = Dir::read_from(&folder).map_err(|_| Exceeded)?;
        while let Some(entry) = entries.read() {
            let entry = entry.map_err(|_| Exceeded)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let stat = match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                // Deleted since it was listed.
                Err(rustix::io::Errno::NOENT) => continue,
                Err(_) => return Err(Exceeded),
            };
            self.files += 1;
            let blocks = u64::try_from(stat.st_blocks).unwrap_or(0) * 512;
            let length = u64::try_from(stat.st_size).unwrap_or(0);
            let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
            // A hole counts like data, because data may be written into it. The length
            // of a folder depends on the file system.
            self.bytes += if is_folder {
                blocks
            } else {
                blocks.max(length)
            };
            if self.files > limits.disk_files || self.bytes > limits.disk_bytes {
                return Err(Exceeded);
            }
            if !is_folder {
                continue;
            }
            if depth >= MAX_DEPTH {
                return Err(Exceeded);
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match openat(&folder, name, flags, Mode::empty()) {
                Ok(inner) => self.add_below(inner, depth + 1, limits)?,
                Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {}
                Err(_) => return Err(Exceeded),
            }
        }
        Ok(())
    }
}

/// The living descendants of this process.
fn descendants() -> Vec<i32> {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let mut found = Vec::new();
    let mut parents = vec![(own, 1)];
    while let Some((parent, threads)) = parents.pop() {
        for child in children_of(parent, threads) {
            if let Some(stat) = read_stat(child) {
                parents.push((child, stat.threads));
                found.push(child);
            }
        }
    }
    found
}

/// Deleted files that processes still hold.
#[derive(Default)]
struct DeletedFiles {
    inodes: BTreeSet<u64>,
    bytes: u64,
    is_unreadable: bool,
}

impl DeletedFiles {
    /// Adds the files of one process. Each thread may have its own descriptors.
    fn add_of(&mut self, pid: i32, file_bytes: u64) {
        let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else {
            return;
        };
        let mut are_maps_read = false;
        for thread in threads.flatten() {
            let thread = thread.path();
            if !is_alive(&thread) {
                continue;
            }
            let read = self.add_open(&thread).and_then(|()| {
                if are_maps_read {
                    return Ok(());
                }
                are_maps_read = true;
                self.add_mapped(&thread, file_bytes)
            });
            // A thread that has ended meanwhile is unreadable too.
            self.is_unreadable |= read.is_err() && is_alive(&thread);
        }
    }

    fn add_open(&mut self, thread: &Path) -> io::Result<()> {
        for descriptor in fs::read_dir(thread.join("fd"))?.flatten() {
            let metadata = match fs::metadata(descriptor.path()) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
                // Closed since it was listed.
                Err(_) => continue,
            };
            if metadata.is_file() && metadata.nlink() == 0 && self.inodes.insert(metadata.ino()) {
                self.bytes += (metadata.blocks() * 512).max(metadata.len());
            }
        }
        Ok(())
    }

    /// The length of a file of which only a mapping is left is unknown, so it counts
    /// as the longest possible one.
    fn add_mapped(&mut self, thread: &Path, file_bytes: u64) -> io::Result<()> {
        let maps = fs::read(thread.join("maps"))?;
        for inode in deleted_inodes(&maps) {
            if self.inodes.insert(inode) {
                self.bytes += file_bytes;
            }
        }
        Ok(())
    }
}

/// The inodes of deleted files in `/proc/PID/maps`, see proc_pid_maps(5). The names
/// are the program's and need not be UTF-8; the kernel escapes line breaks in them.
fn deleted_inodes(maps: &[u8]) -> impl Iterator<Item = u64> {
    let lines = maps.split(|&byte| byte == b'\n');
    lines
        .filter(|line| line.ends_with(b" (deleted)"))
        .filter_map(|line| {
            let line = String::from_utf8_lossy(line);
            line.split_ascii_whitespace().nth(4)?.parse().ok()
        })
}

/// Whether a thread has not ended. A process may outlive its first thread.
fn is_alive(thread: &Path) -> bool {
    let stat = fs::read(thread.join("stat")).unwrap_or_default();
    let state = stat
        .iter()
        .rposition(|&byte| byte == b')')
        .and_then(|end| stat.get(end + 2));
    state.is_some_and(|state| !matches!(state, b'Z' | b'X'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    #[test]
    fn fuzz_deleted_inodes_are_found_whatever_the_names_are() {
        let files = prop::collection::vec(("[^\n]{0,20}", any::<u64>(), any::<bool>()), 0..5);
        fuzz(&files, |files| {
            let line = |(name, inode, is_deleted): &(String, u64, bool)| {
                let suffix = if *is_deleted {
                    " (deleted)"
                } else {
                    " (there)"
                };
                format!("7f00-7f01 rw-p 00000000 fd:00 {inode}   /box/{name}{suffix}\n")
            };
            let maps: String = files.iter().map(line).collect();
            let expected: Vec<u64> = files
                .iter()
                .filter(|(_, _, is_deleted)| *is_deleted)
                .map(|(_, inode, _)| *inode)
                .collect();
            let found: Vec<u64> = deleted_inodes(maps.as_bytes()).collect();
            prop_assert_eq!(found, expected);
            Ok(())
        });
    }
}
