//! A machine that is too busy: the wall clock stops compilers that mostly waited.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use worker_fn::instance::Instance;

use crate::drains::{answer_to_service, app, invoke, runtimes, success};
use crate::faults::is_probe;
use crate::mock_queue::MockQueue;
use crate::mock_server::{MockServer, Received, Shared};
use crate::problems::published;
use crate::support::alone;

type Answer = (u16, Value);

/// A compiler that worked for so long, and then the wall clock stopped it.
pub(crate) fn stopped(cpu_ms: u64) -> Answer {
    let stage = json!({"stdout": "", "stderr": "a warning", "code": null, "signal": "SIGKILL",
                       "status": "TO", "message": "The compiler took longer than 25 s",
                       "cpu_time": cpu_ms, "wall_time": 25_003});
    (200, json!({"version": "1", "compile": stage, "run": stage}))
}

const STARVED_MS: u64 = 2_345;

/// An endpoint whose runs `answers` decides, by how many there were, and Redis, whose
/// jobs are tried again at once.
async fn start(
    queue: &Shared<MockQueue>,
    answers: impl Fn(usize, &Received) -> Answer + 'static,
) -> (MockServer, [(&'static str, String); 1]) {
    queue.with(|queue| queue.tries_again = true);
    let (held, runs) = (queue.clone(), Shared::new(0));
    let server = MockServer::start(move |request| match request.path.as_str() {
        "/a/runtimes" => (200, runtimes("python")),
        "/a/execute" => {
            let before = runs.get();
            runs.set(before + 1);
            answers(before, request)
        }
        _ => held.with(|queue| queue.answer(&request.body)),
    })
    .await;
    let variables = [("EXECUTOR_URL", format!("{}/a", server.url))];
    (server, variables)
}

fn probes(server: &MockServer) -> usize {
    server.requests().iter().filter(|one| is_probe(one)).count()
}

#[test]
fn a_submission_whose_compiler_waited_is_run_again() {
    for (problem, verdict) in [
        (None, "Executed"),
        (Some("a"), "Accepted"),
        (Some("b"), "Wrong Answer"),
    ] {
        alone(async move {
            let queue = MockQueue::of(1);
            queue.with(|queue| queue.problem = problem.map(published));
            let (server, variables) = start(&queue, |before, _| match before {
                0 => stopped(STARVED_MS),
                _ => {
                    let run = json!({"stdout": "a\n", "stderr": "", "code": 0});
                    (200, json!({"version": "1", "run": run}))
                }
            })
            .await;
            let report = invoke(&Instance::default(), &server, &variables).await;
            let queue = queue.get();
            assert_eq!((report.completed, report.retried), (1, 1), "{report:?}");
            let document = &queue.documents[0];
            assert_eq!(document["verdict"], verdict, "{document}");
            assert_eq!(document["attempts"], 2);
            let reason = &queue.reasons[0];
            assert!(
                reason.contains("too busy: a compiler got 2.3 s of CPU time in 25.0 s"),
                "{reason}"
            );
            assert_eq!(server.count("POST", "/a/execute"), 2);
            assert_eq!(probes(&server), 0);
        });
    }
}

/// Such as a compiler that sleeps because the code says so.
#[test]
fn a_compiler_that_always_waits_ends_in_a_dead_letter_and_harms_no_other() {
    alone(async {
        let queue = MockQueue::of(3);
        let (server, variables) = start(&queue, |_, request| {
            if request.body["files"][0]["content"] == "1" {
                stopped(STARVED_MS)
            } else {
                success()
            }
        })
        .await;
        let report = invoke(&Instance::default(), &server, &variables).await;
        assert_eq!(report.error, None, "{report:?}");
        let mut queue = queue.get();
        queue.completed.sort_unstable();
        assert_eq!(queue.completed, [0, 2]);
        assert_eq!((queue.retried, queue.others), (2, 1));
        let [letter] = &queue.dead[..] else {
            panic!("{:?}", queue.dead);
        };
        assert_eq!(letter["attempts"], 3);
        assert_eq!(letter["history"].as_array().unwrap().len(), 3);
        let reason = letter["reason"].as_str().unwrap();
        assert!(
            reason.starts_with(
                "Given up after 3 attempts. The last one: \
                 the execution endpoint's machine was too busy"
            ),
            "{reason}"
        );
        // No run of theirs was in vain, and the endpoint stayed in use.
        assert_eq!(probes(&server), 0);
        assert_eq!(server.count("POST", "/a/execute"), 2 + 3);
    });
}

#[test]
fn a_compiler_that_worked_most_of_the_time_took_too_long() {
    for problem in [None, Some("a")] {
        alone(async move {
            let queue = MockQueue::of(1);
            queue.with(|queue| queue.problem = problem.map(published));
            let (server, variables) = start(&queue, |_, _| stopped(9_100)).await;
            let report = invoke(&Instance::default(), &server, &variables).await;
            assert_eq!((report.completed, report.retried), (1, 0), "{report:?}");
            let document = &queue.get().documents[0];
            assert_eq!(document["verdict"], "Compilation Error", "{document}");
            assert_eq!(document["attempts"], 1);
        });
    }
}

#[test]
fn a_run_says_that_the_machine_was_too_busy() {
    alone(async {
        let queue = MockQueue::of(0);
        let (server, variables) = start(&queue, |before, _| match before {
            0 => stopped(STARVED_MS),
            _ => stopped(9_100),
        })
        .await;
        let instance = Instance::default();
        let app = app(&instance, &server, &variables);
        let click = || {
            let body = json!({"code": "x", "language": "python"}).to_string();
            let request = Request::builder().method(Method::POST).uri("/run");
            answer_to_service(&app, request.body(Bytes::from(body)).unwrap())
        };
        let response = click().await;
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        assert!(response.headers().contains_key("retry-after"));
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["error"]["code"], "executor_unavailable", "{body}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("The machine was too busy"), "{message}");
        assert_eq!(probes(&server), 0);
        // The same endpoint goes on without a probe, and a slow compiler is the code's.
        let response = click().await;
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["verdict"], "Compilation Error", "{body}");
        assert_eq!(server.count("POST", "/a/execute"), 2);
    });
}
