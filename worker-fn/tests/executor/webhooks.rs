//! Couriers against mock receivers, a mock resolver and a mock Redis: what is sent, what
//! follows from each answer, and whom a bad receiver holds up.

use serde_json::{Value, json};
use shared::domain::delivery::Delivery;
use worker_fn::instance::Instance;

use crate::mock_server::{HANG, MockServer};
use crate::support::{START_MS, alone, fetched, now_ms};
use crate::webhook_world::{World, deliver, messages, server};

#[test]
fn a_message_is_signed_and_says_no_more_than_it_should() {
    alone(async {
        let world = World::new();
        let server = server(&world).await;
        world.with(|world| {
            world.announce("i", &format!("{}/hook?x=1", server.url));
            world.answers.insert("/hook".into(), vec![204]);
        });
        let report = deliver(&server, &Instance::default(), &[]).await;
        assert_eq!((report.delivered, report.retried), (1, 0), "{report}");
        assert!(world.get().deliveries.is_empty());
        let [message] = &messages(&server, "/hook")[..] else {
            panic!("one message");
        };
        assert_eq!(
            (message.method.as_str(), message.query.as_str()),
            ("POST", "x=1")
        );
        assert_eq!(
            message.body,
            json!({"type": "submission.finished", "timestamp": "2023-11-14T22:13:20.000Z",
                   "data": {"id": "i", "status": "done", "finishedAtMs": START_MS}})
        );
        let names: Vec<&str> = message.headers.iter().map(|(name, _)| &**name).collect();
        for name in &names {
            let known = [
                "accept",
                "content-length",
                "content-type",
                "host",
                "user-agent",
                "webhook-id",
                "webhook-signature",
                "webhook-timestamp",
            ];
            assert!(known.contains(name), "{name}");
        }
        let header = |name| message.header(name).unwrap();
        assert_eq!(header("webhook-id"), format!("i-{START_MS}"));
        assert_eq!(header("webhook-timestamp"), "1700000000");
        assert!(header("webhook-signature").starts_with("v1,"));
        assert!(header("user-agent").starts_with("edgejudge-webhook/"));
    });
}

#[test]
fn a_receiver_that_fails_twice_is_told_a_third_time() {
    alone(async {
        let world = World::new();
        let server = server(&world).await;
        world.with(|world| {
            world.announce("i", &format!("{}/hook", server.url));
            world.answers.insert("/hook".into(), vec![500, 302, 200]);
        });
        let instance = Instance::default();
        // It waits for its own first retry, and not half a minute for the second.
        let report = deliver(&server, &instance, &[]).await;
        assert_eq!((report.delivered, report.retried), (0, 2), "{report}");
        let [due_ms] = world.get().deliveries.into_values().collect::<Vec<_>>()[..] else {
            panic!("one waits");
        };
        assert!(due_ms >= now_ms() + 30_000, "{due_ms}");
        assert_eq!(
            deliver(&server, &instance, &[]).await.retried,
            0,
            "too early"
        );
        crate::support::pass_ms(40_000);
        assert_eq!(deliver(&server, &instance, &[]).await.delivered, 1);
        let all = messages(&server, "/hook");
        let ids: Vec<_> = all.iter().map(|one| one.header("webhook-id")).collect();
        assert_eq!(
            ids,
            vec![Some("i-1700000000000"); 3],
            "the same over all attempts"
        );
        let signatures: Vec<_> = all
            .iter()
            .map(|one| one.header("webhook-signature"))
            .collect();
        assert!(signatures[0] != signatures[1] && signatures[1] != signatures[2]);
    });
}

