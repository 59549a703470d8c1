//! Every call of cargo, so that none lacks `--locked`: the versions that are
//! built and tested are those of `Cargo.lock`.

use std::process::Command;

use anyhow::Result;
use cargo_metadata::{Metadata, MetadataCommand, Target};

use crate::project;

/// `cargo SUBCOMMAND --locked` in the project's root. The subcommand may have
/// two words: `nextest run`.
pub fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(subcommand.split(' '))
        .arg("--locked")
        .current_dir(project::root())
        // A failed assertion reports its place; a backtrace adds nothing to it.
        .env("RUST_BACKTRACE", "0");
    command
}

/// Builds what `arguments` select, such as `["--package", "runner"]`.
pub fn build(arguments: &[&str]) -> Command {
    let mut command = cargo("build");
    command.args(arguments);
    command
}

/// `cargo fmt`, which resolves no dependencies and has no `--locked`.
pub fn format() -> Command {
    let mut command = Command::new("cargo");
    command.arg("fmt").current_dir(project::root());
    command
}

/// The crates of the workspace and their targets.
pub fn metadata() -> Result<Metadata> {
    Ok(MetadataCommand::new()
        .current_dir(project::root())
        .other_options(vec!["--locked".to_owned()])
        .no_deps()
        .exec()?)
}

/// The test programs of the crates that `wanted` selects by name.
pub fn test_programs(wanted: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    Ok(metadata()?
        .packages
        .into_iter()
        .filter(|package| wanted(&package.name))
        .flat_map(|package| package.targets)
        .filter(Target::is_test)
        .map(|target| target.name)
        .collect())
}
