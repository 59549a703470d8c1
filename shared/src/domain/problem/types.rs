//! The types of a signature, and the JSON values of each.
//!
//! Written as text: `int`, `float`, `string`, `bool`, `null`, `any`,
//! `list<T>`, `map<T>` (an object; its keys are strings), and two shapes that
//! practice sites use: `linked_list<T>` (a JSON array, given as nodes with
//! `val` and `next`) and `binary_tree<T>` (a JSON array in level order with
//! `null` for an absent child, given as nodes with `val`, `left` and `right`).
//! `linked_nodes<T>` is a `linked_list<T>` that may have a cycle: see
//! [`super::nodes`].

use std::fmt;

use super::nodes::Nodes;
use crate::json::{Json, Kind};

/// The deepest that a value may be nested.
pub const MAX_DEPTH: usize = 64;
/// The deepest that a type may be nested.
const MAX_TYPE_DEPTH: usize = 8;

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// A whole number that fits into 64 bits, signed.
    Int,
    /// A number; an `int` counts as one.
    Float,
    /// Unicode text.
    String,
    /// `true` or `false`.
    Bool,
    /// `null`: the result of a function that returns nothing.
    Null,
    /// Any JSON value.
    Any,
    /// An array.
    List(Box<Type>),
    /// An object.
    Map(Box<Type>),
    /// An array of the values from head to tail; empty for no list.
    LinkedList(Box<Type>),
    /// The nodes of a linked list that may have a cycle, or share nodes with another:
    /// an array as for `LinkedList`, or an object. Only a whole parameter or result.
    LinkedNodes(Box<Type>),
    /// An array of the values in level order; empty for no tree.
    BinaryTree(Box<Type>),
}

impl Type {
    /// Reads a type as the module writes it; `None` for anything else. Spaces
    /// are allowed around every part.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_within(text, MAX_TYPE_DEPTH)
    }

    fn parse_within(text: &str, depth: usize) -> Option<Self> {
        let text = text.trim();
        let inner = |name: &str| {
            let rest = text.strip_prefix(name)?.trim_start();
            rest.strip_prefix('<')?.strip_suffix('>')
        };
        let of = |text: &str| Some(Box::new(Self::parse_within(text, depth.checked_sub(1)?)?));
        Some(match text {
            "int" => Self::Int,
            "float" => Self::Float,
            "string" => Self::String,
            "bool" => Self::Bool,
            "null" => Self::Null,
            "any" => Self::Any,
            _ => {
                if let Some(item) = inner("list") {
                    Self::List(of(item)?)
                } else if let Some(item) = inner("map") {
                    Self::Map(of(item)?)
                } else if let Some(item) = inner("linked_list") {
                    Self::LinkedList(of(item)?)
                } else if let Some(item) = inner("linked_nodes") {
                    Self::LinkedNodes(of(item)?)
                } else {
                    Self::BinaryTree(of(inner("binary_tree")?)?)
                }
            }
        })
    }

    /// Says where and how `value` is not of this type, for a person; `None`
    /// when it is. `path` names the value, such as `cases[2].input[0]`.
    pub fn mismatch(&self, value: Json<'_>, path: &str) -> Option<String> {
        self.mismatch_in(value, path, false)
    }

    /// As [`Self::mismatch`], for a value that is an argument: `linked_nodes` have
    /// more to say there.
    pub fn mismatch_as_argument(&self, value: Json<'_>, path: &str) -> Option<String> {
        self.mismatch_in(value, path, true)
    }

    fn mismatch_in(&self, value: Json<'_>, path: &str, is_argument: bool) -> Option<String> {
        if value.depth() > MAX_DEPTH {
            return Some(format!("{path} is nested deeper than {MAX_DEPTH}."));
        }
        let found = match self {
            Self::LinkedNodes(item) => nodes_mismatch(value, item, is_argument),
            _ => self.mismatch_at(value),
        };
        // The path is made only for a value that does not fit; most do.
        let (inner, rule) = match found {
            Some(found) => found,
            None => (String::new(), value.find_invalid_value()?.to_owned()),
        };
        Some(format!("{path}{inner} {rule}"))
    }

    /// The type of what a value holds, if it can hold others.
    pub fn item(&self) -> Option<&Self> {
        match self {
            Self::List(item)
            | Self::Map(item)
            | Self::LinkedList(item)
            | Self::LinkedNodes(item)
            | Self::BinaryTree(item) => Some(item),
            Self::Int | Self::Float | Self::String | Self::Bool | Self::Null | Self::Any => None,
        }
    }

    /// Whether it is `linked_nodes`, or holds them.
    pub(super) fn holds_nodes(&self) -> bool {
        matches!(self, Self::LinkedNodes(_)) || self.item().is_some_and(Self::holds_nodes)
    }

    /// Whether a function can change a value that it was given, so that its caller
    /// sees it.
    pub(super) fn can_change(&self) -> bool {
        self.item().is_some() || *self == Self::Any
    }

    fn rule(&self) -> String {
        match self {
            // "of type int" would puzzle whoever wrote a longer whole number.
            Self::Int => "must be a whole number of 64 bits.".into(),
            _ => format!("must be of type {self}."),
        }
    }

    /// Where below `value` a rule is broken, and the rule.
    pub(super) fn mismatch_at(&self, value: Json<'_>) -> Option<(String, String)> {
        let fits = match (self, value.kind()) {
            (Self::Any, _)
            | (Self::Float, Kind::Number)
            | (Self::String, Kind::String)
            | (Self::Bool, Kind::Bool)
            | (Self::Null, Kind::Null) => true,
            (Self::Int, Kind::Number) => value.i64().is_some(),
            (Self::List(item) | Self::LinkedList(item), Kind::Array) => {
                return value
                    .items()?
                    .enumerate()
                    .find_map(|(index, value)| under(index, item.mismatch_at(value)));
            }
            (Self::BinaryTree(item), Kind::Array) => {
                return tree_mismatch(value, item);
            }
            (Self::Map(item), Kind::Object) => {
                return value.members()?.find_map(|(key, value)| {
                    let (inner, rule) = item.mismatch_at(value)?;
                    Some((format!(".{}{inner}", key.text().unwrap_or_default()), rule))
                });
            }
            // Never within another type, and a whole value is not looked at here.
            (Self::LinkedNodes(item), _) => return nodes_mismatch(value, item, false),
            _ => false,
        };
        (!fits).then(|| (String::new(), self.rule()))
    }
}

