//! When an answer counts as the expected one.
//!
//! What each checker compares is in `problems/README.md`, under "Checkers", for
//! programs and for functions. Comparing is the judge's: `judge/compare.rs` of
//! worker-fn.

use serde_json::Value;

use super::Kind;
use super::object::{ObjectReader, Violations, object};
use crate::json::Json;

/// The option that has upper and lower case count as the same.
const IGNORE_CASE: &str = "ignoreCase";

/// A rule for comparing an answer with the expected one.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(test, derive(strum::VariantNames))]
pub enum Checker {
    /// Equal.
    Exact,
    /// Equal but for whitespace at the ends of lines and of the text.
    Lines {
        /// Whether upper and lower case count as the same; default no.
        ignore_case: bool,
    },
    /// The same words in the same order.
    Tokens {
        /// As for [`Checker::Lines`].
        ignore_case: bool,
    },
    /// Equal but for small differences between numbers.
    Float {
        /// 0 to 1e9; default 1e-9.
        absolute: f64,
        /// 0 to 1; default 1e-9.
        relative: f64,
        /// As for [`Checker::Lines`], in what is no number.
        ignore_case: bool,
    },
    /// Equal in any order.
    Unordered {
        /// How many levels of lists: 1 to 8.
        depth: u32,
    },
}

impl Checker {
    /// The checker of a problem that names none. People who print `1 2 3 ` with a
    /// space at the end mean `1 2 3`, so a program's output is compared without it.
    pub(super) fn default_for(kind: &Kind) -> Self {
        match kind {
            Kind::Program => Self::Lines { ignore_case: false },
            Kind::Function(_) | Kind::Class(_) => Self::Exact,
        }
    }

    /// Reads a name, or an object with `kind` and its options.
    pub(super) fn read(value: Json<'_>, path: String, violations: &mut Violations) -> Self {
        const KINDS: &str = "must be exact, lines, tokens, float, unordered or program.";
        const CLOSE: &str = "must be a number from 0 to 1000000000.";
        const SHARE: &str = "must be a number from 0 to 1.";
        const DEFAULT: f64 = 1e-9;
        let name = value.text();
        let by_name = name.is_some();
        let value = if by_name { Json::EMPTY_OBJECT } else { value };
        let mut members = ObjectReader::new(value, path.clone(), violations);
        let kind = match name {
            Some(name) => name.into_owned(),
            None => members.text("kind").unwrap_or_default(),
        };
        let (checker, known) = match kind.as_str() {
            "exact" => (Self::Exact, "kind"),
            "lines" | "tokens" => {
                let ignore_case = members.flag(IGNORE_CASE, false);
                let checker = match kind.as_str() {
                    "lines" => Self::Lines { ignore_case },
                    _ => Self::Tokens { ignore_case },
                };
                (checker, "kind, ignoreCase")
            }
            "float" => {
                let absolute = members.number("absolute", 0.0, 1e9, CLOSE);
                let relative = members.number("relative", 0.0, 1.0, SHARE);
                let float = Self::Float {
                    absolute: absolute.unwrap_or(DEFAULT),
                    relative: relative.unwrap_or(DEFAULT),
                    ignore_case: members.flag(IGNORE_CASE, false),
                };
                (float, "kind, absolute, relative, ignoreCase")
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
                members.violations.reject(place, KINDS);
                (Self::Exact, "kind")
            }
        };
        members.end(known);
        checker
    }

