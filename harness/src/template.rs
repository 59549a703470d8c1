//! What the source files of all languages are made with.

use std::fmt;

use serde_json::Value;
use shared::domain::problem::{Answer, Callable, Param, Type};

use crate::code::defines_class;
use crate::json;

/// A language has no type for one of the signature's. The text is a sentence for
/// people that names both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported(pub String);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsupported {}

/// A node type of practice sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Node {
    List,
    Tree,
}

impl Node {
    pub(crate) const ALL: [Self; 2] = [Self::List, Self::Tree];

    /// The class's name in the user's code.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::List => "ListNode",
            Self::Tree => "TreeNode",
        }
    }

    /// Whether values of a type hold such nodes.
    pub(crate) fn is_in(self, ty: &Type) -> bool {
        match ty {
            Type::LinkedList(item) | Type::LinkedNodes(item) => {
                self == Self::List || self.is_in(item)
            }
            Type::BinaryTree(item) => self == Self::Tree || self.is_in(item),
            Type::List(item) | Type::Map(item) => self.is_in(item),
            Type::Int | Type::Float | Type::String | Type::Bool | Type::Null | Type::Any => false,
        }
    }
}

/// Whether a value of the signature holds such nodes.
pub(crate) fn mentions(callable: Callable<'_>, node: Node) -> bool {
    callable.types().any(|ty| node.is_in(ty))
}

/// The definitions of the node types that the signature mentions and the code
/// does not define.
pub(crate) fn nodes<Text>(
    callable: Callable<'_>,
    code: &str,
    definition: impl Fn(Node) -> Text,
) -> String
where
    String: FromIterator<Text>,
{
    Node::ALL
        .into_iter()
        .filter(|&node| mentions(callable, node) && !defines_class(code, node.class()))
        .map(definition)
        .collect()
}

/// The lines of a starter that say which node types are given, each as `line` has it,
/// and an empty one after them.
pub(crate) fn given_nodes(callable: Callable<'_>, line: impl Fn(Node) -> String) -> String {
    let mut text = String::new();
    for node in Node::ALL {
        if mentions(callable, node) {
            text.push_str(&line(node));
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The template with each mark replaced by its value. `values` must be in the
/// order of the marks in the template.
pub(crate) fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    for (mark, value) in values {
        if let Some((before, after)) = rest.split_once(mark) {
            out.push_str(before);
            out.push_str(value);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// A type in the harnesses' notation: a letter, followed by the type of the items
/// if it has any.
pub(crate) fn prefix(ty: &Type) -> String {
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
        Type::LinkedNodes(of) => ("c", Some(of)),
        Type::BinaryTree(of) => ("t", Some(of)),
    };
    let mut text = String::from(letter);
    if let Some(of) = of {
        text.push_str(&prefix(of));
    }
    text
}

/// The types of parameters in the harnesses' notation.
pub(crate) fn kinds(params: &[Param]) -> Value {
    params.iter().map(|param| prefix(&param.ty)).collect()
}

/// Of which values the answer consists, as two arguments of a harness: 1 where what is
/// returned is one of them, or else 0, and an array of the indices of the parameters that
/// are, after the call. Several are written as an array, in this order.
pub(crate) fn answer(answer: Answer) -> String {
    let returned = u8::from(answer.returned());
    let arguments: Vec<String> = answer.arguments().map(|at| at.to_string()).collect();
    format!("{returned},[{}]", arguments.join(","))
}

/// A JSON string, which is also one of Python and of JavaScript.
pub(crate) fn quoted(text: &str) -> String {
    json(&text.into())
}

/// A first line `#!…` is a comment only at the very start of a file.
pub(crate) fn without_shebang(code: &str) -> String {
    match code.strip_prefix("#!") {
        Some(rest) => format!("//{rest}"),
        None => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typescript::definition;
    use shared::domain::problem::Signature;

    #[test]
    fn node_types_are_defined_unless_the_code_does() {
        let signature = Signature {
            name: "f".into(),
            params: Vec::new(),
            returns: Type::List(Box::new(Type::LinkedList(Box::new(Type::Int)))),
            answer: Answer::Returned,
        };
        for (code, expected) in [
            ("", true),
            ("// class ListNode {}", true),
            ("class ListNode {}", false),
        ] {
            let texts = nodes(Callable::Function(&signature), code, definition);
            assert_eq!(texts.contains("class ListNode"), expected, "{code}");
            assert!(!texts.contains("TreeNode"));
        }
    }
}
