//! What a reader of a problem sees.

use std::fmt::Display;

use serde_json::{Map, Value};
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::problem::Kind;
use shared::http::ApiError;
use shared::json::write::push_string;
use shared::json::{Json, Object};

use harness::{Harness, starters};

/// A problem that is stored as `text`, as an operator or anyone may see it. JSON,
/// put together from pieces of `text`.
pub(super) fn problem(
    id: &ProblemId,
    text: &[u8],
    version: &ProblemVersion,
    operator: bool,
) -> Result<String, ApiError> {
    let damaged = |why: &dyn Display| ApiError::damaged_problem(id.as_str(), why);
    let value = Json::parse(text).map_err(|error| damaged(&error))?;
    let mut members = Object::of(value).map_err(|error| damaged(&error))?;
    let mut starter = Value::Object(Map::new());
    let kind = Kind::of_stored(value).map_err(|violation| damaged(&violation))?;
    if let Some(callable) = kind.callable() {
        starter = starters(callable);
        if let Some(cases) = members.get("cases") {
            leave_out_unable(&mut starter, cases);
        }
    }
    let mut json = String::with_capacity(text.len() + 4_096);
    json.push_str("{\"success\":true,\"id\":");
    push_string(&mut json, id.as_str());
    json.push_str(",\"version\":");
    push_string(&mut json, version.as_str());
    json.push_str(",\"starter\":");
    json.push_str(&starter.to_string());
    while let Some(name) = members.first_name().map(str::to_owned) {
        let Some(value) = members.take(&name) else {
            break;
        };
        json.push(',');
        push_string(&mut json, &name);
        json.push(':');
        if name == "checker" && !operator {
            json.push_str(public_checker(value));
        } else if name == "cases" && !operator {
            let cases = value.items().ok_or_else(|| damaged(&"no cases"))?;
            json.push('[');
            for (index, case) in cases.enumerate() {
                if index > 0 {
                    json.push(',');
                }
                push_public(&mut json, index, case);
            }
            json.push(']');
        } else {
            json.push_str(value.as_str());
        }
    }
    json.push('}');
    Ok(json)
}

/// Leaves out the languages that cannot hold a text of the cases, as publishing does.
fn leave_out_unable(starter: &mut Value, cases: Json<'_>) {
    let Value::Object(texts) = starter else {
        return;
    };
    // All that a language may not be able to hold. No other problem's cases are gone through.
    if !cases.as_str().contains("\\u0000") {
        return;
    }
    let holds = |harness: Harness, case: Json<'_>| {
        let members = Object::of(case).ok();
        let values = ["input", "expected"].map(|name| members.as_ref()?.get(name));
        let mut values = values.into_iter().flatten();
        values.all(|value| harness.holds(value.as_str()))
    };
    texts.retain(|language, _| {
        let harness = Harness::of(language);
        let mut cases = cases.items().into_iter().flatten();
        harness.is_none_or(|harness| cases.all(|case| holds(harness, case)))
    });
}

/// What anyone may see of a checker: of a program only that it is one. Nothing that
/// could be one is shown but what clearly is a rule for comparing.
fn public_checker(checker: Json<'_>) -> &str {
    const PROGRAM: &str = "{\"kind\":\"program\"}";
    let members = Object::of(checker).ok();
    let kind = members.as_ref().and_then(|members| members.get("kind"));
    let is_rule = match kind.and_then(Json::text) {
        Some(kind) => kind != "program",
        None => checker.text().is_some(),
    };
    if is_rule { checker.as_str() } else { PROGRAM }
}

