//! Problems that ask for a class, over HTTP.

use serde_json::{Value, json};
use support::api::SubmitFn;
use support::wait::{SOON, wait_until};

use crate::stacks::Stacks;

support::tests![
    a_class_is_judged_call_by_call,
    a_call_that_fails_or_does_not_end_is_named,
    a_hidden_case_of_a_class_shows_no_call,
    an_answer_is_passed_on_and_several_objects_are_called,
    a_class_is_run_with_calls,
    what_is_no_class_problem_is_refused_with_its_place,
    stored_answers_of_a_class_are_judged_again,
];

const STORE: &str = "class Store:
    def __init__(self, size):
        self.size, self.all = size, {}
    def put(self, key, value):
        self.all.pop(key, None)
        self.all[key] = value
        if len(self.all) > self.size:
            del self.all[next(iter(self.all))]
        return self
    def get(self, key):
        return self.all.get(key, -1)
    def keys(self):
        return list(self.all)
";

fn store() -> Value {
    json!({
        "title": "A store",
        "kind": "class",
        "limits": { "timeMs": 1_000 },
        "signature": {
            "name": "Store",
            "params": [{ "name": "size", "type": "int" }],
            "methods": [
                {
                    "name": "put",
                    "params": [{ "name": "key", "type": "int" }, { "name": "value", "type": "int" }],
                    "returns": "null",
                },
                { "name": "get", "params": [{ "name": "key", "type": "int" }], "returns": "int" },
                { "name": "keys", "params": [], "returns": "list<int>", "checker": "unordered" },
            ],
        },
        "cases": [
            {
                "input": [["Store", 2], ["put", 1, 5], ["get", 1], ["put", 3, 7], ["put", 4, 8], ["keys"], ["get", 1]],
                "expected": [null, null, 5, null, null, [4, 3], -1],
            },
            { "input": [["Store", 1], ["get", 987654321]], "expected": [null, -1], "hidden": true },
        ],
    })
}

fn published(stacks: &Stacks, id: &str, value: &Value) -> SubmitFn {
    let submit_fn = stacks.shared().submit_fn;
    submit_fn.publish(id, value);
    submit_fn
}

fn evidence(result: &Value) -> &Value {
    &result["judgement"]["cases"][0]["evidence"]
}

fn a_class_is_judged_call_by_call(stacks: &Stacks) {
    let submit_fn = published(stacks, "store", &store());
    let read = submit_fn.get("/problems/store").json();
    assert!(read["starter"]["python"].is_string(), "{read}");
    let result = submit_fn.judge("store", "python", STORE);
    assert_eq!(result["verdict"], "Accepted", "{result}");
    let wrong = STORE.replace(".get(key, -1)", ".get(key, 0)");
    let result = submit_fn.judge("store", "python", &wrong);
    assert_eq!(result["verdict"], "Wrong Answer", "{result}");
    let note = "In call 6, get(1): Expected -1, got 0.";
    assert_eq!(evidence(&result)["note"], note, "{result}");
    assert!(
        evidence(&result)["actual"]
            .as_str()
            .unwrap()
            .ends_with(",0]")
    );
    // No method of that name, and no class.
    for (code, part) in [
        (STORE.replace("def keys", "def kees"), "keys"),
        (STORE.replace("class Store", "class Shop"), "Store"),
    ] {
        let result = submit_fn.judge("store", "python", &code);
        assert_eq!(result["verdict"], "Runtime Error", "{result}");
        assert!(
            result["output"].as_str().unwrap().contains(part),
            "{result}"
        );
    }
}

fn a_call_that_fails_or_does_not_end_is_named(stacks: &Stacks) {
    let submit_fn = published(stacks, "store", &store());
    let fails = STORE.replace("return self.all.get(key, -1)", "return self.all[key]");
    let result = submit_fn.judge("store", "python", &fails);
    assert_eq!(result["verdict"], "Runtime Error");
    let message = evidence(&result)["message"].as_str().unwrap();
    assert!(message.starts_with("In call 6, get(1):\n"), "{result}");
    assert!(message.contains("KeyError"), "{result}");
    let hangs = STORE.replace("return list(self.all)", "while True: pass");
    let result = submit_fn.judge("store", "python", &hangs);
    assert_eq!(result["verdict"], "Time Limit Exceeded", "{result}");
    let message = evidence(&result)["message"].as_str().unwrap();
    assert!(message.starts_with("In call 5, keys(): "), "{result}");
    let odd = STORE.replace("return list(self.all)", "return set(self.all)");
    let result = submit_fn.judge("store", "python", &odd);
    assert_eq!(result["verdict"], "Wrong Answer", "{result}");
    let message = evidence(&result)["message"].as_str().unwrap();
    assert!(message.ends_with(", in call 5, keys()."), "{result}");
}

fn a_hidden_case_of_a_class_shows_no_call(stacks: &Stacks) {
    let submit_fn = published(stacks, "store", &store());
    let fails = STORE.replace(
        "return self.all.get(key, -1)",
        "return self.all[key] if key > 9 else self.all.get(key, -1)",
    );
    let result = submit_fn.judge("store", "python", &fails);
    assert_eq!(result["judgement"]["failedCase"], 2, "{result}");
    assert_eq!(result["verdict"], "Runtime Error");
    assert!(!result.to_string().contains("987654321"), "{result}");
}

