//! What an operator does, end to end: looking, replaying, deleting, pausing,
//! purging; and nobody else.

use serde_json::{Value, json};

use crate::http;
use crate::stub::BREAK;
use crate::world::{Test, World, redis};

pub(crate) const TESTS: &[Test] = &[
    ("hands::the_numbers_are_right", the_numbers_are_right),
    (
        "hands::a_dead_job_is_replayed_and_done",
        a_dead_job_is_replayed_and_done,
    ),
    (
        "hands::a_dead_letter_can_be_deleted",
        a_dead_letter_can_be_deleted,
    ),
    (
        "hands::paused_means_that_nothing_is_taken",
        paused_means_that_nothing_is_taken,
    ),
    (
        "hands::a_purge_empties_what_it_names",
        a_purge_empties_what_it_names,
    ),
    ("hands::only_operators_operate", only_operators_operate),
];

fn the_numbers_are_right(world: &mut World) {
    let stubbed = world.stubbed();
    let stats = || stubbed.operate("GET", "/stats").json()["stats"].clone();
    let nothing = stats();
    assert_eq!(
        nothing["waiting"],
        json!({"high": 0, "normal": 0, "low": 0})
    );
    assert_eq!(nothing["oldestWaitMs"], Value::Null);
    assert_eq!(nothing["minutes"], json!([]));

    // Five done, one dead, three waiting, one for later.
    let codes: Vec<String> = (0..5).map(|number| format!("print({number})")).collect();
    stubbed.submit_all(&codes);
    garbage(&stubbed.stack);
    stubbed.cron();
    for (code, members) in [
        ("a", json!({"priority": "high"})),
        ("b", json!({})),
        ("c", json!({"priority": "low"})),
        ("d", json!({"priority": "low"})),
        ("e", json!({"delayMs": 60_000})),
    ] {
        stubbed.submit_with(code, members);
    }
    let some = stats();
    assert_eq!(some["waiting"], json!({"high": 1, "normal": 1, "low": 2}));
    let oldest_ms = some["oldestWaitMs"].as_u64().unwrap();
    assert!(oldest_ms < 10_000, "{some}");
    for (name, number) in [("inFlight", 0), ("due", 0), ("later", 1), ("dead", 1)] {
        assert_eq!(some[name], number, "{name}: {some}");
    }
    assert_eq!(some["paused"], false);
    // The minute may have changed in between.
    let sum = |name: &str| -> u64 {
        let minutes = some["minutes"].as_array().unwrap();
        minutes.iter().map(|one| one[name].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("done"), sum("dead")), (5, 1), "{some}");
}

fn a_dead_job_is_replayed_and_done(world: &mut World) {
    let stubbed = world.stubbed();
    let id = stubbed.submit(BREAK);
    stubbed.cron();
    let document = stubbed.result(&id);
    assert_eq!(document["status"], "dead", "{document}");
    let path = format!("/dead/{id}");
    let letter = stubbed.operate("GET", &path).json();
    assert_eq!(letter["dead"]["attempts"], 3, "{letter}");
    let payload: Value = serde_json::from_str(letter["payload"].as_str().unwrap()).unwrap();
    assert_eq!(payload["code"], BREAK);

    stubbed.stub.heal();
    let answer = stubbed.operate("POST", &format!("{path}/replay"));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["position"], 1);
    let document = http::result_of(&stubbed.stack.submit_url(), &id);
    assert_eq!(document["status"], "done", "{document}");
    assert_eq!(document["attempts"], 1, "a life of its own: {document}");
    assert_eq!(document["output"], BREAK);
    assert_eq!(stubbed.stub.runs_of(BREAK), 3 + 1);
    assert_eq!(stubbed.dead().len(), 0);
    for (method, path) in [("GET", path.clone()), ("POST", format!("{path}/replay"))] {
        stubbed
            .operate(method, &path)
            .assert_error(404, None, "no dead letter");
    }
}

