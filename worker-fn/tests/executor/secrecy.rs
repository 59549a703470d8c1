//! What is sent to an endpoint: code, inputs and limits, and nothing that would
//! help a program to pass.

use serde_json::{Value, json};
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::job::Job;
use shared::domain::problem::Problem;
use shared::domain::verdict::Verdict;
use worker_fn::attempt::judging::{self, JudgeEnd};
use worker_fn::attempt::problem_cache::CachedProblem;
use worker_fn::executor::Endpoints;
use worker_fn::limits::CallCounter;

use crate::mock_judge0::{Judge, plain};
use crate::mock_server::{MockServer, Received};
use crate::support::{RUNTIME, alone, job_budget, one};

const INPUT: &str = "the1nput";
/// In everything that must stay with the judge.
const SECRET: &str = "s3cret";

fn id() -> ProblemId {
    ProblemId::parse("echo", "id").unwrap()
}

fn problem(function: bool, stop: bool) -> CachedProblem {
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
    CachedProblem::new(
        Problem::from_value(&id(), &value).unwrap(),
        ProblemVersion::new("v"),
        1,
    )
}

/// Judges code that is wrong in every way that asks for more runs.
async fn judge(endpoints: &Endpoints, problem: &CachedProblem) -> Verdict {
    let budget = job_budget(&CallCounter::new(1_000));
    let job = Job {
        id: None,
        problem_id: id(),
        code: "def echo(text): return text".into(),
        language: "python".into(),
        archived: None,
        client: None,
        progress: None,
        requeued_at_ms: None,
        trace: None,
        watch: false,
        callback_url: None,
    };
    let selected = endpoints.select("python", &budget).await.unwrap();
    let watch = judging::Watch {
        ours: false,
        report: None,
    };
    let judged = judging::judge(problem, &job, watch, selected, &budget, RUNTIME);
    match judged.await.unwrap() {
        JudgeEnd::Judged(judged) => judged.assessment.verdict,
        JudgeEnd::Unfinished(progress) => panic!("{progress:?}"),
    }
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

fn assert_secret(server: &MockServer) {
    let mut found = Vec::new();
    for request in server.requests() {
        texts(&request.body, &mut found);
        found.extend([request.path.clone(), request.query.clone()]);
        found.extend(request.headers.iter().map(|(_, value)| value.clone()));
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

fn piston(request: &Received) -> (u16, Value) {
    let stage = json!({"stdout": "wrong", "stderr": "", "output": "wrong", "code": 0,
                       "signal": null, "message": null, "status": null});
    let runs = request.body["cases"]
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
            let problem = problem(function, stop);
            let server = MockServer::start(piston).await;
            let verdict = judge(&one("piston", &server.url), &problem).await;
            assert!(matches!(
                verdict,
                Verdict::WrongAnswer | Verdict::RuntimeError
            ));
            assert_secret(&server);
            let judge0 = Judge {
                polls: 1,
                ..Judge::default()
            };
            let (server, endpoints) = judge0.start().await;
            let verdict = judge(&endpoints, &problem).await;
            assert!(matches!(
                verdict,
                Verdict::WrongAnswer | Verdict::RuntimeError
            ));
            assert_secret(&server);
        }
    });
}
