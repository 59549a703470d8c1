//! Drains: several endpoints, jobs that need several calls, and the calls of an
//! invocation.

use std::rc::Rc;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use shared::http::Caller;
use worker_fn::config::Config;
use worker_fn::drain::report::Report;
use worker_fn::http::{App, CRON, Sender};
use worker_fn::instance::Instance;

use crate::mock_queue::MockQueue;
use crate::mock_server::{MockServer, Received, Shared};
use crate::support::{RUNTIME, alone, now_ms};

/// A fresh invocation of an instance.
pub(crate) async fn invoke(
    instance: &Instance,
    server: &MockServer,
    variables: &[(&str, String)],
) -> Report {
    app(instance, server, variables)
        .drain(CRON, 0, None)
        .await
        .unwrap()
}

/// worker-fn, with Redis and the endpoints on one server, on the paid plan with the calls
/// of the free one.
pub(crate) fn app(instance: &Instance, server: &MockServer, variables: &[(&str, String)]) -> App {
    let settings = Config::settings(&|name| match name {
        "UPSTASH_REDIS_REST_URL" => Some(server.url.clone()),
        "UPSTASH_REDIS_REST_TOKEN" => Some("token".into()),
        _ => {
            let usual = [("PLAN", "paid"), ("SUBREQUEST_BUDGET", "45")];
            let usual = usual.map(|(key, value)| (key, value.to_owned()));
            let mut all = variables.iter().chain(&usual);
            all.find(|(key, _)| *key == name)
                .map(|(_, value)| value.clone())
        }
    });
    App::new(settings, RUNTIME, instance.clone())
}

/// The answer to a call of submit-fn.
pub(crate) async fn answer_to_service(app: &App, request: Request<Bytes>) -> Response<Bytes> {
    let sender = Sender {
        caller: Caller::Nobody,
        is_service: true,
    };
    let headers = request.headers().clone();
    app.answer(&headers, &sender, Ok(request)).await.response
}

/// A Judge0 that gives only tokens; a submission has ended when it is polled for
/// the second time. So a job takes three calls, and reserves up to five.
fn slow_judge0(request: &Received, polls: &Shared<Vec<usize>>) -> (u16, Value) {
    if request.path.ends_with("/languages") {
        return (200, json!([{"id": 71, "name": "Python (3.8.1)"}]));
    }
    polls.with(|polls| {
        if request.method == "POST" {
            polls.push(0);
            return (201, json!({"token": (polls.len() - 1).to_string()}));
        }
        let token = request.path.rsplit('/').next().unwrap();
        let count = &mut polls[token.parse::<usize>().unwrap()];
        *count += 1;
        let id = if *count < 2 { 2 } else { 3 };
        (
            200,
            json!({"token": token, "status": {"id": id}, "exit_code": 0}),
        )
    })
}

/// A run that ended well.
pub(crate) fn success() -> (u16, Value) {
    let stage = json!({"stdout": "", "stderr": "", "output": "", "code": 0});
    (200, json!({"version": "1", "run": stage}))
}

pub(crate) fn runtimes(language: &str) -> Value {
    json!([{"language": language, "version": "1.0", "aliases": []}])
}

/// `EXECUTORS` for two endpoints of one server, `a` and `b`.
pub(crate) fn two_endpoints(server: &MockServer) -> (&'static str, String) {
    let url = &server.url;
    let list = json!([{"name": "a", "url": format!("{url}/a")},
                      {"name": "b", "url": format!("{url}/b")}]);
    ("EXECUTORS", list.to_string())
}

#[test]
fn jobs_of_several_calls_keep_to_the_budget() {
    const BUDGET: usize = 24;
    alone(async {
        let queue = MockQueue::of(14);
        let (held, polls) = (queue.clone(), Shared::new(Vec::new()));
        let server = MockServer::start(move |request| {
            if request.path.starts_with("/judge0") {
                slow_judge0(request, &polls)
            } else {
                held.with(|queue| queue.answer(&request.body))
            }
        })
        .await;
        let variables = [
            ("EXECUTOR_KIND", "judge0".to_owned()),
            ("EXECUTOR_URL", format!("{}/judge0", server.url)),
            ("SUBREQUEST_BUDGET", BUDGET.to_string()),
        ];
        let instance = Instance::default();
        let mut before = 0;
        for _ in 0..14 {
            let report = invoke(&instance, &server, &variables).await;
            assert_eq!(report.error, None);
            let calls = server.requests().len() - before;
            before += calls;
            // One call is left for the hand-over.
            assert!(calls < BUDGET, "{calls}");
            if queue.get().waiting.is_empty() {
                break;
            }
            assert!(report.hand_over, "{report:?}");
        }
        let queue = queue.get();
        let mut completed = queue.completed.clone();
        completed.sort_unstable();
        assert_eq!(completed, (0..14).collect::<Vec<_>>());
        assert!(queue.released > 0, "some waited for the next invocation");
        assert_eq!((queue.isolated, queue.retried, queue.others), (0, 0, 0));
        assert!(server.most_in_flight() <= 6);
    });
}

