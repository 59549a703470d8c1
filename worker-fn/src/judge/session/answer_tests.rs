//! Sessions about functions whose answer is an argument, and about classes, with
//! frames as their harnesses write them.

use serde_json::{Value, json};
use shared::domain::ids::{InputsHash, ProblemId, ProblemVersion};
use shared::domain::judgement::Evidence;
use shared::domain::problem::Problem;
use shared::domain::verdict::Verdict;

use super::{JudgeSession, Phase, Step};
use crate::executor::Execution;
use crate::judge::archive;
use crate::judge::assess::Assessment;
use crate::judge::session_tests::{
    NONCE, SECRET, assessed, ended, frame, ran, timed_out, verdicts,
};
use harness::Harness;
use shared::domain::archive::SubmissionArchive;

fn read(value: &Value) -> Problem {
    Problem::from_value(&ProblemId::parse("p", "id").unwrap(), value).unwrap()
}

/// `solve(nums: list<int>, val: int)` with this answer.
fn function(returns: &str, answer: Value, checker: &str, input: Value, expected: Value) -> Problem {
    read(&json!({
        "title": "T",
        "kind": "function",
        "signature": {
            "name": "solve",
            "params": [
                { "name": "nums", "type": "list<int>" },
                { "name": "val", "type": "int" },
            ],
            "returns": returns,
        },
        "answer": answer,
        "checker": checker,
        "cases": [{ "input": [input, 3], "expected": expected }],
    }))
}

/// A session whose frames are the test's: no source file is needed.
fn session(problem: &Problem) -> JudgeSession<'_> {
    let mut session = JudgeSession::new(problem, "python", &"code".into(), NONCE.into());
    session.harness = Some((Harness::Python, problem.callable().unwrap()));
    session.failure = None;
    session.phase = Phase::Shared;
    session
}

fn judge(problem: &Problem, mut endpoint: impl FnMut(&Step) -> Execution) -> Assessment {
    let mut session = session(problem);
    let mut steps = 0;
    while let Some(step) = session.next_step() {
        steps += 1;
        assert!(steps < 9, "it goes on for ever");
        session.take(&step, endpoint(&step));
    }
    assert_eq!(
        session.live_verdicts(),
        [],
        "those of a class come at the end"
    );
    assessed(problem, &session, SECRET)
}

/// The verdict on a frame's payload for the only case, with its evidence.
fn judged(problem: &Problem, payload: &str) -> (Verdict, Option<Evidence>) {
    let mut assessment = judge(problem, |step| {
        let out = frame(0, payload);
        ran(step.stdins.iter().map(|_| ended(&out, 0)).collect())
    });
    (
        assessment.verdict,
        assessment.judgement.cases[0].evidence.take(),
    )
}

fn note(problem: &Problem, payload: &str) -> String {
    let (verdict, evidence) = judged(problem, payload);
    assert_eq!(verdict, Verdict::WrongAnswer, "{payload}");
    let evidence = evidence.unwrap();
    evidence.note.or(evidence.message).unwrap_or_default()
}

#[test]
fn an_argument_after_the_call_is_the_answer() {
    let problem = function(
        "null",
        json!({ "argument": 0 }),
        "exact",
        json!([1, 2]),
        json!([2, 1]),
    );
    assert_eq!(judged(&problem, "=[2,1]").0, Verdict::Accepted);
    assert!(note(&problem, "=[1,2]").starts_with("The argument is the same as before"));
    assert_eq!(note(&problem, "=[2,2]"), "");
}

#[test]
fn as_many_first_elements_as_are_returned_are_the_answer() {
    let answer = json!({ "argument": 0, "length": "returned" });
    let problem = function(
        "int",
        answer,
        "unordered",
        json!([3, 2, 2, 3]),
        json!([2, 2]),
    );
    for accepted in ["=[2,[2,2,3,3]]", "=[2,[2,2]]"] {
        assert_eq!(
            judged(&problem, accepted).0,
            Verdict::Accepted,
            "{accepted}"
        );
    }
    assert!(note(&problem, "=[7,[2,2,3,3]]").contains("returned 7 of 4"));
    assert!(note(&problem, "=[null,[2,2]]").contains("returned null of 2"));
    let (verdict, evidence) = judged(&problem, "=[1,[2,2]]");
    assert_eq!(verdict, Verdict::WrongAnswer);
    assert_eq!(evidence.unwrap().actual.as_deref(), Some("[2]"));
}

