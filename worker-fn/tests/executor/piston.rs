//! Piston, plain and as our runner speaks it.

use serde_json::{Value, json};
use shared::domain::stage::Termination;
use worker_fn::executor::{ExecutorError, RunFile, RunLimits};
use worker_fn::limits::{CallCounter, Memory};

use crate::mock_server::{MockServer, Received, Shared};
use crate::support::{
    alone, calls_left, config, endpoints, execute, job_budget, job_budget_in, one, outputs,
    pass_ms, run,
};

/// A stage that printed its input.
fn stage(stdin: &str) -> Value {
    let failed = stdin.contains("fail");
    json!({
        "stdout": stdin, "stderr": "", "output": stdin, "signal": null,
        "code": i32::from(failed), "message": null, "status": failed.then_some("RE"),
        "cpu_time": 7, "wall_time": 8.6, "memory": 9_000_000,
    })
}

fn plain(request: &Received) -> (u16, Value) {
    let stdin = request.body["stdin"].as_str().unwrap_or_default();
    (
        200,
        json!({"language": "python", "version": "3.11.7", "run": stage(stdin)}),
    )
}

fn ours(request: &Received) -> (u16, Value) {
    let Some(cases) = request.body["cases"].as_array() else {
        return plain(request);
    };
    let mut runs: Vec<Value> = Vec::new();
    for case in cases {
        runs.push(stage(case.as_str().unwrap()));
        if request.body["stop_at_first_failure"] == true && runs.last().unwrap()["code"] == 1 {
            break;
        }
    }
    let last = runs.last().cloned();
    (
        200,
        json!({"language": "python", "version": "3.11.7", "run": last, "runs": runs,
               "sandbox": "full"}),
    )
}

/// What every request holds, and these members.
fn asked(members: Value) -> Value {
    let mut asked = json!({
        "language": "python", "version": "*", "files": [{"content": "code"}],
        "streams": "separate", "queue_timeout": 2_000, "run_stderr_limit": 65_536, "answer_limit": 8 << 20,
    });
    let all = asked.as_object_mut().unwrap();
    all.extend(members.as_object().unwrap().clone());
    asked
}

/// An answer of so many bytes.
fn answer_of(bytes: usize) -> Value {
    let mut answer = json!({"language": "python", "version": "1", "run": stage("")});
    let rest = bytes - answer.to_string().len();
    answer["run"]["stdout"] = "x".repeat(rest).into();
    answer
}

/// A response of hostile size becomes neither a crash nor the endpoint's fault.
#[test]
fn a_response_is_read_up_to_its_limit() {
    const MOST: usize = 8 << 20;
    for announced in [true, false] {
        for (bytes, termination) in [
            (MOST, Termination::Success),
            (MOST + 1, Termination::OutputLimit),
            (3 * MOST, Termination::OutputLimit),
        ] {
            alone(async move {
                let answer = move |_: &Received| (200, answer_of(bytes));
                let server = if announced {
                    MockServer::start(answer).await
                } else {
                    MockServer::start_chunked(answer).await
                };
                let endpoints = one("piston", &server.url);
                let execution = execute(&endpoints, &run("code", &[""])).await.unwrap();
                let ended = execution.runs[0].stage.termination;
                assert_eq!(ended, termination, "{bytes} {announced}");
            });
        }
    }
}

/// `[{},{},…]` takes a hundred times its bytes as a tree.
#[test]
fn an_answer_that_would_grow_is_not_the_protocols() {
    for part in ["{}", "[]", "0"] {
        alone(async move {
            let server = MockServer::start(move |_| {
                let parts = vec![part; 150_000].join(",");
                let odd: Value = serde_json::from_str(&format!("[{parts}]")).unwrap();
                (200, json!({"version": "1", "run": stage(""), "odd": odd}))
            })
            .await;
            let endpoints = one("piston", &server.url);
            let error = execute(&endpoints, &run("code", &[""])).await.unwrap_err();
            assert!(matches!(error, ExecutorError::NoResponse(_)), "{error}");
        });
    }
}

/// Responses wait for each other's memory, and all of them are read.
#[test]
fn responses_share_the_instances_memory() {
    alone(async {
        let server = MockServer::start(|_| (200, answer_of(6 << 20))).await;
        let endpoints = one("piston", &server.url);
        let memory = Memory::default();
        let runs = (0..5).map(|_| async {
            let budget = job_budget_in(&CallCounter::new(10), &memory);
            let selected = endpoints.select("python", &budget).await.unwrap();
            let execution = selected
                .execute(&run("code", &[""]), &budget)
                .await
                .unwrap();
            // Two of them would be 24 MiB of the 16 that there are.
            assert!(memory.responses.try_reserve(8 << 20).is_none());
            execution.runs[0].is_success()
        });
        let all = futures_util::future::join_all(runs).await;
        assert_eq!(all, [true; 5]);
        assert!(
            memory.responses.try_reserve(16 << 20).is_some(),
            "all is given back"
        );
    });
}

