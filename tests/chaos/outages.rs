//! The execution endpoint is away or broken for a while. Jobs wait, no attempt is
//! counted against them, and they are done at their first attempt when it is back.

use std::thread;

use axum::http::StatusCode;
use support::wait::{SOON, wait_until};
use xtask::stack;

use crate::stacks::{QUEUE_MAX, Stacks, UNSETTLED, unsettled};

support::tests![
    jobs_wait_while_a_killed_runner_is_away,
    jobs_wait_while_the_endpoint_refuses_requests,
    a_storm_of_a_broken_endpoint_costs_no_job_an_attempt,
];

fn jobs_wait_while_a_killed_runner_is_away(stacks: &Stacks) {
    let mut faulty = stacks.faulty();
    let submit_fn = faulty.submit_fn.clone();
    let submit = |number: usize| {
        let code = format!("import time\ntime.sleep(0.5)\nprint({number})");
        submit_fn.submit("outage", "python", &code)
    };
    let mut ids: Vec<String> = (0..12).map(submit).collect();
    wait_until("jobs are running", SOON, || {
        faulty.redis.run::<u64>(&["HLEN", "inflight"]) > 0
    });
    faulty.stack.kill("runner");
    ids.extend((12..18).map(submit));
    let worker = faulty.stack.ports.worker;
    let cron = thread::spawn(move || stack::fire_cron(worker).unwrap());
    let done = || faulty.redis.keys("result:*").len() as u64;
    wait_until("all leased jobs are back in their lane", SOON, || {
        unsettled(&faulty.redis) == [0, 18 - done(), 0, 0, 0, 0]
    });
    assert!(done() < 12, "no job was running when the runner was killed");

    faulty.stack.restart("runner").unwrap();
    cron.join().unwrap();
    faulty.stack.fire_cron().unwrap();
    for (number, id) in ids.iter().enumerate() {
        let document = submit_fn.finished_result(id);
        assert_eq!(document["output"], format!("{number}\n"), "{document}");
        assert_eq!(document["attempts"], 1, "{document}");
    }
    wait_until("no job is leased", SOON, || {
        unsettled(&faulty.redis) == [0; 6]
    });
    assert_eq!(faulty.redis.run::<u64>(&["HLEN", "dead"]), 0);
}

/// How many requests are refused before the endpoint recovers: the first ones of
/// a drain, and more after it has backed off.
const REFUSALS: usize = 4;

fn jobs_wait_while_the_endpoint_refuses_requests(stacks: &Stacks) {
    for status in [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::UNAUTHORIZED,
    ] {
        let mocked = stacks.mocked();
        let (submit_fn, endpoint) = (&mocked.submit_fn, &mocked.endpoint);
        let codes: Vec<String> = (0..8).map(|number| format!("print({number})")).collect();
        let ids = mocked.submit_all(&codes);
        endpoint.refuse_with(Some(status));
        let worker = mocked.stack.ports.worker;
        let cron = thread::spawn(move || stack::fire_cron(worker).unwrap());
        wait_until("requests were refused", SOON, || {
            endpoint.refused() >= REFUSALS
        });
        assert_eq!(endpoint.order().len(), 0);
        for id in &ids {
            assert_eq!(submit_fn.result(id)["status"], "queued", "{status}");
        }

        endpoint.refuse_with(None);
        // Without another cron: the one that met the outage waits for its end.
        cron.join().unwrap();
        for (id, code) in ids.iter().zip(&codes) {
            let document = submit_fn.result(id);
            assert_eq!(document["output"], code.as_str(), "{status}: {document}");
            assert_eq!(document["attempts"], 1, "{status}: {document}");
            assert_eq!(endpoint.runs_of(code), 1, "{status}");
        }
        mocked.assert_settled();
        // The oldest ran first, to probe, and the rest followed. At an endpoint that is
        // only too busy each job waits for its own turn.
        if status != StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(endpoint.order()[0], codes[0], "{status}");
        }
        assert_eq!(mocked.dead_letters().len(), 0);
    }
}

/// An endpoint that lists its languages and answers 500 to every run, as many jobs
/// as a lane takes, and several drains at once.
fn a_storm_of_a_broken_endpoint_costs_no_job_an_attempt(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let (submit_fn, endpoint) = (&mocked.submit_fn, &mocked.endpoint);
    endpoint.fail_runs_with(Some(StatusCode::INTERNAL_SERVER_ERROR));
    let codes: Vec<String> = (0..QUEUE_MAX)
        .map(|number| format!("print({number})"))
        .collect();
    let ids = mocked.submit_all(&codes);
    let worker = mocked.stack.ports.worker;
    for _ in 0..2 {
        let crons = [(); 3].map(|()| thread::spawn(move || stack::fire_cron(worker).unwrap()));
        for cron in crons {
            cron.join().unwrap();
        }
    }
    assert!(endpoint.failed_runs() > 6, "{}", endpoint.failed_runs());
    assert_eq!(mocked.dead_letters().len(), 0);
    let waiting = [0, QUEUE_MAX as u64, 0, 0, 0, 0];
    assert_eq!(unsettled(&mocked.redis), waiting, "{UNSETTLED}");
    for id in &ids {
        assert_eq!(submit_fn.result(id)["status"], "queued");
    }

    endpoint.fail_runs_with(None);
    wait_until("all jobs are settled", SOON, || {
        mocked.cron();
        unsettled(&mocked.redis) == [0; 6]
    });
    for (id, code) in ids.iter().zip(&codes) {
        let document = submit_fn.result(id);
        assert_eq!(document["output"], code.as_str(), "{document}");
        assert_eq!(document["attempts"], 1, "{document}");
        assert_eq!(endpoint.runs_of(code), 1);
    }
    assert_eq!(mocked.dead_letters().len(), 0);
}
