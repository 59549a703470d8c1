//! The types of a practice site in our words.

use shared::domain::problem::Type;

/// The longest name of a type, in bytes. Ours nest at most 8 deep.
const MAX_BYTES: usize = 128;

/// Our type for one of a site's, such as `integer[]` or `list<list<string>>`.
pub(super) fn ours(name: &str) -> Option<Type> {
    if name.len() > MAX_BYTES {
        return None;
    }
    Type::parse(&spelled(name.trim())?)
}

fn spelled(name: &str) -> Option<String> {
    if let Some(item) = name.strip_suffix("[]") {
        return Some(format!("list<{}>", spelled(item.trim())?));
    }
    let list = name
        .strip_prefix("list<")
        .or_else(|| name.strip_prefix("List<"));
    if let Some(item) = list.and_then(|rest| rest.strip_suffix('>')) {
        return Some(format!("list<{}>", spelled(item.trim())?));
    }
    let ours = match name {
        "integer" | "Integer" | "int" | "long" | "Long" => "int",
        "double" | "Double" | "float" => "float",
        // One letter is text here.
        "string" | "String" | "character" | "Character" | "char" => "string",
        "boolean" | "Boolean" | "bool" => "bool",
        "void" => "null",
        "ListNode" => "linked_list<int>",
        "TreeNode" => "binary_tree<int>",
        _ => return None,
    };
    Some(ours.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_said_in_our_words() {
        for (site, expected) in [
            ("integer", "int"),
            ("long", "int"),
            ("double", "float"),
            ("string", "string"),
            ("character", "string"),
            ("boolean", "bool"),
            ("void", "null"),
            ("integer[]", "list<int>"),
            ("integer[][]", "list<list<int>>"),
            ("character[][]", "list<list<string>>"),
            ("list<integer>", "list<int>"),
            ("list<list<string>>", "list<list<string>>"),
            ("list<String>", "list<string>"),
            ("ListNode", "linked_list<int>"),
            ("ListNode[]", "list<linked_list<int>>"),
            ("TreeNode", "binary_tree<int>"),
        ] {
            let ours = ours(site).map(|ty| ty.to_string());
            assert_eq!(ours.as_deref(), Some(expected), "{site}");
        }
        let deep = "integer".to_owned() + &"[]".repeat(9);
        let long = "integer".to_owned() + &"[]".repeat(100_000);
        for site in [
            "",
            "Node",
            "NestedInteger",
            "list<integer",
            "map<string>",
            &deep,
            &long,
        ] {
            assert_eq!(ours(site), None, "{site:.40}");
        }
    }
}
