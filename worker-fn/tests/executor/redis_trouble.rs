//! Redis refuses, is away, or is full; and what the cron asks it.

use serde_json::{Value, json};
use worker_fn::http::CronStart;
use worker_fn::instance::Instance;

use crate::drains::{app, invoke, success};
use crate::mock_queue::MockQueue;
use crate::mock_server::{MockServer, Shared};
use crate::support::alone;

/// A Piston that runs everything, and Redis.
async fn start(queue: &Shared<MockQueue>) -> (MockServer, [(&'static str, String); 1]) {
    let held = queue.clone();
    let server = MockServer::start(move |request| match request.path.as_str() {
        "/a/execute" => success(),
        _ => held.with(|queue| queue.answer(&request.body)),
    })
    .await;
    let variables = [("EXECUTOR_URL", format!("{}/a", server.url))];
    (server, variables)
}

#[test]
fn a_problem_that_redis_refuses_kills_no_job_and_says_nothing_to_people() {
    alone(async {
        let queue = MockQueue::of(3);
        let error = json!({"error": "WRONGTYPE Operation against a key"});
        queue.with(|queue| {
            queue.problem = Some(("v".into(), String::new()));
            queue.problem_error = Some((400, error));
        });
        let (server, variables) = start(&queue).await;
        let report = invoke(&Instance::default(), &server, &variables).await;
        let queue = queue.get();
        assert_eq!((queue.retried, queue.others, queue.isolated), (0, 0, 0));
        // Others need not wait for them.
        assert_eq!(queue.snoozed, [(0, 30_000), (1, 30_000), (2, 30_000)]);
        assert_eq!(server.count("POST", "/a/execute"), 0);
        assert!(
            report.is_bad() && report.to_string().contains("WRONGTYPE"),
            "{report}"
        );
    });
}

#[test]
fn jobs_are_released_when_redis_does_not_give_their_problem() {
    alone(async {
        let queue = MockQueue::of(20);
        queue.with(|queue| {
            queue.problem = Some(("v".into(), String::new()));
            queue.problem_error = Some((0, Value::Null));
        });
        let (server, variables) = start(&queue).await;
        let report = invoke(&Instance::default(), &server, &variables).await;
        let queue = queue.get();
        assert_eq!((queue.waiting.len(), queue.claims), (20, 1), "{report}");
        assert_eq!((queue.retried, queue.others, queue.isolated), (0, 0, 0));
        assert!(report.to_string().contains("did not answer"), "{report}");
    });
}

#[test]
fn a_full_redis_costs_no_job_an_attempt_and_ends_the_drain() {
    alone(async {
        let queue = MockQueue::of(40);
        queue.with(|queue| queue.full = true);
        let (server, variables) = start(&queue).await;
        let report = invoke(&Instance::default(), &server, &variables).await;
        let after = queue.get();
        assert_eq!(
            (after.claims, after.retried, after.others),
            (1, 0, 0),
            "{report}"
        );
        assert_eq!(after.completed, [] as [usize; 0]);
        // Of twelve that were claimed.
        assert!(
            after
                .snoozed
                .iter()
                .all(|(_, pause_ms)| *pause_ms == 60_000)
        );
        assert_eq!(after.snoozed.len() + after.waiting.len(), 40);
        assert!(!after.snoozed.is_empty() && !report.hand_over);
        let line = report.to_string();
        assert!(report.is_bad() && line.contains("Redis is full"), "{line}");

        queue.with(|queue| queue.full = false);
        while !queue.get().waiting.is_empty() {
            let report = invoke(&Instance::default(), &server, &variables).await;
            assert_eq!(report.error, None);
        }
        assert_eq!(queue.get().completed.len(), after.waiting.len());
    });
}

#[test]
fn an_idle_cron_is_one_command() {
    alone(async {
        let queue = MockQueue::of(0);
        let (server, variables) = start(&queue).await;
        let app = app(&Instance::default(), &server, &variables);
        for _ in 0..60 {
            assert_eq!(app.start_cron().await, Ok(None));
        }
        assert_eq!(queue.get().commands, vec!["EXISTS"; 60]);
    });
}

#[test]
fn a_backlog_gets_as_many_drains_as_there_is_room_for() {
    alone(async {
        for (jobs, max_in_flight, budget, wake_ups) in [
            (1, 60, 45, 0),
            (12, 60, 45, 0),
            (13, 60, 45, 1),
            (30, 60, 45, 2),
            (10_000, 60, 45, 4),
            (10_000, 61, 45, 5),
            (10_000, 600, 45, 6),
            (10_000, 600, 1_000, 49),
            (10_000, 12, 45, 0),
            // Its calls are for jobs.
            (10_000, 600, 20, 0),
        ] {
            let queue = MockQueue::of(jobs);
            let (server, [url]) = start(&queue).await;
            let variables = [
                url,
                ("MAX_IN_FLIGHT", max_in_flight.to_string()),
                ("SUBREQUEST_BUDGET", budget.to_string()),
            ];
            let app = app(&Instance::default(), &server, &variables);
            let start = app.start_cron().await.unwrap().unwrap();
            let asked = server.requests().len() as u64;
            let calls_made = asked + wake_ups;
            assert_eq!(
                start,
                CronStart {
                    wake_ups,
                    calls_made,
                    deliver: false,
                },
                "{jobs} {max_in_flight}"
            );
        }
        // Redis is away: the drain will say so.
        let server = MockServer::start(|_| (0, Value::Null)).await;
        let url = ("EXECUTOR_URL", server.url.clone());
        let app = app(&Instance::default(), &server, &[url]);
        let start = app.start_cron().await.unwrap().unwrap();
        assert_eq!(start.wake_ups, 0);
    });
}

#[test]
fn an_invocation_claims_no_more_jobs_than_it_may() {
    alone(async {
        let queue = MockQueue::of(14);
        let (server, [url]) = start(&queue).await;
        let variables = [url, ("MAX_JOBS_PER_INVOCATION", "4".to_owned())];
        let instance = Instance::default();
        for left in [10, 6, 2] {
            let report = invoke(&instance, &server, &variables).await;
            assert_eq!((report.completed, report.error), (4, None));
            assert_eq!(queue.get().waiting.len(), left);
            assert!(report.hand_over, "a fresh invocation goes on");
        }
        let report = invoke(&instance, &server, &variables).await;
        assert_eq!((report.completed, report.hand_over), (2, false));
    });
}
