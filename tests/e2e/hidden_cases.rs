//! Hidden cases stay hidden, whatever a submission does and whichever client reads.

use std::fs;

use serde_json::{Value, json};

use crate::stacks::{Exclusive, Stacks};

support::tests![
    hidden_cases_do_not_leak_from_a_function,
    hidden_cases_do_not_leak_from_a_program,
    hidden_cases_are_shown_to_the_operator,
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

/// Python that searches its process for the inputs of all cases before the
/// harness passes any to the function.
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

fn hidden_cases_do_not_leak_from_a_function(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    submit_fn.publish("secret-function", &problem(true));
    let codes = [
        format!("{STEAL}seen = []\ndef shout(text):\n    seen.append(text)\n    return ' '.join(seen) + stolen()"),
        format!("{STEAL}def shout(text):\n    raise ValueError(stolen())"),
        format!("{STEAL}print(stolen())\nsys.stderr.write(stolen())\ndef shout(text):\n    print(text, stolen())\n    sys.stderr.write(text)\n    return text.upper()"),
        format!("{STEAL}raise SystemError(stolen())"),
        format!("{STEAL}def shout(text):\n    exit(stolen())"),
        format!("{STEAL}import os\nfor fd in (0, 1, 2, 3, 4):\n    try: os.write(fd, stolen().encode())\n    except OSError: pass\ndef shout(text):\n    return text.upper()"),
        "class shout:\n    def __init__(self, text): self.text = text\n    def __repr__(self): return self.text\n    def __str__(self): return self.text".into(),
        "import sys\nseen = []\ndef shout(text):\n    seen.append(text)\n    if len(seen) == 3:\n        while True: sys.stderr.write(''.join(seen))\n    return text.upper()".into(),
    ];
    for code in &codes {
        submit_fn.submit("secret-function", "python", code);
    }
    submit_fn.submit(
        "secret-function",
        "javascript",
        "const seen = []; function shout(text) { seen.push(text); console.log(seen); if (seen.length > 2) throw new Error(seen.join()); return seen.join(); }",
    );
    let batch = exclusive.worker_fn.work("?batch=20");
    let ids = ids(&batch.json(), codes.len() + 1);
    let mut public = vec![batch.text];
    for id in ids {
        let result = submit_fn.finished_result(&id);
        assert_ne!(result["verdict"], "Accepted", "{result}");
        let hidden = &result["judgement"]["cases"][1];
        assert_eq!(hidden["hidden"], true);
        assert!(hidden.get("evidence").is_none(), "{hidden}");
        public.push(result.to_string());
    }
    for path in [
        "/result/secret-function",
        "/problems/secret-function",
        "/problems",
    ] {
        public.push(submit_fn.get(path).text);
    }
    assert_no_secret(&public);
    assert_no_secret_in_logs(&exclusive);
}

fn hidden_cases_do_not_leak_from_a_program(stacks: &Stacks) {
    let exclusive = stacks.exclusive();
    let submit_fn = &exclusive.submit_fn;
    submit_fn.publish("secret-program", &problem(false));
    let codes = [
        "import sys\ntext = input()\nprint(text)\nsys.stderr.write(text)\nsys.exit(len(text))",
        "raise ValueError(input())",
        "print(input().upper())\nwhile True: pass",
    ];
    for code in codes {
        submit_fn.submit("secret-program", "python", code);
    }
    let batch = exclusive.worker_fn.work("?batch=20");
    let mut public = vec![batch.text.clone()];
    for id in ids(&batch.json(), codes.len()) {
        let result = submit_fn.finished_result(&id);
        let shown = &result["judgement"]["cases"][0]["evidence"];
        assert_eq!(shown["input"], "shown", "{result}");
        public.push(result.to_string());
    }
    public.push(submit_fn.get("/result/secret-program").text);
    assert_no_secret(&public);
    assert_no_secret_in_logs(&exclusive);
}

fn hidden_cases_are_shown_to_the_operator(stacks: &Stacks) {
    let submit_fn = stacks.shared().submit_fn;
    let path = "/problems/secrets-of-an-operator";
    let version = submit_fn.publish("secrets-of-an-operator", &problem(true));
    let operators = submit_fn.admin("GET", path, None);
    assert_eq!(operators.json()["cases"][1]["expected"], EXPECTED);
    assert_ne!(operators.header("etag"), "");
    // What an operator reads can be published again, and is the same.
    let published = submit_fn.publish("secrets-of-an-operator", &operators.json());
    assert_eq!(published, version);
    let public = submit_fn.get(path);
    assert_no_secret(std::slice::from_ref(&public.text));
    assert_ne!(public.header("etag"), operators.header("etag"));
    let headers = [("authorization", "Bearer wrong")];
    let refused = submit_fn.request("GET", path, &headers, None);
    refused.assert_error(401, None, "not valid");
    // 304 only for the ETag of the public response.
    for (tag, status) in [
        (public.header("etag"), 304),
        (operators.header("etag"), 200),
    ] {
        let again = submit_fn.request("GET", path, &[("if-none-match", tag)], None);
        assert_eq!(again.status, status);
    }
}

fn ids(batch: &Value, count: usize) -> Vec<String> {
    let jobs = batch["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), count, "{batch}");
    jobs.iter()
        .map(|job| job["result"]["id"].as_str().unwrap().to_owned())
        .collect()
}

fn assert_no_secret(texts: &[String]) {
    for text in texts {
        for secret in [INPUT, EXPECTED] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

/// Of every part of the stack.
fn assert_no_secret_in_logs(exclusive: &Exclusive<'_>) {
    let mut logs = 0;
    for entry in fs::read_dir(&exclusive.stack.logs).unwrap() {
        let text = fs::read(entry.unwrap().path()).unwrap();
        assert_no_secret(&[String::from_utf8_lossy(&text).into_owned()]);
        logs += 1;
    }
    assert!(logs >= 4, "{logs}");
}
