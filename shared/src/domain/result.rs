//! What a finished job leaves behind.
//!
//! The [`ResultDocument`] is stored as JSON under the submission's id and is
//! what `GET /result/:id` answers. The archive of a judged submission follows
//! it on a second line, which no client sees, and while it waits to be judged
//! again a third line says by which version. A [`Summary`] goes into the index
//! of its problem, where a hundred of them must stay small. A submission that an
//! operator deleted before it had a result leaves a [`PurgedDocument`].

use serde::Serialize;

use super::archive::SubmissionArchive;
use super::ids::{ProblemId, ProblemVersion};
use super::judgement::Judgement;
use super::stage::Stage;
use super::verdict::Verdict;
use crate::json::write::truncated_escaped;
use crate::json::{Json, Object};

/// The most of [`ResultDocument::output`], in bytes of JSON.
pub const MAX_OUTPUT_BYTES: usize = 16 * 1024;
/// The most of the output in a summary, in bytes of JSON.
pub const MAX_SUMMARY_OUTPUT_BYTES: usize = 2 * 1024;

/// Everything that is stored of a finished job.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultDocument {
    /// The submission's id.
    pub id: String,
    /// The problem it was for.
    pub problem_id: ProblemId,
    /// [`ProblemState::Unknown`] where the code was only run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemState>,
    /// The language as it was submitted.
    pub language: String,
    /// The version that ran it, where the endpoint says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_version: Option<String>,
    /// Always `done`.
    pub status: Status,
    /// The judge's answer.
    pub verdict: Verdict,
    /// What a person wants to see first: what the program printed, or, where it
    /// failed, why. `None`: the same as `run.stdout`, which is not stored twice;
    /// [`ResultDocument::with_output`] and [`restore_output`] put it in its place.
    pub output: Option<String>,
    /// How compiling went, for languages that compile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile: Option<Stage>,
    /// How running went. Absent when nothing was run, and where a hidden case
    /// could show in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Stage>,
    /// What was found out case by case, if the problem is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judgement: Option<Judgement>,
    /// How many attempts it took; results of earlier ones were lost.
    pub attempts: u32,
    /// The execution endpoint that ran it, by the operator's name for it.
    pub executor: String,
    /// When it was submitted, in milliseconds since 1970 (UTC). For a foreign job:
    /// when it was claimed.
    pub submitted_at_ms: u64,
    /// When it was handed to the execution endpoint.
    pub started_at_ms: u64,
    /// When the endpoint had answered.
    pub finished_at_ms: u64,
    /// What judging it again needs. Not part of the document.
    #[serde(skip)]
    pub archive: Option<SubmissionArchive>,
    /// Whether it takes the place of an earlier result, because the submission was
    /// judged again. Not part of the document.
    #[serde(skip)]
    pub replaces: bool,
    /// Since when it waited for its turn, in milliseconds since 1970 (UTC), for the
    /// statistics; `None` where that is not known or of no interest. Not part of the
    /// document.
    #[serde(skip)]
    pub waits_since_ms: Option<u64>,
    /// The address that is told of it. Not part of the document.
    #[serde(skip)]
    pub callback_url: Option<String>,
}

/// What is left of a submission that an operator deleted before it had a result.
/// The purge scripts write the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PurgedDocument<'a> {
    /// The submission's id.
    pub id: &'a str,
    /// Always `purged`.
    pub status: Status,
    /// When it was submitted, in milliseconds since 1970 (UTC); unknown where the
    /// id is none of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_at_ms: Option<u64>,
}

/// What is known of a submission's problem, where that must be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProblemState {
    /// There is none of this id: the code is only run, and not judged.
    Unknown,
}

/// Where a submission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Stored, and not finished yet.
    Queued,
    /// There is a result.
    Done,
    /// Given up; an operator can look at it and try it again.
    Dead,
    /// Deleted by an operator before it had a result.
    Purged,
}

/// A result as it stands in its problem's index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary<'a> {
    /// The submission's id, by which the whole result is found.
    pub id: &'a str,
    /// The judge's answer.
    pub verdict: Verdict,
    /// The language as it was submitted.
    pub language: &'a str,
    /// The output, [`MAX_SUMMARY_OUTPUT_BYTES`] at most.
    pub output: &'a str,
    /// When it was finished, in milliseconds since 1970 (UTC).
    pub finished_at_ms: u64,
}

impl ResultDocument {
    /// As it is stored: the document, and on a line of its own the archive.
    pub fn encode_stored(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string(self)?;
        if let Some(archive) = &self.archive {
            // JSON holds no line end: within strings they are escaped.
            text.push('\n');
            text.push_str(archive.as_str());
        }
        Ok(text)
    }

    /// What a person wants to see first.
    pub fn output(&self) -> &str {
        let printed = self.run.as_ref().map_or("", |run| run.stdout.as_str());
        self.output.as_deref().unwrap_or(printed)
    }

