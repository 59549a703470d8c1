//! What is sent to an endpoint: code, inputs and limits, and nothing that would
//! help a program to pass.

use serde_json::{Value, json};
use shared::job::Job;
use shared::problem::Problem;
use shared::result::Verdict;
use worker_fn::budget::Meter;
use worker_fn::executor::Executors;
use worker_fn::judging;
use worker_fn::problems::Known;

use crate::judge::{Judge, plain};
use crate::stand_in::{Asked, StandIn};
use crate::world::{SURROUNDINGS, alone, one, started};

const INPUT: &str = "the1nput";
/// In everything that must stay with the judge.
const SECRET: &str = "s3cret";

fn problem(function: bool, stop: bool) -> Known {
    let case = |hidden: bool| {
        let input = if function {
            json!([INPUT])
        } else {
            json!(INPUT)
        };
        json!({"name": SECRET, "input": input, "expected": SECRET, "hidden": hidden})
    };
    let mut value = json!({
        "title": SECRET, "statement": SECRET, "kind": "program", "checker": "tokens",
        "stopOnFirstFail": stop, "limits": {"timeMs": 500, "memoryBytes": 64_000_000},
        "cases": [case(false), case(true), case(false)],
    });
    if function {
        value["kind"] = "function".into();
        value["signature"] = json!({
            "name": "echo",
            "params": [{"name": "text", "type": "string"}],
            "returns": "string",
        });
    }
    Known::new(Problem::from_value("echo", &value).unwrap(), "v".into(), 1)
}

/// Judges code that is wrong in every way that asks for more runs.
async fn judge(executors: &Executors, known: &Known) -> Verdict {
    let allowance = started(&Meter::new(1_000));
    let job = Job {
        id: None,
        problem_id: "echo".into(),
        code: "def echo(text): return text".into(),
        language: "python".into(),
        kept: None,
    };
    let chosen = executors.pick("python", &allowance).await.unwrap();
    let judged = judging::judge(known, &job, chosen, &allowance, SURROUNDINGS);
    judged.await.unwrap().assessment.verdict
}

/// Every text that was sent, and what Judge0 gets as base64 in clear.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => {
            for (name, item) in members {
                found.push(name.clone());
                match name.as_str() {
                    "source_code" | "stdin" if value.get("source_code").is_some() => {
                        found.push(plain(item));
                    }
                    _ => texts(item, found),
                }
            }
        }
        _ => {}
    }
}

fn assert_secret(stand_in: &StandIn) {
    let mut found = Vec::new();
    for asked in stand_in.asked() {
        texts(&asked.body, &mut found);
        found.extend([asked.path.clone(), asked.query.clone()]);
        found.extend(asked.headers.iter().map(|(_, value)| value.clone()));
    }
    assert!(found.iter().any(|text| text.contains(INPUT)), "{found:?}");
    for text in found {
        assert!(!text.contains(SECRET), "{text}");
        assert!(
            !text.contains("tokens") || text.starts_with("base64"),
            "{text}"
        );
    }
}

fn piston(asked: &Asked) -> (u16, Value) {
    let stage = json!({"stdout": "wrong", "stderr": "", "output": "wrong", "code": 0,
                       "signal": null, "message": null, "status": null});
    let runs = asked.body["cases"]
        .as_array()
        .map(|cases| vec![stage.clone(); cases.len()]);
    (
        200,
        json!({"language": "python", "version": "3.11.7", "run": stage, "runs": runs}),
    )
}

#[test]
fn no_expected_value_is_ever_sent() {
    alone(async {
        for (function, stop) in [(false, false), (false, true), (true, false), (true, true)] {
            let known = problem(function, stop);
            let stand_in = StandIn::start(piston).await;
            let verdict = judge(&one("piston", &stand_in.url), &known).await;
            assert!(matches!(
                verdict,
                Verdict::WrongAnswer | Verdict::RuntimeError
            ));
            assert_secret(&stand_in);
            let judge0 = Judge {
                polls: 1,
                ..Judge::default()
            };
            let (stand_in, executors) = judge0.start().await;
            let verdict = judge(&executors, &known).await;
            assert!(matches!(
                verdict,
                Verdict::WrongAnswer | Verdict::RuntimeError
            ));
            assert_secret(&stand_in);
        }
    });
}
