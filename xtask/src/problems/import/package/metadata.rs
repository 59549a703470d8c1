//! `problem.yaml`.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::constants::Constants;
use super::files::Package;
use super::yaml;

const PLACE: &str = "problem.yaml";
/// Our most for the output of one case, in MiB.
const MAX_OUTPUT_MIB: u64 = 4;
/// Kinds of problems that cannot be judged here, and what they ask of a judge.
const REFUSED: [(&str, &str); 4] = [
    (
        "interactive",
        "a submission talks with a program of the setter's",
    ),
    ("multi-pass", "a submission is run several times in turn"),
    ("multipass", "a submission is run several times in turn"),
    ("submit-answer", "answers are submitted, and no program"),
];
/// Keys that are read.
const READ: [&str; 9] = [
    "constants",
    "grading",
    "license",
    "limits",
    "name",
    "problem_format_version",
    "type",
    "validation",
    "validator_flags",
];
/// Keys that mean nothing for judging here, nor for people.
const PASSED_OVER: [&str; 2] = ["uuid", "version"];
/// Limits that are for setting the time limit, or that are the endpoint's here.
const LIMITS_PASSED_OVER: [&str; 4] = [
    "time_multiplier",
    "time_multipliers",
    "time_resolution",
    "time_safety_margin",
];

/// What it says.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// In English, if it is there.
    pub(super) name: Option<String>,
    /// Whether a program of the setter's judges answers. `None`: it does if there is
    /// one.
    pub(super) is_custom: Option<bool>,
    /// Whether submissions get points.
    pub(super) is_scoring: bool,
    /// The arguments of the output validator for all cases.
    pub(super) validator_flags: Vec<String>,
    /// The members of our `limits`.
    pub(super) limits: Vec<(String, Value)>,
    /// Values for other files.
    pub(super) constants: Constants,
}

impl Metadata {
    /// Reads it. Errors: it says what cannot be judged here.
    pub(super) fn read(package: &Package, notes: &mut Vec<String>) -> Result<Self> {
        let text = package.required(PLACE, yaml::MAX_BYTES)?;
        let mut metadata = Self::of(&text, notes)?;
        let has_time = |limits: &[(String, Value)]| limits.iter().any(|(name, _)| name == "timeMs");
        if !has_time(&metadata.limits) {
            let place = ".timelimit";
            match package.text(place, 1024)? {
                Some(text) => {
                    let seconds = text.trim().parse().ok();
                    metadata.limits.push(time_limit(seconds, place)?);
                }
                None => notes.push(
                    "The package has no time limit: limits.timeMs is not set, and the endpoint's \
                     counts."
                        .into(),
                ),
            }
        }
        Ok(metadata)
    }

    pub(super) fn of(text: &str, notes: &mut Vec<String>) -> Result<Self> {
        let value = yaml::read(text, PLACE)?;
        let words = |name: &str| yaml::words(&value[name], &format!("{PLACE}: {name}"));
        // `type` is one word, several, or a list.
        let mut kinds: Vec<String> = Vec::new();
        for word in words("type")? {
            kinds.extend(word.split_whitespace().map(str::to_owned));
        }
        let validation = words("validation")?;
        for (kind, what) in REFUSED {
            if kinds.iter().chain(&validation).any(|word| word == kind) {
                bail!("{PLACE}: the problem is {kind}: {what}. That is not possible here");
            }
        }
        let version = value["problem_format_version"].as_str().unwrap_or("legacy");
        let is_custom = match validation.first().map(String::as_str) {
            // Newer packages have no such key.
            None => version.starts_with("legacy").then_some(false),
            Some("default") => Some(false),
            Some("custom") => Some(true),
            Some(other) => bail!("{PLACE}: validation must be default or custom, not {other:?}"),
        };
        if let Some(other) = unread(&value, &[&READ, &PASSED_OVER]) {
            notes.push(format!("Not taken from {PLACE}: {other}."));
        }
        if let Some(license) = value["license"].as_str() {
            notes.push(format!(
                "The license of the package is {license:?}: keep to it, and name authors in the \
                 statement where it asks for that."
            ));
        }
        Ok(Self {
            name: name(&value["name"])?,
            is_custom,
            is_scoring: kinds.iter().any(|kind| kind == "scoring")
                || validation.iter().any(|word| word == "score"),
            validator_flags: words("validator_flags")?,
            limits: limits(&value["limits"], notes)?,
            constants: Constants::read(&value["constants"])?,
        })
    }
}

/// The keys of a map that are not among those known, in one text.
fn unread(value: &Value, known: &[&[&str]]) -> Option<String> {
    let keys = value.as_object()?.keys();
    let others: Vec<&str> = keys
        .map(String::as_str)
        .filter(|key| !known.iter().any(|known| known.contains(key)))
        .collect();
    (!others.is_empty()).then(|| others.join(", "))
}

/// The name in English; without that, the first by its language's code.
fn name(value: &Value) -> Result<Option<String>> {
    let Some(names) = value.as_object() else {
        return match value {
            Value::Null => Ok(None),
            _ => yaml::scalar(value)
                .with_context(|| format!("{PLACE}: name must be text, or a map by language"))
                .map(Some),
        };
    };
    let is_english = |language: &str| language == "en" || language.starts_with("en-");
    let english = names.iter().find(|(language, _)| is_english(language));
    let Some((language, name)) = english.or_else(|| names.iter().next()) else {
        return Ok(None);
    };
    let name = yaml::scalar(name);
    name.with_context(|| format!("{PLACE}: name.{language} must be text"))
        .map(Some)
}

fn limits(value: &Value, notes: &mut Vec<String>) -> Result<Vec<(String, Value)>> {
    let mut limits = Vec::new();
    let is_given = |name: &str| !value[name].is_null();
    if is_given("time_limit") {
        let place = format!("{PLACE}: limits.time_limit");
        limits.push(time_limit(value["time_limit"].as_f64(), &place)?);
    }
    let mib = |name: &str| {
        let mib = value[name].as_u64().filter(|mib| *mib <= 1 << 30);
        mib.with_context(|| format!("{PLACE}: limits.{name} must be a whole number of MiB"))
    };
    if is_given("memory") {
        limits.push(("memoryBytes".into(), json!(mib("memory")? << 20)));
    }
    if is_given("output") {
        let given = mib("output")?;
        if given > MAX_OUTPUT_MIB {
            notes.push(format!(
                "limits.output is {given} MiB, and {MAX_OUTPUT_MIB} MiB is the most here: \
                 limits.outputBytes is that."
            ));
        }
        let bytes = given.min(MAX_OUTPUT_MIB) << 20;
        limits.push(("outputBytes".into(), json!(bytes)));
    }
    let read: [&str; 3] = ["memory", "output", "time_limit"];
    if let Some(others) = unread(value, &[&read, &LIMITS_PASSED_OVER]) {
        notes.push(format!("Limits that are not taken: {others}."));
    }
    Ok(limits)
}

/// The member `timeMs`, of at least one millisecond.
fn time_limit(seconds: Option<f64>, place: &str) -> Result<(String, Value)> {
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let ms = time.map(|time| time.as_micros().div_ceil(1_000));
    let ms = ms
        .and_then(|ms| u64::try_from(ms).ok())
        .filter(|ms| *ms > 0);
    let ms = ms.with_context(|| format!("{place} must be a number of seconds above 0"))?;
    Ok(("timeMs".into(), json!(ms)))
}
