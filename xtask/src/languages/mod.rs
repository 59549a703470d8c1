//! `cargo xtask languages`: which languages of the runner's table this machine has, the
//! packages of the others, and whether each works in the sandbox.
//!
//! The table is the runner's (`runner/src/languages.toml`); here are only the packages'
//! names. What a language must do is in the runner's test `languages`, which `check` runs.

mod install;
mod packages;
mod table;

use anyhow::Result;
use clap::Subcommand;

pub use install::for_tests;
use table::Entry;

use crate::cargo::cargo;
use crate::progress::{loud_step, say};
use crate::project;
use crate::tools::{self, Manager};

/// The variable with the number of languages that the runner's test `languages` must find,
/// those of C and C++ counted once.
pub const LEAST: &str = "EDGEJUDGE_LEAST_LANGUAGES";
/// That number where [`for_tests`] has installed them.
pub const LEAST_FOR_TESTS: &str = "18";
/// The variable with the languages that the test is for, separated by commas.
const ONLY: &str = "EDGEJUDGE_ONLY_LANGUAGES";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Languages {
    /// Say which languages of the runner's table are there, with version and program, and
    /// which are not, with the package that has them.
    List,
    /// Install languages with the machine's package manager, after saying how large they
    /// are.
    Install {
        /// Their names or aliases; every one that is not there, if none is given.
        names: Vec<String>,
    },
    /// Prove languages through a real runner: hello, standard input, exit code, a mistake
    /// that the compiler finds, time limit, memory limit, 1 MB of output.
    Check {
        /// Their names or aliases; every one that is there, if none is given.
        names: Vec<String>,
    },
}

/// Does it.
pub fn run(command: &Languages) -> Result<()> {
    match command {
        Languages::List => list(),
        Languages::Install { names } => install::named(names),
        Languages::Check { names } => check(names),
    }
}

fn list() -> Result<()> {
    let offered = table::offered()?;
    let entries = table::entries()?;
    let (there, missing): (Vec<_>, Vec<_>) = entries
        .iter()
        .partition(|entry| offered.contains_key(&entry.name));
    say(format!("{} languages are there:", there.len()));
    for entry in there {
        let version = offered.get(&entry.name).map_or("", String::as_str);
        let program = entry.program().unwrap_or_default();
        println!("    {:<12} {version:<10} {}", entry.name, program.display());
    }
    if missing.is_empty() {
        return Ok(());
    }
    say(format!(
        "{} are not, and these packages have them:",
        missing.len()
    ));
    for entry in missing {
        println!("    {:<12} {}", entry.name, package_of(entry));
    }
    say("cargo xtask languages install NAME… installs them");
    Ok(())
}

/// The name of a language's package on this machine.
fn package_of(entry: &Entry) -> &'static str {
    let package = packages::of(&entry.name);
    match tools::manager() {
        Some(Manager::Brew) => package.and_then(|one| one.brew).unwrap_or("none"),
        _ => package.map_or("none", |one| one.apt),
    }
}

fn check(names: &[String]) -> Result<()> {
    let only: Vec<String> = table::selected(names)?
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    let mut command = cargo("test");
    command
        .args(["--package", "runner", "--test", "languages", "--"])
        .args(["--nocapture", "every_language"])
        .env("PATH", project::path_with_npm());
    if !names.is_empty() {
        command.env(ONLY, only.join(","));
    }
    loud_step("languages", &mut command)
}
