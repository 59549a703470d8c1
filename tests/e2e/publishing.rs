//! Publishing problems with `cargo xtask problems push`.

use serde_json::{Value, json};
use support::api::SubmitFn;
use xtask::problems::{self, Change, Loaded};

use crate::stacks::Stacks;

support::tests![a_push_tells_what_it_changed];

fn push(submit_fn: &SubmitFn, value: &Value) -> Change {
    let loaded = Loaded {
        id: "pushed".into(),
        json: value.clone().into(),
        solutions: Vec::new(),
    };
    let mut changes = Vec::new();
    let report = |published: problems::Published| {
        assert!(
            published.line.contains("1 case, version"),
            "{}",
            published.line
        );
        changes.push(published.change);
    };
    problems::publish(&[loaded], &submit_fn.url, &submit_fn.admin_token, report).unwrap();
    changes[0]
}

fn a_push_tells_what_it_changed(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let mut problem = json!({
        "title": "Pushed", "kind": "program", "cases": [{"input": "a", "expected": "a"}],
    });
    assert_eq!(push(&submit_fn, &problem), Change::New);
    assert_eq!(push(&submit_fn, &problem), Change::Unchanged);
    problem["cases"][0]["expected"] = "b".into();
    assert_eq!(push(&submit_fn, &problem), Change::Changed);
    assert_eq!(push(&submit_fn, &problem), Change::Unchanged);
}
