//! The length of texts as JSON, and texts cut to such a length.
//!
//! A response is limited in the bytes that it takes on the wire: a control byte is six
//! of them. The lengths are those of `serde_json`, which writes the response; a test
//! holds the two together. `answer.rs` uses it.

/// Bytes that this character takes inside a JSON string.
fn encoded_char(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => character.len_utf8(),
    }
}

/// Bytes that this text takes inside a JSON string, without the quotes.
pub(crate) fn encoded_len(text: &str) -> usize {
    // Bytes of longer characters take their own number, so bytes can be counted.
    text.bytes()
        .map(|byte| encoded_char(byte.min(0x7f).into()))
        .sum()
}

/// Cuts the text so that it takes at most this many bytes inside a JSON string.
pub(crate) fn cut_to(text: &mut String, most: usize) {
    let mut length = 0;
    let end = text.char_indices().find_map(|(index, character)| {
        length += encoded_char(character);
        (length > most).then_some(index)
    });
    if let Some(end) = end {
        text.truncate(end);
        text.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    fn json_len(text: &str) -> usize {
        serde_json::to_string(text).unwrap().len() - 2
    }

    #[test]
    fn encoded_len_is_serde_json_s_for_every_character() {
        let interesting = ('\0'..='\u{ff}').chain(['ā', '\u{2028}', '€', '\u{ffff}', '😀']);
        for character in interesting {
            let text = character.to_string();
            assert_eq!(encoded_len(&text), json_len(&text), "{character:?}");
            assert_eq!(encoded_char(character), json_len(&text), "{character:?}");
        }
    }

    #[test]
    fn fuzz_cut_to_keeps_as_many_characters_as_fit() {
        let texts = prop_oneof![any::<String>(), "[\\x00-\\x20a\"\\\\é😀]{0,20}"];
        fuzz(&(texts, 0..60_usize), |(text, most)| {
            prop_assert_eq!(encoded_len(&text), json_len(&text));
            let mut cut = text.clone();
            cut_to(&mut cut, most);
            prop_assert!(text.starts_with(&cut));
            prop_assert!(json_len(&cut) <= most);
            if let Some(next) = text[cut.len()..].chars().next() {
                prop_assert!(json_len(&cut) + encoded_char(next) > most);
            }
            Ok(())
        });
    }
}
