//! Verdicts, from a submission to what a person reads.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xtask::problems;

use crate::world::{Test, Usual, World, get, post, result_of, submit};

pub(crate) const TESTS: &[Test] = &[
    (
        "judging::the_problems_own_solutions_get_what_their_names_say",
        own_solutions,
    ),
    ("judging::starter_code_runs_as_it_is", starters),
    ("judging::the_readmes_submissions", readme),
    ("judging::every_end_has_its_verdict", ends),
    ("judging::all_cases_and_their_weights", all_cases),
    ("judging::programs_are_judged_case_by_case", programs),
    ("judging::typescript_and_cpp_functions", compiled),
    ("judging::a_function_costs_one_process", one_process),
    ("judging::problems_are_refused_with_their_place", refused),
];

/// Publishes the problems of the repository; by id.
pub(crate) fn own(usual: &Usual) -> BTreeMap<String, problems::Loaded> {
    let loaded = problems::load(&problems::own()).unwrap();
    problems::publish(&loaded, &usual.submit, &usual.token, drop).unwrap();
    loaded
        .into_iter()
        .map(|one| (one.id.clone(), one))
        .collect()
}

fn own_solutions(world: &World) {
    let usual = world.usual();
    let own = own(&usual);
    assert!(own.len() >= 8);
    let mut submitted = Vec::new();
    for (id, problem) in &own {
        for solution in &problem.solutions {
            let stored = submit(&usual.submit, id, solution.language, &solution.code);
            submitted.push((id, solution, stored));
        }
        for language in ["python", "javascript"] {
            for accepted in [true, false] {
                let is_it = |one: &&problems::Solution| {
                    one.language == language && one.accepted == accepted
                };
                assert!(
                    problem.solutions.iter().find(is_it).is_some(),
                    "{id}: {language}"
                );
            }
        }
    }
    for (id, solution, stored) in submitted {
        let result = result_of(&usual.submit, &stored);
        let expected = if solution.accepted {
            "Accepted"
        } else {
            "Wrong Answer"
        };
        assert_eq!(
            result["verdict"], expected,
            "{id} {}: {}",
            solution.file, result["output"]
        );
        let judgement = &result["judgement"];
        assert_eq!(
            judgement["score"] == 100.0,
            solution.accepted,
            "{judgement}"
        );
    }
}

/// It answers nothing right, but it compiles, and its function is found.
fn starters(world: &World) {
    let usual = world.usual();
    let mut submitted = Vec::new();
    for id in own(&usual).keys() {
        let problem = get(&format!("{}/problems/{id}", usual.submit)).json();
        for (language, code) in problem["starter"].as_object().unwrap() {
            let code = code.as_str().unwrap();
            let stored = submit(&usual.submit, id, language, code);
            submitted.push((format!("{id} in {language}:\n{code}"), stored));
        }
    }
    assert!(submitted.len() >= 20, "{}", submitted.len());
    for (what, stored) in submitted {
        let result = result_of(&usual.submit, &stored);
        assert_eq!(
            result["verdict"], "Wrong Answer",
            "{what}: {}",
            result["output"]
        );
    }
}

