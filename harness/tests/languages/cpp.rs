//! The harness for C++: an argument is read into its parameter's type, and the
//! result written from its own.

use std::process::Command;

use harness::Harness::{self, Cpp};
use harness::HarnessErrorKind;
use serde_json::{Value, json};

use shared::domain::problem::Callable;

use crate::every::{Language, class};
use crate::run::{compile, execute, input, run, run_callable, run_with, signature};

/// The shortest of several things at once: g++ takes a second or two a program.
const EVERYTHING: &str = r##"
#include <algorithm>
using namespace std;
#define int long long
struct Early {
  Early() { string word; cout << "loading" << endl; if (cin >> word) abort(); }
} early;
/* class Solution { */
TreeNode* mirror(TreeNode* node) {
  if (node) { swap(node->left, node->right); mirror(node->left); mirror(node->right); }
  return node;
}
map<string, vector<double>> all(int a, const double& b, string c, bool d, vector<vector<int>>& e,
    unordered_map<string, string> f, ListNode* g, TreeNode* h, char i) {
  cout << "one\n"; printf("two\n"); cerr << "three\n";
  if (a == 1) throw runtime_error("sa\"id");
  if (a == 2) throw 5;
  if (a == 3) return {{"x", {0.0 / 0.0}}};
  if (a == 4) return {{"\xff", {}}};
  if (a == 5) { volatile size_t n = size_t(1) << 60; char* p = new char[n]; p[0] = 1; }
  if (a == 6) return {{"x", {-0.0, 1, 1e300, 0.1}}, {c, {}}};
  int n = 0;
  for (; g; g = g->next) n = n * 10 + g->val;
  mirror(h);
  return {{c + i, {double(a), b, double(d), double(e.size()), double(e[0][1]), double(n), double(h->left->val)}}, {f["k"], {}}};
}
signed main() { return 3; }
"##;

