<?php
// The harness for PHP 8.0 and later, on the command line: functions and classes.
//
// It reads the nonce and the cases, evaluates the user's code at the top level, calls
// what the plan says for every case and writes one frame a case; lib.rs says how they
// look. __PLAN__ (a JSON text, see plan.rs) and __CODE__ are filled in by mod.rs.
// build.rs leaves the comments and the indentation out.
//
// A list is an array, read in the order of foreach whatever its whole-number keys are.
// A map is an array, too; of `any`, an object is a stdClass, which tells {} from [].
// What an argument is after the call is read through a variable of the harness's own,
// which the user's function may take by reference.

// What JSON cannot hold.
final class JudgeOdd_ extends Exception {
}

final class JudgeHarness_ {
    const NOTHING = "nothing: the function returned no value, and printing one does not return it";
    const OPENS = "<?php ";
    public static $code;
    private static $class, $calls, $nonce, $lines, $out, $printed, $target;
    // Which case is running: its index, the number of its call, and the next line.
    private static $index = "load", $call, $next = 0, $progress;
    private static $done = false, $reserve;
    // The objects of the case: what their destructors do comes after its frame.
    private static $objects = [], $told = false, $left = [];

    static function begin(string $plan, string $code): void {
        $plan = json_decode($plan, true);
        [self::$class, self::$calls] = [$plan["class"], $plan["calls"]];
        foreach (["memory_limit" => "-1", "serialize_precision" => "-1", "display_errors" => "0", "log_errors" => "1", "error_log" => "", "html_errors" => "0"] as $name => $value) ini_set($name, $value);
        self::$lines = explode("\n", rtrim(stream_get_contents(STDIN), "\n"));
        self::$nonce = array_shift(self::$lines);
        // The real standard output is kept here. What is opened next gets the number
        // of the one that was closed, so that all that is printed goes to standard
        // error; the constant STDOUT cannot be opened again.
        self::$out = fopen("php://fd/1", "wb");
        fclose(STDOUT);
        self::$printed = fopen("php://fd/2", "wb");
        if (str_contains($code, "STDOUT")) {
            $open = str_starts_with(ltrim($code), "<?") ? "" : self::OPENS;
            $text = "";
            foreach (PhpToken::tokenize($open . $code) as $token) $text .= $token->is(T_STRING) && $token->text === "STDOUT" ? "STDERR" : $token->text;
            $code = substr($text, strlen($open));
        }
        self::$code = preg_replace('/^(\s*)<\?(?:php\b|(?!=))/i', "$1", $code, 1) ?? $code;
        set_error_handler([self::class, "warn"]);
        spl_autoload_register([self::class, "give"]);
        self::$reserve = str_repeat(" ", 1 << 18);
        register_shutdown_function([self::class, "leave"]);
    }

    // Notices and warnings, as PHP prints them, by the user's file.
    static function warn(int $level, string $text, string $file, int $line): bool {
        if (error_reporting() & $level) {
            $label = $level & (E_DEPRECATED | E_USER_DEPRECATED) ? "Deprecated" : ($level & (E_NOTICE | E_USER_NOTICE) ? "Notice" : "Warning");
            fwrite(STDERR, "PHP $label:  $text in main.php on line $line\n");
        }
        return true;
    }

    // Node types, when the user's code has none of its own.
    static function give(string $name): void {
        if ($name === "ListNode") eval('class ListNode { public $val; public $next; function __construct($val = 0, $next = null) { $this->val = $val; $this->next = $next; } }');
        if ($name === "TreeNode") eval('class TreeNode { public $val; public $left; public $right; function __construct($val = 0, $left = null, $right = null) { $this->val = $val; $this->left = $left; $this->right = $right; } }');
    }

    private static function frame(string $index, string $text): void {
        $rest = "\x1e" . self::$nonce . " $index $text\n";
        while ($rest !== "" && ($size = fwrite(self::$out, $rest))) $rest = substr($rest, $size);
    }