#[test]
fn one_input_is_one_call_that_any_piston_understands() {
    alone(async {
        let server = MockServer::start(plain).await;
        let endpoints = endpoints(&config(&[
            ("EXECUTOR_URL", &format!("{}/api/v2/", server.url)),
            ("EXECUTOR_TOKEN", "hidden"),
            ("RUN_TIMEOUT_MS", "2500"),
            ("COMPILE_TIMEOUT_MS", "9000"),
        ]));
        let execution = execute(&endpoints, &run("code", &["in"])).await.unwrap();
        assert_eq!(outputs(&execution), ["in"]);
        assert_eq!(execution.version, "3.11.7");
        let stage = &execution.runs[0].stage;
        assert_eq!((stage.cpu_time_ms, stage.wall_time_ms), (Some(7), Some(9)));
        assert_eq!(stage.memory_bytes, Some(9_000_000));

        let mut limited = run("code", &[""]);
        limited.limits = RunLimits {
            time_ms: Some(1_500),
            memory_bytes: Some(1 << 26),
            output_bytes: Some(9),
        };
        limited.caller = Some("0123456789abcdef");
        execute(&endpoints, &limited).await.unwrap();
        let request = server.requests();
        let callers = [0, 1].map(|index: usize| request[index].header("x-caller"));
        assert_eq!(callers, [None, Some("0123456789abcdef")]);
        assert!(request[0].is("POST", "/api/v2/execute"));
        assert_eq!(request[0].header("authorization"), Some("Bearer hidden"));
        assert_eq!(
            request[0].body,
            asked(json!({"stdin": "in", "run_timeout": 2_500, "compile_timeout": 9_000}))
        );
        assert_eq!(
            request[1].body,
            asked(
                json!({"run_cpu_time": 1_500, "run_timeout": 5_500, "run_output_limit": 9,
                         "allowance": true, "run_memory_limit": 1 << 26,
                         "compile_timeout": 9_000})
            )
        );
        assert_eq!(request.len(), 2, "no list of languages, no look");
    });
}

#[test]
fn our_runner_takes_all_inputs_in_one_call() {
    alone(async {
        let server = MockServer::start(ours).await;
        let endpoints = one("piston", &server.url);
        let mut several = run("code", &["a", "fail", "c"]);
        several.limits.time_ms = Some(1_500);
        let execution = execute(&endpoints, &several).await.unwrap();
        assert_eq!(outputs(&execution), ["a", "fail", "c"]);
        several.stop_at_first_failure = true;
        let execution = execute(&endpoints, &several).await.unwrap();
        assert_eq!(outputs(&execution), ["a", "fail"]);
        let request = server.requests();
        assert_eq!(request.len(), 2);
        assert_eq!(
            request[1].body,
            asked(json!({"stdin": "a", "cases": ["a", "fail", "c"],
                         "stop_at_first_failure": true,
                         // The job's time and what may be waited, less one run and a second.
                         "cases_timeout": 15_000 + 2_000 - 1_500 - 1_000,
                         "run_cpu_time": 1_500, "run_timeout": 5_500, "allowance": true}))
        );
    });
}