#[test]
fn both_are_compared_each_by_itself() {
    let answer = json!([{ "returned": true }, { "argument": 0 }]);
    let problem = function(
        "list<int>",
        answer,
        "unordered",
        json!([1, 2]),
        json!([[1, 2], [3, 4]]),
    );
    assert_eq!(judged(&problem, "=[[2,1],[4,3]]").0, Verdict::Accepted);
    // The two do not change places.
    assert_eq!(judged(&problem, "=[[3,4],[1,2]]").0, Verdict::WrongAnswer);
    assert_eq!(
        note(&problem, "=[[5],[3,4]]"),
        "In what it returned: Expected [1,2], got [5]."
    );
    assert_eq!(
        note(&problem, "=[[1,2],[3,5]]"),
        "In nums after the call: Expected [3,4], got [3,5]."
    );
    assert!(note(&problem, "=[null,[3,4]]").contains("It returned nothing"));
    for forged in ["=[[1,2],[3,4],[3,4]]", "=[[1,2]]", "={}"] {
        assert_eq!(judged(&problem, forged).0, Verdict::WrongAnswer, "{forged}");
    }
}

#[test]
fn several_arguments_are_compared_each_by_itself() {
    let list = |name: &str| json!({ "name": name, "type": "list<int>" });
    let problem = |answer: Value, expected: Value| {
        read(&json!({
            "title": "T",
            "kind": "function",
            "signature": { "name": "split", "params": [list("odd"), list("even")], "returns": "int" },
            "answer": answer,
            "checker": "unordered",
            "cases": [{ "input": [[1, 2], [3, 4]], "expected": expected }],
        }))
    };
    let (first, second) = (json!({ "argument": 0 }), json!({ "argument": 1 }));
    let arguments = problem(json!([first, second]), json!([[1, 3], [2, 4]]));
    assert_eq!(judged(&arguments, "=[[3,1],[2,4]]").0, Verdict::Accepted);
    assert_eq!(
        note(&arguments, "=[[1],[2,4]]"),
        "In odd after the call: Expected [1,3], got [1]."
    );
    assert_eq!(
        note(&arguments, "=[[1,3],[2]]"),
        "In even after the call: Expected [2,4], got [2]."
    );
    let all = json!([{ "returned": true }, first, second]);
    let all = problem(all, json!([2, [1, 3], [2, 4]]));
    assert_eq!(judged(&all, "=[2,[3,1],[2,4]]").0, Verdict::Accepted);
    assert_eq!(
        note(&all, "=[3,[1,3],[2,4]]"),
        "In what it returned: Expected 2, got 3."
    );
    assert_eq!(
        note(&all, "=[2,[1,3],[4]]"),
        "In even after the call: Expected [2,4], got [4]."
    );
    for forged in ["=[2,[1,3]]", "=[2,[1,3],[2,4],[2,4]]", "=[[1,3],[2,4]]"] {
        assert_eq!(judged(&all, forged).0, Verdict::WrongAnswer, "{forged}");
    }
}

#[test]
fn nodes_with_a_cycle_are_compared_by_it() {
    let problem = read(&json!({
        "title": "T",
        "kind": "function",
        "signature": {
            "name": "solve",
            "params": [{ "name": "head", "type": "linked_nodes<int>" }],
            "returns": "linked_nodes<int>",
        },
        "cases": [{ "input": [{ "values": [1, 2], "cycle": 0 }], "expected": { "cycle": 0, "values": [2, 1] } }],
    }));
    let accepted = r#"={"values":[2,1],"cycle":0}"#;
    assert_eq!(judged(&problem, accepted).0, Verdict::Accepted);
    for wrong in [r#"={"values":[2,1],"cycle":1}"#, "=[2,1]"] {
        assert_eq!(judged(&problem, wrong).0, Verdict::WrongAnswer, "{wrong}");
    }
}

