//! Where a wrong answer first differs from the expected one: both texts cut
//! around that place, and a sentence that names it.
//!
//! Pure, and only for cases that may be shown. What cannot be seen (a space at
//! the end of a line, a no-break space, NFC against NFD) is named by
//! `visible`.

use shared::domain::judgement::MAX_EVIDENCE_BYTES;
use shared::domain::problem::Checker;
use shared::text::truncated;

use super::compare;
use super::ignore_case;
use super::visible;

/// The most bytes of a text that are shown before its first difference.
const BEFORE_BYTES: usize = 600;

/// Room for the marks that say how much was cut.
const MARK_BYTES: usize = 64;

/// Texts that are not longer can be compared by eye: their difference is named
/// only where it cannot be seen.
pub(super) const SHORT_BYTES: usize = 60;

/// Two texts that differ, as they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// The expected text, cut around the first difference.
    pub expected: String,
    /// The actual text, likewise.
    pub actual: String,
    /// Where they differ, and what cannot be seen.
    pub note: Option<String>,
}

/// Byte offsets of the first difference, and what is compared there.
struct Place {
    expected_at: usize,
    actual_at: usize,
    note: Option<String>,
}

/// How a program's output differs from the expected one.
pub(super) fn of_text(checker: Checker, expected: &str, actual: &str) -> Difference {
    let place = match checker {
        Checker::Exact | Checker::Lines { .. } => by_lines(checker, expected, actual),
        Checker::Tokens { .. } | Checker::Float { .. } => by_tokens(checker, expected, actual),
        Checker::Unordered { .. } => by_sorted_lines(expected, actual),
    };
    let mut note = place.note;
    if actual.trim_ascii().is_empty() && !expected.trim_ascii().is_empty() {
        note = Some("Nothing was printed.".into());
    }
    Difference {
        expected: cut_around(expected, place.expected_at),
        actual: cut_around(actual, place.actual_at),
        note,
    }
}

/// `text`, at most [`MAX_EVIDENCE_BYTES`] of it around the byte `at`, with marks
/// where it was cut.
pub(super) fn cut_around(text: &str, at: usize) -> String {
    if text.len() <= MAX_EVIDENCE_BYTES {
        return text.to_owned();
    }
    let most = MAX_EVIDENCE_BYTES - MARK_BYTES;
    let start = if at < most - BEFORE_BYTES {
        0
    } else {
        let start = text.floor_char_boundary(at.min(text.len()) - BEFORE_BYTES);
        // From the beginning of a line, if one is near.
        text[start..at]
            .find('\n')
            .map_or(start, |end| start + end + 1)
    };
    let shown = truncated(&text[start..], most);
    let rest = text.len() - start - shown.len();
    let mut cut = String::with_capacity(MAX_EVIDENCE_BYTES);
    if start > 0 {
        cut.push_str(&format!("[{start} bytes before]…"));
    }
    cut.push_str(shown);
    if rest > 0 {
        cut.push_str(&format!("…[{rest} bytes more]"));
    }
    cut
}

/// Where two texts first differ, in bytes of each.
pub(super) fn first_difference(checker: Checker, expected: &str, actual: &str) -> (usize, usize) {
    let place = match checker {
        Checker::Lines { .. } => by_lines(checker, expected, actual),
        Checker::Tokens { .. } => by_tokens(checker, expected, actual),
        _ => {
            let ignore_case = matches!(
                checker,
                Checker::Float {
                    ignore_case: true,
                    ..
                }
            );
            let same = ignore_case::common(ignore_case, expected, actual);
            return (same, same);
        }
    };
    (place.expected_at, place.actual_at)
}

