//! What is hidden stays hidden, whatever a submission does and whoever asks.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::world::{Test, World, get, result_of, submit};

pub(crate) const TESTS: &[Test] = &[
    ("hidden::nothing_leaks_from_a_function", function),
    ("hidden::nothing_leaks_from_a_program", program),
    ("hidden::an_operator_sees_everything", operator),
];

/// In the hidden input, and in the hidden expected value.
const INPUT: &str = "h1dden1nput";
const EXPECTED: &str = "h1ddenexpected";

fn problem(function: bool) -> Value {
    let mut value = json!({
        "title": "Secrets", "kind": "program", "stopOnFirstFail": false,
        "limits": {"timeMs": 2000},
        "cases": [
            {"input": "shown", "expected": "SHOWN"},
            {"input": INPUT, "expected": EXPECTED, "hidden": true, "name": "the hidden one"},
            {"input": "also shown", "expected": "ALSO SHOWN"},
        ],
    });
    if function {
        value["kind"] = "function".into();
        value["signature"] = json!({
            "name": "shout",
            "params": [{"name": "text", "type": "string"}],
            "returns": "string",
        });
        for case in value["cases"].as_array_mut().unwrap() {
            case["input"] = json!([case["input"]]);
        }
    }
    value
}

/// What finds the inputs of all cases before any is asked for.
const STEAL: &str = "\
import gc, sys
def stolen():
    found = [text for text in gc.get_objects() if isinstance(text, (list, tuple, dict))]
    frame, seen = sys._getframe(), []
    while frame:
        seen.append(repr(frame.f_locals) + repr(frame.f_globals))
        frame = frame.f_back
    return repr(found) + repr(seen)
";

fn function(world: &World) {
    let quiet = world.quiet();
    let usual = quiet.usual();
    usual.publish("secret-function", &problem(true));
    let codes = [
        format!("{STEAL}kept = []\ndef shout(text):\n    kept.append(text)\n    return ' '.join(kept) + stolen()"),
        format!("{STEAL}def shout(text):\n    raise ValueError(stolen())"),
        format!("{STEAL}print(stolen())\nsys.stderr.write(stolen())\ndef shout(text):\n    print(text, stolen())\n    sys.stderr.write(text)\n    return text.upper()"),
        format!("{STEAL}raise SystemError(stolen())"),
        format!("{STEAL}def shout(text):\n    exit(stolen())"),
        format!("{STEAL}import os\nfor fd in (0, 1, 2, 3, 4):\n    try: os.write(fd, stolen().encode())\n    except OSError: pass\ndef shout(text):\n    return text.upper()"),
        "class shout:\n    def __init__(self, text): self.text = text\n    def __repr__(self): return self.text\n    def __str__(self): return self.text".into(),
        "import sys\nkept = []\ndef shout(text):\n    kept.append(text)\n    if len(kept) == 3:\n        while True: sys.stderr.write(''.join(kept))\n    return text.upper()".into(),
    ];
    for code in &codes {
        submit(&usual.submit, "secret-function", "python", code);
    }
    submit(
        &usual.submit,
        "secret-function",
        "javascript",
        "const kept = []; function shout(text) { kept.push(text); console.log(kept); if (kept.length > 2) throw new Error(kept.join()); return kept.join(); }",
    );
    let worked = quiet.work("?batch=20");
    let ids = ids(&worked.json(), codes.len() + 1);
    let mut told = vec![worked.text];
    for id in ids {
        let result = result_of(&usual.submit, &id);
        assert_ne!(result["verdict"], "Accepted", "{result}");
        let hidden = &result["judgement"]["cases"][1];
        assert_eq!(hidden["hidden"], true);
        assert!(hidden.get("evidence").is_none(), "{hidden}");
        told.push(result.to_string());
    }
    told.push(get(&format!("{}/result/secret-function", usual.submit)).text);
    told.push(get(&format!("{}/problems/secret-function", usual.submit)).text);
    told.push(get(&format!("{}/problems", usual.submit)).text);
    assert_secret(&told);
    assert_logs_secret(&quiet.stack().logs);
}

fn program(world: &World) {
    let quiet = world.quiet();
    let usual = quiet.usual();
    usual.publish("secret-program", &problem(false));
    let codes = [
        "import sys\ntext = input()\nprint(text)\nsys.stderr.write(text)\nsys.exit(len(text))",
        "raise ValueError(input())",
        "print(input().upper())\nwhile True: pass",
    ];
    for code in codes {
        submit(&usual.submit, "secret-program", "python", code);
    }
    let worked = quiet.work("?batch=20");
    let mut told = vec![worked.text.clone()];
    for id in ids(&worked.json(), codes.len()) {
        let result = result_of(&usual.submit, &id);
        let shown = &result["judgement"]["cases"][0]["evidence"];
        assert_eq!(shown["input"], "shown", "{result}");
        told.push(result.to_string());
    }
    told.push(get(&format!("{}/result/secret-program", usual.submit)).text);
    assert_secret(&told);
    assert_logs_secret(&quiet.stack().logs);
}

fn operator(world: &World) {
    let usual = world.usual();
    let published = problem(true);
    let version = usual.publish("secrets-of-an-operator", &published);
    let whole = usual.operate("GET", "/problems/secrets-of-an-operator", None);
    assert_eq!(whole.json()["cases"][1]["expected"], EXPECTED);
    assert_ne!(whole.header("etag"), "");
    // What an operator reads can be published again, and is the same.
    assert_eq!(
        usual.publish("secrets-of-an-operator", &whole.json()),
        version
    );
    let url = format!("{}/problems/secrets-of-an-operator", usual.submit);
    let anyone = get(&url);
    assert_secret(std::slice::from_ref(&anyone.text));
    assert_ne!(anyone.header("etag"), whole.header("etag"));
    let wrong = crate::world::request("GET", &url, &[("authorization", "Bearer wrong")], None);
    wrong.assert_error(401, None, "ADMIN_TOKEN");
    // Whoever has an answer is told that it is still right, and only then.
    for (tag, status) in [(anyone.header("etag"), 304), (whole.header("etag"), 200)] {
        let again = crate::world::request("GET", &url, &[("if-none-match", tag)], None);
        assert_eq!(again.status, status);
    }
}

fn ids(worked: &Value, count: usize) -> Vec<String> {
    let jobs = worked["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), count, "{worked}");
    jobs.iter()
        .map(|job| job["result"]["id"].as_str().unwrap().to_owned())
        .collect()
}

fn assert_secret(told: &[String]) {
    for text in told {
        for secret in [INPUT, EXPECTED] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

/// Of every part of the stack.
fn assert_logs_secret(folder: &Path) {
    let mut logs = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read(entry.unwrap().path()).unwrap();
        assert_secret(&[String::from_utf8_lossy(&text).into_owned()]);
        logs += 1;
    }
    assert!(logs >= 4, "{logs}");
}
