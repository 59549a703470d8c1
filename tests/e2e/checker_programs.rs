//! Problems whose checker is a program, with the real runner.

use serde_json::{Value, json};
use support::api::SubmitFn;
use support::wait::{SOON, wait_for};

use crate::stacks::Stacks;

support::tests![
    a_checker_gets_its_files_and_decides,
    testlibs_exit_codes_are_what_testlib_says,
    points_are_shares_of_the_weights,
    what_a_checker_says_is_for_the_operator_alone,
    whoever_prints_for_the_checker_wins_nothing,
    a_functions_answers_are_checked_as_json,
    a_classs_answers_are_checked_as_json,
    many_cases_are_checked,
    a_checker_is_for_the_operator_only,
    another_checker_judges_again,
];

/// In the expected answers, and in what the checkers say.
pub(crate) const SECRET: &str = "exp3cted";

pub(crate) fn checker(language: &str, exit_codes: &str, code: &str) -> Value {
    json!({"kind": "program", "language": language, "exitCodes": exit_codes, "code": code})
}

/// A program with a shown and a hidden case.
pub(crate) fn problem(checker: &Value) -> Value {
    json!({
        "title": "Checked", "kind": "program", "checker": checker, "limits": {"timeMs": 2000},
        "stopOnFirstFail": false,
        "cases": [
            {"input": "one\n", "expected": SECRET},
            {"input": "two\n", "expected": SECRET, "hidden": true},
        ],
    })
}

pub(crate) fn verdicts(result: &Value) -> Vec<&str> {
    let cases = result["judgement"]["cases"].as_array().unwrap();
    let verdict = |case: &Value| case["verdict"].as_str().unwrap().to_owned();
    let all: Vec<String> = cases.iter().map(verdict).collect();
    all.into_iter().map(|one| &*one.leak()).collect()
}

/// What the checker read is in its own words, which are nowhere in the result.
fn assert_silent(result: &Value) {
    let text = result.to_string();
    assert!(!text.contains("the checker says"), "{text}");
}

/// Ends with 1, which means nothing, where anything is not as documented.
const ICPC: &str = "\
import os, sys
arguments = sys.argv[1:]
assert arguments == ['input.txt', 'answer.txt', 'feedback_dir/'], arguments
read = lambda name: open(name, newline='').read()
assert read('input.txt') in ('one\\n', 'two\\n')
assert read('answer.txt') == 'exp3cted'
output = read('output.txt')
assert sys.stdin.read().rstrip('\\n') == output.rstrip('\\n')
assert not os.path.exists('main.py.out')
with open(arguments[2] + 'judgemessage.txt', 'w') as file:
    file.write('the checker says ' + read('answer.txt'))
for stream in (sys.stdout, sys.stderr):
    print('the checker says', read('answer.txt'), file=stream)
sys.exit(42 if sorted(output.split()) == ['a', 'b'] else 43)
";

fn a_checker_gets_its_files_and_decides(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    submit_fn.publish("checked-icpc", &problem(&checker("python", "icpc", ICPC)));
    let judge = |language, code| {
        let result = submit_fn.judge("checked-icpc", language, code);
        assert_silent(&result);
        result
    };
    for code in ["print('a b')", "print('b\\na', end='')"] {
        let result = judge("python", code);
        assert_eq!(result["verdict"], "Accepted", "{result}");
        assert_eq!(result["judgement"]["score"], 100.0);
    }
    let result = judge("javascript", "console.log('a a')");
    assert_eq!(result["verdict"], "Wrong Answer", "{result}");
    let evidence = &result["judgement"]["cases"][0]["evidence"];
    assert_eq!(evidence["actual"], "a a\n");
    assert_eq!(evidence["expected"], SECRET);
    assert!(result["judgement"]["cases"][1].get("evidence").is_none());
    // What the submission does by itself needs no checker.
    let result = judge("python", "import sys; sys.exit(42)");
    assert_eq!(verdicts(&result), ["Runtime Error"; 2]);
}

/// Ends as the submission printed.
const AS_TOLD: &str = "\
import sys
assert sys.argv[1:] == ['input.txt', 'output.txt', 'answer.txt'], sys.argv
output = open(sys.argv[2]).read()
print('the checker says', open(sys.argv[3]).read(), file=sys.stderr)
sys.exit(int(output))
";