/// Writes what anyone may see of a case: of a hidden one a number with a weight.
/// A case is hidden unless it clearly says that it is not.
fn push_public(json: &mut String, index: usize, case: Json<'_>) {
    let mut members = Object::of(case).ok();
    let hidden = members.as_mut().map(|members| members.take("hidden"));
    if hidden.is_some_and(|hidden| hidden.is_none_or(|hidden| hidden.bool() == Some(false))) {
        return json.push_str(case.as_str());
    }
    let weight = members
        .as_ref()
        .and_then(|members| members.get("weight")?.u64());
    let place = format!(
        "{{\"number\":{},\"hidden\":true,\"weight\":{}",
        index + 1,
        weight.unwrap_or(1)
    );
    json.push_str(&place);
    if let Some(name) = members.and_then(|members| members.get("name")?.text()) {
        json.push_str(",\"name\":");
        push_string(json, &name);
    }
    json.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use shared::domain::problem::{CheckerProgram, ExitCodes, Problem};

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
        let text = stored().to_json();
        let version = ProblemVersion::new("v1");
        let json = problem(&id(), text.as_bytes(), &version, operator).unwrap();
        serde_json::from_str(&json).unwrap()
    }

    /// As publishing says it: the page offers the languages that have starter code.
    #[test]
    fn c_has_no_starter_where_a_text_has_a_zero_byte() {
        let languages = |input: &str, expected: &str| {
            let mut value: Value = serde_json::from_str(&stored().to_json()).unwrap();
            value["cases"][2] = json!({ "input": [input], "expected": expected, "hidden": true });
            let stored = Problem::from_value(&id(), &value).unwrap();
            let version = ProblemVersion::new("v1");
            let json = problem(&id(), stored.to_json().as_bytes(), &version, false).unwrap();
            let value: Value = serde_json::from_str(&json).unwrap();
            let texts = value["starter"].as_object().unwrap();
            (texts.contains_key("c"), texts.len())
        };
        let all = languages("a", "b");
        assert_eq!(all, (true, Harness::ALL.len()));
        for (input, expected) in [("a\0", "b"), ("a", "\0")] {
            assert_eq!(languages(input, expected), (false, all.1 - 1));
        }
        // A backslash, and what only looks like the escape.
        assert_eq!(languages("\\u0000", "b"), all);
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

    fn public(index: usize, case: &str) -> Value {
        let mut json = String::new();
        push_public(&mut json, index, Json::parse(case.as_bytes()).unwrap());
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn a_case_is_hidden_unless_it_clearly_is_not() {
        let place = json!({ "number": 5, "hidden": true, "weight": 1 });
        for hidden in ["true", "\"no\"", "0", "null", "false,\"hidden\":true"] {
            let case = format!(r#"{{"input":"secret","expected":"secret","hidden":{hidden}}}"#);
            assert_eq!(public(4, &case), place, "{hidden}");
        }
        assert_eq!(public(4, "\"secret\""), place);
        for hidden in ["", ",\"hidden\":false"] {
            let case = format!(r#"{{"input":"a","expected":"b"{hidden}}}"#);
            assert_eq!(public(0, &case)["input"], "a", "{hidden}");
        }
    }

    #[test]
    fn of_a_checker_program_anyone_sees_only_that_it_is_one() {
        let public =
            |checker: &str| public_checker(Json::parse(checker.as_bytes()).unwrap()).to_owned();
        for rule in ["\"lines\"", r#"{"kind":"float","absolute":0.5}"#] {
            assert_eq!(public(rule), rule);
        }
        for program in [
            r#"{"kind":"program","language":"c","code":"secret","exitCodes":"icpc"}"#,
            r#"{"kind":"float","kind":"program","code":"secret"}"#,
            r#"{"code":"secret"}"#,
            r#"["secret"]"#,
        ] {
            assert_eq!(public(program), r#"{"kind":"program"}"#);
        }
        let mut problem = stored();
        problem.checker_program = Some(Box::new(CheckerProgram {
            language: "c".into(),
            code: "secret".into(),
            exit_codes: ExitCodes::Testlib,
            points: None,
        }));
        let seen = |operator: bool| {
            let text = problem.to_json();
            super::problem(&id(), text.as_bytes(), &ProblemVersion::new("v1"), operator).unwrap()
        };
        assert!(!seen(false).contains("secret"));
        let all: Value = serde_json::from_str(&seen(true)).unwrap();
        assert_eq!(Problem::from_value(&id(), &all), Ok(problem.clone()));
    }

    #[test]
    fn a_damaged_problem_is_an_internal_error_without_its_text() {
        for damaged in [
            "{",
            "[\"secret\"]",
            r#"{"signature":"secret"}"#,
            r#"{"kind":"program","cases":{"0":"secret"}}"#,
            r#"{"kind":"class","signature":{"name":"secret"},"cases":[]}"#,
        ] {
            let error =
                problem(&id(), damaged.as_bytes(), &ProblemVersion::new(""), false).unwrap_err();
            assert_eq!(error.status(), 500, "{damaged}");
            assert!(!error.message().contains("secret"));
        }
    }
}
