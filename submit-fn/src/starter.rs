//! Starter code: what a person begins with, for each language that functions
//! are judged in, made from the signature.
//!
//! `ListNode` and `TreeNode` are given by the judge; a comment says so where
//! one is used. Words stand in tables: a `match` for each would be more code in
//! the Worker.

use serde_json::{Map, Value};
use shared::problem::{Signature, Type};

/// As execution endpoints call them, in the order of the tables' columns.
const LANGUAGES: [&str; 4] = ["python", "javascript", "typescript", "c++"];
const PYTHON: usize = 0;
const JAVASCRIPT: usize = 1;
const CPP: usize = 3;

/// What stands for a type, or before the type of its items.
const WORDS: [[&str; 3]; 10] = [
    ["int", "number", "long long"],
    ["float", "number", "double"],
    ["str", "string", "std::string"],
    ["bool", "boolean", "bool"],
    ["None", "null", "std::nullptr_t"],
    ["Any", "any", ""],
    ["Optional[ListNode]", "ListNode | null", "ListNode*"],
    ["Optional[TreeNode]", "TreeNode | null", "TreeNode*"],
    ["list[", "", "std::vector<"],
    ["dict[str, ", "Record<string, ", "std::map<std::string, "],
];
const ANY: usize = 5;
const LINKED_LIST: usize = 6;
const BINARY_TREE: usize = 7;
const LIST: usize = 8;

/// What is given, around the type of a node's value.
const GIVEN: [[[&str; 2]; 3]; 2] = [
    [
        ["# Given: ListNode(val=0, next=None)\n", ""],
        ["// Given: new ListNode(val = 0, next = null)\n", ""],
        ["// Given: struct ListNode { ", " val; ListNode* next; };\n"],
    ],
    [
        ["# Given: TreeNode(val=0, left=None, right=None)\n", ""],
        [
            "// Given: new TreeNode(val = 0, left = null, right = null)\n",
            "",
        ],
        [
            "// Given: struct TreeNode { ",
            " val; TreeNode* left; TreeNode* right; };\n",
        ],
    ],
];

/// Texts by language. A language that has no word for one of the types is
/// absent: C++ for `any`.
pub(crate) fn starters(signature: &Signature) -> Value {
    let mut texts = Map::new();
    for (language, name) in LANGUAGES.into_iter().enumerate() {
        let mut starter = Starter {
            language,
            any: false,
            nodes: [None, None],
        };
        let text = starter.write(signature);
        if !(starter.any && language == CPP) {
            texts.insert(name.into(), text.into());
        }
    }
    texts.into()
}

/// One text in the making, and what was met on the way.
struct Starter {
    language: usize,
    any: bool,
    /// The types of a list's and a tree's values, where there is one.
    nodes: [Option<String>; 2],
}

impl Starter {
    fn write(&mut self, signature: &Signature) -> String {
        let language = self.language;
        let (mut params, mut described) = (String::new(), String::new());
        for param in &signature.params {
            let ty = self.spell(&param.ty);
            let name = param.name.as_str();
            if !params.is_empty() {
                params.push_str(", ");
            }
            let parts: [&str; 3] = match language {
                CPP => [&ty, " ", name],
                JAVASCRIPT => [name, "", ""],
                _ => [name, ": ", &ty],
            };
            add(&mut params, &parts);
            add(&mut described, &[" * @param {", &ty, "} ", name, "\n"]);
        }
        let returns = match signature.returns {
            Type::Null if language != PYTHON => "void".to_owned(),
            ref ty => self.spell(ty),
        };
        let mut text = self.given();
        let (name, snake_name) = (signature.name.as_str(), signature.snake_name());
        if language == JAVASCRIPT {
            let parts = ["/**\n", &described, " * @return {", &returns, "}\n */\n"];
            add(&mut text, &parts);
        }
        let parts: [&str; 6] = match language {
            PYTHON => ["def ", &snake_name, "(", &params, ") -> ", &returns],
            JAVASCRIPT => ["function ", name, "(", &params, ")", ""],
            CPP => [&returns, " ", name, "(", &params, ")"],
            _ => ["function ", name, "(", &params, "): ", &returns],
        };
        add(&mut text, &parts);
        text.push_str(match language {
            PYTHON => ":\n    pass\n",
            // Without it, what is called is allowed to do anything.
            CPP if returns != "void" => " {\n    return {};\n}\n",
            _ => " {\n\n}\n",
        });
        text
    }

    /// The column of [`WORDS`] and [`GIVEN`].
    fn column(&self) -> usize {
        self.language.div_ceil(2)
    }

    /// A type in the language's words.
    fn spell(&mut self, ty: &Type) -> String {
        let (row, item) = match ty {
            Type::Int => (0, None),
            Type::Float => (1, None),
            Type::String => (2, None),
            Type::Bool => (3, None),
            Type::Null => (4, None),
            Type::Any => (ANY, None),
            Type::LinkedList(item) => (LINKED_LIST, Some(item)),
            Type::BinaryTree(item) => (BINARY_TREE, Some(item)),
            Type::List(item) => (LIST, Some(item)),
            Type::Map(item) => (LIST + 1, Some(item)),
        };
        self.any |= row == ANY;
        let mut text = WORDS[row][self.column()].to_owned();
        let Some(item) = item else { return text };
        let item = self.spell(item);
        if row < LIST {
            self.nodes[row - LINKED_LIST] = Some(item);
            return text;
        }
        let after = match (self.language, row) {
            (PYTHON, _) => "]",
            (CPP, _) => ">",
            (_, LIST) if item.ends_with("| null") => {
                text.push('(');
                ")[]"
            }
            (_, LIST) => "[]",
            _ => ">",
        };
        add(&mut text, &[&item, after]);
        text
    }

