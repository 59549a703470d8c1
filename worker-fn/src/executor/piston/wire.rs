//! Piston's v2 messages, as `POST /api/v2/execute` takes and gives them.
//!
//! Source: the project's `docs/api-v2.md` and `api/src/api/v2.js`. Fields that
//! older versions of Piston lack are optional here; fields we do not use are
//! not read. Our own runner's are `cases`, texts or
//! objects with files, `stop_at_first_failure`,
//! `cases_timeout`, `queue_timeout`, `allowance`, `streams` and the limits of output and answer in a request,
//! `runs` and `sandbox` in a response and `limit` in a stage; Piston passes them over.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use shared::domain::language::Language;
use shared::domain::stage::{Stage, Termination};

use crate::executor::connection::{text, whole};
use crate::executor::endpoint_states::{EndpointLanguage, EndpointLanguages};
use crate::executor::{Execution, RunFile, StageReport};

#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub language: &'a str,
    /// A semver selector; `*` is the newest version.
    pub version: &'a str,
    pub files: Vec<File<'a>>,
    /// With `cases`, the first of them, for an endpoint that does not know that
    /// member.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub stdin: &'a str,
    /// The program's arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases: Option<Cases<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_at_first_failure: Option<bool>,
    /// No further case is started after this many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases_timeout: Option<u64>,
    /// With no slot after this many milliseconds, the answer is 429.
    pub queue_timeout: u64,
    /// How long the job has waited already: among those of one caller, the one that
    /// has waited longest is the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_age: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_timeout: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_cpu_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_memory_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile_timeout: Option<u64>,
    /// Whether the limits are raised by what the language needs to start.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allowance: bool,
    /// `separate`: no `output`, which repeats both streams, and beside `runs` no
    /// `run`.
    pub streams: &'static str,
    /// Standard output of a run, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_output_limit: Option<u64>,
    /// Standard error of a run, in bytes.
    pub run_stderr_limit: usize,
    /// The whole response, in bytes.
    pub answer_limit: usize,
}

#[derive(Serialize)]
pub(super) struct File<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    pub content: Cow<'a, str>,
    /// Absent: utf8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<&'static str>,
}

impl<'a> From<&RunFile<'a>> for File<'a> {
    fn from(file: &RunFile<'a>) -> Self {
        Self {
            name: file.name,
            content: file.content.into(),
            encoding: file.is_base64.then_some("base64"),
        }
    }
}

/// Several runs.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Cases<'a> {
    Inputs(&'a [String]),
    WithFiles(Vec<Case<'a>>),
}

/// A run that finds files of its own.
#[derive(Serialize)]
pub(super) struct Case<'a> {
    pub stdin: &'a str,
    pub files: Vec<File<'a>>,
}

/// The answer to `POST /execute`.
pub(super) struct ExecuteResponse {
    pub execution: Execution,
    /// Whether the endpoint knows `cases`.
    pub knows_cases: bool,
    /// Whether the endpoint is our runner, which looks for syntax errors itself.
    pub is_our_runner: bool,
}

impl ExecuteResponse {
    /// For a response that is too long to be read: of whatever ran, it printed too
    /// much.
    pub(super) fn too_long() -> Self {
        let stage = Stage {
            termination: Termination::OutputLimit,
            signal: Some("SIGKILL".into()),
            message: Some("It printed more than can be judged.".into()),
            ..Stage::default()
        };
        let report = StageReport {
            stage,
            ..StageReport::default()
        };
        Self {
            execution: Execution {
                runs: vec![report],
                ..Execution::default()
            },
            knows_cases: true,
            is_our_runner: false,
        }
    }
}

/// Errors: the name of the part that is not as in Piston.
pub(super) fn execute_response(mut answer: Value) -> Result<ExecuteResponse, &'static str> {
    let version = text(&mut answer, "version")?.unwrap_or_default();
    let compile = match answer.get_mut("compile").map(Value::take) {
        None | Some(Value::Null) => None,
        Some(value) => Some(stage(value, "compile")?),
    };
    let runs = answer.get_mut("runs").map(Value::take);
    let knows_cases = matches!(runs, Some(Value::Array(_)));
    let is_our_runner = knows_cases || answer.get("sandbox").is_some();
    // When compiling fails, `run` only repeats it.
    let failed = compile
        .as_ref()
        .is_some_and(|compile| compile.stage.code != Some(0));
    let runs = match runs {
        _ if failed => Vec::new(),
        Some(Value::Array(runs)) if !runs.is_empty() => runs
            .into_iter()
            .map(|run| stage(run, "runs"))
            .collect::<Result<_, _>>()?,
        _ => {
            let run = answer.get_mut("run").map(Value::take);
            vec![stage(run.unwrap_or_default(), "run")?]
        }
    };
    Ok(ExecuteResponse {
        execution: Execution {
            version,
            compile,
            runs,
        },
        knows_cases,
        is_our_runner,
    })
}

