//! Receivers, a resolver and a Redis for couriers, all on one server.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shared::domain::delivery::Delivery;
use worker_fn::instance::Instance;
use worker_fn::webhook::CourierReport;

use crate::drains::app;
use crate::mock_server::{MockServer, Received, Shared};
use crate::support::{START_MS, now_ms};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A Redis that holds deliveries, each with its due time, and results; and the one
/// receiver and resolver, at other paths.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) deliveries: BTreeMap<String, u64>,
    pub(crate) letters: BTreeMap<String, Value>,
    pub(crate) documents: BTreeMap<String, String>,
    /// The answers of the receiver at each path; the last one stays.
    pub(crate) answers: BTreeMap<String, Vec<u16>>,
    /// The addresses of names.
    pub(crate) names: BTreeMap<String, Vec<String>>,
    pub(crate) claims: usize,
    /// How many dead letters there is no room for.
    pub(crate) unstored: u64,
}

impl World {
    pub(crate) fn new() -> Shared<Self> {
        Shared::new(Self::default())
    }

    fn answer(&mut self, request: &Received) -> (u16, Value) {
        if request.path == "/dns" {
            return (200, self.resolve(&request.query));
        }
        if let Some(answers) = self.answers.get_mut(&request.path) {
            let status = answers[0];
            if answers.len() > 1 {
                answers.remove(0);
            }
            return (status, json!({"answer": "x".repeat(100_000)}));
        }
        let words: Vec<String> = match &request.body {
            Value::Array(words) => words.iter().map(text).collect(),
            other => panic!("{} {other}", request.path),
        };
        match words[0].as_str() {
            "GET" => {
                let id = words[1].strip_prefix("result:").unwrap();
                let document = self.documents.get(id);
                let document = document.map_or(Value::Null, |text| STANDARD.encode(text).into());
                (200, json!({ "result": document }))
            }
            "EVALSHA" => {
                assert_eq!(words[3..6], ["deliveries", "dead", "dead:payload"]);
                self.settle(&words[8..]);
                let (want, lease_ms) = (words[6].parse().unwrap(), words[7].parse().unwrap());
                (200, json!({ "result": self.claim(want, lease_ms) }))
            }
            other => panic!("{other}"),
        }
    }

    fn resolve(&self, query: &str) -> Value {
        let name = query.split('&').find_map(|pair| pair.strip_prefix("name="));
        let wants_v6 = query.ends_with("type=AAAA");
        let Some(addresses) = self.names.get(name.unwrap()) else {
            return json!({"Status": 3});
        };
        let of_type = addresses.iter().filter(|one| one.contains(':') == wants_v6);
        let record = |one| json!({"type": if wants_v6 { 28 } else { 1 }, "data": one});
        json!({"Status": 0, "Answer": of_type.map(record).collect::<Vec<_>>()})
    }

    fn settle(&mut self, mut words: &[String]) {
        while let [kind, payload, rest @ ..] = words {
            assert!(self.deliveries.remove(payload).is_some(), "{payload}");
            words = match kind.as_str() {
                "delivered" => rest,
                "retry" => {
                    let due_ms = now_ms() + rest[0].parse::<u64>().unwrap();
                    self.deliveries.insert(rest[1].clone(), due_ms);
                    &rest[2..]
                }
                "give_up" => {
                    let letter = serde_json::from_str(&rest[1]).unwrap();
                    self.letters.insert(rest[0].clone(), letter);
                    assert!(Delivery::decode(rest[2].as_bytes()).is_some());
                    &rest[3..]
                }
                other => panic!("{other}"),
            };
        }
    }

    fn claim(&mut self, want: usize, lease_ms: u64) -> Value {
        self.claims += 1;
        let due = self.deliveries.iter().filter(|(_, due)| **due <= now_ms());
        let mut due: Vec<_> = due.map(|(payload, due)| (*due, payload.clone())).collect();
        due.sort();
        due.truncate(want);
        for (_, payload) in &due {
            self.deliveries.insert(payload.clone(), now_ms() + lease_ms);
        }
        let later = self.deliveries.values().filter(|due| **due > now_ms());
        let next = later
            .min()
            .map_or(-1, |due| i64::try_from(due - now_ms()).unwrap());
        let claimed: Vec<String> = due.iter().map(|(_, one)| STANDARD.encode(one)).collect();
        json!([claimed, next, std::mem::take(&mut self.unstored)])
    }

    pub(crate) fn announce(&mut self, id: &str, url: &str) {
        let payload = Delivery::new(id, url, START_MS).encode().unwrap();
        self.deliveries.insert(payload, START_MS);
        let document = json!({"id": id, "status": "done", "finishedAtMs": START_MS});
        self.documents.insert(id.into(), document.to_string());
    }

    pub(crate) fn reason(&self, id: &str) -> &str {
        self.letters[&format!("{id}.webhook")]["reason"]
            .as_str()
            .unwrap()
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

pub(crate) async fn server(world: &Shared<World>) -> MockServer {
    let world = world.clone();
    MockServer::start(move |request| world.with(|world| world.answer(request))).await
}

pub(crate) async fn deliver(
    server: &MockServer,
    instance: &Instance,
    more: &[(&str, &str)],
) -> CourierReport {
    // The first of a name counts.
    let mut variables: Vec<(&str, String)> = Vec::new();
    variables.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    variables.extend([
        ("EXECUTOR_URL", server.url.clone()),
        ("WEBHOOK_SECRET", SECRET.into()),
        ("CALLBACK_LOOPBACK", "on".into()),
        ("DNS_OVER_HTTPS_URL", format!("{}/dns", server.url)),
    ]);
    app(instance, server, &variables).deliver().await.unwrap()
}

/// The messages to a path.
pub(crate) fn messages(server: &MockServer, path: &str) -> Vec<Received> {
    let all = server.requests().into_iter();
    all.filter(|request| request.path == path).collect()
}
