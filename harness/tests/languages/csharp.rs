//! The harness for C#: an argument is built for the type that the user's method
//! declares, and the result is written from what it is.

use harness::Harness::CSharp;
use harness::HarnessErrorKind::{Error, Memory, Missing};
use serde_json::{Value, json};
use shared::domain::problem::{Answer, Callable};

use crate::every::class;
use crate::run::{NONCE, run, run_callable, signature};
use crate::typed;

const NOTHING: &str =
    "nothing: the function returned no value, and printing one does not return it";

#[test]
fn pasted_code_is_called_with_the_types_that_it_declares() {
    let signature = "all(list<int>, list<list<int>>, list<string>, map<int>, float, bool, string, linked_list<int>, binary_tree<int>, any, list<list<string>>, int) -> any";
    let case = json!([[1, 2], [[3], []], ["a", "b"], {"k": 4, "a": 5}, 1, true, "é😀\u{0}\u{1e}\"\\", [5, 6], [7, null, 8], [1, 2.5, "x", null, {"a": true}, 9_223_372_036_854_775_807_i64], [["x", "y"]], 7]);
    let code = r#"
using System.Text; // using Lost;
using static System.Math;
/* class Solution { } */
namespace Practice {
    public class Solution {
        static int calls;
        public IList<object> All(int[] a, IList<IList<int>> b, char[] c, Dictionary<string, long> d,
                double e, bool f, string g, ListNode h, TreeNode i, object j, char[][] k, int? l) {
            Console.WriteLine("one");
            Console.Error.WriteLine(@"tw""o");
            int sum = Max(a[0], 0) + h.next.val + i.right.val;
            return new List<object> { ++calls, sum, b, c, d, e, f, g, j, k, l, 'z', 0.1f, new int[][] { new[] { 1 } }, new HashSet<int> { 3 } };
        }
        static void Main(string[] args) { Console.WriteLine("mine"); }
    }
}
class Program { public static int Main() { return 1; } }
"#;
    let ran = run(CSharp, signature, code, &[case.clone(), case]);
    let tail = r#"15,[[3],[]],"ab",{"k":4,"a":5},1.0,true,"é😀\u0000\u001e\"\\",[1,2.5,"x",null,{"a":true},9223372036854775807],["xy"],7,"z",0.1,[[1]],[3]]"#;
    // The members of an object in the case above are sorted by the test.
    let tail = tail.replace(r#"{"k":4,"a":5}"#, &json!({"k": 4, "a": 5}).to_string());
    assert_eq!(ran.text(0), format!("[1,{tail}"), "{ran:?}");
    assert_eq!(ran.text(1), format!("[2,{tail}"));
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.stderr, "one\ntw\"o\none\ntw\"o\n");
    assert_eq!(ran.stdout.lines().count(), 2);
}

#[test]
fn a_type_of_the_language_takes_what_fits_it() {
    let same = |of: &str| format!("public {of} Same@({of} x) {{ return x; }}");
    typed::come_back(
        CSharp,
        "class Same { @ }",
        &[
            ("int", &same("int?"), "[2147483647]"),
            (
                "any",
                &same("object"),
                r#"[null,{"b":[true,9007199254740993,1,"x",-0.0,0.5,{}],"a":1},[[[]]]]"#,
            ),
            ("list<int>", &same("Queue<int>"), "[[],[1,2,3]]"),
            ("list<int>", &same("ISet<int>"), "[[],[1,2,3]]"),
            (
                "list<map<list<float>>>",
                &same("List<SortedDictionary<string, double[]>>"),
                r#"[[],[{"a":[],"z":[1.0]}]]"#,
            ),
            (
                "linked_list<list<string>>",
                &same("ListNode"),
                r#"[[],[["a"]],[[],["b","c"]]]"#,
            ),
            (
                "list<linked_list<list<string>>>",
                &same("ListNode[]"),
                r#"[[[["x"]],[],[[]]]]"#,
            ),
            (
                "map<binary_tree<int>>",
                &same("IDictionary<string, TreeNode>"),
                r#"[{"t":[1,null,2]}]"#,
            ),
        ],
    );
}

