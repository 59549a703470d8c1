//! Text: hex digits, cutting between characters, line ends.

use std::borrow::Cow;

/// Two lowercase hex digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS[usize::from(half)]));
        }
    }
    text
}

/// The value of one hex digit. Only lowercase: what is compared as text has one
/// spelling.
pub fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The longest beginning of `text` that is at most `max_bytes` and ends
/// between characters.
pub fn truncated(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

/// Text as programs expect it: without a byte order mark, and with LF for CRLF.
pub fn normalized(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains("\r\n") {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_has_two_digits_a_byte() {
        assert_eq!(hex(&[0, 1, 0x9f, 0xff]), "00019fff");
        assert_eq!(hex(&[]), "");
        for value in 0..16 {
            assert_eq!(hex_digit(hex(&[value]).as_bytes()[1]), Some(value));
        }
        assert_eq!(hex_digit(b'A'), None);
    }

    #[test]
    fn normal_text_has_no_mark_and_plain_line_ends() {
        for (text, plain) in [
            ("\u{feff}a\r\nb\r\n", "a\nb\n"),
            ("a\rb\n\r", "a\rb\n\r"),
            ("a\u{feff}", "a\u{feff}"),
            ("\r\r\n", "\r\n"),
            ("", ""),
        ] {
            assert_eq!(normalized(text), plain, "{text:?}");
        }
    }

    #[test]
    fn a_cut_ends_between_characters() {
        assert_eq!(truncated("abc", 3), "abc");
        assert_eq!(truncated("abc", 2), "ab");
        assert_eq!(truncated("aä", 2), "a");
        assert_eq!(truncated("😀", 3), "");
    }
}