#[test]
fn deliveries_are_given_up_with_their_reason() {
    alone(async {
        let world = World::new();
        let server = server(&world).await;
        world.with(|world| {
            let url = |path: &str| format!("{}/{path}", server.url);
            for (id, answers) in [
                ("always", vec![503]),
                ("gone", vec![410]),
                ("moved", vec![307]),
            ] {
                world.announce(id, &url(id));
                world.answers.insert(format!("/{id}"), answers);
            }
            world.announce("vanished", &url("vanished"));
            world.documents.remove("vanished");
            world.announce("foreign", "http://10.0.0.1/");
            let old = Delivery::new("old", &url("old"), START_MS - 90_000_000);
            world.deliveries.insert(old.encode().unwrap(), 1);
        });
        let attempts = [("WEBHOOK_ATTEMPTS", "2")];
        let report = deliver(&server, &Instance::default(), &attempts).await;
        assert_eq!((report.given_up, report.dropped), (5, 1), "{report}");
        let world = world.get();
        assert!(world.deliveries.is_empty());
        for (id, reason) in [
            (
                "always",
                "Webhook given up after 2 attempts. The last one: the receiver answered 503",
            ),
            (
                "moved",
                "Webhook given up after 2 attempts. The last one: the receiver answered 307",
            ),
            (
                "gone",
                "Webhook refused: the receiver answered 410: it wants no more",
            ),
            (
                "foreign",
                "Webhook refused: callbackUrl must be an https URL.",
            ),
            (
                "old",
                "Webhook given up after 0 attempts. The last one: it took too long",
            ),
        ] {
            assert_eq!(world.reason(id), reason);
        }
        assert_eq!(
            world.letters["always.webhook"]["history"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
        assert_eq!(world.letters["always.webhook"]["attempts"], 2);
        // Its job was replayed, and will have another end; nobody has to look.
        assert!(!world.letters.contains_key("vanished.webhook"));
        assert_eq!(messages(&server, "/gone").len(), 1, "no retry");
        assert_eq!(messages(&server, "/old").len(), 0);
    });
}

/// The resolver's names lead here and there; no receiver is called that must not be.
#[test]
fn names_of_private_addresses_are_not_called() {
    alone(async {
        let world = World::new();
        let server = server(&world).await;
        let private = [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "192.168.0.1",
            "172.20.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "168.63.129.16",
            "::1",
            "::ffff:127.0.0.1",
            "fd00::1",
            "fe80::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
        ];
        world.with(|world| {
            for (number, address) in private.iter().enumerate() {
                // Also one among good ones.
                for (kind, addresses) in [
                    ("only", vec![(*address).to_owned()]),
                    (
                        "also",
                        vec![
                            "1.1.1.1".into(),
                            (*address).into(),
                            "2606:4700::1111".into(),
                        ],
                    ),
                ] {
                    let name = format!("{kind}{number}.site.org");
                    world.announce(&name, &format!("https://{name}/"));
                    world.names.insert(name, addresses);
                }
            }
            world.announce("unknown", "https://unknown.site.org/");
            world.announce("empty", "https://empty.site.org/");
            world.names.insert("empty.site.org".into(), Vec::new());
        });
        let instance = Instance::default();
        let mut given_up = 0;
        for _ in 0..10 {
            given_up += deliver(&server, &instance, &[]).await.given_up;
        }
        assert_eq!(given_up, 2 * private.len());
        let world = world.get();
        for letter in world.letters.values() {
            let reason = letter["reason"].as_str().unwrap();
            assert!(reason.contains("private, local or reserved"), "{reason}");
        }
        // These two may have been a hiccup.
        let waiting: Vec<Delivery> = world
            .deliveries
            .keys()
            .map(|payload| Delivery::decode(payload.as_bytes()).unwrap())
            .collect();
        assert_eq!(waiting.len(), 2);
        let reasons: Vec<&str> = waiting
            .iter()
            .map(|one| &*one.failed_attempts[0].reason)
            .collect();
        assert!(
            reasons.contains(&"there is no such host name"),
            "{reasons:?}"
        );
        assert!(
            reasons.contains(&"the host's name stands for no address"),
            "{reasons:?}"
        );
        let called = fetched();
        let resolver = format!("{}/dns?", server.url);
        assert!(called.len() >= 2 * private.len(), "{}", called.len());
        assert!(
            called.iter().all(|url| url.starts_with(&resolver)),
            "{called:?}"
        );
    });
}

/// Ten wait for a host that gives no answer: one is tried, and others are not behind it.
#[test]
fn a_receiver_that_hangs_holds_up_its_own_deliveries_only() {
    alone(async {
        let world = World::new();
        let server = server(&world).await;
        let hanging = MockServer::start(|_| (HANG, Value::Null)).await;
        // By host: another name of the same machine.
        let hangs = hanging.url.replace("127.0.0.1", "localhost");
        world.with(|world| {
            for number in 0..7 {
                world.announce(&format!("a{number}"), &format!("{hangs}/{number}"));
            }
            world.announce("z", &format!("{}/hook", server.url));
            world.answers.insert("/hook".into(), vec![200]);
        });
        let instance = Instance::default();
        let report = deliver(&server, &instance, &[]).await;
        assert_eq!(report.delivered, 1, "{report}");
        assert_eq!(hanging.requests().len(), 1);
        let world = world.get();
        assert_eq!(world.deliveries.len(), 7);
        let failed: Vec<usize> = world
            .deliveries
            .keys()
            .map(|payload| {
                Delivery::decode(payload.as_bytes())
                    .unwrap()
                    .failed_attempts
                    .len()
            })
            .collect();
        assert_eq!(
            failed.iter().sum::<usize>(),
            1,
            "the others' attempts do not count"
        );
        assert!(world.deliveries.values().all(|due| *due > now_ms()));
    });
}

#[test]
fn the_budget_of_calls_is_kept_and_a_fresh_invocation_goes_on() {
    alone(async {
        let world = World::new();
        let server = server(&world).await;
        world.with(|world| {
            for number in 0..30 {
                world.announce(&format!("{number:02}"), &format!("{}/hook", server.url));
            }
            world.answers.insert("/hook".into(), vec![200]);
        });
        let instance = Instance::default();
        let (mut rounds, mut delivered, mut before) = (0, 0, 0);
        loop {
            let report = deliver(&server, &instance, &[("SUBREQUEST_BUDGET", "20")]).await;
            let calls = server.requests().len() - before;
            // One is for the hand-over.
            assert!(calls < 20, "{calls}");
            before += calls;
            delivered += report.delivered;
            rounds += 1;
            if !report.hand_over {
                break;
            }
        }
        assert_eq!(delivered, 30);
        assert!(rounds > 3, "{rounds}");
        assert!(server.most_in_flight() <= 2);
    });
}

#[test]
fn nothing_is_delivered_without_a_secret_or_a_store() {
    alone(async {
        let world = World::new();
        let server = server(&world).await;
        world.with(|world| world.announce("i", &format!("{}/hook", server.url)));
        let report = deliver(&server, &Instance::default(), &[("WEBHOOK_SECRET", "")]).await;
        assert!(!report.is_worth_a_line() && !report.hand_over, "{report}");
        assert_eq!(server.requests().len(), 0);
        let broken = MockServer::start(|_| (0, Value::Null)).await;
        let report = deliver(&broken, &Instance::default(), &[]).await;
        assert!(report.error.is_some() && !report.hand_over, "{report}");
        assert_eq!(broken.requests().len(), 3, "its tries");
    });
}