#[test]
fn what_json_cannot_hold_is_told() {
    let odd = |of: &str, body: &str| format!("public {of} Odd@() {{ {body} }}");
    typed::are_told(
        CSharp,
        "class Odd { object Deep(int n) { return n == 0 ? (object) 1 : new[] { Deep(n - 1) }; } @ }",
        &[
            ("any", &odd("double", "return double.NaN;"), "NaN"),
            (
                "list<int>",
                &odd("double[]", "return new[] { -1 / 0.0 };"),
                "-Infinity",
            ),
            (
                "int",
                &odd("ulong", "return 1ul << 63;"),
                "a whole number beyond 64 bits",
            ),
            (
                "string",
                &odd("string", r#"return "x\ud800";"#),
                "a lone surrogate",
            ),
            (
                "any",
                &odd(
                    "object",
                    r"return new Dictionary<char, int> { { '\udfff', 1 } };",
                ),
                "a lone surrogate",
            ),
            (
                "any",
                &odd("object", "var x = new object[1]; x[0] = x; return x;"),
                "a cycle",
            ),
            (
                "any",
                &odd("object", "return Deep(65);"),
                "nested deeper than 64",
            ),
            (
                "any",
                &odd("object", "return new Dictionary<int, int> { { 1, 2 } };"),
                "a key of type Int32",
            ),
            ("any", &odd("object", "return this;"), "a value of type Odd"),
            (
                "any",
                &odd("object", "return new int[1, 1];"),
                "a value of type Int32[,]",
            ),
            (
                "linked_list<int>",
                &odd("object", "var x = new ListNode(1); x.next = x; return x;"),
                "a cycle",
            ),
            (
                "linked_list<int>",
                &odd("object", "return 5;"),
                "a value of type Int32",
            ),
            ("int", &odd("int?", "return null;"), NOTHING),
            ("list<int>", &odd("void", ""), NOTHING),
        ],
    );
    let ran = run(CSharp, "f() -> null", "void F() { }", &[json!([])]);
    assert_eq!(ran.text(0), "null");
}

#[test]
fn what_a_case_raises_is_its_own_affair() {
    let code = r#"class Solution {
    int Inner(int n) {
        throw new InvalidOperationException(string.Concat(Enumerable.Repeat("a\ud800", n)));
    }
    public int F(int k) {
        if (k == 0) return Inner(900) + 1;
        if (k == 1) { object x = "s"; return (int) x; }
        return k;
    }
}"#;
    let cases: Vec<Value> = [0, 1, 1_i64 << 40, 4].map(|k| json!([k])).to_vec();
    let ran = run(CSharp, "f(int) -> int", code, &cases);
    let (kind, text) = ran.raised(0);
    assert_eq!(kind, Error);
    assert!(
        text.starts_with("System.InvalidOperationException: a"),
        "{text}"
    );
    assert!(
        text.contains("\n    at Solution.Inner") && text.contains("\n    at Solution.F"),
        "{text}"
    );
    assert!(!text.contains("judge_") && text.len() <= 1_900, "{text}");
    assert!(ran.raised(1).1.starts_with("System.InvalidCastException"));
    assert_eq!(
        ran.raised(2),
        (
            Error,
            "System.ArgumentException: an argument does not fit its parameter, at 1099511627776]"
        )
    );
    assert_eq!((ran.text(3), ran.code), ("4", Some(0)));
    // What no program can catch ends it; the language says why.
    let code = "int F(int k) { return k == 0 ? 0 : F(k + 1) + 1; }";
    let ran = run(
        CSharp,
        "f(int) -> int",
        code,
        &[json!([0]), json!([1]), json!([0])],
    );
    assert_eq!((ran.text(0), ran.frames.cases.len()), ("0", 1));
    let error = CSharp.error_in_stderr(&ran.stderr).unwrap();
    assert!(
        error.kind == Error && error.text.contains("StackOverflowException"),
        "{error:?}"
    );
    let error = CSharp
        .error_in_stderr("x\nSystem.OutOfMemoryException: no\n")
        .unwrap();
    assert_eq!(
        (error.kind, error.text.as_str()),
        (Memory, "System.OutOfMemoryException: no")
    );
    assert_eq!(CSharp.error_in_stderr("System.Exception: x"), None);
}

#[test]
fn functions_are_found_in_every_usual_form() {
    for code in [
        "class Solution { private int AddUp(int a, int b) { return a + b; } }",
        "\u{feff}public class Solution\r\n{\r\n    public static long addUp(long a, long b) => a + b;\r\n}",
        "class Adder { int AddUp(int a) { return 0; } protected int AddUp(int a, long b) { return a + (int) b; } } // end",
        "using System.Text;\nlong addUp(long a, long b) { return new Pair { A = a, B = b }.Sum(); }\nclass Pair { public long A, B; public long Sum() { return A + B; } }",
        "abstract class Base { public int AddUp(int a, int b) { return a + b; } }\nclass Solution : Base { int s; static Solution() { } }",
        "class List { } class Map { } class Node { } class Solution { int s; int AddUp(int a, int b) { return s += a + b; } }",
    ] {
        let ran = run(
            CSharp,
            "addUp(int, int) -> int",
            code,
            &[json!([1, 2]), json!([3, 4])],
        );
        assert_eq!((ran.text(0), ran.text(1)), ("3", "7"), "{code}");
    }
    for (code, kind, text) in [
        (
            "class Other { }",
            Missing,
            "The function `addUp` was not found in your code.",
        ),
        (
            "int AddUp(int a) { return a; }",
            Missing,
            "The function `addUp` with 2 parameters was not found in your code.",
        ),
        (
            "class Solution { static int x = int.Parse(\"x\"); int AddUp(int a, int b) { return 1; } }",
            Error,
            "System.FormatException: ",
        ),
    ] {
        let ran = run(CSharp, "addUp(int, int) -> int", code, &[json!([1, 2])]);
        let (found, said) = ran.load();
        assert!(found == kind && said.starts_with(text), "{code} {said}");
    }
}

