//! How Piston's JavaScript treats values: what counts as missing, and how Node
//! decodes text.
//!
//! `request.rs` and `request_files.rs` use it to accept and refuse what Piston does.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// Whether JavaScript treats the value as false, and so Piston as missing.
pub(crate) fn falsy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

/// Decodes base64 as Node does: both alphabets, with or without padding; other
/// characters are skipped.
pub(crate) fn decode_base64(text: &str) -> Vec<u8> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let mut clean: Vec<u8> = text
        .bytes()
        .take_while(|&byte| byte != b'=')
        .filter_map(|byte| match byte {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            b'+' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => Some(byte),
            _ => None,
        })
        .collect();
    // A single last character holds no whole byte.
    if clean.len() % 4 == 1 {
        clean.pop();
    }
    LENIENT.decode(clean).unwrap_or_default()
}

/// Decodes hex as Node does: up to the first pair that is not hexadecimal.
pub(crate) fn decode_hex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.as_bytes()
        .chunks_exact(2)
        .map_while(|pair| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fuzz::fuzz;

    #[test]
    fn fuzz_decoders_invert_their_encodings() {
        fuzz(&prop::collection::vec(any::<u8>(), 0..40), |bytes| {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(&decode_hex(&hex), &bytes);
            prop_assert_eq!(&decode_hex(&hex.to_uppercase()), &bytes);
            let base64 = base64::engine::general_purpose::STANDARD.encode(&bytes);
            prop_assert_eq!(&decode_base64(&base64), &bytes);
            let url_safe = base64.replace('+', "-").replace('/', "_").replace('=', "");
            prop_assert_eq!(&decode_base64(&url_safe), &bytes);
            Ok(())
        });
    }

    #[test]
    fn fuzz_decoders_take_any_text() {
        fuzz(&any::<String>(), |text| {
            prop_assert!(decode_hex(&text).len() <= text.len() / 2);
            prop_assert!(decode_base64(&text).len() <= text.len() * 3 / 4 + 1);
            Ok(())
        });
    }
}
