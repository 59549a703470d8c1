//! Numbers as programs print them, and when two of them are close.

/// Whether two numbers differ by no more than the checker `float` allows.
pub(super) fn close(expected: f64, actual: f64, absolute: f64, relative: f64) -> bool {
    let difference = (expected - actual).abs();
    difference <= absolute || difference <= relative * expected.abs()
}

/// A decimal number: an optional sign, digits with at most one point among or
/// around them, and an optional exponent. Parsed by serde_json, which is in the
/// wasm anyway: Rust's own parser adds 9 KB, for a last digit that a tolerance
/// makes irrelevant.
pub(super) fn decimal(word: &str) -> Option<f64> {
    let bare = word.strip_prefix(['+', '-']).unwrap_or(word);
    let (digits, exponent) = match bare.find(['e', 'E']) {
        Some(at) => bare.split_at(at),
        None => (bare, ""),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !plain(whole) || !plain(fraction) {
        return None;
    }
    // JSON wants a digit on both sides of the point, and no zeros before others.
    let whole = whole.trim_start_matches('0');
    let json = format!("0{whole}.{fraction}0{exponent}");
    let json = json
        .strip_prefix('0')
        .filter(|_| !whole.is_empty())
        .unwrap_or(&json);
    let number: f64 = serde_json::from_str(json).ok()?;
    Some(if word.starts_with('-') {
        -number
    } else {
        number
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_numbers() {
        for (word, number) in [
            ("0", 0.0),
            ("007", 7.0),
            ("-1.50", -1.5),
            ("+2", 2.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1.E-2", 0.01),
            ("00.25", 0.25),
        ] {
            assert_eq!(decimal(word), Some(number), "{word}");
        }
        for word in [
            "", ".", "-", "e5", "1e", "1.2.3", "0x10", "1_0", "nan", "inf", "--1", "1e999", "١",
        ] {
            assert_eq!(decimal(word), None, "{word}");
        }
    }
}
