//! Whole sessions with a checker program, against endpoints that answer from a table.

use serde_json::{Value, json};
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::problem::Problem;
use shared::domain::stage::Termination;
use shared::domain::verdict::Verdict;

use super::assess::{Assessment, assess};
use super::session::{JudgeSession, Step};
use super::session_tests::{NONCE, assessed, ended, ran};
use crate::executor::{Execution, Given, StageReport};

/// What a checker says on both its streams.
const WORDS: &str = "th3 checker's words";

/// Cases: (input, hidden). What is expected is the same as the input.
fn problem(function: bool, cases: &[(&str, bool)], stop: bool) -> Problem {
    parsed(&value(function, cases, stop))
}

fn parsed(value: &Value) -> Problem {
    Problem::from_value(&ProblemId::parse("any", "id").unwrap(), value).unwrap()
}

fn value(function: bool, cases: &[(&str, bool)], stop: bool) -> Value {
    let case = |(text, hidden): &(&str, bool)| {
        let input = if function { json!([text]) } else { json!(text) };
        json!({ "input": input, "expected": text, "hidden": hidden })
    };
    let mut value = json!({
        "title": "Any", "kind": "program", "stopOnFirstFail": stop,
        "cases": cases.iter().map(case).collect::<Vec<Value>>(),
        "checker": { "kind": "program", "language": "c", "code": "x", "exitCodes": "icpc" },
    });
    if function {
        value["kind"] = "function".into();
        value["signature"] = json!({
            "name": "echo",
            "params": [{ "name": "text", "type": "string" }],
            "returns": "string",
        });
    }
    value
}

fn check(code: i64) -> StageReport {
    let mut report = ended(WORDS, code);
    report.stage.stderr = WORDS.into();
    report
}

/// Runs a session to its end: the cases of each step, with `c` for those of the
/// checker, and the assessment.
fn judge(
    problem: &Problem,
    submission: impl FnMut(&Step) -> Execution,
    checker: impl FnMut(&[Given]) -> Execution,
) -> (Vec<String>, Assessment) {
    let mut session = JudgeSession::new(problem, "python", &"code".into(), NONCE.into());
    let steps = run(&mut session, submission, checker);
    let assessment = assessed(problem, &session, WORDS);
    (steps, assessment)
}

fn run(
    session: &mut JudgeSession<'_>,
    mut submission: impl FnMut(&Step) -> Execution,
    mut checker: impl FnMut(&[Given]) -> Execution,
) -> Vec<String> {
    let mut steps = Vec::new();
    while let Some(step) = session.next_step() {
        assert!(steps.len() < 20, "it goes on for ever: {steps:?}");
        let who = if step.checks.is_some() { "c" } else { "s" };
        steps.push(format!("{who}{:?}", step.cases));
        match &step.checks {
            Some(checks) => {
                if checks.args.last() == Some(&"feedback_dir/") {
                    assert_eq!(checks.args, ["input.txt", "answer.txt", "feedback_dir/"]);
                    let outputs = checks.given.iter().map(|given| &given.output);
                    assert!(outputs.eq(&step.stdins));
                } else {
                    assert_eq!(checks.args, ["input.txt", "output.txt", "answer.txt"]);
                }
                let execution = checker(&checks.given);
                session.take_checks(&step, &execution);
            }
            None => session.take(&step, submission(&step)),
        }
    }
    steps
}

fn verdicts(assessment: &Assessment) -> String {
    let cases = assessment.judgement.cases.iter();
    cases.map(|case| case.verdict.letter()).collect()
}

/// Prints its input, doubled.
fn twice(step: &Step) -> Execution {
    let print = |stdin: &String| ended(&stdin.repeat(2), 0);
    ran(step.stdins.iter().map(print).collect())
}

/// Wrong is what begins with `w`; a `!` is too much for it.
fn rule(given: &[Given]) -> Execution {
    let run = |given: &Given| match given.output.as_bytes().first() {
        Some(b'w') => check(43),
        Some(b'!') => check(1),
        _ => check(42),
    };
    ran(given.iter().map(run).collect())
}

#[test]
fn what_the_checker_takes_is_accepted_whatever_is_expected() {
    let texts = [("a", false), ("b", true), ("wc", false)];
    let problem = problem(false, &texts, false);
    let (steps, assessment) = judge(&problem, twice, |given| {
        let inputs: Vec<_> = given.iter().map(|one| one.input.as_str()).collect();
        assert_eq!(inputs, ["a", "b", "wc"]);
        assert!(given.iter().all(|one| one.answer == one.input));
        rule(given)
    });
    assert_eq!(steps, ["s[0, 1, 2]", "c[0, 1, 2]"]);
    assert_eq!(verdicts(&assessment), "AAW");
    assert_eq!(assessment.verdict, Verdict::WrongAnswer);
    let evidence = assessment.judgement.cases[2].evidence.as_ref().unwrap();
    assert_eq!(
        (evidence.expected.as_str(), evidence.actual.as_deref()),
        ("wc", Some("wcwc"))
    );
    assert!(evidence.note.as_ref().unwrap().contains("More than one"));
    // The measurements are the submission's.
    assert_eq!(assessment.judgement.cases[0].cpu_time_ms, Some(5));
}

