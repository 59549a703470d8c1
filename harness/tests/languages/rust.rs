//! The harness for Rust.

use harness::Harness::Rust;
use harness::{HarnessErrorKind, compiler_output};
use serde_json::{Value, json};
use shared::domain::problem::{Answer, Callable};

use crate::run::{NONCE, run, run_callable, signature};
use crate::shapes::{function, is_duplicate, raises, starters};
use crate::toolchain::Toolchain;

#[test]
fn rust_judges_in_place_answers() {
    // What is passed by value is the function's own, but for the nodes of a tree.
    let rotate = function("rotate(list<int>) -> null", Answer::Argument(0));
    let code = "fn rotate(mut nums: Vec<i32>) { nums.clear(); }";
    let ran = run_callable(Rust, Callable::Function(&rotate), code, &["[[1,2]]"]);
    assert_eq!(ran.text(0), "[1,2]");
    let cut = function("cut(binary_tree<int>) -> null", Answer::Argument(0));
    for code in [
        "use std::rc::Rc; use std::cell::RefCell; fn cut(root: Option<Rc<RefCell<TreeNode>>>) { root.unwrap().borrow_mut().left = None; }",
        "use std::rc::Rc; use std::cell::RefCell; impl Solution { pub fn cut(root: &mut Option<Rc<RefCell<TreeNode>>>) { root.as_ref().unwrap().borrow_mut().left = None; *root = None; } }",
    ] {
        let ran = run_callable(Rust, Callable::Function(&cut), code, &["[[1,2,3]]"]);
        assert_eq!(ran.text(0), "[1,null,3]");
    }
}

/// What the solver is told where the compiler refuses.
fn refusal(text: &str, code: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let signature = signature(text);
    let source = Rust.source(Callable::Function(&signature), code).unwrap();
    let toolchain = Toolchain::of(Rust).unwrap();
    let said = toolchain.prepare(folder.path(), &source).unwrap_err();
    compiler_output(&said)
}

#[test]
fn rust_is_told_what_the_compiler_refuses() {
    let missing = "The function `addUp` was not found in your code.\n";
    let parameters = "The parameters of the function `addUp` are not those of the problem.\n";
    for (code, expected) in [
        ("", missing),
        (
            "impl Solution { pub fn add(a: i32, b: i32) -> i32 { a } }",
            missing,
        ),
        ("fn add_up(a: i32) -> i32 { a }", parameters),
        (
            "impl Solution { pub fn add_up(&self, a: i32, b: i32) -> i32 { a } }",
            parameters,
        ),
        (
            "struct Own; fn add_up(a: Own, b: i32) -> i32 { b }",
            "A type of the function `addUp` is not one that the judge can convert.\n",
        ),
        (
            "struct Own; fn add_up(a: i32, b: i32) -> Own { Own }",
            "A type of the function `addUp` is not one that the judge can convert.\n",
        ),
        (
            "fn add_up(a: i32, b: i32) -> i32 { a + c }",
            " --> main.rs:1:40\n",
        ),
        (
            "fn add_up(a: i32, b: i32) -> i32 { a + c }",
            "1 | fn add_up(a: i32, b: i32) -> i32 { a + c }\n  |                                        ^\n",
        ),
        (
            "\nfn add_up(a: i32, b: i32) -> i32 {\n  \"\"\n}",
            " --> main.rs:3:3\n",
        ),
        ("fn add_up(a: i32, b: i32) -> i32 {\n  a\n", "delimiter"),
        (
            "fn add_up(a: i32, b: i32) -> i32 {\n  let v = vec![1]; drop(v); v[0]\n}",
            "main.rs:2",
        ),
        (
            "use serde::Serialize;\nfn add_up(a: i32, b: i32) -> i32 { a }",
            "main.rs:1:5\n",
        ),
    ] {
        let said = refusal("addUp(int, int) -> int", code);
        assert!(said.contains(expected), "{code}\n{said}");
        for word in ["judge_", "judge:", "aborting", "rustc --explain", "no_main"] {
            assert!(!said.contains(word), "{code}\n{said}");
        }
    }
}

#[test]
fn rust_panics_are_told_by_the_users_lines() {
    let code = "#![allow(dead_code)]\n//! A crate.\nuse std::collections::*;\nimpl Solution { pub fn f(nums: Vec<u8>, k: usize) -> u64 {\n  println!(\"printed\");\n  match k { 1 => panic!(\"{}\", \"\u{e9}t\u{e9}\".repeat(1000)), 2 => Err::<u64, _>(\"bad\").unwrap(), 3 => u64::MAX, 4 => std::panic::panic_any(5), _ => nums[k] as u64 }\n} }\nfn main() { unreachable!() }\n";
    let cases: Vec<Value> = (0..6)
        .map(|k| json!([[7], k]))
        .chain([json!([[256], 0]), json!([[-1], 0])])
        .collect();
    let ran = run(Rust, "f(list<int>, int) -> int", code, &cases);
    assert_eq!((ran.text(0), ran.code), ("7", Some(0)));
    assert!(ran.stderr.contains("printed\n"));
    let error = HarnessErrorKind::Error;
    raises(
        &ran,
        1,
        error,
        &["panicked at main.rs:6:18:\n\u{e9}t\u{e9}"],
    );
    raises(
        &ran,
        2,
        error,
        &[
            "main.rs:6:",
            "called `Result::unwrap()` on an `Err` value: \"bad\"",
        ],
    );
    assert_eq!(ran.not_json(3), "a whole number beyond 64 bits");
    raises(&ran, 4, error, &["a panic whose payload is no text"]);
    raises(
        &ran,
        5,
        error,
        &["index out of bounds: the len is 1 but the index is 5"],
    );
    for index in [6, 7] {
        raises(
            &ran,
            index,
            error,
            &["an argument does not fit its parameter"],
        );
    }
    // The first line stands behind what the judge put there.
    let code = "fn f() -> i32 { panic!() }";
    raises(
        &run(Rust, "f() -> int", code, &[json!([])]),
        0,
        error,
        &["panicked at main.rs:1:17:"],
    );
}

