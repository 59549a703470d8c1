//! What both readers of a problem's folder need: the text of a file, and a member of an
//! object.

use std::fs;
use std::path::Path;

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

/// A file's text.
pub(super) fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", progress::shown(path)))
}
