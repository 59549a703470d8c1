//! From the runs of all cases to what a person sees: verdicts, a score, and
//! evidence for what failed. Nothing of a hidden case but its verdict and what
//! was measured.

use serde_json::Value;
use shared::problem::{Case, Problem};
use shared::result::{CaseResult, Evidence, Judgement, MAX_EVIDENCE_BYTES, Stage, Verdict, cut};

use super::case::{Answer, CaseRun};

/// For so many failed cases evidence is told.
pub(super) const MAX_EVIDENCE: usize = 10;

/// What is told of a submission to a known problem.
pub struct Assessment {
    /// Of the whole.
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
    /// By case.
    pub runs: &'a [CaseRun],
    /// Runs for evidence only.
    pub evidence: &'a [(usize, CaseRun)],
    /// What ended it all before any case.
    pub failure: Option<&'a (Verdict, String)>,
    /// The most CPU time and memory of a process.
    pub most: (Option<u64>, Option<u64>),
}

/// Draws the verdicts.
pub fn assess(problem: &Problem, version: &str, findings: &Findings<'_>) -> Assessment {
    let mut cases = Vec::with_capacity(problem.cases.len());
    let mut first: Option<(usize, Verdict)> = None;
    let (mut passed, mut won) = (0, 0_u64);
    let (mut skipped, mut shown_failures) = (false, 0);
    for (at, (case, run)) in problem.cases.iter().zip(findings.runs).enumerate() {
        let verdict = match first {
            _ if findings.failure.is_some() => Verdict::Skipped,
            Some(_) if problem.stop_on_first_fail => Verdict::Skipped,
            _ => run.verdict(problem, case),
        };
        let failed = !matches!(verdict, Verdict::Accepted | Verdict::Skipped);
        skipped |= verdict == Verdict::Skipped;
        if verdict == Verdict::Accepted {
            passed += 1;
            won += u64::from(case.weight);
        } else if failed && first.is_none() {
            first = Some((at, verdict));
        }
        let measured = verdict != Verdict::Skipped;
        let tell = failed && !case.hidden && shown_failures < MAX_EVIDENCE;
        shown_failures += usize::from(tell);
        cases.push(CaseResult {
            number: number(at),
            name: case.name.clone(),
            hidden: case.hidden,
            verdict,
            cpu_time_ms: run.cpu_time_ms.filter(|_| measured),
            memory_bytes: run.memory_bytes.filter(|_| measured),
            evidence: tell.then(|| evidence(problem, case, run, clean(findings, at))),
        });
    }
    let all: u64 = problem
        .cases
        .iter()
        .map(|case| u64::from(case.weight))
        .sum();
    let (verdict, output) = match (findings.failure, first) {
        (Some((verdict, text)), _) => (*verdict, text.clone()),
        (None, Some((at, verdict))) => (verdict, headline(verdict, &cases, at)),
        (None, None) if skipped => (
            Verdict::TimeLimitExceeded,
            "Time Limit Exceeded: the cases together took longer than judging may.".into(),
        ),
        (None, None) => (
            Verdict::Accepted,
            format!("Accepted: all {} cases.", cases.len()),
        ),
    };
    let shown = first.and_then(|(at, _)| {
        clean(findings, at)
            .unwrap_or(&findings.runs[at])
            .shown
            .as_deref()
    });
    Assessment {
        verdict,
        output,
        run: shown.cloned(),
        judgement: Judgement {
            problem_version: version.to_owned(),
            score: percent(won, all),
            passed,
            total: number(cases.len().saturating_sub(1)),
            failed_case: first.map(|(at, _)| number(at)),
            cpu_time_ms: findings.most.0,
            memory_bytes: findings.most.1,
            cases,
        },
    }
}

fn clean<'a>(findings: &Findings<'a>, at: usize) -> Option<&'a CaseRun> {
    let mut runs = findings.evidence.iter();
    runs.find(|(case, _)| *case == at).map(|(_, run)| run)
}

/// From 1, as people count.
fn number(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

/// With two digits behind the point, and 100 only for all of it.
fn percent(won: u64, all: u64) -> f64 {
    let hundredths = (won * 10_000).checked_div(all).unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
    let score = hundredths as f64 / 100.0;
    score
}

/// `again` is the same case by itself, where the first run may not be shown.
fn evidence(problem: &Problem, case: &Case, run: &CaseRun, again: Option<&CaseRun>) -> Evidence {
    let known = match again {
        Some(again) => Some(again),
        None => Some(run).filter(|run| run.shown.is_some()),
    };
    let (actual, mut message) = match known.map(|run| &run.answer) {
        None | Some(Answer::None) => (None, None),
        Some(Answer::Text(text)) => (Some(short(text)), None),
        Some(Answer::Value(value)) => (Some(short(&value.to_string())), None),
        Some(Answer::Odd(what)) => (None, Some(format!("It answered with {what}."))),
        Some(Answer::Failed(_, text)) => (None, Some(text.clone())),
    };
    if again.is_some_and(|again| again.verdict(problem, case) == Verdict::Accepted) {
        message =
            Some("By itself this case is accepted: the answer depends on other cases.".into());
    }
    Evidence {
        input: text(&case.input),
        expected: text(&case.expected),
        actual,
        message: message
            .map(|text| short(&text))
            .filter(|text| !text.is_empty()),
        stderr: known
            .and_then(|run| run.shown.as_ref())
            .map(|stage| short(&stage.stderr))
            .filter(|text| !text.is_empty()),
    }
}

fn headline(verdict: Verdict, cases: &[CaseResult], at: usize) -> String {
    let case = &cases[at];
    let mut text = format!("{} on case {} of {}", verdict.name(), at + 1, cases.len());
    match (&case.name, case.hidden) {
        (Some(name), false) => text.push_str(&format!(" ({name}).")),
        (_, true) => text.push_str(" (hidden)."),
        (None, false) => text.push('.'),
    }
    if let Some(evidence) = &case.evidence {
        let parts = [
            ("Input", Some(&evidence.input)),
            ("Expected", Some(&evidence.expected)),
            ("Got", evidence.actual.as_ref()),
            ("Said", evidence.message.as_ref()),
        ];
        for (name, part) in parts {
            if let Some(part) = part {
                text.push_str(&format!("\n{name}: {part}"));
            }
        }
    }
    text
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => short(text),
        value => short(&value.to_string()),
    }
}

fn short(text: &str) -> String {
    cut(text, MAX_EVIDENCE_BYTES).to_owned()
}
