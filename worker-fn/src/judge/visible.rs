//! Characters that cannot be seen, or cannot be told apart, made visible and
//! named. So values are shown in one spelling, whatever wrote them.

use std::borrow::Cow;

use shared::json::{Json, JsonText};

/// The most characters of a text that is quoted.
const MAX_QUOTED_CHARS: usize = 60;

/// How many of them stand before the place of interest.
const BEFORE_CHARS: usize = 20;

/// `text` between quotes, with what cannot be seen as escapes; where it is long,
/// a piece of it around the byte `at`.
pub(super) fn quoted(text: &str, at: usize) -> String {
    let before = text[..at].chars().count();
    let skipped = if text.chars().count() > MAX_QUOTED_CHARS {
        before.saturating_sub(BEFORE_CHARS)
    } else {
        0
    };
    let mut quoted = String::from(if skipped > 0 { "…\"" } else { "\"" });
    let mut rest = text.chars().skip(skipped);
    for one in rest.by_ref().take(MAX_QUOTED_CHARS) {
        match one {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(one);
            }
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            ' ' => quoted.push(' '),
            _ if name(one).is_some() => quoted.push_str(&format!("\\u{{{:x}}}", u32::from(one))),
            _ => quoted.push(one),
        }
    }
    quoted.push('"');
    if rest.next().is_some() {
        quoted.push('…');
    }
    quoted
}

/// A value as it is shown: `["größe"]` where `json.dumps` writes `["gr\\u00f6\\u00dfe"]`.
/// `None`: as it is.
pub(super) fn spelled(value: Json<'_>) -> Option<JsonText> {
    // Joiners are a part of how some languages and emoji are written.
    let is_seen = |one| matches!(one, ' ' | '\u{200c}' | '\u{200d}');
    value.with_canonical_escapes(|one| !is_seen(one) && name(one).is_some())
}

/// The text of a value as it is shown.
pub fn shown(value: Json<'_>) -> Cow<'_, str> {
    spelled(value).map_or(Cow::Borrowed(value.as_str()), |spelled| {
        Cow::Owned(spelled.as_str().to_owned())
    })
}

/// A sentence on why a person cannot see how `expected` and `actual` differ, which
/// begin with their first difference; `None` where they can.
pub(super) fn unseen(expected: &str, actual: &str) -> Option<String> {
    for (who, text, other) in [("got", actual, expected), ("expected", expected, actual)] {
        if let Some(what) = extra(text, other) {
            return Some(format!("It cannot be seen: {who} has {what}."));
        }
    }
    let (one, other) = (expected.chars().next()?, actual.chars().next()?);
    let forms = |text: &str| text.chars().nth(1).is_some_and(is_combining);
    let composed = |one: char| !one.is_ascii() && one.is_alphabetic();
    if composed(one) && forms(actual)
        || composed(other) && forms(expected)
        || is_combining(one)
        || is_combining(other)
    {
        return Some(
            "It may look the same: one has a letter as a single character, the other as a letter \
             with a combining mark (NFC against NFD)."
                .into(),
        );
    }
    let alike = !one.is_ascii() && !other.is_control() && one.is_alphabetic()
        || !other.is_ascii() && !one.is_control() && other.is_alphabetic();
    let number = |one: char| format!("U+{:04X}", u32::from(one));
    (alike || name(one).is_some() || name(other).is_some()).then(|| {
        let named = |one: char| match name(one) {
            Some(name) => format!("{name} ({})", number(one)),
            None => format!("{one} ({})", number(one)),
        };
        format!("Expected is {}, got is {}.", named(one), named(other))
    })
}

/// What of `text` cannot be seen and is not in `other`, if without it they are the
/// same.
fn extra(text: &str, other: &str) -> Option<String> {
    let first = text.chars().next()?;
    let name = name(first)?;
    let bare = |text: &str| {
        text.chars()
            .filter(|&one| self::name(one).is_none())
            .collect::<String>()
    };
    if bare(text) != bare(other) {
        return None;
    }
    let at_the_end = text.chars().all(|one| self::name(one).is_some());
    Some(if at_the_end {
        format!("{name} at the end of the line")
    } else {
        format!("{name} there")
    })
}

fn is_combining(one: char) -> bool {
    matches!(u32::from(one), 0x300..=0x36f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff)
}

/// The name of a character that cannot be seen, with its article.
fn name(one: char) -> Option<&'static str> {
    Some(match one {
        ' ' => "a space",
        '\t' => "a tab",
        '\r' => "a carriage return",
        '\n' => "a line break",
        '\0' => "a NUL character",
        '\u{ad}' => "a soft hyphen",
        '\u{a0}' => "a no-break space",
        '\u{feff}' => "a byte order mark",
        '\u{200b}' => "a zero width space",
        '\u{200c}' | '\u{200d}' => "a zero width joiner",
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            "a mark for the direction of text"
        }
        '\u{2028}' | '\u{2029}' | '\u{85}' => "a separator of lines",
        one if one.is_whitespace() => "an unusual space",
        one if one.is_control() => "a control character",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_named() {
        for (expected, actual, sentence) in [
            ("3", "4", None),
            ("abc", "abd", None),
            ("", "x", None),
            ("", " ", Some("got has a space at the end of the line")),
            (" ", "", Some("expected has a space at the end of the line")),
            ("", "\r", Some("got has a carriage return at the end")),
            ("", "\0", Some("got has a NUL character at the end")),
            ("5", "\u{feff}5", Some("got has a byte order mark there")),
            (" b", "\u{a0}b", Some("got has a no-break space there")),
            ("b", "\tb", Some("got has a tab there")),
            ("\u{e9}", "e\u{301}", Some("NFC against NFD")),
            ("e\u{301}", "\u{e9}", Some("NFC against NFD")),
            (
                "a",
                "\u{430}",
                Some("Expected is a (U+0061), got is \u{430} (U+0430)."),
            ),
            ("a", " b", Some("got is a space (U+0020)")),
        ] {
            let got = unseen(expected, actual);
            match sentence {
                None => assert_eq!(got, None, "{expected:?} {actual:?}"),
                Some(words) => {
                    let got = got.unwrap_or_default();
                    assert!(got.contains(words), "{expected:?} {actual:?}: {got}");
                }
            }
        }
    }

    #[test]
    fn a_quote_shows_a_piece_around_the_place() {
        assert_eq!(quoted("a \"b\"\t\u{a0}\0", 0), r#""a \"b\"\t\u{a0}\u{0}""#);
        let long = "é".repeat(200);
        let piece = quoted(&long, 200);
        assert!(
            piece.starts_with("…\"éé") && piece.ends_with("\"…"),
            "{piece}"
        );
        assert_eq!(
            piece.chars().filter(|&one| one == 'é').count(),
            MAX_QUOTED_CHARS
        );
        assert!(quoted(&long, long.len()).ends_with('"'));
    }
}
