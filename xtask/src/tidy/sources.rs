//! Rules for the text of a single source file: what it may name, how it opens,
//! how long it may be.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::project::{self, Worker};

/// Past this many lines a file holds a second idea.
const MAX_LINES: usize = 500;

/// The lint that forbids unsafe code everywhere; only the sandbox may lift it.
/// In two parts, so that this file does not name it either.
const UNSAFE_LINT: &str = concat!("unsafe", "_code");

/// A source file.
#[derive(Debug)]
pub(super) struct Source {
    /// From the root.
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Every Rust file of every crate.
pub(super) fn all() -> Result<Vec<Source>> {
    let crates = fs::read_dir(project::root())?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.join("Cargo.toml").exists())
        .collect();
    below(crates, &["rs"], "build")
}

/// Every file below `folders` with one of these endings, but for those in folders of
/// the name `built`.
pub(super) fn below(
    mut folders: Vec<PathBuf>,
    endings: &[&str],
    built: &str,
) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)?.filter_map(Result::ok) {
            let path = entry.path();
            let ending = path.extension().unwrap_or_default();
            if path.is_dir() && !path.ends_with(built) {
                folders.push(path);
            } else if endings.iter().any(|one| ending == *one) {
                found.push(read(&path)?);
            }
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Source> {
    Ok(Source {
        path: project::relative(path).to_owned(),
        text: fs::read_to_string(path)?,
    })
}

/// The violations in `sources`.
pub(super) fn violations(sources: &[Source]) -> Vec<String> {
    sources.iter().flat_map(violations_in).collect()
}

fn violations_in(Source { path, text }: &Source) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    let in_worker_crate = Worker::all()
        .iter()
        .any(|worker| path.starts_with(worker.name()));
    let entry_point = path.ends_with("src/lib.rs");
    if in_worker_crate && !entry_point && text.contains("worker::") {
        rules.push(
            "only lib.rs of a Worker crate, and the crate platform, name `worker::`".to_owned(),
        );
    }
    if path.starts_with("shared") && text.contains("worker::") {
        rules.push("the domain names no platform".to_owned());
    }
    if !path.starts_with("runner/src/sandbox") && text.contains(UNSAFE_LINT) {
        rules.push("unsafe code lives only in runner/src/sandbox".to_owned());
    }
    let first = text.lines().next().unwrap_or_default();
    if !first.starts_with("//!") {
        rules.push("a module opens with a paragraph that says what it is for".to_owned());
    }
    reports(path, text, rules)
}

/// A line for each rule that a file breaks: these, and the one on its length.
pub(super) fn reports(path: &Path, text: &str, mut rules: Vec<String>) -> Vec<String> {
    let lines = text.lines().count();
    if lines > MAX_LINES {
        rules.push(format!(
            "{lines} lines; past {MAX_LINES}, look for the second idea in it"
        ));
    }
    rules
        .into_iter()
        .map(|rule| format!("{}: {rule}", path.display()))
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.into(),
            text: text.into(),
        }
    }

    #[test]
    fn each_violation_is_found() {
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
            assert_eq!(violations(&[case]).len(), 1, "{path}");
        }
    }

    #[test]
    fn what_is_allowed_passes() {
        let allowed = [
            source("submit-fn/src/lib.rs", "//! x\nuse worker::Env;"),
            source("platform/src/lib.rs", "//! x\nuse worker::Env;"),
            source(
                "runner/src/sandbox/process.rs",
                &format!("//! x\n#![allow({UNSAFE_LINT})]"),
            ),
        ];
        assert_eq!(violations(&allowed), Vec::<String>::new());
    }
}
