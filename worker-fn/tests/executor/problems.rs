//! Which text of a problem a submission is judged by.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use shared::config::Secret;
use shared::domain::ids::ProblemId;
use shared::domain::problem::Problem;
use shared::domain::ticket::TicketKey;
use worker_fn::instance::Instance;

use crate::drains::{answer_to_service, app, invoke};
use crate::mock_queue::MockQueue;
use crate::mock_server::{MockServer, Shared};
use crate::support::{alone, pass_ms};

fn key() -> TicketKey {
    TicketKey::new(&Secret::new("token"))
}

/// A problem as it is published: its version and its text.
pub(crate) fn published(expected: &str) -> (String, String) {
    let value = json!({"title": "Echo", "kind": "program",
                       "cases": [{"input": "a", "expected": expected}]});
    let id = ProblemId::parse("p", "id").unwrap();
    let text = Problem::from_value(&id, &value).unwrap().to_json();
    (key().fingerprint(text.as_bytes()), text)
}

/// A runner whose programs print their input, and Redis.
async fn start(queue: &Shared<MockQueue>) -> (MockServer, [(&'static str, String); 1]) {
    let held = queue.clone();
    let server = MockServer::start(move |request| match request.path.as_str() {
        "/a/execute" => {
            let stdin = &request.body["stdin"];
            let run = json!({"stdout": stdin, "stderr": "", "output": stdin, "code": 0});
            (200, json!({"version": "1", "run": run}))
        }
        _ => held.with(|queue| queue.answer(&request.body)),
    })
    .await;
    let variables = [("EXECUTOR_URL", format!("{}/a", server.url))];
    (server, variables)
}

fn reads_of_the_text(queue: &Shared<MockQueue>) -> usize {
    let commands = queue.get().commands;
    commands.iter().filter(|name| *name == "GET").count()
}

/// The version and the verdict of each result.
fn verdicts(queue: &Shared<MockQueue>) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let documents = queue.get().documents;
    let read = |document: &Value| {
        let version = &document["judgement"]["problemVersion"];
        (text(version), text(&document["verdict"]))
    };
    documents.iter().map(read).collect()
}

/// A job's problem is looked up, then another version is published, then its text
/// is read, and then the first version is published again.
#[test]
fn a_publish_between_two_calls_poisons_no_instance() {
    alone(async {
        let (right, wrong) = (published("a"), published("b"));
        let queue = MockQueue::of(0);
        queue.with(|queue| queue.problem = Some(right.clone()));
        let (server, variables) = start(&queue).await;
        let instance = Instance::default();
        for (job, next) in [(0, Some(wrong.clone())), (1, None), (2, None)] {
            queue.with(|queue| {
                queue.waiting.push_back((job, false));
                queue.published_next = next;
                if job == 1 {
                    queue.problem = Some(right.clone());
                }
            });
            let report = invoke(&instance, &server, &variables).await;
            assert_eq!((report.completed, report.error), (1, None));
        }
        let accepted = (right.0, "Accepted".to_owned());
        let expected = [
            (wrong.0, "Wrong Answer".to_owned()),
            accepted.clone(),
            accepted,
        ];
        assert_eq!(verdicts(&queue), expected);
        // Twice for the first job, once for the second, and not for the third.
        assert_eq!(reads_of_the_text(&queue), 3);
    });
}

/// A claim that tells the versions leaves nothing to be looked up, and the jobs are
/// judged by them.
#[test]
fn a_version_that_came_with_the_claim_costs_no_call() {
    alone(async {
        let (first, second) = (published("a"), published("b"));
        let queue = MockQueue::of(0);
        queue.with(|queue| queue.tells_versions = true);
        let (server, variables) = start(&queue).await;
        let instance = Instance::default();
        for (job, problem) in [(0, &first), (1, &first), (2, &second)] {
            queue.with(|queue| {
                queue.waiting.push_back((job, false));
                queue.problem = Some(problem.clone());
            });
            let report = invoke(&instance, &server, &variables).await;
            assert_eq!((report.completed, report.error), (1, None));
        }
        let accepted = (first.0, "Accepted".to_owned());
        let expected = [
            accepted.clone(),
            accepted,
            (second.0, "Wrong Answer".to_owned()),
        ];
        assert_eq!(verdicts(&queue), expected);
        let commands = queue.get().commands;
        assert!(commands.iter().all(|name| name != "HMGET"), "{commands:?}");
        assert_eq!(reads_of_the_text(&queue), 2);
    });
}

/// Where much waits for memory, reading problems takes a while: less time for the code
/// would be a Time Limit Exceeded that is not its own.
#[test]
fn a_problem_that_is_slow_to_come_takes_no_time_from_the_code() {
    alone(async {
        let mut value = json!({"title": "Echo", "kind": "program", "limits": {"timeMs": 2_000},
                               "cases": [{"input": "a", "expected": "a"}]});
        let id = ProblemId::parse("p", "id").unwrap();
        for checker in [
            json!("lines"),
            json!({"kind": "program", "language": "c", "code": "x"}),
        ] {
            value["checker"] = checker;
            let text = Problem::from_value(&id, &value).unwrap().to_json();
            let queue = MockQueue::of(1);
            let version = key().fingerprint(text.as_bytes());
            queue.with(|queue| queue.problem = Some((version, text)));
            let held = queue.clone();
            let server = MockServer::start(move |request| match request.path.as_str() {
                "/a/execute" => {
                    let checks = request.body["language"] == "c";
                    let run =
                        json!({"stdout": "a", "stderr": "", "code": if checks { 42 } else { 0 }});
                    (200, json!({"version": "1", "run": run, "runs": [run]}))
                }
                _ => {
                    if request.body.to_string().contains("\"GET\"") {
                        pass_ms(14_900);
                    }
                    held.with(|queue| queue.answer(&request.body))
                }
            })
            .await;
            let variables = [("EXECUTOR_URL", format!("{}/a", server.url))];
            let report = invoke(&Instance::default(), &server, &variables).await;
            assert_eq!((report.completed, report.error), (1, None));
            let mut requests = server.requests().into_iter();
            let run = requests
                .find(|request| request.path == "/a/execute")
                .unwrap();
            assert_eq!(run.body["run_cpu_time"], 2_000);
            assert_eq!(verdicts(&queue)[0].1, "Accepted");
        }
    });
}

/// After a change of `TICKET_SECRET` no version is the fingerprint of its text.
#[test]
fn a_problem_that_was_published_under_another_secret_is_judged() {
    alone(async {
        let queue = MockQueue::of(3);
        let (_, text) = published("a");
        queue.with(|queue| queue.problem = Some(("old".into(), text)));
        let (server, variables) = start(&queue).await;
        let report = invoke(&Instance::default(), &server, &variables).await;
        assert_eq!((report.completed, report.error), (3, None));
        let expected = ("old".to_owned(), "Accepted".to_owned());
        assert_eq!(verdicts(&queue), vec![expected; 3]);
    });
}

#[test]
fn the_run_button_reads_a_problem_once() {
    alone(async {
        let queue = MockQueue::of(0);
        queue.with(|queue| queue.problem = Some(published("a")));
        let (server, variables) = start(&queue).await;
        let instance = Instance::default();
        let body = json!({"code": "c", "language": "python", "problemId": "p", "stdin": "5"});
        let click = async || -> Response<Bytes> {
            let request = Request::builder()
                .method(Method::POST)
                .uri("/run")
                .body(Bytes::from(body.to_string()))
                .unwrap();
            let app = app(&instance, &server, &variables);
            answer_to_service(&app, request).await
        };
        for _ in 0..3 {
            let response = click().await;
            let answer: Value = serde_json::from_slice(response.body()).unwrap();
            assert_eq!(
                (response.status(), &answer["output"]),
                (StatusCode::OK, &json!("5"))
            );
        }
        assert_eq!(queue.get().commands, ["HMGET", "GET", "HMGET", "HMGET"]);
        // Drains use what it read.
        queue.with(|queue| queue.waiting.push_back((0, false)));
        invoke(&instance, &server, &variables).await;
        assert_eq!((verdicts(&queue).len(), reads_of_the_text(&queue)), (1, 1));
        queue.with(|queue| queue.problem = None);
        assert_eq!(click().await.status(), StatusCode::NOT_FOUND);
    });
}
