//! A JSON value as text.
//!
//! serde_json checks the syntax once, without making values and without
//! recursion. What is walked over after that is known to be valid, so this
//! scanner is small: it looks for the ends of things.

use std::borrow::Cow;
use std::fmt;

use serde::de::IgnoredAny;
use serde_json::Value;

/// A JSON value as text, without space around it. Its syntax is right; a string
/// in it may still hold half of a surrogate pair, which no text can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(pub(super) &'a str);

/// A value that is kept: its text without space between its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText(pub(super) Box<str>);

impl JsonText {
    /// The value to walk over.
    pub fn json(&self) -> Json<'_> {
        Json(&self.0)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Json<'_>> for JsonText {
    fn from(value: Json<'_>) -> Self {
        Self(value.compact().into())
    }
}

impl From<Value> for JsonText {
    fn from(value: Value) -> Self {
        Self(value.to_string().into())
    }
}

/// Kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// Why a text is not JSON, in words, with line and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError(String);

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'a> Json<'a> {
    /// `{}`
    pub const EMPTY_OBJECT: Json<'static> = Json("{}");

    /// Checks the syntax of `text`, which must be one value.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        if text.iter().all(u8::is_ascii_whitespace) {
            return Err(SyntaxError("it is empty".into()));
        }
        // Not as a `RawValue`: serde_json's feature for it weighs 6 KB after gzip.
        let checked = serde_json::from_slice::<IgnoredAny>(text);
        checked.map_err(|error| {
            let mut why = error.to_string();
            // The usual reason: code that was pasted between quotes as it is.
            if why.starts_with("control character") {
                why.push_str("; a line break inside a string is written \\n");
            } else if why.starts_with("key must be a string") {
                why.push_str("; is there a comma too many before it?");
            }
            SyntaxError(why)
        })?;
        // Strings that are passed over are not looked at as text.
        let text = std::str::from_utf8(text).map_err(|error| {
            let at = error.valid_up_to();
            SyntaxError(format!("after {at} bytes it is not UTF-8"))
        })?;
        Ok(Self(text.trim_matches([' ', '\n', '\r', '\t'])))
    }

    /// The text.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The kind of value.
    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'n') => Kind::Null,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'"') => Kind::String,
            Some(b'[') => Kind::Array,
            Some(b'{') => Kind::Object,
            _ => Kind::Number,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// `true` or `false`.
    pub fn bool(self) -> Option<bool> {
        match self.0 {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// A number as a float; out of range it is none.
    pub fn f64(self) -> Option<f64> {
        (self.kind() == Kind::Number)
            .then(|| self.tree()?.as_f64())
            .flatten()
    }

    /// A whole number that fits; `1.0`, `1e0` and `-0` are none.
    pub fn u64(self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// A whole number that fits; `1.0`, `1e0` and `-0` are none.
    pub fn i64(self) -> Option<i64> {
        self.0.parse().ok().filter(|_| self.0 != "-0")
    }

    /// The text of a string. `None` for anything else, and for half a surrogate
    /// pair.
    pub fn text(self) -> Option<Cow<'a, str>> {
        if self.kind() != Kind::String {
            return None;
        }
        let inner = &self.0[1..self.0.len() - 1];
        if !inner.contains('\\') {
            return Some(Cow::Borrowed(inner));
        }
        match self.tree()? {
            Value::String(text) => Some(Cow::Owned(text)),
            _ => None,
        }
    }

    /// The value of a number or a string. As serde_json's tree and from bytes, as
    /// all else that the Workers read: a reader of floats, one of strings and one
    /// of `str` beside it weigh some kilobytes.
    fn tree(self) -> Option<Value> {
        serde_json::from_slice(self.0.as_bytes()).ok()
    }

    /// The items of an array.
    pub fn items(self) -> Option<Items<'a>> {
        let walk = || Items(Walk::of(self.0));
        (self.kind() == Kind::Array).then(walk)
    }

    /// The members of an object, as they stand there: with the names as JSON
    /// strings, and also those that stand there twice.
    pub fn members(self) -> Option<Members<'a>> {
        let walk = || Members(Walk::of(self.0));
        (self.kind() == Kind::Object).then(walk)
    }

    /// How many values it holds, counted by its commas and brackets, and how many
    /// objects. A walk over the text.
    pub fn size(self) -> (usize, usize) {
        let (mut values, mut objects) = (1, 0);
        let mut rest = self.0.as_bytes();
        while let Some(byte) = rest.first() {
            let mut length = 1;
            match byte {
                b',' | b'[' => values += 1,
                b'{' => {
                    values += 1;
                    objects += 1;
                }
                b'"' => length = string_length(rest),
                _ => {}
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        (values, objects)
    }

    /// How deep it is nested: 0 for a value that can hold no other.
    pub fn depth(self) -> usize {
        let (mut depth, mut deepest) = (0_usize, 0);
        let mut rest = self.0.as_bytes();
        while let Some(byte) = rest.first() {
            let mut length = 1;
            match byte {
                b'[' | b'{' => {
                    depth += 1;
                    deepest = deepest.max(depth);
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                b'"' => length = string_length(rest),
                _ => {}
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        deepest
    }

    /// The same value without space between its parts.
    pub fn compact(self) -> String {
        let mut compact = String::with_capacity(self.0.len());
        let mut rest = self.0;
        while let Some(byte) = rest.as_bytes().first() {
            let length = match byte {
                b'"' => string_length(rest.as_bytes()),
                b' ' | b'\n' | b'\r' | b'\t' => {
                    rest = &rest[1..];
                    continue;
                }
                // Up to the next string or space.
                _ => rest
                    .find(['"', ' ', '\n', '\r', '\t'])
                    .unwrap_or(rest.len()),
            };
            compact.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        compact
    }
}

/// The items of an array, in their order.
#[derive(Debug, Clone)]
pub struct Items<'a>(Walk<'a>);

/// The members of an object, in their order.
#[derive(Debug, Clone)]
pub struct Members<'a>(Walk<'a>);

impl<'a> Iterator for Items<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Json<'a>> {
        let item = self.0.value();
        self.0.separator();
        item
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Json<'a>, Json<'a>);

    fn next(&mut self) -> Option<(Json<'a>, Json<'a>)> {
        let name = self.0.value()?;
        self.0.separator();
        let value = self.0.value()?;
        self.0.separator();
        Some((name, value))
    }
}

/// What is left between the brackets of an array or an object.
#[derive(Debug, Clone)]
struct Walk<'a>(&'a str);

impl<'a> Walk<'a> {
    fn of(value: &'a str) -> Self {
        Self(value[1..value.len() - 1].trim_start())
    }

    /// The next value; `None` at the end.
    fn value(&mut self) -> Option<Json<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let (value, rest) = self.0.split_at(value_length(self.0.as_bytes()));
        self.0 = rest;
        Some(Json(value))
    }

    /// A comma or a colon, with the space around it.
    fn separator(&mut self) {
        let rest = self.0.trim_start();
        self.0 = rest.strip_prefix([',', ':']).unwrap_or(rest).trim_start();
    }
}

