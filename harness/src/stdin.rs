//! A harness's standard input: the nonce and the inputs, never an expected value.

use shared::domain::problem::nodes::Nodes;
use shared::domain::problem::{Argument, Callable, ClassSignature, Param, Type};
use shared::json::write::push_string;
use shared::json::{Json, Kind};

use crate::kind::Harness;

/// A double holds every whole number up to this one.
const MAX_SAFE: u64 = (1 << 53) - 1;

/// The standard input of one process of a harness: a line with the nonce, then one line
/// for each case. `nonce`: ASCII letters and digits.
pub fn stdin_for(
    harness: Harness,
    callable: Callable<'_>,
    nonce: &str,
    cases: &[(usize, Json<'_>)],
) -> String {
    let made: Vec<Option<String>> = cases
        .iter()
        .map(|(_, input)| line(callable, *input))
        .collect();
    let cases = cases.iter().zip(&made).map(|((index, input), made)| {
        let made = made
            .as_ref()
            .and_then(|made| Json::parse(made.as_bytes()).ok());
        (*index, made.unwrap_or(*input))
    });
    stdin(harness, nonce, &cases.collect::<Vec<_>>())
}

/// A case's input in the one form that harnesses read; `None` where it has that.
fn line(callable: Callable<'_>, input: Json<'_>) -> Option<String> {
    match callable {
        Callable::Function(signature) if signature.params.iter().any(has_nodes) => {
            let mut text = String::from("[");
            let values = input.items().into_iter().flatten();
            for (index, (param, value)) in signature.params.iter().zip(values).enumerate() {
                if index > 0 {
                    text.push(',');
                }
                push_argument(&mut text, param, value);
            }
            text.push(']');
            Some(text)
        }
        Callable::Function(_) => None,
        Callable::Class(class) => Some(calls(class, input)),
    }
}

fn has_nodes(param: &Param) -> bool {
    matches!(param.ty, Type::LinkedNodes(_))
}

fn push_argument(text: &mut String, param: &Param, value: Json<'_>) {
    match Nodes::read(value, true) {
        Ok(nodes) if has_nodes(param) => text.push_str(&nodes.normalized()),
        _ => text.push_str(value.as_str()),
    }
}

/// The calls as `[object, method, refs, argument…]`: the method's index, or -1 for
/// the constructor; the number of an earlier call for each argument that is its
/// answer, or `[]` where none is.
fn calls(class: &ClassSignature, input: Json<'_>) -> String {
    let mut text = String::with_capacity(input.as_str().len());
    text.push('[');
    for (index, call) in class
        .calls(input, "")
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&format!("[{},", call.object));
        match call.method {
            Some(method) => text.push_str(&method.to_string()),
            None => text.push_str("-1"),
        }
        text.push_str(",[");
        let is_answer = |one: &Argument<'_>| matches!(one, Argument::Answer(_));
        let has_answers = call.arguments.iter().any(is_answer);
        for (index, argument) in call.arguments.iter().enumerate().filter(|_| has_answers) {
            if index > 0 {
                text.push(',');
            }
            match argument {
                Argument::Answer(number) => text.push_str(&number.to_string()),
                Argument::Value(_) => text.push_str("-1"),
            }
        }
        text.push(']');
        let method = class.method(call);
        let params = method.map_or(&class.params, |method| &method.signature.params);
        for (param, argument) in params.iter().zip(&call.arguments) {
            text.push(',');
            match argument {
                Argument::Value(value) => push_argument(&mut text, param, *value),
                Argument::Answer(_) => text.push_str("null"),
            }
        }
        text.push(']');
    }
    text.push(']');
    text
}

/// `nonce` on a line, then a line for each case with its index and its array of
/// arguments, or of calls as harnesses read them.
fn stdin(harness: Harness, nonce: &str, cases: &[(usize, Json<'_>)]) -> String {
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
            _ => text.push_str(arguments.as_str()),
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

    fn kind(problem: serde_json::Value) -> shared::domain::problem::Kind {
        let problem = JsonText::from(problem);
        shared::domain::problem::Kind::of_stored(problem.json()).unwrap()
    }

    #[test]
    fn linked_nodes_and_calls_are_written_in_one_form() {
        let nodes = json!({ "name": "a", "type": "linked_nodes<int>" });
        let number = json!({ "name": "b", "type": "int" });
        let function = kind(json!({
            "kind": "function",
            "signature": { "name": "f", "params": [nodes, number], "returns": "int" },
        }));
        let text = json!({ "name": "t", "type": "string" });
        let class = kind(json!({
            "kind": "class",
            "signature": {
                "name": "Codec",
                "params": [],
                "methods": [
                    { "name": "encode", "params": [nodes], "returns": "string" },
                    { "name": "decode", "params": [number, text], "returns": "int" },
                ],
            },
        }));
        let written = |kind: &shared::domain::problem::Kind, input: &str| {
            let input = Json::parse(input.as_bytes()).unwrap();
            let callable = kind.callable().unwrap();
            stdin_for(Harness::Python, callable, "N", &[(3, input)])
        };
        assert_eq!(
            written(&function, r#"[{"values": [1, 2],"cycle": 0},7]"#),
            "N\n3 [{\"values\":[1, 2],\"cycle\":0,\"node\":0,\"joins\":[]},7]\n"
        );
        let input = r#"[["Codec"],["encode",[5]],[{"new":"b"}],["decode",9,{"result":1}],
            [{"on":"b","call":"decode"},1,"x"]]"#;
        assert_eq!(
            written(&class, input),
            concat!(
                "N\n3 [[0,-1,[]],",
                "[0,0,[],{\"values\":[5],\"cycle\":-1,\"node\":0,\"joins\":[]}],",
                "[1,-1,[]],[0,1,[-1,1],9,null],[1,1,[],1,\"x\"]]\n"
            )
        );
    }

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
