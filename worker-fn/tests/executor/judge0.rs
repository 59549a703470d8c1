//! Judge0 CE, by the shapes of its contract.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use worker_fn::budget::Meter;
use worker_fn::executor::{ExecutorError, RunLimits};

use crate::judge::{Judge, base64, languages, submission};
use crate::stand_in::{Shared, StandIn};
use crate::world::{alone, config, execute, executors, meter, one, outputs, pass_ms, run, started};

#[test]
fn one_input_is_one_call_that_waits() {
    alone(async {
        let judge = Judge::default();
        let stand_in = StandIn::start(move |asked| judge.answer(asked)).await;
        let executors = executors(&config(&[
            ("EXECUTOR_KIND", "judge0"),
            ("EXECUTOR_URL", &stand_in.url),
            ("EXECUTOR_TOKEN", "hidden"),
            ("RUN_TIMEOUT_MS", "4000"),
        ]));
        let long = "ä".repeat(100);
        let execution = execute(&executors, &run("print('ö')", &[&long]))
            .await
            .unwrap();
        assert_eq!(outputs(&execution), [long.as_str()]);
        assert_eq!(
            (execution.version.as_str(), &execution.compile),
            ("3.8.1", &None)
        );
        let report = &execution.runs[0];
        assert!(report.is_good());
        assert_eq!(
            (report.stage.cpu_time_ms, report.stage.wall_time_ms),
            (Some(12), Some(50))
        );
        assert_eq!(report.stage.memory_bytes, Some(3_400 * 1_024));

        let mut limited = run("x", &[""]);
        limited.limits = RunLimits {
            time_ms: Some(1_050),
            memory_bytes: Some((1 << 26) + 1),
        };
        execute(&executors, &limited).await.unwrap();
        let asked = stand_in.asked();
        assert!(asked[0].is("GET", "/languages"));
        assert!(asked[1].is("POST", "/submissions"));
        assert_eq!(asked[1].header("x-auth-token"), Some("hidden"));
        assert_eq!(asked[1].header("authorization"), None);
        assert_eq!(
            asked[1].body,
            json!({"source_code": STANDARD.encode("print('ö')"), "language_id": 71,
                   "stdin": STANDARD.encode(&long), "wall_time_limit": 4.0})
        );
        assert_eq!(
            asked[2].body,
            json!({"source_code": "eA==", "language_id": 71, "stdin": "",
                   "cpu_time_limit": 1.05, "wall_time_limit": 1.05,
                   "memory_limit": (1 << 16) + 1})
        );
        assert_eq!(asked.len(), 3, "its list is remembered");
        pass_ms(600_000);
        execute(&executors, &limited).await.unwrap();
        assert_eq!(stand_in.count("GET", "/languages"), 2, "for a while");
    });
}

#[test]
fn a_judge_that_gives_only_a_token_is_asked_again() {
    alone(async {
        for no_wait in [true, false] {
            let judge = Judge {
                polls: 4,
                no_wait,
                ..Judge::default()
            };
            let stand_in = StandIn::start(move |asked| {
                let mut asked = asked.clone();
                if !no_wait {
                    // Takes `wait` for something that it does not know.
                    asked.query = asked.query.replace("wait=true&", "");
                }
                judge.answer(&asked)
            })
            .await;
            let executors = one("judge0", &stand_in.url);
            for _ in 0..2 {
                let execution = execute(&executors, &run("x", &["in"])).await.unwrap();
                assert_eq!(outputs(&execution), ["in"]);
            }
            // One that does not let us wait is not asked to a second time.
            let posts = stand_in.count("POST", "/submissions");
            assert_eq!(posts, if no_wait { 3 } else { 2 });
            assert_eq!(stand_in.count("GET", "/submissions/7e15-0000"), 4);
        }
    });
}

#[test]
fn several_inputs_go_in_batches() {
    alone(async {
        let judge = Judge {
            polls: 3,
            ..Judge::default()
        };
        let (stand_in, executors) = judge.start().await;
        let inputs: Vec<String> = (0..45).map(|number| number.to_string()).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let execution = execute(&executors, &run("x", &inputs)).await.unwrap();
        assert_eq!(outputs(&execution), inputs);
        assert_eq!(stand_in.count("POST", "/submissions/batch"), 3);
        assert_eq!(stand_in.count("GET", "/submissions/batch"), 9);
        assert!(stand_in.most_in_flight() <= 6);
    });
}

#[test]
fn a_batch_after_a_failure_is_not_sent_if_nobody_wants_it() {
    alone(async {
        let (stand_in, executors) = Judge::default().start().await;
        let mut inputs = vec!["good"; 50];
        inputs[23] = "fail";
        let mut several = run("x", &inputs);
        several.stop_at_first_failure = true;
        let execution = execute(&executors, &several).await.unwrap();
        assert_eq!(outputs(&execution), inputs[..24]);
        assert_eq!(execution.runs[23].stage.code, Some(3));
        assert_eq!(stand_in.count("POST", "/submissions/batch"), 2);
    });
}

