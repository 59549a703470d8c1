//! Classes: objects, calls and their results. A call is `[object, method, refs,
//! argument…]`, whose method is -1 for the constructor.

use harness::Harness;
use serde_json::{Value, json};
use shared::domain::problem::Callable;

use super::Language;
use super::functions::{examples, types};
use super::told::{Told, class, class_of};

const COUNTER: &str = "Counter(int); addUp(int) -> null; total() -> int; \
                       keep(list<int>) -> null; kept() -> list<int>";
const SHAKY: &str = "Shaky(int); get(int) -> int";

fn run(one: &Language, signature: &str, code: &str, cases: &[&str]) -> Told {
    one.run(Callable::Class(&class(signature)), code, cases)
}

pub(super) fn every_type_comes_back_from_methods(one: &Language) {
    let has = |ty: &_| (one.programs.same)(ty).is_some();
    let types: Vec<_> = types().into_iter().filter(has).collect();
    let signature = class_of(&types);
    let code = (one.programs.same_class)(&types);
    let (mut cases, mut all) = (Vec::new(), Vec::new());
    for (method, ty) in types.iter().enumerate() {
        let (values, expected) = examples(one, ty);
        for (values, expected) in values.chunks(100).zip(expected.chunks(100)) {
            let calls = values
                .iter()
                .map(|value| format!("[0,{method},[],{value}]"));
            let calls: Vec<String> = std::iter::once("[0,-1,[]]".to_owned())
                .chain(calls)
                .collect();
            cases.push(format!("[{}]", calls.join(",")));
            let mut answers = vec![Value::Null];
            answers.extend(expected.iter().cloned());
            all.push(Value::from(answers).to_string());
        }
    }
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let told = one.run(Callable::Class(&signature), &code, &cases);
    assert_eq!(told.code, Some(0), "{told:?}");
    for (index, expected) in all.iter().enumerate() {
        assert_eq!(&told.value(index).to_string(), expected);
    }
}

const COUNTS: [&str; 4] = [
    "[[0,-1,[],2],[0,0,[],5],[0,1,[]],[0,0,[],-9],[0,1,[]]]",
    // Two objects, by turns; nothing is left of the case before.
    "[[0,-1,[],1],[1,-1,[],100],[0,0,[],1],[1,0,[],2],[0,1,[]],[1,1,[]]]",
    // Each call has arguments of its own.
    "[[0,-1,[],0],[0,2,[],[1,2]],[0,3,[]],[0,2,[],[]],[0,3,[]]]",
    // A result is made anew for each call that takes it.
    "[[0,-1,[],0],[0,2,[],[5]],[0,3,[]],[1,-1,[],0],[1,2,[2],null],[1,3,[]],[0,3,[]],[1,2,[2],null],[1,3,[]]]",
];

fn counted(one: &Language, code: &str) {
    let told = run(one, COUNTER, code, &COUNTS);
    let expected = [
        json!([null, null, 7, null, -2]),
        json!([null, null, null, null, 2, 102]),
        json!([null, null, [2, 3], null, []]),
        json!([null, null, [6], null, null, [7], [6], null, [7]]),
    ];
    assert_eq!(told.values(), expected);
}

pub(super) fn objects(one: &Language) {
    if let Some(code) = one.code("counter", one.programs.counter) {
        counted(one, code);
    }
}

pub(super) fn own_style(one: &Language) {
    let row = one.programs.counter_own_style;
    if let Some(code) = one.code("counter in its own style", row) {
        counted(one, code);
    }
}

pub(super) fn results_as_arguments(one: &Language) {
    let Some(code) = one.code("codec", one.programs.codec) else {
        return;
    };
    let signature = "Codec(); encode(list<string>) -> string; decode(string) -> list<string>";
    let words = json!(["", "a b", "3:x,#/\\\"", "é😀\n"]);
    let one_object = json!([[0, -1, []], [0, 0, [], words], [0, 1, [1], null]]).to_string();
    let two = json!([
        [0, -1, []],
        [1, -1, []],
        [0, 0, [], ["x"]],
        [1, 1, [2], null],
        [0, 0, [3], null]
    ]);
    let told = run(one, signature, code, &[&one_object, &two.to_string()]);
    let [first, second] = &told.values()[..] else {
        panic!("{told:?}");
    };
    assert_eq!(first[2], words);
    assert_eq!((&second[3], &second[4]), (&json!(["x"]), &second[2]));
}

