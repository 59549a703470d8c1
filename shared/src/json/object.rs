//! The members of an object by name: a bounded number, and none twice.

use std::borrow::Cow;

use super::value::{Json, Kind};
use crate::text::truncated;

/// The most members of an object that is read by name. None of ours has as many.
pub const MAX_MEMBERS: usize = 64;

/// The longest name that an error repeats, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The members of an object that have not been taken yet.
#[derive(Debug, Clone)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

/// Why a value is not an object that can be read by name. The text says it of
/// "it", for a sentence such as `cases[3] {error}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// Another kind of value.
    #[error("must be a JSON object.")]
    NotAnObject,
    /// A member stands there twice: readers would disagree which one counts.
    #[error("has the member {0:?} twice.")]
    Duplicate(String),
    /// More than [`MAX_MEMBERS`].
    #[error("has more than {MAX_MEMBERS} members.")]
    TooMany,
    /// A name holds half of a surrogate pair.
    #[error("has a member whose name is not Unicode.")]
    Name,
}

impl<'a> Object<'a> {
    /// The members of `value`.
    pub fn of(value: Json<'a>) -> Result<Self, ObjectError> {
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        for (name, value) in value.members().ok_or(ObjectError::NotAnObject)? {
            let name = name.text().ok_or(ObjectError::Name)?;
            if members.iter().any(|(other, _)| *other == name) {
                let name = truncated(&name, MAX_NAME_BYTES).to_owned();
                return Err(ObjectError::Duplicate(name));
            }
            if members.len() == MAX_MEMBERS {
                return Err(ObjectError::TooMany);
            }
            members.push((name, value));
        }
        Ok(Self(members))
    }

    /// No members.
    pub fn empty() -> Self {
        Self(Vec::new())
    }

    /// Takes a member out. `null` is there.
    pub fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let index = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.remove(index).1)
    }

    /// A member that has not been taken. `null` counts as absent.
    pub fn get(&self, name: &str) -> Option<Json<'a>> {
        let mut members = self.0.iter();
        members
            .find(|(other, value)| other == name && value.kind() != Kind::Null)
            .map(|(_, value)| *value)
    }

    /// The name of a member that has not been taken yet: the first one.
    pub fn first_name(&self) -> Option<&str> {
        self.names().next()
    }

    /// The names of the members that have not been taken yet, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Result<Object<'_>, ObjectError> {
        Object::of(Json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn members_are_taken_by_name() {
        let mut object = object(r#"{"a":1,"b":null,"\u0063":"x"}"#).unwrap();
        assert_eq!(object.get("a").unwrap().u64(), Some(1));
        assert_eq!(object.get("b"), None, "null counts as absent");
        assert!(object.take("b").unwrap().is_null());
        assert_eq!(object.take("c").unwrap().text().as_deref(), Some("x"));
        assert_eq!(object.take("c"), None);
        assert_eq!(object.first_name(), Some("a"));
    }

    #[test]
    fn an_object_has_a_bound_and_no_member_twice() {
        for (text, error) in [
            ("[]", ObjectError::NotAnObject),
            (
                r#"{"hidden":true,"x":1,"hidden":false}"#,
                ObjectError::Duplicate("hidden".into()),
            ),
            // The same name in another spelling.
            (r#"{"a":1,"\u0061":2}"#, ObjectError::Duplicate("a".into())),
            (r#"{"\ud800":1}"#, ObjectError::Name),
        ] {
            assert_eq!(object(text).unwrap_err(), error, "{text}");
        }
        let of = |members: usize| {
            let members: Vec<String> = (0..members).map(|n| format!("\"{n}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(object(&of(MAX_MEMBERS)).is_ok());
        assert_eq!(
            object(&of(MAX_MEMBERS + 1)).unwrap_err(),
            ObjectError::TooMany
        );
    }
}
