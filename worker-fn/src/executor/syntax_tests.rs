//! What interpreters printed, in versions that Piston and Judge0 have and in newer ones.

use fuzz::{fuzz, mutated};
use shared::domain::stage::{Stage, Termination};

use super::syntax::is_syntax_error;

/// Of a file that cannot be parsed: language, standard error.
const UNPARSED: &[(&str, &str)] = &[
    // Python 3.8.18, 3.9.18, 3.11.7, 3.12.1.
    (
        "python",
        "  File \"script.py\", line 3\n    \n           ^\nSyntaxError: unexpected EOF while parsing\n",
    ),
    (
        "py",
        "  File \"<fstring>\", line 1\n    (a b)\n       ^\nSyntaxError: invalid syntax\n",
    ),
    (
        "python3",
        "SyntaxError: Non-UTF-8 code starting with '\\xff' in file /box/script.py on line 1, but no encoding declared; see https://python.org/dev/peps/pep-0263/ for details\n",
    ),
    ("python", "SyntaxError: encoding problem: nope\n"),
    (
        "python",
        "  File \"/piston/jobs/1c/file0.code\", line 2\n    x = 1\nIndentationError: unexpected indent\n",
    ),
    (
        "python",
        "  File \"main.py\", line 3\n    y=2\nTabError: inconsistent use of tabs and spaces in indentation\n",
    ),
    (
        "python",
        "  File \"main.py\", line 2\n    \nSyntaxError: source code cannot contain null bytes\n",
    ),
    (
        "python",
        "main.py:1: SyntaxWarning: invalid escape sequence '\\d'\n  x = \"\\d\"\n  File \"main.py\", line 3\n    y = (\n        ^\nSyntaxError: '(' was never closed\n",
    ),
    // PyPy 7.3.11.
    (
        "pypy3",
        "  File \"main.py\", line 2\n    x = (1,\n        ^\nSyntaxError: parenthesis is never closed\n",
    ),
    // Node 12.22, 16.20, 18.20, 22.23, 24.21.
    (
        "javascript",
        "/box/script.js:2\nlet x = ;\n        ^\n\nSyntaxError: Unexpected token ';'\n    at wrapSafe (internal/modules/cjs/loader.js:915:16)\n    at Module._compile (internal/modules/cjs/loader.js:963:27)\n    at Object.Module._extensions..js (internal/modules/cjs/loader.js:1027:10)\n    at Module.load (internal/modules/cjs/loader.js:863:32)\n    at Function.Module._load (internal/modules/cjs/loader.js:708:14)\n    at Function.executeUserEntryPoint [as runMain] (internal/modules/run_main.js:60:12)\n    at internal/main/run_main_module.js:17:47\n",
    ),
    (
        "node-javascript",
        "/piston/jobs/1c/file0.code:2\nlet x = ;\n        ^\n\nSyntaxError: Unexpected token ';'\n    at Object.compileFunction (node:vm:360:18)\n    at wrapSafe (node:internal/modules/cjs/loader:1126:15)\n    at Module._compile (node:internal/modules/cjs/loader:1162:27)\n    at node:internal/main/run_main_module:22:47\n",
    ),
    (
        "js",
        "file:///w/main.mjs:2\nlet x = ;\n        ^\n\nSyntaxError: Unexpected token ';'\n    at ModuleLoader.moduleStrategy (node:internal/modules/esm/translators:152:18)\n    at ModuleLoader.moduleProvider (node:internal/modules/esm/loader:299:14)\n    at async link (node:internal/modules/esm/module_job:67:21)\n\nNode.js v18.20.8\n",
    ),
    (
        "node",
        "/w/main.js:3\n\n\n\nSyntaxError: Unexpected end of input\n    at wrapSafe (node:internal/modules/cjs/loader:1713:18)\n    at Module._compile (node:internal/modules/cjs/loader:1755:20)\n    at wrapModuleLoad (node:internal/modules/cjs/loader:254:19)\n    at node:internal/main/run_main_module:36:49\n\nNode.js v22.23.3\n",
    ),
    (
        "javascript",
        "file:///w/main.mjs:2\nlet x = ;\n        ^\n\nSyntaxError: Unexpected token ';'\n    at compileSourceTextModule (node:internal/modules/esm/utils:319:16)\n    at ModuleLoader.getOrCreateModuleJob (node:internal/modules/esm/loader:617:12)\n    at node:internal/modules/esm/loader:636:32\n    at TracingChannel.tracePromise (node:diagnostics_channel:362:14)\n\nNode.js v24.21.0\n",
    ),
    // Ruby 3.1.2, then 3.4: by its own path, and with the hint about the missing `end`.
    (
        "ruby",
        "script.rb:2: syntax error, unexpected end-of-input, expecting `end'\n  puts 1\n        ^\n",
    ),
    (
        "rb",
        "main.rb:1: unterminated string meets end of file\nputs \"abc\n         ^\n",
    ),
    (
        "ruby",
        "/root/.rbenv/versions/3.4.0-rc1/bin/ruby: -e:1: syntax error found (SyntaxError)\n> 1 | def foo(...) super(...) {} end\n    |                         ^~ both block arg and actual block given; only one block is allowed\n  2 | \n",
    ),
    (
        "ruby",
        "main.rb: --> main.rb\n\nmain.rb:2: syntax errors found (SyntaxError)\n",
    ),
    // PHP 8.2 with the messages in its log.
    (
        "php",
        "PHP Parse error:  syntax error, unexpected token \";\" in /w/main.php on line 3\n",
    ),
    // Perl 5.36.
    (
        "perl",
        "syntax error at main.pl line 2, near \"= ;\"\nExecution of main.pl aborted due to compilation errors.\n",
    ),
    (
        "pl",
        "Can't find string terminator '\"' anywhere before EOF at main.pl line 1.\n",
    ),
    ("perl", "Search pattern not terminated at main.pl line 1.\n"),
    // Bash 5.2; 5.0 has the second line here, too.
    (
        "bash",
        "main.sh: line 2: syntax error near unexpected token `)'\nmain.sh: line 2: `echo )'\n",
    ),
    (
        "sh",
        "script.sh: line 1: unexpected EOF while looking for matching `\"'\nscript.sh: line 2: syntax error: unexpected end of file\n",
    ),
    (
        "bash",
        "/piston/jobs/1c/file0.code: line 4: syntax error: unexpected end of file\n",
    ),
];

