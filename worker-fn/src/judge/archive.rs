//! Archived answers as runs, and back: the judge's side of
//! [`shared::domain::archive`].
//!
//! While the inputs stay the same, other expected values or another checker can
//! be applied to archived answers without running anything.

use std::rc::Rc;

use shared::domain::archive::{ArchivedAnswers, CaseToArchive, SubmissionArchive};
use shared::domain::ids::{InputsHash, ProblemVersion};
use shared::domain::judgement::MAX_EVIDENCE_BYTES;
use shared::domain::problem::Problem;
use shared::domain::stage::Stage;
use shared::text::truncated;

use super::case::CaseRun;

/// The archive of a submission that was judged.
pub fn archive(
    code: &str,
    version: &ProblemVersion,
    inputs: &InputsHash,
    runs: &[CaseRun],
) -> SubmissionArchive {
    let mut cases = runs.iter().map(|run| {
        let shown = run.shown.as_ref();
        Some(CaseToArchive {
            answer: run.answer.as_ref()?,
            usage: run.usage,
            stderr: shown.map(|stage| truncated(&stage.stderr, MAX_EVIDENCE_BYTES)),
        })
    });
    SubmissionArchive::judged(code, version, inputs, &mut cases)
}

/// The runs that are archived; `None` where there are none, or where they are
/// answers to other inputs.
pub fn runs(
    archived: &ArchivedAnswers,
    inputs: &InputsHash,
    problem: &Problem,
) -> Option<Vec<CaseRun>> {
    let cases = archived.decode(inputs)?;
    if cases.len() != problem.cases.len() {
        return None;
    }
    let restored = cases.into_iter().map(|case| {
        let Some(case) = case else {
            return CaseRun::default();
        };
        let stage = |stderr| {
            Rc::new(Stage {
                stderr,
                ..Stage::default()
            })
        };
        CaseRun {
            answer: Some(case.answer),
            usage: case.usage,
            shown: case.stderr.map(stage),
        }
    });
    Some(restored.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::answer::{CaseAnswer, Failure, Usage};
    use shared::domain::ids::ProblemId;
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
        let run = |answer| CaseRun {
            answer: Some(answer),
            usage: Usage {
                cpu_time_ms: Some(3),
                memory_bytes: None,
            },
            shown: Some(Rc::new(Stage {
                stderr: "said".into(),
                ..Stage::default()
            })),
        };
        let failure = Failure::new(Verdict::TimeLimitExceeded, "too long");
        let all = [
            run(CaseAnswer::Text("a\nb".into())),
            run(CaseAnswer::Value(json!({"a": [1, 0.1, null]}))),
            run(CaseAnswer::NotJson("NaN".into())),
            run(CaseAnswer::Failed(failure)),
            CaseRun::default(),
        ];
        let (version, inputs) = (ProblemVersion::new("v"), InputsHash::new("h"));
        let stored = |runs| {
            let archive = archive("code", &version, &inputs, runs);
            SubmissionArchive::split(archive.as_str().as_bytes())
                .unwrap()
                .1
        };
        assert_eq!(runs(&stored(&all), &inputs, &problem).unwrap(), all);
        let other = InputsHash::new("other");
        assert_eq!(runs(&stored(&all), &other, &problem), None);
        assert_eq!(runs(&stored(&all[..4]), &inputs, &problem), None);
        assert_eq!(runs(&stored(&[]), &inputs, &problem), None);
    }
}
