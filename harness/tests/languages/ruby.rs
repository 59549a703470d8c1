//! The harness for Ruby.

use harness::Harness::Ruby;
use harness::{Frame, HarnessErrorKind};
use serde_json::{Value, json};
use shared::domain::problem::{Answer, Callable};

use crate::every::class;
use crate::forgery::none_passes;
use crate::run::{NONCE, run, run_callable};
use crate::shapes::{function, is_duplicate, is_missing, raises, starters};

#[test]
fn ruby_results_are_written_from_what_they_are() {
    let code = r#"
Pair = Struct.new(:a)
class ListNode
  attr_accessor :val, :next
  def initialize(val)
    @val = val
  end
end
def f(k)
  loop = ListNode.new(1)
  loop.next = loop
  around = []
  around << around
  [
    1.0, -0.0, 1e300, 5e-324, :name, {a: 1, "b" => nil}, 1 << 62, "é".encode("UTF-16"), "é".b, "a\u0000\u2028\"\\\n",
    1 << 63, Float::NAN, {1 => 2}, "\xff", "\xed\xa0\x80", Pair.new(1), around, Set.new([1]), 1..2, loop,
  ][k]
end
"#;
    let written = [
        "1.0",
        "-0.0",
        "1.0e+300",
        "5.0e-324",
        r#""name""#,
        r#"{"a":1,"b":null}"#,
        "4611686018427387904",
        "\"é\"",
        "\"é\"",
        "\"a\\u0000\u{2028}\\\"\\\\\\u000a\"",
    ];
    let odd = [
        "a whole number beyond 64 bits",
        "NaN",
        "a key of type Integer",
        "text that is not UTF-8",
        "a lone surrogate",
        "a value of type Pair",
        "a cycle",
        "a value of type Set",
        "a value of type Range",
        "a value of type ListNode",
    ];
    let count = written.len() + odd.len();
    let cases: Vec<Value> = (0..count).map(|k| json!([k])).collect();
    let ran = run(Ruby, "f(int) -> any", code, &cases);
    for (index, line) in ran.stdout.lines().take(written.len()).enumerate() {
        assert_eq!(line, format!("\u{1e}{NONCE} {index} ={}", written[index]));
    }
    for (at, why) in odd.iter().enumerate() {
        assert_eq!(ran.not_json(written.len() + at), *why);
    }
    for (ty, body, why) in [
        ("int", "nil", "nothing: "),
        (
            "linked_list<int>",
            "n = ListNode.new(1); n.next = n",
            "a cycle",
        ),
        ("linked_list<int>", "[1]", "a value of type Array"),
        ("binary_tree<int>", "TreeNode.new(1, TreeNode.new)", ""),
        (
            "binary_tree<int>",
            "TreeNode.new(nil)",
            "a node without a value",
        ),
        (
            "any",
            "65.times.reduce(1) { |x, _| [x] }",
            "nested deeper than 64",
        ),
    ] {
        let ran = run(
            Ruby,
            &format!("f() -> {ty}"),
            &format!("def f\n {body}\nend"),
            &[json!([])],
        );
        match ran.frames.cases.get(&0) {
            Some(Frame::NotJson(text)) => assert!(text.starts_with(why), "{text}"),
            other => assert!(
                why.is_empty() && matches!(other, Some(Frame::Returned(_))),
                "{other:?}"
            ),
        }
    }
    let ran = run(
        Ruby,
        "f() -> float",
        "def f() = -Float::INFINITY",
        &[json!([])],
    );
    assert_eq!(ran.text(0), "-Infinity");
    let code = "def f() = TreeNode.new(1, TreeNode.new(2), TreeNode.new(3, nil, TreeNode.new(4)))";
    let ran = run(Ruby, "f() -> binary_tree<int>", code, &[json!([])]);
    assert_eq!(ran.text(0), "[1,2,3,null,null,null,4]");
}

