//! Backlogs: what a drain does when far more jobs wait than it may take, on either
//! plan of the platform.

use std::rc::Rc;

use worker_fn::drain::report::Report;
use worker_fn::drain::{DrainOptions, Wake};
use worker_fn::http::{CRON, CronStart, WAKE_UP};
use worker_fn::instance::Instance;

use crate::drains::{app, success};
use crate::mock_queue::MockQueue;
use crate::mock_server::{MockServer, Shared};
use crate::support::{alone, now_ms};

/// Redis with these jobs, and an endpoint that runs each of them.
async fn start(queue: &Shared<MockQueue>) -> (MockServer, (&'static str, String)) {
    let held = queue.clone();
    let server = MockServer::start(move |request| match request.path.as_str() {
        "/a/execute" => success(),
        _ => held.with(|queue| queue.answer(&request.body)),
    })
    .await;
    let url = ("EXECUTOR_URL", format!("{}/a", server.url));
    (server, url)
}

/// A drain, and how many others it started.
async fn drain(
    server: &MockServer,
    variables: &[(&str, String)],
    options: DrainOptions,
) -> (Report, usize) {
    let woken = Shared::new(0);
    let noted = woken.clone();
    let wake: Wake = Rc::new(move || {
        noted.with(|count| *count += 1);
        Box::pin(async {})
    });
    let app = app(&Instance::default(), server, variables).waking_drains(wake);
    let report = app.drain(options, 0, None).await.unwrap();
    assert_eq!(report.error, None);
    (report, woken.get())
}

const BY_DRAIN: DrainOptions = DrainOptions {
    by_drain: true,
    ..WAKE_UP
};

#[test]
fn a_claim_that_finds_a_backlog_starts_as_many_drains_as_there_is_room_for() {
    alone(async {
        for (jobs, max_in_flight, expected) in [
            // Its own claim takes the first twelve.
            (12, 60, 0),
            (23, 60, 0),
            (24, 60, 1),
            (36, 60, 2),
            (2_000, 60, 4),
            (2_000, 71, 4),
            (2_000, 72, 5),
            (2_000, 12, 0),
            (2_000, 10_000, 10),
        ] {
            let queue = MockQueue::of(jobs);
            let (server, url) = start(&queue).await;
            let cap = ("MAX_IN_FLIGHT", max_in_flight.to_string());
            let calls = ("SUBREQUEST_BUDGET", "40".to_owned());
            let (_, woken) = drain(&server, &[url, cap, calls], WAKE_UP).await;
            assert_eq!(woken, expected, "{jobs} jobs, {max_in_flight} in flight");
        }
    });
}

/// Each wake-up is a call of the invocation.
#[test]
fn starting_others_leaves_every_job_in_hand_its_call() {
    alone(async {
        let queue = MockQueue::of(500);
        let (server, url) = start(&queue).await;
        let cap = ("MAX_IN_FLIGHT", "600".to_owned());
        let calls = ("SUBREQUEST_BUDGET", "24".to_owned());
        let (report, woken) = drain(&server, &[url, cap, calls], WAKE_UP).await;
        assert!(report.hand_over && report.completed >= 10, "{report:?}");
        assert!(woken > 0);
        // The last call is the hand-over's.
        let made = server.requests().len() + woken;
        assert!(made < 24, "{made}");
        assert_eq!(queue.get().released, 0);
    });
}

#[test]
fn drains_that_were_started_together_leave_starting_more_to_later() {
    alone(async {
        let queue = MockQueue::of(500);
        let (server, url) = start(&queue).await;
        let (_, woken) = drain(&server, std::slice::from_ref(&url), BY_DRAIN).await;
        assert_eq!((woken, queue.get().asked_others), (0, 0));
        // One that goes on for longer than that asks again, now and then.
        let queue = MockQueue::of(500);
        let (server, url) = start(&queue).await;
        let delay = ("PROCESSING_DELAY_MS", "100".to_owned());
        let calls = ("SUBREQUEST_BUDGET", "200".to_owned());
        let begun_ms = now_ms();
        let long = DrainOptions {
            time_ms: CRON.time_ms,
            ..BY_DRAIN
        };
        let (_, woken) = drain(&server, &[url, delay, calls], long).await;
        let seconds = usize::try_from((now_ms() - begun_ms) / 1_000).unwrap();
        let asked = queue.get().asked_others;
        assert!(asked >= 1 && asked <= seconds / 2, "{asked} in {seconds} s");
        assert!(woken >= 1);
    });
}

#[test]
fn nobody_is_started_for_a_caller_that_waits() {
    alone(async {
        let queue = MockQueue::of(500);
        let (server, url) = start(&queue).await;
        let one = DrainOptions {
            wanted: 20,
            background: false,
            ..WAKE_UP
        };
        assert_eq!(drain(&server, &[url], one).await.1, 0);
        assert_eq!(queue.get().asked_others, 0);
    });
}

#[test]
fn on_the_free_plan_an_invocation_keeps_to_its_jobs_and_calls_itself_for_nothing() {
    alone(async {
        let queue = MockQueue::of(7);
        let (server, url) = start(&queue).await;
        let variables = [
            url,
            ("PLAN", "free".to_owned()),
            ("SUBREQUEST_BUDGET", "45".to_owned()),
        ];
        let mut calls = 0;
        for left in [5, 3, 1, 0] {
            let (report, woken) = drain(&server, &variables, WAKE_UP).await;
            assert_eq!((report.hand_over, woken), (false, 0));
            assert_eq!(queue.get().waiting.len(), left);
            let made = server.requests().len() - calls;
            calls += made;
            assert!(made <= 6, "{made} calls");
        }
        assert_eq!(queue.get().completed.len(), 7);
        assert_eq!(queue.get().asked_others, 0);
        let queue = MockQueue::of(10_000);
        let (server, url) = start(&queue).await;
        let app = app(
            &Instance::default(),
            &server,
            &[url, ("PLAN", "free".into())],
        );
        let start = app.start_cron().await.unwrap();
        let none = CronStart {
            wake_ups: 0,
            calls_made: 1,
            deliver: false,
        };
        assert_eq!(start, Some(none));
        assert_eq!(queue.get().commands, ["EXISTS"]);
    });
}
