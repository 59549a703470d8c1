//! Reading problems: what is taken, and which rule is broken where.

use serde_json::{Value, json};

use super::*;
use crate::domain::violation::ViolationKind::{self, Invalid, TooLarge, Unreadable};

fn program() -> Value {
    json!({
        "title": "Echo",
        "kind": "program",
        "cases": [{ "input": "a", "expected": "a" }],
    })
}

fn function() -> Value {
    json!({
        "title": "Two sum",
        "statement": "Find **two**.",
        "kind": "function",
        "signature": {
            "name": "twoSum",
            "params": [
                { "name": "nums", "type": "list<int>" },
                { "name": "target", "type": "int" },
            ],
            "returns": "list< int >",
        },
        "cases": [
            { "name": "shown", "input": [[1, 2], 3], "expected": [0, 1] },
            { "input": [[3, 3], 6], "expected": [0, 1], "hidden": true, "weight": 5 },
        ],
        "checker": "unordered",
        "limits": {
            "timeMs": 2000,
            "memoryBytes": 67108864,
            "outputBytes": 1000,
            "factors": { "python": 2.5, "c++": 1 },
        },
        "stopOnFirstFail": false,
    })
}

/// `problem` with `value` at a JSON pointer.
fn with(mut problem: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match problem.pointer_mut(parent).unwrap() {
        Value::Object(members) => {
            members.insert(name.into(), value);
        }
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer} leads nowhere"),
    }
    problem
}

fn id(text: &str) -> ProblemId {
    ProblemId::parse(text, "id").unwrap()
}

fn violation(value: &Value) -> (ViolationKind, String, String) {
    // Not `unwrap_err`: it would print megabytes.
    let Err(violation) = Problem::from_value(&id("id"), value) else {
        panic!("no rule was broken");
    };
    (
        violation.kind,
        violation.field.into_owned(),
        violation.message,
    )
}

#[test]
fn every_member_is_read() {
    let problem = Problem::from_value(&id("two-sum"), &function()).unwrap();
    assert_eq!(problem.id.as_str(), "two-sum");
    assert_eq!(problem.title, "Two sum");
    assert_eq!(problem.statement, "Find **two**.");
    let signature = problem.signature().unwrap();
    assert_eq!(signature.name, "twoSum");
    assert_eq!(signature.params[1].name, "target");
    assert_eq!(signature.params[1].ty, Type::Int);
    assert_eq!(signature.returns, Type::List(Box::new(Type::Int)));
    assert_eq!(problem.cases[0].name.as_deref(), Some("shown"));
    assert_eq!(
        (problem.cases[0].hidden, problem.cases[0].weight),
        (false, 1)
    );
    assert_eq!(
        (problem.cases[1].hidden, problem.cases[1].weight),
        (true, 5)
    );
    assert_eq!(problem.cases[1].input, json!([[3, 3], 6]).into());
    assert_eq!(problem.checker, Checker::Unordered { depth: 1 });
    assert_eq!(problem.limits.time_ms_for("python"), Some(5_000));
    assert_eq!(problem.limits.memory_bytes, Some(64 << 20));
    assert_eq!(problem.limits.output_bytes, Some(1_000));
    assert!(!problem.stop_on_first_fail);
}

/// A language whose keyword it is has another name for it.
#[test]
fn a_keyword_may_be_a_name() {
    let mut problem = function();
    for (pointer, name) in [
        ("/signature/name", "import"),
        ("/signature/params/0/name", "lambda"),
        ("/signature/params/1/name", "class"),
    ] {
        problem = with(problem, pointer, name.into());
        let read = Problem::from_value(&id("two-sum"), &problem);
        assert!(read.is_ok(), "{name}: {read:?}");
    }
}

#[test]
fn members_that_are_not_given_have_defaults() {
    let problem = Problem::from_value(&id("echo"), &program()).unwrap();
    assert_eq!(problem.kind, Kind::Program);
    assert_eq!(problem.statement, "");
    assert_eq!(problem.checker, Checker::Lines { ignore_case: false });
    assert_eq!(problem.limits, Limits::default());
    assert!(problem.stop_on_first_fail);
    assert!(!problem.cases[0].hidden);
    let mut nulls = program();
    for name in ["signature", "checker", "limits", "statement"] {
        nulls[name] = Value::Null;
    }
    assert_eq!(Problem::from_value(&id("echo"), &nulls), Ok(problem));
}

#[test]
fn the_answer_to_get_can_be_published_again() {
    let problem = Problem::from_value(&id("two-sum"), &function()).unwrap();
    let mut answer: Value = serde_json::from_str(&problem.to_json()).unwrap();
    answer["success"] = true.into();
    answer["id"] = "two-sum".into();
    answer["version"] = "x".into();
    answer["starter"] = json!({ "python": "…" });
    assert_eq!(Problem::from_value(&id("two-sum"), &answer), Ok(problem));
    let (kind, field, _) = violation(&answer);
    assert_eq!((kind, field.as_str()), (Invalid, "id"));
}

