//! How many jobs are at the execution endpoint at once, counted there.

use std::thread;

use crate::http;
use crate::world::{MAX_IN_FLIGHT, SOON, Stubbed, Test, World, left, number, wait_until};

pub(crate) const TESTS: &[Test] = &[
    (
        "limits::one_invocation_has_six_requests_in_flight",
        one_invocation_has_six_requests_in_flight,
    ),
    (
        "limits::the_whole_system_keeps_its_cap",
        the_whole_system_keeps_its_cap,
    ),
];

fn one_invocation_has_six_requests_in_flight(world: &mut World) {
    let stubbed = world.stubbed();
    stubbed.stub.take_ms(100);
    let codes = codes(60);
    stubbed.submit_all(&codes);
    // One invocation at a time: it hands over when its calls are spent.
    stubbed.cron();
    assert_all_ran_once(stubbed, &codes);
    // Fewer would be slower than need be; more would wait in the platform, with
    // their time running.
    assert_eq!(stubbed.stub.most_at_once(), 6);
}

/// Each job comes alone with a wake-up of its own, so that as many invocations
/// are at work as there are jobs: without the cap, far more would be under way
/// than it allows.
fn the_whole_system_keeps_its_cap(world: &mut World) {
    let stubbed = world.stubbed();
    stubbed.stub.take_ms(1_500);
    let codes = codes(30);
    let wake = format!("{}/wake?lanes=all", stubbed.stack.worker_url());
    thread::scope(|scope| {
        for code in &codes {
            stubbed.submit(code);
            let wake = &wake;
            scope.spawn(move || assert_eq!(http::post(wake, "").status, 202));
        }
    });
    assert_all_ran_once(stubbed, &codes);
    let most = stubbed.stub.most_at_once();
    assert!(most <= MAX_IN_FLIGHT, "{most} were under way at once");
    assert!(most > 6, "no more than {most}: one invocation did it all");
}

fn codes(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("print({number})"))
        .collect()
}

fn assert_all_ran_once(stubbed: &Stubbed, codes: &[String]) {
    wait_until("all jobs are settled", 2 * SOON, || {
        left(&stubbed.stack) == [0; 6]
    });
    for code in codes {
        assert_eq!(stubbed.stub.runs_of(code), 1, "{code}");
    }
    let count = "return #redis.call('KEYS', 'result:*')";
    let results = number(&stubbed.stack, &["EVAL", count, "0"]);
    assert_eq!(results, codes.len() as u64);
    assert_eq!(stubbed.dead().len(), 0);
}
