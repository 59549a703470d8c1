//! Piston, plain and as our runner speaks it.

use serde_json::{Value, json};
use worker_fn::budget::Meter;
use worker_fn::executor::{ExecutorError, RunLimits};

use crate::stand_in::{Asked, Shared, StandIn};
use crate::world::{alone, config, execute, executors, meter, one, outputs, pass_ms, run, started};

/// A stage that printed its input.
fn stage(stdin: &str) -> Value {
    let failed = stdin.contains("fail");
    json!({
        "stdout": stdin, "stderr": "", "output": stdin, "signal": null,
        "code": i32::from(failed), "message": null, "status": failed.then_some("RE"),
        "cpu_time": 7, "wall_time": 8.6, "memory": 9_000_000,
    })
}

fn plain(asked: &Asked) -> (u16, Value) {
    let stdin = asked.body["stdin"].as_str().unwrap_or_default();
    (
        200,
        json!({"language": "python", "version": "3.11.7", "run": stage(stdin)}),
    )
}

fn ours(asked: &Asked) -> (u16, Value) {
    let Some(cases) = asked.body["cases"].as_array() else {
        return plain(asked);
    };
    let mut runs: Vec<Value> = Vec::new();
    for case in cases {
        runs.push(stage(case.as_str().unwrap()));
        if asked.body["stop_at_first_failure"] == true && runs.last().unwrap()["code"] == 1 {
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

#[test]
fn one_input_is_one_call_that_any_piston_understands() {
    alone(async {
        let stand_in = StandIn::start(plain).await;
        let executors = executors(&config(&[
            ("EXECUTOR_URL", &format!("{}/api/v2/", stand_in.url)),
            ("EXECUTOR_TOKEN", "hidden"),
            ("RUN_TIMEOUT_MS", "2500"),
            ("COMPILE_TIMEOUT_MS", "9000"),
        ]));
        let execution = execute(&executors, &run("code", &["in"])).await.unwrap();
        assert_eq!(outputs(&execution), ["in"]);
        assert_eq!(execution.version, "3.11.7");
        let stage = &execution.runs[0].stage;
        assert_eq!((stage.cpu_time_ms, stage.wall_time_ms), (Some(7), Some(9)));
        assert_eq!(stage.memory_bytes, Some(9_000_000));

        let mut limited = run("code", &[""]);
        limited.limits = RunLimits {
            time_ms: Some(1_500),
            memory_bytes: Some(1 << 26),
        };
        execute(&executors, &limited).await.unwrap();
        let asked = stand_in.asked();
        assert!(asked[0].is("POST", "/api/v2/execute"));
        assert_eq!(asked[0].header("authorization"), Some("Bearer hidden"));
        assert_eq!(
            asked[0].body,
            json!({"language": "python", "version": "*", "files": [{"content": "code"}],
                   "stdin": "in", "run_timeout": 2_500, "compile_timeout": 9_000})
        );
        assert_eq!(
            asked[1].body,
            json!({"language": "python", "version": "*", "files": [{"content": "code"}],
                   "run_timeout": 1_500, "run_cpu_time": 1_500,
                   "run_memory_limit": 1 << 26, "compile_timeout": 9_000})
        );
        assert_eq!(asked.len(), 2, "no list of languages, no look");
    });
}

#[test]
fn our_runner_takes_all_inputs_in_one_call() {
    alone(async {
        let stand_in = StandIn::start(ours).await;
        let executors = one("piston", &stand_in.url);
        let mut several = run("code", &["a", "fail", "c"]);
        several.limits.time_ms = Some(1_500);
        let execution = execute(&executors, &several).await.unwrap();
        assert_eq!(outputs(&execution), ["a", "fail", "c"]);
        several.stop_at_first_failure = true;
        let execution = execute(&executors, &several).await.unwrap();
        assert_eq!(outputs(&execution), ["a", "fail"]);
        let asked = stand_in.asked();
        assert_eq!(asked.len(), 2);
        assert_eq!(
            asked[1].body,
            json!({"language": "python", "version": "*", "files": [{"content": "code"}],
                   "stdin": "a", "cases": ["a", "fail", "c"], "stop_at_first_failure": true,
                   // What the job may take, less one run and a second.
                   "cases_timeout": 15_000 - 1_500 - 1_000,
                   "run_timeout": 1_500, "run_cpu_time": 1_500})
        );
    });
}

#[test]
fn what_our_runner_adds_is_read() {
    alone(async {
        let stand_in = StandIn::start(|_| {
            let stage = json!({"stdout": "", "stderr": "", "output": "", "code": null,
                "signal": "SIGKILL", "status": "ML", "message": "m", "limit": "memory"});
            // Fewer than were asked for: the time was over.
            (200, json!({"version": "1", "run": stage, "runs": [stage]}))
        })
        .await;
        let executors = one("piston", &stand_in.url);
        let execution = execute(&executors, &run("", &["a", "b"])).await.unwrap();
        assert_eq!(execution.runs.len(), 1);
        assert_eq!(execution.runs[0].limit.as_deref(), Some("memory"));
        assert_eq!(execution.runs[0].stage.status.as_deref(), Some("ML"));
        assert_eq!(stand_in.asked().len(), 1);
    });
}

#[test]
fn a_plain_piston_runs_the_other_inputs_one_call_each() {
    alone(async {
        let stand_in = StandIn::start(plain).await;
        let executors = one("piston", &stand_in.url);
        let inputs: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let execution = execute(&executors, &run("code", &inputs)).await.unwrap();
        assert_eq!(outputs(&execution), inputs);
        assert_eq!(
            stand_in.asked().len(),
            20,
            "the first answer is not thrown away"
        );
        assert!(stand_in.most_in_flight() <= 6);
        // It is known now, so nothing is sent that it would not read.
        let execution = execute(&executors, &run("code", &inputs[..2]))
            .await
            .unwrap();
        assert_eq!(outputs(&execution), ["0", "1"]);
        let asked = stand_in.asked();
        let with_cases = asked.iter().filter(|asked| !asked.body["cases"].is_null());
        assert_eq!((with_cases.count(), asked.len()), (1, 22));
        // And found out again after a while, should it have become another.
        pass_ms(600_000);
        execute(&executors, &run("code", &inputs[..2]))
            .await
            .unwrap();
        assert!(!stand_in.asked()[22].body["cases"].is_null());
    });
}

#[test]
fn a_plain_piston_stops_at_the_first_failure() {
    alone(async {
        let stand_in = StandIn::start(plain).await;
        let executors = one("piston", &stand_in.url);
        let mut several = run("code", &["a", "b", "fail", "d", "e"]);
        several.stop_at_first_failure = true;
        for _ in 0..2 {
            let execution = execute(&executors, &several).await.unwrap();
            assert_eq!(outputs(&execution), ["a", "b", "fail"]);
        }
        several.stdins[0] = "fail first".into();
        let before = stand_in.asked().len();
        let execution = execute(&executors, &several).await.unwrap();
        assert_eq!(outputs(&execution), ["fail first"]);
        assert_eq!(stand_in.asked().len(), before + 1);
    });
}

#[test]
fn when_the_time_is_over_what_is_known_is_told() {
    alone(async {
        // 15 s for the job, 2 s a call, and none begun with less than 4 s left.
        let stand_in = StandIn::start(|asked| {
            pass_ms(2_000);
            plain(asked)
        })
        .await;
        let executors = one("piston", &stand_in.url);
        let inputs = [
            "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
        ];
        let execution = execute(&executors, &run("code", &inputs)).await.unwrap();
        let known = outputs(&execution);
        assert!((1..inputs.len()).contains(&known.len()), "{known:?}");
        assert_eq!(known, inputs[..known.len()]);
    });
}

#[test]
fn an_endpoint_that_has_enough_of_us_keeps_what_it_did() {
    alone(async {
        let stand_in = StandIn::start(|asked| match asked.body["stdin"].as_str() {
            Some("c") => (429, json!({"message": "slow down"})),
            _ => plain(asked),
        })
        .await;
        let executors = one("piston", &stand_in.url);
        let execution = execute(&executors, &run("", &["a", "b", "c", "d"]))
            .await
            .unwrap();
        assert_eq!(outputs(&execution), ["a", "b"]);
        let refused = execute(&executors, &run("", &["c", "d"])).await;
        assert!(matches!(refused, Err(ExecutorError::Unavailable(_))));
    });
}

#[test]
fn a_failed_compile_has_no_runs() {
    alone(async {
        for runs in [None, Some(json!([]))] {
            let stand_in = StandIn::start(move |_| {
                let mut failed = stage("");
                failed["code"] = json!(1);
                let mut answer = json!({"version": "1", "compile": failed, "run": failed});
                if let Some(runs) = &runs {
                    answer["runs"] = runs.clone();
                }
                (200, answer)
            })
            .await;
            let executors = one("piston", &stand_in.url);
            let execution = execute(&executors, &run("", &["a", "b"])).await.unwrap();
            assert_eq!(execution.runs, []);
            assert_eq!(execution.compile.unwrap().stage.code, Some(1));
            assert_eq!(stand_in.asked().len(), 1);
        }
    });
}

#[test]
fn failures_are_sorted_by_whose_fault_they_are() {
    alone(async {
        let answer = Shared::new((0, json!(null)));
        let given = answer.clone();
        let stand_in = StandIn::start(move |_| given.get()).await;
        let executors = one("piston", &stand_in.url);
        let stage = |member: &str, value: Value| {
            let mut stage = stage("");
            stage[member] = value;
            json!({"run": stage})
        };
        for (status, body, expected) in [
            (400, json!({"message": "no such runtime"}), "Refused"),
            (413, json!(null), "Refused"),
            (429, json!(null), "Unavailable"),
            (503, json!(null), "Unavailable"),
            (500, json!(null), "Failed"),
            (502, json!(null), "Lost"),
            (403, json!({"message": "m"}), "Lost"),
            (0, json!(null), "Lost"),
            (200, json!([]), "Lost"),
            (200, json!({"run": null}), "Lost"),
            (200, stage("stdout", json!(1)), "Lost"),
            (200, stage("status", json!([])), "Lost"),
            (200, json!({"run": {}, "compile": 3}), "Lost"),
        ] {
            answer.set((status, body.clone()));
            let error = execute(&executors, &run("", &["a"])).await.unwrap_err();
            let said = format!("{error:?}");
            assert!(said.starts_with(expected), "{status} {body}: {said}");
            assert!(!said.contains("127.0.0.1"), "{said}");
            assert_eq!(said.contains("no such runtime"), status == 400, "{said}");
        }
    });
}

#[test]
fn a_job_with_many_cases_keeps_to_the_calls_there_are() {
    alone(async {
        let stand_in = StandIn::start(plain).await;
        let executors = one("piston", &stand_in.url);
        let whole = 20;
        let most = Meter::new(whole).most_for_a_job();
        let cases = usize::try_from(most).unwrap();
        let inputs = vec![""; cases + 1];
        let all = meter(whole, most);
        let kept = all.left() - most;
        let allowance = started(&all);
        let chosen = executors.pick("python", &allowance).await.unwrap();
        let execution = chosen.execute(&run("", &inputs[..cases]), &allowance).await;
        assert_eq!(execution.unwrap().runs.len(), cases);
        drop(allowance);
        assert_eq!((all.left(), stand_in.asked().len()), (kept, cases));

        // More than any invocation has.
        let allowance = started(&meter(whole, most));
        let refused = chosen.execute(&run("", &inputs), &allowance).await;
        let Err(ExecutorError::Refused(message)) = refused else {
            panic!("{refused:?}");
        };
        let named = format!("{} cases", cases + 1);
        for part in ["SUBREQUEST_BUDGET", &named, "one case a call"] {
            assert!(message.contains(part), "{message}");
        }
        // More than this one has left.
        let few = meter(whole, most - 1);
        let before = few.left();
        let allowance = started(&few);
        let crowded = chosen.execute(&run("", &inputs[..cases]), &allowance).await;
        assert_eq!(crowded, Err(ExecutorError::Crowded(most)));
        drop(allowance);
        assert_eq!(
            few.left(),
            before,
            "the call that was not made is there again"
        );
        assert_eq!(
            stand_in.asked().len(),
            cases,
            "found out before anything was run"
        );
    });
}
