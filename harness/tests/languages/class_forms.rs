//! How a class may be written, and what is said of one that cannot be used, where the
//! languages differ.

use harness::Harness::{self, Cpp, JavaScript, Python, Ruby, TypeScript};
use serde_json::{Value, json};
use shared::domain::problem::Callable;

use crate::every::{Language, Told, class};

const BOX: &str = "Box(int, string); get() -> int; putAll(list<int>) -> null";
const CALLS: &str = r#"[[0,-1,[],3,"x"],[0,1,[],[4,5]],[0,0,[]]]"#;

fn run(harness: Harness, signature: &str, code: &str, cases: &[&str]) -> Told {
    let language = Language::of(harness).unwrap();
    language.run(Callable::Class(&class(signature)), code, cases)
}

fn answers(harness: Harness, signature: &str, code: &str, case: &str) -> Value {
    run(harness, signature, code, &[case]).value(0)
}

#[test]
fn classes_are_found_in_every_usual_form() {
    let expected = json!([null, null, 12]);
    for (harness, code) in [
        (
            Python,
            "class Base:\n    def put_all(self, nums): self.n += sum(nums)\nclass Box(Base):\n    def __init__(self, n: int, s: Optional[str] = None): self.n = n\n    def get(self): return self.n",
        ),
        (
            Python,
            "import dataclasses\n@dataclasses.dataclass\nclass Box:\n    n: int\n    s: str\n    def putAll(self, nums): self.n += sum(nums)\n    @functools.lru_cache\n    def get(self): return self.n\n    __hash__ = object.__hash__",
        ),
        (
            JavaScript,
            "function Box(n) { this.n = n; this.get = () => this.n; }\nBox.prototype.putAll = function(nums) { for (const n of nums) this.n += n; };",
        ),
        (
            JavaScript,
            "module.exports = class Box { #n; constructor(n) { this.#n = n; } async get() { return this.#n; } putAll(nums) { this.#n += nums[0] + nums[1]; } };",
        ),
        (
            JavaScript,
            "class Base { constructor(n) { this.n = n; } get() { return this.n; } }\nexport class Box extends Base { putAll(nums) { this.n += nums[0] + nums[1]; } }",
        ),
        (
            TypeScript,
            "export default class Box { constructor(public n: number, private s: string) {} get = (): number => this.n; putAll(nums: number[]): void { this.n += nums[0] + nums[1]; } }",
        ),
        (
            Cpp,
            "class Base { protected: int n; public: Base(int n) : n(n) {} int get() const noexcept { return n; } };\nclass Box : public Base { public: using Base::Base; Box(int n, const string& s) : Base(n) {} virtual ~Box() {} void putAll(const vector<int>& nums, int more = 0) { for (int x : nums) n += x; } };",
        ),
        (
            Cpp,
            "struct Box final { long long n; Box(long long n, std::string s = {}) : n(n) {} static int count; auto get() { return n; } void putAll(std::vector<long long> nums) { for (auto x : nums) n += x; } void putAll(int) {} };",
        ),
        (
            Cpp,
            "template <class T> struct Of { T n; Of(T n, char) : n(n) {} T get() { return n; } void putAll(vector<T>& nums) { n += nums[0] + nums[1]; } };\nusing Box = Of<int>;",
        ),
    ] {
        assert_eq!(answers(harness, BOX, code, CALLS), expected, "{code}");
    }
}

/// The compiler would take a long number for a short one in silence.
#[test]
fn a_long_number_reaches_a_constructor_that_takes_one() {
    let signature = "Box(int); get() -> int";
    let case = "[[0,-1,[],5000000000],[0,0,[]]]";
    let code = "struct Box { long long n; Box(long long n) : n(n) {} Box(double) {} long long get() { return n; } };";
    let expected = json!([null, 5_000_000_000_i64]);
    assert_eq!(answers(Cpp, signature, code, case), expected);
    let short = code
        .replace("(long long n)", "(int n)")
        .replace("Box(double) {}", "");
    let told = run(Cpp, signature, &short, &[case]);
    let error = told.failed(0, '!');
    assert_eq!(error["call"], 0);
    assert!(
        error["text"]
            .as_str()
            .unwrap()
            .contains("does not fit its parameter"),
        "{error}"
    );
}

