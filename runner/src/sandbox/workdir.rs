//! Folders: one for each submission, gone when it is done.
//!
//! ```text
//! WORK_DIR/                 the runner's user only
//!   lock                    held while a runner starts, so that they clean in turn
//!   PID-NANOS.lock          held as long as that runner lives
//!   PID-NANOS/
//!     7/box/                the seventh submission's files, where it runs
//!     7/tmp/                its HOME and TMPDIR
//! ```
//!
//! A runner that was killed cannot clean up. Its lock is free then, and the next
//! runner to start kills what is left of its processes and removes its folders.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use rustix::fs::{FlockOperation, flock};

use super::session::kill_by_home;

/// The folder of one runner's submissions. Removed when dropped.
#[derive(Debug)]
pub(super) struct WorkDir {
    path: PathBuf,
    lock_path: PathBuf,
    /// Held open, and thereby locked.
    _lock: File,
    next: AtomicU64,
}

impl WorkDir {
    /// Makes the folder below `base`, and removes what dead runners left there.
    ///
    /// Refuses a `base` that another user owns: whoever owns a folder can swap
    /// what is in it.
    pub(super) fn open(base: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(base)?;
        // Absolute, since programs run elsewhere.
        let base = base.canonicalize()?;
        let owner = fs::metadata(&base)?.uid();
        if owner != rustix::process::geteuid().as_raw() {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the work folder belongs to another user",
            ));
        }
        fs::set_permissions(&base, Permissions::from_mode(0o700))?;
        let turn = lock_file(&base.join("lock"))?;
        flock(&turn, FlockOperation::LockExclusive)?;
        remove_stale(&base)?;
        let nanos = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos());
        let name = format!("{}-{nanos}", std::process::id());
        let lock_path = base.join(format!("{name}.lock"));
        let lock = lock_file(&lock_path)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        let path = base.join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self {
            path,
            lock_path,
            _lock: lock,
            next: AtomicU64::new(0),
        })
    }

    /// A fresh folder for a submission.
    pub(super) fn submission(&self) -> io::Result<Folder> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(number.to_string());
        let mut builder = DirBuilder::new();
        builder.mode(0o700).create(&path)?;
        let folder = Folder {
            cwd: path.join("box"),
            home: path.join("tmp"),
            path,
        };
        builder.create(&folder.cwd)?;
        builder.create(&folder.home)?;
        Ok(folder)
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        remove(&self.path);
        let _ = fs::remove_file(&self.lock_path);
    }
}

/// The folder of one submission. Removed when dropped, so also on a panic.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    cwd: PathBuf,
    home: PathBuf,
}

impl Folder {
    /// Where the program starts.
    pub(super) fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// Its `HOME` and `TMPDIR`.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn lock_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
}

fn remove_stale(base: &Path) -> io::Result<()> {
    for entry in fs::read_dir(base)? {
        let lock_path = entry?.path();
        let is_lock = lock_path.extension().is_some_and(|ending| ending == "lock");
        if !is_lock {
            continue;
        }
        let lock = lock_file(&lock_path)?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            // Its runner lives.
            continue;
        }
        let folder = lock_path.with_extension("");
        kill_by_home(&folder);
        remove(&folder);
        let _ = fs::remove_file(&lock_path);
        tracing::info!("removed what a runner left that was killed");
    }
    Ok(())
}

/// Removes a folder with everything in it, even if the program took its own
/// permissions away.
fn remove(path: &Path) {
    if fs::remove_dir_all(path).is_ok() {
        return;
    }
    open_up(path);
    match fs::remove_dir_all(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::error!(%error, "a submission's folder could not be removed"),
    }
}

fn open_up(folder: &Path) {
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // The entry's own type: links are not followed.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_gone_when_dropped() {
        let base = tempfile::tempdir().unwrap();
        let work = WorkDir::open(base.path()).unwrap();
        let folder = work.submission().unwrap();
        fs::create_dir(folder.cwd().join("a")).unwrap();
        fs::write(folder.cwd().join("a/b.txt"), b"x").unwrap();
        let cwd = folder.cwd().to_path_buf();
        assert_eq!(fs::read(cwd.join("a/b.txt")).unwrap(), b"x");
        fs::set_permissions(cwd.join("a"), Permissions::from_mode(0o000)).unwrap();
        drop(folder);
        assert!(!cwd.exists());
        drop(work);
        let left: Vec<_> = fs::read_dir(base.path())
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert_eq!(left, ["lock"]);
    }

    #[test]
    fn only_dead_runners_are_cleaned_up_after() {
        let base = tempfile::tempdir().unwrap();
        let alive = WorkDir::open(base.path()).unwrap();
        fs::create_dir_all(base.path().join("1-1/0/box")).unwrap();
        fs::write(base.path().join("1-1.lock"), "").unwrap();
        let other = WorkDir::open(base.path()).unwrap();
        assert!(alive.path.exists());
        assert!(other.path.exists());
        assert!(!base.path().join("1-1").exists());
        assert!(!base.path().join("1-1.lock").exists());
    }
}
