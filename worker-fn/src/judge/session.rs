//! The judging of one submission as a state machine: what to run next, and what
//! came of it.
//!
//! No I/O: the caller of a [`JudgeSession`] asks for the
//! [`next_step`](JudgeSession::next_step), has it run and
//! [`take`](JudgeSession::take)s the report in, until there is no step left.
//!
//! - A **program** is run once a case, all in one call where the endpoint can.
//! - All cases of a **function** or a **class** share one process. If that ends before each
//!   case has its answer, the remaining cases are run one by one, so that a limit
//!   or a crash counts for its own case only.
//! - A case that failed after others in one process is run once more alone: people
//!   want to know that variables keep what earlier calls left in them.
//! - A **checker program** is run for the answers of each step before the next one.
//! - A process that received hidden inputs could print anything about them. So
//!   nothing of it is shown: a shown case that failed in one is run once more
//!   alone, for its evidence only; and code that could not be loaded is loaded
//!   once more without any case.

#[cfg(test)]
mod answer_tests;
mod answers;
mod checking;
mod evidence;
mod live;
mod resume;

use std::rc::Rc;

use shared::domain::answer::{Failure, Usage};
use shared::domain::archive::MAX_ANSWERS_BYTES;
use shared::domain::checker_report::CheckerReport;
use shared::domain::problem::{Callable, Kind, Problem};
use shared::domain::source::Source;
use shared::domain::stage::Stage;
use shared::domain::verdict::Verdict;
use shared::text::normalized;

use super::answer::{failure_of, verdict_of};
use super::assess::{Findings, MAX_EVIDENCE};
use super::case::CaseRun;
use super::checker_program::Waiting;
use super::failure;
use crate::executor::{Checks, Execution, Program, RunFile, RunLimits, StageReport};
use harness::{self, Frames, Harness, HarnessErrorKind};

/// The number of cases of a program that are run first, where the first failure
/// ends judging: a wrong program mostly fails one of the first, and an endpoint
/// cannot stop at a wrong answer by itself.
const FIRST_CASES: usize = 8;

/// Judging under way.
pub struct JudgeSession<'a> {
    problem: &'a Problem,
    program: Program,
    harness: Option<(Harness, Callable<'a>)>,
    nonce: String,
    /// The limits of each run.
    pub limits: RunLimits,
    phase: Phase,
    /// By case; `None` for a case that was not run.
    pub runs: Vec<Option<CaseRun>>,
    /// Runs for evidence only, by case.
    pub evidence: Vec<(usize, CaseRun)>,
    /// Why no case can be run: the code does not compile, or cannot be loaded.
    pub failure: Option<Failure>,
    /// How compiling went.
    pub compile: Option<StageReport>,
    /// By case: whether it was answered in a process with others.
    together: Vec<bool>,
    /// How many processes had one case.
    single_runs: usize,
    /// Answers that the checker program is to decide about next.
    waiting: Vec<Waiting>,
    /// How the checker program failed, in a sentence or two. Then nothing more is run.
    pub checker_fault: Option<String>,
    /// What it said, for the operator alone.
    pub checker_report: Option<CheckerReport>,
    /// How many answers it has decided about.
    checked: usize,
    /// How many bytes the archive may still take.
    archive_left: usize,
    /// How many runs are kept to be shown.
    shown: usize,
    /// The most cases of a program that the next step runs after the first; all of
    /// them at first.
    pub most_cases: usize,
    /// The language's version.
    pub version: Option<String>,
    /// The most that one process used.
    pub peak_usage: Usage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// All cases in one process.
    Shared,
    /// Each case without an answer in a process of its own.
    Single,
    /// Shown cases that failed, each once more alone.
    Evidence,
    /// The code without a case: it could not be loaded, and only the message may
    /// still be shown.
    Load,
    Over,
}

/// What to run next.
pub struct Step {
    /// The case of each standard input; all cases, where they share one.
    pub cases: Vec<usize>,
    /// One for each process.
    pub stdins: Vec<String>,
    /// Whether no further input is wanted after the first run that fails.
    pub stop_at_first_failure: bool,
    /// The checker program is run, about these answers, and not the submission.
    pub checks: Option<Checks>,
}

impl<'a> JudgeSession<'a> {
    /// A session for a program in `language`. `nonce` must be unguessable.
    pub fn new(problem: &'a Problem, language: &str, source: &Source, nonce: String) -> Self {
        let mut session = Self {
            problem,
            program: Program::default(),
            harness: None,
            nonce,
            limits: RunLimits {
                time_ms: problem.limits.time_ms_for(language),
                memory_bytes: problem.limits.memory_bytes,
                output_bytes: match problem.kind {
                    Kind::Program => problem.limits.output_bytes,
                    Kind::Function(_) | Kind::Class(_) => None,
                },
            },
            phase: Phase::Single,
            runs: vec![None; problem.cases.len()],
            evidence: Vec::new(),
            failure: None,
            compile: None,
            together: vec![false; problem.cases.len()],
            single_runs: 0,
            waiting: Vec::new(),
            checker_fault: None,
            checker_report: None,
            checked: 0,
            archive_left: MAX_ANSWERS_BYTES,
            shown: 0,
            most_cases: usize::MAX,
            version: None,
            peak_usage: Usage::default(),
        };
        match (problem.callable(), source) {
            (None, source) => session.program = Program::of(source),
            (Some(callable), Source::Code(code)) => {
                session.use_harness(callable, language, &normalized(code));
            }
            // submit-fn refuses it; a foreign producer may have queued it.
            (Some(_), Source::Files(_)) => session.fail(Failure::new(
                Verdict::InternalError,
                format!(
                    "This problem asks for a {}: it takes code, not files.",
                    problem.kind.name()
                ),
            )),
        }
        session
    }

