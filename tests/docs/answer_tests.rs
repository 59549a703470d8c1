//! Tests of the comparison itself: what it lets pass, and what it does not.

use serde_json::{Value, json};

use crate::answer::{Expected, Ids, read_shortened};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("answer::what_differs_from_run_to_run_fits", fits),
    ("answer::what_is_wrong_does_not_fit", does_not_fit),
    ("answer::one_id_stands_for_one_id", ids),
    ("answer::lines_are_compared_in_order", lines),
    ("answer::an_answer_can_be_shortened", shortened),
    ("answer::tampering_reaches_every_value", tampering),
];

const ID: &str = "01a2003609aa7bc891d278dc621569a1b935e979b1d242f7";
const OTHER_ID: &str = "01a2003609aa7bc891d278dc621569a1b935e979b1d24200";
const VERSION: &str = "3d67aa2e8aacfe81c57c714c1f4c002e";

fn check(expected: &Value, real: &Value) -> Result<(), String> {
    Expected::Json(expected.clone()).check(&real.to_string(), &mut Ids::default())
}

fn fits() {
    let url = |id: &str| format!("http://127.0.0.1:8787/result/{id}");
    for (expected, real) in [
        (json!({"a": 1}), json!({"a": 1.0, "b": 2})),
        (json!({"a": "…"}), json!({"a": {"b": [1]}})),
        (json!("Line 3, …: no"), json!("Line 3, column 7: no")),
        (json!([1, "…"]), json!([1, 2, 3])),
        (json!([1, "…", 4]), json!([1, 2, 3, 4])),
        (json!(["…"]), json!([])),
        (
            json!({"atMs": 1_795_299_871_146_u64}),
            json!({"atMs": 1_900_000_000_000_u64}),
        ),
        (json!({"cpuTimeMs": 49}), json!({"cpuTimeMs": 0})),
        (
            json!({"languageVersion": "3.11.7"}),
            json!({"languageVersion": "3.9"}),
        ),
        (json!(ID), json!(OTHER_ID)),
        (json!(url("01a20036…")), json!(url(ID))),
        (
            json!({"version": VERSION}),
            json!({"version": "00000000000000000000000000000000"}),
        ),
    ] {
        assert_eq!(check(&expected, &real), Ok(()), "{expected} {real}");
    }
}

fn does_not_fit() {
    for (expected, real) in [
        (json!({"a": 1}), json!({"a": 2})),
        (json!({"a": 1}), json!({"b": 1})),
        (json!({"a": "…"}), json!({})),
        (json!({"a": null}), json!({})),
        (json!([1, 2]), json!([1])),
        (json!([1]), json!([1, 2])),
        (json!([1, "…", 1]), json!([1])),
        (json!(true), json!("true")),
        (json!("Line 3, …: no"), json!("Line 3, column 7: yes")),
        (json!({"waiting": 1}), json!({"waiting": 0})),
        (json!({"cpuTimeMs": 49}), json!({"cpuTimeMs": null})),
        (
            json!({"atMs": 1_795_299_871_146_u64}),
            json!({"atMs": 1_795_299_871}),
        ),
        (
            json!({"languageVersion": "3.11.7"}),
            json!({"languageVersion": ""}),
        ),
        (json!({"a": "3.11.7"}), json!({"a": "3.11.8"})),
        (json!(ID), json!(&ID[1..])),
        (json!("01a20036…"), json!("01a20036")),
    ] {
        assert!(check(&expected, &real).is_err(), "{expected} {real}");
    }
    let text = Expected::Json(json!({"a": 1}));
    assert!(
        text.check("{\"a\":1}{\"a\":1}", &mut Ids::default())
            .is_err()
    );
    assert!(text.check("", &mut Ids::default()).is_err());
}

fn ids() {
    let mut ids = Ids::default();
    let mut check =
        |expected: Value, real: Value| Expected::Json(expected).check(&real.to_string(), &mut ids);
    assert_eq!(check(json!([ID, ID]), json!([OTHER_ID, OTHER_ID])), Ok(()));
    assert!(check(json!(ID), json!(ID)).is_err());
    assert!(check(json!(OTHER_ID), json!(OTHER_ID)).is_err());
    assert_eq!(check(json!(OTHER_ID), json!(ID)), Ok(()));
}

fn lines() {
    let check = |expected: &str, real: &str| {
        Expected::Text(expected.to_owned())
            .check(real, &mut Ids::default())
            .is_ok()
    };
    assert!(check("a\n…\nd …\n", "a\nb\nc\nd 0.2 s\n"));
    assert!(check("a\n…", "a"));
    assert!(!check("a\nc", "a\nb\nc"));
    assert!(!check("a\n…\nd", "a\nb"));
    assert!(!check("a", "a\nb"));
}

fn shortened() {
    let text = "{\"a\": [1, …], \"b\": {…}, \"c\": …, \"d…\": \"\\\"…\", …}";
    assert_eq!(
        read_shortened(text),
        Ok(json!({"a": [1, "…"], "b": {"…": "…"}, "c": "…", "d…": "\"…", "…": "…"}))
    );
    assert!(read_shortened("{\"a\": }").is_err());
}

fn tampering() {
    let expected = Expected::Json(json!({"a": [1, "…", {"b": null}], "c": "x", "d": true}));
    let wrong = expected.tampered();
    assert_eq!(wrong.len(), 4);
    let real = json!({"a": [1, 2, {"b": null}], "c": "x", "d": true}).to_string();
    assert_eq!(expected.check(&real, &mut Ids::default()), Ok(()));
    for wrong in wrong {
        assert!(
            wrong.check(&real, &mut Ids::default()).is_err(),
            "{wrong:?}"
        );
    }
    let text = Expected::Text("a\n…\nb\n".into());
    assert_eq!(text.tampered().len(), 2);
}