    private static function fail(string $kind, string $text): void {
        self::frame("load", self::trouble($kind, $text));
        self::$done = true;
        exit(1);
    }

    static function refuse(Throwable $error): void {
        if ($error instanceof ParseError) self::fail("syntax", "PHP Parse error:  {$error->getMessage()} in main.php on line {$error->getLine()}");
        self::fail("error", self::said($error));
    }

    // After the user's code ended the program: an error that nothing catches, or
    // exit, after which the other cases are run.
    static function leave(): void {
        self::$reserve = null;
        if (self::$done) return;
        self::$done = true;
        $error = error_get_last();
        if ($error && $error["type"] & (E_ERROR | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR | E_PARSE)) {
            $text = "PHP Fatal error:  " . self::clean($error["message"]) . " in main.php on line " . $error["line"];
            $kind = preg_match("/^(Allowed memory size|Out of memory)/", $error["message"]) ? "memory" : "error";
            if (self::$index === "load" && $error["type"] & (E_COMPILE_ERROR | E_PARSE)) $kind = "syntax";
            if (!self::$told) self::frame(self::$index, self::trouble($kind, $text));
            exit(1);
        }
        if (!self::$told) {
            self::frame(self::$index, self::trouble("error", "exit() was called: it ends the program"));
            // Their destructors may call it again, which would leave out the other cases.
            self::$left[] = self::$objects;
            self::$objects = [];
        }
        if (self::$index === "load") exit(1);
        self::$done = false;
        register_shutdown_function([self::class, "leave"]);
        self::cases();
    }

    private static function found(array $all, string $name): ?string {
        $name = strtolower($name);
        foreach ($all as $one) {
            $low = strtolower($one);
            if ($low === $name || str_ends_with($low, "\\$name")) return $one;
        }
        return null;
    }

    static function find(): void {
        if (self::$class !== null) {
            $class = self::found(get_declared_classes(), self::$class);
            if ($class === null) self::fail("missing", "The class `" . self::$class . "` was not found in your code.");
            foreach (self::$calls as $number => $call) {
                // One that answers to every name has it as the problem does.
                if (method_exists($class, "__call")) self::$calls[$number]["found"] = $call["names"][0] ?? "";
                foreach (array_reverse($call["names"]) as $name) if (method_exists($class, $name)) self::$calls[$number]["found"] = $name;
                if ($number && !isset(self::$calls[$number]["found"])) self::fail("missing", "The method `" . implode("` or `", $call["names"]) . "` of the class `" . self::$class . "` was not found in your code.");
            }
            self::$target = $class;
            return;
        }
        $names = self::$calls[0]["names"];
        foreach ($names as $name) {
            $function = self::found(get_defined_functions()["user"], $name);
            if ($function !== null) self::$target ??= fn() => $function;
        }
        $class = self::found(get_declared_classes(), "Solution");
        foreach ($names as $name) {
            // State that one case leaves behind is not there for the next.
            if ($class !== null && method_exists($class, $name)) self::$target ??= fn() => [new $class(), $name];
        }
        if (!self::$target) self::fail("missing", "The function `" . implode("` or `", $names) . "` was not found in your code.");
    }

    private static function release(): void {
        while (self::$objects) {
            try {
                array_pop(self::$objects);
            } catch (Throwable) {
            }
        }
    }

    static function cases(): void {
        self::$progress ??= self::$class !== null && count(self::$lines) === 1;
        self::release();
        while (self::$next < count(self::$lines)) {
            [self::$index, $text] = explode(" ", self::$lines[self::$next++], 2);
            self::$told = false;
            self::frame(self::$index, self::one($text));
            self::$told = true;
            self::release();
        }
        self::$done = true;
        exit(0);
    }