/// A cache with a shown case, a hidden one, and one that ignores a call.
fn class() -> Value {
    json!({
        "title": "T",
        "kind": "class",
        "stopOnFirstFail": false,
        "signature": {
            "name": "Cache",
            "params": [{ "name": "size", "type": "int" }],
            "methods": [
                {
                    "name": "put",
                    "params": [{ "name": "key", "type": "string" }],
                    "returns": "null",
                },
                { "name": "get", "params": [{ "name": "at", "type": "int" }], "returns": "int" },
                { "name": "keys", "params": [], "returns": "list<string>", "checker": "unordered" },
            ],
        },
        "cases": [
            {
                "input": [["Cache", 2], ["put", "a"], ["get", 1], ["keys"]],
                "expected": [null, null, 5, ["a", "b"]],
            },
            {
                "input": [["Cache", 2], ["put", SECRET], ["get", 1], ["keys"]],
                "expected": [null, null, 5, [SECRET]],
                "hidden": true,
            },
            {
                "input": [["Cache", 2], ["get", 7], ["keys"]],
                "expected": [null, 0, []],
                "ignore": [1],
            },
        ],
    })
}

/// The class problem with its first case alone.
fn first_case() -> Problem {
    let mut value = class();
    value["cases"].as_array_mut().unwrap().truncate(1);
    read(&value)
}

