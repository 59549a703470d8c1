//! Starter code: what a solver begins with, for each language that functions and
//! classes are judged in, made from the signature. How a language writes it stands in
//! its own folder; here is what they share.
//!
//! The judge defines `ListNode` and `TreeNode`; a comment says so where one is
//! used.

use serde_json::{Map, Value};
use shared::domain::problem::{Answer, Callable, Signature};

use crate::kind::Harness;

/// Texts by language. A language that cannot express the signature is absent, such
/// as C++ for `any`.
pub fn starters(callable: Callable<'_>) -> Value {
    let mut texts = Map::new();
    for harness in Harness::ALL {
        if harness.check(callable).is_ok()
            && let Some(text) = harness.starter(callable)
        {
            texts.insert(harness.language().into(), text.into());
        }
    }
    texts.into()
}

/// What was met among a signature's types, for the lines above the code.
#[derive(Default)]
pub(crate) struct Met {
    pub(crate) uses_any: bool,
    /// The type of a linked list's values, if there is a linked list.
    pub(crate) list_item: Option<String>,
    /// The type of a tree's values, if there is a tree.
    pub(crate) tree_item: Option<String>,
}

/// What a comment above a function says whose answer is not what it returns alone.
pub(crate) fn note(signature: &Signature) -> Option<String> {
    let (mut names, mut count) = (String::new(), 0);
    for index in signature.answer.arguments() {
        let name = signature.params.get(index)?.name.as_str();
        let before = if count == 0 { "`" } else { " and `" };
        add(&mut names, &[before, name, "`"]);
        count += 1;
    }
    let rest = match signature.answer {
        Answer::Returned => return None,
        Answer::FirstOfArgument(_) => {
            " in place, and returns how many of its first elements count."
        }
        answer if !answer.returned() => " in place; what is returned does not count.",
        _ if count == 1 => " in place; it and what is returned count.",
        _ => " in place; they and what is returned count.",
    };
    Some(["Changes ", &names, rest].concat())
}

/// Appends that comment as a line, if there is one. `before`: the indentation, and what
/// begins a comment.
pub(crate) fn add_note(text: &mut String, before: &str, signature: &Signature) {
    if let Some(note) = note(signature) {
        add(text, &[before, &note, "\n"]);
    }
}

/// Whether the function changes the parameter of this index in place.
pub(crate) fn changes(signature: &Signature, index: usize) -> bool {
    signature.answer.arguments().any(|at| at == index)
}

