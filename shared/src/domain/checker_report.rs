//! What a checker program said, for the problem's setter.
//!
//! It read the expected answer, so no solver may see a word of it: it is stored in the
//! archive behind a result, and `GET /result/:id` adds it as the member `checker` for a
//! key with the scope `admin`.

use serde::Serialize;

use super::stage::Stage;

/// The most of each stream, in bytes of JSON.
const MAX_STREAM_BYTES: usize = 4 * 1024;

/// How a checker program failed; or else what it said of the first answer that it did
/// not find right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckerReport {
    /// The number of the case, from 1, if it was about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<u32>,
    /// How compiling went, where that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compile: Option<Stage>,
    /// How running went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Stage>,
}

impl CheckerReport {
    /// Its compiler refused it, or was not done with it.
    pub fn of_compile(stage: &Stage) -> Self {
        Self {
            case: None,
            compile: Some(bounded(stage)),
            run: None,
        }
    }

    /// It was run for the case of this number.
    pub fn of_run(case: u32, stage: &Stage) -> Self {
        Self {
            case: Some(case),
            compile: None,
            run: Some(bounded(stage)),
        }
    }
}

fn bounded(stage: &Stage) -> Stage {
    stage
        .clone()
        .truncated_to(MAX_STREAM_BYTES, MAX_STREAM_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::archive::SubmissionArchive;

    #[test]
    fn it_is_stored_in_the_archive_and_bounded() {
        let stage = Stage {
            stderr: "x\n".repeat(9_000),
            code: Some(3),
            ..Stage::default()
        };
        let report = CheckerReport::of_run(2, &stage);
        let archive = SubmissionArchive::unjudged(&"code".into());
        let with = archive.clone().with_checker(&report);
        let text = with.as_str();
        assert!(!text.contains('\n') && text.len() < 4_600);
        let split = SubmissionArchive::split(text.as_bytes());
        assert_eq!(split, SubmissionArchive::split(archive.as_str().as_bytes()));
        let read = SubmissionArchive::checker(text.as_bytes()).unwrap();
        assert!(
            read.starts_with(r#"{"case":2,"run":{"stdout":"","stderr":"x\n"#),
            "{read}"
        );
        assert!(read.contains(r#""truncated":true,"code":3,"#), "{read}");
        assert_eq!(
            SubmissionArchive::checker(archive.as_str().as_bytes()),
            None
        );
    }
}
