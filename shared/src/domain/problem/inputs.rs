//! A hash of what determines the answers to a problem.

use sha2::{Digest, Sha256};

use super::{Checker, Problem};
use crate::domain::ids::InputsHash;
use crate::text::hex;

impl Problem {
    /// A hash of the kind, the signature, the limits and the inputs, with
    /// whether each is hidden. While it stays the same, stored answers can be
    /// judged again without running anything.
    pub fn inputs_hash(&self) -> InputsHash {
        let rest = Self {
            id: self.id.clone(),
            title: String::new(),
            statement: String::new(),
            kind: self.kind.clone(),
            cases: Vec::new(),
            checker: Checker::Exact,
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
