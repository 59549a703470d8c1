//! When an answer counts as the expected one.
//!
//! | checker | text that a program printed | value that a function returned |
//! | --- | --- | --- |
//! | `exact` | the same text; CRLF counts as LF, and line ends at the very end do not count | the same value of the same type: `1`, `1.0`, `"1"` and `true` differ; where the signature says `float`, a whole number counts as a float |
//! | `tokens` | the same words in the same order, whatever ASCII whitespace is between them | as `exact`, but any two texts are compared by their words |
//! | `float` | as `tokens`, but two words that are both decimal numbers need only be close | as `exact`, but two numbers need only be close if either has a fraction or the signature says `float` |
//! | `unordered` | the same lines in any order; whitespace at the end of a line and empty lines do not count | as `exact`, but lists down to `depth` (default 1) are compared in any order |
//!
//! Two numbers are close when they differ by at most `absolute`, or by at most
//! `relative` times the expected one.

use serde_json::Value;

use super::members::{Members, Slip};
use super::write::object;

/// A rule for comparing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Checker {
    /// The same.
    #[default]
    Exact,
    /// The same words.
    Tokens,
    /// The same but for small differences between numbers.
    Float {
        /// 0 to 1e9; default 1e-9.
        absolute: f64,
        /// 0 to 1; default 1e-9.
        relative: f64,
    },
    /// The same in any order.
    Unordered {
        /// How many levels of lists: 1 to 8.
        depth: u32,
    },
}

impl Checker {
    /// Reads a name, or an object with `kind` and what belongs to it.
    pub(super) fn read(value: Value, path: String, slip: &mut Slip) -> Self {
        const KINDS: &str = "must be exact, tokens, float or unordered.";
        const CLOSE: &str = "must be a number from 0 to 1000000000.";
        const SHARE: &str = "must be a number from 0 to 1.";
        const DEFAULT: f64 = 1e-9;
        let by_name = value.is_string();
        let value = if by_name {
            object(&mut [("kind", value)])
        } else {
            value
        };
        let mut members = Members::of(value, path.clone(), slip);
        let kind = members.text("kind").unwrap_or_default();
        let (checker, known) = match kind.as_str() {
            "exact" => (Self::Exact, "kind"),
            "tokens" => (Self::Tokens, "kind"),
            "float" => {
                let absolute = members.number("absolute", 0.0, 1e9, CLOSE);
                let relative = members.number("relative", 0.0, 1.0, SHARE);
                let float = Self::Float {
                    absolute: absolute.unwrap_or(DEFAULT),
                    relative: relative.unwrap_or(DEFAULT),
                };
                (float, "kind, absolute, relative")
            }
            "unordered" => {
                let depth = members.whole("depth", 1, 8);
                let depth = depth.and_then(|depth| u32::try_from(depth).ok());
                let unordered = Self::Unordered {
                    depth: depth.unwrap_or(1),
                };
                (unordered, "kind, depth")
            }
            _ => {
                let place = if by_name { path } else { members.path("kind") };
                members.slip.broken(place, KINDS);
                (Self::Exact, "kind")
            }
        };
        members.end(known);
        checker
    }

    /// As it is kept: a name where there is nothing more to say.
    pub(super) fn to_value(self) -> Value {
        match self {
            Self::Exact => "exact".into(),
            Self::Tokens => "tokens".into(),
            Self::Float { absolute, relative } => object(&mut [
                ("kind", "float".into()),
                ("absolute", absolute.into()),
                ("relative", relative.into()),
            ]),
            Self::Unordered { depth } => {
                object(&mut [("kind", "unordered".into()), ("depth", depth.into())])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api_error::ApiError;
    use serde_json::json;

    fn read(value: Value) -> Result<Checker, ApiError> {
        let mut slip = Slip::default();
        let checker = Checker::read(value, "c".into(), &mut slip);
        slip.or(checker)
    }

    #[test]
    fn checkers_are_read_with_their_defaults_and_written() {
        let float = |absolute, relative| Checker::Float { absolute, relative };
        for (value, checker) in [
            (json!("exact"), Checker::Exact),
            (json!({"kind": "exact"}), Checker::Exact),
            (json!("tokens"), Checker::Tokens),
            (json!("float"), float(1e-9, 1e-9)),
            (
                json!({"kind": "float", "absolute": 1e-6}),
                float(1e-6, 1e-9),
            ),
            (
                json!({"kind": "float", "absolute": 0, "relative": 1}),
                float(0.0, 1.0),
            ),
            (json!("unordered"), Checker::Unordered { depth: 1 }),
            (
                json!({"kind": "unordered", "depth": 8}),
                Checker::Unordered { depth: 8 },
            ),
        ] {
            assert_eq!(read(value.clone()), Ok(checker), "{value}");
            assert_eq!(read(checker.to_value()), Ok(checker));
        }
    }

    #[test]
    fn odd_checkers_are_refused_with_their_path() {
        for (value, field, said) in [
            (json!("fuzzy"), "c", "exact, tokens, float or unordered"),
            (json!(3), "c", "object"),
            (json!({}), "c.kind", "exact, tokens"),
            (json!({"kind": "fuzzy"}), "c.kind", "exact, tokens"),
            (json!({"kind": 1}), "c.kind", "text"),
            (json!({"kind": "exact", "depth": 1}), "c.depth", "not known"),
            (json!({"kind": "float", "abs": 1}), "c.abs", "absolute"),
            (
                json!({"kind": "float", "absolute": -1}),
                "c.absolute",
                "0 to",
            ),
            (
                json!({"kind": "float", "relative": 1.1}),
                "c.relative",
                "0 to 1",
            ),
            (
                json!({"kind": "float", "relative": "1"}),
                "c.relative",
                "0 to 1",
            ),
            (
                json!({"kind": "unordered", "depth": 0}),
                "c.depth",
                "1 to 8",
            ),
            (
                json!({"kind": "unordered", "depth": 9}),
                "c.depth",
                "1 to 8",
            ),
            (
                json!({"kind": "unordered", "depth": 1.5}),
                "c.depth",
                "1 to 8",
            ),
        ] {
            let error = read(value.clone()).unwrap_err();
            assert_eq!(error.status(), 422);
            assert_eq!(error.field(), Some(field), "{value}");
            assert!(error.message().contains(said), "{}", error.message());
        }
    }
}
