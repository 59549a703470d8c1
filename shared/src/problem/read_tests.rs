//! What is read, and what is refused and where.

use serde_json::{Value, json};

use super::*;

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

/// Puts `value` at a JSON pointer; `null` removes nothing, it stands there.
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

fn refused(value: &Value) -> (u16, String, String) {
    // Not `unwrap_err`: it would print megabytes.
    let Err(error) = Problem::from_value("id", value) else {
        panic!("taken");
    };
    (
        error.status().as_u16(),
        error.field().unwrap().to_owned(),
        error.message().to_owned(),
    )
}

#[test]
fn everything_is_read() {
    let problem = Problem::from_value("two-sum", &function()).unwrap();
    assert_eq!(problem.id, "two-sum");
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
    assert_eq!(problem.cases[1].input, json!([[3, 3], 6]));
    assert_eq!(problem.checker, Checker::Unordered { depth: 1 });
    assert_eq!(problem.limits.time_ms_for("python"), Some(5_000));
    assert_eq!(problem.limits.memory_bytes, Some(64 << 20));
    assert_eq!(problem.limits.output_bytes, Some(1_000));
    assert!(!problem.stop_on_first_fail);
}

#[test]
fn what_is_not_given_is_usual() {
    let problem = Problem::from_value("echo", &program()).unwrap();
    assert_eq!(problem.kind, Kind::Program);
    assert_eq!(problem.statement, "");
    assert_eq!(problem.checker, Checker::Exact);
    assert_eq!(problem.limits, Limits::default());
    assert!(problem.stop_on_first_fail);
    assert!(!problem.cases[0].hidden);
    let mut nulls = program();
    for name in ["signature", "checker", "limits", "statement"] {
        nulls[name] = Value::Null;
    }
    assert_eq!(Problem::from_value("echo", &nulls), Ok(problem));
}

#[test]
fn an_answer_of_ours_can_be_published_again() {
    let problem = Problem::from_value("two-sum", &function()).unwrap();
    let mut answer = problem.to_value();
    answer["success"] = true.into();
    answer["id"] = "two-sum".into();
    answer["version"] = "x".into();
    answer["starter"] = json!({ "python": "…" });
    assert_eq!(Problem::from_value("two-sum", &answer), Ok(problem));
    let (status, field, _) = refused(&answer);
    assert_eq!((status, field.as_str()), (422, "id"));
}

