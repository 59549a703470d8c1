//! The source file around a user's code in TypeScript.

use shared::domain::problem::{Callable, Type};

use crate::javascript::{self, arguments, runtime};
use crate::template::{Node, Unsupported, fill, nodes, without_shebang};

const TEMPLATE: &str = include_str!(concat!(env!("OUT_DIR"), "/typescript"));

pub(crate) fn source(callable: Callable<'_>, code: &str) -> Result<String, Unsupported> {
    let nodes = nodes(callable, code, definition);
    let fill = |columns: usize, code: String| {
        let values = [
            ("__RUNTIME__", runtime()),
            ("__ARGUMENTS__", arguments(callable)),
            // As many digits as any number of columns has.
            ("__COLUMNS__", format!("{columns:>6}")),
            ("__NODES__", nodes.clone()),
            ("__CODE__", code),
        ];
        fill(TEMPLATE, &values)
    };
    let bare = fill(0, String::new());
    let first_line = bare.lines().next().unwrap_or_default();
    Ok(fill(
        first_line.encode_utf16().count(),
        without_shebang(code),
    ))
}

pub(crate) fn starter(callable: Callable<'_>) -> Option<String> {
    Some(javascript::starter::write(callable, true))
}

/// TypeScript has all types.
pub(crate) fn check_type(_: &Type) -> Result<(), Unsupported> {
    Ok(())
}

/// A node type's definition.
pub(crate) fn definition(node: Node) -> &'static str {
    match node {
        Node::List => {
            "class ListNode{val:any;next:any;constructor(val:any=0,next:any=null){this.val=val;this.next=next}}"
        }
        Node::Tree => {
            "class TreeNode{val:any;left:any;right:any;constructor(val:any=0,left:any=null,right:any=null){this.val=val;this.left=left;this.right=right}}"
        }
    }
}
