//! Fifty small problems of the kind that practice sites begin with, solved in every
//! language as people write them there.
//!
//! `fifty/problems.json` has their signatures and cases; `fifty/<language>.txt` the
//! solutions, each below a line `=== name`.

use std::collections::BTreeMap;

use harness::Harness;
use serde::Deserialize;
use serde_json::Value;

use crate::run::run;
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

fn solutions(text: &'static str) -> BTreeMap<&'static str, &'static str> {
    let parts = text.strip_prefix("=== ").unwrap().split("\n=== ");
    parts.map(|part| part.split_once('\n').unwrap()).collect()
}

fn all_are_accepted(harness: Harness, text: &'static str) {
    let Some(_) = Toolchain::of(harness) else {
        eprintln!("{} is not on this machine", harness.language());
        return;
    };
    let problems: Vec<Problem> = serde_json::from_str(include_str!("fifty/problems.json")).unwrap();
    let solutions = solutions(text);
    assert_eq!((problems.len(), solutions.len()), (50, 50));
    let mut wrong = Vec::new();
    for problem in &problems {
        let types = problem.params.iter();
        let types: Vec<&str> = types.map(|one| one.split_once(':').unwrap().1).collect();
        let signature = format!(
            "{}({}) -> {}",
            problem.name,
            types.join(", "),
            problem.returns
        );
        let inputs: Vec<Value> = problem.cases.iter().map(|case| case.0.clone()).collect();
        let ran = run(
            harness,
            &signature,
            solutions[problem.name.as_str()],
            &inputs,
        );
        for (index, (input, expected)) in problem.cases.iter().enumerate() {
            if ran.frames.cases.contains_key(&index) && same(ran.value(index), expected) {
                continue;
            }
            wrong.push(format!("{}{input}: {expected}, not {ran:?}", problem.name));
            break;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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

/// Those whose fifty compilations take a minute or more each:
/// `cargo test -p harness --test languages -- --ignored fifty`.
mod slow {
    use super::*;

    #[test]
    #[ignore = "fifty compilations take a minute"]
    fn cpp() {
        all_are_accepted(Harness::Cpp, include_str!("fifty/cpp.txt"));
    }

    #[test]
    #[ignore = "fifty compilations take a minute"]
    fn java() {
        all_are_accepted(Harness::Java, include_str!("fifty/java.txt"));
    }

    #[test]
    #[ignore = "fifty compilations take a minute"]
    fn go() {
        all_are_accepted(Harness::Go, include_str!("fifty/go.txt"));
    }

    #[test]
    #[ignore = "fifty compilations take a minute"]
    fn csharp() {
        all_are_accepted(Harness::CSharp, include_str!("fifty/csharp.txt"));
    }

    #[test]
    #[ignore = "fifty compilations take a minute"]
    fn rust() {
        all_are_accepted(Harness::Rust, include_str!("fifty/rust.txt"));
    }
}