#[inline(never)]
pub(crate) fn add(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::problem::{ClassSignature, Method};
    use shared::json::JsonText;

    fn signature_of(value: Value) -> Signature {
        Signature::from_value(JsonText::from(value).json(), "signature").unwrap()
    }

    fn made(signature: Value) -> Value {
        starters(Callable::Function(&signature_of(signature)))
    }

    #[test]
    fn every_language_with_a_harness_has_starter_code() {
        let names = Harness::ALL.map(Harness::language);
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
                { "name": "tree", "type": "binary_tree<int>" },
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
             // Given: struct TreeNode { long long val; TreeNode* left; TreeNode* right; };\n\n\
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
        // C++ has no null as a parameter.
        assert_eq!(starters.get("c++"), None);
        let starters = made(json!({
            "name": "f",
            "params": [
                { "name": "a", "type": "map<list<float>>" },
                { "name": "b", "type": "bool" },
                { "name": "c", "type": "string" },
            ],
            "returns": "null",
        }));
        assert_eq!(
            starters["c++"],
            "class Solution {\npublic:\n    void f(std::map<std::string, std::vector<double>> a, bool b, std::string c) {\n\n    }\n};\n"
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
        // Outside a class, a function of the library could have such a name.
        assert_eq!(
            made(none)["c++"],
            "class Solution {\npublic:\n    long long now() {\n        return {};\n    }\n};\n"
        );
    }

    #[test]
    fn functions_that_change_an_argument_say_so() {
        let mut signature = Signature::from_value(
            JsonText::from(json!({
                "name": "removeElement",
                "params": [{ "name": "nums", "type": "list<int>" }, { "name": "val", "type": "int" }],
                "returns": "int",
            }))
            .json(),
            "signature",
        )
        .unwrap();
        for (answer, note) in [
            (
                Answer::FirstOfArgument(0),
                "Changes `nums` in place, and returns how many of its first elements count.",
            ),
            (
                Answer::both(0),
                "Changes `nums` in place; it and what is returned count.",
            ),
            (
                Answer::Argument(0),
                "Changes `nums` in place; what is returned does not count.",
            ),
        ] {
            signature.answer = answer;
            let starters = starters(Callable::Function(&signature));
            assert_eq!(
                starters["python"],
                format!(
                    "def remove_element(nums: list[int], val: int) -> int:\n    # {note}\n    pass\n"
                )
            );
            assert_eq!(
                starters["javascript"],
                format!(
                    "/**\n * {note}\n * @param {{number[]}} nums\n * @param {{number}} val\n * @return {{number}}\n */\n\
                     function removeElement(nums, val) {{\n\n}}\n"
                )
            );
            assert_eq!(
                starters["typescript"],
                format!(
                    "/**\n * {note}\n */\nfunction removeElement(nums: number[], val: number): number {{\n\n}}\n"
                )
            );
            assert_eq!(
                starters["c++"],
                format!(
                    "// {note}\nlong long removeElement(std::vector<long long>& nums, long long val) {{\n    return {{}};\n}}\n"
                )
            );
        }
    }

    /// Above the function or in it, as a line of a comment.
    #[test]
    fn every_language_says_what_is_compared() {
        for (answer, end) in [
            (
                Answer::FirstOfArgument(0),
                ", and returns how many of its first elements count.",
            ),
            (Answer::both(0), "; it and what is returned count."),
            (Answer::Argument(0), "; what is returned does not count."),
        ] {
            let mut signature = signature_of(json!({
                "name": "removeElement",
                "params": [{ "name": "nums", "type": "list<int>" }, { "name": "val", "type": "int" }],
                "returns": "int",
            }));
            let plain = starters(Callable::Function(&signature));
            signature.answer = answer;
            let starters = starters(Callable::Function(&signature));
            for (language, comment) in [
                ("python", "    # "),
                ("javascript", " * "),
                ("typescript", " * "),
                ("c++", "// "),
                ("java", "    // "),
                ("go", "// "),
                ("csharp", "    // "),
                ("ruby", "# "),
                ("php", " * "),
                ("rust", "    // "),
                ("c", "// "),
            ] {
                let line = format!("{comment}Changes `nums` in place{end}");
                let text = |starters: &Value| starters[language].as_str().unwrap().to_owned();
                let has = |text: &str| text.lines().filter(|one| one.trim() == line.trim()).count();
                assert_eq!(has(&text(&starters)), 1, "{language}: {}", text(&starters));
                assert!(!text(&plain).contains("in place"), "{language}");
            }
            assert_eq!(starters.as_object().unwrap().len(), Harness::ALL.len());
        }
    }

    #[test]
    fn classes_have_their_constructor_and_methods() {
        let signature = |name: &str, params: Value, returns: &str| {
            let value = json!({ "name": name, "params": params, "returns": returns });
            Signature::from_value(JsonText::from(value).json(), "signature").unwrap()
        };
        let key = json!([{ "name": "key", "type": "int" }]);
        let method = |signature| Method {
            signature,
            checker: None,
        };
        let class = ClassSignature {
            name: "LruCache".into(),
            params: signature("x", json!([{ "name": "capacity", "type": "int" }]), "null").params,
            methods: vec![
                method(signature("getValue", key.clone(), "int")),
                method(signature("drop", key, "null")),
            ],
        };
        let starters = starters(Callable::Class(&class));
        assert_eq!(
            starters["python"],
            "class LruCache:\n    def __init__(self, capacity: int):\n        pass\n\n\
             \x20   def get_value(self, key: int) -> int:\n        pass\n\n\
             \x20   def drop(self, key: int) -> None:\n        pass\n"
        );
        assert_eq!(
            starters["javascript"],
            "class LruCache {\n  /**\n   * @param {number} capacity\n   */\n  constructor(capacity) {\n\n  }\n\n\
             \x20 /**\n   * @param {number} key\n   * @return {number}\n   */\n  getValue(key) {\n\n  }\n\n\
             \x20 /**\n   * @param {number} key\n   * @return {void}\n   */\n  drop(key) {\n\n  }\n}\n"
        );
        assert_eq!(
            starters["typescript"],
            "class LruCache {\n  constructor(capacity: number) {\n\n  }\n\n\
             \x20 getValue(key: number): number {\n\n  }\n\n\
             \x20 drop(key: number): void {\n\n  }\n}\n"
        );
        assert_eq!(
            starters["c++"],
            "class LruCache {\npublic:\n    LruCache(long long capacity) {\n\n    }\n\n\
             \x20   long long getValue(long long key) {\n        return {};\n    }\n\n\
             \x20   void drop(long long key) {\n\n    }\n};\n"
        );
    }
}