fn testlibs_exit_codes_are_what_testlib_says(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    submit_fn.publish(
        "checked-testlib",
        &problem(&checker("python", "testlib", AS_TOLD)),
    );
    for (printed, verdict, words) in [
        ("0", "Accepted", ""),
        ("1", "Wrong Answer", ""),
        ("2", "Wrong Answer", ""),
        ("3", "Internal Error", "jury's data"),
        ("7", "Internal Error", "member points of checker"),
        ("9", "Internal Error", "exit code 9"),
        ("x", "Internal Error", "uncaught exception"),
    ] {
        let result = submit_fn.judge("checked-testlib", "python", &format!("print('{printed}')"));
        assert_eq!(result["verdict"], verdict, "{printed}: {result}");
        assert!(
            result["output"].as_str().unwrap().contains(words),
            "{result}"
        );
        assert_silent(&result);
    }
}

/// Ends as testlib's `quitp` does, with what the submission printed.
const QUITP: &str = "\
import sys
points = open(sys.argv[2]).read().strip()
print('points', points, 'the checker says', open(sys.argv[3]).read(), file=sys.stderr)
sys.exit(7)
";

fn points_are_shares_of_the_weights(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let mut problem = problem(&checker("python", "testlib", QUITP));
    problem["checker"]["points"] = 100.into();
    problem["cases"][1]["weight"] = 3.into();
    problem["stopOnFirstFail"] = true.into();
    let refused = submit_fn.admin("PUT", "/problems/checked-points", Some(&problem));
    refused.assert_error(422, Some("stopOnFirstFail"), "the checker gives points");
    problem["stopOnFirstFail"] = Value::Null;
    submit_fn.publish("checked-points", &problem);
    for (one, two, verdict, score, shares) in [
        ("100", "100.0", "Accepted", 100.0, [1.0, 1.0]),
        ("40", "50.5", "Wrong Answer", 47.87, [0.4, 0.505]),
        ("0", "100", "Wrong Answer", 75.0, [0.0, 1.0]),
    ] {
        let code = format!("print('{one}' if input() == 'one' else '{two}')");
        let result = submit_fn.judge("checked-points", "python", &code);
        assert_eq!(result["verdict"], verdict, "{result}");
        let judgement = &result["judgement"];
        assert_eq!(judgement["score"], score, "{result}");
        assert_eq!(judgement["cases"][0]["share"], shares[0], "{result}");
        assert_eq!(judgement["cases"][1]["share"], shares[1], "{result}");
        assert_silent(&result);
    }
    for printed in ["100.1", "-1", "nan", "1e2", ""] {
        let code = format!("print('{printed}')");
        let result = submit_fn.judge("checked-points", "python", &code);
        assert_eq!(result["verdict"], "Internal Error", "{printed}: {result}");
        assert_eq!(result["judgement"]["score"], 0.0);
        assert_silent(&result);
    }
}

fn what_a_checker_says_is_for_the_operator_alone(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let with = |id: &str, language, code: &str| {
        submit_fn.publish(id, &problem(&checker(language, "testlib", code)));
    };
    with("heard-wrong", "python", AS_TOLD);
    with(
        "heard-broken",
        "c++",
        "int main() { return the_checker_says; }",
    );
    for (id, printed, case, stage, words) in [
        (
            "heard-wrong",
            "1",
            json!(1),
            "run",
            "the checker says exp3cted",
        ),
        (
            "heard-wrong",
            "3",
            json!(1),
            "run",
            "the checker says exp3cted",
        ),
        ("heard-wrong", "x", json!(1), "run", "ValueError"),
        (
            "heard-broken",
            "1",
            Value::Null,
            "compile",
            "the_checker_says",
        ),
    ] {
        let submission = submit_fn.submit(id, "python", &format!("print('{printed}')"));
        let path = format!("/result/{submission}");
        let solvers = submit_fn.finished_result(&submission);
        for path in [
            path.clone(),
            format!("{path}?wait=5"),
            format!("{path}/events"),
        ] {
            // Whoever may submit and read is no setter, nor is anyone with AUTH=off.
            let shown = submit_fn.get(&path).text;
            assert!(shown.contains("\"verdict\""), "{shown}");
            for secret in [
                words,
                "\"checker\":",
                "the checker says",
                "the_checker_says",
            ] {
                assert!(!shown.contains(secret), "{path} shows {secret}: {shown}");
            }
            let heard = submit_fn.admin("GET", &path, None).text;
            assert!(heard.contains("\"checker\":"), "{path}: {heard}");
        }
        let mut heard = submit_fn.admin("GET", &path, None).json();
        let checker = heard["checker"].take();
        assert_eq!(checker["case"], case, "{checker}");
        let said = checker[stage]["stderr"].as_str().unwrap();
        assert!(said.contains(words), "{checker}");
        heard.as_object_mut().unwrap().remove("checker");
        assert_eq!(heard, solvers);
    }
    // It says nothing of what is right.
    let submission = submit_fn.submit("heard-wrong", "python", "print(0)");
    assert_eq!(
        submit_fn.finished_result(&submission)["verdict"],
        "Accepted"
    );
    let heard = submit_fn.admin("GET", &format!("/result/{submission}"), None);
    assert_eq!(heard.json().get("checker"), None);
}

