//! Programs of several files, and what is said of one of them; inputs that a language
//! executes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::Runner;
use serde_json::{Value, json};

/// The response to these files, names with their contents, of which the first is run;
/// `None` if this machine has not the language.
async fn response_to(language: &str, files: &[(&str, &str)], members: Value) -> Option<Value> {
    let runner = Runner::shared();
    if !runner.has(language).await {
        return None;
    }
    let files: Vec<_> = files
        .iter()
        .map(|(name, content)| json!({"name": name, "content": content}))
        .collect();
    let mut body = json!({"language": language, "version": "*", "files": files});
    let members = members.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    Some(runner.execute(&body).await.json())
}

/// Runs the first of these files, names with their contents.
async fn run_files(language: &str, files: &[(&str, &str)], expected: &str) {
    if let Some(answer) = response_to(language, files, json!({})).await {
        let stdout = answer["run"]["stdout"].as_str().unwrap_or_default();
        assert_eq!(stdout.trim_end(), expected, "{language}: {answer}");
    }
}

#[tokio::test]
async fn syntax_error_in_any_file_of_the_program_is_found() {
    for (language, main, (name, broken)) in [
        (
            "python",
            ("main.py", "import helper"),
            ("helper.py", "def f("),
        ),
        (
            "ruby",
            ("main.rb", "require_relative 'lib/helper'"),
            ("lib/helper.rb", "def f("),
        ),
        (
            "javascript",
            ("main.js", "require('./helper')"),
            ("helper.js", "let x = ;"),
        ),
        (
            "javascript",
            ("main.mjs", "import './helper.mjs'"),
            ("helper.mjs", "export let x = ;"),
        ),
        (
            "javascript",
            ("main.js", "require('./helper.cjs')"),
            ("helper.cjs", "let x = ;"),
        ),
        (
            "php",
            ("main.php", "<?php require 'helper.php';"),
            ("helper.php", "<?php $x = ;"),
        ),
        (
            "perl",
            ("main.pl", "require './helper.pl';"),
            ("helper.pl", "my $x = ;"),
        ),
        (
            "perl",
            ("main.pl", "require lib::Helper;"),
            ("lib/Helper.pm", "my $x = ;"),
        ),
        (
            "bash",
            ("main.sh", "set -e; source ./helper.sh"),
            ("helper.sh", "if true; then"),
        ),
        (
            "lua",
            ("main.lua", "dofile('helper.lua')"),
            ("helper.lua", "local x = = 1"),
        ),
        (
            "rscript",
            ("main.r", "source('helper.R')"),
            ("helper.R", "x <- ("),
        ),
        (
            "elixir",
            ("main.exs", "Code.require_file(\"helper.ex\")"),
            ("helper.ex", "def f("),
        ),
        (
            "awk",
            ("main.awk", "@include \"./helper.awk\""),
            ("helper.awk", "BEGIN { print ( }"),
        ),
    ] {
        let files = [main, (name, broken)];
        let Some(answer) = response_to(language, &files, json!({})).await else {
            continue;
        };
        let compile = &answer["compile"];
        let said = compile["output"].as_str().unwrap_or_default();
        assert_eq!(compile["status"], "RE", "{language}: {answer}");
        assert!(said.contains(name), "{language}: {answer}");
        // A file that is not used decides nothing.
        let files = [(main.0, ""), (name, broken)];
        let answer = response_to(language, &files, json!({})).await.unwrap();
        assert!(answer["compile"].is_null(), "{language}: {answer}");
    }
    let fine = [
        ("main.rb", "require_relative 'helper'"),
        ("helper.rb", "raise 'syntax error'"),
    ];
    if let Some(answer) = response_to("ruby", &fine, json!({})).await {
        assert_eq!(answer["run"]["status"], "RE", "{answer}");
        assert!(answer["compile"].is_null(), "{answer}");
    }
}

/// Bash reads as it goes: what comes before the mistake is executed, and may end there.
#[tokio::test]
async fn syntax_error_is_found_at_the_first_case_that_meets_it() {
    let code = "read x; [ \"$x\" = 1 ] && exit 0\n[ \"$x\" = 2 ] && exit 3\n)\n";
    let run = async |cases: Value| {
        let members = json!({"cases": cases, "streams": "separate"});
        response_to("bash", &[("main.sh", code)], members).await
    };
    let Some(fine) = run(json!(["1", "2"])).await else {
        return;
    };
    assert!(fine["compile"].is_null(), "{fine}");
    assert_eq!(fine["runs"][0]["code"], 0, "{fine}");
    assert_eq!(fine["runs"][1]["code"], 3, "{fine}");
    let met = run(json!(["1", "2", "3", "3"])).await.unwrap();
    assert_eq!(met["compile"]["status"], "RE", "{met}");
    assert_eq!(met["runs"], json!([]), "{met}");
}

