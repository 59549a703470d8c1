//! Having a submission to a known problem judged: the steps of its course, one
//! after the other, within what the job may use.

use shared::hex::hex;
use shared::job::Job;
use shared::problem::Problem;
use shared::result::{Stage, Verdict};

use crate::attempt;
use crate::executor::{Allowance, Chosen, ExecutorError, Run, RunLimits};
use crate::judge::assess::{Assessment, Findings, assess};
use crate::judge::case::{Answer, CaseRun};
use crate::judge::course::Course;
use crate::judge::keep;
use crate::problems::Known;
use crate::surroundings::Surroundings;

/// Less is not worth a further call, in milliseconds.
const WORTH_A_CALL_MS: u64 = 2_500;
/// What a call takes beside its longest run, in milliseconds.
const MARGIN_MS: u64 = 1_500;

/// A submission that was judged.
pub struct Judged {
    /// What is told of it.
    pub assessment: Assessment,
    /// How compiling went.
    pub compile: Option<Stage>,
    /// The version of the language, where it is told.
    pub version: Option<String>,
    /// What judging it again needs, as JSON text.
    pub kept: String,
}

/// Judges by what was answered before, if that is enough: the answers must be
/// to the same inputs, and there must be one to every case that counts.
pub fn again(known: &Known, job: &Job) -> Option<Judged> {
    let runs = keep::read(job.kept.as_ref()?, &known.inputs, &known.problem)?;
    let findings = Findings {
        runs: &runs,
        evidence: &[],
        failure: None,
        most: runs.iter().fold((None, None), |most, run| {
            (most.0.max(run.cpu_time_ms), most.1.max(run.memory_bytes))
        }),
    };
    let assessment = assess(&known.problem, &known.version, &findings);
    // Where the first failure ended it, what came after was not run.
    let complete = assessment.judgement.failed_case.is_some() && known.problem.stop_on_first_fail
        || runs.iter().all(CaseRun::is_there);
    complete.then(|| Judged {
        assessment,
        compile: None,
        version: None,
        kept: keep::write(&job.code, &known.version, &known.inputs, &runs),
    })
}

/// Has it run and judges it. Errors: as [`Chosen::execute`].
pub async fn judge(
    known: &Known,
    job: &Job,
    chosen: Chosen<'_>,
    allowance: &Allowance,
    surroundings: Surroundings,
) -> Result<Judged, ExecutorError> {
    let nonce = hex(&(surroundings.random)());
    let mut course = Course::new(&known.problem, &job.language, &job.code, nonce);
    let mut calls = 0;
    while let Some(mut step) = course.next_step() {
        let left_ms = allowance.remaining_ms((surroundings.now_ms)());
        if calls > 0 && left_ms < WORTH_A_CALL_MS {
            break;
        }
        // A run that outlasted the call would look like an endpoint that is away.
        let most_ms = left_ms.saturating_sub(MARGIN_MS).max(1);
        let limits = RunLimits {
            time_ms: course.limits.time_ms.map(|ms| ms.min(most_ms)),
            ..course.limits
        };
        let run = Run {
            language: &job.language,
            source: course.source(),
            stdins: std::mem::take(&mut step.stdins),
            stop_at_first_failure: step.stop_at_first_failure,
            limits,
        };
        let executed = chosen.execute(&run, allowance).await;
        calls += 1;
        match executed {
            Ok(execution) => course.take(&step, execution),
            // Everything is known but some words.
            Err(_) if course.is_decided() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(judged(known, job, course))
}

fn judged(known: &Known, job: &Job, course: Course<'_>) -> Judged {
    let problem: &Problem = &known.problem;
    let assessment = assess(
        problem,
        &known.version,
        &Findings {
            runs: &course.runs,
            evidence: &course.evidence,
            failure: course.failure.as_ref(),
            most: course.most,
        },
    );
    let broken = |run: &CaseRun| matches!(run.answer, Answer::Failed(Verdict::InternalError, _));
    let broken = assessment.verdict == Verdict::InternalError || course.runs.iter().any(broken);
    let kept = match &course.failure {
        _ if broken => keep::unjudged(&job.code),
        // What does not compile is compiled again.
        Some(_) => keep::write(&job.code, &known.version, "", &[]),
        None => keep::write(&job.code, &known.version, &known.inputs, &course.runs),
    };
    Judged {
        kept,
        assessment,
        compile: course.compile.map(attempt::kept),
        version: course.version,
    }
}
