//! What the tests of Java, Go and C# have in common: a class with a method for each
//! type or value, since each run of a compiler takes a second.

use harness::{Harness, compiler_output};
use serde_json::{Value, json};
use shared::domain::problem::{Answer, Callable, Signature};
use shared::json::Json;

use crate::every::class;
use crate::run::{run_callable, signature};
use crate::toolchain::Toolchain;

/// For each type its values, as a JSON array, and a method that returns its argument;
/// `@` stands for its number. `code` has the class `Same`; `@` in it for the methods.
pub(crate) fn come_back(harness: Harness, code: &str, types: &[(&str, &str, &str)]) {
    let mut text = String::new();
    let mut methods = Vec::new();
    let mut calls = "[[0,-1,[]]".to_owned();
    let mut expected = "[null".to_owned();
    for (index, (ty, method, values)) in types.iter().enumerate() {
        text += &method.replace('@', &index.to_string());
        text.push('\n');
        methods.push(format!("same{index}({ty}) -> {ty}"));
        let parsed = Json::parse(values.as_bytes()).unwrap();
        for value in parsed.items().unwrap() {
            calls += &format!(",[0,{index},[],{}]", value.as_str());
            expected += &format!(",{}", value.as_str());
        }
    }
    let same = class(&format!("Same(); {}", methods.join("; ")));
    let code = code.replace('@', &text);
    let ran = run_callable(
        harness,
        Callable::Class(&same),
        &code,
        &[&(calls + "]"), "[[0,-1,[]]]"],
    );
    assert_eq!(ran.text(0), expected + "]", "{}", ran.stderr);
}

/// For each type a method that returns what JSON cannot hold, and what is said of it.
pub(crate) fn are_told(harness: Harness, code: &str, values: &[(&str, &str, &str)]) {
    let mut text = String::new();
    let mut methods = Vec::new();
    let mut cases = Vec::new();
    for (index, (ty, method, _)) in values.iter().enumerate() {
        text += &method.replace('@', &index.to_string());
        text.push('\n');
        methods.push(format!("odd{index}() -> {ty}"));
        cases.push(format!("[[0,-1,[]],[0,{index},[]]]"));
    }
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let odd = class(&format!("Odd(); {}", methods.join("; ")));
    let code = code.replace('@', &text);
    let ran = run_callable(harness, Callable::Class(&odd), &code, &cases);
    for (index, (_, method, why)) in values.iter().enumerate() {
        let line = ran.stdout.lines().nth(index).unwrap_or_default();
        let got = line.split_once('?').map_or(line, |(_, got)| got);
        let got: Value = serde_json::from_str(got).unwrap_or_else(|_| got.into());
        assert_eq!(got, json!({"text": why, "call": 1}), "{method} {ran:?}");
    }
}

/// What was returned and the second argument are the answer. `code` has `change`, which
/// gives the root of a tree a left child 9, and binds another value to its name.
pub(crate) fn the_second_argument_is_in_the_answer(harness: Harness, code: &str) {
    let f = Signature {
        answer: Answer::both(1),
        ..signature("change(linked_list<int>, binary_tree<int>) -> null")
    };
    let cases = ["[[1,2,3],[1,null,2]]", "[[],[]]"];
    let ran = run_callable(harness, Callable::Function(&f), code, &cases);
    assert_eq!((ran.text(0), ran.text(1)), ("[null,[1,9,2]]", "[null,[]]"));
}

/// What is shown of the compiler's words, for a function `f(int) -> int`; `…` at the end
/// stands for words that differ between versions.
pub(crate) fn compiler_says(harness: Harness, said: &[(&str, &str)]) {
    let f = signature("f(int) -> int");
    for (code, expected) in said {
        let source = harness.source(Callable::Function(&f), code).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let toolchain = Toolchain::of(harness).unwrap();
        let text = toolchain.prepare(folder.path(), &source).unwrap_err();
        let shown = compiler_output(&text);
        match expected.strip_suffix('…') {
            Some(start) => assert!(shown.starts_with(start), "{shown}{text}"),
            None => assert_eq!(shown, *expected, "{text}"),
        }
    }
}

/// What a solver begins with compiles, takes an argument of each type and answers
/// something.
pub(crate) fn starters_run(harness: Harness, function: &str, methods: &str) {
    let starter = |callable| {
        let all = harness::starters(callable);
        all[harness.language()].as_str().unwrap().to_owned()
    };
    let f = signature(
        "f(int, float, bool, string, list<list<int>>, list<map<list<float>>>, any, linked_list<int>, binary_tree<int>) -> int",
    );
    let code = starter(Callable::Function(&f));
    assert!(code.contains(function), "{code}");
    let case = r#"[9007199254740993,0.5,true,"x",[[1],[]],[{"k":[1]}],null,[9007199254740993],[1,null,2]]"#;
    let ran = run_callable(harness, Callable::Function(&f), &code, &[case]);
    assert_eq!(ran.text(0), "0", "{code}");
    let of = class("LruCache(int); getOne(int) -> int; put(int, string) -> null; any() -> bool");
    let code = starter(Callable::Class(&of));
    assert!(code.contains(methods), "{code}");
    let calls = r#"[[0,-1,[],1],[0,1,[],1,"x"],[0,0,[],1],[0,2,[]]]"#;
    let ran = run_callable(harness, Callable::Class(&of), &code, &[calls, calls]);
    assert_eq!(ran.text(0), "[null,null,0,false]", "{code}");
}
