//! Runs a submission: compiles it, unless the cache has the result, and runs it once
//! per case.
//!
//! It blocks, on one thread from start to end, so `api.rs` calls it on a thread for
//! blocking work. How a command is isolated is up to the sandbox.

use std::sync::Arc;
use std::time::Instant;

use crate::artifacts::{Artifact, ArtifactCache, Key};
use crate::languages::Language;
use crate::request::Submission;
use crate::sandbox::{Cancel, Command, Ending, File, Report, Sandbox};
use crate::wire::{ExecuteResponse, StageLimitsInfo, StageResult};

/// Bytes of output in one response after which no further case starts. A response is
/// built in memory, and a thousand cases may each write up to their own limit.
const MAX_RESPONSE_BYTES: usize = 16 << 20;

/// Why a submission has no result. The caller gets an empty 500.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The client has disconnected, or the runner is shutting down.
    #[error("cancelled")]
    Cancelled,
}

/// Runs a submission that arrived at this time. When it returns, nothing of the
/// submission is left.
pub fn execute(
    submission: &Submission,
    arrived: Instant,
    sandbox: &dyn Sandbox,
    cache: &ArtifactCache,
    cancel: &Cancel,
) -> Result<ExecuteResponse, ExecuteError> {
    let execution = Execution {
        submission,
        sandbox,
        cancel,
    };
    let mut response = ExecuteResponse {
        compile: None,
        run: StageResult::from(Report::failed("no case was run")),
        runs: submission.cases.as_ref().map(|_| Vec::new()),
        language: submission.runtime.language.name.clone(),
        version: submission.runtime.version.to_string(),
        sandbox: sandbox.tier().as_str(),
        limits: StageLimitsInfo::from(&submission.limits),
        queue_time: 0,
    };
    let mut artifact = None;
    if !submission.runtime.compile.is_empty() {
        let compiled = execution.compile(cache)?;
        response.compile = Some(compiled.stage.clone());
        if compiled.stage.status.is_some() {
            // As in Piston: a client that only reads `run` sees the failure.
            response.run = compiled.stage.clone();
            return Ok(response);
        }
        artifact = Some(compiled);
    }
    let files = artifact
        .as_ref()
        .map_or(&submission.files, |artifact| &artifact.files);
    match &submission.cases {
        None => response.run = execution.run(files, &submission.stdin)?,
        Some(cases) => {
            let runs = execution.run_cases(arrived, files, cases)?;
            let failed = runs.iter().find(|run| run.status.is_some());
            if let Some(shown) = failed.or(runs.last()) {
                response.run.clone_from(shown);
            }
            response.runs = Some(runs);
        }
    }
    Ok(response)
}

/// A submission being executed.
struct Execution<'a> {
    submission: &'a Submission,
    sandbox: &'a dyn Sandbox,
    cancel: &'a Cancel,
}

impl Execution<'_> {
    /// Compiles the submission, or takes the result from the cache.
    fn compile(&self, cache: &ArtifactCache) -> Result<Arc<Artifact>, ExecuteError> {
        let Submission {
            runtime,
            files,
            limits,
            ..
        } = self.submission;
        let argv = fill_in(&runtime.compile, self.submission);
        let key = Key::of(&argv, runtime, files);
        if let Some(artifact) = cache.get(&key) {
            return Ok(artifact);
        }
        let mut report = self.run_stage(&Command {
            argv: &argv,
            files,
            collect_files: true,
            mounts: &runtime.mounts,
            env: &runtime.env,
            // No compiler of the table reads it, and the result must not depend on
            // it, because the cache reuses the result for other inputs.
            stdin: b"",
            limits: limits.compile,
        })?;
        let files = std::mem::take(&mut report.files);
        let artifact = Arc::new(Artifact {
            stage: StageResult::from(report),
            files,
        });
        if artifact.stage.status.is_none() {
            cache.insert(key, &artifact);
        }
        Ok(artifact)
    }

    /// Runs the cases in order until one fails (if the submission asks for that),
    /// their time is over, or the response is long enough. Runs at least one.
    fn run_cases(
        &self,
        arrived: Instant,
        files: &[File],
        cases: &[Vec<u8>],
    ) -> Result<Vec<StageResult>, ExecuteError> {
        let mut runs: Vec<StageResult> = Vec::new();
        let mut output_bytes = 0;
        for stdin in cases {
            let is_late = self
                .submission
                .cases_timeout
                .is_some_and(|time| arrived.elapsed() >= time);
            if !runs.is_empty() && (is_late || output_bytes >= MAX_RESPONSE_BYTES) {
                break;
            }
            let run = self.run(files, stdin)?.with_memory_status();
            let has_failed = run.status.is_some();
            output_bytes += run.stdout.len() + run.stderr.len() + run.output.len();
            runs.push(run);
            if has_failed && self.submission.stop_at_first_failure {
                break;
            }
        }
        Ok(runs)
    }

    fn run(&self, files: &[File], stdin: &[u8]) -> Result<StageResult, ExecuteError> {
        let Submission {
            runtime,
            args,
            limits,
            ..
        } = self.submission;
        let mut argv = fill_in(&runtime.run, self.submission);
        argv.extend_from_slice(args);
        let report = self.run_stage(&Command {
            argv: &argv,
            files,
            collect_files: false,
            mounts: &runtime.mounts,
            env: &runtime.env,
            stdin,
            limits: limits.run,
        })?;
        Ok(StageResult::from(report))
    }

    /// Runs one command in the sandbox and logs a failure of the sandbox.
    fn run_stage(&self, command: &Command<'_>) -> Result<Report, ExecuteError> {
        let report = self.sandbox.run(command, self.cancel);
        match &report.ending {
            Ending::Cancelled => return Err(ExecuteError::Cancelled),
            Ending::Failed(reason) => {
                tracing::error!(
                    language = self.submission.runtime.language.name,
                    reason,
                    "a stage failed to run"
                );
            }
            _ => {}
        }
        Ok(report)
    }
}

/// Replaces the placeholders in a command of the table.
fn fill_in(command: &[String], submission: &Submission) -> Vec<String> {
    let main = without_leading_dash(&submission.main);
    let mut argv = Vec::new();
    for argument in command {
        if argument == "{sources}" {
            let sources = submission.sources.iter();
            argv.extend(sources.map(|name| without_leading_dash(name)));
        } else {
            argv.push(
                argument
                    .replace("{program}", &submission.runtime.program)
                    .replace("{file}", &main)
                    .replace("{stem}", stem(&submission.runtime.language, &main)),
            );
        }
    }
    argv
}

/// The same file's name in a form that no program takes for an option.
fn without_leading_dash(name: &str) -> String {
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
