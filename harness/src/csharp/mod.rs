//! The source file around a user's code in C#.
//!
//! A `Main` of the user's is renamed, since a program has one. Methods without a class
//! around them get one, behind the `using` directives.

use shared::domain::problem::{Callable, Type};

use crate::template::{Node, Unsupported};
use crate::typed::{ClassStyle, File, Owners, Token, blank, node_item, tokens, upper_first};

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/csharp"));

/// What practice sites give without a `using`.
const GIVEN: [&str; 5] = [
    "System",
    "System.Collections",
    "System.Collections.Generic",
    "System.Linq",
    "System.Text",
];

const KINDS: [&str; 5] = ["class", "interface", "enum", "struct", "record"];

/// The user's `Main` is renamed, to a name of the same length, so that columns in messages
/// stay right.
const MAIN: (&str, &str) = ("Main", "M_in");

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    let bare = blank(code);
    let file = Declared::read(&tokens(&bare));
    let owners = Owners::of(callable, &file.types, |name| {
        let mut methods = file.methods.iter();
        methods.any(|one| one.eq_ignore_ascii_case(name))
    });
    // A second `using` is a warning.
    let lacks = |name: &&str| !code.contains(&format!("using {name};"));
    let given = GIVEN.into_iter().filter(lacks);
    let given: String = given.map(|name| format!("using {name};\n")).collect();
    let mut text = code.to_owned();
    for at in file.mains {
        text.replace_range(at..at + MAIN.0.len(), MAIN.1);
    }
    if owners.wrapped {
        let (line, column) = line_and_column(code, file.after_usings);
        let indentation = " ".repeat(column - 1);
        let start = format!("\nclass Solution {{\n#line {line} \"main.cs\"\n{indentation}");
        text.insert_str(file.after_usings, &start);
        text.push_str("\n#line 1 \"judge.cs\"\n}");
    }
    let file = File {
        given,
        code: text,
        owners,
        new: "new[]",
    };
    Ok(file.fill(TEMPLATE, callable, code, |node| {
        definition(callable, node, code)
    }))
}

/// What the source file needs to know of the user's code.
#[derive(Debug, Default)]
struct Declared<'a> {
    /// The types that are declared in no other, but perhaps in a namespace.
    types: Vec<&'a str>,
    /// What is followed by a bracket outside all braces, as a method's name is.
    methods: Vec<&'a str>,
    /// The places of names of entry points.
    mains: Vec<usize>,
    /// The place of what follows the last `using` directive; 0 without one.
    after_usings: usize,
}

impl<'a> Declared<'a> {
    fn read(tokens: &[Token<'a>]) -> Self {
        let mut file = Self::default();
        let text = |index: usize| tokens.get(index).map_or("", |one| one.text);
        let mut in_namespace = 0;
        for (index, token) in tokens.iter().enumerate() {
            let (before, next) = (text(index.wrapping_sub(1)), text(index + 1));
            match token.text {
                "namespace" => in_namespace = 1,
                "using" if token.depth == 0 && matches!(before, "" | ";") => {
                    let rest = tokens.iter().skip(index);
                    let mut after = rest.skip_while(|one| one.text != ";").skip(1);
                    file.after_usings = after.next().map_or(0, |one| one.at);
                }
                kind if KINDS.contains(&kind) && token.depth <= in_namespace => {
                    file.types.push(next);
                }
                "Main" if next == "(" && matches!(before, "void" | "int" | "Task" | ">") => {
                    file.mains.push(token.at);
                }
                name if token.depth == 0 && next == "(" => file.methods.push(name),
                _ => {}
            }
        }
        file
    }
}

/// C# has all types.
pub(crate) fn check_type(_: &Type) -> Result<(), Unsupported> {
    Ok(())
}

pub(crate) fn starter(callable: Callable<'_>) -> Option<String> {
    let style = ClassStyle {
        spell,
        name: upper_first,
    };
    Some(style.starter(callable))
}

/// A type in C#'s own words.
fn spell(ty: &Type) -> String {
    match ty {
        Type::Int => "long".into(),
        Type::Float => "double".into(),
        Type::Bool => "bool".into(),
        Type::String => "string".into(),
        Type::Null | Type::Any => "object".into(),
        Type::LinkedList(_) | Type::LinkedNodes(_) => "ListNode".into(),
        Type::BinaryTree(_) => "TreeNode".into(),
        Type::List(of) => spell(of) + "[]",
        Type::Map(of) => format!("Dictionary<string, {}>", spell(of)),
    }
}

/// A node type's definition. Practice sites have `int` in it, on which code written for
/// them depends, as in `int sum = node.val`; this project's starter says `long val` in a
/// comment.
fn definition(callable: Callable<'_>, node: Node, code: &str) -> String {
    let item = match node_item(callable, node) {
        Some(Type::Int) if !code.contains("long val") => "int".into(),
        Some(item) => spell(item).replace("Dictionary", "System.Collections.Generic.Dictionary"),
        None => "object".into(),
    };
    let text = match node {
        Node::List => {
            "public class ListNode{public @ val;public ListNode next;public ListNode(@ val=default(@),ListNode next=null){this.val=val;this.next=next;}}"
        }
        Node::Tree => {
            "public class TreeNode{public @ val;public TreeNode left,right;public TreeNode(@ val=default(@),TreeNode left=null,TreeNode right=null){this.val=val;this.left=left;this.right=right;}}"
        }
    };
    text.replace('@', &item)
}

/// The line and the column, from 1, of a place in the code. Columns are bytes.
fn line_and_column(code: &str, at: usize) -> (usize, usize) {
    let before = &code[..at];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    (line, at - start + 1)
}
