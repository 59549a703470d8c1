//! Which endpoint runs a job.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use shared::trace::{Span, TRACEPARENT};
use worker_fn::executor::{EndpointId, Endpoints, ExecutorError};
use worker_fn::instance::Instance;

use crate::mock_server::{HANG, MockServer, Shared};
use crate::support::{
    RUNTIME, calls_left, config, execute, job_budget, one, outputs, pass_ms, run, several,
};

/// A Piston that prints its own name, and fails with `status` unless that is 200.
async fn piston(
    name: &'static str,
    languages: &'static [&'static str],
    status: &Shared<u16>,
) -> MockServer {
    let status = status.clone();
    MockServer::start(move |request| {
        if request.path == "/runtimes" {
            let all = languages.iter();
            let all: Vec<Value> = all
                .map(|language| json!({"language": language, "version": "1.0", "aliases": []}))
                .collect();
            return (if status.get() == 200 { 200 } else { 502 }, all.into());
        }
        let stage = json!({"stdout": name, "stderr": "", "output": name, "code": 0});
        (
            status.get(),
            json!({"version": "1.0", "run": stage, "message": "m"}),
        )
    })
    .await
}

fn up() -> Shared<u16> {
    Shared::new(200)
}

async fn name_of(endpoints: &Endpoints, language: &str) -> String {
    let mut one = run("", &[""]);
    one.language = language;
    let execution = execute(endpoints, &one).await.unwrap();
    outputs(&execution).concat()
}

#[test]
fn a_single_endpoint_is_never_asked_what_it_offers() {
    crate::support::alone(async {
        let server = piston("a", &["python"], &up()).await;
        let endpoints = one("piston", &server.url);
        assert_eq!(name_of(&endpoints, "whatever").await, "a");
        endpoints.eject(EndpointId(0));
        assert_eq!(
            name_of(&endpoints, "whatever").await,
            "a",
            "there is no other"
        );
        assert!(!endpoints.has_another_for("whatever", None) && !endpoints.has_another(None));
        // One that failed is probed.
        assert_eq!(server.count("POST", "/execute"), 3);
        assert_eq!(server.requests().len(), 3);
    });
}

#[test]
fn the_next_takes_over_until_the_first_is_back() {
    crate::support::alone(async {
        let first = up();
        let a = piston("a", &["python"], &first).await;
        let b = piston("b", &["python"], &up()).await;
        let endpoints = several(&json!([{"name": "a", "url": a.url}, {"name": "b", "url": b.url}]));
        assert_eq!(name_of(&endpoints, "python").await, "a");
        assert_eq!(b.requests().len(), 0, "nobody asks the spare one anything");

        first.set(503);
        let failed = execute(&endpoints, &run("", &[""])).await;
        assert!(matches!(failed, Err(ExecutorError::Unavailable(_))));
        endpoints.eject(EndpointId(0));
        assert!(endpoints.has_another_for("python", None));
        first.set(200);
        assert_eq!(name_of(&endpoints, "python").await, "b");
        pass_ms(29_999);
        assert_eq!(name_of(&endpoints, "python").await, "b");
        pass_ms(1);
        assert_eq!(name_of(&endpoints, "python").await, "a");

        endpoints.eject(EndpointId(1));
        pass_ms(1);
        assert!(endpoints.has_another(None));
        endpoints.eject(EndpointId(0));
        assert!(!endpoints.has_another_for("python", None) && !endpoints.has_another(None));
        let none = execute(&endpoints, &run("", &[""])).await;
        assert!(matches!(none, Err(ExecutorError::Unavailable(_))));
        assert_eq!(
            endpoints.next_to_probe(),
            EndpointId(1),
            "the one that was left alone first"
        );
        let budget = job_budget(&calls_left(100, 5));
        let probe = endpoints.probe(EndpointId(1), "python", &budget);
        assert_eq!(probe.await, Some(true));
        assert_eq!(name_of(&endpoints, "python").await, "b", "it runs a probe");
    });
}

