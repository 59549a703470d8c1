//! Functions whose answer is an argument after the call, over HTTP.

use serde_json::{Value, json};
use support::api::SubmitFn;

use crate::stacks::Stacks;

support::tests![
    a_list_is_changed_in_place,
    the_first_elements_count_as_many_as_are_returned,
    what_is_returned_and_an_argument_are_both_compared,
    several_arguments_are_compared,
    nodes_of_a_list_may_have_a_cycle_and_be_shared,
    a_language_without_a_type_is_refused_for_its_signature,
    c_is_refused_where_a_case_has_a_zero_byte,
];

fn problem(returns: &str, answer: Value, cases: Value) -> Value {
    json!({
        "title": "In place",
        "kind": "function",
        "signature": {
            "name": "change",
            "params": [
                { "name": "nums", "type": "list<int>" },
                { "name": "k", "type": "int" },
            ],
            "returns": returns,
        },
        "answer": answer,
        "cases": cases,
    })
}

/// The verdict on Python code, and what is said of the first case.
fn judged(submit_fn: &SubmitFn, id: &str, code: &str) -> (String, Value) {
    let result = submit_fn.judge(id, "python", code);
    let evidence = result["judgement"]["cases"][0]["evidence"].clone();
    (
        result["verdict"].as_str().unwrap_or_default().to_owned(),
        evidence,
    )
}

fn a_list_is_changed_in_place(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let cases = json!([
        { "input": [[1, 2, 3], 1], "expected": [3, 1, 2] },
        { "input": [[], 4], "expected": [], "hidden": true },
    ]);
    let id = "in-place-rotate";
    submit_fn.publish(id, &problem("null", json!({ "argument": 0 }), cases));
    let read = submit_fn.get(&format!("/problems/{id}")).json();
    assert_eq!(read["answer"], json!({ "argument": 0 }), "{read}");
    let rotated = "k %= max(1, len(nums)); nums[:] = nums[-k:] + nums[:-k] if k else nums";
    for returned in ["None", "nums", "'whatever'"] {
        let code = format!("def change(nums, k):\n    {rotated}\n    return {returned}\n");
        assert_eq!(judged(&submit_fn, id, &code).0, "Accepted", "{returned}");
    }
    // A new list under the parameter's name is none of the caller's.
    let rebound = "def change(nums, k):\n    nums = nums[-k:] + nums[:-k]\n    return nums\n";
    let (verdict, evidence) = judged(&submit_fn, id, rebound);
    assert_eq!(verdict, "Wrong Answer");
    assert_eq!(evidence["actual"], "[1,2,3]", "{evidence}");
    let note = evidence["note"].as_str().unwrap();
    assert!(note.contains("same as before the call"), "{note}");
    // What is shown is what was sent, and not what became of it.
    let cleared = "def change(nums, k):\n    nums.clear()\n    1 / 0\n";
    let (verdict, evidence) = judged(&submit_fn, id, cleared);
    assert_eq!(verdict, "Runtime Error");
    assert_eq!(evidence["input"], "[[1,2,3],1]", "{evidence}");

    let body = json!({
        "problemId": id, "language": "python", "args": [[5, 6], 1],
        "code": "def change(nums, k): nums.reverse()",
    });
    let ran = submit_fn.run(&body.to_string()).json();
    assert_eq!(ran["returned"], json!([6, 5]), "{ran}");
}

