//! What the source files of all languages are made with.

use std::fmt;

use shared::domain::problem::{Signature, Type};

use super::code::defines_class;

/// A language has no type for one of the signature's. The text is a sentence for
/// people that names both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported(pub String);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsupported {}

/// A node type of practice sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    List,
    Tree,
}

impl Node {
    const ALL: [Self; 2] = [Self::List, Self::Tree];

    /// The class's name in the user's code.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::List => "ListNode",
            Self::Tree => "TreeNode",
        }
    }

    /// The class's definition in TypeScript.
    pub(super) fn typescript(self) -> &'static str {
        match self {
            Self::List => {
                "class ListNode{val:any;next:any;constructor(val:any=0,next:any=null){this.val=val;this.next=next}}"
            }
            Self::Tree => {
                "class TreeNode{val:any;left:any;right:any;constructor(val:any=0,left:any=null,right:any=null){this.val=val;this.left=left;this.right=right}}"
            }
        }
    }

    /// Whether values of a type hold such nodes.
    fn is_in(self, ty: &Type) -> bool {
        match ty {
            Type::LinkedList(item) => self == Self::List || self.is_in(item),
            Type::BinaryTree(item) => self == Self::Tree || self.is_in(item),
            Type::List(item) | Type::Map(item) => self.is_in(item),
            Type::Int | Type::Float | Type::String | Type::Bool | Type::Null | Type::Any => false,
        }
    }
}

/// The definitions of the node types that the signature mentions and the code
/// does not define.
pub(super) fn nodes(
    signature: &Signature,
    code: &str,
    definition: impl Fn(Node) -> &'static str,
) -> String {
    let mentions = |node: Node| {
        let mut params = signature.params.iter();
        params.any(|param| node.is_in(&param.ty)) || node.is_in(&signature.returns)
    };
    Node::ALL
        .into_iter()
        .filter(|&node| mentions(node) && !defines_class(code, node.class()))
        .map(definition)
        .collect()
}

/// The template with each mark replaced by its value. `values` must be in the
/// order of the marks in the template.
pub(super) fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    for (mark, value) in values {
        if let Some((before, after)) = rest.split_once(mark) {
            out.push_str(before);
            out.push_str(value);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}
