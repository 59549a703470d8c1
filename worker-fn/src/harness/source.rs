//! The source file around a user's code.

use serde_json::Value;
use shared::domain::problem::{Signature, Type};

use super::cpp;
use super::json;
use super::kind::Harness;
use super::template::{Node, Unsupported, fill, nodes};

const PYTHON: &str = include_str!(concat!(env!("OUT_DIR"), "/python.py"));
const JAVASCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/javascript.js"));
const TYPESCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/typescript.ts"));

/// Names the harness's own code in stack traces.
const SOURCE_URL: &str = "//# sourceURL=judge.js";

impl Harness {
    /// The source file that calls the function of `code` by `signature`.
    ///
    /// Errors: the language has no type for one of the signature's.
    pub fn source(self, signature: &Signature, code: &str) -> Result<String, Unsupported> {
        source(self, signature, code)
    }
}

fn source(harness: Harness, signature: &Signature, code: &str) -> Result<String, Unsupported> {
    // Editors leave a byte order mark at the start of files; inside a file it is
    // a syntax error.
    let code = code.strip_prefix('\u{feff}').unwrap_or(code);
    if harness == Harness::Cpp {
        return cpp::source(signature, code);
    }
    let name = quoted(&signature.name);
    let params: Vec<Value> = signature
        .params
        .iter()
        .map(|param| prefix(&param.ty).into())
        .collect();
    let params = json(&Value::Array(params));
    let returns = quoted(&prefix(&signature.returns));
    let runtime = || quoted(&format!("{JAVASCRIPT}{SOURCE_URL}"));
    Ok(match harness {
        Harness::Python => {
            let names = format!("[{name},{}]", quoted(&signature.snake_name()));
            let values = [
                ("__NAMES__", names),
                ("__PARAMS__", params),
                ("__RETURNS__", returns),
                ("__CODE__", quoted(code)),
            ];
            fill(PYTHON, &values)
        }
        Harness::JavaScript => format!(
            "(0,eval)({})({name},{params},{returns},{},require,(url)=>import(url));\n",
            runtime(),
            quoted(&without_shebang(code))
        ),
        Harness::TypeScript | Harness::Cpp => {
            let runtime = runtime();
            let nodes = nodes(signature, code, Node::typescript);
            let fill = |columns: usize, code: String| {
                let values = [
                    ("__RUNTIME__", runtime.clone()),
                    ("__NAME__", name.clone()),
                    ("__PARAMS__", params.clone()),
                    ("__RETURNS__", returns.clone()),
                    // As many digits as any number of columns has.
                    ("__COLUMNS__", format!("{columns:>6}")),
                    ("__NODES__", nodes.clone()),
                    ("__CODE__", code),
                ];
                fill(TYPESCRIPT, &values)
            };
            let bare = fill(0, String::new());
            let first_line = bare.lines().next().unwrap_or_default();
            fill(first_line.encode_utf16().count(), without_shebang(code))
        }
    })
}

/// A type in the harnesses' notation: a letter, followed by the type of the items
/// if it has any.
fn prefix(ty: &Type) -> String {
    let (letter, of) = match ty {
        Type::Int => ("i", None),
        Type::Float => ("f", None),
        Type::String => ("s", None),
        Type::Bool => ("b", None),
        Type::Null => ("n", None),
        Type::Any => ("a", None),
        Type::List(of) => ("l", Some(of)),
        Type::Map(of) => ("m", Some(of)),
        Type::LinkedList(of) => ("k", Some(of)),
        Type::BinaryTree(of) => ("t", Some(of)),
    };
    let mut text = String::from(letter);
    if let Some(of) = of {
        text.push_str(&prefix(of));
    }
    text
}

/// A JSON string, which is also one of Python and of JavaScript.
fn quoted(text: &str) -> String {
    json(&text.into())
}

/// A first line `#!…` is a comment only at the very start of a file.
fn without_shebang(code: &str) -> String {
    match code.strip_prefix("#!") {
        Some(rest) => format!("//{rest}"),
        None => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_and_marks_in_the_code_are_left_alone() {
        let signature = Signature {
            name: "f".into(),
            params: Vec::new(),
            returns: Type::LinkedList(Box::new(Type::Int)),
        };
        let code = "__CODE__ __COUNT__ __NAME__";
        for harness in [
            Harness::Python,
            Harness::JavaScript,
            Harness::TypeScript,
            Harness::Cpp,
        ] {
            let source = source(harness, &signature, code).unwrap();
            let (before, after) = source.split_once(code).unwrap();
            for mark in [
                "__NAMES__",
                "__NAME__",
                "__PARAMS__",
                "__RETURNS__",
                "__CODE__",
                "__RUNTIME__",
                "__COLUMNS__",
                "__NODES__",
                "__COUNT__",
                "__TARGET__",
            ] {
                assert!(!before.contains(mark) && !after.contains(mark), "{mark}");
            }
        }
    }

    #[test]
    fn node_types_are_defined_unless_the_code_does() {
        let signature = Signature {
            name: "f".into(),
            params: Vec::new(),
            returns: Type::List(Box::new(Type::LinkedList(Box::new(Type::Int)))),
        };
        for (code, expected) in [
            ("", true),
            ("// class ListNode {}", true),
            ("class ListNode {}", false),
        ] {
            let texts = nodes(&signature, code, Node::typescript);
            assert_eq!(texts.contains("class ListNode"), expected, "{code}");
            assert!(!texts.contains("TreeNode"));
        }
    }
}
