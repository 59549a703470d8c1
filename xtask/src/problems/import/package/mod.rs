//! A problem package of the ICPC and Kattis form.
//!
//! Its specification, <https://www.kattis.com/problem-package-format/>, has a version
//! `legacy` and newer ones (`2023-07-draft`, `2025-09`); most folders and keys have
//! other names in them. Both are read, whatever version a package says it has.
//!
//! - `files`: reading files of the package, and no others.
//! - `yaml`: YAML documents.
//! - `metadata`: `problem.yaml`.
//! - `constants`: the values that it puts into other files.
//! - `data`: test cases.
//! - `statement`: the statement.
//! - `arguments`: the arguments of the default output validator, as a checker.
//! - `validator`: an output validator of the setter's; `includes`: its headers.
//! - `submissions`: solutions.

mod arguments;
mod constants;
mod data;
mod files;
mod includes;
mod metadata;
mod statement;
mod submissions;
#[cfg(test)]
mod tests;
mod validator;
mod yaml;

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use self::files::Package;
use self::metadata::Metadata;
use super::imported::{Case, Imported, json_string};

/// What is read of a package's folder; other entries are named in a note.
const READ: [&str; 7] = [
    "data",
    "output_validator",
    "output_validators",
    "problem.yaml",
    "problem_statement",
    "statement",
    "submissions",
];

/// Reads the package in the folder `path`.
pub(super) fn read(path: &Path) -> Result<Imported> {
    let package = Package::open(path)?;
    if package.kind("problem.yaml")?.is_none() {
        bail!(
            "{} has no problem.yaml: give the folder of a problem package, or the JSON file of a \
             practice site",
            crate::progress::shown(path)
        );
    }
    if !package.entries("include")?.is_empty() {
        bail!(
            "the package has files that are compiled with every submission (include): that is not \
             possible here"
        );
    }
    let mut notes = Vec::new();
    let metadata = Metadata::read(&package, &mut notes)?;
    let constants = &metadata.constants;
    let data = data::read(&package, constants, &mut notes)?;
    let arguments = data.arguments(&metadata.validator_flags, &mut notes)?;
    let program = validator::read(&package, &metadata, &mut notes)?;
    let checker = match &program {
        Some(_) if !arguments.is_empty() => bail!(
            "the output validator gets the arguments {:?}, and a checker gets none here: write \
             them into its code",
            arguments.join(" ")
        ),
        Some(_) => json!({ "kind": "program", "exitCodes": "icpc" }),
        None => arguments::checker(&arguments, &mut notes)?,
    };
    let (statement, title) = match statement::read(&package, constants, &mut notes)? {
        Some(statement) => (statement.text, statement.title),
        None => (String::new(), None),
    };
    let is_scoring = metadata.is_scoring || data.has_scores;
    if is_scoring {
        notes.push(
            "Scores of test groups are not taken: every case has weight 1, and all are judged \
             (stopOnFirstFail is false)."
                .into(),
        );
    }
    let solutions = submissions::read(&package, constants, &mut notes)?;
    let unread: Vec<String> = package
        .entries("")?
        .into_iter()
        .map(|entry| entry.name)
        .filter(|name| !READ.contains(&name.as_str()))
        .collect();
    if !unread.is_empty() {
        notes.push(format!("Not taken: {}.", unread.join(", ")));
    }
    let mut members = vec![("kind", json!("program")), ("checker", checker)];
    let limits: Map<String, Value> = metadata.limits.into_iter().collect();
    if !limits.is_empty() {
        members.push(("limits", limits.into()));
    }
    if is_scoring {
        members.push(("stopOnFirstFail", json!(false)));
    }
    let case = |case: data::DataCase| Case {
        name: Some(case.name),
        input: json_string(&case.input),
        expected: json_string(&case.answer),
        hidden: case.is_secret,
    };
    let title = metadata.name.or(title);
    Ok(Imported {
        title: title.unwrap_or_else(|| package.name()),
        id: package.name(),
        statement,
        members,
        cases: data.cases.into_iter().map(case).collect(),
        checker: program,
        solutions,
        notes,
    })
}
