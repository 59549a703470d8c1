//! Piston's v2 messages, as `POST /api/v2/execute` takes and gives them.
//!
//! Source: the project's `docs/api-v2.md` and `api/src/api/v2.js`. Fields that
//! older versions of Piston lack are optional here; fields we do not use are
//! not read. `cases`, `stop_at_first_failure` and `cases_timeout` in a request,
//! `runs` in an answer and `limit` in a stage are our own runner's.

use serde::Serialize;
use serde_json::Value;
use shared::language::Language;
use shared::result::Stage;

use crate::executor::connection::{text, whole};
use crate::executor::memory::{List, Offered};
use crate::executor::{Execution, StageReport};

#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub language: &'a str,
    /// A semver selector; `*` is the newest there is.
    pub version: &'a str,
    pub files: [File<'a>; 1],
    /// With `cases`, the first of them, for an endpoint that does not know those.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub stdin: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_at_first_failure: Option<bool>,
    /// After so many milliseconds no further case is begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases_timeout: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_timeout: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_cpu_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_memory_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile_timeout: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct File<'a> {
    pub content: &'a str,
}

/// What was answered.
pub(super) struct Answer {
    pub execution: Execution,
    /// Whether the endpoint knew `cases`.
    pub several: bool,
}

/// Errors: the name of what is not as in Piston.
pub(super) fn answer(mut answer: Value) -> Result<Answer, &'static str> {
    let version = text(&mut answer, "version")?.unwrap_or_default();
    let compile = match answer.get_mut("compile").map(Value::take) {
        None | Some(Value::Null) => None,
        Some(value) => Some(stage(value, "compile")?),
    };
    let runs = answer.get_mut("runs").map(Value::take);
    let several = matches!(runs, Some(Value::Array(_)));
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
    Ok(Answer {
        execution: Execution {
            version,
            compile,
            runs,
        },
        several,
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
    Ok(StageReport {
        stage: Stage {
            stdout: text("stdout")?.unwrap_or_default(),
            stderr: text("stderr")?.unwrap_or_default(),
            truncated: false,
            code,
            signal: text("signal")?,
            status: text("status")?,
            message: text("message")?,
            cpu_time_ms,
            wall_time_ms,
            memory_bytes,
        },
        output: text("output")?.unwrap_or_default(),
        limit: text("limit")?,
    })
}

/// Errors: the name of what is not as in Piston.
pub(super) fn languages(answer: Value) -> Result<List, &'static str> {
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
            Ok(Offered {
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
