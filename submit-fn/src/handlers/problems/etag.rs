//! Entity tags of a problem's two answers.

use http::{HeaderMap, header};
use shared::domain::ids::ProblemVersion;

/// The tag of an operator's answer, or of anyone's.
pub(super) fn of(version: &ProblemVersion, operator: bool) -> String {
    let whose = if operator { "operator" } else { "public" };
    ["\"", version.as_str(), "-", whose, "\""].concat()
}

/// Whether the caller holds the answer with this tag. Tags are compared weakly,
/// as RFC 9110 says for `If-None-Match`.
pub(super) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let Some(list) = headers.get(header::IF_NONE_MATCH) else {
        return false;
    };
    list.to_str().unwrap_or_default().split(',').any(|item| {
        let item = item.trim();
        item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_answers_have_tags_of_their_own() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            headers
        };
        let version = ProblemVersion::new("v1");
        let (operators, publics) = (of(&version, true), of(&version, false));
        assert_eq!(publics, "\"v1-public\"");
        assert!(is_known(&with(&publics), &publics));
        assert!(is_known(&with(&format!("\"x\", W/{publics}")), &publics));
        assert!(is_known(&with("*"), &publics));
        assert!(!is_known(&with(&operators), &publics));
        assert!(!is_known(&with("\"v2-public\""), &publics));
        assert!(!is_known(&HeaderMap::new(), &publics));
    }
}
