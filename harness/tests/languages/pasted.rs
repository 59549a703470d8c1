//! Code as practice sites have it, with the names that these give without an
//! import, and what becomes of it where something is missing.

use harness::Harness::{self, JavaScript, Python, TypeScript};
use harness::{HarnessErrorKind, compiler_output};
use serde_json::{Value, json};

use shared::domain::problem::Callable;

use crate::run::{run, run_in, signature};

const ADD: &str = "addUp(int, int) -> int";

fn adds(harness: Harness, code: &str) {
    let ran = run(harness, ADD, code, &[json!([1, 2]), json!([3, 4])]);
    assert_eq!(
        (ran.value(0), ran.value(1)),
        (&json!(3), &json!(7)),
        "{code}"
    );
    assert_eq!(ran.code, Some(0), "{code}");
}

#[test]
fn python_has_the_names_of_practice_sites_whatever_else_it_imports() {
    for code in [
        "from typing import Dict\nclass Solution:\n  def addUp(self, a: int, b: Optional[int]) -> int:\n    seen: List[int] = [a, b]\n    return sum(cast(List[int], seen))",
        "import collections\ndef addUp(a, b):\n  d = defaultdict(int)\n  d['x'] += a\n  return Counter(x=b)['x'] + d['x'] + len(deque())",
        "def addUp(a, b):\n  h = [a, b]\n  heapify(h)\n  heapq.heappush(h, 0)\n  return heappop(h) + heappop(h) + nlargest(1, h)[0]",
        "def addUp(a, b): return bisect_left(range(99), a) + bisect.bisect_right([0] * b, 0)",
        "def addUp(a, b): return reduce(lambda x, y: x + y, accumulate([a, b, -a])) - a - b",
        "@lru_cache(None)\ndef addUp(a, b): return a + b + int(min(inf, math.inf, pi) > 4) + gcd(1, 0) - comb(1, 1)",
        "@cache\ndef addUp(a, b): return a + b",
        "def addUp(a, b): return random.choice([a]) + randint(b, b) + len(ascii_lowercase + string.digits) - 36",
        "def addUp(a, b): return int(re.sub('x', '', 'x')  or a) + (b if fullmatch('y', 'y') else 0)",
        "def addUp(a, b): return operator.add(a, 0) + itemgetter(0)([b])",
        "def addUp(a, b): return deepcopy([a])[0] + copy.copy(b) + (date(2024, 3, 1) - date(2024, 2, 29)).days - 1",
        "def addUp(a, b): return a + b - sys.maxsize + maxsize_of(sys)\ndef maxsize_of(s): return s.maxsize",
        "def addUp(a, b): return eval('int(median([a + b]))')",
        // The code's own definitions win.
        "def gcd(a, b): return a\ncopy = 5\nclass Counter: pass\ndef addUp(a, b): return gcd(a, b) + b + copy - 5 + len(vars(Counter())) ",
        "from math import *\nfrom random import random\ndef addUp(a, b): return a + b if pow(2, 3) == 8 or 0 <= random() < 1 else 0",
        "for index in range(3): pass\ndef addUp(a, b):\n  global count\n  count = index\n  return a + b + count - 2",
        // What a dictionary has is a list, where one is expected.
        "def addUp(a, b): return len(str(10 ** 9999)) - 10000 + a + b",
    ] {
        adds(Python, code);
    }
    for code in [
        "{a: 1}.values()",
        "{1: a}.keys()",
        "range(1, 2)",
        "deque([1])",
    ] {
        let code = format!("def f(a): return {code}");
        let ran = run(Python, "f(int) -> list<int>", &code, &[json!([1])]);
        assert_eq!(ran.value(0), &json!([1]), "{code}");
    }
    let code = "def f(a):\n  from sortedcontainers import SortedList\n  return 1";
    let ran = run(Python, "f(int) -> int", code, &[json!([1])]);
    if let Some(harness::Frame::Raised(error)) = ran.frames.cases.get(&0) {
        assert!(error.text.contains("No module named"), "{ran:?}");
    }
}