#[test]
fn results_keep_what_they_are_on_their_way_into_a_call() {
    let signature = "Box(); same(any) -> any; twice(float) -> float";
    let odd = r#"{"$int":9007199254740993,"a":[0.1,-5,"x\"1",1e300],"b":{"$":null}}"#;
    let case = format!(
        "[[0,-1,[]],[0,0,[],{odd}],[0,0,[1],null],[0,0,[2],null],[0,1,[],1e308],[0,1,[4],null]]"
    );
    for (harness, code) in [
        (
            Python,
            "class Box:\n    def same(self, x): return x\n    def twice(self, x): return x * 2",
        ),
        (
            JavaScript,
            "class Box { same(x) { return x; } twice(x) { return x * 2; } }",
        ),
    ] {
        let told = answers(harness, signature, code, &case);
        let expected: Value = serde_json::from_str(odd).unwrap();
        assert_eq!(told[3], expected, "{harness:?}");
        assert_eq!(
            (&told[4], &told[5]),
            (&json!("Infinity"), &json!("Infinity"))
        );
    }
}

#[test]
fn what_cannot_be_used_is_said_in_a_sentence() {
    let signature = "Box(int); get() -> int";
    let case = "[[0,-1,[],3],[0,0,[]]]";
    for (code, sentence) in [
        (
            "class Box { Box(int n) {} int get() { return 1; } };",
            "The constructor of the class `Box` is private, or its parameters are not those of the problem.\n",
        ),
        (
            "class Box { public: Box(int n) {} private: int get() { return 1; } };",
            "The method `get` of the class `Box` is private, or its parameters are not those of the problem.\n",
        ),
        (
            "class Box { public: Box(int n, int m) {} int get() { return 1; } };",
            "The constructor of the class `Box` is private, or its parameters are not those of the problem.\n",
        ),
        (
            "struct Box { Box(int n) {} int get(int key) { return 1; } };",
            "The method `get` of the class `Box` is private, or its parameters are not those of the problem.\n",
        ),
        (
            "struct Box { Box(int n) {} set<int> get() { return {}; } };",
            "A type of the class `Box` is not one that the judge can convert.\n",
        ),
        (
            "struct Other {}; Box* box;",
            "The class `Box` was not found in your code.\nmain.cpp:1:18: error:",
        ),
    ] {
        let (kind, text) = run(Cpp, signature, code, &[case]).load();
        assert_eq!(kind, "compiler");
        assert!(text.starts_with(sentence), "{code}\n{text}");
        assert!(!text.to_lowercase().contains("judge_"), "{text}");
    }
    let python = "class Box:\n    def __init__(self, n): pass\n    def getMe(self): pass";
    let sentence = "The method `getIt` or `get_it` of the class `Box` was not found in your code.";
    // Without a case, too: so the judge asks where hidden ones could stand in the message.
    for cases in [&[case][..], &[]] {
        let (kind, text) = run(Python, "Box(int); getIt() -> int", python, cases).load();
        assert_eq!((kind.as_str(), text.as_str()), ("missing", sentence));
        let ruby = "class Box\n  def initialize(n); end\nend";
        let (kind, text) = run(Ruby, "Box(int); getIt() -> int", ruby, cases).load();
        assert_eq!((kind.as_str(), text.as_str()), ("missing", sentence));
    }
    // One of Python's own is not the solver's.
    let (kind, _) = run(
        Python,
        "Counter(int); get() -> int",
        "x = Counter()",
        &[case],
    )
    .load();
    assert_eq!(kind, "missing");
    // Only mentioned, and never made.
    let javascript = "class Box { constructor() { if (0) this.get = null; } }";
    let sentence = "The method `get` of the class `Box` was not found in your code.";
    for cases in [&[case][..], &[]] {
        let (kind, text) = run(JavaScript, signature, javascript, cases).load();
        assert_eq!((kind.as_str(), text.as_str()), ("missing", sentence));
    }
}
