//! The source file around a user's code in Java.
//!
//! Imports stay where they are, at the start of the user's code. What a file can have
//! once only, or demands another name of the file, is taken out: `package`, and `public`
//! before a class.

use shared::domain::problem::{Callable, Type};

use crate::template::{Node, Unsupported};
use crate::typed::{ClassStyle, File, Owners, Token, blank, node_item, tokens, without};

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/java"));

/// What practice sites give without an import.
const GIVEN: [&str; 6] = [
    "util",
    "util.function",
    "util.stream",
    "util.concurrent",
    "math",
    "io",
];

const KINDS: [&str; 4] = ["class", "interface", "enum", "record"];

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    let bare = blank(code);
    let file = Declared::read(&tokens(&bare));
    let owners = Owners::of(callable, &file.types, |name| file.methods.contains(&name));
    let given: String = GIVEN
        .map(|package| format!("import java.{package}.*;"))
        .concat();
    // Endpoints start the public class of a file before all others.
    let start = if file.types.contains(&"Main") {
        "public class judge_Main"
    } else {
        "class Main"
    };
    let mut start =
        format!("{start}{{public static void main(String[]a)throws Throwable{{judge_.begin();}}}}");
    if owners.wrapped {
        start.push_str("class Solution{");
    }
    let mut text = without(code, &file.removed);
    if file.after_imports > 0 {
        start.push_str("/*judge_*/");
        text.insert_str(file.after_imports, &start);
        start.clear();
    }
    if owners.wrapped {
        text.push_str("\n}//judge_end");
    }
    let file = File {
        given: given + &start,
        code: text,
        owners,
        new: "",
    };
    Ok(file.fill(TEMPLATE, callable, &bare, |node| {
        definition(callable, node, code)
    }))
}

/// What the source file needs to know of the user's code.
#[derive(Debug, Default)]
struct Declared<'a> {
    /// The types that are declared outside all others.
    types: Vec<&'a str>,
    /// What is followed by a bracket outside all types, as a method's name is.
    methods: Vec<&'a str>,
    /// The place of what follows the last import; 0 without one.
    after_imports: usize,
    /// What is taken out, in bytes from and to.
    removed: Vec<(usize, usize)>,
}

impl<'a> Declared<'a> {
    fn read(tokens: &[Token<'a>]) -> Self {
        let mut file = Self::default();
        let outside: Vec<&Token<'_>> = tokens.iter().filter(|one| one.depth == 0).collect();
        let mut previous = ";";
        for (index, token) in outside.iter().enumerate() {
            let next = outside.get(index + 1).map_or("", |next| next.text);
            let end = || outside[index..].iter().position(|one| one.text == ";");
            match token.text {
                "import" if previous == ";" => {
                    let end = end().map_or(index, |after| index + after);
                    let after = outside.get(end + 1).map(|next| next.at);
                    file.after_imports = after.unwrap_or_else(|| outside[end].end());
                }
                "package" if previous == ";" => {
                    let end = end().map_or(token.end(), |after| outside[index + after].end());
                    file.removed.push((token.at, end));
                }
                "public" => file.removed.push((token.at, token.end())),
                kind if KINDS.contains(&kind) && previous != "." => file.types.push(next),
                name if next == "(" => file.methods.push(name),
                _ => {}
            }
            previous = token.text;
        }
        file
    }
}

/// Java has all types.
pub(crate) fn check_type(_: &Type) -> Result<(), Unsupported> {
    Ok(())
}

pub(crate) fn starter(callable: Callable<'_>) -> Option<String> {
    let style = ClassStyle {
        spell,
        name: str::to_owned,
    };
    Some(style.starter(callable))
}

/// A type in Java's own words.
fn spell(ty: &Type) -> String {
    match ty {
        Type::Int => "long".into(),
        Type::Float => "double".into(),
        Type::Bool => "boolean".into(),
        Type::String => "String".into(),
        Type::Null | Type::Any => "Object".into(),
        Type::LinkedList(_) | Type::LinkedNodes(_) => "ListNode".into(),
        Type::BinaryTree(_) => "TreeNode".into(),
        // There are no arrays of a type with parameters.
        Type::List(of) if has_map(of) => format!("List<{}>", spell_boxed(of)),
        Type::List(of) => spell(of) + "[]",
        Type::Map(of) => format!("Map<String, {}>", spell_boxed(of)),
    }
}

fn spell_boxed(ty: &Type) -> String {
    match ty {
        Type::Int => "Long".into(),
        Type::Float => "Double".into(),
        Type::Bool => "Boolean".into(),
        other => spell(other),
    }
}

fn has_map(ty: &Type) -> bool {
    match ty {
        Type::Map(_) => true,
        Type::List(of) => has_map(of),
        _ => false,
    }
}

/// A node type's definition. Practice sites have `int` in it, on which code written for
/// them depends, as in `int sum = node.val`; this project's starter says `long val` in a
/// comment.
fn definition(callable: Callable<'_>, node: Node, code: &str) -> String {
    let item = match node_item(callable, node) {
        Some(Type::Int) if !code.contains("long val") => "int".into(),
        Some(item) => spell(item),
        None => "Object".into(),
    };
    let text = match node {
        Node::List => {
            "class ListNode{@ val;ListNode next;ListNode(){}ListNode(@ v){val=v;}ListNode(@ v,ListNode n){val=v;next=n;}}"
        }
        Node::Tree => {
            "class TreeNode{@ val;TreeNode left,right;TreeNode(){}TreeNode(@ v){val=v;}TreeNode(@ v,TreeNode l,TreeNode r){val=v;left=l;right=r;}}"
        }
    };
    text.replace('@', &item)
}