    /// What stands above the function: imports, and what the judge gives.
    fn given(&self) -> String {
        let mut text = String::new();
        let nodes = self.nodes.iter().any(Option::is_some);
        if self.language == PYTHON {
            text.push_str(match (self.any, nodes) {
                (false, false) => "",
                (true, false) => "from typing import Any\n",
                (false, true) => "from typing import Optional\n\n",
                (true, true) => "from typing import Any, Optional\n\n",
            });
        }
        for (words, value) in GIVEN.iter().zip(&self.nodes) {
            if let Some(value) = value {
                let [before, after] = words[self.column()];
                let value = if after.is_empty() { "" } else { value.as_str() };
                add(&mut text, &[before, value, after]);
            }
        }
        if !text.is_empty() {
            text.push_str(if self.language == PYTHON {
                "\n\n"
            } else {
                "\n"
            });
        }
        text
    }
}

#[inline(never)]
fn add(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn made(signature: Value) -> Value {
        starters(&Signature::from_value(signature, "signature").unwrap())
    }

    #[test]
    fn two_sum() {
        let starters = made(json!({
            "name": "twoSum",
            "params": [
                { "name": "nums", "type": "list<int>" },
                { "name": "target", "type": "int" },
            ],
            "returns": "list<int>",
        }));
        assert_eq!(
            starters["python"],
            "def two_sum(nums: list[int], target: int) -> list[int]:\n    pass\n"
        );
        assert_eq!(
            starters["javascript"],
            "/**\n * @param {number[]} nums\n * @param {number} target\n * @return {number[]}\n */\n\
             function twoSum(nums, target) {\n\n}\n"
        );
        assert_eq!(
            starters["typescript"],
            "function twoSum(nums: number[], target: number): number[] {\n\n}\n"
        );
        assert_eq!(
            starters["c++"],
            "std::vector<long long> twoSum(std::vector<long long> nums, long long target) {\n    return {};\n}\n"
        );
    }

    #[test]
    fn nodes_are_given() {
        let starters = made(json!({
            "name": "mergeAll",
            "params": [
                { "name": "lists", "type": "list<linked_list<int>>" },
                { "name": "tree", "type": "binary_tree<string>" },
            ],
            "returns": "linked_list<int>",
        }));
        assert_eq!(
            starters["python"],
            "from typing import Optional\n\n# Given: ListNode(val=0, next=None)\n\
             # Given: TreeNode(val=0, left=None, right=None)\n\n\n\
             def merge_all(lists: list[Optional[ListNode]], tree: Optional[TreeNode]) \
             -> Optional[ListNode]:\n    pass\n"
        );
        assert_eq!(
            starters["typescript"],
            "// Given: new ListNode(val = 0, next = null)\n\
             // Given: new TreeNode(val = 0, left = null, right = null)\n\n\
             function mergeAll(lists: (ListNode | null)[], tree: TreeNode | null): \
             ListNode | null {\n\n}\n"
        );
        assert_eq!(
            starters["c++"],
            "// Given: struct ListNode { long long val; ListNode* next; };\n\
             // Given: struct TreeNode { std::string val; TreeNode* left; TreeNode* right; };\n\n\
             ListNode* mergeAll(std::vector<ListNode*> lists, TreeNode* tree) {\n    return {};\n}\n"
        );
    }

    #[test]
    fn every_type_has_its_words() {
        let starters = made(json!({
            "name": "f",
            "params": [
                { "name": "a", "type": "map<list<float>>" },
                { "name": "b", "type": "bool" },
                { "name": "c", "type": "string" },
                { "name": "d", "type": "null" },
            ],
            "returns": "null",
        }));
        assert_eq!(
            starters["python"],
            "def f(a: dict[str, list[float]], b: bool, c: str, d: None) -> None:\n    pass\n"
        );
        assert_eq!(
            starters["typescript"],
            "function f(a: Record<string, number[]>, b: boolean, c: string, d: null): void {\n\n}\n"
        );
        assert_eq!(
            starters["c++"],
            "void f(std::map<std::string, std::vector<double>> a, bool b, std::string c, \
             std::nullptr_t d) {\n\n}\n"
        );
    }

    #[test]
    fn what_a_language_cannot_say_is_absent() {
        let starters = made(json!({
            "name": "flatten",
            "params": [{ "name": "deep", "type": "list<any>" }],
            "returns": "any",
        }));
        assert_eq!(
            starters["python"],
            "from typing import Any\n\n\ndef flatten(deep: list[Any]) -> Any:\n    pass\n"
        );
        assert_eq!(
            starters["javascript"],
            "/**\n * @param {any[]} deep\n * @return {any}\n */\nfunction flatten(deep) {\n\n}\n"
        );
        assert_eq!(starters.get("c++"), None);
        let none = json!({ "name": "now", "params": [], "returns": "int" });
        assert_eq!(made(none)["c++"], "long long now() {\n    return {};\n}\n");
    }
}
