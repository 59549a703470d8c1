//! What is stored beside a result, so that a submission can be judged again.
//!
//! One JSON object behind the result document, where no client sees it:
//!
//! ```text
//! {"code","version","inputs","answers":[[kind, value, cpuTimeMs, memoryBytes, stderr], …]}
//! ```
//!
//! A submission of several files has its `files` and `entry` instead of `code` (see
//! [`super::source`]).
//!
//! An answer is `null` for a case that was not run. `kind` and `value` are
//! `"text"` and what a program printed; `"value"` and what a function returned, or
//! `"special"` and that as text where a float in it is no number of JSON;
//! `"odd"` and why what it returned is not JSON; or `"failed"` and
//! `[verdict, text]`. `version` is empty where nothing could be judged.
//! `inputs` and `answers` are absent where there is no answer. `checker` is what a
//! checker program said, for the operator ([`super::checker_report`]).
//!
//! [`SubmissionArchive`] writes it. A job that waits to be judged again carries
//! the same object, without the code, as its member `kept`: the
//! [`ArchivedAnswers`], which are decoded only where they are needed.

use super::answer::{CaseAnswer, Failure, Usage};
use super::checker_report::CheckerReport;
use super::ids::{InputsHash, ProblemVersion};
use super::source::Source;
use super::verdict::Verdict;
use crate::json::write::push_string;
use crate::json::{Json, JsonText, Object};

/// The most bytes of answers in an archive: what is stored of a submission for a
/// day. With more, judging again runs the code again.
pub const MAX_ANSWERS_BYTES: usize = 32 * 1024;

/// An archive as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmissionArchive(String);

/// The answers of an archive, as JSON text: not decoded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedAnswers(String);

/// What came of one case, as an item of `answers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedItem(String);

/// What came of one case, from an archive.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedCase {
    /// The answer.
    pub answer: CaseAnswer,
    /// What its process used, if it had one of its own.
    pub usage: Usage,
    /// Standard error, if it may be shown.
    pub stderr: Option<String>,
}

impl ArchivedItem {
    /// What came of one case, with its standard error where that may be shown.
    pub fn new(answer: &CaseAnswer, usage: Usage, stderr: Option<&str>) -> Self {
        let mut json = String::from("[");
        let kind = |json: &mut String, kind: &str| {
            push_string(json, kind);
            json.push(',');
        };
        match answer {
            CaseAnswer::Text(text) => {
                kind(&mut json, "text");
                push_string(&mut json, text);
            }
            CaseAnswer::Value(value) if value.is_strict() => {
                kind(&mut json, "value");
                json.push_str(value.as_str());
            }
            CaseAnswer::Value(value) => {
                kind(&mut json, "special");
                push_string(&mut json, value.as_str());
            }
            CaseAnswer::NotJson(what) => {
                kind(&mut json, "odd");
                push_string(&mut json, what);
            }
            CaseAnswer::Failed(Failure { verdict, message }) => {
                kind(&mut json, "failed");
                json.push('[');
                push_string(&mut json, verdict.name());
                json.push(',');
                push_string(&mut json, message);
                json.push(']');
            }
        }
        for number in [usage.cpu_time_ms, usage.memory_bytes] {
            json.push(',');
            match number {
                Some(number) => json.push_str(&number.to_string()),
                None => json.push_str("null"),
            }
        }
        json.push(',');
        match stderr {
            Some(stderr) => push_string(&mut json, stderr),
            None => json.push_str("null"),
        }
        json.push(']');
        Self(json)
    }

    /// Its bytes in an archive, with the comma after it.
    pub fn stored_len(&self) -> usize {
        self.0.len() + 1
    }

    fn read(item: Json<'_>) -> Option<ArchivedCase> {
        let mut items = item.items()?;
        let (kind, value) = (items.next()?.text()?, items.next()?);
        let text = |value: Json<'_>| value.text().map(String::from);
        Some(ArchivedCase {
            answer: match kind.as_ref() {
                "text" => CaseAnswer::Text(text(value)?),
                "value" => CaseAnswer::Value(JsonText::from(value)),
                "special" => {
                    let value = value.text()?;
                    CaseAnswer::Value(Json::parse_with_non_finite(&value).ok()?.into())
                }
                "odd" => CaseAnswer::NotJson(text(value)?),
                "failed" => {
                    let mut parts = value.items()?;
                    let verdict = Verdict::from_name(&parts.next()?.text()?)?;
                    CaseAnswer::Failed(Failure::new(verdict, text(parts.next()?)?))
                }
                _ => return None,
            },
            usage: Usage {
                cpu_time_ms: items.next()?.u64(),
                memory_bytes: items.next()?.u64(),
            },
            stderr: items.next().and_then(text),
        })
    }
}

impl SubmissionArchive {
    /// The archive of a submission that could not be judged. It names no version,
    /// so judging again always takes it up.
    pub fn unjudged(source: &Source) -> Self {
        Self(head(source, None, ""))
    }

