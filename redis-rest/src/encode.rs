//! Writes Redis's replies as the JSON of Upstash's responses.
//!
//! It writes in one pass over the raw reply. Instead of recursing, it has a stack of
//! how many elements each open array still lacks. It knows nothing of HTTP;
//! `response.rs` calls it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::resp::{Element, Reply, read_element};

/// How strings are written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// As text. Bytes that are not UTF-8 become U+FFFD, so this is lossy.
    #[default]
    Text,
    /// As base64 of the exact bytes: every string of a result except the status `OK`.
    /// Errors stay text.
    Base64,
}

/// Writes `{"result":…}` or `{"error":"…"}` for one reply.
pub fn write_envelope(reply: &Reply, encoding: Encoding, out: &mut Vec<u8>) {
    if let Some(text) = reply.error_text() {
        write_error(&text, out);
        return;
    }
    out.extend_from_slice(b"{\"result\":");
    write_value(reply, encoding, out);
    out.push(b'}');
}

/// Writes `{"error":"…"}`.
pub fn write_error(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"error\":");
    write_text(text, out);
    out.push(b'}');
}

/// Writes a reply's value: nil as `null`, integers as numbers with every digit,
/// arrays as arrays.
fn write_value(reply: &Reply, encoding: Encoding, out: &mut Vec<u8>) {
    let mut rest: &[u8] = reply.raw();
    // How many elements each open array still lacks.
    let mut open: Vec<usize> = Vec::new();
    // A Reply is complete, so this ends with its last element.
    while let Ok(Some((element, len))) = read_element(rest) {
        rest = &rest[len..];
        match element {
            // Only as the whole result: inside an array, the SDKs decode every string,
            // and would decode a bare OK to other bytes.
            Element::Simple(b"OK") if open.is_empty() => out.extend_from_slice(b"\"OK\""),
            // An error inside an array, which only a script can return, has no
            // notation of its own in the JSON.
            Element::Simple(bytes) | Element::Error(bytes) | Element::Bulk(Some(bytes)) => {
                write_string(bytes, encoding, out);
            }
            Element::Integer(digits) => out.extend_from_slice(digits),
            Element::Bulk(None) | Element::Array(None) => out.extend_from_slice(b"null"),
            Element::Array(Some(0)) => out.extend_from_slice(b"[]"),
            Element::Array(Some(count)) => {
                out.push(b'[');
                open.push(count);
                continue;
            }
        }
        // The element just written may complete several arrays.
        while let Some(missing) = open.last_mut() {
            *missing -= 1;
            if *missing > 0 {
                out.push(b',');
                break;
            }
            out.push(b']');
            open.pop();
        }
    }
}

fn write_string(bytes: &[u8], encoding: Encoding, out: &mut Vec<u8>) {
    match encoding {
        Encoding::Text => write_text(&String::from_utf8_lossy(bytes), out),
        Encoding::Base64 => {
            out.push(b'"');
            out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            out.push(b'"');
        }
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    // Writing a str to a Vec cannot fail. If that ever changes, an empty string leaves
    // the JSON well formed.
    if serde_json::to_writer(&mut *out, text).is_err() {
        out.extend_from_slice(b"\"\"");
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::resp::ReplyReader;
    use fuzz::fuzz;

    fn json(raw: &[u8], encoding: Encoding) -> String {
        let reply = ReplyReader::with(BytesMut::from(raw))
            .next_reply()
            .unwrap()
            .expect("a complete reply");
        let mut out = Vec::new();
        write_envelope(&reply, encoding, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn write_envelope_writes_every_kind_of_reply() {
        for (raw, text, base64) in [
            ("+OK\r\n", r#"{"result":"OK"}"#, r#"{"result":"OK"}"#),
            (
                "+PONG\r\n",
                r#"{"result":"PONG"}"#,
                r#"{"result":"UE9ORw=="}"#,
            ),
            ("$2\r\nOK\r\n", r#"{"result":"OK"}"#, r#"{"result":"T0s="}"#),
            ("$-1\r\n", r#"{"result":null}"#, r#"{"result":null}"#),
            ("*-1\r\n", r#"{"result":null}"#, r#"{"result":null}"#),
            ("*0\r\n", r#"{"result":[]}"#, r#"{"result":[]}"#),
            (
                ":9223372036854775807\r\n",
                r#"{"result":9223372036854775807}"#,
                r#"{"result":9223372036854775807}"#,
            ),
            (
                "-WRONGTYPE \"x\"\r\n",
                r#"{"error":"WRONGTYPE \"x\""}"#,
                r#"{"error":"WRONGTYPE \"x\""}"#,
            ),
            (
                "*3\r\n*2\r\n:1\r\n*1\r\n$-1\r\n*0\r\n+OK\r\n",
                r#"{"result":[[1,[null]],[],"OK"]}"#,
                r#"{"result":[[1,[null]],[],"T0s="]}"#,
            ),
            (
                "*2\r\n:1\r\n-ERR x\r\n",
                r#"{"result":[1,"ERR x"]}"#,
                r#"{"result":[1,"RVJSIHg="]}"#,
            ),
        ] {
            assert_eq!(json(raw.as_bytes(), Encoding::Text), text);
            assert_eq!(json(raw.as_bytes(), Encoding::Base64), base64);
        }
    }

    #[test]
    fn write_envelope_replaces_other_bytes_in_text_but_not_in_base64() {
        let raw = b"$3\r\na\xff\x00\r\n";
        assert_eq!(
            json(raw, Encoding::Text),
            "{\"result\":\"a\u{fffd}\\u0000\"}"
        );
        assert_eq!(json(raw, Encoding::Base64), r#"{"result":"Yf8A"}"#);
    }

    #[test]
    fn write_envelope_of_a_very_deep_reply_does_not_overflow_the_stack() {
        let depth = 200_000;
        let raw = ["*1\r\n".repeat(depth), ":1\r\n".to_owned()].concat();
        let expected = format!("{{\"result\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(json(raw.as_bytes(), Encoding::Text), expected);
    }

    #[test]
    fn fuzz_write_envelope_writes_json_of_the_reply_s_shape() {
        let leaf = prop_oneof![
            any::<i64>().prop_map(|number| (format!(":{number}\r\n"), Value::from(number))),
            Just(("$-1\r\n".to_owned(), Value::Null)),
            any::<String>()
                .prop_map(|text| (format!("${}\r\n{text}\r\n", text.len()), Value::from(text))),
        ];
        let reply = leaf.prop_recursive(5, 30, 5, |inner| {
            prop::collection::vec(inner, 0..5).prop_map(|children| {
                let (raw, values): (Vec<String>, Vec<Value>) = children.into_iter().unzip();
                let raw = format!("*{}\r\n{}", raw.len(), raw.concat());
                (raw, Value::from(values))
            })
        });
        fuzz(&reply, |(raw, value)| {
            let text = json(raw.as_bytes(), Encoding::Text);
            let written: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&written["result"], &value);
            let base64 = json(raw.as_bytes(), Encoding::Base64);
            let written: Value = serde_json::from_str(&base64).unwrap();
            prop_assert_eq!(written["result"].is_array(), value.is_array());
            Ok(())
        });
    }
}
