//! Parses the commands of a request to lists of bytes.
//!
//! A request has a command as a JSON array, several as an array of those, or one in
//! its path with an optional body and query. `policy.rs` decides whether a command
//! may run.

use percent_encoding::percent_decode;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;

/// A command: its name and arguments, in order, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The name first. Never empty.
    pub argv: Vec<Vec<u8>>,
}

/// Why a request has no command. The texts are Upstash's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The body is not JSON, or not an array.
    #[error("ERR failed to parse command")]
    NotACommand,
    /// `[]`.
    #[error("ERR empty command")]
    Empty,
    /// A batch's body is not JSON, or not an array.
    #[error("ERR failed to parse pipeline request")]
    NotABatch,
    /// A batch without commands.
    #[error("ERR empty pipeline request")]
    EmptyBatch,
    /// An element of a batch is not an array.
    #[error("ERR failed to parse pipeline command")]
    NotABatchCommand,
    /// `null` is not a Redis argument. A JavaScript `undefined` arrives as `null`.
    #[error("ERR null args are not supported")]
    NullArgument,
    /// An array (`[`) or an object (`{`) is not a Redis argument.
    #[error("ERR unsupported arg type: \"{0}\": json.Delim")]
    NestedArgument(char),
}

/// Reads the body of `POST /`: `["SET","k","v","EX",100]`.
pub fn from_json(body: &[u8]) -> Result<Command, ParseError> {
    let elements: Vec<&RawValue> =
        serde_json::from_slice(body).map_err(|_| ParseError::NotACommand)?;
    command(&elements, ParseError::NotACommand)
}

/// Reads the body of `POST /pipeline` and `POST /multi-exec`:
/// `[["SET","k","v"],["GET","k"]]`.
pub fn batch_from_json(body: &[u8]) -> Result<Vec<Command>, ParseError> {
    let rows: Vec<&RawValue> = serde_json::from_slice(body).map_err(|_| ParseError::NotABatch)?;
    if rows.is_empty() {
        return Err(ParseError::EmptyBatch);
    }
    rows.into_iter()
        .map(|row| {
            let elements: Vec<&RawValue> =
                serde_json::from_str(row.get()).map_err(|_| ParseError::NotABatchCommand)?;
            command(&elements, ParseError::NotABatchCommand)
        })
        .collect()
}

fn command(elements: &[&RawValue], not_json: ParseError) -> Result<Command, ParseError> {
    if elements.is_empty() {
        return Err(ParseError::Empty);
    }
    let argv = elements
        .iter()
        .map(|element| argument(element.get(), &not_json))
        .collect::<Result<_, _>>()?;
    Ok(Command { argv })
}

/// One JSON value as an argument. Numbers keep their text: `1.50` does not become
/// `1.5`, and an integer beyond 2^53 keeps its digits.
fn argument(json: &str, not_json: &ParseError) -> Result<Vec<u8>, ParseError> {
    match json.as_bytes() {
        [b'"', ..] => serde_json::from_str::<JsonString>(json)
            .map(|string| string.0)
            .map_err(|_| not_json.clone()),
        [b'n', ..] => Err(ParseError::NullArgument),
        [b'[', ..] => Err(ParseError::NestedArgument('[')),
        [b'{', ..] => Err(ParseError::NestedArgument('{')),
        scalar => Ok(scalar.to_vec()),
    }
}

/// A JSON string as UTF-8, in which half a surrogate pair becomes U+FFFD. JavaScript
/// writes `"\ud83d"` for a string that was cut inside an emoji; parsing to `String`
/// would refuse the whole request.
struct JsonString(Vec<u8>);

