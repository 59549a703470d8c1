//! The harness for TypeScript, with Node, which leaves the types out.

use std::path::Path;
use std::process::Command;

use harness::Harness::TypeScript;
use harness::{HarnessErrorKind, compiler_output};
use serde_json::json;

use shared::domain::problem::Callable;

use crate::run::{run, signature as parse_signature};

#[test]
fn functions_are_found_in_every_usual_form() {
    for code in [
        "function addUp(a: number, b: number): number { return a + b; }",
        "const addUp = (a: number, b: number): number => a + b;",
        "const addUp = async (a: number, b: number): Promise<number> => a + b // end",
        "export function addUp(a: number, b: number) { return a + b }",
        "export const addUp = (a: number, b: number) => a + b",
        "export default function addUp(a: number, b: number) { return a + b }",
        "import * as fs from 'node:fs';\nif (fs.readFileSync(0, 'utf8')) throw 1;\nexport const addUp = (a: number, b: number) => a + b",
        "class Solution { private s = 0; addUp(a: number, b: number): number { return (this.s += a + b); } }",
        "module.exports = { addUp: (a: any, b: any) => a + b };",
        "#!/usr/bin/env node\ninterface P { x: number }\nconst process = 1, Object = 2, Promise = 3, require = 4;\nfunction addUp(a: number, b: number): number { const p: P = { x: a }; return p.x + b; }",
        "console.log('loading');\nfunction addUp(a: number, b: number) { console.log(a); return a + b }",
    ] {
        let ran = run(
            TypeScript,
            "addUp(int, int) -> int",
            code,
            &[json!([1, 2]), json!([3, 4])],
        );
        assert_eq!(
            (ran.value(0), ran.value(1)),
            (&json!(3), &json!(7)),
            "{code}"
        );
        assert_eq!(ran.code, Some(0));
        assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.stdout);
    }
}

#[test]
fn values_and_nodes_are_javascripts() {
    let code = r"
// class ListNode { … } is given.
function f(a: number, l: ListNode | null, t: TreeNode | null): any {
  const more: ListNode = new ListNode(a, l);
  return more instanceof ListNode && t instanceof TreeNode ? more : t;
}";
    let signature = "f(int, linked_list<int>, binary_tree<int>) -> linked_list<int>";
    let big = 9_007_199_254_740_993_i64;
    let ran = run(TypeScript, signature, code, &[json!([big, [1, 2], [1]])]);
    assert_eq!(ran.value(0), &json!([big, 1, 2]));
}

#[test]
fn errors_name_the_users_lines() {
    let signature = "f(int) -> int";
    let ran = run(
        TypeScript,
        signature,
        "type N = number;\nthrow new Error('x');",
        &[json!([1])],
    );
    let (kind, text) = ran.load();
    assert_eq!(kind, HarnessErrorKind::Error);
    assert!(
        text.starts_with("Error: x\n") && text.contains("main.ts:2:7"),
        "{text}"
    );

    let ran = run(TypeScript, signature, "export const g = 1;", &[json!([1])]);
    assert_eq!(ran.load().0, HarnessErrorKind::Missing);

    let code = "type N = number;\nexport function f(x: N): N {\n  return (null as any).x;\n}";
    let ran = run(TypeScript, signature, code, &[json!([1])]);
    let (kind, text) = ran.raised(0);
    assert_eq!(kind, HarnessErrorKind::Error);
    assert!(text.ends_with("at f (main.ts:3:24)"), "{text}");
}

#[test]
fn what_node_cannot_read_is_known_from_its_last_words() {
    let signature = "f(int) -> int";
    for code in [
        "const x: = 1;",
        "type N = number;\nfunction f(x: N): N {",
        "enum E { A }\nfunction f(x: number) { return E.A; }",
        "const x = 1;\nconst x = 2;",
    ] {
        let ran = run(TypeScript, signature, code, &[json!([1])]);
        assert_eq!(
            (ran.frames.load.clone(), ran.code),
            (None, Some(1)),
            "{ran:?}"
        );
        let error = TypeScript.error_in_stderr(&ran.stderr).unwrap();
        assert_eq!(error.kind, HarnessErrorKind::Syntax);
        assert!(
            error.text.contains("SyntaxError") || error.text.contains("SYNTAX"),
            "{error:?}"
        );
        assert!(
            !error.text.contains("judge") && !error.text.contains('/'),
            "{error:?}"
        );
    }
    let ran = run(TypeScript, signature, "throw 5;", &[json!([1])]);
    assert_eq!(TypeScript.error_in_stderr(&ran.stderr), None);
}

/// What the runner's type checker says about a function's file.
fn checked(signature: &str, code: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let table = include_str!("../../../runner/src/languages.toml");
    let notes = table
        .lines()
        .find_map(|line| line.strip_prefix("notes = "))
        .unwrap();
    let command: Vec<String> = serde_json::from_str(notes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = TypeScript
        .source(Callable::Function(&parse_signature(signature)), code)
        .unwrap();
    std::fs::write(folder.path().join("main.ts"), source).unwrap();
    let libraries = root.join("runner/libraries").canonicalize().unwrap();
    let words = command.iter().map(|word| {
        word.replace("{libraries}", libraries.to_str().unwrap())
            .replace("{sources}", "main.ts")
    });
    let words: Vec<String> = words.collect();
    let output = Command::new(root.join("node_modules/.bin").join(&words[0]))
        .args(&words[1..])
        .current_dir(folder.path())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The harness's own code is well typed, and what it brings is known.
#[test]
fn notes_are_about_the_users_lines() {
    let signature = "f(int, linked_list<int>, binary_tree<int>) -> linked_list<int>";
    for code in [
        "function f(a: number, l: ListNode | null, t: TreeNode | null): ListNode | null { return l?.next ?? new ListNode(a, t!.left!.val); }",
        "class ListNode { val = 0; next: ListNode | null = null; }\nclass Solution { f(a: number, l: ListNode, t: TreeNode): ListNode { return l; } }",
        "export const f = (a: number, l: ListNode) => { const q = new PriorityQueue<[number, string]>((x, y) => x[0] - y[0]), d = new Deque<number>([1]), m: MinPriorityQueue<number> = new MinPriorityQueue<number>(); q.enqueue([1, '']); for (const [n, s] of q) console.log(n, s); return _.sum([a, d.front()]) && l; }",
        "import { MaxPriorityQueue } from '@datastructures-js/priority-queue';\nimport * as fs from 'fs';\nexport default function f(a: number) { fs.statSync('.'); return new MaxPriorityQueue<number>().enqueue(a).size(); }",
        "function f(a) { const memo = {}; memo[a] = 1; process.exit(0); }\nmodule.exports = { f };",
        "var f = async function (a: number): Promise<number> { await 1; return a; };",
    ] {
        assert_eq!(checked(signature, code), "", "{code}");
    }
    let wrong = "function f(a: number): string { return a; }\nconst n: number = 'n';";
    let said = checked(signature, wrong);
    let places: Vec<&str> = said
        .lines()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert_eq!(places, ["main.ts(1", "main.ts(2"], "{said}");
    assert_eq!(compiler_output(&said), said);
}
