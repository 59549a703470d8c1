//! What is stored beside a result, so that a submission can be judged again.
//!
//! One JSON object behind the result document, where no client sees it:
//!
//! ```text
//! {"code","version","inputs","answers":[[kind, value, cpuTimeMs, memoryBytes, stderr], …]}
//! ```
//!
//! An answer is `null` for a case that was not run. `kind` and `value` are
//! `"text"` and what a program printed; `"value"` and what a function returned;
//! `"odd"` and why what it returned is not JSON; or `"failed"` and
//! `[verdict, text]`. `version` is empty where nothing could be judged.
//! `inputs` and `answers` are absent where there is no answer.
//!
//! [`SubmissionArchive`] writes it. A job that waits to be judged again carries
//! the same object, without the code, as its member `kept`: the
//! [`ArchivedAnswers`], which are decoded only where they are needed.

use serde_json::{Value, json};

use super::answer::{CaseAnswer, Failure, Usage};
use super::ids::{InputsHash, ProblemVersion};
use super::verdict::Verdict;

/// The most bytes of answers in an archive. With more, judging again runs the
/// code again.
const MAX_ANSWERS_BYTES: usize = 256 * 1024;

/// An archive as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmissionArchive(String);

/// The answers of an archive, as JSON: not decoded yet.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedAnswers(Value);

/// What came of one case, to be archived.
#[derive(Debug, Clone, Copy)]
pub struct CaseToArchive<'a> {
    /// The answer.
    pub answer: &'a CaseAnswer,
    /// What its process used, if it had one of its own.
    pub usage: Usage,
    /// Standard error, if it may be shown.
    pub stderr: Option<&'a str>,
}

/// What came of one case, from an archive.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedCase {
    /// See [`CaseToArchive`].
    pub answer: CaseAnswer,
    /// See [`CaseToArchive`].
    pub usage: Usage,
    /// See [`CaseToArchive`].
    pub stderr: Option<String>,
}

impl SubmissionArchive {
    /// The archive of a submission that could not be judged. It names no version,
    /// so judging again always takes it up.
    pub fn unjudged(code: &str) -> Self {
        Self(head(code, "").to_string())
    }

    /// The archive of a submission that was judged by `version`, one entry for
    /// each case, `None` where a case was not run. Without the answers where none
    /// was run, and where they are more than 256 KiB.
    pub fn judged<'a>(
        code: &str,
        version: &ProblemVersion,
        inputs: &InputsHash,
        cases: &mut dyn Iterator<Item = Option<CaseToArchive<'a>>>,
    ) -> Self {
        let mut head = head(code, version.as_str());
        let bare = head.to_string();
        // Written case by case, so that no tree of all answers is made.
        let (mut answers, mut any) = (String::from("["), false);
        for case in cases {
            if answers.len() > 1 {
                answers.push(',');
            }
            any |= case.is_some();
            let value = case.map_or(Value::Null, case_to_value);
            answers.push_str(&value.to_string());
            if answers.len() > MAX_ANSWERS_BYTES {
                return Self(bare);
            }
        }
        if !any {
            return Self(bare);
        }
        head["inputs"] = inputs.as_str().into();
        let mut text = head.to_string();
        text.pop();
        text.push_str(",\"answers\":");
        text.push_str(&answers);
        text.push_str("]}");
        Self(text)
    }

    /// As text on one line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code and the answers of an archive's text; `None` for anything else.
    pub fn split(text: &[u8]) -> Option<(String, ArchivedAnswers)> {
        let mut value: Value = serde_json::from_slice(text).ok()?;
        let Value::String(code) = value.as_object_mut()?.remove("code")? else {
            return None;
        };
        value["version"].as_str()?;
        Some((code, ArchivedAnswers(value)))
    }
}

fn head(code: &str, version: &str) -> Value {
    json!({ "code": code, "version": version })
}

fn case_to_value(case: CaseToArchive<'_>) -> Value {
    let (kind, value) = match case.answer {
        CaseAnswer::Text(text) => ("text", json!(text)),
        CaseAnswer::Value(value) => ("value", value.clone()),
        CaseAnswer::NotJson(what) => ("odd", json!(what)),
        CaseAnswer::Failed(Failure { verdict, message }) => {
            ("failed", json!([verdict.name(), message]))
        }
    };
    let Usage {
        cpu_time_ms,
        memory_bytes,
    } = case.usage;
    json!([kind, value, cpu_time_ms, memory_bytes, case.stderr])
}

impl ArchivedAnswers {
    /// The member `kept` of a job.
    pub(super) fn from_job(value: Value) -> Self {
        Self(value)
    }

    /// As JSON.
    pub(super) fn as_value(&self) -> &Value {
        &self.0
    }

    /// The version of the problem that they were judged by; `None` where nothing
    /// could be judged.
    pub fn problem_version(&self) -> Option<ProblemVersion> {
        let version = self.0["version"].as_str()?;
        (!version.is_empty()).then(|| ProblemVersion::new(version))
    }

