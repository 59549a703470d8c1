//! The judging of one submission as a state machine: what to run next, and what
//! came of it.
//!
//! No I/O: the caller of a [`JudgeSession`] asks for the
//! [`next_step`](JudgeSession::next_step), has it run and
//! [`take`](JudgeSession::take)s the report in, until there is no step left.
//!
//! - A **program** is run once a case, all in one call where the endpoint can.
//! - All cases of a **function** share one process. If that ends before each
//!   case has its answer, the remaining cases are run one by one, so that a limit
//!   or a crash counts for its own case only.
//! - A case that failed after others in one process is run once more alone: people
//!   want to know that variables keep what earlier calls left in them.
//! - A process that received hidden inputs could print anything about them. So
//!   nothing of it is shown: a shown case that failed in one is run once more
//!   alone, for its evidence only; and code that could not be loaded is loaded
//!   once more without any case.

mod live;
mod resume;

use std::rc::Rc;

use shared::domain::answer::{CaseAnswer, Failure, Usage};
use shared::domain::archive::MAX_ANSWERS_BYTES;
use shared::domain::problem::{Kind, Problem, Signature};
use shared::domain::stage::Stage;
use shared::domain::verdict::Verdict;
use shared::text::normalized;

use super::assess::{Findings, MAX_EVIDENCE};
use super::case::CaseRun;
use super::failure;
use crate::executor::{Execution, RunLimits, StageReport};
use crate::harness::{self, Frame, Frames, Harness, HarnessError, HarnessErrorKind};

/// The number of cases of a program that are run first, where the first failure
/// ends judging: a wrong program mostly fails one of the first, and an endpoint
/// cannot stop at a wrong answer by itself.
const FIRST_CASES: usize = 8;

/// Judging under way.
pub struct JudgeSession<'a> {
    problem: &'a Problem,
    source: String,
    harness: Option<(Harness, &'a Signature)>,
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
}

impl<'a> JudgeSession<'a> {
    /// A session for `code` in `language`. `nonce` must be unguessable.
    pub fn new(problem: &'a Problem, language: &str, code: &str, nonce: String) -> Self {
        let mut session = Self {
            problem,
            source: String::new(),
            harness: None,
            nonce,
            limits: RunLimits {
                time_ms: problem.limits.time_ms_for(language),
                memory_bytes: problem.limits.memory_bytes,
                output_bytes: match problem.kind {
                    Kind::Program => problem.limits.output_bytes,
                    Kind::Function(_) => None,
                },
            },
            phase: Phase::Single,
            runs: vec![None; problem.cases.len()],
            evidence: Vec::new(),
            failure: None,
            compile: None,
            together: vec![false; problem.cases.len()],
            single_runs: 0,
            archive_left: MAX_ANSWERS_BYTES,
            shown: 0,
            most_cases: usize::MAX,
            version: None,
            peak_usage: Usage::default(),
        };
        let code = normalized(code);
        match &problem.kind {
            Kind::Program => session.source = code.into_owned(),
            Kind::Function(signature) => session.use_harness(signature, language, &code),
        }
        session
    }

    fn use_harness(&mut self, signature: &'a Signature, language: &str, code: &str) {
        let Some(harness) = Harness::of(language) else {
            return self.fail(Failure::new(
                Verdict::InternalError,
                format!(
                    "This problem asks for a function, which can be judged in {}, not in {language}.",
                    harness::LANGUAGES
                ),
            ));
        };
        match harness.source(signature, code) {
            Ok(source) => {
                self.source = source;
                self.harness = Some((harness, signature));
                self.phase = Phase::Shared;
            }
            Err(error) => self.fail(Failure::new(Verdict::InternalError, error.to_string())),
        }
    }

