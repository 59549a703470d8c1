//! Starter code: what a solver begins with, for each language that functions are
//! judged in, made from the signature.
//!
//! The judge defines `ListNode` and `TreeNode`; a comment says so where one is
//! used.

use serde_json::{Map, Value};
use shared::domain::problem::{Signature, Type};

/// A language that has starter code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Python,
    JavaScript,
    TypeScript,
    Cpp,
}

impl Language {
    const ALL: [Self; 4] = [Self::Python, Self::JavaScript, Self::TypeScript, Self::Cpp];

    /// As execution endpoints call it.
    fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::TypeScript => "typescript",
            Self::Cpp => "c++",
        }
    }

    /// One of three texts; JavaScript and TypeScript share theirs.
    fn pick(
        self,
        python: &'static str,
        javascript: &'static str,
        cpp: &'static str,
    ) -> &'static str {
        match self {
            Self::Python => python,
            Self::JavaScript | Self::TypeScript => javascript,
            Self::Cpp => cpp,
        }
    }
}

/// Texts by language. A language without a type for one of the signature's is
/// absent: C++ for `any`.
pub(crate) fn starters(signature: &Signature) -> Value {
    let mut texts = Map::new();
    for language in Language::ALL {
        let mut starter = Starter {
            language,
            uses_any: false,
            list_item: None,
            tree_item: None,
        };
        let text = starter.write(signature);
        if !(starter.uses_any && language == Language::Cpp) {
            texts.insert(language.name().into(), text.into());
        }
    }
    texts.into()
}

/// One text in the making, and what was met on the way.
struct Starter {
    language: Language,
    uses_any: bool,
    /// The type of a linked list's values, if there is a linked list.
    list_item: Option<String>,
    /// The type of a tree's values, if there is a tree.
    tree_item: Option<String>,
}

impl Starter {
    fn write(&mut self, signature: &Signature) -> String {
        let language = self.language;
        let (mut params, mut documented) = (String::new(), String::new());
        for param in &signature.params {
            let ty = self.spell(&param.ty);
            let name = param.name.as_str();
            if !params.is_empty() {
                params.push_str(", ");
            }
            let parts: [&str; 3] = match language {
                Language::Cpp => [&ty, " ", name],
                Language::JavaScript => [name, "", ""],
                Language::Python | Language::TypeScript => [name, ": ", &ty],
            };
            add(&mut params, &parts);
            add(&mut documented, &[" * @param {", &ty, "} ", name, "\n"]);
        }
        let returns = match signature.returns {
            Type::Null if language != Language::Python => "void".to_owned(),
            ref ty => self.spell(ty),
        };
        let mut text = self.head();
        let (name, snake_name) = (signature.name.as_str(), signature.snake_name());
        if language == Language::JavaScript {
            let parts = ["/**\n", &documented, " * @return {", &returns, "}\n */\n"];
            add(&mut text, &parts);
        }
        let parts: [&str; 6] = match language {
            Language::Python => ["def ", &snake_name, "(", &params, ") -> ", &returns],
            Language::JavaScript => ["function ", name, "(", &params, ")", ""],
            Language::TypeScript => ["function ", name, "(", &params, "): ", &returns],
            Language::Cpp => [&returns, " ", name, "(", &params, ")"],
        };
        add(&mut text, &parts);
        text.push_str(match language {
            Language::Python => ":\n    pass\n",
            // Without a return statement the behaviour is undefined.
            Language::Cpp if returns != "void" => " {\n    return {};\n}\n",
            _ => " {\n\n}\n",
        });
        text
    }

    /// A type in the language's own words.
    fn spell(&mut self, ty: &Type) -> String {
        let language = self.language;
        let word = |python, javascript, cpp| language.pick(python, javascript, cpp).to_owned();
        match ty {
            Type::Int => word("int", "number", "long long"),
            Type::Float => word("float", "number", "double"),
            Type::String => word("str", "string", "std::string"),
            Type::Bool => word("bool", "boolean", "bool"),
            Type::Null => word("None", "null", "std::nullptr_t"),
            Type::Any => {
                self.uses_any = true;
                word("Any", "any", "")
            }
            Type::LinkedList(item) => {
                self.list_item = Some(self.spell(item));
                word("Optional[ListNode]", "ListNode | null", "ListNode*")
            }
            Type::BinaryTree(item) => {
                self.tree_item = Some(self.spell(item));
                word("Optional[TreeNode]", "TreeNode | null", "TreeNode*")
            }
            Type::List(item) => {
                let item = self.spell(item);
                let (before, after) = match language {
                    Language::Python => ("list[", "]"),
                    Language::Cpp => ("std::vector<", ">"),
                    _ if item.ends_with("| null") => ("(", ")[]"),
                    _ => ("", "[]"),
                };
                [before, &item, after].concat()
            }
            Type::Map(item) => {
                let before = word("dict[str, ", "Record<string, ", "std::map<std::string, ");
                let after = word("]", ">", ">");
                [before, self.spell(item), after].concat()
            }
        }
    }

    /// The lines above the function: imports, and the node types.
    fn head(&self) -> String {
        let mut text = String::new();
        let nodes = self.list_item.is_some() || self.tree_item.is_some();
        if self.language == Language::Python {
            text.push_str(match (self.uses_any, nodes) {
                (false, false) => "",
                (true, false) => "from typing import Any\n",
                (false, true) => "from typing import Optional\n\n",
                (true, true) => "from typing import Any, Optional\n\n",
            });
        }
        if let Some(item) = &self.list_item {
            match self.language {
                Language::Python => text.push_str("# Given: ListNode(val=0, next=None)\n"),
                Language::Cpp => {
                    let parts = [
                        "// Given: struct ListNode { ",
                        item,
                        " val; ListNode* next; };\n",
                    ];
                    add(&mut text, &parts);
                }
                _ => text.push_str("// Given: new ListNode(val = 0, next = null)\n"),
            }
        }
        if let Some(item) = &self.tree_item {
            match self.language {
                Language::Python => {
                    text.push_str("# Given: TreeNode(val=0, left=None, right=None)\n");
                }
                Language::Cpp => {
                    let after = " val; TreeNode* left; TreeNode* right; };\n";
                    add(&mut text, &["// Given: struct TreeNode { ", item, after]);
                }
                _ => text.push_str("// Given: new TreeNode(val = 0, left = null, right = null)\n"),
            }
        }
        if !text.is_empty() {
            text.push_str(self.language.pick("\n\n", "\n", "\n"));
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
    use shared::json::JsonText;

    fn made(signature: Value) -> Value {
        let signature = JsonText::from(signature);
        starters(&Signature::from_value(signature.json(), "signature").unwrap())
    }

    #[test]
    fn every_language_with_a_harness_has_starter_code() {
        let names = Language::ALL.map(Language::name);
        assert_eq!(names, shared::domain::language::FUNCTION_LANGUAGES);
    }

    #[test]
    fn each_language_has_its_own_form() {
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
    fn node_types_are_explained_in_a_comment() {
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
    fn every_type_is_spelled() {
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
    fn a_language_without_a_type_is_absent() {
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
