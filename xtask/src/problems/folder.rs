//! Reading a folder of problems. Whether a problem keeps the rules is not asked
//! here; `problems/README.md` describes the layout.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use shared::domain::submission;
use shared::domain::verdict::Verdict;
use shared::json::write::push_string;
use shared::json::{Json, JsonText, Kind, Object, ObjectError};

use super::checker_file;
use super::files::{Files, SourceFile, member, text, visible};
use crate::endings;
use crate::progress;
use crate::project;

/// A problem as it is on disk, with its statement put in. Not checked yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The name of its folder or file.
    pub id: String,
    /// What is published. As text: members keep their order, and numbers their digits.
    pub json: JsonText,
    /// Solutions, which are not published.
    pub solutions: Vec<Solution>,
}

impl Loaded {
    /// A member of what is published.
    pub fn member(&self, name: &str) -> Option<Json<'_>> {
        member(self.json.json(), name)
    }
}

/// A solution. [`super::try_solutions`] and a test check that its verdict is the
/// one its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// Such as `python`.
    pub language: &'static str,
    /// The file's name.
    pub file: String,
    /// The verdict that its name says.
    pub verdict: Verdict,
    /// The code.
    pub code: String,
}

impl Solution {
    /// Whether it is to be accepted.
    pub fn is_accepted(&self) -> bool {
        self.verdict == Verdict::Accepted
    }
}

/// How the names of solutions begin, and the verdicts that they say.
const VERDICTS: [(&str, Verdict); 13] = [
    ("accepted", Verdict::Accepted),
    ("wrong", Verdict::WrongAnswer),
    ("time-limit", Verdict::TimeLimitExceeded),
    ("tle", Verdict::TimeLimitExceeded),
    ("slow", Verdict::TimeLimitExceeded),
    ("memory-limit", Verdict::MemoryLimitExceeded),
    ("mle", Verdict::MemoryLimitExceeded),
    ("output-limit", Verdict::OutputLimitExceeded),
    ("ole", Verdict::OutputLimitExceeded),
    ("runtime-error", Verdict::RuntimeError),
    ("rte", Verdict::RuntimeError),
    ("compilation-error", Verdict::CompilationError),
    ("ce", Verdict::CompilationError),
];

/// The verdict that a solution's name says. A word of the list may be followed by
/// anything but a letter: `tle-recursion.py`, `wrong2.py`.
fn verdict(file: &str) -> Option<Verdict> {
    let says = |word: &str| {
        let rest = file.strip_prefix(word);
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphabetic()))
    };
    let mut all = VERDICTS.iter();
    all.find(|(word, _)| says(word))
        .map(|(_, verdict)| *verdict)
}

/// The deepest that a file may be nested. A problem's values may be less deep.
const MAX_FILE_DEPTH: usize = 128;

/// The folder of a problem's solutions.
pub(super) const SOLUTIONS: &str = "solutions";

/// The project's own problems.
pub fn own() -> PathBuf {
    project::root().join("problems")
}

/// Reads every problem of a folder, by name; of a folder that is itself a problem, that
/// one. Errors name all that cannot be read.
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

/// Reads every problem of a folder as [`load`] does, each with its id. Of two with one id
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

/// The path of every problem in `folder`, by name; its own where it is itself a problem.
fn paths(folder: &Path) -> Result<Vec<PathBuf>> {
    if is_problem(folder) {
        // `.` and `..` have no name by themselves.
        let named = match folder.file_name() {
            Some(_) => folder.to_owned(),
            None => folder.canonicalize()?,
        };
        return Ok(vec![named]);
    }
    let mut paths = visible(folder)?;
    paths.retain(|path| {
        let is_file = path.is_file() && path.extension().is_some_and(|end| end == "json");
        is_file || is_problem(path)
    });
    if paths.is_empty() {
        bail!(
            "there is no problem in {}: a problem is a folder with problem.json in it",
            progress::shown(folder)
        );
    }
    Ok(paths)
}

