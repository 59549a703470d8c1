//! The harness for C.

use harness::Harness::C;
use harness::compiler_output;
use serde_json::{Value, json};
use shared::domain::problem::{Answer, Callable};

use crate::every::class;
use crate::run::{NONCE, run, run_callable, signature};
use crate::shapes::function;
use crate::toolchain::Toolchain;

#[test]
fn c_takes_and_gives_what_practice_sites_have() {
    let board = "char** f(char** board, int boardSize, int* boardColSize, char* word, int* returnSize) { board[0][1] = 'z'; char** out = malloc(sizeof(char*)); out[0] = strdup(word); strncat(out[0], board[0], boardColSize[0]); *returnSize = boardSize; return out; }";
    for (text, code, case, expected) in [
        (
            "f(list<list<string>>, string) -> list<string>",
            board,
            json!([[["a", "b"]], "né\u{1f600}\n"]),
            "[\"né\u{1f600}\\u000aaz\"]",
        ),
        (
            "f(string, list<int>) -> string",
            "char f(const char *restrict s, unsigned char *at, int atSize) { return s[at[atSize - 1]]; }",
            json!(["a/b\"", [0, 3]]),
            "\"\\\"\"",
        ),
        (
            "f(float, bool) -> list<bool>",
            "#include <stdbool.h>\n_Bool* f(float x, bool b, int* size) { bool* all = malloc(3); all[0] = x > 0.5; all[1] = b; all[2] = !b; *size = 3; return all; }",
            json!([0.75, true]),
            "[true,true,false]",
        ),
        (
            "f(int) -> list<list<int>>",
            "#define SIZE 3\n/* \" */ typedef long long ll; ll** f(int n, int* size, int** columns) { ll** all = malloc(n * sizeof *all); *columns = malloc(n * sizeof(int)); for (*size = 0; *size < n; ++*size) { all[*size] = calloc(SIZE, sizeof(ll)); (*columns)[*size] = *size; } return all; }",
            json!([3]),
            "[[],[0],[0,0]]",
        ),
        (
            "f(list<linked_list<int>>) -> linked_list<int>",
            "struct ListNode { struct ListNode *next; short val; };\nstruct ListNode* f(struct ListNode** lists, int n) { return n ? lists[n - 1] : NULL; }",
            json!([[[1], [2, 3]]]),
            "[2,3]",
        ),
        (
            "f(int) -> null",
            "int index[9], y1; double round(double x, int to) { return x * to; }\nvoid f(int n) { index[0] = n; y1 = round(n, 2); }",
            json!([1]),
            "null",
        ),
        (
            "findMax(int) -> int",
            "static int helper(int);\nint find_max(int n) { return helper(n); }\nstatic int helper(int n) { return n + __LINE__; } // \\",
            json!([1]),
            "4",
        ),
        (
            "f() -> list<float>",
            "double* f(int* n) { *n = 0; return NULL; }",
            json!([]),
            "[]",
        ),
    ] {
        let ran = run(C, text, code, &[case]);
        assert_eq!(ran.text(0), expected, "{code}");
    }
}

