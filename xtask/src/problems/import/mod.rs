//! Importing problems of other forms: a package of the ICPC and Kattis form, or the
//! JSON of a practice site.
//!
//! A reader makes an `Imported`, which is put into our form and checked as `problems
//! check` does; only then is anything written. Nothing of it is executed, and what
//! could not be taken is said in sentences.
//!
//! - `package`: a folder with `problem.yaml`.
//! - `practice_site`: one JSON file.
//! - `imported`: what both make, and our form of it.
//! - `write`: the folder on disk.

mod imported;
mod package;
mod practice_site;
mod write;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use shared::domain::ids::ProblemId;

use self::imported::Imported;
use super::check::{checked, described, warnings};
use super::folder::together;
use crate::progress::{self, say};

/// What is imported, and where to.
#[derive(Debug, Clone)]
pub struct Import {
    /// The folder of a package, or a practice site's JSON file.
    pub path: PathBuf,
    /// The folder of problems that the problem's folder is written into.
    pub folder: PathBuf,
    /// The problem's id; `None` for the one that its form gives it.
    pub id: Option<String>,
    /// Whether a problem of this id that is there already is replaced.
    pub replace: bool,
}

/// `cargo xtask problems import`: makes a folder of our form. Errors: the problem
/// cannot be judged here, or breaks a rule; nothing is written then.
pub fn import(options: &Import) -> Result<()> {
    let imported = read(&options.path)?;
    let id = options.id.as_ref().unwrap_or(&imported.id);
    ProblemId::parse(id, "id").context("--id gives the problem another id")?;
    let place = options.folder.join(id);
    write::check_free(&place, options.replace)?;
    let files = imported.files();
    let loaded = together(&place.join("problem.json"), id.clone(), &files)?;
    let problem = checked(&loaded)
        .map_err(|error| imported.with_case_name(&format!("{error:#}")))
        .context("nothing was written")?;
    write::write(&place, &files)?;
    println!("✓ {id}: {}", described(&problem, &loaded));
    for note in &imported.notes {
        say(note);
    }
    for warning in warnings(&problem, &loaded) {
        say(format!("warning: {warning}"));
    }
    say(format!("written to {}", progress::shown(&place)));
    Ok(())
}

fn read(path: &Path) -> Result<Imported> {
    if path.is_dir() {
        return package::read(path);
    }
    let ending = path.extension().and_then(|ending| ending.to_str());
    if matches!(ending, Some("zip" | "kpp")) {
        bail!("{} is an archive: unpack it", progress::shown(path));
    }
    practice_site::read(path)
}