    /// The answers, if they are to these inputs: one entry for each case, `None`
    /// for a case that was not run.
    pub fn decode(&self, inputs: &InputsHash) -> Option<Vec<Option<ArchivedCase>>> {
        if self.0["inputs"].as_str()? != inputs.as_str() {
            return None;
        }
        let answers = self.0["answers"].as_array()?;
        answers
            .iter()
            .map(|case| match case {
                Value::Null => Some(None),
                case => case_from_value(case).map(Some),
            })
            .collect()
    }
}

fn case_from_value(case: &Value) -> Option<ArchivedCase> {
    let value = &case[1];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(ArchivedCase {
        answer: match case[0].as_str()? {
            "text" => CaseAnswer::Text(text(value)?),
            "value" => CaseAnswer::Value(value.clone()),
            "odd" => CaseAnswer::NotJson(text(value)?),
            "failed" => {
                let verdict = Verdict::from_name(value[0].as_str()?)?;
                CaseAnswer::Failed(Failure::new(verdict, text(&value[1])?))
            }
            _ => return None,
        },
        usage: Usage {
            cpu_time_ms: case[2].as_u64(),
            memory_bytes: case[3].as_u64(),
        },
        stderr: text(&case[4]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const USAGE: Usage = Usage {
        cpu_time_ms: Some(3),
        memory_bytes: None,
    };

    fn archive(answers: &[Option<CaseAnswer>]) -> SubmissionArchive {
        let mut cases = answers.iter().map(|answer| {
            answer.as_ref().map(|answer| CaseToArchive {
                answer,
                usage: USAGE,
                stderr: Some("said"),
            })
        });
        let (version, inputs) = (ProblemVersion::new("v"), InputsHash::new("h"));
        SubmissionArchive::judged("code", &version, &inputs, &mut cases)
    }

    #[test]
    fn an_archive_is_read_as_it_was_written() {
        let answers = [
            Some(CaseAnswer::Text("a\nb".into())),
            Some(CaseAnswer::Value(json!({"a": [1, 0.1, null]}))),
            Some(CaseAnswer::Value(json!(9_007_199_254_740_993_i64))),
            Some(CaseAnswer::NotJson("NaN".into())),
            Some(CaseAnswer::Failed(Failure::new(
                Verdict::TimeLimitExceeded,
                "too long",
            ))),
            None,
        ];
        let archive = archive(&answers);
        assert!(!archive.as_str().contains('\n'), "{archive:?}");
        let (code, stored) = SubmissionArchive::split(archive.as_str().as_bytes()).unwrap();
        assert_eq!(code, "code");
        assert_eq!(stored.problem_version(), Some(ProblemVersion::new("v")));
        let expected: Vec<_> = answers
            .into_iter()
            .map(|answer| {
                answer.map(|answer| ArchivedCase {
                    answer,
                    usage: USAGE,
                    stderr: Some("said".into()),
                })
            })
            .collect();
        assert_eq!(stored.decode(&InputsHash::new("h")), Some(expected));
        assert_eq!(stored.decode(&InputsHash::new("other")), None);
    }

    /// The stored form of earlier releases; it must stay readable for as long as
    /// results are stored.
    #[test]
    fn the_stored_form_does_not_change() {
        let text = archive(&[Some(CaseAnswer::Text("x".into())), None]);
        assert_eq!(
            text.as_str(),
            r#"{"code":"code","inputs":"h","version":"v","answers":[["text","x",3,null,"said"],null]}"#
        );
        let unjudged = SubmissionArchive::unjudged("c");
        assert_eq!(unjudged.as_str(), r#"{"code":"c","version":""}"#);
        let (_, stored) = SubmissionArchive::split(unjudged.as_str().as_bytes()).unwrap();
        assert_eq!(stored.problem_version(), None);
    }

    #[test]
    fn no_answers_and_too_many_are_left_out() {
        let bare = r#"{"code":"code","version":"v"}"#;
        let long = CaseAnswer::Text("x".repeat(MAX_ANSWERS_BYTES));
        assert_eq!(archive(&[Some(long)]).as_str(), bare);
        assert_eq!(archive(&[None, None]).as_str(), bare);
    }

    #[test]
    fn what_is_no_archive_is_none() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"code":"c"}"#,
            r#"{"code":1,"version":"v"}"#,
        ] {
            assert_eq!(SubmissionArchive::split(text.as_bytes()), None, "{text}");
        }
        for text in [
            r#"{"code":"c","version":"v"}"#,
            r#"{"code":"c","version":"v","answers":[]}"#,
            r#"{"code":"c","version":"v","inputs":"h","answers":[[]]}"#,
            r#"{"code":"c","version":"v","inputs":"h","answers":[["new",1]]}"#,
        ] {
            let (_, stored) = SubmissionArchive::split(text.as_bytes()).unwrap();
            assert_eq!(stored.decode(&InputsHash::new("h")), None, "{text}");
        }
    }
}