#[test]
fn every_member_has_its_rules_and_says_them() {
    let long = json!("x".repeat(201));
    let many = json!(vec![7; 21]);
    let rows = include_str!("read_tests.txt").lines();
    let rows = rows.map(|row| row.split_once(' ').unwrap());
    let violations: Vec<String> = rows
        .map(|(pointer, text)| {
            let value = match text {
                "long" => long.clone(),
                "many" => many.clone(),
                json => serde_json::from_str(json).unwrap(),
            };
            let (kind, field, message) = violation(&with(function(), pointer, value));
            assert_eq!(kind, Invalid, "{pointer} {text}");
            assert!(message.starts_with(&field), "{field}: {message}");
            format!("{pointer} {text}\n    {message}")
        })
        .collect();
    insta::assert_snapshot!(violations.join("\n"));
}

#[test]
fn a_case_needs_an_input_and_an_expected_value() {
    for member in ["input", "expected"] {
        let mut value = function();
        value["cases"][0].as_object_mut().unwrap().remove(member);
        let (_, named, message) = violation(&value);
        assert_eq!(named, format!("cases[0].{member}"));
        assert!(message.contains("required"), "{message}");
    }
    assert_eq!(violation(&json!([])).1, "body");
}

#[test]
fn a_programs_cases_are_text() {
    for (member, value) in [
        ("input", json!(["a"])),
        ("expected", json!(1)),
        ("expected", Value::Null),
    ] {
        let (kind, field, message) =
            violation(&with(program(), &format!("/cases/0/{member}"), value));
        assert_eq!((kind, field), (Invalid, format!("cases[0].{member}")));
        assert!(message.contains("string"), "{message}");
    }
}

#[test]
fn a_function_without_a_result_expects_null() {
    let mut value = with(function(), "/signature/returns", json!("null"));
    assert_eq!(violation(&value).1, "cases[0].expected");
    for case in value["cases"].as_array_mut().unwrap() {
        case["expected"] = Value::Null;
    }
    let problem = Problem::from_value(&id("id"), &value).unwrap();
    assert_eq!(problem.cases[0].expected, Value::Null.into());
    value["cases"][0]
        .as_object_mut()
        .unwrap()
        .remove("expected");
    assert_eq!(violation(&value).1, "cases[0].expected");
}

#[test]
fn a_weight_must_not_be_zero_everywhere() {
    let mut value = program();
    value["cases"][0]["weight"] = json!(0);
    let (kind, field, message) = violation(&value);
    assert_eq!((kind, field.as_str()), (Invalid, "cases"));
    assert!(message.contains("weight"), "{message}");
    value["cases"] = json!([value["cases"][0], {"input": "", "expected": ""}]);
    assert!(Problem::from_value(&id("id"), &value).is_ok());
}

#[test]
fn the_first_case_over_the_limit_is_named() {
    let mut value = program();
    let case = value["cases"][0].clone();
    value["cases"] = vec![case.clone(); MAX_CASES].into();
    assert_eq!(
        Problem::from_value(&id("id"), &value).unwrap().cases.len(),
        MAX_CASES
    );
    value["cases"].as_array_mut().unwrap().push(case);
    let (kind, field, message) = violation(&value);
    assert_eq!((kind, field.as_str()), (TooLarge, "cases[1000]"));
    assert!(message.contains("1000 at most, not 1001"), "{message}");
}

#[test]
fn the_case_with_which_the_problem_is_too_large_is_named() {
    let mut value = program();
    let case = json!({"input": "x".repeat(1 << 20), "expected": ""});
    value["cases"] = vec![case; 6].into();
    let (kind, field, message) = violation(&value);
    assert_eq!((kind, field.as_str()), (TooLarge, "cases[3]"));
    assert!(message.contains("4194304"), "{message}");

    let (kind, field, _) = violation(&with(
        program(),
        "/statement",
        json!("ä".repeat(MAX_STATEMENT_BYTES / 2 + 1)),
    ));
    assert_eq!((kind, field.as_str()), (TooLarge, "statement"));
}

#[test]
fn the_size_is_that_of_the_stored_form() {
    let of = |bytes: usize| {
        let case = json!({"input": "x".repeat(bytes), "expected": "", "hidden": true, "weight": 2});
        with(program(), "/cases/0", case)
    };
    let frame = Problem::from_value(&id("id"), &of(0))
        .unwrap()
        .to_json()
        .len();
    let problem = Problem::from_value(&id("id"), &of(MAX_BYTES - frame)).unwrap();
    let text = problem.to_json();
    assert_eq!(text.len(), MAX_BYTES);
    assert_eq!(Problem::from_body(&id("id"), text.as_bytes()), Ok(problem));
    assert_eq!(violation(&of(MAX_BYTES - frame + 1)).0, TooLarge);
}

