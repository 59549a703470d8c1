//! Starter code in JavaScript, and in TypeScript, which has the types in the code and not
//! in a comment.

use shared::domain::problem::{Callable, Param, Signature, Type};

use crate::starter::{Met, add, note};

pub(crate) fn starter(callable: Callable<'_>) -> Option<String> {
    Some(write(callable, false))
}

/// `typed`: in TypeScript.
pub(crate) fn write(callable: Callable<'_>, typed: bool) -> String {
    let mut met = Met::default();
    let mut body = String::new();
    match callable {
        Callable::Function(signature) => {
            function(
                &mut body,
                &mut met,
                Some(signature),
                &signature.params,
                ["", "function "],
                typed,
            );
        }
        Callable::Class(class) => {
            add(&mut body, &["class ", &class.name, " {\n"]);
            function(&mut body, &mut met, None, &class.params, ["  ", ""], typed);
            for method in &class.methods {
                let signature = &method.signature;
                body.push('\n');
                function(
                    &mut body,
                    &mut met,
                    Some(signature),
                    &signature.params,
                    ["  ", ""],
                    typed,
                );
            }
            body.push_str("}\n");
        }
    }
    let mut text = String::new();
    if met.list_item.is_some() {
        text.push_str("// Given: new ListNode(val = 0, next = null)\n");
    }
    if met.tree_item.is_some() {
        text.push_str("// Given: new TreeNode(val = 0, left = null, right = null)\n");
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&body);
    text
}

/// A function, or without a signature a constructor.
fn function(
    text: &mut String,
    met: &mut Met,
    signature: Option<&Signature>,
    params: &[Param],
    [indent, keyword]: [&str; 2],
    typed: bool,
) {
    let (mut list, mut documented) = (String::new(), String::new());
    if let Some(note) = signature.and_then(note) {
        add(&mut documented, &[indent, " * ", &note, "\n"]);
    }
    for param in params {
        let ty = spell(met, &param.ty);
        let comma = if list.is_empty() { "" } else { ", " };
        add(&mut list, &[comma, &param.name]);
        if typed {
            add(&mut list, &[": ", &ty]);
        } else {
            add(
                &mut documented,
                &[indent, " * @param {", &ty, "} ", &param.name, "\n"],
            );
        }
    }
    let mut returns = String::new();
    if let Some(signature) = signature {
        let ty = match signature.returns {
            Type::Null => "void".into(),
            ref ty => spell(met, ty),
        };
        if typed {
            add(&mut returns, &[": ", &ty]);
        } else {
            add(&mut documented, &[indent, " * @return {", &ty, "}\n"]);
        }
    }
    if !documented.is_empty() {
        add(text, &[indent, "/**\n", &documented, indent, " */\n"]);
    }
    let name = signature.map_or("constructor", |signature| &signature.name);
    add(
        text,
        &[
            indent, keyword, name, "(", &list, ")", &returns, " {\n\n", indent, "}\n",
        ],
    );
}

fn spell(met: &mut Met, ty: &Type) -> String {
    match ty {
        Type::Int | Type::Float => "number".into(),
        Type::String => "string".into(),
        Type::Bool => "boolean".into(),
        Type::Null => "null".into(),
        Type::Any => "any".into(),
        Type::LinkedList(item) | Type::LinkedNodes(item) => {
            met.list_item = Some(spell(met, item));
            "ListNode | null".into()
        }
        Type::BinaryTree(item) => {
            met.tree_item = Some(spell(met, item));
            "TreeNode | null".into()
        }
        Type::List(item) => {
            let item = spell(met, item);
            let (before, after) = if item.ends_with("| null") {
                ("(", ")[]")
            } else {
                ("", "[]")
            };
            [before, &item, after].concat()
        }
        Type::Map(item) => ["Record<string, ", &spell(met, item), ">"].concat(),
    }
}