#[test]
fn a_status_is_told_in_pistons_words() {
    alone(async {
        let fields = Shared::new(json!({}));
        let given = fields.clone();
        let stand_in = StandIn::start(move |asked| match asked.path.as_str() {
            "/languages" => (200, languages()),
            _ => (201, submission(&asked.query, given.get())),
        })
        .await;
        let executors = one("judge0", &stand_in.url);
        let rows = [
            (3, json!({}), (None, Some(0), None)),
            (4, json!({}), (None, Some(0), None)),
            (
                5,
                json!({"exit_code": null}),
                (Some("TO"), None, Some("SIGKILL")),
            ),
            (
                7,
                json!({"exit_signal": 11}),
                (Some("SG"), None, Some("SIGSEGV")),
            ),
            (7, json!({}), (Some("SG"), None, Some("SIGSEGV"))),
            (
                8,
                json!({"exit_signal": 25}),
                (Some("SG"), None, Some("SIGXFSZ")),
            ),
            (9, json!({}), (Some("SG"), None, Some("SIGFPE"))),
            (
                10,
                json!({"exit_signal": 6}),
                (Some("SG"), None, Some("SIGABRT")),
            ),
            (11, json!({"exit_code": 2}), (Some("RE"), Some(2), None)),
            (11, json!({"exit_code": null}), (Some("RE"), Some(1), None)),
            (
                12,
                json!({"exit_signal": 9}),
                (Some("SG"), None, Some("SIGKILL")),
            ),
            (12, json!({"exit_code": 7}), (Some("RE"), Some(7), None)),
            (13, json!({}), (Some("XX"), None, None)),
            (14, json!({"exit_code": 126}), (Some("RE"), Some(126), None)),
        ];
        for (id, more, (status, code, signal)) in rows {
            let mut all = json!({"status": {"id": id, "description": "…"},
                "stdout": base64(b"out"), "stderr": base64(&[0xff, b'e']),
                "message": base64(b"said")});
            all.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            fields.set(all);
            let execution = execute(&executors, &run("x", &[""])).await.unwrap();
            let report = &execution.runs[0];
            let seen = &report.stage;
            assert_eq!(
                (seen.status.as_deref(), seen.code, seen.signal.as_deref()),
                (status, code, signal),
                "{id} {more}"
            );
            assert_eq!((&*seen.stdout, &*seen.stderr), ("out", "\u{fffd}e"));
            assert_eq!(report.output, "out\u{fffd}e");
            assert_eq!(seen.message.as_deref(), Some("said"));
            assert_eq!(report.is_good(), id < 5);
        }
        // A sentence that is not encoded is taken as it is.
        fields.set(json!({"message": "Exited with error status 1"}));
        let execution = execute(&executors, &run("x", &[""])).await.unwrap();
        let message = execution.runs[0].stage.message.as_deref();
        assert_eq!(message, Some("Exited with error status 1"));
        // What a compiler said.
        fields.set(json!({"compile_output": base64(b"a warning")}));
        let execution = execute(&executors, &run("x", &[""])).await.unwrap();
        let compile = execution.compile.unwrap();
        assert_eq!(
            (&*compile.output, compile.stage.code),
            ("a warning", Some(0))
        );
        fields.set(
            json!({"status": {"id": 6, "description": "Compilation Error"},
            "compile_output": base64(b"no such thing"), "time": null, "memory": null}),
        );
        let execution = execute(&executors, &run("x", &[""])).await.unwrap();
        assert_eq!(execution.runs, []);
        let compile = execution.compile.unwrap();
        assert_eq!(
            (&*compile.output, compile.stage.code),
            ("no such thing", Some(1))
        );
        assert!(!compile.is_good());
    });
}

#[test]
fn failures_are_sorted_by_whose_fault_they_are() {
    alone(async {
        let answer = Shared::new((0, json!(null)));
        let given = answer.clone();
        let stand_in = StandIn::start(move |asked| match asked.path.as_str() {
            "/languages" => (200, languages()),
            _ => given.get(),
        })
        .await;
        let executors = one("judge0", &stand_in.url);
        let too_long = json!({"cpu_time_limit": ["must be less than or equal to 15.0"]});
        for (status, body, expected, part) in [
            (
                422,
                too_long.clone(),
                "Refused",
                "cpu_time_limit must be less than",
            ),
            (400, json!({"error": "not today"}), "Refused", "not today"),
            (401, json!(null), "Lost", "401"),
            (403, json!(null), "Lost", "403"),
            (503, json!({"error": "queue is full"}), "Unavailable", "503"),
            (429, json!(null), "Unavailable", "429"),
            (500, json!(null), "Failed", "500"),
            (502, json!(null), "Lost", "502"),
            (0, json!(null), "Lost", ""),
            (201, json!(3), "Lost", "Judge0"),
            (201, json!({"token": "../../about"}), "Lost", "Judge0"),
            (201, json!({"status": {"id": 99}}), "Lost", "status"),
            (
                201,
                json!({"status": {"id": 3}, "stdout": "!"}),
                "Lost",
                "stdout",
            ),
        ] {
            for inputs in [&["a"][..], &["a", "b"]] {
                answer.set((status, body.clone()));
                let error = execute(&executors, &run("", inputs)).await.unwrap_err();
                let said = format!("{error:?}");
                assert!(said.starts_with(expected), "{status} {body}: {said}");
                assert!(said.contains(part) || inputs.len() > 1, "{said}");
                assert!(!said.contains("127.0.0.1"), "{said}");
            }
        }
        // A batch that is refused in part.
        answer.set((201, json!([{"token": "a"}, too_long])));
        let refused = execute(&executors, &run("", &["a", "b"])).await;
        assert!(matches!(&refused, Err(ExecutorError::Refused(m)) if m.contains("cpu_time")));
    });
}

