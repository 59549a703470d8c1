//! Where things are in the working tree, and which Workers there are.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

/// A Worker of this project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Worker {
    /// Takes submissions and shows results.
    SubmitFn,
    /// Runs and judges jobs.
    WorkerFn,
}

impl Worker {
    /// Every Worker.
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// The name of its crate, which is also its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::SubmitFn => "submit-fn",
            Self::WorkerFn => "worker-fn",
        }
    }

    /// Its environment in `wrangler.toml`.
    pub fn environment(self) -> &'static str {
        match self {
            Self::SubmitFn => "submit",
            Self::WorkerFn => "worker",
        }
    }
}

/// The folder with the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// `path` without [`root`], if it is in there.
pub fn relative(path: &Path) -> &Path {
    path.strip_prefix(root()).unwrap_or(path)
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

/// How native programs are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// As `cargo build` and `cargo test` do.
    Debug,
    /// As `cargo build --release` does: for people and for measurements.
    Optimised,
}

/// A native program of this workspace.
pub fn native_bin(name: &str, build: Build) -> PathBuf {
    let folder = match build {
        Build::Debug => "debug",
        Build::Optimised => "release",
    };
    target().join(folder).join(name)
}

/// `PATH` with this project's Node first: wrangler needs a newer one than many
/// machines have.
pub fn path_with_npm() -> std::ffi::OsString {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::iter::once(root().join("node_modules/.bin")).chain(std::env::split_paths(&old));
    std::env::join_paths(folders).unwrap_or(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_called_by_the_names_of_their_crates() {
        for worker in Worker::all() {
            assert_eq!(Worker::from_str(worker.name(), false), Ok(*worker));
            assert!(root().join(worker.name()).join("Cargo.toml").exists());
        }
    }

    #[test]
    fn every_worker_is_an_environment_of_wrangler_toml() {
        let text = std::fs::read_to_string(root().join("wrangler.toml")).unwrap();
        let settings: toml::Table = text.parse().unwrap();
        let environments: Vec<&String> = settings["env"].as_table().unwrap().keys().collect();
        assert_eq!(environments.len(), Worker::all().len());
        for worker in Worker::all() {
            let main = settings["env"][worker.environment()]["main"]
                .as_str()
                .unwrap();
            assert!(main.starts_with(worker.name()), "{main}");
        }
    }
}
