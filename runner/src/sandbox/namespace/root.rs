//! Builds the root file system that a program with namespaces sees.
//!
//! ```text
//! /                  a small tmpfs, read-only
//! /usr /bin /lib…    the machine's, read-only with every mount below them
//! (more)             the folders of the language's program, read-only too
//! /dev               null, zero, full, random, urandom, stdin, stdout, stderr, fd
//! /tmp /box          one tmpfs each, limited in bytes and files
//! /proc              of this pid namespace; nothing in it may be opened
//! ```
//!
//! There is no `/sys`, and `/etc` has only the files that the linker and the system's
//! links to programs need. `init.rs` calls this.
//!
//! `/dev/stdin`, `/dev/fd` and the like are links into `/proc`, as on every Linux.
//! Following such a link needs no right to read `/proc`, only to open what the link
//! leads to, and Landlock (`landlock.rs`) refuses to open anything in `/proc` itself.
//! So without Landlock there is no `/proc`, and neither where the machine hides parts
//! of its own: then the kernel does not let a user namespace have one.

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
use crate::sandbox::interface::Mount;
use crate::sandbox::layout::{PACKAGES, RunFolders, SYSTEM_PATHS};

/// Each device as the program sees it, and the machine's device behind it. Shared
/// mappings of `/dev/zero` are memory that no limit counts; `/dev/full` reads the
/// same and cannot be mapped.
const DEVICES: &[(&str, &str)] = &[
    ("/dev/null", "/dev/null"),
    ("/dev/zero", "/dev/full"),
    ("/dev/full", "/dev/full"),
    ("/dev/random", "/dev/random"),
    ("/dev/urandom", "/dev/urandom"),
];

/// Links in `/dev`, and where they lead.
const STREAMS: &[(&str, &str)] = &[
    ("dev/stdin", "/proc/self/fd/0"),
    ("dev/stdout", "/proc/self/fd/1"),
    ("dev/stderr", "/proc/self/fd/2"),
    ("dev/fd", "/proc/self/fd"),
];

/// Where the new root is mounted while it is built: any folder that surely exists.
/// The mount hides the folder in this mount namespace only, until the pivot.
const BUILD_FOLDER: &str = "/usr";

const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;

/// Copies of mounts that are not yet attached, and links to create.
pub(super) struct Sources {
    mounts: Vec<OpenMount>,
    /// Each link's path and its target.
    links: Vec<(PathBuf, PathBuf)>,
}

/// A copy of a mount, and the path that it will have.
struct OpenMount {
    path: PathBuf,
    copy: OwnedFd,
    is_folder: bool,
}

impl Sources {
    /// Opens everything that the program will see. Call it while this process still
    /// is the runner's user: an interpreter may lie where no other user has access.
    pub(super) fn open(more: &[Mount]) -> io::Result<Self> {
        // Later mounts are not propagated outside, nor those outside into here.
        mount_change(
            "/",
            MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
        )?;
        // Node looks for packages in every folder above the program's.
        let packages = more.iter().filter(|mount| mount.has_packages).map(|mount| {
            let folder = Path::new(&mount.shown).join(PACKAGES);
            (Path::new("/").join(PACKAGES), folder)
        });
        let mut sources = Self {
            mounts: Vec::new(),
            links: packages.collect(),
        };
        let system = SYSTEM_PATHS.iter().map(|path| (*path, *path));
        let more = more
            .iter()
            .map(|mount| (mount.source.as_str(), mount.shown.as_str()));
        for (source, shown) in system.chain(more) {
            let (source, shown) = (Path::new(source), Path::new(shown));
            let Ok(metadata) = source.symlink_metadata() else {
                continue;
            };
            if metadata.is_symlink() {
                // On most systems /bin is a link to usr/bin, and stays one.
                sources
                    .links
                    .push((shown.to_path_buf(), source.read_link()?));
                continue;
            }
            let copy = copy_of(source)?;
            sys::set_mount_attributes(copy.as_fd(), READ_ONLY, true)?;
            sources.mounts.push(OpenMount {
                path: shown.to_path_buf(),
                copy,
                is_folder: metadata.is_dir(),
            });
        }
        for (shown, real) in DEVICES {
            let copy = copy_of(Path::new(real))?;
            sys::set_mount_attributes(
                copy.as_fd(),
                libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC,
                false,
            )?;
            sources.mounts.push(OpenMount {
                path: PathBuf::from(shown),
                copy,
                is_folder: false,
            });
        }
        Ok(sources)
    }

