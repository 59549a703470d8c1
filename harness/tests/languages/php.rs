//! The harness for PHP.

use harness::Harness::Php;
use harness::{Frame, HarnessErrorKind};
use serde_json::{Value, json};
use shared::domain::problem::Callable;

use crate::every::class;
use crate::forgery::none_passes;
use crate::run::{NONCE, run, run_callable};
use crate::shapes::{is_duplicate, is_missing, raises, starters};

#[test]
fn php_results_are_written_from_what_they_are() {
    let code = r#"
class Box { public $a = 1; }
enum Suit { case Hearts; }
function f($k) {
  $loop = new ListNode(1);
  $around = new stdClass;
  $around->a = $around;
  return [
    1.0, -0.0, 1e300, 5e-324, [], new stdClass, ["a" => 1, "b" => null], [1 => 2, 0 => 1], "a\0\u{2028}/\"\n",
    NAN, PHP_INT_MAX + 1, "\xff", "\xed\xa0\x80", new Box, Suit::Hearts, fn() => 1, $around, $loop,
  ][$k];
}
"#;
    let written = [
        "1.0",
        "-0.0",
        "1.0e+300",
        "5.0e-324",
        "[]",
        "{}",
        r#"{"a":1,"b":null}"#,
        r#"{"1":2,"0":1}"#,
        "\"a\\u0000\u{2028}/\\\"\\n\"",
    ];
    let odd = [
        "NaN",
        "",
        "text that is not UTF-8",
        "a lone surrogate",
        "a value of type Box",
        "a value of type Suit",
        "a value of type Closure",
        "nested deeper than 64",
        "a value of type ListNode",
    ];
    let count = written.len() + odd.len();
    let cases: Vec<Value> = (0..count).map(|k| json!([k])).collect();
    let ran = run(Php, "f(int) -> any", code, &cases);
    for (index, line) in ran.stdout.lines().take(written.len()).enumerate() {
        assert_eq!(line, format!("\u{1e}{NONCE} {index} ={}", written[index]));
    }
    for (at, why) in odd.iter().enumerate().filter(|(_, why)| !why.is_empty()) {
        assert_eq!(ran.not_json(written.len() + at), *why);
    }
    // A whole number that is too large is a float already.
    assert_eq!(ran.text(written.len() + 1), "9.223372036854776e+18");
    for (ty, body, why) in [
        ("list<int>", "array_filter([5, 0, 7])", "=[5,7]"),
        ("list<int>", "[2 => 1, 0 => 3]", "=[1,3]"),
        ("list<int>", "['a' => 1]", r#"={"a":1}"#),
        ("map<int>", "[]", "={}"),
        ("map<list<int>>", "[7 => []]", r#"={"7":[]}"#),
        ("float", "-INF", "=-Infinity"),
        ("int", "null", "?nothing: "),
        ("int", "print('1')", "=1"),
        (
            "linked_list<int>",
            "[$n = new ListNode(1), $n->next = $n][0]",
            "?a cycle",
        ),
        ("linked_list<int>", "[1]", "?a value of type array"),
        (
            "binary_tree<int>",
            "new TreeNode(1, new TreeNode(2), new TreeNode(3, null, new TreeNode(4)))",
            "=[1,2,3,null,null,null,4]",
        ),
        (
            "binary_tree<int>",
            "new TreeNode(null)",
            "?a node without a value",
        ),
    ] {
        let code = format!("function f() {{ return {body}; }}");
        let ran = run(Php, &format!("f() -> {ty}"), &code, &[json!([])]);
        let said = match ran.frames.cases.get(&0) {
            Some(Frame::Returned(value)) => format!("={}", value.as_str()),
            Some(Frame::NotJson(text)) => format!("?{text}"),
            other => panic!("{other:?}"),
        };
        assert!(said.starts_with(why), "{body} {said}");
    }
}

#[test]
fn php_errors_are_told_in_the_users_lines() {
    let code = "<?php\nfunction helper(array $x) { return count($x); }\nfunction f($k) {\n  echo \"printed\\n\"; fwrite(STDOUT, 'STDOUT'); var_dump(fgets(STDIN));\n  if ($k == 1) throw new Exception(str_repeat('été', 3000));\n  if ($k == 2) exit(0);\n  if ($k == 3) return 1 % 0;\n  if ($k == 4) helper(5);\n  if ($k == 5) return $missing['x'] ?? $absent;\n  if ($k == 6) @trigger_error('quiet');\n  if ($k == 7) throw new LogicException('outer', 0, new Exception('inner'));\n  return $k;\n}\nregister_shutdown_function(function () { echo 'late'; });\n";
    let cases: Vec<Value> = (0..9).map(|k| json!([k])).collect();
    let ran = run(Php, "f(int) -> int", code, &cases);
    assert_eq!(
        (ran.text(0), ran.text(6), ran.text(8), ran.code),
        ("0", "6", "8", Some(0))
    );
    assert!(
        ran.stderr.contains("printed\nSTDOUTbool(false)"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("Undefined variable $absent in main.php on line 9")
    );
    assert!(!ran.stderr.contains("quiet"));
    assert_eq!(ran.stdout.lines().count(), 9, "{ran:?}");
    let error = HarnessErrorKind::Error;
    raises(
        &ran,
        1,
        error,
        &["Exception: été", "\n...\n", "in main.php:5"],
    );
    raises(&ran, 2, error, &["exit() was called"]);
    raises(
        &ran,
        3,
        error,
        &["DivisionByZeroError: Modulo by zero in main.php:7"],
    );
    raises(
        &ran,
        4,
        error,
        &[
            "TypeError: helper(): Argument #1 ($x) must be of type array, int given in main.php:2",
            "called in main.php:8: helper()",
        ],
    );
    assert!(ran.not_json(5).starts_with("nothing: "));
    raises(
        &ran,
        7,
        error,
        &[
            "LogicException: outer in main.php:11",
            "Previous: Exception: inner",
        ],
    );
}

#[test]
fn php_memory_that_runs_out_is_told() {
    let code = "ini_set('memory_limit', '32M');\nfunction f($n) {\n  $all = [];\n  while ($n) $all[] = str_repeat('x', 1000 + count($all));\n  return 5;\n}";
    let ran = run(
        Php,
        "f(int) -> int",
        code,
        &[json!([0]), json!([1]), json!([0])],
    );
    assert_eq!(ran.text(0), "5");
    raises(
        &ran,
        1,
        HarnessErrorKind::Memory,
        &["Allowed memory size of", "main.php on line 4"],
    );
    let said = Php.error_in_stderr(&ran.stderr).unwrap();
    assert_eq!(said.kind, HarnessErrorKind::Memory);
    assert!(
        said.text.contains("Allowed memory size") && !said.text.contains("main.php"),
        "{said:?}"
    );
}

#[test]
fn php_recursion_goes_deep() {
    let code = "function f($n) { return $n == 0 ? 0 : 1 + f($n - 1); }";
    let ran = run(Php, "f(int) -> int", code, &[json!([1_000_000])]);
    assert_eq!(ran.value(0), &json!(1_000_000));
    let code =
        "function f($n) { return $n == 0 ? 0 : array_map(fn($x) => $x + f($n - 1), [1])[0]; }";
    let ran = run(Php, "f(int) -> int", code, &[json!([10_000])]);
    assert_eq!(ran.value(0), &json!(10_000));
}

#[test]
fn php_code_that_cannot_be_loaded_is_told() {
    for (code, kind, words) in [
        (
            "<?php\nfunction addUp($x) {\n  x y\n}",
            HarnessErrorKind::Syntax,
            "unexpected identifier \"y\" in main.php on line 3",
        ),
        (
            "function addUp($x) {}\nfunction addUp($x) {}",
            HarnessErrorKind::Syntax,
            "Cannot redeclare addUp() (previously declared in main.php:1) in main.php on line 2",
        ),
        (
            "\nfoo(1);\nfunction addUp($x) {}",
            HarnessErrorKind::Error,
            "Call to undefined function foo() in main.php:2",
        ),
        ("exit;", HarnessErrorKind::Error, "exit() was called"),
        (
            "function addUpp($x) {}",
            HarnessErrorKind::Missing,
            "`addUp` or `add_up`",
        ),
        ("", HarnessErrorKind::Missing, "was not found"),
    ] {
        let ran = run(Php, "addUp(int) -> int", code, &[json!([1])]);
        let (found, text) = ran.load();
        assert_eq!(found, kind, "{text}");
        assert!(text.contains(words), "{text}");
    }
    let missing = class("Box(); topItem() -> int");
    for (code, words) in [
        ("class Bag {}", ["class `Box`"]),
        (
            "class Box { function top() {} }",
            ["`topItem` or `top_item` of the class `Box`"],
        ),
    ] {
        is_missing(
            &run_callable(Php, Callable::Class(&missing), code, &["[[0,-1,[]]]"]),
            &words,
        );
    }
    // A node type of the code's own, globals, and a closing tag.
    let code = "  <?php\ndeclare(strict_types=1);\nclass ListNode { public $val; public $next; function __construct($v) { $this->val = $v; } }\n$more = 1;\nclass Solution { function addUp(ListNode $head) { global $more; $head->next = new ListNode($more); return $head; } }\n?>\nend";
    let ran = run(
        Php,
        "addUp(linked_list<int>) -> linked_list<int>",
        code,
        &[json!([[4]])],
    );
    assert_eq!((ran.text(0), ran.stderr.as_str()), ("[4,1]", "end"));
}

#[test]
fn no_php_program_passes_without_the_answers() {
    let honest = "function secret($x) { return json_decode(preg_replace('/(\\d+):/', '\"$1\":', 'TABLE'), true)[$x]; }";
    none_passes(Php, honest, &forgeries());
    let write = writes_a_frame();
    let code = format!("function f($x) {{ {write} return $x; }}");
    let ran = run(Php, "f(int) -> int", &code, &[json!([1])]);
    is_duplicate(&ran, 0);
}

fn writes_a_frame() -> String {
    "foreach (get_resources('stream') as $s) if ($s !== STDERR) @fwrite($s, \"\\x1eNONCE 0 =982451653\\n\");".replace("NONCE", NONCE)
}

pub(crate) fn forgeries() -> Vec<(&'static str, String)> {
    let write = writes_a_frame();
    vec![
        ("leaves first", "fwrite(STDERR, 'REACHED');\nexit(0);\nfunction secret($x) { return $x; }".to_owned()),
        ("leaves each time", "function secret($x) { fwrite(STDERR, 'REACHED'); exit(0); }".to_owned()),
        ("closes everything", "function secret($x) { fwrite(STDERR, 'REACHED'); foreach (get_resources('stream') as $s) @fclose($s); return $x; }".to_owned()),
        ("writes frames at the end", format!("register_shutdown_function(function () {{ {write} }});\nfunction secret($x) {{ fwrite(STDERR, 'REACHED'); return $x; }}")),
        ("looks into the harness", "function secret($x) { fwrite(STDERR, 'REACHED'); $all = (new ReflectionClass('JudgeHarness_'))->getStaticProperties(); foreach ($all as $name => $value) if ($name !== 'code' && strpos(serialize(is_array($value) || is_string($value) ? $value : 0), '982451653')) return 982451653; return $x; }".to_owned()),
        ("has functions of the harness's names in its namespace", "namespace X;\nfunction json_encode() { return '982451653'; }\nfunction secret($x) { \\fwrite(STDERR, 'REACHED'); return $x; }".to_owned()),
    ]
}

/// What a destructor does comes after the answer, and the cases after it are run.
#[test]
fn a_failing_destructor_of_php_takes_no_answer_along() {
    for fails in ["throw new Exception('late');", "exit(0);"] {
        let method = format!(
            "function __construct() {{}} function f($x) {{ return $x; }} function __destruct() {{ {fails} }}"
        );
        let code = format!("class Solution {{ {method} }}");
        let ran = run(Php, "f(int) -> int", &code, &[json!([1]), json!([2])]);
        assert_eq!((ran.text(0), ran.text(1)), ("1", "2"), "{fails}");
        let code = format!("class Late {{ {method} }}");
        let late = class("Late(); f(int) -> int");
        let calls = "[[0,-1,[]],[0,0,[],7]]";
        let ran = run_callable(Php, Callable::Class(&late), &code, &[calls, calls]);
        let answers = "[null,7]";
        assert_eq!((ran.text(0), ran.text(1)), (answers, answers), "{fails}");
    }
    // One that is destroyed because the program was left in a case.
    let code = "class Late { function __construct() {} function f($x) { if ($x == 1) exit(0); return $x; } function __destruct() { exit(0); } }";
    let late = class("Late(); f(int) -> int");
    let cases = ["[[0,-1,[]],[0,0,[],1]]", "[[0,-1,[]],[0,0,[],2]]"];
    let ran = run_callable(Php, Callable::Class(&late), code, &cases);
    assert_eq!(ran.raised(0).1, "exit() was called: it ends the program");
    assert_eq!(ran.text(1), "[null,2]");
}

#[test]
fn php_starters_are_as_practice_sites_have_them() {
    let [function, class] = starters(Php);
    assert_eq!(
        function,
        "<?php\n\n// Given: new ListNode($val = 0, $next = null)\n\nclass Solution {\n    /**\n     * Changes `p0` in place; what is returned does not count.\n     * @param int[] $p0\n     * @param ListNode $p1\n     \
         * @param array<string, float> $p2\n     * @return void\n     */\n    function mergeInto(&$p0, $p1, $p2) {\n\n    }\n}\n"
    );
    assert_eq!(
        class,
        "<?php\n\nclass KeyCount {\n    /**\n     * @param int $p0\n     */\n    function __construct($p0) {\n\n    }\n\n    \
         /**\n     * @param string $p0\n     * @return bool\n     */\n    function countOf($p0) {\n\n    }\n}\n"
    );
}
