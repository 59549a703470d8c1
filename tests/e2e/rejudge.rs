//! Judging stored submissions again, after a problem was changed.

use serde_json::{Value, json};
use support::wait::{SOON, wait_until};

use crate::judging::executions;
use crate::stacks::{Exclusive, Stacks};

support::tests![
    rejudging_with_other_expected_values_runs_nothing,
    rejudging_with_other_inputs_runs_again,
    rejudging_needs_the_admin_token,
];

fn problem(input: i64, expected: i64) -> Value {
    json!({
        "title": "Next", "kind": "function",
        "signature": {"name": "next", "params": [{"name": "n", "type": "int"}], "returns": "int"},
        "cases": [
            {"input": [1], "expected": 2},
            {"input": [input], "expected": expected, "hidden": true},
        ],
    })
}

fn submissions(exclusive: &Exclusive<'_>, problem: &str) -> [String; 2] {
    ["def next(n): return n + 1", "def next(n): return 2"].map(|code| {
        let id = exclusive.submit_fn.submit(problem, "python", code);
        exclusive.worker_fn.work("");
        id
    })
}

fn verdicts(exclusive: &Exclusive<'_>, ids: &[String; 2]) -> [String; 2] {
    ids.each_ref().map(|id| {
        let result = exclusive.submit_fn.finished_result(id);
        result["verdict"].as_str().unwrap().to_owned()
    })
}

/// The old results stay until the new ones take their places, which a drain in the
/// background may do.
fn wait_for_verdicts(exclusive: &Exclusive<'_>, ids: &[String; 2], expected: [&str; 2]) {
    wait_until("the submissions are judged again", SOON, || {
        verdicts(exclusive, ids) == expected
    });
}

fn rejudge(exclusive: &Exclusive<'_>, problem: &str) -> Value {
    let path = format!("/problems/{problem}/rejudge");
    let response = exclusive.submit_fn.admin("POST", &path, None);
    assert_eq!(response.status, 200, "{}", response.text);
    response.json()
}

fn rejudging_with_other_expected_values_runs_nothing(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    // Published with a mistake: 7 + 1 is not 2.
    submit_fn.publish("next", &problem(7, 2));
    let ids = submissions(&exclusive, "next");
    assert_eq!(verdicts(&exclusive, &ids), ["Wrong Answer", "Accepted"]);
    let unchanged = rejudge(&exclusive, "next");
    assert_eq!(
        (&unchanged["requeued"], &unchanged["leftAlone"]),
        (&json!(0), &json!(2))
    );
    let version = submit_fn.publish("next", &problem(7, 8));
    let before = executions(&exclusive);
    let changed = rejudge(&exclusive, "next");
    assert_eq!(
        (&changed["requeued"], &changed["next"]),
        (&json!(2), &Value::Null),
        "{changed}"
    );
    assert_eq!(changed["version"], version);
    let again = rejudge(&exclusive, "next");
    assert_eq!(again["requeued"], 0, "they are in the queue already");
    exclusive.worker_fn.work("?batch=20");
    wait_for_verdicts(&exclusive, &ids, ["Accepted", "Wrong Answer"]);
    assert_eq!(executions(&exclusive), before, "nothing was run");
    let result = submit_fn.finished_result(&ids[0]);
    assert_eq!(result["executor"], "kept");
    assert_eq!(result["judgement"]["problemVersion"], version);
    // And once more, from the archive of a rejudged submission.
    submit_fn.publish("next", &problem(7, 2));
    assert_eq!(rejudge(&exclusive, "next")["requeued"], 2);
    exclusive.worker_fn.work("?batch=20");
    wait_for_verdicts(&exclusive, &ids, ["Wrong Answer", "Accepted"]);
    assert_eq!(executions(&exclusive), before);
}

fn rejudging_with_other_inputs_runs_again(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    submit_fn.publish("next-input", &problem(7, 8));
    let ids = submissions(&exclusive, "next-input");
    assert_eq!(verdicts(&exclusive, &ids), ["Accepted", "Wrong Answer"]);
    submit_fn.publish("next-input", &problem(1, 2));
    let before = executions(&exclusive);
    assert_eq!(rejudge(&exclusive, "next-input")["requeued"], 2);
    exclusive.worker_fn.work("?batch=20");
    wait_for_verdicts(&exclusive, &ids, ["Accepted", "Accepted"]);
    assert_eq!(executions(&exclusive), before + 2);
}

fn rejudging_needs_the_admin_token(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let path = "/problems/unknown/rejudge";
    let response = submit_fn.post(path, "");
    response.assert_error(401, None, "scope admin");
    let response = submit_fn.admin("POST", path, None);
    assert_eq!(response.status, 404, "{}", response.text);
    submit_fn.publish("never-rejudged", &problem(1, 2));
    let path = "/problems/never-rejudged/rejudge?cursor=x";
    let response = submit_fn.admin("POST", path, None);
    response.assert_error(422, Some("cursor"), "next");
}
