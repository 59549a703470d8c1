//! Whether an answer counts as the expected one. Pure. The rules are in
//! `problems/README.md`, under "Checkers".

use shared::domain::problem::{Checker, Type};
use shared::json::Json;

use super::canonical::canonical;

/// Compares a program's output with the expected text.
pub fn text(checker: Checker, expected: &str, actual: &str) -> bool {
    match checker {
        Checker::Exact => {
            let plain = |text: &str| text.replace("\r\n", "\n").trim_end_matches('\n').to_owned();
            plain(expected) == plain(actual)
        }
        Checker::Lines => lines(expected).eq(lines(actual)),
        Checker::Tokens => expected
            .split_ascii_whitespace()
            .eq(actual.split_ascii_whitespace()),
        Checker::Float { absolute, relative } => {
            let (mut a, mut b) = (
                expected.split_ascii_whitespace(),
                actual.split_ascii_whitespace(),
            );
            loop {
                match (a.next(), b.next()) {
                    (None, None) => return true,
                    (Some(a), Some(b)) if a == b => {}
                    (Some(a), Some(b)) => match (decimal(a), decimal(b)) {
                        (Some(a), Some(b)) if close(a, b, absolute, relative) => {}
                        (None, None) if special(a).is_some() && special(a) == special(b) => {}
                        _ => return false,
                    },
                    _ => return false,
                }
            }
        }
        Checker::Unordered { .. } => sorted_lines(expected) == sorted_lines(actual),
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
        Checker::Exact | Checker::Lines | Checker::Tokens | Checker::Float { .. } => 0,
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
        Checker::Lines | Checker::Tokens | Checker::Float { .. } => {
            alike(checker, &expected, &actual)
        }
    }
}

/// Whether two canonical texts differ only where the checker allows it: in the
/// space within strings, or in numbers of which one is a float.
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
                    (Some(a), Some(b)) if matches!(checker, Checker::Lines | Checker::Tokens) => {
                        text(checker, &a, &b)
                    }
                    _ => false,
                }
            }
            (Some(b'-' | b'0'..=b'9'), Some(b'-' | b'0'..=b'9')) => match checker {
                Checker::Float { absolute, relative } if is_float(a) || is_float(b) => {
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

fn close(expected: f64, actual: f64, absolute: f64, relative: f64) -> bool {
    let difference = (expected - actual).abs();
    difference <= absolute || difference <= relative * expected.abs()
}

/// What is no decimal number, as languages print it: infinity with its sign, and
/// no number at all.
fn special(word: &str) -> Option<&'static str> {
    let bare = word.strip_prefix(['+', '-']).unwrap_or(word);
    let is = |name: &str| bare.eq_ignore_ascii_case(name);
    if is("nan") || is("nan(ind)") {
        Some("nan")
    } else if !is("inf") && !is("infinity") {
        None
    } else if word.starts_with('-') {
        Some("-inf")
    } else {
        Some("inf")
    }
}

/// A decimal number: an optional sign, digits with at most one point among or
/// around them, and an optional exponent. Parsed by serde_json, which is in the
/// wasm anyway: Rust's own parser adds 9 KB, for a last digit that a tolerance
/// makes irrelevant.
fn decimal(word: &str) -> Option<f64> {
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
    use serde_json::json;
    use shared::json::JsonText;

    const FLOAT: Checker = Checker::Float {
        absolute: 1e-9,
        relative: 1e-6,
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
            (Checker::Lines, "1 2\n3\n", "1 2 \r\n3\t\n\n \n", true),
            (Checker::Lines, "1 2\n3\n", "1 2\n3", true),
            (Checker::Lines, "", "\n \n", true),
            (Checker::Lines, "1\n\n2", "1\n2", false),
            (Checker::Lines, "1 2", "1  2", false),
            (Checker::Lines, "1 2", " 1 2", false),
            (Checker::Lines, "\n1", "1", false),
            (Checker::Lines, "1\n2", "1\n", false),
            (Checker::Lines, "1", "1\u{a0}", false),
            (Checker::Tokens, "1 2\n3", " 1\t2 3\r\n", true),
            (Checker::Tokens, "1 2", "12", false),
            (Checker::Tokens, "a", "A", false),
            (Checker::Tokens, "1", "1.0", false),
            (Checker::Tokens, "a\u{a0}b", "a b", false),
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
            (
                Checker::Tokens,
                "string",
                json!("a b"),
                json!(" a  b "),
                true,
            ),
            (Checker::Tokens, "int", json!(1), json!(1.0), false),
            (FLOAT, "float", json!(3), json!(3.0000001), true),
            (FLOAT, "float", json!(3), json!(3.1), false),
            (FLOAT, "int", json!(3), json!(4), false),
            (FLOAT, any, json!([0.5, "x"]), json!([0.5000001, "x"]), true),
            (FLOAT, any, json!([1, "a"]), json!([1.0, "a"]), true),
            (FLOAT, any, json!(["a"]), json!(["b"]), false),
            (FLOAT, any, json!({"a": 0.5}), json!({"b": 0.5}), false),
            (FLOAT, any, json!([0.5]), json!([0.5, 0.5]), false),
            (FLOAT, any, json!([0.5]), json!([null]), false),
            (
                Checker::Tokens,
                any,
                json!({"a b": "x  y"}),
                json!({"a b": " x y"}),
                true,
            ),
            (
                Checker::Tokens,
                any,
                json!({"a b": 1}),
                json!({"a  b": 1}),
                false,
            ),
            (
                Checker::Tokens,
                any,
                json!(["\"", "\\"]),
                json!([" \"", "\\ "]),
                true,
            ),
            (Checker::Tokens, any, json!([1.0]), json!([1.5]), false),
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
