//! What is depended on goes away and comes back. Nothing is lost, and nothing
//! is said to be stored that is not.

use serde_json::json;

use crate::world::{Test, World, get, post, result_of};

pub(crate) const TESTS: &[Test] = &[
    (
        "outages::jobs_wait_in_their_places_for_the_runner",
        jobs_wait_in_their_places_for_the_runner,
    ),
    (
        "outages::a_store_that_is_away_is_said_to_be",
        a_store_that_is_away_is_said_to_be,
    ),
];

fn jobs_wait_in_their_places_for_the_runner(world: &World) {
    let mut quiet = world.quiet();
    let ids: Vec<String> = (0..4)
        .map(|number| quiet.submit_code("outage", "python", &format!("print({number})")))
        .collect();
    let before = quiet.redis(&["LRANGE", "problems", "0", "-1"]);

    quiet.stack_mut().stop("runner");
    let answer = quiet.work("");
    answer.assert_error(502, None, "No job was lost");
    assert_eq!(answer.header("retry-after"), "5");
    quiet
        .work("?batch=3")
        .assert_error(502, None, "No job was lost");
    quiet.stack().fire_cron().unwrap();
    assert_eq!(quiet.redis(&["LRANGE", "problems", "0", "-1"]), before);
    // Nobody is kept from submitting, and nobody is told a wrong state.
    let late = quiet.submit_code("outage", "python", "print(4)");
    assert_eq!(
        get(&format!("{}/result/{late}", quiet.submit())).json()["status"],
        "queued"
    );

    quiet.stack_mut().restart("runner").unwrap();
    let body = quiet.work("?batch=5").json();
    let outputs: Vec<&str> = body["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["result"]["output"].as_str().unwrap())
        .collect();
    assert_eq!(outputs, ["0\n", "1\n", "2\n", "3\n", "4\n"], "{body}");
    assert_eq!(result_of(&quiet.submit(), &ids[0])["output"], "0\n");
}

fn a_store_that_is_away_is_said_to_be(world: &World) {
    let mut quiet = world.quiet();
    let id = quiet.submit_code("store", "python", "print(1)");
    quiet.stack_mut().stop("redis-rest");
    let body = json!({"problemId": "store", "language": "python", "code": "print(2)"});
    for answer in [
        post(&format!("{}/submit", quiet.submit()), &body.to_string()),
        get(&format!("{}/result/{id}", quiet.submit())),
        quiet.work(""),
    ] {
        answer.assert_error(503, None, "does not answer");
        assert_eq!(answer.header("retry-after"), "5");
        assert!(!answer.text.contains("127.0.0.1"), "{}", answer.text);
    }
    quiet.stack_mut().restart("redis-rest").unwrap();
    // What had been accepted is still there; what was refused is not.
    assert_eq!(quiet.redis(&["LLEN", "problems"]), "1");
    let body = quiet.work("").json();
    assert_eq!(body["result"]["id"], json!(id));
}
