//! The answer to `POST /run`.

use serde_json::{Value, json};
use shared::domain::stage::MAX_STDOUT_BYTES;
use shared::domain::verdict::Verdict;
use shared::json::write::truncated_escaped;

use crate::executor::Execution;
use crate::harness::{self, Frame, Frames, HarnessError};
use crate::judge::session::verdict_of;
use crate::judge::{failure, plain};

/// The body. For a function what it returned stands beside what it printed.
pub(super) fn body(mut execution: Execution, nonce: Option<&str>) -> Value {
    if let (Some(_), Some(compile)) = (nonce, &mut execution.compile) {
        harness::clean_compile_stage(compile);
    }
    let frames = match (nonce, execution.runs.first()) {
        (Some(nonce), Some(run)) => Some(harness::read(nonce, &run.stage.stdout, &[0])),
        _ => None,
    };
    let (mut verdict, output) = plain::judge(&execution);
    let printed = || execution.runs.first().map_or("", |run| &run.stage.stdout);
    let mut output = output.unwrap_or_else(|| printed().to_owned());
    let mut body = json!({ "success": true, "languageVersion": execution.version });
    let mut run = execution
        .runs
        .into_iter()
        .next()
        .map(|report| report.stage.truncate_streams());
    if let Some(frames) = frames {
        (verdict, output) = verdict_from_frames(frames, verdict, &mut body);
        if let Some(run) = &mut run {
            // Its own prints went to stderr; stdout holds the harness's frames.
            run.stdout.clear();
            if output.is_empty() {
                output = failure::trim_paths(failure::stderr_tail(&run.stderr));
            }
            if output.is_empty() {
                output = run.message.clone().unwrap_or_default();
            }
        }
    }
    body["verdict"] = verdict.name().into();
    body["output"] = truncated_escaped(&output, MAX_STDOUT_BYTES).into();
    let compile = execution
        .compile
        .map(|report| report.stage.truncate_compiler_streams());
    for (name, stage) in [("compile", compile), ("run", run)] {
        if let Some(stage) = stage {
            body[name] = json!(stage);
        }
    }
    body
}

/// `plain` is the verdict by the way the process ended.
fn verdict_from_frames(mut frames: Frames, plain: Verdict, body: &mut Value) -> (Verdict, String) {
    let failed = |error: &HarnessError| (verdict_of(error.kind), failure::trim_paths(&error.text));
    if let Some(error) = &frames.load {
        return failed(error);
    }
    match frames.cases.remove(&0) {
        Some(Frame::Returned(value)) => {
            let text = value.as_str().to_owned();
            // Shown as it is up to the limit of all output; longer ones are not a
            // value any more.
            body["returned"] = match serde_json::from_str(&text) {
                Ok(value) if text.len() <= MAX_STDOUT_BYTES => value,
                _ => Value::Null,
            };
            (Verdict::Executed, text)
        }
        Some(Frame::NotJson(what)) => (Verdict::RuntimeError, format!("It returned {what}.")),
        Some(Frame::Raised(error)) => failed(&error),
        Some(Frame::Duplicate | Frame::Unreadable) => {
            let message = "It wrote frames of its own.";
            (Verdict::RuntimeError, message.into())
        }
        None if plain == Verdict::Executed => {
            (Verdict::RuntimeError, "It ended without an answer.".into())
        }
        None => (plain, String::new()),
    }
}