/// Two Pistons that answer `/execute` with these statuses, and Redis.
async fn pistons(queue: &Shared<MockQueue>, a: u16, b: u16) -> MockServer {
    let held = queue.clone();
    MockServer::start(move |request| {
        let status = match request.path.get(..3) {
            Some("/a/") => a,
            Some("/b/") => b,
            _ => return held.with(|queue| queue.answer(&request.body)),
        };
        if request.path.ends_with("/runtimes") {
            // An endpoint lists its languages unless it is down.
            return (if status == 0 { 0 } else { 200 }, runtimes("python"));
        }
        (status, success().1)
    })
    .await
}

#[test]
fn jobs_move_on_at_once_from_an_endpoint_that_is_down() {
    for status in [503, 0] {
        alone(async move {
            let queue = MockQueue::of(14);
            let server = pistons(&queue, status, 200).await;
            let variables = [two_endpoints(&server)];
            let report = invoke(&Instance::default(), &server, &variables).await;
            let queue = queue.get();
            assert_eq!(report.error, None, "{status}");
            assert_eq!((report.completed, report.retried), (14, 0), "{status}");
            assert_eq!(queue.executors, vec!["b"; 14]);
            assert!(
                server.count("POST", "/a/execute") <= 6,
                "at most the first six"
            );
            assert!(server.most_in_flight() <= 6);
        });
    }
}

#[test]
fn jobs_are_released_when_no_endpoint_is_left() {
    alone(async {
        let queue = MockQueue::of(14);
        let server = pistons(&queue, 503, 503).await;
        let variables = [two_endpoints(&server)];
        let report = invoke(&Instance::default(), &server, &variables).await;
        let queue = queue.get();
        assert!(report.error.is_some());
        assert_eq!(report.completed + queue.completed.len(), 0);
        assert_eq!((queue.retried, queue.others), (0, 0));
        let mut numbers: Vec<usize> = queue.waiting.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..14).collect::<Vec<_>>());
    });
}

/// Ruby's only endpoint is down: Python's jobs are completed, and Ruby's wait
/// without an attempt that counts. `list` and `run`: how that endpoint answers.
#[test]
fn jobs_of_other_languages_do_not_wait_for_an_endpoint_that_is_down() {
    for (list, run) in [(200, 503), (502, 503)] {
        alone(async move {
            let queue = MockQueue::of(40);
            queue.with(|queue| queue.with_ruby = true);
            let held = queue.clone();
            let server = MockServer::start(move |request| match request.path.as_str() {
                "/a/runtimes" => (200, runtimes("python")),
                "/b/runtimes" => (list, runtimes("ruby")),
                "/a/execute" => success(),
                "/b/execute" => (run, json!({"message": "m"})),
                _ => held.with(|queue| queue.answer(&request.body)),
            })
            .await;
            let variables = [
                two_endpoints(&server),
                ("SUBREQUEST_BUDGET", "100".to_owned()),
            ];
            let report = invoke(&Instance::default(), &server, &variables).await;
            let queue = queue.get();
            assert_eq!(report.error, None, "{report:?}");
            assert_eq!((report.completed, report.released), (20, 20), "{report:?}");
            let mut snoozed: Vec<usize> = Vec::new();
            for (number, pause_ms) in queue.snoozed {
                assert_eq!(pause_ms, 30_000);
                snoozed.push(number);
            }
            let mut completed = queue.completed;
            completed.sort_unstable();
            snoozed.sort_unstable();
            assert!(
                completed.iter().all(|number| number % 2 == 0),
                "{completed:?}"
            );
            assert_eq!(snoozed, (0..20).map(|n| 2 * n + 1).collect::<Vec<_>>());
            let others = queue.released + queue.isolated + queue.retried + queue.others;
            assert_eq!(others, 0);
            assert!(
                server.count("POST", "/b/execute") <= 6,
                "at most the first six"
            );
        });
    }
}

