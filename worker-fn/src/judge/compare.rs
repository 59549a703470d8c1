//! Whether an answer counts as the expected one. Pure. The rules are in
//! `problems/README.md`, under "Checkers".

use serde_json::Value;
use shared::domain::problem::{Checker, Type};

/// Compares a program's output with the expected text.
pub fn text(checker: Checker, expected: &str, actual: &str) -> bool {
    match checker {
        Checker::Exact => {
            let plain = |text: &str| text.replace("\r\n", "\n").trim_end_matches('\n').to_owned();
            plain(expected) == plain(actual)
        }
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
                        _ => return false,
                    },
                    _ => return false,
                }
            }
        }
        Checker::Unordered { .. } => {
            let lines = |text: &str| {
                let mut lines: Vec<String> = text
                    .lines()
                    .map(|line| line.trim_end().to_owned())
                    .filter(|line| !line.is_empty())
                    .collect();
                lines.sort_unstable();
                lines
            };
            lines(expected) == lines(actual)
        }
    }
}

/// Compares a function's result with the expected value of its type.
pub fn value(checker: Checker, ty: &Type, expected: &Value, actual: &Value) -> bool {
    match checker {
        Checker::Unordered { depth } => {
            let (mut expected, mut actual) = (expected.clone(), actual.clone());
            sort(&mut expected, ty, depth);
            sort(&mut actual, ty, depth);
            same(Checker::Exact, ty, &expected, &actual)
        }
        Checker::Exact | Checker::Tokens | Checker::Float { .. } => {
            same(checker, ty, expected, actual)
        }
    }
}

fn same(checker: Checker, ty: &Type, expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::String(a), Value::String(b)) => match checker {
            Checker::Tokens => text(checker, a, b),
            Checker::Exact | Checker::Float { .. } | Checker::Unordered { .. } => a == b,
        },
        (Value::Number(a), Value::Number(b)) => {
            let whole = !a.is_f64() && !b.is_f64();
            let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else {
                return false;
            };
            match (checker, ty) {
                (Checker::Float { absolute, relative }, _) if !whole || *ty == Type::Float => {
                    close(x, y, absolute, relative)
                }
                (_, Type::Float) => x == y,
                // Whole numbers are compared as such: beyond 2^53 two of them
                // can be one float.
                _ if whole => a == b,
                _ => a.is_f64() == b.is_f64() && x == y,
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            let (a, b) = (nodes(ty, a), nodes(ty, b));
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(checker, item(ty), a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(checker, item(ty), a, b)))
        }
        _ => false,
    }
}

/// Absent children at the end of a tree may be left out.
fn nodes<'a>(ty: &Type, values: &'a [Value]) -> &'a [Value] {
    let last = match ty {
        Type::BinaryTree(_) => values.iter().rposition(|value| !value.is_null()),
        _ => return values,
    };
    &values[..last.map_or(0, |at| at + 1)]
}

/// The type of the items of a value of type `ty`.
fn item(ty: &Type) -> &Type {
    match ty {
        Type::List(item) | Type::Map(item) | Type::LinkedList(item) | Type::BinaryTree(item) => {
            item
        }
        _ => &Type::Any,
    }
}

/// Sorts lists by their items' text, down to `depth`.
fn sort(value: &mut Value, ty: &Type, depth: u32) {
    let Value::Array(items) = value else { return };
    let Some(below) = depth.checked_sub(1) else {
        return;
    };
    for item_value in items.iter_mut() {
        sort(item_value, item(ty), below);
    }
    items.sort_by_cached_key(|value| {
        let mut key = value.clone();
        normalize(&mut key, item(ty));
        key.to_string()
    });
}

/// Gives equal values the same text: as a float `1` is `1.0`, and `-0.0` is
/// `0.0`.
fn normalize(value: &mut Value, ty: &Type) {
    match value {
        Value::Number(number) if number.is_f64() || *ty == Type::Float => {
            if let Some(float) = number.as_f64() {
                *value = Value::from(float + 0.0);
            }
        }
        Value::Array(items) => {
            items.truncate(nodes(ty, items).len());
            for value in items {
                normalize(value, item(ty));
            }
        }
        Value::Object(members) => {
            for value in members.values_mut() {
                normalize(value, item(ty));
            }
        }
        _ => {}
    }
}

fn close(expected: f64, actual: f64, absolute: f64, relative: f64) -> bool {
    let difference = (expected - actual).abs();
    difference <= absolute || difference <= relative * expected.abs()
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
            assert_eq!(
                value(checker, &ty, &expected, &actual),
                same,
                "{checker:?} {ty} {expected} {actual}"
            );
        }
    }
}
