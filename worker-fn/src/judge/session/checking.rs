//! The steps that run a problem's checker program.
//!
//! Answers that only it can decide about wait until the next step, which is about
//! them: so the checker runs after the submission's process has ended, in a call of
//! its own. A case has no run before it has decided, and is run again where time was
//! too short for that. The first time that it fails ends judging: it would fail again.

use shared::domain::answer::{CaseAnswer, Failure};
use shared::domain::checker_report::CheckerReport;
use shared::domain::stage::Termination;
use shared::domain::verdict::Verdict;

use super::{FIRST_CASES, JudgeSession, Phase, Step};
use crate::executor::{Execution, StageReport};
use crate::judge::assess;
use crate::judge::case::{self, CaseRun};
use crate::judge::checker_program::{self as program, MAX_OUTPUT_BYTES, Ruling, Waiting};

/// The most cases that are run before their answers are checked: what both take must
/// fit into the time of a job.
const CASES_AT_ONCE: usize = 50;

impl JudgeSession<'_> {
    /// The most cases of a step.
    pub(super) fn most_with_checker(&self) -> usize {
        match self.problem.checker_program {
            Some(_) => CASES_AT_ONCE,
            None => usize::MAX,
        }
    }

    /// Takes an answer that only the checker program can decide about; gives back any
    /// other. Without room the answer is let go, and its case is run again.
    pub(super) fn await_checker(&mut self, answer: Waiting) -> Option<Waiting> {
        let case = &self.problem.cases[answer.case];
        if !case::needs_program(self.problem, case, &answer.answer) {
            return Some(answer);
        }
        let bytes = answer.bytes();
        if bytes > MAX_OUTPUT_BYTES {
            let message = format!(
                "The answer has {bytes} bytes, and the problem's checker takes \
                 {MAX_OUTPUT_BYTES} at most."
            );
            let failure = Failure::new(Verdict::OutputLimitExceeded, message);
            return Some(Waiting {
                answer: CaseAnswer::Failed(failure),
                ..answer
            });
        }
        if program::has_room(&self.waiting, bytes) {
            self.waiting.push(answer);
        }
        None
    }

    /// The step that is about answers which wait, if any do.
    pub(super) fn next_checks(&mut self) -> Option<Step> {
        if self.problem.stop_on_first_fail
            && let Some(failed) = self.first_failed()
        {
            self.waiting
                .retain(|answer| answer.for_evidence || answer.case < failed);
        }
        let checker = self.problem.checker_program.as_deref()?;
        if self.waiting.is_empty() {
            return None;
        }
        let most = match self.checked {
            0 => FIRST_CASES,
            _ => usize::MAX,
        };
        let count = program::count_for_a_call(self.problem, &self.waiting, most);
        let now = &self.waiting[..count];
        let (checks, stdins) = program::given(self.problem, checker, now);
        Some(Step {
            cases: now.iter().map(|answer| answer.case).collect(),
            stdins,
            stop_at_first_failure: false,
            checks: Some(checks),
        })
    }

    /// Takes in what the checker found. Answers that it did not come to wait on.
    pub fn take_checks(&mut self, step: &Step, execution: &Execution) {
        let Some(checker) = self.problem.checker_program.as_deref() else {
            return;
        };
        if execution.runs.is_empty() {
            let compile = execution.compile.as_ref();
            self.checker_report = compile.map(|one| CheckerReport::of_compile(&one.stage));
            return self.checker_cannot_run(match compile.map(|one| one.stage.termination) {
                Some(Termination::TimeLimit) => "took too long to compile",
                Some(_) => "does not compile",
                None => "was not run",
            });
        }
        let count = execution.runs.len().min(step.cases.len());
        let done: Vec<Waiting> = self
            .waiting
            .drain(..count.min(self.waiting.len()))
            .collect();
        self.checked += done.len();
        for (answer, report) in done.into_iter().zip(&execution.runs) {
            let ruling = program::ruling(checker, report);
            let (problem, stage) = (self.problem, answer.stage.as_ref());
            let case = &problem.cases[answer.case];
            let verdict = program::verdict(&ruling);
            self.note_words(answer.case, verdict, report);
            let run = match &ruling {
                Ruling::Fault(how) => {
                    let failure = Failure::new(verdict, program::fault(how));
                    let failed = CaseAnswer::Failed(failure);
                    CaseRun::with(verdict, problem, case, &failed, answer.usage, stage)
                }
                Ruling::Earned(share) => {
                    let (answer, usage) = (&answer.answer, answer.usage);
                    let run = CaseRun::with(verdict, problem, case, answer, usage, stage);
                    CaseRun {
                        share: *share,
                        ..run
                    }
                }
            };
            self.keep(answer.case, run, answer.for_evidence);
            if let Ruling::Fault(how) = ruling {
                self.checker_fault = Some(program::fault(&how));
                self.waiting.clear();
                self.phase = Phase::Over;
                return;
            }
        }
    }

    /// Keeps what the checker said for the operator: of its failure, or else of the
    /// first answer that it did not find right.
    fn note_words(&mut self, case: usize, verdict: Verdict, report: &StageReport) {
        let is_first = self.checker_report.is_none() && verdict.is_failure();
        if is_first || verdict == Verdict::InternalError {
            let number = assess::number(case);
            self.checker_report = Some(CheckerReport::of_run(number, &report.stage));
        }
    }

    /// The checker program cannot decide about any answer: `why`, as the end of a
    /// sentence about it.
    pub fn checker_cannot_run(&mut self, why: &str) {
        let fault = program::fault(why);
        self.checker_fault = Some(fault.clone());
        if self.is_decided() {
            // Only evidence is missing.
            self.waiting.clear();
            self.phase = Phase::Over;
        } else {
            self.fail(Failure::new(Verdict::InternalError, fault));
        }
    }
}
