//! For any signature and any value: value → harness (real interpreters) → frame → value
//! is the identity, and a changed value is another.

use harness::Harness::{self, JavaScript, Php, Python, Ruby, TypeScript};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Map, Value, json};
use shared::domain::problem::types::Type;
use shared::domain::problem::{Answer, Param, Signature};

use crate::run::run_with;
use crate::toolchain::Toolchain;

/// A process each for the languages that need no compiler; each with up to 30 values of one
/// type.
const SIGNATURES: u32 = 40;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: SIGNATURES,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_value_comes_back_as_it_went((ty, values) in typed_values()) {
        for (harness, code) in [
            (Python, "def same(x): return x"),
            (JavaScript, "function same(x) { return x; }"),
            (Ruby, "def same(x) = x"),
            (Php, "function same($x) { return $x; }"),
        ] {
            if Toolchain::of(harness).is_some() {
                holds(harness, code, &ty, &values)?;
            }
        }
    }
}

fn holds(harness: Harness, code: &str, ty: &Type, values: &[Value]) -> Result<(), TestCaseError> {
    let signature = Signature {
        name: "same".into(),
        params: vec![Param {
            name: "x".into(),
            ty: ty.clone(),
        }],
        returns: ty.clone(),
        answer: Answer::Returned,
    };
    let cases: Vec<Value> = values.iter().map(|value| json!([value])).collect();
    let ran = run_with(harness, &signature, code, &cases, |_| false);
    prop_assert_eq!(ran.code, Some(0), "{:?}", ran);
    prop_assert!(ran.frames.load.is_none());
    for (index, value) in values.iter().enumerate() {
        let expected = as_the_language_has_it(harness, ty, value);
        let got = ran.value(index);
        prop_assert_eq!(got, &expected, "{:?} {}", harness, ty);
        // `==` of Value does not tell -0.0 from 0.0; the text does.
        prop_assert_eq!(got.to_string(), expected.to_string());
        prop_assert_ne!(got.to_string(), changed(value).to_string());
    }
    Ok(())
}

/// `float` makes a whole number one with a fraction. Under `any` JavaScript
/// does not tell 1.0 from 1.
pub(crate) fn as_the_language_has_it(harness: Harness, ty: &Type, value: &Value) -> Value {
    let inner = |of: &Type, value: &Value| as_the_language_has_it(harness, of, value);
    match (ty, value) {
        (Type::Float, Value::Number(number)) => json!(number.as_f64()),
        (Type::Any, Value::Number(number))
            if matches!(harness, JavaScript | TypeScript) && number.is_f64() =>
        {
            let float = number.as_f64().unwrap();
            let zero = float == 0.0 && float.is_sign_negative();
            if float.fract() == 0.0 && float.abs() < 9.0e18 && !zero {
                #[expect(clippy::cast_possible_truncation, reason = "whole and within 64 bits")]
                return json!(float as i64);
            }
            value.clone()
        }
        (
            Type::List(of) | Type::LinkedList(of) | Type::LinkedNodes(of) | Type::BinaryTree(of),
            Value::Array(items),
        ) => items.iter().map(|item| inner(of, item)).collect(),
        (Type::Any, Value::Array(items)) => items.iter().map(|item| inner(ty, item)).collect(),
        (Type::Map(_) | Type::Any, Value::Object(members)) => {
            let of = if let Type::Map(of) = ty { of } else { ty };
            let members = members
                .iter()
                .map(|(key, item)| (key.clone(), inner(of, item)));
            Value::Object(members.collect())
        }
        _ => value.clone(),
    }
}