    /// The archive of a submission that was judged by `version`, one item for each
    /// case, `None` where a case was not run. Without the answers where there is
    /// none, and where they take more than [`MAX_ANSWERS_BYTES`].
    pub fn judged<'a>(
        source: &Source,
        version: &ProblemVersion,
        inputs: &InputsHash,
        items: impl Iterator<Item = Option<&'a ArchivedItem>>,
    ) -> Self {
        let (mut answers, mut any) = (String::new(), false);
        for item in items {
            any |= item.is_some();
            answers.push_str(item.map_or("null", |item| &item.0));
            answers.push(',');
            if answers.len() > MAX_ANSWERS_BYTES {
                return Self(head(source, None, version.as_str()));
            }
        }
        if !any {
            return Self(head(source, None, version.as_str()));
        }
        answers.pop();
        let mut text = head(source, Some(inputs), version.as_str());
        text.pop();
        text.push_str(",\"answers\":[");
        text.push_str(&answers);
        text.push_str("]}");
        Self(text)
    }

    /// The same with what a checker program said.
    #[must_use]
    pub fn with_checker(mut self, report: &CheckerReport) -> Self {
        if let Ok(report) = serde_json::to_string(report) {
            self.0.pop();
            self.0.push_str(",\"checker\":");
            self.0.push_str(&report);
            self.0.push('}');
        }
        self
    }

    /// What a checker program said, from an archive's text: JSON, as it was stored.
    pub fn checker(text: &[u8]) -> Option<String> {
        let members = Object::of(Json::parse(text).ok()?).ok()?;
        Some(members.get("checker")?.as_str().to_owned())
    }

    /// As text on one line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The program and the answers of an archive's text; `None` for anything else.
    pub fn split(text: &[u8]) -> Option<(Source, ArchivedAnswers)> {
        let mut members = Object::of(Json::parse(text).ok()?).ok()?;
        let source = Source::read(&members).ok()?;
        members.get("version")?.text()?;
        let mut rest = String::from("{");
        for name in ["inputs", "version", "answers"] {
            if let Some(value) = members.take(name) {
                if rest.len() > 1 {
                    rest.push(',');
                }
                push_string(&mut rest, name);
                rest.push(':');
                rest.push_str(value.as_str());
            }
        }
        rest.push('}');
        Some((source, ArchivedAnswers(rest)))
    }
}

fn head(source: &Source, inputs: Option<&InputsHash>, version: &str) -> String {
    let mut json = String::from("{");
    source.push_members(&mut json);
    if let Some(inputs) = inputs {
        json.push_str(",\"inputs\":");
        push_string(&mut json, inputs.as_str());
    }
    json.push_str(",\"version\":");
    push_string(&mut json, version);
    json.push('}');
    json
}

impl ArchivedAnswers {
    /// The member `kept` of a job.
    pub(super) fn from_job(value: Json<'_>) -> Self {
        Self(value.compact())
    }

    /// As JSON.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn members(&self) -> Option<Object<'_>> {
        Object::of(Json::parse(self.0.as_bytes()).ok()?).ok()
    }

    /// The version of the problem that they were judged by; `None` where nothing
    /// could be judged.
    pub fn problem_version(&self) -> Option<ProblemVersion> {
        let version = self.members()?.get("version")?.text()?;
        (!version.is_empty()).then(|| ProblemVersion::new(version))
    }

    /// The answers, if they are to these inputs: one entry for each case, `None`
    /// for a case that was not run.
    pub fn decode(&self, inputs: &InputsHash) -> Option<Vec<Option<ArchivedCase>>> {
        let members = self.members()?;
        if members.get("inputs")?.text()? != inputs.as_str() {
            return None;
        }
        let items = members.get("answers")?.items()?;
        items
            .map(|item| {
                if item.is_null() {
                    Some(None)
                } else {
                    ArchivedItem::read(item).map(Some)
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const USAGE: Usage = Usage {
        cpu_time_ms: Some(3),
        memory_bytes: None,
    };

    fn archive(answers: &[Option<CaseAnswer>]) -> SubmissionArchive {
        let item = |answer: &CaseAnswer| ArchivedItem::new(answer, USAGE, Some("said"));
        let items: Vec<_> = answers
            .iter()
            .map(|answer| answer.as_ref().map(item))
            .collect();
        let (version, inputs) = (ProblemVersion::new("v"), InputsHash::new("h"));
        let items = items.iter().map(Option::as_ref);
        SubmissionArchive::judged(&"code".into(), &version, &inputs, items)
    }

    #[test]
    fn an_archive_is_read_as_it_was_written() {
        let answers = [
            Some(CaseAnswer::Text("a\nb".into())),
            Some(CaseAnswer::Value(json!({"a": [1, 0.1, null]}).into())),
            Some(CaseAnswer::Value(json!(9_007_199_254_740_993_i64).into())),
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
        assert_eq!(code, "code".into());
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
        let unjudged = SubmissionArchive::unjudged(&"c".into());
        assert_eq!(unjudged.as_str(), r#"{"code":"c","version":""}"#);
        let (_, stored) = SubmissionArchive::split(unjudged.as_str().as_bytes()).unwrap();
        assert_eq!(stored.problem_version(), None);
    }

    #[test]
    fn files_are_kept_as_they_were_sent() {
        let files =
            r#""files":[{"name":"a","content":"x"},{"name":"b","content":"y"}],"entry":"b""#;
        let text = format!("{{{files},\"version\":\"\"}}");
        let (source, _) = SubmissionArchive::split(text.as_bytes()).unwrap();
        assert_eq!(source.files().unwrap().entry_name(), Some("b"));
        assert_eq!(SubmissionArchive::unjudged(&source).as_str(), text);
    }

    #[test]
    fn no_answers_and_too_many_are_left_out() {
        let bare = r#"{"code":"code","version":"v"}"#;
        // At its very edge: around the text stand `["text","",3,null,"said"],`.
        let of = |length: usize| archive(&[Some(CaseAnswer::Text("x".repeat(length)))]);
        let most = MAX_ANSWERS_BYTES - r#"["text","",3,null,"said"],"#.len();
        assert_ne!(of(most).as_str(), bare);
        assert_eq!(of(most + 1).as_str(), bare);
        // Counted as it is stored: a control byte takes six.
        let control = CaseAnswer::Text("\u{1}".repeat(MAX_ANSWERS_BYTES / 6));
        assert_eq!(archive(&[Some(control)]).as_str(), bare);
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
