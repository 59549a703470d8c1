//! Installs languages by the machine's package manager: says what will be downloaded and
//! what it takes on the disk, then does it.

use std::process::Command;

use anyhow::{Context, Result, bail};

use super::packages::{self, Package};
use super::table;
use crate::progress::{say, step};
use crate::tools::{self, Manager};

/// Installs those of these languages that the machine lacks; all of the table without
/// names.
pub(super) fn named(names: &[String]) -> Result<()> {
    let wanted = table::selected(names)?;
    let missing = table::missing(&wanted, &table::offered()?);
    let missing: Vec<&str> = missing.iter().map(|entry| entry.name.as_str()).collect();
    if missing.is_empty() {
        say("every language that was asked for is there");
        return Ok(());
    }
    install(&missing)?;
    let left = table::missing(&wanted, &table::offered()?);
    if left.is_empty() {
        say(format!("{} can be judged now", missing.join(", ")));
        return Ok(());
    }
    let left: Vec<&str> = left.iter().map(|entry| entry.name.as_str()).collect();
    bail!(
        "installed, and the runner still does not offer {left:?}: this machine's packages are of \
         other versions than the table asks for"
    )
}

/// Installs the languages that the tests need and whose program is not on `PATH`. Without
/// a runner, which may not be built yet.
pub fn for_tests() -> Result<()> {
    let entries = table::entries()?;
    let missing: Vec<&str> = entries
        .iter()
        .filter(|entry| packages::of(&entry.name).is_some_and(|one| one.for_tests))
        .filter(|entry| entry.program().is_none() || lacks_compiler(&entry.name))
        .map(|entry| entry.name.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    install(&missing)
}

/// Whether a language whose program is there lacks the compiler that comes in a package
/// of its own.
fn lacks_compiler(language: &str) -> bool {
    let compiler = match language {
        "java" => "javac",
        "csharp" => "mcs",
        _ => return false,
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    !std::env::split_paths(&path).any(|folder| folder.join(compiler).is_file())
}

fn install(languages: &[&str]) -> Result<()> {
    let packages: Vec<&Package> = languages
        .iter()
        .filter_map(|one| packages::of(one))
        .collect();
    let names = languages.join(", ");
    match tools::manager() {
        Some(Manager::Apt) => {
            // The list that is there may still be recent enough.
            if let Err(error) = step(
                "package list (apt-get update)",
                &mut tools::apt(&["update"]),
            ) {
                say(format!("{error:#}"));
            }
            let arguments = apt_arguments(&packages);
            say(format!("to install: {names}"));
            say(sizes(&arguments).unwrap_or_else(|| "apt does not say how large it is".to_owned()));
            let mut install = tools::apt(&["install", "-y", "--no-install-recommends"]);
            step(
                &format!("{} languages (apt-get install)", languages.len()),
                install.args(&arguments),
            )
            .with_context(|| by_hand(&packages))
        }
        Some(Manager::Brew) => {
            let (known, unknown): (Vec<_>, Vec<_>) =
                packages.iter().partition(|one| one.brew.is_some());
            let names = |list: &[&&Package]| {
                let names = list.iter().map(|one| one.language);
                names.collect::<Vec<_>>().join(", ")
            };
            if !unknown.is_empty() {
                let names = names(&unknown);
                say(format!(
                    "not in Homebrew in a form that the table knows: {names}"
                ));
            }
            if known.is_empty() {
                return Ok(());
            }
            let mut install = Command::new("brew");
            install.arg("install");
            install.args(known.iter().filter_map(|one| one.brew));
            step(&format!("{} (brew install)", names(&known)), &mut install)
                .with_context(|| by_hand(&packages))
        }
        None => bail!(by_hand(&packages)),
    }
}

fn apt_arguments(packages: &[&Package]) -> Vec<&'static str> {
    let mut arguments: Vec<&str> = packages
        .iter()
        .flat_map(|one| one.apt.split_whitespace())
        .collect();
    arguments.sort_unstable();
    arguments.dedup();
    arguments
}

/// What apt says of the download and of the disk.
fn sizes(packages: &[&str]) -> Option<String> {
    let mut ask = tools::apt(&["install", "--assume-no", "--no-install-recommends"]);
    // It answers itself with no, and so fails.
    let output = ask.args(packages).env("LC_ALL", "C.UTF-8").output().ok()?;
    sizes_in(&String::from_utf8_lossy(&output.stdout))
}

fn sizes_in(printed: &str) -> Option<String> {
    let lines = printed.lines().filter(|line| {
        line.starts_with("Need to get ") || line.starts_with("After this operation, ")
    });
    let lines: Vec<&str> = lines.collect();
    (!lines.is_empty()).then(|| lines.join(" "))
}

fn by_hand(packages: &[&Package]) -> String {
    format!(
        "install them with the machine's package manager; Debian's packages are {}",
        apt_arguments(packages).join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_that_apt_prints() {
        let printed = "Reading package lists...\nNeed to get 81.1 MB of archives.\nAfter this \
                       operation, 464 MB of additional disk space will be used.\nAbort.\n";
        assert_eq!(
            sizes_in(printed).unwrap(),
            "Need to get 81.1 MB of archives. After this operation, 464 MB of additional disk \
             space will be used."
        );
        assert_eq!(sizes_in("E: Unable to locate package x"), None);
    }

    #[test]
    fn packages_are_named_once_for_those_who_install_by_hand() {
        let packages = ["c", "c23", "csharp"].map(|name| packages::of(name).unwrap());
        let text = by_hand(&packages);
        assert!(
            text.contains("packages are gcc libc6-dev libmono"),
            "{text}"
        );
    }
}