fn by_lines(checker: Checker, expected: &str, actual: &str) -> Place {
    let end_of = |line: &str| match checker {
        Checker::Lines { .. } => line.trim_ascii_end().len(),
        _ => line.strip_suffix('\r').unwrap_or(line).len(),
    };
    let whole = |text: &str| match checker {
        Checker::Lines { .. } => text.trim_ascii_end().len(),
        _ => text.trim_end_matches(['\n', '\r']).len(),
    };
    let (expected, actual) = (&expected[..whole(expected)], &actual[..whole(actual)]);
    let ignore_case = matches!(checker, Checker::Lines { ignore_case: true });
    let (mut expected_at, mut actual_at) = (0, 0);
    let (mut a, mut b) = (expected.split('\n'), actual.split('\n'));
    let mut number = 1;
    loop {
        let (one, other) = match (a.next(), b.next()) {
            (Some(one), Some(other)) => (one, other),
            (Some(one), None) => {
                let one = visible::quoted(&one[..end_of(one)], 0);
                let note = format!(
                    "First difference: line {number}. Expected {one}, got the end of the output."
                );
                return place(expected_at, actual.len(), note);
            }
            (None, Some(other)) => {
                let other = visible::quoted(&other[..end_of(other)], 0);
                let note = format!(
                    "First difference: line {number}. Expected the end of the output, got {other}."
                );
                return place(expected.len(), actual_at, note);
            }
            (None, None) => {
                return Place {
                    expected_at: 0,
                    actual_at: 0,
                    note: None,
                };
            }
        };
        let (shown, seen) = (&one[..end_of(one)], &other[..end_of(other)]);
        if !ignore_case::same(ignore_case, shown, seen) {
            let same = ignore_case::common(ignore_case, shown, seen);
            let column = shown[..same].chars().count() + 1;
            let only_line = expected.len().max(actual.len()) <= SHORT_BYTES
                && !expected.contains('\n')
                && !actual.contains('\n');
            let unseen = visible::unseen(&shown[same..], &seen[same..]);
            let note = (!only_line || unseen.is_some()).then(|| {
                let (one, other) = (visible::quoted(shown, same), visible::quoted(seen, same));
                sentence(
                    &format!("line {number}, column {column}"),
                    &one,
                    &other,
                    unseen,
                )
            });
            return Place {
                expected_at: expected_at + same,
                actual_at: actual_at + same,
                note,
            };
        }
        expected_at += one.len() + 1;
        actual_at += other.len() + 1;
        number += 1;
    }
}

fn by_tokens(checker: Checker, expected: &str, actual: &str) -> Place {
    let (mut a, mut b) = (
        expected.split_ascii_whitespace(),
        actual.split_ascii_whitespace(),
    );
    let word_offset =
        |text: &str, word: Option<&str>| word.map_or(text.len(), |word| offset(text, word));
    let mut number = 1;
    loop {
        let (one, other) = (a.next(), b.next());
        let same = match (one, other) {
            (Some(one), Some(other)) => compare::text(checker, one, other),
            (None, None) => true,
            _ => false,
        };
        if same && one.is_some() {
            number += 1;
            continue;
        }
        let (expected_at, actual_at) = (word_offset(expected, one), word_offset(actual, other));
        let unseen = one
            .zip(other)
            .and_then(|(one, other)| visible::unseen(one, other));
        let is_short = expected.len().max(actual.len()) <= SHORT_BYTES;
        let note = (!is_short || unseen.is_some()).then(|| {
            let word = |word: Option<&str>| {
                word.map_or("the end of the output".into(), |word| {
                    visible::quoted(word, 0)
                })
            };
            let line = actual[..actual_at].matches('\n').count() + 1;
            let place = format!("word {number} (line {line} of what was printed)");
            sentence(&place, &word(one), &word(other), unseen)
        });
        return Place {
            expected_at,
            actual_at,
            note,
        };
    }
}

fn by_sorted_lines(expected: &str, actual: &str) -> Place {
    let (a, b) = (
        compare::sorted_lines(expected),
        compare::sorted_lines(actual),
    );
    let (at, is_missing) = first_without_pair(a.iter(), b.iter());
    if is_missing {
        let line = a.get(at).copied().unwrap_or_default();
        let note = format!("A line is missing: {}.", visible::quoted(line, 0));
        place(offset(expected, line), 0, note)
    } else {
        let line = b.get(at).copied().unwrap_or_default();
        let note = format!("A line is not expected: {}.", visible::quoted(line, 0));
        place(0, offset(actual, line), note)
    }
}

/// Where two sorted lists first differ, and whether what stands there is missing in
/// `actual`; otherwise it is not expected.
pub(super) fn first_without_pair<T: Ord>(
    mut expected: impl Iterator<Item = T>,
    mut actual: impl Iterator<Item = T>,
) -> (usize, bool) {
    let mut at = 0;
    loop {
        match (expected.next(), actual.next()) {
            (Some(one), Some(other)) if one == other => at += 1,
            (Some(one), Some(other)) => return (at, one < other),
            (one, _) => return (at, one.is_some()),
        }
    }
}

/// The byte offset of a part of `whole`.
pub(super) fn offset(whole: &str, part: &str) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}

fn place(expected_at: usize, actual_at: usize, note: String) -> Place {
    Place {
        expected_at,
        actual_at,
        note: Some(note),
    }
}

