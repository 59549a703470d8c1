//! The token that every request must have. `server.rs` checks it first.

use axum::http::{HeaderMap, header};
use subtle::ConstantTimeEq as _;

use crate::command::query_pairs;

/// The REST token. It is never printed: `Debug` is redacted and there is no
/// `Display`.
#[derive(Clone)]
pub struct Token(Box<[u8]>);

/// A token must have at least one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is empty")]
pub struct EmptyToken;

impl Token {
    /// The configured token, without surrounding white space.
    pub fn new(token: &str) -> Result<Self, EmptyToken> {
        match token.trim() {
            "" => Err(EmptyToken),
            token => Ok(Self(token.as_bytes().into())),
        }
    }

    /// Whether `candidate` is the token. The time that this takes reveals only the
    /// length.
    fn matches(&self, candidate: &[u8]) -> bool {
        self.0.ct_eq(candidate).into()
    }

    /// Whether a request has the token: as `Authorization: Bearer TOKEN`
    /// (the word `Bearer` may be missing), or as `?_token=TOKEN`.
    pub fn is_in_request(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
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
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    fn is_accepted(authorization: Option<&str>, query: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        Token::new("s3cr+t").unwrap().is_in_request(&headers, query)
    }

    #[test]
    fn token_is_found_in_the_header_and_in_the_query() {
        assert!(is_accepted(Some("Bearer s3cr+t"), None));
        assert!(is_accepted(Some("bearer  s3cr+t "), None));
        assert!(is_accepted(Some("s3cr+t"), None));
        assert!(is_accepted(None, Some("EX=1&_token=s3cr%2Bt")));
        assert!(is_accepted(Some("Bearer wrong"), Some("_token=s3cr%2Bt")));
    }

    #[test]
    fn token_that_is_wrong_or_elsewhere_is_refused() {
        assert!(!is_accepted(None, None));
        assert!(!is_accepted(Some(""), None));
        assert!(!is_accepted(Some("Bearer "), None));
        assert!(!is_accepted(Some("Bearer s3cr+"), None));
        assert!(!is_accepted(Some("Bearer s3cr+tt"), None));
        assert!(!is_accepted(Some("Basic s3cr+t"), None));
        assert!(!is_accepted(None, Some("token=s3cr%2Bt")));
        assert!(!is_accepted(None, Some("_token=")));
    }

    #[test]
    fn token_is_not_printed() {
        let token = Token::new("s3cr+t").unwrap();
        assert_eq!(format!("{token:?}"), "Token(redacted)");
        assert_eq!(Token::new(" \n").unwrap_err(), EmptyToken);
    }

    #[test]
    fn fuzz_token_is_accepted_in_no_other_header_or_query() {
        let value = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..20),
            "(bearer |Bearer|Basic | ){0,2}[s3cr+t ]{0,8}".prop_map(String::into_bytes),
        ];
        let query = prop_oneof![
            any::<String>(),
            "(_token|token|&|=|%|s3cr%2Bt|s3cr|[+]t|t){0,6}"
        ];
        fuzz(&(value, query), |(value, query)| {
            let mut headers = HeaderMap::new();
            let Ok(header) = HeaderValue::from_bytes(&value) else {
                return Ok(());
            };
            headers.insert(header::AUTHORIZATION, header);
            let in_header = value.windows(6).any(|part| part == b"s3cr+t");
            let in_query = query_pairs(Some(&query))
                .any(|(name, value)| name == b"_token" && value == b"s3cr+t");
            let token = Token::new("s3cr+t").unwrap();
            if token.is_in_request(&headers, Some(&query)) {
                prop_assert!(in_header || in_query);
            } else {
                prop_assert!(!in_query);
            }
            Ok(())
        });
    }
}
