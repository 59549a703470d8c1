//! YAML documents as JSON values. Files are small, and aliases are bounded: a document
//! cannot become much more than it is.

use anyhow::{Result, anyhow, bail};
use serde_json::Value;

/// The largest document, in bytes.
pub(super) const MAX_BYTES: usize = 256 * 1024;
/// The most values that aliases may repeat.
const MAX_REPEATED: usize = 10_000;

/// Reads a document, whose top is a map or nothing. `place` is for errors.
pub(super) fn read(text: &str, place: &str) -> Result<Value> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_REPEATED,
        },
    };
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let value: Value = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| anyhow!("{place} is not valid YAML: {error}"))?;
    if !value.is_object() && !value.is_null() {
        bail!("{place} must be a map");
    }
    Ok(value)
}

/// A text, a number or a boolean as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The words of a text, or the texts of a list; none of nothing. `place` is for errors.
pub(super) fn words(value: &Value, place: &str) -> Result<Vec<String>> {
    let words = match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => items.iter().map(scalar).collect(),
        _ => scalar(value).map(|text| text.split_whitespace().map(str::to_owned).collect()),
    };
    words.ok_or_else(|| anyhow!("{place} must be text, or a list of texts"))
}
