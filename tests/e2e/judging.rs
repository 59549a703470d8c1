//! Verdicts, from a submission to its result.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use support::api::SubmitFn;
use support::http;
use xtask::problems;

use crate::stacks::{Exclusive, Stacks};

support::tests![
    the_readmes_submissions_get_their_verdicts,
    every_failure_has_its_verdict,
    a_score_counts_all_cases_by_weight,
    programs_are_judged_case_by_case,
    typescript_and_cpp_functions_are_judged,
    all_cases_of_a_function_share_one_process,
    invalid_problems_are_refused_with_the_field,
    a_submission_goes_on_in_a_fresh_invocation,
    text_of_windows_decides_no_verdict,
];

/// Publishes the sample problems of the repository. Returns them by id.
pub(crate) fn publish_samples(submit_fn: &SubmitFn) -> BTreeMap<String, problems::Loaded> {
    let loaded = problems::load(&problems::own()).unwrap();
    problems::publish(&loaded, &submit_fn.url, &submit_fn.admin_token, drop).unwrap();
    loaded
        .into_iter()
        .map(|one| (one.id.clone(), one))
        .collect()
}

fn the_readmes_submissions_get_their_verdicts(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    let wrong = submit_fn.judge(
        "two-sum",
        "javascript",
        "function twoSum(nums, target) { return [0,1]; }",
    );
    assert_eq!(wrong["verdict"], "Wrong Answer", "{wrong}");
    let first = &wrong["judgement"]["cases"][0];
    assert_eq!(
        (&first["number"], &first["verdict"]),
        (&json!(1), &json!("Wrong Answer"))
    );
    assert_eq!(first["evidence"]["actual"], "[0,1]");
    assert!(
        wrong["output"]
            .as_str()
            .unwrap()
            .starts_with("Wrong Answer on case 1 of ")
    );
    let fizz = submit_fn.judge("fizz-buzz", "python", "def fizz_buzz(n): return []");
    assert_eq!(fizz["verdict"], "Wrong Answer", "{fizz}");
}

fn every_failure_has_its_verdict(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    let cases = [
        (
            "def two_sum(nums, target):\n    while True: pass",
            "Time Limit Exceeded",
            "case 1 of",
        ),
        (
            "def two_sum(nums, target):\n    return [9]*10**9",
            "Memory Limit Exceeded",
            "case 1 of",
        ),
        (
            "def two_sum(nums, target)\n    return []",
            "Compilation Error",
            "main.py",
        ),
        ("import sys\nsys.exit(0)", "Runtime Error", ""),
        (
            "import os\nos._exit(0)",
            "Runtime Error",
            "without an answer",
        ),
        (
            "def two_sum(nums, target):\n    return nums[99999]",
            "Runtime Error",
            "IndexError",
        ),
        (
            "def three_sum(nums, target):\n    return []",
            "Runtime Error",
            "two_sum",
        ),
        (
            "def two_sum(nums, target):\n    return float('nan')",
            "Wrong Answer",
            "nan",
        ),
        (
            "def two_sum(nums, target):\n    return {1, 2}",
            "Wrong Answer",
            "",
        ),
    ];
    let ids = cases.map(|(code, ..)| submit_fn.submit("two-sum", "python", code));
    for ((code, verdict, part), id) in cases.into_iter().zip(ids) {
        let result = submit_fn.finished_result(&id);
        assert_eq!(result["verdict"], verdict, "{code}: {result}");
        let output = result["output"].as_str().unwrap();
        assert!(output.contains(part), "{code}: {output}");
        assert!(!output.contains("/box"), "{output}");
    }
}

fn square(stop: bool) -> Value {
    json!({
        "title": "Square", "kind": "function", "stopOnFirstFail": stop,
        "signature": {"name": "square", "params": [{"name": "n", "type": "int"}], "returns": "int"},
        "limits": {"timeMs": 1000, "factors": {"python": 2}},
        "cases": [
            {"input": [2], "expected": 4},
            {"input": [3], "expected": 9, "weight": 2},
            {"input": [-4], "expected": 16, "hidden": true},
            {"input": [0], "expected": 0, "weight": 5},
        ],
    })
}

