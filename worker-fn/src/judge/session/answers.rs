//! From a report or a frame to the answer of a case.

use shared::domain::answer::{CaseAnswer, Failure};
use shared::domain::verdict::Verdict;

use super::JudgeSession;
use crate::executor::StageReport;
use crate::judge::answer::{Answered, failure_of};
use crate::judge::failure;
use harness::Frame;

impl JudgeSession<'_> {
    /// Of a process with one case in it.
    pub(super) fn single_answer(&self, case: usize, report: &StageReport) -> CaseAnswer {
        let stdout = &report.stage.stdout;
        let limit = self.problem.limits.output_bytes;
        if limit.is_some_and(|limit| stdout.len() as u64 > limit) {
            let message = format!("It printed {} bytes.", stdout.len());
            return CaseAnswer::Failed(Failure::new(Verdict::OutputLimitExceeded, message));
        }
        let mut call = None;
        if self.harness.is_some() {
            let mut frames = self.frames(report, &[case]);
            call = frames.calls.get(&case).copied();
            if let Some(error) = frames.load {
                return CaseAnswer::Failed(failure_of(&error));
            }
            if let Some(frame) = frames.cases.remove(&case) {
                return self.answer_of(case, call, frame);
            }
        }
        match failure::classify(report, self.limits.memory_bytes) {
            Some(failure) => CaseAnswer::Failed(Failure {
                message: self.in_call(case, call, failure::trim_paths(&failure.message)),
                ..failure
            }),
            None if self.harness.is_none() => CaseAnswer::Text(stdout.clone()),
            None => CaseAnswer::Failed(Failure::new(
                Verdict::RuntimeError,
                self.in_call(case, call, "It ended without an answer.".into()),
            )),
        }
    }

    /// What a frame says about a case. `call`: the one that failed.
    pub(super) fn answer_of(&self, case: usize, call: Option<usize>, frame: Frame) -> CaseAnswer {
        match Answered::of(self.problem, &self.problem.cases[case], call) {
            Some(answered) => answered.answer(frame),
            None => CaseAnswer::NotJson("an answer that cannot be read".into()),
        }
    }

    /// `message`, with the call of a class in which it came about.
    fn in_call(&self, case: usize, call: Option<usize>, message: String) -> String {
        match Answered::of(self.problem, &self.problem.cases[case], call) {
            Some(answered) => answered.in_call(&message, " "),
            None => message,
        }
    }
}