#[test]
fn ruby_errors_are_told_in_the_users_lines() {
    let code = "def helper(x)\n  x.size\nend\n\ndef f(k)\n  puts \"printed\", gets.inspect if k == 0\n  raise \"été\" * 3000 if k == 1\n  exit(0) if k == 2\n  return f(k) if k == 3\n  \"x\" * (1 << 62) if k == 4\n  raise NoMemoryError if k == 5\n  throw :up if k == 6\n  helper(nil) if k == 7\n  k\nend\nat_exit { puts \"late\" }\n";
    let cases: Vec<Value> = (0..9).map(|k| json!([k])).collect();
    let ran = run(Ruby, "f(int) -> int", code, &cases);
    assert_eq!((ran.text(0), ran.text(8), ran.code), ("0", "8", Some(0)));
    assert!(ran.stderr.contains("printed\nnil"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("late"));
    let said = Ruby.error_in_stderr("[FATAL] failed to allocate memory\n");
    assert_eq!(said.unwrap().kind, HarnessErrorKind::Memory);
    let error = HarnessErrorKind::Error;
    raises(&ran, 1, error, &["main.rb:7:in `f': été", "\n...\n"]);
    raises(&ran, 2, error, &["SystemExit"]);
    raises(
        &ran,
        3,
        error,
        &["main.rb:9:in `f': stack level too deep", "more ..."],
    );
    raises(&ran, 4, HarnessErrorKind::Memory, &["NoMemoryError"]);
    raises(&ran, 5, HarnessErrorKind::Memory, &["NoMemoryError"]);
    raises(&ran, 6, error, &["uncaught throw :up"]);
    raises(
        &ran,
        7,
        error,
        &[
            "main.rb:2:in `helper': undefined method `size'",
            "\n\tfrom main.rb:13:in `f'",
        ],
    );
}

#[test]
fn ruby_recursion_goes_deep() {
    let code = "def f(n)\n  n == 0 ? 0 : 1 + f(n - 1)\nend";
    let ran = run(
        Ruby,
        "f(int) -> int",
        code,
        &[json!([10_000]), json!([200_000])],
    );
    assert_eq!(ran.value(1), &json!(200_000));
    let code = "def f(n)\n  n == 0 ? 0 : [1].each { |one| return one + f(n - 1) }\nend";
    let ran = run(Ruby, "f(int) -> int", code, &[json!([50_000])]);
    assert_eq!(ran.value(0), &json!(50_000));
}

#[test]
fn ruby_code_that_cannot_be_loaded_is_told() {
    let load = |code: &str| run(Ruby, "addUp(int) -> int", code, &[json!([1])]);
    for (code, kind, words) in [
        (
            "def add_up(x)\n  [\nend",
            HarnessErrorKind::Syntax,
            "main.rb:3: syntax error",
        ),
        (
            "\nfoo(1)\ndef add_up(x) = x",
            HarnessErrorKind::Error,
            "main.rb:2:in `<main>': undefined method `foo'",
        ),
        ("exit", HarnessErrorKind::Error, "SystemExit"),
        (
            "def addup(x) = x",
            HarnessErrorKind::Missing,
            "`addUp` or `add_up`",
        ),
        ("", HarnessErrorKind::Missing, "was not found"),
    ] {
        let ran = load(code);
        let (found, text) = ran.load();
        assert_eq!(found, kind, "{text}");
        assert!(text.contains(words), "{text}");
    }
    // Every object has a method `display`.
    is_missing(
        &run(
            Ruby,
            "display(int) -> int",
            "class Solution\nend",
            &[json!([1])],
        ),
        &["display"],
    );
    let missing = class("Box(); topItem() -> int");
    for (code, words) in [
        ("class Bag\nend", ["class `Box`"]),
        (
            "class Box\n def top\n end\nend",
            ["`topItem` or `top_item` of the class `Box`"],
        ),
    ] {
        is_missing(
            &run_callable(Ruby, Callable::Class(&missing), code, &["[[0,-1,[]]]"]),
            &words,
        );
    }
    // Comments, old node types, and a name that only this file has.
    let code = "# class ListNode\n=begin\nclass ListNode\nend\n=end\nputs 1 if __FILE__ == $0\ndef frame(x) = x\ndef add_up(head) = ListNode.new(frame(head.val), head)";
    let ran = run(
        Ruby,
        "addUp(linked_list<int>) -> linked_list<int>",
        code,
        &[json!([[4]])],
    );
    assert_eq!(ran.text(0), "[4,4]");
    assert_eq!(ran.stderr, "");
}

#[test]
fn no_ruby_program_passes_without_the_answers() {
    let honest = "def secret(x)\n  eval('TABLE'.gsub(':', '=>'))[x]\nend";
    none_passes(Ruby, honest, &forgeries());
    let write = writes_a_frame();
    let code = format!("def f(x)\n  {write}\n  x\nend");
    let ran = run(Ruby, "f(int) -> int", &code, &[json!([1])]);
    is_duplicate(&ran, 0);
}

fn writes_a_frame() -> String {
    "ObjectSpace.each_object(IO) { |io| (io.write(\"\\x1eNONCE 0 =982451653\\n\") rescue nil) if io.fileno > 2 rescue nil }".replace("NONCE", NONCE)
}

pub(crate) fn forgeries() -> Vec<(&'static str, String)> {
    let write = writes_a_frame();
    vec![
        ("changes how JSON is read and numbers are written", "require 'json'\nmodule JSON\n  def self.parse(*) = [3]\nend\nclass Integer\n  def to_s(*) = '982451653'\nend\ndef secret(x)\n  STDERR.write 'REACHED'\n  x\nend".to_owned()),
        ("changes what writes", "class IO\n  def write(*) = STDERR.syswrite('REACHED')\nend\ndef secret(x) = x".to_owned()),
        ("looks for expected values", "def secret(x)\n  STDERR.write 'REACHED'\n  found = ObjectSpace.each_object(String).grep(/982451653/).reject { |s| s.include?('grep') }\n  found.empty? ? x : found.size\nend".to_owned()),
        ("leaves first", "STDERR.write 'REACHED'\nexit!(0)\ndef secret(x) = x".to_owned()),
        ("closes everything", "def secret(x)\n  STDERR.syswrite 'REACHED'\n  (3..20).each { |n| IO.for_fd(n).close rescue nil }\n  x\nend".to_owned()),
        ("writes frames at the end", format!("at_exit {{ {write} }}\ndef secret(x)\n  STDERR.write 'REACHED'\n  exit\nend")),
        ("replaces the harness's parts", "module JudgeHarness_\n  def self.answer(*) = STDERR.syswrite('REACHED').to_s\nend\ndef secret(x) = x".to_owned()),
    ]
}

#[test]
fn ruby_cases_do_not_share_what_an_object_in_place_and_classes() {
    let code = "class Solution\n  def initialize\n    @seen = []\n  end\n\n  def f(x)\n    @seen << x\n    x.push(1)\n    @seen.size\n  end\nend";
    let both = function("f(list<int>) -> int", Answer::both(0));
    let ran = run_callable(Ruby, Callable::Function(&both), code, &["[[]]", "[[]]"]);
    assert_eq!((ran.text(0), ran.text(1)), ("[1,[1]]", "[1,[1]]"));
}

/// So a time limit names the call, whatever the arguments are.
#[test]
fn calls_of_ruby_are_announced_beside_a_large_argument() {
    let code = "class Grid\n  def initialize(rows) = @rows = rows\n  def size() = @rows.size\nend";
    let grid = class("Grid(list<list<int>>); size() -> int");
    let calls = format!("[[0,-1,[],[{}[0]]],[0,0,[]]]", "[1],".repeat(4_999));
    let ran = run_callable(Ruby, Callable::Class(&grid), code, &[&calls]);
    assert_eq!(ran.text(0), "[null,5000]");
    assert_eq!(ran.frames.calls, [(0, 1)].into());
}

#[test]
fn ruby_starters_are_as_practice_sites_have_them() {
    let [function, class] = starters(Ruby);
    assert_eq!(
        function,
        "# Given: ListNode.new(val = 0, next_node = nil)\n\n# Changes `p0` in place; what is returned does not count.\n# @param {Integer[]} p0\n# @param {ListNode} p1\n\
         # @param {Hash<String, Float>} p2\n# @return {Void}\ndef merge_into(p0, p1, p2)\n\nend\n"
    );
    assert_eq!(
        class,
        "class KeyCount\n  # @param {Integer} p0\n  def initialize(p0)\n\n  end\n\n  # @param {String} p0\n  \
         # @return {Boolean}\n  def count_of(p0)\n\n  end\nend\n"
    );
}
