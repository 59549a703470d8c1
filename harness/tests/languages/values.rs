//! Which values go in and come out, in Python and JavaScript, and which do not.

use harness::Harness::{JavaScript, Python};
use serde_json::{Value, json};

use crate::run::run;

/// What is said of a function that returns nothing where a value is expected.
const NOTHING: &str =
    "nothing: the function returned no value, and printing one does not return it";

#[test]
fn arguments_are_of_their_types() {
    let code = "def kinds(a, b, c, d): return [type(x).__name__ for x in (a, b, c[0], d['k'])]";
    let ran = run(
        Python,
        "kinds(float, int, list<float>, map<float>) -> any",
        code,
        &[json!([1, 2, [3], {"k": 4}])],
    );
    assert_eq!(ran.value(0), &json!(["float", "int", "float", "float"]));

    let code = "const kinds = (a, b, c, d) => [a, b, c, d.k].map((x) => typeof x);";
    let big = 9_007_199_254_740_993_i64;
    let ran = run(
        JavaScript,
        "kinds(float, int, any, map<float>) -> any",
        code,
        &[
            json!([big, big, big, {"k": big}]),
            json!([1, 1, 1, {"k": 1}]),
        ],
    );
    assert_eq!(
        ran.value(0),
        &json!(["number", "bigint", "bigint", "number"])
    );
    assert_eq!(
        ran.value(1),
        &json!(["number", "number", "number", "number"])
    );
}

