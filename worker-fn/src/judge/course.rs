//! The course of judging one submission: what to run next, and what came of it.
//!
//! No I/O: whoever holds a [`Course`] asks for the [`next_step`](Course::next_step) step,
//! has it run and [`takes`](Course::take) the report in, until there is none.
//!
//! - A **program** is run once a case, all in one call where the endpoint can.
//! - All cases of a **function** share one process. If that ends before each
//!   was answered, those without an answer are run singly, so that a limit or a
//!   crash is put down to its own case.
//! - A process that knew of a hidden case could say anything about it. So
//!   nothing of it is shown; where a shown case failed in one, that case is run
//!   once more by itself, for its evidence only; and where the code did not even
//!   load, it is loaded once more without any case.

use std::rc::Rc;

use shared::problem::{Kind, Problem, Signature};
use shared::result::{MAX_STREAM_BYTES, Stage, Verdict, cut};

use super::assess::MAX_EVIDENCE;
use super::case::{Answer, CaseRun};
use super::end;
use crate::executor::{Execution, RunLimits, StageReport};
use crate::harness::{self, Frames, Harness, TroubleKind};

/// Where the first failure ends it all, so many cases of a program go ahead: a
/// wrong program is mostly wrong at once, and the endpoint cannot know.
const FIRST_CASES: usize = 8;

