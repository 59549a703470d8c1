//! Where and when a problem's checker program is run.

use serde_json::{Value, json};
use shared::domain::ids::{ProblemId, ProblemVersion};
use shared::domain::job::Job;
use shared::domain::problem::Problem;
use shared::domain::verdict::Verdict;
use worker_fn::attempt::judge_error::JudgeError;
use worker_fn::attempt::judging::{self, JudgeEnd};
use worker_fn::attempt::problem_cache::CachedProblem;
use worker_fn::executor::{Checks, Endpoints, ExecutorError, Given};
use worker_fn::limits::CallCounter;

use crate::busy_machine::stopped;
use crate::mock_judge0::Judge;
use crate::mock_server::{MockServer, Received};
use crate::support::{RUNTIME, alone, execute, job_budget, one, pass_ms, run, several};

const CHECKER: &str = "the checker";

fn id() -> ProblemId {
    ProblemId::parse("any", "id").unwrap()
}

fn problem() -> CachedProblem {
    let value = json!({
        "title": "T", "kind": "program", "limits": {"timeMs": 2_000},
        "checker": {"kind": "program", "language": "c", "code": CHECKER},
        "cases": [{"input": "1", "expected": "2"}, {"input": "3", "expected": "4"}],
    });
    let problem = Problem::from_value(&id(), &value).unwrap();
    CachedProblem::new(problem, ProblemVersion::new("v"), 1)
}

