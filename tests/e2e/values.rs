//! What stands in a problem reaches a program as the setter wrote it: members in their
//! order, floats that JSON has no number for. And words but for their case.

use serde_json::json;
use shared::json::Json;
use support::api::SubmitFn;
use support::wait::{SOON, wait_until};
use xtask::problems::{self, Loaded};

use crate::stacks::Stacks;

support::tests![
    members_reach_a_program_in_the_order_of_the_setter,
    floats_that_json_has_not_are_compared_as_what_they_are,
    words_are_compared_but_for_their_case,
];

/// A map that no sort leaves as it is, nor JavaScript.
const INPUT: &str = r#"[{"zeta":1,"10":{"y":0,"x":0},"alpha":[{"b":1,"a":2}],"9":1E2}]"#;

fn put(submit_fn: &SubmitFn, id: &str, problem: &str) {
    let key = format!("Bearer {}", submit_fn.admin_token);
    let headers = [("authorization", &*key)];
    let path = format!("/problems/{id}");
    let response = submit_fn.request("PUT", &path, &headers, Some(problem.as_bytes()));
    assert!(matches!(response.status, 200 | 201), "{}", response.text);
}

fn ordered(expected: &str) -> String {
    format!(
        r#"{{"title":"Order","kind":"function","signature":{{"name":"order","params":[{{"name":"map","type":"any"}}],"returns":"list<string>"}},"cases":[{{"input":{INPUT},"expected":{expected}}}]}}"#
    )
}

fn members_reach_a_program_in_the_order_of_the_setter(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let setters = r#"["zeta","10","alpha","9","b","a"]"#;
    let python = "def order(map): return [*map, *map['alpha'][0]]";
    let javascript = "const order = (map) => [...Object.keys(map), ...Object.keys(map.alpha[0])];";
    // JavaScript's own rule.
    let javascripts = r#"["9","10","zeta","alpha","b","a"]"#;
    put(&submit_fn, "order", &ordered(setters));
    // The same from a folder, with `cargo xtask problems push`.
    let text = ordered(setters);
    let pushed = Loaded {
        id: "order-pushed".into(),
        json: Json::parse(text.as_bytes()).unwrap().into(),
        solutions: Vec::new(),
    };
    problems::publish(&[pushed], &submit_fn.url, &submit_fn.admin_token, drop).unwrap();
    for id in ["order", "order-pushed"] {
        let result = submit_fn.judge(id, "python", python);
        assert_eq!(result["verdict"], "Accepted", "{result}");
        let read = submit_fn.get(&format!("/problems/{id}"));
        assert!(read.text.contains(INPUT), "{}", read.text);
        // What is shown of a failure is what was sent.
        let result = submit_fn.judge(id, "python", "def order(map): return sorted(map)");
        let case = &result["judgement"]["cases"][0];
        assert_eq!(case["verdict"], "Wrong Answer", "{result}");
        assert_eq!(case["evidence"]["input"], INPUT, "{result}");
    }
    put(&submit_fn, "order-javascript", &ordered(javascripts));
    let result = submit_fn.judge("order-javascript", "javascript", javascript);
    assert_eq!(result["verdict"], "Accepted", "{result}");
    // An own input, and what comes back.
    let run = |language: &str, code: &str| {
        let code = json!(code);
        let body = format!(
            r#"{{"problemId":"order","language":"{language}","code":{code},"args":{INPUT}}}"#
        );
        submit_fn.run(&body).text
    };
    let ran = run(
        "python",
        "def order(map): return {'b': list(map), 'a': map}",
    );
    let returned = r#""returned":{"b":["zeta","10","alpha","9"],"a":{"zeta":1,"10":{"y":0,"x":0},"alpha":[{"b":1,"a":2}],"9":100.0}}"#;
    assert!(ran.contains(returned), "{ran}");
}

