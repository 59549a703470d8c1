//! Parses a request's body to JSON values, within a limit on their number.
//!
//! A body of 16 MiB can hold eight million values, each of which takes 32 bytes and
//! more as a [`Value`]. So members that nobody reads are skipped without a tree, and
//! the others may have [`MAX_VALUES`] values together; their texts take no more than
//! the body. `api.rs` calls it.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Values that one body may have in the members that are read. The largest honest
/// requests have 1,000 cases and some hundred arguments.
const MAX_VALUES: usize = 20_000;

/// Parses the members with these names of an object. Of members with the same name,
/// the last one counts, as in JavaScript. An array has no members.
pub(crate) fn parse_members(body: &[u8], names: &[&str]) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let members = Members { names }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(Value::Object(members))
}

struct Members<'a> {
    names: &'a [&'a str],
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Map::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let left = Cell::new(MAX_VALUES);
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if self.names.contains(&name.as_str()) {
                let value = entries.next_value_seed(Bounded { left: &left })?;
                members.insert(name, value);
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(members)
    }
}

/// Any value, while there are values left.
#[derive(Clone, Copy)]
struct Bounded<'a> {
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| {
            D::Error::custom(format!("more than {MAX_VALUES} values in one request"))
        })?);
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            members.insert(name, entries.next_value_seed(self)?);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use fuzz::fuzz;

    const NAMES: &[&str] = &["a", "b"];

    #[test]
    fn parse_members_skips_what_is_not_read_and_keeps_the_last_of_a_name() {
        let body = br#"{"a":1,"x":[[[{}]]],"a":{"c":[null,true,-2,1.5,"\n"]}}"#;
        let expected = json!({"a": {"c": [null, true, -2, 1.5, "\n"]}});
        assert_eq!(parse_members(body, NAMES).unwrap(), expected);
        assert_eq!(parse_members(b"[1, {}]", NAMES).unwrap(), json!({}));
        for wrong in ["", "1", "\"a\"", "{", "{} x", "{\"a\":}"] {
            assert!(parse_members(wrong.as_bytes(), NAMES).is_err(), "{wrong}");
        }
    }

    #[test]
    fn parse_members_takes_exactly_the_largest_number_of_values() {
        let body = |name, items| format!("{{\"{name}\":[{}1]}}", "1,".repeat(items - 1));
        // The array itself is a value too.
        assert!(parse_members(body("a", MAX_VALUES - 1).as_bytes(), NAMES).is_ok());
        let error = parse_members(body("a", MAX_VALUES).as_bytes(), NAMES).unwrap_err();
        assert!(error.to_string().starts_with("more than 20000 values"));
        // In several members together, but not in members that are not read.
        let two = format!("{{\"a\":[{0}1],\"b\":[{0}1]}}", "1,".repeat(MAX_VALUES / 2));
        assert!(parse_members(two.as_bytes(), NAMES).is_err());
        assert!(parse_members(body("x", 1_000_000).as_bytes(), NAMES).is_ok());
    }

    #[test]
    fn fuzz_parse_members_agrees_with_serde_json() {
        let bodies = prop_oneof![
            r#"[\[\]{},:"\\0-9abn.eE tru+-]{0,40}"#.prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..40),
            // Deeper than the parser's stack allows.
            (0..3000_usize).prop_map(|depth| "[".repeat(depth).into_bytes()),
        ];
        fuzz(&bodies, |body| {
            let expected: Result<Value, _> = serde_json::from_slice(&body);
            match (parse_members(&body, NAMES), expected) {
                (Ok(read), Ok(Value::Object(mut members))) => {
                    members.retain(|name, _| NAMES.contains(&name.as_str()));
                    prop_assert_eq!(read, Value::Object(members));
                }
                (Ok(read), Ok(Value::Array(_))) => prop_assert_eq!(read, json!({})),
                (Ok(read), other) => {
                    // Only what is skipped may differ: numbers too large for a float.
                    prop_assert!(other.is_err() && read.is_object(), "{:?}", other);
                }
                (Err(_), Ok(value)) => prop_assert!(!value.is_object() && !value.is_array()),
                (Err(_), Err(_)) => {}
            }
            Ok(())
        });
    }
}
