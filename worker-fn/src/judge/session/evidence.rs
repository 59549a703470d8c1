//! Which cases are run once more, because people want to see why they failed.

use super::JudgeSession;
use crate::judge::assess::MAX_EVIDENCE;
use crate::judge::case::CaseRun;

impl JudgeSession<'_> {
    /// The shown cases that failed in a process of which nothing may be shown.
    /// So is the first case that failed after others in a process with them: what
    /// it answers alone tells whether they are to blame.
    pub(super) fn cases_without_evidence(&self) -> Vec<usize> {
        let first_failed = self.first_failed();
        let lacks_evidence = |&case: &usize| {
            let run = self.runs[case].as_ref();
            let came_after_others = case > 0 && first_failed == Some(case) && self.together[case];
            !self.problem.cases[case].hidden
                && run.is_some_and(|run| {
                    run.verdict.is_failure() && (!run.may_be_shown || came_after_others)
                })
        };
        match first_failed {
            Some(first) if self.problem.stop_on_first_fail => {
                Some(first).filter(lacks_evidence).into_iter().collect()
            }
            _ => (0..self.runs.len())
                .filter(lacks_evidence)
                .take(MAX_EVIDENCE)
                .collect(),
        }
    }

    pub(super) fn first_failed(&self) -> Option<usize> {
        let failed = |run: &CaseRun| run.verdict.is_failure();
        let mut runs = self.runs.iter();
        runs.position(|run| run.as_ref().is_some_and(failed))
    }
}