/// SQL has its input executed first. The setter's mistake in it is not the solver's.
#[tokio::test]
async fn input_that_fails_by_itself_is_to_blame() {
    let says = |answer: &Value| {
        let stderr = answer["run"]["stderr"].as_str().unwrap_or_default();
        stderr.contains("The input itself fails")
    };
    let schema = "CREATE TABLE t (a); INSERT INTO t VALUES (1);";
    for (code, input, blames_input) in [
        ("SELECT a FROM t;", "CREAT TABLE t (a);", true),
        ("SELECT a FROM t;", "INSERT INTO u VALUES (1);", true),
        ("SELECT b FROM t;", schema, false),
        ("SELECT b FROM t;", "", false),
        (".exit 7", schema, false),
    ] {
        let members = json!({"stdin": input});
        let Some(answer) = response_to("sqlite3", &[("main.sql", code)], members).await else {
            return;
        };
        assert_eq!(answer["run"]["status"], "RE", "{code}: {answer}");
        assert!(answer["compile"].is_null(), "{code}: {answer}");
        assert_eq!(says(&answer), blames_input, "{code}: {answer}");
    }
    // And in each of several cases.
    let members = json!({"cases": [schema, "CREAT"], "streams": "separate"});
    let answer = response_to("sqlite3", &[("main.sql", "SELECT a FROM t;")], members).await;
    let runs = &answer.unwrap()["runs"];
    assert_eq!(runs[0]["stdout"], "1\n", "{runs}");
    let stderr = runs[1]["stderr"].as_str().unwrap();
    assert!(stderr.contains("The input itself fails"), "{runs}");
}

/// What a compiler makes of one file may be the name of another.
#[tokio::test]
async fn file_that_the_compiler_writes_over_is_named() {
    let files = [
        ("main.ts", "const x: number = 1; console.log(x);"),
        ("main.js", "0"),
    ];
    if let Some(answer) = response_to("typescript", &files, json!({})).await {
        assert_eq!(answer["compile"]["status"], "RE", "{answer}");
        let message = answer["compile"]["message"].as_str().unwrap();
        assert!(message.contains("main.js over the one"), "{answer}");
    }
}

#[tokio::test]
async fn a_program_in_a_folder_finds_what_lies_beside_the_folder() {
    let main = "import sys\nfrom app.core import f\nprint(f(2), sys.path[0].endswith('/app'))";
    for language in ["python", "pypy"] {
        let files = [
            ("app/main.py", main),
            ("app/__init__.py", ""),
            ("app/core.py", "from lib.twice import f"),
            ("lib/twice.py", "def f(x): return 2 * x"),
        ];
        run_files(language, &files, "4 True").await;
    }
    for (language, ending) in [("c", "c"), ("c++", "cpp"), ("c11", "c"), ("c++17", "cpp")] {
        // A file that is named as a system's header, which other headers include.
        let code = "#include <stdio.h>\n#include <string.h>\n#include \"inc/a.h\"\n\
                    int main(void) { printf(\"%d\", A + (int) strlen(\"abc\")); }";
        let main = format!("src/main.{ending}");
        let files = [
            (main.as_str(), code),
            ("inc/a.h", "#define A 4"),
            ("string.h", "#error not this"),
        ];
        run_files(language, &files, "7").await;
    }
    let files = [
        ("main.pl", "use lib::Helper; print Helper::f(), \"\\n\";"),
        ("lib/Helper.pm", "package Helper; sub f { return 7 } 1;"),
    ];
    run_files("perl", &files, "7").await;
}

#[tokio::test]
async fn typescript_imports_files_without_their_ending() {
    let main = "import { f, calls } from './lib/f';\nimport twice from \"./lib/twice\";\n\
                import { f as g } from './lib/f.js';\nimport './lib/side';\n\
                const late: any = await import('./late');\n\
                console.log(f(2), twice(2), g === f, calls, late.word);";
    let files = [
        ("main.ts", main),
        (
            "lib/f.ts",
            "import twice from './twice';\nimport { word } from '../late';\n\
             export let calls: number = 0;\n\
             export function f(x: number): number { calls++; return twice(x) + word.length; }",
        ),
        (
            "lib/twice.ts",
            "export default (x: number): number => 2 * x;",
        ),
        (
            "lib/side.ts",
            "enum Side { Left = 1 }\nconsole.log(Side.Left);",
        ),
        ("late.ts", "export const word: string = 'late';"),
    ];
    run_files("typescript", &files, "1\n8 4 true 1 late").await;
}
