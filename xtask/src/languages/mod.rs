//! `cargo xtask languages`: which languages of the runner's table this machine has, the
//! packages of the others, and whether each works in the sandbox.
//!
//! The table is the runner's (`runner/src/languages.toml`); here are only the packages'
//! names. What a language must do is in the runner's test `languages`, which `check` runs.

mod install;
mod packages;
mod table;

use anyhow::{Result, bail};
use clap::Subcommand;

pub use install::for_tests;
use table::{Entry, Offered};

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
    for line in listed(&table::entries()?, &offered, tools::manager()) {
        say(line);
    }
    Ok(())
}

/// The lines of the list, where the runner offers these languages.
fn listed(entries: &[Entry], offered: &Offered, manager: Option<Manager>) -> Vec<String> {
    let missing = table::missing(entries, offered);
    let mut lines = vec![format!(
        "{} languages are there:",
        entries.len() - missing.len()
    )];
    for entry in entries {
        if let Some(version) = offered.get(&entry.name) {
            let program = entry.program().unwrap_or_default();
            let program = program.display();
            lines.push(format!("  {:<12} {version:<10} {program}", entry.name));
        }
    }
    if missing.is_empty() {
        return lines;
    }
    let count = missing.len();
    lines.push(format!("{count} are not, and these packages have them:"));
    for entry in missing {
        lines.push(format!(
            "  {:<12} {}",
            entry.name,
            package_of(entry, manager)
        ));
    }
    lines.push("cargo xtask languages install NAME… installs them".to_owned());
    lines
}

/// The name of a language's package for a package manager.
fn package_of(entry: &Entry, manager: Option<Manager>) -> &'static str {
    let package = packages::of(&entry.name);
    match manager {
        Some(Manager::Brew) => package.and_then(|one| one.brew).unwrap_or("none"),
        _ => package.map_or("none", |one| one.apt),
    }
}

/// An error that names those of these languages that the machine lacks.
fn need(wanted: &[Entry], offered: &Offered, manager: Option<Manager>) -> Result<()> {
    let missing = table::missing(wanted, offered);
    if missing.is_empty() {
        return Ok(());
    }
    let named = |entry: &&Entry| format!("{} ({})", entry.name, package_of(entry, manager));
    let named: Vec<String> = missing.iter().map(named).collect();
    let names: Vec<&str> = missing.iter().map(|entry| entry.name.as_str()).collect();
    bail!(
        "not on this machine, or not of a version that the table takes: {}. cargo xtask languages \
         install {} installs them",
        named.join(", "),
        names.join(" ")
    )
}

fn check(names: &[String]) -> Result<()> {
    let wanted = table::selected(names)?;
    if !names.is_empty() {
        need(&wanted, &table::offered()?, tools::manager())?;
    }
    let only: Vec<String> = wanted.into_iter().map(|entry| entry.name).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a runner offers that has only these languages.
    fn offered(names: &[&str]) -> Offered {
        let version = |name: &&str| ((*name).to_owned(), "1.2.3".to_owned());
        names.iter().map(version).collect()
    }

    #[test]
    fn list_has_each_language_once_with_its_version_or_its_package() {
        let entries = table::entries().unwrap();
        let all: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let lines = listed(&entries, &offered(&["python", "c"]), Some(Manager::Apt));
        assert_eq!(lines.len(), all.len() + 3);
        assert_eq!(lines[0], "2 languages are there:");
        let python = "  python       1.2.3      ";
        assert!(lines[1].starts_with(python), "{}", lines[1]);
        assert!(lines[2].starts_with("  c            1.2.3"), "{}", lines[2]);
        let count = format!("{} are not, and", all.len() - 2);
        assert!(lines[3].starts_with(&count), "{}", lines[3]);
        assert!(
            lines.contains(&"  haskell      ghc".to_owned()),
            "{lines:?}"
        );
        let brew = listed(&entries, &offered(&[]), Some(Manager::Brew));
        assert_eq!(brew[0], "0 languages are there:");
        assert!(brew.contains(&"  ada          none".to_owned()), "{brew:?}");
        let lines = listed(&entries, &offered(&all), None);
        assert_eq!(lines.len(), all.len() + 1, "none is missing");
    }

    #[test]
    fn languages_that_are_not_there_are_not_checked_but_named() {
        let names = ["hs", "python"].map(str::to_owned);
        let wanted = table::selected(&names).unwrap();
        assert!(need(&wanted, &offered(&["haskell", "python"]), None).is_ok());
        let error = need(&wanted, &offered(&["python"]), Some(Manager::Apt));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("haskell (ghc)"), "{error}");
        assert!(
            error.contains("languages install haskell installs"),
            "{error}"
        );
        assert!(!error.contains("python"), "{error}");
    }
}
