//! From what a request says to what Redis is told: a command as a list of bytes.
//!
//! Three ways to say a command exist: a JSON array, a JSON array of them, and a
//! path with an optional body and query. Whether the command may run is not
//! decided here (see [`crate::policy`]).

use percent_encoding::percent_decode;
use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;

/// A command: its name and arguments, in order, as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The name first. Never empty.
    pub argv: Vec<Vec<u8>>,
}

/// Why a request holds no command. The texts are the ones Upstash uses.
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
    /// `null` is no Redis argument. A JavaScript `undefined` arrives as this.
    #[error("ERR null args are not supported")]
    NullArgument,
    /// An array or an object is no Redis argument; `[` or `{` says which.
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

/// One JSON value as an argument. Numbers stay as they were typed: `1.50` is
/// not `1.5`, and an integer beyond 2^53 keeps its digits.
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

/// A JSON string as UTF-8, where half a surrogate pair (`"\ud83d"`, which
/// JavaScript writes for a string cut inside an emoji) becomes U+FFFD. Parsing
/// to `String` would refuse the whole request instead.
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

/// Replaces surrogates encoded as three bytes (`ED A0 80` to `ED BF BF`), which
/// is how `serde_json` hands them over, by U+FFFD.
fn replace_surrogates(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    while let Some(at) = bytes
        .windows(3)
        .position(|three| matches!(three, [0xED, 0xA0..=0xBF, _]))
    {
        out.extend_from_slice(&bytes[..at]);
        out.extend_from_slice("\u{fffd}".as_bytes());
        bytes = &bytes[at + 3..];
    }
    out.extend_from_slice(bytes);
    out
}

/// Reads a command said by its address: `/set/k/v?EX=100`, with the body as the
/// argument between path and query.
///
/// Path segments are percent-decoded to bytes, so `%2F` is a slash inside an
/// argument and `%FF` a byte that is no text; an empty segment is an empty
/// argument. `_token` is left out of the query, and `?NX` and `?NX=` are both
/// the single argument `NX`.
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

/// The names and values of a query string, decoded as forms are: `+` is a space.
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
    use super::*;

    fn argv(command: Result<Command, ParseError>) -> Vec<Vec<u8>> {
        command.unwrap().argv
    }

    #[test]
    fn scalars_keep_the_digits_they_were_typed_with() {
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
    fn what_is_no_argument_is_refused_in_upstash_s_words() {
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
    fn half_a_surrogate_pair_becomes_the_replacement_character() {
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
    fn a_path_is_decoded_to_bytes_and_the_body_goes_before_the_query() {
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
}