    /// The source that is run, the same in each step.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What is known, for the verdicts.
    pub fn findings(&self) -> Findings<'_> {
        Findings {
            runs: &self.runs,
            evidence: &self.evidence,
            failure: self.failure.as_ref(),
            peak_usage: self.peak_usage,
        }
    }

    /// What to run next; `None` when everything is known.
    pub fn next_step(&mut self) -> Option<Step> {
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
            Some((harness, _)) => {
                let cases: Vec<_> = cases.iter().map(|&case| (case, input(case))).collect();
                harness::stdin(harness, &self.nonce, &cases)
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
                harness::clean_compile_stage(&mut compile);
            }
            let failed = execution.runs.is_empty();
            if failed {
                let failure = failure::classify(&compile, None);
                let verdict = match failure.map(|failure| failure.verdict) {
                    Some(Verdict::InternalError) => Verdict::InternalError,
                    _ => Verdict::CompilationError,
                };
                self.fail(Failure::new(verdict, failure::shown_output(&compile)));
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
                    let run = self.single_run(case, report);
                    self.store(case, run);
                }
            }
            Phase::Evidence => {
                for (&case, report) in step.cases.iter().zip(&execution.runs) {
                    let mut run = self.single_run(case, report);
                    run.archived = None;
                    self.evidence.push((case, run));
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
            let answer = answer_of(frame);
            let usage = Usage::default();
            let case_of = &self.problem.cases[case];
            let run = CaseRun::new(self.problem, case_of, &answer, usage, shown.as_ref());
            self.together[case] = true;
            self.store(case, run);
        }
        self.phase = Phase::Single;
    }

    /// A process with one case in it.
    fn single_run(&self, case: usize, report: &StageReport) -> CaseRun {
        let answer = self.single_answer(case, report);
        let usage = usage_of(&report.stage);
        let case = &self.problem.cases[case];
        let stage = (!case.hidden).then(|| self.shown_stage(report));
        CaseRun::new(self.problem, case, &answer, usage, stage.as_ref())
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

    fn single_answer(&self, case: usize, report: &StageReport) -> CaseAnswer {
        let stdout = &report.stage.stdout;
        let limit = self.problem.limits.output_bytes;
        if limit.is_some_and(|limit| stdout.len() as u64 > limit) {
            let message = format!("It printed {} bytes.", stdout.len());
            return CaseAnswer::Failed(Failure::new(Verdict::OutputLimitExceeded, message));
        }
        if self.harness.is_some() {
            let mut frames = self.frames(report, &[case]);
            if let Some(error) = frames.load {
                return CaseAnswer::Failed(failure_of(&error));
            }
            if let Some(frame) = frames.cases.remove(&case) {
                return answer_of(frame);
            }
        }
        match failure::classify(report, self.limits.memory_bytes) {
            Some(failure) => CaseAnswer::Failed(Failure {
                message: failure::trim_paths(&failure.message),
                ..failure
            }),
            None if self.harness.is_none() => CaseAnswer::Text(stdout.clone()),
            None => CaseAnswer::Failed(Failure::new(
                Verdict::RuntimeError,
                "It ended without an answer.",
            )),
        }
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
            .take(most)
            .collect()
    }

    /// The shown cases that failed in a process of which nothing may be shown.
    /// So is the first case that failed after others in a process with them: what
    /// it answers alone tells whether they are to blame.
    fn cases_without_evidence(&self) -> Vec<usize> {
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

    fn first_failed(&self) -> Option<usize> {
        let failed = |run: &CaseRun| run.verdict.is_failure();
        let mut runs = self.runs.iter();
        runs.position(|run| run.as_ref().is_some_and(failed))
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
        self.phase = Phase::Over;
    }
}

fn usage_of(stage: &Stage) -> Usage {
    Usage {
        cpu_time_ms: stage.cpu_time_ms,
        memory_bytes: stage.memory_bytes,
    }
}

/// The verdict on code that could not be loaded, or that raised an exception.
pub fn verdict_of(kind: HarnessErrorKind) -> Verdict {
    match kind {
        HarnessErrorKind::Syntax => Verdict::CompilationError,
        HarnessErrorKind::Memory => Verdict::MemoryLimitExceeded,
        HarnessErrorKind::Missing | HarnessErrorKind::Error => Verdict::RuntimeError,
    }
}

fn failure_of(error: &HarnessError) -> Failure {
    Failure::new(verdict_of(error.kind), failure::trim_paths(&error.text))
}

fn answer_of(frame: Frame) -> CaseAnswer {
    match frame {
        Frame::Returned(value) => CaseAnswer::Value(value),
        Frame::NotJson(what) => CaseAnswer::NotJson(what),
        Frame::Raised(error) => CaseAnswer::Failed(failure_of(&error)),
        Frame::Duplicate => CaseAnswer::NotJson("more than one answer".into()),
        Frame::Unreadable => CaseAnswer::NotJson("an answer that cannot be read".into()),
    }
}
