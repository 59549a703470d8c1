//! Piston's v2 messages, as `POST /api/v2/execute` takes and gives them.
//!
//! Source: the project's `docs/api-v2.md` and `api/src/api/v2.js`. Fields that
//! older versions of Piston lack are optional here; fields we do not use are
//! not read.

use serde::{Deserialize, Serialize};
use shared::result::{MAX_STREAM_BYTES, Stage, cut};

use super::{Execution, StageReport};

#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub language: &'a str,
    /// A semver selector; `*` is the newest there is.
    pub version: &'a str,
    pub files: [File<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_timeout: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile_timeout: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct File<'a> {
    pub content: &'a str,
}

#[derive(Deserialize)]
pub(super) struct Response {
    #[serde(default)]
    version: String,
    run: WireStage,
    compile: Option<WireStage>,
}

/// `{"message":"…"}`, with every status of 400 and above but 500.
#[derive(Deserialize)]
pub(super) struct Failure {
    pub message: String,
}

#[derive(Deserialize)]
struct WireStage {
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
    #[serde(default)]
    output: String,
    code: Option<i64>,
    signal: Option<String>,
    message: Option<String>,
    status: Option<String>,
    /// Milliseconds.
    cpu_time: Option<f64>,
    /// Milliseconds.
    wall_time: Option<f64>,
    /// Bytes.
    memory: Option<f64>,
}

impl From<Response> for Execution {
    fn from(response: Response) -> Self {
        // When compiling fails, `run` only repeats it.
        let failed = response
            .compile
            .as_ref()
            .is_some_and(|compile| compile.code != Some(0));
        Self {
            version: response.version,
            run: (!failed).then(|| response.run.into()),
            compile: response.compile.map(Into::into),
        }
    }
}

impl From<WireStage> for StageReport {
    fn from(wire: WireStage) -> Self {
        let keep = |text: &str| cut(text, MAX_STREAM_BYTES).to_owned();
        Self {
            output: keep(&wire.output),
            stage: Stage {
                truncated: wire.stdout.len() > MAX_STREAM_BYTES
                    || wire.stderr.len() > MAX_STREAM_BYTES,
                stdout: keep(&wire.stdout),
                stderr: keep(&wire.stderr),
                code: wire.code,
                signal: wire.signal,
                status: wire.status,
                message: wire.message,
                cpu_time_ms: wire.cpu_time.map(whole),
                wall_time_ms: wire.wall_time.map(whole),
                memory_bytes: wire.memory.map(whole),
            },
        }
    }
}

/// Some versions of Piston measure in fractions.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and a negative measurement means none"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Execution {
        serde_json::from_str::<Response>(text).unwrap().into()
    }

    #[test]
    fn every_stage_field_is_read() {
        let execution = read(
            r#"{"language":"python","version":"3.11.7","run":{"stdout":"o","stderr":"e",
            "output":"oe","code":null,"signal":"SIGKILL","message":"m","status":"TO",
            "cpu_time":12,"wall_time":34.6,"memory":5600000}}"#,
        );
        assert_eq!(execution.version, "3.11.7");
        assert_eq!(execution.compile, None);
        let run = execution.run.unwrap();
        assert_eq!(run.output, "oe");
        assert_eq!(
            run.stage,
            Stage {
                stdout: "o".into(),
                stderr: "e".into(),
                truncated: false,
                code: None,
                signal: Some("SIGKILL".into()),
                status: Some("TO".into()),
                message: Some("m".into()),
                cpu_time_ms: Some(12),
                wall_time_ms: Some(35),
                memory_bytes: Some(5_600_000),
            }
        );
    }

    #[test]
    fn an_older_piston_is_understood() {
        let execution = read(
            r#"{"run":{"stdout":"1\n","stderr":"","output":"1\n","code":0,"signal":null},
            "language":"python","version":"3.10.0"}"#,
        );
        let run = execution.run.unwrap();
        assert_eq!(run.stage.code, Some(0));
        assert_eq!(run.stage.cpu_time_ms, None);
    }

    #[test]
    fn a_run_after_a_failed_compile_did_not_happen() {
        let failed = r#"{"stdout":"","stderr":"no","output":"no","code":1,"signal":null}"#;
        let execution = read(&format!(r#"{{"run":{failed},"compile":{failed}}}"#));
        assert_eq!(execution.run, None);
        assert_eq!(execution.compile.unwrap().stage.code, Some(1));
    }

    #[test]
    fn streams_are_cut_to_what_is_kept() {
        let long = "x".repeat(MAX_STREAM_BYTES + 1);
        let execution = read(&format!(
            r#"{{"run":{{"stdout":"{long}","stderr":"","output":"{long}","code":0}}}}"#
        ));
        let run = execution.run.unwrap();
        assert!(run.stage.truncated);
        assert_eq!(run.stage.stdout.len(), MAX_STREAM_BYTES);
        assert_eq!(run.output.len(), MAX_STREAM_BYTES);
    }
}
