//! The token that every request must carry.

use axum::http::{HeaderMap, header};
use subtle::ConstantTimeEq as _;

use crate::command::query_pairs;

/// The REST token. It shows itself to nobody: `Debug` is redacted and there is
/// no `Display`; all it does is compare.
#[derive(Clone)]
pub struct Token(Box<[u8]>);

/// A token must have at least one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is empty")]
pub struct EmptyToken;

impl Token {
    /// Takes the token as it was configured, without surrounding white space.
    pub fn new(token: &str) -> Result<Self, EmptyToken> {
        match token.trim() {
            "" => Err(EmptyToken),
            token => Ok(Self(token.as_bytes().into())),
        }
    }

    /// Whether `candidate` is the token. Takes as long for a near miss as for a
    /// far one; only the length can be told apart.
    fn matches(&self, candidate: &[u8]) -> bool {
        self.0.ct_eq(candidate).into()
    }

    /// Whether a request carries the token: as `Authorization: Bearer TOKEN`
    /// (the word `Bearer` may be missing), or as `?_token=TOKEN`.
    pub fn is_carried_by(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        let in_header = headers
            .get_all(header::AUTHORIZATION)
            .iter()
            .any(|value| self.matches(credentials(value.as_bytes())));
        in_header
            || query_pairs(query).any(|(name, value)| name == b"_token" && self.matches(&value))
    }
}

fn credentials(header: &[u8]) -> &[u8] {
    match header.split_first_chunk::<7>() {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => token.trim_ascii(),
        _ => header.trim_ascii(),
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(authorization: Option<&str>, query: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        Token::new("s3cr+t").unwrap().is_carried_by(&headers, query)
    }

    #[test]
    fn the_token_is_found_in_the_header_and_in_the_query() {
        assert!(carried(Some("Bearer s3cr+t"), None));
        assert!(carried(Some("bearer  s3cr+t "), None));
        assert!(carried(Some("s3cr+t"), None));
        assert!(carried(None, Some("EX=1&_token=s3cr%2Bt")));
        assert!(carried(Some("Bearer wrong"), Some("_token=s3cr%2Bt")));
    }

    #[test]
    fn everything_else_is_refused() {
        assert!(!carried(None, None));
        assert!(!carried(Some(""), None));
        assert!(!carried(Some("Bearer "), None));
        assert!(!carried(Some("Bearer s3cr+"), None));
        assert!(!carried(Some("Bearer s3cr+tt"), None));
        assert!(!carried(Some("Basic s3cr+t"), None));
        assert!(!carried(None, Some("token=s3cr%2Bt")));
        assert!(!carried(None, Some("_token=")));
    }

    #[test]
    fn it_does_not_show_itself() {
        let token = Token::new("s3cr+t").unwrap();
        assert_eq!(format!("{token:?}"), "Token(redacted)");
        assert_eq!(Token::new(" \n").unwrap_err(), EmptyToken);
    }
}
