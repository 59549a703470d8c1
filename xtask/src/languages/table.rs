//! The runner's table of languages, as far as these commands need it, and what a runner
//! that is started here makes of it: which languages the machine has is the runner's to
//! say.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo;
use crate::progress::step;
use crate::project::{self, Build};

/// The files of the table, in its order.
const FILES: [&str; 2] = [
    "runner/src/languages.toml",
    "runner/src/further_languages.toml",
];

/// An entry of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    /// The names that the runner searches on `PATH`.
    programs: Vec<String>,
}

impl Entry {
    /// Whether a person means this language.
    pub(super) fn goes_by(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// The first of its programs on `PATH`.
    pub(super) fn program(&self) -> Option<PathBuf> {
        let path = project::path_with_npm();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let all = self.programs.iter();
        all.flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
            .find(|program| program.is_file())
    }
}

/// The table's languages, each once.
pub(super) fn entries() -> Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for file in FILES {
        let text = fs::read_to_string(project::root().join(file))?;
        for entry in parse(&text).with_context(|| file)? {
            if entries.iter().all(|known| known.name != entry.name) {
                entries.push(entry);
            }
        }
    }
    Ok(entries)
}

/// The entries that are meant by these names; all without names.
pub(super) fn selected(names: &[String]) -> Result<Vec<Entry>> {
    let entries = entries()?;
    for name in names {
        if !entries.iter().any(|entry| entry.goes_by(name)) {
            let known: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
            bail!("{name}: not in the table, which has {}", known.join(", "));
        }
    }
    let is_meant = |entry: &Entry| names.iter().any(|name| entry.goes_by(name));
    Ok(entries
        .into_iter()
        .filter(|entry| names.is_empty() || is_meant(entry))
        .collect())
}

fn parse(text: &str) -> Result<Vec<Entry>> {
    let table: toml::Table = text.parse()?;
    let list = table.get("language").and_then(toml::Value::as_array);
    let words = |entry: &toml::Value, name: &str| -> Vec<String> {
        let words = entry.get(name).and_then(toml::Value::as_array);
        let words = words.into_iter().flatten();
        words
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect()
    };
    list.context("no languages")?
        .iter()
        .map(|entry| {
            let name = entry.get("name").and_then(toml::Value::as_str);
            Ok(Entry {
                name: name.context("a language without a name")?.to_owned(),
                aliases: words(entry, "aliases"),
                programs: words(entry, "program"),
            })
        })
        .collect()
}

/// Languages that a runner offers, with their versions.
pub(super) type Offered = BTreeMap<String, String>;

/// Those that are not offered.
pub(super) fn missing<'a>(wanted: &'a [Entry], offered: &Offered) -> Vec<&'a Entry> {
    let is_missing = |entry: &&Entry| !offered.contains_key(&entry.name);
    wanted.iter().filter(is_missing).collect()
}

/// The languages that the runner offers on this machine. Builds and starts one.
pub(super) fn offered() -> Result<Offered> {
    step(
        "runner: compile",
        &mut cargo::build(&["--package", "runner"]),
    )?;
    let mut command = Command::new(project::native_bin("runner", Build::Debug));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RUNNER_") {
            command.env_remove(name);
        }
    }
    let child = command
        .args(["--listen", "127.0.0.1:0", "--warm", "0", "--log", "error"])
        .env("PATH", project::path_with_npm())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the runner cannot be started")?;
    let mut runner = Running(child);
    let stdout = runner.0.stdout.take().context("no output to read")?;
    let mut ready = String::new();
    BufReader::new(stdout).read_line(&mut ready)?;
    let url = ready
        .split_whitespace()
        .find(|word| word.starts_with("http://"));
    let Some(url) = url else {
        bail!("the runner does not start: its message is above");
    };
    let list = ureq::get(format!("{url}/api/v2/runtimes"))
        .call()?
        .body_mut()
        .read_to_string()?;
    Ok(versions(&serde_json::from_str(&list)?))
}

