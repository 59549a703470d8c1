//! What happens to a submission, as server-sent events, and what viewers cost.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use shared::config::Secret;
use shared::domain::ticket::TicketKey;
use support::api::{ADDRESS_HEADER, SubmitFn};
use support::http;
use support::redis_client::RedisClient;
use support::wait::wait_until;

use crate::stacks::{Exclusive, Stacks};

support::tests![
    a_slow_submission_tells_its_events_in_order,
    an_unwatched_submission_is_queued_and_done,
    a_position_counts_down,
    fifty_viewers_cost_redis_no_more_than_one,
    a_finished_submission_costs_four_commands_more_at_most,
    a_stream_ends_itself_and_costs_nothing_after_its_client_has_gone,
    there_are_no_events_of_other_ids,
    streams_are_limited_for_a_client,
];

struct Event {
    id: String,
    name: String,
    data: Value,
}

fn events(text: &str) -> Vec<Event> {
    let field = |block: &str, name: &str| {
        let mut lines = block.lines().filter_map(|line| line.strip_prefix(name));
        let value = lines.next().unwrap_or_default().to_owned();
        assert!(lines.next().is_none(), "{block}");
        value
    };
    let blocks = text.split("\n\n").filter(|block| block.contains("event: "));
    blocks
        .map(|block| Event {
            id: field(block, "id: "),
            name: field(block, "event: "),
            data: serde_json::from_str(&field(block, "data: ")).unwrap(),
        })
        .collect()
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

/// The whole stream.
fn stream(submit_fn: &SubmitFn, id: &str, last: Option<&str>) -> String {
    let path = format!("/result/{id}/events");
    let headers = last.map(|last| ("last-event-id", last));
    let response = submit_fn.request("GET", &path, headers.as_slice(), None);
    assert_eq!(response.status, 200, "{}", response.text);
    assert_eq!(response.header("content-type"), "text/event-stream");
    assert_eq!(response.header("cache-control"), "no-store");
    assert!(
        response.text.starts_with("retry: 1000\n\n"),
        "{}",
        response.text
    );
    response.text
}

fn submission(problem: &str, code: &str, watch: bool) -> Value {
    json!({"problemId": problem, "language": "python", "code": code, "watch": watch})
}

fn a_slow_submission_tells_its_events_in_order(stacks: &Stacks) {
    const CASES: usize = 14;
    let submit_fn = stacks.shared().submit_fn;
    let cases: Vec<Value> = (0..CASES)
        .map(|at| json!({"input": at.to_string(), "expected": at.to_string(), "hidden": at % 2 == 1}))
        .collect();
    let problem = json!({"title": "Slow echo", "kind": "program", "cases": cases});
    submit_fn.publish("slow-echo", &problem);
    let code = "import time; time.sleep(0.4); print(input())";
    let id = submit_fn.submit_body(&submission("slow-echo", code, true));
    let text = stream(&submit_fn, &id, None);
    let events = events(&text);
    let told = names(&events);
    println!("  {told:?}");
    assert_eq!(
        (told[0], told[told.len() - 1]),
        ("queued", "done"),
        "{text}"
    );
    let started = told.iter().position(|name| *name == "started").unwrap();
    assert!(
        told[..started].iter().all(|name| *name == "queued"),
        "{told:?}"
    );
    // On a machine that is slow the job goes on in a fresh invocation, and says so.
    let (mut next, mut most, mut started_ms) = (1, 1, 0);
    for event in &events[started..told.len() - 1] {
        if event.name == "started" {
            let ms = event.data["startedAtMs"].as_u64().unwrap();
            assert!(ms > started_ms, "{text}");
            (next, started_ms) = (1, ms);
            assert_eq!(event.data["total"], CASES);
            continue;
        }
        assert_eq!(event.name, "cases", "{text}");
        assert_eq!(event.data["from"], next, "{text}");
        let verdicts = event.data["verdicts"].as_array().unwrap();
        let accepted = |verdict: &Value| verdict == "Accepted";
        assert!(verdicts.iter().all(accepted), "{text}");
        next += verdicts.len();
        most = most.max(next);
    }
    assert!((9..=CASES + 1).contains(&most), "{most}: {text}");
    let document = &events[events.len() - 1].data;
    assert_eq!(document, &submit_fn.result(&id));
    assert_eq!(document["verdict"], "Accepted", "{document}");
    assert!(
        Some(started_ms) <= document["startedAtMs"].as_u64(),
        "{text}"
    );
    // Whoever comes back is told what is new.
    let again = stream(&submit_fn, &id, Some(&events[started].id));
    assert_eq!(names(&crate::events::events(&again)), ["done"]);
    let path = format!("/result/{id}/events?after=done");
    assert_eq!(submit_fn.get(&path).status, 204);
}

fn an_unwatched_submission_is_queued_and_done(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let code = "import time; time.sleep(2.5)";
    let id = submit_fn.submit_body(&submission("unwatched", code, false));
    let events = events(&stream(&submit_fn, &id, None));
    let told = names(&events);
    assert!(told.len() >= 2 && told.iter().rev().skip(1).all(|name| *name == "queued"));
    assert_eq!(told[told.len() - 1], "done");
    assert_eq!(
        events[0].data["submittedAtMs"],
        events[told.len() - 1].data["submittedAtMs"]
    );
}

fn a_position_counts_down(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let ids: Vec<String> = (0..3)
        .map(|_| submit_fn.submit("in-line", "python", "print(1)"))
        .collect();
    let text = thread::scope(|scope| {
        let viewer = scope.spawn(|| stream(submit_fn, &ids[2], None));
        for _ in 0..3 {
            thread::sleep(Duration::from_secs(3));
            exclusive.worker_fn.work("");
        }
        viewer.join().unwrap()
    });
    let events = events(&text);
    let positions: Vec<u64> = events
        .iter()
        .filter_map(|event| event.data["position"].as_u64())
        .collect();
    println!("  positions {positions:?}");
    assert!(positions.len() >= 2 && positions[0] == 3, "{text}");
    assert!(positions.is_sorted_by(|one, next| one > next), "{text}");
    assert_eq!(events[events.len() - 1].name, "done");
}

/// Every command that Redis has run, by its name, without the tests' own.
fn commands(redis: &RedisClient, names: &[&str]) -> u64 {
    let stats: String = redis.run(&["INFO", "commandstats"]);
    let lines = stats.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let calls: u64 = rest.split(',').next()?.parse().ok()?;
        let own = name.starts_with("config") || name == "info";
        let counts = !own && (names.is_empty() || names.contains(&name));
        counts.then_some(calls)
    });
    lines.sum()
}