    /// The JSON that is stored: a name where there are no options.
    pub(super) fn to_value(self) -> Value {
        match self {
            Self::Exact => "exact".into(),
            Self::Lines { ignore_case: false } => "lines".into(),
            Self::Tokens { ignore_case: false } => "tokens".into(),
            Self::Lines { ignore_case: true } => {
                object(&mut [("kind", "lines".into()), (IGNORE_CASE, true.into())])
            }
            Self::Tokens { ignore_case: true } => {
                object(&mut [("kind", "tokens".into()), (IGNORE_CASE, true.into())])
            }
            Self::Float {
                absolute,
                relative,
                ignore_case,
            } => object(&mut [
                ("kind", "float".into()),
                ("absolute", absolute.into()),
                ("relative", relative.into()),
                (
                    IGNORE_CASE,
                    if ignore_case {
                        true.into()
                    } else {
                        Value::Null
                    },
                ),
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
    use crate::domain::violation::Violation;
    use crate::json::JsonText;
    use serde_json::json;
    use strum::VariantNames as _;

    fn read(value: Value) -> Result<Checker, Violation> {
        let mut violations = Violations::default();
        let text = JsonText::from(value);
        let checker = Checker::read(text.json(), "c".into(), &mut violations);
        violations.into_result(checker)
    }

    /// The table that problem setters read has a row for every kind.
    #[test]
    fn every_checker_is_documented() {
        let readme = include_str!("../../../../problems/README.md");
        for variant in Checker::VARIANTS {
            let name = variant.to_lowercase();
            let by_name = format!("| `{name}` |");
            let with_options = format!("| `{{\"kind\":\"{name}\"");
            assert!(
                readme.contains(&by_name) || readme.contains(&with_options),
                "problems/README.md has no row for {name}"
            );
        }
    }

    #[test]
    fn checkers_are_read_with_their_defaults_and_written_back() {
        let float = |absolute, relative| Checker::Float {
            absolute,
            relative,
            ignore_case: false,
        };
        for (value, checker) in [
            (json!("exact"), Checker::Exact),
            (json!({"kind": "exact"}), Checker::Exact),
            (json!("lines"), Checker::Lines { ignore_case: false }),
            (json!("tokens"), Checker::Tokens { ignore_case: false }),
            (
                json!({"kind": "lines", "ignoreCase": true}),
                Checker::Lines { ignore_case: true },
            ),
            (
                json!({"kind": "tokens", "ignoreCase": true}),
                Checker::Tokens { ignore_case: true },
            ),
            (
                json!({"kind": "tokens", "ignoreCase": false}),
                Checker::Tokens { ignore_case: false },
            ),
            (
                json!({"kind": "tokens", "ignoreCase": null}),
                Checker::Tokens { ignore_case: false },
            ),
            (
                json!({"kind": "float", "absolute": 0.5, "relative": 0, "ignoreCase": true}),
                Checker::Float {
                    absolute: 0.5,
                    relative: 0.0,
                    ignore_case: true,
                },
            ),
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
    fn unknown_checkers_and_options_are_refused_with_their_path() {
        for (value, field, rule) in [
            (
                json!("fuzzy"),
                "c",
                "exact, lines, tokens, float, unordered or program",
            ),
            (json!(3), "c", "object"),
            (json!({}), "c.kind", "exact, lines, tokens"),
            (json!({"kind": "fuzzy"}), "c.kind", "exact, lines, tokens"),
            (json!({"kind": 1}), "c.kind", "text"),
            (json!({"kind": "exact", "depth": 1}), "c.depth", "not known"),
            (
                json!({"kind": "exact", "ignoreCase": true}),
                "c.ignoreCase",
                "not known",
            ),
            (
                json!({"kind": "unordered", "ignoreCase": true}),
                "c.ignoreCase",
                "there is kind, depth",
            ),
            (
                json!({"kind": "tokens", "ignore_case": true}),
                "c.ignore_case",
                "there is kind, ignoreCase",
            ),
            (
                json!({"kind": "lines", "ignoreCase": 1}),
                "c.ignoreCase",
                "true or false",
            ),
            (
                json!({"kind": "float", "ignoreCase": "yes"}),
                "c.ignoreCase",
                "true or false",
            ),
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
            let violation = read(value.clone()).unwrap_err();
            assert_eq!(violation.field, field, "{value}");
            assert!(violation.message.contains(rule), "{violation}");
        }
    }
}
