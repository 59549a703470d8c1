//! Runs a submission: compiles it, unless the cache has the result, and runs it once
//! per case.
//!
//! It blocks, on one thread from start to end, so `api.rs` calls it on a thread for
//! blocking work. How a command is isolated is up to the sandbox.

use std::sync::Arc;
use std::time::Instant;

use crate::answer::{Budget, Fit};
use crate::artifacts::{Artifact, ArtifactCache, Key};
use crate::commands::{checks, fill_in};
use crate::compiler_limits::name_limit;
use crate::explain;
use crate::notes;
use crate::request::{Case, Submission};
use crate::sandbox::{Cancel, Command, Ending, File, Report, Sandbox};
use crate::warm_pool::LaunchKey;
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
        allowance: submission.runtime.language.allowance,
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
        let mistake = match execution.may_be_invalid(&run) {
            true => execution.check()?,
            false => None,
        };
        if let Some(mut mistake) = mistake {
            budget.take_compilation(&mut mistake);
            response.run = Some(mistake.clone());
            response.compile = Some(mistake);
        } else {
            budget.take_run(&mut run);
            response.run = Some(run);
        }
        return Ok(response);
    };
    let runs = match execution.run_cases(arrived, files, cases, &mut budget)? {
        Cases::Run(runs) => runs,
        Cases::Invalid(mut mistake) => {
            budget.take_compilation(&mut mistake);
            if !submission.separate_streams {
                response.run = Some(mistake.clone());
            }
            response.compile = Some(mistake);
            return Ok(response);
        }
    };
    if !submission.separate_streams {
        let failed = runs.iter().find(|run| run.status.is_some());
        response.run = failed.or(runs.last()).cloned();
    }
    response.runs = Some(runs);
    Ok(response)
}

/// What a sandbox must be made for in which this submission can run.
pub(crate) fn launch_key(submission: &Submission) -> LaunchKey {
    let argv = run_argv(submission, &submission.files);
    LaunchKey::of(&run_command(submission, &argv, &[], b""))
}

fn run_argv(submission: &Submission, files: &[File]) -> Vec<String> {
    let mut argv = fill_in(&submission.runtime.run, submission, files);
    argv.extend_from_slice(&submission.args);
    argv
}

fn run_command<'a>(
    submission: &'a Submission,
    argv: &'a [String],
    files: &'a [File],
    stdin: &'a [u8],
) -> Command<'a> {
    let runtime = &submission.runtime;
    Command {
        argv,
        files,
        collect_files: false,
        mounts: &runtime.mounts,
        env: &runtime.env,
        stdin,
        combine_output: !submission.separate_streams,
        interrupt: runtime.language.interrupt,
        prewarm: runtime.language.prewarm,
        limits: submission.limits.run,
    }
}

