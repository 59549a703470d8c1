//! Starter code in C++.

use shared::domain::problem::{Callable, Param, Signature, Type};

use crate::starter::{Met, add, add_note, changes};

pub(crate) fn starter(callable: Callable<'_>) -> Option<String> {
    let mut met = Met::default();
    let mut body = String::new();
    match callable {
        // A function of the library may have such a name; no method has.
        Callable::Function(signature) if !signature.name.contains(|c: char| c.is_uppercase()) => {
            body.push_str("class Solution {\npublic:\n");
            function(&mut body, &mut met, signature, "    ");
            body.push_str("};\n");
        }
        Callable::Function(signature) => function(&mut body, &mut met, signature, ""),
        Callable::Class(class) => {
            let params = parameters(&mut met, &class.params, |_| false);
            let parts = [
                "class ",
                &class.name,
                " {\npublic:\n    ",
                &class.name,
                "(",
                &params,
                ") {\n\n    }\n",
            ];
            add(&mut body, &parts);
            for method in &class.methods {
                body.push('\n');
                function(&mut body, &mut met, &method.signature, "    ");
            }
            body.push_str("};\n");
        }
    }
    let mut text = String::new();
    if let Some(item) = &met.list_item {
        add(
            &mut text,
            &[
                "// Given: struct ListNode { ",
                item,
                " val; ListNode* next; };\n",
            ],
        );
    }
    if let Some(item) = &met.tree_item {
        let after = " val; TreeNode* left; TreeNode* right; };\n";
        add(&mut text, &["// Given: struct TreeNode { ", item, after]);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&body);
    Some(text)
}

fn function(text: &mut String, met: &mut Met, signature: &Signature, indent: &str) {
    let params = parameters(met, &signature.params, |index| changes(signature, index));
    let returns = match signature.returns {
        Type::Null => "void".into(),
        ref ty => spell(met, ty),
    };
    add_note(text, &[indent, "// "].concat(), signature);
    // Without a return statement the behaviour is undefined.
    let body = if returns == "void" {
        ""
    } else {
        "    return {};"
    };
    let before = if body.is_empty() { "" } else { indent };
    add(
        text,
        &[
            indent,
            &returns,
            " ",
            &signature.name,
            "(",
            &params,
            ") {\n",
            before,
            body,
            "\n",
            indent,
            "}\n",
        ],
    );
}

/// `by_reference`: whether the parameter of an index is changed in place.
fn parameters(met: &mut Met, params: &[Param], by_reference: impl Fn(usize) -> bool) -> String {
    let mut text = String::new();
    for (index, param) in params.iter().enumerate() {
        let comma = if text.is_empty() { "" } else { ", " };
        let reference = by_reference(index) && matches!(param.ty, Type::List(_) | Type::Map(_));
        let space = if reference { "& " } else { " " };
        add(
            &mut text,
            &[comma, &spell(met, &param.ty), space, &param.name],
        );
    }
    text
}

fn spell(met: &mut Met, ty: &Type) -> String {
    match ty {
        // Of `null` and `any` there is no signature in C++, but as `void`.
        Type::Int | Type::Null | Type::Any => "long long".into(),
        Type::Float => "double".into(),
        Type::String => "std::string".into(),
        Type::Bool => "bool".into(),
        Type::LinkedList(item) | Type::LinkedNodes(item) => {
            met.list_item = Some(spell(met, item));
            "ListNode*".into()
        }
        Type::BinaryTree(item) => {
            met.tree_item = Some(spell(met, item));
            "TreeNode*".into()
        }
        Type::List(item) => ["std::vector<", &spell(met, item), ">"].concat(),
        Type::Map(item) => ["std::map<std::string, ", &spell(met, item), ">"].concat(),
    }
}
