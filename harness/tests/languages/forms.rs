//! How a function may be written, and what can go wrong on the way, in Python
//! and JavaScript.

use harness::Harness::{self, JavaScript, Python};
use harness::{Frame, HarnessErrorKind};
use serde_json::{Value, json};

use crate::run::{run, run_with, signature};

const ADD: &str = "addUp(int, int) -> int";

fn adds(harness: Harness, code: &str) {
    let ran = run(harness, ADD, code, &[json!([1, 2]), json!([3, 4])]);
    assert_eq!(
        (ran.value(0), ran.value(1)),
        (&json!(3), &json!(7)),
        "{code}"
    );
    assert_eq!(ran.code, Some(0));
}

#[test]
fn functions_are_found_in_every_usual_form() {
    for code in [
        "def addUp(a, b): return a + b",
        "def add_up(a: int, b: int) -> int:\r\n    return a + b\r\n",
        "add_up = lambda a, b: a + b",
        "class Solution:\n    def addUp(self, a, b): return a + b",
        "class Solution:\n    @staticmethod\n    def add_up(a, b): return a + b",
        // State of one case is not there for the next.
        "class Solution:\n    def __init__(self): self.s = []\n    def addUp(self, a, b):\n        self.s += [a, b]\n        return sum(self.s)",
        // As practice sites have it: annotations without an import.
        "class Solution:\n    def addUp(self, a: int, b: Optional[int]) -> int: return sum(self.l([a, b]))\n    def l(self, x: List[int]) -> List[int]: return x",
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\ndef addUp(a, b): return P(a).x + b",
        "\u{feff}def addUp(a, b): return a + b",
        "# -*- coding: latin-1 -*-\n\"\"\"Doc \\n 'é'.\"\"\"\ndef addUp(a, b): return a + b\nif __name__ == '__main__': raise SystemExit",
        "def addUp(a, b): return a + b\nprint(open, dict, end='')\nsum = list = dict = str = None",
    ] {
        adds(Python, code);
    }
    for code in [
        "function addUp(a, b) { return a + b; }",
        "const addUp = (a, b) => a + b;",
        "var addUp = function (a, b) { return a + b } // end",
        "addUp = (a, b) => a + b",
        "async function addUp(a, b) { await null; return a + b; }",
        "const addUp = (a, b) => new Promise((done) => setTimeout(done, 1, a + b));",
        "const addUp = (a, b) => ({ then: (done) => done(a + b) });",
        "module.exports = { addUp: (a, b) => a + b };",
        "exports.addUp = (a, b) => a + b;",
        "module.exports = (a, b) => a + b;",
        "class Solution { addUp(a, b) { return a + b; } }",
        "class Solution { constructor() { this.s = 0; } addUp(a, b) { return (this.s += a + b); } }",
        "'use strict';\nmodule.exports.Solution = class { addUp(a, b) { return a + b; } };",
        "#!/usr/bin/env node\nconst fs = require('fs'), process = 1;\nfunction addUp(a, b) { return a + b; }",
        "const judge_ = 1, find = 2, name = 3, Object = 4, Promise = 5; function addUp(a, b) { return a + b; }",
        "const s = '\u{2028}\u{2029}'; function addUp(a, b) { return s.length + a + b - 2; }\n//é\u{1}\"\\",
    ] {
        adds(JavaScript, code);
    }
}

#[test]
fn code_that_comes_to_no_case_says_why() {
    use HarnessErrorKind::{Error, Memory, Missing, Syntax};
    let cases = [
        (Python, "def addUp(:\n  pass", Syntax, "line 1"),
        (
            Python,
            "x = 1\nreturn x",
            Syntax,
            "'return' outside function",
        ),
        (Python, "x = '\u{0}'", Syntax, "null"),
        (
            Python,
            "def other(a, b): return 1",
            Missing,
            "The function `addUp` or `add_up` was not found in your code.",
        ),
        (Python, "addUp = 5", Missing, "addUp"),
        (
            Python,
            "x = 1\nx / 0",
            Error,
            "line 2, in <module>\n    x / 0",
        ),
        (Python, "import sys\nsys.exit(0)", Error, "SystemExit: 0"),
        (Python, "def f(): return f()\nf()", Error, "RecursionError"),
        (Python, "x = 'a' * (1 << 62)", Memory, "MemoryError"),
        (
            Python,
            "def f():\n\u{a0}return 1",
            Syntax,
            "File \"main.py\", line 2",
        ),
        (JavaScript, "let x = 1;\nlet y = ;", Syntax, "main.js:2"),
        (JavaScript, "function addUp( {", Syntax, "SyntaxError"),
        (JavaScript, "}); process.exit(0); ({", Syntax, "SyntaxError"),
        (
            JavaScript,
            "function other() {}",
            Missing,
            "The function `addUp` was not found in your code.",
        ),
        (JavaScript, "const addUp = 5;", Missing, "addUp"),
        (JavaScript, "\nnull.x;", Error, "main.js:2"),
        (
            JavaScript,
            "throw { a: 1 };",
            Error,
            "Thrown: [object Object]",
        ),
        (JavaScript, "throw undefined;", Error, "Thrown: undefined"),
        (
            JavaScript,
            "const f = () => f(); f();",
            Error,
            "Maximum call stack",
        ),
        (
            JavaScript,
            "new ArrayBuffer(2 ** 52)",
            Memory,
            "Array buffer allocation",
        ),
        (JavaScript, "JSON.parse('{');", Error, "SyntaxError"),
    ];
    for (harness, code, kind, words) in cases {
        let ran = run(harness, ADD, code, &[json!([1, 2])]);
        let (found, text) = ran.load();
        assert_eq!(found, kind, "{code}: {text}");
        assert!(text.contains(words), "{code}: {text}");
        assert!(text.len() <= 2_048);
        for word in ["judge", "solution", "harness", "\"/"] {
            assert!(!text.contains(word), "{code}: {text}");
        }
    }
}

