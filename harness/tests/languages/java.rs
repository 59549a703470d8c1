//! The harness for Java: an argument is built for the type that the user's method
//! declares, and the result is written from what it is.

use harness::Harness::Java;
use harness::HarnessErrorKind::{Error, Memory, Missing};
use serde_json::{Value, json};
use shared::domain::problem::Callable;

use crate::every::class;
use crate::run::{NONCE, run, run_callable};
use crate::typed;

const NOTHING: &str =
    "nothing: the function returned no value, and printing one does not return it";

#[test]
fn pasted_code_is_called_with_the_types_that_it_declares() {
    let signature = "all(list<int>, list<list<int>>, list<string>, map<int>, float, bool, string, linked_list<int>, binary_tree<int>, any, list<list<string>>) -> any";
    let case = json!([[1, 2], [[3], []], ["a", "b"], {"k": 4}, 1, true, "é😀\u{0}\u{1e}\"\\", [5, 6], [7, null, 8], [1, 2.5, "x", null, {"a": true}, 9_223_372_036_854_775_807_i64], [["x", "y"]]]);
    let code = r#"
package judge.test;
import java.util.List;
import static java.lang.Math.max;

/** class Solution { } */
public class Solution {
    static int calls;
    public List<Object> all(int[] a, List<List<Integer>> b, char[] c, Map<String, Long> d,
            double e, boolean f, String g, ListNode h, TreeNode i, Object j, char[][] k) {
        System.out.println("one");
        System.err.println("two");
        int sum = max(a[0], 0) + h.next.val + i.right.val;
        return new ArrayList<>(Arrays.asList(++calls, sum, b, c, d, e, f, g, j, k, 'z', 0.1f, new int[][] {{1}}));
    }
    public static void main(String[] args) { System.out.println("mine"); }
}
class Main { public static void main(String[] args) { System.out.println("mine"); } }
"#;
    let ran = run(Java, signature, code, &[case.clone(), case]);
    let tail = r#"15,[[3],[]],"ab",{"k":4},1.0,true,"é😀\u0000\u001e\"\\",[1,2.5,"x",null,{"a":true},9223372036854775807],["xy"],"z",0.1,[[1]]]"#;
    assert_eq!(ran.text(0), format!("[1,{tail}"), "{ran:?}");
    assert_eq!(ran.text(1), format!("[2,{tail}"));
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.stderr, "one\ntwo\none\ntwo\n");
    assert_eq!(ran.stdout.lines().count(), 2);
}

#[test]
fn a_type_of_the_language_takes_what_fits_it() {
    typed::come_back(
        Java,
        "class Same { @ }",
        &[
            (
                "int",
                "Integer same@(Integer x) { return x; }",
                "[2147483647]",
            ),
            (
                "bool",
                "Boolean same@(boolean x) { return x; }",
                "[true,false]",
            ),
            (
                "any",
                "Object same@(Object x) { return x; }",
                r#"[null,{"b":[true,9007199254740993,1,"x",-0.0,0.5,{}],"a":1},[[[]]]]"#,
            ),
            (
                "list<list<int>>",
                "long[][] same@(long[][] x) { return x; }",
                "[[],[[],[1,-1]]]",
            ),
            (
                "list<int>",
                "int[] same@(int[] x) { return x; }",
                "[[],[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]]",
            ),
            (
                "list<map<list<float>>>",
                "List<Map<String, double[]>> same@(List<Map<String, double[]>> x) { return x; }",
                r#"[[],[{"z":[1.0],"a":[]}]]"#,
            ),
            (
                "linked_list<list<string>>",
                "ListNode same@(ListNode x) { return x; }",
                r#"[[],[["a"]],[[],["b","c"]]]"#,
            ),
            (
                "list<linked_list<list<string>>>",
                "ListNode[] same@(ListNode[] x) { return x; }",
                r#"[[[["x"]],[],[[]]]]"#,
            ),
            (
                "map<binary_tree<int>>",
                "Map<String, TreeNode> same@(Map<String, TreeNode> x) { return x; }",
                r#"[{"t":[1,null,2]}]"#,
            ),
        ],
    );
    let ran = run(
        Java,
        "f() -> list<float>",
        "double[] f() { return new double[] {Double.NaN, 1 / 0.0, -1 / 0.0}; }",
        &[json!([])],
    );
    assert_eq!(ran.text(0), "[NaN,Infinity,-Infinity]");
}

