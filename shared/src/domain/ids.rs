//! Names that must not be mistaken for each other: a problem's id, its version,
//! and the hash of its inputs.

use std::fmt;

use serde::Serialize;

use super::violation::Violation;

/// The longest problem id, in characters.
pub const MAX_PROBLEM_ID_CHARS: usize = 128;

/// A problem's id: 1 to 128 characters of `[A-Za-z0-9._-]`, but neither `.` nor
/// `..`: every reader of URLs takes those as steps, so nothing would be found
/// under them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ProblemId(String);

/// A fingerprint of a problem's text: 32 hex digits. The same text has the same
/// version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ProblemVersion(String);

/// A hash of what determines the answers to a problem: 32 hex digits. See
/// [`Problem::inputs_hash`](super::problem::Problem::inputs_hash).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct InputsHash(String);

impl ProblemId {
    /// Reads an id. Errors: `field` breaks the rule.
    pub fn parse(text: &str, field: &'static str) -> Result<Self, Violation> {
        let broken = |rule: &str| Err(Violation::invalid(field, format!("{field} {rule}")));
        if text.is_empty() {
            return broken("must not be empty.");
        }
        if text.chars().count() > MAX_PROBLEM_ID_CHARS {
            return broken(&format!(
                "must be at most {MAX_PROBLEM_ID_CHARS} characters."
            ));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !text.chars().all(allowed) {
            return broken("may hold only the characters A-Z a-z 0-9 . _ -");
        }
        if matches!(text, "." | "..") {
            return broken("must not be . or ..");
        }
        Ok(Self(text.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ProblemVersion {
    /// A version as it is stored.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl InputsHash {
    /// A hash as it is stored.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProblemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_its_rules() {
        let long = "x".repeat(MAX_PROBLEM_ID_CHARS);
        for id in ["a", "two-sum", "A.b_C-9", "...", ".x", &long] {
            assert_eq!(ProblemId::parse(id, "id").unwrap().as_str(), id);
        }
        let longer = format!("{long}x");
        for (id, rule) in [
            ("", "empty"),
            (longer.as_str(), "128"),
            ("two sum", "A-Z"),
            ("../etc", "A-Z"),
            ("zählen", "A-Z"),
            (".", ". or .."),
            ("..", ". or .."),
        ] {
            let violation = ProblemId::parse(id, "problemId").unwrap_err();
            assert_eq!(violation.field, "problemId");
            assert!(violation.message.starts_with("problemId "));
            assert!(violation.message.contains(rule), "{violation}");
        }
    }
}