#[test]
fn cases_are_run_and_checked_in_turns() {
    let texts = vec![("a", false); 70];
    let (steps, assessment) = judge(&problem(false, &texts, true), twice, rule);
    let list =
        |who: &str, from: usize, to: usize| format!("{who}{:?}", (from..to).collect::<Vec<_>>());
    let expected = [
        list("s", 0, 8),
        list("c", 0, 8),
        list("s", 8, 58),
        list("c", 8, 58),
        list("s", 58, 70),
        list("c", 58, 70),
    ];
    assert_eq!(steps, expected);
    assert_eq!(assessment.verdict, Verdict::Accepted);

    // What failed by itself needs no checker, nor what comes after it.
    let texts = [("a", false), ("b", false), ("c", false)];
    let crash = |step: &Step| {
        let runs = step
            .stdins
            .iter()
            .map(|stdin| ended(stdin, i64::from(stdin == "b")));
        ran(runs.collect())
    };
    let (steps, assessment) = judge(&problem(false, &texts, true), crash, rule);
    assert_eq!(steps, ["s[0, 1, 2]", "c[0]"]);
    assert_eq!(verdicts(&assessment), "ARS");
}

#[test]
fn answers_that_the_checker_had_no_time_for_wait() {
    let texts = [("a", false), ("wb", false), ("c", false)];
    let (steps, assessment) = judge(&problem(false, &texts, false), twice, |given| {
        rule(&given[..1])
    });
    assert_eq!(steps, ["s[0, 1, 2]", "c[0, 1, 2]", "c[1, 2]", "c[2]"]);
    assert_eq!(verdicts(&assessment), "AWA");
}

#[test]
fn a_checker_that_fails_ends_judging_and_is_named() {
    for hidden in [false, true] {
        let texts = [("a", false), ("!b", hidden), ("wc", false)];
        let (steps, assessment) = judge(&problem(false, &texts, false), twice, rule);
        assert_eq!(steps, ["s[0, 1, 2]", "c[0, 1, 2]"]);
        assert_eq!(verdicts(&assessment), "AIS");
        assert_eq!(assessment.verdict, Verdict::InternalError);
        let named = "The problem's checker ended with exit code 1";
        assert_eq!(
            assessment.output.matches(named).count(),
            1,
            "{}",
            assessment.output
        );
    }
    // It hangs.
    let (_, assessment) = judge(&problem(false, &[("a", false)], true), twice, |_| {
        let mut hangs = check(0);
        hangs.stage.termination = Termination::TimeLimit;
        ran(vec![hangs])
    });
    assert_eq!(assessment.verdict, Verdict::InternalError);
    assert!(assessment.output.contains("checker ran for longer"));
}

#[test]
fn a_checker_that_does_not_compile_says_nothing_of_the_code() {
    let texts = [("a", false), ("b", true)];
    let (steps, assessment) = judge(&problem(false, &texts, true), twice, |_| Execution {
        compile: Some(check(1)),
        ..Execution::default()
    });
    assert_eq!(steps, ["s[0, 1]", "c[0, 1]"]);
    assert_eq!(assessment.verdict, Verdict::InternalError);
    assert!(assessment.output.contains("checker does not compile"));
    assert_eq!(verdicts(&assessment), "SS");
    let (_, assessment) = judge(&problem(false, &texts, true), twice, |_| {
        let mut slow = check(0);
        slow.stage.termination = Termination::TimeLimit;
        Execution {
            compile: Some(slow),
            ..Execution::default()
        }
    });
    assert!(assessment.output.contains("too long to compile"));
}

/// What each case returned, from one process.
fn returns(step: &Step, values: &[Value]) -> Execution {
    let frame = |&case: &usize| format!("\x1e{NONCE} {case} ={}\n", values[case]);
    let stdout: String = step.cases.iter().map(frame).collect();
    ran(vec![ended(&stdout, 0)])
}