    // One case, as a frame's mark and JSON.
    private static function one(string $text): string {
        self::$call = null;
        try {
            $input = self::parse($text);
            if (self::$class === null) {
                $values = self::arguments(self::$calls[0], $input);
                self::$objects[] = $target = (self::$target)();
                return "=" . self::answer(self::$calls[0], $target, $values);
            }
            $answers = [];
            foreach ($input as $number => $parts) {
                self::$call = $number;
                if (self::$progress && count($input) <= 1000) self::frame(self::$index, ">$number");
                [$object, $method, $refs] = $parts;
                $values = array_slice($parts, 3);
                foreach ($refs as $at => $from) if ($from >= 0) $values[$at] = self::parse($answers[$from]);
                $call = self::$calls[$method + 1];
                $values = self::arguments($call, $values);
                if ($method < 0) {
                    self::$objects[$object] = new (self::$target)(...$values[0]);
                    $answers[] = "null";
                } else {
                    $answers[] = self::answer($call, [self::$objects[$object], $call["found"]], $values);
                }
            }
            return "=[" . implode(",", $answers) . "]";
        } catch (JudgeOdd_ $odd) {
            $text = self::quote($odd->getMessage());
            return "?" . (self::$call === null ? $text : "{\"text\":$text,\"call\":" . self::$call . "}");
        } catch (Throwable $error) {
            return self::trouble("error", self::said($error));
        }
    }

    // An answer that is parsed may have numbers that JSON has not, which become
    // strings. An object becomes a stdClass; a name in it that begins with a zero byte
    // is refused: such texts get a byte before that, which is taken away again.
    private static function parse(string $text) {
        $strings = fn($text, $change) => preg_replace_callback('/"(?:[^"\\\\]++|\\\\.)*+"|NaN|-?Infinity/', $change, $text) ?? $text;
        if (str_contains($text, "NaN") || str_contains($text, "Infinity")) $text = $strings($text, fn($found) => $found[0][0] === '"' ? $found[0] : "\"$found[0]\"");
        if (!str_contains($text, '"\u0000')) return json_decode($text);
        $text = $strings($text, fn($found) => preg_match('/^"\\\\u000[01]/', $found[0]) ? '"\u0001' . substr($found[0], 1) : $found[0]);
        return self::bare(json_decode($text));
    }

    private static function bare($value) {
        if (is_string($value)) return ($value[0] ?? "") === "\x01" ? substr($value, 1) : $value;
        if (!is_array($value) && !is_object($value)) return $value;
        $all = [];
        foreach ((array)$value as $key => $item) $all[self::bare($key)] = self::bare($item);
        return is_array($value) ? $all : (object)$all;
    }

    // What is passed, and what is read after the call. They differ for the node of
    // a list that is not its head.
    private static function arguments(array $call, array $values): array {
        [$passed, $lists] = [[], []];
        foreach ($call["params"] as $at => $kind) {
            if ($kind[0] === "c") {
                [$lists[$at], $passed[]] = self::linked($values[$at], substr($kind, 1), $lists);
            } else {
                $passed[] = self::build($values[$at], $kind);
            }
        }
        $heads = [];
        foreach ($passed as $at => $value) if (is_object($value) || isset($lists[$at])) $heads[$at] = $lists[$at][0] ?? $value;
        return [$passed, $heads];
    }

    private static function answer(array $call, $target, array $values): string {
        [$passed, $heads] = $values;
        $returns = $call["returns"];
        $result = $target(...$passed);
        $parts = [];
        if ($call["returned"]) $parts[] = $returns === "n" && self::$class !== null ? "null" : self::show($result, $returns, 0);
        foreach ($call["arguments"] as $at) $parts[] = self::show(array_key_exists($at, $heads) ? $heads[$at] : $passed[$at], $call["params"][$at], 0);
        return count($parts) === 1 ? $parts[0] : "[" . implode(",", $parts) . "]";
    }