    /// Builds the new root and moves into it. Call it as the program's user, with
    /// every capability in its namespaces.
    pub(super) fn enter(self, folders: &RunFolders, limits: &SpecLimits) -> io::Result<()> {
        let root = tmpfs(1 << 20, 2048, "0755")?;
        attach(root, Path::new(BUILD_FOLDER))?;
        rustix::process::chdir(BUILD_FOLDER)?;
        for folder in ["usr", "dev", "etc"] {
            create_folder(Path::new(folder))?;
        }
        // Before the other mounts: an interpreter may lie below the machine's /tmp.
        for folder in folders.both() {
            let folder = in_new_root(folder);
            create_folder(&folder)?;
            let mount = tmpfs(limits.disk_bytes, limits.disk_files, "0700")?;
            attach(mount, &folder)?;
        }
        for (path, target) in self.links {
            let path = in_new_root(&path);
            if let Some(parent) = path.parent() {
                create_folder(parent)?;
            }
            symlink(target, path)?;
        }
        for mount in self.mounts {
            mount.attach()?;
        }
        symlink(&folders.temporary, "dev/shm")?;
        if sys::landlock_abi() > 0
            && let Ok(proc) = procfs()
        {
            create_folder(Path::new("proc"))?;
            attach(proc, Path::new("proc"))?;
            for (link, target) in STREAMS {
                symlink(target, link)?;
            }
        }
        // This stacks the old root on the new one, and the unmount takes it off.
        rustix::process::pivot_root(".", ".")?;
        unmount(".", UnmountFlags::DETACH)?;
        rustix::process::chdir("/")?;
        let flags = rustix::fs::OFlags::PATH | rustix::fs::OFlags::CLOEXEC;
        let root = rustix::fs::open("/", flags, rustix::fs::Mode::empty())?;
        sys::set_mount_attributes(root.as_fd(), READ_ONLY, false)?;
        Ok(())
    }
}

impl OpenMount {
    /// Creates the mount point in the new root and attaches the copy to it.
    fn attach(self) -> io::Result<()> {
        let path = in_new_root(&self.path);
        if self.is_folder {
            create_folder(&path)?;
        } else {
            if let Some(parent) = path.parent() {
                create_folder(parent)?;
            }
            std::fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o644)
                .open(&path)?;
        }
        attach(self.copy, &path)
    }
}

/// A copy of the mount at a path, with every mount below it.
fn copy_of(path: &Path) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE;
    Ok(open_tree(CWD, path, flags)?)
}

fn tmpfs(bytes: u64, files: u64, mode: &str) -> io::Result<OwnedFd> {
    let context = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    // Zero would mean no limit.
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

/// A procfs of this pid namespace that shows processes only, and of those only the ones
/// that the reader may trace: not the init.
fn procfs() -> io::Result<OwnedFd> {
    let context = fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(context.as_fd(), "subset", "pid")?;
    fsconfig_set_string(context.as_fd(), "hidepid", "ptraceable")?;
    fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    Ok(fsmount(
        context.as_fd(),
        FsMountFlags::FSMOUNT_CLOEXEC,
        attributes,
    )?)
}

fn attach(mount: OwnedFd, path: &Path) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    Ok(move_mount(mount.as_fd(), "", CWD, path, flags)?)
}

/// An absolute path, relative to the folder that becomes the root.
fn in_new_root(path: &Path) -> PathBuf {
    path.strip_prefix("/").unwrap_or(path).to_path_buf()
}

fn create_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}
