//! The folders of runs on the machine's disk, removed after each run.
//!
//! ```text
//! WORK_DIR/                 mode 0700 or 0711, see FolderAccess
//!   lock                    locked while a runner starts: they clean up in turn
//!   PID-NANOS.lock          locked as long as that runner lives
//!   PID-NANOS/
//!     7/box/                files of run 7, the folder that it starts in
//!     7/tmp/                its HOME and TMPDIR
//!     7/node_modules        a link to the libraries' packages
//! ```
//!
//! A runner that was killed cannot clean up. Its lock is then free, and the next
//! runner to start kills the processes and removes the folders that it left.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::{
    DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, lchown, symlink,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use rustix::fs::{FlockOperation, flock};

use super::interface::Mount;
use super::layout::{PACKAGES, RunFolders};
use super::session::kill_by_home;

/// The folder of one runner's runs. Removed when dropped.
#[derive(Debug)]
pub(super) struct WorkDir {
    path: PathBuf,
    access: FolderAccess,
    lock_path: PathBuf,
    /// Open, and thereby locked, as long as this value lives.
    _lock: File,
    next: AtomicU64,
}

/// Who may enter the folders of runs.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only Linux has a tier that needs all of them")
)]
enum FolderAccess {
    /// The runner's user. Runs are numbered.
    Runner,
    /// The same, but runs must not find one another: their folders have names that
    /// cannot be guessed.
    RunnerUnguessable,
    /// Programs run as this user, who owns the folders of its runs. Their names
    /// cannot be guessed, and the folders above can be entered but not listed.
    User(u32),
}

impl WorkDir {
    /// Creates the runner's folder below `base` for programs that run as the
    /// runner's user, and removes what dead runners left there.
    ///
    /// Refuses a `base` that another user owns: the owner of a folder can swap
    /// what is in it.
    pub(super) fn open(base: &Path) -> io::Result<Self> {
        Self::open_with(base, FolderAccess::Runner)
    }

    /// As [`WorkDir::open`], for programs that run as `user` (`None`: as the
    /// runner's user) and must not find one another's folders.
    #[cfg(target_os = "linux")]
    pub(super) fn open_for(base: &Path, user: Option<u32>) -> io::Result<Self> {
        let access = user.map_or(FolderAccess::RunnerUnguessable, FolderAccess::User);
        Self::open_with(base, access)
    }

    fn open_with(base: &Path, access: FolderAccess) -> io::Result<Self> {
        let mode = match access {
            FolderAccess::Runner | FolderAccess::RunnerUnguessable => 0o700,
            FolderAccess::User(_) => 0o711,
        };
        DirBuilder::new().recursive(true).mode(0o700).create(base)?;
        // Absolute, because programs start in another folder.
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
        // Again, because the umask may have lowered the mode at creation.
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        Ok(Self {
            path,
            access,
            lock_path,
            _lock: lock,
            next: AtomicU64::new(0),
        })
    }