/// When problems cannot be looked up, nothing more is claimed, whatever else asks
/// for it: here a job that is to be tried again alone.
#[test]
fn nothing_is_claimed_when_problems_cannot_be_looked_up() {
    alone(async {
        let queue = MockQueue::of(20);
        queue.with(|queue| queue.look_ups_left = Some(1));
        let held = queue.clone();
        let server = MockServer::start(move |request| match request.path.as_str() {
            "/a/runtimes" => (200, json!([])),
            // The last job of the first claim is not answered.
            "/a/execute" if request.body["files"][0]["content"] == "11" => (0, json!(null)),
            "/a/execute" => success(),
            _ => held.with(|queue| queue.answer(&request.body)),
        })
        .await;
        let variables = [("EXECUTOR_URL", format!("{}/a", server.url))];
        let report = invoke(&Instance::default(), &server, &variables).await;
        assert!(report.error.is_some() && !report.hand_over, "{report:?}");
        let queue = queue.get();
        assert_eq!((queue.claims, queue.isolated), (2, 1), "{report:?}");
        assert_eq!(queue.waiting.len() + queue.completed.len(), 20);
    });
}

/// With one endpoint: a job that gets no response, and none when it runs alone
/// either, is at fault.
#[test]
fn a_job_that_a_live_endpoint_never_answers_is_at_fault() {
    alone(async {
        let queue = MockQueue::of(3);
        let held = queue.clone();
        let server = MockServer::start(move |request| match request.path.as_str() {
            "/a/runtimes" => (200, json!([])),
            "/a/execute" if request.body["files"][0]["content"] == "1" => (0, json!(null)),
            "/a/execute" => success(),
            _ => held.with(|queue| queue.answer(&request.body)),
        })
        .await;
        let variables = [("EXECUTOR_URL", format!("{}/a", server.url))];
        let report = invoke(&Instance::default(), &server, &variables).await;
        let queue = queue.get();
        assert_eq!(
            (queue.isolated, queue.retried, queue.released),
            (1, 1, 0),
            "{report:?}"
        );
        let mut completed = queue.completed.clone();
        completed.sort_unstable();
        assert_eq!(completed, [0, 2]);
    });
}

/// A wake-up is answered with them. One that gets no end yet is not among them.
#[test]
fn the_first_jobs_that_get_their_ends_are_told_once() {
    alone(async {
        let queue = MockQueue::of(30);
        let server = pistons(&queue, 200, 200).await;
        let told = Shared::new(Vec::new());
        let (held, noted) = (queue.clone(), told.clone());
        let tell = Box::new(move |ids: Vec<String>| {
            let ended = held.with(|queue| queue.completed.len());
            noted.with(|told| told.push((ids.len(), ended)));
        });
        let variables = [two_endpoints(&server), ("SUBREQUEST_BUDGET", "1000".into())];
        let app = app(&Instance::default(), &server, &variables);
        let report = app.drain(CRON, 0, Some(tell)).await.unwrap();
        assert_eq!(report.error, None);
        let [(ids, ended)] = told.get()[..] else {
            panic!("{:?}", told.get());
        };
        assert!(ids > 0 && ids == ended && ids < 30, "{ids} of {ended}");
        assert_eq!(queue.get().completed.len(), 30);
    });
}

/// Deliveries are asked for at once, and not at each settlement; but those of the last
/// ends must not wait for the cron.
#[test]
fn deliveries_of_the_last_ends_are_asked_for() {
    alone(async {
        let queue = MockQueue::of(30);
        queue.with(|queue| queue.with_callbacks = true);
        let server = pistons(&queue, 200, 200).await;
        let told = Shared::new(Vec::new());
        let (held, noted) = (queue.clone(), told.clone());
        let variables = [
            two_endpoints(&server),
            ("SUBREQUEST_BUDGET", "1000".to_owned()),
            (
                "WEBHOOK_SECRET",
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into(),
            ),
        ];
        let app = app(&Instance::default(), &server, &variables);
        let app = app.waking_courier(Rc::new(move || {
            let ended = held.with(|queue| queue.completed.len());
            noted.with(|told| told.push(ended));
            Box::pin(async {})
        }));
        let started_ms = now_ms();
        let report = app.drain(CRON, 0, None).await.unwrap();
        assert_eq!(report.error, None);
        // At once, every 2 s, and at the end.
        let most = 2 + usize::try_from((now_ms() - started_ms) / 2_000).unwrap();
        let told = told.get();
        assert_eq!(told.last(), Some(&30), "{told:?}");
        assert!((2..=most).contains(&told.len()), "{told:?}");
        assert!(told[0] < 30, "{told:?}");
    });
}
