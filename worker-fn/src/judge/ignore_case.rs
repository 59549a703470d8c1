//! Texts in which upper and lower case may count as the same.
//!
//! Only A to Z have two cases here. Words such as `YES` are compared so, and the
//! tables of Unicode would be 6 KB of the wasm after gzip.

/// Whether two texts are the same.
pub(super) fn same(ignore_case: bool, a: &str, b: &str) -> bool {
    a == b || ignore_case && a.eq_ignore_ascii_case(b)
}

/// How many bytes two texts have in common at their beginning.
pub(super) fn common(ignore_case: bool, a: &str, b: &str) -> usize {
    let pairs = a.chars().zip(b.chars());
    pairs
        .take_while(|(a, b)| a == b || ignore_case && a.eq_ignore_ascii_case(b))
        .map(|(a, _)| a.len_utf8())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_from_a_to_z_have_two_cases() {
        for (a, b, expected) in [
            ("", "", true),
            ("YES", "yes", true),
            ("éAz-1", "éaZ-1", true),
            ("yes", "yes ", false),
            ("yes", "ye", false),
            ("É", "é", false),
            ("ß", "SS", false),
            // The sign of the unit kelvin.
            ("\u{212a}", "k", false),
            ("@", "`", false),
            ("[", "{", false),
        ] {
            assert_eq!(same(true, a, b), expected, "{a} {b}");
            assert_eq!(same(true, b, a), expected, "{b} {a}");
            assert_eq!(same(false, a, b), a == b);
        }
    }

    #[test]
    fn what_is_common_ends_between_characters() {
        assert_eq!(common(false, "aXb", "axb"), 1);
        assert_eq!(common(true, "aXb", "axc"), 2);
        assert_eq!(common(true, "éX", "Éx"), 0);
        assert_eq!(common(true, "éXé", "éxE"), 3);
        assert_eq!(common(true, "ab", "A"), 1);
    }
}
