//! What an attempt found out: the part of a result that does not depend on
//! whose submission it is.

use shared::domain::archive::SubmissionArchive;
use shared::domain::judgement::Judgement;
use shared::domain::result::ProblemState;
use shared::domain::stage::Stage;
use shared::domain::verdict::Verdict;

use super::judging::Judged;
use crate::executor::{Execution, ExecutorError};
use crate::judge::unjudged;

/// What was found out.
pub(super) struct Finding {
    pub verdict: Verdict,
    /// `None`: what the run printed.
    pub output: Option<String>,
    pub version: Option<String>,
    pub compile: Option<Stage>,
    pub run: Option<Stage>,
    pub judgement: Option<Judgement>,
    pub archive: Option<SubmissionArchive>,
    pub problem: Option<ProblemState>,
}

impl Finding {
    /// Nothing could be found out, and why.
    pub(super) fn internal_error(why: String) -> Self {
        Self {
            verdict: Verdict::InternalError,
            output: Some(why),
            version: None,
            compile: None,
            run: None,
            judgement: None,
            archive: None,
            problem: None,
        }
    }
}

/// An endpoint's refusal to run code for a problem. Where it is about a limit, it is
/// the problem's that is too high for this endpoint, which a solver cannot know.
pub(crate) fn refusal(error: &ExecutorError) -> String {
    let why = error.to_string();
    match error {
        ExecutorError::LimitTooHigh { .. } => {
            why + "\nThe problem asks for more than this execution endpoint gives; nothing is known \
                   about the code."
        }
        _ => why,
    }
}

impl From<Execution> for Finding {
    fn from(execution: Execution) -> Self {
        let (verdict, output) = unjudged::judge(&execution);
        let run = execution.runs.into_iter().next();
        Self {
            verdict,
            output,
            version: Some(execution.version),
            compile: execution
                .compile
                .map(|report| report.stage.truncate_compiler_streams()),
            run: run.map(|report| report.stage.truncate_streams()),
            judgement: None,
            archive: None,
            problem: Some(ProblemState::Unknown),
        }
    }
}

impl From<Judged> for Finding {
    fn from(judged: Judged) -> Self {
        let assessment = judged.assessment;
        Self {
            verdict: assessment.verdict,
            output: Some(assessment.output),
            version: judged.version,
            compile: judged.compile,
            run: assessment.run,
            judgement: Some(assessment.judgement),
            archive: Some(judged.archive),
            problem: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_the_endpoint_is_named_as_such() {
        let limit = ExecutorError::LimitTooHigh {
            field: "limits.timeMs",
            most: 3_000,
        };
        let text = refusal(&limit);
        let said = "limits.timeMs must be at most 3000, ";
        assert!(text.starts_with(said) && text.contains("The problem asks"));
        let other = "No execution endpoint offers klingon.";
        assert_eq!(refusal(&ExecutorError::Refused(other.into())), other);
    }
}
