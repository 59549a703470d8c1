//! The source file around a user's code in PHP.

use std::fmt::Write as _;

use shared::domain::problem::{Callable, Param, Signature, Type};

use crate::plan::plan;
use crate::starter::{add_note, changes};
use crate::template::{Node, Unsupported, fill, given_nodes};

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/php"));

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    let values = [
        ("__PLAN__", literal(&plan(callable))),
        ("__CODE__", literal(code)),
    ];
    Ok(fill(TEMPLATE, &values))
}

/// PHP has all types.
pub(crate) fn check_type(_: &Type) -> Result<(), Unsupported> {
    Ok(())
}

/// A string of PHP in which nothing is replaced.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// As practice sites have it: types in a comment above each function.
pub(crate) fn starter(callable: Callable<'_>) -> String {
    let mut text = String::from("<?php\n\n");
    text += &given_nodes(callable, |node| match node {
        Node::List => "// Given: new ListNode($val = 0, $next = null)\n".into(),
        Node::Tree => "// Given: new TreeNode($val = 0, $left = null, $right = null)\n".into(),
    });
    match callable {
        // Outside a class a function cannot have the name of one of PHP's own.
        Callable::Function(signature) => {
            text.push_str("class Solution {\n");
            function(&mut text, "    ", signature);
            text.push_str("}\n");
        }
        Callable::Class(class) => {
            let _ = writeln!(text, "class {} {{", class.name);
            let head = "__construct";
            documented(&mut text, "    ", head, &class.params, None);
            for one in &class.methods {
                text.push('\n');
                function(&mut text, "    ", &one.signature);
            }
            text.push_str("}\n");
        }
    }
    text
}

fn function(text: &mut String, indent: &str, signature: &Signature) {
    let (name, params) = (&signature.name, &signature.params);
    documented(text, indent, name, params, Some(signature));
}

fn documented(
    text: &mut String,
    indent: &str,
    name: &str,
    params: &[Param],
    signature: Option<&Signature>,
) {
    let mut list: Vec<String> = Vec::new();
    let _ = writeln!(text, "{indent}/**");
    if let Some(signature) = signature {
        add_note(text, &format!("{indent} * "), signature);
    }
    // What the function changes is its caller's: arrays are values otherwise.
    for (index, param) in params.iter().enumerate() {
        let _ = writeln!(
            text,
            "{indent} * @param {} ${}",
            spell(&param.ty),
            param.name
        );
        let is_array = matches!(param.ty, Type::List(_) | Type::Map(_) | Type::Any);
        let is_changed = signature.is_some_and(|it| changes(it, index));
        let by_reference = is_changed && is_array;
        list.push(format!(
            "{}${}",
            if by_reference { "&" } else { "" },
            param.name
        ));
    }
    if let Some(signature) = signature {
        let _ = writeln!(text, "{indent} * @return {}", spell(&signature.returns));
    }
    let list = list.join(", ");
    let _ = writeln!(
        text,
        "{indent} */\n{indent}function {name}({list}) {{\n\n{indent}}}"
    );
}

fn spell(ty: &Type) -> String {
    match ty {
        Type::Int => "int".into(),
        Type::Float => "float".into(),
        Type::String => "string".into(),
        Type::Bool => "bool".into(),
        Type::Null => "void".into(),
        Type::Any => "mixed".into(),
        Type::List(of) => format!("{}[]", spell(of)),
        Type::Map(of) => format!("array<string, {}>", spell(of)),
        Type::LinkedList(_) | Type::LinkedNodes(_) => "ListNode".into(),
        Type::BinaryTree(_) => "TreeNode".into(),
    }
}