#[test]
fn what_json_cannot_hold_is_told() {
    let helpers = "class Odd {
        Object loop() { List<Object> x = new ArrayList<>(); x.add(x); return x; }
        Object deep(int n) { return n == 0 ? 1 : List.of(deep(n - 1)); }
        Object ring() { ListNode x = new ListNode(); x.next = x; return x; }
        @ }";
    typed::are_told(
        Java,
        helpers,
        &[
            ("any", "double odd@() { return Double.NaN; }", "NaN"),
            (
                "list<int>",
                "double[] odd@() { return new double[] {-1 / 0.0}; }",
                "-Infinity",
            ),
            (
                "int",
                "Object odd@() { return java.math.BigInteger.ONE.shiftLeft(63); }",
                "a whole number beyond 64 bits",
            ),
            (
                "string",
                r#"String odd@() { return "x\ud800"; }"#,
                "a lone surrogate",
            ),
            (
                "any",
                r"Object odd@() { return Map.of('\udfff', 1); }",
                "a lone surrogate",
            ),
            ("any", "Object odd@() { return loop(); }", "a cycle"),
            (
                "any",
                "Object odd@() { return deep(65); }",
                "nested deeper than 64",
            ),
            (
                "any",
                "Object odd@() { return Map.of(1, 2); }",
                "a key of type Integer",
            ),
            (
                "any",
                "Object odd@() { return this; }",
                "a value of type Odd",
            ),
            (
                "linked_list<int>",
                "Object odd@() { return ring(); }",
                "a cycle",
            ),
            (
                "linked_list<int>",
                "Object odd@() { return 5; }",
                "a value of type Integer",
            ),
            ("int", "Integer odd@() { return null; }", NOTHING),
            ("list<int>", "void odd@() { }", NOTHING),
        ],
    );
    let ran = run(Java, "f() -> null", "void f() { }", &[json!([])]);
    assert_eq!(ran.text(0), "null");
}

#[test]
fn what_a_case_raises_is_its_own_affair() {
    let code = r#"class Solution {
    int inner(int n) {
        throw new IllegalStateException("a\ud800".repeat(n));
    }
    public int f(int k) {
        if (k == 0) return inner(900);
        if (k == 1) return new int[1 << 30].length + new int[1 << 30].length;
        if (k == 2) return f(k);
        if (k == 3) { Object x = "s"; return (Integer) x; }
        return k;
    }
}"#;
    let cases: Vec<Value> = [0, 1, 2, 3, 1_i64 << 40, 4].map(|k| json!([k])).to_vec();
    let ran = run(Java, "f(int) -> int", code, &cases);
    let (kind, text) = ran.raised(0);
    assert_eq!(kind, Error);
    assert!(
        text.starts_with("java.lang.IllegalStateException: a"),
        "{text}"
    );
    assert!(
        text.ends_with("\n    at Solution.inner(Main.java:3)\n    at Solution.f(Main.java:6)"),
        "{text}"
    );
    assert_eq!(
        ran.raised(1),
        (Memory, "java.lang.OutOfMemoryError: Java heap space")
    );
    let (kind, text) = ran.raised(2);
    assert_eq!(kind, Error);
    assert!(
        text.starts_with("java.lang.StackOverflowError\n    at Solution.f(Main.java:8)\n"),
        "{text}"
    );
    assert!(ran.raised(3).1.starts_with("java.lang.ClassCastException"));
    assert!(
        ran.raised(4).1.starts_with(
            "java.lang.IllegalArgumentException: an argument does not fit its parameter"
        ),
        "{ran:?}"
    );
    assert_eq!(ran.text(5), "4");
    assert_eq!(ran.code, Some(0));
}

