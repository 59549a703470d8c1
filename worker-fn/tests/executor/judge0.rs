//! Judge0 CE, by the shapes of its contract.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::domain::stage::Termination::{NonZeroExit, Signal, Success, TimeLimit};
use worker_fn::executor::{ExecutorError, RunFile, RunLimits};
use worker_fn::limits::CallCounter;

use crate::mock_judge0::{Judge, base64, languages, submission};
use crate::mock_server::{MockServer, Received, Shared};
use crate::support::{
    alone, calls_left, config, endpoints, execute, job_budget, one, outputs, pass_ms, run,
};

#[test]
fn one_input_is_one_call_that_waits() {
    alone(async {
        let judge = Judge::default();
        let server = MockServer::start(move |request| judge.answer(request)).await;
        let endpoints = endpoints(&config(&[
            ("EXECUTOR_KIND", "judge0"),
            ("EXECUTOR_URL", &server.url),
            ("EXECUTOR_TOKEN", "hidden"),
            ("RUN_TIMEOUT_MS", "4000"),
        ]));
        let long = "ä".repeat(100);
        let execution = execute(&endpoints, &run("print('ö')", &[&long]))
            .await
            .unwrap();
        assert_eq!(outputs(&execution), [long.as_str()]);
        assert_eq!(
            (execution.version.as_str(), &execution.compile),
            ("3.8.1", &None)
        );
        let report = &execution.runs[0];
        assert!(report.is_success());
        assert_eq!(
            (report.stage.cpu_time_ms, report.stage.wall_time_ms),
            (Some(12), Some(50))
        );
        assert_eq!(report.stage.memory_bytes, Some(3_400 * 1_024));

        let mut limited = run("x", &[""]);
        limited.limits = RunLimits {
            time_ms: Some(1_050),
            memory_bytes: Some((1 << 26) + 1),
            output_bytes: None,
        };
        execute(&endpoints, &limited).await.unwrap();
        let request = server.requests();
        assert!(request[0].is("GET", "/languages"));
        assert!(request[1].is("POST", "/submissions"));
        assert_eq!(request[1].header("x-auth-token"), Some("hidden"));
        assert_eq!(request[1].header("authorization"), None);
        assert_eq!(
            request[1].body,
            json!({"source_code": STANDARD.encode("print('ö')"), "language_id": 71,
                   "stdin": STANDARD.encode(&long), "wall_time_limit": 4.0})
        );
        assert_eq!(
            request[2].body,
            json!({"source_code": "eA==", "language_id": 71, "stdin": "",
                   "cpu_time_limit": 1.05, "wall_time_limit": 4.15,
                   "memory_limit": (1 << 16) + 1})
        );
        assert_eq!(request.len(), 3, "its list is remembered");
        pass_ms(3_600_000);
        execute(&endpoints, &limited).await.unwrap();
        assert_eq!(server.count("GET", "/languages"), 2, "for a while");
    });
}

