//! Having a submission to a known problem judged: the loop of I/O around a
//! [`JudgeSession`], within what the job may use.

use shared::domain::answer::Usage;
use shared::domain::archive::SubmissionArchive;
use shared::domain::job::Job;
use shared::domain::progress::Progress;
use shared::domain::stage::Stage;
use shared::domain::verdict::Verdict;
use shared::text::hex;

use super::checking;
use super::judge_error::JudgeError;
use super::live_report::LiveReport;
use super::problem_cache::CachedProblem;
use crate::executor::{Endpoints, Execution, ExecutorError, Run};
use crate::executor::{RunLimits, SelectedEndpoint, StageReport};
use crate::judge::archive;
use crate::judge::assess::{Assessment, Findings, assess};
use crate::judge::session::JudgeSession;
use crate::limits::JobBudget;
use crate::runtime::Runtime;

/// With less time left, no further call is made, in milliseconds.
const MIN_CALL_MS: u64 = 2_500;
/// The time of a call beyond its longest run, in milliseconds.
const MARGIN_MS: u64 = 1_500;

/// For how long the cases of one call should run where the job is watched, in
/// milliseconds, so that verdicts come now and then.
const WATCHED_MS: u64 = 2_000;
/// In how many calls the cases of a watched job are run at most, beside the first.
const WATCHED_CALLS: u64 = 6;
/// A call more than needed is made only with as many left, which is plenty for the
/// jobs beside it.
const SPARE_CALLS: u64 = 16;

/// Problems up to this size need no reservation of memory, in bytes.
const SMALL_BYTES: usize = 64 * 1024;

/// A submission that was judged.
pub struct Judged {
    /// What is shown of it.
    pub assessment: Assessment,
    /// How compiling went.
    pub compile: Option<Stage>,
    /// The language's version, where the endpoint says it.
    pub version: Option<String>,
    /// What judging it again needs.
    pub archive: SubmissionArchive,
}

/// Whose job it is, and for whom it is judged.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Whether we issued its id.
    pub ours: bool,
    /// Where verdicts are noted as they come.
    pub report: Option<&'a LiveReport>,
}

/// How judging ended.
pub enum JudgeEnd {
    /// With verdicts.
    Judged(Box<Judged>),
    /// The time is over, and cases are left for a fresh invocation.
    Unfinished(Progress),
}

/// Judges by archived answers, if those are enough: they must be answers to the
/// same inputs, one for every case that counts.
pub fn judge_again(cached: &CachedProblem, job: &Job) -> Option<Judged> {
    let problem = &cached.problem;
    let runs = archive::runs(job.archived.as_ref()?, &cached.inputs, problem)?;
    let usages = runs.iter().flatten().map(|run| run.usage);
    let findings = Findings {
        runs: &runs,
        evidence: &[],
        failure: None,
        peak_usage: usages.fold(Usage::default(), Usage::max),
        checker_fault: None,
    };
    let assessment = assess(problem, &cached.version, &findings);
    // Where the first failure ends judging, later cases were not run.
    let complete = assessment.judgement.failed_case.is_some() && problem.stop_on_first_fail
        || runs.iter().all(Option::is_some);
    complete.then(|| Judged {
        assessment,
        compile: None,
        version: None,
        archive: archive::archive(&job.source, &cached.version, &cached.inputs, &runs),
    })
}

