//! The bearer token that callers must have.

use std::fmt;

use subtle::ConstantTimeEq;

/// The bearer token. Never printed, compared in constant time.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A token. An empty text is no token, so that `RUNNER_TOKEN=` does not lock all
    /// callers out by accident.
    pub fn new(token: impl Into<String>) -> Option<Self> {
        let token = token.into();
        (!token.is_empty()).then_some(Self(token))
    }

    /// Whether the other token is the same. The time that this takes reveals only the
    /// length.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(other).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_not_printed_and_must_match_entirely() {
        let token = Token::new("hunter2").unwrap();
        assert!(!format!("{token:?}").contains("hunter2"));
        assert!(token.matches(b"hunter2"));
        for wrong in [&b"hunter"[..], b"hunter22", b"", b"Hunter2"] {
            assert!(!token.matches(wrong));
        }
        assert!(Token::new("").is_none());
    }
}
