//! What a harness told, found in what was printed.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::problem::MAX_DEPTH;

use super::Harness;

/// The longest text of a [`Trouble`] or an [`Answer::Odd`], in bytes.
const MAX_TEXT_BYTES: usize = 2_048;

/// A longer line on standard error is not a compiler's.
const MAX_LINE_BYTES: usize = 1_000;

/// Everything that was told.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frames {
    /// Why the code did not come to any case.
    pub load: Option<Trouble>,
    /// One entry for each of the cases asked for that has a frame.
    pub answers: BTreeMap<usize, Answer>,
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// This value, nested no deeper than [`MAX_DEPTH`].
    Returned(Value),
    /// Something that JSON cannot hold; the text says what, such as `NaN`.
    Odd(String),
    /// An exception; its kind is `Memory` or `Error`.
    Raised(Trouble),
    /// More than one frame: a forgery.
    Twice,
    /// A frame that no harness writes.
    Unreadable,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// At which point, or of what kind.
    pub kind: TroubleKind,
    /// The language's own words, at most 2 KB, without the harness's part.
    pub text: String,
}

/// Kinds of [`Trouble`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// The code does not compile.
    Syntax,
    /// The code has no such function.
    Missing,
    /// Memory ran out.
    Memory,
    /// Any other exception.
    Error,
}

/// Finds the frames with this nonce, for these cases, wherever they begin. One
/// that has no end (the program was stopped while it wrote) is left out.
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
                frames.load = payload.strip_prefix('!').and_then(trouble);
            }
            continue;
        }
        let Some(index) = index.parse().ok().filter(|index| cases.contains(index)) else {
            continue;
        };
        frames
            .answers
            .entry(index)
            .and_modify(|answer| *answer = Answer::Twice)
            .or_insert_with(|| answer(payload).unwrap_or(Answer::Unreadable));
    }
    frames
}

fn answer(payload: &str) -> Option<Answer> {
    let mut rest = payload.chars();
    match rest.next()? {
        '=' => {
            let value = parse(rest.as_str())?;
            within(&value, MAX_DEPTH).then_some(Answer::Returned(value))
        }
        '?' => Some(Answer::Odd(clip(parse(rest.as_str())?.as_str()?))),
        '!' => trouble(rest.as_str())
            .filter(|trouble| matches!(trouble.kind, TroubleKind::Memory | TroubleKind::Error))
            .map(Answer::Raised),
        _ => None,
    }
}

fn trouble(json: &str) -> Option<Trouble> {
    let value = parse(json)?;
    Some(Trouble {
        kind: match value.get("kind")?.as_str()? {
            "syntax" => TroubleKind::Syntax,
            "missing" => TroubleKind::Missing,
            "memory" => TroubleKind::Memory,
            "error" => TroubleKind::Error,
            _ => return None,
        },
        text: clip(value.get("text")?.as_str()?),
    })
}

fn parse(json: &str) -> Option<Value> {
    serde_json::from_slice(json.as_bytes()).ok()
}

/// Whether a value is nested no deeper than `levels`.
fn within(value: &Value, levels: usize) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return !value.is_array() && !value.is_object();
    };
    match value {
        Value::Array(items) => items.iter().all(|item| within(item, below)),
        Value::Object(members) => members.values().all(|item| within(item, below)),
        _ => true,
    }
}

fn clip(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_TEXT_BYTES)].to_owned()
}