#[test]
fn a_call_that_is_for_no_job_is_in_the_trace_of_its_request() {
    crate::support::alone(async {
        let server = piston("a", &["python"], &up()).await;
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let traceparent = format!("00-{trace}-00f067aa0ba902b7-01");
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::try_from(traceparent).unwrap());
        let instance = Instance {
            span: Some(Span::of_request(&headers, RUNTIME.random)),
            ..Instance::default()
        };
        let config = config(&[("EXECUTOR_URL", &server.url)]);
        let endpoints = Endpoints::new(&config, RUNTIME, &instance);
        endpoints.languages().await.unwrap();
        assert!(endpoints.health().await[0].languages.is_ok());
        pass_ms(11_000);
        endpoints.refresh_lists().await;
        let budget = job_budget(&calls_left(100, 5));
        let probe = endpoints.probe(EndpointId(0), "python", &budget);
        assert_eq!(probe.await, Some(true));
        let requests = server.requests();
        let sent: Vec<&str> = requests
            .iter()
            .map(|request| request.header(TRACEPARENT).unwrap_or_default())
            .collect();
        let ids: HashSet<&str> = sent.iter().map(|header| &header[36..52]).collect();
        assert!(
            sent.iter().all(|header| &header[3..35] == trace),
            "{sent:?}"
        );
        assert_eq!((sent.len(), ids.len()), (4, 4), "{sent:?}");
    });
}

#[test]
fn one_that_cannot_even_list_is_left_alone() {
    crate::support::alone(async {
        let a = piston("a", &["python"], &Shared::new(502)).await;
        let b = piston("b", &["python"], &up()).await;
        let endpoints = several(&json!([{"name": "a", "url": a.url}, {"name": "b", "url": b.url}]));
        assert_eq!(name_of(&endpoints, "python").await, "b");
        assert_eq!(name_of(&endpoints, "python").await, "b");
        assert_eq!(a.requests().len(), 1);
        let budget = job_budget(&calls_left(100, 5));
        let probe = endpoints.probe(EndpointId(0), "python", &budget);
        assert_eq!(probe.await, Some(false));
    });
}

#[test]
fn a_language_that_only_one_offers_goes_only_there() {
    crate::support::alone(async {
        let second = up();
        let a = piston("a", &["python"], &up()).await;
        let b = piston("b", &["python", "ruby"], &second).await;
        let endpoints = several(&json!([{"name": "a", "url": a.url}, {"name": "b", "url": b.url}]));
        for _ in 0..3 {
            assert_eq!(name_of(&endpoints, "ruby").await, "b");
            assert_eq!(name_of(&endpoints, "python").await, "a");
        }
        assert_eq!(
            (a.count("GET", "/runtimes"), b.count("GET", "/runtimes")),
            (1, 1)
        );
        // None offers it; that is request again when it was a while ago.
        let mut cobol = run("", &[""]);
        cobol.language = "cobol";
        pass_ms(10_000);
        let refused = execute(&endpoints, &cobol).await;
        assert!(matches!(&refused, Err(ExecutorError::Refused(m)) if m.contains("cobol")));
        assert_eq!(
            (a.count("GET", "/runtimes"), b.count("GET", "/runtimes")),
            (2, 2)
        );

        let union = endpoints.languages().await.unwrap();
        let names: Vec<&str> = union.iter().map(|one| &*one.language).collect();
        assert_eq!(names, ["python", "ruby"]);
        // While one is away, what it offers is still offered, and waits for it.
        second.set(502);
        endpoints.eject(EndpointId(1));
        let mut ruby = run("", &[""]);
        ruby.language = "ruby";
        let waits = execute(&endpoints, &ruby).await;
        assert!(
            matches!(waits, Err(ExecutorError::Unavailable(_))),
            "{waits:?}"
        );
        assert!(
            !endpoints.has_another_for("ruby", None) && endpoints.has_another_for("python", None)
        );
        assert!(endpoints.has_another(None), "for others");
        assert_eq!(endpoints.languages().await.unwrap().len(), 2);
    });
}

