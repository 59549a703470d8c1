//! The order of members, and the floats that JSON has no number for, in every
//! language with a harness.

use harness::Harness::{Cpp, JavaScript, Php, Python, Ruby, TypeScript};
use proptest::prelude::*;

use crate::run::run_texts;

/// Members that no sort leaves where they are.
const UNSORTED: &str = r#"{"zeta":1,"Alpha":2,"mid":3,"alpha":4,"":5,"é":6,"$b":7,"__proto__":8}"#;

const KEYS: &str = r#"["zeta","Alpha","mid","alpha","","é","$b","__proto__"]"#;

fn keys(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn members_reach_the_function_in_the_order_in_which_they_were_written() {
    for (harness, code) in [
        (Python, "def f(x): return [k for k in x]"),
        (JavaScript, "const f = (x) => Object.keys(x);"),
        (
            TypeScript,
            "function f(x: Record<string, number>): string[] { return Object.keys(x); }",
        ),
    ] {
        for ty in ["map<int>", "any"] {
            let signature = format!("f({ty}) -> list<string>");
            let ran = run_texts(harness, &signature, code, &[format!("[{UNSORTED}]")]);
            assert_eq!(keys(ran.text(0)), keys(KEYS), "{harness:?} {ty}");
        }
        // At every depth.
        let deep = r#"[[{"b":{"z":0,"a":0}}]]"#;
        let code = match harness {
            Python => "def f(x): return [k for k in x[0]['b']]",
            JavaScript => "const f = (x) => Object.keys(x[0].b);",
            _ => "const f = (x: any): string[] => Object.keys(x[0].b);",
        };
        let ran = run_texts(
            harness,
            "f(list<map<map<int>>>) -> list<string>",
            code,
            &[deep],
        );
        assert_eq!(keys(ran.text(0)), ["z", "a"], "{harness:?}");
    }
}

/// JavaScript's own rule: keys that are whole numbers come first, by their size.
/// The other two keep them where they were; `std::map` sorts, and
/// `std::unordered_map` keeps no order at all.
#[test]
fn what_each_language_does_with_the_order() {
    let case = [r#"[{"b":1,"10":2,"a":3,"9":4,"-1":5,"01":6}]"#];
    let returned = |harness, code| {
        let ran = run_texts(harness, "f(map<int>) -> list<string>", code, &case);
        keys(ran.text(0))
    };
    assert_eq!(
        returned(Python, "def f(x): return list(x)"),
        ["b", "10", "a", "9", "-1", "01"]
    );
    assert_eq!(
        returned(JavaScript, "const f = (x) => Object.keys(x);"),
        ["9", "10", "b", "a", "-1", "01"]
    );
    let cpp = "std::vector<std::string> f(std::map<std::string, int> x) {
        std::vector<std::string> keys; for (auto& one : x) keys.push_back(one.first); return keys; }";
    assert_eq!(returned(Cpp, cpp), ["-1", "01", "10", "9", "a", "b"]);
}

#[test]
fn a_result_has_its_members_in_the_order_of_the_program() {
    for (harness, code) in [
        (Python, "def f(): return {'b': 1, 'a': {'d': 2, 'c': 3}}"),
        (
            JavaScript,
            "const f = () => ({ b: 1, a: new Map([['d', 2], ['c', 3]]) });",
        ),
    ] {
        let ran = run_texts(harness, "f() -> any", code, &["[]"]);
        assert_eq!(ran.text(0), r#"{"b":1,"a":{"d":2,"c":3}}"#, "{harness:?}");
    }
}

/// The same through maps that the program takes and gives back.
#[test]
fn a_map_keeps_its_order_where_the_languages_maps_do() {
    let case = r#"[{"z":1,"10":2,"a":3,"9":4,"":5}]"#;
    for (harness, code) in [
        (Python, "def same(x): return x"),
        (Ruby, "same = ->(x) { x }"),
        (
            Php,
            "namespace My;\nfunction same(array $x): array { return $x; }",
        ),
    ] {
        let ran = run_texts(harness, "same(map<int>) -> map<int>", code, &[case]);
        assert_eq!(format!("[{}]", ran.text(0)), case, "{harness:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8,
        max_shrink_iters: 30,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// What goes through a harness comes back with its members in their order.
    #[test]
    fn any_order_comes_back(objects in prop::collection::vec(members(), 1..30)) {
        let cases: Vec<String> = objects.iter().map(|object| format!("[{object}]")).collect();
        for (harness, code) in [
            (Python, "def f(x): return x"),
            (JavaScript, "const f = (x) => x;"),
        ] {
            let ran = run_texts(harness, "f(any) -> any", code, &cases);
            for (index, object) in objects.iter().enumerate() {
                prop_assert_eq!(ran.text(index), object, "{:?}", harness);
            }
        }
    }
}

/// An object as compact text; no key is one that JavaScript moves.
fn members() -> impl Strategy<Value = String> {
    let leaf = (0_u32..99).prop_map(|number| number.to_string());
    leaf.prop_recursive(3, 12, 4, |inner| {
        let key = "[a-zA-Z_$-]{1,3}";
        prop::collection::hash_map(key, inner, 1..5).prop_map(|members| {
            let text = |(key, value)| format!("\"{key}\":{value}");
            // A hash map's order is another one in each run.
            format!(
                "{{{}}}",
                members.into_iter().map(text).collect::<Vec<_>>().join(",")
            )
        })
    })
}

#[test]
fn floats_that_json_has_no_number_for_come_as_what_they_are() {
    let expected = ["NaN", "NaN", "Infinity", "-Infinity"];
    let cases: Vec<String> = (0..4).map(|at| format!("[{at}]")).collect();
    for (harness, code) in [
        (
            Python,
            "def f(n): return [float('nan'), -float('nan'), float('inf'), float('-inf')][n]",
        ),
        (
            JavaScript,
            "const f = (n) => [NaN, -NaN, Infinity, -1 / 0][n];",
        ),
        (
            Cpp,
            "double f(int n) { double z = 0; double all[] = {z / z, -(z / z), 1 / z, -1 / z}; return all[n]; }",
        ),
    ] {
        let ran = run_texts(harness, "f(int) -> float", code, &cases);
        for (at, expected) in expected.iter().enumerate() {
            assert_eq!(ran.text(at), *expected, "{harness:?}");
        }
    }
    for (harness, code) in [
        (
            Python,
            "def f(): return {'a': [1.0, float('inf')], 'b': []}",
        ),
        (JavaScript, "const f = () => ({ a: [1, Infinity], b: [] });"),
        (
            Cpp,
            "std::map<std::string, std::vector<double>> f() { return {{\"a\", {1, INFINITY}}, {\"b\", {}}}; }",
        ),
    ] {
        let ran = run_texts(harness, "f() -> map<list<float>>", code, &["[]"]);
        assert_eq!(ran.text(0), r#"{"a":[1.0,Infinity],"b":[]}"#, "{harness:?}");
    }
    // A string stays one.
    let ran = run_texts(Python, "f() -> float", "def f(): return 'NaN'", &["[]"]);
    assert_eq!(ran.text(0), r#""NaN""#);
}