/// Of a program that was run: language, standard error.
const RAN: &[(&str, &str)] = &[
    (
        "python",
        "Traceback (most recent call last):\n  File \"main.py\", line 1, in <module>\n    eval(\"(\")\n  File \"<string>\", line 1\n    (\n    ^\nSyntaxError: '(' was never closed\n",
    ),
    // With `sys.tracebacklimit = 0`.
    (
        "python",
        "  File \"<string>\", line 1\n    (\n    ^\nSyntaxError: '(' was never closed\n",
    ),
    (
        "python",
        "Traceback (most recent call last):\n  File \"main.py\", line 1, in <module>\n    import lib\n  File \"/w/lib.py\", line 1\n    (\n    ^\nSyntaxError: '(' was never closed\n",
    ),
    ("python", "SyntaxError: bad expression\n"),
    (
        "python",
        "Traceback (most recent call last):\n  File \"main.py\", line 2, in <module>\n    int(\"x\")\nValueError: invalid literal for int() with base 10: 'x'\n",
    ),
    (
        "javascript",
        "<anonymous_script>:1\n{\n\nSyntaxError: Expected property name or '}' in JSON at position 1\n    at JSON.parse (<anonymous>)\n    at Object.<anonymous> (/w/main.js:1:6)\n    at Module._compile (node:internal/modules/cjs/loader:1521:14)\n    at node:internal/main/run_main_module:28:49\n\nNode.js v20.20.2\n",
    ),
    (
        "javascript",
        "<anonymous_script>:1\n(\n^\n\nSyntaxError: Unexpected token '(', \"(\" is not valid JSON\n    at parse (<anonymous>)\n\nNode.js v20.20.2\n",
    ),
    (
        "javascript",
        "evalmachine.<anonymous>:1\n(\n \n\nSyntaxError: Unexpected end of input\n    at new Script (node:vm:117:7)\n    at createScript (node:vm:269:10)\n    at Timeout.runInThisContext [as _onTimeout] (node:vm:317:10)\n    at listOnTimeout (node:internal/timers:581:17)\n    at process.processTimers (node:internal/timers:519:7)\n\nNode.js v20.20.2\n",
    ),
    // With `Error.stackTraceLimit = 0`.
    (
        "javascript",
        "<anonymous_script>:1\n{\n\n[SyntaxError: Expected property name or '}' in JSON at position 1]\n\nNode.js v20.20.2\n",
    ),
    (
        "javascript",
        "file:///w/main.mjs:1\nimport {nope} from \"fs\"; console.log(nope)\n        ^^^^\nSyntaxError: The requested module 'fs' does not provide an export named 'nope'\n    at ModuleJob._instantiate (node:internal/modules/esm/module_job:213:21)\n    at async ModuleJob.run (node:internal/modules/esm/module_job:320:5)\n\nNode.js v20.20.2\n",
    ),
    (
        "ruby",
        "main.rb:1:in `eval': (eval):1: syntax error, unexpected end-of-input (SyntaxError)\n\tfrom main.rb:1:in `<main>'\n",
    ),
    (
        "ruby",
        "main.rb:1:in `<main>': main.rb:1: syntax error, unexpected (SyntaxError)\n",
    ),
    ("ruby", "(eval):1: syntax error, unexpected end-of-input\n"),
    (
        "ruby",
        "main.rb:1:in `require_relative': /w/two.rb:1: syntax error, unexpected integer literal, expecting end-of-input (SyntaxError)\nx = 1 1\n      ^\n\tfrom main.rb:1:in `<main>'\n",
    ),
    ("ruby", "line 1: syntax error\n"),
    (
        "php",
        "PHP Parse error:  Unclosed '(' in /w/main.php(1) : eval()'d code on line 1\n",
    ),
    (
        "php",
        "PHP Fatal error:  Uncaught JsonException: Syntax error in /w/main.php:1\nStack trace:\n#0 {main}\n",
    ),
    ("perl", "syntax error at (eval 1) line 1, at EOF\n"),
    (
        "perl",
        "Can't find string terminator '\"' anywhere before EOF at (eval 1) line 1.\n",
    ),
    (
        "perl",
        "syntax error at /w/lib.pl line 2, near \"= ;\"\nCompilation failed in require at main.pl line 1.\n",
    ),
    (
        "bash",
        "main.sh: eval: line 2: syntax error: unexpected end of file\n",
    ),
    (
        "bash",
        "bash: -c: line 2: syntax error: unexpected end of file\n",
    ),
    (
        "bash",
        "bash: line 1: syntax error near unexpected token `('\n",
    ),
    (
        "bash",
        "main.sh: line 1: ((: 1+: syntax error: operand expected (error token is \"+\")\n",
    ),
    ("bash", "main.sh: line 1: nosuch: command not found\n"),
    // An error that the program went on after.
    (
        "bash",
        "lib.sh: line 2: syntax error: unexpected end of file\none\ntwo\n",
    ),
    // A language that is compiled, and one whose words nobody knows.
    ("c++", "  File \"main.py\", line 1\nSyntaxError: no\n"),
    ("lua", "lua: main.lua:1: syntax error near 'x'\n"),
];

