//! From the runs of all cases to what a person sees: verdicts, a score, and
//! evidence for failures. This is the only place that decides what is shown: of
//! a hidden case nothing but its verdict and what was measured.

use shared::domain::answer::{Failure, Usage};
use shared::domain::ids::ProblemVersion;
use shared::domain::judgement::{CaseResult, Evidence, Judgement, MAX_EVIDENCE_BYTES};
use shared::domain::problem::{Case, MAX_CASES, MAX_WEIGHT, Problem};
use shared::domain::share::Share;
use shared::domain::stage::Stage;
use shared::domain::verdict::Verdict;
use shared::text::truncated;

use super::case::{CaseRun, ShownAnswer, shown_value};

/// The most failed cases that get evidence.
pub(super) const MAX_EVIDENCE: usize = 10;

/// The note on a case whose answer was wrong among the others and right alone.
const DEPENDS_ON_OTHERS: &str = "By itself this case is accepted: the answer depends on other \
cases. Do variables outside the function keep what an earlier call left in them?";

/// The note, before a verdict, on a case that failed in two ways and whose first run may
/// not be shown.
const ENDED_OTHERWISE: &str = "What is shown is of another run: run again by itself, this case \
ended otherwise, with";

/// What is shown of a submission to a known problem.
pub struct Assessment {
    /// The verdict on the whole submission.
    pub verdict: Verdict,
    /// What a person wants to see first.
    pub output: String,
    /// Case by case.
    pub judgement: Judgement,
    /// The run of the first case that failed, if it may be shown.
    pub run: Option<Stage>,
}

/// What is known of all cases.
pub struct Findings<'a> {
    /// By case; `None` for a case that was not run.
    pub runs: &'a [Option<CaseRun>],
    /// Runs for evidence only, by case.
    pub evidence: &'a [(usize, CaseRun)],
    /// Why no case could be run.
    pub failure: Option<&'a Failure>,
    /// The most that one process used.
    pub peak_usage: Usage,
    /// What people are told of a checker program that failed.
    pub checker_fault: Option<&'a str>,
}

impl<'a> Findings<'a> {
    /// The run of a case for evidence only, if there was one.
    fn evidence_run(&self, index: usize) -> Option<&'a CaseRun> {
        let mut runs = self.evidence.iter();
        runs.find(|(case, _)| *case == index).map(|(_, run)| run)
    }
}

/// Draws the verdicts.
pub fn assess(problem: &Problem, version: &ProblemVersion, findings: &Findings<'_>) -> Assessment {
    let cases = case_results(problem, findings);
    let first_failed = cases.iter().position(|case| case.verdict.is_failure());
    let skipped = cases.iter().any(|case| case.verdict == Verdict::Skipped);
    let (verdict, output) = match (findings.failure, first_failed) {
        (Some(failure), _) => (failure.verdict, failure.message.clone()),
        (None, Some(index)) => {
            let verdict = cases[index].verdict;
            let mut text = headline(&cases, index);
            if let (Verdict::InternalError, Some(fault)) = (verdict, findings.checker_fault)
                && !text.contains(fault)
            {
                text.push('\n');
                text.push_str(fault);
            }
            (verdict, text)
        }
        (None, None) if skipped => (
            Verdict::TimeLimitExceeded,
            "Time Limit Exceeded: the cases together took longer than judging may.".into(),
        ),
        (None, None) => (
            Verdict::Accepted,
            format!("Accepted: all {} cases.", cases.len()),
        ),
    };
    let shown = first_failed.and_then(|index| {
        let run = findings.runs[index].as_ref();
        shown_of(run, findings.evidence_run(index))
    });
    let accepted = |index: &usize| cases[*index].verdict == Verdict::Accepted;
    let indices = 0..cases.len();
    let weight = |index: usize| u64::from(problem.cases[index].weight);
    let earned = |index: usize| {
        let share = share(cases[index].verdict, findings.runs[index].as_ref());
        weight(index) * u64::from(share.millionths())
    };
    let all: u64 = indices.clone().map(weight).sum();
    let won: u64 = indices.clone().map(earned).sum();
    Assessment {
        verdict,
        output,
        run: shown.map(|shown| Stage::clone(&shown.stage)),
        judgement: Judgement {
            problem_version: version.clone(),
            score: percent(won, all),
            passed: count(indices.filter(accepted).count()),
            total: count(cases.len()),
            failed_case: first_failed.map(number),
            cpu_time_ms: findings.peak_usage.cpu_time_ms,
            memory_bytes: findings.peak_usage.memory_bytes,
            cases,
        },
    }
}

