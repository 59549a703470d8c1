//! The source file around a user's code in C++.
//!
//! Practice sites give solvers the whole standard library and its namespace, so
//! both are there without an `#include` or a `using`. They are left away where
//! they would change code that is complete without them: a global `int count`
//! beside `using namespace std` is ambiguous as soon as `<algorithm>` is there.

mod names;
mod starter;

use shared::domain::problem::{Callable, ClassSignature, Method, Param, Signature, Type};

use crate::code::defines_class;
use crate::template::{Node, Unsupported, fill, nodes};
use names::Names;
pub(crate) use starter::starter;

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/cpp"));
/// What only classes need.
const CLASS: &str = include_str!(concat!(env!("OUT_DIR"), "/cpp_class"));
/// What only linked nodes need.
const LINKED: &str = include_str!(concat!(env!("OUT_DIR"), "/cpp_linked"));

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    let names = Names::of(code);
    let renamed = names.renamed_functions();
    let (what, nothing, count) = match callable {
        Callable::Function(signature) => (
            format!("function `{}`", signature.name),
            signature.returns == Type::Null,
            signature.params.len(),
        ),
        Callable::Class(class) => (format!("class `{}`", class.name), false, 0),
    };
    let is_class = matches!(callable, Callable::Class(_));
    let linked = callable
        .types()
        .any(|ty| matches!(ty, Type::LinkedNodes(_)));
    let only = |needed: bool, text: &str| String::from(if needed { text } else { "" });
    let each =
        |prefix: &str| -> Vec<String> { (0..count).map(|n| format!("{prefix}A{n}")).collect() };
    let with_comma = |text: String| if text.is_empty() { text } else { text + "," };
    let [pass, answer] = answer(callable);
    let cycle = if linked {
        "return close(out, start, head, node)"
    } else {
        "throw Odd{\"a cycle\"}"
    };
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
            nodes(callable, code, |node| struct_of(node, is_class, code)),
        ),
        ("__WHAT__", what),
        ("__NOTHING__", nothing.to_string()),
        ("__COUNT__", count.to_string()),
        ("__CLASSES__", with_comma(each("class ").join(","))),
        ("__TYPES__", each("").join(",")),
        ("__LEADING__", with_comma(each("").join(","))),
        (
            "__LINKED__",
            only(linked, "if (in.take('{')) return linked(in, head);"),
        ),
        ("__CYCLE__", cycle.into()),
        ("__MEMBERS__", only(linked, LINKED)),
        ("__PASS__", pass),
        ("__ANSWER__", answer),
        ("__CLASS__", only(is_class, CLASS)),
        ("__USING__", names.using()),
        ("__CODE__", code.to_owned()),
        (
            "__TARGET__",
            match callable {
                Callable::Function(signature) => target(signature, code, &names),
                Callable::Class(class) => class_target(class, code, &names),
            },
        ),
    ];
    Ok(fill(TEMPLATE, &values))
}

/// How arguments are passed, and what is done with a call to have its answer. An
/// argument that is an answer is read by the harness's own reference to it: one that
/// is passed by value stays as it was.
fn answer(callable: Callable<'_>) -> [String; 2] {
    let returned = "answer(out, call, std::is_void<decltype(call())>());";
    let Callable::Function(signature) = callable else {
        return ["std::forward".into(), returned.into()];
    };
    let (mut roots, mut puts) = (String::new(), Vec::new());
    for index in signature.answer.arguments() {
        let value = format!("std::get<{index}>(way.values)");
        roots += &match signature.params.get(index).map(|param| &param.ty) {
            Some(Type::LinkedNodes(_)) => format!(
                "auto& row{index} = Json::rows()[{index}];\
                 auto root{index} = row{index}.empty() ? nullptr : (std::decay_t<decltype({value})>)row{index}[0];"
            ),
            Some(Type::LinkedList(_) | Type::BinaryTree(_)) => {
                format!("auto root{index} = {value};")
            }
            _ => format!("auto& root{index} = {value};"),
        };
        puts.push(format!("Json::put(out, root{index});"));
    }
    let call = if signature.answer.returned() {
        puts.insert(0, returned.into());
        ""
    } else {
        "(void)call();"
    };
    let [pass, before, after] = match puts.len() {
        1 if roots.is_empty() => ["std::forward", "", ""],
        1 => ["static_cast", "", ""],
        _ => ["static_cast", "out += '[';", "out += ']';"],
    };
    let puts = puts.join("out += ',';");
    [pass.into(), format!("{roots}{call}{before}{puts}{after}")]
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
    format!("JUDGE_{kind}({name},{})", usual(&signature.params))
}

/// The class's macros, one for the constructor and one for each method.
fn class_target(class: &ClassSignature, code: &str, names: &Names) -> String {
    let name = class.name.as_str();
    let elsewhere = ["using", "typedef", "define"];
    let renamed = names.mention(name) && elsewhere.iter().any(|word| names.mention(word));
    if !defines_class(code, name) && !renamed {
        return format!("JUDGE_NO_CLASS({name})");
    }
    let mut text = String::from("#undef new\n#undef static\n#undef void\n");
    let count = class.params.len();
    text += &format!("JUDGE_OBJECT({name},{count},{})\n", usual(&class.params));
    let mut calls: Vec<String> = Vec::new();
    for (number, Method { signature, .. }) in class.methods.iter().enumerate() {
        text += &format!(
            "JUDGE_CALL({name},{},{number},{},{},{})\n",
            signature.name,
            signature.params.len(),
            signature.returns == Type::Null,
            usual(&signature.params)
        );
        calls.push(format!("judge_call{number}"));
    }
    text + &format!("JUDGE_CALLS({name},{count},{})", calls.join(","))
}

/// The types to try for parameters, as most solutions spell them.
fn usual(params: &[Param]) -> String {
    let mut usual: Vec<String> = Vec::new();
    for (whole, letter) in [("long long", false), ("int", false), ("int", true)] {
        let types: Vec<String> = params
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
    usual.join(",")
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
        Type::LinkedList(_) | Type::LinkedNodes(_) => "ListNode*".into(),
        Type::BinaryTree(_) => "TreeNode*".into(),
        Type::Int | Type::Null | Type::Any => whole.into(),
    }
}

/// C++ has `null` as a result only, no `any`, and nodes of whole numbers only.
pub(crate) fn check_type(ty: &Type) -> Result<(), Unsupported> {
    match ty {
        Type::Int | Type::Float | Type::String | Type::Bool => Ok(()),
        Type::List(of) | Type::Map(of) => check_type(of),
        Type::LinkedList(of) | Type::LinkedNodes(of) | Type::BinaryTree(of)
            if **of == Type::Int =>
        {
            Ok(())
        }
        _ => Err(Unsupported(format!(
            "C++ has no equivalent of the type {ty} in the signature."
        ))),
    }
}

/// A node type's definition. Practice sites have `int` in it, on which code
/// written for them depends, as in `max(node->val, 0)`; such code has a class
/// `Solution`, or is a class by itself. This project's starter code says `long long
/// val` in a comment.
fn struct_of(node: Node, is_class: bool, code: &str) -> &'static str {
    let practice = is_class || defines_class(code, "Solution");
    let narrow = practice && !code.contains("long long val");
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