#[test]
fn a_functions_answers_are_json_and_of_their_type() {
    let texts = [("a", false), ("b", false), ("c", false)];
    let values = [json!("x \u{e4}"), json!(7), json!("wy")];
    let problem = problem(true, &texts, false);
    let mut seen = Vec::new();
    let (steps, assessment) = judge(
        &problem,
        |step| returns(step, &values),
        |given| {
            let json = |one: &Given| [one.input.clone(), one.answer.clone(), one.output.clone()];
            seen.extend(given.iter().map(json));
            let wrong = |one: &Given| check(if one.output.contains('w') { 43 } else { 42 });
            ran(given.iter().map(wrong).collect())
        },
    );
    assert_eq!(seen[0], ["[\"a\"]", "\"a\"", "\"x \u{e4}\""]);
    // The number is wrong without asking; it is the first that failed, so it is run
    // once more alone.
    assert_eq!(steps, ["s[0, 1, 2]", "c[0, 2]", "s[1]"]);
    assert_eq!(verdicts(&assessment), "AWW");
}

/// All answers to the calls of a case are checked together.
#[test]
fn a_class_is_checked_by_the_answers_to_its_calls() {
    let mut value = value(false, &[], false);
    value["kind"] = "class".into();
    value["signature"] = json!({
        "name": "Bag",
        "params": [{ "name": "size", "type": "int" }],
        "methods": [
            { "name": "put", "params": [{ "name": "item", "type": "int" }], "returns": "null" },
            { "name": "pick", "params": [], "returns": "int" },
        ],
    });
    let case = json!({
        "input": [["Bag", 2], ["put", 7], ["put", 8], ["pick"]],
        "expected": [null, null, null, 7],
    });
    value["cases"] = vec![case; 3].into();
    let problem = parsed(&value);
    // The second is another right answer, and the third has no int.
    let answers = [
        "[null,null,null,7]",
        "[null,null,null,8]",
        "[null,null,null,\"7\"]",
    ];
    let values = answers.map(|text| serde_json::from_str(text).unwrap());
    let mut seen = Vec::new();
    let (steps, assessment) = judge(
        &problem,
        |step| returns(step, &values),
        |given| {
            let json = |one: &Given| [one.input.clone(), one.answer.clone(), one.output.clone()];
            seen.extend(given.iter().map(json));
            ran(given.iter().map(|_| check(42)).collect())
        },
    );
    let calls = r#"[["Bag",2],["put",7],["put",8],["pick"]]"#;
    assert_eq!(seen[1], [calls, answers[0], answers[1]]);
    assert_eq!(steps, ["s[0, 1, 2]", "c[0, 1]", "s[2]"]);
    assert_eq!(verdicts(&assessment), "AAW");

    // A checker that finds one of them wrong decides, whatever is expected.
    let (_, assessment) = judge(
        &problem,
        |step| returns(step, &values),
        |given| {
            let wrong = |one: &Given| check(if one.output == one.answer { 43 } else { 42 });
            ran(given.iter().map(wrong).collect())
        },
    );
    assert_eq!(verdicts(&assessment), "WAW");
}

#[test]
fn a_case_that_is_right_alone_is_asked_about_again() {
    let texts = [("a", false), ("b", false)];
    let mut runs = 0;
    let (steps, assessment) = judge(
        &problem(true, &texts, false),
        |step| {
            runs += 1;
            let second = if runs == 1 { "w" } else { "b" };
            returns(step, &[json!("a"), json!(second)])
        },
        |given| {
            let wrong = |one: &Given| check(if one.output == "\"w\"" { 43 } else { 42 });
            ran(given.iter().map(wrong).collect())
        },
    );
    assert_eq!(steps, ["s[0, 1]", "c[0, 1]", "s[1]", "c[1]"]);
    assert_eq!(verdicts(&assessment), "AW");
    let evidence = assessment.judgement.cases[1].evidence.as_ref().unwrap();
    assert!(evidence.note.as_ref().unwrap().contains("By itself"));
}

#[test]
fn answers_that_wait_take_a_bounded_amount_of_memory() {
    let texts = vec![("a", false); 5];
    let long = "x".repeat(600_000);
    let (steps, assessment) = judge(
        &problem(false, &texts, false),
        |step| {
            let print = |&case: &usize| match case {
                4 => ended(&long.repeat(2), 0),
                _ => ended(&long, 0),
            };
            ran(step.cases.iter().map(print).collect())
        },
        rule,
    );
    // One waits at a time; the others are run again.
    assert_eq!(
        steps[..4],
        ["s[0, 1, 2, 3, 4]", "c[0]", "s[1, 2, 3]", "c[1]"]
    );
    assert_eq!(verdicts(&assessment), "AAAAO");
}

/// Gives as many points of 100 as the output says, by testlib's convention.
fn points(given: &[Given]) -> Execution {
    let run = |given: &Given| {
        let mut report = check(7);
        report.stage.stderr = format!("points {} {WORDS}", given.output);
        report
    };
    ran(given.iter().map(run).collect())
}

/// Prints its input.
fn echo(step: &Step) -> Execution {
    ran(step.stdins.iter().map(|stdin| ended(stdin, 0)).collect())
}