#[test]
fn wall_time_is_three_times_the_cpu_time_within_what_there_is() {
    alone(async {
        let judge = Judge::default();
        let server = MockServer::start(move |request| judge.answer(request)).await;
        let endpoints = one("judge0", &server.url);
        // A job has 15 s in these tests. The least is 1 s, and the CPU time.
        for (time_ms, cpu, wall) in [
            (100, 0.1, 1.3),
            (2_000, 2.0, 7.0),
            (5_000, 5.0, 13.0),
            (14_000, 14.0, 14.0),
        ] {
            for inputs in [&["a"][..], &["a", "b"]] {
                let mut limited = run("x", inputs);
                limited.limits.time_ms = Some(time_ms);
                execute(&endpoints, &limited).await.unwrap();
                let requests = server.requests();
                let of_runs = |request: &&Received| request.path.starts_with("/submissions");
                let post = |request: &&Received| request.method == "POST" && of_runs(request);
                let body = &requests.iter().rfind(post).unwrap().body;
                let one = body["submissions"].get(1).unwrap_or(body);
                assert_eq!(one["cpu_time_limit"], cpu, "{body}");
                let got = one["wall_time_limit"].as_f64().unwrap();
                assert!((got - wall).abs() < 0.2, "{time_ms}: {body}");
            }
        }
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
            let server = MockServer::start(move |request| {
                let mut request = request.clone();
                if !no_wait {
                    // Takes `wait` for something that it does not know.
                    request.query = request.query.replace("wait=true&", "");
                }
                judge.answer(&request)
            })
            .await;
            let endpoints = one("judge0", &server.url);
            for _ in 0..2 {
                let execution = execute(&endpoints, &run("x", &["in"])).await.unwrap();
                assert_eq!(outputs(&execution), ["in"]);
            }
            // One that does not let us wait is not request to a second time.
            let posts = server.count("POST", "/submissions");
            assert_eq!(posts, if no_wait { 3 } else { 2 });
            assert_eq!(server.count("GET", "/submissions/7e15-0000"), 4);
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
        let (server, endpoints) = judge.start().await;
        let inputs: Vec<String> = (0..45).map(|number| number.to_string()).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let execution = execute(&endpoints, &run("x", &inputs)).await.unwrap();
        assert_eq!(outputs(&execution), inputs);
        assert_eq!(server.count("POST", "/submissions/batch"), 3);
        assert_eq!(server.count("GET", "/submissions/batch"), 9);
        assert!(server.most_in_flight() <= 6);
    });
}

#[test]
fn a_batch_after_a_failure_is_not_sent_if_nobody_wants_it() {
    alone(async {
        let (server, endpoints) = Judge::default().start().await;
        let mut inputs = vec!["good"; 50];
        inputs[23] = "fail";
        let mut several = run("x", &inputs);
        several.stop_at_first_failure = true;
        let execution = execute(&endpoints, &several).await.unwrap();
        assert_eq!(outputs(&execution), inputs[..24]);
        assert_eq!(execution.runs[23].stage.code, Some(3));
        assert_eq!(server.count("POST", "/submissions/batch"), 2);
    });
}

#[test]
fn a_status_is_told_in_pistons_words() {
    alone(async {
        let fields = Shared::new(json!({}));
        let given = fields.clone();
        let server = MockServer::start(move |request| match request.path.as_str() {
            "/languages" => (200, languages()),
            _ => (201, submission(&request.query, given.get())),
        })
        .await;
        let endpoints = one("judge0", &server.url);
        let rows = [
            (3, json!({}), (Success, Some(0), None)),
            (4, json!({}), (Success, Some(0), None)),
            (
                5,
                json!({"exit_code": null}),
                (TimeLimit, None, Some("SIGKILL")),
            ),
            (
                7,
                json!({"exit_signal": 11}),
                (Signal, None, Some("SIGSEGV")),
            ),
            (7, json!({}), (Signal, None, Some("SIGSEGV"))),
            (
                8,
                json!({"exit_signal": 25}),
                (Signal, None, Some("SIGXFSZ")),
            ),
            (9, json!({}), (Signal, None, Some("SIGFPE"))),
            (
                10,
                json!({"exit_signal": 6}),
                (Signal, None, Some("SIGABRT")),
            ),
            (11, json!({"exit_code": 2}), (NonZeroExit, Some(2), None)),
            (11, json!({"exit_code": null}), (NonZeroExit, Some(1), None)),
            (
                12,
                json!({"exit_signal": 9}),
                (Signal, None, Some("SIGKILL")),
            ),
            (12, json!({"exit_code": 7}), (NonZeroExit, Some(7), None)),
            (
                14,
                json!({"exit_code": 126}),
                (NonZeroExit, Some(126), None),
            ),
        ];
        for (id, more, (termination, code, signal)) in rows {
            let mut all = json!({"status": {"id": id, "description": "…"},
                "stdout": base64(b"out"), "stderr": base64(&[0xff, b'e']),
                "message": base64(b"said")});
            all.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            fields.set(all);
            let execution = execute(&endpoints, &run("x", &[""])).await.unwrap();
            let report = &execution.runs[0];
            let seen = &report.stage;
            assert_eq!(
                (seen.termination, seen.code, seen.signal.as_deref()),
                (termination, code, signal),
                "{id} {more}"
            );
            assert_eq!((&*seen.stdout, &*seen.stderr), ("out", "\u{fffd}e"));
            assert_eq!(report.output, "out\u{fffd}e");
            assert_eq!(seen.message.as_deref(), Some("said"));
            assert_eq!(report.is_success(), id < 5);
        }
        // Trouble of its own says nothing about the code.
        fields.set(json!({"status": {"id": 13}, "message": base64(b"no box")}));
        let failed = execute(&endpoints, &run("x", &[""])).await.unwrap_err();
        assert_eq!(failed.words(), Some("no box"));
        assert!(!failed.to_string().contains("box"), "{failed}");
        // A sentence that is not encoded is taken as it is.
        fields.set(json!({"message": "Exited with error status 1"}));
        let execution = execute(&endpoints, &run("x", &[""])).await.unwrap();
        let message = execution.runs[0].stage.message.as_deref();
        assert_eq!(message, Some("Exited with error status 1"));
        // What a compiler said.
        fields.set(json!({"compile_output": base64(b"a warning")}));
        let execution = execute(&endpoints, &run("x", &[""])).await.unwrap();
        let compile = execution.compile.unwrap();
        assert_eq!(
            (&*compile.output, compile.stage.code),
            ("a warning", Some(0))
        );
        fields.set(
            json!({"status": {"id": 6, "description": "Compilation Error"},
            "compile_output": base64(b"no such thing"), "time": null, "memory": null}),
        );
        let execution = execute(&endpoints, &run("x", &[""])).await.unwrap();
        assert_eq!(execution.runs, []);
        let compile = execution.compile.unwrap();
        assert_eq!(
            (&*compile.output, compile.stage.code),
            ("no such thing", Some(1))
        );
        assert!(!compile.is_success());
    });
}

