//! What Redis answered, and how it becomes the type that was asked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::RedisError;

/// A reply: Redis's types as far as the REST API tells them apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Nothing there.
    Null,
    /// A number.
    Integer(i64),
    /// A string, which in Redis is bytes.
    Bytes(Vec<u8>),
    /// A list of replies.
    Array(Vec<Reply>),
}

impl Reply {
    /// Reads the `result` member of an answer given with
    /// `Upstash-Encoding: base64`.
    pub(super) fn from_json(value: Value) -> Result<Self, RedisError> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Number(number) => number
                .as_i64()
                .map(Self::Integer)
                .ok_or_else(|| RedisError::Unexpected("a number that is no i64".into())),
            // The one string that the contract leaves as it is. It cannot be
            // mistaken: no base64 text with padding is two characters long.
            Value::String(text) if text == "OK" => Ok(Self::Bytes(text.into_bytes())),
            Value::String(text) => STANDARD
                .decode(text)
                .map(Self::Bytes)
                .map_err(|_| RedisError::Unexpected("a string that is not base64".into())),
            Value::Array(items) => items
                .into_iter()
                .map(Self::from_json)
                .collect::<Result<_, _>>()
                .map(Self::Array),
            Value::Bool(_) | Value::Object(_) => {
                Err(RedisError::Unexpected("a JSON type without meaning".into()))
            }
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Integer(_) => "a number",
            Self::Bytes(_) => "a string",
            Self::Array(_) => "a list",
        }
    }
}

/// A type that a reply can become.
pub trait FromReply: Sized {
    /// Errors when the reply is of another type; never loses data silently.
    fn from_reply(reply: Reply) -> Result<Self, RedisError>;
}

fn mismatch<T>(expected: &str, reply: &Reply) -> Result<T, RedisError> {
    Err(RedisError::Unexpected(format!(
        "{} where {expected} belongs",
        reply.kind()
    )))
}

impl FromReply for Reply {
    fn from_reply(reply: Reply) -> Result<Self, RedisError> {
        Ok(reply)
    }
}

impl FromReply for () {
    fn from_reply(_: Reply) -> Result<Self, RedisError> {
        Ok(())
    }
}

impl FromReply for i64 {
    fn from_reply(reply: Reply) -> Result<Self, RedisError> {
        match reply {
            Reply::Integer(number) => Ok(number),
            other => mismatch("a number", &other),
        }
    }
}

impl FromReply for Vec<u8> {
    fn from_reply(reply: Reply) -> Result<Self, RedisError> {
        match reply {
            Reply::Bytes(bytes) => Ok(bytes),
            other => mismatch("a string", &other),
        }
    }
}

impl<T: FromReply> FromReply for Option<T> {
    fn from_reply(reply: Reply) -> Result<Self, RedisError> {
        match reply {
            Reply::Null => Ok(None),
            other => T::from_reply(other).map(Some),
        }
    }
}

/// A list of values. `Vec<u8>` is a string, so lists of bytes are spelled
/// `Items<Vec<u8>>`. A missing key is an empty list, as Redis means it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items<T>(pub Vec<T>);

impl<T: FromReply> FromReply for Items<T> {
    fn from_reply(reply: Reply) -> Result<Self, RedisError> {
        match reply {
            Reply::Null => Ok(Self(Vec::new())),
            Reply::Array(items) => items
                .into_iter()
                .map(T::from_reply)
                .collect::<Result<_, _>>()
                .map(Self),
            other => mismatch("a list", &other),
        }
    }
}

#[cfg(test)]
mod tests {
    use fuzz::{fuzz, mutated};
    use proptest::prelude::*;

    use super::*;
    use serde_json::json;

    #[test]
    fn replies_are_read_from_base64_json() {
        let reply = Reply::from_json(json!(["/w==", "OK", null, 7, ["aGk="], "T0s=", ""])).unwrap();
        assert_eq!(
            reply,
            Reply::Array(vec![
                Reply::Bytes(vec![0xff]),
                Reply::Bytes(b"OK".to_vec()),
                Reply::Null,
                Reply::Integer(7),
                Reply::Array(vec![Reply::Bytes(b"hi".to_vec())]),
                Reply::Bytes(b"OK".to_vec()),
                Reply::Bytes(Vec::new()),
            ])
        );
        for odd in [json!("not base64!"), json!(true), json!({}), json!(1.5)] {
            assert!(Reply::from_json(odd).is_err());
        }
    }

    #[test]
    fn a_reply_becomes_only_what_it_is() {
        assert_eq!(i64::from_reply(Reply::Integer(3)), Ok(3));
        assert_eq!(i64::from_reply(Reply::Integer(-3)), Ok(-3));
        assert_eq!(Vec::from_reply(Reply::Bytes(vec![7])), Ok(vec![7]));
        assert_eq!(Reply::from_reply(Reply::Integer(3)), Ok(Reply::Integer(3)));
        assert_eq!(<()>::from_reply(Reply::Integer(3)), Ok(()));
        assert_eq!(Option::<i64>::from_reply(Reply::Integer(3)), Ok(Some(3)));
        assert!(i64::from_reply(Reply::Null).is_err());
        assert_eq!(Option::<i64>::from_reply(Reply::Null), Ok(None));
        assert!(Vec::<u8>::from_reply(Reply::Integer(1)).is_err());
        assert_eq!(
            Items::<Vec<u8>>::from_reply(Reply::Null),
            Ok(Items(Vec::new()))
        );
        let numbers = Reply::Array(vec![Reply::Integer(1), Reply::Integer(2)]);
        assert_eq!(Items::<i64>::from_reply(numbers), Ok(Items(vec![1, 2])));
        let mixed = Reply::Array(vec![Reply::Integer(1), Reply::Null]);
        assert!(Items::<i64>::from_reply(mixed).is_err());
    }

    #[test]
    fn a_mismatch_names_both_types() {
        let said = |error: RedisError| error.to_string();
        for (reply, kind) in [
            (Reply::Null, "nothing"),
            (Reply::Bytes(Vec::new()), "a string"),
            (Reply::Array(Vec::new()), "a list"),
        ] {
            let error = said(i64::from_reply(reply).unwrap_err());
            assert!(
                error.ends_with(&format!("{kind} where a number belongs")),
                "{error}"
            );
        }
        let error = said(Vec::<u8>::from_reply(Reply::Integer(1)).unwrap_err());
        assert!(
            error.ends_with("a number where a string belongs"),
            "{error}"
        );
        let error = said(Items::<i64>::from_reply(Reply::Integer(1)).unwrap_err());
        assert!(error.ends_with("a number where a list belongs"), "{error}");
    }

    #[test]
    fn a_damaged_reply_is_refused_or_read() {
        fuzz(&mutated(&[r#"[["aGk=",null,7],"OK",""]"#]), |text| {
            if let Ok(value) = serde_json::from_slice(&text)
                && let Ok(reply) = Reply::from_json(value)
            {
                prop_assert!(
                    Items::<Vec<u8>>::from_reply(reply.clone()).is_ok() || reply != Reply::Null
                );
            }
            Ok(())
        });
    }
}