/// Another value, as like this one as can be.
fn changed(value: &Value) -> Value {
    match value {
        Value::Null => json!(false),
        Value::Bool(yes) => json!(!yes),
        Value::Number(number) => match number.as_i64() {
            Some(number) => json!(number ^ 1),
            None => json!(-number.as_f64().unwrap()),
        },
        Value::String(text) => json!(format!("{text} ")),
        Value::Array(items) => {
            let mut items = items.clone();
            match items.pop() {
                Some(last) => items.push(changed(&last)),
                None => items.push(Value::Null),
            }
            items.into()
        }
        Value::Object(members) => {
            let mut members = members.clone();
            match members.values_mut().next() {
                Some(first) => *first = changed(first),
                None => drop(members.insert(String::new(), Value::Null)),
            }
            members.into()
        }
    }
}

fn typed_values() -> impl Strategy<Value = (Type, Vec<Value>)> {
    types().prop_flat_map(|ty| {
        let values = prop::collection::vec(values(&ty), 1..30);
        (Just(ty), values)
    })
}

fn types() -> impl Strategy<Value = Type> {
    let scalar = prop_oneof![
        Just(Type::Int),
        Just(Type::Float),
        Just(Type::String),
        Just(Type::Bool),
        Just(Type::Null),
        Just(Type::Any),
    ];
    scalar.prop_recursive(3, 6, 1, |inner| {
        let node = inner.clone().prop_map(|ty| match ty {
            // A node's value is never null.
            Type::Null
            | Type::Any
            | Type::LinkedList(_)
            | Type::LinkedNodes(_)
            | Type::BinaryTree(_) => Type::Int,
            other => other,
        });
        prop_oneof![
            inner.clone().prop_map(|of| Type::List(Box::new(of))),
            inner.prop_map(|of| Type::Map(Box::new(of))),
            node.clone().prop_map(|of| Type::LinkedList(Box::new(of))),
            node.prop_map(|of| Type::BinaryTree(Box::new(of))),
        ]
    })
}

pub(crate) fn values(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Int => ints().boxed(),
        Type::Float => prop_oneof![3 => floats(), 1 => ints()].boxed(),
        Type::String => strings().prop_map(Value::from).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Type::Null => Just(Value::Null).boxed(),
        Type::Any => anything().boxed(),
        Type::List(of) | Type::LinkedList(of) | Type::LinkedNodes(of) => {
            prop::collection::vec(values(of), 0..5)
                .prop_map(Value::from)
                .boxed()
        }
        Type::Map(of) => objects(values(of)).boxed(),
        Type::BinaryTree(of) => {
            let row = prop::collection::vec(prop::option::weighted(0.7, values(of)), 0..12);
            row.prop_map(|row| tree(&row)).boxed()
        }
    }
}

/// A tree in level order: as many of `row` as there are places for, and no
/// `null` at the end.
fn tree(row: &[Option<Value>]) -> Value {
    let mut places = 1_usize;
    let mut out = Vec::new();
    for value in row {
        if places == 0 {
            break;
        }
        places -= 1;
        if value.is_some() {
            places += 2;
        }
        out.push(json!(value));
    }
    while out.last().is_some_and(Value::is_null) {
        out.pop();
    }
    out.into()
}

fn ints() -> impl Strategy<Value = Value> {
    let edge = 1_i64 << 53;
    prop_oneof![
        any::<i64>(),
        -9_i64..9,
        (edge - 2)..(edge + 2),
        (-edge - 2)..(-edge + 2),
        Just(i64::MIN),
        Just(i64::MAX),
    ]
    .prop_map(Value::from)
}

fn floats() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
        -1.0e6..1.0e6,
        (-9_i32..9).prop_map(f64::from),
        Just(-0.0),
    ]
    .prop_map(Value::from)
}

fn strings() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,8}",
        "[\\x00-\\x1f\"\\\\\u{7f}\u{2028}\u{2029}\u{d7ff}\u{e000}\u{ffff}😀]{0,6}",
        "(\\$|__proto__|constructor|\\$int|toString|length|then)",
    ]
}

fn objects(of: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((strings(), of), 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

fn anything() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        ints(),
        floats(),
        strings().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            objects(inner.boxed()),
        ]
    })
}