#[test]
fn every_member_has_its_rules_and_says_them() {
    let long = "x".repeat(201);
    for (pointer, value, field, said) in [
        ("/title", Value::Null, "title", "required"),
        ("/title", json!(""), "title", "200"),
        ("/title", json!(long), "title", "200"),
        ("/title", json!(1), "title", "text"),
        ("/statement", json!([]), "statement", "text"),
        ("/kind", json!("quiz"), "kind", "program or function"),
        ("/kind", Value::Null, "kind", "program or function"),
        ("/kind", json!("program"), "signature", "functions only"),
        ("/signature", Value::Null, "signature", "required"),
        ("/signature", json!("f(x)"), "signature", "object"),
        ("/signature/name", Value::Null, "signature.name", "64"),
        ("/signature/name", json!("two sum"), "signature.name", "A-Z"),
        ("/signature/name", json!("2sum"), "signature.name", "digit"),
        ("/signature/name", json!("zählen"), "signature.name", "A-Z"),
        (
            "/signature/name",
            json!("x".repeat(65)),
            "signature.name",
            "64",
        ),
        (
            "/signature/name",
            json!("__import__"),
            "signature.name",
            "__",
        ),
        (
            "/signature/name",
            json!("lambda"),
            "signature.name",
            "Python",
        ),
        (
            "/signature/name",
            json!("Import"),
            "signature.name",
            "Python",
        ),
        (
            "/signature/name",
            json!("template"),
            "signature.name",
            "C++",
        ),
        (
            "/signature/name",
            json!("typeof"),
            "signature.name",
            "JavaScript",
        ),
        (
            "/signature/name",
            json!("Solution"),
            "signature.name",
            "Solution",
        ),
        ("/signature/params", json!({}), "signature.params", "list"),
        (
            "/signature/params",
            json!(vec![7; 21]),
            "signature.params",
            "20 at most",
        ),
        (
            "/signature/params/1",
            json!(7),
            "signature.params[1]",
            "object",
        ),
        (
            "/signature/params/1/name",
            json!("nums"),
            "signature.params[1].name",
            "own",
        ),
        (
            "/signature/params/1/name",
            json!("twoSum"),
            "signature.params[1].name",
            "own",
        ),
        (
            "/signature/params/1/name",
            json!("TreeNode"),
            "signature.params[1].name",
            "TreeNode",
        ),
        (
            "/signature/params/1/type",
            json!("long"),
            "signature.params[1].type",
            "list<T>",
        ),
        (
            "/signature/params/1/type",
            Value::Null,
            "signature.params[1].type",
            "int",
        ),
        (
            "/signature/params/1/kind",
            json!("x"),
            "signature.params[1].kind",
            "name, type",
        ),
        (
            "/signature/returns",
            json!("void"),
            "signature.returns",
            "null",
        ),
        (
            "/signature/return",
            json!("int"),
            "signature.return",
            "returns",
        ),
        ("/cases", Value::Null, "cases", "at least one"),
        ("/cases", json!([]), "cases", "at least one"),
        ("/cases", json!({}), "cases", "list"),
        ("/cases/1", json!(1), "cases[1]", "object"),
        ("/cases/1/hiden", json!(true), "cases[1].hiden", "hidden"),
        (
            "/cases/1/hidden",
            json!("yes"),
            "cases[1].hidden",
            "true or false",
        ),
        ("/cases/1/name", json!(long), "cases[1].name", "200"),
        ("/cases/1/weight", json!(-1), "cases[1].weight", "1000000"),
        (
            "/cases/1/weight",
            json!(1_000_001),
            "cases[1].weight",
            "1000000",
        ),
        ("/cases/1/weight", json!(0.5), "cases[1].weight", "whole"),
        (
            "/cases/1/input",
            json!([[1]]),
            "cases[1].input",
            "2 arguments",
        ),
        (
            "/cases/1/input",
            json!("x"),
            "cases[1].input",
            "2 arguments",
        ),
        (
            "/cases/1/input",
            json!([[1, "2"], 3]),
            "cases[1].input[0]",
            "input[0][1] must be of type int",
        ),
        (
            "/cases/1/input",
            json!([[1], 3.5]),
            "cases[1].input[1]",
            "int",
        ),
        (
            "/cases/1/expected",
            json!(["0"]),
            "cases[1].expected",
            "expected[0] must be of type int",
        ),
        ("/checker", json!("fuzzy"), "checker", "tokens"),
        (
            "/checker",
            json!({"kind": "float", "absolute": 2e9}),
            "checker.absolute",
            "1000000000",
        ),
        ("/limits", json!([]), "limits", "object"),
        (
            "/limits/timeMs",
            json!(0),
            "limits.timeMs",
            "from 1 to 120000",
        ),
        ("/limits/timeMs", json!(120_001), "limits.timeMs", "120000"),
        (
            "/limits/memoryBytes",
            json!(1000),
            "limits.memoryBytes",
            "1048576",
        ),
        (
            "/limits/memoryBytes",
            json!((16_u64 << 30) + 1),
            "limits.memoryBytes",
            "17179869184",
        ),
        (
            "/limits/outputBytes",
            json!((16 << 20) + 1),
            "limits.outputBytes",
            "16777216",
        ),
        ("/limits/time", json!(1), "limits.time", "timeMs"),
        (
            "/limits/factors/python",
            json!(0.05),
            "limits.factors.python",
            "0.1 to 100",
        ),
        (
            "/limits/factors/python",
            json!("2"),
            "limits.factors.python",
            "0.1 to 100",
        ),
        ("/limits/factors", json!(2), "limits.factors", "object"),
        (
            "/stopOnFirstFail",
            json!(1),
            "stopOnFirstFail",
            "true or false",
        ),
        ("/Title", json!("x"), "Title", "title"),
    ] {
        let value = with(function(), pointer, value);
        let (status, named, message) = refused(&value);
        assert_eq!((status, named.as_str()), (422, field), "{value}: {message}");
        assert!(message.contains(said), "{message:?} should say {said:?}");
    }
    for member in ["input", "expected"] {
        let mut value = function();
        value["cases"][0].as_object_mut().unwrap().remove(member);
        let (_, named, message) = refused(&value);
        assert_eq!(named, format!("cases[0].{member}"));
        assert!(message.contains("required"), "{message}");
    }
    assert_eq!(refused(&json!([])).1, "body");
    for id in ["", "two sum", "../x"] {
        let error = Problem::from_value(id, &program()).unwrap_err();
        assert_eq!(error.field(), Some("id"));
    }
}

