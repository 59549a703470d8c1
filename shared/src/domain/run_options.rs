//! What a program is run with where no problem says it: its input, its arguments, its
//! limits.
//!
//! The members `stdin`, `args` and `limits` of a submission without a problem, of a run
//! without one, and of a queue item. A problem has inputs and limits of its own.

use super::fields::text;
use super::violation::Violation;
use crate::json::write::{escaped_len, push_string};
use crate::json::{Json, Object, ObjectError};
use crate::text::truncated;

/// The longest `stdin`, in bytes.
pub const MAX_STDIN_BYTES: usize = 64 * 1024;
/// The same as it is stored, in bytes of JSON.
const MAX_STORED_STDIN_BYTES: usize = 2 * MAX_STDIN_BYTES;
/// The most arguments.
pub const MAX_ARGS: usize = 64;
/// What all arguments hold together, in bytes.
pub const MAX_ARGS_BYTES: usize = 8 * 1024;
/// Time, in milliseconds, and memory, in bytes, as in a problem's limits.
const TIME_MS: std::ops::RangeInclusive<u64> = 1..=120_000;
const MEMORY_BYTES: std::ops::RangeInclusive<u64> = 1 << 20..=16 << 30;

/// The most bytes of an unknown member's name that an error shows.
const MAX_SHOWN_BYTES: usize = 64;

/// Input, arguments and limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Standard input.
    pub stdin: String,
    /// Command-line arguments, without NUL characters.
    pub args: Vec<String>,
    /// CPU time, in milliseconds. `None`: the endpoint's own.
    pub time_ms: Option<u64>,
    /// Memory, in bytes. `None`: the endpoint's own.
    pub memory_bytes: Option<u64>,
}

impl RunOptions {
    /// Reads `stdin`, `args` and `limits`, of which each may be missing.
    pub fn read(members: &Object<'_>) -> Result<Self, Violation> {
        let stdin = text(members, "stdin")?.unwrap_or_default();
        let too_long = |limit: usize, of: &str| {
            let rule = format!("stdin must be at most {limit} bytes{of}.");
            Violation::too_large("stdin", rule)
        };
        if stdin.len() > MAX_STDIN_BYTES {
            return Err(too_long(MAX_STDIN_BYTES, ""));
        }
        if escaped_len(&stdin) > MAX_STORED_STDIN_BYTES {
            let of = " as JSON, where a control character takes six";
            return Err(too_long(MAX_STORED_STDIN_BYTES, of));
        }
        let mut options = Self {
            stdin: stdin.into_owned(),
            ..Self::default()
        };
        if let Some(value) = members.get("args") {
            options.args = read_args(value)?;
        }
        if let Some(value) = members.get("limits") {
            options.read_limits(value)?;
        }
        Ok(options)
    }

    fn read_limits(&mut self, value: Json<'_>) -> Result<(), Violation> {
        let known = |name: &&str| matches!(*name, "timeMs" | "memoryBytes");
        let members = match Object::of(value) {
            Ok(members) => members,
            Err(ObjectError::NotAnObject) => {
                let rule = "limits must be an object of timeMs and memoryBytes.";
                return Err(Violation::invalid("limits", rule));
            }
            Err(error) => return Err(Violation::invalid("limits", format!("limits {error}"))),
        };
        if let Some(unknown) = members.names().find(|name| !known(name)) {
            let field = format!("limits.{}", truncated(unknown, MAX_SHOWN_BYTES));
            let rule = format!("{field} is not known here; there is timeMs, memoryBytes.");
            return Err(Violation::invalid(field, rule));
        }
        let number = |name: &str, range: std::ops::RangeInclusive<u64>| {
            let Some(value) = members.get(name) else {
                return Ok(None);
            };
            let number = value.u64().filter(|number| range.contains(number));
            number.map(Some).ok_or_else(|| {
                let field = format!("limits.{name}");
                let (least, most) = (range.start(), range.end());
                let rule = format!("{field} must be a whole number from {least} to {most}.");
                Violation::invalid(field, rule)
            })
        };
        self.time_ms = number("timeMs", TIME_MS)?;
        self.memory_bytes = number("memoryBytes", MEMORY_BYTES)?;
        Ok(())
    }

    /// The first member that is given; `None` where there is none.
    pub fn first_given(&self) -> Option<&'static str> {
        if !self.stdin.is_empty() {
            Some("stdin")
        } else if !self.args.is_empty() {
            Some("args")
        } else if self.time_ms.is_some() || self.memory_bytes.is_some() {
            Some("limits")
        } else {
            None
        }
    }

    /// The bytes of its texts.
    pub fn bytes(&self) -> usize {
        self.stdin.len() + self.args.iter().map(|arg| arg.len() + 3).sum::<usize>()
    }

    /// The bytes of its texts as JSON.
    pub fn stored_bytes(&self) -> usize {
        let args = self.args.iter().map(|arg| escaped_len(arg) + 3);
        escaped_len(&self.stdin) + args.sum::<usize>()
    }

    /// Appends its members that are given, each behind a comma.
    pub fn push_members(&self, json: &mut String) {
        if !self.stdin.is_empty() {
            json.push_str(",\"stdin\":");
            push_string(json, &self.stdin);
        }
        for (index, arg) in self.args.iter().enumerate() {
            json.push_str(if index == 0 { ",\"args\":[" } else { "," });
            push_string(json, arg);
        }
        if !self.args.is_empty() {
            json.push(']');
        }
        let mut before = ",\"limits\":{\"";
        for (name, number) in [("timeMs", self.time_ms), ("memoryBytes", self.memory_bytes)] {
            if let Some(number) = number {
                json.push_str(before);
                json.push_str(name);
                json.push_str("\":");
                json.push_str(&number.to_string());
                before = ",\"";
            }
        }
        if before == ",\"" {
            json.push('}');
        }
    }
}