fn ended(code: i64, stdout: &str, stderr: &str) -> Stage {
    Stage {
        stdout: stdout.into(),
        stderr: stderr.into(),
        code: Some(code),
        termination: Termination::NonZeroExit,
        ..Stage::default()
    }
}

#[test]
fn what_interpreters_print_is_recognised() {
    for &(language, stderr) in UNPARSED {
        let code = if ["bash", "sh"].contains(&language) {
            2
        } else {
            1
        };
        let mut run = ended(code, "", stderr);
        assert!(is_syntax_error(language, &run), "{language}: {stderr}");
        // A program that prints was parsed before, but in Bash.
        run.stdout = "1\n".into();
        assert_eq!(is_syntax_error(language, &run), code == 2, "{stderr}");
        run.stdout.clear();
        for other in [
            Termination::Success,
            Termination::Signal,
            Termination::TimeLimit,
        ] {
            run.termination = other;
            assert!(!is_syntax_error(language, &run), "{language}: {other:?}");
        }
    }
    for &(language, stderr) in RAN {
        for code in [1, 2] {
            let run = ended(code, "", stderr);
            assert!(!is_syntax_error(language, &run), "{language}: {stderr}");
        }
    }
}

#[test]
fn php_prints_it_where_it_is_told_to() {
    // PHP 7.4 and 8.2 without settings, which Piston and Judge0 have.
    for stdout in [
        "\nParse error: syntax error, unexpected ';' in /box/script.php on line 3\n",
        "\nParse error: Unclosed '{' on line 2 in /piston/jobs/1c/file0.code on line 4\n",
    ] {
        assert!(is_syntax_error("php", &ended(255, stdout, "")), "{stdout}");
        let after = ["1", stdout].concat();
        assert!(!is_syntax_error("php", &ended(255, &after, "")), "{after}");
    }
    let evaluated = "\nParse error: Unclosed '(' in /box/script.php(1) : eval()'d code on line 1\n";
    assert!(!is_syntax_error("php", &ended(255, evaluated, "")));
}

#[test]
fn bash_ends_with_its_own_exit_code() {
    let (_, stderr) = UNPARSED[UNPARSED.len() - 1];
    assert!(is_syntax_error("bash", &ended(1, "", stderr)));
    assert!(!is_syntax_error("bash", &ended(3, "", stderr)));
}

#[test]
fn whatever_is_printed_is_read() {
    let printed = UNPARSED.iter().chain(RAN).map(|(_, stderr)| *stderr);
    let printed: Vec<&str> = printed.collect();
    fuzz(&mutated(&printed), |stderr| {
        let run = ended(1, "", &String::from_utf8_lossy(&stderr));
        for language in ["python", "javascript", "ruby", "php", "perl", "bash"] {
            let _ = is_syntax_error(language, &run);
        }
        Ok(())
    });
}