/// What became of a submission's cases.
enum Cases {
    /// The results of those that were run.
    Run(Vec<StageResult>),
    /// The source code is not valid, and this is why.
    Invalid(StageResult),
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
        let argv = fill_in(&runtime.compile, self.submission, files);
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
            interrupt: false,
            prewarm: false,
            limits: limits.compile,
        })?;
        let compiled = std::mem::take(&mut report.files);
        let mut stage = StageResult::from(report);
        name_limit(&mut stage, &limits.compile);
        explain::name_overwritten(&mut stage, files, &compiled);
        if stage.status.is_none() {
            self.add_notes(&mut stage)?;
        }
        let artifact = Arc::new(Artifact {
            stage,
            files: compiled,
        });
        if artifact.stage.status.is_none() {
            cache.insert(key, &artifact);
        }
        Ok(artifact)
    }

    /// Adds to the result of a compilation what else can be said about the code. A check
    /// that fails or takes too long says nothing.
    fn add_notes(&self, stage: &mut StageResult) -> Result<(), ExecuteError> {
        let Submission {
            runtime,
            files,
            sources,
            limits,
            ..
        } = self.submission;
        if runtime.notes.is_empty() {
            return Ok(());
        }
        let checked = self.run_stage(&Command {
            argv: &fill_in(&runtime.notes, self.submission, files),
            files,
            collect_files: false,
            mounts: &runtime.mounts,
            env: &runtime.env,
            stdin: b"",
            combine_output: false,
            interrupt: false,
            prewarm: false,
            limits: notes::limits(&limits.compile),
        });
        let checked = match checked {
            Ok(report) => StageResult::from(report),
            Err(ExecuteError::Unavailable) => return Ok(()),
            Err(cancelled) => return Err(cancelled),
        };
        stage.cpu_time += checked.cpu_time;
        stage.wall_time += checked.wall_time;
        stage.memory = stage.memory.max(checked.memory);
        if checked.code.is_some() {
            let notes = notes::notes(&checked.stdout, sources);
            stage.stderr.push_str(&notes);
            if let Some(output) = &mut stage.output {
                output.push_str(&notes);
            }
        }
        Ok(())
    }

    /// Runs the cases in order until one fails (if the submission asks for that),
    /// their time is over, or the response is full. Runs at least one.
    fn run_cases(
        &self,
        arrived: Instant,
        files: &[File],
        cases: &[Case],
        budget: &mut Budget,
    ) -> Result<Cases, ExecuteError> {
        let mut runs: Vec<StageResult> = Vec::new();
        let mut is_checked = false;
        for case in cases {
            let is_late = self
                .submission
                .cases_timeout
                .is_some_and(|time| arrived.elapsed() >= time);
            if !runs.is_empty() && (is_late || !budget.allows_a_run()) {
                break;
            }
            let own: Vec<File>;
            let seen = if case.files.is_empty() {
                files
            } else {
                own = files.iter().chain(&case.files).cloned().collect();
                &own
            };
            let mut run = match self.run(seen, &case.stdin) {
                Ok(run) => run.with_memory_status(),
                // What is known already is worth more than nothing.
                Err(ExecuteError::Unavailable) if !runs.is_empty() => break,
                Err(error) => return Err(error),
            };
            // Not the first case alone: some languages read as they go, and end before
            // the mistake.
            if !is_checked && self.may_be_invalid(&run) {
                is_checked = true;
                match self.check() {
                    Ok(None) => {}
                    Ok(Some(mistake)) => return Ok(Cases::Invalid(mistake)),
                    Err(ExecuteError::Unavailable) if !runs.is_empty() => break,
                    Err(error) => return Err(error),
                }
            }
            if budget.take_run(&mut run) == Fit::Left {
                break;
            }
            let has_failed = run.status.is_some();
            runs.push(run);
            if has_failed && self.submission.stop_at_first_failure {
                break;
            }
        }
        Ok(Cases::Run(runs))
    }

    /// Whether a run may have failed because the source code is not valid.
    fn may_be_invalid(&self, run: &StageResult) -> bool {
        let language = &self.submission.runtime.language;
        let is_printed = |text: &String| run.stderr.contains(text) || run.stdout.contains(text);
        run.status == Some("RE") && language.check_if.iter().any(is_printed)
    }

    /// The result of the command that checks the source code, as a compiler's, if that is
    /// not valid.
    fn check(&self) -> Result<Option<StageResult>, ExecuteError> {
        let Submission {
            runtime,
            files,
            limits,
            separate_streams,
            ..
        } = self.submission;
        let started = Instant::now();
        for argv in checks(&runtime.check, self.submission, files) {
            // All of them together may take as long as one compilation.
            if started.elapsed() >= limits.compile.wall {
                break;
            }
            let report = self.run_stage(&Command {
                argv: &argv,
                files,
                collect_files: false,
                mounts: &runtime.mounts,
                env: &runtime.env,
                stdin: b"",
                combine_output: !separate_streams,
                interrupt: false,
                prewarm: false,
                limits: limits.compile,
            })?;
            if matches!(report.ending, Ending::Exited(code) if code != 0) {
                return Ok(Some(StageResult::from(report)));
            }
        }
        Ok(None)
    }

    fn run(&self, files: &[File], stdin: &[u8]) -> Result<StageResult, ExecuteError> {
        let Submission {
            runtime, limits, ..
        } = self.submission;
        let argv = run_argv(self.submission, files);
        let report = self.run_stage(&run_command(self.submission, &argv, files, stdin))?;
        let mut stage = StageResult::from(report);
        explain::name_memory(&mut stage, &runtime.language.out_of_memory);
        explain::name_signal(&mut stage, &limits.run);
        if stage.status == Some("RE") && !runtime.input_check.is_empty() && !stdin.is_empty() {
            self.check_input(&mut stage, stdin)?;
        }
        Ok(stage)
    }

    /// Says of a failed run that its input fails without the program too, where the
    /// language executes the input first.
    fn check_input(&self, stage: &mut StageResult, stdin: &[u8]) -> Result<(), ExecuteError> {
        let input_check = &self.submission.runtime.input_check;
        let argv = fill_in(input_check, self.submission, &[]);
        let report = self.run_stage(&Command {
            prewarm: false,
            ..run_command(self.submission, &argv, &[], stdin)
        })?;
        if matches!(report.ending, Ending::Exited(code) if code != 0) {
            explain::blame_input(stage);
        }
        Ok(())
    }

    /// Runs one command in the sandbox and logs a failure of the sandbox.
    fn run_stage(&self, command: &Command<'_>) -> Result<Report, ExecuteError> {
        let mut report = self.sandbox.run(command, self.cancel);
        explain::hide_folders(&mut report, command.files, command.mounts);
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