fn the_first_elements_count_as_many_as_are_returned(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let answer = json!({ "argument": 0, "length": "returned" });
    let cases = json!([{ "input": [[3, 2, 2, 3], 3], "expected": [2, 2] }]);
    let mut value = problem("int", answer, cases);
    value["checker"] = "unordered".into();
    submit_fn.publish("in-place-remove", &value);
    let judged = |code: &str| judged(&submit_fn, "in-place-remove", code);
    let right = "def change(nums, k):\n    kept = [n for n in nums if n != k]\n    nums[:len(kept)] = kept\n    return len(kept)\n";
    assert_eq!(judged(right).0, "Accepted");
    let (verdict, evidence) = judged("def change(nums, k): return 7");
    assert_eq!(verdict, "Wrong Answer");
    let message = evidence["message"].as_str().unwrap();
    assert!(message.contains("returned 7 of 4"), "{message}");
    let (verdict, evidence) = judged("def change(nums, k): return 1");
    assert_eq!(
        (verdict.as_str(), &evidence["actual"]),
        ("Wrong Answer", &json!("[3]"))
    );
    let body = json!({
        "problemId": "in-place-remove", "language": "python", "args": [[5, 6], 1],
        "code": "def change(nums, k): return 3",
    });
    let ran = submit_fn.run(&body.to_string()).json();
    assert_eq!(ran["verdict"], "Runtime Error", "{ran}");
    assert!(
        ran["output"].as_str().unwrap().contains("returned 3 of 2"),
        "{ran}"
    );
}

fn what_is_returned_and_an_argument_are_both_compared(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let answer = json!([{ "returned": true }, { "argument": 0 }]);
    let cases = json!([{ "input": [[4, 5], 0], "expected": [5, [4]] }]);
    submit_fn.publish("in-place-both", &problem("int", answer, cases));
    let judged = |code: &str| judged(&submit_fn, "in-place-both", code);
    assert_eq!(
        judged("def change(nums, k): return nums.pop()").0,
        "Accepted"
    );
    let (verdict, evidence) = judged("def change(nums, k): return nums[-1]");
    assert_eq!(verdict, "Wrong Answer");
    let note = "In nums after the call: Expected [4], got [4,5].";
    assert_eq!(evidence["note"], note, "{evidence}");
    let (_, evidence) = judged("def change(nums, k): nums.pop()");
    let message = evidence["message"].as_str().unwrap();
    assert!(message.contains("returned no value"), "{evidence}");
}

fn several_arguments_are_compared(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let list = |name: &str| json!({ "name": name, "type": "list<int>" });
    let value = json!({
        "title": "Odd and even",
        "kind": "function",
        "signature": { "name": "change", "params": [list("odd"), list("even")], "returns": "null" },
        "answer": [{ "argument": 0 }, { "argument": 1 }],
        "cases": [{ "input": [[1, 2, 3], [4]], "expected": [[1, 3], [4, 2]] }],
    });
    submit_fn.publish("in-place-several", &value);
    let read = submit_fn.get("/problems/in-place-several").json();
    assert_eq!(read["answer"], value["answer"], "{read}");
    let judged = |code: &str| judged(&submit_fn, "in-place-several", code);
    let moves = "def change(odd, even):\n    even += [n for n in odd if n % 2 == 0]\n";
    let keeps = "    odd[:] = [n for n in odd if n % 2]\n";
    assert_eq!(judged(&format!("{moves}{keeps}")).0, "Accepted");
    let (verdict, evidence) = judged(moves);
    assert_eq!(verdict, "Wrong Answer");
    let note = "In odd after the call: Expected [1,3], got [1,2,3].";
    assert_eq!(evidence["note"], note, "{evidence}");
}

