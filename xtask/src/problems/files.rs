//! What both readers of a problem's folder need: its files, their text, and a member of an
//! object.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use shared::json::Json;

use crate::progress;

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