pub(super) fn last_words(harness: Harness, stderr: &str) -> Option<Trouble> {
    let node = matches!(harness, Harness::JavaScript | Harness::TypeScript);
    if node && stderr.contains("JavaScript heap out of memory") {
        return Some(Trouble {
            kind: TroubleKind::Memory,
            text: "JavaScript heap out of memory".into(),
        });
    }
    if harness == Harness::Cpp && stderr.contains("std::bad_alloc") {
        return Some(Trouble {
            kind: TroubleKind::Memory,
            text: "std::bad_alloc".into(),
        });
    }
    let syntax =
        |line: &str| line.starts_with("SyntaxError") || line.contains("_TYPESCRIPT_SYNTAX");
    if harness == Harness::TypeScript && stderr.lines().any(syntax) {
        // Without the stack, the folder, and the harness's own lines: the first
        // begins with it, and the last is it.
        let lines: Vec<&str> = stderr
            .lines()
            .take_while(|line| !line.starts_with("    at "))
            .filter(|line| line.len() < MAX_LINE_BYTES && !line.contains("judge_"))
            .map(|line| match line.strip_prefix('/') {
                Some(path) => path.rsplit('/').next().unwrap_or(path),
                None => line,
            })
            .collect();
        return Some(Trouble {
            kind: TroubleKind::Syntax,
            text: clip(lines.join("\n").trim()),
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answers(stdout: &str) -> BTreeMap<usize, Answer> {
        read("N1", stdout, &[0, 1, 12]).answers
    }

    #[test]
    fn each_mark_is_read() {
        let out = concat!(
            "\x1eN1 0 =[1,2.0]\n",
            "\x1eN1 1 ?\"NaN\"\n",
            "\x1eN1 12 !{\"kind\":\"memory\",\"text\":\"MemoryError\"}\n"
        );
        let trouble = Trouble {
            kind: TroubleKind::Memory,
            text: "MemoryError".into(),
        };
        let expected = [
            (0, Answer::Returned(json!([1, 2.0]))),
            (1, Answer::Odd("NaN".into())),
            (12, Answer::Raised(trouble)),
        ];
        assert_eq!(answers(out), expected.into());
        assert_eq!(read("N1", out, &[]), Frames::default());
    }

    #[test]
    fn frames_are_found_wherever_they_begin_and_only_whole() {
        let returned = |index: usize, value: i64| (index, Answer::Returned(json!(value)));
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
            assert_eq!(answers(out), expected.into_iter().collect(), "{out:?}");
        }
    }

    #[test]
    fn what_no_harness_writes_is_no_answer() {
        for payload in [
            "",
            "=",
            "1",
            "=1 2",
            "={",
            "=nan",
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
            let found = answers(&format!("\x1eN1 0 {payload}\n"));
            assert_eq!(found.get(&0), Some(&Answer::Unreadable), "{payload}");
        }
        assert_eq!(answers("\x1eN1 0\n").get(&0), Some(&Answer::Unreadable));
        let nested = |depth: usize| {
            let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            answers(&format!("\x1eN1 0 ={value}\n")).remove(&0).unwrap()
        };
        assert!(matches!(nested(64), Answer::Returned(_)));
        for depth in [65, 120, 100_000] {
            assert_eq!(nested(depth), Answer::Unreadable);
        }
    }

    #[test]
    fn a_second_frame_spoils_the_first() {
        for second in ["=1", "=2", "", "?\"NaN\""] {
            let out = format!("\x1eN1 0 =1\n\x1eN1 1 =5\n\x1eN1 0 {second}\n\x1eN1 0 =1\n");
            assert_eq!(answers(&out).get(&0), Some(&Answer::Twice));
            assert_eq!(answers(&out).get(&1), Some(&Answer::Returned(json!(5))));
        }
    }

    #[test]
    fn trouble_while_loading_is_told_once_and_texts_are_cut() {
        let long = "é".repeat(2_000);
        let out = format!(
            "\x1eN1 load =1\n\x1eN1 load !{{\"kind\":\"missing\",\"text\":\"{long}\"}}\n\x1eN1 load !{{\"kind\":\"syntax\",\"text\":\"\"}}\n"
        );
        let trouble = read("N1", &out, &[0]).load.unwrap();
        assert_eq!(trouble.kind, TroubleKind::Missing);
        assert_eq!(trouble.text, "é".repeat(1_024));
    }

    #[test]
    fn last_words_are_known_by_language() {
        let kind = |harness: Harness, words: &str| harness.last_words(words).map(|one| one.kind);
        let heap =
            "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n";
        assert_eq!(kind(Harness::JavaScript, heap), Some(TroubleKind::Memory));
        assert_eq!(kind(Harness::Python, heap), None);
        let alloc = "terminate called after throwing an instance of 'std::bad_alloc'\n";
        assert_eq!(kind(Harness::Cpp, alloc), Some(TroubleKind::Memory));
        let syntax = "/box/main.ts:3\nlet x: = 1;\n       ^\n\nSyntaxError: Unexpected token\n    at x (node:y)\n";
        assert_eq!(kind(Harness::JavaScript, syntax), None);
        assert_eq!(
            Harness::TypeScript.last_words(syntax).unwrap().text,
            "main.ts:3\nlet x: = 1;\n       ^\n\nSyntaxError: Unexpected token"
        );
        assert_eq!(kind(Harness::TypeScript, "Error: x\n"), None);
    }
}
