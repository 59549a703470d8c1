//! Reading a folder of problems. Whether a problem keeps the rules is not asked
//! here; `problems/README.md` describes the layout.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
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

/// Reads every problem of a folder, by name. Errors name all that cannot be read.
pub fn load(folder: &Path) -> Result<Vec<Loaded>> {
    let mut problems = Vec::new();
    let mut errors = Vec::new();
    for (id, read) in read_all(folder)? {
        match read {
            Ok(loaded) => problems.push(loaded),
            Err(error) => errors.push(format!("{id}: {error:#}")),
        }
    }
    if !errors.is_empty() {
        bail!("{}", errors.join("\n"));
    }
    Ok(problems)
}

/// Reads every problem of a folder, by name, each with its id. Of two with one id
/// neither can be published.
pub(super) fn read_all(folder: &Path) -> Result<Vec<(String, Result<Loaded>)>> {
    let paths = paths(folder)?;
    let ids: Vec<String> = paths.iter().map(|path| id(path)).collect();
    let read = |(index, path): (usize, &PathBuf)| {
        let others = ids.iter().enumerate();
        let mut twins = others.filter(|(other, id)| *other != index && **id == ids[index]);
        let read = match twins.next() {
            Some((twin, _)) => Err(anyhow!(
                "there is another problem with this id: {}",
                progress::shown(&paths[twin])
            )),
            None => read(path),
        };
        (ids[index].clone(), read)
    };
    Ok(paths.iter().enumerate().map(read).collect())
}

/// The path of every problem in `folder`, by name.
fn paths(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.join("problem.json").is_file() {
        bail!(
            "{} is a problem, not a folder of problems: give the folder that it is in",
            progress::shown(folder)
        );
    }
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
fn id(path: &Path) -> String {
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
        let mut errors = Vec::new();
        for file in &files {
            match solution(file) {
                Ok(solution) => solutions.push(solution),
                Err(error) => errors.push(format!("{error:#}")),
            }
        }
        if !errors.is_empty() {
            bail!("{}", errors.join("; "));
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
