//! Whole sessions against an endpoint that answers from a table.

use serde_json::{Value, json};
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::problem::Problem;
use shared::domain::stage::{Stage, Termination};
use shared::domain::verdict::Verdict;

use super::assess::{Assessment, assess};
use super::session::{JudgeSession, Step};
use crate::executor::{Execution, StageReport};

pub(crate) const NONCE: &str = "n0nce";
/// Stands in every text that must not be shown.
pub(crate) const SECRET: &str = "s3cret";

/// Cases: (input, expected, hidden).
fn problem(signature: bool, cases: &[(Value, Value, bool)], stop: bool) -> Problem {
    let cases: Vec<Value> = cases
        .iter()
        .map(|(input, expected, hidden)| {
            json!({ "input": input, "expected": expected, "hidden": hidden })
        })
        .collect();
    let mut value = json!({
        "title": "Echo", "kind": "program", "cases": cases, "stopOnFirstFail": stop,
        "limits": { "outputBytes": 100_000 },
    });
    if signature {
        value["kind"] = "function".into();
        value["signature"] = json!({
            "name": "echo",
            "params": [{ "name": "text", "type": "string" }],
            "returns": "string",
        });
    }
    let id = ProblemId::parse("echo", "id").unwrap();
    Problem::from_value(&id, &value).unwrap()
}

pub(crate) fn program(texts: &[&str], stop: bool) -> Problem {
    let cases = texts.iter().map(|text| (json!(text), json!(text), false));
    problem(false, &cases.collect::<Vec<_>>(), stop)
}

/// Cases whose text holds the secret are hidden.
fn function(texts: &[&str], stop: bool) -> Problem {
    let case = |text: &&str| (json!([text]), json!(text), text.contains(SECRET));
    problem(true, &texts.iter().map(case).collect::<Vec<_>>(), stop)
}

pub(crate) fn ended(stdout: &str, code: i64) -> StageReport {
    StageReport {
        stage: Stage {
            stdout: stdout.into(),
            stderr: format!("stderr of {stdout}"),
            code: Some(code),
            termination: match code {
                0 => Termination::Success,
                _ => Termination::NonZeroExit,
            },
            cpu_time_ms: Some(5),
            memory_bytes: Some(1_000),
            ..Stage::default()
        },
        output: stdout.into(),
        is_syntax_error: false,
    }
}

pub(crate) fn timed_out(stdout: &str) -> StageReport {
    let mut report = ended(stdout, 0);
    report.stage.code = None;
    report.stage.signal = Some("SIGKILL".into());
    report.stage.termination = Termination::TimeLimit;
    report.stage.message = Some("Time limit exceeded".into());
    report
}

pub(crate) fn ran(runs: Vec<StageReport>) -> Execution {
    Execution {
        version: "1.2.3".into(),
        compile: None,
        runs,
    }
}

/// One process that printed these frames, and ended well.
fn printed(frames: &[String]) -> Execution {
    ran(vec![ended(&frames.concat(), 0)])
}

pub(crate) fn frame(case: usize, payload: &str) -> String {
    format!("\x1e{NONCE} {case} {payload}\n")
}

fn returned(case: usize, text: &str) -> String {
    frame(case, &format!("={}", json!(text)))
}

/// What is found out about a session, which must show nothing of `secret`.
pub(crate) fn assessed(problem: &Problem, session: &JudgeSession<'_>, secret: &str) -> Assessment {
    let assessment = assess(problem, &ProblemVersion::new("v"), &session.findings());
    let shown = format!(
        "{} {} {:?}",
        assessment.output,
        serde_json::to_string(&assessment.judgement).unwrap(),
        assessment.run
    );
    assert!(!shown.contains(secret), "{shown}");
    assessment
}