/// What viewers send: looks, and the search for a position.
const VIEWERS: [&str; 5] = ["mget", "lindex", "llen", "lrange", "get"];

fn fifty_viewers_cost_redis_no_more_than_one(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    // What so many viewers cost until a result after so many seconds.
    let cost = |viewers: usize| {
        exclusive.redis.run::<()>(&["CONFIG", "RESETSTAT"]);
        let submit_fn = &exclusive.submit_fn;
        let id = submit_fn.submit("viewed", "python", "print(1)");
        let started = Instant::now();
        let before = commands(&exclusive.redis, &VIEWERS);
        let looks = thread::scope(|scope| {
            let viewers: Vec<_> = (0..viewers)
                .map(|number| {
                    let id = &id;
                    scope.spawn(move || {
                        // They come one by one, and some wait in the other way.
                        thread::sleep(Duration::from_millis(30 * number as u64));
                        if number % 5 == 4 {
                            let path = format!("/result/{id}?wait=25");
                            let asked = Instant::now();
                            let result = submit_fn.get(&path).json();
                            let took = asked.elapsed();
                            assert_eq!(result["status"], "done", "after {took:?}");
                            return;
                        }
                        let text = stream(submit_fn, id, None);
                        assert!(text.contains("event: done"), "{text}");
                    })
                })
                .collect();
            thread::sleep(Duration::from_secs(6));
            let looks = commands(&exclusive.redis, &VIEWERS) - before;
            exclusive.worker_fn.work("");
            viewers
                .into_iter()
                .for_each(|viewer| viewer.join().unwrap());
            looks
        });
        let all = commands(&exclusive.redis, &["mget"]);
        (looks, all, started.elapsed().as_secs_f64())
    };
    let one = cost(1);
    let fifty = cost(50);
    println!("  looks before, looks in all, seconds: one {one:?}, fifty {fifty:?}");
    // Looks fall due at times that depend on the age alone, so a second that the
    // machine was slower is one more.
    assert!(fifty.0 <= one.0 + 2, "{fifty:?} and {one:?}");
    let most = 5.0 + fifty.2;
    assert!((fifty.1 as f64) < most, "{fifty:?}");
}