#[test]
fn what_a_case_raises_is_its_own_affair() {
    let cases: Vec<Value> = [0, 1, 2, 3, 4, 5, 6, 2]
        .map(|k| json!([k]))
        .into_iter()
        .collect();
    let code = r#"
def inner(k):
    raise ValueError("a" * 9000)
def f(k):
    if k == 0: return inner(k)
    if k == 1: return f()
    if k == 2: raise SystemExit(0)
    if k == 3: return "a" * (1 << 62)
    if k == 4: return f(k)
    return k
"#;
    let ran = run(Python, "f(int) -> int", code, &cases);
    let (kind, text) = ran.raised(0);
    assert_eq!(kind, HarnessErrorKind::Error);
    assert!(
        text.starts_with("Traceback (most recent call last):\n  File \"main.py\", line 5, in f\n"),
        "{text}"
    );
    assert!((1_000..=2_048).contains(&text.len()), "{text}");
    assert!(
        ran.raised(1)
            .1
            .contains("TypeError: f() missing 1 required")
    );
    assert!(ran.raised(2).1.contains("SystemExit: 0"));
    assert_eq!(ran.raised(3), (HarnessErrorKind::Memory, "MemoryError"));
    assert!(ran.raised(4).1.contains("RecursionError"));
    assert_eq!(ran.value(5), &json!(5));
    assert_eq!(ran.code, Some(0));

    let code = r#"
const inner = () => { throw new TypeError("a".repeat(9000)); };
async function later() { throw new Error("later"); }
function f(k) {
  if (k === 0) return inner();
  if (k === 1) return later();
  if (k === 2 || k === 6) return new Promise(() => {});
  if (k === 3) return new ArrayBuffer(2 ** 52);
  if (k === 4) return f(k);
  return k;
}
"#;
    let ran = run(JavaScript, "f(int) -> int", code, &cases);
    let (kind, text) = ran.raised(0);
    assert_eq!(kind, HarnessErrorKind::Error);
    assert!(
        text.contains("at inner (main.js:2:") && text.ends_with("at f (main.js:5:23)"),
        "{text}"
    );
    assert!((1_000..=2_048).contains(&text.len()), "{text}");
    assert!(
        ran.raised(1)
            .1
            .starts_with("Error: later\n    at later (main.js:3")
    );
    for stuck in [2, 6] {
        assert!(ran.raised(stuck).1.contains("never settled"));
    }
    assert_eq!(ran.raised(3).0, HarnessErrorKind::Memory);
    assert!(ran.raised(4).1.contains("Maximum call stack"));
    assert_eq!(ran.value(5), &json!(5));
    assert_eq!(ran.frames.cases.len(), 8);
    assert_eq!(ran.code, Some(0));
}

#[test]
fn an_error_outside_any_call_ends_the_run_at_its_case() {
    let code = "const f = (k) => k ? new Promise(() => setTimeout(() => { throw new Error('tick'); })) : 0;";
    let cases: Vec<Value> = (0..3).map(|k| json!([k])).collect();
    let ran = run(JavaScript, "f(int) -> int", code, &cases);
    assert_eq!(ran.value(0), &json!(0));
    assert!(ran.raised(1).1.contains("Error: tick"));
    assert_eq!(ran.frames.cases.get(&2), None);
    assert_eq!(ran.code, Some(1));
}

