//! Fifty small problems of the kind that practice sites begin with, solved in every
//! language as people write them there.
//!
//! `fifty/problems.json` has their signatures and cases; `fifty/<language>.txt` the
//! solutions, each below a line `=== name`.
//!
//! Each is a function problem. Where a compiler takes a second for each program, the fifty
//! solutions are the methods of one class, which takes one compilation: [`merged`].

mod merged;

use std::collections::BTreeMap;

use harness::Harness;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::domain::problem::{Callable, ClassSignature, Method, Signature};

use crate::run::{Ran, run, run_callable, signature};
use crate::toolchain::Toolchain;

#[derive(Deserialize)]
struct Problem {
    name: String,
    /// `name:type`.
    params: Vec<String>,
    returns: String,
    /// Arguments and answer.
    cases: Vec<(Value, Value)>,
}

impl Problem {
    /// `name(type, type) -> type`.
    fn signature(&self) -> String {
        let types = self.params.iter();
        let types: Vec<&str> = types.map(|one| one.split_once(':').unwrap().1).collect();
        format!("{}({}) -> {}", self.name, types.join(", "), self.returns)
    }
}

/// The problems, each with its solution.
fn solved(text: &'static str) -> Vec<(Problem, &'static str)> {
    let problems: Vec<Problem> = serde_json::from_str(include_str!("fifty/problems.json")).unwrap();
    let parts = text.strip_prefix("=== ").unwrap().split("\n=== ");
    let solutions: BTreeMap<&str, &str> =
        parts.map(|part| part.split_once('\n').unwrap()).collect();
    assert_eq!((problems.len(), solutions.len()), (50, 50));
    let solved = |one: Problem| {
        let solution = solutions[one.name.as_str()];
        (one, solution)
    };
    problems.into_iter().map(solved).collect()
}

fn is_there(harness: Harness) -> bool {
    let found = Toolchain::of(harness).is_some();
    if !found {
        eprintln!("{} is not on this machine", harness.language());
    }
    found
}

/// Each solution is a program.
fn all_are_accepted(harness: Harness, text: &'static str) {
    if !is_there(harness) {
        return;
    }
    let mut wrong = Vec::new();
    for (problem, solution) in solved(text) {
        let inputs: Vec<Value> = problem.cases.iter().map(|case| case.0.clone()).collect();
        let ran = run(harness, &problem.signature(), solution, &inputs);
        for (index, (input, expected)) in problem.cases.iter().enumerate() {
            let answered = ran.frames.cases.contains_key(&index);
            if !answered || !same(ran.value(index), expected) {
                wrong.push(format!("{}{input}: {expected}, not {ran:?}", problem.name));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All solutions are one program, with a method for each: `code` makes it of them.
fn all_are_accepted_in_one(
    harness: Harness,
    text: &'static str,
    code: fn(&[(&str, &str)]) -> String,
) {
    if !is_there(harness) {
        return;
    }
    let solved = solved(text);
    let solutions = solved.iter().map(|(one, text)| (one.name.as_str(), *text));
    let code = code(&solutions.collect::<Vec<_>>());
    let method = |signature: Signature| Method {
        signature,
        checker: None,
    };
    let all = ClassSignature {
        name: "Fifty".into(),
        params: Vec::new(),
        methods: solved
            .iter()
            .map(|(one, _)| method(signature(&one.signature())))
            .collect(),
    };
    // A case for each problem: a call for each of its cases.
    let cases: Vec<String> = solved
        .iter()
        .enumerate()
        .map(|(at, (one, _))| {
            let call = |case: &(Value, Value)| {
                let mut call = vec![json!(0), json!(at), json!([])];
                call.extend(case.0.as_array().unwrap().iter().cloned());
                Value::from(call)
            };
            let calls = std::iter::once(json!([0, -1, []])).chain(one.cases.iter().map(call));
            Value::from(calls.collect::<Vec<_>>()).to_string()
        })
        .collect();
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let ran = run_callable(harness, Callable::Class(&all), &code, &cases);
    let is_right = |index: usize, one: &Problem, ran: &Ran| {
        let answers = ran.value(index).as_array().unwrap();
        let expected = one.cases.iter().map(|case| &case.1);
        answers.len() == one.cases.len() + 1
            && answers[1..]
                .iter()
                .zip(expected)
                .all(|(got, right)| same(got, right))
    };
    let wrong = solved.iter().enumerate().filter(|(index, (one, _))| {
        !ran.frames.cases.contains_key(index) || !is_right(*index, one, &ran)
    });
    let wrong: Vec<String> = wrong
        .map(|(index, (one, _))| format!("{}: {:?}", one.name, ran.frames.cases.get(&index)))
        .collect();
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), ran.stderr);
}

/// As the judge compares by default: a whole number counts as a float.
fn same(actual: &Value, expected: &Value) -> bool {
    match expected {
        Value::Number(number) if number.is_f64() => actual.as_f64() == expected.as_f64(),
        _ => actual == expected,
    }
}

#[test]
fn python() {
    all_are_accepted(Harness::Python, include_str!("fifty/python.txt"));
}

#[test]
fn javascript() {
    all_are_accepted(Harness::JavaScript, include_str!("fifty/javascript.txt"));
}

#[test]
fn typescript() {
    all_are_accepted(Harness::TypeScript, include_str!("fifty/typescript.txt"));
}

#[test]
fn ruby() {
    all_are_accepted(Harness::Ruby, include_str!("fifty/ruby.txt"));
}

#[test]
fn php() {
    all_are_accepted(Harness::Php, include_str!("fifty/php.txt"));
}

#[test]
fn c() {
    all_are_accepted(Harness::C, include_str!("fifty/c.txt"));
}

#[test]
fn cpp() {
    all_are_accepted_in_one(Harness::Cpp, include_str!("fifty/cpp.txt"), merged::cpp);
}

#[test]
fn java() {
    all_are_accepted_in_one(Harness::Java, include_str!("fifty/java.txt"), merged::java);
}

#[test]
fn go() {
    all_are_accepted_in_one(Harness::Go, include_str!("fifty/go.txt"), merged::go);
}

#[test]
fn csharp() {
    all_are_accepted_in_one(
        Harness::CSharp,
        include_str!("fifty/csharp.txt"),
        merged::csharp,
    );
}

#[test]
fn rust() {
    all_are_accepted_in_one(Harness::Rust, include_str!("fifty/rust.txt"), merged::rust);
}