fn an_answer_is_passed_on_and_several_objects_are_called(stacks: &Stacks) {
    let value = json!({
        "title": "A codec",
        "kind": "class",
        "signature": {
            "name": "Codec",
            "params": [],
            "methods": [
                { "name": "encode", "params": [{ "name": "words", "type": "list<string>" }], "returns": "string" },
                { "name": "decode", "params": [{ "name": "text", "type": "string" }], "returns": "list<string>" },
            ],
        },
        "cases": [{
            "input": [
                [{ "new": "a" }],
                [{ "new": "b" }],
                [{ "on": "a", "call": "encode" }, ["x", "yy", ""]],
                [{ "on": "b", "call": "decode" }, { "result": 2 }],
            ],
            "expected": [null, null, "", ["x", "yy", ""]],
            "ignore": [2],
        }],
    });
    let submit_fn = published(stacks, "codec", &value);
    let code = "import json\nclass Codec:\n    def encode(self, words): return json.dumps(words)\n    def decode(self, text): return json.loads(text)\n";
    let result = submit_fn.judge("codec", "python", code);
    assert_eq!(result["verdict"], "Accepted", "{result}");
    let kept = "class Codec:\n    def encode(self, words):\n        self.words = words\n        return ''\n    def decode(self, text): return self.words\n";
    let result = submit_fn.judge("codec", "python", kept);
    assert_eq!(result["verdict"], "Runtime Error", "{result}");
    let message = evidence(&result)["message"].as_str().unwrap();
    let call = "In call 3, b.decode(result of call 2):\n";
    assert!(message.starts_with(call), "{result}");
}

fn a_class_is_run_with_calls(stacks: &Stacks) {
    let submit_fn = published(stacks, "store", &store());
    let run = |code: &str, args: Value| {
        let body =
            json!({ "problemId": "store", "language": "python", "code": code, "args": args });
        submit_fn.run(&body.to_string())
    };
    let ran = run(STORE, json!([["Store", 1], ["put", 2, 3], ["get", 2]])).json();
    assert_eq!(ran["verdict"], "Executed", "{ran}");
    assert_eq!(ran["returned"], json!([null, null, 3]), "{ran}");
    let fails = STORE.replace("return self.all.get(key, -1)", "return self.all[key]");
    let ran = run(&fails, json!([["Store", 1], ["get", 2]])).json();
    assert_eq!(ran["verdict"], "Runtime Error", "{ran}");
    let output = ran["output"].as_str().unwrap();
    assert!(output.starts_with("In call 1, get(2):\n"), "{ran}");
    let hangs = STORE.replace("return list(self.all)", "while True: pass");
    let ran = run(&hangs, json!([["Store", 1], ["keys"]])).json();
    assert_eq!(ran["verdict"], "Time Limit Exceeded", "{ran}");
    let output = ran["output"].as_str().unwrap();
    assert!(output.starts_with("In call 1, keys()"), "{ran}");
    let refused = run(STORE, json!([["Store", 1], ["put", 2]]));
    assert_eq!(refused.status, 422);
    let error = &refused.json()["error"];
    assert_eq!(error["field"], "args[1]");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("args[1] must have 2"),
        "{error}"
    );
}

fn what_is_no_class_problem_is_refused_with_its_place(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    for (pointer, new, field) in [
        ("/cases/0/input/1/1", json!("x"), "cases[0].input[1][1]"),
        (
            "/cases/0/input/0",
            json!(["get", 1]),
            "cases[0].input[0][0]",
        ),
        (
            "/cases/0/input/2",
            json!(["got", 1]),
            "cases[0].input[2][0]",
        ),
        ("/cases/0/expected", json!([null]), "cases[0].expected"),
        ("/cases/0/expected/2", json!("5"), "cases[0].expected"),
        ("/cases/0/ignore", json!([7]), "cases[0].ignore[0]"),
        ("/signature/name", json!("store"), "signature.name"),
        ("/signature/methods", json!([]), "signature.methods"),
        (
            "/signature/methods/1/name",
            json!("p_ut"),
            "signature.methods[1].name",
        ),
        ("/answer", json!({ "argument": 0 }), "answer"),
    ] {
        let mut value = store();
        value["answer"] = Value::Null;
        value["cases"][0]["ignore"] = Value::Null;
        *value.pointer_mut(pointer).unwrap() = new;
        let response = submit_fn.admin("PUT", "/problems/no-store", Some(&value));
        assert_eq!(response.status, 422, "{pointer} {}", response.text);
        let error = &response.json()["error"];
        assert_eq!(error["field"], field, "{error}");
    }
}

fn stored_answers_of_a_class_are_judged_again(stacks: &Stacks) {
    let mut value = store();
    value["stopOnFirstFail"] = false.into();
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    submit_fn.publish("store-again", &value);
    let wrong = STORE.replace(".get(key, -1)", ".get(key, 0)");
    let id = submit_fn.submit("store-again", "python", &wrong);
    exclusive.worker_fn.work("");
    let result = submit_fn.finished_result(&id);
    assert_eq!(result["verdict"], "Wrong Answer", "{result}");
    for (number, case) in [(0, 6), (1, 1)] {
        value["cases"][number]["ignore"] = json!([case]);
    }
    submit_fn.publish("store-again", &value);
    let response = submit_fn.admin("POST", "/problems/store-again/rejudge", None);
    assert_eq!(response.status, 200, "{}", response.text);
    exclusive.worker_fn.work("");
    wait_until("it is judged again", SOON, || {
        submit_fn.result(&id)["verdict"] == "Accepted"
    });
    let again = submit_fn.result(&id);
    assert_eq!(again["executor"], "kept", "{again}");
}
