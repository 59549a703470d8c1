//! The languages' libraries, which are part of this program: what practice sites bring,
//! and what the runner itself loads before a program.
//!
//! They are written to a folder when the runner starts, so that they always fit the
//! program. `server.rs` calls this; `languages.toml` names the folder `{libraries}`.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

use crate::sandbox::{LIBRARIES, Mount, Tier};

macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_bytes!(concat!("../libraries/", $name)))),*]
    };
}

/// The files of the folder `libraries` of this crate: each one's path, and its content.
const FILES: &[(&str, &[u8])] = files! {
    "c/flush.h"
    "c/stack.c"
    "check.cjs"
    "node_modules/@datastructures-js/deque/LICENSE"
    "node_modules/@datastructures-js/deque/index.js"
    "node_modules/@datastructures-js/deque/package.json"
    "node_modules/@datastructures-js/deque/src/deque.js"
    "node_modules/@datastructures-js/heap/LICENSE"
    "node_modules/@datastructures-js/heap/index.js"
    "node_modules/@datastructures-js/heap/package.json"
    "node_modules/@datastructures-js/heap/src/heap.js"
    "node_modules/@datastructures-js/heap/src/maxHeap.js"
    "node_modules/@datastructures-js/heap/src/minHeap.js"
    "node_modules/@datastructures-js/priority-queue/LICENSE"
    "node_modules/@datastructures-js/priority-queue/index.js"
    "node_modules/@datastructures-js/priority-queue/package.json"
    "node_modules/@datastructures-js/priority-queue/src/maxPriorityQueue.js"
    "node_modules/@datastructures-js/priority-queue/src/minPriorityQueue.js"
    "node_modules/@datastructures-js/priority-queue/src/priorityQueue.js"
    "node_modules/@datastructures-js/queue/LICENSE"
    "node_modules/@datastructures-js/queue/index.js"
    "node_modules/@datastructures-js/queue/package.json"
    "node_modules/@datastructures-js/queue/src/queue.js"
    "node_modules/lodash/LICENSE"
    "node_modules/lodash/lodash.min.js"
    "node_modules/lodash/package.json"
    "perl/flush.pl"
    "prelude.cjs"
    "python/sitecustomize.py"
    "python/sortedcontainers/LICENSE"
    "python/sortedcontainers/__init__.py"
    "python/sortedcontainers/sorteddict.py"
    "python/sortedcontainers/sortedlist.py"
    "python/sortedcontainers/sortedset.py"
    "typescript/globals.d.ts"
};

/// What the names of folders with libraries begin with.
const PREFIX: &str = "edgejudge-libraries-";
/// The file in each folder that its runner holds a lock on.
const LOCK: &str = ".lock";

/// The folder with the libraries. It is removed with this value.
#[derive(Debug)]
pub struct Libraries {
    folder: TempDir,
    _lock: File,
}

impl Libraries {
    /// Writes the libraries to a folder that every user can read, and removes those that
    /// killed runners of this user have left.
    pub fn create() -> io::Result<Self> {
        let parent = std::env::temp_dir();
        remove_left(&parent);
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&parent)?;
        let lock = File::create(folder.path().join(LOCK))?;
        lock.try_lock()?;
        for (name, content) in FILES {
            let path = folder.path().join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, content)?;
        }
        make_readable(folder.path())?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// The libraries as programs in a sandbox of this tier see them.
    pub fn mount(&self, tier: Tier) -> Option<Mount> {
        let mut mount = Mount::in_place(self.folder.path().to_str()?);
        mount.has_packages = true;
        if tier == Tier::Full {
            LIBRARIES.clone_into(&mut mount.shown);
        }
        Some(mount)
    }
}

/// Removes the folders whose runners have ended. A folder without the file is just being
/// made.
fn remove_left(parent: &Path) {
    let own = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_named = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let is_own =
            || fs::symlink_metadata(&path).is_ok_and(|data| data.is_dir() && data.uid() == own);
        if is_named
            && is_own()
            && let Ok(lock) = File::open(path.join(LOCK))
            && lock.try_lock().is_ok()
        {
            // What cannot be removed stays for the next runner.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Undoes what the umask took from the folder's files and folders.
fn make_readable(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            make_readable(&path)?;
        } else {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(folder: &Path, inside: &str, names: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{inside}{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                list(&entry.path(), &format!("{name}/"), names);
            } else {
                names.push(name);
            }
        }
    }

    #[test]
    fn libraries_are_all_files_of_the_folder_and_readable() {
        let mut expected = Vec::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("libraries");
        list(&source, "", &mut expected);
        let libraries = Libraries::create().unwrap();
        let mut written = Vec::new();
        list(libraries.folder.path(), "", &mut written);
        expected.retain(|name| name != "README.md");
        expected.sort();
        written.retain(|name| name != LOCK);
        written.sort();
        assert_eq!(written, expected);
        let mode = |name: &str| {
            let path = libraries.folder.path().join(name);
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(mode("node_modules/lodash/lodash.min.js"), 0o644);
        assert_eq!(mode("node_modules/@datastructures-js"), 0o755);
        // Another runner leaves it alone, until this one has ended.
        let path = libraries.folder.path().to_owned();
        remove_left(path.parent().unwrap());
        assert!(path.join(LOCK).exists());
        let mount = libraries.mount(Tier::Full).unwrap();
        assert_eq!(mount.shown, "/libraries");
        let mount = libraries.mount(Tier::Landlock).unwrap();
        assert_eq!(mount.shown, mount.source);
        assert!(mount.has_packages);
        // A runner that is killed gives up its lock and removes nothing.
        let Libraries {
            folder,
            _lock: lock,
        } = libraries;
        let folder = folder.keep();
        drop(lock);
        assert!(folder.exists());
        remove_left(folder.parent().unwrap());
        assert!(!folder.exists());
    }
}
