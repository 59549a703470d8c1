//! Couriers: how long what waits for a receiver that is away is put off, and what the
//! log says.

use serde_json::{Value, json};
use shared::domain::delivery::Delivery;
use worker_fn::instance::Instance;

use crate::mock_server::{HANG, MockServer};
use crate::support::{alone, now_ms, take_logged};
use crate::webhook_world::{World, deliver, server};

/// Of a host that stays away all wait longer and longer, and cost little.
#[test]
fn what_waits_for_a_host_that_stays_away_is_put_off_for_longer() {
    alone(async {
        for (age_ms, at_least_ms, at_most_ms) in [
            (1_000, 29_000, 30_000),
            (1_200_000, 300_000, 300_000),
            (36_000_000, 3_600_000, 3_600_000),
        ] {
            let world = World::new();
            let server = server(&world).await;
            let hanging = MockServer::start(|_| (HANG, Value::Null)).await;
            let hangs = hanging.url.replace("127.0.0.1", "localhost");
            world.with(|world| {
                for number in 0..3 {
                    let (id, url) = (format!("i{number}"), format!("{hangs}/{number}"));
                    let delivery = Delivery::new(&id, &url, now_ms() - age_ms);
                    let payload = delivery.encode().unwrap();
                    world.deliveries.insert(payload, now_ms() - 1);
                    world.documents.insert(id, "{}".into());
                }
            });
            let started_ms = now_ms();
            deliver(&server, &Instance::default(), &[]).await;
            assert_eq!(hanging.requests().len(), 1);
            let world = world.get();
            let put_off = world.deliveries.iter().filter(|(payload, _)| {
                let delivery = Delivery::decode(payload.as_bytes()).unwrap();
                delivery.failed_attempts.is_empty()
            });
            let pauses: Vec<u64> = put_off.map(|(_, due)| due - started_ms).collect();
            assert_eq!(pauses.len(), 2);
            let expected = at_least_ms..=at_most_ms;
            let are_so = pauses.iter().all(|ms| expected.contains(ms));
            assert!(are_so, "{age_ms}: {pauses:?}");
        }
    });
}

/// A line for each try, and one for the round; no address in any.
#[test]
fn the_log_says_what_became_of_each_and_names_no_address() {
    alone(async {
        let world = World::new();
        let server = server(&world).await;
        let broken = MockServer::start(|_| (0, Value::Null)).await;
        // By host: another name of the same machine.
        let broken = broken.url.replace("127.0.0.1", "localhost");
        world.with(|world| {
            for (id, answer) in [("a", 204), ("b", 500), ("c", 410)] {
                let path = format!("/secret-{id}");
                world.announce(id, &format!("{}{path}", server.url));
                world.answers.insert(path, vec![answer]);
            }
            world.announce("d", &format!("{broken}/secret-d"));
            world.announce("e", &format!("{}/secret-e", server.url));
            world.documents.remove("e");
            world.unstored = 1;
        });
        let variables = [("WEBHOOK_ATTEMPTS", "1")];
        let report = deliver(&server, &Instance::default(), &variables).await;
        let mut lines = take_logged();
        lines.sort_by_key(|line| line["jobId"].as_str().map(str::to_owned));
        let expected = [
            json!({"event": "webhook", "level": "info", "outcome": "delivered", "jobId": "a",
                   "attempt": 1, "durationMs": 0, "status": 204}),
            json!({"event": "webhook", "level": "error", "outcome": "given_up", "jobId": "b",
                   "attempt": 1, "durationMs": 0, "status": 500, "reason": "status"}),
            json!({"event": "webhook", "level": "error", "outcome": "given_up", "jobId": "c",
                   "attempt": 1, "durationMs": 0, "status": 410, "reason": "status"}),
            json!({"event": "webhook", "level": "error", "outcome": "given_up", "jobId": "d",
                   "attempt": 1, "durationMs": 0, "reason": "no_answer"}),
            json!({"event": "webhook", "level": "info", "outcome": "dropped", "jobId": "e",
                   "attempt": 1, "durationMs": 0, "reason": "no_result"}),
        ];
        assert_eq!(lines, expected);
        let (_, round) = report.line(None).unwrap();
        let read: Value = serde_json::from_str(&round).unwrap();
        let message = "1 delivered, 0 to be retried, 3 given up, 1 dropped; \
                       1 without a dead letter, for there are too many";
        assert_eq!(
            read,
            json!({"event": "webhooks", "level": "error", "delivered": 1, "retried": 0,
                   "givenUp": 3, "commands": 0, "message": message})
        );
        let letters = json!(world.get().letters).to_string();
        for text in [json!(lines).to_string(), round, letters] {
            for part in ["secret-", "localhost", "127.0.0.1"] {
                assert!(!text.contains(part), "{part}: {text}");
            }
        }
    });
}
