//! Problems on disk: reading a folder of them, checking, publishing.
//!
//! `problems/README.md` says how a folder looks. What a problem may be is said
//! by `shared::problem` alone; here it is only found, put together and sent.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use shared::problem::{MAX_BYTES, Problem};
use shared::submission;

use crate::progress::{self, say};
use crate::project;

/// How long one problem may take to be published: 4 MB over a slow line.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A problem as it stands on disk, its statement put in. Not checked yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The name of its folder or file.
    pub id: String,
    /// What is published.
    pub value: Value,
    /// What is not.
    pub solutions: Vec<Solution>,
}

/// A solution that a test holds to what its name says.
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
/// read; whether it keeps the rules is not asked.
pub fn load(folder: &Path) -> Result<Vec<Loaded>> {
    places(folder)?.iter().map(|place| read(place)).collect()
}

/// `cargo xtask problems check`: says of each problem what is wrong with it.
pub fn check(folder: &Path) -> Result<()> {
    let places = places(folder)?;
    let mut wrong = 0;
    for place in &places {
        match read(place).and_then(|loaded| Ok((checked(&loaded)?, loaded))) {
            Ok((problem, loaded)) => {
                println!("✓ {}: {}", loaded.id, described(&problem, &loaded));
                for warning in warnings(&problem, &loaded) {
                    say(format!("warning: {warning}"));
                }
            }
            Err(error) => {
                wrong += 1;
                println!("✗ {}: {error:#}", id(place));
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} of {} problems cannot be published", places.len());
    }
    Ok(())
}

/// `cargo xtask problems push`: publishes every problem of a folder. Nothing is
/// sent before all of them keep the rules.
pub fn push(folder: &Path, url: &str) -> Result<()> {
    let token = std::env::var("ADMIN_TOKEN").unwrap_or_default();
    if token.is_empty() {
        bail!("the operator's token is not there: set the variable ADMIN_TOKEN");
    }
    let problems = load(folder)?;
    for loaded in &problems {
        checked(loaded).with_context(|| loaded.id.clone())?;
    }
    publish(&problems, url, &token, |line| println!("✓ {line}"))?;
    say(format!("{} problems published at {url}", problems.len()));
    Ok(())
}

/// Sends problems to the submit-fn at `url`, one after the other, and says of
/// each when it is there. Errors at the first that is refused. The token is in
/// no error.
pub fn publish(
    problems: &[Loaded],
    url: &str,
    token: &str,
    mut said: impl FnMut(String),
) -> Result<()> {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .build()
        .new_agent();
    let base = url.trim_end_matches('/');
    for Loaded { id, value, .. } in problems {
        let mut answer = agent
            .put(format!("{base}/problems/{id}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .send(value.to_string())
            .with_context(|| format!("{id}: {base} does not answer"))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        match status {
            200 | 201 => {
                let what = if status == 201 { "new" } else { "replaced" };
                let version = body["version"].as_str().unwrap_or_default();
                said(format!(
                    "{id}: {what}, {} cases, version {version}",
                    body["cases"]
                ));
            }
            _ => bail!("{id}: {}", refusal(status, &body)),
        }
    }
    Ok(())
}

/// What was answered in the place of "published", for a person.
fn refusal(status: u16, body: &Value) -> String {
    match (status, body["error"]["message"].as_str()) {
        (_, Some(message)) => format!("refused (HTTP {status}): {message}"),
        (_, None) => format!("HTTP {status}, and not from submit-fn: is the URL right?"),
    }
}

/// Every problem that `folder` holds, by name.
fn places(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder {}", progress::shown(folder)))?;
    let mut places = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let alone = path.is_file() && path.extension().is_some_and(|end| end == "json");
        if alone || path.join("problem.json").is_file() {
            places.push(path);
        }
    }
    if places.is_empty() {
        bail!(
            "there is no problem in {}: a problem is a folder with problem.json in it",
            progress::shown(folder)
        );
    }
    places.sort();
    Ok(places)
}

fn id(place: &Path) -> String {
    let name = if place.is_dir() {
        place.file_name()
    } else {
        place.file_stem()
    };
    name.unwrap_or_default().to_string_lossy().into_owned()
}

fn read(place: &Path) -> Result<Loaded> {
    let folder = place.is_dir();
    let path = if folder {
        place.join("problem.json")
    } else {
        place.to_owned()
    };
    let mut value: Value = serde_json::from_str(&text(&path)?)
        .with_context(|| format!("{} is not valid JSON", progress::shown(&path)))?;
    let statement = place.join("statement.md");
    if folder && statement.is_file() {
        let Some(members) = value.as_object_mut() else {
            bail!("{} must be a JSON object", progress::shown(&path));
        };
        if members.contains_key("statement") {
            bail!("the statement stands in problem.json and in statement.md: keep one");
        }
        members.insert("statement".into(), text(&statement)?.into());
    }
    let mut solutions = Vec::new();
    let kept = place.join("solutions");
    if kept.is_dir() {
        let mut files: Vec<PathBuf> = fs::read_dir(&kept)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        for file in &files {
            solutions.push(solution(file)?);
        }
    }
    Ok(Loaded {
        id: id(place),
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

/// The rules of the API, before anything is sent to it.
fn checked(loaded: &Loaded) -> Result<Problem> {
    let problem = Problem::from_value(&loaded.id, &loaded.value)
        .map_err(|error| anyhow::anyhow!("{}", error.message()))?;
    // What is sent is not yet in the form that is kept.
    if loaded.value.to_string().len() > MAX_BYTES {
        bail!("the problem must be at most {MAX_BYTES} bytes of JSON");
    }
    Ok(problem)
}

fn described(problem: &Problem, loaded: &Loaded) -> String {
    let hidden = problem.cases.iter().filter(|case| case.hidden).count();
    let files: Vec<&str> = loaded
        .solutions
        .iter()
        .map(|one| one.file.as_str())
        .collect();
    format!(
        "{}, {} cases ({hidden} hidden), solutions: {}",
        problem.kind.name(),
        problem.cases.len(),
        if files.is_empty() {
            "none".into()
        } else {
            files.join(", ")
        }
    )
}

fn warnings(problem: &Problem, loaded: &Loaded) -> Vec<&'static str> {
    let mut warnings = Vec::new();
    if !loaded.solutions.iter().any(|one| one.accepted) {
        warnings.push("no solution shows that it can be solved (solutions/accepted.py, say)");
    }
    if problem.statement.is_empty() {
        warnings.push("it has no statement");
    }
    if problem.cases.iter().all(|case| case.hidden) {
        warnings.push("no case is shown: nobody sees an example");
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A folder of its own, gone at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let name = format!("xtask-problems-{name}-{}", std::process::id());
            let folder = Self(std::env::temp_dir().join(name));
            for (file, text) in files {
                let path = folder.0.join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            folder
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    const ECHO: &str =
        r#"{"title":"Echo","kind":"program","cases":[{"input":"a","expected":"a"}]}"#;

    #[test]
    fn the_own_problems_keep_every_rule() {
        check(&own()).unwrap();
        let problems = load(&own()).unwrap();
        assert!(problems.len() >= 8);
        for Loaded { id, solutions, .. } in &problems {
            for language in ["python", "javascript"] {
                for accepted in [true, false] {
                    let there = solutions
                        .iter()
                        .any(|one| (one.language, one.accepted) == (language, accepted));
                    assert!(there, "{id} has no {language} with accepted = {accepted}");
                }
            }
        }
    }

    #[test]
    fn a_folder_is_put_together() {
        let folder = Folder::new(
            "together",
            &[
                ("echo/problem.json", ECHO),
                ("echo/statement.md", "Say it *again*.\n"),
                ("echo/solutions/accepted.py", "print(input())"),
                ("echo/solutions/wrong-empty.js", ";"),
                ("alone.json", ECHO),
                ("README.md", "no problem"),
                ("empty/notes.txt", "no problem either"),
            ],
        );
        let loaded = load(&folder.0).unwrap();
        assert_eq!(loaded.len(), 2);
        assert_eq!(
            (loaded[0].id.as_str(), loaded[1].id.as_str()),
            ("alone", "echo")
        );
        assert_eq!(loaded[1].value["statement"], "Say it *again*.\n");
        let solutions: Vec<_> = loaded[1]
            .solutions
            .iter()
            .map(|one| (one.language, one.accepted, one.file.as_str()))
            .collect();
        assert_eq!(
            solutions,
            [
                ("python", true, "accepted.py"),
                ("javascript", false, "wrong-empty.js"),
            ]
        );
        check(&folder.0).unwrap();
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cases = [
            ("{", "problem.json is not valid JSON", "problem.json"),
            (r#"{"title":""}"#, "title must be", "problem.json"),
            (
                r#"{"title":"x","kind":"program","cases":[{"input":"","expected":"","hiden":true}]}"#,
                "cases[0].hiden is not known",
                "problem.json",
            ),
            ("x", "begins with accepted or wrong", "solutions/slow.py"),
            ("x", "ends with .py", "solutions/accepted.rb"),
            ("", "code must not be empty", "solutions/accepted.py"),
        ];
        for (at, (content, said, file)) in cases.into_iter().enumerate() {
            let files = [
                ("echo/problem.json", ECHO),
                (&format!("echo/{file}"), content),
            ];
            let folder = Folder::new(&format!("wrong-{at}"), &files);
            let error = read(&folder.0.join("echo")).and_then(|loaded| checked(&loaded));
            let message = format!("{:#}", error.unwrap_err());
            assert!(message.contains(said), "{message}");
            assert!(check(&folder.0).is_err());
        }
        let folder = Folder::new("none", &[("README.md", "")]);
        assert!(
            load(&folder.0)
                .unwrap_err()
                .to_string()
                .contains("no problem")
        );
    }

    #[test]
    fn a_refusal_is_said_in_the_apis_words() {
        let body = json!({ "error": { "message": "This call needs the operator's token." } });
        assert_eq!(
            refusal(401, &body),
            "refused (HTTP 401): This call needs the operator's token."
        );
        assert!(refusal(404, &Value::Null).contains("is the URL right?"));
    }

    #[test]
    fn nobody_there_is_said_without_the_token() {
        let loaded = Loaded {
            id: "echo".into(),
            value: json!({}),
            solutions: Vec::new(),
        };
        let error = publish(&[loaded], "http://127.0.0.1:1/", "very-secret", |_| {}).unwrap_err();
        let message = format!("{error:#}");
        assert!(
            message.contains("echo: http://127.0.0.1:1 does not answer"),
            "{message}"
        );
        assert!(!format!("{error:?}").contains("very-secret"));
    }
}