#[test]
fn javascript_numbers_are_written_by_the_signature() {
    for (ty, expression, expected) in [
        ("float", "1", "1.0"),
        ("float", "[1, {a: 2}]", r#"[1,{"a":2}]"#),
        (
            "list<float>",
            "[1, -0, 1e21, 1e-7]",
            "[1.0,-0.0,1e+21,1e-7]",
        ),
        ("map<float>", "new Map([['a', 1]])", r#"{"a":1.0}"#),
        ("int", "-0", "0"),
        ("int", "2 ** 60", "1152921504606846976"),
        ("int", "0.5", "0.5"),
        ("any", "-0", "-0.0"),
        ("any", "1e300", "1e+300"),
        ("any", "2 ** 60", "1152921504606846976"),
        ("any", "2n ** 62n", "4611686018427387904"),
        ("any", "undefined", "null"),
        ("null", "undefined", "null"),
        ("list<int>", "new Int32Array([1, 2])", "[1,2]"),
        (
            "any",
            "Object.assign(Object.create(null), {a: 1})",
            r#"{"a":1}"#,
        ),
    ] {
        let code = format!("const f = () => ({expression});");
        let ran = run(JavaScript, &format!("f() -> {ty}"), &code, &[json!([])]);
        let frame = format!("\u{1e}{} 0 ={expected}\n", crate::run::NONCE);
        assert_eq!(ran.stdout, frame, "{ty} {expression} {}", ran.stderr);
    }
}

#[test]
fn python_results_are_written_from_what_they_are() {
    let code = r#"
import collections, enum
class S(str):
    def __str__(self): return "lie"
class I(int):
    def __repr__(self): return "99"
    def __index__(self): return 99
class L(list):
    def __iter__(self): return iter([9, 9])
class D(dict):
    def items(self): return []
class E(enum.IntEnum):
    A = 5
P = collections.namedtuple("P", "x y")
def f(k):
    return [
        (1, (2.0, None)), collections.Counter("aab"), collections.OrderedDict(b=1), S("true"),
        I(3), L([1]), D(a=1), E.A, P(1, True), 1e16, 10**18,
    ][k]
"#;
    let expected = [
        "[1,[2.0,null]]",
        r#"{"a":2,"b":1}"#,
        r#"{"b":1}"#,
        r#""true""#,
        "3",
        "[1]",
        r#"{"a":1}"#,
        "5",
        "[1,true]",
        "1e+16",
        "1000000000000000000",
    ];
    let cases: Vec<Value> = (0..expected.len()).map(|k| json!([k])).collect();
    let ran = run(Python, "f(int) -> any", code, &cases);
    for (index, (line, expected)) in ran.stdout.lines().zip(expected).enumerate() {
        assert_eq!(
            line,
            format!("\u{1e}{} {index} ={expected}", crate::run::NONCE)
        );
    }
    assert_eq!(ran.frames.cases.len(), expected.len());
}

#[test]
fn what_json_cannot_hold_is_told() {
    let python = [
        ("any", "float('nan')", "nan"),
        ("any", "[1, float('-inf')]", "-inf"),
        ("list<int>", "[float('inf')]", "inf"),
        ("int", "2**63", "a whole number beyond 64 bits"),
        ("int", "-2**63 - 1", "a whole number beyond 64 bits"),
        ("int", "10**5000", "a whole number beyond 64 bits"),
        ("string", r"'\ud800'", "a lone surrogate"),
        ("any", r"{'\udfff': 1}", "a lone surrogate"),
        ("any", "(lambda x: x.append(x) or x)([])", "a cycle"),
        ("any", "(lambda x: x.update(a=[x]) or x)({})", "a cycle"),
        (
            "any",
            "__import__('functools').reduce(lambda x, _: [x], range(65), 1)",
            "nested deeper than 64",
        ),
        ("any", "{1, 2}", "a value of type set"),
        ("any", "b'x'", "a value of type bytes"),
        ("any", "ListNode(1)", "a value of type ListNode"),
        ("any", "[object()]", "a value of type object"),
        ("any", "(x for x in [1])", "a value of type generator"),
        ("any", "{1: 2}", "a key of type int"),
        ("any", "{None: 2}", "a key of type NoneType"),
        ("any", "1j", "a value of type complex"),
        (
            "linked_list<int>",
            "(lambda n: setattr(n, 'next', n) or n)(ListNode(1))",
            "a cycle",
        ),
        ("linked_list<int>", "[1]", "a value of type list"),
        (
            "linked_list<int>",
            "ListNode(None)",
            "a node without a value",
        ),
        (
            "binary_tree<int>",
            "(lambda n: setattr(n, 'left', n) or n)(TreeNode(1))",
            "a cycle",
        ),
        ("binary_tree<int>", "5", "a value of type int"),
        ("int", "None", NOTHING),
        ("list<int>", "None", NOTHING),
    ];
    for (ty, expression, expected) in python {
        let code = format!("def f(): return {expression}");
        let ran = run(Python, &format!("f() -> {ty}"), &code, &[json!([])]);
        assert_eq!(ran.not_json(0), expected, "{expression}");
        assert_eq!(ran.code, Some(0));
    }
    let javascript = [
        ("int", "NaN", "NaN"),
        ("any", "[1, -Infinity]", "-Infinity"),
        ("int", "2 ** 63", "a whole number beyond 64 bits"),
        ("any", "2n ** 63n", "a whole number beyond 64 bits"),
        ("int", "-(2n ** 63n) - 1n", "a whole number beyond 64 bits"),
        ("string", r"'\ud800'", "a lone surrogate"),
        ("any", r"({'x\udc00y': 1})", "a lone surrogate"),
        ("any", "((x) => { x.push(x); return x; })([])", "a cycle"),
        (
            "any",
            "((x) => { x.set('a', [x]); return x; })(new Map())",
            "a cycle",
        ),
        (
            "any",
            "Array(65).fill().reduce((x) => [x], 1)",
            "nested deeper than 64",
        ),
        ("any", "[undefined]", "undefined"),
        ("any", "[, 1]", "undefined"),
        ("int", "undefined", NOTHING),
        ("list<int>", "null", NOTHING),
        ("any", "() => 1", "function"),
        ("any", "Symbol('x')", "symbol"),
        ("any", "new Set([1])", "a value of type Set"),
        ("any", "new Date(0)", "a value of type Date"),
        ("any", "new Map([[1, 2]])", "a key of type number"),
        ("any", "new (class Box {})()", "a value of type Box"),
        ("any", "new ListNode(1)", "a value of type ListNode"),
        ("any", "new Number(5)", "a value of type Number"),
        (
            "linked_list<int>",
            "((n) => { n.next = n; return n; })(new ListNode(1))",
            "a cycle",
        ),
        ("linked_list<int>", "[1]", "no node"),
        (
            "binary_tree<int>",
            "((n) => { n.right = n; return n; })(new TreeNode(1))",
            "a cycle",
        ),
        ("binary_tree<int>", "5", "no node"),
    ];
    for (ty, expression, expected) in javascript {
        let code = format!("const f = () => ({expression});");
        let ran = run(JavaScript, &format!("f() -> {ty}"), &code, &[json!([])]);
        assert_eq!(ran.not_json(0), expected, "{expression}");
        assert_eq!(ran.code, Some(0));
    }
}

#[test]
fn a_huge_result_is_written_whole() {
    let n = 400_000;
    for (harness, code) in [
        (Python, "def f(n): return list(range(n))"),
        (JavaScript, "const f = (n) => [...Array(n).keys()];"),
    ] {
        let ran = run(
            harness,
            "f(int) -> list<int>",
            code,
            &[json!([n]), json!([1])],
        );
        assert_eq!(ran.value(0).as_array().unwrap().len(), n);
        assert_eq!(ran.value(1), &json!([0]));
    }
}
