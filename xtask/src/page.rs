//! The page (`web/`), which submit-fn serves: its build and its checks.
//!
//! [`crate::bundle`] builds it with submit-fn, `cargo xtask dev` has it built again
//! whenever a file changes, and `cargo xtask test` checks types, style, sizes and
//! behaviour. The build itself is `web/build.mjs`, which runs if a source differs
//! from what was built last.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::child::{Child, Guard};
use crate::progress::{self, say, step};
use crate::{cargo, project};

/// If this variable is set, [`build`] takes an existing page as it is. Every stack
/// sets it for its Workers: the page was built before, or is built on each change.
pub const AS_BUILT: &str = "EDGEJUDGE_PAGE_AS_BUILT";

const BUILD_STEP: &str = "page: build";
const BUILD_SCRIPT: &str = "web/build.mjs";
/// What each line of the build's report begins with.
const REPORT_PREFIX: &str = "page:";
/// What the built page depends on, beside its own sources.
const LOCK_FILE: &str = "package-lock.json";
/// And the API's description, which it serves.
const OPENAPI: &str = "docs/openapi.json";
/// Folders of `web/` that the built page does not depend on.
const NOT_SOURCES: [&str; 2] = ["dist", "tests"];
/// Files of `web/` that it does not depend on either.
const NOT_SOURCE_FILES: [&str; 2] = ["README.md", "screenshots.ts"];

/// Whether there is a built page.
pub fn exists() -> bool {
    dist().join("index.html").exists()
}

/// Builds the page into `web/dist`, if a source has changed since.
pub fn build() -> Result<()> {
    if std::env::var_os(AS_BUILT).is_some() && exists() {
        return Ok(());
    }
    let others = [LOCK_FILE, OPENAPI].map(|name| project::root().join(name));
    let stamp = stamp_of(&web(), &others)?;
    if exists() && built().is_some_and(|(old, _)| old == stamp) {
        return Ok(());
    }
    // A build that is broken off leaves files that are not whole.
    forget()?;
    step(BUILD_STEP, &mut script(&[]))?;
    let output = fs::read_to_string(progress::log_path(BUILD_STEP))?;
    let report: String = output
        .lines()
        .filter(|line| line.starts_with(REPORT_PREFIX))
        .map(|line| format!("{line}\n"))
        .collect();
    progress::create(&stamp_path())?;
    fs::write(stamp_path(), format!("{stamp}\n{report}"))?;
    Ok(())
}

/// Prints what the last build said of sizes. It fails by itself over budget.
pub fn print_sizes() -> Result<()> {
    let (_, report) = built().context("the page was not built")?;
    for line in report.lines() {
        say(line);
    }
    Ok(())
}

/// Starts a process that builds the page now and on every change, without making
/// it small.
pub fn watch(logs: &Path, guard: &mut Guard) -> Result<Child> {
    forget()?;
    let log = logs.join("page.log");
    Child::start("page", &mut script(&["--watch"]), &log, guard)
}

/// TypeScript's own check.
pub fn check_types() -> Result<()> {
    let mut command = npm_program("tsc");
    command.args(["-p", "web/tsconfig.json"]);
    step("page: types", &mut command)
}

/// The style of TypeScript and JavaScript, and its lints.
pub fn lint() -> Result<()> {
    let mut command = npm_program("biome");
    command.args(["check", "--error-on-warnings", "web"]);
    step("page: lint", &mut command)
}

/// Node's test runner, one test at a time; the caller adds the files, which share a
/// process and with it one browser. It prints a report for people, and writes the time
/// of each test into `times`: `time SECONDS NAME`, a line a test.
pub fn node_tests(times: &Path) -> Command {
    let mut command = npm_program("node");
    command
        .args(["--test", "--test-concurrency=1"])
        .arg("--experimental-test-isolation=none")
        .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
        .arg("--test-reporter=./web/tests/times.mjs")
        .arg("--test-reporter-destination")
        .arg(times);
    command
}

/// A program from npm, with this project's Node, in the project's root.
pub fn npm_program(name: &str) -> Command {
    let mut command = Command::new(project::npm_bin(name));
    cargo::without_cargo_variables(&mut command);
    command
        .current_dir(project::root())
        .env("PATH", project::path_with_npm());
    command
}

fn script(arguments: &[&str]) -> Command {
    let mut command = npm_program("node");
    command.arg(BUILD_SCRIPT).args(arguments);
    command
}

fn web() -> PathBuf {
    project::root().join("web")
}

fn dist() -> PathBuf {
    web().join("dist")
}

fn stamp_path() -> PathBuf {
    project::state().join("bundles/page")
}

/// The stamp of the sources that were built last, and the build's report.
fn built() -> Option<(String, String)> {
    let text = fs::read_to_string(stamp_path()).ok()?;
    let (stamp, report) = text.split_once('\n')?;
    Some((stamp.to_owned(), report.to_owned()))
}

/// Has the next [`build`] run whatever has changed.
fn forget() -> Result<()> {
    match fs::remove_file(stamp_path()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).context("the stamp of the page's build")
        }
        _ => Ok(()),
    }
}

/// Differs when a source does: by its content or by its name.
fn stamp_of(web: &Path, others: &[PathBuf]) -> Result<String> {
    let mut files = others.to_vec();
    collect(web, &mut files)?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        fs::read(&file)
            .with_context(|| format!("cannot read {}", file.display()))?
            .hash(&mut hasher);
    }
    Ok(hasher.finish().to_string())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if !path.is_dir() {
            if !NOT_SOURCE_FILES.iter().any(|name| path.ends_with(name)) {
                files.push(path);
            }
        } else if !NOT_SOURCES.iter().any(|name| path.ends_with(name)) {
            collect(&path, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamp_follows_sources_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let web = folder.path().join("web");
        let others = ["lock", "openapi.json"].map(|name| folder.path().join(name));
        let write = |name: &str, text: &str| {
            let path = web.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for other in &others {
            fs::write(other, "1").unwrap();
        }
        write("src/main.ts", "a");
        let stamp = || stamp_of(&web, &others).unwrap();
        let first = stamp();
        write("dist/assets/main.js", "built");
        write("tests/frame.test.ts", "tried");
        write("README.md", "read");
        assert_eq!(stamp(), first);

        let mut all = vec![first];
        let mut differs = |what: &str| {
            let new = stamp();
            assert!(!all.contains(&new), "{what}");
            all.push(new);
        };
        write("src/main.ts", "b");
        differs("a file's text");
        fs::rename(web.join("src/main.ts"), web.join("src/start.ts")).unwrap();
        differs("a file's name");
        write("public/_headers", "");
        differs("a new file");
        for (other, what) in others.iter().zip(["the libraries' versions", "the API"]) {
            fs::write(other, "2").unwrap();
            differs(what);
        }
    }
}
