//! The harness for Go: an argument is built for the type that the user's function
//! declares, and the result is written from what it is.

use harness::Harness::Go;
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
    let signature = "all(list<int>, list<list<int>>, list<string>, map<int>, float, bool, string, linked_list<int>, binary_tree<int>, any, list<list<string>>, string) -> any";
    let case = json!([[1, 2], [[3], []], ["a", "b"], {"k": 4, "a": 5}, 1, true, "é😀\u{0}\u{1e}\"\\", [5, 6], [7, null, 8], [1, 2.5, "x", null, {"a": true}, 9_223_372_036_854_775_807_i64], [["x", "y"]], "é"]);
    let code = r#"
// package other
package solution // imports

import (
	"fmt"
	str "strings"
)
import . "math"; import _ "os"

var calls = len("strings.Join")

// type ListNode struct {}
func all(a []int, b [][]int32, c []byte, d map[string]int64, e float64, f bool, g string,
	h *ListNode, i *TreeNode, j interface{}, k *[][]string, l rune) []any {
	calls++
	fmt.Println("one", str.ToUpper("x"))
	println("two")
	list := []int{2, 1}
	sort.Ints(list)
	sum := a[0] + h.Next.Val + i.Right.Val + int(Abs(-1)) + j.([]any)[0].(int)
	return []interface{}{calls, sum, b, string(c), d, e, f, g, j, k, l, float32(0.1), list, [1]int8{-1}}
}

func main() {
	all := 1
	_ = all
}
"#;
    let ran = run(Go, signature, code, &[case.clone(), case]);
    let tail = r#"17,[[3],[]],"ab",{"a":5,"k":4},1.0,true,"é😀\u0000\u001e\"\\",[1,2.5,"x",null,{"a":true},9223372036854775807],[["x","y"]],233,0.1,[1,2],[-1]]"#;
    assert_eq!(ran.text(0), format!("[13,{tail}"), "{ran:?}");
    assert_eq!(ran.text(1), format!("[14,{tail}"));
    assert_eq!(ran.code, Some(0));
    assert_eq!(ran.stderr, "one X\ntwo\none X\ntwo\n");
    assert_eq!(ran.stdout.lines().count(), 2);
}