/// Runs a session to its end; the cases of each step, and the assessment.
pub(crate) fn judge(
    problem: &Problem,
    language: &str,
    mut endpoint: impl FnMut(&Step) -> Execution,
) -> (Vec<Vec<usize>>, Assessment) {
    let mut session = JudgeSession::new(problem, language, &"code".into(), NONCE.into());
    let mut steps = Vec::new();
    while let Some(step) = session.next_step() {
        steps.push(step.cases.clone());
        assert!(steps.len() < 50, "it goes on for ever: {steps:?}");
        session.take(&step, endpoint(&step));
    }
    let assessment = assessed(problem, &session, SECRET);
    (steps, assessment)
}

pub(crate) fn verdicts(assessment: &Assessment) -> Vec<&'static str> {
    let cases = assessment.judgement.cases.iter();
    cases.map(|case| case.verdict.name()).collect()
}

#[test]
fn a_programs_cases_are_run_at_once() {
    let problem = program(&["a", "b", "c"], false);
    let (steps, assessment) = judge(&problem, "ruby", |step| {
        assert!(!step.stop_at_first_failure);
        ran(step.stdins.iter().map(|stdin| ended(stdin, 0)).collect())
    });
    assert_eq!(steps, [[0, 1, 2]]);
    assert_eq!(assessment.verdict, Verdict::Accepted);
    assert_eq!(
        (assessment.judgement.score, assessment.judgement.passed),
        (100.0, 3)
    );
    assert_eq!(assessment.judgement.memory_bytes, Some(1_000));
    assert_eq!(assessment.judgement.cases[2].cpu_time_ms, Some(5));
}