    /// Creates a new folder for one run.
    pub(super) fn create_run_folder(&self) -> io::Result<RunFolder> {
        let name = match self.access {
            FolderAccess::Runner => self.next.fetch_add(1, Ordering::Relaxed).to_string(),
            FolderAccess::RunnerUnguessable | FolderAccess::User(_) => unguessable()?,
        };
        let path = self.path.join(name);
        let mut builder = DirBuilder::new();
        builder.mode(0o700).create(&path)?;
        let folder = RunFolder {
            folders: RunFolders::on_disk(&path),
            path,
        };
        builder.create(&folder.folders.start)?;
        builder.create(&folder.folders.temporary)?;
        if let FolderAccess::User(user) = self.access {
            let RunFolders { start, temporary } = &folder.folders;
            for path in [start, temporary, &folder.path] {
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

/// The folder of one run. Removed when dropped, so also on a panic.
#[derive(Debug)]
pub(super) struct RunFolder {
    path: PathBuf,
    folders: RunFolders,
}

impl RunFolder {
    /// The folder that holds the program's two.
    #[cfg(target_os = "linux")]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a link beside the program's folders to the packages in these mounts, which
    /// Node follows from there. Programs cannot change it.
    pub(super) fn link_packages(&self, mounts: &[Mount]) -> io::Result<()> {
        match mounts.iter().find(|mount| mount.has_packages) {
            Some(mount) => symlink(
                Path::new(&mount.source).join(PACKAGES),
                self.path.join(PACKAGES),
            ),
            None => Ok(()),
        }
    }

    /// The two folders of the program.
    pub(super) fn folders(&self) -> &RunFolders {
        &self.folders
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// A name of 128 random bits.
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
            // Locked: its runner lives.
            continue;
        }
        let folder = lock_path.with_extension("");
        kill_by_home(&folder);
        remove(&folder);
        let _ = fs::remove_file(&lock_path);
        tracing::info!("removed the folders that a killed runner left");
    }
    Ok(())
}

/// Removes a folder with everything in it, even if the program has removed its own
/// permissions.
fn remove(path: &Path) {
    if fs::remove_dir_all(path).is_ok() {
        return;
    }
    match flatten(path).and_then(|()| fs::remove_dir_all(path)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::error!(%error, "the folder of a run could not be removed"),
    }
}

/// Moves every folder below `top` directly into it and gives its owner access.
/// Folders may be nested deeper than a path may be long, or than the process may
/// have open descriptors.
fn flatten(top: &Path) -> io::Result<()> {
    let mut number = 0_u64;
    // Names that do not exist yet.
    let prefix = unguessable()?;
    let mut pending = vec![top.to_path_buf()];
    while let Some(folder) = pending.pop() {
        fs::set_permissions(&folder, Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            // The entry's own type: links are not followed.
            if !entry.file_type()?.is_dir() {
                continue;
            }
            // A folder without write permission cannot be moved.
            let path = entry.path();
            fs::set_permissions(&path, Permissions::from_mode(0o700))?;
            if folder == top {
                pending.push(path);
                continue;
            }
            number += 1;
            let target = top.join(format!("{prefix}-{number}"));
            fs::rename(&path, &target)?;
            pending.push(target);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workdir_removes_folders_when_dropped() {
        let base = tempfile::tempdir().unwrap();
        let work = WorkDir::open(base.path()).unwrap();
        let folder = work.create_run_folder().unwrap();
        fs::create_dir(folder.folders().start.join("a")).unwrap();
        fs::write(folder.folders().start.join("a/b.txt"), b"x").unwrap();
        let cwd = folder.folders().start.clone();
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
    fn workdir_removes_folders_nested_deeper_than_a_path_may_be_long() {
        let base = tempfile::tempdir().unwrap();
        let work = WorkDir::open(base.path()).unwrap();
        let folder = work.create_run_folder().unwrap();
        let start = folder.folders().start.clone();
        // In parts, because one call takes no path of more than 4,096 bytes.
        let part = vec!["d"; 500].join("/");
        let mut top = start.clone();
        for number in 0..5 {
            let chain = start.join(format!("chain{number}"));
            fs::create_dir_all(chain.join(&part)).unwrap();
            if number > 0 {
                fs::rename(&top, chain.join(&part).join("next")).unwrap();
            }
            top = chain;
        }
        drop(folder);
        assert!(!start.exists());
    }

    /// What [`remove`] does when it cannot open all nested folders at once.
    #[test]
    fn flatten_moves_nested_folders_to_the_top_and_opens_them() {
        let base = tempfile::tempdir().unwrap();
        let top = base.path().join("top");
        let path = top.join("a/b/c");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("file"), "").unwrap();
        symlink("/etc", top.join("a/link")).unwrap();
        for folder in [&path, &top.join("a/b"), &top.join("a")] {
            fs::set_permissions(folder, Permissions::from_mode(0o000)).unwrap();
        }
        flatten(&top).unwrap();
        let mut folders = 0;
        for entry in fs::read_dir(&top).unwrap() {
            let path = entry.unwrap().path();
            folders += 1;
            for inner in fs::read_dir(path).unwrap() {
                assert!(!inner.unwrap().file_type().unwrap().is_dir());
            }
        }
        assert_eq!(folders, 3);
        assert!(Path::new("/etc").exists());
    }

    #[test]
    fn workdir_cleans_up_after_dead_runners_only() {
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
