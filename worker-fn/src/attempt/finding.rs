//! What an attempt found out: the part of a result that does not depend on
//! whose submission it is.

use shared::domain::archive::SubmissionArchive;
use shared::domain::judgement::Judgement;
use shared::domain::result::ProblemState;
use shared::domain::stage::Stage;
use shared::domain::verdict::Verdict;

use super::judging::Judged;
use crate::executor::Execution;
use crate::judge::plain;

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

impl From<Execution> for Finding {
    fn from(execution: Execution) -> Self {
        let (verdict, output) = plain::judge(&execution);
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
