//! What a reader of a problem sees.

use std::fmt::Display;

use serde_json::{Map, Value};
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::problem::Signature;
use shared::http::ApiError;

use crate::starter::starters;

/// A problem that is stored as `text`, as an operator or anyone may see it.
pub(super) fn problem(
    id: &ProblemId,
    text: &[u8],
    version: &ProblemVersion,
    operator: bool,
) -> Result<Value, ApiError> {
    let damaged = |why: &dyn Display| ApiError::damaged_problem(id.as_str(), why);
    let mut problem: Value = serde_json::from_slice(text).map_err(|error| damaged(&error))?;
    let Some(members) = problem.as_object_mut() else {
        return Err(damaged(&"no object"));
    };
    let mut starter = Value::Object(Map::new());
    if let Some(stored) = members.remove("signature") {
        let signature =
            Signature::from_value(stored, "signature").map_err(|violation| damaged(&violation))?;
        starter = starters(&signature);
        members.insert("signature".into(), signature.to_value());
    }
    match members.get_mut("cases") {
        _ if operator => {}
        Some(Value::Array(cases)) => {
            for (index, case) in cases.iter_mut().enumerate() {
                hide(index, case);
            }
        }
        _ => return Err(damaged(&"no cases")),
    }
    members.insert("success".into(), true.into());
    members.insert("id".into(), id.as_str().into());
    members.insert("version".into(), version.as_str().into());
    members.insert("starter".into(), starter);
    Ok(problem)
}

/// Leaves only what anyone may see of a hidden case. A case is hidden unless it
/// clearly says that it is not.
fn hide(index: usize, case: &mut Value) {
    if let Value::Object(members) = case
        && matches!(members.get("hidden"), None | Some(Value::Bool(false)))
    {
        return;
    }
    let mut place = Map::new();
    place.insert("number".into(), (index + 1).into());
    place.insert("hidden".into(), true.into());
    let weight = case.get("weight").and_then(Value::as_u64);
    place.insert("weight".into(), weight.unwrap_or(1).into());
    if let Some(name) = case.get("name").and_then(Value::as_str) {
        place.insert("name".into(), name.into());
    }
    *case = place.into();
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::problem::Problem;

    fn id() -> ProblemId {
        ProblemId::parse("sum", "id").unwrap()
    }

    fn stored() -> Problem {
        let value = json!({
            "title": "Sum",
            "kind": "function",
            "signature": {
                "name": "sum",
                "params": [{ "name": "a", "type": "string" }],
                "returns": "string",
            },
            "cases": [
                { "input": ["shown-in"], "expected": "shown-out" },
                { "name": "large", "input": ["secret-in"], "expected": "secret-out",
                  "hidden": true, "weight": 7 },
                { "input": ["secret-in"], "expected": "secret-out", "hidden": true },
            ],
        });
        Problem::from_value(&id(), &value).unwrap()
    }

    fn seen(operator: bool) -> Value {
        let text = stored().to_value().to_string();
        problem(&id(), text.as_bytes(), &ProblemVersion::new("v1"), operator).unwrap()
    }

    #[test]
    fn hidden_cases_are_numbers_with_a_weight() {
        let answer = seen(false);
        assert_eq!(
            answer["cases"],
            json!([
                { "input": ["shown-in"], "expected": "shown-out" },
                { "number": 2, "hidden": true, "weight": 7, "name": "large" },
                { "number": 3, "hidden": true, "weight": 1 },
            ])
        );
        assert!(!answer.to_string().contains("secret"), "{answer}");
        assert_eq!(answer["success"], true);
        assert_eq!(answer["id"], "sum");
        assert_eq!(answer["version"], "v1");
        assert!(answer["starter"]["python"].is_string());
    }

    #[test]
    fn an_operators_answer_can_be_published_again() {
        let answer = seen(true);
        assert_eq!(Problem::from_value(&id(), &answer), Ok(stored()));
        // The public answer cannot be: it lacks the hidden cases.
        let violation = Problem::from_value(&id(), &seen(false)).unwrap_err();
        assert_eq!(violation.field, "cases[1].input");
    }

    #[test]
    fn a_case_is_hidden_unless_it_clearly_is_not() {
        for hidden in [json!(true), json!("no"), json!(0), json!(null)] {
            let mut case = json!({ "input": "secret", "expected": "secret", "hidden": hidden });
            hide(4, &mut case);
            assert_eq!(case, json!({ "number": 5, "hidden": true, "weight": 1 }));
        }
        let mut text = json!("secret");
        hide(0, &mut text);
        assert_eq!(text["hidden"], true);
        let shown = json!({ "input": "a", "expected": "b", "hidden": false });
        let mut case = shown.clone();
        hide(0, &mut case);
        assert_eq!(case, shown);
    }

    #[test]
    fn a_damaged_problem_is_an_internal_error_without_its_text() {
        for damaged in [
            "{",
            "[\"secret\"]",
            r#"{"signature":"secret"}"#,
            r#"{"cases":{"0":"secret"}}"#,
        ] {
            let error =
                problem(&id(), damaged.as_bytes(), &ProblemVersion::new(""), false).unwrap_err();
            assert_eq!(error.status(), 500, "{damaged}");
            assert!(!error.message().contains("secret"));
        }
    }
}