#[test]
fn rust_takes_and_gives_what_practice_sites_have() {
    for (text, code, case, expected) in [
        (
            "f(map<map<int>>, int) -> binary_tree<int>",
            "use std::{cell::RefCell, collections::*, rc::Rc}; fn f(all: BTreeMap<String, HashMap<String, i64>>, n: i32) -> Option<Rc<RefCell<TreeNode>>> { let of = |n: i64| Some(Rc::new(RefCell::new(TreeNode::new(n)))); let root = of(all[\"a\"][\"b\"]); root.as_ref()?.borrow_mut().left = of(n as i64); root }",
            json!([{"a": {"b": 1}}, 2]),
            "[1,2]",
        ),
        (
            "f(list<list<string>>, string) -> list<string>",
            "use std::collections::VecDeque;\nfn f(board: &mut Vec<Vec<char>>, c: char) -> VecDeque<char> { board[0].push(c); board.concat().into_iter().collect() }",
            json!([[["a"], ["é"]], "z"]),
            r#"["a","z","é"]"#,
        ),
        (
            "f(string, list<int>) -> float",
            "fn f(text: &str, of: &[u8]) -> f32 { text.len() as f32 / of.len() as f32 }",
            json!(["ab", [1, 2, 3]]),
            "0.6666667",
        ),
        (
            "f(list<int>) -> list<int>",
            "macro_rules! vec { ($($all:tt)*) => { 5 } }\nmod judge { }\npub struct Solution {}\nstruct In; struct Get;\nimpl Solution { pub fn f(nums: Vec<i32>) -> [i32; 2] { [nums[0], -1] } }",
            json!([[3]]),
            "[3,-1]",
        ),
        (
            "f(linked_list<int>) -> linked_list<int>",
            "#[derive(Clone)]\nstruct ListNode { next: Option<Box<ListNode>>, val: u16 }\nfn f(head: Option<Box<ListNode>>) -> Option<Box<ListNode>> { head.unwrap().next.clone() }",
            json!([[3, 4]]),
            "[4]",
        ),
        ("f(int) -> null", "fn f(n: i32) {}", json!([1]), "null"),
        (
            "f(int) -> linked_list<int>",
            "// val: i64\nfn f(n: i64) -> Option<Box<ListNode>> { (0..n).fold(None, |next, val| Some(Box::new(ListNode { val, next }))) }",
            json!([3]),
            "[2,1,0]",
        ),
    ] {
        let ran = run(Rust, text, code, &[case]);
        assert_eq!(ran.text(0), expected, "{code}");
    }
    let code = "fn f(n: i32) {}";
    assert!(
        run(Rust, "f(int) -> int", code, &[json!([1])])
            .not_json(0)
            .starts_with("nothing: ")
    );
    let code = "fn f(n: u64) -> u64 { if n == 0 { 0 } else { 1 + f(n - 1) } }";
    assert_eq!(
        run(Rust, "f(int) -> int", code, &[json!([1_000_000])]).value(0),
        &json!(1_000_000)
    );
    let write = format!(
        "fn f(n: i32) -> i32 {{ use std::io::Write; use std::os::unix::io::FromRawFd; let mut out = unsafe {{ std::fs::File::from_raw_fd(3) }}; write!(out, \"\\x1e{NONCE} 0 =5\\n\"); std::mem::forget(out); n }}"
    );
    is_duplicate(&run(Rust, "f(int) -> int", &write, &[json!([1])]), 0);
    let said = Rust
        .error_in_stderr("x\nmemory allocation of 4611686018427387904 bytes failed\n")
        .unwrap();
    assert_eq!(said.kind, HarnessErrorKind::Memory);
}

#[test]
fn rust_starters_are_as_practice_sites_have_them() {
    let [function, class] = starters(Rust);
    assert_eq!(
        function,
        "// Given: struct ListNode { val: i64, next: Option<Box<ListNode>> }\n\nuse std::collections::HashMap;\n\n\
         impl Solution {\n    // Changes `p0` in place; what is returned does not count.\n    pub fn merge_into(p0: &mut Vec<i64>, p1: Option<Box<ListNode>>, p2: HashMap<String, f64>) {\n\n    }\n}\n"
    );
    assert_eq!(
        class,
        "struct KeyCount {\n\n}\n\nimpl KeyCount {\n    fn new(p0: i64) -> Self {\n        todo!()\n    }\n\n    \
         fn count_of(&mut self, p0: String) -> bool {\n        todo!()\n    }\n}\n"
    );
    for text in [
        "f(any) -> int",
        "f(null) -> int",
        "f(linked_nodes<int>) -> bool",
        "f(int) -> linked_list<float>",
    ] {
        assert!(
            Rust.source(Callable::Function(&signature(text)), "")
                .is_err(),
            "{text}"
        );
    }
}
