//! Whether an answer counts as the expected one. Pure. The rules are in
//! `problems/README.md`, under "Checkers".

use shared::domain::problem::{Checker, Type};
use shared::json::{Json, NonFinite};

use super::canonical::canonical;
use super::ignore_case;
use super::numbers::{close, decimal};

/// Compares a program's output with the expected text.
pub fn text(checker: Checker, expected: &str, actual: &str) -> bool {
    match checker {
        Checker::Exact => {
            let plain = |text: &str| text.replace("\r\n", "\n").trim_end_matches('\n').to_owned();
            plain(expected) == plain(actual)
        }
        Checker::Lines { ignore_case } => in_pairs(lines(expected), lines(actual), |a, b| {
            ignore_case::same(ignore_case, a, b)
        }),
        Checker::Tokens { ignore_case } => in_pairs(words(expected), words(actual), |a, b| {
            ignore_case::same(ignore_case, a, b)
        }),
        Checker::Float {
            absolute,
            relative,
            ignore_case,
        } => in_pairs(words(expected), words(actual), |a, b| {
            let numbers = match (decimal(a), decimal(b)) {
                (Some(a), Some(b)) => close(a, b, absolute, relative),
                (None, None) => NonFinite::parse(a).is_some_and(|a| NonFinite::parse(b) == Some(a)),
                _ => false,
            };
            numbers || ignore_case::same(ignore_case, a, b)
        }),
        Checker::Unordered { .. } => sorted_lines(expected) == sorted_lines(actual),
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_ascii_whitespace()
}

/// Whether two lists are as long as each other, and each pair is the same.
fn in_pairs<'a>(
    mut expected: impl Iterator<Item = &'a str>,
    mut actual: impl Iterator<Item = &'a str>,
    same: impl Fn(&str, &str) -> bool,
) -> bool {
    loop {
        match (expected.next(), actual.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if same(a, b) => {}
            _ => return false,
        }
    }
}

/// The lines without the whitespace at their ends, and without the empty ones at
/// the end of the text.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.trim_ascii_end().split('\n');
    lines.map(str::trim_ascii_end)
}

pub(super) fn sorted_lines(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim_end);
    let mut lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines
}

/// Compares a function's result with the expected value of its type.
pub fn value(checker: Checker, ty: &Type, expected: Json<'_>, actual: Json<'_>) -> bool {
    let unordered = match checker {
        Checker::Unordered { depth } => depth,
        _ => 0,
    };
    let (expected, actual) = (
        canonical(expected, ty, unordered),
        canonical(actual, ty, unordered),
    );
    let (Some(expected), Some(actual)) = (expected, actual) else {
        return false;
    };
    match checker {
        Checker::Exact | Checker::Unordered { .. } => expected == actual,
        Checker::Lines { .. } | Checker::Tokens { .. } | Checker::Float { .. } => {
            alike(checker, &expected, &actual)
        }
    }
}