fn stage(mut wire: Value, name: &'static str) -> Result<StageReport, &'static str> {
    if !wire.is_object() {
        return Err(name);
    }
    let measured = |name: &str| wire.get(name).and_then(Value::as_f64).map(whole);
    let (cpu_time_ms, wall_time_ms) = (measured("cpu_time"), measured("wall_time"));
    let memory_bytes = measured("memory");
    let code = wire.get("code").and_then(Value::as_i64);
    let mut text = |name| text(&mut wire, name);
    let signal = text("signal")?;
    let (status, limit) = (text("status")?, text("limit")?);
    let termination = match status.as_deref() {
        Some("TO") => Termination::TimeLimit,
        Some("OL") => Termination::OutputLimit,
        Some("EL") => Termination::StderrLimit,
        Some("XX") => Termination::EndpointFault,
        _ if code == Some(0) && signal.is_none() => Termination::Success,
        Some("ML") => Termination::MemoryLimit,
        _ if limit.as_deref() == Some("memory") => Termination::MemoryLimit,
        _ if signal.is_some() => Termination::Signal,
        _ => Termination::NonZeroExit,
    };
    Ok(StageReport {
        stage: Stage {
            stdout: text("stdout")?.unwrap_or_default(),
            stderr: text("stderr")?.unwrap_or_default(),
            truncated: false,
            code,
            signal,
            termination,
            message: text("message")?,
            cpu_time_ms,
            wall_time_ms,
            memory_bytes,
        },
        output: text("output")?.unwrap_or_default(),
        is_syntax_error: false,
    })
}

/// Errors: the name of the part that is not as in Piston.
pub(super) fn languages(answer: Value) -> Result<EndpointLanguages, &'static str> {
    let Value::Array(runtimes) = answer else {
        return Err("list");
    };
    runtimes
        .into_iter()
        .map(|mut runtime| {
            let aliases = match runtime.get("aliases") {
                Some(Value::Array(aliases)) => aliases
                    .iter()
                    .filter_map(|alias| Some(alias.as_str()?.to_owned()))
                    .collect(),
                _ => Vec::new(),
            };
            Ok(EndpointLanguage {
                language: Language {
                    language: text(&mut runtime, "language")?.ok_or("language")?,
                    version: text(&mut runtime, "version")?.ok_or("version")?,
                    aliases,
                },
                id: 0,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use fuzz::{fuzz, mutated};

    use super::*;
    use serde_json::json;

    #[test]
    fn how_a_run_ended_is_read_from_status_code_signal_and_limit() {
        for (wire, termination) in [
            (json!({"code": 0}), Termination::Success),
            (json!({"code": 3, "status": "RE"}), Termination::NonZeroExit),
            (json!({"code": 1}), Termination::NonZeroExit),
            (json!({}), Termination::NonZeroExit),
            (
                json!({"signal": "SIGSEGV", "status": "SG"}),
                Termination::Signal,
            ),
            (json!({"code": 0, "signal": "SIGKILL"}), Termination::Signal),
            (
                json!({"signal": "SIGKILL", "status": "TO"}),
                Termination::TimeLimit,
            ),
            (
                json!({"signal": "SIGKILL", "status": "OL"}),
                Termination::OutputLimit,
            ),
            (
                json!({"signal": "SIGKILL", "status": "EL"}),
                Termination::StderrLimit,
            ),
            (json!({"status": "XX"}), Termination::EndpointFault),
            (
                json!({"signal": "SIGKILL", "status": "ML"}),
                Termination::MemoryLimit,
            ),
            (
                json!({"signal": "SIGKILL", "status": "SG", "limit": "memory"}),
                Termination::MemoryLimit,
            ),
        ] {
            let report = stage(wire.clone(), "run").unwrap();
            assert_eq!(report.stage.termination, termination, "{wire}");
        }
    }

    #[test]
    fn any_answer_is_read_or_refused() {
        let answer = r#"{"language":"python","version":"3.11","compile":{"code":1,"stderr":"e","output":"e"},"runs":[{"stdout":"5\n","code":0,"signal":null,"status":"TO","cpu_time":3,"memory":1e3,"limit":"memory"}],"run":{"stdout":"","code":0}}"#;
        let runtimes = r#"[{"language":"python","version":"3.11","aliases":["py",3]}]"#;
        fuzz(&mutated(&[answer, runtimes]), |body| {
            if let Ok(value) = serde_json::from_slice::<Value>(&body) {
                let _ = execute_response(value.clone());
                let _ = languages(value);
            }
            Ok(())
        });
    }
}