    fn use_harness(&mut self, callable: Callable<'a>, language: &str, code: &str) {
        let Some(harness) = Harness::of(language) else {
            return self.fail(Failure::new(
                Verdict::InternalError,
                format!(
                    "This problem asks for a {}, which can be judged in {}, not in {language}.",
                    self.problem.kind.name(),
                    harness::LANGUAGES
                ),
            ));
        };
        match harness.source(callable, code) {
            Ok(source) => {
                self.program = Program::of_text(source);
                self.harness = Some((harness, callable));
                self.phase = Phase::Shared;
            }
            Err(error) => self.fail(Failure::new(Verdict::InternalError, error.to_string())),
        }
    }

    /// The files that are run, the same in each step.
    pub fn files(&self) -> Vec<RunFile<'_>> {
        self.program.files()
    }

    /// What is known, for the verdicts.
    pub fn findings(&self) -> Findings<'_> {
        Findings {
            runs: &self.runs,
            evidence: &self.evidence,
            failure: self.failure.as_ref(),
            peak_usage: self.peak_usage,
            checker_fault: self.checker_fault.as_deref(),
        }
    }

    /// What to run next; `None` when everything is known.
    pub fn next_step(&mut self) -> Option<Step> {
        if let Some(step) = self.next_checks() {
            return Some(step);
        }
        loop {
            let (cases, next_phase) = match self.phase {
                Phase::Shared => ((0..self.runs.len()).collect(), Phase::Single),
                Phase::Single => (self.next_single_cases(), Phase::Evidence),
                Phase::Evidence => (self.cases_without_evidence(), Phase::Over),
                Phase::Load => (Vec::new(), Phase::Over),
                Phase::Over => return None,
            };
            let stdins = match self.phase {
                Phase::Shared | Phase::Load => vec![self.stdin(&cases)],
                _ => cases.iter().map(|&case| self.stdin(&[case])).collect(),
            };
            if stdins.is_empty() {
                self.phase = next_phase;
                continue;
            }
            return Some(Step {
                cases,
                stdins,
                stop_at_first_failure: self.phase == Phase::Single
                    && self.problem.stop_on_first_fail,
                checks: None,
            });
        }
    }

    fn stdin(&self, cases: &[usize]) -> String {
        let input = |case: usize| self.problem.cases[case].input.json();
        match self.harness {
            None => cases
                .iter()
                .filter_map(|&case| input(case).text())
                .collect(),
            Some((harness, callable)) => {
                let cases: Vec<_> = cases.iter().map(|&case| (case, input(case))).collect();
                harness::stdin_for(harness, callable, &self.nonce, &cases)
            }
        }
    }

    /// Takes in the report of a step.
    pub fn take(&mut self, step: &Step, execution: Execution) {
        if self.is_decided() && execution.runs.is_empty() {
            // Only evidence is missing: the verdict stands.
            self.phase = Phase::Over;
            return;
        }
        self.version = Some(execution.version).filter(|version| !version.is_empty());
        if let Some(mut compile) = execution.compile {
            if self.harness.is_some() {
                compile.rewrite(harness::compiler_output);
            }
            let failed = execution.runs.is_empty();
            if failed {
                self.fail(failure::of_compilation(&compile));
            }
            self.compile = Some(compile);
            if failed {
                return;
            }
        }
        for report in &execution.runs {
            self.peak_usage = self.peak_usage.max(usage_of(&report.stage));
        }
        let Some(first) = execution.runs.first() else {
            let message = "The execution endpoint reported no run.";
            return self.fail(Failure::new(Verdict::InternalError, message));
        };
        match self.phase {
            Phase::Shared => self.take_shared(&step.cases, first),
            Phase::Load => {
                let load = self.frames(first, &[]).load;
                if let (Some(error), Some(failure)) = (load, &mut self.failure) {
                    failure.message = failure::trim_paths(&error.text);
                }
                self.phase = Phase::Over;
            }
            Phase::Single | Phase::Over => {
                self.single_runs += execution.runs.len();
                for (&case, report) in step.cases.iter().zip(&execution.runs) {
                    self.take_single(case, report, false);
                }
            }
            Phase::Evidence => {
                for (&case, report) in step.cases.iter().zip(&execution.runs) {
                    self.take_single(case, report, true);
                }
                self.phase = Phase::Over;
            }
        }
    }

    /// The harness's frames, or else the error that the language itself printed.
    fn frames(&self, report: &StageReport, cases: &[usize]) -> Frames {
        let stage = &report.stage;
        let mut frames = harness::read(&self.nonce, &stage.stdout, cases);
        if frames.cases.is_empty()
            && frames.load.is_none()
            && failure::classify(report, None)
                .is_some_and(|failure| failure.verdict == Verdict::RuntimeError)
            && let Some((harness, _)) = self.harness
        {
            // Other kinds of error count for one case, not for the code.
            frames.load = harness
                .error_in_stderr(&stage.stderr)
                .filter(|error| error.kind == HarnessErrorKind::Syntax);
        }
        frames
    }

    /// A process with several cases in it.
    fn take_shared(&mut self, cases: &[usize], report: &StageReport) {
        let frames = self.frames(report, cases);
        let may_be_shown = cases.iter().all(|&case| !self.problem.cases[case].hidden);
        if let Some(error) = frames.load {
            if may_be_shown {
                self.fail(failure_of(&error));
            } else {
                // The verdict is known; the message may not be shown.
                let verdict = verdict_of(error.kind);
                self.failure = Some(Failure::new(verdict, ""));
                self.phase = Phase::Load;
            }
            return;
        }
        let shown = may_be_shown.then(|| self.shown_stage(report));
        for (case, frame) in frames.cases {
            let call = frames.calls.get(&case).copied();
            let answer = self.answer_of(case, call, frame);
            self.together[case] = true;
            self.take_answer(Waiting {
                case,
                answer,
                usage: Usage::default(),
                stage: shown.clone(),
                for_evidence: false,
            });
        }
        self.phase = Phase::Single;
    }

    /// A process with one case in it.
    fn take_single(&mut self, case: usize, report: &StageReport, for_evidence: bool) {
        let hidden = self.problem.cases[case].hidden;
        self.take_answer(Waiting {
            case,
            answer: self.single_answer(case, report),
            usage: usage_of(&report.stage),
            stage: (!hidden).then(|| self.shown_stage(report)),
            for_evidence,
        });
    }

    /// Compares an answer, or has it wait for the checker program.
    fn take_answer(&mut self, answer: Waiting) {
        if let Some(answer) = self.await_checker(answer) {
            let (problem, stage) = (self.problem, answer.stage.as_ref());
            let case = &problem.cases[answer.case];
            let run = CaseRun::new(problem, case, &answer.answer, answer.usage, stage);
            self.keep(answer.case, run, answer.for_evidence);
        }
    }

    fn keep(&mut self, case: usize, mut run: CaseRun, for_evidence: bool) {
        if for_evidence {
            run.archived = None;
            self.evidence.push((case, run));
        } else {
            self.store(case, run);
        }
    }

    /// Keeps a case's run, and of what it holds as much as there is room for.
    fn store(&mut self, case: usize, mut run: CaseRun) {
        if run.shown.is_some() {
            if self.shown == MAX_EVIDENCE {
                run.shown = None;
            } else {
                self.shown += 1;
            }
        }
        if let Some(item) = &run.archived {
            match self.archive_left.checked_sub(item.stored_len()) {
                Some(left) => self.archive_left = left,
                None => {
                    // All of them or none: what is judged again needs every answer.
                    self.archive_left = 0;
                    for run in self.runs.iter_mut().flatten().chain([&mut run]) {
                        run.archived = None;
                    }
                }
            }
        }
        self.runs[case] = Some(run);
    }

    /// The cases to be run one by one next, in their order.
    fn next_single_cases(&self) -> Vec<usize> {
        let stops = self.problem.stop_on_first_fail;
        let end = match self.first_failed() {
            Some(failed) if stops => failed,
            _ => self.runs.len(),
        };
        let most = match self.harness {
            None if self.single_runs > 0 => self.most_cases,
            _ if !stops || self.single_runs > 0 => usize::MAX,
            None => FIRST_CASES,
            // The case at which the shared process ended.
            Some(_) => 1,
        };
        (0..end)
            .filter(|&case| self.runs[case].is_none())
            .take(most.min(self.most_with_checker()))
            .collect()
    }

    /// Whether what is still to be run would only add evidence.
    pub fn is_decided(&self) -> bool {
        matches!(self.phase, Phase::Evidence | Phase::Load | Phase::Over)
    }

    /// A run as people may see it. A function's prints went to standard error;
    /// its standard output holds the harness's frames.
    fn shown_stage(&self, report: &StageReport) -> Rc<Stage> {
        let mut stage = report.stage.clone();
        if self.harness.is_some() {
            stage.stdout.clear();
        }
        Rc::new(stage.truncate_streams())
    }

    fn fail(&mut self, failure: Failure) {
        self.failure = Some(failure);
        self.waiting.clear();
        self.phase = Phase::Over;
    }
}

fn usage_of(stage: &Stage) -> Usage {
    Usage {
        cpu_time_ms: stage.cpu_time_ms,
        memory_bytes: stage.memory_bytes,
    }
}