fn floats_that_json_has_not_are_compared_as_what_they_are(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let mut problem = json!({
        "title": "Distances", "kind": "function", "checker": "float",
        "signature": {"name": "far", "params": [{"name": "n", "type": "int"}], "returns": "list<float>"},
        "stopOnFirstFail": false,
        "cases": [
            {"input": [0], "expected": [0, "inf", "-Infinity"]},
            {"input": [1], "expected": ["nan"]},
        ],
    });
    submit_fn.publish("distances", &problem);
    for (language, code) in [
        (
            "python",
            "def far(n): return [float('nan')] if n else [1e-12, float('inf'), float('-inf')]",
        ),
        (
            "javascript",
            "const far = (n) => (n ? [NaN] : [0, Infinity, -Infinity]);",
        ),
        (
            "typescript",
            "function far(n: number): number[] { return n ? [NaN] : [0, Infinity, -Infinity]; }",
        ),
        (
            "c++",
            "vector<double> far(long long n) { if (n) return {NAN}; return {0, INFINITY, -INFINITY}; }",
        ),
    ] {
        let result = submit_fn.judge("distances", language, code);
        assert_eq!(result["verdict"], "Accepted", "{language}: {result}");
    }
    // Neither a string, nor another sign, nor a number.
    let code = "def far(n): return ['nan'] if n else [0, float('inf'), float('inf')]";
    let result = submit_fn.judge("distances", "python", code);
    let cases = &result["judgement"]["cases"];
    for (case, expected, actual) in [
        (0, "[0,Infinity,-Infinity]", "[0,Infinity,Infinity]"),
        (1, "[NaN]", "[\"nan\"]"),
    ] {
        let case = &cases[case];
        assert_eq!(case["verdict"], "Wrong Answer", "{result}");
        assert_eq!(case["evidence"]["expected"], expected, "{result}");
        assert_eq!(case["evidence"]["actual"], actual, "{result}");
    }
    // Judged again from what is stored, without running.
    problem["cases"][0]["expected"] = json!([0, "inf", "inf"]);
    submit_fn.publish("distances", &problem);
    let again = submit_fn.admin("POST", "/problems/distances/rejudge", None);
    assert_eq!(again.status, 200, "{}", again.text);
    let id = result["id"].as_str().unwrap();
    wait_until("it is judged again", SOON, || {
        let result = submit_fn.result(id);
        let cases = &result["judgement"]["cases"];
        cases[0]["verdict"] == "Accepted" && result["executor"] == "kept"
    });
    let result = submit_fn.result(id);
    assert_eq!(result["judgement"]["cases"][1]["verdict"], "Wrong Answer");
    // A run of one's own shows them as a case has them.
    let body = json!({"problemId": "distances", "language": "python", "args": [0],
        "code": "def far(n): return [float('nan'), float('-inf')]"});
    let ran = submit_fn.run(&body.to_string()).json();
    assert_eq!(ran["returned"], json!(["NaN", "-Infinity"]), "{ran}");
    // Another checker takes no such expected value.
    problem["checker"] = "exact".into();
    let refused = submit_fn.admin("PUT", "/problems/distances", Some(&problem));
    refused.assert_error(
        422,
        Some("cases[0].expected"),
        "expected[1] must be of type float",
    );
}

fn words_are_compared_but_for_their_case(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let with = |checker: serde_json::Value| {
        json!({
            "title": "Yes or no", "kind": "program", "checker": checker,
            "cases": [{"input": "4\n", "expected": "YES\n4\n"}],
        })
    };
    let code = "n = int(input())\nprint('Yes' if n % 2 == 0 else 'No')\nprint(n)";
    for (checker, verdict) in [
        (json!({"kind": "tokens", "ignoreCase": true}), "Accepted"),
        (json!({"kind": "lines", "ignoreCase": true}), "Accepted"),
        (json!({"kind": "float", "ignoreCase": true}), "Accepted"),
        (
            json!({"kind": "tokens", "ignoreCase": false}),
            "Wrong Answer",
        ),
        (json!("tokens"), "Wrong Answer"),
    ] {
        submit_fn.publish("yes-or-no", &with(checker.clone()));
        let result = submit_fn.judge("yes-or-no", "python", code);
        assert_eq!(result["verdict"], verdict, "{checker} {result}");
    }
    let checker = json!({"kind": "tokens", "ignoreCase": true});
    submit_fn.publish("yes-or-no", &with(checker.clone()));
    let read = submit_fn.get("/problems/yes-or-no").json();
    assert_eq!(read["checker"], checker, "{read}");
    for (checker, field) in [
        (
            json!({"kind": "exact", "ignoreCase": true}),
            "checker.ignoreCase",
        ),
        (
            json!({"kind": "tokens", "ignorecase": true}),
            "checker.ignorecase",
        ),
    ] {
        let refused = submit_fn.admin("PUT", "/problems/yes-or-no", Some(&with(checker)));
        refused.assert_error(422, Some(field), "is not known");
    }
}
