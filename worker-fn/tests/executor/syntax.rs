//! Syntax errors of programs on endpoints that do not look for them: what real
//! interpreters print, which runs are taken for such errors, and what is shown of them.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::language::canonical_name;
use shared::domain::problem::Problem;
use shared::domain::verdict::Verdict;
use worker_fn::attempt::problem_cache::CachedProblem;
use worker_fn::executor::Endpoints;
use worker_fn::judge::assess::Assessment;

use crate::mock_judge0::{Judge, unparsed};
use crate::mock_server::{MockServer, Received};
use crate::secrecy;
use crate::support::{alone, execute, one, run};

/// In the input of a hidden case.
const SECRET: &str = "s3cret";

/// By language: programs that cannot be parsed, and programs that can and fail.
const PROGRAMS: [(&str, &[&str], &[&str]); 6] = [
    (
        "python3",
        &[
            "print('a')\nx = (1,\n",
            "if True:\nprint(1)\n",
            "x = 1\n  y = 2\n",
        ],
        &[
            "eval('(')",
            "print(1)\nexec('x = (')",
            "import ast\nast.literal_eval('1 +')",
            "raise SyntaxError('no')",
            "import sys\nsys.exit('SyntaxError: no')",
            "int('x')",
        ],
    ),
    (
        "node-javascript",
        &[
            "console.log('a');\nlet x = ;\n",
            "function f() {\n",
            "let a; let a;",
        ],
        &[
            "JSON.parse('{')",
            "eval('(')",
            "new Function('(')",
            "setTimeout(JSON.parse, 0, '(')",
            "Promise.resolve('(').then(eval)",
            "require('vm').runInThisContext('(')",
            "throw new SyntaxError('no')",
            "null.x",
            "process.exit(1)",
        ],
    ),
    (
        "ruby",
        &["puts 1\nx = (1 +\n", "def f\n  1\n", "puts 'abc\n"],
        &[
            "eval('(')",
            "eval('(', binding, 'main.rb', 1)",
            "RubyVM::InstructionSequence.compile('(')",
            "raise SyntaxError, 'main.rb:1: syntax error'",
            "abort 'syntax error'",
            "Integer('x')",
        ],
    ),
    (
        "php",
        &[
            "<?php\necho 1;\n$x = ;\n",
            "<?php\nif (1) {\n",
            "<?php echo 'abc;",
        ],
        &[
            "<?php eval('(');",
            "<?php echo 1; eval('(');",
            "<?php json_decode('{', false, 512, JSON_THROW_ON_ERROR);",
            "<?php new Nothing;",
            "<?php exit(1);",
        ],
    ),
    (
        "perl",
        &[
            "print 1;\nmy $x = ;\n",
            "print 'abc;\n",
            "use strict;\n$x = 1;\n",
            "s/a/b",
        ],
        &[
            "eval '(' or die $@;",
            "eval 'print \"abc' or die $@;",
            "die 'syntax error'",
            "exit 1",
        ],
    ),
    (
        "bash",
        &[
            "echo a\nif true; then\n",
            "echo a\necho )\n",
            "echo \"abc\n",
        ],
        &[
            "eval '('",
            "echo $((1+))",
            "bash -c '('",
            "echo '(' | bash",
            "nosuch; exit 2",
            "exit 1",
        ],
    ),
];

