//! The execution endpoint is away for a while, and nobody is blamed for it: all
//! jobs wait, and are done at their first attempt when it is back.

use std::thread;
use std::time::Duration;

use xtask::stack::{self, Stack};

use crate::http;
use crate::world::{SOON, Test, World, left, number, wait_until};

pub(crate) const TESTS: &[Test] = &[
    (
        "outages::a_runner_that_is_killed_is_waited_for",
        a_runner_that_is_killed_is_waited_for,
    ),
    (
        "outages::an_endpoint_that_refuses_is_waited_for",
        an_endpoint_that_refuses_is_waited_for,
    ),
];

const AWAY: Duration = Duration::from_secs(5);

fn a_runner_that_is_killed_is_waited_for(world: &mut World) {
    let stormy = world.stormy();
    let submit_url = stormy.stack.submit_url();
    let submit = |number: usize| {
        let code = format!("import time\ntime.sleep(0.5)\nprint({number})");
        http::submit(&submit_url, "outage", "python", &code)
    };
    let mut ids: Vec<String> = (0..12).map(submit).collect();
    wait_until("jobs are under way", SOON, || {
        number(&stormy.stack, &["ZCARD", "leases"]) > 0
    });
    stormy.stack.kill("runner");
    ids.extend((12..18).map(submit));
    let worker = stormy.stack.ports.worker;
    let cron = thread::spawn(move || stack::fire_cron(worker).unwrap());
    thread::sleep(AWAY);
    let results = |stack: &Stack| {
        let count = "return #redis.call('KEYS', 'result:*')";
        number(stack, &["EVAL", count, "0"])
    };
    assert!(
        results(&stormy.stack) < 12,
        "some were to be under way when the runner was killed"
    );

    stormy.stack.restart("runner").unwrap();
    cron.join().unwrap();
    stormy.stack.fire_cron().unwrap();
    for (number, id) in ids.iter().enumerate() {
        let document = http::result_of(&submit_url, id);
        assert_eq!(document["output"], format!("{number}\n"), "{document}");
        assert_eq!(document["attempts"], 1, "{document}");
    }
    wait_until("nothing is held", SOON, || left(&stormy.stack) == [0; 6]);
    assert_eq!(number(&stormy.stack, &["HLEN", "dead"]), 0);
}

fn an_endpoint_that_refuses_is_waited_for(world: &mut World) {
    for status in [
        "429 Too Many Requests",
        "503 Service Unavailable",
        "401 Unauthorized",
    ] {
        let stubbed = world.stubbed();
        let codes: Vec<String> = (0..8).map(|number| format!("print({number})")).collect();
        let ids = stubbed.submit_all(&codes);
        stubbed.stub.refuse(Some(status));
        let worker = stubbed.stack.ports.worker;
        let cron = thread::spawn(move || stack::fire_cron(worker).unwrap());
        thread::sleep(AWAY / 2);
        assert_eq!(stubbed.stub.order().len(), 0);
        for id in &ids {
            assert_eq!(stubbed.result(id)["status"], "queued", "{status}");
        }

        stubbed.stub.refuse(None);
        // Without another cron: the one that met the outage waits for its end.
        cron.join().unwrap();
        for (id, code) in ids.iter().zip(&codes) {
            let document = stubbed.result(id);
            assert_eq!(document["output"], code.as_str(), "{status}: {document}");
            assert_eq!(document["attempts"], 1, "{status}: {document}");
            assert_eq!(stubbed.stub.runs_of(code), 1, "{status}");
        }
        stubbed.assert_settled();
        // The oldest went ahead to see, and the rest followed in their order.
        assert_eq!(stubbed.stub.order()[0], codes[0], "{status}");
        assert_eq!(stubbed.dead().len(), 0);
    }
}
