//! The file system that a program sees.
//!
//! ```text
//! /                  a small tmpfs, read-only
//! /usr /bin /lib…    the machine's, read-only with every mount below them
//! (more)             what the language's program needs, likewise
//! /dev               null, zero, full, random, urandom
//! /tmp /box          one tmpfs each, bounded in bytes and files
//! ```
//!
//! Neither `/proc` nor `/sys`, and of `/etc` only what the linker and the
//! system's links to programs need.

use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::CWD;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, UnmountFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen,
    mount_change, move_mount, open_tree, unmount,
};

use super::protocol::SpecLimits;
use super::sys;

/// Where a program starts.
pub(super) const BOX: &str = "/box";
/// Its `HOME` and `TMPDIR`.
pub(super) const TMP: &str = "/tmp";

/// What every program may read, where the machine has it.
pub(super) const SYSTEM: &[&str] = &[
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

/// Device as the program sees it, and the machine's behind it. Shared mappings
/// of `/dev/zero` are memory that no limit counts; `/dev/full` reads the same
/// and cannot be mapped.
const DEVICES: &[(&str, &str)] = &[
    ("/dev/null", "/dev/null"),
    ("/dev/zero", "/dev/full"),
    ("/dev/full", "/dev/full"),
    ("/dev/random", "/dev/random"),
    ("/dev/urandom", "/dev/urandom"),
];

/// Where the new root is put together: any folder that surely exists. It is
/// covered in this mount namespace only, and gone after the pivot.
const SCAFFOLD: &str = "/usr";

const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;

/// Copies of mounts, not yet attached anywhere, and links to be made.
pub(super) struct Sources {
    trees: Vec<(PathBuf, OwnedFd, bool)>,
    links: Vec<(PathBuf, PathBuf)>,
}

impl Sources {
    /// Opens everything that is to be shown. Call it while this process is still
    /// whoever started the runner: an interpreter may lie where nobody else gets.
    pub(super) fn open(more: &[String]) -> io::Result<Self> {
        // Nothing that is mounted from here on is seen outside, or the reverse.
        mount_change(
            "/",
            MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
        )?;
        let mut sources = Self {
            trees: Vec::new(),
            links: Vec::new(),
        };
        for path in SYSTEM
            .iter()
            .copied()
            .chain(more.iter().map(String::as_str))
        {
            let path = Path::new(path);
            let Ok(about) = path.symlink_metadata() else {
                continue;
            };
            if about.is_symlink() {
                // On most systems /bin is a link to usr/bin, and stays one.
                sources.links.push((path.to_path_buf(), path.read_link()?));
                continue;
            }
            let tree = copy_of(path)?;
            sys::set_mount_attributes(tree.as_fd(), READ_ONLY, true)?;
            sources
                .trees
                .push((path.to_path_buf(), tree, about.is_dir()));
        }
        for (shown, real) in DEVICES {
            let tree = copy_of(Path::new(real))?;
            sys::set_mount_attributes(
                tree.as_fd(),
                libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC,
                false,
            )?;
            sources.trees.push((PathBuf::from(shown), tree, false));
        }
        Ok(sources)
    }

    /// Puts the new root together and moves into it. Call it as the user that the
    /// program will be, with every capability in its namespaces.
    pub(super) fn enter(self, limits: &SpecLimits) -> io::Result<()> {
        let root = tmpfs(1 << 20, 2048, "0755")?;
        attach(root, Path::new(SCAFFOLD))?;
        rustix::process::chdir(SCAFFOLD)?;
        for folder in ["usr", "dev", "etc", "tmp", "box"] {
            make_folder(Path::new(folder))?;
        }
        // Before the rest: an interpreter may lie below the machine's /tmp.
        for folder in ["box", "tmp"] {
            attach(
                tmpfs(limits.disk_bytes, limits.disk_files, "0700")?,
                Path::new(folder),
            )?;
        }
        for (at, target) in self.links {
            let at = inside(&at);
            if let Some(parent) = at.parent() {
                make_folder(parent)?;
            }
            symlink(target, at)?;
        }
        for (at, tree, is_folder) in self.trees {
            let at = inside(&at);
            if is_folder {
                make_folder(&at)?;
            } else {
                if let Some(parent) = at.parent() {
                    make_folder(parent)?;
                }
                std::fs::OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .mode(0o644)
                    .open(&at)?;
            }
            attach(tree, &at)?;
        }
        symlink(TMP, "dev/shm")?;
        // The old root ends up on top of the new one, and is taken off.
        rustix::process::pivot_root(".", ".")?;
        unmount(".", UnmountFlags::DETACH)?;
        rustix::process::chdir("/")?;
        let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC;
        let root = rustix::fs::open("/", flags, rustix::fs::Mode::empty())?;
        sys::set_mount_attributes(root.as_fd(), READ_ONLY, false)?;
        Ok(())
    }
}

/// A copy of what is mounted at a path, with everything below it.
fn copy_of(path: &Path) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE;
    Ok(open_tree(CWD, path, flags)?)
}

fn tmpfs(bytes: u64, files: u64, mode: &str) -> io::Result<OwnedFd> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    // Zero would mean no bound.
    fsconfig_set_string(context.as_fd(), "size", bytes.max(4096).to_string())?;
    fsconfig_set_string(context.as_fd(), "nr_inodes", files.max(2).to_string())?;
    fsconfig_set_string(context.as_fd(), "mode", mode)?;
    fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV;
    Ok(fsmount(
        context.as_fd(),
        FsMountFlags::FSMOUNT_CLOEXEC,
        attributes,
    )?)
}

fn attach(mount: OwnedFd, at: &Path) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    Ok(move_mount(mount.as_fd(), "", CWD, at, flags)?)
}

/// An absolute path, seen from the folder that becomes the root.
fn inside(path: &Path) -> PathBuf {
    path.strip_prefix("/").unwrap_or(path).to_path_buf()
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}
