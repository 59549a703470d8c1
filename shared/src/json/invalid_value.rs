//! What the syntax of JSON allows, and no value may have.

use super::non_finite::NonFinite;
use super::value::{Json, Kind};

impl Json<'_> {
    /// Whether each object in it has every name once, each string is Unicode, and
    /// each number is one; `None` when all of that is so, otherwise what is wrong,
    /// for a sentence that begins with the value's place. Recursion goes as deep as
    /// the value, so ask [`Json::depth`] first.
    pub fn find_invalid_value(self) -> Option<&'static str> {
        match self.kind() {
            Kind::Null | Kind::Bool => None,
            Kind::Number => (self.f64().is_none() && NonFinite::of(self).is_none())
                .then_some("holds a number that is too large."),
            Kind::String => self
                .text()
                .is_none()
                .then_some("holds text that is not Unicode."),
            Kind::Array => self.items()?.find_map(Self::find_invalid_value),
            Kind::Object => {
                let mut names = Vec::new();
                for (name, value) in self.members()? {
                    if let Some(flaw) = name
                        .find_invalid_value()
                        .or_else(|| value.find_invalid_value())
                    {
                        return Some(flaw);
                    }
                    names.extend(name.text());
                }
                names.sort_unstable();
                let twice = names.windows(2).any(|pair| pair[0] == pair[1]);
                twice.then_some("holds an object with the same member twice.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flaws_are_found_at_any_depth() {
        for (text, flaw) in [
            ("[1,\"a\",null,{\"a\":{\"b\":[]}}]", None),
            ("[[1e999]]", Some("number")),
            ("[NaN,{\"a\":-Infinity}]", None),
            ("{\"a\":\"\\udc00\"}", Some("Unicode")),
            ("{\"\\udc00\":1}", Some("Unicode")),
            ("[{\"b\":1,\"a\":2,\"\\u0062\":3}]", Some("twice")),
        ] {
            let found = Json::parse_with_non_finite(text)
                .unwrap()
                .find_invalid_value();
            assert_eq!(found.is_some(), flaw.is_some(), "{text}: {found:?}");
            assert!(
                found.is_none_or(|found| found.contains(flaw.unwrap())),
                "{text}: {found:?}"
            );
        }
    }
}
