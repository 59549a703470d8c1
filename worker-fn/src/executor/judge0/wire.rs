//! Judge0's messages.
//!
//! Source: the API of Judge0 CE 1.13.1, and for what its documents leave out
//! `app/controllers/submissions_controller.rb` and `app/jobs/isolate_job.rb`.
//!
//! What comes of a submission is put into the words of Piston, so that a verdict
//! is drawn from both alike:
//!
//! | status | here |
//! | --- | --- |
//! | 1, 2 | not ended |
//! | 3 Accepted, 4 Wrong Answer (we never name an expected output) | ended well |
//! | 5 Time Limit Exceeded | `TO`, SIGKILL |
//! | 6 Compilation Error | a compile stage that failed, and no run |
//! | 7 to 10 Runtime Error with a signal | `SG`, that signal |
//! | 11 Runtime Error (NZEC) | `RE`, the exit code |
//! | 12 Runtime Error (Other) | `SG` where a signal is told, else `RE` |
//! | 13 Internal Error | `XX` |
//! | 14 Exec Format Error | `RE`: what was made of the source cannot be started |

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use shared::result::Stage;

use crate::executor::connection::{text, whole};
use crate::executor::{Run, StageReport};

/// What is known of a submission.
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
    pub(super) fn is_good(&self) -> bool {
        self.run.as_ref().is_some_and(StageReport::is_good)
    }
}

/// The body for one submission. Written by hand: base64 and numbers need no
/// escaping, and a serialiser for fractions is heavy.
pub(super) fn submission(
    run: &Run<'_>,
    id: u64,
    stdin: &str,
    run_timeout_ms: Option<u64>,
) -> String {
    let source = encoded(run.source);
    let mut body = String::new();
    write(&mut body, run, &source, id, stdin, run_timeout_ms);
    body
}

/// The body for several.
pub(super) fn batch(
    run: &Run<'_>,
    id: u64,
    stdins: &[String],
    run_timeout_ms: Option<u64>,
) -> String {
    let source = encoded(run.source);
    let mut body = String::from("{\"submissions\":[");
    for (at, stdin) in stdins.iter().enumerate() {
        if at > 0 {
            body.push(',');
        }
        write(&mut body, run, &source, id, stdin, run_timeout_ms);
    }
    body.push_str("]}");
    body
}

fn write(
    body: &mut String,
    run: &Run<'_>,
    source: &str,
    id: u64,
    stdin: &str,
    run_timeout_ms: Option<u64>,
) {
    body.push_str("{\"source_code\":\"");
    body.push_str(source);
    body.push_str("\",\"language_id\":");
    body.push_str(&id.to_string());
    body.push_str(",\"stdin\":\"");
    body.push_str(&encoded(stdin));
    body.push('"');
    if let Some(ms) = run.limits.time_ms {
        body.push_str(",\"cpu_time_limit\":");
        body.push_str(&seconds(ms));
    }
    if let Some(ms) = run.limits.time_ms.or(run_timeout_ms) {
        body.push_str(",\"wall_time_limit\":");
        // Newer versions refuse less.
        body.push_str(&seconds(ms.max(1_000)));
    }
    if let Some(bytes) = run.limits.memory_bytes {
        body.push_str(",\"memory_limit\":");
        body.push_str(&bytes.div_ceil(1024).max(2_048).to_string());
    }
    body.push('}');
}

/// Base64 with padding. By hand: the library's encoder weighs ten times as much.
fn encoded(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::with_capacity(text.len().div_ceil(3) * 4);
    for three in text.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            encoded.push(if digit <= three.len() {
                char::from(DIGITS[value as usize])
            } else {
                '='
            });
        }
    }
    encoded
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

/// The token of a submission that was taken.
pub(super) fn token(answer: &Value) -> Option<String> {
    let token = answer.get("token")?.as_str()?;
    // It goes into addresses.
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!token.is_empty() && token.bytes().all(fits)).then(|| token.to_owned())
}

/// What `{"error":"…"}` or `{"field":["…"]}` says.
pub(super) fn error(answer: &Value) -> Option<String> {
    let (field, what) = answer.as_object()?.iter().next()?;
    match what {
        Value::String(what) => Some(what.clone()),
        Value::Array(what) => Some(format!("{field} {}", what.first()?.as_str()?)),
        _ => None,
    }
}

/// Reads a submission; `None` when it says nothing about its state. Errors: the
/// name of what is not as in Judge0.
pub(super) fn state(answer: &mut Value) -> Result<Option<State>, &'static str> {
    let status = answer.get("status").and_then(|status| status.get("id"));
    let Some(status) = status.and_then(Value::as_u64) else {
        return Ok(None);
    };
    match status {
        1 => return Ok(Some(State::Queued)),
        2 => return Ok(Some(State::Running)),
        _ => {}
    }
    let compile_output = decoded(answer, "compile_output")?;
    let message = message(answer)?;
    if status == 6 {
        let said = compile_output.or(message.clone()).unwrap_or_default();
        let mut compile = compiled(said, 1);
        compile.stage.status = Some("RE".into());
        compile.stage.message = message;
        return Ok(Some(State::Ended(Box::new(Ended {
            compile: Some(compile),
            run: None,
        }))));
    }
    let stdout = decoded(answer, "stdout")?.unwrap_or_default();
    let stderr = decoded(answer, "stderr")?.unwrap_or_default();
    let exit_code = answer.get("exit_code").and_then(Value::as_i64);
    let signal = answer
        .get("exit_signal")
        .and_then(Value::as_u64)
        .filter(|&number| number > 0)
        .map(signal_name);
    let named = |name: &str| Some(signal.clone().unwrap_or_else(|| name.to_owned()));
    let (status, code, signal) = match status {
        3 | 4 => (None, Some(exit_code.unwrap_or(0)), None),
        5 => (Some("TO"), None, Some("SIGKILL".to_owned())),
        7 => (Some("SG"), None, named("SIGSEGV")),
        8 => (Some("SG"), None, named("SIGXFSZ")),
        9 => (Some("SG"), None, named("SIGFPE")),
        10 => (Some("SG"), None, named("SIGABRT")),
        12 if signal.is_some() => (Some("SG"), None, signal),
        11 | 12 | 14 => (
            Some("RE"),
            Some(exit_code.filter(|&code| code != 0).unwrap_or(1)),
            None,
        ),
        13 => (Some("XX"), None, None),
        _ => return Err("status"),
    };
    let run = StageReport {
        output: format!("{stdout}{stderr}"),
        stage: Stage {
            stdout,
            stderr,
            truncated: false,
            code,
            signal,
            status: status.map(Into::into),
            message,
            cpu_time_ms: millis(answer.get("time")),
            wall_time_ms: millis(answer.get("wall_time")),
            memory_bytes: answer
                .get("memory")
                .and_then(Value::as_f64)
                .map(|kilobytes| whole(kilobytes * 1024.0)),
        },
        limit: None,
    };
    Ok(Some(State::Ended(Box::new(Ended {
        compile: compile_output.map(|said| compiled(said, 0)),
        run: Some(run),
    }))))
}

fn compiled(said: String, code: i64) -> StageReport {
    StageReport {
        output: said.clone(),
        stage: Stage {
            stderr: said,
            code: Some(code),
            ..Stage::default()
        },
        limit: None,
    }
}

/// A text in base64, which Judge0 breaks into lines. Bytes that are no text are
/// replaced.
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

/// Its own sentence, which some versions do not encode: those have spaces.
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
