//! Checking a folder of problems. What a problem may be is defined by
//! `shared::domain::problem` alone.

use std::path::Path;

use anyhow::{Result, bail};
use shared::domain::ids::ProblemId;
use shared::domain::problem::{MAX_BYTES, Problem};

use super::folder::{Loaded, read_all};
use crate::progress::say;

/// `cargo xtask problems check`: reports what is wrong with each problem.
pub fn check(folder: &Path) -> Result<()> {
    let mut warnings = 0;
    let problems = examine(folder, |problem, loaded| {
        println!("✓ {}: {}", loaded.id, described(problem, loaded));
        for warning in of_concern(problem, loaded) {
            warnings += 1;
            say(format!("warning: {warning}"));
        }
    })?;
    let all = counted(problems.len(), "problem");
    say(match warnings {
        0 => format!("{all}, all fine"),
        count => format!("{all} can be published; {}", counted(count, "warning")),
    });
    Ok(())
}

/// Reads and checks every problem of a folder, and passes each that is right to
/// `report`. Prints what is wrong with the others; errors when there are any.
pub(super) fn examine(
    folder: &Path,
    mut report: impl FnMut(&Problem, &Loaded),
) -> Result<Vec<Loaded>> {
    let all = read_all(folder)?;
    let (count, mut right) = (all.len(), Vec::new());
    for (id, read) in all {
        match read.and_then(|loaded| Ok((checked(&loaded)?, loaded))) {
            Ok((problem, loaded)) => {
                report(&problem, &loaded);
                right.push(loaded);
            }
            Err(error) => println!("✗ {id}: {error:#}"),
        }
    }
    if right.len() < count {
        bail!(
            "{} of {} cannot be published",
            count - right.len(),
            counted(count, "problem")
        );
    }
    Ok(right)
}

/// Such as "1 case" and "2 cases".
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// The problem, if it keeps the rules of the API.
pub(super) fn checked(loaded: &Loaded) -> Result<Problem> {
    let id = ProblemId::parse(&loaded.id, "id")?;
    let problem = Problem::from_value(&id, &loaded.value)?;
    // The limit is on the text that is sent, which differs from the stored form.
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
        "{}, {} ({hidden} hidden), solutions: {}",
        problem.kind.name(),
        counted(problem.cases.len(), "case"),
        if files.is_empty() {
            "none".into()
        } else {
            files.join(", ")
        }
    )
}

fn of_concern(problem: &Problem, loaded: &Loaded) -> Vec<&'static str> {
    let mut warnings = Vec::new();
    if !loaded.solutions.iter().any(|one| one.accepted) {
        warnings.push("no solution shows that it can be solved (such as solutions/accepted.py)");
    }
    if problem.statement.is_empty() {
        warnings.push("it has no statement");
    }
    if problem.cases.iter().all(|case| case.hidden) {
        warnings.push("every case is hidden: the page has no example");
    }
    warnings
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::super::folder::{load, own, read};
    use super::*;

    /// A temporary folder.
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
    fn the_sample_problems_are_valid() {
        check(&own()).unwrap();
        let problems = load(&own()).unwrap();
        assert!(problems.len() >= 8);
        for Loaded { id, solutions, .. } in &problems {
            for language in ["python", "javascript"] {
                for accepted in [true, false] {
                    let is_there = solutions
                        .iter()
                        .any(|one| (one.language, one.accepted) == (language, accepted));
                    assert!(
                        is_there,
                        "{id} has no {language} with accepted = {accepted}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_folder_is_read_with_statements_and_solutions() {
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
    fn each_violation_is_reported_with_its_file() {
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
        for (index, (content, expected, file)) in cases.into_iter().enumerate() {
            let files = [
                ("echo/problem.json", ECHO),
                (&format!("echo/{file}"), content),
            ];
            let folder = Folder::new(&format!("wrong-{index}"), &files);
            let error = read(&folder.0.join("echo")).and_then(|loaded| checked(&loaded));
            let message = format!("{:#}", error.unwrap_err());
            assert!(message.contains(expected), "{message}");
            assert!(check(&folder.0).is_err());
        }
        let one = Folder::new("own", &[("problem.json", ECHO), ("statement.md", "")]);
        for error in [load(&one.0).unwrap_err(), check(&one.0).unwrap_err()] {
            let message = error.to_string();
            assert!(message.contains("not a folder of problems"), "{message}");
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
    fn two_problems_with_one_id_are_refused() {
        let folder = Folder::new(
            "twins",
            &[("x/problem.json", ECHO), ("x.json", ECHO), ("y.json", ECHO)],
        );
        let message = load(&folder.0).unwrap_err().to_string();
        assert_eq!(
            message
                .matches("x: there is another problem with this id")
                .count(),
            2,
            "{message}"
        );
        let message = check(&folder.0).unwrap_err().to_string();
        assert_eq!(message, "2 of 3 problems cannot be published");
    }

    #[test]
    fn every_error_is_named_with_its_problem() {
        let folder = Folder::new(
            "both",
            &[
                ("a/problem.json", "{"),
                ("b/problem.json", ECHO),
                ("b/statement.md", "x"),
                ("b/solutions/slow.py", "x"),
                ("b/solutions/accepted.java", "x"),
                ("c/problem.json", ECHO),
            ],
        );
        let message = load(&folder.0).unwrap_err().to_string();
        for part in ["a: ", "not valid JSON", "b: ", "slow.py", "accepted.java"] {
            assert!(message.contains(part), "{message} lacks {part}");
        }
        assert!(!message.contains("c: "), "{message}");
    }

    #[test]
    fn one_is_not_several() {
        assert_eq!(
            [0, 1, 2].map(|count| counted(count, "case")),
            ["0 cases", "1 case", "2 cases"]
        );
    }
}