#[test]
fn a_memory_limit_that_our_runner_reports_is_read() {
    alone(async {
        let server = MockServer::start(|_| {
            let stage = json!({"stdout": "", "stderr": "", "output": "", "code": null,
                "signal": "SIGKILL", "status": "ML", "message": "m", "limit": "memory"});
            // Fewer runs than inputs: the time was over.
            (200, json!({"version": "1", "run": stage, "runs": [stage]}))
        })
        .await;
        let endpoints = one("piston", &server.url);
        let execution = execute(&endpoints, &run("", &["a", "b"])).await.unwrap();
        assert_eq!(execution.runs.len(), 1);
        let stage = &execution.runs[0].stage;
        assert_eq!(stage.termination, Termination::MemoryLimit);
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn a_plain_piston_runs_the_other_inputs_one_call_each() {
    alone(async {
        let server = MockServer::start(plain).await;
        let endpoints = one("piston", &server.url);
        let inputs: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let execution = execute(&endpoints, &run("code", &inputs)).await.unwrap();
        assert_eq!(outputs(&execution), inputs);
        assert_eq!(
            server.requests().len(),
            20,
            "the first answer is not thrown away"
        );
        assert!(server.most_in_flight() <= 6);
        // It is problem now, so nothing is sent that it would not read.
        let execution = execute(&endpoints, &run("code", &inputs[..2]))
            .await
            .unwrap();
        assert_eq!(outputs(&execution), ["0", "1"]);
        let request = server.requests();
        let with_cases = request
            .iter()
            .filter(|request| !request.body["cases"].is_null());
        assert_eq!((with_cases.count(), request.len()), (1, 22));
        // And found out again after a while, should it have become another.
        pass_ms(600_000);
        execute(&endpoints, &run("code", &inputs[..2]))
            .await
            .unwrap();
        assert!(!server.requests()[22].body["cases"].is_null());
    });
}

#[test]
fn a_plain_piston_stops_at_the_first_failure() {
    alone(async {
        let server = MockServer::start(plain).await;
        let endpoints = one("piston", &server.url);
        let mut several = run("code", &["a", "b", "fail", "d", "e"]);
        several.stop_at_first_failure = true;
        for _ in 0..2 {
            let execution = execute(&endpoints, &several).await.unwrap();
            assert_eq!(outputs(&execution), ["a", "b", "fail"]);
        }
        several.stdins[0] = "fail first".into();
        let before = server.requests().len();
        let execution = execute(&endpoints, &several).await.unwrap();
        assert_eq!(outputs(&execution), ["fail first"]);
        assert_eq!(server.requests().len(), before + 1);
    });
}

#[test]
fn when_the_time_is_over_what_is_known_is_told() {
    alone(async {
        // 15 s for the job, 2 s a call, and none begun with less than 4 s left.
        let server = MockServer::start(|request| {
            pass_ms(2_000);
            plain(request)
        })
        .await;
        let endpoints = one("piston", &server.url);
        let inputs = [
            "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
        ];
        let execution = execute(&endpoints, &run("code", &inputs)).await.unwrap();
        let problem = outputs(&execution);
        assert!((1..inputs.len()).contains(&problem.len()), "{problem:?}");
        assert_eq!(problem, inputs[..problem.len()]);
    });
}

#[test]
fn an_endpoint_that_has_enough_of_us_keeps_what_it_did() {
    alone(async {
        let server = MockServer::start(|request| match request.body["stdin"].as_str() {
            Some("c") => (429, json!({"message": "slow down"})),
            _ => plain(request),
        })
        .await;
        let endpoints = one("piston", &server.url);
        let execution = execute(&endpoints, &run("", &["a", "b", "c", "d"]))
            .await
            .unwrap();
        assert_eq!(outputs(&execution), ["a", "b"]);
        let refused = execute(&endpoints, &run("", &["c", "d"])).await;
        assert_eq!(refused, Err(ExecutorError::Busy));
    });
}

#[test]
fn a_job_waits_for_an_endpoint_that_is_too_busy() {
    alone(async {
        let refusals = Shared::new(3);
        let left = refusals.clone();
        let server = MockServer::start(move |request| match left.get() {
            0 => plain(request),
            left_now => {
                left.set(left_now - 1);
                (429, json!({"message": "slow down"}))
            }
        })
        .await;
        let endpoints = one("piston", &server.url);
        let execution = execute(&endpoints, &run("", &["a"])).await.unwrap();
        assert_eq!(outputs(&execution), ["a"]);
        assert_eq!(server.requests().len(), 4);
        // Not longer than its lease, and not longer than there are calls.
        refusals.set(1_000);
        let (calls, selected) = (CallCounter::new(1_000), "python");
        let budget = job_budget(&calls);
        let endpoint = endpoints.select(selected, &budget).await.unwrap();
        let refused = endpoint.execute(&run("", &["a"]), &budget).await;
        assert_eq!(refused, Err(ExecutorError::Busy));
        assert!(
            server.requests().len() < 4 + 20,
            "{}",
            server.requests().len()
        );
        let budget = job_budget(&calls_left(1_000, 2));
        let before = server.requests().len();
        let refused = endpoint.execute(&run("", &["a"]), &budget).await;
        assert_eq!(refused, Err(ExecutorError::Busy));
        assert!(server.requests().len() - before <= 3);
    });
}

#[test]
fn a_failed_compile_has_no_runs() {
    alone(async {
        for runs in [None, Some(json!([]))] {
            let server = MockServer::start(move |_| {
                let mut failed = stage("");
                failed["code"] = json!(1);
                let mut answer = json!({"version": "1", "compile": failed, "run": failed});
                if let Some(runs) = &runs {
                    answer["runs"] = runs.clone();
                }
                (200, answer)
            })
            .await;
            let endpoints = one("piston", &server.url);
            let execution = execute(&endpoints, &run("", &["a", "b"])).await.unwrap();
            assert_eq!(execution.runs, []);
            assert_eq!(execution.compile.unwrap().stage.code, Some(1));
            assert_eq!(server.requests().len(), 1);
        }
    });
}

#[test]
fn failures_are_sorted_by_whose_fault_they_are() {
    alone(async {
        let answer = Shared::new((0, json!(null)));
        let given = answer.clone();
        let server = MockServer::start(move |_| given.get()).await;
        let endpoints = one("piston", &server.url);
        let stage = |member: &str, value: Value| {
            let mut stage = stage("");
            stage[member] = value;
            json!({"run": stage})
        };
        for (status, body, expected) in [
            (400, json!({"message": "no such runtime"}), "Refused"),
            (413, json!(null), "Refused"),
            (429, json!(null), "Busy"),
            (503, json!(null), "Unavailable"),
            (500, json!(null), "Failed"),
            (502, json!(null), "NoResponse"),
            (403, json!({"message": "m"}), "NoResponse"),
            (0, json!(null), "NoResponse"),
            (200, json!([]), "NoResponse"),
            (200, json!({"run": null}), "NoResponse"),
            (200, stage("stdout", json!(1)), "NoResponse"),
            (200, stage("status", json!([])), "NoResponse"),
            (200, json!({"run": {}, "compile": 3}), "NoResponse"),
        ] {
            answer.set((status, body.clone()));
            let error = execute(&endpoints, &run("", &["a"])).await.unwrap_err();
            let text = format!("{error:?}");
            assert!(text.starts_with(expected), "{status} {body}: {text}");
            assert!(!text.contains("127.0.0.1"), "{text}");
            assert_eq!(text.contains("no such runtime"), status == 400, "{text}");
        }
    });
}

#[test]
fn a_job_with_many_cases_keeps_to_the_calls_there_are() {
    alone(async {
        let server = MockServer::start(plain).await;
        let endpoints = one("piston", &server.url);
        let whole = 20;
        let most = CallCounter::new(whole).most_for_a_job();
        let cases = usize::try_from(most).unwrap();
        let inputs = vec![""; cases + 1];
        let all = calls_left(whole, most);
        let kept = all.left() - most;
        let budget = job_budget(&all);
        let selected = endpoints.select("python", &budget).await.unwrap();
        let execution = selected.execute(&run("", &inputs[..cases]), &budget).await;
        assert_eq!(execution.unwrap().runs.len(), cases);
        drop(budget);
        assert_eq!((all.left(), server.requests().len()), (kept, cases));

        // More than any invocation has.
        let budget = job_budget(&calls_left(whole, most));
        let refused = selected.execute(&run("", &inputs), &budget).await;
        let Err(ExecutorError::Refused(message)) = refused else {
            panic!("{refused:?}");
        };
        let named = format!("{} cases", cases + 1);
        for part in ["SUBREQUEST_BUDGET", &named, "one case a call"] {
            assert!(message.contains(part), "{message}");
        }
        // More than this one has left.
        let few = calls_left(whole, most - 1);
        let before = few.left();
        let budget = job_budget(&few);
        let exhausted = selected.execute(&run("", &inputs[..cases]), &budget).await;
        assert_eq!(exhausted, Err(ExecutorError::BudgetExhausted(most)));
        drop(budget);
        assert_eq!(
            few.left(),
            before,
            "the call that was not made is there again"
        );
        assert_eq!(
            server.requests().len(),
            cases,
            "found out before anything was run"
        );
    });
}

#[test]
fn files_go_by_their_names_with_the_one_that_is_run_first() {
    alone(async {
        let server = MockServer::start(ours).await;
        let endpoints = one("piston", &server.url);
        let args = ["-v".to_owned(), "ä b".to_owned()];
        let mut several = run("x", &["1", "2"]);
        several.files = vec![
            RunFile::named("app.py", "import lib"),
            RunFile::named("lib/__init__.py", ""),
            RunFile {
                name: Some("data.bin"),
                content: "AP8=",
                is_base64: true,
            },
        ];
        several.args = &args;
        let execution = execute(&endpoints, &several).await.unwrap();
        assert_eq!(outputs(&execution), ["1", "2"]);
        let request = server.requests().pop().unwrap();
        assert_eq!(
            request.body["files"],
            json!([
                {"name": "app.py", "content": "import lib"},
                {"name": "lib/__init__.py", "content": ""},
                {"name": "data.bin", "content": "AP8=", "encoding": "base64"},
            ])
        );
        assert_eq!(request.body["args"], json!(args));
    });
}
