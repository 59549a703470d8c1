//! One spelling of a value's strings, for people.
//!
//! JSON has many for a character: `ü`, `\u00fc` and `\u00FC`. What writes JSON has its
//! own, so two equal values can look different. The value stays the same.

use std::fmt::Write as _;

use super::value::{Json, JsonText, string_length};
use super::write::push_escaped;

/// Longer texts never grow: what stands there as it is stays, whatever it is.
const MAX_GROWING_BYTES: usize = 256 * 1024;

impl Json<'_> {
    /// The value with each character of its strings as itself; as an escape only
    /// where JSON has it so, where `is_hidden` says it, or where it is half of a
    /// surrogate pair. `None`: it is spelled so.
    pub fn with_canonical_escapes(self, is_hidden: impl Fn(char) -> bool) -> Option<JsonText> {
        let text = self.as_str();
        let grows = text.len() <= MAX_GROWING_BYTES;
        let (mut made, mut kept, mut at) = (String::new(), 0, 0);
        let mut string_end = 0;
        while let Some(one) = text.get(at..).and_then(|rest| rest.chars().next()) {
            if at >= string_end {
                // Between strings there is nothing to spell.
                if one == '"' {
                    string_end = at + string_length(&text.as_bytes()[at..]);
                }
                at += one.len_utf8();
                continue;
            }
            let (length, meant) = match one {
                '\\' => escape(&text[at..]),
                _ => (
                    one.len_utf8(),
                    Some(one).filter(|&one| grows && is_hidden(one)),
                ),
            };
            if let Some(meant) = meant {
                if kept == 0 {
                    made.reserve(text.len());
                }
                made.push_str(&text[kept..at]);
                push(&mut made, meant, is_hidden(meant));
                kept = at + length;
            }
            at += length;
        }
        made.push_str(&text[kept..]);
        (made != text).then(|| JsonText(made.into()))
    }
}

/// The bytes of the escape at the beginning of `text`, and the character that it
/// stands for; `None` for half of a surrogate pair.
fn escape(text: &str) -> (usize, Option<char>) {
    let unit = |at: usize| {
        let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let Some(first) = unit(0) else {
        let meant = match text.as_bytes().get(1) {
            Some(b'/') => Some('/'),
            _ => None,
        };
        return (2, meant);
    };
    let pair = [first, unit(6).unwrap_or_default()];
    match char::decode_utf16(pair).next() {
        Some(Ok(one)) => (6 * one.len_utf16(), Some(one)),
        _ => (6, None),
    }
}

fn push(json: &mut String, one: char, is_hidden: bool) {
    if one >= ' ' && is_hidden {
        for unit in one.encode_utf16(&mut [0; 2]) {
            let _ = write!(json, "\\u{unit:04x}");
        }
    } else {
        push_escaped(json, one.encode_utf8(&mut [0; 4]));
    }
}

#[cfg(test)]
mod tests {
    use fuzz::{fuzz, mutated};
    use proptest::prelude::*;

    use super::*;

    fn spelled(text: &str) -> Option<String> {
        let value = Json::parse_with_non_finite(text).unwrap();
        let made =
            value.with_canonical_escapes(|one| matches!(one, '\u{7f}'..='\u{a0}' | '\u{e0001}'))?;
        Some(made.as_str().to_owned())
    }

    #[test]
    fn every_spelling_becomes_one() {
        for (text, expected) in [
            (r#""gr\u00f6\u00DFe""#, r#""größe""#),
            (
                r#"{"\u65e5\u672c":["\u00fc",1,NaN]}"#,
                r#"{"日本":["ü",1,NaN]}"#,
            ),
            (r#""\ud83d\ude00 \/ \u002f""#, r#""😀 / /""#),
            // What JSON has as an escape, in its shortest form.
            (r#""\u000a\u0009\u0022\u005c\u0001""#, r#""\n\t\"\\\u0001""#),
            (r#""\\u00fc\u00fc\\""#, r#""\\u00fcü\\""#),
            // Half of a pair stays, whatever stands beside it.
            (
                r#""\ud800\u00fc\uD83D\ud83d\ude00\udc00""#,
                r#""\ud800ü\uD83D😀\udc00""#,
            ),
            // What cannot be seen, in either spelling.
            ("\"\u{a0}\\u00A0\u{7f}\"", r#""\u00a0\u00a0\u007f""#),
            ("\"\u{e0001}\"", r#""\udb40\udc01""#),
        ] {
            assert_eq!(spelled(text).as_deref(), Some(expected), "{text}");
            assert_eq!(spelled(expected), None, "{expected}");
        }
        for text in [r#"[1,-Infinity,{"ü":"\n\"\\ \ud800 日"}]"#, "\"\"", "7"] {
            assert_eq!(spelled(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_text_does_not_grow() {
        let text = format!("[\"{}\",\"\\u00fc\"]", "\u{a0}".repeat(MAX_GROWING_BYTES));
        let made = spelled(&text).unwrap();
        assert_eq!(made, text.replace("\\u00fc", "ü"));
    }

    #[test]
    fn the_value_stays_the_same() {
        let seed = r#"{"a\u0062":["\u00fc\\\/","\ud83d\ude00",-2.5e3,"\u00a0 \u000a"]}"#;
        fuzz(&mutated(&[seed, "[\"\\\"\\u0022\"]", "\"x\""]), |text| {
            if let Ok(value) = Json::parse(&text)
                && let Some(made) = value.with_canonical_escapes(|one| !one.is_ascii())
            {
                let again = Json::parse(made.as_str().as_bytes());
                prop_assert_eq!(again.map(Json::as_str), Ok(made.as_str()));
                let (before, after) = (serde(value.as_str()), serde(made.as_str()));
                prop_assert_eq!(before, after);
            }
            Ok(())
        });
    }

    /// `None`: half of a surrogate pair, too deep, or a number out of range.
    fn serde(text: &str) -> Option<serde_json::Value> {
        serde_json::from_str(text).ok()
    }
}
