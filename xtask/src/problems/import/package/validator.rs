//! The output validator of a package, as one file: a checker program by the exit codes
//! of the ICPC package format.

use std::path::Path;

use anyhow::{Result, bail};
use shared::domain::problem::checker_program::MAX_CHECKER_BYTES;

use super::super::super::files::SourceFile;
use super::files::{Entry, Package};
use super::includes::{self, Inlined};
use super::metadata::Metadata;
use crate::endings;

/// Where it is: in newer packages, and in older ones.
const FOLDERS: [&str; 2] = ["output_validator", "output_validators"];
/// Languages whose files include each other.
const INCLUDING: [&str; 2] = ["c", "c++"];

/// Reads it; `None` where the default one judges. Errors: it cannot be one file.
pub(super) fn read(
    package: &Package,
    metadata: &Metadata,
    notes: &mut Vec<String>,
) -> Result<Option<SourceFile>> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let entries = package.entries(folder)?;
        if !entries.is_empty() {
            found.push((folder, entries));
        }
    }
    match metadata.is_custom {
        Some(false) => {
            if !found.is_empty() {
                notes.push(
                    "By problem.yaml the default output validator judges (its validation is not \
                     custom): that of the package is not taken."
                        .into(),
                );
            }
            return Ok(None);
        }
        Some(true) if found.is_empty() => {
            bail!("problem.yaml says \"validation: custom\", but there is no output_validators")
        }
        _ => {}
    }
    let mut found = found.into_iter();
    let Some((folder, entries)) = found.next() else {
        return Ok(None);
    };
    let (folder, entries) = program(package, folder, entries)?;
    if found.next().is_some() {
        bail!("there are output_validator and output_validators: keep one");
    }
    let script = |name: &str| entries.iter().any(|entry| entry.name == name);
    if script("build") || script("run") {
        bail!("{folder} is built or run by a script: a checker is one file here");
    }
    let sources: Vec<&Entry> = entries.iter().filter(|entry| is_source(entry)).collect();
    let file = one_file(package, &folder, &sources)?;
    for name in &file.missing {
        if name == "testlib.h" {
            bail!("{folder} includes \"testlib.h\", which is not beside it: put it there");
        }
        notes.push(format!(
            "The checker includes \"{name}\", which is not in the package: the endpoint's \
             compiler must have it."
        ));
    }
    let code = metadata.constants.put_into(file.code);
    let ending = Path::new(&file.place).extension().unwrap_or_default();
    Ok(Some(SourceFile {
        name: format!("checker.{}", ending.to_string_lossy()),
        code,
    }))
}

/// The folder of the one program in `folder`: itself, or a folder in it.
fn program(package: &Package, folder: &str, entries: Vec<Entry>) -> Result<(String, Vec<Entry>)> {
    let folders: Vec<&Entry> = entries.iter().filter(|entry| entry.is_folder()).collect();
    let files = entries.iter().filter(|entry| is_source(entry)).count();
    match (folders.as_slice(), files) {
        ([only], 0) => Ok((only.place.clone(), package.entries(&only.place)?)),
        (folders, files) if folders.len() > 1 || (!folders.is_empty() && files > 0) => {
            bail!("{folder} has more than one output validator: there can be one here")
        }
        _ => Ok((folder.to_owned(), entries)),
    }
}

fn is_source(entry: &Entry) -> bool {
    !entry.is_folder() && endings::language(Path::new(&entry.name)).is_some()
}

/// A program in one file.
struct OneFile {
    place: String,
    code: String,
    missing: Vec<String>,
}

/// The source that includes all others, with what it includes.
fn one_file(package: &Package, folder: &str, sources: &[&Entry]) -> Result<OneFile> {
    if sources.is_empty() {
        bail!("{folder} has no file in a language that is known here by its ending");
    }
    for source in sources {
        let language = endings::language(Path::new(&source.name)).unwrap_or_default();
        let inlined = if INCLUDING.contains(&language) {
            includes::inline(&source.place, &|place| {
                package.text(place, MAX_CHECKER_BYTES)
            })?
        } else {
            Inlined {
                code: package.required(&source.place, MAX_CHECKER_BYTES)?,
                ..Inlined::default()
            }
        };
        let is_in =
            |other: &&Entry| other.place == source.place || inlined.included.contains(&other.place);
        if sources.iter().all(is_in) {
            return Ok(OneFile {
                place: source.place.clone(),
                code: inlined.code,
                missing: inlined.missing,
            });
        }
    }
    let names: Vec<&str> = sources.iter().map(|one| one.name.as_str()).collect();
    bail!(
        "the output validator in {folder} has several source files ({}): a checker is one file \
         here, so put them together",
        names.join(", ")
    )
}