fn is_problem(folder: &Path) -> bool {
    folder.join("problem.json").is_file()
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
    if !path.is_dir() {
        let files = Files {
            problem: text(path)?,
            ..Files::default()
        };
        return together(path, id(path), &files);
    }
    let file = path.join("problem.json");
    let mut files = Files {
        problem: text(&file)?,
        checker: checker_file::find(path)?,
        ..Files::default()
    };
    let statement = path.join("statement.md");
    if statement.is_file() {
        files.statement = Some(text(&statement)?);
    }
    let folder = path.join(SOLUTIONS);
    if folder.is_dir() {
        let paths = visible(&folder)?;
        let sources = paths.iter().filter(|path| path.is_file());
        let read = sources.map(|path| SourceFile::read(path));
        files.solutions = read.collect::<Result<_>>()?;
    }
    together(&file, id(path), &files)
}

/// Puts the files of a problem together. `file` is where its `problem.json` is, for
/// errors; nothing is read.
pub(super) fn together(file: &Path, id: String, files: &Files) -> Result<Loaded> {
    let shown = || progress::shown(file);
    let value = Json::parse(files.problem.as_bytes())
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("{} is not valid JSON", shown()))?;
    if value.depth() > MAX_FILE_DEPTH {
        bail!("{} is nested too deep", shown());
    }
    reject_duplicates(value).with_context(shown)?;
    if value.kind() != Kind::Object {
        bail!("{} must be a JSON object", shown());
    }
    let mut published = value.compact();
    if let Some(statement) = &files.statement {
        if member(value, "statement").is_some() {
            bail!("the statement stands in problem.json and in statement.md: keep one");
        }
        published.pop();
        published.push_str(if published.len() > 1 { "," } else { "" });
        published.push_str("\"statement\":");
        push_string(&mut published, statement);
        published.push('}');
    }
    if let Some(checker) = &files.checker {
        published = checker_file::inline_checker(&published, checker)?;
    }
    let json = JsonText::from(Json::parse(published.as_bytes()).map_err(anyhow::Error::msg)?);
    let (mut solutions, mut errors) = (Vec::new(), Vec::new());
    for one in &files.solutions {
        match solution(one, &file.with_file_name(SOLUTIONS)) {
            Ok(solution) => solutions.push(solution),
            Err(error) => errors.push(format!("{error:#}")),
        }
    }
    if !errors.is_empty() {
        bail!("{}", errors.join("; "));
    }
    Ok(Loaded {
        id,
        json,
        solutions,
    })
}

/// Errors: an object has a member twice. Of `"hidden":true,"hidden":false` one
/// reader takes the first, and another the last.
fn reject_duplicates(value: Json<'_>) -> Result<()> {
    if let Err(error @ ObjectError::Duplicate(_)) = Object::of(value) {
        bail!("an object {error}");
    }
    let members = value.members().into_iter().flatten();
    let items = value.items().into_iter().flatten();
    items
        .chain(members.map(|(_, value)| value))
        .try_for_each(reject_duplicates)
}

fn solution(file: &SourceFile, folder: &Path) -> Result<Solution> {
    let shown = progress::shown(&folder.join(&file.name));
    let Some(verdict) = verdict(&file.name) else {
        let words: Vec<&str> = VERDICTS.iter().map(|(word, _)| *word).collect();
        bail!(
            "{shown}: the name of a solution begins with its verdict: {}",
            words.join(", ")
        );
    };
    let Some(language) = endings::language(Path::new(&file.name)) else {
        bail!("{shown}: the name of a solution ends with that of its language, such as .py");
    };
    submission::check_code(&file.code).map_err(|rule| anyhow!("{shown}: {rule}"))?;
    Ok(Solution {
        language,
        verdict,
        file: file.name.clone(),
        code: file.code.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_solution_says_its_verdict() {
        for (file, expected) in [
            ("accepted.py", Some(Verdict::Accepted)),
            ("accepted2.cpp", Some(Verdict::Accepted)),
            ("wrong-empty.js", Some(Verdict::WrongAnswer)),
            ("tle_recursive.py", Some(Verdict::TimeLimitExceeded)),
            ("time-limit.py", Some(Verdict::TimeLimitExceeded)),
            ("mle.c", Some(Verdict::MemoryLimitExceeded)),
            ("ce.rs", Some(Verdict::CompilationError)),
            ("center.py", None),
            ("solution.py", None),
            ("Accepted.py", None),
        ] {
            assert_eq!(verdict(file), expected, "{file}");
        }
    }
}