#[test]
fn code_without_the_function_says_what_is_missing() {
    for (code, kind, text) in [
        (
            "class Solution { int g(int a, int b) { return 1; } }",
            Missing,
            "The function `addUp` was not found in your code.",
        ),
        (
            "class Other { }",
            Missing,
            "The function `addUp` was not found in your code.",
        ),
        (
            "",
            Missing,
            "The function `addUp` was not found in your code.",
        ),
        (
            "int addUp(int a) { return a; }",
            Missing,
            "The function `addUp` with 2 parameters was not found in your code.",
        ),
        (
            "class Solution { static int x = 1 / 0; int addUp(int a, int b) { return 1; } }",
            Error,
            "java.lang.ArithmeticException: / by zero\n    at Solution.<clinit>(Main.java:1)",
        ),
    ] {
        let ran = run(Java, "addUp(int, int) -> int", code, &[json!([1, 2])]);
        assert_eq!(ran.load(), (kind, text), "{code}");
    }
}

#[test]
fn functions_are_found_in_every_usual_form() {
    for code in [
        "class Solution { private int addUp(int a, int b) { return a + b; } }",
        "\u{feff}class Solution { public static long addUp(long a, long b) { return a + b; } }",
        "class Adder { Integer addUp(Integer a, Long b) { return a + b.intValue(); } }",
        "int addUp(int a, int b) { return plus(a, b); }\nint plus(int a, int b) { return a + b; }",
        "import java.util.*;\nlong addUp(long a, long b) { return new Pair(a, b).sum(); }\nclass Pair { long a, b; Pair(long a, long b) { this.a = a; this.b = b; } long sum() { return a + b; } } // end",
        "abstract class Base { int addUp(int a, int b) { return a + b; } int addUp(int a) { return 0; } }\nclass Solution extends Base { int s; { s = 1; } }",
        "record P(int a, int b) { }\nfinal class Solution { int addUp(int a, int b) { P p = new P(a, b); return p.a() + p.b(); } }",
        "class List { } class Map { } class Node { } class Solution { int s; int addUp(int a, int b) { return s += a + b; } }",
    ] {
        let ran = run(
            Java,
            "addUp(int, int) -> int",
            code,
            &[json!([1, 2]), json!([3, 4])],
        );
        assert_eq!((ran.text(0), ran.text(1)), ("3", "7"), "{code}");
    }
}

#[test]
fn deep_recursion_and_standard_streams() {
    let code = r#"class Solution {
    int depth(ListNode node) { return node == null ? 0 : 1 + depth(node.next); }
    int f(ListNode node) throws Exception {
        System.out.print("printed");
        if (System.in.read() != -1 || new java.io.FileInputStream(java.io.FileDescriptor.in).read() != -1) throw new Error();
        System.out.close();
        System.setOut(null);
        return depth(node);
    }
}"#;
    let nodes: Vec<i64> = (0..100_000).collect();
    let ran = run(Java, "f(linked_list<int>) -> int", code, &[json!([nodes])]);
    assert_eq!(ran.text(0), "100000");
    assert_eq!((ran.stderr.as_str(), ran.code), ("printed", Some(0)));
    // Leaving ends the process; what was told stays told.
    let code = "int f(int k) { System.out.print(k); if (k == 1) System.exit(0); return k; }";
    let ran = run(
        Java,
        "f(int) -> int",
        code,
        &[json!([0]), json!([1]), json!([2])],
    );
    assert_eq!(
        (ran.frames.cases.len(), ran.stderr.as_str(), ran.code),
        (1, "01", Some(0))
    );
}

#[test]
fn an_argument_is_the_answer_wherever_it_stands() {
    typed::the_second_argument_is_in_the_answer(
        Java,
        "class Solution { public void change(ListNode a, TreeNode t) {
        if (t == null) return; t.left = new TreeNode(9); t = null; } }",
    );
}

