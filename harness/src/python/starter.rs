//! Starter code in Python.

use shared::domain::problem::{Callable, Param, Signature, Type};

use crate::starter::{Met, add, add_note};

pub(crate) fn starter(callable: Callable<'_>) -> Option<String> {
    let mut met = Met::default();
    let mut body = String::new();
    match callable {
        Callable::Function(signature) => function(&mut body, &mut met, signature, ""),
        Callable::Class(class) => {
            let params = parameters(&mut met, &class.params, "self");
            let parts = [
                "class ",
                &class.name,
                ":\n    def __init__(",
                &params,
                "):\n        pass\n",
            ];
            add(&mut body, &parts);
            for method in &class.methods {
                body.push('\n');
                function(&mut body, &mut met, &method.signature, "    ");
            }
        }
    }
    let mut text = head(&met);
    text.push_str(&body);
    Some(text)
}

/// `indent`: that of a method, or nothing.
fn function(text: &mut String, met: &mut Met, signature: &Signature, indent: &str) {
    let this = if indent.is_empty() { "" } else { "self" };
    let params = parameters(met, &signature.params, this);
    let returns = spell(met, &signature.returns);
    let name = signature.snake_name();
    add(
        text,
        &[
            indent, "def ", &name, "(", &params, ") -> ", &returns, ":\n",
        ],
    );
    add_note(text, &[indent, "    # "].concat(), signature);
    add(text, &[indent, "    pass\n"]);
}

fn parameters(met: &mut Met, params: &[Param], this: &str) -> String {
    let mut text = this.to_owned();
    for param in params {
        let comma = if text.is_empty() { "" } else { ", " };
        add(
            &mut text,
            &[comma, &param.name, ": ", &spell(met, &param.ty)],
        );
    }
    text
}

fn spell(met: &mut Met, ty: &Type) -> String {
    match ty {
        Type::Int => "int".into(),
        Type::Float => "float".into(),
        Type::String => "str".into(),
        Type::Bool => "bool".into(),
        Type::Null => "None".into(),
        Type::Any => {
            met.uses_any = true;
            "Any".into()
        }
        Type::LinkedList(item) | Type::LinkedNodes(item) => {
            met.list_item = Some(spell(met, item));
            "Optional[ListNode]".into()
        }
        Type::BinaryTree(item) => {
            met.tree_item = Some(spell(met, item));
            "Optional[TreeNode]".into()
        }
        Type::List(item) => ["list[", &spell(met, item), "]"].concat(),
        Type::Map(item) => ["dict[str, ", &spell(met, item), "]"].concat(),
    }
}

/// The lines above: imports, and the node types.
fn head(met: &Met) -> String {
    let nodes = met.list_item.is_some() || met.tree_item.is_some();
    let mut text = String::from(match (met.uses_any, nodes) {
        (false, false) => "",
        (true, false) => "from typing import Any\n",
        (false, true) => "from typing import Optional\n\n",
        (true, true) => "from typing import Any, Optional\n\n",
    });
    if met.list_item.is_some() {
        text.push_str("# Given: ListNode(val=0, next=None)\n");
    }
    if met.tree_item.is_some() {
        text.push_str("# Given: TreeNode(val=0, left=None, right=None)\n");
    }
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text
}
