//! Reading the frames that a harness wrote, from standard output.

use std::collections::BTreeMap;

use shared::domain::problem::MAX_DEPTH;
use shared::json::{Json, JsonText, Object};
use shared::text::truncated;

use crate::compiler::without_beginning;
use crate::kind::Harness;

/// The longest text of a [`HarnessError`] or an [`Frame::NotJson`], in bytes.
const MAX_TEXT_BYTES: usize = 2_048;

/// A longer line on standard error is the harness's, not a compiler's.
const MAX_LINE_BYTES: usize = 1_000;

/// The frames of one process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frames {
    /// Why the code could not be loaded.
    pub load: Option<HarnessError>,
    /// By case; only the cases that were asked for.
    pub cases: BTreeMap<usize, Frame>,
    /// By case of a class: the number of the call that failed, or that was begun last.
    pub calls: BTreeMap<usize, usize>,
}

/// A frame of one case.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// The answer. Its values are nested no deeper than [`MAX_DEPTH`]; those of a
    /// class stand in a list. A float in it may be one that JSON has no number for ([`shared::json::non_finite`]).
    Returned(JsonText),
    /// The function returned what JSON cannot hold; the text says what, such as
    /// `a cycle`.
    NotJson(String),
    /// The function raised an exception; its kind is `Memory` or `Error`.
    Raised(HarnessError),
    /// The case has more than one frame: a forgery.
    Duplicate,
    /// A payload that no harness writes.
    Unreadable,
}

/// An error that the harness reported, or that the language itself printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HarnessError {
    /// Its kind.
    pub kind: HarnessErrorKind,
    /// The language's own message, at most 2 KB, without the harness's lines.
    pub text: String,
}

/// Kinds of [`HarnessError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HarnessErrorKind {
    /// The code does not compile.
    Syntax,
    /// The code has no such function.
    Missing,
    /// Memory ran out.
    Memory,
    /// Any other exception.
    Error,
}

/// Finds the frames with this nonce, for these cases (ascending), wherever they begin. A
/// frame without a line end is left out: the program was stopped while it wrote.
pub fn read(nonce: &str, stdout: &str, cases: &[usize]) -> Frames {
    let head = format!("\x1e{nonce} ");
    let mut frames = Frames::default();
    for part in stdout.split(head.as_str()).skip(1) {
        let Some((line, _)) = part.split_once('\n') else {
            continue;
        };
        let (index, payload) = line.split_once(' ').unwrap_or((line, ""));
        if index == "load" {
            if frames.load.is_none() {
                frames.load = payload.strip_prefix('!').and_then(harness_error);
            }
            continue;
        }
        let asked_for = |index: &usize| cases.binary_search(index).is_ok();
        let Some(index) = index.parse().ok().filter(asked_for) else {
            continue;
        };
        if let Some(call) = call(payload) {
            frames.calls.insert(index, call);
        }
        if payload.starts_with('>') {
            continue;
        }
        frames
            .cases
            .entry(index)
            .and_modify(|frame| *frame = Frame::Duplicate)
            .or_insert_with(|| frame(payload).unwrap_or(Frame::Unreadable));
    }
    frames
}

fn frame(payload: &str) -> Option<Frame> {
    let mut rest = payload.chars();
    match rest.next()? {
        '=' => {
            let value = Json::parse_with_non_finite(rest.as_str()).ok()?;
            let fits = value.depth() <= MAX_DEPTH + 1 && value.find_invalid_value().is_none();
            fits.then(|| Frame::Returned(value.into()))
        }
        '?' => {
            let why = parse(rest.as_str())?;
            let text = match Object::of(why) {
                Ok(members) => members.get("text")?.text()?,
                Err(_) => why.text()?,
            };
            Some(Frame::NotJson(clip(&text)))
        }
        '!' => harness_error(rest.as_str())
            .filter(|error| {
                matches!(
                    error.kind,
                    HarnessErrorKind::Memory | HarnessErrorKind::Error
                )
            })
            .map(Frame::Raised),
        _ => None,
    }
}

/// The number of the call that a frame is about.
fn call(payload: &str) -> Option<usize> {
    let number = match payload.split_at_checked(1)? {
        (">", number) => return number.parse().ok(),
        ("!" | "?", json) => Object::of(parse(json)?).ok()?.get("call")?.u64()?,
        _ => return None,
    };
    usize::try_from(number).ok()
}