const LRU: &str = r#"
class LRUCache extends LinkedHashMap<Integer, Integer> {
    private final int capacity;
    public LRUCache(int capacity) { super(16, 0.75f, true); this.capacity = capacity; }
    public int get(int key) { if (key == 99) throw new RuntimeException("no"); return super.getOrDefault(key, -1); }
    public LRUCache put(int key, int value) { super.put(key, value); return this; }
    public List<Integer> keys() { return new ArrayList<>(keySet()); }
    public Object odd(List<Integer> keys) { keys.add(1); return keys.size() > 2 ? new Object() : keys; }
    @Override protected boolean removeEldestEntry(Map.Entry<Integer, Integer> eldest) { return size() > capacity; }
}
"#;

#[test]
fn a_class_gets_its_calls() {
    let lru = class(
        "LruCache(int); get(int) -> int; put(int, int) -> null; keys() -> list<int>; odd(list<int>) -> any",
    );
    let callable = Callable::Class(&lru);
    let first = "[[0,-1,[],1],[0,1,[],1,5],[0,1,[],2,6],[1,-1,[],2],[1,1,[],7,7],[0,0,[],1],[0,0,[],2],[1,2,[]],[0,3,[7],null]]";
    let raises = "[[0,-1,[],1],[0,0,[],99],[0,0,[],1]]";
    let ran = run_callable(Java, callable, LRU, &[first, raises]);
    assert_eq!(ran.text(0), "[null,null,null,null,null,-1,6,[7],[7,1]]");
    assert_eq!(
        ran.stdout.lines().nth(1).unwrap(),
        format!(
            "\u{1e}{NONCE} 1 !{{\"kind\":\"error\",\"text\":\"java.lang.RuntimeException: no\\u000a    at LRUCache.get(Main.java:5)\",\"call\":1}}"
        )
    );
    let ran = run_callable(Java, callable, "class LruCache { }", &[first]);
    let text =
        "The constructor with 1 parameter of the class `LruCache` was not found in your code.";
    assert_eq!(ran.load(), (Missing, text));
}

#[test]
fn messages_of_the_compiler_are_about_the_users_code() {
    typed::compiler_says(
        Java,
        &[
            (
                "class Solution { int f(int n) { return x; } }",
                "Main.java:1: error: cannot find symbol\nclass Solution { int f(int n) { return x; } }\n                                       ^\n  symbol:   variable x\n  location: class Solution\n1 error\n",
            ),
            (
                "import java.util.Lost;\nint f(int n) {\n  return \"\";\n}",
                "Main.java:1: error: cannot find symbol\nimport java.util.Lost;\n                ^\n  symbol:   class Lost\n  location: package java.util\nMain.java:3: error: incompatible types: String cannot be converted to int\n  return \"\";\n         ^\n2 errors\n",
            ),
            (
                "class Solution {\n  int f(int n) {\n    return n;\n  }\n",
                "Main.java: error: reached end of file while parsing\n1 error\n",
            ),
            (
                "class Solution {\n  int f(int n) { /* return n;\n  }\n}",
                "Main.java:2: error: reached end of file while parsing\n  int f(int n) { /* return n;\n                ^\n1 error\n",
            ),
            (
                "int f(int n) {\n  return n;\n}}",
                "Main.java: error: class, interface, enum, or record expected\n",
            ),
        ],
    );
}

#[test]
fn what_a_solver_begins_with_runs() {
    typed::starters_run(
        Java,
        "public long f(long p0, double p1, boolean p2, String p3, long[][] p4, List<Map<String, double[]>> p5, Object p6, ListNode p7, TreeNode p8) {\n        return 0;\n    }\n",
        "class LruCache {\n    public LruCache(long p0) {\n\n    }\n\n    public long getOne(long p0) {\n        return 0;\n    }\n\n    public void put(long p0, String p1) {\n\n    }\n",
    );
}
