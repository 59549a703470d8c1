//! Parses the files of an execute request: names that stay inside the folder,
//! decoded contents, and which file is run.
//!
//! `request.rs` calls it. The names are checked again where they are written
//! (`sandbox/files.rs`).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::invalid_request::{InvalidRequest, invalid};
use crate::java;
use crate::languages::default_file_name;
use crate::piston_values::{decode_base64, decode_hex, falsy};
use crate::probe::Runtime;
use crate::sandbox::File;

/// Bytes that one part of a file's name may have. Linux allows 255.
const MAX_NAME_BYTES: usize = 240;

/// Depth of folders that a file's name may have.
const MAX_NAME_PARTS: usize = 32;

/// The files of a request, and which of them are source code.
pub(crate) struct SubmittedFiles {
    /// Every file.
    pub(crate) files: Vec<File>,
    /// Name of the file that is run.
    pub(crate) main: String,
    /// Names of the source files, the main file first.
    pub(crate) sources: Vec<String>,
}

/// Parses the array `files`.
pub(crate) fn parse_files(
    items: &[Value],
    runtime: &Runtime,
) -> Result<SubmittedFiles, InvalidRequest> {
    let language = &runtime.language;
    let mut files = Vec::new();
    let mut main = None;
    let mut sources = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let given = match &item["name"] {
            Value::String(name) if !name.is_empty() => {
                Some(inner_name(name, &format!("files[{index}]"))?)
            }
            name if falsy(name) => None,
            _ => return invalid(format!("files[{index}].name must be a string")),
        };
        let content = item["content"].as_str().unwrap_or_default();
        // Piston treats unknown encodings as utf8.
        let (content, is_code) = match item["encoding"].as_str() {
            Some("base64") => (decode_base64(content), false),
            Some("hex") => (decode_hex(content), false),
            _ => (content.as_bytes().to_vec(), true),
        };
        let name = if is_code && main.is_none() {
            let name = language.main_name(given.as_deref(), index);
            main = Some(name.clone());
            sources.push(name.clone());
            name
        } else {
            let name = given.unwrap_or_else(|| match language.endings.first() {
                Some(ending) if is_code => format!("{}.{ending}", default_file_name(index)),
                _ => default_file_name(index),
            });
            if is_code && language.accepts(&name) {
                sources.push(name.clone());
            }
            name
        };
        files.push(File {
            name,
            content: content.into(),
            executable: false,
        });
    }
    if language.public_class
        && let Some(name) = &mut main
        && let Some(renamed) = named_after_its_class(name, &files)
    {
        for known in files
            .iter_mut()
            .map(|file| &mut file.name)
            .chain(&mut sources)
        {
            if known == name {
                known.clone_from(&renamed);
            }
        }
        *name = renamed;
    }
    check_clashes(&files.iter().collect::<Vec<_>>(), "files", 0)?;
    // Never missing: `parse` has checked that there is a utf8 file.
    let main = main.ok_or_else(|| {
        InvalidRequest("files must include at least one utf8 encoded file".to_owned())
    })?;
    Ok(SubmittedFiles {
        files,
        main,
        sources,
    })
}

/// The name that `javac` demands of the main file, if it has another one and no other
/// file has that name.
fn named_after_its_class(main: &str, files: &[File]) -> Option<String> {
    let source = files.iter().find(|file| file.name == main)?;
    let class = java::public_class(&String::from_utf8_lossy(&source.content))?;
    let folder = main.rfind('/').map_or("", |slash| &main[..=slash]);
    let name = format!("{folder}{class}.java");
    let is_free = files.iter().all(|file| file.name != name);
    is_free.then_some(name)
}

/// Removes `.` and `..` from a name that stays inside the folder.
pub(crate) fn inner_name(name: &str, place: &str) -> Result<String, InvalidRequest> {
    let mut parts = Vec::new();
    let mut inside = !name.starts_with('/') && !name.ends_with('/') && !name.contains('\0');
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => inside &= parts.pop().is_some(),
            _ => {
                inside &= part.len() <= MAX_NAME_BYTES;
                parts.push(part);
            }
        }
    }
    if !inside || parts.is_empty() || parts.len() > MAX_NAME_PARTS {
        return invalid(format!(
            "{place}.name must stay inside the submission's folder"
        ));
    }
    Ok(parts.join("/"))
}

/// Checks that no file's name is the folder of another file. The first `known` of
/// them stand elsewhere than in the list at `place`.
pub(crate) fn check_clashes(
    files: &[&File],
    place: &str,
    known: usize,
) -> Result<(), InvalidRequest> {
    let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    for (index, file) in files.iter().enumerate() {
        let mut folder = file.name.as_str();
        while let Some((parent, _)) = folder.rsplit_once('/') {
            if names.contains(parent) {
                let index = index.saturating_sub(known);
                return invalid(format!(
                    "{place}[{index}].name has another file as its folder"
                ));
            }
            folder = parent;
        }
    }
    Ok(())
}