/// Has a submission run and judges it. If the job is ours, it goes on from its
/// progress, and leaves what does not fit into its time; a foreign producer could
/// claim any progress. `endpoints` are those among which one is chosen for a checker
/// program.
pub async fn judge(
    cached: &CachedProblem,
    job: &Job,
    watch: Watch<'_>,
    (endpoints, endpoint): (&Endpoints, SelectedEndpoint<'_>),
    budget: &JobBudget,
    runtime: Runtime,
) -> Result<JudgeEnd, JudgeError> {
    let here = |error| JudgeError {
        error,
        at: Some(endpoint.id),
    };
    // The program and the inputs of all cases, and the body into which they are written
    // with every quotation mark escaped.
    let sent = cached.bytes + job.source.bytes();
    let mut bytes = if sent > SMALL_BYTES { 3 * sent } else { 0 };
    let checker = cached.problem.checker_program.as_deref();
    if checker.is_some() {
        bytes += checking::MEMORY_BYTES;
    }
    let left_ms = budget.remaining_ms((runtime.now_ms)());
    let requests = &budget.memory().requests;
    let Some(_memory) = requests.reserve(bytes, runtime.sleep, left_ms / 2).await else {
        // A fresh invocation may be in an instance that has.
        return Err(here(ExecutorError::BudgetExhausted(1)));
    };
    let Watch { ours, report } = watch;
    let nonce = hex(&(runtime.random)());
    let mut session = JudgeSession::new(&cached.problem, &job.language, &job.source, nonce);
    let known = job.progress.as_ref();
    let known = known.filter(|progress| ours && progress.version == cached.version);
    let known_count = known.map_or(0, |progress| {
        session.resume(progress);
        progress.count()
    });
    // What a fresh invocation goes on from, if this one has found something out.
    let unfinished = |session: &JudgeSession<'_>| {
        let may_go_on = ours && !session.is_decided();
        let progress = may_go_on.then(|| session.progress(&cached.version));
        progress.filter(|progress| progress.count() > known_count)
    };
    let mut calls = 0;
    while let Some(mut step) = session.next_step() {
        let left_ms = budget.remaining_ms((runtime.now_ms)());
        if let (Some(program), Some(_)) = (checker, &step.checks) {
            if left_ms < MIN_CALL_MS {
                if session.is_decided() {
                    break;
                }
                if let Some(progress) = unfinished(&session) {
                    return Ok(JudgeEnd::Unfinished(progress));
                }
            }
            if left_ms < checking::NEEDED_MS {
                match checking::find_time(budget, runtime) {
                    Err(error) if left_ms < MIN_CALL_MS => return Err(here(error)),
                    // A checker that has less than its limit is better than none.
                    _ => {}
                }
            }
            let within = (budget, runtime);
            let checked = checking::run(program, &mut session, step, job, endpoints, within);
            match checked.await {
                Ok(()) => {}
                Err(_) if session.is_decided() => break,
                Err(error) => return Err(error),
            }
            if let Some(report) = report {
                report.note(session.live_verdicts());
            }
            continue;
        }
        let run_ms = session.limits.time_ms.unwrap_or(0);
        let kept_ms = match checker {
            Some(_) => checking::kept_ms(left_ms, run_ms + MARGIN_MS, MIN_CALL_MS),
            None => 0,
        };
        let left_ms = left_ms.saturating_sub(kept_ms);
        // A run that gets less than its own limit could fail for want of time alone.
        if calls > 0 && left_ms < MIN_CALL_MS.max(run_ms + MARGIN_MS) {
            if let Some(progress) = unfinished(&session) {
                return Ok(JudgeEnd::Unfinished(progress));
            }
            if left_ms < MIN_CALL_MS {
                break;
            }
        }
        // A run that outlasted its call would look like a dead endpoint.
        let most_ms = left_ms.saturating_sub(MARGIN_MS).max(1);
        let limits = RunLimits {
            time_ms: session.limits.time_ms.map(|ms| ms.min(most_ms)),
            ..session.limits
        };
        let run = Run {
            language: &job.language,
            files: session.files(),
            args: &[],
            stdins: std::mem::take(&mut step.stdins),
            checks: None,
            stop_at_first_failure: step.stop_at_first_failure,
            limits,
            caller: job.caller(),
        };
        budget.hold_back(kept_ms);
        let executed = endpoint.execute(&run, budget).await;
        budget.extend(kept_ms);
        calls += 1;
        match executed {
            Ok(execution) => {
                if report.is_some() {
                    session.most_cases = next_cases(&execution, &session, budget);
                }
                session.take(&step, execution);
                if let Some(report) = report {
                    report.note(session.live_verdicts());
                }
            }
            // Only evidence is missing.
            Err(_) if session.is_decided() => break,
            Err(error) => return Err(here(error)),
        }
        budget.release_responses();
    }
    if let Some(fault) = &session.checker_fault {
        let report = session.checker_report.as_ref();
        (runtime.log)(&checking::fault_line(job, fault, report));
    }
    Ok(JudgeEnd::Judged(Box::new(conclude(cached, job, session))))
}

/// How many cases of a watched job are run next, after a call that ran some.
fn next_cases(execution: &Execution, session: &JudgeSession<'_>, budget: &JobBudget) -> usize {
    let ran = execution.runs.len() as u64;
    let wall_ms = |report: &StageReport| report.stage.wall_time_ms.unwrap_or(0);
    let ran_ms: u64 = execution.runs.iter().map(wall_ms).sum();
    // Code is compiled anew in each call.
    let wanted_ms = WATCHED_MS.max(2 * execution.compile.as_ref().map_or(0, wall_ms));
    let left = session.runs.iter().filter(|run| run.is_none()).count() as u64;
    if ran_ms < WATCHED_MS / 2 || budget.calls_left() < SPARE_CALLS {
        return usize::MAX;
    }
    let in_time = ran * wanted_ms / ran_ms;
    let cases = in_time
        .max(left.saturating_sub(ran).div_ceil(WATCHED_CALLS))
        .max(1);
    usize::try_from(cases).unwrap_or(usize::MAX)
}

fn conclude(cached: &CachedProblem, job: &Job, session: JudgeSession<'_>) -> Judged {
    let assessment = assess(&cached.problem, &cached.version, &session.findings());
    let has_internal_error = assessment.verdict == Verdict::InternalError
        || session
            .runs
            .iter()
            .flatten()
            .any(|run| run.verdict == Verdict::InternalError);
    let archive = if has_internal_error {
        SubmissionArchive::unjudged(&job.source)
    } else if session.failure.is_some() {
        // Code that does not compile is compiled again.
        archive::archive(&job.source, &cached.version, &cached.inputs, &[])
    } else {
        archive::archive(&job.source, &cached.version, &cached.inputs, &session.runs)
    };
    let archive = match &session.checker_report {
        Some(report) => archive.with_checker(report),
        None => archive,
    };
    Judged {
        archive,
        assessment,
        compile: session
            .compile
            .map(|report| report.stage.truncate_compiler_streams()),
        version: session.version,
    }
}