#[test]
fn what_does_not_end_is_left_when_the_time_is_over() {
    alone(async {
        let inputs = ["0", "1", "2"];
        for (open, id, expected) in [(0, 1, "Unavailable"), (0, 2, "Lost"), (2, 2, "")] {
            let judge = Judge::default();
            let stand_in = StandIn::start(move |asked| {
                let (status, mut answer) = judge.answer(asked);
                let all = answer.get_mut("submissions");
                if let Some(all) = all.and_then(Value::as_array_mut) {
                    // Those that are still open are asked for in their order.
                    let first = inputs.len() - all.len();
                    for (at, one) in all.iter_mut().enumerate() {
                        if at + first >= open {
                            one["status"]["id"] = json!(id);
                        }
                    }
                }
                if asked.path.starts_with("/submissions/7e15") {
                    answer["status"]["id"] = json!(id);
                }
                (status, answer)
            })
            .await;
            let executors = one("judge0", &stand_in.url);
            match execute(&executors, &run("x", &inputs)).await {
                Ok(execution) => assert_eq!(outputs(&execution), inputs[..open]),
                Err(error) => {
                    assert!(!expected.is_empty());
                    assert!(format!("{error:?}").starts_with(expected), "{error:?}");
                }
            }
            // The pauses grow, so even a whole job's time is not many calls.
            assert!(stand_in.asked().len() < 20);
        }
    });
}

#[test]
fn a_job_with_many_cases_keeps_to_the_calls_there_are() {
    alone(async {
        let judge = Judge {
            polls: 9,
            ..Judge::default()
        };
        let (stand_in, executors) = judge.start().await;
        execute(&executors, &run("x", &["warm"])).await.unwrap();
        let before = stand_in.asked().len();
        // Two batches: sent, and asked about three times each, and no call more. Of
        // a fresh invocation a job could have 11.
        let whole = 11 + 20 - Meter::new(20).most_for_a_job();
        let all = meter(whole, 8);
        let left = all.left();
        let allowance = started(&all);
        let chosen = executors.pick("python", &allowance).await.unwrap();
        let inputs = ["x"; 41];
        let unfinished = chosen.execute(&run("", &inputs[..40]), &allowance).await;
        assert!(
            matches!(unfinished, Err(ExecutorError::Lost(_))),
            "{unfinished:?}"
        );
        drop(allowance);
        let made = u64::try_from(stand_in.asked().len() - before).unwrap();
        assert!((6..=8).contains(&made), "{made}");
        assert_eq!(all.left() + made, left, "each is counted");

        let allowance = started(&meter(whole, 8));
        let refused = chosen.execute(&run("", &inputs), &allowance).await;
        assert!(
            matches!(&refused, Err(ExecutorError::Refused(m)) if m.contains("41 cases")),
            "{refused:?}"
        );
    });
}

#[test]
fn languages_go_by_our_names_and_the_newest_version() {
    alone(async {
        let (stand_in, executors) = Judge::default().start().await;
        let offered = executors.languages().await.unwrap();
        let seen: Vec<(&str, &str)> = offered
            .iter()
            .map(|one| (&*one.language, &*one.version))
            .collect();
        assert_eq!(
            seen,
            [
                ("assembly", "2.14.02"),
                ("c++", "9.2.0"),
                ("csharp", "6.6.0.161"),
                ("javascript", "12.14.0"),
                ("python", "3.8.1"),
            ]
        );
        for (name, id) in [("cpp", 54), ("c++", 54), ("js", 63), ("py", 71), ("c#", 51)] {
            let mut one = run("x", &[""]);
            one.language = name;
            execute(&executors, &one).await.unwrap();
            assert_eq!(stand_in.asked().last().unwrap().body["language_id"], id);
        }
        let mut unknown = run("x", &[""]);
        unknown.language = "cobol";
        let refused = execute(&executors, &unknown).await;
        assert!(matches!(&refused, Err(ExecutorError::Refused(m)) if m.contains("cobol")));
    });
}
