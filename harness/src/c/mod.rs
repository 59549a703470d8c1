//! The source file around a user's code in C.
//!
//! C has no overloading and no lists, so the types are found in the code's own text
//! (`prototype.rs`), as practice sites spell them: `int* nums, int numsSize`,
//! `int** grid, int gridSize, int* gridColSize`, `int* returnSize` and
//! `int** returnColumnSizes`. Whole numbers may be of any type that the function
//! declares, such as `int` or the starter's `long long`.

mod calls;
mod prototype;
mod starter;

use shared::domain::problem::{Callable, Problem, Type};

use crate::template::{Node, Unsupported, fill, mentions};
use prototype::Code;
pub(crate) use starter::starter;

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/c"));

/// Functions of the headers that no harness calls, and whose names a user's code may
/// have for its own.
const LIBRARY: &str = "y0 y1 yn j0 j1 jn gamma index rindex link access nice pause round trunc floor ceil fmin fmax div select remove rename signal sync truncate";

/// Such functions for which headers have macros by their names: they are hidden from
/// the code when the headers have been read.
const VECTORS: [&str; 5] = ["cos", "exp", "log", "pow", "sin"];

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    let own = Code::of(code);
    // The function that is asked for, too, whatever the library has by its name.
    let asked = match callable {
        Callable::Function(signature) => signature.name.as_str(),
        Callable::Class(_) => "",
    };
    let is_asked = |name: &&str| !name.is_empty() && !name.contains(|c: char| c.is_uppercase());
    let asked = Some(asked).filter(is_asked);
    let hidden: Vec<&str> = LIBRARY
        .split(' ')
        .filter(|name| Some(*name) != asked)
        .chain(asked)
        .filter(|name| !VECTORS.contains(name) && own.declares(name))
        .collect();
    let vectors = VECTORS.iter().filter(|name| own.declares(name));
    let vectors: String = vectors
        .map(|name| format!("\n#define {name} judge_{name}"))
        .collect();
    let lines = |line: &dyn Fn(&str) -> String| {
        let lines: Vec<String> = hidden.iter().map(|name| line(name)).collect();
        lines.join("\n")
    };
    let whole = if code.contains("long long val") {
        "long long"
    } else {
        "int"
    };
    let mut nodes = String::new();
    for (node, links) in [(Node::List, "*next"), (Node::Tree, "*left,*right")] {
        let name = node.class();
        if mentions(callable, node) && !own.defines_struct(name) {
            nodes += &format!("struct {name}{{{whole} val;struct {name} {links};}};\n");
        }
    }
    let values = [
        (
            "__RENAMES__",
            lines(&|name| format!("#define {name} judge_{name}")),
        ),
        (
            "__RESTORES__",
            lines(&|name| format!("#undef {name}")) + &vectors,
        ),
        ("__NODES__", nodes),
        ("__CODE__", code.to_owned()),
    ];
    Ok(fill(TEMPLATE, &values) + &calls::write(callable, &own))
}

/// C has lists of at most two dimensions, no maps, no `any`, and nodes of whole numbers
/// only.
pub(crate) fn check_type(ty: &Type) -> Result<(), Unsupported> {
    let fits = match ty {
        Type::List(of) => match &**of {
            Type::List(of) => is_scalar(of),
            of => is_scalar(of) || is_node(of),
        },
        Type::LinkedNodes(of) => **of == Type::Int,
        ty => is_scalar(ty) || is_node(ty),
    };
    if fits {
        return Ok(());
    }
    Err(Unsupported(format!(
        "C has no equivalent of the type {ty} in the signature."
    )))
}

/// A text of C ends at its first zero byte, so no case may have one in a text.
pub(crate) fn check_cases(problem: &Problem) -> Result<(), Unsupported> {
    let mut cases = problem.cases.iter();
    let found = cases.position(|case| {
        has_zero_byte(case.input.as_str()) || has_zero_byte(case.expected.as_str())
    });
    match found {
        None => Ok(()),
        Some(at) => Err(Unsupported(format!(
            "C's texts end at a zero byte (\\u0000), and cases[{at}] has a text with one in it."
        ))),
    }
}

/// Whether a text in `json` has a zero byte, which JSON can only write in one way.
pub(crate) fn has_zero_byte(json: &str) -> bool {
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at + 1..];
        if escape.starts_with("u0000") {
            return true;
        }
        // What is escaped is no start of another escape.
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

fn is_scalar(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Float | Type::String | Type::Bool)
}

fn is_node(ty: &Type) -> bool {
    matches!(ty, Type::LinkedList(of) | Type::BinaryTree(of) if **of == Type::Int)
}