/// Whether two canonical texts differ only where the checker allows it: in the
/// space and the case within strings, or in numbers of which one is a float.
fn alike(checker: Checker, mut expected: &str, mut actual: &str) -> bool {
    loop {
        let (a, b) = (next_part(&mut expected), next_part(&mut actual));
        let same = match (a.as_bytes().first(), b.as_bytes().first()) {
            (None, None) => return true,
            _ if a == b => true,
            // A member's name is not part of the answer's text.
            (Some(b'"'), Some(b'"')) if !expected.starts_with(':') => {
                let (a, b) = (Json::parse(a.as_bytes()), Json::parse(b.as_bytes()));
                match (a.ok().and_then(Json::text), b.ok().and_then(Json::text)) {
                    (Some(a), Some(b)) => match checker {
                        Checker::Lines { .. } | Checker::Tokens { .. } => text(checker, &a, &b),
                        Checker::Float { ignore_case, .. } => {
                            ignore_case::same(ignore_case, &a, &b)
                        }
                        _ => false,
                    },
                    _ => false,
                }
            }
            (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => match checker {
                Checker::Float {
                    absolute, relative, ..
                } if is_float(a) || is_float(b) => {
                    let number = |text: &str| serde_json::from_str::<f64>(text).ok();
                    number(a)
                        .zip(number(b))
                        .is_some_and(|(a, b)| close(a, b, absolute, relative))
                }
                _ => false,
            },
            _ => false,
        };
        if !same {
            return false;
        }
    }
}

fn is_float(number: &str) -> bool {
    number.contains(['.', 'e'])
}

/// Takes the next string, number, name or bracket of a canonical text.
fn next_part<'a>(text: &mut &'a str) -> &'a str {
    let bytes = text.as_bytes();
    let length = match bytes.first() {
        None => 0,
        Some(b'"') => {
            let mut at = 1;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            at + 1
        }
        Some(b'[' | b']' | b'{' | b'}' | b',' | b':') => 1,
        Some(_) => {
            let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}');
            bytes.iter().position(ends).unwrap_or(bytes.len())
        }
    };
    let (part, rest) = text.split_at(length);
    *text = rest;
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::json::JsonText;

    const FLOAT: Checker = Checker::Float {
        absolute: 1e-9,
        relative: 1e-6,
        ignore_case: false,
    };
    const LINES: Checker = Checker::Lines { ignore_case: false };
    const TOKENS: Checker = Checker::Tokens { ignore_case: false };
    const ANY_LINES: Checker = Checker::Lines { ignore_case: true };
    const ANY_TOKENS: Checker = Checker::Tokens { ignore_case: true };
    const ANY_FLOAT: Checker = Checker::Float {
        absolute: 1e-9,
        relative: 1e-6,
        ignore_case: true,
    };
    const UNORDERED: Checker = Checker::Unordered { depth: 1 };

    #[test]
    fn texts() {
        for (checker, expected, actual, same) in [
            (Checker::Exact, "1 2\n", "1 2", true),
            (Checker::Exact, "1 2\n", "1 2\r\n\n", true),
            (Checker::Exact, "1 2", "1  2", false),
            (Checker::Exact, "1 2", "1 2 ", false),
            (Checker::Exact, "1 2", "\n1 2", false),
            (Checker::Exact, "1 2", "", false),
            (Checker::Exact, "", "\n", true),
            (LINES, "1 2\n3\n", "1 2 \r\n3\t\n\n \n", true),
            (LINES, "1 2\n3\n", "1 2\n3", true),
            (LINES, "", "\n \n", true),
            (LINES, "1\n\n2", "1\n2", false),
            (LINES, "1 2", "1  2", false),
            (LINES, "1 2", " 1 2", false),
            (LINES, "\n1", "1", false),
            (LINES, "1\n2", "1\n", false),
            (LINES, "1", "1\u{a0}", false),
            (TOKENS, "1 2\n3", " 1\t2 3\r\n", true),
            (TOKENS, "1 2", "12", false),
            (TOKENS, "a", "A", false),
            (TOKENS, "1", "1.0", false),
            (TOKENS, "a\u{a0}b", "a b", false),
            (FLOAT, "1.0 yes", "0.9999999 yes", true),
            (FLOAT, "1.0", "0.99", false),
            (FLOAT, "1.0", "1.0 1.0", false),
            (FLOAT, "0", "0.0000000001", true),
            (FLOAT, "1", "nan", false),
            (FLOAT, "1", "inf", false),
            (FLOAT, "nan", "nan", true),
            (FLOAT, "NaN inf", "-nan Infinity", true),
            (FLOAT, "-inf", "-Infinity", true),
            (FLOAT, "-inf", "inf", false),
            (FLOAT, "+inf", "INFINITY", true),
            (FLOAT, "infinity", "1e308", false),
            (FLOAT, "1e999", "inf", false),
            (FLOAT, "nan", "-nan(ind)", true),
            (FLOAT, "nan", "NONE", false),
            (TOKENS, "inf", "Infinity", false),
            (FLOAT, "Yes 1", "yes 1.0", false),
            (ANY_FLOAT, "Yes 1", "yes 1.0", true),
            (ANY_FLOAT, "Yes 1", "yes 2", false),
            (ANY_TOKENS, "YES No\n", " yes\nNO", true),
            (ANY_TOKENS, "É", "é", false),
            (ANY_TOKENS, "yes", "yess", false),
            (ANY_TOKENS, "yes", "yes no", false),
            (ANY_LINES, "Yes No\n", "yes nO \n", true),
            (ANY_LINES, "Yes No", "yes  no", false),
            (ANY_LINES, "a", "b", false),
            (Checker::Exact, "a", "A", false),
            (FLOAT, "inf", "nan", false),
            (FLOAT, "inf", "info", false),
            (FLOAT, "1e400", "1e500", false),
            (UNORDERED, "a\nb\n", "b \n\na", true),
            (UNORDERED, "a\na\nb", "a\nb\nb", false),
            (UNORDERED, "a b", "b a", false),
        ] {
            assert_eq!(
                text(checker, expected, actual),
                same,
                "{checker:?} {expected:?} {actual:?}"
            );
        }
    }

    /// What a function returned may have floats that JSON has not, and what is
    /// expected, too, where the checker is `float`.
    #[test]
    fn floats_that_json_has_no_number_for() {
        let same = |checker, ty: &str, expected: &str, actual: &str| {
            let parse = |text| Json::parse_with_non_finite(text).unwrap();
            value(
                checker,
                &Type::parse(ty).unwrap(),
                parse(expected),
                parse(actual),
            )
        };
        let words = [
            "NaN",
            "Infinity",
            "-Infinity",
            "1.0",
            "-1.0",
            "\"NaN\"",
            "null",
        ];
        for (index, expected) in words.into_iter().enumerate() {
            for (other, actual) in words.into_iter().enumerate() {
                let list = |word: &str| format!("[0.5,{word}]");
                for checker in [FLOAT, ANY_FLOAT] {
                    let is = same(checker, "float", expected, actual);
                    assert_eq!(is, index == other, "{expected} {actual}");
                    let is = same(checker, "list<float>", &list(expected), &list(actual));
                    assert_eq!(is, index == other, "{expected} {actual}");
                }
            }
        }
        let huge = Checker::Float {
            absolute: 1e9,
            relative: 1.0,
            ignore_case: false,
        };
        for (expected, actual) in [("Infinity", "1e308"), ("1e308", "Infinity"), ("0.0", "NaN")] {
            assert!(
                !same(huge, "float", expected, actual),
                "{expected} {actual}"
            );
        }
        assert!(!same(Checker::Exact, "float", "1.0", "NaN"));
    }

    #[test]
    fn values() {
        let any = "any";
        for (checker, ty, expected, actual, same) in [
            (Checker::Exact, any, json!(1), json!(1), true),
            (Checker::Exact, any, json!(1), json!(1.0), false),
            (Checker::Exact, any, json!(1), json!(true), false),
            (Checker::Exact, any, json!(1), json!("1"), false),
            (Checker::Exact, any, json!(0.0), json!(-0.0), true),
            (Checker::Exact, any, json!(null), json!([]), false),
            (Checker::Exact, "float", json!(1), json!(1.0), true),
            (Checker::Exact, "float", json!(1.0), json!(1), true),
            (
                Checker::Exact,
                "float",
                json!(0.1),
                json!(0.10000000000000002),
                false,
            ),
            (
                Checker::Exact,
                "list<float>",
                json!([1]),
                json!([1.0]),
                true,
            ),
            (
                Checker::Exact,
                "int",
                json!(9_007_199_254_740_993_i64),
                json!(9_007_199_254_740_992_i64),
                false,
            ),
            (
                Checker::Exact,
                any,
                json!({"a": 1, "b": [2]}),
                json!({"b": [2], "a": 1}),
                true,
            ),
            (
                Checker::Exact,
                any,
                json!({"a": 1}),
                json!({"a": 1, "b": 2}),
                false,
            ),
            (Checker::Exact, any, json!([1, 2]), json!([2, 1]), false),
            (Checker::Exact, any, json!([1, 2]), json!([1]), false),
            (
                Checker::Exact,
                "binary_tree<int>",
                json!([1, null, null]),
                json!([1]),
                true,
            ),
            (
                Checker::Exact,
                "binary_tree<int>",
                json!([1, null, 2]),
                json!([1, 2]),
                false,
            ),
            (
                Checker::Exact,
                "list<any>",
                json!([1, null]),
                json!([1]),
                false,
            ),
            (TOKENS, "string", json!("a b"), json!(" a  b "), true),
            (TOKENS, "int", json!(1), json!(1.0), false),
            (FLOAT, "float", json!(3), json!(3.0000001), true),
            (FLOAT, "float", json!(3), json!(3.1), false),
            (FLOAT, "int", json!(3), json!(4), false),
            (FLOAT, any, json!([0.5, "x"]), json!([0.5000001, "x"]), true),
            (FLOAT, any, json!([1, "a"]), json!([1.0, "a"]), true),
            (FLOAT, any, json!(["a"]), json!(["b"]), false),
            (FLOAT, any, json!({"a": 0.5}), json!({"b": 0.5}), false),
            (FLOAT, any, json!([0.5]), json!([0.5, 0.5]), false),
            (FLOAT, any, json!([0.5]), json!([null]), false),
            (FLOAT, any, json!(["A", 0.5]), json!(["a", 0.5]), false),
            (ANY_FLOAT, any, json!(["A", 0.5]), json!(["a", 0.5]), true),
            (ANY_TOKENS, any, json!(["A b"]), json!(["a  B"]), true),
            (ANY_TOKENS, any, json!({"A": "x"}), json!({"a": "x"}), false),
            (ANY_TOKENS, any, json!({"A": "x"}), json!({"A": "X"}), true),
            (ANY_LINES, "string", json!("A\nb"), json!("a \nB"), true),
            (ANY_LINES, "string", json!("A b"), json!("a  b"), false),
            (
                TOKENS,
                any,
                json!({"a b": "x  y"}),
                json!({"a b": " x y"}),
                true,
            ),
            (TOKENS, any, json!({"a b": 1}), json!({"a  b": 1}), false),
            (
                TOKENS,
                any,
                json!(["\"", "\\"]),
                json!([" \"", "\\ "]),
                true,
            ),
            (TOKENS, any, json!([1.0]), json!([1.5]), false),
            (
                UNORDERED,
                "list<int>",
                json!([3, 1, 2]),
                json!([1, 2, 3]),
                true,
            ),
            (
                UNORDERED,
                "list<int>",
                json!([1, 1, 2]),
                json!([1, 2, 2]),
                false,
            ),
            (
                UNORDERED,
                "list<float>",
                json!([1, 2.5]),
                json!([2.5, 1.0]),
                true,
            ),
            (
                UNORDERED,
                "list<list<int>>",
                json!([[1, 2], [3]]),
                json!([[3], [1, 2]]),
                true,
            ),
            (
                UNORDERED,
                "list<list<int>>",
                json!([[1, 2], [3]]),
                json!([[3], [2, 1]]),
                false,
            ),
            (
                UNORDERED,
                "list<float>",
                json!([0, -1]),
                json!([-0.0, -1.0]),
                true,
            ),
            (
                UNORDERED,
                "list<list<float>>",
                json!([[1, 9], [1.0, 3]]),
                json!([[1.0, 9.0], [1.0, 3.0]]),
                true,
            ),
            (
                Checker::Unordered { depth: 2 },
                "list<list<int>>",
                json!([[1, 2], [3]]),
                json!([[3], [2, 1]]),
                true,
            ),
        ] {
            let ty = Type::parse(ty).unwrap();
            let (a, b) = (JsonText::from(expected), JsonText::from(actual));
            assert_eq!(
                value(checker, &ty, a.json(), b.json()),
                same,
                "{checker:?} {ty} {a:?} {b:?}"
            );
        }
    }
}
