//! What is sent to an endpoint with a submission: code, inputs and limits, and nothing
//! that would help a program to pass. A checker program gets the expected answers, and
//! then the submission's code is not there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::job::Job;
use shared::domain::problem::{CheckerProgram, ExitCodes, Problem};
use shared::domain::run_options::RunOptions;
use shared::domain::verdict::Verdict;
use worker_fn::attempt::judging::{self, JudgeEnd};
use worker_fn::attempt::problem_cache::CachedProblem;
use worker_fn::executor::Endpoints;
use worker_fn::judge::assess::Assessment;
use worker_fn::limits::CallCounter;

use crate::mock_judge0::{Judge, plain};
use crate::mock_server::{MockServer, Received};
use crate::support::{RUNTIME, alone, job_budget, one, take_logged};

const INPUT: &str = "the1nput";
/// In everything that must stay with the judge.
const SECRET: &str = "s3cret";
/// The submission's code.
const CODE: &str = "def echo(text): return text";
/// The code of a checker.
const CHECKER: &str = "exit(42) # the ch3cker";

fn id() -> ProblemId {
    ProblemId::parse("echo", "id").unwrap()
}

/// What a problem asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asks {
    Program,
    Function,
    /// A function whose answer is an argument.
    InPlace,
    Class,
}

const ALL: [Asks; 4] = [Asks::Program, Asks::Function, Asks::InPlace, Asks::Class];

fn problem(asks: Asks, stop: bool) -> CachedProblem {
    let (input, expected) = match asks {
        Asks::Program => (json!(INPUT), json!(SECRET)),
        Asks::Function => (json!([INPUT]), json!(SECRET)),
        Asks::InPlace => (json!([[INPUT]]), json!([SECRET])),
        Asks::Class => (
            json!([["Repeater"], ["echo", INPUT]]),
            json!([null, SECRET]),
        ),
    };
    let case = |hidden: bool| json!({"name": SECRET, "input": input, "expected": expected, "hidden": hidden});
    let mut value = json!({
        "title": SECRET, "statement": SECRET, "kind": "program", "checker": "tokens",
        "stopOnFirstFail": stop, "limits": {"timeMs": 500, "memoryBytes": 64_000_000},
        "cases": [case(false), case(true), case(false)],
    });
    let echo = |ty: &str, returns: &str| json!({"name": "echo", "params": [{"name": "text", "type": ty}], "returns": returns});
    match asks {
        Asks::Program => {}
        Asks::Function => {
            value["kind"] = "function".into();
            value["signature"] = echo("string", "string");
        }
        Asks::InPlace => {
            value["kind"] = "function".into();
            value["signature"] = echo("list<string>", "null");
            value["answer"] = json!({"argument": 0});
        }
        Asks::Class => {
            value["kind"] = "class".into();
            let methods = [echo("string", "string")];
            value["signature"] = json!({"name": "Repeater", "params": [], "methods": methods});
        }
    }
    CachedProblem::new(
        Problem::from_value(&id(), &value).unwrap(),
        ProblemVersion::new("v"),
        1,
    )
}

/// What is wrong for the input of one run: a text, or what a harness writes for each
/// case of its input.
fn wrong(stdin: &str) -> String {
    let mut lines = stdin.lines();
    let nonce = lines.next().unwrap_or_default();
    let cases: Vec<_> = lines.filter_map(|line| line.split_once(' ')).collect();
    if cases.is_empty() {
        return "wrong".into();
    }
    let frame = |(case, input): (&str, &str)| {
        let answer = match input {
            input if input.contains(",-1,") => r#"[null,"wrong"]"#,
            input if input.starts_with("[[") => r#"["wrong"]"#,
            _ => r#""wrong""#,
        };
        format!("\x1e{nonce} {case} ={answer}\n")
    };
    cases.into_iter().map(frame).collect()
}

/// The same with a checker that decides.
fn checked_problem(asks: Asks, stop: bool) -> CachedProblem {
    let mut problem = problem(asks, stop).problem;
    problem.checker_program = Some(Box::new(CheckerProgram {
        language: "python".into(),
        code: CHECKER.into(),
        exit_codes: ExitCodes::Icpc,
        points: None,
    }));
    CachedProblem::new(problem, ProblemVersion::new("v"), 1)
}

/// Judges code that is wrong in every way that asks for more runs.
async fn judge(endpoints: &Endpoints, problem: &CachedProblem) -> Verdict {
    assess(endpoints, problem).await.verdict
}

