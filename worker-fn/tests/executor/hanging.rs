//! Endpoints that take connections and never answer.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use worker_fn::drain::DrainOptions;
use worker_fn::executor::{Endpoints, ExecutorError};
use worker_fn::http::CRON;
use worker_fn::instance::Instance;
use worker_fn::limits::CallCounter;

use crate::drains::{app, invoke, runtimes, success, two_endpoints};
use crate::mock_queue::MockQueue;
use crate::mock_server::{HANG, MockServer, Shared};
use crate::support::{
    RUNTIME, alone, config, endpoints, execute, job_budget, one, pass_ms, run, several,
};

/// A list of languages is waited for 3 s.
const PATIENCE: Duration = Duration::from_millis(4_500);

/// A Piston whose list gets this status, in one language.
async fn lister(language: &'static str, status: &Shared<u16>) -> MockServer {
    let status = status.clone();
    MockServer::start(move |request| match request.path.as_str() {
        "/runtimes" => (status.get(), runtimes(language)),
        _ => success(),
    })
    .await
}

fn pair(a: &MockServer, b: &MockServer) -> Endpoints {
    several(&json!([{"name": "a", "url": a.url}, {"name": "b", "url": b.url}]))
}

async fn names(endpoints: &Endpoints) -> Vec<String> {
    let languages = endpoints.languages().await.unwrap();
    languages.into_iter().map(|one| one.language).collect()
}

#[test]
fn a_list_is_waited_for_three_seconds() {
    alone(async {
        let server = lister("python", &Shared::new(HANG)).await;
        let begun = Instant::now();
        let list = one("piston", &server.url).languages().await;
        assert!(
            matches!(list, Err(ExecutorError::NoResponse(_))),
            "{list:?}"
        );
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    });
}

#[test]
fn a_spare_that_hangs_delays_no_list() {
    alone(async {
        let spare = Shared::new(HANG);
        let a = lister("python", &Shared::new(200)).await;
        let b = lister("ruby", &spare).await;
        let endpoints = pair(&a, &b);
        let begun = Instant::now();
        assert_eq!(names(&endpoints).await, ["python"]);
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{:?}",
            begun.elapsed()
        );
        // It is asked again behind the caller's back.
        assert!(endpoints.has_stale_lists());
        spare.set(200);
        endpoints.refresh_lists().await;
        assert!(!endpoints.has_stale_lists());
        assert_eq!(names(&endpoints).await, ["python", "ruby"]);
        assert_eq!(a.count("GET", "/runtimes"), 1);
    });
}

#[test]
fn a_known_list_is_used_at_once_and_fetched_again_afterwards() {
    alone(async {
        let status = Shared::new(200);
        let server = lister("python", &status).await;
        let endpoints = one("piston", &server.url);
        assert_eq!(names(&endpoints).await, ["python"]);
        pass_ms(60_000);
        status.set(HANG);
        let begun = Instant::now();
        assert_eq!(names(&endpoints).await, ["python"]);
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert_eq!(server.count("GET", "/runtimes"), 1, "not asked first");
        assert!(endpoints.has_stale_lists());
        // What that finds is told: an outage must show.
        status.set(502);
        endpoints.refresh_lists().await;
        assert!(endpoints.languages().await.is_err());
        status.set(200);
        assert_eq!(names(&endpoints).await, ["python"]);
    });
}

#[test]
fn a_job_uses_an_old_list_and_a_drain_fetches_it_again() {
    alone(async {
        let queue = MockQueue::of(0);
        let held = queue.clone();
        let server = MockServer::start(move |request| match request.path.as_str() {
            "/a/runtimes" | "/b/runtimes" => (200, runtimes("python")),
            "/a/execute" | "/b/execute" => success(),
            _ => held.with(|queue| queue.answer(&request.body)),
        })
        .await;
        let (instance, variables) = (Instance::default(), [two_endpoints(&server)]);
        let lists = |server: &MockServer| server.count("GET", "/a/runtimes");
        for (job, expected) in [(0, 1), (1, 1), (2, 2), (3, 2)] {
            queue.with(|queue| queue.waiting.push_back((job, false)));
            let report = invoke(&instance, &server, &variables).await;
            assert_eq!((report.completed, report.error), (1, None));
            assert_eq!(lists(&server), expected, "job {job}");
            if job == 1 {
                pass_ms(600_000);
            }
        }
    });
}

/// The first job that meets it waits for its list or for a probe; the others do
/// not, and those that come later go elsewhere at once.
#[test]
fn a_job_loses_one_probe_to_an_endpoint_that_hangs() {
    alone(async {
        let a = MockServer::start(|_| (HANG, Value::Null)).await;
        let b = lister("python", &Shared::new(200)).await;
        let endpoints = pair(&a, &b);
        let begun = Instant::now();
        for _ in 0..3 {
            execute(&endpoints, &run("", &[""])).await.unwrap();
        }
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
        assert_eq!(a.requests().len(), 1);
        assert_eq!(b.count("POST", "/execute"), 3);
    });
}

/// With one endpoint a drain that meets it later makes a probe, and runs no job.
#[test]
fn a_single_endpoint_that_hung_gets_a_probe_first() {
    alone(async {
        let queue = MockQueue::of(3);
        let held = queue.clone();
        let status = Shared::new(0);
        let now = status.clone();
        let server = MockServer::start(move |request| match request.path.as_str() {
            "/a/execute" => (now.get(), success().1),
            _ => held.with(|queue| queue.answer(&request.body)),
        })
        .await;
        let variables = [("EXECUTOR_URL", format!("{}/a", server.url))];
        let instance = Instance::default();
        let foreground = DrainOptions {
            background: false,
            ..CRON
        };
        let drain = async || {
            let app = app(&instance, &server, &variables);
            app.drain(foreground, 0, None).await.unwrap()
        };
        assert!(drain().await.error.is_some());
        assert_eq!(server.count("POST", "/a/execute"), 3 + 1);
        pass_ms(10_000);
        status.set(HANG);
        let begun = Instant::now();
        assert!(drain().await.error.is_some());
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
        assert_eq!(server.count("POST", "/a/execute"), 3 + 1 + 1);
        assert_eq!((queue.get().retried, queue.get().waiting.len()), (0, 3));
    });
}

/// A run without a limit has 10 s; one with a limit has it, and on a busy machine a
/// compiler waits more than it works.
#[test]
fn a_call_is_waited_for_until_compiler_and_run_must_have_ended() {
    alone(async {
        let short = Some("50");
        for (language, run_timeout_ms, answers) in [
            ("python", short, false),
            ("cpp", short, true),
            ("python", None, true),
        ] {
            let server = MockServer::start(|_| {
                std::thread::sleep(Duration::from_millis(3_400));
                success()
            })
            .await;
            let mut variables = vec![("EXECUTOR_URL", server.url.as_str())];
            variables.extend(run_timeout_ms.map(|ms| ("RUN_TIMEOUT_MS", ms)));
            let endpoints = endpoints(&config(&variables));
            let budget = job_budget(&CallCounter::new(1_000));
            let endpoint = endpoints.select(language, &budget).await.unwrap();
            // What is left is the wait in the endpoint's queue, 2 s, the run, and a second.
            pass_ms(budget.remaining_ms((RUNTIME.now_ms)()));
            let mut compiled = run("", &["a"]);
            compiled.language = language;
            let executed = endpoint.execute(&compiled, &budget).await;
            assert_eq!(executed.is_ok(), answers, "{language}: {executed:?}");
        }
    });
}