/// The sentence that names a place and what stands there.
pub(super) fn sentence(
    place: &str,
    expected: &str,
    actual: &str,
    unseen: Option<String>,
) -> String {
    let mut text = format!("First difference: {place}. Expected {expected}, got {actual}.");
    if let Some(unseen) = unseen {
        text.push(' ');
        text.push_str(&unseen);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: Checker = Checker::Lines { ignore_case: false };
    const TOKENS: Checker = Checker::Tokens { ignore_case: false };

    fn note(checker: Checker, expected: &str, actual: &str) -> Option<String> {
        of_text(checker, expected, actual).note
    }

    #[test]
    fn the_place_is_named_where_it_is_not_obvious() {
        let unordered = Checker::Unordered { depth: 1 };
        for (checker, expected, actual, place) in [
            (Checker::Exact, "1 2", "1 3", None),
            (
                Checker::Exact,
                "1 2\n3",
                "1 2\n4",
                Some("First difference: line 2, column 1. Expected \"3\", got \"4\"."),
            ),
            (
                Checker::Exact,
                "a\nb\n",
                "a\n",
                Some("First difference: line 2. Expected \"b\", got the end of the output."),
            ),
            (
                LINES,
                "a",
                "a\nb\nc",
                Some("First difference: line 2. Expected the end of the output, got \"b\"."),
            ),
            (
                Checker::Exact,
                "1 2\n",
                "1 2 \n",
                Some(
                    "First difference: line 1, column 4. Expected \"1 2\", got \"1 2 \". \
                     It cannot be seen: got has a space at the end of the line.",
                ),
            ),
            (TOKENS, "1 2", "1 3", None),
            (unordered, "a\nb", "b\nc", Some("A line is missing: \"a\".")),
            (
                unordered,
                "b",
                "b\nc",
                Some("A line is not expected: \"c\"."),
            ),
            (LINES, "x", " \n", Some("Nothing was printed.")),
        ] {
            assert_eq!(
                note(checker, expected, actual).as_deref(),
                place,
                "{expected:?} {actual:?}"
            );
        }
    }

    #[test]
    fn words_are_counted_where_only_words_count() {
        let words = |last: &str| format!("{}\n{last}", "ab ".repeat(40));
        let difference = of_text(TOKENS, &words("x"), &words("y"));
        assert_eq!(
            difference.note.as_deref(),
            Some(
                "First difference: word 41 (line 2 of what was printed). Expected \"x\", got \"y\"."
            )
        );
        let float = Checker::Float {
            absolute: 0.1,
            relative: 0.0,
            ignore_case: false,
        };
        let numbers = |last: &str| format!("{}{last}", "1.05 ".repeat(20));
        let difference = of_text(float, &"1.0 ".repeat(21), &numbers("2"));
        let note = difference.note.unwrap();
        assert!(note.contains("word 21 (line 1"), "{note}");
    }

    #[test]
    fn another_case_is_no_difference_where_it_does_not_count() {
        let lines = Checker::Lines { ignore_case: true };
        assert_eq!(
            note(lines, "YES 1\nNo 2\n", "yes 1\nno 3\n").as_deref(),
            Some("First difference: line 2, column 4. Expected \"No 2\", got \"no 3\".")
        );
        let words = |last: &str| format!("{}{last}", "Ab ".repeat(40));
        let tokens = Checker::Tokens { ignore_case: true };
        assert_eq!(
            note(tokens, &words("x"), &words("y").to_uppercase()).as_deref(),
            Some(
                "First difference: word 41 (line 1 of what was printed). Expected \"x\", got \"Y\"."
            )
        );
    }

    #[test]
    fn a_late_difference_is_what_is_shown() {
        let text = |last: &str| {
            let lines = (0..900).map(|n| format!("{}\n", n * n));
            lines.chain([last.to_owned()]).collect::<String>()
        };
        let Difference {
            expected,
            actual,
            note,
        } = of_text(LINES, &text("810000"), &text("5"));
        assert!(expected.ends_with("808201\n810000"), "{expected}");
        assert!(actual.ends_with("808201\n5"), "{actual}");
        assert!(actual.starts_with('['), "{actual}");
        assert!(note.unwrap().contains("line 901, column 1"));
        for shown in [expected, actual] {
            assert!(shown.len() <= MAX_EVIDENCE_BYTES);
        }
    }

    #[test]
    fn a_cut_says_how_much_is_missing_and_ends_between_characters() {
        let text = "ä".repeat(5_000);
        for at in [0, 1, 2_000, 5_001, 9_998, 10_000] {
            let at = text.floor_char_boundary(at);
            let shown = cut_around(&text, at);
            assert!(shown.len() <= MAX_EVIDENCE_BYTES, "{at}: {}", shown.len());
            assert!(shown.contains("bytes"), "{shown}");
        }
        assert_eq!(cut_around("short", 3), "short");
    }
}
