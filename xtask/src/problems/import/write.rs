//! Writing a problem's folder: all of it or nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::super::files::Files;
use super::super::folder::SOLUTIONS;
use crate::progress::shown;

/// Errors: at `place` there is something that may not be replaced.
pub(super) fn check_free(place: &Path, replace: bool) -> Result<()> {
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".json");
    let twin = place.with_file_name(name);
    if twin.exists() {
        bail!("there is a problem with this id: {}", shown(&twin));
    }
    let Ok(there) = fs::symlink_metadata(place) else {
        return Ok(());
    };
    if !replace {
        bail!(
            "{} is there already: --replace writes all of it anew, also its solutions",
            shown(place)
        );
    }
    if !there.is_dir() || !place.join("problem.json").is_file() {
        bail!("{} is no problem, so it is not replaced", shown(place));
    }
    Ok(())
}

/// Writes the files of a problem into the folder `place`, in the stead of what is there.
pub(super) fn write(place: &Path, files: &Files) -> Result<()> {
    let (new, old) = (beside(place, "new"), beside(place, "old"));
    let written = write_new(&new, files)
        .with_context(|| format!("cannot write {}", shown(&new)))
        .and_then(|()| {
            if place.exists() {
                fs::rename(place, &old)?;
            }
            if let Err(error) = fs::rename(&new, place) {
                // What was there comes back.
                fs::rename(&old, place).ok();
                return Err(error).with_context(|| format!("cannot write {}", shown(place)));
            }
            Ok(())
        });
    for left in [new, old] {
        if left.exists() {
            fs::remove_dir_all(left)?;
        }
    }
    written
}

/// A name beside `place` that no problem has.
fn beside(place: &Path, word: &str) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".{name}.{}.{word}", std::process::id()))
}

fn write_new(folder: &Path, files: &Files) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("problem.json"), &files.problem)?;
    if let Some(statement) = &files.statement {
        fs::write(folder.join("statement.md"), statement)?;
    }
    if let Some(checker) = &files.checker {
        fs::write(folder.join(&checker.name), &checker.code)?;
    }
    if !files.solutions.is_empty() {
        let solutions = folder.join(SOLUTIONS);
        fs::create_dir_all(&solutions)?;
        for one in &files.solutions {
            fs::write(solutions.join(&one.name), &one.code)?;
        }
    }
    Ok(())
}