fn under(index: usize, found: Option<(String, String)>) -> Option<(String, String)> {
    found.map(|(inner, rule)| (format!("[{index}]{inner}"), rule))
}

/// Where a value of type `linked_nodes` breaks a rule, but for what it joins.
fn nodes_mismatch(value: Json<'_>, item: &Type, is_argument: bool) -> Option<(String, String)> {
    let is_array = value.items().is_some();
    let nodes = match Nodes::read(value, is_argument) {
        Ok(nodes) => nodes,
        Err(broken) => return Some(broken),
    };
    let mut values = nodes.values.items()?.enumerate();
    let (index, (inner, rule)) =
        values.find_map(|(index, value)| Some((index, item.mismatch_at(value)?)))?;
    let place = format!("{}[{index}]", if is_array { "" } else { ".values" });
    Some((place + &inner, rule))
}

/// A tree in level order: every value but the root is the child of an earlier
/// one.
fn tree_mismatch(tree: Json<'_>, item: &Type) -> Option<(String, String)> {
    let mut free_places = 1_usize;
    for (index, value) in tree.items()?.enumerate() {
        if free_places == 0 {
            let rule = "has no parent node.".to_owned();
            return under(index, Some((String::new(), rule)));
        }
        free_places -= 1;
        if !value.is_null() {
            let found = under(index, item.mismatch_at(value));
            if found.is_some() {
                return found;
            }
            free_places += 2;
        }
    }
    None
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::String => f.write_str("string"),
            Self::Bool => f.write_str("bool"),
            Self::Null => f.write_str("null"),
            Self::Any => f.write_str("any"),
            Self::List(item) => write!(f, "list<{item}>"),
            Self::Map(item) => write!(f, "map<{item}>"),
            Self::LinkedList(item) => write!(f, "linked_list<{item}>"),
            Self::LinkedNodes(item) => write!(f, "linked_nodes<{item}>"),
            Self::BinaryTree(item) => write!(f, "binary_tree<{item}>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonText;
    use serde_json::{Value, json};

    #[test]
    fn types_are_read_and_written() {
        for text in [
            "int",
            "float",
            "string",
            "bool",
            "null",
            "any",
            "list<list<int>>",
            "map<list<string>>",
            "linked_list<int>",
            "linked_nodes<int>",
            "binary_tree<int>",
        ] {
            assert_eq!(Type::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            Type::parse(" list < int > ").unwrap().to_string(),
            "list<int>"
        );
        let deep = format!("{}int{}", "list<".repeat(9), ">".repeat(9));
        for odd in [
            "",
            "Int",
            "list",
            "list<>",
            "list<int",
            "map<int,int>",
            &deep,
        ] {
            assert_eq!(Type::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_value_that_does_not_fit_is_named() {
        let said = |ty: &str, value: Value| {
            Type::parse(ty)
                .unwrap()
                .mismatch(JsonText::from(value).json(), "x")
        };
        for (ty, value) in [
            ("int", json!(-3)),
            ("float", json!(3)),
            ("float", json!(0.5)),
            ("any", json!({"a": [null]})),
            ("list<int>", json!([])),
            ("map<bool>", json!({"a": true})),
            ("linked_list<int>", json!([1, 2])),
            ("binary_tree<int>", json!([1, null, 2, 3])),
            ("null", json!(null)),
        ] {
            assert_eq!(said(ty, value.clone()), None, "{ty} {value}");
        }
        for (ty, value, expected) in [
            ("int", json!(1.0), "x must be a whole number of 64 bits."),
            (
                "int",
                json!(u64::MAX),
                "x must be a whole number of 64 bits.",
            ),
            ("int", json!(true), "x must be a whole number of 64 bits."),
            (
                "list<int>",
                json!([1, "2"]),
                "x[1] must be a whole number of 64 bits.",
            ),
            ("map<bool>", json!({"a": 1}), "x.a must be of type bool."),
            (
                "linked_list<int>",
                json!([null]),
                "x[0] must be a whole number of 64 bits.",
            ),
            (
                "binary_tree<int>",
                json!([null, 1]),
                "x[1] has no parent node.",
            ),
        ] {
            assert_eq!(said(ty, value).as_deref(), Some(expected));
        }
        let deep = (0..70).fold(json!(1), |value, _| json!([value]));
        assert!(said("any", deep).unwrap().contains("64"));
    }
}
