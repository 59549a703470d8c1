//! Judging again, after a problem was changed.

use serde_json::{Value, json};

use crate::judging::executions;
use crate::world::{Quiet, Test, World, result_of, submit};

pub(crate) const TESTS: &[Test] = &[
    ("rejudge::other_expected_values_run_nothing", expected),
    ("rejudge::other_inputs_run_again", inputs),
    ("rejudge::it_is_the_operators", operators),
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

fn submissions(quiet: &Quiet<'_>, id: &str) -> [String; 2] {
    let base = quiet.submit();
    ["def next(n): return n + 1", "def next(n): return 2"].map(|code| {
        let stored = submit(&base, id, "python", code);
        quiet.work("");
        stored
    })
}

fn verdicts(quiet: &Quiet<'_>, ids: &[String; 2]) -> [String; 2] {
    ids.each_ref().map(|id| {
        let result = result_of(&quiet.submit(), id);
        result["verdict"].as_str().unwrap().to_owned()
    })
}

fn rejudge(quiet: &Quiet<'_>, id: &str) -> Value {
    let answer = quiet
        .usual()
        .operate("POST", &format!("/problems/{id}/rejudge"), None);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn expected(world: &World) {
    let quiet = world.quiet();
    let usual = quiet.usual();
    // Published with a slip: 7 + 1 is not 2.
    usual.publish("next", &problem(7, 2));
    let ids = submissions(&quiet, "next");
    assert_eq!(verdicts(&quiet, &ids), ["Wrong Answer", "Accepted"]);
    let nothing_new = rejudge(&quiet, "next");
    assert_eq!(
        (&nothing_new["requeued"], &nothing_new["leftAlone"]),
        (&json!(0), &json!(2))
    );
    let version = usual.publish("next", &problem(7, 8));
    let ran = executions(&usual);
    let told = rejudge(&quiet, "next");
    assert_eq!(
        (&told["requeued"], &told["next"]),
        (&json!(2), &Value::Null),
        "{told}"
    );
    assert_eq!(told["version"], version);
    assert_eq!(
        rejudge(&quiet, "next")["requeued"],
        0,
        "they are on their way"
    );
    quiet.work("?batch=20");
    assert_eq!(verdicts(&quiet, &ids), ["Accepted", "Wrong Answer"]);
    assert_eq!(executions(&usual), ran, "nothing was run");
    let result = result_of(&usual.submit, &ids[0]);
    assert_eq!(result["executor"], "kept");
    assert_eq!(result["judgement"]["problemVersion"], version);
    // And once more, from what was kept of what was kept.
    usual.publish("next", &problem(7, 2));
    assert_eq!(rejudge(&quiet, "next")["requeued"], 2);
    quiet.work("?batch=20");
    assert_eq!(verdicts(&quiet, &ids), ["Wrong Answer", "Accepted"]);
    assert_eq!(executions(&usual), ran);
}

fn inputs(world: &World) {
    let quiet = world.quiet();
    let usual = quiet.usual();
    usual.publish("next-input", &problem(7, 8));
    let ids = submissions(&quiet, "next-input");
    assert_eq!(verdicts(&quiet, &ids), ["Accepted", "Wrong Answer"]);
    usual.publish("next-input", &problem(1, 2));
    let ran = executions(&usual);
    assert_eq!(rejudge(&quiet, "next-input")["requeued"], 2);
    quiet.work("?batch=20");
    assert_eq!(verdicts(&quiet, &ids), ["Accepted", "Accepted"]);
    assert_eq!(executions(&usual), ran + 2);
}

fn operators(world: &World) {
    let usual = world.usual();
    let url = format!("{}/problems/nothing/rejudge", usual.submit);
    crate::world::post(&url, "").assert_error(401, None, "ADMIN_TOKEN");
    let unknown = usual.operate("POST", "/problems/nothing/rejudge", None);
    assert_eq!(unknown.status, 404, "{}", unknown.text);
    usual.publish("rejudged-by-nobody", &problem(1, 2));
    let odd = usual.operate(
        "POST",
        "/problems/rejudged-by-nobody/rejudge?cursor=x",
        None,
    );
    odd.assert_error(422, Some("cursor"), "next");
}
