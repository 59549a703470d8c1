//! The source file around a user's code in Rust.

mod compiler;
mod starter;

use std::fmt::Write as _;

use shared::domain::problem::{Callable, ClassSignature, Param, Signature, Type};

use crate::code::without_comments;
pub(crate) use compiler::compiler_output;
pub(crate) use starter::starter;

use crate::starter::add;
use crate::template::{Node, Unsupported, fill, mentions};

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/rust"));

/// What stands before the user's code, on its first line. Warnings are left out, and
/// the main function is the harness's.
pub(crate) const PREFIX: &str = "#![allow(warnings)]#![no_main]/*judge_*/";

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    let calls = match callable {
        Callable::Function(signature) => function(signature, code),
        Callable::Class(class) => class_calls(class, code),
    };
    let mut types = String::new();
    let mut args = String::new();
    let mut given = String::from("pub struct Solution;\n");
    for node in Node::ALL
        .into_iter()
        .filter(|&node| mentions(callable, node))
    {
        types += match node {
            Node::List => LIST,
            Node::Tree => TREE,
        };
        args += match node {
            Node::List => "[] Option<Box<crate::ListNode>>;",
            Node::Tree => "[] Option<Rc<RefCell<crate::TreeNode>>>;",
        };
        given += &definition(node, narrow(code));
    }
    let values = [
        ("__NODES__", given),
        ("__NODE_TYPES__", types),
        ("__NODE_ARGS__", args),
        ("__PREFIX__", PREFIX.len().to_string()),
        ("__CALLS__", calls),
    ];
    Ok(format!("{PREFIX}{code}\n{}", fill(TEMPLATE, &values)))
}

/// Rust has no `any`, `null` as a result only, nodes of whole numbers only, and no
/// lists with a cycle: a node has one owner.
pub(crate) fn check_type(ty: &Type) -> Result<(), Unsupported> {
    match ty {
        Type::Int | Type::Float | Type::String | Type::Bool => Ok(()),
        Type::List(of) | Type::Map(of) => check_type(of),
        Type::LinkedList(of) | Type::BinaryTree(of) if **of == Type::Int => Ok(()),
        _ => Err(Unsupported(format!(
            "Rust has no equivalent of the type {ty} in the signature."
        ))),
    }
}

/// Whether the values of nodes are `i32`, as practice sites have them. This project's
/// starter code says `val: i64` in a comment.
fn narrow(code: &str) -> bool {
    without_comments(code).contains("Solution") && !code.contains("val: i64")
        || code.contains("val: i32")
}

fn definition(node: Node, narrow: bool) -> String {
    let whole = if narrow { "i32" } else { "i64" };
    let derive = "#[derive(PartialEq, Eq, Clone, Debug)]\npub struct";
    match node {
        Node::List => format!(
            "{derive} ListNode {{ pub val: {whole}, pub next: Option<Box<ListNode>> }}\n\
             impl ListNode {{ pub fn new(val: {whole}) -> Self {{ ListNode {{ val, next: None }} }} }}\n"
        ),
        Node::Tree => {
            let link = "Option<std::rc::Rc<std::cell::RefCell<TreeNode>>>";
            format!(
                "{derive} TreeNode {{ pub val: {whole}, pub left: {link}, pub right: {link} }}\n\
                 impl TreeNode {{ pub fn new(val: {whole}) -> Self {{ TreeNode {{ val, left: None, right: None }} }} }}\n"
            )
        }
    }
}