/// Cases that are worth 1, 2, 3 and so on, and whose answers get these points.
fn with_points(texts: &[(&str, bool)]) -> Problem {
    let mut value = value(false, texts, false);
    value["checker"]["exitCodes"] = "testlib".into();
    value["checker"]["points"] = 100.into();
    for (index, case) in value["cases"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .enumerate()
    {
        case["weight"] = (index + 1).into();
    }
    parsed(&value)
}

#[test]
fn points_earn_a_share_of_a_cases_weight() {
    let texts = [
        ("40", false),
        ("100", false),
        ("33.3333", true),
        ("0", false),
    ];
    let (_, assessment) = judge(&with_points(&texts), echo, points);
    assert_eq!(verdicts(&assessment), "WAWW");
    let judgement = &assessment.judgement;
    // (0.4 * 1 + 2 + 0.333333 * 3) of 10.
    assert_eq!((judgement.score, judgement.passed), (33.99, 1));
    let cases = serde_json::to_value(&judgement.cases).unwrap();
    let shares: Vec<_> = (0..4).map(|case| cases[case]["share"].as_f64()).collect();
    assert_eq!(shares, [Some(0.4), Some(1.0), Some(0.333333), Some(0.0)]);
    let output = &assessment.output;
    assert!(
        output.starts_with("Wrong Answer on case 1 of 4."),
        "{output}"
    );
    assert!(
        output.contains("earns 40 % of the case's points."),
        "{output}"
    );
    // The last millionth is needed for all.
    let (_, assessment) = judge(
        &with_points(&[("100", false), ("99.9999", false)]),
        echo,
        points,
    );
    assert_eq!(
        (assessment.judgement.score, assessment.verdict),
        (99.99, Verdict::WrongAnswer)
    );
    let (_, assessment) = judge(&with_points(&[("100", false); 3]), echo, points);
    assert_eq!(
        (assessment.judgement.score, assessment.verdict),
        (100.0, Verdict::Accepted)
    );
    // What could not be checked earns nothing; of what was not run nothing is known.
    let (_, assessment) = judge(
        &with_points(&[("50", false), ("101", false), ("1", false)]),
        echo,
        points,
    );
    assert_eq!(
        (verdicts(&assessment).as_str(), assessment.judgement.score),
        ("WIS", 8.33)
    );
    let cases = serde_json::to_value(&assessment.judgement.cases).unwrap();
    assert_eq!(
        (&cases[1]["share"], cases[2].get("share")),
        (&json!(0.0), None)
    );
    // Elsewhere there are no shares.
    let (_, assessment) = judge(&problem(false, &[("wb", false)], false), twice, rule);
    let cases = serde_json::to_value(&assessment.judgement.cases).unwrap();
    assert_eq!(cases[0].get("share"), None);
}

#[test]
fn points_outlast_an_invocation() {
    let problem = with_points(&[("40", true), ("100", false), ("50", false)]);
    let version = ProblemVersion::new("v");
    let mut first = JudgeSession::new(&problem, "python", &"code".into(), NONCE.into());
    let step = first.next_step().unwrap();
    first.take(&step, echo(&step));
    let step = first.next_step().unwrap();
    first.take_checks(&step, &points(&step.checks.as_ref().unwrap().given[..1]));
    let mut second = JudgeSession::new(&problem, "python", &"code".into(), NONCE.into());
    second.resume(&first.progress(&version));
    let steps = run(&mut second, echo, points);
    assert_eq!(steps, ["s[1, 2]", "c[1, 2]"]);
    let assessment = assess(&problem, &version, &second.findings());
    // (0.4 * 1 + 2 + 0.5 * 3) of 6.
    assert_eq!(assessment.judgement.score, 65.0);
}

#[test]
fn what_the_checker_says_is_kept_of_its_failure_or_the_first_wrong_answer() {
    for (texts, number) in [
        (["a", "wb", "wc"], Some(2)),
        (["wa", "b", "!c"], Some(3)),
        (["a", "b", "c"], None),
    ] {
        let texts = texts.map(|text| (text, true));
        let problem = problem(false, &texts, false);
        let mut session = JudgeSession::new(&problem, "python", &"code".into(), NONCE.into());
        run(&mut session, twice, rule);
        let report = session.checker_report;
        assert_eq!(report.as_ref().and_then(|report| report.case), number);
        let said = report.and_then(|report| report.run).map(|run| run.stderr);
        assert_eq!(said.as_deref(), number.map(|_| WORDS));
    }
    let problem = problem(false, &[("a", true)], false);
    let mut session = JudgeSession::new(&problem, "python", &"code".into(), NONCE.into());
    run(&mut session, twice, |_| Execution {
        compile: Some(check(1)),
        ..Execution::default()
    });
    let report = session.checker_report.unwrap();
    assert_eq!((report.case, report.run), (None, None));
    assert_eq!(report.compile.unwrap().stderr, WORDS);
}