#[test]
fn failures_are_sorted_by_whose_fault_they_are() {
    alone(async {
        let answer = Shared::new((0, json!(null)));
        let given = answer.clone();
        let server = MockServer::start(move |request| match request.path.as_str() {
            "/languages" => (200, languages()),
            _ => given.get(),
        })
        .await;
        let endpoints = one("judge0", &server.url);
        let too_long = json!({"cpu_time_limit": ["must be less than or equal to 15.0"]});
        for (status, body, expected, part) in [
            (422, too_long.clone(), "LimitTooHigh", "15000"),
            (400, json!({"error": "not today"}), "Refused", "not today"),
            (401, json!(null), "NoResponse", "401"),
            (403, json!(null), "NoResponse", "403"),
            (503, json!({"error": "queue is full"}), "Unavailable", "503"),
            (429, json!(null), "Unavailable", "429"),
            (500, json!(null), "Failed", "500"),
            (502, json!(null), "NoResponse", "502"),
            (0, json!(null), "NoResponse", ""),
            (201, json!(3), "NoResponse", "Judge0"),
            (201, json!({"token": "../../about"}), "NoResponse", "Judge0"),
            (201, json!({"status": {"id": 99}}), "NoResponse", "status"),
            (
                201,
                json!({"status": {"id": 3}, "stdout": "!"}),
                "NoResponse",
                "stdout",
            ),
        ] {
            for inputs in [&["a"][..], &["a", "b"]] {
                answer.set((status, body.clone()));
                let error = execute(&endpoints, &run("", inputs)).await.unwrap_err();
                let text = format!("{error:?}");
                assert!(text.starts_with(expected), "{status} {body}: {text}");
                assert!(text.contains(part) || inputs.len() > 1, "{text}");
                assert!(!text.contains("127.0.0.1"), "{text}");
            }
        }
        // A batch that is refused in part.
        answer.set((201, json!([{"token": "a"}, too_long])));
        let refused = execute(&endpoints, &run("", &["a", "b"])).await;
        let field = "limits.timeMs";
        let most = 15_000;
        assert_eq!(refused, Err(ExecutorError::LimitTooHigh { field, most }));
    });
}

