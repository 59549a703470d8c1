//! The wall time of runs, at endpoints that give less than was asked for.

use serde_json::{Value, json};
use worker_fn::executor::ExecutorError;
use worker_fn::limits::CallCounter;

use crate::mock_judge0::Judge;
use crate::mock_server::{MockServer, Received};
use crate::support::{alone, calls_left, execute, job_budget, one, outputs, pass_ms, run};

/// As Piston is by itself: it runs one input, for 3 s at most, and refuses more.
fn three_seconds(request: &Received) -> (u16, Value) {
    if request.body["run_timeout"].as_u64() > Some(3_000) {
        let why = "run_timeout cannot exceed the configured limit of 3000";
        return (400, json!({ "message": why }));
    }
    let stdin = &request.body["stdin"];
    let run = json!({"stdout": stdin, "stderr": "", "output": stdin, "code": 0});
    (
        200,
        json!({"language": "python", "version": "3.11.7", "run": run}),
    )
}

#[test]
fn a_piston_that_gives_less_wall_time_is_asked_for_that() {
    alone(async {
        let server = MockServer::start(three_seconds).await;
        let endpoints = one("piston", &server.url);
        let mut limited = run("code", &["a"]);
        limited.limits.time_ms = Some(1_500);
        for (run, asked) in [
            (run("code", &["a"]), &[Some(10_000), None][..]),
            (run("code", &["a"]), &[Some(3_000)]),
            (limited, &[Some(3_000)]),
        ] {
            let before = server.requests().len();
            let execution = execute(&endpoints, &run).await.unwrap();
            assert_eq!(outputs(&execution), ["a"]);
            let requests = server.requests();
            let times = requests[before..].iter();
            let times: Vec<_> = times.map(|one| one.body["run_timeout"].as_u64()).collect();
            assert_eq!(times, asked);
        }
    });
}

/// As many cases as there are calls: the refused one is one too many, and is not made again.
#[test]
fn the_call_that_finds_out_the_wall_time_costs_no_verdict() {
    alone(async {
        for knows_batching in [false, true] {
            let server = MockServer::start(three_seconds).await;
            let endpoints = one("piston", &server.url);
            let (whole, most) = (20, CallCounter::new(20).most_for_a_job());
            let inputs = vec!["x"; usize::try_from(most).unwrap()];
            if knows_batching {
                let mut first = run("code", &["a", "b"]);
                first.limits.time_ms = Some(500);
                execute(&endpoints, &first).await.unwrap();
            }
            let mut results = Vec::new();
            for _ in 0..2 {
                let budget = job_budget(&calls_left(whole, most));
                let selected = endpoints.select("python", &budget).await.unwrap();
                results.push(selected.execute(&run("", &inputs), &budget).await);
            }
            assert_eq!(results[0], Err(ExecutorError::BudgetExhausted(most)));
            assert_eq!(outputs(results[1].as_ref().unwrap()), inputs);
        }
    });
}

/// What outlasts its job looks like a Judge0 that is away.
#[test]
fn a_run_without_a_limit_ends_before_its_job() {
    alone(async {
        let judge = Judge::default();
        let server = MockServer::start(move |request| {
            let most = 8.0;
            if request.body["wall_time_limit"].as_f64() > Some(most) {
                let rule = format!("must be less than or equal to {most:.1}");
                return (422, json!({"wall_time_limit": [rule]}));
            }
            judge.answer(request)
        })
        .await;
        let asked = || server.requests().last().unwrap().body["wall_time_limit"].as_f64();
        let endpoints = one("judge0", &server.url);
        // What it gives is found out once.
        for calls in [3, 1] {
            let before = server.requests().len();
            let execution = execute(&endpoints, &run("x", &["a"])).await.unwrap();
            assert_eq!((outputs(&execution), asked()), (vec!["a"], Some(8.0)));
            assert_eq!(server.requests().len() - before, calls);
        }
        let budget = job_budget(&CallCounter::new(1_000));
        pass_ms(9_000);
        let selected = endpoints.select("python", &budget).await.unwrap();
        selected.execute(&run("x", &["a"]), &budget).await.unwrap();
        // Of the job's 15 s.
        assert_eq!(asked(), Some(4.0));
    });
}