fn case_results(problem: &Problem, findings: &Findings<'_>) -> Vec<CaseResult> {
    let mut results = Vec::with_capacity(problem.cases.len());
    let (mut failed_before, mut with_evidence) = (false, 0);
    let program = problem.checker_program.as_ref();
    let gives_points = program.is_some_and(|program| program.points.is_some());
    for (index, (case, run)) in problem.cases.iter().zip(findings.runs).enumerate() {
        let ended = failed_before && problem.stop_on_first_fail;
        let verdict = if ended || findings.failure.is_some() {
            Verdict::Skipped
        } else {
            run.as_ref().map_or(Verdict::Skipped, |run| run.verdict)
        };
        failed_before |= verdict.is_failure();
        let usage = match verdict {
            Verdict::Skipped => Usage::default(),
            _ => run.as_ref().map_or(Usage::default(), |run| run.usage),
        };
        let shows_evidence = verdict.is_failure() && !case.hidden && with_evidence < MAX_EVIDENCE;
        with_evidence += usize::from(shows_evidence);
        results.push(CaseResult {
            number: number(index),
            name: case.name.clone(),
            hidden: case.hidden,
            verdict,
            share: (gives_points && verdict != Verdict::Skipped)
                .then(|| share(verdict, run.as_ref())),
            cpu_time_ms: usage.cpu_time_ms,
            memory_bytes: usage.memory_bytes,
            evidence: shows_evidence
                .then(|| evidence(problem, case, run.as_ref(), findings.evidence_run(index))),
        });
    }
    results
}

/// How much of its weight a case earned: nothing where its run does not count.
fn share(verdict: Verdict, run: Option<&CaseRun>) -> Share {
    match run {
        Some(run) if run.verdict == verdict => run.share,
        _ => Share::NONE,
    }
}

/// A case's number: from 1, as people count.
pub(super) fn number(index: usize) -> u32 {
    count(index + 1)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The millionths of a weight in a hundredth of a percent of it.
const PER_HUNDREDTH: u64 = Share::FULL.millionths() as u64 / 10_000;

// Nothing is lost by it, and the sum of all millionths that can be won fits into `u64`.
const _: () = assert!(PER_HUNDREDTH * 10_000 == Share::FULL.millionths() as u64);
const _: () = {
    let most = MAX_CASES as u128 * MAX_WEIGHT as u128 * Share::FULL.millionths() as u128;
    assert!(most <= u64::MAX as u128);
};

/// In percent with two decimals, rounded down: 100 only for all of it. `won` is in
/// millionths of a weight, `total` in whole weights.
fn percent(won: u64, total: u64) -> f64 {
    let hundredths = won.checked_div(total * PER_HUNDREDTH).unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
    let score = hundredths as f64 / 100.0;
    score
}

/// What is shown of a case: of its run alone, or else of the one that its verdict is of.
/// The latter comes first where they ended in different ways.
fn shown_of<'a>(run: Option<&'a CaseRun>, alone: Option<&'a CaseRun>) -> Option<&'a ShownAnswer> {
    let mut runs = [alone, run];
    if runs[0].map(|alone| alone.verdict) != run.map(|run| run.verdict) {
        runs.reverse();
    }
    let mut shown = runs.into_iter().flatten();
    shown.find_map(|run| run.shown.as_ref())
}

/// `alone` is the same case run by itself, where the first run may not be shown.
fn evidence(
    problem: &Problem,
    case: &Case,
    run: Option<&CaseRun>,
    alone: Option<&CaseRun>,
) -> Evidence {
    let shown = shown_of(run, alone);
    let differs = run
        .zip(alone)
        .is_some_and(|(run, alone)| run.verdict != alone.verdict);
    let note = alone.filter(|_| differs).and_then(|alone| {
        if alone.verdict == Verdict::Accepted {
            return Some(DEPENDS_ON_OTHERS.to_owned());
        }
        let run = run.and_then(|run| run.shown.as_ref());
        run.is_none()
            .then(|| format!("{ENDED_OTHERWISE} {}.", alone.verdict.name()))
    });
    let difference = shown.and_then(|shown| shown.note.clone());
    Evidence {
        input: shown_value(problem, &case.input),
        expected: shown.map_or_else(
            || shown_value(problem, &problem.expected(case)),
            |shown| shown.expected.clone(),
        ),
        actual: shown.and_then(|shown| shown.actual.clone()),
        note: note.or(difference),
        message: shown
            .and_then(|shown| shown.message.clone())
            .filter(|text| !text.is_empty()),
        stderr: shown
            .map(|shown| clip(&shown.stage.stderr))
            .filter(|text| !text.is_empty()),
    }
}

/// The first failed case in a few lines.
fn headline(cases: &[CaseResult], index: usize) -> String {
    let case = &cases[index];
    let mut text = format!(
        "{} on case {} of {}",
        case.verdict.name(),
        case.number,
        cases.len()
    );
    match (&case.name, case.hidden) {
        (Some(name), false) => text.push_str(&format!(" ({name}).")),
        (_, true) => text.push_str(" (hidden)."),
        (None, false) => text.push('.'),
    }
    if let Some(share) = case.share.filter(|share| *share > Share::NONE) {
        let percent = share.millionths() / 10_000;
        text.push_str(&format!("\nIt earns {percent} % of the case's points."));
    }
    if let Some(evidence) = &case.evidence {
        let parts = [
            ("Input", Some(&evidence.input)),
            ("Expected", Some(&evidence.expected)),
            ("Got", evidence.actual.as_ref()),
            ("Note", evidence.note.as_ref()),
            ("Error output", evidence.message.as_ref()),
        ];
        for (name, part) in parts {
            if let Some(part) = part {
                text.push_str(&format!("\n{name}: {part}"));
            }
        }
    }
    text
}

fn clip(text: &str) -> String {
    truncated(text, MAX_EVIDENCE_BYTES).to_owned()
}
