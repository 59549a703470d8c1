//! What determines the answers to a problem, and what does not.

use sha2::{Digest, Sha256};

use super::{Checker, Problem};
use crate::hex::hex;

impl Problem {
    /// A hash of what determines what a submission answers, as 32 hex digits: the
    /// kind, the signature, the limits and the inputs, hidden or shown. As long as it stays,
    /// answers can be judged again without running anything.
    pub fn inputs_hash(&self) -> String {
        let rest = Self {
            id: String::new(),
            title: String::new(),
            statement: String::new(),
            kind: self.kind.clone(),
            cases: Vec::new(),
            checker: Checker::Exact,
            limits: self.limits.clone(),
            stop_on_first_fail: true,
        };
        let mut hash = Sha256::new();
        hash.update(rest.into_value().to_string());
        for case in &self.cases {
            // What was shown once must not be, once it is hidden.
            hash.update(if case.hidden { "\nh" } else { "\n" });
            hash.update(case.input.to_string());
        }
        hex(&hash.finalize()[..16])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn only_what_changes_answers_changes_the_hash() {
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
            Problem::from_value("add", &value).unwrap().inputs_hash()
        };
        let same = hash("/title", json!("Add"));
        assert_eq!(same.len(), 32);
        assert_eq!(hash("/cases/0/expected", json!(3)), same);
        assert_eq!(hash("/title", json!("Other")), same);
        assert_ne!(hash("/cases/0/input", json!([2])), same);
        assert_ne!(hash("/signature/name", json!("plus")), same);
        assert_ne!(hash("/signature/returns", json!("float")), same);
    }
}
