//! A Worker that is set up wrongly says which variable it misses.

use serde_json::json;

use crate::world::{Test, World, get, post};

pub(crate) const TESTS: &[Test] = &[(
    "misconfigured::a_missing_variable_is_named",
    a_missing_variable_is_named,
)];

fn a_missing_variable_is_named(world: &World) {
    let stack = world.misconfigured();
    let (submit, worker) = (stack.submit, stack.worker);
    let token = "UPSTASH_REDIS_REST_TOKEN";
    let body = json!({"problemId": "x", "language": "python", "code": "print(1)"});
    post(&format!("{submit}/submit"), &body.to_string()).assert_error(500, None, token);
    let answer = get(&format!("{submit}/result/x"));
    answer.assert_error(500, None, "Missing Redis credentials");
    // It is there, and bad input is still told from bad set-up.
    assert_eq!(get(&submit).status, 200);
    post(&format!("{submit}/submit"), "{").assert_error(400, Some("body"), "JSON");

    let answer = get(&format!("{worker}/worker"));
    answer.assert_error(500, None, "EXECUTOR_URL");
    assert!(!answer.text.contains("127.0.0.1"), "{}", answer.text);
}
