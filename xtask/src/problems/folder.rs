//! Reading a folder of problems. Whether a problem keeps the rules is not asked
//! here; `problems/README.md` describes the layout.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use shared::domain::submission;

use crate::progress;
use crate::project;

/// A problem as it is on disk, with its statement put in. Not checked yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The name of its folder or file.
    pub id: String,
    /// What is published.
    pub value: Value,
    /// Solutions, which are not published.
    pub solutions: Vec<Solution>,
}

/// A solution. A test checks that its verdict is the one its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Such as `python`.
    pub language: &'static str,
    /// The file's name.
    pub file: String,
    /// Accepted, or else Wrong Answer.
    pub accepted: bool,
    /// The code.
    pub code: String,
}

/// The project's own problems.
pub fn own() -> PathBuf {
    project::root().join("problems")
}

/// Reads every problem of a folder, by name. Errors at the first that cannot be
/// read.
pub fn load(folder: &Path) -> Result<Vec<Loaded>> {
    paths(folder)?.iter().map(|path| read(path)).collect()
}

/// The path of every problem in `folder`, by name.
pub(super) fn paths(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder {}", progress::shown(folder)))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let is_file = path.is_file() && path.extension().is_some_and(|end| end == "json");
        if is_file || path.join("problem.json").is_file() {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        bail!(
            "there is no problem in {}: a problem is a folder with problem.json in it",
            progress::shown(folder)
        );
    }
    paths.sort();
    Ok(paths)
}

/// The id of the problem at `path`.
pub(super) fn id(path: &Path) -> String {
    let name = if path.is_dir() {
        path.file_name()
    } else {
        path.file_stem()
    };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// Reads the problem at `path`: a folder or a JSON file.
pub(super) fn read(path: &Path) -> Result<Loaded> {
    let is_folder = path.is_dir();
    let json = if is_folder {
        path.join("problem.json")
    } else {
        path.to_owned()
    };
    let mut value: Value = serde_json::from_str(&text(&json)?)
        .with_context(|| format!("{} is not valid JSON", progress::shown(&json)))?;
    let statement = path.join("statement.md");
    if is_folder && statement.is_file() {
        let Some(members) = value.as_object_mut() else {
            bail!("{} must be a JSON object", progress::shown(&json));
        };
        if members.contains_key("statement") {
            bail!("the statement stands in problem.json and in statement.md: keep one");
        }
        members.insert("statement".into(), text(&statement)?.into());
    }
    let mut solutions = Vec::new();
    let folder = path.join("solutions");
    if folder.is_dir() {
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        for file in &files {
            solutions.push(solution(file)?);
        }
    }
    Ok(Loaded {
        id: id(path),
        value,
        solutions,
    })
}

fn solution(path: &Path) -> Result<Solution> {
    let shown = progress::shown(path);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let accepted = file.starts_with("accepted");
    if !accepted && !file.starts_with("wrong") {
        bail!("{shown}: the name of a solution begins with accepted or wrong");
    }
    let language = match path.extension().and_then(|end| end.to_str()) {
        Some("py") => "python",
        Some("js") => "javascript",
        Some("ts") => "typescript",
        Some("cpp") => "c++",
        _ => bail!("{shown}: the name of a solution ends with .py, .js, .ts or .cpp"),
    };
    let code = text(path)?;
    submission::check_code(&code).map_err(|rule| anyhow::anyhow!("{shown}: {rule}"))?;
    Ok(Solution {
        language,
        accepted,
        file: file.into_owned(),
        code,
    })
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", progress::shown(path)))
}
