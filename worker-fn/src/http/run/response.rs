//! The answer to `POST /run`.

use serde_json::json;
use shared::domain::answer::CaseAnswer;
use shared::domain::stage::MAX_STDOUT_BYTES;
use shared::domain::verdict::Verdict;
use shared::json::write::truncated_escaped;

use super::prepare::Called;
use crate::executor::Execution;
use crate::judge::answer::{Answered, verdict_of};
use crate::judge::{failure, unjudged, visible};
use harness::{self, Frame, Frames};

/// The body, as JSON text. For a function or a class the answer stands beside what was
/// printed: as it wrote it, with the members of objects in their order.
pub(super) fn body(mut execution: Execution, called: Option<&Called>, executor: &str) -> String {
    if let (Some(_), Some(compile)) = (called, &mut execution.compile) {
        compile.rewrite(harness::compiler_output);
    }
    let frames = match (called, execution.runs.first()) {
        (Some(called), Some(run)) => {
            let frames = harness::read(&called.nonce, &run.stage.stdout, &[0]);
            Some((called, frames))
        }
        _ => None,
    };
    let (mut verdict, output) = unjudged::judge(&execution);
    let printed = || execution.runs.first().map_or("", |run| &run.stage.stdout);
    let mut output = output.unwrap_or_else(|| printed().to_owned());
    let mut returned = None;
    let mut body = json!({
        "success": true,
        "languageVersion": execution.version,
        "executor": executor,
    });
    let mut run = execution
        .runs
        .into_iter()
        .next()
        .map(|report| report.stage.truncate_streams());
    if let Some((called, frames)) = frames {
        let answered = called.answered(frames.calls.get(&0).copied());
        (verdict, output) = verdict_from_frames(frames, answered.as_ref(), verdict, &mut returned);
        let said_by_harness = !output.is_empty();
        if let Some(run) = &mut run {
            // Its own prints went to stderr; stdout holds the harness's frames.
            run.stdout.clear();
            if output.is_empty() {
                output = failure::trim_paths(failure::stderr_tail(&run.stderr));
            }
            if output.is_empty() {
                output = run.message.clone().unwrap_or_default();
            }
            if let (false, Some(answered)) = (said_by_harness, &answered) {
                output = answered.in_call(&output, " ");
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
    let mut text = serde_json::to_string(&body).unwrap_or_default();
    if let Some(returned) = returned {
        text.pop();
        text.push_str(",\"returned\":");
        text.push_str(&returned);
        text.push('}');
    }
    text
}

/// `plain` is the verdict by the way the process ended.
fn verdict_from_frames(
    mut frames: Frames,
    answered: Option<&Answered<'_>>,
    plain: Verdict,
    returned: &mut Option<String>,
) -> (Verdict, String) {
    if let Some(error) = &frames.load {
        return (verdict_of(error.kind), failure::trim_paths(&error.text));
    }
    let answer = answered
        .zip(frames.cases.remove(&0))
        .map(|(answered, frame)| (matches!(frame, Frame::NotJson(_)), answered.answer(frame)));
    match answer {
        Some((_, CaseAnswer::Value(value))) => {
            let text = visible::shown(value.json()).into_owned();
            // Shown as it is up to the limit of all output; longer ones are not a
            // value any more.
            *returned = Some(if text.len() <= MAX_STDOUT_BYTES {
                value.strict().unwrap_or_else(|| text.clone())
            } else {
                "null".into()
            });
            (Verdict::Executed, text)
        }
        Some((true, CaseAnswer::NotJson(what))) => {
            (Verdict::RuntimeError, format!("It returned {what}."))
        }
        // With other arguments nothing is expected, and so nothing is wrong.
        Some((_, CaseAnswer::Failed(error))) if error.verdict == Verdict::WrongAnswer => {
            (Verdict::RuntimeError, error.message)
        }
        Some((_, CaseAnswer::Failed(error))) => (error.verdict, error.message),
        Some((_, CaseAnswer::NotJson(_) | CaseAnswer::Text(_))) => {
            let message = "It wrote frames of its own.";
            (Verdict::RuntimeError, message.into())
        }
        None if plain == Verdict::Executed => {
            let message = "It ended without an answer.";
            let message = answered.map(|answered| answered.in_call(message, " "));
            (Verdict::RuntimeError, message.unwrap_or_default())
        }
        None => (plain, String::new()),
    }
}