#[test]
fn a_type_of_the_language_takes_what_fits_it() {
    let same = |of: &str| format!("func (s *Same) Same@(x {of}) {of} {{ return x }}");
    let nodes = same("*ListNode") + " // [][]";
    typed::come_back(
        Go,
        "type Same struct {}\nfunc Constructor() Same { return Same{} }\n@",
        &[
            ("int", &same("int32"), "[2147483647]"),
            ("list<string>", &same("[]byte"), r#"[["a","b"]]"#),
            ("string", &same("byte"), r#"["a"]"#),
            ("string", &same("rune"), r#"["é"]"#),
            (
                "any",
                &same("any"),
                r#"[null,{"a":[true,9007199254740993,1,"x",-0.0,0.5,{}],"b":1},[[[]]]]"#,
            ),
            (
                "list<map<list<float>>>",
                &same("[]map[string][]float64"),
                r#"[[],[{"a":[1.0],"z":[]}]]"#,
            ),
            (
                "linked_list<list<string>>",
                &nodes,
                r#"[[],[["a"]],[[],["b","c"]]]"#,
            ),
            (
                "list<linked_list<list<string>>>",
                &same("[]*ListNode"),
                r#"[[[["x"]],[],[[]]]]"#,
            ),
            (
                "map<binary_tree<int>>",
                &same("map[string]*TreeNode"),
                r#"[{"t":[1,null,2]}]"#,
            ),
        ],
    );
    let code = "func f() []float64 { return []float64{math.NaN(), math.Inf(1), math.Inf(-1)} }";
    let ran = run(Go, "f() -> list<float>", code, &[json!([])]);
    assert_eq!(ran.text(0), "[NaN,Infinity,-Infinity]");
}

#[test]
fn what_json_cannot_hold_is_told() {
    let odd = |of: &str, body: &str| format!("func (*Odd) Odd@() {of} {{ {body} }}");
    typed::are_told(
        Go,
        "type Odd struct {}\nfunc Constructor() *Odd { return &Odd{} }
        func deep(n int) any { if n == 0 { return 1 }; return []any{deep(n - 1)} }\n@",
        &[
            ("any", &odd("float64", "return math.NaN()"), "NaN"),
            (
                "list<int>",
                &odd("[]float64", "return []float64{math.Inf(-1)}"),
                "-Infinity",
            ),
            (
                "int",
                &odd("uint64", "return 1 << 63"),
                "a whole number beyond 64 bits",
            ),
            (
                "string",
                &odd("string", r#"return "x\xff""#),
                "a string that is not UTF-8",
            ),
            (
                "any",
                &odd("any", r#"return map[string]int{"\xed\xa0\x80": 1}"#),
                "a string that is not UTF-8",
            ),
            (
                "any",
                &odd("any", "x := []any{nil}; x[0] = x; return x"),
                "a cycle",
            ),
            (
                "any",
                &odd("any", "return deep(65)"),
                "nested deeper than 64",
            ),
            (
                "any",
                &odd("any", "return map[int]int{1: 2}"),
                "a key of type int",
            ),
            (
                "any",
                &odd("any", "return Odd{}"),
                "a value of type main.Odd",
            ),
            (
                "linked_list<int>",
                &odd("*ListNode", "x := &ListNode{}; x.Next = x; return x"),
                "a cycle",
            ),
            (
                "linked_list<int>",
                &odd("int", "return 5"),
                "a value of type int",
            ),
            ("int", &odd("any", "return nil"), NOTHING),
            ("list<int>", &odd("", ""), NOTHING),
        ],
    );
    let ran = run(Go, "f() -> null", "func f() { }", &[json!([])]);
    assert_eq!(ran.text(0), "null");
    // Nothing has been put in.
    let ran = run(
        Go,
        "f() -> list<map<int>>",
        "func f() (x []map[string]int) { return }",
        &[json!([])],
    );
    assert_eq!(ran.text(0), "[]");
}

#[test]
fn what_a_case_raises_is_its_own_affair() {
    let code = r#"func inner(n int) int {
	panic(strings.Repeat("a\xff", n))
}
func f(k int32) int {
	if k == 0 { return inner(900) }
	if k == 1 { return []int{}[k] }
	if k == 2 { var m map[int]int; m[1] = 1 }
	if k == 3 { panic(errors.New("own")) }
	return int(k)
}"#;
    let cases: Vec<Value> = [0, 1, 2, 3, 1_i64 << 40, 4].map(|k| json!([k])).to_vec();
    let ran = run(Go, "f(int) -> int", code, &cases);
    let (kind, text) = ran.raised(0);
    assert_eq!(kind, Error);
    assert!(text.starts_with("panic: a?a?"), "{text}");
    assert!(
        text.ends_with("\n    main.inner(main.go:2)\n    main.f(main.go:5)"),
        "{text}"
    );
    assert_eq!(
        ran.raised(1),
        (
            Error,
            "panic: runtime error: index out of range [1] with length 0\n    main.f(main.go:6)"
        )
    );
    assert_eq!(
        ran.raised(2),
        (
            Error,
            "panic: assignment to entry in nil map\n    main.f(main.go:7)"
        )
    );
    assert_eq!(ran.raised(3), (Error, "panic: own\n    main.f(main.go:8)"));
    assert_eq!(
        ran.raised(4),
        (
            Error,
            "an argument does not fit its parameter, at 1099511627776]"
        )
    );
    assert_eq!(ran.text(5), "4");
    assert_eq!(ran.code, Some(0));
    // What no program can catch ends it; the language says why.
    let code = "func f(k int) int { if k == 0 { return 0 }; return f(k + 1) + 1 }";
    let ran = run(
        Go,
        "f(int) -> int",
        code,
        &[json!([0]), json!([1]), json!([0])],
    );
    assert_eq!((ran.text(0), ran.frames.cases.len()), ("0", 1));
    let error = Go.error_in_stderr(&ran.stderr).unwrap();
    assert_eq!(
        (error.kind, error.text.as_str()),
        (
            Error,
            "runtime: goroutine stack exceeds 134217728-byte limit"
        )
    );
    let error = Go
        .error_in_stderr("x\nfatal error: runtime: out of memory\n")
        .unwrap();
    assert_eq!(
        (error.kind, error.text.as_str()),
        (Memory, "fatal error: runtime: out of memory")
    );
    assert_eq!(Go.error_in_stderr("panic: x"), None);
}

#[test]
fn functions_are_found_in_every_usual_form() {
    for code in [
        "func addUp(a int, b int) int { return a + b }",
        "\u{feff}package main\r\n\r\nfunc AddUp(a, b int64) (sum int64, err error) {\r\n\tsum = a + b\r\n\treturn\r\n}\r\n",
        "var addUp = func(a, b int) int { return a + b }\nfunc init() { var list, sort struct { x int }; _ = list.x; _ = sort.x } // end",
        "package main\nimport \"fmt\"\nimport . \"strings\"\ntype sort struct{}\nfunc (sort) Ints() {}\nfunc addUp(a, b int) int { var s sort; s.Ints(); sort.Ints(s); return a + b + len(fmt.Sprint(ToUpper(`\"import`))) - 7 }\nfunc main() { for { } }",
        "import (\n\t\"container/heap\" // \"x\"\n\n\tr `math/rand`\n)\ntype IntHeap []int\nfunc (h IntHeap) Len() int { return len(h) }\nfunc (h IntHeap) Less(i, j int) bool { return h[i] < h[j] }\nfunc (h IntHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }\nfunc (h *IntHeap) Push(x any) { *h = append(*h, x.(int)) }\nfunc (h *IntHeap) Pop() any { x := (*h)[len(*h)-1]; *h = (*h)[:len(*h)-1]; return x }\nfunc addUp(a, b int) int { h := &IntHeap{b, a}; heap.Init(h); r.Seed(1); return heap.Pop(h).(int) + max(heap.Pop(h).(int), 0) }\nfunc max(a, b int) int { if a > b { return a }; return b }",
    ] {
        let ran = run(
            Go,
            "addUp(int, int) -> int",
            code,
            &[json!([1, 2]), json!([3, 4])],
        );
        assert_eq!((ran.text(0), ran.text(1)), ("3", "7"), "{code}");
    }
    for (code, text) in [
        (
            "func g(a, b int) int { return 1 }",
            "The function `addUp` was not found in your code.",
        ),
        ("", "The function `addUp` was not found in your code."),
        (
            "func addUp(a int) int { return a }",
            "The function `addUp` with 2 parameters was not found in your code.",
        ),
    ] {
        let ran = run(Go, "addUp(int, int) -> int", code, &[json!([1, 2])]);
        assert_eq!(ran.load(), (Missing, text), "{code}");
    }
}

#[test]
fn deep_recursion_and_standard_streams() {
    let code = r#"
package main
var early = func() int { fmt.Print("early "); n, _ := os.Stdin.Read(make([]byte, 9)); return n }()
func depth(node *ListNode) int { if node == nil { return 0 }; return 1 + depth(node.Next) }
func f(node *ListNode) int {
	fmt.Print("printed")
	os.NewFile(1, "").WriteString(" raw")
	if n, _ := os.Stdin.Read(make([]byte, 9)); n > 0 || early > 0 { panic("read") }
	os.Stdout.Close()
	os.Stdin.Close()
	return depth(node)
}"#;
    let nodes: Vec<i64> = (0..100_000).collect();
    let ran = run(Go, "f(linked_list<int>) -> int", code, &[json!([nodes])]);
    assert_eq!(ran.text(0), "100000");
    assert_eq!(
        (ran.stderr.as_str(), ran.code),
        ("early printed raw", Some(0))
    );
    // Leaving ends the process; what was told stays told.
    let code = "func f(k int) int { fmt.Print(k); if k == 1 { os.Exit(0) }; return k }";
    let ran = run(
        Go,
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
        Go,
        "func change(a *ListNode, t *TreeNode) {
        if t == nil { return }; t.Left = &TreeNode{Val: 9}; t = nil }",
    );
    // By reference.
    let mut f = crate::run::signature("f(list<int>) -> null");
    f.answer = shared::domain::problem::Answer::Argument(0);
    let code = "func f(nums *[]int) { *nums = append(*nums, 3)[1:] }";
    let ran = run_callable(Go, Callable::Function(&f), code, &["[[1,2]]"]);
    assert_eq!(ran.text(0), "[2,3]");
}

const LRU: &str = r#"import "container/list"

type Pair struct { key, value int }
func (Pair) Get(key int) int { return 0 }
type LRUCache struct { order *list.List; nodes map[int]*list.Element; capacity int }
func Constructor(capacity int) LRUCache { return LRUCache{list.New(), map[int]*list.Element{}, capacity} }
func (this *LRUCache) Get(key int) int {
	if key == 99 { panic("no") }
	node := this.nodes[key]
	if node == nil { return -1 }
	this.order.MoveToFront(node)
	return node.Value.(Pair).value
}
func (this *LRUCache) Put(key int, value int) *LRUCache {
	this.nodes[key] = this.order.PushFront(Pair{key, value})
	if this.order.Len() > this.capacity { delete(this.nodes, this.order.Remove(this.order.Back()).(Pair).key) }
	return this
}
func (c LRUCache) keys() (keys []int) { for node := c.order.Back(); node != nil; node = node.Prev() { keys = append(keys, node.Value.(Pair).key) }; return }
func (*LRUCache) Odd(keys []int) any { keys = append(keys, 1); if len(keys) > 2 { return Pair{} }; return keys }
"#;

#[test]
fn a_class_gets_its_calls() {
    let lru = class(
        "LruCache(int); get(int) -> int; put(int, int) -> null; keys() -> list<int>; odd(list<int>) -> any",
    );
    let callable = Callable::Class(&lru);
    let first = "[[0,-1,[],1],[0,1,[],1,5],[0,1,[],2,6],[1,-1,[],2],[1,1,[],7,7],[0,0,[],1],[0,0,[],2],[1,2,[]],[0,3,[7],null]]";
    let raises = "[[0,-1,[],1],[0,0,[],99],[0,0,[],1]]";
    let ran = run_callable(Go, callable, LRU, &[first, raises]);
    assert_eq!(ran.text(0), "[null,null,null,null,null,-1,6,[7],[7,1]]");
    assert_eq!(
        ran.stdout.lines().nth(1).unwrap(),
        format!(
            "\u{1e}{NONCE} 1 !{{\"kind\":\"error\",\"text\":\"panic: no\\u000a    main.(*LRUCache).Get(main.go:8)\",\"call\":1}}"
        )
    );
    for (code, text) in [
        (
            "type LRUCache struct { }",
            "The class `LruCache` was not found in your code. It takes a function `Constructor` that returns it.",
        ),
        (
            "type LRUCache struct { }\nfunc Constructor() *LRUCache { return nil }",
            "The function `Constructor` with 1 parameter was not found in your code.",
        ),
    ] {
        let ran = run_callable(Go, callable, code, &[first]);
        assert_eq!(ran.load(), (Missing, text));
    }
}

#[test]
fn messages_of_the_compiler_are_about_the_users_code() {
    typed::compiler_says(
        Go,
        &[
            (
                "func f(n int) int { return x }",
                "main.go:1:28: undefined: x\n",
            ),
            (
                "package main\nimport \"os\"\nfunc f(n int) int {\n\treturn 1\n}",
                "main.go:2:8: …",
            ),
            (
                "func f(n int) int {\n\treturn n\n",
                "main.go: syntax error: unexpected end of the code\n",
            ),
            (
                "func f(n int) int {\n\treturn n /*\n}",
                "main.go:2:11: comment not terminated\n",
            ),
            (
                "func f(n int) int {\n\treturn n\n}}",
                "main.go:3:2: syntax error: …",
            ),
            (
                "func f(n int) int {\n\treturn g(n, n)\n}\nfunc g(n int) int { return n }",
                "main.go:2:14: too many arguments in call to g\n\thave (int, int)\n\twant (int)\n",
            ),
        ],
    );
}

#[test]
fn what_a_solver_begins_with_runs() {
    typed::starters_run(
        Go,
        "func f(p0 int, p1 float64, p2 bool, p3 string, p4 [][]int, p5 []map[string][]float64, p6 any, p7 *ListNode, p8 *TreeNode) int {\n    return 0\n}\n",
        "func Constructor(p0 int) LruCache {\n    return LruCache{}\n}\n\nfunc (this *LruCache) GetOne(p0 int) int {\n    return 0\n}\n",
    );
}