    // The nodes of a list that may have a cycle or end in another one's, and the one
    // that is passed. An answer that becomes an argument may be an array.
    private static function linked($value, string $of, array $lists): array {
        if (is_array($value) && array_is_list($value)) $value = ["values" => $value];
        $value = (array)$value + ["cycle" => -1, "node" => 0, "joins" => []];
        $nodes = [];
        foreach ($value["values"] as $item) $nodes[] = new ListNode(self::build($item, $of));
        $last = count($nodes) - 1;
        for ($at = 0; $at < $last; ++$at) $nodes[$at]->next = $nodes[$at + 1];
        if ($value["cycle"] >= 0) $nodes[$last]->next = $nodes[$value["cycle"]];
        $rest = $value["joins"] ? $lists[$value["joins"][0]][$value["joins"][1]] : null;
        if ($rest && $nodes) $nodes[$last]->next = $rest;
        return [$nodes, $nodes[$value["node"]] ?? $rest];
    }

    // From JSON to an argument.
    private static function build($value, string $kind) {
        $of = substr($kind, 1);
        switch ($kind[0]) {
            case "f":
                return is_string($value) ? ["NaN" => NAN, "Infinity" => INF, "-Infinity" => -INF][$value] : (float)$value;
            case "l":
                foreach ($value as $at => $item) $value[$at] = self::build($item, $of);
                return $value;
            case "m":
                $value = (array)$value;
                foreach ($value as $key => $item) $value[$key] = self::build($item, $of);
                return $value;
            case "k":
                return self::linked($value, $of, [])[1];
            case "t":
                $nodes = [];
                foreach ($value as $item) $nodes[] = $item === null ? null : new TreeNode(self::build($item, $of));
                $at = 0;
                foreach ($nodes as $node) {
                    if (!$node) continue;
                    $node->left = $nodes[++$at] ?? null;
                    $node->right = $nodes[++$at] ?? null;
                }
                return $nodes[0] ?? null;
        }
        return $value;
    }

    // From a result to JSON. `depth`: how many arrays and objects `value` is within.
    private static function show($value, string $kind, int $depth): string {
        $of = substr($kind, 1);
        if ($kind[0] === "k" || $kind[0] === "c") return self::chain($value, $kind);
        if ($kind[0] === "t") return self::tree($value, $of);
        if ($value === null) {
            if ($kind[0] !== "n" && $kind[0] !== "a" && $depth === 0) throw new JudgeOdd_(self::NOTHING);
            return "null";
        }
        if (is_bool($value)) return $value ? "true" : "false";
        if (is_int($value)) return (string)$value;
        if (is_float($value)) {
            if (is_finite($value)) return json_encode($value, JSON_PRESERVE_ZERO_FRACTION);
            $text = is_nan($value) ? "NaN" : ($value < 0 ? "-Infinity" : "Infinity");
            if ($kind !== "f") throw new JudgeOdd_($text);
            return $text;
        }
        if (is_string($value)) return self::quote($value);
        $plain = is_object($value) && get_class($value) === "stdClass";
        if (!is_array($value) && !$plain) throw new JudgeOdd_("a value of type " . get_debug_type($value));
        if ($depth === 64) throw new JudgeOdd_("nested deeper than 64");
        $parts = [];
        if (!$plain && ($kind[0] === "l" ? self::listed($value) : $kind[0] !== "m" && array_is_list($value))) {
            $of = $kind[0] === "l" ? $of : "a";
            foreach ($value as $item) $parts[] = self::show($item, $of, $depth + 1);
            return "[" . implode(",", $parts) . "]";
        }
        $of = $kind[0] === "m" ? $of : "a";
        foreach ((array)$value as $key => $item) $parts[] = self::quote((string)$key) . ":" . self::show($item, $of, $depth + 1);
        return "{" . implode(",", $parts) . "}";
    }

    private static function listed(array $value): bool {
        foreach ($value as $key => $_) if (is_string($key)) return false;
        return true;
    }

    private static function quote(string $text): string {
        $json = json_encode($text, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS);
        if ($json === false) throw new JudgeOdd_(preg_match('/\xed[\xa0-\xbf]/', $text) ? "a lone surrogate" : "text that is not UTF-8");
        return $json;
    }

