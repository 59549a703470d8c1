//! Archived answers as runs, and back: the judge's side of
//! [`shared::domain::archive`].
//!
//! While the inputs stay the same, other expected values or another checker can
//! be applied to archived answers without running anything.

use std::rc::Rc;

use shared::domain::archive::{ArchivedAnswers, SubmissionArchive};
use shared::domain::ids::{InputsHash, ProblemVersion};
use shared::domain::problem::Problem;
use shared::domain::source::Source;
use shared::domain::stage::Stage;

use super::case::CaseRun;

/// The archive of a submission that was judged. Without its answers where one of
/// them is not there any more: all of them together were too long.
pub fn archive(
    source: &Source,
    version: &ProblemVersion,
    inputs: &InputsHash,
    runs: &[Option<CaseRun>],
) -> SubmissionArchive {
    let complete = runs.iter().flatten().all(|run| run.archived.is_some());
    let items = runs.iter().filter(|_| complete);
    let items = items.map(|run| run.as_ref().and_then(|run| run.archived.as_ref()));
    SubmissionArchive::judged(source, version, inputs, items)
}

/// The runs that are archived, by the problem as it is now; `None` where there
/// are none, or where they are answers to other inputs. Also where a checker program
/// decides: then the code runs again, and the checker after it.
pub fn runs(
    archived: &ArchivedAnswers,
    inputs: &InputsHash,
    problem: &Problem,
) -> Option<Vec<Option<CaseRun>>> {
    if problem.checker_program.is_some() {
        return None;
    }
    let answers = archived.decode(inputs)?;
    if answers.len() != problem.cases.len() {
        return None;
    }
    let restored = answers
        .into_iter()
        .zip(&problem.cases)
        .map(|(answer, case)| {
            let answer = answer?;
            let stage = answer.stderr.map(|stderr| {
                Rc::new(Stage {
                    stderr,
                    ..Stage::default()
                })
            });
            let run = CaseRun::new(problem, case, &answer.answer, answer.usage, stage.as_ref());
            Some(run)
        });
    Some(restored.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::answer::{CaseAnswer, Failure, Usage};
    use shared::domain::ids::ProblemId;
    use shared::domain::problem::{CheckerProgram, ExitCodes};
    use shared::domain::verdict::Verdict;

    #[test]
    fn runs_are_restored_from_an_archive_for_the_same_inputs_only() {
        let value = json!({
            "title": "Any",
            "kind": "function",
            "signature": { "name": "f", "params": [], "returns": "any" },
            "cases": vec![json!({ "input": [], "expected": 1 }); 5],
        });
        let id = ProblemId::parse("any", "id").unwrap();
        let problem = Problem::from_value(&id, &value).unwrap();
        let usage = Usage {
            cpu_time_ms: Some(3),
            memory_bytes: None,
        };
        let stage = Rc::new(Stage {
            stderr: "said".into(),
            ..Stage::default()
        });
        let run = |answer| {
            let case = &problem.cases[0];
            Some(CaseRun::new(&problem, case, &answer, usage, Some(&stage)))
        };
        let failure = Failure::new(Verdict::TimeLimitExceeded, "too long");
        let all = [
            run(CaseAnswer::Text("a\nb".into())),
            run(CaseAnswer::Value(json!({"a": [1, 0.1, null]}).into())),
            run(CaseAnswer::NotJson("NaN".into())),
            run(CaseAnswer::Failed(failure)),
            None,
        ];
        let (version, inputs) = (ProblemVersion::new("v"), InputsHash::new("h"));
        let stored = |runs| {
            let archive = archive(&"code".into(), &version, &inputs, runs);
            SubmissionArchive::split(archive.as_str().as_bytes())
                .unwrap()
                .1
        };
        assert_eq!(runs(&stored(&all), &inputs, &problem).unwrap(), all);
        let other = InputsHash::new("other");
        assert_eq!(runs(&stored(&all), &other, &problem), None);
        assert_eq!(runs(&stored(&all[..4]), &inputs, &problem), None);
        assert_eq!(runs(&stored(&[]), &inputs, &problem), None);
        let mut checked = problem.clone();
        checked.checker_program = Some(Box::new(CheckerProgram {
            language: "c".into(),
            code: "x".into(),
            exit_codes: ExitCodes::Icpc,
            points: None,
        }));
        assert_eq!(runs(&stored(&all), &inputs, &checked), None);
    }
}
