//! The message: `{"type","timestamp","data"}`, with the result document as its data.

use serde_json::{Map, Value};
use shared::json::{Json, Object};

/// The most bytes of a message.
pub const MAX_BYTES: usize = 256 * 1024;

/// The members of a result that hold what a program or a compiler printed.
const TEXTS: [&str; 4] = ["output", "stdout", "stderr", "message"];

/// The message of a submission's end. A result that makes it longer than
/// [`MAX_BYTES`] is sent without its texts, and if that is not enough without its
/// cases; it says `"truncated":true` then. `None`: the document cannot be read.
pub fn message(document: &[u8]) -> Option<Vec<u8>> {
    let text = Json::parse(document).ok()?;
    let members = Object::of(text).ok()?;
    let ended_at_ms = ["finishedAtMs", "deadAtMs"]
        .into_iter()
        .find_map(|name| members.get(name)?.u64())
        .unwrap_or_default();
    let whole = wrapped(ended_at_ms, text.as_str());
    if whole.len() <= MAX_BYTES {
        return Some(whole);
    }
    let mut data: Map<String, Value> = serde_json::from_slice(document).ok()?;
    data.insert("truncated".into(), Value::Bool(true));
    for without in [without_texts, without_cases] {
        data.values_mut().for_each(without);
        if let Some(output) = data.get_mut("output") {
            *output = Value::String(String::new());
        }
        let shorter = wrapped(ended_at_ms, &serde_json::to_string(&data).ok()?);
        if shorter.len() <= MAX_BYTES {
            return Some(shorter);
        }
    }
    None
}

fn wrapped(ended_at_ms: u64, data: &str) -> Vec<u8> {
    let timestamp = iso_8601(ended_at_ms);
    format!(r#"{{"type":"submission.finished","timestamp":"{timestamp}","data":{data}}}"#)
        .into_bytes()
}

fn without_texts(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("evidence");
            for (name, member) in members.iter_mut() {
                if TEXTS.contains(&name.as_str()) && member.is_string() {
                    *member = Value::String(String::new());
                } else {
                    without_texts(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_texts),
        _ => {}
    }
}

fn without_cases(value: &mut Value) {
    if let Value::Object(members) = value {
        if let Some(cases) = members.get_mut("cases") {
            *cases = Value::Array(Vec::new());
        }
        members.values_mut().for_each(without_cases);
    }
}

/// A time in UTC, such as `2026-10-01T12:34:56.789Z`.
fn iso_8601(ms: u64) -> String {
    let (days, in_day) = (ms / 86_400_000, ms % 86_400_000);
    // Days since 0000-03-01, in eras of 400 years: a leap day ends its year so.
    let since = days + 719_468;
    let (era, of_era) = (since / 146_097, since % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + 400 * era + u64::from(month <= 2);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, ms) = (in_day / 1_000 % 60, in_day % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_written() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_001, "2000-02-29T00:00:00.001Z"),
            (1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso_8601(ms), text);
        }
    }

    #[test]
    fn a_message_holds_the_document_as_it_is() {
        let document = r#"{"id":"i", "output":"ä\u0000","score":1.0,"finishedAtMs":0}"#;
        let expected = format!(
            r#"{{"type":"submission.finished","timestamp":"1970-01-01T00:00:00.000Z","data":{document}}}"#
        );
        assert_eq!(message(document.as_bytes()).unwrap(), expected.as_bytes());
        let dead = message(br#"{"id":"i","status":"dead","deadAtMs":1000}"#).unwrap();
        assert!(String::from_utf8(dead).unwrap().contains("00:00:01"));
        assert_eq!(message(b"x"), None);
        assert_eq!(message(b"[]"), None);
    }

    fn document(text: usize, cases: usize) -> Value {
        let stage = json!({"stdout": "x".repeat(text), "stderr": "y", "message": "z", "code": 0});
        let case = json!({"number": 1, "name": "n".repeat(100), "verdict": "Accepted",
                          "evidence": {"input": "secret"}});
        json!({"id": "i", "status": "done", "verdict": "Accepted", "output": "o", "run": stage,
               "judgement": {"passed": 1, "cases": vec![case; cases]}, "finishedAtMs": 7})
    }

    #[test]
    fn the_bound_is_exact() {
        let empty = message(document(0, 1).to_string().as_bytes())
            .unwrap()
            .len();
        let at = document(MAX_BYTES - empty, 1).to_string();
        let whole = message(at.as_bytes()).unwrap();
        assert_eq!(whole.len(), MAX_BYTES);
        assert!(String::from_utf8(whole).unwrap().contains(&at));
        let over = document(MAX_BYTES - empty + 1, 1).to_string();
        let short: Value = serde_json::from_slice(&message(over.as_bytes()).unwrap()).unwrap();
        assert_eq!(
            short["data"],
            json!({"id": "i", "status": "done", "verdict": "Accepted", "output": "",
                   "run": {"stdout": "", "stderr": "", "message": "", "code": 0},
                   "judgement": {"passed": 1, "cases": [
                       {"number": 1, "name": "n".repeat(100), "verdict": "Accepted"}]},
                   "finishedAtMs": 7, "truncated": true})
        );
    }

    #[test]
    fn very_many_cases_are_left_out() {
        let long = message(document(1, 5_000).to_string().as_bytes()).unwrap();
        let long: Value = serde_json::from_slice(&long).unwrap();
        assert_eq!(long["data"]["judgement"], json!({"passed": 1, "cases": []}));
        assert_eq!(long["data"]["truncated"], true);
        let hopeless = json!({"id": "i".repeat(MAX_BYTES)}).to_string();
        assert_eq!(message(hopeless.as_bytes()), None);
    }
}
