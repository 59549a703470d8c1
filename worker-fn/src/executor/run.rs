//! What an endpoint is asked to run, and what it reports.

use shared::domain::stage::{Stage, Termination};

use super::ExecutorError;
use super::checks::Checks;
use super::endpoint_states::EndpointLanguages;
use super::syntax::is_syntax_error;
use crate::limits::JobBudget;

/// What is to be run.
#[derive(Debug)]
pub struct Run<'a> {
    /// A language's name or alias.
    pub language: &'a str,
    /// The files, one or more: the first is the one that is run.
    pub files: Vec<RunFile<'a>>,
    /// The program's arguments, if it is no checker.
    pub args: &'a [String],
    /// The standard inputs, one or more; the program is started once for each.
    pub stdins: Vec<String>,
    /// For a checker: what it finds beside its standard input.
    pub checks: Option<Checks>,
    /// Whether no further input is wanted after the first run that fails.
    pub stop_at_first_failure: bool,
    /// The limits of each run.
    pub limits: RunLimits,
    /// For whom it is run: an endpoint with a fair queue takes turns by it. Our
    /// runner does; Judge0 has no such thing.
    pub caller: Option<&'a str>,
}

impl<'a> Run<'a> {
    /// The text of the file that is run.
    pub fn main(&self) -> &'a str {
        self.files.first().map_or("", |file| file.content)
    }

    /// The program's arguments: a checker's are the names of what it reads.
    pub(super) fn arguments(&self) -> Vec<&str> {
        match &self.checks {
            Some(checks) => checks.args.to_vec(),
            None => self.args.iter().map(String::as_str).collect(),
        }
    }
}

/// A file of a run.
#[derive(Debug, Clone, Copy)]
pub struct RunFile<'a> {
    /// Its name below the program's folder. `None`: the endpoint names it by the
    /// language.
    pub name: Option<&'a str>,
    /// Its text, or its bytes in base64.
    pub content: &'a str,
    /// Whether `content` is base64 of the file's bytes. Never of the first file.
    pub is_base64: bool,
}

impl<'a> RunFile<'a> {
    /// A source file that the endpoint names.
    pub fn source(content: &'a str) -> Self {
        Self {
            name: None,
            content,
            is_base64: false,
        }
    }

    /// A text file.
    pub fn named(name: &'a str, content: &'a str) -> Self {
        Self {
            name: Some(name),
            content,
            is_base64: false,
        }
    }
}

/// Limits of a run. `None`: what is configured for all runs, or else the
/// endpoint's own. An endpoint refuses what is above its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunLimits {
    /// CPU time, in milliseconds. Wall time follows from it where the endpoint
    /// has limits for both.
    pub time_ms: Option<u64>,
    /// Memory, in bytes.
    pub memory_bytes: Option<u64>,
    /// Standard output, in bytes. Of a function it is the harness's frames, which
    /// have no limit but that of a response.
    pub output_bytes: Option<u64>,
}

/// What an endpoint reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Execution {
    /// The version of the language; empty where the endpoint does not say it.
    pub version: String,
    /// How compiling went, for languages that compile.
    pub compile: Option<StageReport>,
    /// How the runs went, in the order of the inputs: at least the first, and
    /// as many as there was time for. None when compiling failed.
    pub runs: Vec<StageReport>,
}

impl Execution {
    /// Looks for syntax errors in what was printed, for an endpoint that does not look for
    /// them itself.
    pub(super) fn note_syntax_errors(&mut self, language: &str) {
        for report in &mut self.runs {
            report.is_syntax_error = is_syntax_error(language, &report.stage);
        }
    }

    /// The stage that the endpoint itself failed at, if one is.
    pub fn endpoint_fault(&self) -> Option<&StageReport> {
        let mut stages = self.compile.iter().chain(&self.runs);
        stages.find(|report| report.stage.termination == Termination::EndpointFault)
    }

    /// The CPU time and the wall time, in milliseconds, of a compiler that the wall
    /// clock stopped and that had worked for less than a third of the time: on a machine
    /// with time for it, the code may compile.
    pub fn starved_compiler(&self) -> Option<(u64, u64)> {
        let stage = &self.compile.as_ref()?.stage;
        if stage.termination != Termination::TimeLimit {
            return None;
        }
        let times = stage.cpu_time_ms.zip(stage.wall_time_ms);
        times.filter(|(cpu_ms, wall_ms)| cpu_ms.saturating_mul(3) < *wall_ms)
    }
}

/// One stage, and both its streams in the order in which they were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageReport {
    /// As in the result, but with whole streams.
    pub stage: Stage,
    /// Both streams interleaved, where the endpoint reports that.
    pub output: String,
    /// Whether the language printed that it could not load the program because of its
    /// syntax. Only of runs on an endpoint that does not look for such errors itself. The
    /// program may have printed that, with an input in it: it says what the failure is
    /// called, and not that more may be shown.
    pub is_syntax_error: bool,
}

impl StageReport {
    /// Whether it ended by itself, with exit code 0.
    pub fn is_success(&self) -> bool {
        self.stage.termination == Termination::Success
    }

    /// Has each stream say `with(stream)`.
    pub fn rewrite(&mut self, with: impl Fn(&str) -> String) {
        let stage = &mut self.stage;
        for text in [&mut stage.stdout, &mut stage.stderr, &mut self.output] {
            *text = with(text);
        }
    }
}

/// A client for one kind of endpoint.
pub(super) trait ExecutionClient {
    /// The languages that it can run. One call, of `timeout_ms` at most.
    async fn languages(&self, timeout_ms: u64) -> Result<EndpointLanguages, ExecutorError>;

    /// Runs code, within what is left of `budget`.
    async fn execute(&self, run: &Run<'_>, budget: &JobBudget) -> Result<Execution, ExecutorError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_was_starved_if_the_wall_clock_stopped_it_and_it_had_mostly_waited() {
        use Termination::{NonZeroExit, Success, TimeLimit};
        for (termination, cpu_ms, wall_ms, starved) in [
            (TimeLimit, Some(2_300), Some(25_003), true),
            (TimeLimit, Some(0), Some(25_003), true),
            (TimeLimit, Some(3_333), Some(10_000), true),
            (TimeLimit, Some(3_334), Some(10_000), false),
            // The limit of CPU time.
            (TimeLimit, Some(10_000), Some(10_100), false),
            (TimeLimit, Some(u64::MAX), Some(10_000), false),
            // An endpoint that measures only one of them.
            (TimeLimit, None, Some(25_003), false),
            (TimeLimit, Some(2_300), None, false),
            (NonZeroExit, Some(300), Some(9_000), false),
            (Success, Some(300), Some(9_000), false),
        ] {
            let report = StageReport {
                stage: Stage {
                    termination,
                    cpu_time_ms: cpu_ms,
                    wall_time_ms: wall_ms,
                    ..Stage::default()
                },
                ..StageReport::default()
            };
            let compiled = Execution {
                compile: Some(report.clone()),
                ..Execution::default()
            };
            let times = cpu_ms.zip(wall_ms).filter(|_| starved);
            assert_eq!(
                compiled.starved_compiler(),
                times,
                "{termination:?} {cpu_ms:?}"
            );
            // A program may wait for as long as it likes.
            let run = Execution {
                runs: vec![report],
                ..Execution::default()
            };
            assert_eq!(run.starved_compiler(), None);
        }
    }
}
