//! Runs a submission: compiles it, unless the cache has the result, and runs it once
//! per case.
//!
//! It blocks, on one thread from start to end, so `api.rs` calls it on a thread for
//! blocking work. How a command is isolated is up to the sandbox.

use std::sync::Arc;
use std::time::Instant;

use crate::answer::{Budget, Fit};
use crate::artifacts::{Artifact, ArtifactCache, Key};
use crate::compiler_limits::name_limit;
use crate::languages::Language;
use crate::request::Submission;
use crate::sandbox::{Cancel, Command, Ending, File, Report, Sandbox};
use crate::wire::{ExecuteResponse, StageLimitsInfo, StageResult};

/// Why a submission has no result. The caller gets a 503: the same submission may be
/// run elsewhere, or later.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The client has disconnected, or the runner is shutting down.
    #[error("cancelled")]
    Cancelled,
    /// The machine lacks what a run needs.
    #[error("a program cannot be started now")]
    Unavailable,
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
    let repeats_a_run = submission.cases.is_some() && !submission.separate_streams;
    let mut budget = Budget::new(submission.answer_bytes, repeats_a_run);
    let mut response = ExecuteResponse {
        compile: None,
        run: None,
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
        let mut stage = compiled.stage.clone();
        if submission.separate_streams {
            stage.output = None;
        }
        budget.take_compilation(&mut stage);
        let has_failed = stage.status.is_some();
        response.compile = Some(stage);
        if has_failed {
            if submission.cases.is_none() || !submission.separate_streams {
                // As in Piston: a client that only reads `run` sees the failure.
                response.run.clone_from(&response.compile);
            }
            return Ok(response);
        }
        artifact = Some(compiled);
    }
    let files = artifact
        .as_ref()
        .map_or(&submission.files, |artifact| &artifact.files);
    let Some(cases) = &submission.cases else {
        let mut run = execution.run(files, &submission.stdin)?;
        budget.take_run(&mut run);
        response.run = Some(run);
        return Ok(response);
    };
    let runs = execution.run_cases(arrived, files, cases, budget)?;
    if !submission.separate_streams {
        let failed = runs.iter().find(|run| run.status.is_some());
        response.run = failed.or(runs.last()).cloned();
    }
    response.runs = Some(runs);
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
            // The cache reuses the result for requests that want it.
            combine_output: true,
            limits: limits.compile,
        })?;
        let files = std::mem::take(&mut report.files);
        let mut stage = StageResult::from(report);
        name_limit(&mut stage, &limits.compile);
        let artifact = Arc::new(Artifact { stage, files });
        if artifact.stage.status.is_none() {
            cache.insert(key, &artifact);
        }
        Ok(artifact)
    }

    /// Runs the cases in order until one fails (if the submission asks for that),
    /// their time is over, or the response is full. Runs at least one.
    fn run_cases(
        &self,
        arrived: Instant,
        files: &[File],
        cases: &[Vec<u8>],
        mut budget: Budget,
    ) -> Result<Vec<StageResult>, ExecuteError> {
        let mut runs: Vec<StageResult> = Vec::new();
        for stdin in cases {
            let is_late = self
                .submission
                .cases_timeout
                .is_some_and(|time| arrived.elapsed() >= time);
            if !runs.is_empty() && (is_late || !budget.allows_a_run()) {
                break;
            }
            let mut run = match self.run(files, stdin) {
                Ok(run) => run.with_memory_status(),
                // What is known already is worth more than nothing.
                Err(ExecuteError::Unavailable) if !runs.is_empty() => break,
                Err(error) => return Err(error),
            };
            if budget.take_run(&mut run) == Fit::Left {
                break;
            }
            let has_failed = run.status.is_some();
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
            combine_output: !self.submission.separate_streams,
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
            Ending::Unavailable(reason) => {
                tracing::error!(
                    language = self.submission.runtime.language.name,
                    reason,
                    "a stage could not be run now"
                );
                return Err(ExecuteError::Unavailable);
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