fn a_finished_submission_costs_four_commands_more_at_most(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let work = |watch: bool, viewed: bool| {
        exclusive.redis.run::<()>(&["CONFIG", "RESETSTAT"]);
        let id = submit_fn.submit_body(&submission("billed", "print(1)", watch));
        thread::scope(|scope| {
            let viewer = viewed.then(|| scope.spawn(|| stream(submit_fn, &id, None)));
            thread::sleep(Duration::from_millis(400));
            exclusive.worker_fn.work("");
            viewer.map(|viewer| viewer.join().unwrap());
        });
        let minutes = commands(&exclusive.redis, &["expire"]);
        commands(&exclusive.redis, &[]) - minutes
    };
    // The instances learn the language and that there is no such problem.
    work(false, false);
    let alone = work(false, false);
    let viewed = work(true, true);
    println!("  {alone} commands, with a viewer {viewed}");
    assert!(viewed <= alone + 4, "{alone} and {viewed}");
    assert!(viewed > alone, "somebody looked");
}

fn a_stream_ends_itself_and_costs_nothing_after_its_client_has_gone(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let Exclusive {
        submit_fn, redis, ..
    } = &exclusive;
    let looks = || commands(redis, &["mget"]);
    let id = submit_fn.submit("never-run", "python", "print(1)");
    let url = format!("{}/result/{id}/events", submit_fn.url);
    let address = [(ADDRESS_HEADER, "192.0.2.77")];
    let left = http::send("GET", &url, &address, None, Duration::from_secs(2));
    assert!(left.is_err(), "the stream goes on");
    let gone = looks();
    let mut last = gone;
    wait_until(
        "the stream of a client that has gone ends",
        Duration::from_secs(75),
        || {
            let before = std::mem::replace(&mut last, looks());
            thread::sleep(Duration::from_secs(6));
            before == looks()
        },
    );
    println!("  {} looks after the client had gone", looks() - gone);
    // One that stays until the end.
    let before = (looks(), Instant::now());
    let text = stream(submit_fn, &id, None);
    let (asked, took) = (looks() - before.0, before.1.elapsed());
    println!("  {asked} looks in {took:?}");
    assert!(
        asked <= 40 && took < Duration::from_secs(75),
        "{asked} in {took:?}"
    );
    assert!(took > Duration::from_secs(20), "{took:?}");
    assert!(text.contains("\n:\n\n"), "no heartbeat in {text:?}");
    let told = events(&text);
    assert!(told.iter().all(|event| event.name == "queued"), "{text}");
    // It goes on where it was.
    exclusive.worker_fn.work("");
    let again = stream(submit_fn, &id, Some(&told[told.len() - 1].id));
    assert_eq!(names(&events(&again)), ["done"]);
}

fn there_are_no_events_of_other_ids(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    for id in ["two-sum", &"0".repeat(48), "x"] {
        let response = submit_fn.get(&format!("/result/{id}/events"));
        response.assert_error(404, None, "Unknown id");
    }
    // An id of two days ago: both Workers' key is made of this token.
    let key = TicketKey::new(&Secret::new(submit_fn.admin_token.clone()));
    let now_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let old = key.issue(u64::try_from(now_ms).unwrap() - 172_800_000, &[7; 10]);
    let response = submit_fn.get(&format!("/result/{old}/events"));
    response.assert_error(410, None, "older than 86400 seconds");
    let response = submit_fn.request("HEAD", "/result/x/events", &[], None);
    assert_eq!(response.status, 404);
    let id = submit_fn.submit("events-head", "python", "print(1)");
    let path = format!("/result/{id}/events");
    let response = submit_fn.request("HEAD", &path, &[], None);
    assert_eq!(response.header("content-type"), "text/event-stream");
    assert_eq!(submit_fn.request("OPTIONS", &path, &[], None).status, 204);
    let body = submission("bad", "print(1)", true);
    let odd = body.to_string().replace("true", "\"yes\"");
    submit_fn
        .post("/submit", &odd)
        .assert_error(422, Some("watch"), "true or false");
}

fn streams_are_limited_for_a_client(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let mut body = submission("limited", "print(1)", true);
    body["delayMs"] = json!(3_600_000);
    let id = submit_fn.submit_body(&body);
    let url = format!("{}/result/{id}/events", submit_fn.url);
    let address = [(ADDRESS_HEADER, "192.0.2.78")];
    thread::scope(|scope| {
        for _ in 0..20 {
            scope
                .spawn(|| http::send("GET", &url, &address, None, Duration::from_secs(8)).is_err());
        }
        thread::sleep(Duration::from_secs(4));
        let path = format!("/result/{id}/events");
        let response = submit_fn.request("GET", &path, &address, None);
        response.assert_error(503, None, "wait for results");
        assert!(!response.header("retry-after").is_empty());
        let other = http::send("GET", &url, &[], None, Duration::from_secs(1));
        assert!(other.is_err(), "another client's stream is open");
    });
}
