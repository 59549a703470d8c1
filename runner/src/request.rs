//! A request's JSON becomes a [`Job`], or a [`Refusal`] in Piston's words.
//!
//! The body is read as untyped JSON, because Piston checks it in JavaScript:
//! what is missing, null, empty or zero is the same to it, in a fixed order, and
//! the first finding is the message. Source: `api/src/api/v2.js`.
//!
//! Where Piston answers 500, or 400 with an empty object, because its own code
//! threw, this answers 400 and says what is wrong: file names that leave the
//! folder (absolute ones included), and `stdin`, `args` or names of a wrong type.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use crate::config::Stages;
use crate::languages::nameless;
use crate::probe::{Runtime, Runtimes};
use crate::sandbox::{File, Limits};

/// Standard inputs of one request at most.
const MAX_CASES: usize = 1000;

/// What to run.
#[derive(Debug, Clone)]
pub struct Job {
    /// By what.
    pub runtime: Runtime,
    /// Every file, with names that stay inside the folder.
    pub files: Vec<File>,
    /// Name of the file that is run.
    pub main: String,
    /// Names of the source files, the main one first.
    pub sources: Vec<String>,
    /// The program's arguments.
    pub args: Vec<String>,
    /// Standard input. Ends with a newline.
    pub stdin: Vec<u8>,
    /// Standard inputs to run one after the other, in place of `stdin`.
    pub cases: Option<Vec<Vec<u8>>>,
    /// Whether the first case that fails is the last one run.
    pub stop_at_first_failure: bool,
    /// How long after the first case began another one may still begin. `None`:
    /// however long it takes.
    pub cases_timeout: Option<Duration>,
    /// The limits, as the request wished within what is configured.
    pub stages: Stages,
}

/// Why a request was refused; for the caller. Status 400.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

fn refuse<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(message.into()))
}

/// Checks a request in Piston's order.
pub fn parse(body: &Value, runtimes: &Runtimes, configured: &Stages) -> Result<Job, Refusal> {
    let language = required_text(body, "language")?;
    let selector = required_text(body, "version")?;
    let Some(files) = body["files"].as_array() else {
        return refuse("files is required as an array");
    };
    for (index, file) in files.iter().enumerate() {
        if !file["content"].is_string() {
            return refuse(format!("files[{index}].content is required as a string"));
        }
    }
    let Some(runtime) = runtimes.find(language, selector) else {
        return refuse(format!("{language}-{selector} runtime is unknown"));
    };
    if !files
        .iter()
        .any(|file| falsy(&file["encoding"]) || file["encoding"] == "utf8")
    {
        return refuse("files must include at least one utf8 encoded file");
    }
    let stages = wishes(body, configured)?;
    let args = parse_args(&body["args"])?;
    let stdin = parse_stdin(&body["stdin"], "stdin")?;
    let cases = parse_cases(&body["cases"])?;
    let stop_at_first_failure = match &body["stop_at_first_failure"] {
        Value::Bool(stop) => *stop,
        Value::Null => false,
        _ => return refuse("stop_at_first_failure must be a boolean"),
    };
    let cases_timeout = parse_cases_timeout(&body["cases_timeout"])?;
    let Submission {
        files,
        main,
        sources,
    } = parse_files(files, runtime)?;
    Ok(Job {
        runtime: runtime.clone(),
        files,
        main,
        sources,
        args,
        stdin,
        cases,
        stop_at_first_failure,
        cases_timeout,
        stages,
    })
}

/// JavaScript's notion of "not given".
fn falsy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

fn required_text<'a>(body: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    match body[name].as_str() {
        Some(text) if !text.is_empty() => Ok(text),
        _ => refuse(format!("{name} is required as a string")),
    }
}

fn wishes(body: &Value, configured: &Stages) -> Result<Stages, Refusal> {
    let mut stages = *configured;
    for constraint in ["memory_limit", "timeout", "cpu_time"] {
        for (stage, limits) in [("compile", &mut stages.compile), ("run", &mut stages.run)] {
            let name = format!("{stage}_{constraint}");
            if let Some(wish) = wish(&body[&name], &name, most(limits, constraint))? {
                match constraint {
                    "memory_limit" => limits.memory_bytes = Some(wish as u64),
                    "timeout" => limits.wall = Duration::from_secs_f64(wish / 1000.0),
                    _ => limits.cpu = Duration::from_secs_f64(wish / 1000.0),
                }
            }
        }
    }
    Ok(stages)
}

/// What is configured, in the wire's unit; `None`: no limit.
fn most(limits: &Limits, constraint: &str) -> Option<u64> {
    let millis = |time: Duration| u64::try_from(time.as_millis()).ok();
    match constraint {
        "memory_limit" => limits.memory_bytes,
        "timeout" => millis(limits.wall),
        _ => millis(limits.cpu),
    }
}

fn wish(value: &Value, name: &str, most: Option<u64>) -> Result<Option<f64>, Refusal> {
    if falsy(value) {
        return Ok(None);
    }
    let Some(number) = value.as_f64() else {
        return refuse(format!("If specified, {name} must be a number"));
    };
    let Some(most) = most else {
        // Nothing configured: a wish of less than nothing is none.
        return Ok((number > 0.0).then_some(number));
    };
    // Piston's document shows -1 in its example, which Piston itself accepts as
    // long as no limit is configured. Here one is, and it stays.
    if number == -1.0 && name.ends_with("memory_limit") {
        return Ok(None);
    }
    if number > most as f64 {
        return refuse(format!(
            "{name} cannot exceed the configured limit of {most}"
        ));
    }
    if number < 0.0 {
        return refuse(format!("{name} must be non-negative"));
    }
    Ok(Some(number))
}

