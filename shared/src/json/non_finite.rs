//! The floats that JSON has no number for.
//!
//! What a function returned may hold `NaN`, `Infinity` and `-Infinity` where a
//! number stands, as Python and JavaScript write them. Only the judge holds such
//! texts. In all that is JSON for others (a case's expected value, what `POST /run`
//! answers) these floats are strings.

use super::value::{Json, JsonText, SyntaxError, string_length};

/// A float that is no number of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonFinite {
    /// Not a number, of whatever sign.
    NaN,
    /// Greater than every number.
    Infinity,
    /// Less than every number.
    NegativeInfinity,
}

impl NonFinite {
    const ALL: [Self; 3] = [Self::NaN, Self::Infinity, Self::NegativeInfinity];

    /// `NaN`, `Infinity` or `-Infinity`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NaN => "NaN",
            Self::Infinity => "Infinity",
            Self::NegativeInfinity => "-Infinity",
        }
    }

    /// As a JSON string.
    fn quoted(self) -> &'static str {
        match self {
            Self::NaN => "\"NaN\"",
            Self::Infinity => "\"Infinity\"",
            Self::NegativeInfinity => "\"-Infinity\"",
        }
    }

    /// The float that a word means: `nan`, `inf` or `infinity` in any case, with or
    /// without a sign, as languages print them. The sign of `nan` does not count.
    pub fn parse(word: &str) -> Option<Self> {
        let bare = word.strip_prefix(['+', '-']).unwrap_or(word);
        let is = |name: &str| bare.eq_ignore_ascii_case(name);
        if is("nan") || is("nan(ind)") {
            Some(Self::NaN)
        } else if !is("inf") && !is("infinity") {
            None
        } else if word.starts_with('-') {
            Some(Self::NegativeInfinity)
        } else {
            Some(Self::Infinity)
        }
    }

    /// The float that stands for a number in a value.
    pub fn of(value: Json<'_>) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|one| one.name() == value.as_str())
    }
}

impl<'a> Json<'a> {
    /// Checks the syntax of a value in which a number may be one of [`NonFinite`].
    pub fn parse_with_non_finite(text: &'a str) -> Result<Self, SyntaxError> {
        match replaced(text, |_| "0") {
            None => Self::parse(text.as_bytes()),
            Some(plain) => Json::parse(plain.as_bytes()).map(|_| Self(text.trim_ascii())),
        }
    }
}

impl JsonText {
    /// Whether it is JSON, which has no [`NonFinite`].
    pub fn is_strict(&self) -> bool {
        replaced(self.as_str(), |_| "").is_none()
    }

    /// JSON, with a string in the place of each [`NonFinite`]; `None` where it is JSON.
    pub fn strict(&self) -> Option<String> {
        replaced(self.as_str(), NonFinite::quoted)
    }
}

/// `text` with each non-finite float replaced; `None` without one.
fn replaced(text: &str, by: impl Fn(NonFinite) -> &'static str) -> Option<String> {
    let bytes = text.as_bytes();
    let (mut made, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'"' => string_length(&bytes[at..]),
            b'N' | b'I' | b'-' => match begins(bytes, at) {
                Some(non_finite) => {
                    made.push_str(&text[kept..at]);
                    made.push_str(by(non_finite));
                    kept = at + non_finite.name().len();
                    non_finite.name().len()
                }
                None => 1,
            },
            _ => 1,
        };
    }
    (kept > 0).then(|| made + text.get(kept..).unwrap_or_default())
}

/// The non-finite float at a place, where a whole value stands.
fn begins(text: &[u8], at: usize) -> Option<NonFinite> {
    let rest = &text[at..];
    let non_finite = NonFinite::ALL
        .into_iter()
        .find(|one| rest.starts_with(one.name().as_bytes()))?;
    let before = at.checked_sub(1).map_or(b' ', |before| text[before]);
    let after = rest.get(non_finite.name().len()).copied().unwrap_or(b' ');
    let is_whole =
        matches!(before, b'[' | b',' | b':' | b' ') && matches!(after, b']' | b'}' | b',' | b' ');
    is_whole.then_some(non_finite)
}

#[cfg(test)]
mod tests {
    use fuzz::{fuzz, mutated};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_mean_what_languages_print() {
        for (word, non_finite) in [
            ("nan", Some(NonFinite::NaN)),
            ("NaN", Some(NonFinite::NaN)),
            ("-nan", Some(NonFinite::NaN)),
            ("-nan(ind)", Some(NonFinite::NaN)),
            ("inf", Some(NonFinite::Infinity)),
            ("+Inf", Some(NonFinite::Infinity)),
            ("INFINITY", Some(NonFinite::Infinity)),
            ("-inf", Some(NonFinite::NegativeInfinity)),
            ("-Infinity", Some(NonFinite::NegativeInfinity)),
            ("", None),
            ("-", None),
            ("info", None),
            ("--inf", None),
            (" inf", None),
            ("nanx", None),
        ] {
            assert_eq!(NonFinite::parse(word), non_finite, "{word:?}");
        }
    }

    #[test]
    fn they_stand_where_numbers_stand_and_nowhere_else() {
        for (text, strict) in [
            ("NaN", r#""NaN""#),
            ("-Infinity", r#""-Infinity""#),
            ("[NaN, 1.0,Infinity]", r#"["NaN",1.0,"Infinity"]"#),
            (
                r#"{"NaN":-Infinity,"a":"x,NaN,\"NaN"}"#,
                r#"{"NaN":"-Infinity","a":"x,NaN,\"NaN"}"#,
            ),
        ] {
            let json = Json::parse_with_non_finite(text).unwrap();
            assert_eq!(json.find_invalid_value(), None, "{text}");
            let kept = JsonText::from(json);
            assert!(!kept.is_strict(), "{text}");
            assert_eq!(kept.strict().as_deref(), Some(strict), "{text}");
        }
        for text in [
            "1NaN",
            "NaN1",
            "[1,-NaN]",
            "nan",
            "inf",
            "{NaN:1}",
            "--Infinity",
            "NaNNaN",
            "[NaN",
            "NaN NaN",
            "-",
            "-I",
        ] {
            assert!(Json::parse_with_non_finite(text).is_err(), "{text}");
        }
        for text in ["1", "-1", r#""NaN""#, r#"{"Infinity":["-Infinity"]}"#] {
            let kept = JsonText::from(Json::parse_with_non_finite(text).unwrap());
            assert!(kept.is_strict() && kept.strict().is_none(), "{text}");
        }
        assert!(Json::parse(b"[NaN]").is_err(), "JSON has none");
    }

    #[test]
    fn what_is_read_becomes_json() {
        let seed = r#"[NaN,{"a":-Infinity,"b":"NaN"},[Infinity ],1,"\"NaN"]"#;
        fuzz(&mutated(&[seed]), |text| {
            let Ok(text) = std::str::from_utf8(&text) else {
                return Ok(());
            };
            if let Ok(json) = Json::parse_with_non_finite(text) {
                let kept = JsonText::from(json);
                let strict = kept.strict().unwrap_or_else(|| kept.as_str().to_owned());
                prop_assert!(Json::parse(strict.as_bytes()).is_ok(), "{}", strict);
                prop_assert_eq!(kept.is_strict(), strict == kept.as_str());
            }
            Ok(())
        });
    }
}
