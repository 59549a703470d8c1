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
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use rustix::fs::{FlockOperation, flock};

use super::session::kill_by_home;

/// The folder of one runner's submissions. Removed when dropped.
#[derive(Debug)]
pub(super) struct WorkDir {
    path: PathBuf,
    /// Who else may go through to a submission's folder that it knows the name of;
    /// `None`: nobody but the runner's user.
    guest: Option<Guest>,
    lock_path: PathBuf,
    /// Held open, and thereby locked.
    _lock: File,
    next: AtomicU64,
}

/// Whom submissions run as.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only Linux has a tier that needs it")
)]
struct Guest {
    /// `None`: the runner's own user.
    user: Option<u32>,
}

impl WorkDir {
    /// As [`WorkDir::open`], for submissions that run as `user` and must not find
    /// one another: their folders have names that cannot be guessed.
    #[cfg(target_os = "linux")]
    pub(super) fn open_for(base: &Path, user: Option<u32>) -> io::Result<Self> {
        Self::open_with(base, Some(Guest { user }))
    }

    /// Makes the folder below `base`, and removes what dead runners left there.
    ///
    /// Refuses a `base` that another user owns: whoever owns a folder can swap
    /// what is in it.
    pub(super) fn open(base: &Path) -> io::Result<Self> {
        Self::open_with(base, None)
    }

    fn open_with(base: &Path, guest: Option<Guest>) -> io::Result<Self> {
        let is_passed_through = guest.is_some_and(|guest| guest.user.is_some());
        let mode = if is_passed_through { 0o711 } else { 0o700 };
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
        fs::set_permissions(&base, Permissions::from_mode(mode))?;
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
        DirBuilder::new().mode(mode).create(&path)?;
        // What was made is less what the umask takes.
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        Ok(Self {
            path,
            guest,
            lock_path,
            _lock: lock,
            next: AtomicU64::new(0),
        })
    }

    /// A fresh folder for a submission.
    pub(super) fn submission(&self) -> io::Result<Folder> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = match self.guest {
            None => number.to_string(),
            Some(_) => unguessable()?,
        };
        let path = self.path.join(name);
        let mut builder = DirBuilder::new();
        builder.mode(0o700).create(&path)?;
        let folder = Folder {
            cwd: path.join("box"),
            home: path.join("tmp"),
            path,
        };
        builder.create(&folder.cwd)?;
        builder.create(&folder.home)?;
        if let Some(user) = self.guest.and_then(|guest| guest.user) {
            for path in [&folder.cwd, &folder.home, &folder.path] {
                lchown(path, Some(user), Some(user))?;
            }
        }
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
    /// The folder of both.
    #[cfg(target_os = "linux")]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

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

/// 128 random bits.
fn unguessable() -> io::Result<String> {
    let mut random = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(format!("{:032x}", u128::from_le_bytes(random)))
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
    match flatten(path).and_then(|()| fs::remove_dir_all(path)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::error!(%error, "a submission's folder could not be removed"),
    }
}

/// Brings every folder below one to its top, opened to its owner: folders may be
/// nested deeper than there are descriptors for, or than a path may be long.
fn flatten(top: &Path) -> io::Result<()> {
    let mut number = 0_u64;
    // No name that is there already.
    let prefix = unguessable()?;
    let mut unopened = vec![top.to_path_buf()];
    while let Some(folder) = unopened.pop() {
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            // The entry's own type: links are not followed.
            if !entry.file_type()?.is_dir() {
                continue;
            }
            // One that may not be written to cannot be moved.
            let path = entry.path();
            fs::set_permissions(&path, Permissions::from_mode(0o700))?;
            if folder == top {
                unopened.push(path);
                continue;
            }
            number += 1;
            let at_the_top = top.join(format!("{prefix}-{number}"));
            fs::rename(&path, &at_the_top)?;
            unopened.push(at_the_top);
        }
    }
    Ok(())
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
    fn folders_nested_without_end_are_gone_too() {
        let base = tempfile::tempdir().unwrap();
        let work = WorkDir::open(base.path()).unwrap();
        let folder = work.submission().unwrap();
        // By parts, since no path may be as long as the whole.
        let part = vec!["d"; 1000].join("/");
        let mut top = folder.cwd().to_path_buf();
        for number in 0..5 {
            let chain = folder.cwd().join(format!("chain{number}"));
            fs::create_dir_all(chain.join(&part)).unwrap();
            if number > 0 {
                fs::rename(&top, chain.join(&part).join("next")).unwrap();
            }
            top = chain;
        }
        let cwd = folder.cwd().to_path_buf();
        drop(folder);
        assert!(!cwd.exists());
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
