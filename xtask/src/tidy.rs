//! The rules of the house that no compiler checks: who may depend on whom, and
//! which words may stand where. They run as an ordinary test of this crate, and
//! as `cargo xtask tidy`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use crate::project;

/// Past this many lines a file holds a second idea.
const MAX_LINES: usize = 500;

/// The lint that forbids unsafe code everywhere; only the sandbox may lift it.
/// In two parts, so that this file does not name it either.
const UNSAFE_LINT: &str = concat!("unsafe", "_code");

/// Errors with every rule that is broken, a line each.
pub fn run() -> Result<()> {
    let metadata = MetadataCommand::new()
        .current_dir(project::root())
        .no_deps()
        .exec()?;
    let mut broken = dependency_rules(&metadata);
    broken.extend(source_rules(&sources()?));
    if broken.is_empty() {
        return Ok(());
    }
    bail!("{} rules are broken:\n{}", broken.len(), broken.join("\n"));
}

/// Who must not know whom, and why. Development dependencies do not count.
fn dependency_rules(metadata: &Metadata) -> Vec<String> {
    const MEMBERS: [&str; 8] = [
        "shared",
        "platform",
        "submit-fn",
        "worker-fn",
        "runner",
        "redis-rest",
        "xtask",
        "e2e",
    ];
    let rules: [(&str, &[&str], &str); 6] = [
        (
            "submit-fn",
            &["worker-fn"],
            "the Workers meet only over HTTP and Redis",
        ),
        (
            "worker-fn",
            &["submit-fn"],
            "the Workers meet only over HTTP and Redis",
        ),
        (
            "shared",
            &["worker", "axum", "tokio", "platform"],
            "the domain knows no platform",
        ),
        (
            "platform",
            &["submit-fn", "worker-fn", "axum", "tokio"],
            "the platform knows no product",
        ),
        (
            "runner",
            &MEMBERS,
            "it stands in for a service that other people run; sharing our codec would hide our mistakes",
        ),
        (
            "redis-rest",
            &MEMBERS,
            "it stands in for a service that other people run; sharing our codec would hide our mistakes",
        ),
    ];
    let mut broken = Vec::new();
    for (name, forbidden, why) in rules {
        let Some(package) = metadata.packages.iter().find(|one| one.name == name) else {
            broken.push(format!("there is no crate {name}"));
            continue;
        };
        for dependency in dependencies(package).filter(|one| forbidden.contains(one)) {
            broken.push(format!("{name} must not depend on {dependency}: {why}"));
        }
    }
    broken
}

fn dependencies(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|one| one.kind != DependencyKind::Development)
        .map(|one| one.name.as_str())
}

/// One source file, named from the root.
struct Source {
    path: PathBuf,
    text: String,
}

fn source_rules(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for Source { path, text } in sources {
        let shown = path.display();
        let in_worker_crate = project::WORKERS.iter().any(|name| path.starts_with(name));
        let entry_point = path.ends_with("src/lib.rs");
        if in_worker_crate && !entry_point && text.contains("worker::") {
            broken.push(format!(
                "{shown}: only lib.rs of a Worker crate, and the crate platform, name `worker::`"
            ));
        }
        if path.starts_with("shared") && text.contains("worker::") {
            broken.push(format!("{shown}: the domain names no platform"));
        }
        if !path.starts_with("runner/src/sandbox") && text.contains(UNSAFE_LINT) {
            broken.push(format!(
                "{shown}: unsafe code lives only in runner/src/sandbox"
            ));
        }
        let first = text.lines().next().unwrap_or_default();
        if !first.starts_with("//!") {
            broken.push(format!(
                "{shown}: a module opens with a paragraph that says what it is for"
            ));
        }
        let lines = text.lines().count();
        if lines > MAX_LINES {
            broken.push(format!(
                "{shown}: {lines} lines; past {MAX_LINES}, look for the second idea in it"
            ));
        }
    }
    broken
}

fn sources() -> Result<Vec<Source>> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = fs::read_dir(project::root())?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.join("Cargo.toml").exists())
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)?.filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("build") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(read(&path)?);
            }
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Source> {
    Ok(Source {
        path: path
            .strip_prefix(project::root())
            .unwrap_or(path)
            .to_owned(),
        text: fs::read_to_string(path)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        run().unwrap();
    }

    #[test]
    fn a_broken_rule_is_found() {
        let source = |path: &str, text: &str| Source {
            path: path.into(),
            text: text.into(),
        };
        let cases = [
            source("submit-fn/src/app.rs", "//! x\nuse worker::Env;"),
            source("shared/src/job.rs", "//! x\nuse worker::Env;"),
            source(
                "redis-rest/src/main.rs",
                &format!("//! x\n#![allow({UNSAFE_LINT})]"),
            ),
            source("shared/src/job.rs", "use std::fs;"),
            source("shared/src/job.rs", &format!("//! x\n{}", "\n".repeat(501))),
        ];
        for case in cases {
            let path = case.path.display().to_string();
            assert_eq!(source_rules(&[case]).len(), 1, "{path}");
        }
        let fine = [
            source("submit-fn/src/lib.rs", "//! x\nuse worker::Env;"),
            source("platform/src/lib.rs", "//! x\nuse worker::Env;"),
            source(
                "runner/src/sandbox/process.rs",
                &format!("//! x\n#![allow({UNSAFE_LINT})]"),
            ),
        ];
        assert_eq!(source_rules(&fine), Vec::<String>::new());
    }
}
