//! What a problem's folder holds, and what its readers need: the names in a folder, the
//! text of a file, and a member of an object.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use shared::json::Json;

use crate::progress;

/// The text of every file of a problem.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// `problem.json`
    pub(super) problem: String,
    /// `statement.md`, if there is one.
    pub(super) statement: Option<String>,
    /// `checker.py` or the like, if there is one.
    pub(super) checker: Option<SourceFile>,
    /// Those of `solutions/`.
    pub(super) solutions: Vec<SourceFile>,
}

/// The code of a solution or of a checker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceFile {
    /// The file's name, without its folder.
    pub(super) name: String,
    /// Its text.
    pub(super) code: String,
}

impl SourceFile {
    /// Reads the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            name: name.into_owned(),
            code: text(path)?,
        })
    }
}

/// The member of this name.
pub(super) fn member<'a>(value: Json<'a>, name: &str) -> Option<Json<'a>> {
    let mut members = value.members()?;
    members
        .find(|(other, _)| other.text().as_deref() == Some(name))
        .map(|(_, value)| value)
}

/// The files and folders in `folder`, by name, without the hidden ones: those whose names
/// begin with a dot, which systems and editors put there.
pub(super) fn visible(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder {}", progress::shown(folder)))?
    {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// A file's text, without the byte order mark that some editors begin it with.
pub(super) fn text(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read {}", progress::shown(path)))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(unmarked) => unmarked.to_owned(),
        None => text,
    })
}
