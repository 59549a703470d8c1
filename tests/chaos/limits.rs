//! How many jobs are at the execution endpoint at once, counted there.

use std::thread;

use support::wait::{SOON, wait_until};

use crate::stacks::{MAX_IN_FLIGHT, Mocked, Stacks, unsettled};

support::tests![
    one_invocation_has_six_requests_in_flight,
    the_whole_system_keeps_max_in_flight,
];

fn one_invocation_has_six_requests_in_flight(stacks: &Stacks) {
    let mocked = stacks.mocked();
    mocked.endpoint.set_delay_ms(100);
    let codes = codes(60);
    mocked.submit_all(&codes);
    // One invocation at a time: it hands over when its calls are spent.
    mocked.cron();
    assert_all_ran_once(&mocked, &codes);
    // Fewer would be slower than need be; more would wait in the platform, with
    // their time running.
    assert_eq!(mocked.endpoint.max_running(), 6);
}

/// Each job comes with a wake-up of its own, so that as many invocations run as
/// there are jobs: without the cap, far more jobs would run than it allows.
fn the_whole_system_keeps_max_in_flight(stacks: &Stacks) {
    let mocked = stacks.mocked();
    mocked.endpoint.set_delay_ms(1_500);
    let codes = codes(30);
    let worker_fn = &mocked.worker_fn;
    thread::scope(|scope| {
        for code in &codes {
            mocked.submit(code);
            scope.spawn(|| assert_eq!(worker_fn.post("/wake?lanes=all", "").status, 202));
        }
    });
    assert_all_ran_once(&mocked, &codes);
    let most = mocked.endpoint.max_running();
    assert!(most <= MAX_IN_FLIGHT, "{most} jobs ran at once");
    assert!(most > 6, "no more than {most}: one invocation ran them all");
}

fn codes(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("print({number})"))
        .collect()
}

fn assert_all_ran_once(mocked: &Mocked, codes: &[String]) {
    wait_until("all jobs are settled", 2 * SOON, || {
        unsettled(&mocked.redis) == [0; 6]
    });
    for code in codes {
        assert_eq!(mocked.endpoint.runs_of(code), 1, "{code}");
    }
    assert_eq!(mocked.redis.keys("result:*").len(), codes.len());
    assert_eq!(mocked.dead_letters().len(), 0);
}