/// Runs a program as a plain Piston does: with the language's interpreter, from a file
/// whose name has no ending of the language.
fn really_run(request: &Received) -> (u16, Value) {
    let name = match canonical_name(request.body["language"].as_str().unwrap()) {
        "python" => "python3",
        "javascript" => "node",
        name => name,
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file0.code");
    fs::write(&file, request.body["files"][0]["content"].as_str().unwrap()).unwrap();
    let ended = Command::new(name).arg(&file).output();
    let ended = ended.unwrap_or_else(|error| panic!("{name} must be installed: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let run = json!({
        "stdout": text(&ended.stdout), "stderr": text(&ended.stderr), "code": ended.status.code(),
        "signal": null, "message": null, "status": null, "output": "",
    });
    (200, json!({"language": name, "version": "1", "run": run}))
}

#[test]
fn what_the_interpreters_of_this_machine_print_is_told_apart() {
    alone(async {
        let plain = MockServer::start(really_run).await;
        let plain = one("piston", &plain.url);
        let ours = MockServer::start(|request| {
            let (status, mut answer) = really_run(request);
            answer["sandbox"] = "full".into();
            (status, answer)
        })
        .await;
        let ours = one("piston", &ours.url);
        for (language, unparsed, failing) in PROGRAMS {
            let unparsed = unparsed.iter().map(|code| (code, true));
            for (code, expected) in unparsed.chain(failing.iter().map(|code| (code, false))) {
                let mut run = run(code, &[""]);
                run.language = language;
                let execution = execute(&plain, &run).await.unwrap();
                let report = &execution.runs[0];
                assert!(!report.is_success(), "{code}");
                let found = report.is_syntax_error;
                assert_eq!(found, expected, "{language}: {code}\n{:?}", report.stage);
                // Our runner has asked the interpreter already.
                if expected {
                    let execution = execute(&ours, &run).await.unwrap();
                    assert!(!execution.runs[0].is_syntax_error, "{code}");
                }
            }
        }
        let execution = execute(&plain, &run("x = (", &["a", "b", "c"])).await;
        let found: Vec<_> = execution
            .unwrap()
            .runs
            .iter()
            .map(|run| run.is_syntax_error)
            .collect();
        assert_eq!(found, [true; 3]);
    });
}

#[test]
fn judge0_reports_them_as_failed_runs_alone_and_in_batches() {
    alone(async {
        let judge = Judge {
            polls: 2,
            ..Judge::default()
        };
        let (_server, endpoints) = judge.start().await;
        for (inputs, expected) in [
            (&["unparsed"][..], &[true][..]),
            (&["a", "fail", "unparsed"], &[false, false, true]),
        ] {
            let execution = execute(&endpoints, &run("code", inputs)).await.unwrap();
            let found: Vec<_> = execution
                .runs
                .iter()
                .map(|run| run.is_syntax_error)
                .collect();
            assert_eq!(found, expected);
        }
    });
}

/// An endpoint with a program that prints its input as an error of this name.
fn piston(request: &Received, error: &str, is_ours: bool) -> (u16, Value) {
    let run = |stdin: &Value| {
        let stdin = stdin.as_str().unwrap_or_default();
        let fails = stdin.contains("unparsed");
        let stderr = unparsed(stdin).replace("SyntaxError", error);
        json!({
            "stdout": if fails { "" } else { stdin }, "stderr": if fails { &stderr } else { "" },
            "code": i32::from(fails), "signal": null, "message": null, "status": null, "output": "",
        })
    };
    let mut answer = json!({"version": "1", "run": run(&request.body["stdin"])});
    if is_ours && let Some(cases) = request.body["cases"].as_array() {
        answer["runs"] = cases.iter().map(run).collect();
    }
    (200, answer)
}

async fn assess(endpoints: &Endpoints) -> Assessment {
    let value = json!({
        "title": "T", "kind": "program", "stopOnFirstFail": false,
        "cases": [
            {"input": "a", "expected": "a"},
            {"input": format!("unparsed {SECRET}"), "expected": "x", "hidden": true},
            {"input": "unparsed b", "expected": "x"},
        ],
    });
    let id = ProblemId::parse("echo", "id").unwrap();
    let problem = Problem::from_value(&id, &value).unwrap();
    let problem = CachedProblem::new(problem, ProblemVersion::new("v"), 1);
    secrecy::assess(endpoints, &problem).await
}

/// All that is shown.
fn shown(assessment: &Assessment) -> String {
    let Assessment {
        verdict,
        output,
        judgement,
        run,
    } = assessment;
    json!([verdict.name(), output, judgement, run]).to_string()
}

#[test]
fn a_program_that_prints_one_with_a_hidden_input_shows_nothing_of_it() {
    alone(async {
        let start = |error: &'static str, is_ours: bool| async move {
            let answer = move |request: &Received| piston(request, error, is_ours);
            let server = MockServer::start(answer).await;
            assess(&one("piston", &server.url)).await
        };
        let named = start("SyntaxError", false).await;
        let judge = Judge {
            polls: 1,
            ..Judge::default()
        };
        let (_server, endpoints) = judge.start().await;
        for assessment in [&named, &assess(&endpoints).await] {
            let cases = &assessment.judgement.cases;
            let verdicts: Vec<_> = cases.iter().map(|case| case.verdict).collect();
            let unparsed = Verdict::CompilationError;
            assert_eq!(verdicts, [Verdict::Accepted, unparsed, unparsed]);
            assert_eq!(assessment.verdict, unparsed);
            assert_eq!(
                assessment.output,
                "Compilation Error on case 2 of 3 (hidden)."
            );
            assert!(!shown(assessment).contains(SECRET), "{}", shown(assessment));
            // What may be shown is.
            let evidence = cases[2].evidence.as_ref().unwrap();
            assert!(evidence.stderr.as_ref().unwrap().contains("unparsed b"));
        }
        // Another error is shown alike, but for the verdict.
        let other = start("OtherError", false).await;
        assert_eq!(other.verdict, Verdict::RuntimeError);
        let renamed = shown(&named).replace("Compilation Error", "Runtime Error");
        assert_eq!(renamed.replace("SyntaxError", "OtherError"), shown(&other));
        // On our runner a program that only prints such an error was run.
        let ours = start("SyntaxError", true).await;
        assert_eq!(ours.verdict, Verdict::RuntimeError);
    });
}
