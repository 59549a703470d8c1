//! Parses the member `cases` of an execute request: the runs of one compilation.
//!
//! `request.rs` calls it. Not in Piston, and so strict. A case is a standard input as
//! text, or an object with `stdin` and `files`: files that its own run finds beside
//! those of the request. They are no part of what is compiled, so that a program that
//! reads other files each time is compiled once.

use serde_json::Value;

use crate::invalid_request::{InvalidRequest, invalid};
use crate::piston_values::{decode_base64, decode_hex};
use crate::request_files::{check_clashes, inner_name};
use crate::sandbox::File;

/// Number of `cases` that one request may have.
pub(crate) const MAX_CASES: usize = 1000;

/// Number of files that one case may have.
const MAX_FILES: usize = 16;

/// One run of a program.
#[derive(Debug, Clone)]
pub struct Case {
    /// Standard input. Ends with a newline.
    pub stdin: Vec<u8>,
    /// Files of this run only.
    pub files: Vec<File>,
}

/// Parses an array of 1 to [`MAX_CASES`] cases of a request with these files.
pub(crate) fn parse_cases(
    value: &Value,
    files: &[File],
) -> Result<Option<Vec<Case>>, InvalidRequest> {
    let cases = match value {
        Value::Null => return Ok(None),
        Value::Array(cases) if (1..=MAX_CASES).contains(&cases.len()) => cases,
        _ => {
            return invalid(format!(
                "cases must be an array of 1 to {MAX_CASES} strings"
            ));
        }
    };
    let parse = |(index, case): (usize, &Value)| match case {
        Value::String(text) => Ok(Case {
            stdin: with_newline(text),
            files: Vec::new(),
        }),
        Value::Object(_) => parse_case(case, &format!("cases[{index}]"), files),
        _ => invalid(format!("cases[{index}] must be a string")),
    };
    let cases: Result<_, _> = cases.iter().enumerate().map(parse).collect();
    cases.map(Some)
}

fn parse_case(case: &Value, path: &str, submitted: &[File]) -> Result<Case, InvalidRequest> {
    let stdin = match &case["stdin"] {
        Value::Null => with_newline(""),
        Value::String(text) => with_newline(text),
        _ => return invalid(format!("{path}.stdin must be a string")),
    };
    let none = Vec::new();
    let items = match &case["files"] {
        Value::Null => &none,
        Value::Array(items) if items.len() <= MAX_FILES => items,
        _ => {
            return invalid(format!(
                "{path}.files must be an array of at most {MAX_FILES} files"
            ));
        }
    };
    let mut files = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let place = format!("{path}.files[{index}]");
        let (Some(name), Some(content)) = (item["name"].as_str(), item["content"].as_str()) else {
            return invalid(format!("{place} must have a name and content as strings"));
        };
        let name = inner_name(name, &place)?;
        if submitted.iter().chain(&files).any(|file| file.name == name) {
            return invalid(format!("{place}.name is that of another file"));
        }
        let content = match item["encoding"].as_str() {
            Some("base64") => decode_base64(content),
            Some("hex") => decode_hex(content),
            _ => content.as_bytes().to_vec(),
        };
        files.push(File {
            name,
            content: content.into(),
            executable: false,
        });
    }
    let all: Vec<&File> = submitted.iter().chain(&files).collect();
    check_clashes(&all, &format!("{path}.files"), submitted.len())?;
    Ok(Case { stdin, files })
}

/// As in Piston: an empty input becomes an empty line.
pub(crate) fn with_newline(text: &str) -> Vec<u8> {
    let mut stdin = text.as_bytes().to_vec();
    if stdin.last() != Some(&b'\n') {
        stdin.push(b'\n');
    }
    stdin
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn submitted() -> Vec<File> {
        vec![File {
            name: "main.py".to_owned(),
            content: b"".to_vec().into(),
            executable: false,
        }]
    }

    #[test]
    fn a_case_is_text_or_an_object_with_files() {
        let cases = json!(["1", {"files": [
            {"name": "./in/a.txt", "content": "a"},
            {"name": "b", "content": "Yg==", "encoding": "base64"},
        ]}, {"stdin": "x\n"}]);
        let cases = parse_cases(&cases, &submitted()).unwrap().unwrap();
        let stdins: Vec<&[u8]> = cases.iter().map(|case| &*case.stdin).collect();
        assert_eq!(stdins, [b"1\n", b"\n" as &[u8], b"x\n"]);
        let files: Vec<(&str, &[u8])> = cases[1]
            .files
            .iter()
            .map(|file| (&*file.name, &*file.content))
            .collect();
        assert_eq!(files, [("in/a.txt", b"a" as &[u8]), ("b", b"b")]);
        assert!(parse_cases(&Value::Null, &[]).unwrap().is_none());
    }

    #[test]
    fn anything_else_is_refused_with_its_place() {
        let file = |name: &str| json!({"name": name, "content": ""});
        for (case, place) in [
            (json!(7), "cases[0] must"),
            (json!({"stdin": 7}), "cases[0].stdin"),
            (json!({"files": {}}), "cases[0].files"),
            (json!({"files": vec![file("a"); 17]}), "at most 16"),
            (json!({"files": ["a"]}), "cases[0].files[0]"),
            (json!({"files": [{"name": "a"}]}), "cases[0].files[0]"),
            (json!({"files": [file("../a")]}), "cases[0].files[0].name"),
            (json!({"files": [file("/a")]}), "cases[0].files[0].name"),
            (json!({"files": [file("main.py")]}), "another file"),
            (
                json!({"files": [file("a"), file("./a")]}),
                "cases[0].files[1].name",
            ),
            (
                json!({"files": [file("a"), file("a/b")]}),
                "cases[0].files[1].name",
            ),
            (
                json!({"files": [file("main.py/b")]}),
                "cases[0].files[0].name",
            ),
        ] {
            let InvalidRequest(message) = parse_cases(&json!([case]), &submitted()).err().unwrap();
            assert!(message.contains(place), "{case}: {message}");
        }
    }
}