impl<'de> Deserialize<'de> for JsonString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = JsonString;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<JsonString, E> {
                Ok(JsonString(replace_surrogates(bytes)))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Replaces surrogates by U+FFFD. `serde_json` passes them on encoded as three bytes
/// (`ED A0 80` to `ED BF BF`).
fn replace_surrogates(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    while let Some(index) = bytes
        .windows(3)
        .position(|three| matches!(three, [0xED, 0xA0..=0xBF, _]))
    {
        out.extend_from_slice(&bytes[..index]);
        out.extend_from_slice("\u{fffd}".as_bytes());
        bytes = &bytes[index + 3..];
    }
    out.extend_from_slice(bytes);
    out
}

/// Reads the command in a path: `/set/k/v?EX=100`, with the body as the argument
/// between path and query.
///
/// Path segments are percent-decoded to bytes, so `%2F` is a slash inside an
/// argument and `%FF` a byte that is not UTF-8; an empty segment is an empty
/// argument. `_token` is left out of the query, and `?NX` and `?NX=` both add the
/// single argument `NX`.
pub fn from_path(path: &str, query: Option<&str>, body: &[u8]) -> Result<Command, ParseError> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut argv: Vec<Vec<u8>> = path
        .split('/')
        .map(|segment| percent_decode(segment.as_bytes()).collect())
        .collect();
    if argv.first().is_none_or(Vec::is_empty) {
        return Err(ParseError::Empty);
    }
    if !body.is_empty() {
        argv.push(body.to_vec());
    }
    for (name, value) in query_pairs(query) {
        if name == b"_token" {
            continue;
        }
        argv.push(name);
        if !value.is_empty() {
            argv.push(value);
        }
    }
    Ok(Command { argv })
}

/// The names and values of a query string, decoded like a form: `+` is a space.
pub fn query_pairs(query: Option<&str>) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (form_decode(name), form_decode(value))
        })
}