fn read_args(value: Json<'_>) -> Result<Vec<String>, Violation> {
    let invalid = |rule: String| Violation::invalid("args", rule);
    let items = value
        .items()
        .ok_or_else(|| invalid("args must be an array of strings.".into()))?;
    let mut args: Vec<String> = Vec::new();
    let mut bytes = 0;
    for item in items {
        let arg = item.text().filter(|arg| !arg.contains('\0'));
        let arg = arg.ok_or_else(|| {
            let index = args.len();
            invalid(format!(
                "args[{index}] must be a string without NUL characters."
            ))
        })?;
        bytes += arg.len();
        if args.len() == MAX_ARGS || bytes > MAX_ARGS_BYTES {
            let rule =
                format!("args must be at most {MAX_ARGS}, of {MAX_ARGS_BYTES} bytes in all.");
            return Err(Violation::too_large("args", rule));
        }
        args.push(arg.into_owned());
    }
    Ok(args)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::violation::ViolationKind::{Invalid, TooLarge};
    use serde_json::{Value, json};

    fn read(body: &Value) -> Result<RunOptions, Violation> {
        let text = body.to_string();
        RunOptions::read(&Object::of(Json::parse(text.as_bytes()).unwrap()).unwrap())
    }

    #[test]
    fn options_are_read_as_they_are_written() {
        let body = json!({
            "stdin": "5\n\"", "args": ["-v", "", "ä b"],
            "limits": {"timeMs": 1, "memoryBytes": 1 << 20},
        });
        let options = read(&body).unwrap();
        let mut text = String::from("{\"code\":\"\"");
        options.push_members(&mut text);
        text.push('}');
        let mut again: Value = serde_json::from_str(&text).unwrap();
        again.as_object_mut().unwrap().remove("code");
        assert_eq!(read(&again).unwrap(), options);
        assert_eq!(again, body);
        for nothing in [json!({}), json!({"stdin": "", "args": [], "limits": {}})] {
            let options = read(&nothing).unwrap();
            assert_eq!(options, RunOptions::default());
            let mut text = String::new();
            options.push_members(&mut text);
            assert_eq!((text.as_str(), options.first_given()), ("", None));
        }
        for (body, first) in [
            (json!({"stdin": "x", "args": ["x"]}), "stdin"),
            (json!({"args": [""], "limits": {"timeMs": 5}}), "args"),
            (json!({"limits": {"memoryBytes": 2 << 20}}), "limits"),
        ] {
            assert_eq!(read(&body).unwrap().first_given(), Some(first));
        }
    }

    #[test]
    fn options_have_their_rules() {
        for (body, kind, field, rule) in [
            (json!({"stdin": 5}), Invalid, "stdin", "string"),
            (
                json!({"stdin": "x".repeat(65_537)}),
                TooLarge,
                "stdin",
                "65536",
            ),
            (
                json!({"stdin": "\u{1}".repeat(30_000)}),
                TooLarge,
                "stdin",
                "131072",
            ),
            (json!({"args": "x"}), Invalid, "args", "array"),
            (json!({"args": ["a", 5]}), Invalid, "args", "args[1]"),
            (json!({"args": ["a\0"]}), Invalid, "args", "NUL"),
            (json!({"args": vec!["a"; 65]}), TooLarge, "args", "64"),
            (
                json!({"args": ["a".repeat(8_193)]}),
                TooLarge,
                "args",
                "8192",
            ),
            (json!({"limits": 5}), Invalid, "limits", "object"),
            (
                json!({"limits": {"outputBytes": 5}}),
                Invalid,
                "limits.outputBytes",
                "there is timeMs",
            ),
            (
                json!({"limits": {"timeMs": 0}}),
                Invalid,
                "limits.timeMs",
                "120000",
            ),
            (
                json!({"limits": {"timeMs": 1.5}}),
                Invalid,
                "limits.timeMs",
                "whole",
            ),
            (
                json!({"limits": {"memoryBytes": 9}}),
                Invalid,
                "limits.memoryBytes",
                "1048576",
            ),
        ] {
            let violation = read(&body).unwrap_err();
            assert_eq!(
                (violation.kind, &*violation.field),
                (kind, field),
                "{violation}"
            );
            assert!(violation.message.contains(rule), "{violation}");
        }
        let edge = json!({"stdin": "x".repeat(65_536), "args": vec!["a".repeat(128); 64]});
        assert!(read(&edge).is_ok());
    }
}