#[test]
fn deep_recursion_and_standard_streams() {
    let code = r#"class Solution {
    int Depth(ListNode node) { return node == null ? 0 : 1 + Depth(node.next); }
    int F(ListNode node) {
        Console.Write("printed");
        if (Console.Read() != -1 || Console.OpenStandardInput().ReadByte() != -1) throw new Exception();
        Console.Out.Close();
        Console.SetOut(System.IO.TextWriter.Null);
        return Depth(node);
    }
}"#;
    let nodes: Vec<i64> = (0..100_000).collect();
    let ran = run(
        CSharp,
        "f(linked_list<int>) -> int",
        code,
        &[json!([nodes])],
    );
    assert_eq!(ran.text(0), "100000");
    assert_eq!((ran.stderr.as_str(), ran.code), ("printed", Some(0)));
    // Leaving ends the process; what was told stays told.
    let code = "int F(int k) { Console.Write(k); if (k == 1) Environment.Exit(0); return k; }";
    let ran = run(
        CSharp,
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
        CSharp,
        "class Solution { public void Change(ListNode a, TreeNode t) {
        if (t == null) return; t.left = new TreeNode(9); t = null; } }",
    );
    // By reference.
    let mut f = signature("f(list<int>) -> null");
    f.answer = Answer::Argument(0);
    let code = "void F(ref int[] nums) { nums = new[] { 2, 3 }; }";
    let ran = run_callable(CSharp, Callable::Function(&f), code, &["[[1,2]]"]);
    assert_eq!(ran.text(0), "[2,3]");
}

const LRU: &str = r#"public class LRUCache {
    readonly int capacity;
    readonly List<KeyValuePair<int, int>> order = new List<KeyValuePair<int, int>>();
    public LRUCache(int capacity) { this.capacity = capacity; }
    public int Get(int key) {
        if (key == 99) throw new Exception("no");
        int at = order.FindIndex(one => one.Key == key);
        if (at < 0) return -1;
        var found = order[at];
        order.RemoveAt(at);
        order.Add(found);
        return found.Value;
    }
    public LRUCache Put(int key, int value) {
        order.Add(new KeyValuePair<int, int>(key, value));
        if (order.Count > capacity) order.RemoveAt(0);
        return this;
    }
    public IEnumerable<int> Keys() { return order.Select(one => one.Key); }
    public object Odd(List<int> keys) { keys.Add(1); return keys.Count > 2 ? new object() : keys; }
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
    let ran = run_callable(CSharp, callable, LRU, &[first, raises]);
    assert_eq!(ran.text(0), "[null,null,null,null,null,-1,6,[7],[7,1]]");
    let line = ran.stdout.lines().nth(1).unwrap();
    let start = format!(
        "\u{1e}{NONCE} 1 !{{\"kind\":\"error\",\"text\":\"System.Exception: no\\u000a    at LRUCache.Get"
    );
    assert!(
        line.starts_with(&start) && line.ends_with("\",\"call\":1}"),
        "{line}"
    );
    let ran = run_callable(CSharp, callable, "class LruCache { }", &[first]);
    let text =
        "The constructor with 1 parameter of the class `LruCache` was not found in your code.";
    assert_eq!(ran.load(), (Missing, text));
}

#[test]
fn messages_of_the_compiler_are_about_the_users_code() {
    typed::compiler_says(
        CSharp,
        &[
            (
                "class Solution { int F(int n) { return x; } }",
                "main.cs(1,40): error CS0103: …",
            ),
            (
                "using System.Text;\n\n  int F(int n) {\n  return x;\n}",
                "main.cs(4,10): error CS0103: …",
            ),
            (
                "using Lost;\nint F(int n) { return 1; }",
                "main.cs(1,7): error CS0246: …",
            ),
            (
                "class Solution {\n  int F(int n) {\n    return n;\n  }\n",
                "main.cs: error CS1525: Unexpected symbol `end-of-file'\n",
            ),
            (
                "class Solution {\n  int F(int n) { /* return n;\n  }\n}",
                "main.cs(…",
            ),
        ],
    );
}

#[test]
fn what_a_solver_begins_with_runs() {
    typed::starters_run(
        CSharp,
        "public long F(long p0, double p1, bool p2, string p3, long[][] p4, Dictionary<string, double[]>[] p5, object p6, ListNode p7, TreeNode p8) {\n        return 0;\n    }\n",
        "class LruCache {\n    public LruCache(long p0) {\n\n    }\n\n    public long GetOne(long p0) {\n        return 0;\n    }\n\n    public void Put(long p0, string p1) {\n\n    }\n",
    );
}
