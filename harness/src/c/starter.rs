//! What a solver begins with in C.

use std::fmt::Write as _;

use shared::domain::problem::{Callable, Param, Type};

use super::calls::{lower, upper};
use crate::starter::add_note;
use crate::template::{Node, given_nodes};

/// As practice sites have it, with the judge's whole numbers.
pub(crate) fn starter(callable: Callable<'_>) -> String {
    let mut text = given_nodes(callable, |node| {
        let (name, links) = match node {
            Node::List => ("ListNode", "*next"),
            Node::Tree => ("TreeNode", "*left, *right"),
        };
        format!("// Given: struct {name} {{ long long val; struct {name} {links}; }};\n")
    });
    match callable {
        Callable::Function(signature) => {
            let name = &signature.name;
            add_note(&mut text, "// ", signature);
            text += &function(name, None, &signature.params, &signature.returns);
        }
        Callable::Class(class) => {
            let name = &class.name;
            let object = format!("{name}* obj");
            let prefix = lower(name);
            let _ = writeln!(text, "typedef struct {{\n\n}} {name};\n");
            let made = list(None, &class.params, &Type::Int);
            let _ = writeln!(
                text,
                "{name}* {prefix}Create({made}) {{\n    return NULL;\n}}\n"
            );
            for method in &class.methods {
                let signature = &method.signature;
                let called = format!("{prefix}{}", upper(&signature.name));
                text += &function(
                    &called,
                    Some(&object),
                    &signature.params,
                    &signature.returns,
                );
                text.push('\n');
            }
            let _ = writeln!(text, "void {prefix}Free({object}) {{\n\n}}");
        }
    }
    text
}

fn function(name: &str, object: Option<&str>, params: &[Param], returns: &Type) -> String {
    let list = list(object, params, returns);
    let (before, body) = match returns {
        Type::Null => ("void ".to_owned(), ""),
        ty => (spell(ty), "    return 0;"),
    };
    format!("{before}{name}({list}) {{\n{body}\n}}\n")
}

fn list(object: Option<&str>, params: &[Param], returns: &Type) -> String {
    let mut all: Vec<String> = object.map(str::to_owned).into_iter().collect();
    for param in params {
        let name = &param.name;
        all.push(format!("{}{name}", spell(&param.ty)));
        if let Type::List(of) = &param.ty {
            all.push(format!("int {name}Size"));
            if matches!(**of, Type::List(_)) {
                all.push(format!("int* {name}ColSize"));
            }
        }
    }
    if let Type::List(of) = returns {
        all.push("int* returnSize".into());
        if matches!(**of, Type::List(_)) {
            all.push("int** returnColumnSizes".into());
        }
    }
    all.join(", ")
}

/// With the space that separates it from a name.
fn spell(ty: &Type) -> String {
    match ty {
        Type::Float => "double ".into(),
        Type::String => "char* ".into(),
        Type::Bool => "bool ".into(),
        Type::List(of) => format!("{}* ", spell(of).trim_end()),
        Type::LinkedList(_) | Type::LinkedNodes(_) => "struct ListNode* ".into(),
        Type::BinaryTree(_) => "struct TreeNode* ".into(),
        Type::Int | Type::Map(_) | Type::Null | Type::Any => "long long ".into(),
    }
}
