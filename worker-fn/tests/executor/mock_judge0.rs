//! A stand-in for Judge0 CE, by the shapes of its contract, that refuses what the
//! contract does not have.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use worker_fn::executor::Endpoints;

use crate::mock_server::{MockServer, Received, Shared};
use crate::support::one;

/// As `GET /languages` of 1.13.1 has them, not all.
pub(crate) fn languages() -> Value {
    json!([
        {"id": 45, "name": "Assembly (NASM 2.14.02)"},
        {"id": 76, "name": "C++ (Clang 7.0.1)"},
        {"id": 52, "name": "C++ (GCC 7.4.0)"},
        {"id": 54, "name": "C++ (GCC 9.2.0)"},
        {"id": 53, "name": "C++ (GCC 8.3.0)"},
        {"id": 51, "name": "C# (Mono 6.6.0.161)"},
        {"id": 44, "name": "Executable"},
        {"id": 63, "name": "JavaScript (Node.js 12.14.0)"},
        {"id": 89, "name": "Multi-file program"},
        {"id": 43, "name": "Plain Text"},
        {"id": 70, "name": "Python (2.7.17)"},
        {"id": 71, "name": "Python (3.8.1)"}
    ])
}

/// Base64 as Ruby writes it: 60 characters a line, and one more line end.
pub(crate) fn base64(text: &[u8]) -> String {
    let encoded = STANDARD.encode(text);
    let lines = encoded.as_bytes().chunks(60);
    lines
        .map(|line| String::from_utf8(line.to_vec()).unwrap() + "\n")
        .collect()
}