fn form_decode(text: &str) -> Vec<u8> {
    percent_decode(text.replace('+', " ").as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    fn argv(command: Result<Command, ParseError>) -> Vec<Vec<u8>> {
        command.unwrap().argv
    }

    #[test]
    fn from_json_keeps_the_text_of_numbers() {
        assert_eq!(
            argv(from_json(
                br#"["set","\u00e9\"", 12345678901234567890123, 1.50, -0, 1e3, true, false, ""]"#
            )),
            [
                "set".as_bytes(),
                "é\"".as_bytes(),
                b"12345678901234567890123",
                b"1.50",
                b"-0",
                b"1e3",
                b"true",
                b"false",
                b"",
            ]
        );
    }

    #[test]
    fn from_json_refuses_other_values_with_upstash_s_texts() {
        for (body, text) in [
            ("", "ERR failed to parse command"),
            ("{}", "ERR failed to parse command"),
            ("[\"a\"", "ERR failed to parse command"),
            ("[\"a\"] x", "ERR failed to parse command"),
            ("[\"a\\x\"]", "ERR failed to parse command"),
            ("[]", "ERR empty command"),
            ("[\"a\",null]", "ERR null args are not supported"),
            ("[[\"a\"]]", "ERR unsupported arg type: \"[\": json.Delim"),
            (
                "[\"a\",{\"b\":1}]",
                "ERR unsupported arg type: \"{\": json.Delim",
            ),
        ] {
            assert_eq!(from_json(body.as_bytes()).unwrap_err().to_string(), text);
        }
        for (body, text) in [
            ("nope", "ERR failed to parse pipeline request"),
            ("{}", "ERR failed to parse pipeline request"),
            ("[]", "ERR empty pipeline request"),
            ("[\"a\"]", "ERR failed to parse pipeline command"),
            ("[{\"command\":[]}]", "ERR failed to parse pipeline command"),
            ("[[]]", "ERR empty command"),
            ("[[\"a\"],[null]]", "ERR null args are not supported"),
        ] {
            assert_eq!(
                batch_from_json(body.as_bytes()).unwrap_err().to_string(),
                text
            );
        }
    }

    #[test]
    fn from_json_replaces_half_a_surrogate_pair() {
        assert_eq!(
            argv(from_json(br#"["a\ud83db","\ud83d\ude00"]"#)),
            ["a\u{fffd}b".as_bytes(), "😀".as_bytes()]
        );
        // U+D7FF is the last character before the surrogates.
        assert_eq!(
            argv(from_json("[\"\u{d7ff}x\"]".as_bytes()))[0],
            "\u{d7ff}x".as_bytes()
        );
    }

    #[test]
    fn from_path_decodes_to_bytes_and_puts_the_body_before_the_query() {
        assert_eq!(
            argv(from_path(
                "/set/a%2Fb%FF",
                Some("EX=100&_token=secret&NX=&GET"),
                b"va/l%20ue"
            )),
            [
                b"set".as_slice(),
                b"a/b\xff",
                b"va/l%20ue",
                b"EX",
                b"100",
                b"NX",
                b"GET",
            ]
        );
        assert_eq!(argv(from_path("/ping", None, b"")), [b"ping"]);
        assert_eq!(
            argv(from_path("/echo/", None, b"")),
            [b"echo".as_slice(), b""]
        );
        assert_eq!(
            argv(from_path("/echo/a+b", Some("c+d"), b"")),
            [b"echo".as_slice(), b"a+b", b"c d"]
        );
        assert_eq!(from_path("//x", None, b""), Err(ParseError::Empty));
    }

    #[test]
    fn fuzz_from_json_returns_the_strings_and_numbers_of_an_array() {
        let argument = prop_oneof![
            any::<String>().prop_map(|text| (serde_json::json!(text).to_string(), text)),
            "-?(0|[1-9][0-9]{0,25})([.][0-9]{1,9})?".prop_map(|number| (number.clone(), number)),
        ];
        let arguments = prop::collection::vec(argument, 1..6);
        fuzz(&arguments, |arguments| {
            let (json, texts): (Vec<String>, Vec<String>) = arguments.into_iter().unzip();
            let body = format!("[{}]", json.join(" , "));
            let argv: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
            let command = Command { argv };
            prop_assert_eq!(from_json(body.as_bytes()), Ok(command.clone()));
            let batch = format!("[{body},{body}]");
            prop_assert_eq!(
                batch_from_json(batch.as_bytes()),
                Ok(vec![command.clone(), command])
            );
            Ok(())
        });
    }

    /// A client may send any body.
    #[test]
    fn fuzz_from_json_of_any_bytes_fails_or_has_a_name() {
        let bodies = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            r#"[\[\]{},:"\\u0-9dDaAtrueflsn. -]{0,40}"#.prop_map(String::into_bytes),
        ];
        fuzz(&bodies, |body| {
            match from_json(&body) {
                Ok(command) => prop_assert!(!command.argv.is_empty()),
                Err(error) => prop_assert!(error.to_string().starts_with("ERR ")),
            }
            match batch_from_json(&body) {
                Ok(commands) => {
                    prop_assert!(!commands.is_empty());
                    prop_assert!(commands.iter().all(|command| !command.argv.is_empty()));
                }
                Err(error) => prop_assert!(error.to_string().starts_with("ERR ")),
            }
            Ok(())
        });
    }

    #[test]
    fn fuzz_from_path_returns_the_escaped_segments_body_and_query() {
        let bytes = || prop::collection::vec(any::<u8>(), 0..10);
        let name = prop::collection::vec(any::<u8>(), 1..6);
        let parts = (name, prop::collection::vec(bytes(), 0..4), bytes(), bytes());
        fuzz(&parts, |(name, segments, body, value)| {
            let escape = |bytes: &[u8]| percent_encode(bytes, NON_ALPHANUMERIC).to_string();
            let mut path = format!("/{}", escape(&name));
            let mut argv = vec![name];
            for segment in segments {
                path += &format!("/{}", escape(&segment));
                argv.push(segment);
            }
            let query = format!("EX={}&_token=x", escape(&value));
            let optional = [body.clone(), b"EX".to_vec(), value];
            argv.extend(optional.into_iter().filter(|argument| !argument.is_empty()));
            prop_assert_eq!(from_path(&path, Some(&query), &body), Ok(Command { argv }));
            Ok(())
        });
    }

    #[test]
    fn fuzz_from_path_of_any_text_never_has_the_token() {
        let texts = (any::<String>(), "[a-z%&=_+0-9A-F]{0,20}", any::<String>());
        fuzz(&texts, |(path, query, more)| {
            let query = format!("{query}&_token=s3cret&{more}");
            if let Ok(command) = from_path(&path, Some(&query), b"") {
                prop_assert!(!command.argv[0].is_empty());
                prop_assert!(command.argv.iter().all(|argument| argument != b"s3cret"));
            }
            Ok(())
        });
    }
}
