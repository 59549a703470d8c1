//! What a solver begins with in Rust.

use std::fmt::Write as _;

use shared::domain::problem::{Callable, Param, Signature, Type};

use super::each;
use crate::starter::{add_note, changes};
use crate::template::{Node, given_nodes, mentions};

/// As practice sites have it, with the judge's whole numbers.
pub(crate) fn starter(callable: Callable<'_>) -> String {
    let link = "Option<Rc<RefCell<TreeNode>>>";
    let mut text = given_nodes(callable, |node| match node {
        Node::List => {
            "// Given: struct ListNode { val: i64, next: Option<Box<ListNode>> }\n".into()
        }
        Node::Tree => {
            format!("// Given: struct TreeNode {{ val: i64, left: {link}, right: {link} }}\n")
        }
    });
    if mentions(callable, Node::Tree) {
        text += "use std::cell::RefCell;\nuse std::rc::Rc;\n\n";
    }
    if callable.types().any(holds_map) {
        text += "use std::collections::HashMap;\n\n";
    }
    match callable {
        Callable::Function(signature) => {
            text += "impl Solution {\n";
            add_note(&mut text, "    // ", signature);
            begun(&mut text, "", signature);
            text += "}\n";
        }
        Callable::Class(class) => {
            let name = &class.name;
            let params = each(class.params.len(), |at| param(&class.params[at], false));
            let _ = writeln!(
                text,
                "struct {name} {{\n\n}}\n\nimpl {name} {{\n    fn new({params}) -> Self {{\n        todo!()\n    }}"
            );
            for method in &class.methods {
                text.push('\n');
                let receiver = if method.signature.params.is_empty() {
                    "&mut self"
                } else {
                    "&mut self, "
                };
                begun(&mut text, receiver, &method.signature);
            }
            text += "}\n";
        }
    }
    text
}

fn begun(text: &mut String, receiver: &str, signature: &Signature) {
    let params = &signature.params;
    let list = each(params.len(), |at| {
        param(&params[at], changes(signature, at))
    });
    let returns = match &signature.returns {
        Type::Null => String::new(),
        ty => format!(" -> {}", spell(ty)),
    };
    let (public, body) = (
        if receiver.is_empty() { "pub " } else { "" },
        if returns.is_empty() {
            ""
        } else {
            "        todo!()"
        },
    );
    let name = signature.snake_name();
    let _ = writeln!(
        text,
        "    {public}fn {name}({receiver}{list}){returns} {{\n{body}\n    }}"
    );
}

fn param(param: &Param, changed: bool) -> String {
    let by = if changed { "&mut " } else { "" };
    format!("{}: {by}{}", param.name, spell(&param.ty))
}

fn holds_map(ty: &Type) -> bool {
    match ty {
        Type::Map(_) => true,
        Type::List(of) => holds_map(of),
        _ => false,
    }
}

fn spell(ty: &Type) -> String {
    match ty {
        Type::Float => "f64".into(),
        Type::String => "String".into(),
        Type::Bool => "bool".into(),
        Type::List(of) => format!("Vec<{}>", spell(of)),
        Type::Map(of) => format!("HashMap<String, {}>", spell(of)),
        Type::LinkedList(_) | Type::LinkedNodes(_) => "Option<Box<ListNode>>".into(),
        Type::BinaryTree(_) => "Option<Rc<RefCell<TreeNode>>>".into(),
        Type::Int | Type::Null | Type::Any => "i64".into(),
    }
}
