//! The source file around a user's code in Ruby.

use std::fmt::Write as _;

use shared::domain::problem::{Callable, Param, Type};

use crate::plan::plan;
use crate::starter::add_note;
use crate::template::{Node, Unsupported, fill, given_nodes, quoted};

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/ruby"));

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    let values = [
        ("__PLAN__", literal(&plan(callable))),
        ("__CODE__", literal(code)),
    ];
    Ok(fill(TEMPLATE, &values))
}

/// Ruby has all types.
pub(crate) fn check_type(_: &Type) -> Result<(), Unsupported> {
    Ok(())
}

/// A string of Ruby. `#{…}`, `#@…` and `#$…` in one would be replaced.
fn literal(text: &str) -> String {
    quoted(text).replace('#', "\\#")
}

/// As practice sites have it: types in comments above each function.
pub(crate) fn starter(callable: Callable<'_>) -> String {
    let mut text = given_nodes(callable, |node| match node {
        Node::List => "# Given: ListNode.new(val = 0, next_node = nil)\n".into(),
        Node::Tree => "# Given: TreeNode.new(val = 0, left = nil, right = nil)\n".into(),
    });
    match callable {
        Callable::Function(signature) => {
            add_note(&mut text, "# ", signature);
            method(
                &mut text,
                "",
                &signature.snake_name(),
                &signature.params,
                Some(&signature.returns),
            );
        }
        Callable::Class(class) => {
            let _ = writeln!(text, "class {}", class.name);
            method(&mut text, "  ", "initialize", &class.params, None);
            for one in &class.methods {
                let signature = &one.signature;
                text.push('\n');
                method(
                    &mut text,
                    "  ",
                    &signature.snake_name(),
                    &signature.params,
                    Some(&signature.returns),
                );
            }
            text.push_str("end\n");
        }
    }
    text
}

fn method(text: &mut String, indent: &str, name: &str, params: &[Param], returns: Option<&Type>) {
    for param in params {
        let _ = writeln!(
            text,
            "{indent}# @param {{{}}} {}",
            spell(&param.ty),
            param.name
        );
    }
    if let Some(returns) = returns {
        let _ = writeln!(text, "{indent}# @return {{{}}}", spell(returns));
    }
    let names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
    let list = if names.is_empty() {
        String::new()
    } else {
        format!("({})", names.join(", "))
    };
    let _ = writeln!(text, "{indent}def {name}{list}\n\n{indent}end");
}

fn spell(ty: &Type) -> String {
    match ty {
        Type::Int => "Integer".into(),
        Type::Float => "Float".into(),
        Type::String => "String".into(),
        Type::Bool => "Boolean".into(),
        Type::Null => "Void".into(),
        Type::Any => "Object".into(),
        Type::List(of) => format!("{}[]", spell(of)),
        Type::Map(of) => format!("Hash<String, {}>", spell(of)),
        Type::LinkedList(_) | Type::LinkedNodes(_) => "ListNode".into(),
        Type::BinaryTree(_) => "TreeNode".into(),
    }
}
