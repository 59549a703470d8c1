//! The disk of a run without namespaces: nothing bounds it but looking.
//!
//! Counted is what lies in the run's two folders, and what was deleted there but
//! is still held: open, or mapped. Files cannot be held in other ways, because
//! seccomp lets no descriptor be sent. What cannot be looked into counts as too
//! much, since no honest program hides.
//!
//! Between two looks a program can write what the disk takes in that time. Each
//! look takes at most a fifth of the time, however much there is to see.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};

use super::super::protocol::SpecLimits;
use super::super::tree::children_of;
use super::init::places;
use crate::sandbox::procfs::read_stat;

/// How often to look, if looking is quick.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Folders within folders, as many as anybody needs. Each takes a descriptor
/// while it is looked into.
const MAX_DEPTH: usize = 64;
/// Looks in a row at which a process could not be looked into. One that is just
/// being replaced by another program is like that for a moment.
const UNSEEN: u32 = 4;

/// Too much, or not to be seen.
struct Over;

/// Looks after one run's disk.
pub(super) struct Quota {
    places: [PathBuf; 2],
    limits: SpecLimits,
    next: Instant,
    /// Looks in a row at which something could not be seen.
    unseen: u32,
}

impl Quota {
    pub(super) fn new(folder: &Path, limits: &SpecLimits) -> Self {
        Self {
            places: places(folder),
            limits: *limits,
            next: Instant::now() + LOOK_EVERY,
            unseen: 0,
        }
    }

    /// How long until the next look.
    pub(super) fn due_in(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now())
    }

    /// Looks, if it is time to.
    pub(super) fn is_over(&mut self) -> bool {
        let begun = Instant::now();
        if begun < self.next {
            return false;
        }
        let over = self.look().is_err();
        self.next = Instant::now() + (begun.elapsed() * 4).max(LOOK_EVERY);
        over
    }

    /// When nobody holds anything any more.
    pub(super) fn is_over_at_the_end(&self) -> bool {
        self.in_folders().is_err()
    }

    fn look(&mut self) -> Result<(), Over> {
        let lying = self.in_folders()?;
        let mut held = Held::default();
        for child in descendants() {
            held.add_of(child, self.limits.file_bytes);
        }
        self.unseen = if held.is_unseen { self.unseen + 1 } else { 0 };
        let bytes = lying.bytes.saturating_add(held.bytes);
        if self.unseen >= UNSEEN || bytes > self.limits.disk_bytes.saturating_mul(2) {
            return Err(Over);
        }
        Ok(())
    }

    /// What lies in both folders; each has the limit for itself.
    fn in_folders(&self) -> Result<Usage, Over> {
        let mut sum = Usage::default();
        for place in &self.places {
            let mut usage = Usage::default();
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let top = rustix::fs::open(place, flags, Mode::empty()).map_err(|_| Over)?;
            usage.add_below(top, 0, &self.limits)?;
            sum.bytes += usage.bytes;
        }
        Ok(sum)
    }
}

/// Bytes and number of files.
#[derive(Debug, Default)]
struct Usage {
    bytes: u64,
    files: u64,
}

impl Usage {
    fn add_below(
        &mut self,
        folder: rustix::fd::OwnedFd,
        depth: usize,
        limits: &SpecLimits,
    ) -> Result<(), Over> {
        let mut entries = Dir::read_from(&folder).map_err(|_| Over)?;
        while let Some(entry) = entries.read() {
            let entry = entry.map_err(|_| Over)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let about = match statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(about) => about,
                // Gone since it was listed.
                Err(rustix::io::Errno::NOENT) => continue,
                Err(_) => return Err(Over),
            };
            self.files += 1;
            let blocks = u64::try_from(about.st_blocks).unwrap_or(0) * 512;
            let length = u64::try_from(about.st_size).unwrap_or(0);
            let is_folder = FileType::from_raw_mode(about.st_mode) == FileType::Directory;
            // A hole counts like what may be written into it; what a folder says
            // of its own length is the file system's affair.
            self.bytes += if is_folder {
                blocks
            } else {
                blocks.max(length)
            };
            if self.files > limits.disk_files || self.bytes > limits.disk_bytes {
                return Err(Over);
            }
            if !is_folder {
                continue;
            }
            if depth >= MAX_DEPTH {
                return Err(Over);
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match openat(&folder, name, flags, Mode::empty()) {
                Ok(inner) => self.add_below(inner, depth + 1, limits)?,
                Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {}
                Err(_) => return Err(Over),
            }
        }
        Ok(())
    }
}

/// Everything below this process that lives.
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
struct Held {
    seen: BTreeSet<u64>,
    bytes: u64,
    is_unseen: bool,
}

impl Held {
    /// Those of one process. Each of its threads may have descriptors of its own.
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
            let seen = self.add_open(&thread).and_then(|()| {
                if are_maps_read {
                    return Ok(());
                }
                are_maps_read = true;
                self.add_mapped(&thread, file_bytes)
            });
            // One that has ended meanwhile could not be seen either.
            self.is_unseen |= seen.is_err() && is_alive(&thread);
        }
    }

    fn add_open(&mut self, thread: &Path) -> io::Result<()> {
        for descriptor in fs::read_dir(thread.join("fd"))?.flatten() {
            let about = match fs::metadata(descriptor.path()) {
                Ok(about) => about,
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
                // Closed since it was listed.
                Err(_) => continue,
            };
            if about.is_file() && about.nlink() == 0 && self.seen.insert(about.ino()) {
                self.bytes += (about.blocks() * 512).max(about.len());
            }
        }
        Ok(())
    }

    /// How long a file is of which only a mapping is left cannot be seen, so it
    /// counts as the longest there may be.
    fn add_mapped(&mut self, thread: &Path, file_bytes: u64) -> io::Result<()> {
        // Names need not be UTF-8.
        let maps = fs::read(thread.join("maps"))?;
        for line in maps.split(|&byte| byte == b'\n') {
            if !line.ends_with(b" (deleted)") {
                continue;
            }
            let line = String::from_utf8_lossy(line);
            let inode = line
                .split_ascii_whitespace()
                .nth(4)
                .and_then(|word| word.parse().ok());
            if let Some(inode) = inode
                && self.seen.insert(inode)
            {
                self.bytes += file_bytes;
            }
        }
        Ok(())
    }
}

/// Whether a thread has not ended. A process may live on after its first one.
fn is_alive(thread: &Path) -> bool {
    let stat = fs::read(thread.join("stat")).unwrap_or_default();
    let state = stat
        .iter()
        .rposition(|&byte| byte == b')')
        .and_then(|end| stat.get(end + 2));
    state.is_some_and(|state| !matches!(state, b'Z' | b'X'))
}