fn a_dead_letter_can_be_deleted(world: &mut World) {
    let stubbed = world.stubbed();
    garbage(&stubbed.stack);
    garbage(&stubbed.stack);
    stubbed.cron();
    let dead = stubbed.dead();
    assert_eq!(dead.len(), 2, "{dead:?}");
    let path = format!("/dead/{}", dead[0]["id"].as_str().unwrap());
    let answer = stubbed.operate("DELETE", &path);
    assert_eq!(answer.status, 200, "{}", answer.text);
    for (method, path) in [
        ("DELETE", path.clone()),
        ("GET", path.clone()),
        ("POST", format!("{path}/replay")),
    ] {
        stubbed
            .operate(method, &path)
            .assert_error(404, None, "no dead letter");
    }
    let left = stubbed.dead();
    assert_eq!(left, dead[1..], "the other one stays");
    stubbed.assert_settled();
}

fn paused_means_that_nothing_is_taken(world: &mut World) {
    let stubbed = world.stubbed();
    let paused = || stubbed.operate("GET", "/stats").json()["stats"]["paused"].clone();
    assert_eq!(stubbed.operate("POST", "/pause").status, 200);
    assert_eq!(paused(), true);
    // People may still submit.
    let id = stubbed.submit("print(1)");
    assert_eq!(stubbed.work("").json()["message"], "No jobs in queue");
    stubbed.cron();
    assert_eq!(stubbed.result(&id)["status"], "queued");
    assert_eq!(stubbed.stub.order().len(), 0);

    assert_eq!(stubbed.operate("POST", "/resume").status, 200);
    assert_eq!(paused(), false);
    // Nobody needs to wake anybody.
    let document = http::result_of(&stubbed.stack.submit_url(), &id);
    assert_eq!(document["output"], "print(1)");
}

fn a_purge_empties_what_it_names(world: &mut World) {
    let stubbed = world.stubbed();
    for priority in ["low", "normal", "low", "high", "low", "normal"] {
        stubbed.submit_with(priority, json!({ "priority": priority }));
    }
    for slip in ["/purge", "/purge?lane=", "/purge?lane=problems"] {
        stubbed
            .operate("POST", slip)
            .assert_error(422, Some("lane"), "high, normal, low or all");
    }
    let purge = |lane: &str| {
        let answer = stubbed.operate("POST", &format!("/purge?lane={lane}"));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["purged"].clone()
    };
    assert_eq!(purge("low"), 3);
    assert_eq!(purge("low"), 0);
    let done = stubbed.work("?batch=1").json();
    assert_eq!(done["jobs"][0]["result"]["output"], "high");
    assert_eq!(purge("all"), 2);
    assert_eq!(stubbed.work("").json()["message"], "No jobs in queue");
    stubbed.assert_settled();
}

fn only_operators_operate(world: &mut World) {
    let stubbed = world.stubbed();
    let id = stubbed.submit("print(1)");
    let base = stubbed.stack.submit_url();
    for (method, path) in CALLS {
        let url = format!("{base}{path}");
        for headers in [
            &[][..],
            &[("authorization", "Bearer wrong")][..],
            &[("authorization", "operator")][..],
        ] {
            http::request(method, &url, headers, None).assert_error(401, None, "operator's token");
        }
    }
    // None of them did anything.
    assert_eq!(stubbed.work("").json()["result"]["id"], id.as_str());

    // Where no token is set, any token is the wrong one.
    let base = world.stormy().stack.submit_url();
    for (method, path) in CALLS {
        let url = format!("{base}{path}");
        let headers = [("authorization", "Bearer operator")];
        http::request(method, &url, &headers, None).assert_error(403, None, "ADMIN_TOKEN");
    }
}

/// Every call of an operator.
const CALLS: [(&str, &str); 8] = [
    ("GET", "/stats"),
    ("GET", "/dead"),
    ("GET", "/dead/x"),
    ("POST", "/dead/x/replay"),
    ("DELETE", "/dead/x"),
    ("POST", "/pause"),
    ("POST", "/resume"),
    ("POST", "/purge?lane=all"),
];

fn garbage(stack: &xtask::stack::Stack) {
    assert!(redis(stack, &["LPUSH", "problems", "garbage"]).is_some());
}
