//! Strings as JSON, and how long they are as such.

/// Appends `text` as a JSON string with its quotes.
pub fn push_string(json: &mut String, text: &str) {
    json.push('"');
    push_escaped(json, text);
    json.push('"');
}

/// Appends `text` as it stands inside a JSON string. Pieces that are appended one
/// after the other make the same string as all of them at once.
pub fn push_escaped(json: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let Some(escape) = escape(byte) else { continue };
        json.push_str(&text[plain..at]);
        plain = at + 1;
        json.push('\\');
        json.push(char::from(escape));
        if escape == b'u' {
            json.push_str("00");
            for half in [byte >> 4, byte & 15] {
                json.push(char::from(DIGITS[usize::from(half)]));
            }
        }
    }
    json.push_str(&text[plain..]);
}

/// What `text` takes inside a JSON string, in bytes: a control character takes
/// six.
pub fn escaped_len(text: &str) -> usize {
    text.bytes().map(escaped_byte_len).sum()
}

/// The longest beginning of `text` that takes at most `max_bytes` inside a JSON
/// string and ends between characters.
pub fn truncated_escaped(text: &str, max_bytes: usize) -> &str {
    // Most texts fit, and most bytes stay one byte.
    if text.len() > max_bytes || text.len() * 6 > max_bytes {
        let mut left = max_bytes;
        for (at, byte) in text.bytes().enumerate() {
            match left.checked_sub(escaped_byte_len(byte)) {
                Some(less) => left = less,
                None => return &text[..text.floor_char_boundary(at)],
            }
        }
    }
    text
}

fn escaped_byte_len(byte: u8) -> usize {
    match escape(byte) {
        None => 1,
        Some(b'u') => 6,
        Some(_) => 2,
    }
}

/// The letter after the backslash, for a byte that needs one: the same as
/// serde_json's, so that lengths agree.
fn escape(byte: u8) -> Option<u8> {
    match byte {
        b'"' | b'\\' => Some(byte),
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        0x08 => Some(b'b'),
        0x0c => Some(b'f'),
        0..=0x1f => Some(b'u'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use fuzz::{fuzz, mutated};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_are_written_as_serde_json_writes_them() {
        let all: String = (0..=0x7f_u8)
            .map(char::from)
            .chain("é😀\u{2028}".chars())
            .collect();
        fuzz(&mutated(&[&all]), |text| {
            let text = String::from_utf8_lossy(&text);
            let mut json = String::new();
            push_string(&mut json, &text);
            prop_assert_eq!(&json, &serde_json::to_string(&text).unwrap());
            prop_assert_eq!(escaped_len(&text), json.len() - 2);
            for max in [
                0,
                1,
                5,
                6,
                7,
                100,
                json.len().saturating_sub(3),
                json.len() - 2,
            ] {
                let cut = truncated_escaped(&text, max);
                prop_assert!(escaped_len(cut) <= max);
                // The next character would not fit.
                if let Some(next) = text[cut.len()..].chars().next() {
                    prop_assert!(
                        escaped_len(cut) + escaped_len(next.encode_utf8(&mut [0; 4])) > max
                    );
                }
            }
            Ok(())
        });
    }
}
