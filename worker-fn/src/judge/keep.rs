//! What judging a submission again needs: its code, and what came of each case.
//!
//! One JSON object, stored behind the result document, where no client sees it:
//! `{"code","version","inputs","answers":[[kind, value, cpuTimeMs, memoryBytes,
//! stderr]…]}`. `version` is the problem's; empty, where nothing could be judged,
//! so that judging again always takes it up. As long as `inputs` is the problem's own hash, another expected value or
//! another checker can be applied to the answers without running anything.

use std::rc::Rc;

use serde_json::{Value, json};
use shared::problem::Problem;
use shared::result::{MAX_EVIDENCE_BYTES, Stage, Verdict, cut};

use super::case::{Answer, CaseRun};

/// More than so many bytes of answers are not kept; judging again runs again.
const MAX_BYTES: usize = 256 * 1024;

/// What is kept, as JSON text; without answers where they are too many, or where
/// there is none.
pub fn write(code: &str, version: &str, inputs: &str, runs: &[CaseRun]) -> String {
    let mut kept = json!({ "code": code, "version": version });
    let mut answers = String::new();
    for run in runs {
        answers.push_str(if answers.is_empty() { "[" } else { "," });
        answers.push_str(&write_run(run).to_string());
        if answers.len() > MAX_BYTES {
            return kept.to_string();
        }
    }
    if !runs.iter().any(CaseRun::is_there) {
        return kept.to_string();
    }
    kept["inputs"] = inputs.into();
    let mut text = kept.to_string();
    text.pop();
    text.push_str(",\"answers\":");
    text.push_str(&answers);
    text.push_str("]}");
    text
}

/// What is kept of a submission of which nothing could be found out.
pub fn unjudged(code: &str) -> String {
    write(code, "", "", &[])
}

fn write_run(run: &CaseRun) -> Value {
    let (kind, value) = match &run.answer {
        Answer::None => return Value::Null,
        Answer::Text(text) => ("text", json!(text)),
        Answer::Value(value) => ("value", value.clone()),
        Answer::Odd(what) => ("odd", json!(what)),
        Answer::Failed(verdict, text) => ("failed", json!([verdict.name(), text])),
    };
    let shown = run.shown.as_ref();
    let stderr = shown.map(|stage| cut(&stage.stderr, MAX_EVIDENCE_BYTES));
    json!([kind, value, run.cpu_time_ms, run.memory_bytes, stderr])
}

/// The answers to `problem` that `kept` holds; `None` where there are none, or
/// where they are answers to other inputs.
pub fn read(kept: &Value, inputs: &str, problem: &Problem) -> Option<Vec<CaseRun>> {
    if kept["inputs"].as_str()? != inputs {
        return None;
    }
    let answers = kept["answers"].as_array()?;
    if answers.len() != problem.cases.len() {
        return None;
    }
    answers.iter().map(read_run).collect()
}

fn read_run(kept: &Value) -> Option<CaseRun> {
    if kept.is_null() {
        return Some(CaseRun::default());
    }
    let value = &kept[1];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let answer = match kept[0].as_str()? {
        "text" => Answer::Text(text(value)?),
        "value" => Answer::Value(value.clone()),
        "odd" => Answer::Odd(text(value)?),
        "failed" => Answer::Failed(verdict(value[0].as_str()?)?, text(&value[1])?),
        _ => return None,
    };
    Some(CaseRun {
        answer,
        cpu_time_ms: kept[2].as_u64(),
        memory_bytes: kept[3].as_u64(),
        shown: text(&kept[4]).map(|stderr| {
            Rc::new(Stage {
                stderr,
                ..Stage::default()
            })
        }),
    })
}

fn verdict(name: &str) -> Option<Verdict> {
    [
        Verdict::TimeLimitExceeded,
        Verdict::MemoryLimitExceeded,
        Verdict::OutputLimitExceeded,
        Verdict::RuntimeError,
        Verdict::InternalError,
        Verdict::CompilationError,
    ]
    .into_iter()
    .find(|verdict| verdict.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let value = json!({
            "title": "Any",
            "kind": "function",
            "signature": { "name": "f", "params": [], "returns": "any" },
            "cases": vec![json!({ "input": [], "expected": 1 }); 6],
        });
        let problem = Problem::from_value("any", &value).unwrap();
        let of = |answer| CaseRun {
            answer,
            cpu_time_ms: Some(3),
            memory_bytes: None,
            shown: Some(Rc::new(Stage {
                stderr: "said".into(),
                ..Stage::default()
            })),
        };
        let runs = [
            of(Answer::Text("a\nb".into())),
            of(Answer::Value(json!({"a": [1, 0.1, null]}))),
            of(Answer::Odd("NaN".into())),
            of(Answer::Failed(
                Verdict::TimeLimitExceeded,
                "too long".into(),
            )),
            CaseRun::of(Answer::Value(json!(9_007_199_254_740_993_i64))),
            CaseRun::default(),
        ];
        let kept: Value = serde_json::from_str(&write("code", "v", "h", &runs)).unwrap();
        assert_eq!(kept["code"], "code");
        assert_eq!(read(&kept, "h", &problem).unwrap(), runs);
        // Other inputs, another number of cases, nothing at all.
        assert_eq!(read(&kept, "other", &problem), None);
        let fewer: Value = serde_json::from_str(&write("code", "v", "h", &runs[..5])).unwrap();
        assert_eq!(read(&fewer, "h", &problem), None);
        assert_eq!(read(&json!({"code": "c"}), "h", &problem), None);
        let long = [of(Answer::Text("x".repeat(MAX_BYTES)))];
        let bare = r#"{"code":"c","version":"v"}"#;
        assert_eq!(write("c", "v", "h", &long), bare);
        assert_eq!(write("c", "v", "h", &[]), bare);
        assert_eq!(unjudged("c"), r#"{"code":"c","version":""}"#);
    }
}