pub(crate) fn plain(encoded: &Value) -> String {
    let bytes = STANDARD.decode(encoded.as_str().unwrap()).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// A submission with the fields that were request for and no others.
pub(crate) fn submission(query: &str, fields: Value) -> Value {
    let request = query
        .split('&')
        .find_map(|part| part.strip_prefix("fields="));
    let mut all: Map<String, Value> = json!({
        "token": null, "status": {"id": 3, "description": "Accepted"}, "stdout": null,
        "stderr": null, "compile_output": null, "message": null, "time": "0.012",
        "wall_time": "0.05", "memory": 3_400, "exit_code": 0, "exit_signal": null,
    })
    .as_object()
    .unwrap()
    .clone();
    all.extend(fields.as_object().unwrap().clone());
    let request: Vec<&str> = request.unwrap().split(',').collect();
    for name in &request {
        assert!(
            all.contains_key(*name),
            "Judge0 would refuse the field {name}"
        );
    }
    all.retain(|name, _| request.contains(&name.as_str()));
    Value::Object(all)
}

/// What Python prints about a file that it cannot parse, with this input in it.
pub(crate) fn unparsed(stdin: &str) -> String {
    format!("  File \"script.py\", line 1\n    {stdin}\n    ^\nSyntaxError: {stdin}\n")
}

/// The files of an archive that is not compressed, by their names.
fn unzipped(encoded: &Value) -> HashMap<String, String> {
    let archive = STANDARD.decode(encoded.as_str().unwrap()).unwrap();
    let mut rest = archive.as_slice();
    let mut files = HashMap::new();
    while let Some(header) = rest.strip_prefix(b"PK\x03\x04") {
        let size = |at: usize, bytes: usize| {
            let digits = header[at..at + bytes].iter().rev();
            digits.fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        };
        let (content, name, extra) = (size(14, 4), size(22, 2), size(24, 2));
        let text = |from: usize, bytes: usize| {
            String::from_utf8(header[from..from + bytes].to_vec()).unwrap()
        };
        let begin = 26 + name + extra;
        files.insert(text(26, name), text(begin, content));
        rest = &header[begin + content..];
    }
    files
}

/// The exit code of a checker that compares texts, by the convention whose arguments it
/// is given; `None`: the submission is no checker.
fn checked(submission: &Value) -> Option<i64> {
    let words = submission["command_line_arguments"].as_str()?;
    if !words.contains("answer.txt") {
        return None;
    }
    let words: Vec<&str> = words
        .split(' ')
        .map(|word| word.trim_matches('\''))
        .collect();
    let files = unzipped(&submission["additional_files"]);
    assert!(files.contains_key("input.txt"), "{files:?}");
    let is_right = files["output.txt"] == files["answer.txt"];
    let stdin = plain(&submission["stdin"]);
    Some(match (words.as_slice(), is_right) {
        (["input.txt", "answer.txt", "feedback_dir/"], _) => {
            assert_eq!(stdin, files["output.txt"]);
            assert_eq!(files["feedback_dir/.keep"], "");
            if is_right { 42 } else { 43 }
        }
        (["input.txt", "output.txt", "answer.txt"], _) => {
            assert_eq!(stdin, "");
            i64::from(!is_right)
        }
        _ => panic!("{words:?}"),
    })
}

impl Judge {
    /// What a submission comes to: what a checker finds; of any other its input, and
    /// failure where that says so.
    fn ended(&self, query: &str, token: &str, submitted: &Value) -> Value {
        let stdin = plain(&submitted["stdin"]);
        let answer = self.answers.map_or(stdin.clone(), |answer| answer(&stdin));
        let mut fields = json!({"token": token, "stdout": base64(answer.as_bytes())});
        let code = checked(submitted).unwrap_or(if stdin.contains("fail") { 3 } else { 0 });
        if code != 0 {
            fields["status"] = json!({"id": 11, "description": "Runtime Error (NZEC)"});
            fields["exit_code"] = code.into();
        }
        if stdin.contains("unparsed") {
            fields["status"] = json!({"id": 11, "description": "Runtime Error (NZEC)"});
            fields["exit_code"] = json!(1);
            fields["stdout"] = Value::Null;
            fields["stderr"] = base64(unparsed(&stdin).as_bytes()).into();
        }
        submission(query, fields)
    }
}

/// Holds a submission to the contract.
pub(crate) fn check(submission: &Value) {
    for (name, value) in submission.as_object().unwrap() {
        let fits = match name.as_str() {
            "source_code" | "stdin" | "additional_files" => value.is_string(),
            "compiler_options" | "command_line_arguments" => {
                value.as_str().is_some_and(|words| words.len() <= 512)
            }
            "language_id" | "memory_limit" => value.is_u64(),
            "cpu_time_limit" | "wall_time_limit" => value.is_f64(),
            _ => false,
        };
        assert!(fits, "{name}: {value:.200}");
    }
}

/// A Judge0 that runs each submission by the `polls`th time it is request for it.
#[derive(Clone, Default)]
pub(crate) struct Judge {
    pub(crate) submitted: Shared<HashMap<String, (Value, u32)>>,
    pub(crate) polls: u32,
    /// What a program prints for its input; without, the input.
    pub(crate) answers: Option<fn(&str) -> String>,
    pub(crate) no_wait: bool,
}

impl Judge {
    fn take(&self, submission: &Value) -> Value {
        check(submission);
        self.submitted.with(|submitted| {
            let token = format!("7e15-{:04}", submitted.len());
            submitted.insert(token.clone(), (submission.clone(), 0));
            json!({ "token": token })
        })
    }

    fn look(&self, query: &str, token: &str) -> Value {
        self.submitted.with(|submitted| {
            let Some((of, polls)) = submitted.get_mut(token) else {
                return Value::Null;
            };
            *polls += 1;
            if *polls >= self.polls {
                return self.ended(query, token, of);
            }
            let id = if *polls == 1 { 1 } else { 2 };
            submission(
                query,
                json!({"token": token, "time": null, "memory": null,
                "status": {"id": id, "description": "…"}}),
            )
        })
    }

    pub(crate) fn answer(&self, request: &Received) -> (u16, Value) {
        let query = request.query.as_str();
        if request.path != "/languages" {
            assert!(query.contains("base64_encoded=true"), "{query}");
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/languages") => (200, languages()),
            ("POST", "/submissions") if query.contains("wait=true") && self.no_wait => {
                (400, json!({"error": "wait not allowed"}))
            }
            ("POST", "/submissions") if query.contains("wait=true") => {
                check(&request.body);
                (201, self.ended(query, "t", &request.body))
            }
            ("POST", "/submissions") => (201, self.take(&request.body)),
            ("POST", "/submissions/batch") => {
                let all = request.body["submissions"].as_array().unwrap();
                assert!((1..=20).contains(&all.len()), "{} at once", all.len());
                (201, all.iter().map(|one| self.take(one)).collect())
            }
            ("GET", "/submissions/batch") => {
                let tokens = query
                    .split('&')
                    .find_map(|part| part.strip_prefix("tokens="));
                let tokens: Vec<&str> = tokens.unwrap().split(',').collect();
                assert!((1..=20).contains(&tokens.len()), "{} at once", tokens.len());
                let all: Vec<Value> = tokens.iter().map(|one| self.look(query, one)).collect();
                (200, json!({ "submissions": all }))
            }
            ("GET", path) => {
                let token = path.strip_prefix("/submissions/").unwrap();
                (200, self.look(query, token))
            }
            _ => (404, json!(null)),
        }
    }

    pub(crate) async fn start(self) -> (MockServer, Endpoints) {
        let server = MockServer::start(move |request| self.answer(request)).await;
        let endpoints = one("judge0", &server.url);
        (server, endpoints)
    }
}