/// What is shown of a program in Python, whatever the endpoints say of it.
pub(crate) async fn assess(endpoints: &Endpoints, problem: &CachedProblem) -> Assessment {
    let budget = job_budget(&CallCounter::new(1_000));
    let job = Job {
        id: None,
        problem_id: id(),
        source: CODE.into(),
        language: "python".into(),
        options: RunOptions::default(),
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
    let judged = judging::judge(
        problem,
        &job,
        watch,
        (endpoints, selected),
        &budget,
        RUNTIME,
    );
    match judged.await.unwrap() {
        JudgeEnd::Judged(judged) => judged.assessment,
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
    let stage = |stdin: &Value| {
        json!({"stdout": wrong(stdin.as_str().unwrap_or_default()), "stderr": "", "code": 0,
               "signal": null, "message": null, "status": null})
    };
    let runs = request.body["cases"]
        .as_array()
        .map(|cases| cases.iter().map(stage).collect::<Vec<Value>>());
    let run = stage(&request.body["stdin"]);
    (
        200,
        json!({"language": "python", "version": "3.11.7", "run": run, "runs": runs}),
    )
}

/// As [`piston`].
fn judge0() -> Judge {
    Judge {
        polls: 1,
        answers: Some(wrong),
        ..Judge::default()
    }
}

#[test]
fn no_expected_value_is_ever_sent() {
    alone(async {
        for (asks, stop) in ALL
            .into_iter()
            .flat_map(|asks| [(asks, false), (asks, true)])
        {
            let problem = problem(asks, stop);
            let server = MockServer::start(piston).await;
            let verdict = judge(&one("piston", &server.url), &problem).await;
            assert_eq!(verdict, Verdict::WrongAnswer, "{asks:?}");
            assert_secret(&server);
            let (server, endpoints) = judge0().start().await;
            let verdict = judge(&endpoints, &problem).await;
            assert_eq!(verdict, Verdict::WrongAnswer, "{asks:?}");
            assert_secret(&server);
        }
    });
}

/// A text as it may stand in a request: plain, in base64 after any number of bytes, in
/// hexadecimal digits, with each character escaped, and backwards.
fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned(), text.chars().rev().collect()];
    all.push(text.bytes().map(|byte| format!("{byte:02x}")).collect());
    all.push(text.bytes().map(|byte| format!("\\u{byte:04x}")).collect());
    all.push(text.bytes().map(|byte| format!("%{byte:02X}")).collect());
    for before in 0..3 {
        let encoded = STANDARD.encode(["\0".repeat(before), text.to_owned()].concat());
        // The first and the last digits depend on what is around.
        let first = (before * 8).div_ceil(6);
        let last = (before + text.len()) * 8 / 6;
        all.push(encoded[first..last].to_owned());
    }
    all
}

fn holds(request: &Received, text: &str) -> bool {
    let mut found = vec![request.body.to_string(), request.query.clone()];
    texts(&request.body, &mut found);
    let spellings = spellings(text);
    let mut pairs = found
        .iter()
        .flat_map(|found| spellings.iter().map(move |one| (found, one)));
    pairs.any(|(found, one)| found.contains(one))
}

/// No request has two of the code, an expected value with it, and the checker.
fn assert_apart(server: &MockServer) {
    let (mut submissions, mut checks) = (0, 0);
    for request in server.requests() {
        let has_code = holds(&request, CODE);
        let is_check = holds(&request, CHECKER);
        assert!(
            !(has_code && (is_check || holds(&request, SECRET))),
            "{request:?}"
        );
        submissions += usize::from(has_code);
        checks += usize::from(is_check);
    }
    assert!(submissions > 0 && checks > 0, "{submissions} {checks}");
}

/// An endpoint that runs the checker as told by its exit code, with or without `cases`.
fn piston_with_checker(request: &Received, knows_cases: bool) -> (u16, Value) {
    let (_, mut answer) = piston(request);
    let checks = request.body["files"][0]["content"] == CHECKER;
    let code = if checks { 43 } else { 0 };
    answer["run"]["code"] = code.into();
    for run in answer["runs"].as_array_mut().into_iter().flatten() {
        run["code"] = code.into();
    }
    if !knows_cases {
        answer["runs"] = Value::Null;
        if checks && request.body["cases"].is_null() {
            let files = request.body["files"].as_array().unwrap();
            let names: Vec<_> = files[1..].iter().map(|file| &file["name"]).collect();
            assert_eq!(
                names,
                [
                    "input.txt",
                    "answer.txt",
                    "output.txt",
                    "feedback_dir/.keep"
                ]
            );
            assert!(files[1..].iter().all(|file| file["encoding"] == "base64"));
        }
    }
    (200, answer)
}

#[test]
fn a_checker_has_the_expected_values_and_never_beside_the_code() {
    alone(async {
        for (asks, stop) in ALL
            .into_iter()
            .flat_map(|asks| [(asks, false), (asks, true)])
        {
            let problem = checked_problem(asks, stop);
            for knows_cases in [true, false] {
                let answer = move |request: &Received| piston_with_checker(request, knows_cases);
                let server = MockServer::start(answer).await;
                let verdict = judge(&one("piston", &server.url), &problem).await;
                assert_eq!(verdict, Verdict::WrongAnswer, "{asks:?}");
                assert_apart(&server);
            }
            let (server, endpoints) = judge0().start().await;
            let verdict = judge(&endpoints, &problem).await;
            assert_eq!(verdict, Verdict::WrongAnswer, "{asks:?}");
            assert_apart(&server);
        }
    });
}

#[test]
fn the_log_tells_how_a_checker_failed_and_nothing_that_it_said() {
    alone(async {
        let server = MockServer::start(|request| {
            let (status, mut answer) = piston(request);
            if request.body["files"][0]["content"] == CHECKER {
                let runs = answer["runs"].as_array_mut().into_iter().flatten();
                runs.for_each(|run| run["stdout"] = SECRET.into());
            }
            (status, answer)
        })
        .await;
        take_logged();
        let problem = checked_problem(Asks::Program, true);
        let verdict = judge(&one("piston", &server.url), &problem).await;
        assert_eq!(verdict, Verdict::InternalError);
        let lines = take_logged();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(
            (&lines[0]["event"], &lines[0]["level"]),
            (&json!("checker"), &json!("error"))
        );
        assert!(lines[0]["fault"].as_str().unwrap().contains("exit code 0"));
        assert!(!lines[0].to_string().contains(SECRET));
    });
}

/// The test would find a value that is hidden a little.
#[test]
fn spellings_are_found_wherever_they_begin() {
    for before in 0..4 {
        let text = ["x".repeat(before), SECRET.into(), "yz".into()].concat();
        let encoded = STANDARD.encode(&text);
        assert!(
            spellings(SECRET).iter().any(|one| encoded.contains(one)),
            "{encoded}"
        );
    }
}