    private static function check($node, string $field): void {
        if (!is_object($node) || !property_exists($node, "val") || !property_exists($node, $field)) throw new JudgeOdd_("a value of type " . get_debug_type($node));
        if ($node->val === null) throw new JudgeOdd_("a node without a value");
    }

    // Linked nodes to JSON. Only lists of `linked_nodes` may have a cycle.
    private static function chain($node, string $kind): string {
        [$parts, $seen] = [[], []];
        while ($node !== null) {
            self::check($node, "next");
            $id = spl_object_id($node);
            if (isset($seen[$id])) {
                if ($kind[0] === "k") throw new JudgeOdd_("a cycle");
                return "{\"values\":[" . implode(",", $parts) . "],\"cycle\":$seen[$id]}";
            }
            $seen[$id] = count($parts);
            $parts[] = self::show($node->val, substr($kind, 1), 0);
            $node = $node->next;
        }
        return "[" . implode(",", $parts) . "]";
    }

    // A tree in level order.
    private static function tree($root, string $of): string {
        [$row, $parts, $seen] = [[$root], [], []];
        for ($at = 0; $at < count($row); ++$at) {
            $node = $row[$at];
            if ($node === null) {
                $parts[] = "null";
                continue;
            }
            self::check($node, "left");
            if (isset($seen[spl_object_id($node)])) throw new JudgeOdd_("a cycle");
            $seen[spl_object_id($node)] = true;
            $parts[] = self::show($node->val, $of, 0);
            array_push($row, $node->left, $node->right);
        }
        while (end($parts) === "null") array_pop($parts);
        return "[" . implode(",", $parts) . "]";
    }

    private static function trouble(string $kind, string $text): string {
        $part = fn($at, $size = null) => preg_replace('/^[\x80-\xbf]+|[\xc0-\xff][\x80-\xbf]{0,2}$/', "", substr($text, $at, $size));
        if (strlen($text) > 1900) $text = $part(0, 500) . "\n...\n" . $part(-1300);
        $json = json_encode($text, JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES);
        return "!{\"kind\":\"$kind\",\"text\":$json" . (self::$call === null ? "}" : ",\"call\":" . self::$call . "}");
    }

    // Without the path of this file.
    private static function clean(string $text): string {
        $text = preg_replace('/\S*main\.php(\(\d+\) : eval\(\)\'d code)?/', "main.php", $text) ?? $text;
        return preg_replace('/(, called)? in main\.php on line \d+/', "", $text) ?? $text;
    }

    // As PHP prints an exception that nothing catches, without the harness's frames.
    private static function said(Throwable $error): string {
        $text = "";
        for ($one = $error; $one; $one = $one->getPrevious()) {
            $frames = [[$one->getFile(), $one->getLine(), null]];
            foreach ($one->getTrace() as $call) $frames[] = [$call["file"] ?? "", $call["line"] ?? 0, ($call["class"] ?? "") . ($call["type"] ?? "") . $call["function"] . "()"];
            $frames = array_values(array_filter($frames, fn($frame) => str_ends_with($frame[0], "eval()'d code")));
            if (count($frames) > 30) array_splice($frames, 10, count($frames) - 20);
            $said = get_class($one) . ": " . self::clean($one->getMessage());
            foreach ($frames as $at => [, $line, $name]) $said .= $at ? "\n    called in main.php:$line" . ($name === null ? "" : ": $name") : " in main.php:$line";
            $text = $text === "" ? $said : "$text\n\nPrevious: $said";
        }
        return $text;
    }
}

JudgeHarness_::begin(__PLAN__, __CODE__);
try {
    eval(JudgeHarness_::$code);
} catch (Throwable $judge_) {
    JudgeHarness_::refuse($judge_);
}
JudgeHarness_::find();
JudgeHarness_::cases();