fn whoever_prints_for_the_checker_wins_nothing(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    submit_fn.publish("checked-icpc", &problem(&checker("python", "icpc", ICPC)));
    for code in [
        "print(42)",
        "print('input 4\\none\\n\\nanswer 3\\na b\\n\\noutput 3\\na b\\n')",
        "import sys; print('a b\\0', 'a b', sep='\\n'); sys.stdout.flush()",
        // Its own files are gone when the checker starts.
        "import os\nos.makedirs('feedback_dir', exist_ok=True)\n\
         for name in ('output.txt', 'answer.txt', 'main.py.out'): open(name, 'w').write('a b')\n\
         open('sitecustomize.py', 'w').write('import os; os._exit(42)')",
        // A process that outlives it.
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1)\n    print('a b')",
    ] {
        let result = submit_fn.judge("checked-icpc", "python", code);
        assert_ne!(result["verdict"], "Accepted", "{code}: {result}");
        assert_ne!(result["verdict"], "Internal Error", "{code}: {result}");
        assert_silent(&result);
    }
    // Python finds modules beside the code, where only the checker's files are.
    let result = submit_fn.judge("checked-icpc", "python", "print('a', 'b')");
    assert_eq!(result["verdict"], "Accepted");
}

/// Any root of a polynomial's coefficients, as JSON.
const ROOT: &str = "\
import json, sys
coefficients, = json.load(open('input.txt'))
answer = json.load(open('answer.txt'))
root = json.load(open('output.txt'))
if root is None or answer is None: sys.exit(42 if root == answer else 43)
value = 0
for one in coefficients: value = value * root + one
sys.exit(42 if abs(value) < 1e-6 else 43)
";

fn a_functions_answers_are_checked_as_json(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let case = |input: Value, expected: Value, hidden: bool| json!({"input": [input], "expected": expected, "hidden": hidden});
    let problem = json!({
        "title": "A root", "kind": "function", "stopOnFirstFail": false,
        "signature": {"name": "root", "params": [{"name": "of", "type": "list<float>"}],
                      "returns": "any"},
        "checker": checker("python", "icpc", ROOT),
        "limits": {"timeMs": 2000},
        "cases": [
            case(json!([1, 0, -4]), json!(2), false),
            case(json!([1, -3, 2]), json!(1), false),
            case(json!([1, 0, 1]), Value::Null, true),
        ],
    });
    submit_fn.publish("any-root", &problem);
    let code = |sign: &str| {
        format!(
            "def root(of):\n    a, b, c = of\n    d = b * b - 4 * a * c\n    \
             return None if d < 0 else (-b {sign} d ** 0.5) / (2 * a)"
        )
    };
    for sign in ["+", "-"] {
        let result = submit_fn.judge("any-root", "python", &code(sign));
        assert_eq!(result["verdict"], "Accepted", "{result}");
    }
    let result = submit_fn.judge(
        "any-root",
        "python",
        "def root(of):\n    return 2 if of[1] == 0 else 5",
    );
    assert_eq!(
        verdicts(&result),
        ["Accepted", "Wrong Answer", "Wrong Answer"],
        "{result}"
    );
    let result = submit_fn.judge(
        "any-root",
        "javascript",
        "function root(of) { return NaN; }",
    );
    assert_eq!(verdicts(&result), ["Wrong Answer"; 3], "{result}");
}

/// Any item that is in the bag.
const IN_THE_BAG: &str = "\
import json, sys
bag = []
for (name, *values), answer in zip(json.load(open('input.txt')), json.load(open('output.txt'))):
    if name == 'put': bag += values
    if name == 'pick' and answer not in bag: sys.exit(43)
sys.exit(42)
";

