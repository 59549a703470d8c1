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
        Type::LinkedNodes(item) => (
            prop::collection::vec(value_of(item), 0..3),
            any::<prop::sample::Index>(),
            any::<bool>(),
        )
            .prop_map(|(values, cycle, has_cycle)| match values.len() {
                1.. if has_cycle => json!({ "cycle": cycle.index(values.len()), "values": values }),
                _ => values.into(),
            })
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

/// The type of a whole parameter or result.
fn whole_type() -> impl Strategy<Value = Type> {
    prop_oneof![
        6 => any_type(),
        1 => any_type().prop_map(|inner| Type::LinkedNodes(Box::new(inner))),
    ]
}

/// One case: name, arguments, expected value, hidden, weight.
type Parts = (Option<String>, Vec<Value>, Value, bool, u32);

/// One checker of each kind.
const CHECKERS: [Checker; 5] = [
    Checker::Exact,
    Checker::Lines { ignore_case: false },
    Checker::Tokens { ignore_case: true },
    Checker::Float {
        absolute: 0.5,
        relative: 1e-12,
        ignore_case: true,
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

/// A kind of answer that the signature can have, with the result's type and values.
fn answer_of(
    kind: usize,
    index: prop::sample::Index,
    params: &[Type],
    returns: Type,
) -> (Answer, Type, BoxedStrategy<Value>) {
    let changing: Vec<usize> = (0..params.len())
        .filter(|&at| params[at].can_change())
        .collect();
    let plain = value_of(&returns);
    if changing.is_empty() {
        return (Answer::Returned, returns, plain);
    }
    let at = changing[index.index(changing.len())];
    let argument = value_of(&params[at]);
    match kind {
        1 => (Answer::Argument(at), returns, argument),
        2 if matches!(params[at], Type::List(_)) => {
            (Answer::FirstOfArgument(at), Type::Int, argument)
        }
        3 if returns != Type::Null => {
            let both = (plain, argument).prop_map(|(one, other)| json!([one, other]));
            (Answer::both(at), returns, both.boxed())
        }
        4 if changing.len() > 1 => {
            let all = &changing[..changing.len().min(super::Parts::MAX)];
            let values: Vec<_> = all.iter().map(|&at| value_of(&params[at])).collect();
            let answer = Answer::Parts(super::Parts::new(false, all));
            (answer, returns, values.prop_map(Value::from).boxed())
        }
        _ => (Answer::Returned, returns, plain),
    }
}

/// A problem about a class with two methods, in whose cases the second is called on
/// an object with a name.
fn any_class_problem() -> impl Strategy<Value = Problem> {
    let types = || prop::collection::vec(whole_type(), 0..3);
    (types(), types(), types(), whole_type(), whole_type())
        .prop_flat_map(|(made, first, second, one, other)| {
            let values = |types: &[Type]| types.iter().map(value_of).collect::<Vec<_>>();
            let case = (
                values(&made),
                values(&made),
                values(&first),
                values(&second),
                value_of(&one),
                value_of(&other),
                any::<bool>(),
            );
            (
                Just([made, first, second]),
                Just([one, other]),
                prop::collection::vec(case, 1..3),
                prop::sample::select(&CHECKERS),
                prop::option::of(prop::sample::select(&CHECKERS)),
            )
        })
        .prop_map(
            |([made, first, second], [one, other], cases, checker, own)| {
                let params = |types: Vec<Type>| {
                    let param = |(at, ty)| Param {
                        name: format!("p{at}"),
                        ty,
                    };
                    types.into_iter().enumerate().map(param).collect()
                };
                let method = |name: &str, types, returns, checker| Method {
                    signature: Signature {
                        name: name.into(),
                        params: params(types),
                        returns,
                        answer: Answer::Returned,
                    },
                    checker,
                };
                let call = |head: Value, arguments: Vec<Value>| {
                    Value::from([vec![head], arguments].concat())
                };
                Problem {
                    id: id(),
                    title: "T".into(),
                    statement: String::new(),
                    kind: Kind::Class(ClassSignature {
                        name: "Store".into(),
                        params: params(made),
                        methods: vec![
                            method("get", first, one, None),
                            method("put", second, other, own),
                        ],
                    }),
                    checker_program: None,
                    cases: cases
                        .into_iter()
                        .map(|(made, again, first, second, one, other, ignored)| Case {
                            name: None,
                            input: json!([
                                call("Store".into(), made),
                                call(json!({ "new": "b" }), again),
                                call("get".into(), first),
                                call(json!({ "call": "put", "on": "b" }), second),
                            ])
                            .into(),
                            expected: json!([
                                null,
                                null,
                                one,
                                if ignored { json!({}) } else { other }
                            ])
                            .into(),
                            ignore: if ignored { vec![3] } else { Vec::new() },
                            hidden: ignored,
                            weight: 1,
                        })
                        .collect(),
                    checker,
                    limits: Limits::default(),
                    stop_on_first_fail: false,
                }
            },
        )
}

fn any_problem() -> impl Strategy<Value = Problem> {
    (
        prop::collection::vec(whole_type(), 0..4),
        whole_type(),
        0..5_usize,
        any::<prop::sample::Index>(),
    )
        .prop_flat_map(|(params, returns, kind, index)| {
            let arguments: Vec<_> = params.iter().map(value_of).collect();
            let (answer, returns, expected) = answer_of(kind, index, &params, returns);
            let case = (
                prop::option::of("[a-zä ]{1,20}"),
                arguments,
                expected,
                any::<bool>(),
                1..=MAX_WEIGHT,
            );
            (
                Just((params, returns, answer)),
                prop::collection::vec(case, 1..5),
                prop::sample::select(&CHECKERS),
                prop::option::of(1_u64..=120_000),
                prop::collection::btree_map("[a-z+]{1,8}", 0.1..=100.0, 0..3),
                any::<bool>(),
                ".{1,20}",
            )
        })
        .prop_map(
            |((params, returns, answer), cases, checker, time_ms, factors, stop, title)| Problem {
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
                    answer,
                }),
                cases: cases
                    .into_iter()
                    .map(|(name, input, expected, hidden, weight): Parts| Case {
                        name,
                        input: Value::from(input).into(),
                        expected: expected.into(),
                        ignore: Vec::new(),
                        hidden,
                        weight,
                    })
                    .collect(),
                checker,
                checker_program: None,
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

    #[test]
    fn a_stored_class_is_read_as_it_was(problem in any_class_problem()) {
        let text = problem.to_json();
        let read = Problem::from_body(&id(), text.as_bytes()).unwrap();
        prop_assert_eq!(&read, &problem);
        prop_assert_eq!(read.to_json(), text);
        let Shape::Parts(parts) = problem.shape(&problem.cases[0]) else {
            panic!("a class has answers to its calls");
        };
        prop_assert_eq!(parts[3].is_none(), problem.cases[0].hidden);
    }

    /// Wherever a member of a class is misspelt, its path is named.
    #[test]
    fn an_unknown_member_of_a_class_is_found(problem in any_class_problem(), place in 0..4_usize) {
        let (parent, field) = [
            ("/signature", "signature.hiden"),
            ("/signature/methods/1", "signature.methods[1].hiden"),
            ("/cases/0", "cases[0].hiden"),
            ("/cases/0/input/1/0", "cases[0].input[1][0]"),
        ][place];
        let mut value: Value = serde_json::from_str(&problem.to_json()).unwrap();
        value.pointer_mut(parent).unwrap()["hiden"] = true.into();
        let violation = Problem::from_value(&id(), &value).unwrap_err();
        prop_assert_eq!(violation.field, field);
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