#[test]
fn the_answers_of_a_class_are_compared_call_by_call() {
    let problem = first_case();
    for accepted in [r#"=[null,null,5,["a","b"]]"#, r#"=[null,null,5,["b","a"]]"#] {
        assert_eq!(judged(&problem, accepted).0, Verdict::Accepted);
    }
    assert_eq!(
        note(&problem, r#"=[null,null,-1,["c"]]"#),
        "In call 2, get(1): Expected 5, got -1."
    );
    assert_eq!(
        note(&problem, r#"=[null,null,null,["a","b"]]"#),
        "In call 2, get(1): It returned nothing. Is a return missing?"
    );
    assert!(note(&problem, r#"=[null,null,5,["a"]]"#).starts_with("In call 3, keys(): "));
    assert!(note(&problem, r#"=[null,0,5,["a","b"]]"#).starts_with("In call 1, put(\"a\"): "));
    for forged in ["=[null,null,5]", "=[]", "=5", "={}"] {
        assert!(note(&problem, forged).starts_with("It did not answer each call"));
    }
}

#[test]
fn a_call_whose_answer_is_ignored_may_answer_anything() {
    let mut value = class();
    value["cases"].as_array_mut().unwrap().drain(..2);
    let ignoring = read(&value);
    for accepted in ["=[null,12,[]]", "=[null,\"x\",[]]"] {
        assert_eq!(judged(&ignoring, accepted).0, Verdict::Accepted);
    }
    assert_eq!(judged(&ignoring, "=[null,12,[1]]").0, Verdict::WrongAnswer);
    value["cases"][0]["ignore"] = json!([]);
    assert_eq!(
        judged(&read(&value), "=[null,12,[]]").0,
        Verdict::WrongAnswer
    );
}

#[test]
fn a_call_that_fails_is_named_with_its_arguments() {
    let problem = first_case();
    let (verdict, evidence) = judged(
        &problem,
        r#"!{"kind":"error","text":"KeyError: 1\n  main.py:3","call":2}"#,
    );
    assert_eq!(verdict, Verdict::RuntimeError);
    assert_eq!(
        evidence.unwrap().message.as_deref(),
        Some("In call 2, get(1):\nKeyError: 1\n  main.py:3")
    );
    let payload = r#"!{"kind":"memory","text":"MemoryError","call":1}"#;
    let (verdict, evidence) = judged(&problem, payload);
    assert_eq!(verdict, Verdict::MemoryLimitExceeded);
    let message = evidence.unwrap().message.unwrap();
    assert_eq!(message, "In call 1, put(\"a\"):\nMemoryError");
    assert_eq!(
        note(&problem, r#"?{"text":"a set","call":3}"#),
        "It answered with a set, in call 3, keys()."
    );
    let deep = note(&problem, r#"?{"text":"nested deeper than 64"}"#);
    assert_eq!(deep, "It answered with what is nested deeper than 64.");
}

#[test]
fn a_call_that_does_not_end_or_ends_the_process_is_named() {
    let problem = first_case();
    let begun = frame(0, ">0") + &frame(0, ">1") + &frame(0, ">2");
    let late = judge(&problem, |step| {
        ran(step.stdins.iter().map(|_| timed_out(&begun)).collect())
    });
    assert_eq!(late.verdict, Verdict::TimeLimitExceeded);
    let evidence = late.judgement.cases[0].evidence.as_ref().unwrap();
    assert_eq!(
        evidence.message.as_deref(),
        Some("In call 2, get(1): Time limit exceeded")
    );
    let gone = judge(&problem, |step| {
        ran(step.stdins.iter().map(|_| ended(&begun, 0)).collect())
    });
    let evidence = gone.judgement.cases[0].evidence.as_ref().unwrap();
    assert_eq!(
        evidence.message.as_deref(),
        Some("In call 2, get(1): It ended without an answer.")
    );
}

/// What a process with the hidden case said is shown nowhere, and its calls are not
/// named; a shown case that failed beside it is run again alone.
#[test]
fn the_calls_of_a_hidden_case_stay_hidden() {
    let problem = read(&class());
    let fails = |index: usize, call: usize| {
        let text = format!("{{\"kind\":\"error\",\"text\":\"{SECRET}\",\"call\":{call}}}");
        frame(index, &format!("!{text}"))
    };
    let assessment = judge(&problem, |step| {
        if step.cases.len() > 1 {
            let out = fails(0, 2) + &fails(1, 1) + &frame(2, "=[null,1,[]]");
            return ran(vec![ended(&out, 0)]);
        }
        assert_eq!(step.cases, [0]);
        assert!(!step.stdins[0].contains(SECRET));
        let alone = frame(0, r#"!{"kind":"error","text":"KeyError","call":2}"#);
        ran(vec![ended(&alone, 0)])
    });
    assert_eq!(
        verdicts(&assessment),
        ["Runtime Error", "Runtime Error", "Accepted"]
    );
    let cases = &assessment.judgement.cases;
    let evidence = cases[0].evidence.as_ref().unwrap();
    assert_eq!(
        evidence.message.as_deref(),
        Some("In call 2, get(1):\nKeyError")
    );
    assert!(cases[1].evidence.is_none());
    // Nor is a hidden case named that ran out of time alone.
    let late = judge(&problem, |step| {
        let run = |&case: &usize| timed_out(&frame(case, ">1"));
        ran(match step.cases.as_slice() {
            [_, _, _] => vec![timed_out("")],
            cases => cases.iter().map(run).collect(),
        })
    });
    assert_eq!(late.judgement.cases[1].verdict, Verdict::TimeLimitExceeded);
}

/// Code that fails by chance ends in another way when it is run for its evidence.
#[test]
fn what_is_shown_of_another_run_than_the_verdicts_says_so() {
    let raised = |index| frame(index, r#"!{"kind":"error","text":"KeyError"}"#);
    let hidden = read(&class());
    let mut visible = class();
    visible["cases"].as_array_mut().unwrap().remove(1);
    let visible = read(&visible);
    let late = "Time limit exceeded";
    let right = frame(0, r#"=[null,null,5,["a","b"]]"#);
    let (first, second) = (raised(0) + &raised(1), right + &raised(1));
    for (problem, out, at, alone, message, note) in [
        (&hidden, &first, 0, timed_out(""), late, Some("Time Limit")),
        (&hidden, &first, 0, ended(&raised(0), 0), "KeyError", None),
        (&visible, &second, 1, timed_out(""), "KeyError", None),
    ] {
        let assessment = judge(problem, |step| {
            if step.cases == [at] {
                return ran(vec![alone.clone()]);
            }
            ran(vec![ended(&[out, &*frame(2, "=[null,1,[]]")].concat(), 0)])
        });
        assert_eq!(assessment.verdict, Verdict::RuntimeError);
        let evidence = assessment.judgement.cases[at].evidence.as_ref().unwrap();
        assert_eq!(evidence.message.as_deref(), Some(message));
        let shown = evidence.note.as_deref().unwrap_or_default();
        match note {
            Some(verdict) => assert!(shown.contains("otherwise") && shown.contains(verdict)),
            None => assert_eq!(shown, ""),
        }
    }
}

#[test]
fn stored_answers_of_a_class_are_judged_again_by_other_rules() {
    let problem = first_case();
    let mut first = session(&problem);
    let step = first.next_step().unwrap();
    let answer = frame(0, r#"=[null,null,-1,["a","b"]]"#);
    first.take(&step, ran(vec![ended(&answer, 0)]));
    assert_eq!(
        first.runs[0].as_ref().unwrap().verdict,
        Verdict::WrongAnswer
    );
    let version = ProblemVersion::new("v");
    let inputs = problem.inputs_hash();
    let stored = archive::archive(&"code".into(), &version, &inputs, &first.runs);
    let (_, stored) = SubmissionArchive::split(stored.as_str().as_bytes()).unwrap();
    let again = |change: fn(&mut Value)| {
        let mut value = class();
        value["cases"].as_array_mut().unwrap().truncate(1);
        change(&mut value);
        let problem = read(&value);
        assert_eq!(problem.inputs_hash(), inputs, "its answers are the same");
        let runs = archive::runs(&stored, &inputs, &problem).unwrap();
        runs[0].as_ref().unwrap().verdict
    };
    assert_eq!(again(|_| ()), Verdict::WrongAnswer);
    let corrected = |value: &mut Value| value["cases"][0]["expected"][2] = json!(-1);
    assert_eq!(again(corrected), Verdict::Accepted);
    let ignored = |value: &mut Value| value["cases"][0]["ignore"] = json!([2]);
    assert_eq!(again(ignored), Verdict::Accepted);
    assert!(archive::runs(&stored, &InputsHash::new("other"), &problem).is_none());
}

/// As `json.dumps` writes it.
fn ascii(json: &str) -> String {
    let units = json
        .encode_utf16()
        .map(|unit| match char::from_u32(unit.into()) {
            Some(one) if one.is_ascii() => one.to_string(),
            _ => format!("\\u{unit:04x}"),
        });
    units.collect()
}

#[test]
fn values_are_shown_in_one_spelling() {
    let text = json!({
        "title": "T",
        "kind": "function",
        "signature": {
            "name": "solve",
            "params": [{ "name": "words", "type": "list<string>" }],
            "returns": "list<string>",
        },
        "cases": [{ "input": [["größe", "\u{a0}\n"]], "expected": ["日本", "😀", "é"] }],
    })
    .to_string();
    // The setter's spelling, and the harness's.
    for stored in [ascii(&text), text] {
        let id = ProblemId::parse("p", "id").unwrap();
        let problem = Problem::from_stored(&id, stored.as_bytes()).unwrap();
        let answer = "=[\"日本\",\"😀\",\"ü\\/\u{a0}\\u0001\\u000a\"]";
        for payload in [&ascii(answer), answer] {
            let (verdict, evidence) = judged(&problem, payload);
            assert_eq!(verdict, Verdict::WrongAnswer);
            let evidence = evidence.unwrap();
            assert_eq!(evidence.input, r#"[["größe","\u00a0\n"]]"#);
            assert_eq!(evidence.expected, r#"["日本","😀","é"]"#);
            let shown = r#"["日本","😀","ü/\u00a0\u0001\n"]"#;
            assert_eq!(evidence.actual.as_deref(), Some(shown));
        }
        // The value is what it was.
        let right = r#"=["日本","😀","é"]"#;
        assert_eq!(judged(&problem, right).0, Verdict::Accepted);
        assert_eq!(judged(&problem, &ascii(right)).0, Verdict::Accepted);
        // Half of a surrogate pair is no text, and a frame with one is no answer.
        let (verdict, evidence) = judged(&problem, r#"=["\u65e5","\ud800","é"]"#);
        assert_eq!(verdict, Verdict::WrongAnswer);
        let evidence = evidence.unwrap();
        assert_eq!(evidence.actual, None);
        assert!(evidence.message.unwrap().contains("cannot be read"));
    }
}