async fn judge(endpoints: &Endpoints) -> Result<(Verdict, String), JudgeError> {
    let budget = job_budget(&CallCounter::new(1_000));
    let job = Job {
        id: None,
        problem_id: id(),
        source: "the submission".into(),
        options: shared::domain::run_options::RunOptions::default(),
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
    let problem = problem();
    let end = judging::judge(
        &problem,
        &job,
        watch,
        (endpoints, selected),
        &budget,
        RUNTIME,
    );
    match end.await? {
        JudgeEnd::Judged(judged) => Ok((judged.assessment.verdict, judged.assessment.output)),
        JudgeEnd::Unfinished(progress) => panic!("{progress:?}"),
    }
}

fn is_check(request: &Received) -> bool {
    request.body["files"][0]["content"] == CHECKER
}

/// Our runner: the checker takes everything.
fn runner(request: &Received) -> (u16, Value) {
    let code = if is_check(request) { 42 } else { 0 };
    let stage = json!({"stdout": "x", "stderr": "", "code": code, "signal": null,
                       "message": null, "status": null, "wall_time": 1});
    let cases = request.body["cases"].as_array();
    let runs = cases.map(|cases| vec![stage.clone(); cases.len()]);
    (
        200,
        json!({"language": "x", "version": "1.0.0", "run": stage, "runs": runs}),
    )
}

#[test]
fn a_checker_is_one_call_with_files_for_each_case() {
    alone(async {
        let server = MockServer::start(runner).await;
        let (verdict, _) = judge(&one("piston", &server.url)).await.unwrap();
        assert_eq!(verdict, Verdict::Accepted);
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        let body = &requests[1].body;
        assert_eq!(body["language"], "c");
        assert_eq!(
            body["args"],
            json!(["input.txt", "answer.txt", "feedback_dir/"])
        );
        assert_eq!(body["files"].as_array().unwrap().len(), 1);
        let file = |name: &str, content: &str| json!({"name": name, "content": content});
        assert_eq!(
            body["cases"][1],
            json!({"stdin": "x", "files": [
                file("input.txt", "3"), file("answer.txt", "4"), file("output.txt", "x"),
                file("feedback_dir/.keep", ""),
            ]})
        );
        assert_eq!(body["stop_at_first_failure"], false);
        // Its own limit, not the problem's.
        assert_eq!(body["run_cpu_time"], 3_000);
        assert_eq!(body["run_timeout"], 10_000);
        // Of the job's 15 s, five are kept while the submission runs.
        assert_eq!(
            requests[0].body["cases_timeout"],
            15_000 - 5_000 - 2_000 - 1_000 + 2_000
        );
    });
}

#[test]
fn a_solver_never_runs_out_of_time_because_of_the_checker() {
    alone(async {
        let server = MockServer::start(|request| {
            if !is_check(request) {
                pass_ms(14_500);
            }
            runner(request)
        })
        .await;
        let (verdict, output) = judge(&one("piston", &server.url)).await.unwrap();
        assert_eq!(verdict, Verdict::Accepted, "{output}");
    });
}

/// A submission that waits can take longer than its job has.
#[test]
fn a_checker_has_its_time_however_long_the_submission_took() {
    alone(async {
        for took_ms in [100, 9_000, 12_000, 14_500, 19_000] {
            let server = MockServer::start(move |request| {
                if !is_check(request) {
                    pass_ms(took_ms);
                }
                runner(request)
            })
            .await;
            let (verdict, output) = judge(&one("piston", &server.url)).await.unwrap();
            assert_eq!(verdict, Verdict::Accepted, "{output}");
            let body = &server.requests()[1].body;
            assert_eq!(body["run_cpu_time"], 3_000, "{took_ms}");
        }
    });
}

#[test]
fn an_endpoint_that_gives_a_checker_less_gives_what_it_has() {
    alone(async {
        for most in [1_000, 0] {
            let server = MockServer::start(move |request| {
                if is_check(request) && request.body["run_cpu_time"].as_u64() > Some(most) {
                    let why = format!("run_cpu_time cannot exceed the configured limit of {most}");
                    return (400, json!({ "message": why }));
                }
                runner(request)
            })
            .await;
            let (verdict, output) = judge(&one("piston", &server.url)).await.unwrap();
            if most > 0 {
                assert_eq!(verdict, Verdict::Accepted, "{output}");
                assert_eq!(server.requests()[2].body["run_cpu_time"], most);
            } else {
                assert_eq!(verdict, Verdict::InternalError);
                assert!(output.contains("checker cannot be run"), "{output}");
            }
        }
    });
}

fn languages(names: &[&str]) -> (u16, Value) {
    let list: Vec<Value> = names
        .iter()
        .map(|name| json!({"language": name, "version": "1.0.0", "aliases": []}))
        .collect();
    (200, list.into())
}

/// Two endpoints, of which only one has the checker's language.
async fn two(answer: fn(&Received) -> (u16, Value)) -> (MockServer, MockServer, Endpoints) {
    let first = MockServer::start(|request| match &*request.path {
        "/runtimes" => languages(&["python"]),
        _ => runner(request),
    });
    let second = MockServer::start(move |request| match &*request.path {
        "/runtimes" => languages(&["c"]),
        _ => answer(request),
    });
    let (first, second) = (first.await, second.await);
    let endpoints = several(&json!([
        {"name": "a", "kind": "piston", "url": first.url},
        {"name": "b", "kind": "piston", "url": second.url},
    ]));
    (first, second, endpoints)
}

#[test]
fn a_checker_runs_where_its_language_is() {
    alone(async {
        let (first, second, endpoints) = two(runner).await;
        let (verdict, _) = judge(&endpoints).await.unwrap();
        assert_eq!(verdict, Verdict::Accepted);
        assert_eq!(first.count("POST", "/execute"), 1);
        assert_eq!(second.count("POST", "/execute"), 1);

        // Where that endpoint fails, it is that one which is looked at.
        let (_, _, endpoints) = two(|_| (500, json!({"message": "no"}))).await;
        let JudgeError { error, at } = judge(&endpoints).await.unwrap_err();
        assert!(matches!(error, ExecutorError::Failed { .. }), "{error}");
        let budget = job_budget(&CallCounter::new(1_000));
        let second = endpoints.select("c", &budget).await.unwrap();
        assert_eq!(at, Some(second.id));
    });
}

#[test]
fn a_checker_that_no_endpoint_takes_is_the_problems_fault() {
    alone(async {
        let server = MockServer::start(|request| {
            if is_check(request) {
                return (400, json!({"message": "c-* runtime is unknown"}));
            }
            runner(request)
        })
        .await;
        let (verdict, output) = judge(&one("piston", &server.url)).await.unwrap();
        assert_eq!(verdict, Verdict::InternalError);
        assert!(output.contains("checker cannot be run") && output.contains("c-* runtime"));
    });
}

/// A setter's checker must not be blamed for a busy machine.
#[test]
fn a_checker_whose_compiler_waited_has_no_fault() {
    for (cpu_ms, starved) in [(2_000, true), (9_000, false)] {
        alone(async move {
            let server = MockServer::start(move |request| {
                if is_check(request) {
                    return stopped(cpu_ms);
                }
                runner(request)
            })
            .await;
            let endpoints = one("piston", &server.url);
            match judge(&endpoints).await {
                Err(JudgeError { error, at }) => {
                    let expected = ExecutorError::CompilerStarved {
                        cpu_ms,
                        wall_ms: 25_003,
                    };
                    assert!(starved && error == expected && at.is_some(), "{error}");
                }
                Ok((verdict, output)) => {
                    assert!(!starved, "{output}");
                    assert_eq!(verdict, Verdict::InternalError);
                    assert!(output.contains("took too long to compile"), "{output}");
                }
            }
        });
    }
}

/// On Judge0 an ordinary checker works, which reads the files that its arguments name.
#[test]
fn a_judge0_gives_a_checker_its_files_and_arguments() {
    alone(async {
        let given = |output: &str| Given {
            input: "1 2\n".into(),
            answer: "3\n".into(),
            output: output.into(),
        };
        let icpc = &["input.txt", "answer.txt", "feedback_dir/"];
        let testlib = &["input.txt", "output.txt", "answer.txt"];
        let rows: [(&'static [&str], [i64; 2]); 2] = [(icpc, [42, 43]), (testlib, [0, 1])];
        for (args, [right, wrong]) in rows {
            for outputs in [&["4\n"][..], &["3\n", "4\n", "\u{e4}", "3\n"]] {
                let judge = Judge {
                    polls: 2,
                    ..Judge::default()
                };
                let (_, endpoints) = judge.start().await;
                let stdin = |output: &&str| match args.last() {
                    Some(&"feedback_dir/") => (*output).to_owned(),
                    _ => String::new(),
                };
                let mut checks = run("a checker", &[]);
                checks.stdins = outputs.iter().map(stdin).collect();
                checks.checks = Some(Checks {
                    args,
                    given: outputs.iter().map(|output| given(output)).collect(),
                });
                let execution = execute(&endpoints, &checks).await.unwrap();
                let codes = execution.runs.iter().map(|report| report.stage.code);
                let expected = outputs
                    .iter()
                    .map(|&output| Some(if output == "3\n" { right } else { wrong }));
                assert!(codes.eq(expected), "{args:?}: {execution:?}");
            }
        }
    });
}