#[test]
fn a_programs_cases_are_text() {
    for (member, value) in [
        ("input", json!(["a"])),
        ("expected", json!(1)),
        ("expected", Value::Null),
    ] {
        let (status, field, message) =
            refused(&with(program(), &format!("/cases/0/{member}"), value));
        assert_eq!((status, field), (422, format!("cases[0].{member}")));
        assert!(message.contains("string"), "{message}");
    }
}

#[test]
fn a_function_without_a_result_expects_null() {
    let mut value = with(function(), "/signature/returns", json!("null"));
    assert_eq!(refused(&value).1, "cases[0].expected");
    for case in value["cases"].as_array_mut().unwrap() {
        case["expected"] = Value::Null;
    }
    let problem = Problem::from_value("id", &value).unwrap();
    assert_eq!(problem.cases[0].expected, Value::Null);
    value["cases"][0]
        .as_object_mut()
        .unwrap()
        .remove("expected");
    assert_eq!(refused(&value).1, "cases[0].expected");
}

#[test]
fn something_must_count() {
    let mut value = program();
    value["cases"][0]["weight"] = json!(0);
    let (status, field, message) = refused(&value);
    assert_eq!((status, field.as_str()), (422, "cases"));
    assert!(message.contains("weight"), "{message}");
    value["cases"] = json!([value["cases"][0], {"input": "", "expected": ""}]);
    assert!(Problem::from_value("id", &value).is_ok());
}

#[test]
fn a_case_too_many_is_named() {
    let mut value = program();
    let case = value["cases"][0].clone();
    value["cases"] = vec![case.clone(); MAX_CASES].into();
    assert_eq!(
        Problem::from_value("id", &value).unwrap().cases.len(),
        MAX_CASES
    );
    value["cases"].as_array_mut().unwrap().push(case);
    let (status, field, message) = refused(&value);
    assert_eq!((status, field.as_str()), (413, "cases[1000]"));
    assert!(message.contains("1000 at most, not 1001"), "{message}");
}

#[test]
fn the_case_that_is_over_the_size_is_named() {
    let mut value = program();
    let case = json!({"input": "x".repeat(1 << 20), "expected": ""});
    value["cases"] = vec![case; 6].into();
    let (status, field, message) = refused(&value);
    assert_eq!((status, field.as_str()), (413, "cases[3]"));
    assert!(message.contains("4194304"), "{message}");

    let (status, field, _) = refused(&with(
        program(),
        "/statement",
        json!("ä".repeat(MAX_STATEMENT_BYTES / 2 + 1)),
    ));
    assert_eq!((status, field.as_str()), (413, "statement"));
}

#[test]
fn the_size_is_that_of_what_is_kept() {
    let of = |bytes: usize| {
        let case = json!({"input": "x".repeat(bytes), "expected": "", "hidden": true, "weight": 2});
        with(program(), "/cases/0", case)
    };
    let frame = Problem::from_value("id", &of(0))
        .unwrap()
        .to_value()
        .to_string()
        .len();
    let problem = Problem::from_value("id", &of(MAX_BYTES - frame)).unwrap();
    let text = problem.to_value().to_string();
    assert_eq!(text.len(), MAX_BYTES);
    assert_eq!(Problem::from_body("id", text.as_bytes()), Ok(problem));
    assert_eq!(refused(&of(MAX_BYTES - frame + 1)).0, 413);
}

#[test]
fn a_body_is_json_and_not_too_large() {
    let refused = |body: &[u8]| {
        let error = Problem::from_body("id", body).unwrap_err();
        (error.status().as_u16(), error.field().map(str::to_owned))
    };
    let body = Some("body".to_owned());
    assert_eq!(refused(b"{"), (400, body.clone()));
    assert_eq!(refused(&vec![b' '; MAX_BYTES + 1]), (413, body));
    let text = function().to_string();
    assert!(Problem::from_body("id", text.as_bytes()).is_ok());
}