#[test]
fn a_function_that_is_called_like_a_given_one_is_the_users() {
    let signature = "gcd(int, int) -> int";
    for (code, expected) in [
        (
            "class Solution:\n    def gcd(self, a, b): return gcd(a, b) + 10",
            12,
        ),
        ("def gcd(a, b): return a + b", 10),
        ("from math import gcd", 2),
    ] {
        let ran = run(Python, signature, code, &[json!([4, 6])]);
        assert_eq!(ran.value(0), &json!(expected), "{code}");
    }
    let ran = run(
        Python,
        signature,
        "def lcm(a, b): return a",
        &[json!([4, 6])],
    );
    assert_eq!(ran.load().0, HarnessErrorKind::Missing);
    let code = "class Solution { public: int gcd(int a, int b) { return std::gcd(a, b) + 10; } };";
    let ran = run(Harness::Cpp, signature, code, &[json!([4, 6])]);
    assert_eq!(ran.value(0), &json!(12));
    let code = "int gcd(int a, int b) { return b ? gcd(b, a % b) : a; }";
    let ran = run(Harness::Cpp, signature, code, &[json!([4, 6])]);
    assert_eq!(ran.value(0), &json!(2));
}

#[test]
fn python_recurses_as_deep_as_memory_allows_and_fails_in_a_few_words_beyond() {
    let code = "
def total(head): return head.val + total(head.next) if head else 0
class Solution:
    def f(self, n):
        head = None
        for i in range(n): head = ListNode(i, head)
        return total(head) if n < 1_000_000 else self.f(n)
";
    let ran = run(
        Python,
        "f(int) -> int",
        code,
        &[json!([20_000]), json!([100_000]), json!([7])],
    );
    assert_eq!(ran.value(0), &json!(199_990_000));
    assert_eq!(ran.value(1), &json!(4_999_950_000_i64));
    assert_eq!(ran.value(2), &json!(21));

    let code = "def f(n):\n    return f(n + 1)";
    let ran = run(Python, "f(int) -> int", code, &[json!([0])]);
    let (kind, text) = ran.raised(0);
    assert_eq!(kind, HarnessErrorKind::Error);
    assert!(
        text.contains("more calls") && text.contains("RecursionError"),
        "{text}"
    );
    assert!(text.matches("line 2, in f").count() >= 4, "{text}");
    assert_eq!(ran.code, Some(0));
}

#[test]
fn what_python_prints_is_there_when_a_limit_ends_it() {
    let code = "import os, signal, time\ndef f(n):\n    print('step', n)\n    time.sleep(1)\n    os.kill(os.getpid(), signal.SIGKILL)";
    let ran = run(Python, "f(int) -> int", code, &[json!([3])]);
    assert!(ran.stderr.contains("step 3"), "{ran:?}");
    // An endpoint's announcement that time is up.
    let code = "import os, signal\ndef f(n):\n    print('step', n)\n    os.kill(os.getpid(), signal.SIGINT)\n    while True: pass";
    let ran = run(Python, "f(int) -> int", code, &[json!([3])]);
    assert_eq!(ran.stderr, "step 3\n");
    assert_eq!((ran.code, ran.frames.cases.len()), (Some(1), 0));
}

#[test]
fn no_line_of_pythons_harness_is_shown_by_a_program_of_its_own() {
    let code = "import threading, traceback, sys
def fail(): raise ValueError('own')
def f(n):
    thread = threading.Thread(target=fail); thread.start(); thread.join()
    try: fail()
    except ValueError: traceback.print_exc()
    return n";
    let ran = run(Python, "f(int) -> int", code, &[json!([3])]);
    assert_eq!(ran.value(0), &json!(3));
    assert_eq!(
        ran.stderr.matches("main.py\", line 2, in fail").count(),
        2,
        "{ran:?}"
    );
    // A line that Python found in the file of the harness.
    for word in ["import __future__", "judge", "frame(", "harness"] {
        assert!(!ran.stderr.contains(word), "{ran:?}");
    }
}

