//! PHP's programs.

use shared::domain::problem::types::Type;

use super::Programs;

pub(super) const PROGRAMS: Programs = Programs {
    compiled: false,
    same: |_| Some("function same($x) { return $x; }".into()),
    same_class,
    raises: Ok("function f($n) { if ($n == 2) throw new Exception('no two'); return $n; }"),
    memory: Err("memory that runs out ends PHP; tests/languages/php.rs has it"),
    endless: Ok("function f($n) { while ($n == 2); return array_fill(0, 9, $n); }"),
    wrong_type: Ok("function f($n) { return 'x'; }"),
    missing: Ok("function g($n) { return $n; }"),
    syntax: Ok("<?php function f($n) {\n  return $n + ;\n}\n"),
    prints: Ok(
        "<?php\necho 'printed';\nfunction f($n) { echo 'printed'; print_r('printed'); fwrite(STDOUT, \"printed\\n\"); file_put_contents('php://stdout', 'printed'); system('echo printed'); return $n; }",
    ),
    reads: Ok(
        "function f($n) { return strlen(stream_get_contents(STDIN)) + strlen(file_get_contents('php://stdin')) + strlen(`cat`); }",
    ),
    deep: Ok("function f($n) { return $n ? 1 + f($n - 1) : 0; }"),
    odd_floats: Ok("function f($n) { return [NAN, INF, -INF][$n]; }"),
    odd_text: Ok("function f($n) { return \"a\\xff\"; }"),
    honest: "function secret($x) { return json_decode(preg_replace('/(\\d+):/', '\"$1\":', 'TABLE'), true)[$x]; }",
    forgeries: &[
        (
            "frames on every stream",
            r#"
function secret($x) {
  foreach (get_resources('stream') as $stream) for ($i = 0; $i < 3; $i++) @fwrite($stream, "\x1eNONCE $i =982\n");
  for ($n = 3; $n < 9; $n++) @file_put_contents("php://fd/$n", "\x1eNONCE 1 =982\n");
  fwrite(STDERR, "REACHED");
  return $x;
}
"#,
        ),
        (
            "frames at the end",
            r#"
register_shutdown_function(function () { for ($i = 0; $i < 3; $i++) file_put_contents("php://fd/3", "\x1eNONCE $i =982\n"); });
function secret($x) { fwrite(STDERR, "REACHED"); exit(0); }
"#,
        ),
        (
            "an object that is any text",
            "class T { function __toString() { return '982'; } }\nfunction secret($x) { fwrite(STDERR, 'REACHED'); return new T; }",
        ),
    ],
    rotate: Ok(
        "function rotate(&$nums, $k) { while ($nums && $k-- > 0) array_unshift($nums, array_pop($nums)); }",
    ),
    rebinds: Ok(
        "function rotate($nums, $k) { while ($nums && $k-- > 0) array_unshift($nums, array_pop($nums)); return $nums; }",
    ),
    remove: Ok(r"<?php
class Solution {

    /**
     * @param Integer[] $nums
     * @param Integer $val
     * @return Integer
     */
    function removeElement(&$nums, $val) {
        $k = 0;
        foreach ($nums as $num) {
            if ($num != $val) $nums[$k++] = $num;
        }
        return $k;
    }
}"),
    deal: Ok(
        "function deal(&$a, &$b, $c) { [$a[0], $b[0]] = [$b[0], $a[0]]; if ($c) $c->val = 9; return count($a); }",
    ),
    insert_nine: Ok(
        "function insert_nine(&$head) { if ($head) $head->next = new ListNode(9, $head->next); $head = null; }",
    ),
    mirror: Ok(
        "function mirror($root) { if ($root) { [$root->left, $root->right] = [$root->right, $root->left]; mirror($root->left); mirror($root->right); } }",
    ),
    has_cycle: Ok(
        "class Solution { function hasCycle($head) { $slow = $fast = $head; while ($fast && $fast->next) { $slow = $slow->next; $fast = $fast->next->next; if ($slow === $fast) return true; } return false; } }",
    ),
    detect_cycle: Ok(
        "function detectCycle(?ListNode $head): ?ListNode { $seen = new SplObjectStorage; for (; $head && !$seen->contains($head); $head = $head->next) $seen->attach($head); return $head; }",
    ),
    meet: Ok(
        "function meet($a, $b) { for (; $b; $b = $b->next) for ($x = $a; $x; $x = $x->next) if ($x === $b) return $b; }",
    ),
    delete_node: Ok(
        "function delete_node($node) { $node->val = $node->next->val; $node->next = $node->next->next; }",
    ),
    counter: Ok(r"
class Counter {
    private $n;
    private $list = [];
    function __construct($start) { $this->n = $start; }
    function addUp($n) { $this->n += $n; return $this; }
    function total() { return $this->n; }
    function keep(&$nums) { foreach ($nums as &$num) $num++; $this->list = $nums; return 5; }
    function kept() { return $this->list; }
}
"),
    counter_own_style: Ok(r"<?php
declare(strict_types=1);
final class counter {
    private array $list = [];
    public function __construct(private int $n) {}
    public function add_up(int $n): int { return $this->n += $n; }
    public function total(): int { return $this->n; }
    public function keep(array $nums): void { $this->list = array_map(fn(int $n): int => $n + 1, $nums); }
    public function kept(): array { return $this->list; }
}
"),
    codec: Ok(r#"
class Codec {
    function encode($strs) { $out = ""; foreach ($strs as $s) $out .= strlen($s) . ":" . $s; return $out; }
    function decode($s) {
        for ($out = [], $at = 0; $at < strlen($s); $at += $size) {
            $colon = strpos($s, ":", $at);
            $size = (int)substr($s, $at, $colon - $at);
            $at = $colon + 1;
            $out[] = substr($s, $at, $size);
        }
        return $out;
    }
}
"#),
    shaky: Ok(r#"
class Shaky {
    function __construct($n) { if ($n == 13) throw new Exception("no thirteen"); }
    function get($n) {
        if ($n == 13) throw new Exception("no thirteen");
        while ($n == 99);
        return $n;
    }
}
"#),
    no_json: Ok("class Shaky { function get($n) { return fn() => 1; } }"),
    no_method: Ok(
        "class Counter { function addUp($n) {} function keep($n) {} function kept() { return []; } }",
    ),
    no_class: Ok("class Count {}"),
};

fn same_class(types: &[Type]) -> String {
    let method = |n: usize| format!("function same{n}($x) {{ return $x; }}\n");
    let methods: String = (0..types.len()).map(method).collect();
    format!("class Same {{\n{methods}}}")
}
