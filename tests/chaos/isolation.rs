//! One bad job harms only itself.
//!
//! A batch of ten, claimed at once: one that is not a job, one as large as a job
//! may be, one that makes the endpoint fail whenever it runs, and seven ordinary
//! ones. The seven and the large one must be done at their first attempt; the
//! other two must become dead letters.

use serde_json::Value;
use shared::domain::stage::MAX_STDOUT_BYTES;
use support::mock_endpoint::{CRASH, NO_RESPONSE, OUTAGE, SERVER_ERROR};
use support::wait::{SOON, wait_until};

use crate::stacks::{Mocked, Stacks, unsettled};

support::tests![
    a_job_without_a_response_harms_no_other,
    a_job_that_gets_http_500_harms_no_other,
    a_job_that_crashes_the_endpoint_harms_no_other,
    a_job_that_causes_outages_harms_no_other,
];

fn a_job_without_a_response_harms_no_other(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let harmless = run_batch_with(&mocked, NO_RESPONSE, "did not answer");
    for code in harmless {
        assert_eq!(mocked.endpoint.runs_of(&code), 1, "{code:.20}");
    }
    // In the batch, where the bad job could not be identified; then by itself.
    assert_eq!(mocked.endpoint.runs_of(NO_RESPONSE), 1 + 3);
}

fn a_job_that_gets_http_500_harms_no_other(stacks: &Stacks) {
    let mocked = stacks.mocked();
    let harmless = run_batch_with(&mocked, SERVER_ERROR, "HTTP 500");
    for code in harmless {
        assert_eq!(mocked.endpoint.runs_of(&code), 1, "{code:.20}");
    }
    // The response identified the bad job.
    assert_eq!(mocked.endpoint.runs_of(SERVER_ERROR), 3);
}

fn a_job_that_crashes_the_endpoint_harms_no_other(stacks: &Stacks) {
    let mocked = stacks.mocked();
    // Long enough that other jobs run when it crashes.
    mocked.endpoint.set_delay_ms(300);
    let harmless = run_batch_with(&mocked, CRASH, "did not answer");
    let hit = harmless
        .iter()
        .filter(|code| mocked.endpoint.runs_of(code) > 1)
        .count();
    assert!(hit > 0, "no other job ran when the endpoint crashed");
    assert_eq!(mocked.endpoint.runs_of(CRASH), 1 + 3);
}

/// During an outage no job can be blamed; yet a job that causes one whenever it
/// runs must not be released for ever.
fn a_job_that_causes_outages_harms_no_other(stacks: &Stacks) {
    let mocked = stacks.mocked();
    mocked.endpoint.set_delay_ms(100);
    run_batch_with(&mocked, OUTAGE, "did not answer");
    assert!(mocked.endpoint.runs_of(OUTAGE) >= 3);
}

/// Runs the batch by the cron. Returns the codes of the eight jobs that must be
/// done.
fn run_batch_with(mocked: &Mocked, bad_code: &str, reason: &str) -> Vec<String> {
    let submit_fn = &mocked.submit_fn;
    let large = "x".repeat(64 * 1024);
    let mut codes: Vec<String> = (0..7).map(|number| format!("print({number})")).collect();
    codes.insert(3, large);
    // Oldest first, so that it runs beside five others.
    let bad = mocked.submit(bad_code);
    let mut ids = mocked.submit_all(&codes[..4]);
    mocked.redis.lpush("problems", b"\xff\0\xfe no job");
    ids.extend(mocked.submit_all(&codes[4..]));
    assert_eq!(mocked.redis.run::<u64>(&["LLEN", "problems"]), 10);

    // One cron run is enough, unless its drain hands over when its budget is
    // spent, or gives up because the endpoint is away too long.
    wait_until("all ten jobs are settled", SOON, || {
        mocked.cron();
        unsettled(&mocked.redis) == [0; 6]
    });
    for (id, code) in ids.iter().zip(&codes) {
        let document = submit_fn.result(id);
        assert_eq!(document["status"], "done", "{code:.20}");
        assert_eq!(document["attempts"], 1, "{code:.20}");
        let stored = &code[..code.len().min(MAX_STDOUT_BYTES)];
        assert_eq!(document["output"].as_str().unwrap(), stored);
    }
    let document = submit_fn.result(&bad);
    assert_eq!(document["status"], "dead", "{document}");
    assert_eq!(document["attempts"], 3, "{document}");
    let message = document["reason"].as_str().unwrap();
    assert!(message.contains(reason), "{document}");

    let dead = mocked.dead_letters();
    assert_eq!(dead.len(), 2, "{dead:?}");
    let (of_bad, others): (Vec<&Value>, Vec<&Value>) =
        dead.iter().partition(|letter| letter["id"] == bad.as_str());
    assert_eq!(of_bad[0]["reason"], document["reason"]);
    assert_eq!(of_bad[0]["problemId"], "chaos");
    let history = of_bad[0]["history"].as_array().unwrap();
    let attempts: Vec<&Value> = history.iter().map(|one| &one["attempt"]).collect();
    assert_eq!(attempts, [1, 2, 3], "{history:?}");
    for entry in history {
        let message = entry["reason"].as_str().unwrap();
        assert!(message.contains(reason), "{entry}");
    }

    let message = others[0]["reason"].as_str().unwrap();
    assert!(message.contains("This is no job"), "{message}");
    let id = others[0]["id"].as_str().unwrap();
    assert_eq!(submit_fn.result(id)["status"], "dead");
    let path = format!("/dead/{id}");
    let letter = submit_fn.admin("GET", &path, None).json();
    // ff 00 fe, and " no job".
    assert_eq!(letter["payloadBase64"], "/wD+IG5vIGpvYg==", "{letter}");
    codes
}
