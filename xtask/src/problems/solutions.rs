//! Running the solutions of a folder of problems against a stack, and holding each
//! to the verdict that its name says.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use shared::json::Json;

use super::check::checked;
use super::folder::{Loaded, Solution, load};
use super::publish::publish_at;
use crate::api::Api;
use crate::endings;
use crate::progress::say;
use crate::submit::{EXIT_NO_VERDICT, checker_words};

/// How long the result of one solution is waited for.
const WITHIN: Duration = Duration::from_secs(300);
/// How much of a solution's output is shown, in lines.
const OUTPUT_LINES: usize = 8;
/// How much of what a checker program said about it, in lines.
const CHECKER_LINES: usize = 16;

/// What became of the solutions.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Their verdicts are those that their names say.
    pub matched: usize,
    /// Their verdicts are others.
    pub mismatched: usize,
    /// They could not be tried: their language is not offered, or they got no
    /// verdict.
    pub not_run: usize,
}

impl Tried {
    /// 0 if all names say the truth, 1 if one does not, 2 if one is not known.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self {
                mismatched: 1.., ..
            } => ExitCode::FAILURE,
            Self { not_run: 1.., .. } => EXIT_NO_VERDICT.into(),
            _ => ExitCode::SUCCESS,
        }
    }
}

/// `cargo xtask problems try`: submits every solution of a folder, and compares
/// verdicts. Nothing is published, unless `push` says so. Errors: a problem is not
/// published, or the stack does not answer.
pub fn try_solutions(folder: &Path, api: &Api, push: bool) -> Result<Tried> {
    let problems = load(folder)?;
    for loaded in &problems {
        checked(loaded).with_context(|| loaded.id.clone())?;
    }
    if push {
        publish_at(api, &problems, |published| say(published.line))?;
    }
    let languages = api.get("/languages")?;
    let mut tried = Tried::default();
    for problem in &problems {
        try_problem(problem, api, &languages, &mut tried).with_context(|| problem.id.clone())?;
    }
    say(format!(
        "{} solutions as their names say, {} otherwise, {} not tried",
        tried.matched, tried.mismatched, tried.not_run
    ));
    Ok(tried)
}

fn try_problem(problem: &Loaded, api: &Api, languages: &Value, tried: &mut Tried) -> Result<()> {
    let id = &problem.id;
    if problem.solutions.is_empty() {
        return Ok(());
    }
    let published = api
        .get(&format!("/problems/{id}"))
        .context("it must be published first (cargo xtask problems push, or --push)")?;
    let count = published["cases"].as_array().map(Vec::len);
    let own = problem.member("cases").and_then(Json::items);
    if count != own.map(Iterator::count) {
        bail!(
            "the published problem has another number of cases than the folder's: publish it again (--push)"
        );
    }
    // All are submitted first, so that they wait beside each other.
    let mut submitted = Vec::new();
    for solution in &problem.solutions {
        let stored = match endings::name_of(solution.language, languages) {
            Some(language) => api.submit(id, &language, &solution.code),
            None => Err(anyhow::anyhow!("{} is not offered here", solution.language)),
        };
        submitted.push((solution, stored));
    }
    for (solution, stored) in submitted {
        let result = stored.and_then(|stored| {
            let id = stored["id"].as_str().context("no id in the answer")?;
            api.wait(id, WITHIN, |_| {})
        });
        let file = format!("{id}/{}", solution.file);
        match result.map(|result| judged(solution, &result)) {
            Ok(Judged::Matched) => {
                tried.matched += 1;
                println!("✓ {file}: {}", solution.verdict.name());
            }
            Ok(Judged::Mismatched(why)) => {
                tried.mismatched += 1;
                println!("✗ {file}: {why}");
            }
            Ok(Judged::NotRun(why)) => {
                tried.not_run += 1;
                println!("? {file}: {why}");
            }
            Err(error) => {
                tried.not_run += 1;
                println!("? {file}: {error:#}");
            }
        }
    }
    Ok(())
}

/// How a solution's result compares with its name.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    Matched,
    Mismatched(String),
    NotRun(String),
}

fn judged(solution: &Solution, result: &Value) -> Judged {
    let output = result["output"].as_str().unwrap_or_default();
    let mut lines: Vec<&str> = output.lines().take(OUTPUT_LINES).collect();
    let checker = checker_words(result);
    lines.extend(checker.iter().take(CHECKER_LINES).map(String::as_str));
    match result["verdict"].as_str() {
        Some(verdict) if verdict == solution.verdict.name() => Judged::Matched,
        None => Judged::NotRun(format!("given up: {}", result["reason"])),
        Some("Internal Error") => Judged::NotRun(lines.join("\n    ")),
        Some(verdict) => Judged::Mismatched(format!(
            "{verdict}, not {}\n    {}",
            solution.verdict.name(),
            lines.join("\n    ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::verdict::Verdict;

    #[test]
    fn a_name_is_held_to_its_verdict() {
        let solution = Solution {
            language: "python",
            file: "wrong.py".into(),
            verdict: Verdict::WrongAnswer,
            code: "x".into(),
        };
        let of = |result: Value| judged(&solution, &result);
        assert_eq!(of(json!({ "verdict": "Wrong Answer" })), Judged::Matched);
        let mismatched = of(json!({ "verdict": "Accepted", "output": "Accepted: all 2 cases." }));
        let said = "Accepted, not Wrong Answer\n    Accepted: all 2 cases.";
        assert_eq!(mismatched, Judged::Mismatched(said.into()));
        let failed = json!({
            "verdict": "Internal Error", "output": "away",
            "checker": { "compile": { "code": 1, "stderr": "no such thing" } },
        });
        let said = "away\n      The checker's compiler ended with exit code 1 and said:\n        \
                    no such thing";
        assert_eq!(of(failed), Judged::NotRun(said.into()));
        for result in [
            json!({ "verdict": "Internal Error", "output": "away" }),
            json!({ "status": "dead", "reason": "Given up." }),
        ] {
            assert!(matches!(of(result), Judged::NotRun(_)));
        }
    }
}