/// Judging under way.
pub struct Course<'a> {
    problem: &'a Problem,
    source: String,
    harness: Option<(Harness, &'a Signature)>,
    nonce: String,
    /// What holds for each run.
    pub limits: RunLimits,
    phase: Phase,
    /// By case.
    pub runs: Vec<CaseRun>,
    /// Runs for evidence only, by case.
    pub evidence: Vec<(usize, CaseRun)>,
    /// What ended it all: it does not compile, or does not load.
    pub failure: Option<(Verdict, String)>,
    /// How compiling went.
    pub compile: Option<StageReport>,
    /// How many processes had one case.
    singles: usize,
    /// Of the language.
    pub version: Option<String>,
    /// The most CPU time and memory of a process.
    pub most: (Option<u64>, Option<u64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// All cases in one process.
    Shared,
    /// Each case that has no answer in a process of its own.
    Each,
    /// Shown cases that failed, once more, each by itself.
    Evidence,
    /// Only loading: it did not load, and why is known but for the words.
    Load,
    Over,
}

/// What to run next.
pub struct Step {
    /// Whose input is in each standard input; all, where they share one.
    pub cases: Vec<usize>,
    /// One for each process.
    pub stdins: Vec<String>,
    /// Whether the first process that ends badly is the last one wanted.
    pub stop_at_first_failure: bool,
}

impl<'a> Course<'a> {
    /// A course for `code` in `language`. `nonce` must be unguessable.
    pub fn new(problem: &'a Problem, language: &str, code: &str, nonce: String) -> Self {
        let mut course = Self {
            problem,
            source: String::new(),
            harness: None,
            nonce,
            limits: RunLimits {
                time_ms: problem.limits.time_ms_for(language),
                memory_bytes: problem.limits.memory_bytes,
            },
            phase: Phase::Each,
            runs: vec![CaseRun::default(); problem.cases.len()],
            evidence: Vec::new(),
            failure: None,
            compile: None,
            singles: 0,
            version: None,
            most: (None, None),
        };
        match &problem.kind {
            Kind::Program => code.clone_into(&mut course.source),
            Kind::Function(signature) => match Harness::of(language) {
                None => course.fail(
                    Verdict::InternalError,
                    format!(
                        "This problem asks for a function, which can be judged in Python, \
                         JavaScript, TypeScript and C++, not in {language}."
                    ),
                ),
                Some(harness) => match harness.source(signature, code) {
                    Ok(source) => {
                        course.source = source;
                        course.harness = Some((harness, signature));
                        course.phase = Phase::Shared;
                    }
                    Err(error) => course.fail(Verdict::InternalError, error.to_string()),
                },
            },
        }
        course
    }

    /// What is sent to be run, the same in each step.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What to run next; `None` when everything is known.
    pub fn next_step(&mut self) -> Option<Step> {
        loop {
            let (cases, after) = match self.phase {
                Phase::Shared => ((0..self.runs.len()).collect(), Phase::Each),
                Phase::Each => (self.without_answer(), Phase::Evidence),
                Phase::Evidence => (self.without_evidence(), Phase::Over),
                Phase::Load => (Vec::new(), Phase::Over),
                Phase::Over => return None,
            };
            let stdins = match self.phase {
                Phase::Shared | Phase::Load => vec![self.stdin(&cases)],
                _ => cases.iter().map(|&case| self.stdin(&[case])).collect(),
            };
            if stdins.is_empty() {
                self.phase = after;
                continue;
            }
            return Some(Step {
                cases,
                stdins,
                stop_at_first_failure: self.phase == Phase::Each && self.problem.stop_on_first_fail,
            });
        }
    }

    fn stdin(&self, cases: &[usize]) -> String {
        let input = |case: usize| &self.problem.cases[case].input;
        match self.harness {
            None => cases
                .iter()
                .filter_map(|&case| input(case).as_str())
                .collect(),
            Some((harness, _)) => {
                let cases: Vec<_> = cases.iter().map(|&case| (case, input(case))).collect();
                harness::stdin(harness, &self.nonce, &cases)
            }
        }
    }

    /// Takes in what came of a step.
    pub fn take(&mut self, step: &Step, execution: Execution) {
        if self.is_decided() && execution.runs.is_empty() {
            // Whatever went wrong now, the verdict stands.
            self.phase = Phase::Over;
            return;
        }
        self.version = Some(execution.version).filter(|version| !version.is_empty());
        if let Some(compile) = execution.compile {
            let failed = execution.runs.is_empty();
            let bad = end::of(&compile, None);
            if failed {
                let verdict = match bad.map(|bad| bad.verdict) {
                    Some(Verdict::InternalError) => Verdict::InternalError,
                    _ => Verdict::CompilationError,
                };
                self.fail(verdict, end::evidence(&compile));
            }
            self.compile = Some(compile);
            if failed {
                return;
            }
        }
        for report in &execution.runs {
            let (cpu, memory) = (report.stage.cpu_time_ms, report.stage.memory_bytes);
            self.most = (self.most.0.max(cpu), self.most.1.max(memory));
        }
        if execution.runs.is_empty() {
            let said = "The execution endpoint reported no run.";
            return self.fail(Verdict::InternalError, said.into());
        }
        match (self.phase, execution.runs.first()) {
            (Phase::Shared, Some(report)) => self.take_shared(&step.cases, report),
            (Phase::Load, Some(report)) => {
                let load = self.frames(report, &[]).load;
                if let (Some(trouble), Some((_, words))) = (load, &mut self.failure) {
                    *words = end::trim_paths(&trouble.text);
                }
                self.phase = Phase::Over;
            }
            (phase, _) => {
                self.singles += execution.runs.len();
                for (&case, report) in step.cases.iter().zip(&execution.runs) {
                    let run = self.single(case, report);
                    if phase == Phase::Evidence {
                        self.evidence.push((case, run));
                    } else {
                        self.runs[case] = run;
                    }
                }
                if phase == Phase::Evidence {
                    self.phase = Phase::Over;
                }
            }
        }
    }

    /// What the harness told, or else what the language itself did.
    fn frames(&self, report: &StageReport, cases: &[usize]) -> Frames {
        let stage = &report.stage;
        let mut frames = harness::read(&self.nonce, &stage.stdout, cases);
        if frames.answers.is_empty()
            && frames.load.is_none()
            && end::of(report, None).is_some_and(|bad| bad.verdict == Verdict::RuntimeError)
            && let Some((harness, _)) = self.harness
        {
            // Memory is told apart case by case.
            frames.load = harness
                .last_words(&stage.stderr)
                .filter(|trouble| trouble.kind == TroubleKind::Syntax);
        }
        frames
    }

    /// One process with several cases in it.
    fn take_shared(&mut self, cases: &[usize], report: &StageReport) {
        let frames = self.frames(report, cases);
        let clean = cases.iter().all(|&case| !self.problem.cases[case].hidden);
        if let Some(trouble) = frames.load {
            let verdict = of_trouble(trouble.kind);
            if clean {
                self.fail(verdict, end::trim_paths(&trouble.text));
            } else {
                // Known already, but for its words.
                self.failure = Some((verdict, String::new()));
                self.phase = Phase::Load;
            }
            return;
        }
        let shown = clean.then(|| self.shown(report));
        for (case, answer) in frames.answers {
            self.runs[case] = CaseRun {
                answer: of_frame(answer),
                shown: shown.clone(),
                ..CaseRun::default()
            };
        }
        self.phase = Phase::Each;
    }

    /// A process with one case in it.
    fn single(&mut self, case: usize, report: &StageReport) -> CaseRun {
        let stage = &report.stage;
        let answer = self.harness.and_then(|_| {
            let mut frames = self.frames(report, &[case]);
            let load = frames.load.map(|trouble| {
                Answer::Failed(of_trouble(trouble.kind), end::trim_paths(&trouble.text))
            });
            load.or_else(|| frames.answers.remove(&case).map(of_frame))
        });
        let too_long = |text: &str| {
            let limit = self.problem.limits.output_bytes;
            limit.is_some_and(|limit| text.len() as u64 > limit)
        };
        let answer = match (answer, end::of(report, self.limits.memory_bytes)) {
            _ if too_long(&stage.stdout) => Answer::Failed(
                Verdict::OutputLimitExceeded,
                format!("It printed {} bytes.", stage.stdout.len()),
            ),
            (Some(answer), _) => answer,
            (None, Some(bad)) => Answer::Failed(bad.verdict, end::trim_paths(&bad.message)),
            (None, None) if self.harness.is_none() => Answer::Text(stage.stdout.clone()),
            (None, None) => {
                Answer::Failed(Verdict::RuntimeError, "It ended without an answer.".into())
            }
        };
        CaseRun {
            answer,
            cpu_time_ms: stage.cpu_time_ms,
            memory_bytes: stage.memory_bytes,
            shown: (!self.problem.cases[case].hidden).then(|| self.shown(report)),
        }
    }

    /// The cases that must be run by themselves next, in their order.
    fn without_answer(&self) -> Vec<usize> {
        let failed = self.first_failed();
        let stops = self.problem.stop_on_first_fail;
        let end = match failed {
            Some(failed) if stops => failed,
            _ => self.runs.len(),
        };
        let most = match self.harness {
            _ if !stops || self.singles > 0 => usize::MAX,
            None => FIRST_CASES,
            // The one at which the shared process ended.
            Some(_) => 1,
        };
        (0..end)
            .filter(|&case| self.runs[case].answer == Answer::None)
            .take(most)
            .collect()
    }

    /// The shown cases that failed and of which nothing may be shown yet.
    fn without_evidence(&self) -> Vec<usize> {
        let failed = |&case: &usize| {
            let (run, case) = (&self.runs[case], &self.problem.cases[case]);
            !case.hidden && run.shown.is_none() && is_bad(run.verdict(self.problem, case))
        };
        match self.first_failed() {
            Some(first) if self.problem.stop_on_first_fail => {
                Some(first).filter(failed).into_iter().collect()
            }
            _ => (0..self.runs.len())
                .filter(failed)
                .take(MAX_EVIDENCE)
                .collect(),
        }
    }

    /// The first case that was run and failed.
    pub fn first_failed(&self) -> Option<usize> {
        let mut runs = self.runs.iter().zip(&self.problem.cases);
        runs.position(|(run, case)| is_bad(run.verdict(self.problem, case)))
    }

    /// Whether what is still to be run would only add evidence.
    pub fn is_decided(&self) -> bool {
        matches!(self.phase, Phase::Evidence | Phase::Load | Phase::Over)
    }

    /// A run as people may see it: a function's prints went to standard error,
    /// and what stands on standard output is the harness's.
    fn shown(&self, report: &StageReport) -> Rc<Stage> {
        let stage = &report.stage;
        let part = |text: &str| cut(text, MAX_STREAM_BYTES).to_owned();
        let stdout = match self.harness {
            Some(_) => "",
            None => stage.stdout.as_str(),
        };
        Rc::new(Stage {
            stdout: part(stdout),
            stderr: part(&stage.stderr),
            truncated: stage.truncated || stdout.len().max(stage.stderr.len()) > MAX_STREAM_BYTES,
            code: stage.code,
            signal: stage.signal.clone(),
            status: stage.status.clone(),
            message: stage.message.clone(),
            cpu_time_ms: stage.cpu_time_ms,
            wall_time_ms: stage.wall_time_ms,
            memory_bytes: stage.memory_bytes,
        })
    }

    fn fail(&mut self, verdict: Verdict, text: String) {
        self.failure = Some((verdict, text));
        self.phase = Phase::Over;
    }
}

fn is_bad(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Accepted | Verdict::Skipped)
}

/// The verdict on code that did not load, or raised.
pub fn of_trouble(kind: TroubleKind) -> Verdict {
    match kind {
        TroubleKind::Syntax => Verdict::CompilationError,
        TroubleKind::Memory => Verdict::MemoryLimitExceeded,
        TroubleKind::Missing | TroubleKind::Error => Verdict::RuntimeError,
    }
}

fn of_frame(answer: harness::Answer) -> Answer {
    match answer {
        harness::Answer::Returned(value) => Answer::Value(value),
        harness::Answer::Odd(what) => Answer::Odd(what),
        harness::Answer::Raised(trouble) => {
            Answer::Failed(of_trouble(trouble.kind), end::trim_paths(&trouble.text))
        }
        harness::Answer::Twice => Answer::Odd("more than one answer".into()),
        harness::Answer::Unreadable => Answer::Odd("an answer that cannot be read".into()),
    }
}