fn readme(world: &World) {
    let usual = world.usual();
    own(&usual);
    let wrong = usual.judge(
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
    let fizz = usual.judge("fizz-buzz", "python", "def fizz_buzz(n): return []");
    assert_eq!(fizz["verdict"], "Wrong Answer", "{fizz}");
}

fn ends(world: &World) {
    let usual = world.usual();
    own(&usual);
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
            "solution.py",
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
    let ids = cases.map(|(code, ..)| submit(&usual.submit, "two-sum", "python", code));
    for ((code, verdict, said), id) in cases.into_iter().zip(ids) {
        let result = result_of(&usual.submit, &id);
        assert_eq!(result["verdict"], verdict, "{code}: {result}");
        let output = result["output"].as_str().unwrap();
        assert!(output.contains(said), "{code}: {output}");
        assert!(!output.contains("/box"), "{output}");
    }
    let unknown = usual.judge("two-sum", "bash", "echo");
    assert_eq!(unknown["verdict"], "Internal Error", "{unknown}");
    assert!(
        unknown["output"].as_str().unwrap().contains("bash"),
        "{unknown}"
    );
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

fn all_cases(world: &World) {
    let usual = world.usual();
    usual.publish("square-all", &square(false));
    // One case ends in an endless loop, one in an exception.
    let code = "def square(n):\n    while n == 3: pass\n    if n < 0: raise ValueError(n)\n    return n * n";
    let result = usual.judge("square-all", "python", code);
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
    usual.publish("square-first", &square(true));
    let result = usual.judge("square-first", "python", code);
    assert_eq!(
        result["judgement"]["cases"][3]["verdict"], "Skipped",
        "{result}"
    );
}

fn programs(world: &World) {
    let usual = world.usual();
    let problem = json!({
        "title": "Double", "kind": "program", "checker": "tokens", "stopOnFirstFail": false,
        "limits": {"timeMs": 3000, "outputBytes": 1000},
        "cases": [
            {"input": "1\n", "expected": "2"},
            {"input": "21\n", "expected": "42"},
            {"input": "50\n", "expected": "100", "hidden": true},
        ],
    });
    usual.publish("double", &problem);
    let right = usual.judge("double", "python", "print(2 * int(input()))");
    assert_eq!(right["verdict"], "Accepted", "{right}");
    let case = &right["judgement"]["cases"][0];
    assert!(case["memoryBytes"].as_u64().unwrap() > 1_000_000, "{case}");
    assert!(case["cpuTimeMs"].is_u64(), "{case}");
    let code = "n = int(input())\nprint(n * 2 if n != 21 else 'x' * 2000)";
    let long = usual.judge("double", "python", code);
    assert_eq!(long["verdict"], "Output Limit Exceeded", "{long}");
    assert_eq!(long["judgement"]["failedCase"], 2);
    let code =
        "#include <iostream>\nint main() { long n; std::cin >> n; std::cout << n * 2 << \"\\n\"; }";
    let compiled = usual.judge("double", "c++", code);
    assert_eq!(compiled["verdict"], "Accepted", "{compiled}");
    let broken = usual.judge("double", "c++", "int main() { return x; }");
    assert_eq!(broken["verdict"], "Compilation Error", "{broken}");
    let output = broken["output"].as_str().unwrap();
    assert!(output.contains("'x'") || output.contains("‘x’"), "{output}");
    let bash = usual.judge("double", "bash", "read n; echo $((n * 2)); exit 3");
    assert_eq!(bash["verdict"], "Runtime Error", "{bash}");
}

fn compiled(world: &World) {
    let usual = world.usual();
    own(&usual);
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
        let result = usual.judge("two-sum", language, code);
        assert_eq!(result["verdict"], verdict, "{language}: {result}");
    }
}

/// How many submissions the runner has answered.
pub(crate) fn executions(usual: &Usual) -> u64 {
    let metrics = get(&format!("{}/metrics", usual.runner)).text;
    let counts = metrics
        .lines()
        .filter(|line| line.starts_with("runner_executions_total"))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap());
    counts.sum()
}

fn one_process(world: &World) {
    let quiet = world.quiet();
    let usual = quiet.usual();
    let cases: Vec<Value> = (0..100)
        .map(|n| json!({"input": [n], "expected": n * n, "hidden": n > 2}))
        .collect();
    let mut problem = square(true);
    problem["cases"] = cases.into();
    usual.publish("square-100", &problem);
    let before = executions(&usual);
    submit(
        &usual.submit,
        "square-100",
        "python",
        "def square(n): return n * n",
    );
    let result = &quiet.work("").json()["result"];
    assert_eq!(result["verdict"], "Accepted", "{result}");
    assert_eq!(result["judgement"]["passed"], 100);
    assert_eq!(executions(&usual) - before, 1);
    let cases = result["judgement"]["cases"].as_array().unwrap();
    let alone = cases.iter().filter(|case| case.get("cpuTimeMs").is_some());
    assert_eq!(alone.count(), 0, "none had a process of its own");
}

fn refused(world: &World) {
    let usual = world.usual();
    let anyone = post(&format!("{}/problems/x", usual.submit), "{}");
    assert_eq!(anyone.status, 405);
    let url = format!("{}/problems/refused", usual.submit);
    let anyone = crate::world::request("PUT", &url, &[], Some(b"{}"));
    anyone.assert_error(401, None, "ADMIN_TOKEN");
    let mut problem = square(true);
    problem["cases"][1]["expected"] = json!("nine");
    let answer = usual.operate("PUT", "/problems/refused", Some(&problem));
    answer.assert_error(422, Some("cases[1].expected"), "int");
    problem = square(true);
    problem["cases"][2]["hiden"] = json!(true);
    let answer = usual.operate("PUT", "/problems/refused", Some(&problem));
    assert_eq!(answer.status, 422, "{}", answer.text);
    problem = square(true);
    problem["cases"] = vec![json!({"input": [1], "expected": 1}); 1_001].into();
    let answer = usual.operate("PUT", "/problems/refused", Some(&problem));
    assert!(matches!(answer.status, 413 | 422), "{}", answer.text);
    assert!(
        answer.text.contains("1000") || answer.text.contains("1,000"),
        "{}",
        answer.text
    );
    assert_eq!(get(&url).status, 404, "nothing of it was kept");
}