#[test]
fn what_does_not_end_is_left_when_the_time_is_over() {
    alone(async {
        let inputs = ["0", "1", "2"];
        for (open, id, expected) in [(0, 1, "Unavailable"), (0, 2, "NoResponse"), (2, 2, "")] {
            let judge = Judge::default();
            let server = MockServer::start(move |request| {
                let (status, mut answer) = judge.answer(request);
                let all = answer.get_mut("submissions");
                if let Some(all) = all.and_then(Value::as_array_mut) {
                    // Those that are still open are request for in their order.
                    let first = inputs.len() - all.len();
                    for (at, one) in all.iter_mut().enumerate() {
                        if at + first >= open {
                            one["status"]["id"] = json!(id);
                        }
                    }
                }
                if request.path.starts_with("/submissions/7e15") {
                    answer["status"]["id"] = json!(id);
                }
                (status, answer)
            })
            .await;
            let endpoints = one("judge0", &server.url);
            match execute(&endpoints, &run("x", &inputs)).await {
                Ok(execution) => assert_eq!(outputs(&execution), inputs[..open]),
                Err(error) => {
                    assert!(!expected.is_empty());
                    assert!(format!("{error:?}").starts_with(expected), "{error:?}");
                }
            }
            // The pauses grow, so even a whole job's time is not many calls.
            assert!(server.requests().len() < 20);
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
        let (server, endpoints) = judge.start().await;
        execute(&endpoints, &run("x", &["warm"])).await.unwrap();
        let before = server.requests().len();
        // Two batches: sent, and request about three times each, and no call more. Of
        // a fresh invocation a job could have 11.
        let whole = 11 + 20 - CallCounter::new(20).most_for_a_job();
        let all = calls_left(whole, 8);
        let left = all.left();
        let budget = job_budget(&all);
        let selected = endpoints.select("python", &budget).await.unwrap();
        let inputs = ["x"; 41];
        let unfinished = selected.execute(&run("", &inputs[..40]), &budget).await;
        assert!(
            matches!(unfinished, Err(ExecutorError::NoResponse(_))),
            "{unfinished:?}"
        );
        drop(budget);
        let made = u64::try_from(server.requests().len() - before).unwrap();
        assert!((6..=8).contains(&made), "{made}");
        assert_eq!(all.left() + made, left, "each is counted");

        let budget = job_budget(&calls_left(whole, 8));
        let refused = selected.execute(&run("", &inputs), &budget).await;
        assert!(
            matches!(&refused, Err(ExecutorError::Refused(m)) if m.contains("41 cases")),
            "{refused:?}"
        );
    });
}

#[test]
fn languages_go_by_our_names_and_the_newest_version() {
    alone(async {
        let (server, endpoints) = Judge::default().start().await;
        let offered = endpoints.languages().await.unwrap();
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
            execute(&endpoints, &one).await.unwrap();
            assert_eq!(server.requests().last().unwrap().body["language_id"], id);
        }
        let mut unknown = run("x", &[""]);
        unknown.language = "cobol";
        let refused = execute(&endpoints, &unknown).await;
        assert!(matches!(&refused, Err(ExecutorError::Refused(m)) if m.contains("cobol")));
    });
}

#[test]
fn other_files_and_arguments_go_with_every_submission() {
    alone(async {
        let judge = Judge::default();
        let server = MockServer::start(move |request| judge.answer(request)).await;
        let endpoints = one("judge0", &server.url);
        let args = ["it's".to_owned()];
        let large = "x".repeat(900_000);
        let mut several = run("import lib", &["1", "2", "3", "4"]);
        several.files.push(RunFile::named("lib.py", &large));
        several.args = &args;
        let execution = execute(&endpoints, &several).await.unwrap();
        assert_eq!(outputs(&execution), ["1", "2", "3", "4"]);
        let mut sizes = Vec::new();
        for request in server.requests() {
            if !request.is("POST", "/submissions/batch") {
                continue;
            }
            let submissions = request.body["submissions"].as_array().unwrap().clone();
            sizes.push(submissions.len());
            for one in submissions {
                assert_eq!(one["source_code"], STANDARD.encode("import lib"));
                assert_eq!(one["command_line_arguments"], r"'it'\''s'");
                let archive = STANDARD.decode(one["additional_files"].as_str().unwrap());
                assert!(archive.unwrap().starts_with(b"PK\x03\x04"));
            }
        }
        // Of 1.2 MB of base64 each, three fit into 4 MB.
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 3]);
    });
}
