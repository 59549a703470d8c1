//! Judge0's messages.
//!
//! Source: the API of Judge0 CE 1.13.1, and for what its documents leave out
//! `app/controllers/submissions_controller.rb` and `app/jobs/isolate_job.rb`.
//!
//! A submission's status becomes a [`Termination`], so that a verdict is drawn
//! as for Piston:
//!
//! | status | here |
//! | --- | --- |
//! | 1, 2 | not ended |
//! | 3 Accepted, 4 Wrong Answer (no expected output is ever sent) | `Success` |
//! | 5 Time Limit Exceeded | `TimeLimit`, SIGKILL |
//! | 6 Compilation Error | a compile stage that failed, and no run |
//! | 7 to 10 Runtime Error with a signal | `Signal`, that signal |
//! | 11 Runtime Error (NZEC) | `NonZeroExit`, the exit code |
//! | 12 Runtime Error (Other) | `Signal` where a signal is given, else `NonZeroExit` |
//! | 13 Internal Error | `EndpointFault` |
//! | 14 Exec Format Error | `NonZeroExit`: the compiled file cannot be started |

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use shared::domain::stage::{Stage, Termination};

use super::files::Sent;
use crate::executor::base64::encoded;
use crate::executor::connection::{text, whole};
use crate::executor::{Run, StageReport};

/// Where a submission is.
pub(super) enum State {
    Queued,
    Running,
    Ended(Box<Ended>),
}

/// How a submission ended.
pub(super) struct Ended {
    pub compile: Option<StageReport>,
    /// `None`: it did not compile.
    pub run: Option<StageReport>,
}

impl Ended {
    pub(super) fn is_success(&self) -> bool {
        self.run.as_ref().is_some_and(StageReport::is_success)
    }
}

/// The body for the first input. Written by hand: base64 and numbers need no
/// escaping, and a serializer with fractions takes more wasm.
pub(super) fn submission(run: &Run<'_>, sent: &Sent, id: u64, wall_ms: u64) -> String {
    let mut body = String::new();
    write(&mut body, run, sent, id, 0, wall_ms);
    body
}

/// The body for several.
pub(super) fn batch(
    run: &Run<'_>,
    sent: &Sent,
    id: u64,
    inputs: Range<usize>,
    wall_ms: u64,
) -> String {
    let mut body = String::from("{\"submissions\":[");
    let first = inputs.start;
    for input in inputs {
        if input > first {
            body.push(',');
        }
        write(&mut body, run, sent, id, input, wall_ms);
    }
    body.push_str("]}");
    body
}

fn write(body: &mut String, run: &Run<'_>, sent: &Sent, id: u64, input: usize, wall_ms: u64) {
    let stdin = run.stdins.get(input).map_or("", String::as_str);
    body.push_str("{\"source_code\":\"");
    body.push_str(&sent.source);
    body.push_str("\",\"language_id\":");
    body.push_str(&id.to_string());
    body.push_str(",\"stdin\":\"");
    body.push_str(&encoded(stdin.as_bytes()));
    body.push('"');
    body.push_str(&sent.members);
    body.push_str(sent.own(input));
    if let Some(ms) = run.limits.time_ms {
        body.push_str(",\"cpu_time_limit\":");
        body.push_str(&seconds(ms));
    }
    body.push_str(",\"wall_time_limit\":");
    // Newer versions refuse less than 1 s, and less than 2 MiB of memory.
    body.push_str(&seconds(wall_ms.max(1_000)));
    if let Some(bytes) = run.limits.memory_bytes {
        body.push_str(",\"memory_limit\":");
        body.push_str(&bytes.div_ceil(1024).max(2_048).to_string());
    }
    body.push('}');
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

/// The token of a stored submission.
pub(super) fn token(answer: &Value) -> Option<String> {
    let token = answer.get("token")?.as_str()?;
    // The token goes into URLs.
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!token.is_empty() && token.bytes().all(fits)).then(|| token.to_owned())
}

/// The text of `{"error":"…"}` or `{"field":["…"]}`.
pub(super) fn error(answer: &Value) -> Option<String> {
    let (field, what) = answer.as_object()?.iter().next()?;
    match what {
        Value::String(what) => Some(what.clone()),
        Value::Array(what) => Some(format!("{field} {}", what.first()?.as_str()?)),
        _ => None,
    }
}

/// Reads a submission; `None` when it says nothing about its state. Errors: the
/// name of the part that is not as in Judge0.
pub(super) fn state(answer: &mut Value) -> Result<Option<State>, &'static str> {
    let status = answer.get("status").and_then(|status| status.get("id"));
    let Some(status) = status.and_then(Value::as_u64) else {
        return Ok(None);
    };
    let ended = match status {
        1 => return Ok(Some(State::Queued)),
        2 => return Ok(Some(State::Running)),
        6 => did_not_compile(answer)?,
        _ => ran(answer, status)?,
    };
    Ok(Some(State::Ended(Box::new(ended))))
}

fn did_not_compile(answer: &mut Value) -> Result<Ended, &'static str> {
    let compile_output = decoded(answer, "compile_output")?;
    let message = message(answer)?;
    let output = compile_output.or(message.clone()).unwrap_or_default();
    let mut compile = compile_stage(output, Termination::NonZeroExit);
    compile.stage.message = message;
    Ok(Ended {
        compile: Some(compile),
        run: None,
    })
}

