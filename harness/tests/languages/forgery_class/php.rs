//! PHP's.

use harness::Harness::Php;

use super::none_passes;

#[test]
fn no_php_class_passes_without_the_answers() {
    let honest = "class Secret { function ask($x) { return json_decode(preg_replace('/(\\d+):/', '\"$1\":', 'TABLE'), true)[$x]; } function all($x) { return array_map([$this, 'ask'], $x); } }";
    none_passes(Php, honest, &PROGRAMS);
}

pub(super) const PROGRAMS: [(&str, &str); 7] = [
    (
        "writes frames with the harness's own function and leaves",
        r#"
class Secret {
  function __construct() {
    $frame = new ReflectionMethod('JudgeHarness_', 'frame');
    $frame->setAccessible(true);
    for ($i = 0; $i < 2; $i++) $frame->invoke(null, "$i", "=[null,982451653,982451653]");
    fwrite(STDERR, "REACHED");
    exit(0);
  }
  function ask($x) { return $x; }
  function all($x) { return $x; }
}
"#,
    ),
    (
        "changes the methods that the harness knows",
        r#"
class Secret {
  function __construct() {
    $known = new ReflectionProperty('JudgeHarness_', 'calls');
    $known->setAccessible(true);
    $calls = $known->getValue();
    foreach ($calls as &$call) { $call['found'] = 'other'; $call['returns'] = 'n'; }
    $known->setValue(null, $calls);
    fwrite(STDERR, "REACHED");
  }
  function ask($x) { return $x; }
  function all($x) { return $x; }
  function other($x) { return 982451653; }
}
"#,
    ),
    (
        "changes the cases",
        r#"
class Secret {
  function __construct() {
    $known = new ReflectionProperty('JudgeHarness_', 'lines');
    $known->setAccessible(true);
    $lines = $known->getValue();
    $known->setValue(null, [$lines[0], $lines[0]]);
    fwrite(STDERR, "REACHED");
  }
  function ask($x) { return $x; }
  function all($x) { return $x; }
}
"#,
    ),
    (
        "returns objects that are numbers and lists",
        r#"
class Any implements ArrayAccess, Countable, IteratorAggregate, JsonSerializable {
  function offsetExists($at): bool { return true; }
  function offsetGet($at): mixed { return 982451653; }
  function offsetSet($at, $value): void {}
  function offsetUnset($at): void {}
  function count(): int { return 1; }
  function getIterator(): Iterator { return new ArrayIterator([982451653]); }
  function jsonSerialize(): mixed { return 982451653; }
  function __toString() { return "982451653"; }
}
class Secret {
  function ask($x) { fwrite(STDERR, "REACHED"); return new Any; }
  function all($x) { return new Any; }
}
"#,
    ),
    (
        "answers to every name",
        r#"
class Secret {
  function __call($name, $arguments) { fwrite(STDERR, "REACHED"); return $this; }
  function __get($name) { return 982451653; }
  function __toString() { return "982451653"; }
}
"#,
    ),
    (
        "writes frames when it is destroyed",
        r#"
class Secret {
  function __construct() { register_shutdown_function([$this, 'frames']); fwrite(STDERR, "REACHED"); }
  function __destruct() { $this->frames(); }
  function frames() { for ($i = 0; $i < 2; $i++) for ($n = 3; $n < 9; $n++) @file_put_contents("php://fd/$n", "\x1eNONCE $i =[null,982451653,982451653]\n"); }
  function ask($x) { return $x; }
  function all($x) { return $x; }
}
"#,
    ),
    (
        "leaves when it is destroyed",
        r#"
class Secret {
  function __destruct() { fwrite(STDERR, "REACHED"); exit(0); }
  function ask($x) { return $x; }
  function all($x) { return $x; }
}
"#,
    ),
];
