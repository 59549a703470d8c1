//! Parses the limits of an execute request: numbers within what the operator allows.
//!
//! `request.rs` calls it. Names, order and messages are Piston's; the limits of output
//! and of the whole response are this runner's own.

use std::time::Duration;

use serde_json::Value;

use crate::config::{LEAST_ANSWER_BYTES, RequestLimits, StageLimits, wall_for};
use crate::invalid_request::{InvalidRequest, invalid};
use crate::languages::Language;
use crate::piston_values::falsy;
use crate::sandbox::Limits;

/// The limits that a request may set, in the order in which Piston checks them; those
/// that Piston does not have come last.
#[derive(Clone, Copy)]
enum Constraint {
    Memory,
    Wall,
    Cpu,
    Stdout,
    Stderr,
}

impl Constraint {
    /// Piston's, of both stages.
    const OF_EVERY_STAGE: [Self; 3] = [Self::Memory, Self::Wall, Self::Cpu];
    /// Further ones of the run stage.
    const OF_RUNS: [Self; 2] = [Self::Stdout, Self::Stderr];

    /// The end of the member's name, after `compile_` or `run_`.
    fn suffix(self) -> &'static str {
        match self {
            Self::Memory => "memory_limit",
            Self::Wall => "timeout",
            Self::Cpu => "cpu_time",
            Self::Stdout => "output_limit",
            Self::Stderr => "stderr_limit",
        }
    }

    /// The limit in bytes or ms; `None`: no limit.
    fn of(self, limits: &Limits) -> Option<u64> {
        let millis = |time: Duration| u64::try_from(time.as_millis()).ok();
        match self {
            Self::Memory => limits.memory_bytes,
            Self::Wall => millis(limits.wall),
            Self::Cpu => millis(limits.cpu),
            Self::Stdout => Some(limits.stdout_bytes as u64),
            Self::Stderr => Some(limits.stderr_bytes as u64),
        }
    }

    /// Sets the limit to a number of bytes or ms.
    fn set(self, limits: &mut Limits, number: f64) {
        match self {
            Self::Memory => limits.memory_bytes = Some(number as u64),
            Self::Wall => limits.wall = Duration::from_secs_f64(number / 1000.0),
            Self::Cpu => limits.cpu = Duration::from_secs_f64(number / 1000.0),
            Self::Stdout => limits.stdout_bytes = number as usize,
            Self::Stderr => limits.stderr_bytes = number as usize,
        }
    }
}

/// Parses every limit of a request. With `"allowance": true`, those of the run stage are
/// raised afterwards by what the language needs.
pub(crate) fn parse_limits(
    body: &Value,
    configured: &RequestLimits,
    language: &Language,
) -> Result<StageLimits, InvalidRequest> {
    let raise = match &body["allowance"] {
        Value::Bool(raise) => *raise,
        Value::Null => false,
        _ => return invalid("allowance must be a boolean"),
    };
    let mut stages = configured.default;
    let most = &configured.most;
    let parse = |constraint: Constraint, stage, limits: &mut Limits, most: &Limits| {
        let name = format!("{stage}_{}", constraint.suffix());
        if let Some(number) = parse_limit(&body[&name], &name, constraint.of(most))? {
            constraint.set(limits, number);
        }
        Ok(())
    };
    for constraint in Constraint::OF_EVERY_STAGE {
        parse(constraint, "compile", &mut stages.compile, &most.compile)?;
        parse(constraint, "run", &mut stages.run, &most.run)?;
    }
    for constraint in Constraint::OF_RUNS {
        parse(constraint, "run", &mut stages.run, &most.run)?;
    }
    for (stage, limits, most) in [
        ("compile", &mut stages.compile, &most.compile),
        ("run", &mut stages.run, &most.run),
    ] {
        let is_given = |name| !falsy(&body[format!("{stage}_{name}")]);
        if is_given("cpu_time") && !is_given("timeout") {
            limits.wall = wall_for(limits.cpu).min(most.wall);
        }
    }
    if raise {
        stages.run = language.allowance.raise(&stages.run);
    }
    // Not a limit of Piston's, and the language cannot start with less.
    stages.run.file_bytes = stages.run.file_bytes.max(language.file_bytes);
    stages.run.stack_bytes = Limits::stack_within(stages.run.memory_bytes);
    Ok(stages)
}

/// Parses `answer_limit`, the bytes that the whole response may take.
pub(crate) fn parse_answer_limit(value: &Value, most: u64) -> Result<usize, InvalidRequest> {
    let bytes = parse_limit(value, "answer_limit", Some(most))?.map_or(most, |bytes| bytes as u64);
    if bytes < LEAST_ANSWER_BYTES {
        return invalid(format!(
            "answer_limit must be at least {LEAST_ANSWER_BYTES}"
        ));
    }
    Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
}

fn parse_limit(
    value: &Value,
    name: &str,
    most: Option<u64>,
) -> Result<Option<f64>, InvalidRequest> {
    if falsy(value) {
        return Ok(None);
    }
    let Some(number) = value.as_f64() else {
        return invalid(format!("If specified, {name} must be a number"));
    };
    let Some(most) = most else {
        // Without a configured limit, a number below 0 means no limit either.
        return Ok((number > 0.0).then_some(number));
    };
    // The example in Piston's document has -1. Piston accepts it only if no limit is
    // configured; here it means the configured limit.
    if number == -1.0 && name.ends_with("memory_limit") {
        return Ok(None);
    }
    if number > most as f64 {
        return invalid(format!(
            "{name} cannot exceed the configured limit of {most}"
        ));
    }
    if number < 0.0 {
        return invalid(format!("{name} must be non-negative"));
    }
    Ok(Some(number))
}
