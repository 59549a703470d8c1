//! One bad job harms only itself.
//!
//! A batch of ten, claimed at once: one that is no job, one as large as a job
//! may be, one that takes down whatever runs it, and seven like any other. The
//! seven and the large one must be done at their first attempt, and the other
//! two must end where a person finds them.

use serde_json::Value;

use crate::stub::{BREAK, BRING_DOWN, HANG_UP, TAKE_AWAY};
use crate::world::{Stubbed, Test, World, redis};

pub(crate) const TESTS: &[Test] = &[
    (
        "isolation::a_job_that_gets_no_answer_dies_alone",
        a_job_that_gets_no_answer_dies_alone,
    ),
    (
        "isolation::a_job_that_breaks_the_endpoint_dies_alone",
        a_job_that_breaks_the_endpoint_dies_alone,
    ),
    (
        "isolation::a_job_that_brings_the_endpoint_down_dies_alone",
        a_job_that_brings_the_endpoint_down_dies_alone,
    ),
    (
        "isolation::a_job_that_takes_the_endpoint_away_dies_alone",
        a_job_that_takes_the_endpoint_away_dies_alone,
    ),
];

fn a_job_that_gets_no_answer_dies_alone(world: &mut World) {
    let stubbed = world.stubbed();
    let harmless = one_bad_batch(stubbed, HANG_UP, "did not answer");
    for code in harmless {
        assert_eq!(stubbed.stub.runs_of(&code), 1, "{code:.20}");
    }
    // In the batch, where whose fault it was could not be told; then by itself.
    assert_eq!(stubbed.stub.runs_of(HANG_UP), 1 + 3);
}

fn a_job_that_breaks_the_endpoint_dies_alone(world: &mut World) {
    let stubbed = world.stubbed();
    let harmless = one_bad_batch(stubbed, BREAK, "HTTP 500");
    for code in harmless {
        assert_eq!(stubbed.stub.runs_of(&code), 1, "{code:.20}");
    }
    // The endpoint said whose fault it was.
    assert_eq!(stubbed.stub.runs_of(BREAK), 3);
}

fn a_job_that_brings_the_endpoint_down_dies_alone(world: &mut World) {
    let stubbed = world.stubbed();
    // Long enough that others are under way when it goes down.
    stubbed.stub.take_ms(300);
    let harmless = one_bad_batch(stubbed, BRING_DOWN, "did not answer");
    let hit = harmless
        .iter()
        .filter(|code| stubbed.stub.runs_of(code) > 1)
        .count();
    assert!(hit > 0, "nothing was under way when the endpoint went down");
    assert_eq!(stubbed.stub.runs_of(BRING_DOWN), 1 + 3);
}

/// While nobody is there to look at, nobody can be blamed; yet what takes the
/// endpoint away each time it is run must not go back for ever.
fn a_job_that_takes_the_endpoint_away_dies_alone(world: &mut World) {
    let stubbed = world.stubbed();
    stubbed.stub.take_ms(100);
    one_bad_batch(stubbed, TAKE_AWAY, "did not answer");
    assert!(stubbed.stub.runs_of(TAKE_AWAY) >= 3);
}

/// The most cron runs that a bad batch may take. One, unless the endpoint is
/// away so long that a drain gives up.
const CRON_RUNS: usize = 6;

/// Runs the batch by the cron. Gives the codes of the eight that must
/// be done.
fn one_bad_batch(stubbed: &Stubbed, crasher: &str, reason: &str) -> Vec<String> {
    let large = "x".repeat(64 * 1024);
    let mut codes: Vec<String> = (0..7).map(|number| format!("print({number})")).collect();
    codes.insert(3, large);
    // Oldest first, so that it is under way with five others.
    let bad = stubbed.submit(crasher);
    let mut ids = stubbed.submit_all(&codes[..4]);
    let garbage = r"return redis.call('LPUSH', 'problems', '\255\0\254 no job')";
    assert_eq!(
        redis(&stubbed.stack, &["EVAL", garbage, "0"]).as_deref(),
        Some("6")
    );
    ids.extend(stubbed.submit_all(&codes[4..]));

    for _ in 0..CRON_RUNS {
        stubbed.cron();
        if stubbed.result(&bad)["status"] == "dead" {
            break;
        }
    }
    if crasher == TAKE_AWAY {
        // The last drain may have ended with the job that it was about.
        stubbed.cron();
    }

    stubbed.assert_settled();
    for (id, code) in ids.iter().zip(&codes) {
        let document = stubbed.result(id);
        assert_eq!(document["status"], "done", "{code:.20}");
        assert_eq!(document["attempts"], 1, "{code:.20}");
        assert_eq!(document["output"].as_str().unwrap(), code);
    }
    let document = stubbed.result(&bad);
    assert_eq!(document["status"], "dead", "{document}");
    assert_eq!(document["attempts"], 3, "{document}");
    assert!(
        document["reason"].as_str().unwrap().contains(reason),
        "{document}"
    );

    let dead = stubbed.dead();
    assert_eq!(dead.len(), 2, "{dead:?}");
    let (bads, others): (Vec<&Value>, Vec<&Value>) =
        dead.iter().partition(|letter| letter["id"] == bad.as_str());
    assert_eq!(bads[0]["reason"], document["reason"]);
    assert_eq!(bads[0]["problemId"], "chaos");
    let history = bads[0]["history"].as_array().unwrap();
    let attempts: Vec<&Value> = history.iter().map(|one| &one["attempt"]).collect();
    assert_eq!(attempts, [1, 2, 3], "{history:?}");
    for entry in history {
        assert!(
            entry["reason"].as_str().unwrap().contains(reason),
            "{entry}"
        );
    }

    let said = others[0]["reason"].as_str().unwrap();
    assert!(said.contains("This is no job"), "{said}");
    let id = others[0]["id"].as_str().unwrap();
    assert_eq!(stubbed.result(id)["status"], "dead");
    let letter = stubbed.operate("GET", &format!("/dead/{id}")).json();
    // ff 00 fe, and " no job".
    assert_eq!(letter["payloadBase64"], "/wD+IG5vIGpvYg==", "{letter}");
    codes
}
