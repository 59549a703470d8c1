//! Endpoints that are up and broken: they list their languages and fail at runs.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use worker_fn::executor::probes::PROBE_SOURCE;
use worker_fn::instance::Instance;

use crate::drains::{answer_to_service, app, invoke, runtimes, success, two_endpoints};
use crate::mock_judge0;
use crate::mock_queue::MockQueue;
use crate::mock_server::{MockServer, Received, Shared};
use crate::support::alone;

/// In everything that an endpoint says of its own trouble.
const WORDS: &str = "Too many open files";

type Answer = (u16, Value);

/// The ways in which a run fails without saying anything about the code.
fn failures() -> Vec<Answer> {
    let stage = json!({"stdout": "", "stderr": "", "output": "", "code": null,
                       "status": "XX", "message": WORDS});
    vec![
        (500, json!({ "message": WORDS })),
        (0, Value::Null),
        (302, Value::Null),
        (200, json!(["not Piston's"])),
        (200, json!({"version": "1", "run": stage})),
        (200, json!({"version": "1", "compile": stage, "run": stage})),
    ]
}

pub(crate) fn is_probe(request: &Received) -> bool {
    request.body["files"][0]["content"] == PROBE_SOURCE
}

/// One Piston, whose runs `answers` decides, and Redis.
async fn piston(
    queue: &Shared<MockQueue>,
    answers: impl Fn(&Received) -> Answer + 'static,
) -> (MockServer, [(&'static str, String); 1]) {
    let held = queue.clone();
    let server = MockServer::start(move |request| match request.path.as_str() {
        "/a/runtimes" => (200, runtimes("python")),
        "/a/execute" => answers(request),
        _ => held.with(|queue| queue.answer(&request.body)),
    })
    .await;
    let variables = [("EXECUTOR_URL", format!("{}/a", server.url))];
    (server, variables)
}

/// The numbers of all jobs that wait, sorted.
fn waiting(queue: &MockQueue) -> Vec<usize> {
    let mut numbers: Vec<usize> = queue.waiting.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_broken_endpoint_costs_no_job_an_attempt() {
    for failure in failures() {
        alone(async move {
            let queue = MockQueue::of(100);
            let broken = Shared::new(true);
            let now = broken.clone();
            let answer = failure.clone();
            let (server, variables) =
                piston(
                    &queue,
                    move |_| {
                        if now.get() { answer.clone() } else { success() }
                    },
                )
                .await;
            let instance = Instance::default();
            for _ in 0..4 {
                let report = invoke(&instance, &server, &variables).await;
                assert!(report.error.is_some() && !report.hand_over, "{report:?}");
            }
            invoke(&Instance::default(), &server, &variables).await;
            let after = queue.get();
            assert_eq!(
                (
                    after.retried,
                    after.isolated,
                    after.others,
                    after.snoozed.len()
                ),
                (0, 0, 0, 0),
                "{failure:?}"
            );
            assert_eq!(waiting(&after), (0..100).collect::<Vec<_>>(), "{failure:?}");
            // Six runs share a probe. Where it is known to be broken, no job is run.
            let probes = server.requests().iter().filter(|one| is_probe(one)).count();
            let runs = server.count("POST", "/a/execute") - probes;
            assert_eq!(runs, 2 * 6, "{failure:?}");
            assert!(probes <= 5 * 6, "{failure:?}: {probes}");

            broken.set(false);
            while !queue.get().waiting.is_empty() {
                let report = invoke(&instance, &server, &variables).await;
                assert_eq!(report.error, None);
            }
            let completed: BTreeSet<usize> = queue.get().completed.into_iter().collect();
            assert_eq!(completed.len(), 100, "{failure:?}");
        });
    }
}

#[test]
fn a_broken_judge0_costs_no_job_an_attempt() {
    for status in [500, 201] {
        alone(async move {
            let queue = MockQueue::of(20);
            let held = queue.clone();
            let server = MockServer::start(move |request| match request.path.as_str() {
                "/a/languages" => (200, mock_judge0::languages()),
                // Status 13 is an error of Judge0's own.
                "/a/submissions" => (status, json!({"status": {"id": 13}, "error": WORDS})),
                _ => held.with(|queue| queue.answer(&request.body)),
            })
            .await;
            let variables = [
                ("EXECUTOR_KIND", "judge0".to_owned()),
                ("EXECUTOR_URL", format!("{}/a", server.url)),
            ];
            let report = invoke(&Instance::default(), &server, &variables).await;
            assert!(report.error.is_some(), "{report:?}");
            let queue = queue.get();
            assert_eq!((queue.retried, queue.isolated, queue.others), (0, 0, 0));
            assert_eq!(waiting(&queue), (0..20).collect::<Vec<_>>());
        });
    }
}

/// Nothing but a probe runs there. The first two jobs cannot know; the third shows
/// that it is not the jobs.
#[test]
fn an_endpoint_that_runs_only_probes_costs_two_jobs_an_attempt() {
    for failure in failures() {
        alone(async move {
            let queue = MockQueue::of(60);
            let answer = failure.clone();
            let (server, variables) = piston(&queue, move |request| {
                if is_probe(request) {
                    success()
                } else {
                    answer.clone()
                }
            })
            .await;
            let instance = Instance::default();
            for _ in 0..4 {
                invoke(&instance, &server, &variables).await;
            }
            let after = queue.get();
            assert_eq!((after.retried, after.others), (2, 0), "{failure:?}");
            assert_eq!(after.completed, [] as [usize; 0]);
        });
    }
}

#[test]
fn jobs_move_on_from_an_endpoint_that_runs_only_probes() {
    alone(async {
        let queue = MockQueue::of(14);
        let held = queue.clone();
        let server = MockServer::start(move |request| match request.path.as_str() {
            "/a/runtimes" | "/b/runtimes" => (200, runtimes("python")),
            "/a/execute" if !is_probe(request) => (500, Value::Null),
            "/a/execute" | "/b/execute" => success(),
            _ => held.with(|queue| queue.answer(&request.body)),
        })
        .await;
        let variables = [two_endpoints(&server)];
        let report = invoke(&Instance::default(), &server, &variables).await;
        assert_eq!(report.error, None, "{report:?}");
        let queue = queue.get();
        assert_eq!((report.completed, queue.retried), (12, 2), "{report:?}");
        assert_eq!(queue.executors, vec!["b"; 12]);
    });
}

#[test]
fn a_job_that_fails_where_others_run_is_at_fault() {
    alone(async {
        let queue = MockQueue::of(10);
        let (server, variables) = piston(&queue, |request| {
            if request.body["files"][0]["content"] == "3" {
                failures().swap_remove(4)
            } else {
                success()
            }
        })
        .await;
        let report = invoke(&Instance::default(), &server, &variables).await;
        let queue = queue.get();
        assert_eq!(
            (report.completed, queue.retried, report.error.is_none()),
            (9, 1, true)
        );
        let probes = server.requests().iter().filter(|one| is_probe(one)).count();
        assert_eq!(probes, 1);
        // What the endpoint says of its own machine is for the log only.
        assert!(
            queue.reasons[0].contains("status XX"),
            "{:?}",
            queue.reasons
        );
        assert!(!queue.reasons[0].contains(WORDS), "{:?}", queue.reasons);
    });
}

#[test]
fn what_an_endpoint_says_of_its_own_trouble_is_logged() {
    for failure in failures()
        .into_iter()
        .filter(|(_, body)| body.to_string().contains(WORDS))
    {
        alone(async move {
            let queue = MockQueue::of(2);
            let (server, variables) = piston(&queue, move |_| failure.clone()).await;
            let report = invoke(&Instance::default(), &server, &variables).await;
            assert!(
                report.is_bad() && report.to_string().contains(WORDS),
                "{report}"
            );
        });
    }
}

/// Ruby fails at every run, its probe included; Python's jobs go on. `first`: so
/// many jobs in Ruby are in front of all others.
#[test]
fn a_broken_language_stops_no_other() {
    for first in [0, 14] {
        alone(async move {
            let queue = MockQueue::of(0);
            queue.with(|queue| {
                queue.with_ruby = true;
                let numbers = (0..first).map(|number| 2 * number + 1).chain(100..140);
                queue.waiting = numbers.map(|number| (number, false)).collect();
            });
            let held = queue.clone();
            let server = MockServer::start(move |request| match request.path.as_str() {
                "/a/runtimes" => {
                    let list = ["ruby", "python"].map(|name| runtimes(name)[0].clone());
                    (200, json!(list))
                }
                "/a/execute" if request.body["language"] == "ruby" => (500, Value::Null),
                "/a/execute" => success(),
                _ => held.with(|queue| queue.answer(&request.body)),
            })
            .await;
            let variables = [("EXECUTOR_URL", format!("{}/a", server.url))];
            let instance = Instance::default();
            for _ in 0..10 {
                let report = invoke(&instance, &server, &variables).await;
                assert_eq!(report.error, None, "{report:?}");
            }
            let queue = queue.get();
            assert_eq!(queue.completed.len(), 20, "{first}");
            assert!(queue.completed.iter().all(|number| number % 2 == 0));
            assert_eq!((queue.retried, queue.isolated, queue.others), (0, 0, 0));
            assert_eq!(queue.snoozed.len() + waiting(&queue).len(), 20 + first);
        });
    }
}

/// While the whole endpoint is broken, no job is taken for one of a broken
/// language.
#[test]
fn an_endpoint_that_worked_in_two_languages_and_breaks_keeps_the_order() {
    alone(async {
        let queue = MockQueue::of(12);
        queue.with(|queue| queue.with_ruby = true);
        let broken = Shared::new(false);
        let now = broken.clone();
        let (server, variables) = piston(&queue, move |_| {
            if now.get() {
                (500, Value::Null)
            } else {
                success()
            }
        })
        .await;
        let instance = Instance::default();
        assert_eq!(invoke(&instance, &server, &variables).await.completed, 12);
        queue.with(|queue| queue.waiting = (0..12).map(|number| (number, false)).collect());
        broken.set(true);
        invoke(&instance, &server, &variables).await;
        assert_eq!(waiting(&queue.get()), (0..12).collect::<Vec<_>>());
    });
}

/// An endpoint that was ejected gets a probe before it gets a job again.
#[test]
fn an_endpoint_that_still_fails_gets_a_probe_and_no_job() {
    alone(async {
        let queue = MockQueue::of(6);
        let (server, variables) = piston(&queue, |_| (503, Value::Null)).await;
        let instance = Instance::default();
        invoke(&instance, &server, &variables).await;
        let jobs = |server: &MockServer| {
            let requests = server.requests();
            let runs = requests.iter().filter(|one| one.is("POST", "/a/execute"));
            runs.filter(|one| !is_probe(one)).count()
        };
        assert_eq!(jobs(&server), 6);
        let report = invoke(&instance, &server, &variables).await;
        assert!(report.error.is_some());
        assert_eq!(jobs(&server), 6, "a probe told enough");
        assert_eq!(waiting(&queue.get()), [0, 1, 2, 3, 4, 5]);
    });
}

/// A click on "Run" whose code the endpoint does not survive takes the endpoint
/// away from nobody; one that meets a broken endpoint goes to the next.
#[test]
fn a_run_ejects_no_endpoint_that_runs_a_probe() {
    alone(async {
        for (probe, expected) in [(200, "a"), (500, "b")] {
            let queue = MockQueue::of(0);
            let held = queue.clone();
            let server = MockServer::start(move |request| match request.path.as_str() {
                "/a/runtimes" | "/b/runtimes" => (200, runtimes("python")),
                "/a/execute" if request.body["files"][0]["content"] == "bad" => (0, Value::Null),
                "/a/execute" if is_probe(request) => (probe, success().1),
                "/a/execute" | "/b/execute" => success(),
                _ => held.with(|queue| queue.answer(&request.body)),
            })
            .await;
            let (instance, variables) = (Instance::default(), [two_endpoints(&server)]);
            let body = json!({"code": "bad", "language": "python"}).to_string();
            let request = Request::builder()
                .method(Method::POST)
                .uri("/run")
                .body(Bytes::from(body))
                .unwrap();
            let app = app(&instance, &server, &variables);
            let response = answer_to_service(&app, request).await;
            let status = if probe == 200 { 502 } else { 200 };
            assert_eq!(response.status().as_u16(), status);
            queue.with(|queue| queue.waiting.push_back((1, false)));
            invoke(&instance, &server, &variables).await;
            assert_eq!(queue.get().executors, [expected]);
        }
    });
}