fn a_classs_answers_are_checked_as_json(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let put =
        json!({"name": "put", "params": [{"name": "item", "type": "int"}], "returns": "null"});
    let pick = json!({"name": "pick", "params": [], "returns": "int"});
    let case = |hidden: bool| {
        json!({
            "input": [["Bag"], ["put", 7], ["put", 8], ["pick"]],
            "expected": [null, null, null, 7], "hidden": hidden,
        })
    };
    let problem = json!({
        "title": "A bag", "kind": "class", "stopOnFirstFail": false,
        "signature": {"name": "Bag", "params": [], "methods": [put, pick]},
        "checker": checker("python", "icpc", IN_THE_BAG),
        "limits": {"timeMs": 2000},
        "cases": [case(false), case(true)],
    });
    submit_fn.publish("any-item", &problem);
    for (picks, verdict) in [
        ("self.items[0]", "Accepted"),
        ("self.items[1]", "Accepted"),
        ("9", "Wrong Answer"),
        ("'7'", "Wrong Answer"),
    ] {
        let code = format!(
            "class Bag:\n    def __init__(self):\n        self.items = []\n    \
             def put(self, item):\n        self.items.append(item)\n    \
             def pick(self):\n        return {picks}"
        );
        let result = submit_fn.judge("any-item", "python", &code);
        assert_eq!(verdicts(&result), [verdict; 2], "{picks}: {result}");
    }
}

fn many_cases_are_checked(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let cases = |function: bool, count: usize| {
        let input = |number: usize| match function {
            true => json!([number]),
            false => json!(number.to_string()),
        };
        let expected = |number: usize| match function {
            true => json!(number),
            false => json!(number.to_string()),
        };
        (0..count)
            .map(|number| json!({"input": input(number), "expected": expected(number)}))
            .collect::<Vec<Value>>()
    };
    let sum = "#include <fstream>\nint main() { std::ifstream a(\"answer.txt\"), b(\"output.txt\"); \
               long x, y; a >> x; b >> y; return x + 1 == y ? 42 : 43; }";
    let mut problem = json!({
        "title": "One more", "kind": "program", "cases": cases(false, 120),
        "checker": checker("c++", "icpc", sum),
    });
    submit_fn.publish("many-checked", &problem);
    let result = submit_fn.judge("many-checked", "python", "print(int(input()) + 1)");
    assert_eq!(result["verdict"], "Accepted", "{}", result["output"]);
    problem["kind"] = "function".into();
    problem["signature"] =
        json!({"name": "more", "params": [{"name": "than", "type": "int"}], "returns": "int"});
    problem["cases"] = cases(true, 200).into();
    submit_fn.publish("many-checked-calls", &problem);
    let result = submit_fn.judge(
        "many-checked-calls",
        "python",
        "def more(than): return than + 1",
    );
    assert_eq!(result["verdict"], "Accepted", "{}", result["output"]);
    assert_eq!(result["judgement"]["passed"], 200);
    problem["cases"] = cases(true, 201).into();
    let path = "/problems/many-checked-calls";
    let refused = submit_fn.admin("PUT", path, Some(&problem));
    refused.assert_error(422, Some("cases"), "200 at most");
}

fn a_checker_is_for_the_operator_only(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    submit_fn.publish("checked-icpc", &problem(&checker("python", "icpc", ICPC)));
    let path = "/problems/checked-icpc";
    let shown = submit_fn.get(path).json();
    assert_eq!(shown["checker"], json!({"kind": "program"}));
    let shown = submit_fn.admin("GET", path, None).json();
    assert_eq!(shown["checker"]["code"], ICPC);
}

fn another_checker_judges_again(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let publish = |code: &str| {
        submit_fn.publish("checked-again", &problem(&checker("python", "icpc", code)));
    };
    publish("import sys; sys.exit(43)");
    let id = submit_fn.submit("checked-again", "python", "print('a b')");
    assert_eq!(submit_fn.finished_result(&id)["verdict"], "Wrong Answer");
    publish("import sys; sys.exit(42)");
    let queued = submit_fn.admin("POST", "/problems/checked-again/rejudge", None);
    assert_eq!(queued.json()["success"], true);
    let verdict = |submit_fn: &SubmitFn| {
        let result = submit_fn.result(&id);
        (result["verdict"] == "Accepted").then_some(result)
    };
    let result = wait_for("the new verdict", SOON, || verdict(&submit_fn));
    assert_ne!(result["executor"], "kept", "its code ran again");
}
