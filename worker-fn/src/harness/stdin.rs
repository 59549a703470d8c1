//! A harness's standard input: the nonce and the inputs, never an expected value.

use shared::json::write::push_string;
use shared::json::{Json, Kind};

use super::kind::Harness;

/// A double holds every whole number up to this one.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// The standard input of a run: `nonce` on a line, then a line for each case
/// with its index and its array of arguments. `nonce`: letters and digits.
pub fn stdin(harness: Harness, nonce: &str, cases: &[(usize, Json<'_>)]) -> String {
    let bytes = cases
        .iter()
        .map(|(_, arguments)| arguments.as_str().len() + 8);
    let mut text = String::with_capacity(nonce.len() + 1 + bytes.sum::<usize>());
    text.push_str(nonce);
    text.push('\n');
    for (index, arguments) in cases {
        text.push_str(&index.to_string());
        text.push(' ');
        match harness {
            Harness::JavaScript | Harness::TypeScript => push_for_javascript(&mut text, *arguments),
            Harness::Python | Harness::Cpp => text.push_str(arguments.as_str()),
        }
        text.push('\n');
    }
    text
}

/// Writes whole numbers that a double cannot hold as `{"$int":"…"}`, and adds a
/// `$` to keys that begin with one.
fn push_for_javascript(text: &mut String, value: Json<'_>) {
    match value.kind() {
        Kind::Number => {
            let safe = match (value.i64(), value.u64()) {
                (Some(number), _) => number.unsigned_abs() <= MAX_SAFE,
                (None, Some(_)) => false,
                (None, None) => true,
            };
            if safe {
                return text.push_str(value.as_str());
            }
            text.push_str("{\"$int\":\"");
            text.push_str(value.as_str());
            text.push_str("\"}");
        }
        Kind::Array => {
            text.push('[');
            for (index, item) in value.items().into_iter().flatten().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                push_for_javascript(text, item);
            }
            text.push(']');
        }
        Kind::Object => {
            text.push('{');
            for (index, (name, value)) in value.members().into_iter().flatten().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                match name.text() {
                    Some(plain) if plain.starts_with('$') => {
                        push_string(text, &format!("${plain}"));
                    }
                    _ => text.push_str(name.as_str()),
                }
                text.push(':');
                push_for_javascript(text, value);
            }
            text.push('}');
        }
        Kind::Null | Kind::Bool | Kind::String => text.push_str(value.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::json::JsonText;

    #[test]
    fn each_case_is_a_line_and_large_numbers_are_tagged() {
        let first = json!([
            9_007_199_254_740_991_i64,
            9_007_199_254_740_992_i64,
            -0.0,
            "a\nb"
        ]);
        let second = json!([{"$int": u64::MAX, "x": {"$": null}}]);
        let (first, second) = (JsonText::from(first), JsonText::from(second));
        let cases = [(0, first.json()), (7, second.json())];
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