fn ran(answer: &mut Value, status: u64) -> Result<Ended, &'static str> {
    let (termination, code, signal) = termination(answer, status).ok_or("status")?;
    let stdout = decoded(answer, "stdout")?.unwrap_or_default();
    let stderr = decoded(answer, "stderr")?.unwrap_or_default();
    let run = StageReport {
        output: format!("{stdout}{stderr}"),
        stage: Stage {
            stdout,
            stderr,
            truncated: false,
            code,
            signal,
            termination,
            message: message(answer)?,
            cpu_time_ms: millis(answer.get("time")),
            wall_time_ms: millis(answer.get("wall_time")),
            memory_bytes: answer
                .get("memory")
                .and_then(Value::as_f64)
                .map(|kilobytes| whole(kilobytes * 1024.0)),
        },
        is_syntax_error: false,
    };
    let compile_output = decoded(answer, "compile_output")?;
    Ok(Ended {
        compile: compile_output.map(|output| compile_stage(output, Termination::Success)),
        run: Some(run),
    })
}

/// How a run with this status ended, with its exit code or its signal; `None`
/// for a status that Judge0 does not have.
fn termination(answer: &Value, status: u64) -> Option<(Termination, Option<i64>, Option<String>)> {
    let exit_code = answer.get("exit_code").and_then(Value::as_i64);
    let signal = answer
        .get("exit_signal")
        .and_then(Value::as_u64)
        .filter(|&number| number > 0)
        .map(signal_name);
    let signaled = |signal: Option<String>, usual: &str| {
        let signal = signal.unwrap_or_else(|| usual.to_owned());
        (Termination::Signal, None, Some(signal))
    };
    Some(match status {
        3 | 4 => (Termination::Success, Some(exit_code.unwrap_or(0)), None),
        5 => (Termination::TimeLimit, None, Some("SIGKILL".to_owned())),
        7 => signaled(signal, "SIGSEGV"),
        8 => signaled(signal, "SIGXFSZ"),
        9 => signaled(signal, "SIGFPE"),
        10 => signaled(signal, "SIGABRT"),
        12 if signal.is_some() => signaled(signal, ""),
        11 | 12 | 14 => {
            let code = exit_code.filter(|&code| code != 0).unwrap_or(1);
            (Termination::NonZeroExit, Some(code), None)
        }
        13 => (Termination::EndpointFault, None, None),
        _ => return None,
    })
}

fn compile_stage(output: String, termination: Termination) -> StageReport {
    StageReport {
        output: output.clone(),
        stage: Stage {
            stderr: output,
            code: Some(i64::from(termination != Termination::Success)),
            termination,
            ..Stage::default()
        },
        is_syntax_error: false,
    }
}

/// A text in base64, which Judge0 breaks into lines. Bytes that are not UTF-8
/// are replaced.
fn decoded(answer: &mut Value, name: &'static str) -> Result<Option<String>, &'static str> {
    let Some(mut encoded) = text(answer, name)? else {
        return Ok(None);
    };
    encoded.retain(|byte| !byte.is_ascii_whitespace());
    let bytes = STANDARD.decode(encoded).map_err(|_| name)?;
    Ok(Some(String::from_utf8(bytes).unwrap_or_else(|error| {
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    })))
}

/// Judge0's own sentence. Some versions do not encode it: those texts have
/// spaces.
fn message(answer: &mut Value) -> Result<Option<String>, &'static str> {
    let plain = answer.get("message").and_then(Value::as_str);
    if plain.is_some_and(|text| text.contains(' ')) {
        return text(answer, "message");
    }
    decoded(answer, "message")
}

/// Seconds, as decimal text or as a number.
fn millis(seconds: Option<&Value>) -> Option<u64> {
    match seconds? {
        Value::String(text) => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let mut digits = fraction.bytes().take(3).filter(u8::is_ascii_digit);
            let mut ms: u64 = whole.parse().ok()?;
            for _ in 0..3 {
                ms = ms
                    .checked_mul(10)?
                    .checked_add(digits.next().map_or(0, |digit| u64::from(digit - b'0')))?;
            }
            Some(ms)
        }
        number => number.as_f64().map(|seconds| whole(seconds * 1_000.0)),
    }
}

fn signal_name(number: u64) -> String {
    let name = match number {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return format!("signal {number}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use fuzz::{fuzz, mutated};

    use super::*;

    #[test]
    fn any_answer_is_read_or_refused() {
        let answer = r#"{"token":"t","status":{"id":11},"stdout":"aGk=\n","stderr":null,"compile_output":"aGk=","message":"killed by 9","time":"0.012","memory":1024.5,"exit_code":1,"exit_signal":11}"#;
        let list = r#"[{"token":"t"},{"error":"queue is full"},{"status":{"id":3},"time":1e300}]"#;
        fuzz(&mutated(&[answer, list]), |body| {
            if let Ok(mut value) = serde_json::from_slice::<Value>(&body) {
                token(&value);
                error(&value);
                let _ = state(&mut value);
            }
            Ok(())
        });
    }
}