#[test]
fn javascript_is_a_module_or_a_script_by_what_it_is() {
    for code in [
        "import fs from 'fs';\nif (fs.readFileSync(0, 'utf8')) throw 1;\nconst addUp = (a, b) => a + b;",
        "import { strict as assert } from 'node:assert';\nexport function addUp(a, b) { assert(a); return a + b }",
        "export default (a, b) => a + b",
        "export default function (a, b) { return a + b }",
        "export class Solution { addUp(a, b) { return a + b } }",
        "const zero = await Promise.resolve(0);\nfunction addUp(a, b) { return a + b + zero }",
        "const fs = require('fs');\nconst zero = await 0;\nmodule.exports = { addUp: (a, b) => a + b + zero }",
        "for await (const x of [1]) console.log(x);\nvar addUp = async (a, b) => (await import('os')).EOL.length + a + b - 1",
        // These are scripts.
        "// import x from 'y'\nconst s = 'await export';\nvar addUp = (a, b) => a + b; with ({}) {}",
        "const addUp = async (a, b) => { await 0; const os = await import('os'); return a + b + os.EOL.length - 1 }",
    ] {
        adds(JavaScript, code);
    }
    for (code, kind, words) in [
        (
            "import fs from 'fs';\nlet y = ;",
            HarnessErrorKind::Syntax,
            "main.js:2\nlet y = ;\n",
        ),
        (
            "export const addUp = (a, b) => {",
            HarnessErrorKind::Syntax,
            "SyntaxError",
        ),
        (
            "let x = await 1;\nJSON.parse('{');",
            HarnessErrorKind::Error,
            "main.js:2:6",
        ),
        (
            "import { nope } from 'fs';",
            HarnessErrorKind::Syntax,
            "nope",
        ),
        (
            "import x from 'no-such-package';",
            HarnessErrorKind::Error,
            "no-such-package",
        ),
        (
            "await null;\nnull.x",
            HarnessErrorKind::Error,
            "main.js:2:6",
        ),
        (
            "await new Promise(() => {})",
            HarnessErrorKind::Error,
            "never settled",
        ),
        (
            "await 1; process.exit; let other",
            HarnessErrorKind::Missing,
            "addUp",
        ),
    ] {
        let ran = run(JavaScript, ADD, code, &[json!([1, 2])]);
        let (found, text) = ran.load();
        assert_eq!(found, kind, "{code}: {text}");
        assert!(text.contains(words), "{code}: {text}");
        for word in ["judge", "base64", "async () =>", "node:"] {
            assert!(!text.contains(word), "{code}: {text}");
        }
    }
}

/// Packages of the names that the harness looks for.
fn packages() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, code) in [
        ("lodash", "module.exports = { add: (a, b) => a + b };"),
        (
            "@datastructures-js/priority-queue",
            "class Q { constructor() { this.items = [] } enqueue(x) { this.items.push(x) } size() { return this.items.length } }\nexports.PriorityQueue = Q; exports.MinPriorityQueue = class extends Q {}; exports.MaxPriorityQueue = class extends Q {};",
        ),
        (
            "@datastructures-js/queue",
            "exports.Queue = class { size() { return 0 } };",
        ),
        (
            "@datastructures-js/deque",
            "exports.Deque = class { size() { return 0 } };",
        ),
    ] {
        let package = folder.path().join("node_modules").join(name);
        std::fs::create_dir_all(&package).unwrap();
        std::fs::write(package.join("index.js"), code).unwrap();
    }
    folder
}