/// Calls that fail, calls that are announced, and one that is never done, in one program.
pub(super) fn failing_and_announced_calls(one: &Language) {
    let Some(code) = one.code("failing calls", one.programs.shaky) else {
        return;
    };
    let signature = class(SHAKY);
    let mut program = one.build(Callable::Class(&signature), code).unwrap();
    let cases = [
        "[[0,-1,[],1],[0,0,[],5],[0,0,[],13],[0,0,[],6]]",
        "[[0,-1,[],13],[0,0,[],5]]",
        "[[0,-1,[],1],[0,0,[],7]]",
    ];
    let told = program.run(&cases, |_| false);
    for (case, call) in [(0, 2), (1, 0)] {
        let error = told.failed(case, '!');
        assert_eq!(
            (&error["kind"], &error["call"]),
            (&json!("error"), &json!(call))
        );
        let text = error["text"].as_str().unwrap();
        assert!(text.contains("no thirteen"), "{text}");
        // By the user's own file, in a language that tells the place.
        let places = !matches!(one.harness, Harness::C | Harness::Cpp | Harness::CSharp);
        assert!(!places || text.to_lowercase().contains("main."), "{text}");
        assert!(!text.to_lowercase().contains("judge"), "{text}");
    }
    assert_eq!(told.value(2), json!([null, 7]));
    assert_eq!(told.code, Some(0));
    assert!(announced(&told).is_empty(), "{told:?}");

    let cases = ["[[0,-1,[],1],[0,0,[],5],[0,0,[],99],[0,0,[],6]]"];
    let told = program.run(&cases, |out| out.contains(">2\n"));
    assert_eq!(told.code, None);
    assert_eq!(announced(&told), ["0 0", "0 1", "0 2"]);
    assert_eq!(told.frames.len(), 3);
    // Too many calls, each of which would write.
    for (count, announces) in [(1_000, true), (1_001, false)] {
        let mut calls = vec![json!([0, -1, [], 1])];
        calls.resize(count, json!([0, 0, [], 5]));
        let told = program.run(&[&Value::from(calls).to_string()], |_| false);
        assert_eq!(announced(&told).len(), if announces { count } else { 0 });
        assert_eq!(told.value(0).as_array().unwrap().len(), count);
    }
}

/// The calls that a program said it begins.
fn announced(told: &Told) -> Vec<String> {
    let frames = told.frames.iter().filter(|frame| frame.mark == '>');
    frames
        .map(|frame| format!("{} {}", frame.index, frame.text))
        .collect()
}

pub(super) fn no_json(one: &Language) {
    let Some(code) = one.code("results that are no JSON", one.programs.no_json) else {
        return;
    };
    let told = run(one, SHAKY, code, &["[[0,-1,[],1],[0,0,[],5]]"]);
    let odd = told.failed(0, '?');
    assert_eq!(odd["call"], 1);
    assert!(!odd["text"].as_str().unwrap().is_empty());
}

fn refused(one: &Language, code: &str, sentence: &str) {
    let (kind, text) = run(one, COUNTER, code, &COUNTS).load();
    assert!(kind == "missing" || kind == "compiler", "{kind}");
    assert!(text.starts_with(sentence), "{text}");
}

pub(super) fn missing_method(one: &Language) {
    if let Some(code) = one.code("missing method", one.programs.no_method) {
        let sentence = "The method `total` of the class `Counter` was not found in your code.";
        refused(one, code, sentence);
    }
}

pub(super) fn missing_class(one: &Language) {
    if let Some(code) = one.code("missing class", one.programs.no_class) {
        refused(one, code, "The class `Counter` was not found in your code.");
    }
}
