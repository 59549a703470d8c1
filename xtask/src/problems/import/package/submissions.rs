//! The example submissions of a package, as solutions with names of our form.

use std::path::Path;

use anyhow::Result;
use shared::domain::submission;

use super::super::super::files::SourceFile;
use super::constants::Constants;
use super::files::{Entry, Package};
use crate::endings;

/// Folders, and how the names of our solutions begin.
const FOLDERS: [(&str, &str); 4] = [
    ("accepted", "accepted"),
    ("wrong_answer", "wrong"),
    ("time_limit_exceeded", "time-limit"),
    ("run_time_error", "runtime-error"),
];
/// The longest code that is read: longer code is never a submission.
const MAX_BYTES: usize = 4 * submission::MAX_CODE_BYTES;

/// Reads those of one file. Notes name the others.
pub(super) fn read(
    package: &Package,
    constants: &Constants,
    notes: &mut Vec<String>,
) -> Result<Vec<SourceFile>> {
    let mut solutions: Vec<SourceFile> = Vec::new();
    for folder in package.entries("submissions")? {
        if !folder.is_folder() {
            notes.push(format!("Not taken: {}.", folder.place));
            continue;
        }
        let known = FOLDERS.iter().find(|(name, _)| *name == folder.name);
        let Some((_, verdict)) = known else {
            notes.push(format!(
                "{} is not taken: it stands for no single verdict.",
                folder.place
            ));
            continue;
        };
        for entry in package.entries(&folder.place)? {
            let file = match only_file(package, &entry)? {
                Ok(file) => file,
                Err(why) => {
                    notes.push(format!("{} is not taken: {why}.", entry.place));
                    continue;
                }
            };
            let code = constants.put_into(package.required(&file.place, MAX_BYTES)?);
            if is_python2(&file.name, &code) {
                notes.push(format!("{} is not taken: it is Python 2.", file.place));
                continue;
            }
            if let Err(rule) = submission::check_code(&code) {
                notes.push(format!("{} is not taken: {rule}", file.place));
                continue;
            }
            let name = name(verdict, &entry, &file, &solutions);
            solutions.push(SourceFile { name, code });
        }
    }
    solutions.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(solutions)
}

/// The file of a submission, which may be a folder with one file; or why it is not
/// taken.
fn only_file(package: &Package, entry: &Entry) -> Result<Result<Entry, &'static str>> {
    let file = if entry.is_folder() {
        let mut files = package.entries(&entry.place)?;
        match files.pop() {
            Some(file) if files.is_empty() && !file.is_folder() => file,
            _ => return Ok(Err("a solution is one file here")),
        }
    } else {
        entry.clone()
    };
    if endings::language(Path::new(&file.name)).is_none() {
        return Ok(Err("the ending of its name is that of no language here"));
    }
    Ok(Ok(file))
}

/// Whether the first line names Python 2, which is how packages tell it from Python 3.
fn is_python2(name: &str, code: &str) -> bool {
    let first = code.lines().next().unwrap_or_default();
    name.ends_with(".py") && first.starts_with("#!") && first.contains("python2")
}

/// A name that none of `others` has.
fn name(verdict: &str, entry: &Entry, file: &Entry, others: &[SourceFile]) -> String {
    let stem = Path::new(&entry.name).file_stem().unwrap_or_default();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let stem: String = stem
        .to_string_lossy()
        .chars()
        .map(|letter| if fits(letter) { letter } else { '-' })
        .collect();
    let ending = Path::new(&file.name).extension().unwrap_or_default();
    let ending = ending.to_string_lossy();
    let mut name = format!("{verdict}-{stem}.{ending}");
    let mut number = 2;
    while others.iter().any(|other| other.name == name) {
        name = format!("{verdict}-{stem}-{number}.{ending}");
        number += 1;
    }
    name
}
