//! A harness's standard input: the nonce and the inputs, never an expected value.

use serde_json::{Map, Value};

use super::json;
use super::kind::Harness;

/// A double holds every whole number up to this one.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// The standard input of a run: `nonce` on a line, then a line for each case
/// with its index and its array of arguments. `nonce`: letters and digits.
pub fn stdin(harness: Harness, nonce: &str, cases: &[(usize, &Value)]) -> String {
    let mut text = format!("{nonce}\n");
    for (index, arguments) in cases {
        text.push_str(&index.to_string());
        text.push(' ');
        let arguments = match harness {
            Harness::JavaScript | Harness::TypeScript => json(&for_javascript(arguments)),
            Harness::Python | Harness::Cpp => json(arguments),
        };
        text.push_str(&arguments);
        text.push('\n');
    }
    text
}

/// Writes whole numbers that a double cannot hold as `{"$int":"…"}`, and adds a
/// `$` to keys that begin with one.
fn for_javascript(value: &Value) -> Value {
    match value {
        Value::Number(number) => {
            let safe = match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => number.unsigned_abs() <= MAX_SAFE,
                (None, Some(_)) => false,
                (None, None) => true,
            };
            if safe {
                return value.clone();
            }
            let mut tagged = Map::new();
            tagged.insert("$int".into(), number.to_string().into());
            Value::Object(tagged)
        }
        Value::Array(items) => Value::Array(items.iter().map(for_javascript).collect()),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(key, value)| {
                    let key = if key.starts_with('$') {
                        format!("${key}")
                    } else {
                        key.clone()
                    };
                    (key, for_javascript(value))
                })
                .collect(),
        ),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_case_is_a_line_and_large_numbers_are_tagged() {
        let first = json!([
            9_007_199_254_740_991_i64,
            9_007_199_254_740_992_i64,
            -0.0,
            "a\nb"
        ]);
        let second = json!([{"$int": u64::MAX, "x": {"$": null}}]);
        let cases = [(0, &first), (7, &second)];
        assert_eq!(
            stdin(Harness::Python, "N", &cases),
            concat!(
                "N\n",
                r#"0 [9007199254740991,9007199254740992,-0.0,"a\nb"]"#,
                "\n",
                r#"7 [{"$int":18446744073709551615,"x":{"$":null}}]"#,
                "\n"
            )
        );
        assert_eq!(
            stdin(Harness::JavaScript, "N", &cases),
            concat!(
                "N\n",
                r#"0 [9007199254740991,{"$int":"9007199254740992"},-0.0,"a\nb"]"#,
                "\n",
                r#"7 [{"$$int":{"$int":"18446744073709551615"},"x":{"$$":null}}]"#,
                "\n"
            )
        );
    }
}