#[test]
fn prints_do_not_disturb() {
    let python = r#"
import os, sys, subprocess
print("loading"); sys.stdin.read(); assert sys.stdin.read() == "" and os.read(0, 9) == b""
def f(k):
    print("one"); sys.stdout.write("two\n"); sys.stdout.flush()
    os.write(1, b"three\n"); sys.__stdout__.buffer.write(b"four\n")
    subprocess.run(["echo", "five"])
    try: input()
    except EOFError: return k
"#;
    let javascript = r#"
const fs = require('fs');
console.log("loading"); if (fs.readFileSync(0, 'utf8') !== '') throw 1;
function f(k) {
  console.log("one"); process.stdout.write("two\n"); console.info("three"); console.table([["four"]]);
  if (fs.existsSync('/proc/self/fd/1')) fs.writeSync(1, "five\n");
  require('child_process').execSync('echo six >&2', { stdio: 'inherit' });
  return k;
}
"#;
    for (harness, code) in [(Python, python), (JavaScript, javascript)] {
        let ran = run(harness, "f(int) -> int", code, &[json!([8]), json!([9])]);
        let nonce = crate::run::NONCE;
        assert_eq!(
            ran.stdout,
            format!("\u{1e}{nonce} 0 =8\n\u{1e}{nonce} 1 =9\n"),
            "{}",
            ran.stderr
        );
        for word in ["loading", "one", "two", "three", "four"] {
            assert!(
                ran.stderr.contains(word),
                "{harness:?} {word}: {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn deep_recursion_that_a_solution_may_need_works() {
    let code = "import functools\n@functools.lru_cache(None)\ndef f(n): return n and 1 + f(n - 1)";
    let ran = run(Python, "f(int) -> int", code, &[json!([3000])]);
    assert_eq!(ran.value(0), &json!(3000));
    // The ways that need most of the stack: none breaks the process.
    let code = r#"
class A:
    def __lt__(self, other): return sorted([A(), A()])
def srt(): return sorted([1], key=lambda _: srt())
def lst(): return list(map(lambda _: lst(), [1]))
def f(k): return [srt, lst, lambda: A() < A()][k]()
"#;
    let cases = [json!([0]), json!([1]), json!([2])];
    let ran = run(Python, "f(int) -> int", code, &cases);
    for index in 0..3 {
        assert!(ran.raised(index).1.contains("RecursionError"));
    }
}

#[test]
fn own_node_classes_take_the_place_of_ours() {
    let signature = "turn(linked_list<int>) -> linked_list<int>";
    let python = r#"
class ListNode:
    def __init__(self, val, next=None): self.val, self.next = val, next
def turn(head):
    assert head is None or isinstance(head, ListNode)
    last = None
    while head: last, head = ListNode(head.val, last), head.next
    return last
"#;
    let javascript = r#"
class ListNode { constructor(val, next = null) { this.val = val; this.next = next; } }
function turn(head) {
  if (head && !(head instanceof ListNode)) throw 1;
  let last = null;
  for (; head; head = head.next) last = new ListNode(head.val, last);
  return last;
}
"#;
    for (harness, code) in [(Python, python), (JavaScript, javascript)] {
        let code_with_ours = code.replace("class ListNode", "class Other");
        for code in [code, &code_with_ours] {
            let ran = run(harness, signature, code, &[json!([[1, 2, 3]]), json!([[]])]);
            assert_eq!(ran.value(0), &json!([3, 2, 1]));
            assert_eq!(ran.value(1), &json!([]));
        }
    }
}

#[test]
fn what_was_told_before_a_kill_stays_told() {
    let sleeps = "import time\ndef f(k):\n    while k == 2: time.sleep(9)\n    return [k] * 9";
    let spins = "const f = (k) => { while (k === 2); return Array(9).fill(k); };";
    let cases: Vec<Value> = (0..4).map(|k| json!([k])).collect();
    for (harness, code) in [(Python, sleeps), (JavaScript, spins)] {
        let signature = signature("f(int) -> list<int>");
        let ran = run_with(harness, &signature, code, &cases, |out| {
            out.matches('\n').count() == 2
        });
        assert_eq!(ran.code, None);
        let found: Vec<usize> = ran.frames.cases.keys().copied().collect();
        assert_eq!(found, [0, 1], "{ran:?}");
        assert_eq!(ran.value(1), &Value::from(vec![1; 9]));
    }
}

#[test]
fn frames_are_in_the_order_of_the_cases() {
    let cases: Vec<Value> = (0..100).map(|k| json!([k])).collect();
    for (harness, code) in [
        (Python, "def f(k): return k"),
        (JavaScript, "const f = async (k) => k;"),
    ] {
        let ran = run(harness, "f(int) -> int", code, &cases);
        let order: Vec<&str> = ran
            .stdout
            .lines()
            .map(|line| line.split(' ').nth(1).unwrap())
            .collect();
        let expected: Vec<String> = (0..100).map(|k| k.to_string()).collect();
        assert_eq!(order, expected);
        assert!(
            ran.frames
                .cases
                .values()
                .all(|one| matches!(one, Frame::Returned(_)))
        );
    }
}