fn harness_error(json: &str) -> Option<HarnessError> {
    let members = Object::of(parse(json)?).ok()?;
    Some(HarnessError {
        kind: match members.get("kind")?.text()?.as_ref() {
            "syntax" => HarnessErrorKind::Syntax,
            "missing" => HarnessErrorKind::Missing,
            "memory" => HarnessErrorKind::Memory,
            "error" => HarnessErrorKind::Error,
            _ => return None,
        },
        text: clip(&members.get("text")?.text()?),
    })
}

fn parse(json: &str) -> Option<Json<'_>> {
    Json::parse(json.as_bytes()).ok()
}

fn clip(text: &str) -> String {
    truncated(text, MAX_TEXT_BYTES).to_owned()
}

impl Harness {
    /// The error that the language itself printed to `stderr`, for a run that
    /// wrote no frame about it: TypeScript that Node cannot parse, or memory that
    /// ran out in a way that no program can catch. A program that prints the same
    /// only harms itself.
    pub fn error_in_stderr(self, stderr: &str) -> Option<HarnessError> {
        error_in_stderr(self, stderr)
    }
}

fn error_in_stderr(harness: Harness, stderr: &str) -> Option<HarnessError> {
    let node = matches!(harness, Harness::JavaScript | Harness::TypeScript);
    if node && stderr.contains("JavaScript heap out of memory") {
        return Some(HarnessError {
            kind: HarnessErrorKind::Memory,
            text: "JavaScript heap out of memory".into(),
        });
    }
    if harness == Harness::Cpp && stderr.contains("std::bad_alloc") {
        return Some(HarnessError {
            kind: HarnessErrorKind::Memory,
            text: "std::bad_alloc".into(),
        });
    }
    if harness == Harness::Rust
        && let Some(line) = stderr.lines().find(|line| {
            line.starts_with("memory allocation of ") && line.contains(" bytes failed")
        })
    {
        return Some(HarnessError {
            kind: HarnessErrorKind::Memory,
            text: clip(line),
        });
    }
    if harness == Harness::Php
        && let Some(line) = stderr.lines().find(|line| {
            line.contains("Allowed memory size of") || line.contains("Out of memory (allocated")
        })
    {
        // Without the place, which is in the harness's file.
        let text = line.split(" in ").next().unwrap_or(line);
        return Some(HarnessError {
            kind: HarnessErrorKind::Memory,
            text: clip(text.trim()),
        });
    }
    if harness == Harness::Ruby && stderr.contains("failed to allocate memory") {
        return Some(HarnessError {
            kind: HarnessErrorKind::Memory,
            text: "failed to allocate memory (NoMemoryError)".into(),
        });
    }
    if harness == Harness::Java {
        let marks = [
            "java.lang.OutOfMemoryError",
            "insufficient memory for the Java",
        ];
        let line = stderr
            .lines()
            .find(|line| marks.iter().any(|mark| line.contains(mark)));
        return line.map(|line| HarnessError {
            kind: HarnessErrorKind::Memory,
            text: clip(line.trim_start_matches(['#', ' '])),
        });
    }
    if harness == Harness::Go {
        let marks = [
            ("goroutine stack exceeds", HarnessErrorKind::Error),
            ("fatal error: stack overflow", HarnessErrorKind::Error),
            ("out of memory", HarnessErrorKind::Memory),
            ("cannot allocate memory", HarnessErrorKind::Memory),
        ];
        let found = marks.iter().find_map(|(mark, kind)| {
            let line = stderr.lines().find(|line| line.contains(mark))?;
            Some((line, *kind))
        });
        return found.map(|(line, kind)| HarnessError {
            kind,
            text: clip(line.trim()),
        });
    }
    if harness == Harness::CSharp {
        let marks = [
            ("OutOfMemoryException", HarnessErrorKind::Memory),
            ("StackOverflowException", HarnessErrorKind::Error),
            ("Stack overflow", HarnessErrorKind::Error),
        ];
        let found = marks.iter().find_map(|(mark, kind)| {
            let line = stderr.lines().find(|line| line.contains(mark))?;
            Some((line, *kind))
        });
        return found.map(|(line, kind)| HarnessError {
            kind,
            text: clip(line.trim()),
        });
    }
    let syntax =
        |line: &str| line.starts_with("SyntaxError") || line.contains("_TYPESCRIPT_SYNTAX");
    if harness == Harness::TypeScript && stderr.lines().any(syntax) {
        // Without the stack, the folder, and the harness's own lines.
        let stderr = without_beginning(stderr);
        let lines: Vec<String> = stderr
            .lines()
            .take_while(|line| !line.starts_with("    at "))
            .filter(|line| line.len() < MAX_LINE_BYTES && !line.contains("judge_"))
            .map(|line| match line.strip_prefix('/') {
                Some(path) => path.rsplit('/').next().unwrap_or(path),
                None => line,
            })
            // What the types were removed from, line by line.
            .map(|line| line.replacen("main.js:", "main.ts:", 1))
            .collect();
        return Some(HarnessError {
            kind: HarnessErrorKind::Syntax,
            text: clip(lines.join("\n").trim()),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cases(stdout: &str) -> BTreeMap<usize, Frame> {
        read("N1", stdout, &[0, 1, 12]).cases
    }

    #[test]
    fn each_mark_is_read() {
        let out = concat!(
            "\x1eN1 0 =[1,2.0]\n",
            "\x1eN1 1 ?\"NaN\"\n",
            "\x1eN1 12 !{\"kind\":\"memory\",\"text\":\"MemoryError\"}\n"
        );
        let error = HarnessError {
            kind: HarnessErrorKind::Memory,
            text: "MemoryError".into(),
        };
        let expected = [
            (0, Frame::Returned(json!([1, 2.0]).into())),
            (1, Frame::NotJson("NaN".into())),
            (12, Frame::Raised(error)),
        ];
        assert_eq!(cases(out), expected.into());
        assert_eq!(read("N1", out, &[]), Frames::default());
    }

    #[test]
    fn frames_of_a_class_name_the_call() {
        let read = |out: &str| read("N1", out, &[0, 1, 12]);
        let out = concat!(
            "\x1eN1 0 >0\n\x1eN1 0 >1\n\x1eN1 1 >1\n",
            "\x1eN1 0 !{\"kind\":\"error\",\"text\":\"no\",\"call\":2}\n",
            "\x1eN1 12 ?{\"text\":\"a set\",\"call\":3}\n",
            "\x1eN1 7 >1\n\x1eN1 1 >x\n\x1eN1 1 >9"
        );
        let frames = read(out);
        assert_eq!(frames.calls, [(0, 2), (1, 1), (12, 3)].into());
        let error = HarnessError {
            kind: HarnessErrorKind::Error,
            text: "no".into(),
        };
        let expected = [
            (0, Frame::Raised(error)),
            (12, Frame::NotJson("a set".into())),
        ];
        assert_eq!(frames.cases, expected.into());
        // An answer stands alone, whatever was begun before it.
        let answered = read("\x1eN1 0 >1\n\x1eN1 0 =[null]\n\x1eN1 0 >2\n");
        let value = Frame::Returned(json!([null]).into());
        assert_eq!(answered.cases, [(0, value)].into());
    }

    #[test]
    fn frames_are_found_wherever_they_begin_and_only_with_a_line_end() {
        let returned = |index: usize, value: i64| (index, Frame::Returned(json!(value).into()));
        for (out, expected) in [
            ("", vec![]),
            (
                "noise\x1eN1 0 =1\nnoise\n\x1eN1 1 =2\n",
                vec![returned(0, 1), returned(1, 2)],
            ),
            ("\x1eN1 0 =1\n\x1eN1 1 =2", vec![returned(0, 1)]),
            ("\x1eN1 0 =\x1eN1 1 =2\n", vec![returned(1, 2)]),
            ("\x1eN2 0 =1\n\x1eN 0 =1\n\x1eN10 0 =1\nN1 0 =1\n", vec![]),
            (
                "\x1eN1 7 =1\n\x1eN1 -1 =1\n\x1eN1  =1\n\x1eN1 0.0 =1\n",
                vec![],
            ),
        ] {
            assert_eq!(cases(out), expected.into_iter().collect(), "{out:?}");
        }
    }

    #[test]
    fn a_payload_that_no_harness_writes_is_unreadable() {
        for payload in [
            "",
            "=",
            "1",
            "=1 2",
            "={",
            "=nan",
            "=1NaN",
            "=[-NaN]",
            "?NaN",
            "=1e999",
            "?1",
            "?",
            "!1",
            "!{}",
            "= \"\n",
            "!{\"kind\":\"error\"}",
            "!{\"kind\":\"syntax\",\"text\":\"\"}",
            "!{\"kind\":\"odd\",\"text\":\"\"}",
        ] {
            let found = cases(&format!("\x1eN1 0 {payload}\n"));
            assert_eq!(found.get(&0), Some(&Frame::Unreadable), "{payload}");
        }
        assert_eq!(cases("\x1eN1 0\n").get(&0), Some(&Frame::Unreadable));
        let nested = |depth: usize| {
            let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            cases(&format!("\x1eN1 0 ={value}\n")).remove(&0).unwrap()
        };
        // The answers of a class stand in a list.
        assert!(matches!(nested(65), Frame::Returned(_)));
        for depth in [66, 120, 100_000] {
            assert_eq!(nested(depth), Frame::Unreadable);
        }
    }

    #[test]
    fn floats_that_json_has_no_number_for_are_read() {
        for text in ["NaN", "[1.0,-Infinity]", r#"{"a":Infinity,"b":"NaN"}"#] {
            let found = cases(&format!("\x1eN1 0 ={text}\n")).remove(&0);
            let Some(Frame::Returned(value)) = found else {
                panic!("{text}: {found:?}");
            };
            assert_eq!(value.as_str(), text);
        }
    }

    #[test]
    fn a_second_frame_makes_a_duplicate() {
        for second in ["=1", "=2", "", "?\"NaN\""] {
            let out = format!("\x1eN1 0 =1\n\x1eN1 1 =5\n\x1eN1 0 {second}\n\x1eN1 0 =1\n");
            assert_eq!(cases(&out).get(&0), Some(&Frame::Duplicate));
            assert_eq!(cases(&out).get(&1), Some(&Frame::Returned(json!(5).into())));
        }
    }

    #[test]
    fn the_first_load_error_counts_and_texts_are_cut() {
        let long = "é".repeat(2_000);
        let out = format!(
            "\x1eN1 load =1\n\x1eN1 load !{{\"kind\":\"missing\",\"text\":\"{long}\"}}\n\x1eN1 load !{{\"kind\":\"syntax\",\"text\":\"\"}}\n"
        );
        let error = read("N1", &out, &[0]).load.unwrap();
        assert_eq!(error.kind, HarnessErrorKind::Missing);
        assert_eq!(error.text, "é".repeat(1_024));
    }

    #[test]
    fn errors_in_stderr_are_known_by_language() {
        let kind =
            |harness: Harness, words: &str| harness.error_in_stderr(words).map(|one| one.kind);
        let heap =
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n";
        assert_eq!(
            kind(Harness::JavaScript, heap),
            Some(HarnessErrorKind::Memory)
        );
        assert_eq!(kind(Harness::Python, heap), None);
        let alloc = "terminate called after throwing an instance of 'std::bad_alloc'\n";
        assert_eq!(kind(Harness::Cpp, alloc), Some(HarnessErrorKind::Memory));
        let syntax = "/box/main.ts:3\nlet x: = 1;\n       ^\n\nSyntaxError: Unexpected token\n    at x (node:y)\n";
        assert_eq!(kind(Harness::JavaScript, syntax), None);
        assert_eq!(
            Harness::TypeScript.error_in_stderr(syntax).unwrap().text,
            "main.ts:3\nlet x: = 1;\n       ^\n\nSyntaxError: Unexpected token"
        );
        assert_eq!(kind(Harness::TypeScript, "Error: x\n"), None);
        let jvm = "Exception: java.lang.OutOfMemoryError thrown from the UncaughtExceptionHandler";
        let native =
            "#\n# There is insufficient memory for the Java Runtime Environment to continue.\n";
        for text in [jvm, native] {
            assert_eq!(kind(Harness::Java, text), Some(HarnessErrorKind::Memory));
            assert_eq!(kind(Harness::Cpp, text), None);
        }
        assert_eq!(kind(Harness::Java, "java.lang.Error: x"), None);
    }
}