#[test]
fn the_packages_of_practice_sites_are_there_where_the_endpoint_has_them() {
    let all = "const addUp = (a, b) => {\n  const q = [new MaxPriorityQueue(), new MinPriorityQueue(), new PriorityQueue(), new Queue(), new Deque()];\n  q[0].enqueue(1);\n  return _.add(a, b) + q.reduce((n, one) => n + one.size(), 0) - 1;\n}";
    let own = "class Queue { size() { return 5 } }\nvar MaxPriorityQueue = 1, PriorityQueue = 2;\nconst addUp = (a, b) => { for (const _ of [1]); return a + b + new Queue().size() - 5 }";
    let assigned = "Deque = class { five() { return 5 } }; _ = 5;\nvar addUp = (a, b) => a + b + new Deque().five() - _";
    let required = "const { Queue } = require('@datastructures-js/queue');\nconst addUp = (a, b) => a + b + new Queue().size()";
    let folder = packages();
    for (harness, codes) in [
        (JavaScript, [all, own, assigned, required].as_slice()),
        (TypeScript, [all, own].as_slice()),
    ] {
        for code in codes {
            let code = match harness {
                TypeScript => code.replacen("(a, b)", "(a: number, b: number)", 1),
                _ => (*code).to_owned(),
            };
            let cases = [json!([1, 2]), json!([3, 4])];
            let ran = run_in(folder.path(), harness, &signature(ADD), &code, &cases);
            assert_eq!(
                (ran.value(0), ran.value(1)),
                (&json!(3), &json!(7)),
                "{code}"
            );
        }
    }
    // Elsewhere only what is used fails, in the user's line.
    for harness in [JavaScript, TypeScript] {
        let ran = run(harness, ADD, own, &[json!([1, 2])]);
        assert_eq!(ran.value(0), &json!(3));
        let code = "const addUp = () =>\n  new MinPriorityQueue();";
        let ran = run(harness, ADD, code, &[json!([1, 2])]);
        let (_, text) = ran.raised(0);
        let words = "MinPriorityQueue is not defined (this endpoint lacks the package @datastructures-js/priority-queue)";
        assert!(text.contains(words), "{text}");
        assert!(text.contains(":2:3"), "{text}");
    }
}

#[test]
fn typescript_has_what_javascript_has() {
    for code in [
        "const zero: number = await Promise.resolve(0);\nfunction addUp(a: number, b: number) { return a + b + zero }",
        "export default (a: number, b: number): number => a + b",
        "import { EOL } from 'os';\nexport default function (a: number, b: number) { return a + b + EOL.length - 1 }",
    ] {
        adds(TypeScript, code);
    }
    // Columns of the first line are the user's.
    let code = "function addUp(a: number, b: number): any { return (null as any).x }";
    let ran = run(TypeScript, ADD, code, &[json!([1, 2])]);
    assert!(
        ran.raised(0).1.ends_with("at addUp (main.ts:1:66)"),
        "{ran:?}"
    );
}

#[test]
fn a_quoted_first_line_of_typescript_begins_with_the_users_code() {
    let code = "const x: = 1;\nfunction addUp() {}";
    let source = TypeScript
        .source(Callable::Function(&signature(ADD)), code)
        .unwrap();
    let line = source.lines().next().unwrap();
    let columns = line.chars().count() - "const x: = 1;".len();
    let said = format!(
        "main.ts:1\n{line}\n{}         ^\n\n;judge_((judge_: string) => eval(judge_));\nSyntaxError: no\n",
        " ".repeat(columns)
    );
    let expected = "main.ts:1\nconst x: = 1;\n         ^\n\nSyntaxError: no\n";
    assert_eq!(compiler_output(&said), expected);
    let error = TypeScript.error_in_stderr(&format!("/box/{said}")).unwrap();
    assert_eq!(error.text, expected.trim_end());
}

#[test]
fn large_results_come_back_whole() {
    let cases = [json!([100_000])];
    let expected: Vec<i64> = (0..100_000).map(|n| n * 7_919 % 1_000_003).collect();
    for (harness, code) in [
        (
            Python,
            "def f(n): return [i * 7919 % 1000003 for i in range(n)]",
        ),
        (
            JavaScript,
            "const f = (n) => Array.from({ length: n }, (_, i) => i * 7919 % 1000003);",
        ),
        (
            Harness::Cpp,
            "vector<int> f(int n) { vector<int> v(n); for (long long i = 0; i < n; ++i) v[i] = i * 7919 % 1000003; return v; }",
        ),
    ] {
        let ran = run(harness, "f(int) -> list<int>", code, &cases);
        assert_eq!(ran.value(0), &Value::from(expected.clone()), "{harness:?}");
    }
}