    /// As a client sees it.
    #[must_use]
    pub fn with_output(mut self) -> Self {
        self.output = Some(self.output().to_owned());
        self
    }

    /// The entry for the problem's index.
    pub fn summary(&self) -> Summary<'_> {
        Summary {
            id: &self.id,
            verdict: self.verdict,
            language: &self.language,
            output: truncated_escaped(self.output(), MAX_SUMMARY_OUTPUT_BYTES),
            finished_at_ms: self.finished_at_ms,
        }
    }
}

/// A stored document as a client sees it: with `run.stdout` as its `output` where
/// none is stored.
pub fn restore_output(document: Vec<u8>) -> Vec<u8> {
    const ABSENT: &str = "\"output\":null";
    let Some(text) = Json::parse(&document).ok().map(Json::as_str) else {
        return document;
    };
    // No string holds this text: in one the quotation marks are escaped.
    let Some((before, after)) = text.split_once(ABSENT) else {
        return document;
    };
    let printed = || {
        Object::of(Object::of(Json::parse(&document).ok()?).ok()?.get("run")?)
            .ok()?
            .get("stdout")
    };
    let printed = printed().map_or("\"\"", Json::as_str);
    [before, "\"output\":", printed, after]
        .concat()
        .into_bytes()
}

/// The beginning of the line that `requeue.lua` adds to a result.
const REQUEUED: &[u8] = b"requeued ";

/// The lines of a stored result. None is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResult {
    /// The document.
    pub document: Vec<u8>,
    /// The archive, if there is one.
    pub archive: Option<Vec<u8>>,
    /// The version of the problem that the submission waits to be judged by again.
    pub requeued_for: Option<ProblemVersion>,
}

impl StoredResult {
    /// Splits a stored result at its line ends.
    pub fn from_bytes(mut stored: Vec<u8>) -> Self {
        let mut archive = split_line(&mut stored);
        let mut line = archive.as_mut().and_then(split_line);
        let mut requeued_for = None;
        // The last one counts: the problem may have changed again since the first.
        while let Some(mut text) = line {
            line = split_line(&mut text);
            if let Some(version) = text.strip_prefix(REQUEUED) {
                requeued_for = Some(ProblemVersion::new(String::from_utf8_lossy(version)));
            }
        }
        Self {
            document: stored,
            archive,
            requeued_for,
        }
    }
}

/// Cuts the text after its first line. The rest, if there is a line end.
fn split_line(text: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = text.iter().position(|&byte| byte == b'\n')?;
    let rest = text.split_off(end + 1);
    text.truncate(end);
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_that_is_not_stored_is_what_the_run_printed() {
        let restored = |text: &str| String::from_utf8(restore_output(text.into())).unwrap();
        assert_eq!(
            restored(r#"{"id":"i","output":null,"run":{"stdout":"a\n\u0001","code":0}}"#),
            r#"{"id":"i","output":"a\n\u0001","run":{"stdout":"a\n\u0001","code":0}}"#
        );
        assert_eq!(restored(r#"{"output":null}"#), r#"{"output":""}"#);
        for same in [
            r#"{"output":"x","run":{"stdout":"y"}}"#,
            r#"{"output":"\"output\":null","run":{"stdout":"y"}}"#,
            "no JSON",
        ] {
            assert_eq!(restored(same), same);
        }
    }

    #[test]
    fn a_stored_result_is_split_at_its_line_ends() {
        let split = |text: &str| {
            let stored = StoredResult::from_bytes(text.as_bytes().to_vec());
            let text = |bytes| String::from_utf8(bytes).unwrap();
            let version = stored
                .requeued_for
                .map(|version| version.as_str().to_owned());
            (text(stored.document), stored.archive.map(text), version)
        };
        let (document, archive) = ("{\"a\":1}".to_owned(), Some("{\"b\":2}".to_owned()));
        assert_eq!(split("{\"a\":1}"), (document.clone(), None, None));
        assert_eq!(
            split("{\"a\":1}\n{\"b\":2}"),
            (document.clone(), archive.clone(), None)
        );
        assert_eq!(
            split("{\"a\":1}\n{\"b\":2}\nrequeued v1\nrequeued v2"),
            (document, archive, Some("v2".into()))
        );
    }

    #[test]
    fn a_purged_submission_says_so() {
        let mut document = PurgedDocument {
            id: "i",
            status: Status::Purged,
            submitted_at_ms: Some(7),
        };
        assert_eq!(
            serde_json::to_string(&document).unwrap(),
            r#"{"id":"i","status":"purged","submittedAtMs":7}"#
        );
        document.submitted_at_ms = None;
        assert_eq!(
            serde_json::to_string(&document).unwrap(),
            r#"{"id":"i","status":"purged"}"#
        );
    }
}
