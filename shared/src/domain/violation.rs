//! A rule that an input breaks.
//!
//! The one error of the domain: it names the field and says the rule in a
//! sentence for people, and it never shows a value. It knows no HTTP;
//! [`crate::http::ApiError`] turns it into a response.

use std::borrow::Cow;
use std::fmt;

/// A field, and the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// A member, or a path such as `cases[3].expected`.
    pub field: Cow<'static, str>,
    /// A sentence for people that names the field and the rule.
    pub message: String,
    /// What kind of rule it is.
    pub kind: ViolationKind,
}

/// Kinds of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViolationKind {
    /// The input is not JSON, or not of the JSON type that is asked for.
    Unreadable,
    /// The field's value is not one of those that are allowed.
    Invalid,
    /// The field is larger than its limit.
    TooLarge,
}

impl Violation {
    /// The input cannot be read at all.
    pub fn unreadable(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(field, message, ViolationKind::Unreadable)
    }

    /// The value is not allowed.
    pub fn invalid(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(field, message, ViolationKind::Invalid)
    }

    /// The value is too large; `message` says the limit.
    pub fn too_large(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(field, message, ViolationKind::TooLarge)
    }

    fn new(
        field: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
        kind: ViolationKind,
    ) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
            kind,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Violation {}
