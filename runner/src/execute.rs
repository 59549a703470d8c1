//! A job's way through its stages: compile, or find it compiled, then run once
//! for each case.
//!
//! Blocking, and on one thread from beginning to end; `api.rs` calls it where
//! blocking is allowed.

use std::sync::Arc;
use std::time::Instant;

use crate::artifacts::{Artifact, Artifacts, Key};
use crate::languages::Language;
use crate::request::Job;
use crate::sandbox::{Cancel, Ending, File, Report, Request, Sandbox};
use crate::wire::{Execution, LimitsInfo, Stage};

/// Bytes of output in one answer, beyond which no further case is begun. Each case
/// may write its own limit, and there may be a thousand; an answer is put together
/// in memory.
const ANSWER_BYTES: usize = 16 << 20;

/// Why a job has no result. The caller learns nothing of it (500).
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// Nobody waits any more, or the runner is shutting down.
    #[error("cancelled")]
    Cancelled,
}

/// Runs the job, which arrived at this time, to its end. Whatever it left is gone
/// when this returns.
pub fn execute(
    job: &Job,
    arrived: Instant,
    sandbox: &dyn Sandbox,
    artifacts: &Artifacts,
    cancel: &Cancel,
) -> Result<Execution, ExecuteError> {
    let mut answer = Execution {
        compile: None,
        run: Stage::from(Report::failed("no case was run")),
        runs: job.cases.as_ref().map(|_| Vec::new()),
        language: job.runtime.language.name.clone(),
        version: job.runtime.version.to_string(),
        sandbox: sandbox.tier().as_str(),
        limits: LimitsInfo::from(&job.stages),
        queue_time: 0,
    };
    let mut files = None;
    if !job.runtime.compile.is_empty() {
        let compiled = compile(job, sandbox, artifacts, cancel)?;
        answer.compile = Some(compiled.stage.clone());
        if compiled.stage.status.is_some() {
            // As in Piston, so that whoever only reads `run` sees the failure.
            answer.run = compiled.stage.clone();
            return Ok(answer);
        }
        files = Some(compiled);
    }
    let files = files
        .as_ref()
        .map_or(&job.files, |compiled| &compiled.files);
    match &job.cases {
        None => answer.run = run(job, files, &job.stdin, sandbox, cancel)?,
        Some(cases) => run_cases(job, arrived, files, cases, sandbox, cancel, &mut answer)?,
    }
    Ok(answer)
}

/// Runs the cases in their order, every one unless there is a reason to begin no
/// further: a failure, the time, or the length of the answer. `run` becomes the
/// first that failed, or the last.
fn run_cases(
    job: &Job,
    arrived: Instant,
    files: &[File],
    cases: &[Vec<u8>],
    sandbox: &dyn Sandbox,
    cancel: &Cancel,
    answer: &mut Execution,
) -> Result<(), ExecuteError> {
    let mut runs: Vec<Stage> = Vec::new();
    let mut output_bytes = 0;
    for stdin in cases {
        let is_late = job
            .cases_timeout
            .is_some_and(|time| arrived.elapsed() >= time);
        if !runs.is_empty() && (is_late || output_bytes >= ANSWER_BYTES) {
            break;
        }
        let stage = run(job, files, stdin, sandbox, cancel)?.told_in_full();
        let is_bad = stage.status.is_some();
        output_bytes += stage.stdout.len() + stage.stderr.len() + stage.output.len();
        runs.push(stage);
        if is_bad && job.stop_at_first_failure {
            break;
        }
    }
    let told = runs.iter().find(|stage| stage.status.is_some());
    if let Some(told) = told.or(runs.last()) {
        answer.run.clone_from(told);
    }
    answer.runs = Some(runs);
    Ok(())
}

fn compile(
    job: &Job,
    sandbox: &dyn Sandbox,
    artifacts: &Artifacts,
    cancel: &Cancel,
) -> Result<Arc<Artifact>, ExecuteError> {
    let argv = fill_in(&job.runtime.compile, job);
    let key = Key::of(&argv, &job.runtime, &job.files);
    if let Some(artifact) = artifacts.get(&key) {
        return Ok(artifact);
    }
    let mut report = hold(
        job,
        &Request {
            argv: &argv,
            files: &job.files,
            keep_files: true,
            mounts: &job.runtime.mounts,
            env: &job.runtime.env,
            // No compiler of the table reads it, and what it does must not
            // depend on it: the result is kept for other inputs.
            stdin: b"",
            limits: job.stages.compile,
        },
        sandbox,
        cancel,
    )?;
    let files = std::mem::take(&mut report.files);
    let artifact = Arc::new(Artifact {
        stage: Stage::from(report),
        files,
    });
    if artifact.stage.status.is_none() {
        artifacts.put(key, &artifact);
    }
    Ok(artifact)
}

fn run(
    job: &Job,
    files: &[File],
    stdin: &[u8],
    sandbox: &dyn Sandbox,
    cancel: &Cancel,
) -> Result<Stage, ExecuteError> {
    let mut argv = fill_in(&job.runtime.run, job);
    argv.extend_from_slice(&job.args);
    let request = Request {
        argv: &argv,
        files,
        keep_files: false,
        mounts: &job.runtime.mounts,
        env: &job.runtime.env,
        stdin,
        limits: job.stages.run,
    };
    hold(job, &request, sandbox, cancel).map(Stage::from)
}

fn hold(
    job: &Job,
    request: &Request<'_>,
    sandbox: &dyn Sandbox,
    cancel: &Cancel,
) -> Result<Report, ExecuteError> {
    let report = sandbox.run(request, cancel);
    match &report.ending {
        Ending::Cancelled => return Err(ExecuteError::Cancelled),
        Ending::Failed(reason) => {
            tracing::error!(
                language = job.runtime.language.name,
                reason,
                "a stage failed to run"
            );
        }
        _ => {}
    }
    Ok(report)
}

/// Puts the job into a command of the table.
fn fill_in(command: &[String], job: &Job) -> Vec<String> {
    let main = plain(&job.main);
    let mut argv = Vec::new();
    for word in command {
        if word == "{sources}" {
            argv.extend(job.sources.iter().map(|name| plain(name)));
        } else {
            argv.push(
                word.replace("{program}", &job.runtime.program)
                    .replace("{file}", &main)
                    .replace("{stem}", stem(&job.runtime.language, &main)),
            );
        }
    }
    argv
}

/// A name that no program takes for an option.
fn plain(name: &str) -> String {
    if name.starts_with('-') {
        format!("./{name}")
    } else {
        name.to_owned()
    }
}

fn stem<'a>(language: &Language, name: &'a str) -> &'a str {
    match name.rsplit_once('.') {
        Some((stem, _)) if language.accepts(name) => stem,
        _ => name,
    }
}