#[test]
fn c_says_why_a_case_has_no_value() {
    let code = "char* f(short n, char* s, char c) { return n ? n > 1 ? \"a\\xff\" : NULL : s; }";
    let cases = [
        json!([0, "x", "c"]),
        json!([1, "x", "c"]),
        json!([2, "x", "c"]),
        json!([40_000, "x", "c"]),
        json!([0, "x", "long"]),
        json!([0, "x\u{0}y", "c"]),
    ];
    let ran = run(C, "f(int, string, string) -> string", code, &cases);
    assert_eq!(ran.text(0), "\"x\"");
    assert_eq!(ran.not_json(1), "nothing: the function returned NULL");
    assert_eq!(ran.not_json(2), "text that is not UTF-8");
    for index in [3, 4] {
        assert_eq!(
            ran.raised(index).1,
            "an argument does not fit its parameter"
        );
    }
    assert_eq!(ran.raised(5).1, "C has no text with a zero byte in it");
    for (body, why) in [
        ("*size = -1; return NULL;", "a size below 0"),
        (
            "*size = 2; return NULL;",
            "nothing: the function returned NULL",
        ),
    ] {
        let code = format!("int* f(int* size) {{ {body} }}");
        assert_eq!(
            run(C, "f() -> list<int>", &code, &[json!([])]).not_json(0),
            why
        );
    }
    let code = "struct TreeNode* f(struct TreeNode* t) { t->left = t; return t; }";
    let ran = run(
        C,
        "f(binary_tree<int>) -> binary_tree<int>",
        code,
        &[json!([[1]])],
    );
    assert_eq!(ran.not_json(0), "a cycle");
    // What crashes ends the program; what was told before it stays told.
    let code = "int f(int n) { if (n == 2) raise(11); return n; }";
    let code = format!("#include <signal.h>\n{code}");
    let ran = run(
        C,
        "f(int) -> int",
        &code,
        &[json!([1]), json!([2]), json!([3])],
    );
    assert_eq!(
        (ran.text(0), ran.frames.cases.len(), ran.code),
        ("1", 1, None)
    );
    let code =
        "int f(int n) { volatile char pad[400]; pad[n % 9] = 1; return n ? 1 + f(n - 1) : 0; }";
    let ran = run(C, "f(int) -> int", code, &[json!([100_000])]);
    assert_eq!(ran.text(0), "100000");
}

