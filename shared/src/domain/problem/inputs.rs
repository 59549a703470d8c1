//! A hash of what determines the answers to a problem.

use sha2::{Digest, Sha256};

use super::{Checker, Kind, Problem};
use crate::domain::ids::InputsHash;
use crate::text::hex;

impl Problem {
    /// A hash of the kind, the signature, the limits and the inputs, with
    /// whether each is hidden. While it stays the same, stored answers can be
    /// judged again without running anything.
    pub fn inputs_hash(&self) -> InputsHash {
        let mut kind = self.kind.clone();
        if let Kind::Class(class) = &mut kind {
            for method in &mut class.methods {
                method.checker = None;
            }
        }
        let rest = Self {
            id: self.id.clone(),
            title: String::new(),
            statement: String::new(),
            kind,
            cases: Vec::new(),
            checker: Checker::Exact,
            checker_program: None,
            limits: self.limits.clone(),
            stop_on_first_fail: true,
        };
        let mut hash = Sha256::new();
        hash.update(rest.head());
        for case in &self.cases {
            // Stored answers hold output of shown cases; once such a case is
            // hidden they must not be used.
            hash.update(if case.hidden { "\nh" } else { "\n" });
            hash.update(case.input.as_str());
        }
        InputsHash::new(hex(&hash.finalize()[..16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ProblemId;
    use serde_json::{Value, json};

    #[test]
    fn the_hash_follows_the_answer_and_not_what_is_compared_of_it() {
        let hash = |kind: Value, case: Value| {
            let mut value = json!({ "title": "T", "cases": [case] });
            for (name, member) in kind.as_object().unwrap() {
                value[name] = member.clone();
            }
            let id = ProblemId::parse("t", "id").unwrap();
            Problem::from_value(&id, &value).unwrap().inputs_hash()
        };
        let function = |answer: Value, expected: Value| {
            let params = json!([{ "name": "a", "type": "list<int>" }]);
            let signature = json!({ "name": "f", "params": params, "returns": "int" });
            let kind = json!({ "kind": "function", "signature": signature, "answer": answer });
            hash(kind, json!({ "input": [[1]], "expected": expected }))
        };
        let whole = function(json!({ "argument": 0 }), json!([1]));
        let first = json!({ "argument": 0, "length": "returned" });
        assert_ne!(function(first, json!([1])), whole);
        assert_ne!(function(json!(null), json!(1)), whole);
        let class = |checker: Value, ignore: Value| {
            let method =
                json!({ "name": "g", "params": [], "returns": "list<int>", "checker": checker });
            let signature = json!({ "name": "C", "params": [], "methods": [method] });
            let kind = json!({ "kind": "class", "signature": signature });
            let case =
                json!({ "input": [["C"], ["g"]], "expected": [null, [1]], "ignore": ignore });
            hash(kind, case)
        };
        let plain = class(json!(null), json!([]));
        assert_eq!(class(json!("unordered"), json!([1])), plain);
    }

    #[test]
    fn the_hash_changes_only_with_what_determines_answers() {
        let value = json!({
            "title": "Add",
            "kind": "function",
            "signature": {
                "name": "add",
                "params": [{ "name": "a", "type": "int" }],
                "returns": "int",
            },
            "cases": [{ "input": [1], "expected": 2 }],
        });
        let hash = |path: &str, new: Value| {
            let mut value = value.clone();
            *value.pointer_mut(path).unwrap() = new;
            let id = ProblemId::parse("add", "id").unwrap();
            Problem::from_value(&id, &value).unwrap().inputs_hash()
        };
        let same = hash("/title", json!("Add"));
        assert_eq!(same.as_str().len(), 32);
        assert_eq!(hash("/cases/0/expected", json!(3)), same);
        assert_eq!(hash("/title", json!("Other")), same);
        assert_ne!(hash("/cases/0/input", json!([2])), same);
        assert_ne!(hash("/signature/name", json!("plus")), same);
        assert_ne!(hash("/signature/returns", json!("float")), same);
    }
}