const LIST: &str = "\
impl Get for Option<Box<crate::ListNode>> {
fn get(from: &mut In) -> Fine<Self> {
let mut all = Vec::new();
from.list(|from| { all.push(Get::get(from)?); Ok(()) })?;
let mut head = None;
for val in all.into_iter().rev() { head = Some(Box::new(crate::ListNode { val, next: head })); }
Ok(head)
}
}
impl Put for Option<Box<crate::ListNode>> {
fn put(&self, out: &mut String) -> Fine<()> {
let (mut node, mut before) = (self, '[');
while let Some(this) = node {
out.push(before);
before = ',';
this.val.put(out)?;
node = &this.next;
}
*out += if before == '[' { \"[]\" } else { \"]\" };
Ok(())
}
}
";

const TREE: &str = "\
impl Get for Option<Rc<RefCell<crate::TreeNode>>> {
fn get(from: &mut In) -> Fine<Self> {
let mut all: Vec<Self> = Vec::new();
from.list(|from| {
let node = if from.take(\"null\") { None } else { Some(Rc::new(RefCell::new(crate::TreeNode { val: Get::get(from)?, left: None, right: None }))) };
all.push(node);
Ok(())
})?;
let mut rest = all.iter().skip(1);
for node in all.iter().flatten() {
let left = rest.next().cloned().flatten();
let right = rest.next().cloned().flatten();
let mut node = node.borrow_mut();
node.left = left;
node.right = right;
}
Ok(all.first().cloned().flatten())
}
fn keep(&self) -> Option<Self> { Some(self.clone()) }
}
impl Put for Option<Rc<RefCell<crate::TreeNode>>> {
fn put(&self, out: &mut String) -> Fine<()> {
let mut row: VecDeque<Self> = VecDeque::from(vec![self.clone()]);
let (mut seen, mut absent, mut before) = (HashSet::new(), 0, \"\");
out.push('[');
while let Some(next) = row.pop_front() {
let node = match next { Some(node) => node, None => { absent += 1; continue; } };
if !seen.insert(Rc::as_ptr(&node)) { return Err(Stop::Odd(\"a cycle\")); }
for _ in 0..absent { *out += before; *out += \"null\"; before = \",\"; }
absent = 0;
*out += before;
before = \",\";
let node = match node.try_borrow() { Ok(node) => node, Err(_) => return Err(Stop::Odd(\"a node that is still borrowed\")) };
node.val.put(out)?;
row.push_back(node.left.clone());
row.push_back(node.right.clone());
}
out.push(']');
Ok(())
}
}
";

/// The name by which the code has a function: its own or in snake case.
fn named(signature: &Signature, code: &str) -> String {
    let snake = signature.snake_name();
    let bare = without_comments(code);
    let words: Vec<&str> = words(&bare);
    let has = |name: &str| words.windows(2).any(|two| two == ["fn", name]);
    if !has(&snake) && has(&signature.name) {
        return signature.name.clone();
    }
    snake
}

fn words(bare: &str) -> Vec<&str> {
    bare.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect()
}

fn function(signature: &Signature, code: &str) -> String {
    let name = named(signature, code);
    let bare = without_comments(code);
    let all = words(&bare);
    let method = all.windows(2).any(|two| two == ["impl", "Solution"]);
    let path = if method {
        "crate::Solution::"
    } else {
        "crate::"
    };
    let target = format!("{path}{name}");
    let mut text = caller("call", &signature.params, signature, false);
    text +=
        "fn one(from: &mut In, out: &mut String, _: &mut Calls, _: &dyn Fn(i64)) -> Fine<()> {\n";
    let what = format!("The function `{}`", signature.name);
    text += &bound(&target, &what, signature.params.len());
    let _ = writeln!(
        text,
        "from.need(\"[\")?;\ncall(judge_f, from, out, true) {}",
        unfit(&what)
    );
    text + "}\nconst CLASS: bool = false;\n"
}

fn class_calls(class: &ClassSignature, code: &str) -> String {
    let bare = without_comments(code);
    let all = words(&bare);
    let alike = |two: &&[&str]| {
        matches!(two[0], "struct" | "enum") && two[1].eq_ignore_ascii_case(&class.name)
    };
    let Some(own) = all.windows(2).find(alike).map(|two| two[1]) else {
        let name = &class.name;
        return format!(
            "type JudgeC = crate::{name}; // judge: The class `{name}` was not found in your code.\n\
             const CLASS: bool = true;\n"
        );
    };
    let (mut text, mut arms) = (String::new(), String::new());
    let made = format!("The method `new` of the class `{}`", class.name);
    text += &maker(&class.params);
    let _ = write!(
        arms,
        "-1 => {{\n{}objects.insert(object, make(judge_f, from) {}\n?);\nOk(String::from(\"null\"))\n}}\n",
        bound(&format!("crate::{own}::new"), &made, class.params.len()),
        unfit(&made)
    );
    for (number, method) in class.methods.iter().enumerate() {
        let signature = &method.signature;
        let call = format!("call{number}");
        text += &caller(&call, &signature.params, signature, true);
        let name = named(signature, code);
        let what = format!(
            "The method `{}` of the class `{}`",
            signature.name, class.name
        );
        let target = format!("crate::{own}::{name}");
        let _ = write!(
            arms,
            "{number} => {{\n{}{call}(objects[&object], judge_f, from) {}\n}}\n",
            bound(&target, &what, signature.params.len() + 1),
            unfit(&what)
        );
    }
    let _ = write!(
        text,
        "fn one(from: &mut In, out: &mut String, all: &mut Calls, progress: &dyn Fn(i64)) -> Fine<()> {{\n\
         let mut objects = std::collections::HashMap::new();\n\
         calls(from, all, progress, out, &mut |object, method, from| match method {{\n{arms}\
         _ => Err(Stop::Odd(\"an unknown method\")),\n}})\n}}\nconst CLASS: bool = true;\n"
    );
    text
}

/// Takes the target by its path, and then as a function of so many parameters.
fn bound(target: &str, what: &str, params: usize) -> String {
    let types = vec!["_"; params].join(", ");
    format!(
        "let judge_f = {target}; // judge: {what} was not found in your code.\n\
         let judge_f: fn({types}) -> _ = judge_f; // judge: The parameters of {} are not those of the problem.\n",
        what.replacen("The ", "the ", 1)
    )
}

fn unfit(what: &str) -> String {
    let what = what.replacen("The ", "the ", 1);
    format!("// judge: A type of {what} is not one that the judge can convert.")
}

/// `A0: Arg, A1: Arg` and so on.
fn each(count: usize, text: impl Fn(usize) -> String) -> String {
    let all: Vec<String> = (0..count).map(text).collect();
    all.join(", ")
}

/// Reads the arguments into `o0`, `o1` and so on.
fn reads(params: usize, keep: &[usize]) -> String {
    let mut text = String::new();
    for at in 0..params {
        if keep.contains(&at) {
            let _ = writeln!(
                text,
                "let mut rest{at} = In(from.0);\nif !first {{ rest{at}.need(\",\")?; }}"
            );
        }
        let _ = writeln!(text, "let o{at} = next::<A{at}::Own>(from, &mut first)?;");
        if keep.contains(&at) {
            let _ = writeln!(text, "let kept{at} = unsafe {{ &*o{at} }}.keep();");
        }
    }
    text
}

/// A function that calls a function or a method and writes its answer.
fn caller(name: &str, params: &[Param], signature: &Signature, method: bool) -> String {
    let count = params.len();
    let arguments: Vec<usize> = signature.answer.arguments().collect();
    let returns_null = signature.returns == Type::Null;
    let returned = signature.answer.returned() && !(method && returns_null);
    let mut generics: Vec<String> = Vec::new();
    let mut types: Vec<String> = Vec::new();
    let mut passed: Vec<String> = Vec::new();
    if method {
        generics.extend(["C".into(), "O: Of<C>".into()]);
        types.push("O".into());
        passed.push("unsafe { O::of(object) }".into());
    }
    for at in 0..count {
        generics.push(format!("A{at}: Arg"));
        types.push(format!("A{at}"));
        passed.push(format!("unsafe {{ A{at}::lend(o{at}) }}"));
    }
    generics.push(if returned { "R: Answer" } else { "R" }.into());
    let bounds: Vec<String> = arguments
        .iter()
        .map(|at| format!("A{at}::Own: Put"))
        .collect();
    let bound = if bounds.is_empty() {
        String::new()
    } else {
        format!(" where {}", bounds.join(", "))
    };
    let (head, result, begin) = if method {
        (
            "object: *mut C, ",
            "Fine<String>",
            "let mut first = false;\nlet mut text = String::new();\nlet out = &mut text;\n",
        )
    } else {
        ("", "Fine<()>", "")
    };
    let tail = if method {
        ""
    } else {
        ", out: &mut String, mut first: bool"
    };
    let mut text = format!(
        "fn {name}<{}>({head}f: fn({}) -> R, from: &mut In{tail}) -> {result}{bound} {{\n{begin}",
        generics.join(", "),
        types.join(", ")
    );
    text += &reads(count, &arguments);
    let _ = writeln!(text, "let r = f({});", passed.join(", "));
    let mut parts: Vec<String> = Vec::new();
    if returned {
        parts.push(format!("r.answer(out, {returns_null})?;\n"));
    }
    for at in arguments {
        parts.push(format!(
            "after::<A{at}>(o{at}, kept{at}, rest{at}.0, out)?;\n"
        ));
    }
    let (before, end) = if parts.len() > 1 {
        ("out.push('[');\n", "out.push(']');\n")
    } else {
        ("", "")
    };
    add(&mut text, &[before, &parts.join("out.push(',');\n"), end]);
    if method && !returned {
        text += "*out += \"null\";\n";
    }
    text + if method {
        "Ok(text)\n}\n"
    } else {
        "Ok(())\n}\n"
    }
}

/// A function that makes an object.
fn maker(params: &[Param]) -> String {
    let count = params.len();
    format!(
        "fn make<{}C>(f: fn({}) -> C, from: &mut In) -> Fine<*mut C> {{\nlet mut first = false;\n{}\
         Ok(Box::into_raw(Box::new(f({}))))\n}}\n",
        (0..count).fold(String::new(), |all, at| format!("{all}A{at}: Arg, ")),
        each(count, |at| format!("A{at}")),
        reads(count, &[]),
        each(count, |at| format!("unsafe {{ A{at}::lend(o{at}) }}")),
    )
}