fn nodes_of_a_list_may_have_a_cycle_and_be_shared(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let nodes = |name: &str| json!({ "name": name, "type": "linked_nodes<int>" });
    let mut value = json!({
        "title": "Where they meet",
        "kind": "function",
        "signature": { "name": "meet", "params": [nodes("a"), nodes("b")], "returns": "linked_nodes<int>" },
        "cases": [
            {
                "input": [[1, 2, 3], { "values": [9], "joins": { "argument": 0, "node": 1 } }],
                "expected": [2, 3],
            },
            { "input": [[1], [1]], "expected": [] },
            {
                "input": [{ "values": [7, 8], "cycle": 0 }, { "values": [5], "joins": { "node": 1, "argument": 0 } }],
                "expected": { "values": [8, 7], "cycle": 0 },
            },
        ],
    });
    submit_fn.publish("nodes-meet", &value);
    let code = "def meet(a, b):\n    seen = set()\n    while a and id(a) not in seen:\n        seen.add(id(a))\n        a = a.next\n    while b and id(b) not in seen:\n        b = b.next\n    return b\n";
    let result = submit_fn.judge("nodes-meet", "python", code);
    assert_eq!(result["verdict"], "Accepted", "{result}");
    let by_value = code.replace("id(a)", "a.val").replace("id(b)", "b.val");
    let result = submit_fn.judge("nodes-meet", "python", &by_value);
    assert_eq!(result["judgement"]["failedCase"], 2, "{result}");
    value["cases"][0]["input"][1]["joins"]["node"] = 3.into();
    let response = submit_fn.admin("PUT", "/problems/nodes-meet", Some(&value));
    assert_eq!(response.status, 422);
    let error = &response.json()["error"];
    assert_eq!(error["field"], "cases[0].input[1]", "{error}");
}

fn a_language_without_a_type_is_refused_for_its_signature(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let value = json!({
        "title": "Anything",
        "kind": "function",
        "signature": { "name": "f", "params": [{ "name": "a", "type": "any" }], "returns": "int" },
        "cases": [{ "input": [null], "expected": 1 }],
    });
    let response = submit_fn.admin("PUT", "/problems/anything", Some(&value));
    let published = response.json();
    let why = published["unsupported"]["c++"].as_str().unwrap();
    assert!(why.contains("type any"), "{published}");
    assert_eq!(published["unsupported"].get("python"), None);
    let read = submit_fn.get("/problems/anything").json();
    assert_eq!(read["starter"].get("c++"), None, "{read}");
    let body =
        json!({ "problemId": "anything", "language": "cpp", "code": "int f(int a) { return 1; }" });
    let refused = submit_fn.post("/submit", &body.to_string());
    assert_eq!(refused.status, 422, "{}", refused.text);
    let error = &refused.json()["error"];
    assert_eq!(error["field"], "language");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("python"), "{message}");
    assert!(message.ends_with("not in cpp."), "{message}");
    assert!(!message.contains("c++"), "{message}");
    let listed = submit_fn.get("/problems").json();
    let mut entries = listed["problems"].as_array().unwrap().iter();
    let entry = entries.find(|entry| entry["id"] == "anything");
    if let Some(entry) = entry {
        let names = entry["unsupported"].as_array().unwrap();
        assert!(names.contains(&json!("c++")), "{entry}");
    }
    let result = submit_fn.judge("anything", "python", "def f(a): return 1");
    assert_eq!(result["verdict"], "Accepted");
}

fn c_is_refused_where_a_case_has_a_zero_byte(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let value = json!({
        "title": "Letters",
        "kind": "function",
        "signature": {
            "name": "count",
            "params": [{ "name": "text", "type": "string" }],
            "returns": "int",
        },
        "cases": [{ "input": ["ab"], "expected": 2 }, { "input": ["a\0b"], "expected": 3 }],
    });
    let response = submit_fn.admin("PUT", "/problems/zero-byte", Some(&value));
    let why = "C's texts end at a zero byte (\\u0000), and cases[1] has a text with one in it.";
    assert_eq!(response.json()["unsupported"], json!({ "c": why }));
    let read = submit_fn.get("/problems/zero-byte").json();
    assert_eq!(read["starter"].get("c"), None, "{read}");
    let body = json!({ "problemId": "zero-byte", "language": "c", "code": "int count(char* text) { return 2; }" });
    let refused = submit_fn.post("/submit", &body.to_string());
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(refused.json()["error"]["field"], "language");
    let result = submit_fn.judge("zero-byte", "python", "def count(text): return len(text)");
    assert_eq!(result["verdict"], "Accepted");
}