fn versions(list: &Value) -> Offered {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|runtime| {
        let name = runtime["language"].as_str()?.to_owned();
        Some((name, runtime["version"].as_str()?.to_owned()))
    })
    .collect()
}

/// A runner that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::super::packages;
    use super::*;

    #[test]
    fn every_language_of_the_table_has_its_packages_in_its_order() {
        let names: Vec<String> = entries().unwrap().into_iter().map(|one| one.name).collect();
        let packaged = packages::PACKAGES.iter().map(|one| one.language);
        assert_eq!(names, packaged.collect::<Vec<_>>());
    }

    /// What looks like the name of a file in both commands is written by the first and
    /// read by the second.
    fn written(entry: &toml::Value) -> Vec<String> {
        let names = |command: &str| -> Vec<String> {
            let words = entry.get(command).and_then(toml::Value::as_array);
            let words = words.into_iter().flatten().filter_map(toml::Value::as_str);
            let is_part = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
            let names = words.flat_map(|word| word.split(move |c| !is_part(c)));
            let names = names.map(|name| name.trim_start_matches("-o").trim_start_matches("./"));
            let is_name = |name: &&str| {
                let ending = name.split_once('.').filter(|(stem, _)| !stem.is_empty());
                ending.is_some_and(|(_, ending)| (1..=4).contains(&ending.len()))
            };
            names.filter(is_name).map(str::to_owned).collect()
        };
        let read = names("run");
        let mut written = names("compile");
        written.retain(|name| read.contains(name));
        written
    }

    #[test]
    fn no_submission_may_have_a_file_that_a_compile_command_writes() {
        let mut found = std::collections::BTreeSet::new();
        for file in FILES {
            let text = fs::read_to_string(project::root().join(file)).unwrap();
            let table: toml::Table = text.parse().unwrap();
            for entry in table["language"].as_array().unwrap() {
                let names = written(entry);
                let run = entry["run"].as_array().unwrap();
                let is_native = run[0].as_str().is_some_and(|word| word.starts_with("./"));
                assert!(!(is_native && names.is_empty()), "{entry}");
                found.extend(names);
            }
        }
        let reserved = shared::domain::source::RESERVED_NAMES.map(str::to_owned);
        assert_eq!(
            found,
            reserved
                .into_iter()
                .collect::<std::collections::BTreeSet<_>>()
        );
        // The page refuses the same ones.
        let page = fs::read_to_string(project::root().join("web/src/views/solve/files.ts"));
        let list = format!("{:?};", shared::domain::source::RESERVED_NAMES);
        assert!(page.unwrap().contains(&list), "{list}");
    }

    #[test]
    fn a_language_goes_by_its_name_and_its_aliases() {
        let text = "[[language]]\nname='x'\naliases=['y']\nprogram=['no-such-program','sh']\n";
        let entry = &parse(text).unwrap()[0];
        assert!(entry.goes_by("x") && entry.goes_by("y") && !entry.goes_by("z"));
        assert!(entry.program().is_some_and(|path| path.ends_with("sh")));
        assert!(parse("[[language]]\nprogram=[]").is_err());
    }

    #[test]
    fn versions_are_those_that_the_runner_answers() {
        let list = serde_json::json!([{"language": "c", "version": "12.2.0"}, {"language": 1}]);
        let expected = BTreeMap::from([("c".to_owned(), "12.2.0".to_owned())]);
        assert_eq!(versions(&list), expected);
    }

    #[test]
    fn languages_are_selected_by_name_or_alias_and_unknown_ones_are_named() {
        let names = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            selected(&names)
        };
        let all = names(&[]).unwrap();
        assert!(all.len() > 30, "{all:?}");
        let two: Vec<String> = names(&["golang", "c#"])
            .unwrap()
            .into_iter()
            .map(|entry| entry.name)
            .collect();
        assert_eq!(two, ["go", "csharp"]);
        let error = names(&["cobol"]).unwrap_err().to_string();
        assert!(
            error.contains("cobol") && error.contains("python"),
            "{error}"
        );
    }
}