/// Not knowing what an endpoint offers is no reason to have it refuse the job,
/// while an invocation that can ask is to be had.
#[test]
fn what_cannot_be_asked_now_is_asked_by_a_fresh_invocation() {
    crate::support::alone(async {
        for count in [2, 8] {
            let a = piston("a", &["python"], &up()).await;
            let b = piston("b", &["python", "ruby"], &up()).await;
            let list: Vec<Value> = (0..count)
                .map(|at| if at + 1 < count { &a.url } else { &b.url })
                .enumerate()
                .map(|(at, url)| json!({"name": format!("e{at}"), "url": url}))
                .collect();
            let list = Value::from(list);
            let needed = count + 1;
            // What a drain spends before: claim, look-up, and the problem's text.
            let fresh = |whole| {
                let calls = worker_fn::limits::CallCounter::new(whole);
                calls.spend(3);
                calls
            };
            for spare in 0..count {
                // The job's own call, and so many others.
                let endpoints = several(&list);
                let budget = job_budget(&calls_left(100, 1 + spare));
                let exhausted = endpoints.select("ruby", &budget).await.unwrap_err();
                assert_eq!(exhausted, ExecutorError::BudgetExhausted(needed), "{spare}");
            }
            for whole in 10..=45 {
                let endpoints = several(&list);
                let budget = job_budget(&fresh(whole));
                let selected = endpoints.select("ruby", &budget).await.unwrap();
                let all_asked = whole >= 9 + needed;
                let last = usize::try_from(count).unwrap() - 1;
                assert!(selected.id.0 == last || !all_asked, "{count}, {whole}");
            }
            // What is problem needs no call.
            let endpoints = several(&list);
            assert_eq!(name_of(&endpoints, "ruby").await, "b");
            let budget = job_budget(&calls_left(100, 1));
            assert!(endpoints.select("ruby", &budget).await.is_ok());
        }
    });
}

#[test]
fn weights_share_the_jobs_out() {
    crate::support::alone(async {
        let first = up();
        let a = piston("a", &["python"], &first).await;
        let b = piston("b", &["python"], &up()).await;
        let endpoints = several(&json!([
            {"name": "a", "url": a.url, "weight": 3}, {"name": "b", "url": b.url}
        ]));
        let mut names = Vec::new();
        for _ in 0..12 {
            names.push(name_of(&endpoints, "python").await);
        }
        // The draws of this test come up equally often.
        assert_eq!(names.iter().filter(|name| *name == "a").count(), 9);
        endpoints.eject(EndpointId(0));
        for _ in 0..4 {
            assert_eq!(name_of(&endpoints, "python").await, "b");
        }
    });
}

#[test]
fn a_list_that_nobody_has_is_an_error() {
    crate::support::alone(async {
        let away = Shared::new(502);
        let a = piston("a", &["python"], &away).await;
        let b = piston("b", &["python"], &away).await;
        let endpoints = several(&json!([{"name": "a", "url": a.url}, {"name": "b", "url": b.url}]));
        assert!(endpoints.languages().await.is_err());
    });
}

#[test]
fn the_operator_sees_how_each_endpoint_is() {
    crate::support::alone(async {
        let hanging = || MockServer::start(|_| (HANG, Value::Null));
        let all = [
            piston("a", &["python", "go"], &up()).await,
            hanging().await,
            piston("c", &["python"], &Shared::new(502)).await,
            hanging().await,
        ];
        let list = all.iter().zip(["a", "b", "c", "d"]);
        let list: Vec<Value> = list
            .map(|(server, name)| json!({"name": name, "url": server.url}))
            .collect();
        let endpoints = several(&list.into());
        endpoints.eject(EndpointId(2));
        let asked = Instant::now();
        let health = endpoints.health().await;
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(5), "side by side: {took:?}");
        let names = health.iter().map(|one| one.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["a", "b", "c", "d"]);
        let languages = health[0].languages.as_ref().unwrap();
        assert_eq!(languages.len(), 2);
        for one in &health[1..] {
            let error = one.languages.as_ref().unwrap_err().to_string();
            assert!(!error.contains("127.0.0.1"), "{error}");
        }
        let ejected = health.iter().map(|one| one.ejected_until_ms.is_some());
        assert_eq!(ejected.collect::<Vec<_>>(), [false, false, true, false]);
        for server in &all {
            assert_eq!(server.requests().len(), 1);
        }
    });
}