fn a_score_counts_all_cases_by_weight(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    submit_fn.publish("square-all", &square(false));
    // One case ends in an endless loop, one in an exception.
    let code = "def square(n):\n    while n == 3: pass\n    if n < 0: raise ValueError(n)\n    return n * n";
    let result = submit_fn.judge("square-all", "python", code);
    assert_eq!(result["verdict"], "Time Limit Exceeded", "{result}");
    let judgement = &result["judgement"];
    let verdicts: Vec<&Value> = judgement["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| &case["verdict"])
        .collect();
    assert_eq!(
        verdicts,
        [
            "Accepted",
            "Time Limit Exceeded",
            "Runtime Error",
            "Accepted"
        ]
    );
    assert_eq!(
        (&judgement["score"], &judgement["failedCase"]),
        (&json!(66.66), &json!(2))
    );
    assert_eq!(
        (&judgement["passed"], &judgement["total"]),
        (&json!(2), &json!(4))
    );
    assert!(
        judgement["cases"][2].get("evidence").is_none(),
        "it is hidden"
    );
    submit_fn.publish("square-first", &square(true));
    let result = submit_fn.judge("square-first", "python", code);
    assert_eq!(
        result["judgement"]["cases"][3]["verdict"], "Skipped",
        "{result}"
    );
}

fn programs_are_judged_case_by_case(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let problem = json!({
        "title": "Double", "kind": "program", "checker": "tokens", "stopOnFirstFail": false,
        "limits": {"timeMs": 3000, "outputBytes": 1000},
        "cases": [
            {"input": "1\n", "expected": "2"},
            {"input": "21\n", "expected": "42"},
            {"input": "50\n", "expected": "100", "hidden": true},
        ],
    });
    submit_fn.publish("double", &problem);
    let right = submit_fn.judge("double", "python", "print(2 * int(input()))");
    assert_eq!(right["verdict"], "Accepted", "{right}");
    let case = &right["judgement"]["cases"][0];
    assert!(case["memoryBytes"].as_u64().unwrap() > 1_000_000, "{case}");
    assert!(case["cpuTimeMs"].is_u64(), "{case}");
    let code = "n = int(input())\nprint(n * 2 if n != 21 else 'x' * 2000)";
    let long = submit_fn.judge("double", "python", code);
    assert_eq!(long["verdict"], "Output Limit Exceeded", "{long}");
    assert_eq!(long["judgement"]["failedCase"], 2);
    let code =
        "#include <iostream>\nint main() { long n; std::cin >> n; std::cout << n * 2 << \"\\n\"; }";
    let compiled = submit_fn.judge("double", "c++", code);
    assert_eq!(compiled["verdict"], "Accepted", "{compiled}");
    let broken = submit_fn.judge("double", "c++", "int main() { return x; }");
    assert_eq!(broken["verdict"], "Compilation Error", "{broken}");
    let output = broken["output"].as_str().unwrap();
    assert!(output.contains("'x'") || output.contains("‘x’"), "{output}");
    let bash = submit_fn.judge("double", "bash", "read n; echo $((n * 2)); exit 3");
    assert_eq!(bash["verdict"], "Runtime Error", "{bash}");
}

fn typescript_and_cpp_functions_are_judged(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    publish_samples(&submit_fn);
    for (language, code, verdict) in [
        (
            "typescript",
            "function twoSum(nums: number[], target: number): number[] {\n  const seen = new Map<number, number>();\n  for (let i = 0; i < nums.length; i++) {\n    const j = seen.get(target - nums[i]);\n    if (j !== undefined) return [j, i];\n    seen.set(nums[i], i);\n  }\n  return [];\n}",
            "Accepted",
        ),
        (
            "typescript",
            "function twoSum(nums: number[]) { return [0, 1]; }",
            "Wrong Answer",
        ),
        (
            "typescript",
            "function twoSum(nums: number[] { return [0, 1]; }",
            "Compilation Error",
        ),
        (
            "c++",
            "std::vector<long long> twoSum(std::vector<long long> nums, long long target) {\n  std::map<long long, long long> seen;\n  for (size_t i = 0; i < nums.size(); i++) {\n    auto j = seen.find(target - nums[i]);\n    if (j != seen.end()) return {j->second, (long long)i};\n    seen[nums[i]] = i;\n  }\n  return {};\n}",
            "Accepted",
        ),
        (
            "c++",
            "std::vector<long long> twoSum(std::vector<long long>, long long) { return {0, 1}; }",
            "Wrong Answer",
        ),
        (
            "c++",
            "std::vector<long long> twoSum(std::vector<long long>, long long) { return y; }",
            "Compilation Error",
        ),
    ] {
        let result = submit_fn.judge("two-sum", language, code);
        assert_eq!(result["verdict"], verdict, "{language}: {result}");
    }
}

/// How many requests the runner has executed.
pub(crate) fn executions(exclusive: &Exclusive<'_>) -> u64 {
    let metrics = http::get(&format!("{}/metrics", exclusive.stack.runner_url())).text;
    let counts = metrics
        .lines()
        .filter(|line| line.starts_with("runner_executions_total"))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
    counts.sum()
}

fn all_cases_of_a_function_share_one_process(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    let cases: Vec<Value> = (0..100)
        .map(|n| json!({"input": [n], "expected": n * n, "hidden": n > 2}))
        .collect();
    let mut problem = square(true);
    problem["cases"] = cases.into();
    submit_fn.publish("square-100", &problem);
    let before = executions(&exclusive);
    submit_fn.submit("square-100", "python", "def square(n): return n * n");
    let result = &exclusive.worker_fn.work("").json()["result"];
    assert_eq!(result["verdict"], "Accepted", "{result}");
    assert_eq!(result["judgement"]["passed"], 100);
    assert_eq!(executions(&exclusive) - before, 1);
    let cases = result["judgement"]["cases"].as_array().unwrap();
    let measured = cases.iter().filter(|case| case.get("cpuTimeMs").is_some());
    assert_eq!(measured.count(), 0, "no case has a process of its own");
}

fn invalid_problems_are_refused_with_the_field(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let path = "/problems/refused";
    assert_eq!(submit_fn.post(path, "{}").status, 405);
    let response = submit_fn.request("PUT", path, &[], Some(b"{}"));
    response.assert_error(401, None, "scope admin");
    let mut problem = square(true);
    problem["cases"][1]["expected"] = json!("nine");
    let response = submit_fn.admin("PUT", path, Some(&problem));
    response.assert_error(422, Some("cases[1].expected"), "whole number of 64 bits");
    problem = square(true);
    problem["cases"][2]["hiden"] = json!(true);
    let response = submit_fn.admin("PUT", path, Some(&problem));
    response.assert_error(422, Some("cases[2].hiden"), "hidden");
    problem = square(true);
    problem["cases"] = vec![json!({"input": [1], "expected": 1}); 1_001].into();
    let response = submit_fn.admin("PUT", path, Some(&problem));
    response.assert_error(413, Some("cases[1000]"), "1000 at most");
    let stored = submit_fn.get(path);
    assert_eq!(stored.status, 404, "nothing of it was stored");
}

/// Eleven cases of two seconds take longer than the 15 s that one invocation gives a
/// submission.
fn a_submission_goes_on_in_a_fresh_invocation(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let cases: Vec<Value> = (0..11)
        .map(|number| json!({"input": format!("{number}\n"), "expected": format!("{number}\n")}))
        .collect();
    let problem = json!({"title": "Long", "kind": "program", "cases": cases,
                         "limits": {"timeMs": 2_500}});
    submit_fn.publish("long", &problem);
    let code = "import time\ntime.sleep(2)\nprint(input())";
    let result = submit_fn.finished_result(&submit_fn.submit("long", "python", code));
    assert_eq!(result["verdict"], "Accepted", "{result}");
    assert_eq!(result["attempts"], 1, "{result}");
    assert_eq!(result["judgement"]["passed"], 11, "{result}");
}

fn text_of_windows_decides_no_verdict(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let problem = json!({"title": "Lines", "kind": "program", "cases": [
        {"input": "\u{feff}2\r\nab\r\n", "expected": "ab \r\nab\r\n"},
    ]});
    let published = submit_fn
        .admin("PUT", "/problems/windows", Some(&problem))
        .json();
    let note = published["notes"][0].as_str().unwrap();
    assert!(note.contains("1 of the cases"), "{published}");
    let code = "\u{feff}for _ in range(int(input())):\r\n    if _ == 0:\r\n        s = input()\r\n    print(s, end=' \\n')\r\n";
    let result = submit_fn.finished_result(&submit_fn.submit("windows", "python", code));
    assert_eq!(result["verdict"], "Accepted", "{result}");
}