#[test]
fn values_go_in_and_come_out_by_the_functions_own_types() {
    let signature = "all(int, float, string, bool, list<list<int>>, map<string>, linked_list<int>, binary_tree<int>, string) -> map<list<float>>";
    let arguments = |a: i64| json!([a, 1, "a\u{0}\u{1e}\"é😀", true, [[1, -2], []], {"k": "\\v\n"}, [1, 2, 3], [1, null, 9], "z"]);
    let cases: Vec<Value> = [1 << 53, 1, 2, 3, 4, 5, 6].map(arguments).to_vec();
    let ran = run(Cpp, signature, EVERYTHING, &cases);
    assert_eq!(
        ran.value(0),
        &json!({"a\u{0}\u{1e}\"é😀z": [9_007_199_254_740_992.0, 1.0, 1.0, 2.0, -2.0, 123.0, 9.0], "\\v\n": []}),
    );
    assert_eq!(ran.raised(1), (HarnessErrorKind::Error, "sa\"id"));
    assert_eq!(ran.raised(2).0, HarnessErrorKind::Error);
    assert_eq!(ran.text(3), r#"{"x":[NaN]}"#);
    assert_eq!(ran.not_json(4), "a string that is not UTF-8");
    assert_eq!(ran.raised(5).0, HarnessErrorKind::Memory);
    let text = ran.stdout.lines().nth(6).unwrap();
    assert!(
        text.ends_with(r#""x":[-0.0,1.0,1.0000000000000001e+300,0.10000000000000001]}"#),
        "{text}"
    );
    assert_eq!(ran.code, Some(0));
    for word in ["loading", "one", "two", "three"] {
        assert!(ran.stderr.contains(word), "{ran:?}");
    }
    assert_eq!(ran.stdout.lines().count(), 7);
}

#[test]
fn a_class_keeps_no_state_and_returns_nodes() {
    let code = r"
struct ListNode { int val; ListNode* next; ListNode(int v = 0) : val(v), next(nullptr) {} };
class Solution {
  int calls = 0;
 public:
  std::vector<ListNode*> spread(std::vector<int> values, bool loop) const {
    std::vector<ListNode*> out(calls + 1, nullptr);
    for (int value : values) { auto* n = new ListNode(value); n->next = loop ? n : nullptr; out.push_back(n); }
    return out;
  }
};";
    let signature = "spread(list<int>, bool) -> list<linked_list<int>>";
    let cases = [
        json!([[1, 2], false]),
        json!([[], true]),
        json!([[1], true]),
        json!([[1_i64 << 40], false]),
    ];
    let ran = run(Cpp, signature, code, &cases);
    assert_eq!(ran.value(0), &json!([[], [1], [2]]));
    assert_eq!(ran.value(1), &json!([[]]));
    assert_eq!(ran.not_json(2), "a cycle");
    assert!(ran.raised(3).1.contains("does not fit its parameter"));
}

#[test]
fn a_tree_and_nothing_come_back_and_a_crash_leaves_what_was_told() {
    let code = r"
#include <csignal>
TreeNode* f(TreeNode* t) { if (t && t->val < 0) std::raise(SIGKILL); return t; }";
    let trees = [
        json!([]),
        json!([1, null, 2, 3]),
        json!([1, 2, 3, null, 4, 5, null, 6]),
    ];
    let mut cases: Vec<Value> = trees.iter().map(|tree| json!([tree])).collect();
    cases.push(json!([[-1]]));
    cases.push(json!([[1]]));
    let ran = run(Cpp, "f(binary_tree<int>) -> binary_tree<int>", code, &cases);
    for (index, tree) in trees.iter().enumerate() {
        assert_eq!(ran.value(index), tree);
    }
    assert_eq!((ran.frames.cases.len(), ran.code), (3, None));

    let nothing = signature("f(list<bool>) -> null");
    let code = "void f(std::vector<bool>& v) { v.clear(); }";
    let ran = run_with(Cpp, &nothing, code, &[json!([[true, false]])], |_| false);
    assert_eq!(ran.value(0), &json!(null));
    let ran = run(Cpp, "f(list<bool>) -> int", code, &[json!([[true]])]);
    assert!(ran.not_json(0).starts_with("nothing: "), "{ran:?}");
}

/// What the compiler says of code that it refuses, as the solver is shown it.
fn refusal(signature_text: &str, code: &str) -> String {
    let signature = signature(signature_text);
    let language = Language::of(Cpp).unwrap();
    match language.build(Callable::Function(&signature), code) {
        Ok(_) => panic!("{code} compiles"),
        Err(said) => said,
    }
}

#[test]
fn the_compiler_speaks_of_the_users_lines_alone() {
    let missing = "The function `addUp` was not found in your code.";
    let parameters = "or its parameters are not those of the problem.";
    for (code, expected) in [
        (
            "int addUp(int a, int b) {\n  return a + c;\n}",
            "main.cpp:2:14: error: ",
        ),
        (
            "int addUp(int a, int b) {\n  return a + b;\n",
            "main.cpp: error: expected",
        ),
        (
            "#include <nothing.h>\nint addUp(int a, int b);",
            "main.cpp:1:10: fatal error: nothing.h",
        ),
        ("int add_up(int a, int b) { return a + b; }", missing),
        (
            "class Solution { public: int add(int a, int b) { return a; } };",
            missing,
        ),
        (
            "struct Solution { private: int addUp(int a, int b) { return a; } };",
            "is private",
        ),
        (
            "class Solution { int addUp(int a, int b) { return a; } };",
            "is private",
        ),
        ("int addUp(int a) { return a; }", parameters),
        ("int addUp(int a, int b, int c) { return a; }", parameters),
        (
            "struct Solution { Solution(int); int addUp(int a, int b); };",
            "no constructor without parameters",
        ),
        (
            "struct Own {}; Own addUp(int a, int b) { return Own(); }",
            "is not one that the judge can convert",
        ),
        (
            "int addUp(int a, int b);",
            "undefined reference to `addUp(int, int)'",
        ),
        ("", missing),
    ] {
        let said = refusal("addUp(int, int) -> int", code);
        assert!(said.contains(expected), "{code}\n{said}");
        for word in ["judge.cpp", "judge_", "JUDGE_", "collect2", "/tmp"] {
            assert!(!said.contains(word), "{code}\n{said}");
        }
    }
}

#[test]
fn code_as_practice_sites_have_it_compiles() {
    // Each with a name or a macro that the harness or the library has, too.
    for code in [
        "class Solution {\npublic:\n  int addUp(vector<int>& v, int k) { priority_queue<int> q(v.begin(), v.end()); return accumulate(v.begin(), v.end(), k); }\n};",
        "class Solution { public: int addUp(vector<int> v, int k, int at = 0) { return at == int(v.size()) ? k : v[at] + addUp(v, k, at + 1); } };",
        "class Solution { int addUp(vector<int>& v, int k, size_t at) { return at == v.size() ? k : v[at] + addUp(v, k, at + 1); }\npublic: int addUp(vector<int>& v, int k) { return addUp(v, k, 0); } };",
        "int addUp(const vector<int>& v, const int& k) { return reduce(v.begin(), v.end(), k); }",
        "int addUp(int a, int b) { return a + b; }\nint addUp(vector<int>& v, int k) { for (int i : v) k = addUp(k, i); return k; }",
        "struct Solution final { int addUp(vector<int>& v, int k) { return accumulate(v.begin(), v.end(), k); } };",
        "template <class T> T addUp(vector<T>& v, T k) { for (T i : v) k += i; return k; }",
        "auto addUp = [](vector<int> v, int k) { for (int i : v) k += i; return k; };",
        "#include <bits/stdc++.h>\nusing namespace std;\n#define int long long\n#define all(v) v.begin(), v.end()\n#define f first\n#define data second\nint addUp(vector<int>& v, int k) { pair<int, int> p(k, 0); return accumulate(all(v), p.f) + p.data; }\nsigned main() { int n; cin >> n; }",
        "#include <vector>\nint count, y1, hash[9], data, size, next, prev, left, right, link, judge, Json;\nint addUp(std::vector<int>& v, int k) { for (int i : v) count += i; return count + k + y1 + data; }",
        "#include <bits/stdc++.h>\nusing namespace std;\nstruct ListNode { int val; }; struct Node { int x; }; struct In {}; struct Typed {};\nint rotate(vector<int>& v, int k) { for (int i : v) k += i; return k; }\nint addUp(vector<int>& v, int k) { return rotate(v, k); }",
        "int max(int a, int b) { return a > b ? a : b; }\nint gcd(int a, int b) { return b ? gcd(b, a % b) : a; }\nint addUp(vector<int> v, int k) { for (int i : v) k += max(i, gcd(i, i)); return k; }",
        "typedef long long ll;\n#define endl '\\n'\n#define string char\n#define vector std::vector\nll addUp(vector<int>& v, int k) { for (ll i : v) k += i; return k; }",
        "namespace { long long addUp(std::vector<long long> v, long long k) { for (auto i : v) k += i; return k; } }",
        "unordered_map<int, int> memo; string s; optional<int> last; mt19937 rng(1);\nint addUp(vector<int>& v, int k) { for (int i : v) memo[0] += i; k += memo[0]; memo.clear(); return k; }",
        "int addUp(vector<int>& v, int k) { for (int i : v) k += i; return k; } // end \\",
        "int addUp(vector<int>& v, int k) { for (int i : v) k += i; return k; }\n#define private public\n#define struct class\n#define new delete\n#define decltype(x) x",
    ] {
        let cases = [json!([[1, 2, 3], 4]), json!([[], -1])];
        let ran = run(Cpp, "addUp(list<int>, int) -> int", code, &cases);
        assert!(matches!(ran.value(0).as_i64(), Some(10)), "{code}\n{ran:?}");
        assert_eq!(ran.code, Some(0), "{code}");
    }
}

/// What a destructor does comes after the answer.
#[test]
fn a_failing_destructor_of_cpp_takes_no_answer_along() {
    let body = "int* n = new int(1); int f(int x) { return x; }";
    let code = format!("class Solution {{ public: {body} ~Solution() {{ delete n; abort(); }} }};");
    let ran = run(Cpp, "f(int) -> int", &code, &[json!([5])]);
    assert_eq!((ran.text(0), ran.code), ("5", None));
    let code = format!("struct Late {{ {body} ~Late() {{ delete n; abort(); }} }};");
    let late = class("Late(); f(int) -> int");
    let calls = "[[0,-1,[]],[1,-1,[]],[0,0,[],7]]";
    let ran = run_callable(Cpp, Callable::Class(&late), &code, &[calls]);
    assert_eq!((ran.text(0), ran.code), ("[null,null,7]", None));
}

/// Where nothing is precompiled, and by an older standard.
#[test]
fn what_solutions_usually_need_is_there_without_an_include() {
    let code = "int addUp(vector<int>& v, int k) {
  array<int, 2> a{0, 0}; bitset<4> b; deque<int> d; list<int> l; stack<int> s; queue<int> q; priority_queue<int> p;
  set<int> t; map<int, int> m; unordered_set<int> u; unordered_map<int, int> w; pair<int, int> x; tuple<int> y;
  sort(v.begin(), v.end()); function<int(int)> f = [](int n) { return n; }; shared_ptr<int> r = make_shared<int>(0);
  ostringstream o; o << setw(1) << fixed << get<0>(y); assert(DBL_MAX > 1 && INT_MAX > 1); int32_t z = time(nullptr) < 0;
  size_t none = b.count() + d.size() + l.size() + s.size() + q.size() + p.size() + t.size() + m.size() + u.size() + w.size();
  return accumulate(v.begin(), v.end(), k) + a[0] + none + x.first + *r + f(0) + z + int(sqrt(0.0)) + isdigit('a');
}";
    let signature = signature("addUp(list<int>, int) -> int");
    let callable = Callable::Function(&signature);
    let folder = tempfile::tempdir().unwrap();
    let [source, program] = ["main.cpp", "a.out"].map(|name| folder.path().join(name));
    let text = Cpp.source(callable, code).unwrap();
    assert!(text.contains("JUDGE_HEADERS 1\n"));
    std::fs::write(&source, text).unwrap();
    compile(&source, &program).unwrap();
    let input = input(Cpp, callable, &["[[1,2,3],4]"]);
    let (stdout, ..) = execute(&mut Command::new(program), input, |_| false);
    assert!(stdout.ends_with(" 0 =10\n"), "{stdout}");
}

#[test]
fn what_cpp_has_nothing_for_is_refused_by_name() {
    for (text, ty) in [
        ("f(any) -> int", "any"),
        ("f(int) -> list<any>", "any"),
        ("f(null) -> int", "null"),
        ("f(linked_list<float>) -> int", "linked_list<float>"),
        ("f(int) -> list<binary_tree<string>>", "binary_tree<string>"),
    ] {
        let refused = Cpp
            .source(Callable::Function(&signature(text)), "")
            .unwrap_err();
        assert!(
            refused.to_string().contains(&format!("type {ty} ")),
            "{refused}"
        );
    }
    for harness in [Harness::Python, Harness::JavaScript, Harness::TypeScript] {
        assert!(
            harness
                .source(
                    Callable::Function(&signature("f(any, null) -> linked_list<any>")),
                    ""
                )
                .is_ok()
        );
    }
}