/// Whoever reads the last of two members shows a case that the other one hides.
#[test]
fn no_object_may_have_a_member_twice() {
    let body = |case: &str, signature: &str| {
        format!(
            r#"{{"title":"T","kind":"function","cases":[{{"input":[{{"a":1}}],"expected":1{case}}}],
            "signature":{{"name":"f","params":[{{"name":"a","type":"any"}}],"returns":"int"{signature}}}}}"#
        )
    };
    let violation = |body: String| {
        let violation = Problem::from_body(&id("id"), body.as_bytes()).unwrap_err();
        (violation.field.into_owned(), violation.message)
    };
    assert!(Problem::from_body(&id("id"), body("", "").as_bytes()).is_ok());
    let (field, message) = violation(body(r#","hidden":true,"hidden":false"#, ""));
    assert_eq!(field, "cases[0]");
    assert!(
        message.contains(r#"the member "hidden" twice"#),
        "{message}"
    );
    assert_eq!(violation(body("", r#","returns":"int""#)).0, "signature");
    let body = body("", "").replace(r#"{"a":1}"#, r#"{"a":1,"\u0061":2}"#);
    let (field, message) = violation(body);
    assert_eq!(field, "cases[0].input[0]");
    assert!(message.contains("twice"), "{message}");
}

#[test]
fn a_body_is_json_and_not_too_large() {
    let violation = |body: &[u8]| {
        let violation = Problem::from_body(&id("id"), body).unwrap_err();
        (violation.kind, violation.field.into_owned())
    };
    assert_eq!(violation(b"{"), (Unreadable, "body".to_owned()));
    let large = vec![b' '; MAX_BYTES + 1];
    assert_eq!(violation(&large), (TooLarge, "body".to_owned()));
    let text = function().to_string();
    assert!(Problem::from_body(&id("id"), text.as_bytes()).is_ok());
}

#[test]
fn a_class_without_methods_is_told_that_it_needs_some() {
    let id = ProblemId::parse("id", "id").unwrap();
    let said = "signature.methods is required, with 1 to 50 methods.";
    for methods in [Value::Null, json!([])] {
        let value = json!({
            "title": "T", "kind": "class",
            "signature": { "name": "Store", "params": [], "methods": methods },
            "cases": [{ "input": [["Store"]], "expected": [null] }],
        });
        let violation = Problem::from_value(&id, &value).unwrap_err();
        assert_eq!(
            (&*violation.field, violation.message.lines().next()),
            ("signature.methods", Some(said))
        );
    }
}

fn class(calls: usize, ignore: Value) -> Value {
    let mut input = vec![json!(["Store"])];
    input.resize(calls, json!(["get"]));
    let mut expected = vec![json!(null)];
    expected.resize(calls, json!(1));
    let get = json!({ "name": "get", "params": [], "returns": "int" });
    json!({
        "title": "T", "kind": "class",
        "signature": { "name": "Store", "params": [], "methods": [get] },
        "cases": [{ "input": input, "expected": expected, "ignore": ignore }],
    })
}

#[test]
fn ignored_calls_are_there_and_each_is_named_once() {
    for (ignore, field, said) in [
        (json!({}), "cases[0].ignore", "must be a list"),
        (json!([0, 1, 2, 0]), "cases[0].ignore", "3 numbers at most"),
        (json!([1, 3]), "cases[0].ignore[1]", "must be less than 3"),
        (json!([2, 2]), "cases[0].ignore[1]", "each only once"),
        (json!([-1]), "cases[0].ignore[0]", "the number of a call"),
    ] {
        let (kind, at, message) = violation(&class(3, ignore));
        assert_eq!((kind, at.as_str()), (Invalid, field));
        assert!(message.contains(said), "{message}");
    }
    for problem in [program(), function()] {
        let (_, field, message) = violation(&with(problem, "/cases/0/ignore", json!([0])));
        assert_eq!(field, "cases[0].ignore");
        assert!(message.contains("is for classes only"), "{message}");
    }
}

/// The time would be minutes if each number was looked for in the list, as would that of
/// each judging.
#[test]
fn long_lists_of_ignored_calls_are_read_at_once() {
    let started = std::time::Instant::now();
    let numbers = |count: usize| json!((0..count).collect::<Vec<_>>());
    let (_, field, _) = violation(&with(program(), "/cases/0/ignore", numbers(400_000)));
    assert_eq!(field, "cases[0].ignore");
    let calls = 50_000;
    let value = class(calls, numbers(calls));
    let problem = Problem::from_value(&id("id"), &value).unwrap();
    let Shape::Parts(parts) = problem.shape(&problem.cases[0]) else {
        panic!("a class has answers to its calls");
    };
    assert_eq!(parts, vec![None; calls]);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
