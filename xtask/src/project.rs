//! Where things are in the working tree.

use std::path::{Path, PathBuf};

/// The Worker crates.
pub const WORKERS: [&str; 2] = ["submit-fn", "worker-fn"];

/// The folder with the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// What the commands keep between runs, outside version control: tools, the
/// development data, logs. Deleting it costs time and the local data only.
pub fn state() -> PathBuf {
    root().join(".edgejudge")
}

/// A program that npm installed for this project.
pub fn npm_bin(name: &str) -> PathBuf {
    root().join("node_modules/.bin").join(name)
}

/// A program that `cargo install` put into [`state`].
pub fn cargo_bin(name: &str) -> PathBuf {
    state().join("tools/bin").join(name)
}

/// Cargo's output folder, wherever the environment has it.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A native program of this workspace, as `cargo build` leaves it.
pub fn native_bin(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// `PATH` with this project's Node first: wrangler needs a newer one than many
/// machines have.
pub fn path_with_npm() -> std::ffi::OsString {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::iter::once(root().join("node_modules/.bin")).chain(std::env::split_paths(&old));
    std::env::join_paths(folders).unwrap_or(old)
}
