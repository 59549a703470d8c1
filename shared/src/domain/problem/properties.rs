//! Properties of random problems: nothing is lost on the way into the store and
//! back, and an unknown member is found wherever it is.

use proptest::prelude::*;
use serde_json::{Value, json};
use strum::VariantNames as _;

use super::*;

fn id() -> ProblemId {
    ProblemId::parse("id", "id").unwrap()
}

/// A value of the type, often at its edges.
fn value_of(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Int => any::<i64>().prop_map(Value::from).boxed(),
        Type::Float => prop_oneof![
            any::<i32>().prop_map(Value::from),
            (-1e300..1e300).prop_map(Value::from),
            (-1.0..1.0).prop_map(Value::from),
            Just(json!(-0.0)),
        ]
        .boxed(),
        Type::String => ".{0,8}".prop_map(Value::from).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Type::Null => Just(Value::Null).boxed(),
        Type::Any => prop_oneof![
            Just(json!(null)),
            Just(json!({"a": [1, 1.5, "x"]})),
            any::<u64>().prop_map(Value::from),
        ]
        .boxed(),
        // A root at most: a `null` has no children.
        Type::BinaryTree(item) => prop::collection::vec(value_of(item), 0..2)
            .prop_map(Value::from)
            .boxed(),
        Type::List(item) | Type::LinkedList(item) => prop::collection::vec(value_of(item), 0..3)
            .prop_map(Value::from)
            .boxed(),
        Type::Map(item) => prop::collection::btree_map("[a-c]{1,2}", value_of(item), 0..3)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
            .boxed(),
    }
}

fn any_type() -> impl Strategy<Value = Type> {
    let plain = prop_oneof![
        Just(Type::Int),
        Just(Type::Float),
        Just(Type::String),
        Just(Type::Bool),
        Just(Type::Null),
        Just(Type::Any),
    ];
    plain.prop_recursive(3, 6, 1, |inner| {
        (inner, 0..4).prop_map(|(inner, shape)| {
            let inner = Box::new(inner);
            match shape {
                0 => Type::List(inner),
                1 => Type::Map(inner),
                2 => Type::LinkedList(inner),
                _ => Type::BinaryTree(inner),
            }
        })
    })
}

/// One case: name, arguments, expected value, hidden, weight.
type Parts = (Option<String>, Vec<Value>, Value, bool, u32);

/// One checker of each kind.
const CHECKERS: [Checker; 5] = [
    Checker::Exact,
    Checker::Lines,
    Checker::Tokens,
    Checker::Float {
        absolute: 0.5,
        relative: 1e-12,
    },
    Checker::Unordered { depth: 3 },
];

#[test]
fn every_kind_of_checker_is_generated() {
    let kinds = CHECKERS.map(|checker| std::mem::discriminant(&checker));
    for (index, kind) in kinds.iter().enumerate() {
        assert!(!kinds[..index].contains(kind));
    }
    assert_eq!(CHECKERS.len(), Checker::VARIANTS.len());
}

fn any_problem() -> impl Strategy<Value = Problem> {
    (prop::collection::vec(any_type(), 0..4), any_type())
        .prop_flat_map(|(params, returns)| {
            let arguments: Vec<_> = params.iter().map(value_of).collect();
            let case = (
                prop::option::of("[a-zä ]{1,20}"),
                arguments,
                value_of(&returns),
                any::<bool>(),
                1_u32..=1_000_000,
            );
            (
                Just((params, returns)),
                prop::collection::vec(case, 1..5),
                prop::sample::select(&CHECKERS),
                prop::option::of(1_u64..=120_000),
                prop::collection::btree_map("[a-z+]{1,8}", 0.1..=100.0, 0..3),
                any::<bool>(),
                ".{1,20}",
            )
        })
        .prop_map(
            |((params, returns), cases, checker, time_ms, factors, stop, title)| Problem {
                id: id(),
                statement: title.repeat(2),
                title,
                kind: Kind::Function(Signature {
                    name: "solve".into(),
                    params: params
                        .into_iter()
                        .enumerate()
                        .map(|(index, ty)| Param {
                            name: format!("p{index}"),
                            ty,
                        })
                        .collect(),
                    returns,
                }),
                cases: cases
                    .into_iter()
                    .map(|(name, input, expected, hidden, weight): Parts| Case {
                        name,
                        input: Value::from(input).into(),
                        expected: expected.into(),
                        hidden,
                        weight,
                    })
                    .collect(),
                checker,
                limits: Limits {
                    time_ms,
                    memory_bytes: time_ms.map(|ms| (1 << 20) + ms),
                    output_bytes: time_ms,
                    factors: factors.into_iter().collect(),
                },
                stop_on_first_fail: stop,
            },
        )
}

proptest! {
    #[test]
    fn a_stored_problem_is_read_as_it_was(problem in any_problem()) {
        let text = problem.to_json();
        let read = Problem::from_body(&id(), text.as_bytes()).unwrap();
        prop_assert_eq!(&read, &problem);
        prop_assert_eq!(read.to_json(), text);
    }

    /// Wherever a member is misspelt, its path is named.
    #[test]
    fn an_unknown_member_is_found_anywhere(problem in any_problem(), place in 0..5_usize) {
        let (parent, field) = [
            ("", "hiden"),
            ("/signature", "signature.hiden"),
            ("/cases/0", "cases[0].hiden"),
            ("/limits", "limits.hiden"),
            ("/checker", "checker.hiden"),
        ][place];
        let mut value: Value = serde_json::from_str(&problem.to_json()).unwrap();
        prop_assume!(value.pointer(parent).is_some_and(Value::is_object));
        value.pointer_mut(parent).unwrap()["hiden"] = true.into();
        let violation = Problem::from_value(&id(), &value).unwrap_err();
        prop_assert_eq!(violation.field, field);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Problem::from_body(&id(), &bytes);
    }
}
