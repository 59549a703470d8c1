//! Every call of cargo. Each has `--locked`: the versions that are built and
//! tested are those of `Cargo.lock`. None compiles anything again that an
//! earlier one has compiled: see [`without_cargo_variables`].

use std::env;
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
    without_cargo_variables(&mut command);
    command
}

/// Removes what cargo sets for a program that it runs, such as this one. Build
/// scripts that depend on one of these variables (ring's does) would run again
/// whenever cargo is called from another place, and compile half of xtask anew.
pub fn without_cargo_variables(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if is_set_by_cargo(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
}

fn is_set_by_cargo(name: &str) -> bool {
    name == "OUT_DIR" || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_do_not_inherit_what_cargo_sets_for_this_test() {
        // Cargo has set it for this very process.
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
        let command = cargo("build");
        let removed = |name: &str| command.get_envs().any(|one| one == (name.as_ref(), None));
        assert!(removed("CARGO_MANIFEST_DIR") && removed("CARGO_PKG_NAME"));
        assert!(!removed("CARGO_HOME") && !removed("PATH"));
    }
}
