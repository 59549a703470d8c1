//! Functions: which values go in and come out, and what can go wrong.

use harness::Harness;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use shared::domain::problem::types::Type;
use shared::domain::problem::{Answer, Callable};

use super::Language;
use crate::forgery::none_passes;
use crate::property::{as_the_language_has_it, values};
use crate::run::{NONCE, signature};

const VALUES: usize = 500;
const TYPES: [&str; 20] = [
    "map<list<float>>",
    "linked_list<int>",
    "binary_tree<int>",
    "int",
    "float",
    "string",
    "bool",
    "list<list<string>>",
    "list<int>",
    "list<float>",
    "list<bool>",
    "map<int>",
    "list<linked_list<int>>",
    "map<binary_tree<int>>",
    "linked_nodes<int>",
    "linked_list<string>",
    "binary_tree<float>",
    "any",
    "list<any>",
    "null",
];

/// Values at the edges of types, which go before the random ones.
const EDGES: [(&str, &str); 13] = [
    (
        "int",
        "[0,-7,9007199254740993,-9223372036854775808,9223372036854775807]",
    ),
    (
        "float",
        "[1.0,-0.0,0.1,5e-324,1e300,1e22,-123456789.125,1.7976931348623157e308]",
    ),
    (
        "string",
        r##"["","a\u0000\u001e\n\r\"\\/\u2028\u2029\u007fé😀#{1}#$0$x\\n'?> ","\ufeff$int","\u0000\u0000"]"##,
    ),
    ("bool", "[true,false]"),
    ("null", "[null]"),
    ("list<list<string>>", r#"[[],[[],[""]]]"#),
    ("list<int>", "[[],[1,9007199254740993,-1]]"),
    ("list<float>", "[[1.0,2.5,-0.0]]"),
    ("list<linked_list<int>>", "[[[1],[],[2]]]"),
    (
        "map<list<float>>",
        r#"[{},{"b":[1.0],"":[2.0],"5":[],"__proto__":[0.5],"$int":[],"$$":[3.0],"constructor":[]}]"#,
    ),
    ("linked_list<int>", "[[],[1],[3,9007199254740993,1]]"),
    (
        "binary_tree<int>",
        "[[],[1],[1,null,2,3],[5,4,8,11,null,13,4,7,2,null,null,null,1]]",
    ),
    (
        "any",
        r#"[null,[],{},{"a":[true,9007199254740993,1,"x",-0.0,0.5,{},[],null],"0":{"0":{}}},[[[]],{"$":{"$$a":null},"__proto__":{"$int":"5"}}]]"#,
    ),
];

fn edges(ty: &Type) -> Vec<Value> {
    let name = ty.to_string();
    let found = EDGES.iter().find(|(of, _)| *of == name);
    let mut values: Vec<Value> = found.map_or_else(Vec::new, |(_, values)| {
        serde_json::from_str(values).unwrap()
    });
    if *ty == Type::Any {
        // As deep as a value may be.
        values.push((0..64).fold(json!(1), |value, _| json!([value])));
    }
    values
}
/// How many of them a language that compiles goes through as functions, a program each:
/// those that no other check has as a function's result. As methods it goes through all,
/// in one program.
const FIRST_TYPES: usize = 3;

pub(super) fn types() -> Vec<Type> {
    TYPES.map(|text| Type::parse(text).unwrap()).into()
}

/// Values of a type, and how the language writes each.
pub(super) fn examples(one: &Language, ty: &Type) -> (Vec<Value>, Vec<Value>) {
    let mut runner = TestRunner::default();
    let strategy = values(ty);
    let mut next = || strategy.new_tree(&mut runner).unwrap().current();
    // A text of C ends at a zero byte.
    let fits = |value: &Value| one.harness != Harness::C || !value.to_string().contains("\\u0000");
    let values: Vec<Value> = edges(ty)
        .into_iter()
        .chain(std::iter::repeat_with(&mut next))
        .filter(fits)
        .take(VALUES)
        .collect();
    let expected = values
        .iter()
        .map(|value| as_the_language_has_it(one.harness, ty, value));
    (values.clone(), expected.collect())
}

pub(super) fn every_type_comes_back(one: &Language) {
    let types = types();
    let count = if one.programs.compiled {
        FIRST_TYPES
    } else {
        types.len()
    };
    for (at, ty) in types.iter().enumerate() {
        let function = format!("same({ty}) -> {ty}");
        let signature = signature(&function);
        let callable = Callable::Function(&signature);
        let code = (one.programs.same)(ty);
        assert_eq!(
            one.harness.check(callable).is_ok(),
            code.is_some(),
            "{ty} is a type of the language, or is not"
        );
        let Some(code) = code.filter(|_| at < count) else {
            continue;
        };
        let (values, expected) = examples(one, ty);
        let cases: Vec<String> = values.iter().map(|value| format!("[{value}]")).collect();
        let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
        let told = one.run(callable, &code, &cases);
        assert_eq!(told.code, Some(0), "{ty} {told:?}");
        for (index, expected) in expected.iter().enumerate() {
            // The text tells -0.0 from 0.0.
            let got = told.value(index).to_string();
            assert_eq!(got, expected.to_string(), "{ty}");
        }
    }
}

const ON_INT: &str = "f(int) -> int";

fn calls(one: &Language, code: &str) -> super::told::Told {
    one.call(ON_INT, Answer::Returned, code, &["[1]", "[2]", "[3]"])
}

pub(super) fn errors(one: &Language) {
    let Some(code) = one.code("errors", one.programs.raises) else {
        return;
    };
    let told = calls(one, code);
    assert_eq!((told.value(0), told.value(2)), (json!(1), json!(3)));
    let error = told.failed(1, '!');
    assert_eq!(error["kind"], "error");
    let text = error["text"].as_str().unwrap();
    assert!(text.contains("no two") && text.len() <= 1_900, "{text}");
    assert!(!text.to_lowercase().contains("judge"), "{text}");
    assert_eq!(told.code, Some(0));
}

pub(super) fn memory(one: &Language) {
    let Some(code) = one.code("memory", one.programs.memory) else {
        return;
    };
    let told = calls(one, code);
    assert_eq!((told.value(0), told.value(2)), (json!(1), json!(3)));
    assert_eq!(told.failed(1, '!')["kind"], "memory");
}

pub(super) fn endless_loop(one: &Language) {
    let Some(code) = one.code("endless loop", one.programs.endless) else {
        return;
    };
    let signature = signature("f(int) -> list<int>");
    let cases = ["[0]", "[1]", "[2]", "[3]"];
    let told = one.run_until(Callable::Function(&signature), code, &cases, |out| {
        out.matches('\n').count() == 2
    });
    assert_eq!(told.code, None);
    assert_eq!(told.frames.len(), 2, "{told:?}");
    assert_eq!(told.value(0), Value::from(vec![0; 9]));
    assert_eq!(told.value(1), Value::from(vec![1; 9]));
}

pub(super) fn wrong_type(one: &Language) {
    let Some(code) = one.code("wrong type", one.programs.wrong_type) else {
        return;
    };
    let told = calls(one, code);
    if let Some(said) = &told.compiler {
        assert!(
            !said.trim().is_empty() && !said.contains("judge_"),
            "{said}"
        );
        return;
    }
    for index in 0..3 {
        let (mark, text) = told.frame(index);
        let as_it_is = mark == '=' && text == "\"x\"";
        assert!(as_it_is || mark == '?' || mark == '!', "{told:?}");
    }
}

pub(super) fn missing_function(one: &Language) {
    let Some(code) = one.code("missing function", one.programs.missing) else {
        return;
    };
    let (kind, text) = calls(one, code).load();
    assert!(kind == "missing" || kind == "compiler", "{kind}");
    let sentence = "The function `f` was not found in your code.";
    assert!(text.starts_with(sentence), "{text}");
}

pub(super) fn syntax_error(one: &Language) {
    let Some(code) = one.code("syntax error", one.programs.syntax) else {
        return;
    };
    let (kind, text) = calls(one, code).load();
    assert!(kind == "syntax" || kind == "compiler", "{kind}");
    let marks = [":2", "line 2", "(2,"];
    let names_line_2 = |line: &str| marks.iter().any(|mark| line.contains(mark));
    assert!(text.lines().any(names_line_2), "{text}");
    for word in ["judge", "harness"] {
        assert!(!text.contains(word), "{text}");
    }
}

pub(super) fn prints(one: &Language) {
    let Some(code) = one.code("prints", one.programs.prints) else {
        return;
    };
    let told = calls(one, code);
    let expected: String = (0..3)
        .map(|index| format!("\x1e{NONCE} {index} ={}\n", index + 1))
        .collect();
    assert_eq!(told.stdout, expected, "{}", told.stderr);
    assert!(told.stderr.contains("printed"), "{}", told.stderr);
}

pub(super) fn reads(one: &Language) {
    let Some(code) = one.code("reads", one.programs.reads) else {
        return;
    };
    assert_eq!(calls(one, code).values(), [json!(0), json!(0), json!(0)]);
}

pub(super) fn deep(one: &Language) {
    let Some(code) = one.code("deep recursion", one.programs.deep) else {
        return;
    };
    let told = one.call(ON_INT, Answer::Returned, code, &["[6000]"]);
    assert_eq!(told.values(), [json!(6000)]);
}

pub(super) fn odd_values(one: &Language) {
    let cases = ["[0]", "[1]", "[2]"];
    if let Some(code) = one.code("odd floats", one.programs.odd_floats) {
        let told = one.call("f(int) -> float", Answer::Returned, code, &cases);
        let texts = [0, 1, 2].map(|index| told.frame(index));
        assert_eq!(texts, [('=', "NaN"), ('=', "Infinity"), ('=', "-Infinity")]);
    }
    if let Some(code) = one.code("odd texts", one.programs.odd_text) {
        let told = one.call("f(int) -> string", Answer::Returned, code, &cases);
        for index in 0..3 {
            let (mark, text) = told.frame(index);
            let says = text.contains("a lone surrogate") || text.contains("not UTF-8");
            assert!(mark == '?' && says, "{told:?}");
        }
    }
}

/// The suites of single languages have more of them.
pub(super) fn forgeries(one: &Language) {
    let programs: Vec<(&str, String)> = one
        .programs
        .forgeries
        .iter()
        .map(|(name, code)| (*name, code.replace("NONCE", NONCE)))
        .collect();
    none_passes(one.harness, one.programs.honest, &programs);
}