#[test]
fn a_program_that_stops_at_a_failure_runs_eight_cases_first() {
    let texts: Vec<String> = (0..20).map(|index| index.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let problem = program(&texts, true);
    let (steps, assessment) = judge(&problem, "ruby", |step| {
        ran(step.stdins.iter().map(|stdin| ended(stdin, 0)).collect())
    });
    assert_eq!(steps, [(0..8).collect::<Vec<_>>(), (8..20).collect()]);
    assert_eq!(assessment.verdict, Verdict::Accepted);
    let (steps, assessment) = judge(&problem, "ruby", |step| {
        ran(step.stdins.iter().map(|_| ended("1", 0)).collect())
    });
    assert_eq!(steps.len(), 1);
    assert_eq!(assessment.verdict, Verdict::WrongAnswer);
    assert_eq!(assessment.judgement.failed_case, Some(1));
    assert_eq!(assessment.judgement.passed, 0);
    assert_eq!(verdicts(&assessment)[1..], ["Skipped"; 19]);
    let evidence = assessment.judgement.cases[0].evidence.as_ref().unwrap();
    assert_eq!(
        (evidence.input.as_str(), evidence.expected.as_str()),
        ("0", "0")
    );
    assert_eq!(evidence.actual.as_deref(), Some("1"));
    assert_eq!(
        assessment.output,
        "Wrong Answer on case 1 of 20.\nInput: 0\nExpected: 0\nGot: 1"
    );
}

#[test]
fn cases_that_the_endpoint_had_no_time_for_are_run_again() {
    let problem = program(&["a", "b", "c", "d", "e"], false);
    let (steps, assessment) = judge(&problem, "ruby", |step| {
        let runs = step.stdins.iter().take(2);
        ran(runs.map(|stdin| ended(stdin, 0)).collect())
    });
    assert_eq!(steps, [vec![0, 1, 2, 3, 4], vec![2, 3, 4], vec![4]]);
    assert_eq!(assessment.verdict, Verdict::Accepted);
}

#[test]
fn limits_and_crashes_are_the_verdict_of_their_case() {
    let problem = program(&["a", "b", "c", "d"], false);
    let (_, assessment) = judge(&problem, "ruby", |_| {
        let mut long = ended(&"x".repeat(100_001), 0);
        long.stage.stderr.clear();
        ran(vec![ended("a\n", 0), timed_out(""), ended("", 3), long])
    });
    let expected = [
        "Accepted",
        "Time Limit Exceeded",
        "Runtime Error",
        "Output Limit Exceeded",
    ];
    assert_eq!(verdicts(&assessment), expected);
    assert_eq!(assessment.verdict, Verdict::TimeLimitExceeded);
    assert_eq!(assessment.judgement.score, 25.0);
    assert_eq!(assessment.judgement.failed_case, Some(2));
    let run = assessment.run.unwrap();
    assert_eq!(run.termination, Termination::TimeLimit);
}

#[test]
fn code_that_does_not_compile_skips_all_cases() {
    let problem = program(&["a", "b"], true);
    let (steps, assessment) = judge(&problem, "c", |_| Execution {
        compile: Some(ended("/box/main.c:1: error", 1)),
        ..Execution::default()
    });
    assert_eq!(steps.len(), 1);
    assert_eq!(assessment.verdict, Verdict::CompilationError);
    assert_eq!(assessment.output, "main.c:1: error");
    assert_eq!(verdicts(&assessment), ["Skipped", "Skipped"]);
    let (_, assessment) = judge(&problem, "c", |_| ran(Vec::new()));
    assert_eq!(assessment.verdict, Verdict::InternalError);
}

#[test]
fn a_compiler_speaks_of_the_users_lines_alone() {
    let problem = function(&["a"], true);
    let said =
        "judge.cpp:2:1: error: static assertion failed: judge: No.\nsolution.cpp:1:2: error: x";
    let (_, assessment) = judge(&problem, "c++", |_| Execution {
        compile: Some(ended(said, 1)),
        ..Execution::default()
    });
    assert_eq!(assessment.verdict, Verdict::CompilationError);
    assert_eq!(assessment.output.trim_end(), "No.\nmain.cpp:1:2: error: x");
}

#[test]
fn a_functions_cases_share_a_process() {
    let problem = function(&["a", "b", SECRET], true);
    let (steps, assessment) = judge(&problem, "py", |step| {
        assert_eq!(step.stdins.len(), 1);
        let frames = [returned(0, "a"), returned(1, "b"), returned(2, SECRET)].concat();
        // The exit code proves nothing.
        ran(vec![ended(&frames, 7)])
    });
    assert_eq!(steps, [[0, 1, 2]]);
    assert_eq!(assessment.verdict, Verdict::Accepted);
    assert_eq!(
        assessment.judgement.cases[0].cpu_time_ms, None,
        "not its own"
    );
    assert_eq!(assessment.judgement.cpu_time_ms, Some(5));
}

#[test]
fn nothing_is_shown_of_a_process_with_hidden_inputs() {
    let problem = function(&["a", "b", SECRET], true);
    let (steps, assessment) = judge(&problem, "py", |step| match step.cases.as_slice() {
        [0, 1, 2] => {
            // It answers a shown case with the hidden one's input.
            let frames = [returned(0, "a"), returned(1, SECRET), returned(2, "x")].concat();
            ran(vec![ended(&frames, 0)])
        }
        [1] => ran(vec![ended(&returned(1, "clean"), 0)]),
        other => panic!("{other:?}"),
    });
    assert_eq!(steps, [vec![0, 1, 2], vec![1]]);
    assert_eq!(assessment.verdict, Verdict::WrongAnswer);
    let evidence = assessment.judgement.cases[1].evidence.as_ref().unwrap();
    assert_eq!(evidence.actual.as_deref(), Some("\"clean\""));
    assert!(evidence.stderr.as_ref().unwrap().starts_with("stderr of"));
}

#[test]
fn a_hidden_case_shows_its_verdict_only() {
    let problem = function(&["a", SECRET], true);
    let raised = frame(1, &format!("!{}", json!({"kind": "error", "text": SECRET})));
    let (steps, assessment) = judge(&problem, "js", |_| {
        ran(vec![ended(&[returned(0, "a"), raised.clone()].concat(), 0)])
    });
    assert_eq!(steps.len(), 1, "no evidence is gathered");
    assert_eq!(assessment.verdict, Verdict::RuntimeError);
    assert_eq!(assessment.output, "Runtime Error on case 2 of 2 (hidden).");
    assert_eq!(assessment.judgement.cases[1].evidence, None);
    assert_eq!(assessment.run, None);
}

#[test]
fn evidence_says_that_an_answer_depends_on_other_cases() {
    let problem = function(&["a", SECRET], true);
    let (_, assessment) = judge(&problem, "py", |step| match step.cases.as_slice() {
        [0, 1] => printed(&[returned(0, "x"), returned(1, SECRET)]),
        _ => ran(vec![ended(&returned(0, "a"), 0)]),
    });
    assert_eq!(assessment.verdict, Verdict::WrongAnswer);
    let evidence = assessment.judgement.cases[0].evidence.as_ref().unwrap();
    assert!(
        evidence
            .note
            .as_ref()
            .unwrap()
            .contains("depends on other cases")
    );
}

#[test]
fn a_case_that_failed_after_others_is_run_alone_too() {
    let problem = function(&["a", "b", "c"], true);
    for (alone, is_said) in [("b", true), ("x", false)] {
        let (steps, assessment) = judge(&problem, "py", |step| match step.cases.as_slice() {
            [0, 1, 2] => printed(&[returned(0, "a"), returned(1, "x"), returned(2, "c")]),
            _ => ran(vec![ended(&returned(1, alone), 0)]),
        });
        assert_eq!(steps, [vec![0, 1, 2], vec![1]]);
        assert_eq!(assessment.verdict, Verdict::WrongAnswer);
        let evidence = assessment.judgement.cases[1].evidence.as_ref().unwrap();
        assert_eq!(evidence.actual.as_deref(), Some("\"x\""));
        let note = evidence.note.clone().unwrap_or_default();
        assert_eq!(note.contains("By itself"), is_said, "{note}");
    }
}

#[test]
fn without_hidden_cases_everything_may_be_shown() {
    let problem = function(&["a", "b"], true);
    let (steps, assessment) = judge(&problem, "py", |_| {
        printed(&[returned(0, "x"), returned(1, "b")])
    });
    assert_eq!(steps.len(), 1);
    let evidence = assessment.judgement.cases[0].evidence.as_ref().unwrap();
    assert_eq!(evidence.actual.as_deref(), Some("\"x\""));
}

#[test]
fn code_that_does_not_load_is_loaded_once_more_without_any_case() {
    let load = |text: &str| {
        let error = json!({"kind": "syntax", "text": text});
        format!("\x1e{NONCE} load !{error}\n")
    };
    let problem = function(&["a", SECRET], true);
    let (steps, assessment) = judge(&problem, "py", |step| {
        let has_hidden = step.stdins[0].contains(SECRET);
        let text = if has_hidden {
            SECRET
        } else {
            "main.py:1: invalid syntax"
        };
        ran(vec![ended(&load(text), 1)])
    });
    assert_eq!(steps, [vec![0, 1], vec![]]);
    assert_eq!(assessment.verdict, Verdict::CompilationError);
    assert_eq!(assessment.output, "main.py:1: invalid syntax");
    // Where nothing is hidden, once is enough.
    let problem = function(&["a"], true);
    let (steps, assessment) = judge(&problem, "py", |_| ran(vec![ended(&load("no"), 1)]));
    assert_eq!((steps.len(), assessment.output.as_str()), (1, "no"));
}

#[test]
fn a_limit_in_a_shared_process_counts_for_its_own_case() {
    let texts = ["a", "b", "c", "d"];
    for (stop, expected_steps) in [
        (true, vec![vec![0, 1, 2, 3], vec![1], vec![2, 3]]),
        (false, vec![vec![0, 1, 2, 3], vec![1, 2, 3]]),
    ] {
        let problem = function(&texts, stop);
        // Case 1 succeeds alone, case 2 does not.
        let (steps, assessment) = judge(&problem, "py", |step| {
            if step.cases.len() == 4 {
                return ran(vec![timed_out(&returned(0, "a"))]);
            }
            let mut runs = Vec::new();
            for &case in &step.cases {
                if case == 2 {
                    runs.push(timed_out(""));
                    if step.stop_at_first_failure {
                        break;
                    }
                } else {
                    runs.push(ended(&returned(case, texts[case]), 0));
                }
            }
            ran(runs)
        });
        assert_eq!(steps, expected_steps);
        assert_eq!(assessment.verdict, Verdict::TimeLimitExceeded);
        assert_eq!(assessment.judgement.failed_case, Some(3));
        let last = if stop { "Skipped" } else { "Accepted" };
        let expected = ["Accepted", "Accepted", "Time Limit Exceeded", last];
        assert_eq!(verdicts(&assessment), expected);
        assert_eq!(assessment.judgement.cases[1].cpu_time_ms, Some(5));
    }
}

#[test]
fn a_process_that_exits_without_an_answer_is_a_runtime_error() {
    let problem = function(&["a", "b"], true);
    let (steps, assessment) = judge(&problem, "py", |step| {
        ran(step.stdins.iter().map(|_| ended("", 0)).collect())
    });
    assert_eq!(steps, [vec![0, 1], vec![0]]);
    assert_eq!(assessment.verdict, Verdict::RuntimeError);
    let evidence = assessment.judgement.cases[0].evidence.as_ref().unwrap();
    assert_eq!(
        evidence.message.as_deref(),
        Some("It ended without an answer.")
    );
}

#[test]
fn duplicate_frames_are_wrong_answer() {
    let problem = function(&["a"], true);
    let (_, assessment) = judge(&problem, "py", |_| {
        ran(vec![ended(&returned(0, "a").repeat(2), 0)])
    });
    assert_eq!(assessment.verdict, Verdict::WrongAnswer);
}

#[test]
fn a_language_without_a_harness_is_refused_for_functions() {
    let problem = function(&["a"], true);
    let (steps, assessment) = judge(&problem, "bash", |_| panic!("nothing is run"));
    assert_eq!(steps.len(), 0);
    assert_eq!(assessment.verdict, Verdict::InternalError);
    assert!(assessment.output.contains("bash"), "{}", assessment.output);
}

#[test]
fn cases_that_there_was_no_time_for_are_skipped() {
    let problem = program(&["a", "b"], false);
    let mut session = JudgeSession::new(&problem, "ruby", &"code".into(), NONCE.into());
    let step = session.next_step().unwrap();
    session.take(&step, ran(vec![ended("a", 0)]));
    let assessment = assess(&problem, &ProblemVersion::new("v"), &session.findings());
    assert_eq!(assessment.verdict, Verdict::TimeLimitExceeded);
    assert_eq!(verdicts(&assessment), ["Accepted", "Skipped"]);
    assert_eq!(assessment.judgement.failed_case, None);
}

#[test]
fn at_most_ten_cases_have_evidence() {
    let texts: Vec<String> = (0..30).map(|index| index.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (_, assessment) = judge(&program(&texts, false), "ruby", |step| {
        ran(step.stdins.iter().map(|_| ended("x", 0)).collect())
    });
    let cases = assessment.judgement.cases.iter();
    let assessment: Vec<u32> = cases
        .filter(|case| case.evidence.is_some())
        .map(|case| case.number)
        .collect();
    assert_eq!(assessment, (1..=10).collect::<Vec<_>>());
}

#[test]
fn a_failed_run_for_evidence_changes_no_verdict() {
    let problem = function(&["a", SECRET], true);
    let (_, assessment) = judge(&problem, "py", |step| match step.cases.as_slice() {
        [0, 1] => printed(&[returned(0, "x"), returned(1, SECRET)]),
        _ => Execution {
            compile: Some(timed_out("")),
            ..Execution::default()
        },
    });
    assert_eq!(assessment.verdict, Verdict::WrongAnswer);
    assert_eq!(assessment.judgement.failed_case, Some(1));
    // The same for the run that loads the code without a case.
    let error = json!({"kind": "syntax", "text": "no"});
    let (_, assessment) = judge(&problem, "py", |step| match step.cases.as_slice() {
        [0, 1] => ran(vec![ended(&format!("\x1e{NONCE} load !{error}\n"), 1)]),
        _ => ran(Vec::new()),
    });
    assert_eq!(assessment.verdict, Verdict::CompilationError);
    assert_eq!(assessment.output, "");
}