/// The bytes of the value at the beginning of `text`.
fn value_length(text: &[u8]) -> usize {
    match text[0] {
        b'"' => string_length(text),
        b'[' | b'{' => {
            let (mut at, mut depth) = (0, 0_usize);
            while let Some(byte) = text.get(at) {
                match byte {
                    b'[' | b'{' => depth += 1,
                    b']' | b'}' => {
                        depth -= 1;
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    b'"' => {
                        at += string_length(&text[at..]);
                        continue;
                    }
                    _ => {}
                }
                at += 1;
            }
            text.len()
        }
        _ => {
            let ends =
                |byte: &u8| matches!(byte, b',' | b':' | b']' | b'}') || byte.is_ascii_whitespace();
            text.iter().position(ends).unwrap_or(text.len())
        }
    }
}

/// The bytes of the string at the beginning of `text`, with its quotes.
pub(super) fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use fuzz::{fuzz, mutated};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).unwrap()
    }

    /// The tree, made by walking.
    fn tree(json: Json<'_>) -> Option<Value> {
        Some(match json.kind() {
            Kind::Null => Value::Null,
            Kind::Bool => json.bool()?.into(),
            Kind::Number => match (json.i64(), json.u64()) {
                (Some(whole), _) => whole.into(),
                (None, Some(whole)) => whole.into(),
                (None, None) => json.f64()?.into(),
            },
            Kind::String => json.text()?.into(),
            Kind::Array => json.items()?.map(tree).collect::<Option<Vec<_>>>()?.into(),
            Kind::Object => {
                let members = json.members()?;
                let members =
                    members.map(|(name, value)| Some((name.text()?.into(), tree(value)?)));
                Value::Object(members.collect::<Option<_>>()?)
            }
        })
    }

    #[test]
    fn a_walk_finds_what_serde_json_finds() {
        let seed = r#" { "a" : [ 1 , -2.5e3,{"b":"\"]}\\"} , [ ] ,{}], "\u00e9\n" : null,"c":[true,false ,18446744073709551615,-0, 1e2] } "#;
        fuzz(&mutated(&[seed, "[1,[2,[3]]]", "7", "\"x\""]), |text| {
            let whole: Result<Value, _> = serde_json::from_slice(&text);
            match (Json::parse(&text), whole) {
                (Ok(json), Ok(expected)) => {
                    prop_assert_eq!(tree(json), Some(expected.clone()));
                    let compact = json.compact();
                    prop_assert_eq!(serde_json::from_str::<Value>(&compact).unwrap(), expected);
                    prop_assert!(compact.len() <= json.as_str().len());
                    prop_assert_eq!(Json::parse(compact.as_bytes()).unwrap().compact(), compact);
                }
                // Nested deeper than a tree may be, half of a surrogate pair, or a
                // number that is out of range.
                (Ok(json), Err(_)) => prop_assert!(json.depth() > 100 || tree(json).is_none()),
                (Err(error), whole) => prop_assert!(whole.is_err(), "{}", error),
            }
            Ok(())
        });
    }

    #[test]
    fn an_error_says_where_and_why() {
        for (text, why) in [
            ("", "it is empty"),
            (" \n", "it is empty"),
            ("{\"a\":1,}", "line 1 column 8; is there a comma too many"),
            ("[1,]", "expected value at line 1 column 4"),
            (
                "{\"a\":\"x\ny\"}",
                "a line break inside a string is written \\n",
            ),
            ("[1] 2", "trailing characters"),
        ] {
            let error = Json::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn values_are_what_they_are() {
        assert_eq!(json("-0").i64(), None);
        assert_eq!(json("-0").f64(), Some(0.0));
        assert_eq!(json("1.0").u64(), None);
        assert_eq!(json("\"1\"").u64(), None);
        assert_eq!(json("1e999").f64(), None);
        assert_eq!(json("\"\\ud800\"").text(), None);
        assert_eq!(json("\"a\\tb\"").text().as_deref(), Some("a\tb"));
        assert_eq!(json("[[],{\"a\":[0]}]").depth(), 3);
        assert_eq!(json("\"[[[\"").depth(), 0);
        assert_eq!(json("[1,{\"a\":\",{\"},{}]").size(), (6, 2));
        assert_eq!(json(" [1, 2] ").as_str(), "[1, 2]");
        assert_eq!(tree(json("{}")), Some(json!({})));
    }

    /// Without recursion: a hundred thousand levels are a walk over the text.
    #[test]
    fn depth_costs_no_stack() {
        let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let deep = json(&text);
        assert_eq!(deep.depth(), 100_000);
        assert_eq!(deep.items().unwrap().count(), 1);
        assert_eq!(deep.compact().len(), text.len());
    }
}
