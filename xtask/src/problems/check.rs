//! Checking a folder of problems. What a problem may be is defined by
//! `shared::domain::problem` alone.

use std::path::Path;

use anyhow::{Result, bail};
use shared::domain::ids::ProblemId;
use shared::domain::language;
use shared::domain::problem::{MAX_BYTES, Problem};

use super::folder::{Loaded, Solution, read_all};
use crate::progress::say;

/// The default of worker-fn's `EXECUTOR_TIMEOUT_MS`.
const SUBMISSION_MS: u64 = 15_000;

/// `cargo xtask problems check`: reports what is wrong with each problem.
pub fn check(folder: &Path) -> Result<()> {
    let mut warned = 0;
    let problems = examine(folder, |problem, loaded| {
        println!("✓ {}: {}", loaded.id, described(problem, loaded));
        for warning in warnings(problem, loaded) {
            warned += 1;
            say(format!("warning: {warning}"));
        }
    })?;
    let all = counted(problems.len(), "problem");
    say(match warned {
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
    let problem = Problem::from_json(&id, loaded.json.json())?;
    // The limit is on the text that is sent, which differs from the stored form.
    if loaded.json.as_str().len() > MAX_BYTES {
        bail!("the problem must be at most {MAX_BYTES} bytes of JSON");
    }
    Ok(problem)
}

/// A line about a problem.
pub(super) fn described(problem: &Problem, loaded: &Loaded) -> String {
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

/// What may be a mistake, though it breaks no rule.
pub(super) fn warnings(problem: &Problem, loaded: &Loaded) -> Vec<String> {
    let mut warnings: Vec<String> = Vec::new();
    if !loaded.solutions.iter().any(Solution::is_accepted) {
        warnings
            .push("no solution shows that it can be solved (such as solutions/accepted.py)".into());
    }
    if problem.statement.is_empty() {
        warnings.push("it has no statement".into());
    }
    if problem.cases.iter().all(|case| case.hidden) {
        warnings.push("every case is hidden: the page has no example".into());
    }
    let unsupported = harness::unsupported(problem);
    for one in &loaded.solutions {
        if problem.callable().is_none() {
            break;
        }
        if !language::judges_functions(one.language) {
            warnings.push(format!(
                "{}: functions and classes cannot be judged in {}",
                one.file, one.language
            ));
        }
        let name = language::canonical_name(one.language);
        let mut refused = unsupported.iter();
        if let Some((_, why)) = refused.find(|(harness, _)| harness.language() == name) {
            warnings.push(format!("{}: {why}", one.file));
        }
    }
    warnings.extend(problem.too_long_for(SUBMISSION_MS));
    warnings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::PathBuf;

    use serde_json::Value;

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
            let in_sql = solutions.iter().all(|one| one.language == "sqlite3");
            let languages: &[&str] = if in_sql {
                &["sqlite3"]
            } else {
                &["python", "javascript"]
            };
            for &language in languages {
                for accepted in [true, false] {
                    let is_there = solutions
                        .iter()
                        .any(|one| (one.language, one.is_accepted()) == (language, accepted));
                    assert!(
                        is_there,
                        "{id} has no {language} with accepted = {accepted}"
                    );
                }
            }
        }
    }

    /// The samples that came with the kinds of function problems, and with SQL.
    const IN_MANY_LANGUAGES: [&str; 6] = [
        "best-customers",
        "list-cycle",
        "lru-cache",
        "remove-elements",
        "rotate-in-place",
        "tree-codec",
    ];

    #[test]
    fn samples_of_every_kind_have_solutions_in_many_languages() {
        let problems = load(&own()).unwrap();
        for id in IN_MANY_LANGUAGES {
            let loaded = problems.iter().find(|one| one.id == id).unwrap();
            let in_sql = loaded.solutions.iter().all(|one| one.language == "sqlite3");
            for (accepted, least) in [(true, 6), (false, 2)] {
                let all = loaded.solutions.iter();
                let these = all.filter(|one| one.is_accepted() == accepted);
                let languages: BTreeSet<_> = these.map(|one| one.language).collect();
                let least = if in_sql { 1 } else { least };
                assert!(
                    languages.len() >= least,
                    "{id}, accepted = {accepted}: {languages:?}"
                );
            }
        }
    }

    /// How many items the longest list in a value has, without the absent children of trees.
    fn longest(value: &Value) -> usize {
        let inner: Vec<&Value> = match value {
            Value::Array(items) => items.iter().collect(),
            Value::Object(members) => members.values().collect(),
            _ => return 0,
        };
        let own = inner.iter().filter(|one| !one.is_null()).count();
        let own = if value.is_array() { own } else { 0 };
        inner.into_iter().map(longest).fold(own, usize::max)
    }

    #[test]
    fn cases_have_as_many_items_as_their_names_say() {
        const ITEMS: [&str; 4] = ["elements", "nodes", "numbers", "values"];
        let mut named = 0;
        for loaded in load(&own()).unwrap() {
            let cases = loaded.member("cases").unwrap();
            let cases: Value = serde_json::from_str(cases.as_str()).unwrap();
            for case in cases.as_array().unwrap() {
                let name = case["name"].as_str().unwrap_or_default();
                let words: Vec<&str> = name.split([' ', ',']).collect();
                let digits: String = name.chars().take_while(|c| *c != ' ').collect();
                let Ok(number) = digits.replace(',', "").parse::<usize>() else {
                    continue;
                };
                if words.iter().any(|word| ITEMS.contains(word)) {
                    named += 1;
                    assert_eq!(longest(&case["input"]), number, "{}: {name}", loaded.id);
                }
            }
        }
        assert!(named >= 8, "{named}");
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
        let statement = loaded[1].member("statement").unwrap();
        assert_eq!(statement.text().as_deref(), Some("Say it *again*.\n"));
        let solutions: Vec<_> = loaded[1]
            .solutions
            .iter()
            .map(|one| (one.language, one.is_accepted(), one.file.as_str()))
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

    /// The members of a case's objects mean something in their order, and so do the
    /// digits of its numbers.
    #[test]
    fn a_case_is_published_as_it_was_written() {
        let case = r#"{"input":[{"zeta":1E2,"alpha":{"b":123456789012345678901,"a":1}}],"expected":["zeta","alpha"]}"#;
        let problem = format!(
            r#"{{"title":"Order","kind":"function","signature":{{"name":"f","params":[{{"name":"x","type":"any"}}],"returns":"list<string>"}},"cases":[{case}]}}"#
        );
        let files = [
            ("o/problem.json", &*problem),
            ("o/statement.md", "In order."),
        ];
        let folder = Folder::new("order", &files);
        let loaded = read(&folder.0.join("o")).unwrap();
        let text = loaded.json.as_str();
        assert!(text.contains(case), "{text}");
        assert!(text.ends_with(r#","statement":"In order."}"#), "{text}");
        let input = r#""input":[{"zeta":1E2,"alpha":{"b":123456789012345678901,"a":1}}]"#;
        assert!(checked(&loaded).unwrap().to_json().contains(input));
    }

    #[test]
    fn what_cannot_be_judged_in_time_or_in_a_language_is_a_warning() {
        let case = r#"{"input":[1],"expected":1}"#;
        let function = format!(
            r#"{{"title":"F","kind":"function","signature":{{"name":"f","params":[{{"name":"x","type":"int"}}],"returns":"int"}},"limits":{{"timeMs":16000}},"cases":[{case}]}}"#
        );
        let folder = Folder::new(
            "warnings",
            &[
                ("f/problem.json", &function),
                ("f/statement.md", "F."),
                ("f/solutions/accepted.py", "def f(x): return x"),
                ("f/solutions/accepted.pl", "sub f { shift }"),
            ],
        );
        let loaded = read(&folder.0.join("f")).unwrap();
        let warnings = warnings(&checked(&loaded).unwrap(), &loaded);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].contains("accepted.pl") && warnings[0].contains("perl"));
        assert!(warnings[1].contains("EXECUTOR_TIMEOUT_MS"), "{warnings:?}");
    }

    #[test]
    fn a_solution_in_a_language_that_cannot_express_a_class_is_a_warning() {
        let class = r#"{"title":"C","kind":"class","signature":{"name":"Box","params":[],"methods":[{"name":"put","params":[{"name":"x","type":"any"}],"returns":"any"}]},"cases":[{"input":[["Box"],["put",1]],"expected":[null,1]}]}"#;
        let folder = Folder::new(
            "class",
            &[
                ("c/problem.json", class),
                ("c/statement.md", "C."),
                ("c/solutions/accepted.py", "class Box: put = lambda _, x: x"),
                ("c/solutions/accepted.cpp", "struct Box {};"),
            ],
        );
        let loaded = read(&folder.0.join("c")).unwrap();
        let problem = checked(&loaded).unwrap();
        assert!(described(&problem, &loaded).starts_with("class, 1 case ("));
        let warnings = warnings(&problem, &loaded);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with("accepted.cpp: "), "{warnings:?}");
    }

    #[test]
    fn each_violation_is_reported_with_its_file() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let cases = [
            ("{", "problem.json is not valid JSON", "problem.json"),
            ("[]", "problem.json must be a JSON object", "problem.json"),
            (&deep, "problem.json is nested too deep", "problem.json"),
            (r#"{"title":""}"#, "title must be", "problem.json"),
            (
                r#"{"title":"x","kind":"program","cases":[{"input":"","expected":"","hiden":true}]}"#,
                "cases[0].hiden is not known",
                "problem.json",
            ),
            (
                "x",
                "begins with its verdict: accepted",
                "solutions/late.py",
            ),
            ("x", "such as .py", "solutions/accepted.txt"),
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
        let twice = ECHO.replace(
            r#""expected":"a""#,
            r#""expected":"a","hidden":true,"hidden":false"#,
        );
        let twice = Folder::new("twice", &[("x/problem.json", &*twice)]);
        let error = format!("{:#}", load(&twice.0).unwrap_err());
        assert!(error.contains("\"hidden\" twice"), "{error}");
        let folder = Folder::new("none", &[("README.md", "")]);
        assert!(
            load(&folder.0)
                .unwrap_err()
                .to_string()
                .contains("no problem")
        );
    }

    /// As where the command is given `--folder .` or `..`.
    #[test]
    fn a_folder_that_is_a_problem_has_its_name_however_its_path_ends() {
        let files = [
            ("echo/problem.json", ECHO),
            ("echo/solutions/wrong.py", "x"),
        ];
        let folder = Folder::new("itself", &files);
        for path in ["echo", "echo/", "echo/.", "echo/solutions/.."] {
            let loaded = load(&folder.0.join(path)).unwrap();
            assert_eq!(loaded.len(), 1, "{path}");
            assert_eq!(loaded[0].id, "echo", "{path}");
            assert_eq!(loaded[0].solutions.len(), 1, "{path}");
        }
        check(&folder.0.join("echo")).unwrap();
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
                ("b/solutions/late.py", "x"),
                ("b/solutions/accepted.txt", "x"),
                ("c/problem.json", ECHO),
            ],
        );
        let message = load(&folder.0).unwrap_err().to_string();
        for part in ["a: ", "not valid JSON", "b: ", "late.py", "accepted.txt"] {
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
