//! A submission as it waits in the list `problems`.
//!
//! Ours is a JSON object as text: `{"id","problemId","code","language"}`, and
//! `kept` where it was judged before.
//! Foreign producers push the same without an id, and some older ones wrap
//! that text in a JSON array which holds it as its one string. All are read;
//! what cannot be read is told apart by [`UnreadableJob`], so that it can be
//! kept for a person to look at and never stands in anybody's way.

use serde::Serialize;
use serde_json::Value;

use crate::submission::{self, Submission};

/// One unit of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// The submission's id. `None` for a foreign job until it is given one;
    /// what stands here after [`Job::decode`] is not verified yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// See [`Submission::problem_id`].
    pub problem_id: String,
    /// See [`Submission::code`].
    pub code: String,
    /// See [`Submission::language`].
    pub language: String,
    /// What came of it when it was judged before. For the judge alone, and only
    /// believed of a job whose id is ours.
    #[serde(skip)]
    pub kept: Option<Value>,
}

/// Why a queue item is not a job, in a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableJob(pub String);

impl Job {
    /// A job for a submission that was given `id`.
    pub fn new(id: String, submission: Submission) -> Self {
        Self {
            id: Some(id),
            problem_id: submission.problem_id,
            code: submission.code,
            language: submission.language,
            kept: None,
        }
    }

    /// The queue item: JSON text.
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string(self)?;
        if let Some(kept) = &self.kept {
            text.pop();
            text.push_str(",\"kept\":");
            text.push_str(&kept.to_string());
            text.push('}');
        }
        Ok(text)
    }

    /// Reads a queue item in any of the shapes the module names.
    ///
    /// A foreign job must keep the same limits as a submission, because its
    /// result is found by the same addresses.
    pub fn decode(payload: &[u8]) -> Result<Self, UnreadableJob> {
        let not_json = |error: serde_json::Error| UnreadableJob(format!("not JSON: {error}"));
        let mut value: Value = serde_json::from_slice(payload).map_err(not_json)?;
        if let Value::Array(wrapped) = &value {
            let [Value::String(text)] = wrapped.as_slice() else {
                return Err(UnreadableJob(
                    "an array that does not hold exactly one string".into(),
                ));
            };
            value = serde_json::from_str(text).map_err(not_json)?;
        }
        let Value::Object(mut item) = value else {
            return Err(UnreadableJob("not an object".into()));
        };
        let mut take = |name: &str| match item.remove(name) {
            Some(Value::String(text)) => Ok(text),
            // Seen in the wild as a problem's id.
            Some(Value::Number(number)) if name == "problemId" => Ok(number.to_string()),
            Some(_) => Err(UnreadableJob(format!("{name} is not text"))),
            None => Err(UnreadableJob(format!("{name} is missing"))),
        };
        let (problem_id, code, language) = (take("problemId")?, take("code")?, take("language")?);
        submission::check_problem_id(&problem_id)
            .and_then(|()| submission::check_code(&code))
            .and_then(|()| submission::check_language(&language))
            .map_err(UnreadableJob)?;
        Ok(Self {
            id: take("id").ok(),
            problem_id,
            code,
            language,
            kept: item.remove("kept"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_shapes_seen_in_the_wild_are_read() {
        let object = r#"{"problemId":"x","code":"print(1)","language":"python"}"#;
        let wrapped = serde_json::to_string(&[object]).unwrap();
        let numbered = r#"{"problemId":1,"code":"print(1)","language":"python","userId":[]}"#;
        let plain = Job::decode(object.as_bytes()).unwrap();
        assert_eq!(plain.problem_id, "x");
        assert_eq!(plain.id, None);
        assert_eq!(Job::decode(wrapped.as_bytes()).unwrap(), plain);
        assert_eq!(Job::decode(numbered.as_bytes()).unwrap().problem_id, "1");
    }

    #[test]
    fn what_is_no_job_says_why() {
        let too_long = format!(
            r#"{{"problemId":"x","code":"{}","language":"python"}}"#,
            "x".repeat(submission::MAX_CODE_BYTES + 1)
        );
        let cases: [(&[u8], &str); 11] = [
            (b"", "not JSON"),
            (b"\xff\xfe\x00garbage", "not JSON"),
            (b"null", "not an object"),
            (b"[]", "exactly one string"),
            (br#"["{}","{}"]"#, "exactly one string"),
            (br#"[{"problemId":"x"}]"#, "exactly one string"),
            (br#"["not json"]"#, "not JSON"),
            (br#"{"code":"c","language":"l"}"#, "problemId is missing"),
            (
                br#"{"problemId":[],"code":"c","language":"l"}"#,
                "problemId is not text",
            ),
            (
                br#"{"problemId":"a b","code":"c","language":"l"}"#,
                "problemId may hold only",
            ),
            (too_long.as_bytes(), "code must be at most 65536 bytes"),
        ];
        for (payload, said) in cases {
            let reason = Job::decode(payload).unwrap_err().to_string();
            assert!(reason.contains(said), "{reason}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            id in proptest::option::of("[0-9a-f]{48}"),
            problem_id in "[A-Za-z0-9._-]{1,128}",
            code in "\\PC{1,400}",
            language in "[a-z+#]{1,12}",
            kept in proptest::option::of("\\PC{0,40}".prop_map(|text| json!({ "a": [text] }))),
        ) {
            let job = Job { id, problem_id, code, language, kept };
            let text = job.encode().unwrap();
            prop_assert_eq!(Job::decode(text.as_bytes()).unwrap(), job.clone());
            let wrapped = serde_json::to_string(&[text]).unwrap();
            prop_assert_eq!(Job::decode(wrapped.as_bytes()).unwrap(), job);
        }

        #[test]
        fn no_bytes_break_the_reader(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Job::decode(&payload);
        }
    }
}