#[test]
fn c_announces_calls_and_frees_objects() {
    let shaky = class("LruCache(int); get(string) -> int");
    let code = "typedef struct { int n; } LRUCache;\nLRUCache* lRUCacheCreate(int n) { LRUCache* it = malloc(sizeof *it); it->n = n; return it; }\nint lRUCacheGet(LRUCache* it, char* key) { return it->n++ + strlen(key); }\nvoid lRUCacheFree(LRUCache* it) { printf(\"freed %d\\n\", it->n); free(it); }";
    let callable = Callable::Class(&shaky);
    let case = r#"[[0,-1,[],1],[0,0,[],"a"],[1,-1,[],9],[0,0,[],"]\",["]]"#;
    let ran = run_callable(C, callable, code, &[case, "[[0,-1,[],4]]"]);
    assert_eq!((ran.text(0), ran.text(1)), ("[null,2,null,6]", "[null]"));
    assert_eq!(ran.stderr, "freed 3\nfreed 9\nfreed 4\n");
    let ran = run_callable(C, callable, code, &[case]);
    let announced = (0..4).map(|call| format!("\u{1e}{NONCE} 0 >{call}\n"));
    assert!(
        ran.stdout.starts_with(&announced.collect::<String>()),
        "{ran:?}"
    );
    let ran = run_callable(
        C,
        callable,
        code,
        &[r#"[[0,-1,[],1],[0,0,[],"\u0000"],[0,0,[],"b"]]"#, "[]"],
    );
    let line = ran.stdout.lines().next().unwrap();
    assert!(line.contains(r#"in it","call":1}"#), "{line}");
}

/// What the solver is told where the compiler refuses.
fn refusal(text: &str, code: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let signature = signature(text);
    let source = C.source(Callable::Function(&signature), code).unwrap();
    let toolchain = Toolchain::of(C).unwrap();
    let said = toolchain.prepare(folder.path(), &source).unwrap_err();
    compiler_output(&said.replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn c_is_told_what_the_compiler_refuses() {
    let missing = "The function `addUp` was not found in your code.\n";
    let parameters =
        "The parameters or the result of the function `addUp` are not those of the problem.\n";
    for (code, expected) in [
        ("", missing),
        (
            "int add(int* a, int n, int b) { return addUp(b); }",
            missing,
        ),
        ("// int addUp(int* a, int n, int b);", missing),
        ("int addUp(int a, int b) { return a; }", parameters),
        ("int addUp(int* a, int n) { return n; }", parameters),
        ("int addUp(int** a, int n, int b) { return n; }", parameters),
        ("int* addUp(int* a, int n, int b) { return a; }", parameters),
        ("void addUp(int* a, int n, int b) { }", parameters),
        (
            "int addUp(int* a, int n, int b, int c) { return n; }",
            parameters,
        ),
        (
            "int addUp(int* a, int n, int b) {\n  return c;\n}",
            "main.c:2:10: error: ‘c’ undeclared",
        ),
        (
            "int addUp(int* a, int n, int b) {\n",
            "expected declaration or statement at end of input",
        ),
        (
            "int addUp(int* a, int n, int b);",
            "undefined reference to `addUp'",
        ),
        (
            "#include <nothing.h>\nint addUp(int* a, int n, int b) { return n; }",
            "main.c:1:10: fatal error: nothing.h",
        ),
    ] {
        let said = refusal("addUp(list<int>, int) -> int", code);
        assert!(said.contains(expected), "{code}\n{said}");
        for word in [
            "judge.c",
            "judge_",
            "JUDGE_",
            "#error",
            "collect2",
            "solution.c",
        ] {
            assert!(!said.contains(word), "{code}\n{said}");
        }
    }
    for text in [
        "f(any) -> int",
        "f(map<int>) -> int",
        "f(list<list<list<int>>>) -> int",
        "f(linked_list<string>) -> int",
        "f(list<list<linked_list<int>>>) -> int",
    ] {
        assert!(
            C.check(Callable::Function(&signature(text))).is_err(),
            "{text}"
        );
    }
}

#[test]
fn c_answers_are_arguments_of_every_type() {
    let run = |text: &str, answer, code: &str, case: &str| {
        let signature = function(text, answer);
        run_callable(C, Callable::Function(&signature), code, &[case])
            .text(0)
            .to_owned()
    };
    let flip = "void flip(int** m, int n, int* cols) { for (int i = 0; i < n; i++) for (int j = 0; j < cols[i]; j++) m[i][j] = -m[i][j]; m = NULL; }";
    assert_eq!(
        run(
            "flip(list<list<int>>) -> null",
            Answer::Argument(0),
            flip,
            "[[[1],[],[2,3]]]"
        ),
        "[[-1],[],[-2,-3]]"
    );
    let reverse = "void reverse(char* s, int n) { s[0] = s[n - 1]; }";
    assert_eq!(
        run(
            "reverse(list<string>) -> null",
            Answer::Argument(0),
            reverse,
            r#"[["a","b"]]"#
        ),
        r#"["b","b"]"#
    );
    let both = "int* both(int k, long long* nums, int n, int* size) { nums[0] = k; *size = 1; int* one = malloc(4); *one = n; return one; }";
    assert_eq!(
        run(
            "both(int, list<int>) -> list<int>",
            Answer::both(1),
            both,
            "[7,[1,2]]"
        ),
        "[[2],[7,2]]"
    );
    assert_eq!(
        run(
            "both(int, list<int>) -> list<int>",
            Answer::Argument(1),
            both,
            "[7,[1,2]]"
        ),
        "[7,2]"
    );
}

#[test]
fn c_starters_are_as_practice_sites_have_them() {
    let signature = signature("sumAll(list<list<int>>, linked_list<int>, string) -> list<float>");
    let all = harness::starters(Callable::Function(&signature));
    assert_eq!(
        all["c"],
        "// Given: struct ListNode { long long val; struct ListNode *next; };\n\n\
         double* sumAll(long long** p0, int p0Size, int* p0ColSize, struct ListNode* p1, char* p2, int* returnSize) {\n    return 0;\n}\n"
    );
    let counts = class("KeyCount(int); countOf(string) -> bool; addAll(list<int>) -> null");
    let all = harness::starters(Callable::Class(&counts));
    let text = all["c"].as_str().unwrap();
    assert_eq!(
        text,
        "typedef struct {\n\n} KeyCount;\n\nKeyCount* keyCountCreate(long long p0) {\n    return NULL;\n}\n\n\
         bool keyCountCountOf(KeyCount* obj, char* p0) {\n    return 0;\n}\n\n\
         void keyCountAddAll(KeyCount* obj, long long* p0, int p0Size) {\n\n}\n\n\
         void keyCountFree(KeyCount* obj) {\n\n}\n"
    );
    // They compile as they are.
    let ran = run_callable(C, Callable::Class(&counts), text, &["[]"]);
    let none: Vec<Value> = Vec::new();
    assert_eq!(ran.value(0), &json!(none));
    // C has no maps.
    let merge = function("merge(map<int>) -> null", Answer::Argument(0));
    assert!(harness::starters(Callable::Function(&merge))["c"].is_null());
}