fn parse_args(value: &Value) -> Result<Vec<String>, Refusal> {
    let args = match value {
        Value::Null => return Ok(Vec::new()),
        Value::Array(args) => args,
        _ => return refuse("args must be an array of strings"),
    };
    args.iter()
        .map(|arg| match arg {
            Value::String(text) if !text.contains('\0') => Ok(text.clone()),
            // Node makes text of them as well.
            Value::Number(_) | Value::Bool(_) => Ok(arg.to_string()),
            _ => refuse("args must be an array of strings"),
        })
        .collect()
}

/// Ours, so it is strict: an array of 1 to [`MAX_CASES`] strings.
fn parse_cases(value: &Value) -> Result<Option<Vec<Vec<u8>>>, Refusal> {
    let cases = match value {
        Value::Null => return Ok(None),
        Value::Array(cases) if (1..=MAX_CASES).contains(&cases.len()) => cases,
        _ => {
            return refuse(format!(
                "cases must be an array of 1 to {MAX_CASES} strings"
            ));
        }
    };
    cases
        .iter()
        .enumerate()
        .map(|(index, case)| match case {
            Value::String(_) => parse_stdin(case, "cases"),
            _ => refuse(format!("cases[{index}] must be a string")),
        })
        .collect::<Result<_, _>>()
        .map(Some)
}

/// In ms. Zero is meant as it is said, unlike in Piston's own fields: whoever has
/// no time left wants one case, not all of them.
fn parse_cases_timeout(value: &Value) -> Result<Option<Duration>, Refusal> {
    let millis = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        _ => return refuse("If specified, cases_timeout must be a number"),
    };
    if millis < 0.0 {
        return refuse("cases_timeout must be non-negative");
    }
    // What is too long to be told is as good as no bound.
    Ok(Duration::try_from_secs_f64(millis / 1000.0).ok())
}

fn parse_stdin(value: &Value, name: &str) -> Result<Vec<u8>, Refusal> {
    let mut stdin = match value {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        _ => return refuse(format!("{name} must be a string")),
    };
    // As in Piston: an empty one becomes an empty line.
    if stdin.last() != Some(&b'\n') {
        stdin.push(b'\n');
    }
    Ok(stdin)
}

struct Submission {
    files: Vec<File>,
    main: String,
    sources: Vec<String>,
}

fn parse_files(items: &[Value], runtime: &Runtime) -> Result<Submission, Refusal> {
    let language = &runtime.language;
    let mut files = Vec::new();
    let mut main = None;
    let mut sources = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let given = match &item["name"] {
            Value::String(name) if !name.is_empty() => Some(inner_name(name, index)?),
            name if falsy(name) => None,
            _ => return refuse(format!("files[{index}].name must be a string")),
        };
        let content = item["content"].as_str().unwrap_or_default();
        // Unknown encodings are utf8 to Piston.
        let (content, is_code) = match item["encoding"].as_str() {
            Some("base64") => (decode_base64(content), false),
            Some("hex") => (decode_hex(content), false),
            _ => (content.as_bytes().to_vec(), true),
        };
        let name = if is_code && main.is_none() {
            let name = language.main_name(given.as_deref(), index);
            main = Some(name.clone());
            sources.push(name.clone());
            name
        } else {
            let name = given.unwrap_or_else(|| match language.endings.first() {
                Some(ending) if is_code => format!("{}.{ending}", nameless(index)),
                _ => nameless(index),
            });
            if is_code && language.accepts(&name) {
                sources.push(name.clone());
            }
            name
        };
        files.push(File {
            name,
            content: content.into(),
            executable: false,
        });
    }
    refuse_clashes(&files)?;
    // There is one: `parse` has looked for it.
    let main =
        main.ok_or_else(|| Refusal("files must include at least one utf8 encoded file".into()))?;
    Ok(Submission {
        files,
        main,
        sources,
    })
}

/// The name without `.` and `..`, if it stays inside the folder.
fn inner_name(name: &str, index: usize) -> Result<String, Refusal> {
    let mut parts = Vec::new();
    let mut inside = !name.starts_with('/') && !name.ends_with('/') && !name.contains('\0');
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => inside &= parts.pop().is_some(),
            _ => {
                inside &= part.len() <= 240;
                parts.push(part);
            }
        }
    }
    if !inside || parts.is_empty() || parts.len() > 32 {
        return refuse(format!(
            "files[{index}].name must stay inside the submission's folder"
        ));
    }
    Ok(parts.join("/"))
}

/// One file's name may not be another one's folder.
fn refuse_clashes(files: &[File]) -> Result<(), Refusal> {
    let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    for (index, file) in files.iter().enumerate() {
        let mut folder = file.name.as_str();
        while let Some((parent, _)) = folder.rsplit_once('/') {
            if names.contains(parent) {
                return refuse(format!(
                    "files[{index}].name has another file as its folder"
                ));
            }
            folder = parent;
        }
    }
    Ok(())
}

/// As Node does: both alphabets, padding or not, anything else skipped.
fn decode_base64(text: &str) -> Vec<u8> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let mut clean: Vec<u8> = text
        .bytes()
        .take_while(|&byte| byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => Some(byte),
            _ => None,
        })
        .collect();
    // One character alone holds no whole byte.
    if clean.len() % 4 == 1 {
        clean.pop();
    }
    LENIENT.decode(clean).unwrap_or_default()
}

/// As Node does: up to the first pair that is not hexadecimal.
fn decode_hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.as_bytes()
        .chunks_exact(2)
        .map_while(|pair| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok())
        .collect()
}
