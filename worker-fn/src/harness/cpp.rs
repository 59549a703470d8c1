//! The source file around a user's code in C++.
//!
//! Practice sites give solvers the whole standard library and its namespace, so
//! both are there without an `#include` or a `using`. They are left away where
//! they would change code that is complete without them: a global `int count`
//! beside `using namespace std` is ambiguous as soon as `<algorithm>` is there.

use shared::domain::problem::{Signature, Type};

use super::code::defines_class;
use super::cpp_names::Names;
use super::template::{Node, Unsupported, fill, nodes};

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/cpp.cpp"));

pub(super) fn source(signature: &Signature, code: &str) -> Result<String, Unsupported> {
    for param in &signature.params {
        check_type(&param.ty)?;
    }
    if signature.returns != Type::Null {
        check_type(&signature.returns)?;
    }
    let names = Names::of(code);
    let renamed = names.renamed_functions();
    let count = signature.params.len();
    let each =
        |prefix: &str| -> Vec<String> { (0..count).map(|n| format!("{prefix}A{n}")).collect() };
    let with_comma = |text: String| if text.is_empty() { text } else { text + "," };
    let values = [
        ("__HEADERS__", names.headers().to_string()),
        (
            "__RENAMES__",
            lines(&renamed, |name| format!("#define {name} judge_{name}")),
        ),
        (
            "__RESTORES__",
            lines(&renamed, |name| format!("#undef {name}")),
        ),
        (
            "__NODES__",
            nodes(signature, code, |node| struct_of(node, code)),
        ),
        ("__NAME__", signature.name.clone()),
        ("__NOTHING__", (signature.returns == Type::Null).to_string()),
        ("__COUNT__", count.to_string()),
        ("__CLASSES__", with_comma(each("class ").join(","))),
        ("__TYPES__", each("").join(",")),
        ("__LEADING__", with_comma(each("").join(","))),
        ("__USING__", names.using()),
        ("__CODE__", code.to_owned()),
        ("__TARGET__", target(signature, code, &names)),
    ];
    Ok(fill(TEMPLATE, &values))
}

fn lines(names: &[&str], line: impl Fn(&str) -> String) -> String {
    let lines: Vec<String> = names.iter().map(|name| line(name)).collect();
    lines.join("\n")
}

/// A macro of the template that finds the function, and the types to try where
/// its own are not clear.
fn target(signature: &Signature, code: &str, names: &Names) -> String {
    let name = signature.name.as_str();
    let kind = if !names.mention(name) {
        "MISSING"
    } else if defines_class(code, "Solution") {
        "METHOD"
    } else if names.declare_function(name) {
        "FUNCTION"
    } else if names.declare_value(name) {
        "VALUE"
    } else if names.mention("namespace") || names.mention("define") {
        "ELSEWHERE"
    } else {
        "MISSING"
    };
    let mut usual: Vec<String> = Vec::new();
    for (whole, letter) in [("long long", false), ("int", false), ("int", true)] {
        let types: Vec<String> = signature
            .params
            .iter()
            .map(|param| {
                let by_reference = matches!(param.ty, Type::List(_) | Type::Map(_));
                usual_type(&param.ty, whole, letter) + if by_reference { "&" } else { "" }
            })
            .collect();
        let typed = format!("judge_::Typed<{}>", types.join(","));
        if !usual.contains(&typed) {
            usual.push(typed);
        }
    }
    format!("JUDGE_{kind}({name},{})", usual.join(","))
}

/// A type as most solutions spell it. `whole`: the type of whole numbers.
/// `letter`: whether texts are single characters.
fn usual_type(ty: &Type, whole: &str, letter: bool) -> String {
    let inner = |ty: &Type| usual_type(ty, whole, letter);
    match ty {
        Type::Float => "double".into(),
        Type::Bool => "bool".into(),
        Type::String if letter => "char".into(),
        Type::String => "std::string".into(),
        Type::List(of) => format!("std::vector<{}>", inner(of)),
        Type::Map(of) => format!("std::map<std::string,{}>", inner(of)),
        Type::LinkedList(_) => "ListNode*".into(),
        Type::BinaryTree(_) => "TreeNode*".into(),
        Type::Int | Type::Null | Type::Any => whole.into(),
    }
}

/// C++ has `null` as a result only, no `any`, and nodes of whole numbers only.
fn check_type(ty: &Type) -> Result<(), Unsupported> {
    match ty {
        Type::Int | Type::Float | Type::String | Type::Bool => Ok(()),
        Type::List(of) | Type::Map(of) => check_type(of),
        Type::LinkedList(of) | Type::BinaryTree(of) if **of == Type::Int => Ok(()),
        _ => Err(Unsupported(format!(
            "C++ has no equivalent of the type {ty} in the signature."
        ))),
    }
}

/// A node type's definition. Practice sites have `int` in it, on which code
/// written for them depends, as in `max(node->val, 0)`; such code has a class
/// `Solution`. This project's starter code says `long long val` in a comment.
fn struct_of(node: Node, code: &str) -> &'static str {
    let narrow = defines_class(code, "Solution") && !code.contains("long long val");
    match (node, narrow) {
        (Node::List, true) => {
            "struct ListNode{int val;ListNode*next;ListNode(int v=0,ListNode*n=nullptr):val(v),next(n){}};"
        }
        (Node::List, false) => {
            "struct ListNode{long long val;ListNode*next;ListNode(long long v=0,ListNode*n=nullptr):val(v),next(n){}};"
        }
        (Node::Tree, true) => {
            "struct TreeNode{int val;TreeNode*left,*right;TreeNode(int v=0,TreeNode*l=nullptr,TreeNode*r=nullptr):val(v),left(l),right(r){}};"
        }
        (Node::Tree, false) => {
            "struct TreeNode{long long val;TreeNode*left,*right;TreeNode(long long v=0,TreeNode*l=nullptr,TreeNode*r=nullptr):val(v),left(l),right(r){}};"
        }
    }
}
